//! `portolan export`: tables as files.
//!
//! Without names every file that came is written again in canonical form, one file a source and table.
//! Sources that followed each other in one system share a numbered folder, because the system is what
//! `ingest --system` has to be told; ingested folder by folder, a new workspace gets the same clean tables.
//! Named tables are written whole, one file each.

use super::Environment;
use crate::exit::{Exit, Stop};
use crate::{cli, output};
use anyhow::{Context, Result};
use intake::{CanonicalWriter, Compression, Shape};
use lake::{Engine, EngineOptions, Lake, LakeError, Snapshot, SourceFile};
use schema::{TableDef, Zone};
use serde_json::json;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// A file that was written.
struct Written {
    path: PathBuf,
    table: &'static TableDef,
    rows: u64,
}

/// How files are written.
#[derive(Clone, Copy)]
struct Style {
    shape: Shape,
    packing: Compression,
}

impl Style {
    fn of(args: &cli::Export) -> Result<Self> {
        let shape = match args.shape {
            cli::ExportShape::Csv => Shape::Csv,
            cli::ExportShape::Jsonl => Shape::JsonLines,
            cli::ExportShape::Parquet => Shape::Parquet,
        };
        let packing = match args.pack {
            cli::ExportPacking::None => Compression::None,
            cli::ExportPacking::Gzip => Compression::Gzip,
            cli::ExportPacking::Zstd => Compression::Zstd,
        };
        if shape == Shape::Parquet && packing != Compression::None {
            return Err(Stop::error(Exit::Usage, "Parquet is packed inside", "leave --pack out"));
        }
        Ok(Self { shape, packing })
    }

    fn name(self, stem: &str) -> String {
        let packed = match self.packing {
            Compression::Gzip => ".gz",
            Compression::Zstd => ".zst",
            Compression::None | Compression::Zip => "",
        };
        format!("{stem}.{}{packed}", self.shape.extension())
    }

    fn open(self, path: &Path, table: &'static TableDef) -> Result<CanonicalWriter<BufWriter<File>>> {
        let file = File::create(path).with_context(|| format!("writing {}", path.display()))?;
        CanonicalWriter::new(table, self.shape, self.packing, BufWriter::with_capacity(1 << 18, file))
            .with_context(|| format!("writing {}", path.display()))
    }
}

pub(crate) async fn run(env: &Environment, args: &cli::Export) -> Result<ExitCode> {
    let style = Style::of(args)?;
    let lake = env.workspace()?.lake()?;
    let snapshot = match args.snapshot {
        Some(n) => Snapshot::load(&lake, n).await?,
        None => Snapshot::latest(&lake).await?,
    };
    let taken = args.out.exists() && std::fs::read_dir(&args.out).map_or(true, |mut d| d.next().is_some());
    if taken {
        let what = format!("`{}` is not an empty folder", args.out.display());
        return Err(Stop::error(Exit::Usage, what, "name a new folder with --out"));
    }
    let tables = args.tables.iter().map(|name| table(name)).collect::<Result<Vec<_>>>()?;
    std::fs::create_dir_all(&args.out).with_context(|| format!("making {}", args.out.display()))?;
    let (written, commands) = if tables.is_empty() {
        let folders = folders(lake::source_files(&lake, &snapshot)?);
        let written = tokio::task::block_in_place(|| sources(&lake, &snapshot, &folders, style, &args.out))?;
        let command =
            |f: &Folder| format!("portolan ingest {} --system {}", args.out.join(&f.name).display(), f.system);
        (written, folders.iter().map(command).collect())
    } else {
        (whole(&lake, &snapshot, &tables, style, &args.out).await?, Vec::new())
    };
    if args.json {
        let files: Vec<_> =
            written.iter().map(|w| json!({"file": w.path, "table": w.table.full_name(), "rows": w.rows})).collect();
        output::json(&json!({"files": files, "ingest": commands, "snapshot": snapshot.number}))?;
        return Ok(ExitCode::SUCCESS);
    }
    for w in &written {
        output::line(&format!("{}: {} rows of {}", w.path.display(), output::count(w.rows), w.table.full_name()));
    }
    if !commands.is_empty() {
        output::hint(&format!("in a new workspace, in this order: {}", commands.join("; ")));
    }
    Ok(ExitCode::SUCCESS)
}

fn table(name: &str) -> Result<&'static TableDef> {
    let found = schema::tables().find(|t| t.full_name() == name).or_else(|| schema::table(Zone::Clean, name));
    found.ok_or_else(|| {
        Stop::error(Exit::Missing, format!("there is no table `{name}`"), "`portolan tables` lists them")
    })
}

/// Sources that came one after the other and are of one system.
struct Folder {
    name: String,
    system: String,
    files: Vec<SourceFile>,
}

fn folders(files: Vec<SourceFile>) -> Vec<Folder> {
    let mut folders: Vec<Folder> = Vec::new();
    for file in files {
        match folders.last_mut() {
            Some(last) if last.system == file.system => last.files.push(file),
            _ => folders.push(Folder {
                name: format!("{:03}-{}", folders.len() + 1, file.system),
                system: file.system.clone(),
                files: vec![file],
            }),
        }
    }
    folders
}

fn sources(lake: &Lake, snapshot: &Snapshot, folders: &[Folder], style: Style, out: &Path) -> Result<Vec<Written>> {
    let mut written = Vec::new();
    for folder in folders {
        let dir = out.join(&folder.name);
        std::fs::create_dir_all(&dir).with_context(|| format!("making {}", dir.display()))?;
        for file in &folder.files {
            for table in schema::tables().filter(|t| t.zone == Zone::Raw && !matches!(t.name, "sources" | "rejects")) {
                // The name begins with the order of arrival, in which a folder is read.
                let path = dir.join(style.name(&format!("{:06}-{}", file.sequence, table.name.replace('_', "-"))));
                let mut writer = None;
                let mut rows = 0;
                let failed = |e: std::io::Error| LakeError::Storage { what: path.display().to_string(), source: e };
                lake::rows_of(lake, snapshot, table, &file.source, &mut |batch| {
                    if writer.is_none() {
                        let opened = style.open(&path, table).map_err(|e| LakeError::Internal(format!("{e:#}")))?;
                        writer = Some(opened);
                    }
                    rows += batch.num_rows() as u64;
                    writer.as_mut().map_or(Ok(()), |w| w.rows(&batch)).map_err(failed)
                })?;
                if let Some(writer) = writer {
                    writer.finish().map_err(failed)?;
                    written.push(Written { path, table, rows });
                }
            }
        }
    }
    Ok(written)
}

/// Named tables, each in one file; the engine hands a table's rows out in the order of its files.
async fn whole(
    lake: &Lake,
    snapshot: &Snapshot,
    tables: &[&'static TableDef],
    style: Style,
    out: &Path,
) -> Result<Vec<Written>> {
    let engine = Engine::open(lake, snapshot, &EngineOptions::default()).await?;
    let mut written = Vec::new();
    for table in tables {
        let columns = table.columns.iter().map(|c| format!("\"{}\"", c.name)).collect::<Vec<_>>().join(", ");
        let key = table.key.iter().map(|c| format!("\"{c}\"")).collect::<Vec<_>>().join(", ");
        let query = format!("select {columns} from {} order by {key}", table.full_name());
        let path = out.join(style.name(&table.full_name()));
        let batches = engine.sql(&query).await?;
        let mut writer = style.open(&path, table)?;
        let mut rows = 0;
        for batch in batches {
            rows += batch.num_rows() as u64;
            writer.rows(&batch).with_context(|| format!("writing {}", path.display()))?;
        }
        writer.finish().with_context(|| format!("writing {}", path.display()))?;
        written.push(Written { path, table, rows });
    }
    Ok(written)
}
