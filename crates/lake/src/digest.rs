//! One hash over every table's rows, to see that two lakes hold the same.

use crate::table::folder;
use crate::{Lake, LakeError, Snapshot};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// SHA-256 of each table's data files in order, hexadecimal, by `zone.name`. Files are a function
/// of their rows, so equal hashes mean equal tables and a lost, doubled or changed row shows.
///
/// # Errors
/// [`LakeError::Storage`] when a file of the snapshot cannot be read.
pub async fn digest(lake: &Lake, snapshot: &Snapshot) -> Result<BTreeMap<String, String>, LakeError> {
    let mut out = BTreeMap::new();
    for def in schema::tables() {
        let Some(table) = snapshot.table(def) else { continue };
        let mut hash = Sha256::new();
        for file in &table.files {
            let bytes = lake.get(&format!("{}/{}", folder(def), file.path)).await?;
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(&bytes);
        }
        out.insert(def.full_name(), hex(&hash.finalize()));
    }
    Ok(out)
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, b| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{b:02x}");
        text
    })
}
