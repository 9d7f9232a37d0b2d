//! Our side: the binary `portolan`, started as anybody would start it.

use crate::measure::{self, Cost, Ended};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The program under measurement.
#[derive(Debug)]
pub(crate) struct Portolan {
    path: PathBuf,
    version: String,
}

impl Portolan {
    /// The program named, else the one that was built beside this one.
    pub(crate) fn find(named: Option<&Path>) -> Result<Self> {
        let path = match named {
            Some(path) => path.to_path_buf(),
            None => std::env::current_exe().context("where this program lies")?.with_file_name("portolan"),
        };
        ensure!(
            path.is_file(),
            "there is no `{}`: cargo build --release -p app, or name it with --portolan",
            path.display()
        );
        let output =
            Command::new(&path).arg("--version").output().with_context(|| format!("starting {}", path.display()))?;
        let version = String::from_utf8_lossy(&output.stdout).trim().replace(' ', "@");
        Ok(Self { path, version })
    }

    /// `portolan@version`.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// Where it lies.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Runs it with these arguments.
    pub(crate) fn run(&self, args: &[&dyn AsRef<OsStr>]) -> Result<Ended> {
        let args: Vec<OsString> = args.iter().map(|a| AsRef::<OsStr>::as_ref(*a).to_owned()).collect();
        measure::run(&self.path, &args)
    }

    /// Makes a workspace and takes the file in: what the two commands cost, and the second alone.
    pub(crate) fn init_and_ingest(&self, file: &Path, workspace: &Path) -> Result<(Cost, Cost)> {
        let init = self.run(&[&"init", &workspace])?;
        let ingest = self.run(&[&"ingest", &file, &"--quiet", &"--workspace", &workspace])?;
        Ok((init.cost.then(ingest.cost), ingest.cost))
    }

    /// The only row of a query, as a JSON object.
    pub(crate) fn one_row(&self, workspace: &Path, query: &str) -> Result<serde_json::Map<String, Value>> {
        let ended = self.run(&[&"sql", &query, &"--json", &"--workspace", &workspace])?;
        let rows: Vec<serde_json::Map<String, Value>> =
            serde_json::from_str(&ended.stdout).with_context(|| format!("reading the answer to: {query}"))?;
        let [row] = <[_; 1]>::try_from(rows)
            .map_err(|rows| anyhow::anyhow!("{} rows instead of one in the answer to: {query}", rows.len()))?;
        Ok(row)
    }
}
