//! Files to measure on, and folders to measure in.

use crate::measure::Cost;
use crate::portolan::Portolan;
use crate::report;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Lines of the Online Retail file; a simulated stand-in has as many.
pub(crate) const RETAIL_LINES: u64 = 541_909;

/// Where the Online Retail file lies when the optional data is there, from the project's root.
const RETAIL: &str = "../shared/data/uci_online_retail/online_retail.csv.gz";

/// Where folders are made.
#[derive(Debug)]
pub(crate) struct Place {
    dir: PathBuf,
}

impl Place {
    /// The folder named, else the system's one for temporary files.
    pub(crate) fn new(named: Option<&Path>) -> Result<Self> {
        let dir = named.map_or_else(std::env::temp_dir, Path::to_path_buf);
        fs::create_dir_all(&dir).with_context(|| format!("making {}", dir.display()))?;
        Ok(Self { dir })
    }

    /// A new empty folder that goes away with the value.
    pub(crate) fn fresh(&self) -> Result<TempDir> {
        tempfile::Builder::new()
            .prefix("portolan-bench-")
            .tempdir_in(&self.dir)
            .context("making a folder to measure in")
    }

    /// A folder that stays, for what is costly to make.
    pub(crate) fn lasting(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

/// The file named, else the Online Retail file, else a simulated file of the same size.
pub(crate) fn retail_file(portolan: &Portolan, place: &Place, named: Option<&Path>) -> Result<PathBuf> {
    if let Some(path) = named {
        ensure!(path.is_file(), "there is no file `{}`", path.display());
        return Ok(path.to_path_buf());
    }
    if Path::new(RETAIL).is_file() {
        return Ok(PathBuf::from(RETAIL));
    }
    report::note("the Online Retail file is absent: simulating one of as many lines");
    Ok(bulk_file(portolan, &place.lasting("portolan-bench-small"), RETAIL_LINES)?.0)
}

/// A simulated file of so many lines in the layout of a retail export, and what making it cost;
/// `None` when it was there already.
pub(crate) fn bulk_file(portolan: &Portolan, dir: &Path, lines: u64) -> Result<(PathBuf, Option<Cost>)> {
    let dir = dir.join(lines.to_string());
    let done = dir.join(".complete");
    let mut cost = None;
    if !done.is_file() {
        report::note(&format!("simulating {lines} lines into {}", dir.display()));
        let count = lines.to_string();
        cost = Some(portolan.run(&[&"simulate", &"--quiet", &"--bulk-lines", &count, &"--out", &dir])?.cost);
        fs::write(&done, "").with_context(|| format!("writing {}", done.display()))?;
    }
    Ok((largest_file(&dir)?, cost))
}

/// The largest file of a folder: beside the data there may be a description.
fn largest_file(dir: &Path) -> Result<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).with_context(|| format!("listing {}", dir.display()))? {
        let entry = entry?;
        let meta = entry.metadata()?;
        if meta.is_file() && meta.len() > 0 {
            files.push((meta.len(), entry.path()));
        }
    }
    files.sort();
    files.pop().map(|(_, path)| path).with_context(|| format!("no file in {}", dir.display()))
}

/// Name and size of a file, for a row.
pub(crate) fn describe(path: &Path) -> Result<String> {
    let bytes = fs::metadata(path).with_context(|| format!("looking at {}", path.display()))?.len();
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(format!("{name} ({:.1} MiB)", report::mib(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_of_a_folder_is_its_largest_file() {
        let place = Place::new(None).expect("a folder for temporary files");
        let dir = place.fresh().expect("a folder");
        assert!(largest_file(dir.path()).is_err());
        fs::write(dir.path().join("b.csv"), "1,2,3").expect("writing");
        fs::write(dir.path().join("z.json"), "{}").expect("writing");
        let found = largest_file(dir.path()).expect("two files");
        assert_eq!(found, dir.path().join("b.csv"));
        assert_eq!(describe(&found).ok().as_deref(), Some("b.csv (0.0 MiB)"));
    }
}
