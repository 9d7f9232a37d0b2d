//! `portolan ingest --format access-log`: what a web server wrote down becomes events of the people in it.
//!
//! The log itself never goes into the lake, because it is full of addresses: `tracking::read_access_log` makes calls of
//! it in which a visitor is a salted hash, and these are ingested as a file of such calls. The salt is the workspace's
//! own, made once: the same log read again gives the same events, and cleaning keeps each of them once. A log is read as a
//! whole, for a machine is known by all that it did.

use crate::cli;
use crate::exit::{Exit, Stop};
use crate::output;
use anyhow::{Context, Result};
use flate2::read::MultiGzDecoder;
use serde_json::{Value, json};
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use tracking::{AccessLogParams, AccessLogReport, read_access_log};

/// What `--format` calls it.
pub(super) const FORMAT: &str = "access-log";
/// Holds what is mixed into the hashes of visitors.
const SALT: &str = "access-log.salt";
/// Folder of a workspace in which calls wait to be ingested.
const FOLDER: &str = "access-log";
/// Bad lines of a log that are named.
const NAMED: usize = 5;

/// A log and the file of its calls; none where it had only machines.
struct Converted {
    log: PathBuf,
    calls: Option<PathBuf>,
    report: AccessLogReport,
}

/// Logs on their way into the lake. Their calls leave the disk with this: the lake has its own copy by then.
pub(super) struct Conversion {
    logs: Vec<Converted>,
    folder: PathBuf,
}

impl Drop for Conversion {
    fn drop(&mut self) {
        // What stays behind costs room, and the next conversion empties the folder first.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Conversion {
    /// Reads logs. The caller has the workspace to itself.
    pub(super) fn of(root: &Path, logs: &[PathBuf], args: &cli::AccessLog) -> Result<Self> {
        if !args.site.is_empty() && !["http://", "https://"].iter().any(|scheme| args.site.starts_with(scheme)) {
            let what = format!("`{}` is no address of a site", args.site);
            return Err(Stop::error(Exit::Usage, what, "write --site https://shop.example"));
        }
        let params = AccessLogParams {
            site: args.site.trim_end_matches('/').to_owned(),
            product_prefix: args.product_prefix.clone(),
            search_parameter: args.search_parameter.clone(),
            salt: salt(&root.join(SALT))?,
            ..AccessLogParams::default()
        };
        let folder = root.join(FOLDER);
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("emptying {}", folder.display()));
            }
            _ => {}
        }
        let mut conversion = Self { logs: Vec::new(), folder };
        for (number, log) in logs.iter().enumerate() {
            let report = read_access_log(text(log)?.lines(), &params);
            if report.read == 0 {
                let problem = report.faults.first().map_or_else(
                    || "it has no lines".to_owned(),
                    |fault| format!("line {}: {}", fault.line, fault.problem),
                );
                let next = "name the log of a web server in the combined format or as JSON lines";
                return Err(Stop::error(
                    Exit::BadInput,
                    format!("{} is no access log: {problem}", log.display()),
                    next,
                ));
            }
            if report.lines.is_empty() {
                conversion.logs.push(Converted { log: log.clone(), calls: None, report });
                continue;
            }
            // Two logs of one name, from two servers, are two files.
            let dir = conversion.folder.join(number.to_string());
            fs::create_dir_all(&dir).with_context(|| format!("making {}", dir.display()))?;
            let name = log.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            let calls = dir.join(format!("{}.jsonl", name.trim_end_matches(".gz")));
            let what = || format!("writing {}", calls.display());
            let mut out = std::io::BufWriter::new(fs::File::create(&calls).with_context(what)?);
            for line in &report.lines {
                out.write_all(line.as_bytes()).and_then(|()| out.write_all(b"\n")).with_context(what)?;
            }
            out.flush().with_context(what)?;
            conversion.logs.push(Converted { log: log.clone(), calls: Some(calls), report });
        }
        Ok(conversion)
    }

    /// The files to ingest.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        self.logs.iter().filter_map(|log| log.calls.clone()).collect()
    }

    /// The log that a file of calls was made of.
    pub(super) fn log_of(&self, calls: &Path) -> PathBuf {
        let found = self.logs.iter().find(|converted| converted.calls.as_deref() == Some(calls));
        found.map_or(calls, |converted| &converted.log).to_path_buf()
    }

    /// The counts, for programs.
    pub(super) fn json(&self) -> Value {
        let one = |converted: &Converted| {
            let report = &converted.report;
            let machines: serde_json::Map<String, Value> =
                report.bots.iter().map(|(sign, n)| (sign.name().to_owned(), json!(n))).collect();
            json!({"file": converted.log.display().to_string(), "requests": report.read, "events": report.lines.len(),
                "not_pages": report.not_pages, "machines": machines, "unreadable": report.faults.len()})
        };
        self.logs.iter().map(one).collect()
    }

    /// The counts, for people.
    pub(super) fn tell(&self) {
        self.logs.iter().for_each(|converted| tell(&converted.log, &converted.report));
    }
}

fn tell(log: &Path, report: &AccessLogReport) {
    let count = |n: usize| output::count(n as i64);
    let machines: Vec<String> = report.bots.iter().map(|(sign, n)| format!("{} {}", sign.name(), count(*n))).collect();
    let n_machines = report.bots.values().sum();
    let of_which = if machines.is_empty() { String::new() } else { format!(" ({})", machines.join(", ")) };
    output::note(&format!(
        "{}: {} requests: {} events of people, {} requests that are no pages, {} of machines{of_which}",
        log.display(),
        count(report.read),
        count(report.lines.len()),
        count(report.not_pages),
        count(n_machines)
    ));
    // Their text may hold anything, so only the number is told.
    for fault in report.faults.iter().take(NAMED) {
        output::note(&format!("  line {} left out: {}", fault.line, fault.problem));
    }
    if report.faults.len() > NAMED {
        output::note(&format!("  and {} other lines that are no requests", count(report.faults.len() - NAMED)));
    }
}

/// The text of a log, unpacked. Bytes that are no UTF-8 stand in paths of machines; the rest of their line is read.
fn text(log: &Path) -> Result<String> {
    let what = || format!("reading {}", log.display());
    let mut bytes = fs::read(log).with_context(what)?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut unpacked = Vec::new();
        MultiGzDecoder::new(&*bytes).read_to_end(&mut unpacked).with_context(what)?;
        bytes = unpacked;
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The salt of a workspace, made where there is none.
fn salt(path: &Path) -> Result<String> {
    match fs::read_to_string(path) {
        Ok(salt) if !salt.trim().is_empty() => return Ok(salt.trim().to_owned()),
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
    }
    let made = state::secret::Secret::new("").context("a salt for the hashes of visitors")?;
    let what = || format!("writing {}", path.display());
    let mut options = fs::OpenOptions::new();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(path).with_context(what)?;
    file.write_all(made.reveal().as_bytes()).and_then(|()| file.sync_all()).with_context(what)?;
    Ok(made.reveal().to_owned())
}
