//! Runs that somebody starts from the console: this program once more, as a child, one at a time.
//!
//! The child is `portolan run -v` on the same workspace; what it says on standard error is followed line by line,
//! and the stages that it names say how far it is. Cancelling kills it, which a run survives: each stage publishes its
//! tables in one step and the next run goes on from there. The history is kept in `runs.json` of the workspace, so a
//! restart knows what was; a run that was on when the server died is called failed.
//!
//! What shops sent over HTTP is taken into the lake first, see [`super::updates`], and so are events that wait in the log.

use super::updates::Updates;
use crate::models::put;
use crate::pipeline::said;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serve::wire::data::{Run, RunStatus, RunTrigger};
use serve::wire::figure::Words;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Name of the history.
const FILE: &str = "runs.json";
/// Stages of a run that say when they are done.
const STAGES: f64 = crate::pipeline::N_STAGES as f64;

/// What is kept of runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RunsParams {
    /// Runs of the history.
    pub(crate) kept: usize,
    /// Lines of a run.
    pub(crate) lines: usize,
}

impl Default for RunsParams {
    fn default() -> Self {
        Self { kept: 100, lines: 200 }
    }
}

#[derive(Default, Serialize, Deserialize)]
struct History {
    /// Oldest first.
    runs: VecDeque<Run>,
}

struct State {
    history: History,
    /// The child that works, and whether somebody wants it stopped.
    child: Option<Child>,
    is_cancelled: bool,
}

/// What a run is started with.
#[derive(Clone, Copy)]
pub(crate) struct Begin<'a> {
    /// What shops sent and is not in the lake.
    pub(crate) updates: &'a Arc<Updates>,
    /// Goes on where a quality gate fails.
    pub(crate) allow_failed_gates: bool,
    /// Asks the systems of sync.toml first.
    pub(crate) sync: bool,
    /// Who wants it.
    pub(crate) trigger: RunTrigger,
    /// Now, in milliseconds since 1970.
    pub(crate) at: i64,
    /// Tells the end.
    pub(crate) clock: fn() -> i64,
}

/// Starts runs and remembers them.
pub(crate) struct RunKeeper {
    root: PathBuf,
    params: RunsParams,
    state: Arc<Mutex<State>>,
    /// Held while a child works that writes the lake.
    work: Arc<Mutex<()>>,
}

/// Why a run was not started or stopped.
#[derive(Debug)]
pub(crate) enum RunError {
    /// One is on already.
    Busy(String),
    /// There is none of this name.
    Unknown(String),
    /// It is over.
    Over(String),
    /// A fault of ours.
    Fault(anyhow::Error),
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A moment as it is told.
pub(super) fn instant(at: i64) -> String {
    chrono::DateTime::from_timestamp_millis(at).unwrap_or_default().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

impl RunKeeper {
    /// Reads the history of a workspace.
    pub(crate) fn open(root: &Path, params: RunsParams) -> Result<Self> {
        let path = root.join(FILE);
        let mut history: History = match std::fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).with_context(|| format!("reading {}", path.display()))?,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => History::default(),
            Err(e) => return Err(e).with_context(|| format!("reading {}", path.display())),
        };
        for run in history.runs.iter_mut().filter(|run| run.status == RunStatus::Running) {
            run.status = RunStatus::Failed;
            run.next = Some(Words::new(
                "the server stopped meanwhile; start it again, it goes on where it was",
                "服务器中途停止;请重新运行,将从中断处继续",
            ));
        }
        let state = State { history, child: None, is_cancelled: false };
        Ok(Self { root: root.to_path_buf(), params, state: Arc::new(Mutex::new(state)), work: Arc::default() })
    }

    /// What is held while something writes the lake for the server: whoever does it besides runs takes it too.
    pub(crate) fn work(&self) -> Arc<Mutex<()>> {
        self.work.clone()
    }

    /// The newest run, whoever started it.
    pub(crate) fn newest(&self) -> Option<Run> {
        lock(&self.state).history.runs.back().cloned()
    }

    /// How many runs failed in a row, the newest counted first.
    pub(crate) fn failures(&self) -> u32 {
        let state = lock(&self.state);
        let failed = state.history.runs.iter().rev().take_while(|run| run.status == RunStatus::Failed);
        u32::try_from(failed.count()).unwrap_or(u32::MAX)
    }

    /// When a run ended well for the last time.
    pub(crate) fn succeeded(&self) -> Option<String> {
        let state = lock(&self.state);
        state.history.runs.iter().rev().find(|run| run.status == RunStatus::Done).and_then(|run| run.ended.clone())
    }

    /// All runs, newest first, without their lines.
    pub(crate) fn all(&self) -> Vec<Run> {
        let brief = |run: &Run| Run { lines: Vec::new(), ..run.clone() };
        lock(&self.state).history.runs.iter().rev().map(brief).collect()
    }

    /// One run.
    pub(crate) fn get(&self, id: &str) -> Option<Run> {
        lock(&self.state).history.runs.iter().find(|run| run.id == id).cloned()
    }

    /// Starts a run. `first` is called before its work, what it fails with is said and the run goes on; `done` when its work
    /// is done and before it counts as ended.
    pub(crate) fn start(
        &self,
        Begin { updates, allow_failed_gates, sync, trigger, at, clock }: Begin<'_>,
        first: impl FnOnce() -> Result<()> + Send + 'static,
        done: impl FnOnce() + Send + 'static,
    ) -> Result<Run, RunError> {
        let mut state = lock(&self.state);
        if let Some(run) = state.history.runs.iter().find(|run| run.status == RunStatus::Running) {
            return Err(RunError::Busy(run.id.clone()));
        }
        let number = state.history.runs.iter().filter_map(|run| run.id.parse::<u64>().ok()).max().unwrap_or(0) + 1;
        let run = Run {
            id: number.to_string(),
            status: RunStatus::Running,
            trigger,
            started: instant(at),
            progress: Some(0.0),
            ..Run::default()
        };
        state.history.runs.push_back(run.clone());
        while state.history.runs.len() > self.params.kept {
            state.history.runs.pop_front();
        }
        state.is_cancelled = false;
        // Now, not only at its end: a server that dies meanwhile finds it.
        keep(&self.root, &state.history);
        drop(state);
        let work = Work {
            root: self.root.clone(),
            id: run.id.clone(),
            lines: self.params.lines,
            state: self.state.clone(),
            updates: updates.clone(),
            allow_failed_gates,
            sync,
        };
        let one_at_a_time = self.work.clone();
        let spawned = std::thread::Builder::new().name("run".to_owned()).spawn(move || {
            let _one_at_a_time = one_at_a_time.lock().unwrap_or_else(PoisonError::into_inner);
            if let Err(error) = first() {
                work.line(&format!("events of the last minutes are not in this run: {error:#}"));
            }
            let code = work.run();
            done();
            work.ended(code, clock());
        });
        match spawned {
            Ok(_) => Ok(run),
            Err(e) => Err(RunError::Fault(anyhow::Error::new(e).context("starting the thread of a run"))),
        }
    }

    /// Stops a run.
    pub(crate) fn cancel(&self, id: &str) -> Result<Run, RunError> {
        let mut state = lock(&self.state);
        let run = state.history.runs.iter().find(|run| run.id == id).cloned();
        let run = run.ok_or_else(|| RunError::Unknown(id.to_owned()))?;
        if run.status != RunStatus::Running {
            return Err(RunError::Over(id.to_owned()));
        }
        state.is_cancelled = true;
        if let Some(child) = &mut state.child {
            child.kill().map_err(|e| RunError::Fault(anyhow::Error::new(e).context("stopping the run")))?;
        }
        Ok(run)
    }

    /// Takes out lines that name a person; says how many.
    pub(crate) fn forget(&self, names: &dyn Fn(&[u8]) -> bool) -> Result<u64> {
        let mut state = lock(&self.state);
        let mut gone = 0;
        for run in &mut state.history.runs {
            let before = run.lines.len();
            run.lines.retain(|line| !names(line.en.as_bytes()) && !names(line.zh.as_bytes()));
            gone += (before - run.lines.len()) as u64;
        }
        if gone > 0 {
            put(&self.root.join(FILE), &serde_json::to_vec_pretty(&state.history)?)?;
        }
        Ok(gone)
    }

    /// Stops what is on, at the end of the server.
    pub(crate) fn stop(&self) {
        let mut state = lock(&self.state);
        state.is_cancelled = true;
        if let Some(child) = &mut state.child {
            // One that has just ended needs no stopping.
            let _ = child.kill();
        }
    }
}

/// One run on its thread.
struct Work {
    root: PathBuf,
    id: String,
    lines: usize,
    state: Arc<Mutex<State>>,
    updates: Arc<Updates>,
    allow_failed_gates: bool,
    sync: bool,
}

impl Work {
    /// Takes in what is pending, then runs. The exit code, or why there is none.
    fn run(&self) -> Result<i32> {
        if self.sync && self.child(&["sync".to_owned()])? != 0 {
            self.line("not every system could be asked; the run goes on with what came");
        }
        let files = self.updates.fold()?;
        if !files.is_empty() {
            let mut args = vec!["ingest".to_owned()];
            args.extend(files.iter().map(|file| file.display().to_string()));
            args.extend(["--origin", "HTTP"].map(str::to_owned));
            let code = self.child(&args)?;
            if code != 0 {
                return Ok(code);
            }
            self.updates.folded(&files)?;
        }
        let mut args = vec!["run".to_owned()];
        if self.allow_failed_gates {
            args.push("--allow-failed-gates".to_owned());
        }
        self.child(&args)
    }

    /// Runs a command of this program to its end.
    fn child(&self, args: &[String]) -> Result<i32> {
        let program = std::env::current_exe().context("the path of this program")?;
        let mut child = Command::new(program)
            .args(args)
            .args(["--verbose", "--quiet", "--workspace"])
            .arg(&self.root)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("starting the run")?;
        let (said, told) = (child.stdout.take(), child.stderr.take());
        {
            let mut state = lock(&self.state);
            if state.is_cancelled {
                // Who cancels before the child is there means it all the same.
                child.kill().context("stopping the run")?;
            }
            state.child = Some(child);
        }
        let answer = std::thread::spawn(move || {
            let mut text = String::new();
            if let Some(mut said) = said {
                // An answer that is cut is a child that was stopped.
                let _ = said.read_to_string(&mut text);
            }
            text
        });
        if let Some(told) = told {
            for line in BufReader::new(told).lines().map_while(Result::ok) {
                self.line(&line);
            }
        }
        // It has closed its output, so it ends now; the lock is not held while waiting for it.
        let child = lock(&self.state).child.take();
        let status = child.context("the child of the run")?.wait().context("waiting for the run")?;
        if let Ok(text) = answer.join() {
            text.lines().filter(|line| !line.trim().is_empty()).for_each(|line| self.line(line));
        }
        Ok(status.code().unwrap_or(-1))
    }

    fn line(&self, line: &str) {
        let mut state = lock(&self.state);
        let Some(run) = state.history.runs.iter_mut().find(|run| run.id == self.id) else { return };
        let line = plain(line);
        if let Some(stage) = stage_of(&line) {
            run.stage = Some(stage.to_owned());
            run.progress = run.progress.map(|done| (done + 1.0 / STAGES).min(0.99));
        }
        let Some(line) = told(&line) else { return };
        run.lines.push(line);
        let over = run.lines.len().saturating_sub(self.lines);
        run.lines.drain(..over);
    }

    fn ended(&self, code: Result<i32>, at: i64) {
        let mut state = lock(&self.state);
        let is_cancelled = state.is_cancelled;
        state.child = None;
        let Some(run) = state.history.runs.iter_mut().find(|run| run.id == self.id) else { return };
        run.ended = Some(instant(at));
        run.stage = None;
        match code {
            _ if is_cancelled => {
                run.status = RunStatus::Cancelled;
                run.next = Some(Words::new("the next run goes on where this one was", "下次运行将从此处继续"));
            }
            Ok(0) => {
                run.status = RunStatus::Done;
                (run.exit_code, run.progress) = (Some(0), Some(1.0));
            }
            Ok(code) => {
                run.status = RunStatus::Failed;
                run.exit_code = Some(code);
                run.next = Some(next(code));
            }
            Err(error) => {
                tracing::error!(error = crate::exit::said(&error), "a run cannot be started");
                run.status = RunStatus::Failed;
                run.lines.push(Words::same(crate::exit::said(&error)));
            }
        }
        keep(&self.root, &state.history);
    }
}

/// Writes the history; where it cannot be, runs go on without.
fn keep(root: &Path, history: &History) {
    let text = serde_json::to_vec(history).unwrap_or_default();
    if let Err(error) = put(&root.join(FILE), &text) {
        tracing::warn!(error = crate::exit::said(&error), "the history of runs cannot be written");
    }
}

/// What to do after an exit code, see docs/exit-codes.md.
fn next(code: i32) -> Words {
    match code {
        4 => Words::new("something needed is missing; the lines say what", "缺少所需内容;请查看输出"),
        5 => Words::new("the disk is full or somebody else writes; try again", "磁盘已满或有其他进程正在写入;请重试"),
        6 => Words::new(
            "a quality gate failed: see the quality report, or run all the same; the plans of before stay",
            "质量检查未通过:请查看质量报告,或仍然运行;之前的计划保持不变",
        ),
        _ => Words::new("the lines say what went wrong", "请查看输出了解原因"),
    }
}

/// The stage that a line says is done.
fn stage_of(line: &str) -> Option<&str> {
    let is_done = line.contains("written") || line.contains("unchanged");
    let rest = line.split("stage=\"").nth(1).filter(|_| is_done)?;
    rest.split('"').next()
}

/// What of a line is for people, in both languages: of the log that a stage is done, and what was warned of, without time,
/// level and place; everything else that was said as it is. Notes of libraries are in the server's own log where they matter.
fn told(line: &str) -> Option<Words> {
    if line.trim().is_empty() {
        return None;
    }
    let Some((level, from, said)) = logged(line) else {
        return Some(Words::new(line, in_chinese(line)));
    };
    if let Some(stage) = stage_of(line) {
        let zh = stage_zh(stage);
        let (en, done) =
            if line.contains("unchanged") { ("unchanged", "无变化") } else { ("computed", "已计算") };
        return Some(Words::new(format!("{stage}: {en}"), format!("{zh}:{done}")));
    }
    let is_ours = from.split("::").next().is_some_and(|crate_name| crate_name == "portolan");
    (matches!(level, "WARN" | "ERROR") && is_ours).then(|| Words::new(said, said::zh(said)))
}

/// Level, place and message of a line of the log; `None` for a line that is none.
fn logged(line: &str) -> Option<(&str, &str, &str)> {
    let (time, rest) = line.split_once(' ')?;
    chrono::DateTime::parse_from_rfc3339(time).ok()?;
    let (level, rest) = rest.trim_start().split_once(' ')?;
    let (from, said) = rest.trim_start().split_once(": ")?;
    matches!(level, "TRACE" | "DEBUG" | "INFO" | "WARN" | "ERROR").then_some((level, from, said))
}

/// A line in Chinese.
fn in_chinese(line: &str) -> String {
    let note = line.strip_prefix("note: ").and_then(|rest| rest.split_once(": not computed: "));
    if let Some((what, why)) = note {
        // `what of MARKET`, where it is of one.
        let of = what
            .rsplit_once(" of ")
            .filter(|(_, market)| market.len() == 2 && market.parse::<domain::Market>().is_ok());
        let what = of.map_or_else(|| said::zh(what), |(what, market)| format!("{}({market})", said::zh(what)));
        return format!("说明:{what}:未计算:{}", said::zh(why));
    }
    let stages = |list: &str| list.split(", ").map(stage_zh).collect::<Vec<_>>().join("、");
    if let Some(done) = line.strip_prefix("computed ") {
        let (computed, unchanged) = done.split_once("; unchanged ").unwrap_or((done, ""));
        let computed = if computed == "nothing" { "无".to_owned() } else { stages(computed) };
        let unchanged = if unchanged.is_empty() { String::new() } else { format!(";无变化:{}", stages(unchanged)) };
        return format!("已计算:{computed}{unchanged}");
    }
    said::zh(line)
}

/// What a stage is called in Chinese.
fn stage_zh(stage: &str) -> &str {
    match stage {
        "clean" => "清洗",
        "gates" => "质量检查",
        "marts" => "汇总",
        "segments" => "分群",
        "profiles" => "概况",
        "rules" => "关联规则",
        "offers" => "模型",
        "transfer" => "迁移",
        "voices" => "评论",
        "outlook" => "预期",
        "personas" => "画像",
        "entry" => "市场排名",
        "decisions" => "决策",
        "members" => "自定义分群",
        other => other,
    }
}

/// A line without the colours of a terminal.
fn plain(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        if letter == '\u{1b}' {
            letters.by_ref().take_while(|c| !c.is_ascii_alphabetic()).for_each(drop);
        } else {
            out.push(letter);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_log_says_which_stage_is_done() {
        let line =
            plain("\u{1b}[2m2026-01-01T00:00:00Z\u{1b}[0m \u{1b}[32m INFO\u{1b}[0m portolan: written stage=\"offers\"");
        assert_eq!(line, "2026-01-01T00:00:00Z  INFO portolan: written stage=\"offers\"");
        assert_eq!(stage_of(&line), Some("offers"));
        assert_eq!(stage_of("computing stage=\"offers\""), None);
    }

    #[test]
    fn people_read_what_was_done_and_not_the_log() {
        let told = |line: &str| told(line).map(|words| [words.en, words.zh]);
        let words = |en: &str, zh: &str| Some([en.to_owned(), zh.to_owned()]);
        assert_eq!(
            told("2026-01-01T00:00:00.312149Z  INFO portolan::pipeline: unchanged stage=\"marts\""),
            words("marts: unchanged", "汇总:无变化")
        );
        assert_eq!(told("2026-01-01T00:00:00Z  INFO delta_kernel::log: listing files"), None);
        assert_eq!(told("2026-01-01T00:00:00Z DEBUG portolan::lake: opened"), None);
        let warned = "2026-01-01T00:00:00Z  WARN portolan::lake: the disk is nearly full";
        assert_eq!(told(warned), words("the disk is nearly full", "the disk is nearly full"));
        assert_eq!(
            told("note: the size of the market of GB: not computed: `population` has no number"),
            words(
                "note: the size of the market of GB: not computed: `population` has no number",
                "说明:市场规模(GB):未计算:`population` 没有数值"
            )
        );
        assert_eq!(told("computed offers; unchanged marts, rules").unwrap()[1], "已计算:模型;无变化:汇总、关联规则");
        assert_eq!(told("  "), None);
    }

    #[test]
    fn a_history_of_an_earlier_version_is_read() {
        let text = r#"{"runs":[{"id":"1","status":"done","started":"","ended":null,"exit_code":0,"progress":1.0,"stage":null,"lines":["written"],"next":null}]}"#;
        let history: History = serde_json::from_str(text).unwrap();
        assert_eq!(history.runs[0].lines, [Words::same("written")]);
    }

    #[test]
    fn a_run_that_was_on_when_the_server_died_has_failed() {
        let folder = tempfile::tempdir().unwrap();
        let run = Run { id: "7".into(), status: RunStatus::Running, ..Run::default() };
        let text = serde_json::to_vec(&History { runs: [run].into() }).unwrap();
        std::fs::write(folder.path().join(FILE), text).unwrap();
        let keeper = RunKeeper::open(folder.path(), RunsParams::default()).unwrap();
        assert_eq!(keeper.get("7").map(|run| run.status), Some(RunStatus::Failed));
        assert!(matches!(keeper.cancel("7"), Err(RunError::Over(_))));
        assert!(matches!(keeper.cancel("8"), Err(RunError::Unknown(_))));
    }
}
