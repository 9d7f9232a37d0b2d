//! `portolan models`: the versions of the saved models.

use super::Environment;
use crate::cli::{self, ModelsWhat};
use crate::models::{Store, Version};
use crate::output;
use anyhow::Result;
use std::process::ExitCode;

pub(crate) fn run(env: &Environment, args: &cli::Models) -> Result<ExitCode> {
    let workspace = env.workspace()?;
    let store = Store::new(&workspace.root);
    match args.what {
        ModelsWhat::List { json } => list(&store, json)?,
        ModelsWhat::Rollback { number, json } => {
            // Nobody else may give out the next number meanwhile.
            let lake = workspace.lake()?;
            let _lock = lake.lock()?;
            let version = store.back_to(number)?;
            if json {
                output::json(&version)?;
            } else {
                output::line(&format!(
                    "version {} repeats version {number} and is in force until a run makes new models",
                    version.number
                ));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(store: &Store, json: bool) -> Result<()> {
    let versions: Vec<Version> = store.numbers()?.into_iter().map(|n| store.read(n)).collect::<Result<_>>()?;
    if json {
        return output::json(&versions);
    }
    if versions.is_empty() {
        output::line("no models are saved yet");
        output::hint("`portolan run` computes and saves them");
        return Ok(());
    }
    let in_force = versions.last().map(|v| v.number);
    let mut rows = Vec::new();
    for version in &versions {
        let state = match (version.back_to, Some(version.number) == in_force) {
            (None, true) => "in force".to_owned(),
            (None, false) => String::new(),
            (Some(of), true) => format!("in force, repeats {of}"),
            (Some(of), false) => format!("repeats {of}"),
        };
        for (market, kept) in &version.markets {
            rows.push(vec![
                version.number.to_string(),
                state.clone(),
                market.clone(),
                kept.model.name.clone(),
                kept.model.training.clone(),
                kept.model.file.clone(),
            ]);
        }
    }
    output::table(&["version", "", "market", "model", "training", "file"], &[0], rows);
    Ok(())
}
