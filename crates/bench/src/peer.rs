//! Peers in Python: an environment of their own with pinned versions, made when it is first needed.

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const REQUIREMENTS: &str = include_str!("../peers/requirements.txt");
const SCRIPTS: &[(&str, &str)] = &[
    ("ingest_pandas.py", include_str!("../peers/ingest_pandas.py")),
    ("ingest_pandas_plain.py", include_str!("../peers/ingest_pandas_plain.py")),
];

/// Ways to write the same cleaning in Python.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Style {
    /// Dictionary codes, packed keys and pyarrow: what is left after tuning by hand.
    Tuned,
    /// Data frames, groupby and merge: what an analyst writes.
    Plain,
}

impl Style {
    pub(crate) const ALL: [Self; 2] = [Self::Tuned, Self::Plain];

    /// Its word in a row.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Tuned => "tuned",
            Self::Plain => "plain",
        }
    }

    const fn script(self) -> &'static str {
        match self {
            Self::Tuned => "ingest_pandas.py",
            Self::Plain => "ingest_pandas_plain.py",
        }
    }
}

/// The environment with the scripts beside it.
#[derive(Debug)]
pub(crate) struct Peer {
    folder: PathBuf,
}

impl Peer {
    /// The environment in the build's folder; made anew when the pinned versions changed. Needs
    /// `python3` with venv, and once the package index.
    pub(crate) fn ready() -> Result<Self> {
        let program = std::env::current_exe().context("where this program lies")?;
        let built = program.parent().and_then(Path::parent).context("the build's folder")?;
        let peer = Self { folder: built.join("bench-venv") };
        fs::create_dir_all(&peer.folder).with_context(|| format!("making {}", peer.folder.display()))?;
        for (name, text) in SCRIPTS {
            fs::write(peer.folder.join(name), text).with_context(|| format!("laying out {name}"))?;
        }
        let marker = peer.folder.join("installed.txt");
        if fs::read_to_string(&marker).is_ok_and(|installed| installed == REQUIREMENTS) && peer.python().is_file() {
            return Ok(peer);
        }
        crate::report::note(&format!(
            "installing the peer into {}: {}",
            peer.folder.display(),
            pins(REQUIREMENTS).join(" ")
        ));
        let requirements = peer.folder.join("requirements.txt");
        fs::write(&requirements, REQUIREMENTS)?;
        step(Command::new("python3").args(["-m", "venv", "--clear"]).arg(peer.folder.join("venv")))
            .context("making a Python environment; on Debian: apt-get install python3-venv")?;
        step(
            Command::new(peer.python())
                .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"])
                .arg(&requirements),
        )
        .context("installing the pinned versions (Python 3.11 or later, and a way to the package index)")?;
        fs::write(marker, REQUIREMENTS)?;
        Ok(peer)
    }

    /// The interpreter.
    pub(crate) fn python(&self) -> PathBuf {
        self.folder.join("venv/bin/python")
    }

    /// The script that takes in and cleans a retail export.
    pub(crate) fn script(&self, style: Style) -> PathBuf {
        self.folder.join(style.script())
    }

    /// `pandas@version`, with what does the reading and writing.
    pub(crate) fn version() -> String {
        pins(REQUIREMENTS).into_iter().filter(|p| !p.starts_with("numpy")).collect::<Vec<_>>().join(" + ")
    }
}

/// The pins of a requirements file as `name@version`.
fn pins(requirements: &str) -> Vec<String> {
    requirements.lines().filter_map(|l| l.split_once("==")).map(|(name, version)| format!("{name}@{version}")).collect()
}

fn step(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("starting {command:?}"))?;
    ensure!(
        output.status.success(),
        "{command:?} ended with {}:\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_requirement_is_pinned() {
        let lines = REQUIREMENTS.lines().filter(|l| !l.starts_with('#') && !l.trim().is_empty()).count();
        assert_eq!(pins(REQUIREMENTS).len(), lines);
        assert_eq!(pins("# c\npandas==3.1.1\n"), ["pandas@3.1.1"]);
        assert!(Peer::version().starts_with("pandas@"));
        assert!(Style::ALL.iter().all(|style| SCRIPTS.iter().any(|(name, _)| *name == style.script())));
    }
}
