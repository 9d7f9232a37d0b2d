//! Events on their way: from the server's log into the lake, and into the next answer.
//!
//! A closed segment of the log becomes one source file, `journal-<number>-<hash>.jsonl`, a line an event, and is ingested
//! like any export of such calls. Then the segment is retired. Killed anywhere in between nothing is lost or doubled: the
//! name follows from number and content, so a segment that was brought over before is known by it, even where its source
//! was rewritten since without somebody who wanted to be forgotten.
//! `portolan run`, or the next ingest, cleans what came. While another process writes the lake, segments wait.

use super::Serving;
use crate::allocator;
use crate::commands::today;
use crate::exit::{Exit, Stop};
use crate::undone::UndoneLink;
use anyhow::{Context, Result};
use domain::Kind;
use journal::Segment;
use lake::{FileTaken, IngestOptions, Lake, LakeError, Snapshot};
use serve::Clock;
use serve::consents::{ANALYTICS, Consents};
use serve::ingest::{Intake, IntakeParams};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tracking::{Deed, LinkId, Live, ShopEvent};

/// Folder of the log in a workspace.
pub(crate) const FOLDER: &str = "journal";

/// How often closed segments are looked for.
const EVERY: Duration = Duration::from_secs(5);

/// Events of the lake that a start reads back into the live state, or a segment more: a second or two.
const RECALLED: usize = 100_000;

/// For how long a session goes on without a sign of life, microseconds; see [`super::recent`].
const SESSION: i64 = 30 * 60 * 1_000_000;

/// Segments brought over under one lock.
const AT_ONCE: usize = 16;

/// What a round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Compacted {
    /// Segments that are in the lake now and not in the log.
    pub(crate) segments: usize,
    /// Their records.
    pub(crate) records: u64,
    /// Segments that wait because another process writes the lake.
    pub(crate) waiting: usize,
}

/// Opens the log of a workspace; what is in it and what comes is noted for the next answers.
pub(crate) fn open(root: &Path, kept: (&Lake, &Snapshot), serving: Arc<Serving>, clock: Clock) -> Result<Arc<Intake>> {
    let consents = serving.consents.clone();
    // Weak: what serves holds the log, and would never end if the log held it.
    let serving = Arc::downgrade(&serving);
    let note = move |event: &ShopEvent| {
        let (Some((kind, products)), Some(serving)) = (interactions(event), serving.upgrade()) else { return };
        for product in products {
            for who in [&event.user, &event.anonymous].into_iter().flatten() {
                serving.note(who, product, kind, event.at / 1_000);
            }
        }
    };
    let note: serve::ingest::Listener = Arc::new(note);
    let undone = crate::undone::read(root)?;
    let mut failed = None;
    let recall = |live: &mut Live| {
        // A session that goes on changes the next answer also where its events have left the log.
        let since = clock.now().timestamp_micros() - SESSION;
        // Before the events: those that made the links do not make them again.
        for link in &undone {
            if let Ok(number) = u128::from_str_radix(&link.link, 16) {
                live.undo_link(&link.visitor, LinkId(number), link.at);
            }
        }
        let mut take = |event: &ShopEvent| {
            live.recall(event, tracking::message_key(&event.message_id));
            if event.at >= since {
                note(event);
            }
        };
        failed = in_lake(kept, &consents, &mut take).err();
    };
    let opened =
        Intake::open_after(&root.join(FOLDER), IntakeParams::default(), clock.clone(), Some(note.clone()), recall);
    if let Some(error) = failed {
        return Err(error.context("reading back what was live before the server ended"));
    }
    let (events, recovery) = opened.map_err(|e| {
        let next = "one server at a time takes events in; see docs/tracking.md about the log";
        Stop::error(Exit::Storage, e.to_string(), next)
    })?;
    recovery.notices.iter().for_each(|notice| tracing::warn!("{notice}"));
    let root = root.to_path_buf();
    events.keep_undone(Arc::new(move |link| {
        let undone = UndoneLink {
            link: format!("{:032x}", link.id.0),
            visitor: link.visitor.clone(),
            shopper: link.user.clone(),
            at: link.undone.unwrap_or_default(),
        };
        crate::undone::add(&root, undone).map_err(std::io::Error::other)
    }));
    Ok(events)
}

/// Hands on the last events of the server that went into the lake, the oldest first: carts, sessions and who is who are
/// what they were before the server ended. The kept files are lines of the log, byte for byte, less whom was erased.
fn in_lake(
    (lake, snapshot): (&Lake, &Snapshot),
    consents: &Consents,
    take: &mut (dyn FnMut(&ShopEvent) + Send),
) -> Result<()> {
    let mut files = lake::source_files(lake, snapshot)?;
    files.retain(|file| file.origin.as_deref() == Some(domain::TRACKING_ORIGIN));
    let (mut read, mut n) = (Vec::new(), 0);
    for file in files.iter().rev() {
        if n >= RECALLED {
            break;
        }
        let telling = || format!("reading the kept copy of {}", file.name);
        let bytes = lake.kept_files().bytes(&file.sha256, usize::MAX - 1).with_context(telling)?;
        n += bytes.iter().filter(|byte| **byte == b'\n').count();
        read.push(bytes);
    }
    let lines: Vec<&[u8]> = read.iter().rev().flat_map(|bytes| bytes.split(|byte| *byte == b'\n')).collect();
    tracking::replay(&lines, |_, event| {
        let names = [&event.user, &event.anonymous].into_iter().flatten().map(String::as_str);
        if consents.of_any(names, ANALYTICS) != Some(false) {
            take(&event);
        }
    });
    Ok(())
}

/// Brings what is closed into the lake.
pub(crate) async fn compact(lake: &Lake, intake: &Intake) -> Result<Compacted> {
    let mut done = Compacted::default();
    let closed = intake.journal().closed();
    for segments in closed.chunks(AT_ONCE) {
        let lock = match lake.lock() {
            Ok(lock) => lock,
            Err(LakeError::Locked(_)) => {
                done.waiting = closed.len() - done.segments;
                return Ok(done);
            }
            Err(error) => return Err(error.into()),
        };
        let snapshot = Snapshot::latest(lake).await?;
        let known: BTreeSet<String> = lake::source_files(lake, &snapshot)?.into_iter().map(|f| f.name).collect();
        let written = tokio::task::block_in_place(|| segments.iter().map(write_lines).collect::<Result<Vec<_>>>())?;
        let name = |path: &PathBuf| path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let fresh: Vec<PathBuf> = written.iter().filter(|path| !known.contains(&name(path))).cloned().collect();
        let mut options = IngestOptions::new(::intake::ReadOptions::new(today()));
        options.read.format = Some(::intake::Format::SegmentEvents);
        options.provenance.origin = Some(domain::TRACKING_ORIGIN.to_owned());
        options.provenance.obtained = Some(today());
        let report = lake::ingest(lake, &lock, &fresh, &options, &|_| {}).await?;
        for file in report.files {
            let taken = file.result.with_context(|| format!("reading {}", file.path.display()))?;
            if let FileTaken::Added(summary) | FileTaken::Replaced(summary) = &taken {
                tracing::info!(rows = summary.rows, rejected = summary.rejected, "events are in the lake");
            }
        }
        drop(lock);
        for (segment, path) in segments.iter().zip(&written) {
            intake.journal().retire(segment.first)?;
            std::fs::remove_file(path).with_context(|| format!("removing {}", path.display()))?;
            done.segments += 1;
            done.records += segment.records;
        }
    }
    Ok(done)
}

/// How often, and how long apart, a run tries again where somebody else writes the lake.
const TRIES: u32 = 20;
const APART: Duration = Duration::from_millis(500);

/// Everything taken so far, before a run that should know it. Waits a while for who else writes the lake: most of the time that is
/// the round that brings segments over anyway.
pub(crate) async fn bring_over(lake: &Lake, intake: &Intake) -> Result<()> {
    for _ in 0..TRIES {
        if compact_all(lake, intake).await?.waiting == 0 {
            return Ok(());
        }
        tokio::time::sleep(APART).await;
    }
    anyhow::bail!("somebody else writes the lake")
}

/// Everything taken so far: closes the active segment first. Before a person is erased, and before a run.
pub(crate) async fn compact_all(lake: &Lake, intake: &Intake) -> Result<Compacted> {
    intake.journal().rotate().await?;
    compact(lake, intake).await
}

/// Goes on until the task is dropped; first with what the last time left. What fails is told and tried again.
pub(crate) async fn keep_compacting(lake: Lake, intake: Arc<Intake>) {
    loop {
        if !intake.journal().closed().is_empty() {
            let round = compact_apart(lake.clone(), intake.clone()).await;
            if let Err(error) = round {
                let error = crate::exit::said(&error);
                tracing::warn!(error, "events cannot be brought into the lake; they stay in the log");
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// A round on threads of its own that end with it, and its memory with them: each thread of a pool that once took part in
/// bringing a segment over keeps what it freed, and at 52,000 events a second the
/// server grew by 99 MB a minute.
/// Dropping the future stops the round.
async fn compact_apart(lake: Lake, intake: Arc<Intake>) -> Result<Compacted> {
    let (mut told, done) = tokio::sync::oneshot::channel();
    let round = move || {
        let pool =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).thread_name("compact").enable_all().build();
        let result = pool.context("starting threads").and_then(|pool| {
            let mut work = pool.spawn(async move { compact(&lake, &intake).await });
            pool.block_on(async {
                tokio::select! {
                    joined = &mut work => joined.context("bringing events into the lake")?,
                    () = told.closed() => Ok(Compacted::default()),
                }
            })
        });
        allocator::collect();
        // Whoever waited may have gone.
        let _ = told.send(result);
    };
    std::thread::Builder::new().name("compactor".to_owned()).spawn(round).context("starting a thread")?;
    done.await.context("the thread that brings events into the lake has ended")?
}

/// Writes the payloads of a segment, one a line, into a file whose name follows from number and content.
fn write_lines(segment: &Segment) -> Result<PathBuf> {
    let dir = segment.path.parent().unwrap_or(Path::new("."));
    let half = dir.join(format!("journal-{}.half", segment.name()));
    let what = || format!("writing {}", half.display());
    let mut out = BufWriter::new(File::create(&half).with_context(what)?);
    let mut hash = Sha256::new();
    let mut failed = None;
    segment.read(|entry| {
        let parts = [entry.payload, b"\n"];
        parts.iter().for_each(|part| hash.update(part));
        if let Err(error) = parts.iter().try_for_each(|part| out.write_all(part)) {
            failed.get_or_insert(error);
        }
    })?;
    failed.map_or(Ok(()), Err).with_context(what)?;
    out.flush().with_context(what)?;
    let digest: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let path = dir.join(format!("journal-{}-{digest}.jsonl", segment.name()));
    std::fs::rename(&half, &path).with_context(what)?;
    Ok(path)
}

/// What an event means for recommendations: how strong an interaction with which products, if any.
pub(crate) fn interactions(event: &ShopEvent) -> Option<(Kind, impl Iterator<Item = &str>)> {
    let kind = match event.deed {
        Deed::ProductViewed | Deed::ProductClicked => Kind::View,
        Deed::ProductAdded | Deed::WishToCart => Kind::Cart,
        Deed::WishAdded => Kind::Wish,
        Deed::OrderCompleted => Kind::Purchase,
        _ => return None,
    };
    Some((kind, event.items.iter().filter_map(|i| i.code.as_deref())))
}
