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

/// Rows met so far, in order of source and line. Nearly all rows are met once, so the table holds
/// eight bytes a row, and counts by file are kept only for contents that come again.
#[derive(Debug, Default)]
pub(crate) struct Repeats {
    /// Upper half of the content's hash and row + 1; 0 is free. Open addressing, at most half full.
    slots: Vec<(u32, u32)>,
    sources: Vec<u32>,
    again: FastMap<u32, State>,
}

#[derive(Debug)]
struct State {
    source: u32,
    /// How often the present source gave it.
    here: u32,
    /// The most often that any earlier source did.
    before: u32,
}

impl Repeats {
    /// For at most that many rows.
    pub(crate) fn with_capacity(rows: usize) -> Self {
        let slots = vec![(0, 0); (rows * 2).next_power_of_two().max(2)];
        Self { slots, sources: Vec::with_capacity(rows), again: FastMap::default() }
    }

    /// Notes the next row, with content hash `hash`. `same(row)` compares it with an earlier row, so
    /// that two contents with one hash are never taken for each other.
    pub(crate) fn note(&mut self, hash: u64, source: u32, same: impl Fn(u32) -> bool) -> Seen {
        let row = self.sources.len() as u32;
        self.sources.push(source);
        let (mask, tag) = (self.slots.len() - 1, (hash >> 32) as u32);
        let mut slot = hash as usize & mask;
        let first = loop {
            match self.slots[slot] {
                (_, 0) => {
                    self.slots[slot] = (tag, row + 1);
                    return Seen::First;
                }
                (t, known) if t == tag && same(known - 1) => break known - 1,
                _ => slot = (slot + 1) & mask,
            }
        };
        let state =
            self.again.entry(first).or_insert(State { source: self.sources[first as usize], here: 1, before: 0 });
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // File 0 has the row twice, file 1 three times: two are file 0's, the third is a repeat of its own.
    fn files_are_compared_by_count() {
        let mut repeats = Repeats::with_capacity(5);
        let seen: Vec<Seen> = [0, 0, 1, 1, 1].iter().map(|&s| repeats.note(7, s, |_| true)).collect();
        use Seen::{First, OtherFile, Repeat};
        assert_eq!(seen, [First, Repeat, OtherFile, OtherFile, Repeat]);
    }

    #[test]
    fn an_equal_hash_is_not_an_equal_row() {
        let mut repeats = Repeats::with_capacity(3);
        repeats.note(7, 0, |_| true);
        assert_eq!(repeats.note(7, 0, |_| false), Seen::First);
        assert_eq!(repeats.note(7, 0, |row| row == 1), Seen::Repeat);
    }
}
