//! `portolan backup` and `portolan restore`.

use super::Environment;
use super::serve::{PERSON_KEY, STATE};
use crate::backup::{self, BackupError, Manifest};
use crate::exit::{Exit, Stop};
use crate::{cli, output, seal};
use anyhow::{Context, Result};
use lake::{LakeError, Seal, Snapshot};
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

/// How often, and how long apart, it is tried again where somebody else writes the lake: a server takes events in every
/// few seconds.
const TRIES: u32 = 60;
const APART: Duration = Duration::from_millis(500);

/// The lock of the lake, waited for a little.
async fn lock(lake: &lake::Lake) -> Result<lake::LakeLock> {
    for _ in 0..TRIES {
        match lake.lock() {
            Err(LakeError::Locked(_)) => tokio::time::sleep(APART).await,
            other => return Ok(other?),
        }
    }
    let what = "somebody else writes into the lake, a run or an erasure";
    Err(Stop::error(
        Exit::Storage,
        what,
        "try again when it is over: a backup in the middle of it would hold half of it",
    ))
}

/// What is wrong with a backup, as the command line says it.
fn told(error: anyhow::Error) -> anyhow::Error {
    let next = match error.downcast_ref::<BackupError>() {
        None => return error,
        Some(BackupError::There(_)) => "name a folder that is not there, or move the old workspace away first",
        Some(BackupError::Sealed(..)) => "name its key with --key FILE",
        Some(BackupError::Newer(..)) => "restore it with that version",
        Some(BackupError::NoBackup(..) | BackupError::Damaged(..)) => {
            "take another backup; nothing was restored, and a workspace that is there was not touched"
        }
    };
    Stop::error(Exit::BadInput, error.to_string(), next)
}

fn shown(what: &str, file: &Path, made: &Manifest) -> serde_json::Value {
    json!({
        what: file, "files": made.files.len(), "bytes": made.bytes(), "snapshot": made.snapshot, "program": made.program,
        "at": made.at,
    })
}

/// The key that was named, for a backup that is read.
fn key(file: Option<&Path>) -> Result<Option<Seal>> {
    let Some(file) = file.map(Path::to_path_buf).or_else(seal::named_key) else { return Ok(None) };
    let text = std::fs::read_to_string(&file).with_context(|| format!("reading the key {}", file.display()))?;
    let wrong = |why| Stop::error(Exit::BadInput, format!("{}: {why}", file.display()), "name the file of the key");
    Ok(Some(Seal::of_key(&text).map_err(wrong)?))
}

pub(crate) async fn run(env: &Environment, args: &cli::Backup) -> Result<ExitCode> {
    if args.check {
        let made = backup::check(&args.file, key(args.key.as_deref())?.as_ref()).map_err(told)?;
        if args.json {
            output::json(&shown("whole", &args.file, &made))?;
        } else {
            let (n, bytes) = (output::count(made.files.len() as u64), output::count(made.bytes()));
            let (at, program) = (&made.at, &made.program);
            output::line(&format!(
                "{}: whole; {n} files, {bytes} bytes, of {at} by version {program}",
                args.file.display()
            ));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let workspace = env.workspace()?;
    let lake = workspace.lake()?;
    if !lake.root().starts_with(&workspace.root) {
        let what = format!("the lake is not in the workspace but in {}", lake.root().display());
        return Err(Stop::error(Exit::Usage, what, "back up that folder with the tools of its storage"));
    }
    let seal = seal::read(&workspace.root)?;
    // It is read back before it is called a backup.
    if let Some(why) = seal.as_ref().and_then(Seal::missing) {
        return Err(seal::no_key(why));
    }
    let held = lock(&lake).await?;
    let snapshot = Snapshot::latest(&lake).await?.number;
    let place = tempfile_beside(&args.file)?;
    let mut more = Vec::new();
    if workspace.root.join(STATE).is_file() {
        let store = super::serve::store(&workspace.root, None).await?;
        let copy = place.join(STATE);
        store.copy_into(&copy).await.context("copying the database of keys and people")?;
        more.push((STATE, copy));
    }
    let at = chrono_now();
    let to = (args.file.as_path(), seal.as_ref());
    let made = tokio::task::block_in_place(|| backup::write(&workspace.root, &more, to, (at, snapshot)));
    drop(held);
    std::fs::remove_dir_all(&place).with_context(|| format!("removing {}", place.display()))?;
    let made = made.map_err(told)?;
    if args.json {
        output::json(&shown("backup", &args.file, &made))?;
        return Ok(ExitCode::SUCCESS);
    }
    let (n, bytes) = (output::count(made.files.len() as u64), output::count(made.bytes()));
    output::line(&format!(
        "{}: {n} files, {bytes} bytes, snapshot {snapshot}; read back and compared",
        args.file.display()
    ));
    if !made.files.contains_key(STATE) {
        output::hint(
            "keys and people are in no file of this workspace: a database of its own is backed up with its own tools",
        );
    } else if let Some(seal) = seal {
        output::hint(&format!("it is sealed with key {}: without it nobody restores it", seal.id()));
    } else if made.files.contains_key(PERSON_KEY) {
        output::hint("it holds keys, people and personal data: keep it as safe as the workspace");
    }
    Ok(ExitCode::SUCCESS)
}

/// A folder for what is copied first, beside the backup, so that it is on the same disk.
fn tempfile_beside(file: &Path) -> Result<std::path::PathBuf> {
    let place = file.with_extension("copying");
    if place.exists() {
        std::fs::remove_dir_all(&place).with_context(|| format!("removing {}", place.display()))?;
    }
    std::fs::create_dir_all(&place).with_context(|| format!("making {}", place.display()))?;
    Ok(place)
}

#[expect(clippy::disallowed_methods, reason = "a backup says when it was made")]
fn chrono_now() -> String {
    chrono::Utc::now().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

pub(crate) fn restore(args: &cli::Restore) -> Result<ExitCode> {
    let made = backup::restore(&args.file, key(args.key.as_deref())?.as_ref(), &args.dir).map_err(told)?;
    if args.json {
        output::json(&shown("restored", &args.dir, &made))?;
        return Ok(ExitCode::SUCCESS);
    }
    let (n, bytes) = (output::count(made.files.len() as u64), output::count(made.bytes()));
    output::line(&format!("{}: {n} files, {bytes} bytes, every one compared", args.dir.display()));
    output::line(&format!("as it was at {}, snapshot {}, version {}", made.at, made.snapshot, made.program));
    output::hint("`portolan doctor` looks at the lake; who was erased since then has to be erased again");
    Ok(ExitCode::SUCCESS)
}
