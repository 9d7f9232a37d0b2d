//! Which visitors of a log are machines.
//!
//! *Name*: an agent that is empty, or that `agents` knows. *Robots*: asked for `/robots.txt`. *Rate*: more pages within a
//! minute than a person reads. *Period*: nine of ten pages follow the one before after the same time, to two in a hundred
//! or a second. *Probing*: most requests hit nothing. *Headless*: many pages and not one of the files that belong to them,
//! in a log that has such files. The rules of rates and periods are those of `clean`'s rule `bot_traffic`, which looks at
//! events from everywhere once more.

use super::AccessLogParams;
use super::line::LogLine;
use crate::agents::reads_as_machine;
use crate::time::{MINUTE, Micros, SECOND};
use std::collections::BTreeMap;

/// What gave a machine away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BotSign {
    /// It says so.
    Name,
    /// It read the rules for machines.
    Robots,
    /// It is too fast.
    Rate,
    /// It is too regular.
    Period,
    /// It tries doors.
    Probing,
    /// It reads pages without showing them.
    Headless,
}

impl BotSign {
    /// In lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Robots => "robots",
            Self::Rate => "rate",
            Self::Period => "period",
            Self::Probing => "probing",
            Self::Headless => "headless",
        }
    }
}

type Visitor = (String, String);

/// Machines among the visitors, each with the first sign that was found.
pub(crate) fn signs(hits: &[LogLine], params: &AccessLogParams) -> BTreeMap<Visitor, BotSign> {
    let mut by_visitor: BTreeMap<Visitor, Vec<&LogLine>> = BTreeMap::new();
    hits.iter().for_each(|hit| by_visitor.entry(hit.visitor()).or_default().push(hit));
    let log_has_files = hits.iter().any(LogLine::is_file);
    let sign = |(visitor, hits): (Visitor, Vec<&LogLine>)| Some((visitor, sign(&hits, log_has_files, params)?));
    by_visitor.into_iter().filter_map(sign).collect()
}

fn sign(hits: &[&LogLine], log_has_files: bool, params: &AccessLogParams) -> Option<BotSign> {
    if hits.first().is_some_and(|h| reads_as_machine(&h.agent)) {
        return Some(BotSign::Name);
    }
    if hits.iter().any(|h| h.path() == "/robots.txt") {
        return Some(BotSign::Robots);
    }
    let mut pages: Vec<Micros> = hits.iter().filter(|h| h.is_page()).map(|h| h.at).collect();
    pages.sort_unstable();
    let fast = pages.windows(params.pages_a_minute + 1).any(|w| w[w.len() - 1] - w[0] < MINUTE);
    if fast {
        return Some(BotSign::Rate);
    }
    if pages.len() >= params.n_for_behaviour && is_regular(&pages) {
        return Some(BotSign::Period);
    }
    let n_missed = hits.iter().filter(|h| (400..500).contains(&h.status)).count();
    if hits.len() >= params.n_for_behaviour && 2 * n_missed > hits.len() {
        return Some(BotSign::Probing);
    }
    let shown = hits.iter().any(|h| h.is_file());
    (log_has_files && !shown && pages.len() >= params.n_for_behaviour).then_some(BotSign::Headless)
}

fn is_regular(times: &[Micros]) -> bool {
    let mut gaps: Vec<Micros> = times.windows(2).map(|w| w[1] - w[0]).collect();
    gaps.sort_unstable();
    let Some(median) = gaps.get(gaps.len() / 2).copied().filter(|m| *m >= 2 * SECOND) else { return false };
    let tolerance = (median / 50).max(SECOND);
    let near = gaps.iter().filter(|g| (**g - median).abs() <= tolerance).count();
    10 * near >= 9 * gaps.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_reads_at_uneven_times() {
        assert!(is_regular(&(0..25).map(|i| i * 30 * SECOND).collect::<Vec<_>>()));
        assert!(!is_regular(&(0..25).map(|i: i64| i * i * 3 * SECOND).collect::<Vec<_>>()));
    }
}
