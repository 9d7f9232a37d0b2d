//! The verdict: may this product be sold in this market on this day, and if not as it is, what has to change.
//!
//! Every rule of the market that holds on the day is asked whether it speaks of the product (yes, no, or it depends on what is
//! not known), and if so whether the product meets it. Then:
//! - one rule that forbids it: blocked;
//! - else something that is not known and could change the verdict: unknown, with what is missing;
//! - else demands that are not met: sell with change; else sell.
//!
//! Voltage: a rated range has to come within 10 % of a nominal voltage of the market (IEC 60038 allows 10 %; 220 V goods run on
//! 230 and 240 V, 120 V goods do not run on 100 V). A market without a mains rule is not known at all.
//! A mark or language that the seller has not spoken of is a change that costs nothing at best: it may be at hand.
//!
//! Cost: `O(rules of the market)` a product; the rules of a market are gathered once.

use super::facts::ProductFacts;
use super::rule::{Attribute, ChangeKind, Demand, Rule, Speaks};
use super::rulebook::Rulebook;
use super::traits::Trait;
use domain::{Day, Market, Money};
use std::collections::BTreeSet;

/// How far a rated voltage may lie from the nominal one.
const VOLTAGE_TOLERANCE: f64 = 0.1;

/// Something that has to change.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Which kind of change.
    pub kind: ChangeKind,
    /// Number of the rule in [`Rulebook::rules`].
    pub rule: usize,
    /// Rough cost, lowest and highest.
    pub cost: Option<(Money, Money)>,
    /// It may be at hand already: the seller has not said.
    pub perhaps_at_hand: bool,
}

/// What comes out.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// As it is.
    Sell,
    /// After these changes.
    SellWithChange {
        /// What.
        changes: Vec<Change>,
    },
    /// Not at all.
    Blocked {
        /// Rules that forbid it.
        why: Vec<usize>,
    },
    /// It depends on what is not known.
    Unknown {
        /// What is missing, in order.
        missing: Vec<Attribute>,
        /// Changes that are needed in any case.
        changes: Vec<Change>,
    },
}

/// A product in a market on a day.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// Where.
    pub market: Market,
    /// When.
    pub day: Day,
    /// What comes out.
    pub verdict: Verdict,
    /// Every rule that spoke of the product, met or not; numbers in [`Rulebook::rules`].
    pub cited: Vec<usize>,
    /// Something to know: rules of demand `note`, and one voltage of several.
    pub notes: Vec<usize>,
    /// The family is known but no kind: rules for single kinds were not asked.
    pub kind_not_known: bool,
    /// Traits taken as not there because the name says nothing of them.
    pub assumed_without: Vec<Trait>,
}

impl Judgement {
    /// Columns of a catalogue that would tell more: what is not known, and marks or languages that the seller has not spoken of.
    pub fn missing_columns(&self) -> BTreeSet<&'static str> {
        let (missing, changes): (&[Attribute], &[Change]) = match &self.verdict {
            Verdict::Sell | Verdict::Blocked { .. } => (&[], &[]),
            Verdict::SellWithChange { changes } => (&[], changes),
            Verdict::Unknown { missing, changes } => (missing, changes),
        };
        let unspoken = changes.iter().filter(|c| c.perhaps_at_hand).map(|c| match c.kind {
            ChangeKind::Language => "label_languages",
            ChangeKind::Mark | ChangeKind::Voltage | ChangeKind::Frequency | ChangeKind::Plug | ChangeKind::Other => {
                "marks"
            }
        });
        // Rules of a market are no matter of the catalogue.
        let asked = missing.iter().filter(|a| **a != Attribute::MarketRules).map(|a| a.column());
        asked.chain(unspoken).collect()
    }
}

/// Whether a product meets a demand.
enum Met {
    Yes,
    No {
        kind: ChangeKind,
        perhaps: bool,
    },
    Forbidden,
    Note,
    /// Several things at once, for mains: what is not known and what has to change.
    Mains {
        missing: Vec<Attribute>,
        kinds: Vec<ChangeKind>,
    },
}

/// The rules of a market on a day, gathered once for many products.
#[derive(Clone, Debug)]
pub struct MarketRules<'a> {
    book: &'a Rulebook,
    market: Market,
    day: Day,
    rules: Vec<usize>,
    has_mains: bool,
}

impl Rulebook {
    /// The rules of a market on a day.
    pub fn market(&self, market: Market, day: Day) -> MarketRules<'_> {
        let rules = self.of(market, day);
        let has_mains = rules.iter().any(|&i| matches!(self.rules()[i].demand, Demand::Mains { .. }));
        MarketRules { book: self, market, day, rules, has_mains }
    }

    /// One product in one market.
    pub fn judge(&self, facts: &ProductFacts, market: Market, day: Day) -> Judgement {
        self.market(market, day).judge(facts)
    }
}

impl MarketRules<'_> {
    /// The market.
    pub fn market(&self) -> Market {
        self.market
    }

    /// Whether anything is known about the market: without a rule of its own every verdict is unknown.
    pub fn is_known(&self) -> bool {
        self.has_mains
    }

    /// The verdict for a product.
    pub fn judge(&self, facts: &ProductFacts) -> Judgement {
        let (mut changes, mut why, mut missing) = (Vec::new(), Vec::new(), Vec::new());
        let (mut cited, mut notes) = (Vec::new(), Vec::new());
        for &i in &self.rules {
            let rule = &self.book.rules()[i];
            let speaks = rule.when.speaks_of(facts);
            if speaks == Speaks::No {
                continue;
            }
            let met = meets(rule, facts);
            if let Speaks::Depends(on) = speaks {
                // What is met anyway, or is only told, does not depend on anything.
                if !matches!(met, Met::Yes | Met::Note) {
                    missing.extend(on);
                    cited.push(i);
                }
                continue;
            }
            cited.push(i);
            let change = |kind, perhaps_at_hand| {
                let cost =
                    rule.cost.map(|(low, high)| (if perhaps_at_hand { Money { minor: 0, ..low } } else { low }, high));
                Change { kind, rule: i, cost, perhaps_at_hand }
            };
            match met {
                Met::Yes => {}
                Met::No { kind, perhaps } => changes.push(change(kind, perhaps)),
                Met::Mains { missing: unknown, kinds } => {
                    missing.extend(unknown);
                    changes.extend(kinds.into_iter().map(|kind| change(kind, false)));
                }
                Met::Forbidden => why.push(i),
                Met::Note => notes.push(i),
            }
        }
        if facts.family.is_none() {
            missing.push(Attribute::Category);
        }
        if !self.has_mains {
            missing.push(Attribute::MarketRules);
        }
        missing.sort_unstable();
        missing.dedup();
        let verdict = if !why.is_empty() {
            Verdict::Blocked { why }
        } else if !missing.is_empty() {
            Verdict::Unknown { missing, changes }
        } else if changes.is_empty() {
            Verdict::Sell
        } else {
            Verdict::SellWithChange { changes }
        };
        let kind_not_known = facts.family.is_some() && facts.kind.is_none();
        let assumed_without = facts.assumed_without.clone();
        Judgement { market: self.market, day: self.day, verdict, cited, notes, kind_not_known, assumed_without }
    }
}

fn meets(rule: &Rule, facts: &ProductFacts) -> Met {
    match &rule.demand {
        Demand::Mains { volts, hertz, sockets } => {
            let (mut missing, mut kinds) = (Vec::new(), Vec::new());
            match facts.volts {
                None => missing.push(Attribute::Voltage),
                Some((low, high)) => {
                    let fits = |v: &f64| {
                        low <= v * (1.0 + VOLTAGE_TOLERANCE) + 1e-9 && high >= v * (1.0 - VOLTAGE_TOLERANCE) - 1e-9
                    };
                    if !volts.iter().any(fits) {
                        kinds.push(ChangeKind::Voltage);
                    }
                }
            }
            if facts.hertz.is_some_and(|(low, high)| low > hertz + 0.5 || high < hertz - 0.5) {
                kinds.push(ChangeKind::Frequency);
            }
            match facts.plugs {
                None => missing.push(Attribute::Plug),
                Some(plugs) if !plugs.fits(*sockets) => kinds.push(ChangeKind::Plug),
                Some(_) => {}
            }
            if missing.is_empty() && kinds.is_empty() { Met::Yes } else { Met::Mains { missing, kinds } }
        }
        Demand::Mark(any) => match &facts.marks {
            Some(marks) if any.iter().any(|m| marks.contains(m)) => Met::Yes,
            marks => Met::No { kind: ChangeKind::Mark, perhaps: marks.is_none() },
        },
        Demand::Languages(all) => match &facts.languages {
            Some(have) if all.iter().all(|l| have.contains(l)) => Met::Yes,
            have => Met::No { kind: ChangeKind::Language, perhaps: have.is_none() },
        },
        Demand::OneLanguage(any) => match &facts.languages {
            Some(have) if any.iter().any(|l| have.contains(l)) => Met::Yes,
            have => Met::No { kind: ChangeKind::Language, perhaps: have.is_none() },
        },
        Demand::Change => Met::No { kind: ChangeKind::Other, perhaps: false },
        Demand::Blocked => Met::Forbidden,
        Demand::Note => Met::Note,
    }
}
