//! `portolan sync`: orders and other records pulled from systems that have an interface, page by page.
//!
//! What came is kept record by record in `sync/NAME/` of the workspace ([`mirror`]), and only then the cursor moves: killed in
//! between, a page is fetched again and says the same. A record that changed takes the place of the one before. When all
//! pages are there, each month whose records changed becomes one source file of the lake, in the place of the file it had
//! before, in a format that `portolan ingest` knows. So nothing is lost and nothing counts twice, wherever it is stopped.
//!
//! [`fetch`] asks: `Link` headers or a field for the next page, `Retry-After`, a few tries; the token goes to the origin of the
//! configured address and nowhere else, and into no log.

mod attempt;
mod config;
mod fetch;
mod mirror;
mod shopify;
mod when;

pub(crate) use attempt::{Attempt, is_asked};
pub(crate) use config::{FILE, SyncFile, SyncSource, read};
pub(crate) use when::Last;

use crate::exit::{Exit, Stop};
use crate::models::put;
use crate::pipeline;
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use attempt::Turn;
use domain::Day;
use fetch::{Client, Page};
use lake::{FileTaken, IngestOptions, Lake, LakeLock, Snapshot};
use mirror::Mirror;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Folder of what was fetched in a workspace.
pub(crate) const FOLDER: &str = "sync";

/// Records of the mirrors that have a name of a person in them.
pub(crate) fn about(root: &std::path::Path, has: &dyn Fn(&[u8]) -> bool) -> anyhow::Result<Vec<String>> {
    mirror::about(&root.join(FOLDER), has)
}

/// Takes the records that have a name of a person in them out of what was fetched; says how many.
pub(crate) fn forget(root: &std::path::Path, has: &dyn Fn(&[u8]) -> bool) -> anyhow::Result<u64> {
    mirror::forget(&root.join(FOLDER), has)
}

/// Where a source was left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    /// Changes up to here are in the mirror.
    cursor: Option<String>,
    /// The page that comes next, where the last round did not end.
    next: Option<String>,
    /// The newest change seen in this round.
    newest: Option<String>,
}

impl State {
    fn path(folder: &Path) -> PathBuf {
        folder.join("state.json")
    }

    fn load(folder: &Path) -> Result<Self> {
        let path = Self::path(folder);
        match std::fs::read(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            bytes => {
                let telling = || format!("reading {}", path.display());
                serde_json::from_slice(&bytes.with_context(telling)?).with_context(telling)
            }
        }
    }

    fn save(&self, folder: &Path) -> Result<()> {
        put(&Self::path(folder), &serde_json::to_vec_pretty(self)?)
    }
}

/// What a round did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Synced {
    /// Name of the source.
    pub(crate) source: String,
    /// Pages fetched.
    pub(crate) pages: u64,
    /// Records on them.
    pub(crate) records: u64,
    /// Of those, new or changed.
    pub(crate) changed: u64,
    /// Source files that were made anew.
    pub(crate) files: Vec<String>,
    /// Rows of those that were put aside.
    pub(crate) rejected: u64,
    /// Changes up to here are known.
    pub(crate) cursor: Option<String>,
}

/// A source that is being asked: what it gives is in the mirror, and comes into the lake next.
pub(crate) struct Round<'a> {
    workspace: &'a Workspace,
    source: &'a SyncSource,
    attempt: Attempt,
    done: Synced,
    clock: fn() -> i64,
    _turn: Turn,
}

impl<'a> Round<'a> {
    /// Fetches what changed. The lake is free meanwhile: a system may let us wait for minutes.
    pub(crate) async fn fetch(
        workspace: &'a Workspace,
        lake: &Lake,
        source: &'a SyncSource,
        clock: fn() -> i64,
    ) -> Result<Self> {
        let Some(turn) = Turn::take(&workspace.root, &source.name)? else {
            let what = format!("somebody else asks {} just now", source.name);
            return Err(Stop::error(Exit::Storage, what, "wait for its end"));
        };
        let attempt = Attempt::begin(&workspace.root, &source.name, clock())?;
        let done = Synced { source: source.name.clone(), ..Synced::default() };
        let mut round = Self { workspace, source, attempt, done, clock, _turn: turn };
        match round.fetch_all(lake).await {
            Ok(()) => Ok(round),
            Err(error) => Err(round.failed(error)),
        }
    }

    fn folder(&self) -> PathBuf {
        self.workspace.root.join(FOLDER).join(&self.source.name)
    }

    async fn fetch_all(&mut self, lake: &Lake) -> Result<()> {
        let folder = self.folder();
        let mut state = State::load(&folder)?;
        let mut mirror = Mirror::open(&folder)?;
        fetch_all(self.source, &folder, lake, &mut state, &mut mirror, &mut self.done).await?;
        self.done.cursor = state.cursor;
        Ok(())
    }

    /// Brings what was fetched into the lake; cleaning is the caller's.
    pub(crate) async fn bring(&mut self, lake: &Lake, lock: &LakeLock, today: Day) -> Result<()> {
        let folder = self.folder();
        let mirror = Mirror::open(&folder)?;
        bring(self.source, &folder, lake, lock, &mirror, today, &mut self.done).await
    }

    /// Notes that it ended well; what it did.
    pub(crate) fn ended(mut self) -> Result<Synced> {
        let now = (self.clock)();
        self.attempt.ended = Some(now);
        self.attempt.succeeded = Some(now);
        self.attempt.failures = 0;
        self.attempt.done = self.done.clone();
        self.attempt.save(&self.workspace.root, &self.source.name)?;
        Ok(self.done)
    }

    /// Notes that it did not; hands the error on.
    pub(crate) fn failed(mut self, error: anyhow::Error) -> anyhow::Error {
        self.attempt.ended = Some((self.clock)());
        self.attempt.why = Some(crate::exit::said(&error));
        self.attempt.next = error.chain().find_map(|cause| cause.downcast_ref::<Stop>()).map(|stop| stop.next.clone());
        self.attempt.done = self.done.clone();
        match self.attempt.save(&self.workspace.root, &self.source.name) {
            Ok(()) => error,
            Err(other) => error.context(format!("and this cannot be noted: {other:#}")),
        }
    }
}

async fn fetch_all(
    source: &SyncSource,
    folder: &Path,
    lake: &Lake,
    state: &mut State,
    mirror: &mut Mirror,
    done: &mut Synced,
) -> Result<()> {
    let client = Client::new(source, lake)?;
    let mut resumed = state.next.is_some();
    loop {
        let address = match &state.next {
            Some(next) => next.clone(),
            None => source.first_page(state.cursor.as_deref())?,
        };
        let Page { body, link } = match client.page(&address).await {
            // A place in the list may have expired while nobody asked: from the cursor on, everything comes again.
            Err(fetch::Failed::Refused { .. }) if resumed => {
                (state.next, resumed) = (None, false);
                continue;
            }
            other => other.map_err(|e| e.told(&source.name))?,
        };
        resumed = false;
        let records = source.records(&body)?;
        done.pages += 1;
        done.records += records.len() as u64;
        let newest = records.iter().filter_map(|r| r.changed.clone()).max();
        done.changed += mirror.take(records)?;
        state.newest = state.newest.take().max(newest);
        state.next = match source.next_page(&body, link.as_deref(), &address)? {
            Some(next) if next == address => {
                let next_step = "see `next` of the source in sync.toml";
                return Err(Stop::error(
                    Exit::BadInput,
                    format!("{}: a page names itself as the next", source.name),
                    next_step,
                ));
            }
            next => next,
        };
        if state.next.is_none() {
            state.cursor = state.newest.take().or(state.cursor.take());
        }
        // After the records: killed before this, the page comes again.
        state.save(folder)?;
        if state.next.is_none() {
            return Ok(());
        }
    }
}

/// Makes a source file of every month whose records are not in the lake as they are.
async fn bring(
    source: &SyncSource,
    folder: &Path,
    lake: &Lake,
    lock: &LakeLock,
    mirror: &Mirror,
    today: Day,
    done: &mut Synced,
) -> Result<()> {
    for month in mirror.months()? {
        let (name, bytes) = source.file(&month, &mirror.records(&month)?)?;
        let path = folder.join("out").join(&name);
        let files = lake::source_files(lake, &Snapshot::latest(lake).await?)?;
        let sha256 = mirror::sha256(&bytes);
        let before: BTreeSet<String> =
            files.iter().filter(|f| f.name == name && f.sha256 != sha256).map(|f| f.source.clone()).collect();
        if before.is_empty() && files.iter().any(|f| f.name == name) {
            continue;
        }
        if !files.iter().any(|f| f.sha256 == sha256) {
            put(&path, &bytes)?;
            let mut options = IngestOptions::new(source.read_options(today)?);
            options.provenance.origin = Some(format!("sync {}", source.name));
            options.provenance.obtained = Some(today);
            let report = lake::ingest(lake, lock, std::slice::from_ref(&path), &options, &|_| {}).await?;
            for file in report.files {
                match file.result.with_context(|| format!("reading {}", file.path.display()))? {
                    FileTaken::Added(summary) | FileTaken::Replaced(summary) => done.rejected += summary.rejected,
                    FileTaken::AlreadyThere => {}
                }
            }
            std::fs::remove_file(&path).with_context(|| format!("removing {}", path.display()))?;
            done.files.push(name.clone());
        }
        // Only now: where it stops here, both are there, and the next round takes the older one out.
        for source in before {
            lake::forget(lake, lock, &source).await?;
        }
    }
    Ok(())
}

/// Cleans after all sources.
pub(crate) async fn clean(workspace: &Workspace, lake: &Lake, lock: &LakeLock, today: Day) -> Result<u64> {
    let refined = pipeline::clean(workspace, lake, lock, today, &crate::output::Bar::new(true)).await?;
    Ok(refined.order_lines)
}
