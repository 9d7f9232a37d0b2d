//! What the writer asks of a file: three verbs, so that tests can put a failing disk in its place.

use crate::segment::sync_folder;
use std::fs::{File, OpenOptions};
use std::io::{Error, Result, Write};
use std::path::Path;

/// A file that grows.
pub(crate) trait Disk: Send {
    /// Writes at the end; after an error any part may have been written.
    fn append(&mut self, bytes: &[u8]) -> Result<()>;
    /// Returns when everything written is on the disk.
    fn sync(&mut self) -> Result<()>;
    /// Cuts the file to this length.
    fn truncate(&mut self, length: u64) -> Result<()>;
}

/// Makes an empty file, in the place of one that held nothing.
pub(crate) type Create = Box<dyn FnMut(&Path) -> Result<Box<dyn Disk>> + Send>;

/// Files of the operating system.
pub(crate) fn files() -> Create {
    Box::new(|path| {
        let file = OpenOptions::new().create(true).truncate(true).write(true).open(path)?;
        if let Some(dir) = path.parent() {
            sync_folder(dir).map_err(|e| Error::other(e.to_string()))?;
        }
        Ok(Box::new(file))
    })
}

impl Disk for File {
    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> Result<()> {
        self.sync_data()
    }

    fn truncate(&mut self, length: u64) -> Result<()> {
        use std::io::{Seek, SeekFrom};
        self.set_len(length)?;
        self.seek(SeekFrom::Start(length)).map(|_| ())
    }
}
