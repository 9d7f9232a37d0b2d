//! Where a fuzzer begins: small files of every sort that a target takes, made by our own code and never kept in the project.

pub mod made_files;
pub mod pictures;
pub mod pretrained;
pub mod saved;
pub mod tables;
pub mod texts;

use std::io;
use std::path::Path;

/// A file to begin with, and what it is called.
pub type Seed = (String, Vec<u8>);

/// Writes the seeds of a target into a folder, which is made; how many there are. A target of another name has none.
///
/// # Errors
/// Where the folder cannot be written.
pub fn write(target: &str, folder: &Path) -> io::Result<usize> {
    let seeds = match target {
        "picture" => pictures::all(),
        "sound" => made_files::sounds(),
        "clip" => made_files::clips(),
        "text" => texts::all(),
        "models" => saved::models(),
        "encoders" => saved::encoders(),
        "rows" => tables::all(),
        "weights" => pretrained::seeds("model.safetensors"),
        "tokenizer" => pretrained::seeds("tokenizer.json"),
        "settings" => pretrained::seeds("config.json"),
        _ => Vec::new(),
    };
    std::fs::create_dir_all(folder)?;
    seeds.iter().try_for_each(|(name, bytes)| std::fs::write(folder.join(name), bytes))?;
    Ok(seeds.len())
}
