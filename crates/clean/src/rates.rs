//! Exchange rates: the last one published on or before a day.
//!
//! Rates come as a central bank publishes them: units of `quote` for one unit of `base`, on
//! business days. Between two currencies that are both quoted against one base, the cross rate is
//! `to / from`. An amount is multiplied and divided in 28 digits and rounded once, half to even,
//! to the six places of an amount column.

use crate::CleanError;
use crate::columns::Reader;
use arrow_array::RecordBatch;
use domain::{Amount, Currency, Day, Decimal, Rounding};
use std::collections::BTreeMap;

/// No rate for a pair on a day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "no exchange rate from {from} to {to} for {day}{}: ingest a rate file that covers the days before it, such as \
     the history of reference rates of the European Central Bank (eurofxref-hist.csv)",
    newest.map_or_else(|| format!(", {lacking} is in no rate file"), |d| format!(", the last one of {lacking} before it is of {d}"))
)]
pub struct MissingRate {
    /// Currency of the amount.
    pub from: Currency,
    /// Currency wanted.
    pub to: Currency,
    /// Day of the amount.
    pub day: Day,
    /// The currency of the two that lacks a rate.
    pub lacking: Currency,
    /// Day of its last rate before `day`, too old to be used; `None` when there is none at all.
    pub newest: Option<Day>,
}

/// Published rates, ready to convert.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rates {
    /// By base and quote, ascending by day.
    series: BTreeMap<Currency, BTreeMap<Currency, Vec<(Day, Decimal)>>>,
    max_age_days: Option<i32>,
}

/// Days after which a rate is too old to be used: longer than any run of bank holidays.
const MAX_AGE_DAYS: i32 = 10;

impl Rates {
    /// From batches of raw.fx_rates, or of clean.fx_rates, in order of arrival: where a day is
    /// published twice, the later row holds.
    ///
    /// # Errors
    /// [`CleanError`] for a batch of another layout or a rate that is not positive.
    pub fn from_raw(batches: &[RecordBatch]) -> Result<Self, CleanError> {
        let mut series: BTreeMap<Currency, BTreeMap<Currency, BTreeMap<Day, Decimal>>> = BTreeMap::new();
        for batch in batches {
            let reader = Reader::new("fx_rates", batch);
            let (source, line) = (reader.text("source")?, reader.ints("line")?);
            let (day, base, quote, rate) =
                (reader.days("day")?, reader.text("base")?, reader.text("quote")?, reader.rates("rate")?);
            for row in 0..batch.num_rows() {
                let (Some(day), Some(base_text), Some(quote_text), Some(value)) =
                    (day.get(row), base.get(row), quote.get(row), rate.get(row))
                else {
                    continue;
                };
                let value = Decimal::try_from_i128_with_scale(value, 12).unwrap_or_default().normalize();
                let bad = || CleanError::BadRate {
                    source_id: source.get(row).unwrap_or_default().to_owned(),
                    line: line.get(row).unwrap_or_default(),
                    base: base_text.to_owned(),
                    quote: quote_text.to_owned(),
                    rate: value.to_string(),
                };
                if value <= Decimal::ZERO {
                    return Err(bad());
                }
                let (Ok(base), Ok(quote)) = (base_text.parse::<Currency>(), quote_text.parse::<Currency>()) else {
                    return Err(bad());
                };
                series.entry(base).or_default().entry(quote).or_default().insert(Day(day), value);
            }
        }
        let series = series
            .into_iter()
            .map(|(base, quotes)| (base, quotes.into_iter().map(|(q, days)| (q, days.into_iter().collect())).collect()))
            .collect();
        Ok(Self { series, max_age_days: None })
    }

    /// With another age in days from which a rate is too old.
    #[must_use]
    pub fn with_max_age(mut self, days: i32) -> Self {
        self.max_age_days = Some(days);
        self
    }

    /// Whether there is no rate at all.
    pub fn is_empty(&self) -> bool {
        self.series.is_empty()
    }

    /// `amount` of `from` in `to` at the last rates published on or before `day`.
    ///
    /// # Errors
    /// [`MissingRate`] when one of the two has no rate that is young enough.
    ///
    /// # Panics
    /// When the result does not fit an [`Amount`], at 9 × 10¹² major units.
    pub fn convert(&self, amount: Amount, from: Currency, to: Currency, day: Day) -> Result<Amount, MissingRate> {
        if from == to {
            return Ok(amount);
        }
        let cross = self.cross(from, to, day)?;
        Ok(cross.apply(amount).expect("a converted amount below 9 × 10¹² major units"))
    }

    /// The two rates between which an amount is converted on a day.
    pub(crate) fn cross(&self, from: Currency, to: Currency, day: Day) -> Result<Cross, MissingRate> {
        let eur = Currency::new(*b"EUR");
        // The euro table first: the others, if any, only where it does not reach.
        let bases = self.series.get_key_value(&eur).into_iter().chain(self.series.iter().filter(|(b, _)| **b != eur));
        let mut best: Option<MissingRate> = None;
        for (&base, quotes) in bases {
            let leg = |currency: Currency| {
                if currency == base {
                    return Ok(Decimal::ONE);
                }
                let days = quotes.get(&currency).map_or(&[][..], Vec::as_slice);
                let newest = days.partition_point(|(d, _)| *d <= day).checked_sub(1).map(|i| days[i]);
                match newest {
                    Some((published, rate)) if day.since(published) <= self.max_age_days.unwrap_or(MAX_AGE_DAYS) => {
                        Ok(rate)
                    }
                    _ => Err(MissingRate { from, to, day, lacking: currency, newest: newest.map(|(d, _)| d) }),
                }
            };
            match (leg(from), leg(to)) {
                (Ok(from), Ok(to)) => return Ok(Cross { from, to }),
                (Err(e), _) | (_, Err(e)) => {
                    if best.as_ref().is_none_or(|b| b.newest < e.newest) {
                        best = Some(e);
                    }
                }
            }
        }
        let lacking = if from == eur { to } else { from };
        Err(best.unwrap_or(MissingRate { from, to, day, lacking, newest: None }))
    }
}

/// Units of both currencies for one unit of their common base.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cross {
    from: Decimal,
    to: Decimal,
}

impl Cross {
    /// `amount × to / from`, rounded once; `None` when it does not fit an amount.
    ///
    /// The product is exact as long as it has 28 digits, which 12 for an amount and 8 for a rate
    /// never reach; the quotient is cut at 28 digits, far beyond the six that are kept.
    pub(crate) fn apply(self, amount: Amount) -> Option<Amount> {
        let exact = amount.to_decimal().checked_mul(self.to)?.checked_div(self.from)?;
        Amount::from_decimal(Rounding::HalfEven.round(exact, Amount::SCALE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const USD: Currency = Currency::new(*b"USD");
    const GBP: Currency = Currency::new(*b"GBP");
    const EUR: Currency = Currency::new(*b"EUR");

    fn dec(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn rates(rows: &[(i32, Currency, &str)]) -> Rates {
        let mut rates = Rates::default();
        let quotes = rates.series.entry(EUR).or_default();
        for (day, quote, rate) in rows {
            quotes.entry(*quote).or_default().push((Day(*day), dec(rate)));
        }
        rates
    }

    fn amount(text: &str) -> Amount {
        Amount::from_decimal(dec(text)).unwrap()
    }

    #[test] // 10 USD / 1.25 = 8 EUR; × 0.85 = 6.8 GBP. 0.000001 USD / 1.25 = 0.0000008, rounds to 0.000001.
    fn a_cross_goes_through_the_base_and_is_rounded_once() {
        let rates = rates(&[(100, USD, "1.25"), (100, GBP, "0.85")]);
        let convert = |text: &str, from, to| rates.convert(amount(text), from, to, Day(100)).unwrap();
        assert_eq!(convert("10", USD, EUR), amount("8"));
        assert_eq!(convert("8", EUR, USD), amount("10"));
        assert_eq!(convert("10", USD, GBP), amount("6.8"));
        assert_eq!(convert("0.000001", USD, EUR), amount("0.000001"));
        assert_eq!(convert("-10", USD, GBP), amount("-6.8"));
        // A tie: 0.000001 EUR × 2.5 USD… 0.000001 × 1.25 = 0.00000125, down; 0.000002 × 1.25 = 0.0000025, to the even 2.
        assert_eq!(convert("0.000002", EUR, USD), amount("0.000002"));
        assert_eq!(convert("0.000006", EUR, USD), amount("0.000008")); // 0.0000075, to the even 8
    }

    #[test]
    fn the_last_rate_on_or_before_the_day_holds_until_it_is_too_old() {
        let rates = rates(&[(100, USD, "1.25"), (103, USD, "2")]);
        let on = |day| rates.convert(amount("10"), USD, EUR, Day(day));
        assert_eq!(on(102), Ok(amount("8")));
        assert_eq!(on(103), Ok(amount("5")));
        assert_eq!(on(113), Ok(amount("5")));
        assert!(on(114).is_err() && on(99).is_err());
        let patient = rates.clone().with_max_age(30);
        assert_eq!(patient.convert(amount("10"), USD, EUR, Day(133)), Ok(amount("5")));
    }

    #[test]
    fn a_missing_rate_names_the_pair_the_day_and_what_to_do() {
        let rates = rates(&[(100, USD, "1.25")]);
        let old = rates.convert(amount("1"), USD, EUR, Day(200)).unwrap_err();
        assert_eq!(
            old.to_string(),
            "no exchange rate from USD to EUR for 1970-07-20, the last one of USD before it is of 1970-04-11: ingest a \
             rate file that covers the days before it, such as the history of reference rates of the European Central \
             Bank (eurofxref-hist.csv)"
        );
        let none = Rates::default().convert(amount("1"), USD, EUR, Day(200)).unwrap_err();
        assert!(none.to_string().contains("from USD to EUR for 1970-07-20, USD is in no rate file"), "{none}");
        assert_eq!(Rates::default().convert(amount("1"), USD, USD, Day(200)), Ok(amount("1")));
    }

    proptest! {
        #[test]
        fn there_and_back_differs_by_rounding_only(micros in -1_000_000_000_000_i64..1_000_000_000_000, rate in 1_i64..5_000_000) {
            let rate = Decimal::new(rate, 4).to_string();
            let rates = rates(&[(1, USD, &rate)]);
            let there = rates.convert(Amount::from_micros(micros), EUR, USD, Day(1)).unwrap();
            let back = rates.convert(there, USD, EUR, Day(1)).unwrap();
            // Half a millionth there, worth half / rate on the way back, and half again.
            let bound = 0.5 / rate.parse::<f64>().unwrap() + 0.5;
            prop_assert!((back.micros() - micros).abs() as f64 <= bound + 1e-6);
        }
    }
}
