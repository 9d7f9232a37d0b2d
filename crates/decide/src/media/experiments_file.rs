//! `experiments.toml`: what switching a channel off, down or up has shown, as a seller writes it.
//!
//! ```toml
//! [[experiment]]
//! market = "DE"
//! channel = "search"
//! from = "2026-03-02"
//! to = "2026-03-29"
//! kept = 0.0
//! lift = "12000 EUR"
//! low = "8000 EUR"
//! high = "16000 EUR"
//! source = "switched off in eight of sixteen regions"
//! ```
//!
//! `lift` is what the spend above `kept` brought in sales, `low` and `high` its 95 % interval. It enters the fit as
//! [`super::Lift`], weighed as its error deserves.

use super::experiment::Lift;
use crate::own_file::{FileError, Source, day, money};
use domain::{Currency, Day, Market};
use serde::Deserialize;

/// A measured lift, in the seller's own words.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    /// Where.
    pub market: Market,
    /// Which channel, as the table of spend names it.
    pub channel: String,
    /// First day.
    pub from: Day,
    /// Last day.
    pub to: Day,
    /// Part of the spend that went on in the comparison, 0 or more.
    pub kept: f64,
    /// Sales that the difference brought, major units.
    pub lift: f64,
    /// Its 95 % interval.
    pub interval: (f64, f64),
    /// Currency of the three.
    pub currency: Currency,
    /// How it was measured.
    pub source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    experiment: Vec<Raw>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    market: String,
    channel: String,
    from: String,
    to: String,
    #[serde(default)]
    kept: f64,
    lift: String,
    low: String,
    high: String,
    source: String,
}

impl Experiment {
    /// The experiments of a seller's file.
    ///
    /// # Errors
    /// [`FileError`] naming line, key, value and what would be right.
    pub fn parse(file: &str, text: &str) -> Result<Vec<Self>, FileError> {
        let source = Source { file, text };
        let raw: RawFile = source.read()?;
        let wrong = |n: usize, (key, right): (&'static str, String)| source.wrong("experiment", n, key, right);
        raw.experiment.iter().enumerate().map(|(n, row)| row.read().map_err(|e| wrong(n, e))).collect()
    }

    /// The experiment about a series of weeks that begins on the Monday `first`; `None` where it does not lie within.
    /// Amounts are multiplied by `rate` into the currency of the series.
    pub fn within(&self, channel: usize, first: Day, n_weeks: usize, rate: f64) -> Option<Lift> {
        let week = |day: Day| usize::try_from(day.since(first).div_euclid(7)).ok().filter(|w| *w < n_weeks);
        let (from, to) = (week(self.from)?, week(self.to)? + 1);
        let (low, high) = (self.interval.0 * rate, self.interval.1 * rate);
        // The stated lift counts, the interval only says how sure it is.
        let lift = Lift::from_interval(channel, (from, to), self.kept, low, high);
        Some(Lift { lift: self.lift * rate, ..lift })
    }
}

impl Raw {
    fn read(&self) -> Result<Experiment, (&'static str, String)> {
        let of = |key: &'static str| move |right: String| (key, right);
        let market = self.market.parse::<Market>().map_err(|e| ("market", e.to_string()))?;
        let (from, to) = (day(&self.from).map_err(of("from"))?, day(&self.to).map_err(of("to"))?);
        if to < from {
            return Err(("to", format!("the last day, not before `from`, which is {from}")));
        }
        if !(self.kept >= 0.0 && self.kept.is_finite()) || self.kept == 1.0 {
            return Err(("kept", "a share of 0 or more other than 1: 0 where it was switched off".to_owned()));
        }
        let lift = money(&self.lift).map_err(of("lift"))?;
        let (low, high) = (money(&self.low).map_err(of("low"))?, money(&self.high).map_err(of("high"))?);
        for (key, end) in [("low", low), ("high", high)] {
            if end.currency != lift.currency {
                return Err((key, format!("an amount in {} like `lift`", lift.currency)));
            }
        }
        if high.minor <= low.minor {
            return Err(("high", "above `low`: the upper end of the 95 % interval".to_owned()));
        }
        if !(low.minor..=high.minor).contains(&lift.minor) {
            return Err(("lift", "between `low` and `high`".to_owned()));
        }
        let major = |minor: i64| minor as f64 / 10_f64.powi(lift.currency.exponent() as i32);
        Ok(Experiment {
            market,
            channel: self.channel.clone(),
            from,
            to,
            kept: self.kept,
            lift: major(lift.minor),
            interval: (major(low.minor), major(high.minor)),
            currency: lift.currency,
            source: self.source.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "[[experiment]]\nmarket = \"DE\"\nchannel = \"search\"\nfrom = \"2026-03-02\"\nto = \"2026-03-29\"\n\
        lift = \"12000 EUR\"\nlow = \"8000 EUR\"\nhigh = \"16000 EUR\"\nsource = \"regions\"\n";

    #[test] // Four whole weeks from the third Monday on; (16000 - 8000) / (2 · 1.96) = 2040.85, times 1.1 for dollars.
    fn an_experiment_becomes_weeks_and_a_standard_error_by_hand() {
        let e = &Experiment::parse("experiments.toml", TEXT).unwrap()[0];
        let first: Day = "2026-02-16".parse().unwrap();
        let lift = e.within(1, first, 20, 1.1).unwrap();
        assert_eq!((lift.channel, lift.from_week, lift.to_week, lift.share_kept), (1, 2, 6, 0.0));
        assert!((lift.lift - 13_200.0).abs() < 1e-9 && (lift.standard_error - 1.1 * 2040.85).abs() < 0.1, "{lift:?}");
        assert_eq!(e.within(1, first, 5, 1.0), None, "its last week is not among five");
        assert_eq!(e.within(1, "2026-03-09".parse().unwrap(), 20, 1.0), None, "it begins before the series");
    }

    #[test]
    fn mistakes_name_line_key_value_and_remedy() {
        let said = |from: &str, to: &str| Experiment::parse("e", &TEXT.replace(from, to)).unwrap_err().to_string();
        assert!(said("2026-03-29", "2026-02-29").starts_with("e:5: `to` is \"2026-02-29\""));
        assert!(said("\"8000 EUR\"", "\"8000 USD\"").contains("e:7: `low` is \"8000 USD\": an amount in EUR"));
        assert!(said("\"12000 EUR\"", "\"20000 EUR\"").contains("between `low` and `high`"));
        assert!(said("lift =", "lifts =").contains("unknown field"));
        assert!(said("source =", "kept = 1.0\nsource =").contains("other than 1"));
    }
}
