//! For which key the files of a workspace are sealed: `seal.toml` in the workspace. The key itself lies elsewhere.

use crate::exit::{Exit, Stop};
use crate::models::put;
use crate::workspace::FILE as SETTINGS;
use anyhow::{Context, Result};
use lake::Seal;
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Its name in a workspace.
pub(crate) const FILE: &str = "seal.toml";
/// A key file that goes before the one named in `seal.toml`.
const KEY_VARIABLE: &str = "PORTOLAN_SEAL_KEY";

/// `seal.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// What tells the key, 16 hexadecimal digits.
    pub(crate) key_id: String,
    /// Where the key was when this was written.
    pub(crate) key: PathBuf,
}

/// What a workspace says; `None` where its files are in clear.
pub(crate) fn settings(root: &Path) -> Result<Option<Settings>> {
    let path = root.join(FILE);
    let text = match std::fs::read_to_string(&path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        text => text.with_context(|| format!("reading {}", path.display()))?,
    };
    let wrong = |e: toml::de::Error| {
        let what = format!("{}: {}", path.display(), e.to_string().trim_end());
        Stop::error(Exit::Usage, what, format!("{FILE} has `key_id = \"…\"` and `key = \"FILE\"`"))
    };
    Ok(Some(toml::from_str(&text).map_err(wrong)?))
}

/// The key file that the environment names.
#[expect(clippy::disallowed_methods, reason = "where a key is mounted differs between machines that share a workspace")]
pub(crate) fn named_key() -> Option<PathBuf> {
    std::env::var_os(KEY_VARIABLE).map(PathBuf::from)
}

/// The seal of a workspace, with the key where it is at hand.
pub(crate) fn read(root: &Path) -> Result<Option<Seal>> {
    let Some(settings) = settings(root)? else { return Ok(None) };
    let key = named_key().unwrap_or(settings.key);
    let text = std::fs::read_to_string(&key).map_err(|e| format!("its key {} cannot be read: {e}", key.display()));
    Ok(Some(Seal::new(&settings.key_id, text)))
}

/// What to do where the key is not at hand.
pub(crate) const NEXT: &str = "make the key readable where it was, or name its file in PORTOLAN_SEAL_KEY";

/// The error of work that needs the key.
pub(crate) fn no_key(why: &str) -> anyhow::Error {
    Stop::error(Exit::Missing, format!("the files of this workspace are sealed, and {why}"), NEXT)
}

/// Takes the key of a file, making both where the file is not there; gives what `seal.toml` is to say and whether the key
/// is new.
pub(crate) fn key(root: &Path, key: &Path) -> Result<(Settings, bool)> {
    let telling = || format!("the key file {}", key.display());
    let folder = key.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder.canonicalize().with_context(telling)?;
    let key = folder.join(key.file_name().with_context(|| format!("{} names no file", key.display()))?);
    if folder.starts_with(root.canonicalize().with_context(telling)?) {
        let what = format!("{} is in the workspace: a key beside what it opens protects nothing", key.display());
        return Err(Stop::error(Exit::Usage, what, "name a file on another disk, or one that is mounted when needed"));
    }
    let (text, made) = match std::fs::read_to_string(&key) {
        Ok(text) => (text, false),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => (make(&key).with_context(telling)?, true),
        Err(e) => return Err(e).with_context(telling),
    };
    let wrong = |why| {
        let next = "name a file that is not there, and a key is made, or one that `portolan seal` made";
        Stop::error(Exit::BadInput, format!("{}: {why}", key.display()), next)
    };
    Ok((Settings { key_id: Seal::of_key(&text).map_err(wrong)?.id().to_owned(), key }, made))
}

/// Writes a new key that only this user reads.
fn make(path: &Path) -> std::io::Result<String> {
    let text = Seal::generate().map_err(std::io::Error::other)?;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(text)
}

/// Writes what the workspace says.
pub(crate) fn write(root: &Path, settings: &Settings) -> Result<()> {
    let text = format!(
        "# Written by `portolan seal`: files as they came are sealed for this key. {SETTINGS} has everything else.\n{}",
        toml::to_string(settings)?
    );
    put(&root.join(FILE), text.as_bytes())
}

/// From now on files are kept in clear.
pub(crate) fn remove(root: &Path) -> Result<()> {
    let path = root.join(FILE);
    std::fs::remove_file(&path).with_context(|| format!("removing {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_outside_of_the_workspace_and_taken_up_again() {
        let (workspace, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let inside = key(workspace.path(), &workspace.path().join("own.key")).unwrap_err();
        assert!(inside.to_string().contains("in the workspace"), "{inside}");
        assert!(!workspace.path().join("own.key").exists());
        let place = elsewhere.path().join("own.key");
        let (first, made) = key(workspace.path(), &place).unwrap();
        let (again, made_again) = key(workspace.path(), &place).unwrap();
        assert_eq!((made, made_again, &first), (true, false, &again));
        assert_eq!(first.key_id.len(), 16, "{first:?}");
        write(workspace.path(), &first).unwrap();
        assert_eq!(settings(workspace.path()).unwrap(), Some(first.clone()));
        assert_eq!(read(workspace.path()).unwrap().unwrap().missing(), None);
        std::fs::remove_file(&place).unwrap();
        let seal = read(workspace.path()).unwrap().unwrap();
        assert!(seal.missing().is_some_and(|why| why.contains("cannot be read")), "{seal:?}");
        std::fs::write(&place, Seal::generate().unwrap()).unwrap();
        let seal = read(workspace.path()).unwrap().unwrap();
        assert!(seal.missing().is_some_and(|why| why.contains("the key at hand is")), "{seal:?}");
    }

    #[test]
    fn a_file_without_a_key_is_told_and_not_repeated() {
        let (workspace, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let place = elsewhere.path().join("own.key");
        std::fs::write(&place, "PORTOLAN-SEAL-KEY-1-NEARLY").unwrap();
        let why = key(workspace.path(), &place).unwrap_err().to_string();
        assert!(why.contains("no key in it") && !why.contains("NEARLY"), "{why}");
    }
}
