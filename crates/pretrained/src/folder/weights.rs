//! Weights of a folder: the table of a file of safetensors is checked against the file's size before anything
//! is believed, then tensors are read one by one, as numbers of 32 bits.
//!
//! A file is eight bytes that say how long its table is, the table (JSON: for each tensor its type, shape and where its
//! bytes lie), and the bytes. Large models are several such files with an index. Nothing in it can run. Memory is never more
//! than the file has bytes, twice that where it keeps numbers of 16 bits.

use super::files::{Settings, inside};
use crate::PretrainedError;
use candle_core::{DType, Device, Tensor};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const ONE_FILE: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";
/// Bytes of a table at most; that of the format's own library.
const MOST_TABLE: u64 = 100_000_000;
/// Bytes of all files of weights at most.
const MOST_BYTES: u64 = 16 << 30;
/// Files of weights at most.
const MOST_FILES: usize = 64;

#[derive(Deserialize)]
struct Row {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: (u64, u64),
}

#[derive(Debug)]
struct Entry {
    file: usize,
    dtype: String,
    shape: Vec<usize>,
    start: u64,
    bytes: u64,
}

#[derive(Debug)]
struct Tables {
    folder: PathBuf,
    files: Vec<(PathBuf, File)>,
    entries: BTreeMap<String, Entry>,
}

/// All tensors of a folder, none of them read yet.
#[derive(Clone, Debug)]
pub(crate) struct Weights {
    tables: Arc<Tables>,
    /// What stands before every name that is asked for.
    prefix: String,
}

/// Names of the files of weights, relative to the folder.
pub(crate) fn weight_files(folder: &Path) -> Result<Vec<String>, PretrainedError> {
    if folder.join(ONE_FILE).exists() {
        return Ok(vec![ONE_FILE.to_owned()]);
    }
    if let Some(index) = Settings::read(&folder.join(INDEX))? {
        let map = index.get("weight_map").and_then(|m| m.as_object());
        let map = map.ok_or_else(|| index.wrong("weight_map", "an object of tensors and their files"))?;
        let names: Option<BTreeSet<&str>> = map.values().map(|v| v.as_str()).collect();
        let fine = names.filter(|n| (1..=MOST_FILES).contains(&n.len()) && n.iter().all(|f| is_shard(folder, f)));
        let names = fine.ok_or_else(|| index.wrong("weight_map", "names of .safetensors files of this folder"))?;
        return Ok(names.into_iter().map(str::to_owned).collect());
    }
    for file in ["pytorch_model.bin", "pytorch_model.bin.index.json", "model.bin", "pytorch_model.pt", "model.pt"] {
        if folder.join(file).exists() {
            return Err(PretrainedError::OnlyPickle { folder: folder.to_path_buf(), file: file.to_owned() });
        }
    }
    Err(PretrainedError::FileMissing {
        folder: folder.to_path_buf(),
        file: ONE_FILE.to_owned(),
        wanted: "the weights, in one file or in several with model.safetensors.index.json",
    })
}

fn is_shard(folder: &Path, file: &str) -> bool {
    file.ends_with(".safetensors") && !file.contains('/') && inside(folder, file).is_some()
}

/// Bytes of a number.
fn width_of(dtype: &str) -> Option<u64> {
    Some(match dtype {
        "F64" | "I64" | "U64" | "C64" => 8,
        "F32" | "I32" | "U32" => 4,
        "F16" | "BF16" | "I16" | "U16" => 2,
        "U8" | "I8" | "BOOL" | "F8_E4M3" | "F8_E5M2" | "F8_E8M0" => 1,
        _ => return None,
    })
}

impl Weights {
    /// The tables of all files, checked.
    pub(crate) fn open(folder: &Path) -> Result<Self, PretrainedError> {
        Self::of_files(folder, &weight_files(folder)?)
    }

    /// As [`Self::open`], of the named files.
    pub(crate) fn of_files(folder: &Path, names: &[String]) -> Result<Self, PretrainedError> {
        let mut out = Tables { folder: folder.to_path_buf(), files: Vec::new(), entries: BTreeMap::new() };
        let mut total = 0;
        for name in names {
            let path = folder.join(name);
            let file = File::open(&path).map_err(PretrainedError::io(&path))?;
            let size = file.metadata().map_err(PretrainedError::io(&path))?.len();
            total += size;
            if total > MOST_BYTES {
                return Err(PretrainedError::TooLarge { path, bytes: total, most: MOST_BYTES });
            }
            let number = out.files.len();
            table(&path, &file, size, number, &mut out.entries)
                .map_err(|why| PretrainedError::Weights { path: path.clone(), why })?;
            out.files.push((path, file));
        }
        Ok(Self { tables: Arc::new(out), prefix: String::new() })
    }

    /// The same tensors, those whose names begin so.
    #[must_use]
    pub(crate) fn at(&self, prefix: &str) -> Self {
        Self { tables: Arc::clone(&self.tables), prefix: prefix.to_owned() }
    }

    /// The first of these prefixes under which a tensor of this name lies is meant from now on.
    #[must_use]
    pub(crate) fn under(mut self, prefixes: &[&str], marker: &str) -> Self {
        let found = prefixes.iter().find(|p| self.tables.entries.contains_key(&format!("{p}{marker}")));
        self.prefix = found.map_or_else(String::new, |p| (*p).to_owned());
        self
    }

    /// Numbers in all tensors; whole ones, such as a list of places, are not learnt.
    pub(crate) fn n_parameters(&self) -> u64 {
        let learnt = self.tables.entries.values().filter(|e| e.dtype.contains('F'));
        learnt.map(|e| e.shape.iter().map(|n| *n as u64).product::<u64>()).sum()
    }

    fn entry(&self, name: &str) -> Option<(String, &Entry)> {
        let full = format!("{}{name}", self.prefix);
        // Checkpoints made with TensorFlow call the parts of a norm otherwise.
        let old = full.strip_suffix(".weight").map(|n| format!("{n}.gamma"));
        let old = old.or_else(|| full.strip_suffix(".bias").map(|n| format!("{n}.beta")));
        let found = self.tables.entries.get(&full).map(|e| (full, e));
        found.or_else(|| old.and_then(|n| self.tables.entries.get(&n).map(|e| (n, e))))
    }

    /// Whether there is such a tensor.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.entry(name).is_some()
    }

    fn missing(&self, name: &str) -> PretrainedError {
        PretrainedError::TensorMissing { folder: self.tables.folder.clone(), name: format!("{}{name}", self.prefix) }
    }

    /// Reads a tensor that has to be there in this shape.
    pub(crate) fn get(&self, name: &str, shape: &[usize]) -> Result<Tensor, PretrainedError> {
        let (name, entry) = self.entry(name).ok_or_else(|| self.missing(name))?;
        if entry.shape != shape {
            let (found, wanted) = (entry.shape.clone(), shape.to_vec());
            return Err(PretrainedError::TensorShape { folder: self.tables.folder.clone(), name, found, wanted });
        }
        let dtype = match entry.dtype.as_str() {
            "F32" => DType::F32,
            "F16" => DType::F16,
            "BF16" => DType::BF16,
            "F64" => DType::F64,
            other => {
                let found = other.to_owned();
                return Err(PretrainedError::TensorType { folder: self.tables.folder.clone(), name, found });
            }
        };
        let (path, mut file) = (&self.tables.files[entry.file].0, &self.tables.files[entry.file].1);
        let mut bytes = vec![0; entry.bytes as usize];
        file.seek(SeekFrom::Start(entry.start)).map_err(PretrainedError::io(path))?;
        file.read_exact(&mut bytes).map_err(PretrainedError::io(path))?;
        let tensor = Tensor::from_raw_buffer(&bytes, dtype, shape, &Device::Cpu)?.to_dtype(DType::F32)?;
        Ok(tensor)
    }

    /// A tensor's numbers, row by row.
    pub(crate) fn numbers(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, PretrainedError> {
        Ok(self.get(name, shape)?.flatten_all()?.to_vec1()?)
    }
}

/// Reads and checks one file's table; the error says what is wrong with it.
fn table(
    path: &Path,
    mut file: &File,
    size: u64,
    number: usize,
    entries: &mut BTreeMap<String, Entry>,
) -> Result<(), String> {
    if size < 8 {
        return Err(format!("it has {size} bytes, and eight tell only how long its table is"));
    }
    let mut head = [0; 8];
    file.read_exact(&mut head).map_err(|e| e.to_string())?;
    let length = u64::from_le_bytes(head);
    if length > MOST_TABLE || length > size - 8 {
        let shown = path.file_name().unwrap_or_default().to_string_lossy();
        return Err(format!("its table would have {length} bytes, {shown} has {size}: cut off, or another format"));
    }
    let mut text = vec![0; length as usize];
    file.read_exact(&mut text).map_err(|e| e.to_string())?;
    let rows: BTreeMap<String, serde_json::Value> =
        serde_json::from_slice(&text).map_err(|e| format!("its table is no JSON: {e}"))?;
    let space = size - 8 - length;
    for (name, row) in rows.into_iter().filter(|(name, _)| name != "__metadata__") {
        let row: Row = serde_json::from_value(row).map_err(|e| format!("tensor `{name}`: {e}"))?;
        let (from, to) = row.data_offsets;
        let width = width_of(&row.dtype).ok_or_else(|| format!("tensor `{name}` is of type {}", row.dtype))?;
        let bytes = row.shape.iter().try_fold(width, |b, n| b.checked_mul(*n as u64));
        if row.shape.len() > 8 || from > to || bytes != Some(to - from) {
            return Err(format!("tensor `{name}` of shape {:?} does not fit its bytes {from} to {to}", row.shape));
        }
        if to > space {
            return Err(format!("tensor `{name}` ends at byte {to} of {space}: the file is cut off"));
        }
        let entry =
            Entry { file: number, dtype: row.dtype, shape: row.shape, start: 8 + length + from, bytes: to - from };
        if entries.insert(name.clone(), entry).is_some() {
            return Err(format!("tensor `{name}` is there twice"));
        }
    }
    Ok(())
}
