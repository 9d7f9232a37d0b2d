//! What takes events in: durable first, then everything live.
//!
//! A request is judged call by call, what is accepted goes to the log, and when the log says that it is on the disk the request
//! is answered, the live state follows, and whoever watches is told. Repeats are known by the log, so they change
//! nothing live. Nothing is answered yes that a power cut could take back.

use super::reply::{IngestReply, RefusedCall, WarnedCall};
use crate::clock::Clock;
use crate::live::LiveEvent;
use chrono::{DateTime, Utc};
use domain::market_by_name;
use journal::{AppendError, Journal, JournalError, JournalParams, Key, Record, Recovery};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tokio::sync::broadcast;
use tracking::{
    Accept, Accepted, Body, BodyError, ClockParams, Endpoint, Limits, Link, Live, LiveParams, Measurement,
    MeasurementParams, Refused, ShopEvent, Taken,
};

/// How events are taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntakeParams {
    /// Sizes of the log.
    pub journal: JournalParams,
    /// Sizes of Segment's calls.
    pub limits: Limits,
    /// Sizes of the Measurement Protocol.
    pub measurement: MeasurementParams,
    /// What times are believed.
    pub clock: ClockParams,
    /// How much is kept live.
    pub live: LiveParams,
    /// Bytes of bodies that are read and judged at once, over all requests.
    pub body_bytes: usize,
    /// Events that a watcher may lag behind before it misses some.
    pub watch: usize,
    /// Seconds after which a full queue is worth trying again.
    pub retry_seconds: u64,
}

impl Default for IntakeParams {
    fn default() -> Self {
        Self {
            journal: JournalParams::default(),
            limits: Limits::default(),
            measurement: MeasurementParams::default(),
            clock: ClockParams::default(),
            live: LiveParams::default(),
            body_bytes: 64 << 20,
            watch: 1_024,
            retry_seconds: 1,
        }
    }
}

/// Who sends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sender {
    /// First characters of the key, for those who watch.
    pub key: String,
    /// The market of the key: the country of events that say none.
    pub market: Option<String>,
}

/// Why a request was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IntakeError {
    /// 400.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// 429 where the log is busy, 503 where it cannot write.
    #[error(transparent)]
    Log(#[from] AppendError),
}

/// Counts since the start.
#[derive(Debug, Default)]
pub struct Counts {
    /// Calls taken.
    pub accepted: AtomicU64,
    /// Calls that were there already.
    pub repeated: AtomicU64,
    /// Calls refused.
    pub rejected: AtomicU64,
    /// Requests told to come again.
    pub busy: AtomicU64,
    /// Requests that the disk had no room for.
    pub unwritten: AtomicU64,
}

/// Hears of every event that is new, once it is on the disk.
pub type Listener = Arc<dyn Fn(&ShopEvent) + Send + Sync>;

/// Says whether the people of an event allow that it is kept.
pub type Allows = Arc<dyn Fn(&ShopEvent) -> bool + Send + Sync>;

/// Keeps a link that was taken back where a restart and the next run find it; what it cannot keep is not taken back.
pub type KeepsUndone = Arc<dyn Fn(&Link) -> std::io::Result<()> + Send + Sync>;

/// Takes events in.
pub struct Intake {
    journal: Journal,
    live: Mutex<Live>,
    watchers: broadcast::Sender<Arc<LiveEvent>>,
    listener: Option<Listener>,
    allows: OnceLock<Allows>,
    keeps_undone: OnceLock<KeepsUndone>,
    params: IntakeParams,
    clock: Clock,
    counts: Counts,
    pub(super) bodies: AtomicUsize,
}

impl Intake {
    /// Opens the log in a folder, and brings the live state to where the log is. `listener` hears of every event that is
    /// in the log and not in the lake yet, the oldest first, and from then on of every new one. It must be quick: senders
    /// wait for it.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn open(
        dir: &Path,
        params: IntakeParams,
        clock: Clock,
        listener: Option<Listener>,
    ) -> Result<(Arc<Self>, Recovery), JournalError> {
        Self::open_after(dir, params, clock, listener, |_| ())
    }

    /// The same, after what `before` puts into the live state: events that went from the log into the lake, and links that were
    /// taken back. So what was live before a restart is live after it. What is in both places counts once.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn open_after(
        dir: &Path,
        params: IntakeParams,
        clock: Clock,
        listener: Option<Listener>,
        before: impl FnOnce(&mut Live),
    ) -> Result<(Arc<Self>, Recovery), JournalError> {
        let now = clock.now().timestamp_millis();
        let (journal, recovery) = Journal::open(dir, params.journal.clone(), now)?;
        let mut live = Live::new(params.live.clone());
        before(&mut live);
        for segment in journal.segments() {
            segment.read_whole(|entries| {
                let lines: Vec<&[u8]> = entries.iter().map(|entry| entry.payload).collect();
                tracking::replay(&lines, |at, event| {
                    let entry = entries[at];
                    live.apply(&event, entry.key.0, entry.at_ms.saturating_mul(1_000));
                    if let Some(listener) = &listener {
                        listener(&event);
                    }
                });
            })?;
        }
        let (watchers, _) = broadcast::channel(params.watch.max(1));
        let intake = Self {
            journal,
            live: Mutex::new(live),
            watchers,
            listener,
            allows: OnceLock::new(),
            keeps_undone: OnceLock::new(),
            params,
            clock,
            counts: Counts::default(),
            bodies: AtomicUsize::new(0),
        };
        Ok((Arc::new(intake), recovery))
    }

    /// Takes the body of one of Segment's calls.
    ///
    /// # Errors
    /// [`IntakeError`].
    pub async fn segment(&self, body: Body, sender: &Sender) -> Result<IngestReply, IntakeError> {
        let (accept, now) = self.accept(sender);
        self.take(body.accept(&accept), sender, now).await
    }

    /// Takes the body of a request of the Measurement Protocol.
    ///
    /// # Errors
    /// [`IntakeError`].
    pub async fn measurement(&self, bytes: &[u8], sender: &Sender) -> Result<IngestReply, IntakeError> {
        let (accept, now) = self.accept(sender);
        let measurement = Measurement::parse(bytes, &self.params.measurement)?;
        self.take(measurement.accept(&accept), sender, now).await
    }

    /// Reads the body of one of Segment's calls.
    ///
    /// # Errors
    /// [`BodyError`].
    pub fn parse(&self, endpoint: Endpoint, bytes: &[u8]) -> Result<Body, BodyError> {
        Body::parse(endpoint, bytes, &self.params.limits)
    }

    fn accept(&self, sender: &Sender) -> (Accept, DateTime<Utc>) {
        let now = self.clock.now();
        let accept = Accept {
            received: now.timestamp_micros(),
            country: sender.market.clone(),
            clock: self.params.clock.clone(),
            limits: self.params.limits.clone(),
        };
        (accept, now)
    }

    async fn take(&self, taken: Taken, sender: &Sender, now: DateTime<Utc>) -> Result<IngestReply, IntakeError> {
        let Taken { accepted, mut refused, warnings } = taken;
        let record = |a: &mut Accepted| Record { key: Key(a.key), payload: std::mem::take(&mut a.line).into_bytes() };
        let mut accepted = accepted;
        if let Some(allows) = self.allows.get() {
            accepted.retain(|one| {
                let allowed = allows(&one.event);
                if !allowed {
                    let detail = "the person does not allow `analytics`: nothing is kept".to_owned();
                    refused.push(Refused { at: one.at.clone(), reason: "no_consent", detail });
                }
                allowed
            });
        }
        let watched = self.watchers.receiver_count() > 0;
        let shown: Vec<Option<String>> = accepted.iter().map(|a| watched.then(|| a.line.clone())).collect();
        let records: Vec<Record> = accepted.iter_mut().map(record).collect();
        let numbers = if records.is_empty() {
            Vec::new()
        } else {
            match self.journal.append(records, now.timestamp_millis()).await {
                Ok(receipt) => receipt.numbers,
                Err(error) => {
                    let counter = match &error {
                        AppendError::Busy { .. } => &self.counts.busy,
                        AppendError::TooLarge { .. }
                        | AppendError::NoSpace { .. }
                        | AppendError::Disk { .. }
                        | AppendError::Closed => &self.counts.unwritten,
                    };
                    counter.fetch_add(1, Relaxed);
                    return Err(error.into());
                }
            }
        };
        let n_fresh = numbers.iter().flatten().count() as u64;
        let n_repeated = numbers.len() as u64 - n_fresh;
        self.counts.accepted.fetch_add(n_fresh, Relaxed);
        self.counts.repeated.fetch_add(n_repeated, Relaxed);
        self.counts.rejected.fetch_add(refused.len() as u64, Relaxed);
        if n_fresh > 0 {
            let mut live = self.lock();
            for (one, _) in accepted.iter().zip(&numbers).filter(|(_, number)| number.is_some()) {
                live.apply(&one.event, one.key, now.timestamp_micros());
            }
            drop(live);
            if let Some(listener) = &self.listener {
                let fresh = accepted.iter().zip(&numbers).filter(|(_, number)| number.is_some());
                fresh.for_each(|(one, _)| listener(&one.event));
            }
        }
        if watched {
            for ((one, line), _) in accepted.iter().zip(&shown).zip(&numbers).filter(|(_, number)| number.is_some()) {
                let problems = warnings.iter().filter(|w| w.at == one.at).map(|w| w.problem.clone()).collect();
                self.tell(live_event(&one.event, line.as_deref(), sender, now, problems));
            }
            for no in &refused {
                self.tell(LiveEvent {
                    received: now.to_rfc3339(),
                    key: sender.key.clone(),
                    accepted: false,
                    problems: vec![format!("{}: {}", no.reason, no.detail)],
                    detail: json!({"at": no.at}),
                    ..LiveEvent::default()
                });
            }
        }
        Ok(IngestReply {
            success: true,
            accepted: n_fresh,
            repeated: n_repeated,
            rejected: refused
                .into_iter()
                .map(|r| RefusedCall { at: r.at, reason: r.reason.to_owned(), detail: r.detail })
                .collect(),
            warnings: warnings.into_iter().map(|w| WarnedCall { at: w.at, problem: w.problem }).collect(),
        })
    }

    fn tell(&self, event: LiveEvent) {
        // Nobody may be watching any more.
        let _ = self.watchers.send(Arc::new(event));
    }

    // The state is whole after every event, so a panic elsewhere leaves it usable.
    pub(super) fn lock(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps events only of people who allow it; set once, before events come.
    pub fn allow(&self, allows: Allows) {
        // Who set it first has the say.
        let _ = self.allows.set(allows);
    }

    /// Keeps links that are taken back; set once, before anybody asks for that.
    pub fn keep_undone(&self, keeps: KeepsUndone) {
        // Who set it first has the say.
        let _ = self.keeps_undone.set(keeps);
    }

    pub(super) fn keeps_undone(&self) -> Option<&KeepsUndone> {
        self.keeps_undone.get()
    }

    /// Asks the live state. It waits while it is asked: copy out what is needed.
    pub fn ask<T>(&self, question: impl FnOnce(&Live) -> T) -> T {
        question(&self.lock())
    }

    /// Changes the live state: links taken back, persons forgotten.
    pub fn change<T>(&self, change: impl FnOnce(&mut Live) -> T) -> T {
        change(&mut self.lock())
    }

    /// The log, for whoever brings its segments into the lake.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Counts since the start.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    pub(super) fn watch(&self) -> broadcast::Receiver<Arc<LiveEvent>> {
        self.watchers.subscribe()
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(super) fn params(&self) -> &IntakeParams {
        &self.params
    }
}

/// Market of a country as written.
pub(super) fn market_of(country: Option<&str>) -> Option<String> {
    market_by_name(country?).map(|m| m.code().to_owned())
}

fn live_event(
    event: &ShopEvent,
    line: Option<&str>,
    sender: &Sender,
    now: DateTime<Utc>,
    problems: Vec<String>,
) -> LiveEvent {
    LiveEvent {
        received: now.to_rfc3339(),
        kind: event.kind.name().to_owned(),
        name: event.name.clone().unwrap_or_default(),
        who: event.user.clone().or_else(|| event.anonymous.clone()).unwrap_or_default(),
        market: market_of(event.country.as_deref()),
        key: sender.key.clone(),
        accepted: true,
        problems,
        detail: line.and_then(|l| serde_json::from_str::<Value>(l).ok()).unwrap_or(Value::Null),
    }
}
