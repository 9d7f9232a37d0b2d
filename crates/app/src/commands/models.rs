//! `portolan models`: the versions of the saved models, and how they go on learning.

use super::Environment;
use crate::cli::{self, ModelsWhat};
use crate::exit::{Exit, Stop};
use crate::models::{Store, Version};
use crate::output;
use crate::pipeline::learn_on::{LearnReport, learn_on};
use crate::workspace::Workspace;
use anyhow::Result;
use pretrained::Kind;
use std::path::Path;
use std::process::ExitCode;

pub(crate) async fn run(env: &Environment, args: &cli::Models) -> Result<ExitCode> {
    let workspace = env.workspace()?;
    let store = Store::new(&workspace.root);
    match args.what {
        ModelsWhat::List { json } => list(&store, json)?,
        ModelsWhat::Add { ref folder, ref name, json } => add(&workspace, folder, name.as_deref(), json)?,
        ModelsWhat::Pretrained { check, json } => pretrained_models(&workspace, check, json)?,
        ModelsWhat::Remove { ref name } => {
            pretrained::remove(&workspace.root.join(PRETRAINED), name).map_err(refused)?;
            output::line(&format!("`{name}` is taken out"));
        }
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

/// Where encoders of others lie, below the workspace.
pub(crate) const PRETRAINED: &str = "models/pretrained";

fn refused(error: pretrained::PretrainedError) -> anyhow::Error {
    let next = "a folder with config.json, model.safetensors and a tokenizer or preprocessor is wanted; docs/content.md lists the kinds";
    Stop::error(Exit::BadInput, error.to_string(), next)
}

fn add(workspace: &Workspace, folder: &Path, name: Option<&str>, json: bool) -> Result<()> {
    let own = folder.file_name().map(|n| n.to_string_lossy().into_owned());
    let name = name.map(str::to_owned).or(own).unwrap_or_else(|| "model".to_owned());
    let manifest = pretrained::add(folder, &workspace.root.join(PRETRAINED), &name).map_err(refused)?;
    if json {
        output::json(&manifest)?;
        return Ok(());
    }
    let d = &manifest.description;
    output::line(&format!(
        "`{name}`: {} for {:?}, vectors of {} numbers, {} parameters",
        d.architecture,
        d.kind,
        d.width,
        output::count(d.n_parameters)
    ));
    let key = match d.kind {
        Kind::Text => "model",
        Kind::Picture | Kind::TextPicture => "pictures",
        Kind::Speech => "speech",
    };
    output::hint(&format!("to search with it, write in portolan.toml: [search] {key} = \"{name}\""));
    Ok(())
}

fn pretrained_models(workspace: &Workspace, check: bool, json: bool) -> Result<()> {
    let store = workspace.root.join(PRETRAINED);
    let all = pretrained::list(&store).map_err(refused)?;
    if check {
        for manifest in &all {
            pretrained::open(&store, &manifest.name, pretrained::Check::Digests).map_err(refused)?;
        }
    }
    if json {
        output::json(&all)?;
        return Ok(());
    }
    if all.is_empty() {
        output::line("none; `portolan models add FOLDER` takes one in");
    }
    let rows = all.iter().map(|m| {
        let d = &m.description;
        vec![
            m.name.clone(),
            d.architecture.clone(),
            format!("{:?}", d.kind),
            d.width.to_string(),
            output::count(d.n_parameters),
            d.languages.join(" "),
        ]
    });
    output::table(&["name", "architecture", "for", "width", "parameters", "languages"], &[3, 4], rows.collect());
    Ok(())
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
