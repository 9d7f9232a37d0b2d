//! All rules that hold for a seller: ours, replaced and added to by theirs. What was replaced or removed stays citable.

use super::kind::{Family, KindIdx, Kinds};
use super::rule::Rule;
use super::rules_file::RulesFile;
use crate::own_file::{FileError, Source};
use domain::{Day, Market};
use std::collections::BTreeMap;

/// Version of the rules compiled in: year, month and a number; it changes with every change of a rule.
pub const RULES_VERSION: &str = "2026.11-1";

/// The tables compiled in, one a family of rules.
const BUILT_IN: &[(&str, &str)] = &[
    ("built-in mains", include_str!("data/mains.toml")),
    ("built-in marks", include_str!("data/marks.toml")),
    ("built-in labels", include_str!("data/labels.toml")),
    ("built-in transport", include_str!("data/transport.toml")),
    ("built-in restricted", include_str!("data/restricted.toml")),
];

/// Why a rule is no longer asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Retired {
    /// The seller's rule of the same id took its place.
    Replaced,
    /// The seller removed it, with this reason.
    Removed(String),
}

/// Rules in force and rules that were.
#[derive(Clone, Debug)]
pub struct Rulebook {
    kinds: Kinds,
    rules: Vec<Rule>,
    retired: Vec<(Rule, Retired)>,
    by_market: BTreeMap<Market, Vec<usize>>,
    everywhere: Vec<usize>,
}

impl Rulebook {
    /// Our rules, of general knowledge: every output says "verify".
    ///
    /// # Panics
    /// Never: a test reads the tables that are compiled in.
    pub fn built_in() -> Self {
        let kinds = Kinds::built_in();
        let mut rules: Vec<Rule> = Vec::new();
        for (file, text) in BUILT_IN {
            let read = RulesFile::parse(Source { file, text }, &kinds, None);
            rules.extend(read.expect("the rules compiled in can be read").rules);
        }
        Self::new(kinds, rules, Vec::new())
    }

    fn new(kinds: Kinds, mut rules: Vec<Rule>, retired: Vec<(Rule, Retired)>) -> Self {
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        let mut by_market: BTreeMap<Market, Vec<usize>> = BTreeMap::new();
        let mut everywhere = Vec::new();
        for (i, rule) in rules.iter().enumerate() {
            if rule.markets.is_empty() {
                everywhere.push(i);
            }
            for market in &rule.markets {
                by_market.entry(*market).or_default().push(i);
            }
        }
        Self { kinds, rules, retired, by_market, everywhere }
    }

    /// With a seller's `rules.toml`.
    ///
    /// # Errors
    /// [`FileError`] naming line, key, value and what would be right.
    pub fn with_own(self, file: &str, text: &str) -> Result<Self, FileError> {
        let own = RulesFile::parse(Source { file, text }, &self.kinds, Some(&self.rules))?;
        let mut retired = self.retired;
        let mut rules = Vec::with_capacity(self.rules.len() + own.rules.len());
        for rule in self.rules {
            let removed = own.removed.iter().find(|(id, _)| *id == rule.id);
            if own.rules.iter().any(|o| o.id == rule.id) {
                retired.push((rule, Retired::Replaced));
            } else if let Some((_, reason)) = removed {
                retired.push((rule, Retired::Removed(reason.clone())));
            } else {
                rules.push(rule);
            }
        }
        rules.extend(own.rules);
        Ok(Self::new(self.kinds, rules, retired))
    }

    /// Kinds of products, to read facts with.
    pub fn kinds(&self) -> &Kinds {
        &self.kinds
    }

    /// All rules, by id.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Rules that were replaced or removed, and why.
    pub fn retired(&self) -> &[(Rule, Retired)] {
        &self.retired
    }

    /// A rule by its id, in force or retired.
    pub fn find(&self, id: &str) -> Option<&Rule> {
        let retired = || self.retired.iter().map(|(rule, _)| rule).find(|r| r.id == id);
        self.rules.iter().find(|r| r.id == id).or_else(retired)
    }

    /// What became of a rule that is no longer asked; `None` for one in force.
    pub fn retired_as(&self, rule: &Rule) -> Option<&Retired> {
        self.retired.iter().find(|(r, _)| std::ptr::eq(r, rule)).map(|(_, how)| how)
    }

    /// Whether a rule may speak of products of a family: one without families does if it names no kind or one of that family.
    pub fn speaks_of(&self, rule: &Rule, family: Family) -> bool {
        let of_family = |kind: &KindIdx| self.kinds.get(*kind).is_some_and(|k| k.family == family);
        let (families, kinds) = (&rule.when.families, &rule.when.kinds);
        (families.is_empty() || families.contains(&family)) && (kinds.is_empty() || kinds.iter().any(of_family))
    }

    /// Markets that rules speak of by name.
    pub fn markets(&self) -> impl Iterator<Item = Market> {
        self.by_market.keys().copied()
    }

    /// Numbers of the rules of a market that hold on a day.
    pub(crate) fn of(&self, market: Market, day: Day) -> Vec<usize> {
        let here = self.by_market.get(&market).map_or(&[][..], Vec::as_slice);
        let mut all: Vec<usize> = here.iter().chain(&self.everywhere).copied().collect();
        all.retain(|&i| self.rules[i].holds(day));
        all.sort_unstable();
        all
    }
}
