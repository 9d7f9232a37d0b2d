//! `portolan ingest`: files into the lake, then the cleaning rules over everything.

use super::Environment;
use super::access_log::{self, Conversion};
use crate::exit::{Exit, Stop, code_of};
use crate::pipeline::rows::Rows;
use crate::{allocator, cli, output, pipeline};
use anyhow::{Context, Result};
use chrono::Utc;
use domain::Day;
use lake::{Engine, EngineOptions, FileTaken, IngestOptions, Known, Lake, LakeError, Snapshot, Undone};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub(crate) async fn run(env: &Environment, args: &cli::Ingest) -> Result<ExitCode> {
    let as_of = args.as_of.unwrap_or_else(today);
    let options = read_options(args, as_of)?;
    let provenance = provenance(args, options.mapping.as_ref(), as_of)?;
    let (mut paths, mut found) = files(&args.paths)?;
    if args.guess {
        return guess(&paths[0], &options);
    }
    // Who names a format or a mapping says that every file is such a table.
    let told = options.format.is_some() || options.mapping.is_some();
    let workspace = env.workspace()?;
    workspace.kept_files()?;
    let lake = workspace.lake()?;
    let lock = lake.lock()?;
    let logs = if args.format.as_deref() == Some(access_log::FORMAT) {
        let logs = Conversion::of(&workspace.root, &paths, &args.access_log)?;
        if !args.json {
            logs.tell();
        }
        paths = logs.files();
        found = vec![Found::Named; paths.len()];
        Some(logs)
    } else {
        None
    };
    let log_of = |path: &Path| logs.as_ref().map_or(path.to_path_buf(), |logs| logs.log_of(path));
    let bar = output::Bar::new(env.quiet || args.json);
    let known = if args.again { Known::Replace } else { Known::Skip };
    // Who names a format or a mapping says that every file is a table.
    let look = (!told).then_some(crate::media::look as lake::Look);
    let mut how = IngestOptions { read: options, known, provenance: provenance.clone(), look };
    if logs.is_some() {
        how.provenance.origin.get_or_insert_with(|| "access log".to_owned());
    }
    allocator::suit(paths.iter().filter_map(|p| p.metadata().ok()).map(|m| m.len()).sum(), 0);
    let report = lake::ingest(&lake, &lock, &paths, &how, &|p| bar.show(p)).await?;
    let refined = pipeline::clean(&workspace, &lake, &lock, as_of, &bar).await;
    bar.clear();
    let unmatched = match &refined {
        Ok(done) => unmatched_links(&lake, &done.snapshot, &workspace.undone).await?,
        Err(_) => Vec::new(),
    };

    let outcomes: Vec<_> = report
        .files
        .into_iter()
        .zip(found)
        .map(|(f, found)| {
            let passed_over = !told && found == Found::InFolder && f.result.as_ref().is_err_and(is_no_table);
            let outcome = match f.result {
                Ok(taken) => Outcome::Taken(taken),
                Err(error) if passed_over => Outcome::PassedOver(error.to_string()),
                Err(error) => Outcome::Failed(error.into()),
            };
            let told = log_of(&f.path);
            (told.display().to_string(), f.source, outcome)
        })
        .collect();
    if args.json {
        let files: Vec<_> = outcomes
            .iter()
            .map(|(path, source, result)| match result {
                Outcome::Taken(taken @ (FileTaken::Added(s) | FileTaken::Replaced(s))) => json!({"file": path, "source": source,
                    "state": if matches!(taken, FileTaken::Added(_)) { "added" } else { "replaced" },
                    "format": s.format, "table": s.table, "system": s.system, "encoding": s.encoding, "compression": s.compression, "rows": s.rows, "rejected": s.rejected, "notes": s.notes}),
                Outcome::Taken(FileTaken::AlreadyThere) => json!({"file": path, "source": source, "state": "already there"}),
                Outcome::PassedOver(why) => json!({"file": path, "state": "passed over", "reason": why}),
                Outcome::Failed(e) => json!({"file": path, "state": "failed", "error": format!("{e:#}")}),
            })
            .collect();
        let clean = match &refined {
            Ok(r) => json!({"order_lines": r.order_lines, "currency": r.base, "snapshot": r.snapshot.number}),
            Err(e) => json!({"error": e.to_string()}),
        };
        let mut all = json!({"files": files, "clean": clean, "unmatched_links": unmatched});
        if let Some(logs) = &logs {
            all["access_logs"] = logs.json();
        }
        output::json(&all)?;
    } else {
        let media = Tally::of(&outcomes);
        media.lines().for_each(|line| output::line(&line));
        for (path, _, result) in &outcomes {
            match result {
                // Of hundreds of pictures each would be a line: what is told is how many, and which are broken.
                Outcome::Taken(taken) if Tally::counts(taken) => {}
                Outcome::Taken(FileTaken::Added(s) | FileTaken::Replaced(s)) if s.table == "media" && s.rows == 0 => {
                    output::note(&format!("{path}: put aside, {}", s.notes.join("; ")));
                }
                Outcome::Taken(taken @ (FileTaken::Added(s) | FileTaken::Replaced(s))) => {
                    let again = if matches!(taken, FileTaken::Added(_)) {
                        ""
                    } else {
                        ", in the place of what was read before"
                    };
                    let aside = if s.rejected > 0 {
                        format!(", {} put aside", output::count(s.rejected))
                    } else {
                        String::new()
                    };
                    output::line(&format!(
                        "{path}: {} rows as {} ({}){aside}{again}",
                        output::count(s.rows),
                        s.format,
                        s.encoding
                    ));
                    for note in &s.notes {
                        output::note(&format!("  note: {note}"));
                    }
                }
                Outcome::Taken(FileTaken::AlreadyThere) => {
                    let what =
                        if provenance.is_empty() { "nothing to do" } else { "what was stated of it is recorded" };
                    let what = format!("{what} (--again reads it once more)");
                    output::line(&format!("{path}: already in the lake, {what}"))
                }
                Outcome::PassedOver(why) => output::note(&format!("{path}: passed over, no table: {why}")),
                Outcome::Failed(e) => output::error(&format!("{path}: {e:#}")),
            }
        }
    }
    if !args.json {
        unmatched.iter().for_each(|text| output::note(&format!("note: {text}")));
    }
    let refined = refined?;
    if !args.json {
        let what = if refined.unchanged { "nothing new to clean" } else { "cleaned" };
        output::line(&format!(
            "{what}: {} order lines, reporting currency {}",
            output::count(refined.order_lines),
            refined.base
        ));
        output::hint("portolan quality shows what the rules found; portolan run computes segments and recommendations");
    }
    // Every failure was already told; the code says what kind the first was.
    if let Some(first) = outcomes.iter().find_map(|(_, _, o)| if let Outcome::Failed(e) = o { Some(e) } else { None }) {
        return Ok(code_of(first).into());
    }
    // A log of machines alone gives no file, and is no fault.
    if logs.is_none() && outcomes.iter().all(|(_, _, o)| matches!(o, Outcome::PassedOver(_))) {
        output::error("none of the files in the folders given is a table");
        return Ok(Exit::BadInput.into());
    }
    Ok(ExitCode::SUCCESS)
}

/// Links that portolan.toml takes back and that the lake does not have: mistyped, or not there yet.
async fn unmatched_links(lake: &Lake, snapshot: &Snapshot, undone: &[Undone]) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    if undone.is_empty() {
        return Ok(texts);
    }
    let engine = Engine::open(lake, snapshot, &EngineOptions::default()).await?;
    for link in undone {
        let quoted = |text: &str| text.replace('\'', "''");
        let (kind, key) = (quoted(&link.key_kind), quoted(&link.key));
        // The nearest key of the kind: distance 0 is the link itself.
        let query = format!(
            "select key, levenshtein(key, '{key}') as distance from clean.identity_links where key_kind = '{kind}' \
             order by 2, 1 limit 1"
        );
        let rows = Rows::query(&engine, &query).await?;
        let nearest = rows.texts("key")?.into_iter().zip(rows.ints("distance")?).next();
        let meant = match nearest {
            Some((_, 0)) => continue,
            Some((key, distance)) if distance <= 4 => format!("; did you mean `{}={key}`?", link.key_kind),
            _ => String::new(),
        };
        texts.push(format!(
            "portolan.toml: `undone_links`: no link of the lake is `{}={}`{meant}; clean.identity_links lists them",
            link.key_kind, link.key
        ));
    }
    Ok(texts)
}

/// What became of a file, as it is told.
enum Outcome {
    Taken(FileTaken),
    /// It lay in a folder that was given and is no table that is known: why.
    PassedOver(String),
    Failed(anyhow::Error),
}

/// Pictures, sounds and videos that were taken, by format.
#[derive(Default)]
struct Tally(BTreeMap<String, usize>);

impl Tally {
    fn of(outcomes: &[(String, Option<String>, Outcome)]) -> Self {
        let mut tally = Self::default();
        for (_, _, outcome) in outcomes {
            if let Outcome::Taken(FileTaken::Added(s) | FileTaken::Replaced(s)) = outcome
                && let Outcome::Taken(taken) = outcome
                && Self::counts(taken)
            {
                *tally.0.entry(s.format.clone()).or_default() += 1;
            }
        }
        tally
    }

    /// A usable file without anything to say about it.
    fn counts(taken: &FileTaken) -> bool {
        match taken {
            FileTaken::Added(s) | FileTaken::Replaced(s) => s.table == "media" && s.rows > 0 && s.notes.is_empty(),
            FileTaken::AlreadyThere => false,
        }
    }

    fn lines(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(format, n)| format!("{} {format} files taken as media", output::count(*n as u64)))
    }
}

/// How a file came to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Named,
    InFolder,
}

/// Whether an error says that a file is something else than a table of ours, rather than one that is
/// damaged or incomplete.
fn is_no_table(error: &LakeError) -> bool {
    use intake::IntakeError::{Binary, Empty, Header, UnknownFormat};
    matches!(error, LakeError::Intake(Binary { .. } | Empty { .. } | Header { .. } | UnknownFormat { .. }))
}

/// The day of the clock, in UTC.
#[allow(clippy::disallowed_methods, reason = "the program's edge is where the clock is read")]
pub(crate) fn today() -> Day {
    Day::from(Utc::now().date_naive())
}

fn read_options(args: &cli::Ingest, as_of: Day) -> Result<intake::ReadOptions> {
    let usage = |e: String, next: &str| Stop::error(Exit::Usage, e, next);
    let mut options = intake::ReadOptions::new(as_of);
    options.defaults.currency = args.currency;
    options.defaults.date_order = args.date_order.map(|order| match order {
        cli::DateOrder::DayFirst => intake::DateOrder::DayFirst,
        cli::DateOrder::MonthFirst => intake::DateOrder::MonthFirst,
    });
    if let Some(name) = &args.system {
        if !intake::is_system(name) {
            return Err(usage(format!("`{name}` cannot name a system"), intake::SYSTEM));
        }
        options.system = Some(name.clone());
    }
    if let Some(name) = &args.format {
        let names = intake::Format::names().join(", ");
        let names = format!("the formats are {names}, {}", access_log::FORMAT);
        let format = match name.as_str() {
            // What is read is what was made of the log.
            access_log::FORMAT => intake::Format::SegmentEvents,
            name => intake::Format::from_name(name).map_err(|e| usage(e.to_string(), &names))?,
        };
        options.format = Some(format);
    }
    if let Some(name) = &args.encoding {
        let encoding = name.parse::<intake::Encoding>();
        options.encoding = Some(encoding.map_err(|e| usage(e.to_string(), "write for example --encoding gbk"))?);
    }
    if let Some(path) = &args.map {
        let text = std::fs::read_to_string(path).map_err(|e| {
            let next = "name a mapping file; `portolan ingest FILE --guess` drafts one";
            Stop::error(Exit::BadInput, format!("the mapping {} cannot be read: {e}", path.display()), next)
        })?;
        let mapping = intake::Mapping::parse(&text).map_err(|e| {
            usage(format!("{}: {e}", path.display()), "`portolan ingest FILE --guess` drafts a mapping that works")
        })?;
        options.mapping = Some(mapping);
    }
    Ok(options)
}

/// What the command line says about where the files came from, else what the mapping says.
fn provenance(args: &cli::Ingest, mapping: Option<&intake::Mapping>, as_of: Day) -> Result<intake::Provenance> {
    let text = |option: &str, value: &Option<String>| match value.as_deref().map(str::trim) {
        Some("") => {
            let what = format!("`--{option}` is empty");
            Err(Stop::error(Exit::Usage, what, "leave it out where nothing is known: it is then shown as not stated"))
        }
        given => Ok(given.map(str::to_owned)),
    };
    let given = intake::Provenance {
        licence: text("licence", &args.licence)?,
        origin: text("origin", &args.origin)?,
        obtained: args.obtained,
    };
    let mapped = mapping.map(|m| m.provenance.read()).transpose().map_err(LakeError::from)?;
    let both = given.or(mapped.unwrap_or_default());
    if let Some(day) = both.obtained.filter(|day| *day > as_of) {
        let what = format!("obtained on {day}: that day has not come, today is {as_of}");
        return Err(Stop::error(Exit::Usage, what, "write the day on which the file was obtained, YYYY-MM-DD"));
    }
    Ok(both)
}

/// Files as given and those below the folders given, in a stable order; hidden files, pictures and
/// the simulator's truth are not data.
fn files(given: &[PathBuf]) -> Result<(Vec<PathBuf>, Vec<Found>)> {
    fn walk(dir: &Path, out: &mut Vec<PathBuf>) -> Result<()> {
        let entries = std::fs::read_dir(dir).with_context(|| format!("listing {}", dir.display()))?;
        let mut entries: Vec<PathBuf> = entries.map(|e| Ok(e?.path())).collect::<Result<_>>()?;
        entries.sort();
        let simulated = dir.join("truth.json").is_file();
        for path in entries {
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
            if name.starts_with('.') || simulated && (name == "truth.json" || name.starts_with("truth_")) {
                continue;
            }
            if path.is_dir() {
                walk(&path, out)?;
            } else if !matches!(extension.as_str(), "md" | "toml") {
                out.push(path);
            }
        }
        Ok(())
    }
    let (mut out, mut found) = (Vec::new(), Vec::new());
    for path in given {
        if path.is_dir() {
            walk(path, &mut out)?;
            found.resize(out.len(), Found::InFolder);
        } else if path.exists() {
            out.push(path.clone());
            found.push(Found::Named);
        } else {
            return Err(Stop::error(
                Exit::BadInput,
                format!("there is no file `{}`", path.display()),
                "check the path",
            ));
        }
    }
    if out.is_empty() {
        return Err(Stop::error(
            Exit::BadInput,
            "no files to read in the folders given",
            "name a file or a folder with files",
        ));
    }
    Ok((out, found))
}

fn guess(path: &Path, options: &intake::ReadOptions) -> Result<ExitCode> {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let open = || -> std::io::Result<Box<dyn Read + Send>> { Ok(Box::new(BufReader::new(File::open(path)?))) };
    let draft = intake::draft_mapping(&open, &name, options).map_err(lake::LakeError::from)?;
    output::line(draft.toml.trim_end());
    output::hint(
        "save this as mapping.toml, check the lines marked `?`, then: portolan ingest FILE --map mapping.toml",
    );
    Ok(ExitCode::SUCCESS)
}
