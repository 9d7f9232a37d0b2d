//! `portolan models`: the versions of the saved models, and how they go on learning.

use super::Environment;
use crate::cli::{self, ModelsWhat};
use crate::models::{Store, Version};
use crate::output;
use crate::pipeline::learn_on::{LearnReport, learn_on};
use anyhow::Result;
use std::process::ExitCode;

pub(crate) async fn run(env: &Environment, args: &cli::Models) -> Result<ExitCode> {
    let workspace = env.workspace()?;
    let store = Store::new(&workspace.root);
    match args.what {
        ModelsWhat::List { json } => list(&store, json)?,
        ModelsWhat::Learn { json } => {
            let lake = workspace.lake()?;
            let _lock = lake.lock()?;
            let report = learn_on(&workspace, &lake, &store).await?;
            if json { output::json(&report)? } else { learnt(&report) }
        }
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

fn learnt(report: &LearnReport) {
    let Some(version) = report.version else {
        let n = report.purchases;
        output::line(&match n {
            0 => format!("nothing was bought that version {} does not know", report.from),
            n => format!("{} purchases are new, but no model of version {} learns on", output::count(n), report.from),
        });
        return;
    };
    let n = output::count(report.purchases);
    output::line(&format!("version {version} knows {n} purchases more than version {} and is in force", report.from));
    let mark = |mark: Option<f64>| mark.map_or_else(|| "-".to_owned(), |mark| format!("{mark:.4}"));
    let row = |model: &crate::pipeline::learn_on::LearntModel| {
        vec![
            model.model.clone(),
            model.markets.join(", "),
            if model.learns { output::count(model.purchases) } else { "does not learn on".to_owned() },
            output::count(model.questions),
            mark(model.standing_still),
            mark(model.learning_on),
        ]
    };
    let header = ["model", "markets", "purchases", "shoppers asked", "recall@20 standing still", "learning on"];
    output::table(&header, &[2, 3, 4, 5], report.models.iter().map(row).collect());
    output::hint(&format!("`portolan models rollback {}` goes back; `portolan run` fits and judges anew", report.from));
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
        let mut states = Vec::new();
        states.extend((Some(version.number) == in_force).then(|| "in force".to_owned()));
        states.extend(version.back_to.map(|of| format!("repeats {of}")));
        let learnt = version.learnt.as_ref().filter(|_| version.back_to.is_none());
        states.extend(learnt.map(|learnt| format!("learnt on from {}", learnt.from)));
        let state = states.join(", ");
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
