//! `portolan sql`.

use super::Environment;
use crate::exit::{Exit, Stop};
use crate::{cli, output};
use anyhow::Result;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use lake::{Engine, EngineOptions, Snapshot};
use std::process::ExitCode;

pub(crate) async fn run(env: &Environment, args: &cli::Sql) -> Result<ExitCode> {
    let lake = env.workspace()?.lake()?;
    let mut snapshot = match args.snapshot {
        Some(n) => Snapshot::load(&lake, n).await?,
        None => Snapshot::latest(&lake).await?,
    };
    for at in &args.at {
        let parsed = at.split_once('=').and_then(|(table, version)| Some((table, version.parse::<u64>().ok()?)));
        let (table, version) = parsed.ok_or_else(|| {
            Stop::error(Exit::Usage, format!("`{at}` is not TABLE=VERSION"), "write for example --at clean.orders=3")
        })?;
        snapshot = snapshot.at_version(&lake, table, version).await?;
    }
    let engine = Engine::open(&lake, &snapshot, &EngineOptions::default()).await?;
    let batches = engine.sql(&args.query).await?;
    if args.json {
        let mut buffer = Vec::new();
        let mut writer = arrow::json::WriterBuilder::new()
            .with_explicit_nulls(true)
            .build::<_, arrow::json::writer::JsonArray>(&mut buffer);
        for batch in &batches {
            writer.write(batch)?;
        }
        writer.finish()?;
        drop(writer);
        let text = String::from_utf8(buffer)?;
        output::line(if text.is_empty() { "[]" } else { &text });
        return Ok(ExitCode::SUCCESS);
    }
    let Some(first) = batches.first() else { return Ok(ExitCode::SUCCESS) };
    let schema = first.schema();
    let header: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
    let right: Vec<usize> = (0..header.len()).filter(|&i| schema.field(i).data_type().is_numeric()).collect();
    let options = FormatOptions::default();
    let mut rows = Vec::new();
    for batch in &batches {
        let columns =
            batch.columns().iter().map(|c| ArrayFormatter::try_new(c, &options)).collect::<Result<Vec<_>, _>>()?;
        rows.extend((0..batch.num_rows()).map(|i| columns.iter().map(|c| c.value(i).to_string()).collect()));
    }
    output::table(&header, &right, rows);
    Ok(ExitCode::SUCCESS)
}
