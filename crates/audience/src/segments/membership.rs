//! Who is in which segment since when, and the flows between two snapshots.
//!
//! A membership keeps the day of the snapshot that found it first and the reason of that day, as long
//! as it lasts without a gap and the segment keeps its version. What a shopper's facts say changes by
//! events, and by the calendar alone: an order leaves a window of 180 days by doing nothing.
//! [`SegmentBook::next_change`] says when, so a run needs to look only at shoppers whose facts changed
//! and those that are [`Memberships::due`]. That such an update equals looking at everybody is tested
//! as a property.
//!
//! Scores that depend on other shoppers (`r`, `rfm`, `cluster`) are facts: whoever gets another one
//! has changed.

use super::ast::{Expr, Literal, Term, Test};
use super::facts::{Around, ShopperFacts, Value};
use super::{Field, SegmentBook};
use domain::{Day, Language, ShopperId};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A shopper's place in a segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Held {
    /// First snapshot that found it.
    pub since: Day,
    /// Why, as of that day.
    pub reason: String,
}

/// All memberships at one snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Memberships {
    as_of: Day0,
    /// Version of each segment.
    versions: BTreeMap<String, String>,
    /// Members by segment.
    members: BTreeMap<String, BTreeMap<ShopperId, Held>>,
    /// First day on which the calendar alone may change something.
    next_change: BTreeMap<ShopperId, Day>,
}

/// A day whose default is the first of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Day0(Day);

impl Default for Day0 {
    fn default() -> Self {
        Self(Day(i32::MIN))
    }
}

/// Why an update is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MembershipError {
    /// The snapshot lies before the last one.
    #[error("the snapshot {got} lies before the last one, {last}")]
    Past {
        /// The day given.
        got: Day,
        /// The day there is.
        last: Day,
    },
    /// Somebody whom the calendar moves was not given.
    #[error("shopper {0} changes by the passing of days, so its facts have to be given")]
    Due(ShopperId),
    /// A segment means something else than at the last snapshot.
    #[error("segment `{0}` was changed since the last snapshot: look at all shoppers again")]
    Changed(String),
    /// One shopper, two rows.
    #[error("shopper {0} is given twice, one row is right")]
    Twice(ShopperId),
}

/// Shoppers that went from one segment to another between two snapshots.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Flow {
    /// Segment left; `None` where they left none.
    pub from: Option<String>,
    /// Segment entered; `None` where they entered none; the same as `from` for those who stayed.
    pub to: Option<String>,
    /// Shoppers.
    pub n: u64,
}

impl Memberships {
    /// The snapshot; `None` before the first.
    pub fn as_of(&self) -> Option<Day> {
        (self.as_of != Day0::default()).then_some(self.as_of.0)
    }

    /// Members of a segment.
    pub fn of(&self, segment: &str) -> Option<&BTreeMap<ShopperId, Held>> {
        self.members.get(segment)
    }

    /// All segments with their members.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &BTreeMap<ShopperId, Held>)> {
        self.members.iter().map(|(name, members)| (name.as_str(), members))
    }

    /// Version that a segment had at the snapshot.
    pub fn version(&self, segment: &str) -> Option<&str> {
        self.versions.get(segment).map(String::as_str)
    }

    /// Shoppers that have to be looked at again by `as_of` although nothing happened.
    pub fn due(&self, as_of: Day) -> Vec<&ShopperId> {
        self.next_change.iter().filter(|(_, day)| **day <= as_of).map(|(shopper, _)| shopper).collect()
    }

    /// The next snapshot from all shoppers; who is not given is in no segment any more.
    ///
    /// # Errors
    /// [`MembershipError::Past`] and [`MembershipError::Twice`].
    pub fn recompute(&self, book: &SegmentBook, all: &[ShopperFacts], as_of: Day) -> Result<Self, MembershipError> {
        self.check(as_of)?;
        let versions = versions(book);
        let members = versions.keys().map(|name| (name.clone(), BTreeMap::new())).collect();
        let empty = Self { as_of: Day0(as_of), versions, members, next_change: BTreeMap::new() };
        empty.with(self, book, all, as_of)
    }

    /// The next snapshot from the shoppers whose facts changed and those that are [`Self::due`].
    ///
    /// # Errors
    /// [`MembershipError`].
    pub fn update(&self, book: &SegmentBook, changed: &[ShopperFacts], as_of: Day) -> Result<Self, MembershipError> {
        self.check(as_of)?;
        let versions = versions(book);
        let other = |name: &&String| self.versions.get(*name) != versions.get(*name);
        if let Some(name) = versions.keys().chain(self.versions.keys()).find(other) {
            return Err(MembershipError::Changed(name.clone()));
        }
        let given: BTreeSet<&ShopperId> = changed.iter().map(|f| &f.shopper).collect();
        if let Some(missing) = self.due(as_of).into_iter().find(|shopper| !given.contains(shopper)) {
            return Err(MembershipError::Due(missing.clone()));
        }
        let mut next = self.clone();
        next.as_of = Day0(as_of);
        for shopper in given {
            next.next_change.remove(shopper);
            for members in next.members.values_mut() {
                members.remove(shopper);
            }
        }
        next.with(self, book, changed, as_of)
    }

    /// The next snapshot from members that a query found. The reason is the rule itself; the calendar is
    /// the query's business, so nobody is due.
    ///
    /// # Errors
    /// [`MembershipError::Past`].
    pub fn advance(
        &self,
        book: &SegmentBook,
        found: &BTreeMap<String, BTreeSet<ShopperId>>,
        as_of: Day,
    ) -> Result<Self, MembershipError> {
        self.check(as_of)?;
        let versions = versions(book);
        let mut next = Self { as_of: Day0(as_of), versions, ..Self::default() };
        for entry in book.entries() {
            let reason = entry.text();
            let shoppers = found.get(entry.name()).into_iter().flatten();
            let members = shoppers.map(|s| (s.clone(), next.held(self, entry.name(), s, as_of, || reason.clone())));
            let members = members.collect();
            next.members.insert(entry.name().to_owned(), members);
        }
        Ok(next)
    }

    fn check(&self, as_of: Day) -> Result<(), MembershipError> {
        let last = self.as_of.0;
        if as_of < last { Err(MembershipError::Past { got: as_of, last }) } else { Ok(()) }
    }

    /// A membership goes on where the version is the same, else it starts.
    fn held(
        &self,
        before: &Self,
        segment: &str,
        shopper: &ShopperId,
        as_of: Day,
        why: impl FnOnce() -> String,
    ) -> Held {
        let same = before.versions.get(segment) == self.versions.get(segment);
        let held = before.members.get(segment).and_then(|m| m.get(shopper)).filter(|_| same);
        held.cloned().unwrap_or_else(|| Held { since: as_of, reason: why() })
    }

    fn with(
        mut self,
        before: &Self,
        book: &SegmentBook,
        facts: &[ShopperFacts],
        as_of: Day,
    ) -> Result<Self, MembershipError> {
        let mut seen = BTreeSet::new();
        for f in facts {
            if !seen.insert(&f.shopper) {
                return Err(MembershipError::Twice(f.shopper.clone()));
            }
            for segment in book.members_of(f, as_of) {
                let held = self.held(before, &segment, &f.shopper, as_of, || reason(book, &segment, f, as_of));
                self.members.entry(segment).or_default().insert(f.shopper.clone(), held);
            }
            if let Some(day) = book.next_change(f, as_of) {
                self.next_change.insert(f.shopper.clone(), day);
            }
        }
        Ok(self)
    }

    /// Who went where since an earlier snapshot. A shopper who left two segments and entered one is in
    /// two flows; one who left a segment and entered none flows to `None`.
    pub fn flows_since(&self, before: &Self) -> Vec<Flow> {
        let (old, new) = (before.by_shopper(), self.by_shopper());
        let nothing = BTreeSet::new();
        let mut flows: BTreeMap<(Option<&str>, Option<&str>), u64> = BTreeMap::new();
        let shoppers: BTreeSet<&ShopperId> = old.keys().chain(new.keys()).copied().collect();
        for shopper in shoppers {
            let (was, is) = (old.get(shopper).unwrap_or(&nothing), new.get(shopper).unwrap_or(&nothing));
            let mut add = |from, to| *flows.entry((from, to)).or_default() += 1;
            let (left, entered): (Vec<_>, Vec<_>) = (was.difference(is).collect(), is.difference(was).collect());
            was.intersection(is).for_each(|s| add(Some(*s), Some(*s)));
            for from in &left {
                entered.iter().for_each(|to| add(Some(**from), Some(**to)));
                if entered.is_empty() {
                    add(Some(**from), None);
                }
            }
            if left.is_empty() {
                entered.iter().for_each(|to| add(None, Some(**to)));
            }
        }
        let own = |name: Option<&str>| name.map(str::to_owned);
        flows.into_iter().map(|((from, to), n)| Flow { from: own(from), to: own(to), n }).collect()
    }

    fn by_shopper(&self) -> BTreeMap<&ShopperId, BTreeSet<&str>> {
        let mut segments: BTreeMap<&ShopperId, BTreeSet<&str>> = BTreeMap::new();
        for (name, members) in &self.members {
            for shopper in members.keys() {
                segments.entry(shopper).or_default().insert(name.as_str());
            }
        }
        segments
    }
}

fn versions(book: &SegmentBook) -> BTreeMap<String, String> {
    book.entries().map(|e| (e.name().to_owned(), e.version().to_owned())).collect()
}

/// The statements of a rule with the shopper's values, one after the other.
fn reason(book: &SegmentBook, segment: &str, facts: &ShopperFacts, as_of: Day) -> String {
    let explanation = book.explain(segment, facts, as_of);
    explanation.map(|e| e.statements(Language::EN).join("; ")).unwrap_or_default()
}

impl SegmentBook {
    /// Whether a segment asks for age, sex, education, job or income, itself or by reference.
    pub fn is_demographic(&self, name: &str) -> bool {
        let Some(entry) = self.get(name) else { return false };
        let asks = |term: &Term| matches!(term, Term::Field(f) if f.is_demographic());
        let own = entry.rule().tests().into_iter().any(|test| match test.term() {
            Term::Group(name) => self.grouping(name).is_some_and(|g| g.measures.iter().any(|m| asks(&m.term))),
            term => asks(term),
        });
        own || entry.depends_on().iter().any(|below| self.is_demographic(below))
    }

    /// The first cutoff after `as_of` at which a statement about the shopper may change although no fact
    /// does; `None` where none will. It may be too early, never too late.
    pub fn next_change(&self, facts: &ShopperFacts, as_of: Day) -> Option<Day> {
        let tests = self.entries().flat_map(|e| e.rule().tests());
        tests.filter_map(|test| next_turn(test, facts, as_of)).min()
    }
}

/// When one statement may change.
fn next_turn(test: &Test, facts: &ShopperFacts, as_of: Day) -> Option<Day> {
    let mut turns: Vec<Day> = Vec::new();
    // A day enters a window on the morning after it and leaves it `window + 1` days after it.
    let mut pass = |days: &mut dyn Iterator<Item = Day>, window: Option<u32>| {
        for day in days {
            turns.push(day.plus(1));
            turns.extend(window.map(|w| day.plus(w as i32 + 1)));
        }
    };
    let mut orders = facts.orders.iter().map(|o| o.day);
    match test.term() {
        Term::Measure(_, window) => pass(&mut orders, *window),
        Term::Product(super::ast::Deed::Bought, _, _, w) => pass(&mut facts.bought.iter().map(|p| p.day), *w),
        Term::Product(super::ast::Deed::Viewed, _, _, w) => pass(&mut facts.viewed.iter().map(|p| p.day), *w),
        Term::Searched(_, window) => pass(&mut facts.searched.iter().map(|s| s.0), *window),
        Term::CartAbandoned(window) => pass(&mut facts.abandoned.into_iter(), *window),
        Term::Field(field) => match field {
            Field::FirstOrder | Field::LastOrder | Field::DaysSinceFirstOrder | Field::DaysSinceLastOrder => {
                pass(&mut orders, None);
                turns.extend(crossings(test, facts, as_of));
            }
            Field::ReturnedLast | Field::BasketSize => pass(&mut orders, None),
            field if field.kind() == super::field::Kind::Day => turns.extend(crossings(test, facts, as_of)),
            _ => {}
        },
        // Nearness to a group moves with every measure; those that count days move every day.
        Term::Group(_) => turns.push(as_of.plus(1)),
        Term::Tag(_) | Term::Segment(_) | Term::Interest(_) | Term::Value(_) => {}
    }
    turns.into_iter().filter(|day| *day > as_of).min()
}

/// Cutoffs at which a comparison with days that pass may turn.
fn crossings(test: &Test, facts: &ShopperFacts, as_of: Day) -> Vec<Day> {
    let literals: Vec<&Literal> = match test {
        Test::Compare(_, _, a) => vec![a],
        Test::Between(_, a, b) => vec![a, b],
        Test::In(_, list) => list.iter().collect(),
        Test::Yes(_) | Test::Missing(_) => vec![],
    };
    let value = facts.value(test.term(), as_of, Around::NOTHING);
    let around = |day: Day, gap: f64| {
        // The whole days on both sides of the gap, and the one after: `=` turns twice.
        let whole = gap.floor().clamp(-1e8, 1e8) as i32;
        [day.plus(whole), day.plus(whole + 1)]
    };
    let turns = |literal: &&Literal| match (literal, &value) {
        (Literal::Ago(days), Some(Value::Day(day))) => around(*day, f64::from(*days)).to_vec(),
        (Literal::Number(n), Some(Value::Number(since))) => around(as_of.plus(-(*since as i32)), *n).to_vec(),
        _ => vec![],
    };
    literals.iter().flat_map(turns).collect()
}

impl SegmentBook {
    /// Whether a segment can be asked of an earlier day: neither its rule nor one that it refers to uses what is known of
    /// today alone (scores, clusters, tags, forecasts, interests, carts). `false` for one that is not defined.
    pub fn has_a_past(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|entry| entry.rule().tests().into_iter().all(|test| self.term_has_a_past(test.term())))
    }

    fn term_has_a_past(&self, term: &Term) -> bool {
        match term {
            Term::Field(field) => !matches!(
                field,
                Field::Rfm
                    | Field::R
                    | Field::F
                    | Field::M
                    | Field::Cluster
                    | Field::PriceSensitivity
                    | Field::PAlive
                    | Field::ExpectedValue
                    | Field::ChurnRisk
            ),
            Term::Measure(..) | Term::Product(..) | Term::Searched(..) => true,
            Term::CartAbandoned(_) | Term::Tag(_) | Term::Interest(_) | Term::Value(_) => false,
            Term::Group(name) => {
                self.grouping(name).is_some_and(|g| g.measures.iter().all(|m| self.term_has_a_past(&m.term)))
            }
            Term::Segment(name) => self.has_a_past(name),
        }
    }
}

/// Whether a rule can change by the calendar alone: for a planner that wants to know what to run daily.
pub fn depends_on_the_day(rule: &Expr) -> bool {
    rule.tests().into_iter().any(|test| {
        let ago = |l: &Literal| matches!(l, Literal::Ago(_));
        let literal = match test {
            Test::Compare(_, _, a) => ago(a),
            Test::Between(_, a, b) => ago(a) || ago(b),
            Test::In(_, list) => list.iter().any(ago),
            Test::Yes(_) | Test::Missing(_) => false,
        };
        literal
            || match test.term() {
                Term::Measure(_, w) | Term::Product(_, _, _, w) | Term::Searched(_, w) | Term::CartAbandoned(w) => {
                    w.is_some()
                }
                Term::Field(f) => matches!(f, Field::DaysSinceFirstOrder | Field::DaysSinceLastOrder),
                Term::Group(_) => true,
                Term::Tag(_) | Term::Segment(_) | Term::Interest(_) | Term::Value(_) => false,
            }
    })
}
