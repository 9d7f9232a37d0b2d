//! What a folder says of itself: family, sizes, languages, licence, and every file that is used with its SHA-256.

use super::files::{Settings, read};
use super::weights::weight_files;
use crate::PretrainedError;
use crate::picture::PictureSettings;
use crate::speech::SpeechSettings;
use crate::text::TextSettings;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// What an encoder takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Texts.
    Text,
    /// Pictures.
    Picture,
    /// Texts and pictures, in one space.
    TextPicture,
    /// Sounds of speech.
    Speech,
}

impl Kind {
    /// For people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Picture => "pictures",
            Self::TextPicture => "text and pictures",
            Self::Speech => "speech",
        }
    }

    /// For people, in Chinese.
    pub const fn label_zh(self) -> &'static str {
        match self {
            Self::Text => "文本",
            Self::Picture => "图片",
            Self::TextPicture => "文本和图片",
            Self::Speech => "语音",
        }
    }
}

/// One file of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Its path in the folder, parts joined by `/`.
    pub path: String,
    /// Bytes.
    pub bytes: u64,
    /// SHA-256 in hex digits.
    pub sha256: String,
}

/// All that is known of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// The `model_type` of config.json: `bert`, `siglip`.
    pub architecture: String,
    /// What it takes.
    pub kind: Kind,
    /// What config.json calls it, where it does.
    pub name: Option<String>,
    /// Numbers of a vector.
    pub width: usize,
    /// Numbers in its weights.
    pub n_parameters: u64,
    /// Languages by its README, where that says so.
    pub languages: Vec<String>,
    /// Licence by its README, where that says so.
    pub licence: Option<String>,
    /// How texts are read, where they are.
    pub text: Option<TextSettings>,
    /// How pictures are read, where they are.
    pub picture: Option<PictureSettings>,
    /// How speech is read, where it is.
    pub speech: Option<SpeechSettings>,
    /// The files that it is made of. What else lies in the folder, programs among it, is never read.
    pub files: Vec<FileRecord>,
}

/// Files that are used where they are there.
const KNOWN: &[&str] = &[
    "README.md",
    "config.json",
    "config_sentence_transformers.json",
    "generation_config.json",
    "modules.json",
    "preprocessor_config.json",
    "processor_config.json",
    "sentence_bert_config.json",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "model.safetensors.index.json",
];

/// Paths of all files that a model is made of, relative to its folder, in order.
pub(crate) fn used_files(folder: &Path, of_steps: &[String]) -> Result<Vec<String>, PretrainedError> {
    let there = KNOWN.iter().filter(|name| folder.join(name).is_file());
    let mut out: Vec<String> = there.map(|name| (*name).to_owned()).collect();
    out.extend(weight_files(folder)?);
    out.extend(of_steps.iter().cloned());
    out.sort();
    out.dedup();
    Ok(out)
}

/// SHA-256 of a file and its length.
pub(crate) fn digest(path: &Path) -> Result<(String, u64), PretrainedError> {
    let mut file = File::open(path).map_err(PretrainedError::io(path))?;
    let (mut hash, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 20]);
    loop {
        let n = file.read(&mut buffer).map_err(PretrainedError::io(path))?;
        if n == 0 {
            return Ok((format!("{:x}", hash.finalize()), bytes));
        }
        hash.update(&buffer[..n]);
        bytes += n as u64;
    }
}

/// A record of each file.
pub(crate) fn records(folder: &Path, files: &[String]) -> Result<Vec<FileRecord>, PretrainedError> {
    let record = |path: &String| {
        let (sha256, bytes) = digest(&folder.join(path))?;
        Ok(FileRecord { path: path.clone(), bytes, sha256 })
    };
    files.iter().map(record).collect()
}

/// Languages and licence by the lines between `---` at the start of README.md.
pub(crate) fn card(folder: &Path) -> Result<(Vec<String>, Option<String>), PretrainedError> {
    let text = read(&folder.join("README.md"), 1 << 20).unwrap_or_default().unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let Some(rest) = text.strip_prefix("---") else { return Ok((Vec::new(), None)) };
    let head = rest.split("\n---").next().unwrap_or_default();
    let clean = |s: &str| s.trim().trim_matches(['"', '\'', '[', ']', ',']).trim().to_owned();
    let (mut languages, mut licence, mut in_list) = (Vec::new(), None, false);
    for line in head.lines() {
        if let Some(item) = line.trim_start().strip_prefix("- ").filter(|_| in_list) {
            languages.push(clean(item));
            continue;
        }
        in_list = false;
        if let Some(value) = line.strip_prefix("language:") {
            languages.extend(value.split(',').map(clean).filter(|l| !l.is_empty()));
            in_list = languages.is_empty();
        } else if let Some(value) = line.strip_prefix("license:") {
            licence = Some(clean(value)).filter(|l| !l.is_empty());
        }
    }
    languages.retain(|l| !l.is_empty() && l.len() <= 35);
    languages.truncate(300);
    Ok((languages, licence))
}

impl Description {
    /// Of a model of this family; what its encoder says is put in by who opened it.
    pub(crate) fn new(
        folder: &Path,
        s: &Settings,
        architecture: &str,
        kind: Kind,
        n_parameters: u64,
    ) -> Result<Self, PretrainedError> {
        let (languages, licence) = card(folder)?;
        let name = s.text("_name_or_path").filter(|n| !n.is_empty() && !n.starts_with(['/', '.'])).map(str::to_owned);
        Ok(Self {
            architecture: architecture.to_owned(),
            kind,
            name,
            width: 0,
            n_parameters,
            languages,
            licence,
            text: None,
            picture: None,
            speech: None,
            files: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_stand_in_one_line_or_in_a_list() {
        let dir = tempfile::tempdir().unwrap();
        let of = |text: &str| {
            std::fs::write(dir.path().join("README.md"), text).unwrap();
            card(dir.path()).unwrap()
        };
        assert_eq!(of("---\nlanguage: en\nlicense: apache-2.0\n---\nlanguage: xx").0, ["en"]);
        assert_eq!(of("---\nlanguage: en\nlicense: apache-2.0\n---\n").1.as_deref(), Some("apache-2.0"));
        assert_eq!(of("---\nlanguage:\n- en\n- zh\ntags:\n- x\n---\n").0, ["en", "zh"]);
        assert_eq!(of("---\nlanguage: [de, \"fr\"]\n---\n").0, ["de", "fr"]);
        assert_eq!(of("# A model"), (vec![], None));
    }

    #[test] // The digest of `abc` is the first example of FIPS 180-2.
    fn a_files_digest_is_that_of_the_standard() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("x"), "abc").unwrap();
        let record = &records(dir.path(), &["x".to_owned()]).unwrap()[0];
        assert_eq!(record.bytes, 3);
        assert_eq!(record.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
