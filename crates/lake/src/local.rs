//! Durability on a local folder. `object_store` writes and renames but never calls fsync, so a
//! committed version could be lost in a power cut; after each write to a local lake the new file
//! and its folder are synced here.

use crate::LakeError;
use std::fs::File;
use std::path::Path;

/// Waits until a file's bytes are on the disk.
pub(crate) fn sync_file(path: &Path) -> Result<(), LakeError> {
    File::open(path).and_then(|f| f.sync_data()).map_err(LakeError::io(format!("sync of {}", path.display())))
}

/// Waits until a folder's entries are on the disk.
pub(crate) fn sync_folder(path: &Path) -> Result<(), LakeError> {
    File::open(path).and_then(|f| f.sync_all()).map_err(LakeError::io(format!("sync of {}", path.display())))
}
