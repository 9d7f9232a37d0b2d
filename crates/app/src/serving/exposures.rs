//! Who was shown what, and what became of it: one line of JSON an answer, in files of the workspace.
//!
//! `exposures/<day>.jsonl` holds answers and feedback in the order in which they came, so that an experiment can be judged
//! from what was shown and not from what would have been. Writing is done by a thread of its own, so that an answer never
//! waits for a disk; when it cannot keep up, answers are given all the same and the lines that were lost are counted.
//! The last answers are remembered, so that feedback finds whom it is about.

use anyhow::{Context, Result, anyhow};
use serde::Serialize;
use serve::wire::recommend::Feedback;
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// The folder, below the workspace.
pub(crate) const FOLDER: &str = "exposures";
/// Lines that may wait for the disk.
const WAITING: usize = 65_536;
/// Answers that feedback can be about.
const REMEMBERED: usize = 100_000;
/// How long written lines may stay in memory.
const FLUSH: Duration = Duration::from_millis(500);

/// One answer.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Exposure {
    /// Milliseconds of the server's clock.
    pub(crate) at: i64,
    /// Which question: `for_you`, `similar`, `next`, `trending`, `rerank`; `search`, `catalogue`, `picture`, `alike` of products.
    pub(crate) kind: &'static str,
    pub(crate) market: Option<String>,
    /// In which locale it was answered.
    pub(crate) locale: Option<String>,
    pub(crate) shopper: Option<String>,
    pub(crate) session: Option<String>,
    pub(crate) bucket: u32,
    /// What the bucket was dealt from: `shopper`, `session`, or `answer`.
    pub(crate) bucket_of: &'static str,
    pub(crate) model_version: String,
    pub(crate) answered_by: String,
    pub(crate) products: Vec<String>,
}

/// What the writer hears.
enum Message {
    /// A line, and the day of the file it goes to.
    Line { day: String, text: String },
    /// Close the file, say so on the first, and wait until the second is dropped.
    Pause(SyncSender<()>, Receiver<()>),
}

/// Names of whom the last answers were for.
#[derive(Default)]
struct Remembered {
    whom: HashMap<String, [Option<String>; 2]>,
    order: VecDeque<String>,
}

/// Takes answers down.
pub(crate) struct Exposures {
    /// Drawn once a start, so that two starts never give the same name.
    start: u64,
    next: AtomicU64,
    lost: AtomicU64,
    /// `None` once it is over.
    lines: Option<SyncSender<Message>>,
    writer: Option<JoinHandle<()>>,
    remembered: Mutex<Remembered>,
}

impl Drop for Exposures {
    /// What was taken down is written before it is over.
    fn drop(&mut self) {
        self.lines = None;
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has lost its lines already.
            let _ = writer.join();
        }
    }
}

#[derive(Serialize)]
struct Named<'a> {
    exposure_id: &'a str,
    #[serde(flatten)]
    exposure: &'a Exposure,
}

#[derive(Serialize)]
struct Done<'a> {
    at: i64,
    kind: &'static str,
    exposure_id: &'a str,
    product_id: &'a str,
    action: serve::wire::recommend::FeedbackAction,
}

fn day(at: i64) -> String {
    chrono::DateTime::from_timestamp_millis(at).unwrap_or_default().format("%Y-%m-%d").to_string()
}

impl Exposures {
    /// Starts the thread that writes into a workspace.
    pub(crate) fn open(root: &Path) -> Result<Self> {
        let folder = root.join(FOLDER);
        let (lines, waiting) = sync_channel(WAITING);
        let writer = std::thread::Builder::new()
            .name("exposures".to_owned())
            .spawn(move || write(&folder, &waiting))
            .context("starting the thread that writes exposures")?;
        let start = RandomState::new().hash_one("exposures");
        let (next, lost) = (AtomicU64::new(1), AtomicU64::new(0));
        Ok(Self { start, next, lost, lines: Some(lines), writer: Some(writer), remembered: Mutex::default() })
    }

    /// A name for an answer.
    pub(crate) fn name(&self) -> String {
        format!("{:016x}-{:x}", self.start, self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// Takes an answer down under its name.
    pub(crate) fn log(&self, id: &str, exposure: Exposure) {
        {
            let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
            if remembered.order.len() >= REMEMBERED
                && let Some(oldest) = remembered.order.pop_front()
            {
                remembered.whom.remove(&oldest);
            }
            remembered.order.push_back(id.to_owned());
            remembered.whom.insert(id.to_owned(), [exposure.shopper.clone(), exposure.session.clone()]);
        }
        self.send(exposure.at, &Named { exposure_id: id, exposure: &exposure });
    }

    /// Takes down what was done with an answer; gives the names of whom it was for, `None` for an answer that is not
    /// remembered.
    pub(crate) fn feedback(&self, feedback: &Feedback, at: i64) -> Option<Vec<String>> {
        let whom = {
            let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
            remembered.whom.get(&feedback.exposure_id).cloned()?
        };
        let done = Done {
            at,
            kind: "feedback",
            exposure_id: &feedback.exposure_id,
            product_id: &feedback.product_id,
            action: feedback.action,
        };
        self.send(at, &done);
        Some(whom.into_iter().flatten().collect())
    }

    fn send(&self, at: i64, line: &impl Serialize) {
        // A struct of texts and numbers always has a JSON form.
        let text = serde_json::to_string(line).unwrap_or_default();
        let line = Message::Line { day: day(at), text };
        if self.lines.as_ref().is_none_or(|lines| lines.try_send(line).is_err()) {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Lines that the disk was too slow for.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

/// Lines of these names, and all others. An answer's feedback goes with the answer.
fn split<'a>(text: &'a str, names: &[String]) -> (Vec<&'a str>, Vec<&'a str>) {
    let parsed = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap_or_default();
    let is_named = |value: &serde_json::Value| {
        ["shopper", "session"]
            .iter()
            .any(|key| value[*key].as_str().is_some_and(|n| names.iter().any(|name| name == n)))
    };
    let ids: std::collections::HashSet<String> = text
        .lines()
        .map(parsed)
        .filter(|value| is_named(value))
        .filter_map(|value| value["exposure_id"].as_str().map(str::to_owned))
        .collect();
    text.lines().partition(|line| parsed(line)["exposure_id"].as_str().is_some_and(|id| ids.contains(id)))
}

fn each_file(root: &Path, visit: &mut dyn FnMut(&Path, &str) -> Result<()>) -> Result<()> {
    let folder = root.join(FOLDER);
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(e).with_context(|| format!("reading {}", folder.display())),
    };
    for entry in entries {
        let path = entry.with_context(|| format!("reading {}", folder.display()))?.path();
        if path.extension().is_some_and(|e| e == "jsonl") {
            let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
            visit(&path, &text)?;
        }
    }
    Ok(())
}

impl Exposures {
    /// Everything that was logged is in the files, and stays as it is until what this gives is dropped.
    fn pause(&self) -> Result<SyncSender<()>> {
        let (done, wait) = sync_channel(0);
        let (go, going_on) = sync_channel::<()>(0);
        if let Some(lines) = &self.lines {
            lines
                .send(Message::Pause(done, going_on))
                .map_err(|_| anyhow!("the thread that writes exposures has ended"))?;
        }
        wait.recv().context("the thread that writes exposures has ended")?;
        Ok(go)
    }

    /// The lines that have one of these names as shopper or session, and those about the same answers; those of a moment
    /// ago among them.
    pub(crate) fn about(&self, root: &Path, names: &[String]) -> Result<Vec<String>> {
        let _paused = self.pause()?;
        let mut found = Vec::new();
        each_file(root, &mut |_, text| {
            found.extend(split(text, names).0.into_iter().map(str::to_owned));
            Ok(())
        })?;
        Ok(found)
    }

    /// Takes the lines of these names out of every file; says how many.
    pub(crate) fn erase(&self, root: &Path, names: &[String]) -> Result<u64> {
        {
            let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
            remembered.whom.retain(|_, whom| !whom.iter().flatten().any(|n| names.contains(n)));
        }
        // The writer must not have a file open that is about to be replaced.
        let paused = self.pause()?;
        let mut n = 0;
        let erased = each_file(root, &mut |path, text| {
            let (theirs, others) = split(text, names);
            if !theirs.is_empty() {
                n += theirs.len() as u64;
                let rest: String = others.iter().flat_map(|line| [*line, "\n"]).collect();
                crate::models::put(path, rest.as_bytes())?;
            }
            Ok(())
        });
        drop(paused);
        erased.map(|()| n)
    }
}

fn write(folder: &Path, waiting: &Receiver<Message>) {
    let mut open: Option<(String, std::io::BufWriter<std::fs::File>)> = None;
    loop {
        let (of, text) = match waiting.recv_timeout(FLUSH) {
            Ok(Message::Line { day, text }) => (day, text),
            Ok(Message::Pause(done, go)) => {
                // Dropping the file writes what is left of it.
                open = None;
                if done.send(()).is_ok() {
                    let _ = go.recv();
                }
                continue;
            }
            Err(gone) => {
                if let Some((_, file)) = &mut open
                    && let Err(error) = file.flush()
                {
                    tracing::warn!(%error, "exposures cannot be written");
                }
                match gone {
                    std::sync::mpsc::RecvTimeoutError::Timeout => continue,
                    std::sync::mpsc::RecvTimeoutError::Disconnected => return,
                }
            }
        };
        if open.as_ref().is_none_or(|(day, _)| *day != of) {
            let place: PathBuf = folder.join(format!("{of}.jsonl"));
            let file = std::fs::create_dir_all(folder)
                .and_then(|()| std::fs::OpenOptions::new().create(true).append(true).open(&place));
            match file {
                Ok(file) => open = Some((of, std::io::BufWriter::new(file))),
                Err(error) => {
                    tracing::warn!(%error, "exposures cannot be written");
                    continue;
                }
            }
        }
        if let Some((_, file)) = &mut open
            && let Err(error) = writeln!(file, "{text}")
        {
            tracing::warn!(%error, "exposures cannot be written");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serve::wire::recommend::FeedbackAction;

    #[test]
    fn an_answer_and_what_became_of_it_stand_in_the_file_of_the_day() {
        let folder = tempfile::tempdir().unwrap();
        let exposures = Exposures::open(folder.path()).unwrap();
        let exposure = Exposure {
            at: 0,
            kind: "for_you",
            market: Some("DE".to_owned()),
            shopper: Some("anna".to_owned()),
            session: None,
            locale: Some("de-DE".to_owned()),
            bucket: 7,
            bucket_of: "shopper",
            model_version: "models 1 of lake 1".to_owned(),
            answered_by: "history".to_owned(),
            products: vec!["CUP".to_owned()],
        };
        let id = exposures.name();
        exposures.log(&id, exposure);
        let mut feedback =
            Feedback { exposure_id: id.clone(), product_id: "CUP".to_owned(), action: FeedbackAction::Click, at: None };
        assert_eq!(exposures.feedback(&feedback, 5), Some(vec!["anna".to_owned()]));
        feedback.exposure_id = "0-0".to_owned();
        assert_eq!(exposures.feedback(&feedback, 5), None);
        assert_eq!(exposures.lost(), 0);
        let place = folder.path().join(FOLDER).join("1970-01-01.jsonl");
        drop(exposures);
        let text = std::fs::read_to_string(&place).unwrap();
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((&lines[0]["exposure_id"], &lines[0]["bucket"]), (&id.clone().into(), &7.into()));
        assert_eq!((&lines[1]["action"], &lines[1]["exposure_id"]), (&"click".into(), &id.into()));
    }
}
