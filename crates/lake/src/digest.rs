//! Whether a lake still holds what was written: every file carries its hash in its name, so each can
//! be compared with what lies on the disk now. The by-product is one hash over every table's rows,
//! to see that two lakes hold the same.

use crate::parquet_io::{Pick, decode};
use crate::table::folder;
use crate::{Lake, LakeError, Snapshot};
use arrow::array::AsArray;
use schema::Zone;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Read;

/// What [`digest`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// SHA-256 of each table's data files in order, hexadecimal, by `zone.name`. Files are a function
    /// of their rows, so equal hashes mean equal tables and a lost, doubled or changed row shows.
    pub tables: BTreeMap<String, String>,
    /// Kept source files that were compared with their hash.
    pub kept_files: u64,
    /// Their bytes.
    pub kept_bytes: u64,
    /// Kept source files that are sealed and whose key is not at hand: not compared.
    pub closed_files: u64,
    /// What is missing or is not what was written, one sentence each.
    pub problems: Vec<String>,
}

/// Reads every data file of the snapshot and every kept source file, and compares each with the
/// hash in its name. Linear in the bytes of the lake; memory is one data file.
///
/// # Errors
/// [`LakeError`] when `raw.sources` cannot be decoded; files that are missing, unreadable or changed
/// are [`Health::problems`].
pub async fn digest(lake: &Lake, snapshot: &Snapshot) -> Result<Health, LakeError> {
    let mut health = Health::default();
    let mut kept = Vec::new();
    for def in schema::tables() {
        let Some(table) = snapshot.table(def) else { continue };
        let mut hash = Sha256::new();
        let mut whole = true;
        for file in &table.files {
            let path = format!("{}/{}", folder(def), file.path);
            let bytes = match lake.get(&path).await {
                Ok(bytes) => bytes,
                Err(error) => {
                    health.problems.push(error.to_string());
                    whole = false;
                    continue;
                }
            };
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(&bytes);
            if !file.path.ends_with(&format!("-{}.parquet", hex(&Sha256::digest(&bytes)[..8]))) {
                health.problems.push(format!("{path} is not what was written: its content has another hash"));
                whole = false;
            } else if def.zone == Zone::Raw && def.name == "sources" {
                for batch in decode("raw.sources", bytes, Pick::default())?.0 {
                    let batch =
                        batch.map_err(|e| LakeError::Damaged { table: "raw.sources".into(), why: e.to_string() })?;
                    kept.extend(batch.column(1).as_string::<i32>().iter().flatten().map(str::to_owned));
                }
            }
        }
        if whole {
            health.tables.insert(def.full_name(), hex(&hash.finalize()));
        }
    }
    for sha256 in kept {
        match tokio::task::block_in_place(|| hash_of(lake.kept_files().open(&sha256)?)) {
            Ok((found, bytes)) if found == sha256 => {
                health.kept_files += 1;
                health.kept_bytes += bytes;
            }
            Ok(_) => {
                health.problems.push(format!("raw/files/{sha256} is not what was kept: its content has another hash"))
            }
            Err(error)
                if error.kind() == std::io::ErrorKind::PermissionDenied && lake.kept_files().is_sealed(&sha256) =>
            {
                health.closed_files += 1;
            }
            Err(error) => health.problems.push(format!("raw/files/{sha256} cannot be read: {error}")),
        }
    }
    Ok(health)
}

/// SHA-256 and length of what a file holds, read in pieces.
fn hash_of(mut file: impl Read) -> std::io::Result<(String, u64)> {
    let (mut hash, mut buffer, mut bytes) = (Sha256::new(), vec![0; 1 << 20], 0);
    loop {
        let n = file.read(&mut buffer)?;
        if n == 0 {
            return Ok((hex(&hash.finalize()), bytes));
        }
        hash.update(&buffer[..n]);
        bytes += n as u64;
    }
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
