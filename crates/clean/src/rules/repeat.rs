//! Repeats. Inside one file a row that equals an earlier one in every business field is marked and
//! kept: two equal lines of one invoice may be one article scanned twice, so a figure decides
//! whether it counts them. The same row in *another* file of the same system is something else:
//! exports overlap, and the sale happened once. Such a row is marked too and never settled.
//!
//! Files are compared by count: if file A has a row twice and file B three times, two rows of B
//! are A's and the third is B's own.

use super::{Policy, RuleDoc};
use crate::hash::FastMap;

pub(crate) const DOC: RuleDoc = RuleDoc {
    name: "exact_repeat",
    policy: Policy::Mark,
    doc: "a row equal in all business fields to an earlier row of its file is kept and marked as a repeat",
};

pub(crate) const OTHER_FILE: RuleDoc = RuleDoc {
    name: "other_file_repeat",
    policy: Policy::Mark,
    doc: "a row that an earlier file of the same system gave already is kept, marked as a repeat and never settled",
};

pub(crate) const EVENT: RuleDoc = RuleDoc {
    name: "event_repeat",
    policy: Policy::Merge,
    doc: "an event whose message identifier was met before is merged into the first one",
};

pub(crate) const RECORD: RuleDoc = RuleDoc {
    name: "record_repeat",
    policy: Policy::Merge,
    doc: "a later record with the same key replaces an earlier one, and the replacement is recorded",
};

/// What a row is to the rows before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Not met before.
    First,
    /// Equal to an earlier row of its own file.
    Repeat,
    /// Given by an earlier file already.
    OtherFile,
}

/// Rows met so far, in order of source and line.
#[derive(Debug, Default)]
pub(crate) struct Repeats {
    seen: FastMap<u64, State>,
}

#[derive(Debug)]
struct State {
    /// A row with this content, to compare with.
    row: u32,
    source: u32,
    /// How often the present source gave it.
    here: u32,
    /// The most often that any earlier source did.
    before: u32,
}

impl Repeats {
    pub(crate) fn with_capacity(rows: usize) -> Self {
        Self { seen: FastMap::with_capacity_and_hasher(rows, Default::default()) }
    }

    /// Notes a row with content hash `hash`. `same(row)` compares with an earlier row, so that two
    /// contents with one hash are never taken for each other.
    pub(crate) fn note(&mut self, hash: u64, row: u32, source: u32, same: impl FnOnce(u32) -> bool) -> Seen {
        match self.seen.entry(hash) {
            std::collections::hash_map::Entry::Vacant(vacant) => {
                vacant.insert(State { row, source, here: 1, before: 0 });
                Seen::First
            }
            std::collections::hash_map::Entry::Occupied(mut occupied) => {
                let state = occupied.get_mut();
                if !same(state.row) {
                    return Seen::First;
                }
                if state.source != source {
                    state.before = state.before.max(state.here);
                    state.here = 0;
                    state.source = source;
                }
                state.here += 1;
                if state.here <= state.before {
                    Seen::OtherFile
                } else if state.here > 1 {
                    Seen::Repeat
                } else {
                    Seen::First
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // File 0 has the row twice, file 1 three times: two are file 0's, the third is a repeat of its own.
    fn files_are_compared_by_count() {
        let mut repeats = Repeats::default();
        let seen: Vec<Seen> =
            [0, 0, 1, 1, 1].iter().enumerate().map(|(row, &s)| repeats.note(7, row as u32, s, |_| true)).collect();
        use Seen::{First, OtherFile, Repeat};
        assert_eq!(seen, [First, Repeat, OtherFile, OtherFile, Repeat]);
    }

    #[test]
    fn an_equal_hash_is_not_an_equal_row() {
        let mut repeats = Repeats::default();
        repeats.note(7, 0, 0, |_| true);
        assert_eq!(repeats.note(7, 1, 0, |_| false), Seen::First);
    }
}
