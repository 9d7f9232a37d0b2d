//! Currencies: ISO 4217 codes, and amounts in the reporting currency at the rate of their day.
//!
//! A row with a word that is no code is rejected. A missing rate stops the run instead, with the
//! pair and the day: a sum over the rows that happen to convert would be a wrong figure.

use super::{Policy, Rule, RuleDoc};
use crate::hash::FastMap;
use crate::rates::{Cross, MissingRate, Rates};
use crate::rejects::Finding;
use domain::{Amount, Currency, Day};

pub(crate) const DOC: RuleDoc = RuleDoc {
    name: "currency",
    policy: Policy::Reject,
    doc: "a currency that is no code of ISO 4217 cannot be converted, so the row is rejected",
};

pub(crate) const RATE: RuleDoc = RuleDoc {
    name: "currency_rate",
    policy: Policy::Convert,
    doc: "amounts in other currencies are converted at the last rate published on or before the day of the order",
};

/// The finding for a currency text.
pub(crate) fn wrong(text: Option<&str>) -> Finding {
    Finding {
        rule: Rule::Currency,
        column: "currency",
        value: text.map(str::to_owned),
        expected: "a code of ISO 4217, such as EUR".to_owned(),
    }
}

/// Converts to one currency and remembers the rates of the days it met.
pub(crate) struct Converter<'a> {
    rates: &'a Rates,
    to: Currency,
    known: FastMap<(Currency, Day), Cross>,
}

impl<'a> Converter<'a> {
    pub(crate) fn new(rates: &'a Rates, to: Currency) -> Self {
        Self { rates, to, known: FastMap::default() }
    }

    /// Whether the amount is to be converted at all.
    pub(crate) fn converts(&self, from: Currency) -> bool {
        from != self.to
    }

    /// `amount` in the reporting currency; `Ok(None)` when it does not fit.
    pub(crate) fn convert(&mut self, amount: Amount, from: Currency, day: Day) -> Result<Option<Amount>, MissingRate> {
        if from == self.to {
            return Ok(Some(amount));
        }
        if let Some(cross) = self.known.get(&(from, day)) {
            return Ok(cross.apply(amount));
        }
        let cross = self.rates.cross(from, self.to, day)?;
        self.known.insert((from, day), cross);
        Ok(cross.apply(amount))
    }
}

/// The currency of a text; remembers the last one, because files rarely mix.
#[derive(Debug, Default)]
pub(crate) struct Currencies {
    last: Option<(String, Currency)>,
}

impl Currencies {
    pub(crate) fn get(&mut self, text: &str) -> Option<Currency> {
        if let Some((last, currency)) = &self.last
            && last == text
        {
            return Some(*currency);
        }
        let currency = text.parse().ok()?;
        self.last = Some((text.to_owned(), currency));
        Some(currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_are_no_currency_are_told() {
        let mut currencies = Currencies::default();
        assert_eq!(currencies.get("gbp").unwrap().code(), "GBP");
        assert_eq!(currencies.get("EURO"), None);
        assert_eq!(wrong(Some("EURO")).value.as_deref(), Some("EURO"));
    }
}
