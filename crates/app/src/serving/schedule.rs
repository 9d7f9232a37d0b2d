//! What the server does by itself: asks the systems of `sync.toml` when they are due, and starts runs.
//!
//! Asking is `portolan sync NAME …` as a child, all that are due at once; how it went is in `sync/NAME/last.json`, which a hand
//! that types the command writes too. A run is one like those of the console, see [`super::runs`]. One thing at a time: this loop
//! does them one after the other, and a run that somebody starts waits for a child that asks, and the other way round.
//! What fails is tried again ever later ([`Last`]); what was there before stays in force, and so it does where all is killed:
//! the next start finds what did not end and does it again.

use super::Serving;
use super::runs::{RunKeeper, instant};
use crate::pipeline::said;
use crate::sync::{self, Attempt, Last, SyncFile};
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use serve::wire::data::{Run, RunQuery, RunStatus, RunTrigger, Schedule, ScheduledTask, TaskKind, TaskStatus};
use serve::wire::figure::Words;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often the clock is looked at, and after something that nobody foresaw.
const EVERY: Duration = Duration::from_secs(1);
const AFTER_FAULT: Duration = Duration::from_secs(60);
/// Exit status of a run that a quality gate stopped: only other data help, so it waits for its regular time.
const GATE: i32 = 6;

/// Does what is due.
pub(crate) struct Scheduler {
    root: PathBuf,
    /// Since when it looks at the clock, milliseconds since 1970.
    begun: i64,
    /// The child that asks.
    child: Arc<Mutex<Asking>>,
}

#[derive(Default)]
struct Asking {
    child: Option<Child>,
    /// The server ends: no further one.
    is_over: bool,
}

fn utc(at: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at).unwrap_or_default()
}

fn text(at: DateTime<Utc>) -> String {
    instant(at.timestamp_millis())
}

impl Scheduler {
    /// For a workspace, from a moment on.
    pub(super) fn new(root: &Path, begun: i64) -> Self {
        Self { root: root.to_path_buf(), begun, child: Arc::default() }
    }

    /// What the file says; `None` where there is none. Read each time, so that a change needs no new start.
    fn file(&self) -> Result<Option<SyncFile>> {
        if !self.root.join(sync::FILE).is_file() {
            return Ok(None);
        }
        let home = Workspace::find(Some(&self.root))?.home;
        sync::read(&self.root, home).map(Some)
    }

    /// Sources that are due.
    fn due(&self, file: &SyncFile, now: DateTime<Utc>) -> Result<Vec<String>> {
        let mut due = Vec::new();
        for source in &file.sources {
            let Some(when) = &source.when else { continue };
            let last = Attempt::load(&self.root, &source.name)?.map(|attempt| attempt.last());
            if when.next(last.as_ref(), utc(self.begun), file.zone) <= now && !sync::is_asked(&self.root, &source.name)
            {
                due.push(source.name.clone());
            }
        }
        Ok(due)
    }

    /// Asks sources, and waits for the end.
    ///
    /// # Errors
    /// Where nobody was asked at all; how it went with who was is in its state.
    fn ask(&self, sources: &[String], work: &Mutex<()>) -> Result<()> {
        let began = || sources.iter().map(|name| Attempt::load(&self.root, name)).collect::<Result<Vec<_>>>();
        let before = began()?;
        let _one_at_a_time = work.lock().unwrap_or_else(PoisonError::into_inner);
        let program = std::env::current_exe().context("the path of this program")?;
        let mut told = {
            let mut asking = self.child.lock().unwrap_or_else(PoisonError::into_inner);
            if asking.is_over {
                return Ok(());
            }
            let mut child = Command::new(program)
                .arg("sync")
                .args(sources)
                .args(["--quiet", "--json", "--workspace"])
                .arg(&self.root)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .context("starting to ask")?;
            let told = child.stderr.take();
            asking.child = Some(child);
            told
        };
        let mut said = String::new();
        if let Some(told) = &mut told {
            // What is cut is of a child that was stopped.
            let _ = told.read_to_string(&mut said);
        }
        // It has closed its output, so it ends now; the lock is not held while waiting for it.
        let child = self.child.lock().unwrap_or_else(PoisonError::into_inner).child.take();
        let status = child.context("the child that asks")?.wait().context("waiting for who asks")?;
        if !status.success() {
            // Without a trace of its own it would be started again every second.
            anyhow::ensure!(began()? != before, "`portolan sync` failed: {}", said.trim());
            tracing::warn!(said = said.trim(), sources = sources.join(", "), "not every system could be asked");
        }
        Ok(())
    }

    /// Stops what is on, at the end of the server.
    pub(crate) fn stop(&self) {
        let mut asking = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        asking.is_over = true;
        if let Some(child) = &mut asking.child {
            // One that has just ended needs no stopping.
            let _ = child.kill();
        }
    }

    /// How all of it stands.
    pub(super) fn told(&self, runs: &RunKeeper) -> Schedule {
        let wrong = |error: anyhow::Error| Schedule {
            problem: Some(Words::same(crate::exit::said(&error))),
            ..Schedule::default()
        };
        match self.file() {
            Ok(None) => Schedule::default(),
            Ok(Some(file)) => self.tasks(&file, runs).map_or_else(wrong, |tasks| Schedule { tasks, problem: None }),
            Err(error) => wrong(error),
        }
    }

    fn tasks(&self, file: &SyncFile, runs: &RunKeeper) -> Result<Vec<ScheduledTask>> {
        let begun = utc(self.begun);
        let mut tasks = Vec::new();
        for source in &file.sources {
            let attempt = Attempt::load(&self.root, &source.name)?;
            let last = attempt.as_ref().map(Attempt::last);
            let is_asked = sync::is_asked(&self.root, &source.name);
            let due = source.when.as_ref().map(|when| when.next(last.as_ref(), begun, file.zone));
            let task = ScheduledTask {
                source: Some(source.name.clone()),
                when: source.when.as_ref().map(|when| when.words(file.zone)),
                due: due.filter(|_| !is_asked).map(text),
                ..attempt.map_or_else(ScheduledTask::default, |attempt| asked(attempt, is_asked))
            };
            tasks.push(task);
        }
        if let Some(when) = &file.run {
            let newest = runs.newest();
            let due = when.next(last_run(runs).as_ref(), begun, file.zone);
            let is_on = newest.as_ref().is_some_and(|run| run.status == RunStatus::Running);
            tasks.push(ScheduledTask {
                task: TaskKind::Run,
                when: Some(when.words(file.zone)),
                due: (!is_on).then(|| text(due)),
                succeeded: runs.succeeded(),
                failures: runs.failures(),
                ..newest.map_or_else(ScheduledTask::default, ran)
            });
        }
        Ok(tasks)
    }
}

/// How asking a source stands.
fn asked(attempt: Attempt, is_asked: bool) -> ScheduledTask {
    let words = |text: Option<String>| {
        text.map(|en| {
            let zh = in_chinese(&en);
            Words::new(en, zh)
        })
    };
    let has_ended = attempt.ended.is_some();
    // Of what goes on, or was killed, nothing is known but that it began.
    let (why, next) = match (is_asked, has_ended) {
        (true, _) => (None, None),
        (false, true) => (attempt.why, attempt.next),
        (false, false) => {
            (Some("it did not end: the program was stopped".to_owned()), Some("it goes on where it was".to_owned()))
        }
    };
    let of = |n: u64| has_ended.then_some(n);
    ScheduledTask {
        status: match (is_asked, attempt.failures) {
            (true, _) => TaskStatus::Running,
            (false, 0) => TaskStatus::Fine,
            (false, _) => TaskStatus::Failing,
        },
        began: Some(instant(attempt.began)),
        ended: attempt.ended.map(instant),
        succeeded: attempt.succeeded.map(instant),
        failures: attempt.failures - u32::from(is_asked && !has_ended && attempt.failures > 0),
        records: of(attempt.done.records),
        changed: of(attempt.done.changed),
        rejected: of(attempt.done.rejected),
        why: words(why),
        next: words(next),
        ..ScheduledTask::default()
    }
}

/// What was wrong, in Chinese. That a system answers with a status is too short a form for the sentences of a run.
fn in_chinese(en: &str) -> String {
    match en.split_once(" answers ") {
        Some((source, status)) if status.starts_with(|c: char| c.is_ascii_digit()) => format!("{source} 返回 {status}"),
        _ => said::zh(en),
    }
}

/// How the newest run stands.
fn ran(run: Run) -> ScheduledTask {
    ScheduledTask {
        status: match run.status {
            RunStatus::Running => TaskStatus::Running,
            RunStatus::Failed => TaskStatus::Failing,
            // Who stopped it wanted so.
            RunStatus::Done | RunStatus::Cancelled => TaskStatus::Fine,
        },
        began: Some(run.started),
        ended: run.ended,
        next: run.next,
        ..ScheduledTask::default()
    }
}

/// What is known of the last run, whoever started it.
fn last_run(runs: &RunKeeper) -> Option<Last> {
    let run = runs.newest()?;
    let at = DateTime::parse_from_rfc3339(&run.started).ok()?.with_timezone(&Utc);
    let failures = if run.exit_code == Some(GATE) { 0 } else { runs.failures() };
    Some(Last { at, failures, was_stopped: false })
}

impl Serving {
    /// Does what is due until the task is dropped.
    pub(crate) async fn keep_schedule(self: Arc<Self>) {
        loop {
            let round = self.round().await;
            if let Err(error) = &round {
                tracing::warn!(error = crate::exit::said(error), "the schedule cannot be kept");
            }
            tokio::time::sleep(if round.is_ok() { EVERY } else { AFTER_FAULT }).await;
        }
    }

    /// Asks who is due, then starts a run where one is.
    async fn round(self: &Arc<Self>) -> Result<()> {
        let Some(file) = self.scheduler.file()? else { return Ok(()) };
        let is_on = || self.runs.newest().is_some_and(|run| run.status == RunStatus::Running);
        if is_on() {
            return Ok(());
        }
        let sources = self.scheduler.due(&file, utc(self.now()))?;
        if !sources.is_empty() {
            let (serving, work) = (self.clone(), self.runs.work());
            tokio::task::spawn_blocking(move || serving.scheduler.ask(&sources, &work)).await.context("asking")??;
        }
        let Some(when) = &file.run else { return Ok(()) };
        let due = when.next(last_run(&self.runs).as_ref(), utc(self.scheduler.begun), file.zone);
        if due <= utc(self.now()) && !is_on() {
            let run = self.begin(&RunQuery::default(), RunTrigger::Schedule).await?;
            tracing::info!(run = run.id, "a run that was due has begun");
        }
        Ok(())
    }
}
