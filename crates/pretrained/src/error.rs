//! What can be wrong with a folder of weights, and what would be right.

use std::path::{Path, PathBuf};

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PretrainedError {
    /// No such folder.
    #[error("{} is no folder; name the one that holds config.json and model.safetensors", .path.display())]
    FolderMissing {
        /// What was named.
        path: PathBuf,
    },
    /// A file that has to be there.
    #[error("{} has no {file}: {wanted}", .folder.display())]
    FileMissing {
        /// Where it was looked for.
        folder: PathBuf,
        /// Its name.
        file: String,
        /// What it is for and where it comes from.
        wanted: &'static str,
    },
    /// Weights in a form that runs code when it is read.
    #[error(
        "{} holds its weights only as {file}, a pickle, which can run code and is never read; convert it where you trust \
         it: `from transformers import AutoModel; AutoModel.from_pretrained(folder).save_pretrained(folder, \
         safe_serialization=True)`",
        .folder.display()
    )]
    OnlyPickle {
        /// Where they lie.
        folder: PathBuf,
        /// Their file.
        file: String,
    },
    /// The disk.
    #[error("{}: {source}", .path.display())]
    Io {
        /// What was read or written.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file larger than is let in.
    #[error("{} has {bytes} bytes, at most {most} are read", .path.display())]
    TooLarge {
        /// Which.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// The limit.
        most: u64,
    },
    /// Not the JSON that it should be.
    #[error("{} is not the JSON it should be: {why}", .path.display())]
    Json {
        /// Which.
        path: PathBuf,
        /// What the reader said.
        why: String,
    },
    /// A setting that is missing or outside its range.
    #[error("{}: `{key}` is {got}, it has to be {rule}", .path.display())]
    Setting {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
        /// What it says.
        got: String,
        /// What would be right.
        rule: String,
    },
    /// A model of a family that is not read.
    #[error("{}: `model_type` is {found}; read are {supported}", .path.display())]
    Architecture {
        /// The file.
        path: PathBuf,
        /// What it says.
        found: String,
        /// All that are read.
        supported: String,
    },
    /// A step after the encoder that is not read.
    #[error("{}: the step {found} is not read; read are Transformer, Pooling, Dense and Normalize", .path.display())]
    Step {
        /// The file.
        path: PathBuf,
        /// What it says.
        found: String,
    },
    /// A file of weights that is cut off or broken.
    #[error("{} is no whole file of safetensors: {why}", .path.display())]
    Weights {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// Weights that have to be there.
    #[error("{} has no tensor `{name}`; do config.json and the weights belong together?", .folder.display())]
    TensorMissing {
        /// Where it was looked for.
        folder: PathBuf,
        /// Its name.
        name: String,
    },
    /// Weights of another shape than the settings say.
    #[error("{}: tensor `{name}` has shape {found:?}, config.json says {wanted:?}", .folder.display())]
    TensorShape {
        /// Where it lies.
        folder: PathBuf,
        /// Its name.
        name: String,
        /// What it has.
        found: Vec<usize>,
        /// What the settings ask for.
        wanted: Vec<usize>,
    },
    /// Weights in numbers that are not read.
    #[error("{}: tensor `{name}` is of type {found}; read are F32, F16, BF16 and F64", .folder.display())]
    TensorType {
        /// Where it lies.
        folder: PathBuf,
        /// Its name.
        name: String,
        /// Its type.
        found: String,
    },
    /// A tokenizer that cannot be used.
    #[error("{}: {why}", .path.display())]
    Tokenizer {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A name that cannot name a folder.
    #[error("`{name}` cannot name a model: letters, digits, `-`, `_` and `.`, at most 64, the first a letter or digit")]
    Name {
        /// What was given.
        name: String,
    },
    /// A name that is taken.
    #[error("there is a model `{name}` already; remove it first or choose another name")]
    Exists {
        /// Which.
        name: String,
    },
    /// A name that nothing has.
    #[error("there is no model `{name}`; there are: {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// A stored file that is no longer what its manifest says.
    #[error("{}: {what}; remove the model and add it again", .path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// What differs.
        what: String,
    },
    /// The mathematics did not go through, which no folder should reach.
    #[error("the encoder failed: {0}")]
    Compute(#[from] candle_core::Error),
}

impl PretrainedError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        |source| Self::Io { path: path.to_path_buf(), source }
    }
}
