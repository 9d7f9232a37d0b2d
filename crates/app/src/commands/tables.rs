//! `portolan tables`.

use super::Environment;
use crate::exit::{Exit, Stop};
use crate::{cli, output};
use anyhow::Result;
use lake::Snapshot;
use schema::TableDef;
use serde_json::json;
use std::process::ExitCode;

pub(crate) async fn run(env: &Environment, args: &cli::Tables) -> Result<ExitCode> {
    // The catalogue can be read without a workspace; then the counts are left out.
    let snapshot = match env.workspace().and_then(|w| w.lake()) {
        Ok(lake) => Snapshot::latest(&lake).await?,
        Err(_) if env.workspace.is_none() => Snapshot::default(),
        Err(error) => return Err(error),
    };
    let chosen: Vec<&TableDef> = match &args.name {
        None => schema::tables().collect(),
        Some(name) => schema::tables().filter(|t| t.name == name || t.full_name() == *name).collect(),
    };
    if chosen.is_empty() {
        let name = args.name.as_deref().unwrap_or_default();
        return Err(Stop::error(Exit::Missing, format!("there is no table `{name}`"), "`portolan tables` lists them"));
    }
    let state = |t: &TableDef| snapshot.table(t).map_or((None, 0), |v| (Some(v.version), v.rows));
    if args.json {
        let tables: Vec<_> = chosen
            .iter()
            .map(|t| {
                let columns: Vec<_> = t
                    .columns
                    .iter()
                    .map(|c| json!({"name": c.name, "type": c.kind.word(), "nullable": c.nullable, "meaning": c.meaning}))
                    .collect();
                let (version, rows) = state(t);
                json!({"table": t.full_name(), "meaning": t.meaning, "key": t.key, "version": version, "rows": rows, "columns": columns})
            })
            .collect();
        output::json(&tables)?;
        return Ok(ExitCode::SUCCESS);
    }
    if args.name.is_some() {
        for t in chosen {
            let (version, rows) = state(t);
            let version = version.map_or_else(|| "no version yet".to_owned(), |v| format!("version {v}"));
            output::line(&format!("{}: {} ({version}, {} rows)", t.full_name(), t.meaning, output::count(rows)));
            let rows = t.columns.iter().map(|c| {
                vec![
                    c.name.to_owned(),
                    c.kind.word().to_owned(),
                    if c.nullable { "may be empty" } else { "" }.to_owned(),
                    c.meaning.to_owned(),
                ]
            });
            output::table(&["column", "type", "", "meaning"], &[], rows.collect());
        }
        return Ok(ExitCode::SUCCESS);
    }
    let rows = chosen.iter().map(|t| {
        let (version, rows) = state(t);
        vec![
            t.full_name(),
            version.map_or_else(String::new, |v| v.to_string()),
            output::count(rows),
            t.meaning.to_owned(),
        ]
    });
    output::table(&["table", "version", "rows", "one row is"], &[1, 2], rows.collect());
    output::note(&format!("snapshot {}; `portolan tables NAME` shows the columns", snapshot.number));
    Ok(ExitCode::SUCCESS)
}
