//! `portolan seal`: files as they came, sealed for a key that lies elsewhere, and back.

use super::Environment;
use crate::exit::{Exit, Stop};
use crate::{cli, output, seal};
use anyhow::Result;
use serde_json::json;
use std::process::ExitCode;

pub(crate) fn run(env: &Environment, args: &cli::Seal) -> Result<ExitCode> {
    let workspace = env.workspace()?;
    let before = seal::settings(&workspace.root)?;
    let mut made = false;
    if let Some(file) = &args.key {
        let (settings, new) = seal::key(&workspace.root, file)?;
        if let Some(before) = before.as_ref().filter(|before| before.key_id != settings.key_id) {
            let what = format!("the files are sealed with another key, {}", before.key_id);
            return Err(Stop::error(
                Exit::Usage,
                what,
                "to change it, `portolan seal --off` with the old key comes first",
            ));
        }
        seal::write(&workspace.root, &settings)?;
        made = new;
    }
    let mut changed = 0;
    if args.key.is_some() || (args.off && before.is_some()) {
        // Every file is read, so a key that is not at hand is told before the first.
        workspace.kept_files()?;
        let lake = workspace.lake()?;
        let lock = lake.lock()?;
        let bar = output::Bar::new(env.quiet || args.json);
        let step = if args.off { "opening" } else { "sealing" };
        changed = lake::reseal(&lake, &lock, args.off, &|done, total| bar.step(step, "files", done, total))?;
        bar.clear();
        if args.off {
            seal::remove(&workspace.root)?;
        }
    }
    told(&workspace, args, changed, made)
}

fn told(workspace: &crate::workspace::Workspace, args: &cli::Seal, changed: u64, made: bool) -> Result<ExitCode> {
    let settings = seal::settings(&workspace.root)?;
    let missing = seal::read(&workspace.root)?.as_ref().and_then(|seal| seal.missing().map(str::to_owned));
    let counts = workspace.lake()?.kept_files().counts()?;
    if args.json {
        output::json(&json!({
            "sealed": counts.sealed, "clear": counts.clear, "changed": changed,
            "key_id": settings.as_ref().map(|s| &s.key_id), "key": settings.as_ref().map(|s| &s.key),
            "key_made": made, "key_missing": missing,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let (sealed, clear) = (output::count(counts.sealed), output::count(counts.clear));
    output::line(&format!("files as they came: {sealed} sealed, {clear} in clear; {} changed", output::count(changed)));
    match &settings {
        None => output::hint("`portolan seal --key FILE` seals them; the file is to lie on another disk"),
        Some(settings) => {
            output::line(&format!("sealed with key {}, which is in {}", settings.key_id, settings.key.display()));
            if made {
                output::hint("the key is new: copy it to a safe place. Without it nobody reads these files again");
            }
            if args.key.is_some() {
                output::hint("a server that runs has to be started again: it goes on as it was started");
            }
            if let Some(why) = missing {
                output::hint(&format!("{why}; files cannot be taken in, looked at or erased until it is back"));
            }
            if counts.clear > 0 {
                output::hint("some were taken in without the seal: `portolan seal --key FILE` again seals them");
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
