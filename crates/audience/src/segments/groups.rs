//! A segment that is a model: shoppers grouped by k-means, a Gaussian mixture or hierarchically, frozen so that a rule can
//! ask for it.
//!
//! `group("habits") = 2` is a statement like any other. What was fitted once ([`super::group_fit`]) is kept as numbers: how
//! each measure is scaled, and a form of the second degree a group. A shopper belongs to the group whose form is largest,
//!
//! `f(x) = c − |W (z − μ)|² / 2`, with `z` the scaled measures,
//!
//! the first of them on a tie: `c = 0`, `W = I` is the nearest centre (k-means, and hierarchical clustering, whose
//! groups are carried to new shoppers by their centres), otherwise the component of a mixture that a shopper belongs to
//! most. Nothing is fitted anew when a rule is asked: the same numbers judge an earlier day, so flows between
//! groups are moves of shoppers and not of the groups' borders. To fit again is another version.
//!
//! A shopper without one of the measures is in no group, and `group("habits") is missing` holds.

use super::ast::Term;
use super::field::Kind;
use super::parser::parse_measures;
use crate::grouping::Trust;
use domain::{Day, Language};
use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// How shoppers were grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Nearest of `k` centres (Lloyd, 1982, from k-means++ starts).
    KMeans,
    /// Mixture of normal distributions, by expectation maximisation.
    Mixture,
    /// Ward's joins, cut at `k` groups.
    Hierarchical,
}

impl Method {
    /// As a person writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::KMeans => "kmeans",
            Self::Mixture => "mixture",
            Self::Hierarchical => "hierarchical",
        }
    }
}

/// A measure and its scale: `(g(x) − shift) / scale`, `g(x) = ln(1 + x)` where `log`, else `x`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// The term, as a rule writes it.
    #[serde(with = "as_text")]
    pub term: Term,
    /// Whether its logarithm is taken; a value of −1 or less is missing then.
    pub log: bool,
    /// Mean over the shoppers that were grouped.
    pub shift: f64,
    /// Their deviation, above 0.
    pub scale: f64,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// What sets it apart, in English.
    pub label: String,
    /// The same in Chinese.
    pub label_zh: String,
    /// Shoppers when it was fitted.
    pub n_shoppers: usize,
    /// Their median of each measure, in its own unit.
    pub medians: Vec<f64>,
    /// `μ`.
    pub centre: Vec<f64>,
    /// `W`, row `i` with `i + 1` numbers.
    pub whitening: Vec<Vec<f64>>,
    /// `c`.
    pub constant: f64,
}

/// What another number of groups would have come to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tried {
    /// Groups.
    pub k: usize,
    /// Bayesian information criterion, smaller is better; of a mixture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bic: Option<f64>,
    /// How far it can be trusted.
    pub trust: Trust,
}

/// A grouping under its name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grouping {
    /// Its name, as `group("…")` writes it.
    pub name: String,
    /// How it was made.
    pub method: Method,
    /// First day that it did not see.
    pub fitted_before: Day,
    /// Shoppers that were grouped.
    pub n_shoppers: usize,
    /// Shoppers without one of the measures, who are in no group.
    pub n_missing: usize,
    /// What they were grouped by, at least one.
    pub measures: Vec<Measured>,
    /// The groups, the largest first; a rule counts them from 1.
    pub groups: Vec<Group>,
    /// All numbers of groups that were tried.
    pub tried: Vec<Tried>,
}

/// A term as text.
mod as_text {
    use super::Term;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(term: &Term, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(term)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Term, D::Error> {
        let text = String::deserialize(from)?;
        let mut terms = super::parse_measures(&text).map_err(D::Error::custom)?;
        match (terms.pop(), terms.is_empty()) {
            (Some(term), true) => Ok(term),
            _ => Err(D::Error::custom(format!("`{text}` is not one measure"))),
        }
    }
}

impl Measured {
    /// The scaled value; `None` where it has none.
    fn scaled(&self, value: f64) -> Option<f64> {
        let value = if self.log { (value > -1.0).then(|| value.ln_1p())? } else { value };
        let scaled = (value - self.shift) / self.scale;
        scaled.is_finite().then_some(scaled)
    }

    /// A scaled value in the measure's own unit.
    pub fn unscaled(&self, scaled: f64) -> f64 {
        let value = scaled * self.scale + self.shift;
        if self.log { value.exp_m1() } else { value }
    }

    /// [`Self::scaled`] of a column, null where it has none.
    pub(super) fn sql(&self, column: &str) -> String {
        let value = format!("cast({column} as double)");
        let value = if self.log { format!("case when {value} > -1 then ln(1 + {value}) end") } else { value };
        format!("(({value}) - ({})) / {}", number(self.shift), number(self.scale))
    }
}

impl Group {
    fn form(&self, z: &[f64]) -> f64 {
        let apart: Vec<f64> = z.iter().zip(&self.centre).map(|(z, m)| z - m).collect();
        let along = |row: &Vec<f64>| row.iter().zip(&apart).map(|(w, a)| w * a).sum::<f64>();
        self.constant - self.whitening.iter().map(|row| along(row).powi(2)).sum::<f64>() / 2.0
    }

    /// [`Self::form`] of the columns of scaled measures.
    pub(super) fn sql(&self, columns: &[String]) -> String {
        let mut squares = String::new();
        for row in &self.whitening {
            let along = row.iter().zip(columns).zip(&self.centre).filter(|((w, _), _)| **w != 0.0);
            let along: Vec<String> = along
                .map(|((w, column), centre)| {
                    let apart = format!("({column} - ({}))", number(*centre));
                    if *w == 1.0 { apart } else { format!("({}) * {apart}", number(*w)) }
                })
                .collect();
            let plus = if squares.is_empty() { "" } else { " + " };
            let _ = write!(squares, "{plus}power({}, 2)", along.join(" + "));
        }
        format!("({}) - ({squares}) / 2", number(self.constant))
    }
}

/// Position of the group whose form of scaled measures is largest, the first on a tie.
pub(super) fn largest(groups: &[Group], z: &[f64]) -> usize {
    let forms: Vec<f64> = groups.iter().map(|g| g.form(z)).collect();
    (1..forms.len()).fold(0, |best, at| if forms[at] > forms[best] { at } else { best })
}

/// A number that reads as a `double` and back as itself.
fn number(x: f64) -> String {
    format!("cast({x} as double)")
}

impl Grouping {
    /// A grouping from its own text.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn check(self) -> Result<Self, String> {
        let d = self.measures.len();
        let place = |what: String| Err(format!("grouping `{}`: {what}", self.name));
        if d == 0 || self.groups.is_empty() {
            return place("it has to have a measure and a group".to_owned());
        }
        if let Some(m) = self.measures.iter().find(|m| !(m.shift.is_finite() && m.scale > 0.0 && m.scale.is_finite())) {
            return place(format!("the scale of {} has to be a number above 0", m.term));
        }
        for (at, group) in self.groups.iter().enumerate() {
            let shape =
                group.centre.len() == d && group.medians.len() == d && group.whitening.iter().map(Vec::len).eq(1..=d);
            let mut numbers = group.centre.iter().chain(group.whitening.iter().flatten()).chain([&group.constant]);
            if !shape || numbers.any(|x| !x.is_finite()) {
                return place(format!("group {} has to have {d} numbers and {d} rows of 1 to {d}, all finite", at + 1));
            }
        }
        Ok(self)
    }

    /// The group of a shopper, from 1; `None` where a measure is missing. `value` looks a measure up.
    pub fn group_of(&self, value: impl Fn(&Term) -> Option<f64>) -> Option<usize> {
        let z: Vec<f64> = self.measures.iter().map(|m| m.scaled(value(&m.term)?)).collect::<Option<_>>()?;
        Some(1 + largest(&self.groups, &z))
    }

    /// Each measure of a shopper beside what is typical of a group, counted from 1: why it belongs there.
    pub fn beside(&self, group: usize, value: impl Fn(&Term) -> Option<f64>) -> Vec<Beside> {
        let Some(group) = group.checked_sub(1).and_then(|at| self.groups.get(at)) else { return Vec::new() };
        let one =
            |(m, typical): (&Measured, &f64)| Beside { term: m.term.clone(), value: value(&m.term), typical: *typical };
        self.measures.iter().zip(&group.medians).map(one).collect()
    }

    /// Text that changes with the meaning: for a version.
    pub(super) fn meaning(&self) -> String {
        let mut meaning = String::new();
        for m in &self.measures {
            let _ = write!(meaning, "{} {} {} {};", m.term, m.log, m.shift, m.scale);
        }
        for g in &self.groups {
            let _ = write!(meaning, "{:?} {:?} {};", g.centre, g.whitening, g.constant);
        }
        meaning
    }

    /// The groups as rules, each named after the grouping and its number.
    pub fn rules(&self) -> Vec<super::Definition> {
        let rule = |at: usize| super::Definition {
            name: self.rule_name(at + 1),
            rule: format!("group({}) = {}", super::print::in_quotes(&self.name), at + 1),
            description: self.groups[at].label.clone(),
        };
        (0..self.groups.len()).map(rule).collect()
    }

    /// Name of the segment of a group, counted from 1.
    pub fn rule_name(&self, group: usize) -> String {
        format!("{} {group}", self.name)
    }
}

/// A measure of a shopper beside the median of a group.
#[derive(Clone, Debug, PartialEq)]
pub struct Beside {
    /// The measure.
    pub term: Term,
    /// The shopper's.
    pub value: Option<f64>,
    /// The group's.
    pub typical: f64,
}

impl Beside {
    /// `orders.count is 5, typical of the group is 4`.
    pub fn line(&self, language: Language) -> String {
        let shown = |x: f64| format!("{}", (x * 1e2).round() / 1e2);
        let value = self.value.map(shown);
        if language == Language::ZH {
            let value = value.unwrap_or_else(|| "缺失".to_owned());
            return format!("{} 为 {value}，该组典型值为 {}", self.term, shown(self.typical));
        }
        let value = value.unwrap_or_else(|| "missing".to_owned());
        format!("{} is {value}, typical of the group is {}", self.term, shown(self.typical))
    }
}

/// Whether shoppers can be grouped by a term: it is a number and does not itself ask for groups.
pub(super) fn can_measure(term: &Term) -> bool {
    term.kind() == Kind::Number && !matches!(term, Term::Group(_))
}
