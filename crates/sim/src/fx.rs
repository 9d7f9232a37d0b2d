//! Daily reference rates: units of each currency for one euro, a random walk in logs.
//!
//! Rates are published on weekdays with four decimals at most, as whole millionths, so that an
//! amount converted by hand and one converted by a program agree. The dirham and the riyal
//! follow the dollar at their fixed parities.

use crate::part::{Part, seed_of};
use crate::{SimError, SimParams};
use domain::{Currency, Day};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;

/// Columns of the ECB's `eurofxref-hist.csv` in its order, then the three currencies of our
/// markets that it does not publish.
pub const COLUMNS: [&str; 44] = [
    "USD", "JPY", "BGN", "CYP", "CZK", "DKK", "EEK", "GBP", "HUF", "LTL", "LVL", "MTL", "PLN", "ROL", "RON", "SEK",
    "SIT", "SKK", "CHF", "ISK", "NOK", "HRK", "RUB", "TRL", "TRY", "AUD", "BRL", "CAD", "CNY", "HKD", "IDR", "ILS",
    "INR", "KRW", "MXN", "MYR", "NZD", "PHP", "SGD", "THB", "ZAR", "VND", "SAR", "AED",
];

/// How rates move.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RateRules {
    /// Deviation of a day's change in logs; 0 for the lev.
    daily_volatility: f64,
    /// Units for one dollar of the currencies that follow it.
    pegs: [(&'static str, f64); 2],
    /// Units for one euro ten days before the period.
    start: BTreeMap<&'static str, f64>,
}

const DAILY_VOLATILITY: f64 = 0.0035;
const PEGS: [(&str, f64); 2] = [("SAR", 3.75), ("AED", 3.6725)];

impl RateRules {
    pub(crate) fn usual() -> Self {
        let start = COLUMNS.iter().filter_map(|name| Some((*name, level(name)?))).collect();
        Self { daily_volatility: DAILY_VOLATILITY, pegs: PEGS, start }
    }
}

/// Level at the start; `None` for currencies that have ended.
fn level(currency: &str) -> Option<f64> {
    Some(match currency {
        "USD" => 1.09,
        "JPY" => 160.0,
        "BGN" => 1.9558,
        "CZK" => 25.0,
        "DKK" => 7.46,
        "GBP" => 0.855,
        "HUF" => 390.0,
        "PLN" => 4.3,
        "RON" => 4.97,
        "SEK" => 11.3,
        "CHF" => 0.95,
        "ISK" => 150.0,
        "NOK" => 11.5,
        "TRY" => 33.0,
        "AUD" => 1.65,
        "BRL" => 5.4,
        "CAD" => 1.48,
        "CNY" => 7.8,
        "HKD" => 8.5,
        "IDR" => 17_000.0,
        "ILS" => 4.0,
        "INR" => 90.5,
        "KRW" => 1450.0,
        "MXN" => 18.5,
        "MYR" => 5.1,
        "NZD" => 1.79,
        "PHP" => 61.0,
        "SGD" => 1.46,
        "THB" => 38.5,
        "ZAR" => 20.3,
        "VND" => 27_000.0,
        _ => return None,
    })
}

/// Rates of all [`COLUMNS`] over the period.
#[derive(Clone, Debug)]
pub struct RateHistory {
    days: Vec<Day>,
    /// `days × columns`, millionths, 0 where none is published.
    micros: Vec<i64>,
}

impl RateHistory {
    /// Rates from ten days before the period, so that every day has an earlier rate.
    pub fn generate(params: &SimParams) -> Self {
        let seed = seed_of(params.seed, Part::Rates);
        let first = params.from.plus(-10);
        let all = (first.0..params.end().0).map(Day);
        // 1970-01-01 was a Thursday: 2 and 3 modulo 7 are the week-end.
        let days: Vec<Day> = all.filter(|d| !matches!(d.0.rem_euclid(7), 2 | 3)).collect();
        let mut micros = vec![0; days.len() * COLUMNS.len()];
        for (c, name) in COLUMNS.iter().enumerate() {
            let Some(start) = level(name) else { continue };
            let mut rng = seed.stream(c as u64);
            let volatility = if *name == "BGN" { 0.0 } else { DAILY_VOLATILITY };
            let mut log = start.ln();
            for row in 0..days.len() {
                micros[row * COLUMNS.len() + c] = published(log.exp());
                log += volatility * rng.normal();
            }
        }
        let column = |name| COLUMNS.iter().position(|c| *c == name).unwrap_or(0);
        let dollar = column("USD");
        for (name, parity) in PEGS {
            for row in 0..days.len() {
                let per_euro = micros[row * COLUMNS.len() + dollar] as f64 * 1e-6 * parity;
                micros[row * COLUMNS.len() + column(name)] = published(per_euro);
            }
        }
        Self { days, micros }
    }

    /// Units of `currency` for one euro, in millionths: the last rate published on or before `day`.
    pub fn micros(&self, currency: Currency, day: Day) -> Option<i64> {
        if currency.code() == "EUR" {
            return Some(1_000_000);
        }
        let c = COLUMNS.iter().position(|name| *name == currency.code())?;
        let row = self.days.partition_point(|d| *d <= day).checked_sub(1)?;
        Some(self.micros[row * COLUMNS.len() + c]).filter(|m| *m > 0)
    }

    /// Writes the history as the ECB does: newest first, `N/A` where there is none, a comma at the
    /// end of each line. Gives the number of days.
    pub(crate) fn write(&self, file: &str, out: &mut dyn Write) -> Result<u64, SimError> {
        let mut text = format!("Date,{},\n", COLUMNS.join(","));
        for (row, day) in self.days.iter().enumerate().rev() {
            text.push_str(&day.to_string());
            for micros in &self.micros[row * COLUMNS.len()..(row + 1) * COLUMNS.len()] {
                text.push(',');
                if *micros == 0 {
                    text.push_str("N/A");
                } else {
                    text.push_str(&domain::Amount::from_micros(*micros).to_string());
                }
            }
            text.push_str(",\n");
        }
        out.write_all(text.as_bytes()).map_err(SimError::write(file))?;
        Ok(self.days.len() as u64)
    }
}

/// Rounded to what is printed: four decimals, two from 100, none from 10,000.
fn published(rate: f64) -> i64 {
    let unit = if rate >= 10_000.0 { 1_000_000.0 } else { if rate >= 100.0 { 10_000.0 } else { 100.0 } };
    ((rate * 1e6 / unit).round() * unit) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_end_uses_fridays_rate_and_pegs_hold() {
        let params = SimParams::default();
        let rates = RateHistory::generate(&params);
        let usd = Currency::new(*b"USD");
        let [friday, sunday] = ["2024-03-01", "2024-03-03"].map(|d| d.parse().unwrap());
        assert_eq!(rates.micros(usd, friday), rates.micros(usd, sunday));
        let riyal = rates.micros(Currency::new(*b"SAR"), friday).unwrap() as f64;
        assert!((riyal / rates.micros(usd, friday).unwrap() as f64 - 3.75).abs() < 1e-3);
        assert_eq!(rates.micros(Currency::new(*b"EUR"), friday), Some(1_000_000));
        assert_eq!(rates.micros(usd, params.from.plus(-100)), None);
    }

    #[test] // 27,123.4 → 27,123; 160.1234 → 160.12; 1.08765 → 1.0877 (nearest ten-thousandth).
    fn rates_are_rounded_as_printed() {
        assert_eq!(published(27_123.4), 27_123_000_000);
        assert_eq!(published(160.1234), 160_120_000);
        assert_eq!(published(1.08765), 1_087_700);
    }

    #[test]
    fn the_file_has_the_layout_of_the_ecb() {
        let params = SimParams { days: 60, ..SimParams::default() };
        let params = SimParams { markets: params.markets[..1].to_vec(), ..params };
        let mut out = Vec::new();
        let n = RateHistory::generate(&params).write("rates", &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len() as u64, n + 1);
        assert!(lines[0].starts_with("Date,USD,JPY,BGN,CYP") && lines[0].ends_with(",ZAR,VND,SAR,AED,"));
        assert!(lines[1] > lines[2] && lines[1].contains(",N/A,"));
    }
}
