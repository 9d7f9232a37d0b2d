//! The newest exchange rates of the lake, read once for whoever compares amounts of several currencies.
//!
//! Rates are kept as euros for one unit, the way central banks publish them; any other pair is the ratio of two:
//! `rate(a → b) = euros(a) / euros(b)`. A currency that was never quoted against the euro has no rate.

use super::rows::Rows;
use anyhow::Result;
use domain::{Currency, Day, Decimal, FxRate};
use lake::Engine;
use std::collections::BTreeMap;

/// Of each pair the newest rate.
const NEWEST: &str = "\
select base, quote, cast(rate as double) as rate, day from (select base, quote, rate, day,
  row_number() over (partition by base, quote order by day desc) as nth from clean.fx_rates) r where nth = 1";

/// Newest rates.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rates {
    /// Euros for one unit.
    euros: BTreeMap<Currency, f64>,
    /// Day of the newest rate between each currency and the euro.
    days: BTreeMap<Currency, Day>,
}

impl Rates {
    pub(crate) async fn load(engine: &Engine) -> Result<Self> {
        let rows = Rows::query(engine, NEWEST).await?;
        let (bases, quotes) = (rows.texts("base")?, rows.texts("quote")?);
        let pairs = bases.iter().cloned().zip(quotes.iter().cloned()).zip(rows.floats("rate")?);
        let mut rates = Self::of(pairs.filter_map(|((base, quote), rate)| Some((base, quote, rate?))));
        for ((base, quote), day) in bases.iter().zip(&quotes).zip(rows.days("day")?) {
            let other = if base == "EUR" { quote } else { base };
            if let (true, Ok(currency)) = (base == "EUR" || quote == "EUR", other.parse()) {
                rates.days.insert(currency, day);
            }
        }
        Ok(rates)
    }

    fn of(quoted: impl Iterator<Item = (String, String, f64)>) -> Self {
        let mut euros = BTreeMap::from([(Currency::new(*b"EUR"), 1.0)]);
        for (base, quote, rate) in quoted.filter(|(_, _, rate)| *rate > 0.0) {
            match (base.as_str(), quote.as_str()) {
                ("EUR", other) => _ = other.parse().map(|c| euros.insert(c, rate.recip())),
                (other, "EUR") => _ = other.parse().map(|c| euros.insert(c, rate)),
                _ => {}
            }
        }
        Self { euros, days: BTreeMap::new() }
    }

    /// The newest rate of a pair with the day on which it held: the earlier one of the two that it is made of.
    pub(crate) fn newest(&self, from: Currency, to: Currency) -> Option<FxRate> {
        let day = [from, to].iter().filter_map(|c| self.days.get(c)).min().copied()?;
        self.fx(from, to, day)
    }

    /// Currencies with a rate.
    pub(crate) fn currencies(&self) -> impl Iterator<Item = Currency> {
        self.euros.keys().copied()
    }

    /// Units of `to` for one of `from`.
    pub(crate) fn rate(&self, from: Currency, to: Currency) -> Option<f64> {
        if from == to {
            return Some(1.0);
        }
        Some(self.euros.get(&from)? / self.euros.get(&to)?)
    }

    /// The same as a dated rate.
    pub(crate) fn fx(&self, from: Currency, to: Currency, day: Day) -> Option<FxRate> {
        Some(FxRate { from, to, day, rate: Decimal::try_from(self.rate(from, to)?).ok()? })
    }

    /// Units of `to` for one of every currency; `to` alone where it was never quoted.
    pub(crate) fn all_in(&self, to: Currency) -> BTreeMap<Currency, f64> {
        let known = self.currencies().filter_map(|c| Some((c, self.rate(c, to)?)));
        known.chain([(to, 1.0)]).collect()
    }

    /// The same with `currency` worth so many times as much of every other.
    pub(crate) fn with_worth(mut self, currency: Currency, times: f64) -> Self {
        if let Some(rate) = self.euros.get_mut(&currency) {
            *rate *= times;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // 1 EUR = 1.25 USD, 1 GBP = 1.2 EUR: 1 GBP = 1.2 × 1.25 = 1.5 USD. JPY in USD says nothing about euros.
    #[test]
    fn pairs_go_through_the_euro_whichever_way_they_were_quoted() {
        let quoted = [("EUR", "USD", 1.25), ("GBP", "EUR", 1.2), ("USD", "JPY", 150.0), ("EUR", "SEK", 0.0)];
        let rates = Rates::of(quoted.into_iter().map(|(b, q, r)| (b.to_owned(), q.to_owned(), r)));
        let [usd, gbp, jpy, sek] = [*b"USD", *b"GBP", *b"JPY", *b"SEK"].map(Currency::new);
        let near = |got: Option<f64>, want: f64| got.is_some_and(|got| (got - want).abs() < 1e-12);
        assert!(near(rates.rate(gbp, usd), 1.5), "{:?}", rates.rate(gbp, usd));
        assert_eq!((rates.rate(jpy, usd), rates.rate(sek, usd), rates.rate(jpy, jpy)), (None, None, Some(1.0)));
        assert!(near(rates.all_in(usd).get(&gbp).copied(), 1.5));
        assert_eq!(rates.all_in(jpy), BTreeMap::from([(jpy, 1.0)]));
        assert!(near(rates.with_worth(gbp, 2.0).rate(gbp, usd), 3.0));
    }
}
