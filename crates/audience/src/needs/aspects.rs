//! Trust, security, satisfaction and any other aspect over time: how much is said of it, and how much of that is blame.
//!
//! By market and quarter: the share of texts that name the aspect, and of the texts with praise or blame of it the share that
//! blames, each with Wilson's interval; a text that does both counts as blame. Change over time by the Cochran-Armitage test for
//! a trend in the blaming share over the quarters (Armitage, "Tests for linear trends in proportions and
//! frequencies", Biometrics 11(3), 1955), q-values over all aspects of all markets; against home by the two-sided test of
//! two shares over the whole period. Cost: linear in the voices.

use super::voice::{Source, Stance, Voice};
use crate::figures::share;
use domain::{Day, Figure, Market};
use learn::multiple_tests::benjamini_hochberg;
use learn::special::normal_cdf;
use learn::two_by_two::two_shares;
use serde::Serialize;
use std::collections::BTreeMap;

/// A quarter of a year, written `2025-Q2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Quarter {
    /// Year.
    pub year: i32,
    /// 1 to 4.
    pub quarter: u32,
}

impl Quarter {
    /// The quarter of a day.
    pub fn of(day: Day) -> Self {
        let (year, month) = day.year_month();
        Self { year, quarter: (month - 1) / 3 + 1 }
    }

    fn number(self) -> f64 {
        f64::from(self.year * 4 + self.quarter as i32)
    }
}

impl std::fmt::Display for Quarter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-Q{}", self.year, self.quarter)
    }
}

/// One quarter of an aspect.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AspectQuarter {
    /// Which.
    pub quarter: Quarter,
    /// Texts that name it over all texts of the market and quarter. Key `aspect.mentions`.
    pub mentions: Figure,
    /// Blaming over praising or blaming texts. Key `aspect.blame`.
    pub blame: Figure,
}

/// An aspect in a market.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AspectHistory {
    /// The market.
    pub market: Market,
    /// The aspect.
    pub aspect: String,
    /// Texts that name it over all texts of the market, whole period. Key `aspect.mentions`.
    pub mentions: Figure,
    /// Blaming over praising or blaming texts, whole period. Key `aspect.blame`.
    pub blame: Figure,
    /// Quarters with a text, in order.
    pub quarters: Vec<AspectQuarter>,
    /// z of the trend: above 0 blame grows; NaN where there is none to see.
    pub trend: f64,
    /// Share of chance findings expected among trends no less clear.
    pub trend_q: f64,
    /// Home's blaming share; `None` where it has none, or the market is home.
    pub at_home: Option<f64>,
    /// Share of chance findings expected among differences from home no less clear.
    pub home_q: f64,
}

/// Texts of each market and quarter: what mentions are of.
pub type QuarterTexts = BTreeMap<(Market, Quarter), u64>;

/// Every aspect of every market, from reviews; ordered by market, then by aspect. Questions take no side.
pub fn histories(voices: &[Voice], texts: &QuarterTexts, home: Option<Market>) -> Vec<AspectHistory> {
    // Stances of a text: named, praised, blamed.
    type Text<'a> = (Market, &'a str, Quarter, &'a str);
    let mut said: BTreeMap<Text<'_>, (bool, bool)> = BTreeMap::new();
    for v in voices.iter().filter(|v| v.source == Source::Review) {
        let text = said.entry((v.market, v.aspect.as_str(), Quarter::of(v.day), v.text_id.as_str())).or_default();
        text.0 |= v.stance == Stance::Praise;
        text.1 |= v.stance == Stance::Blame;
    }
    // Named, valued, blamed.
    let mut counts: BTreeMap<(Market, &str), BTreeMap<Quarter, [u64; 3]>> = BTreeMap::new();
    for ((market, aspect, quarter, _), (praised, blamed)) in said {
        let cell = counts.entry((market, aspect)).or_default().entry(quarter).or_default();
        cell[0] += 1;
        cell[1] += u64::from(praised || blamed);
        cell[2] += u64::from(blamed);
    }
    let totals = |quarters: &BTreeMap<Quarter, [u64; 3]>| {
        quarters.values().fold((0, 0), |sum: (u64, u64), c| (sum.0 + c[1], sum.1 + c[2]))
    };
    let (mut trends, mut homes) = (Vec::new(), Vec::new());
    let mut all: Vec<AspectHistory> = Vec::new();
    for ((market, aspect), quarters) in &counts {
        let (valued, blamed) = totals(quarters);
        let trend = armitage(quarters.iter().map(|(q, c)| (q.number(), c[1] as f64, c[2] as f64)));
        let of_home =
            home.filter(|h| h != market).and_then(|h| counts.get(&(h, *aspect))).map(totals).filter(|t| t.0 > 0);
        trends.push(2.0 * normal_cdf(-trend.abs()));
        homes.push(of_home.map_or(f64::NAN, |(n, hits)| two_shares(blamed, valued, hits, n)));
        let blame = |n: u64, hits: u64| {
            share("aspect.blame", hits, n)
                .formula("texts that blame it / texts that praise or blame it; 95 % Wilson interval")
        };
        let mentions = |n: u64, hits: u64| {
            share("aspect.mentions", hits, n.max(hits))
                .formula("texts that name it / texts of the market and time; 95 % Wilson interval")
        };
        let named: u64 = quarters.values().map(|c| c[0]).sum();
        let written: u64 = texts.iter().filter(|((m, _), _)| m == market).map(|(_, n)| n).sum();
        let one = |(quarter, c): (&Quarter, &[u64; 3])| {
            let n = texts.get(&(*market, *quarter)).copied().unwrap_or(0);
            AspectQuarter { quarter: *quarter, mentions: mentions(n, c[0]), blame: blame(c[1], c[2]) }
        };
        all.push(AspectHistory {
            market: *market,
            aspect: (*aspect).to_owned(),
            mentions: mentions(written, named),
            blame: blame(valued, blamed),
            quarters: quarters.iter().map(one).collect(),
            trend,
            trend_q: f64::NAN,
            at_home: of_home.map(|(n, hits)| hits as f64 / n as f64),
            home_q: f64::NAN,
        });
    }
    all.iter_mut().zip(benjamini_hochberg(&trends)).for_each(|(a, q)| a.trend_q = q);
    all.iter_mut().zip(benjamini_hochberg(&homes)).for_each(|(a, q)| a.home_q = q);
    all
}

/// z of a linear trend of `hits / n` over `time`; NaN where time or the share does not move.
fn armitage(rows: impl Iterator<Item = (f64, f64, f64)>) -> f64 {
    let rows: Vec<(f64, f64, f64)> = rows.collect();
    let (n, hits) = rows.iter().fold((0.0, 0.0), |sum, r| (sum.0 + r.1, sum.1 + r.2));
    let share = hits / n;
    let mean = rows.iter().map(|r| r.0 * r.1).sum::<f64>() / n;
    let spread: f64 = rows.iter().map(|r| r.1 * (r.0 - mean) * (r.0 - mean)).sum();
    let off: f64 = rows.iter().map(|r| (r.0 - mean) * (r.2 - r.1 * share)).sum();
    let variance = share * (1.0 - share) * spread;
    if variance > 0.0 { off / variance.sqrt() } else { f64::NAN }
}

#[cfg(test)]
mod tests {
    use super::super::quotes::tests::voice;
    use super::*;

    // Quarters 0, 1, 2 with 50 texts each of which 10, 15, 25 blame: share 1/3, mean time 1, Σ n (t − 1)² = 100,
    // off = −(10 − 50/3) + (25 − 50/3) = 15, z = 15 / sqrt(2/9 · 100) = 3.182.
    #[test]
    fn a_trend_by_hand() {
        let z = armitage([(0.0, 50.0, 10.0), (1.0, 50.0, 15.0), (2.0, 50.0, 25.0)].into_iter());
        assert!((z - 15.0 / (200.0_f64 / 9.0).sqrt()).abs() < 1e-12, "{z}");
        assert!(armitage([(0.0, 50.0, 0.0), (1.0, 50.0, 0.0)].into_iter()).is_nan());
    }

    #[test]
    fn an_aspect_that_worsens_is_seen_and_home_is_beside_it() {
        let mut voices = Vec::new();
        for (market, rising) in [("DE", true), ("CN", false)] {
            for (quarter, month) in [1, 4, 7, 10].iter().enumerate() {
                for i in 0..60_usize {
                    let blamed = if rising { i < 10 + 12 * quarter } else { i < 12 };
                    let stance = if blamed { Stance::Blame } else { Stance::Praise };
                    let mut v = voice(&format!("{market}{quarter}-{i}"), "p", "trust", stance, "");
                    (v.market, v.day) = (market.parse().unwrap(), Day::from_ymd(2025, *month, 3).unwrap());
                    voices.push(v);
                }
            }
        }
        let texts = [1, 2, 3, 4].map(|q| (("DE".parse().unwrap(), Quarter { year: 2025, quarter: q }), 120)).into();
        let all = histories(&voices, &texts, Some("CN".parse().unwrap()));
        let (cn, de) = (&all[0], &all[1]);
        assert!(de.trend > 4.0 && de.trend_q < 0.001 && (cn.trend_q.is_nan() || cn.trend_q >= 0.05));
        assert_eq!((de.at_home, cn.at_home), (Some(0.2), None));
        assert!(de.home_q < 0.001 && cn.home_q.is_nan());
        assert_eq!(de.quarters[1].mentions.as_f64(), Some(0.5));
        assert_eq!(de.quarters[1].quarter.to_string(), "2025-Q2");
        assert_eq!(de.blame.as_f64(), Some(112.0 / 240.0)); // 10 + 22 + 34 + 46
    }
}
