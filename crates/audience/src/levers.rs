//! Growth levers: what about a first order goes with coming back, all else equal.
//!
//! Rows are first orders that could be followed for the whole horizon; the outcome is a second order within it. Levers are
//! categories (channel, category bought, discount or not) and numbers (days of delivery, stars, basket size). All enter one
//! logistic regression ([`learn::logit`]), so a lever's odds ratio is with the other levers held: each value of a
//! category against the most frequent one, a number by one standard deviation. A number that is missing takes the mean and a
//! term of its own says that it was missing. Values with few rows are joined as `other`.
//!
//! - `odds`: adjusted odds ratio with its 95 % interval (sandwich), q-value by Benjamini and Hochberg over all terms.
//! - `gain`: expected second orders more if every row had the better side (a category's value; a number one deviation to
//!   its better side), by the fitted probabilities: how much is at stake, which an odds ratio alone does not say.
//!
//! Ranking: levers with `q ≤ max_q` first, by gain. **An association, not a cause**: shoppers who choose a fast delivery may
//! differ from the others in what no column says; [`NOTE`] goes with every list. Cost: `rows × terms²` a Newton step.

use crate::AudienceError;
use crate::figures::{LEVEL, MIN_OBSERVATIONS, share};
use domain::{Figure, Unit};
use learn::Points;
use learn::logit::{Logit, LogitParams};
use learn::multiple_tests::benjamini_hochberg;
use std::collections::BTreeMap;

/// What a reader has to know, in English and Chinese.
pub const NOTE: (&str, &str) = (
    "an association, not a cause: only an experiment shows what changing it would do",
    "这是相关，不是因果：改变它会怎样，只有实验能说明",
);

/// Name of the values with too few rows.
pub const OTHER: &str = "other";

/// How levers are judged.
#[derive(Clone, Debug, PartialEq)]
pub struct LeverParams {
    /// Fewest rows of a category's value that stands alone, at least 1.
    pub min_rows: usize,
    /// Fewest second orders, and fewest first orders without one, for any answer.
    pub min_outcomes: usize,
    /// Largest q-value of a lever that counts as found.
    pub max_q: f64,
}

impl Default for LeverParams {
    fn default() -> Self {
        Self { min_rows: 50, min_outcomes: 100, max_q: 0.05 }
    }
}

/// One thing known of each first order, one entry a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Lever {
    /// A category.
    Choice {
        /// Its name: `channel`.
        name: String,
        /// The value of each row; empty where it is not known.
        values: Vec<String>,
    },
    /// A number.
    Amount {
        /// Its name: `delivery_days`.
        name: String,
        /// The value of each row, where it is known.
        values: Vec<Option<f64>>,
    },
}

/// First orders with what is known of them.
#[derive(Clone, Debug, PartialEq)]
pub struct FirstOrders {
    /// Whether a second order came within the horizon.
    pub came_back: Vec<bool>,
    /// What may go with it.
    pub levers: Vec<Lever>,
}

/// A lever's value as it was found.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundLever {
    /// Name of the lever.
    pub name: String,
    /// Value of a category; empty for a number.
    pub value: String,
    /// What it is held against: the most frequent value, or `+1 sd` with the deviation.
    pub against: String,
    /// Rows with the value; with a known number.
    pub n: u64,
    /// Share of these rows that came back; of a number, of the rows above its mean. Key `lever.rate`.
    pub rate: Figure,
    /// Adjusted odds ratio. Key `lever.odds`.
    pub odds: Figure,
    /// Expected second orders more, of all rows, with the better side for all. Key `lever.gain`.
    pub gain: Figure,
    /// Share of chance findings expected among levers with no larger value.
    pub q_value: f64,
    /// Whether it is below the stated share.
    pub found: bool,
}

/// The ranking.
#[derive(Clone, Debug, PartialEq)]
pub struct Levers {
    found: Vec<FoundLever>,
    base: Figure,
}

/// A column of the regression.
struct Term {
    name: String,
    value: String,
    against: String,
    column: Vec<f64>,
    /// Rows that it speaks of.
    on: Vec<bool>,
    n: u64,
    is_number: bool,
    /// It only says that a number was not known.
    missing: bool,
    /// Columns of the same category: set to 0 where this one is set to 1.
    group: usize,
}

impl LeverParams {
    /// Ranks the levers.
    ///
    /// # Errors
    /// [`AudienceError::Lengths`] for a lever with another number of rows, [`AudienceError::TooLittleData`] below
    /// `min_outcomes` of either outcome, [`AudienceError::Learn`] where the regression has no answer.
    pub fn rank(&self, orders: &FirstOrders) -> Result<Levers, AudienceError> {
        let n = orders.came_back.len();
        let n_back = orders.came_back.iter().filter(|b| **b).count();
        let have = n_back.min(n - n_back);
        if have < self.min_outcomes.max(1) {
            let what = "first orders of the rarer outcome";
            return Err(AudienceError::TooLittleData { what, have, need: self.min_outcomes.max(1) });
        }
        let mut terms = Vec::new();
        for (group, lever) in orders.levers.iter().enumerate() {
            match lever {
                Lever::Choice { name, values } => {
                    lengths(values.len(), n)?;
                    self.choice(name, values, group, &mut terms);
                }
                Lever::Amount { name, values } => {
                    lengths(values.len(), n)?;
                    self.amount(name, values, group, &mut terms);
                }
            }
        }
        let base = share("lever.base", n_back as u64, n as u64).formula(
            "first orders followed by a second within the horizon / first orders that could be followed so long",
        );
        if terms.is_empty() {
            return Ok(Levers { found: Vec::new(), base });
        }
        let k = terms.len();
        let cells = (0..n).flat_map(|row| terms.iter().map(move |t| t.column[row])).collect();
        let points = Points::new(cells, k)?;
        let fit = LogitParams::default().fit(&points, &orders.came_back, &[])?;
        let odds: Vec<_> = (0..k).filter_map(|c| fit.odds(c, LEVEL)).collect();
        let tested = |c: usize| if terms[c].missing { f64::NAN } else { odds[c].p_value };
        let q_values = benjamini_hochberg(&(0..k).map(tested).collect::<Vec<_>>());
        let mut found = Vec::new();
        for (c, term) in terms.iter().enumerate().filter(|(_, t)| !t.missing) {
            let back = term.on.iter().zip(&orders.came_back).filter(|(on, b)| **on && **b).count() as u64;
            let on = term.on.iter().filter(|on| **on).count() as u64;
            let ratio = Figure::number("lever.odds", Unit::Ratio, odds[c].ratio, term.n, MIN_OBSERVATIONS)
                .formula("odds of a second order with it / without, other levers held; logistic regression, 95 % sandwich interval")
                .interval(odds[c].interval.low, odds[c].interval.high, LEVEL);
            let gain = gain(&fit, &points, &terms, c, odds[c].ratio);
            let gain = Figure::number("lever.gain", Unit::Count, gain, n as u64, MIN_OBSERVATIONS)
                .formula("expected second orders with every first order on the lever's better side - as they are; an upper bound under the fitted association");
            found.push(FoundLever {
                name: term.name.clone(),
                value: term.value.clone(),
                against: term.against.clone(),
                n: term.n,
                rate: share("lever.rate", back, on)
                    .formula("of these first orders, those followed by a second within the horizon"),
                odds: ratio,
                gain,
                q_value: q_values[c],
                found: q_values[c] <= self.max_q,
            });
        }
        let size = |l: &FoundLever| l.gain.as_f64().unwrap_or(0.0);
        found.sort_by(|a, b| {
            b.found.cmp(&a.found).then(size(b).total_cmp(&size(a))).then((&a.name, &a.value).cmp(&(&b.name, &b.value)))
        });
        Ok(Levers { found, base })
    }

    fn choice(&self, name: &str, values: &[String], group: usize, terms: &mut Vec<Term>) {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        values.iter().for_each(|v| *counts.entry(v).or_default() += 1);
        let own = |v: &str| if counts[v] >= self.min_rows.max(1) { v.to_owned() } else { OTHER.to_owned() };
        let joined: Vec<String> = values.iter().map(|v| own(v)).collect();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        joined.iter().for_each(|v| *counts.entry(v).or_default() += 1);
        // The first of equally frequent values by name.
        let usual = counts.iter().max_by(|a, b| a.1.cmp(b.1).then(b.0.cmp(a.0))).map(|(v, _)| (*v).to_owned());
        let Some(usual) = usual else { return };
        for (value, &n) in counts.iter().filter(|(v, _)| ***v != usual) {
            let on: Vec<bool> = joined.iter().map(|v| v == value).collect();
            terms.push(Term {
                name: name.to_owned(),
                value: (*value).to_owned(),
                against: usual.clone(),
                column: on.iter().map(|on| f64::from(u8::from(*on))).collect(),
                on,
                n: n as u64,
                is_number: false,
                missing: value.is_empty(),
                group,
            });
        }
    }

    fn amount(&self, name: &str, values: &[Option<f64>], group: usize, terms: &mut Vec<Term>) {
        let known: Vec<f64> = values.iter().flatten().copied().filter(|v| v.is_finite()).collect();
        let n = known.len() as f64;
        if known.len() < self.min_rows.max(2) {
            return;
        }
        let mean = known.iter().sum::<f64>() / n;
        let sd = (known.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n).sqrt();
        if sd <= 1e-12 * mean.abs() || sd <= 0.0 {
            return;
        }
        let scaled = |v: &Option<f64>| v.filter(|v| v.is_finite()).map_or(0.0, |v| (v - mean) / sd);
        terms.push(Term {
            name: name.to_owned(),
            value: String::new(),
            against: format!("+1 sd ({sd:.3})"),
            column: values.iter().map(scaled).collect(),
            on: values.iter().map(|v| v.is_some_and(|v| v > mean)).collect(),
            n: known.len() as u64,
            is_number: true,
            missing: false,
            group,
        });
        let gaps: Vec<bool> = values.iter().map(|v| v.is_none_or(|v| !v.is_finite())).collect();
        let n_gaps = gaps.iter().filter(|g| **g).count();
        if n_gaps >= self.min_rows.max(1) && known.len() < values.len() {
            terms.push(Term {
                name: name.to_owned(),
                value: String::new(),
                against: String::new(),
                column: gaps.iter().map(|g| f64::from(u8::from(*g))).collect(),
                on: gaps,
                n: n_gaps as u64,
                is_number: false,
                missing: true,
                group: usize::MAX,
            });
        }
    }
}

fn lengths(got: usize, need: usize) -> Result<(), AudienceError> {
    if got == need {
        return Ok(());
    }
    Err(AudienceError::Lengths { what: "a lever", got, need })
}

/// Expected second orders more with every row on the better side of a term.
fn gain(fit: &Logit, points: &Points, terms: &[Term], c: usize, ratio: f64) -> f64 {
    let mut changed = vec![0.0; terms.len()];
    let mut sum = 0.0;
    for row in points.rows() {
        changed.copy_from_slice(row);
        if terms[c].is_number {
            changed[c] += if ratio > 1.0 { 1.0 } else { -1.0 };
        } else {
            for (other, term) in terms.iter().enumerate() {
                if term.group == terms[c].group {
                    changed[other] = 0.0;
                }
            }
            // Worse than the usual value: the better side is the usual one, for those who have this one.
            if ratio > 1.0 {
                changed[c] = 1.0;
            } else if row[c] <= 0.0 {
                continue;
            }
        }
        sum += fit.probability(&changed) - fit.probability(row);
    }
    sum
}

impl Levers {
    /// All levers, the found ones first, by what is at stake.
    pub fn levers(&self) -> &[FoundLever] {
        &self.found
    }

    /// Share of first orders followed by a second. Key `lever.base`.
    pub fn base(&self) -> &Figure {
        &self.base
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;

    /// 4,000 first orders; slow delivery halves the odds of coming back, the channel `mail` goes with fast delivery and does
    /// nothing itself, stars help a little, five other categories are noise.
    fn planted(seed: u64) -> FirstOrders {
        let (mut back, mut delivery, mut stars, mut channel) = (vec![], vec![], vec![], vec![]);
        let mut noise: Vec<Vec<String>> = vec![Vec::new(); 5];
        for i in 0..4_000 {
            let mut rng = Seed(seed).stream(i);
            let mail = rng.uniform() < 0.4;
            let days = 6.0 + 2.0 * rng.normal() - if mail { 2.0 } else { 0.0 };
            let star = (4.0 + rng.normal()).clamp(1.0, 5.0);
            let eta = -0.8 - 0.35 * (days - 5.2) + 0.15 * (star - 4.0);
            back.push(rng.uniform() < 1.0 / (1.0 + (-eta).exp()));
            delivery.push(Some(days));
            stars.push((rng.uniform() < 0.3).then_some(star));
            channel.push(if mail { "mail" } else { "search" }.to_owned());
            noise.iter_mut().for_each(|n| n.push(["a", "b", "c"][rng.below(3)].to_owned()));
        }
        let mut levers = vec![
            Lever::Amount { name: "delivery_days".into(), values: delivery },
            Lever::Amount { name: "stars".into(), values: stars },
            Lever::Choice { name: "channel".into(), values: channel },
        ];
        levers.extend(
            noise.into_iter().enumerate().map(|(i, values)| Lever::Choice { name: format!("noise{i}"), values }),
        );
        FirstOrders { came_back: back, levers }
    }

    #[test]
    fn the_planted_lever_ranks_first_and_what_goes_with_it_does_not() {
        let mut false_findings = 0;
        for seed in 0..8 {
            let levers = LeverParams::default().rank(&planted(seed)).unwrap();
            let first = &levers.levers()[0];
            assert_eq!(first.name, "delivery_days", "seed {seed}");
            let odds = first.odds.interval.unwrap();
            // One deviation is sqrt(4 + .24 · 4) = 2.227 days: exp(-.35 · 2.227) = .459.
            assert!(odds.low < 0.459 + 0.05 && odds.high > 0.459 - 0.05 && odds.high < 0.6, "{odds:?}");
            false_findings +=
                levers.levers().iter().filter(|l| l.found && l.name != "delivery_days" && l.name != "stars").count();
        }
        assert!(false_findings <= 3, "{false_findings} of 88 null terms");
    }

    #[test]
    fn rare_values_are_joined_and_too_few_returns_are_said() {
        let mut orders = planted(3);
        if let Lever::Choice { values, .. } = &mut orders.levers[2] {
            (0..20).for_each(|i| values[i] = format!("tiny{i}"));
        }
        let levers = LeverParams { min_rows: 15, ..LeverParams::default() }.rank(&orders).unwrap();
        let channels: Vec<&str> =
            levers.levers().iter().filter(|l| l.name == "channel").map(|l| l.value.as_str()).collect();
        assert!(channels.contains(&OTHER) && channels.len() == 2, "{channels:?}");
        orders.came_back = vec![false; 4_000];
        assert!(matches!(LeverParams::default().rank(&orders), Err(AudienceError::TooLittleData { have: 0, .. })));
        orders.came_back.pop();
        orders.came_back[..200].fill(true);
        assert!(matches!(LeverParams::default().rank(&orders), Err(AudienceError::Lengths { .. })));
    }
}
