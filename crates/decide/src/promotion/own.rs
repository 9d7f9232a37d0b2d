//! `promotions.toml`: promotions that a seller announces, and how promotions stack.
//!
//! ```toml
//! [stacking]
//! choice = "best_for_shopper"   # or "first_comes"
//! max_offers = 1                # most in a cart
//! max_share = 0.3               # most that all together take off
//!
//! [[offer]]
//! id = "summer"
//! kind = "limited"              # limited, member, bundle, threshold, coupon
//! markets = ["DE", "FR"]
//! from = "2026-06-01"
//! until = "2026-06-14"          # last day
//! share = 0.2                   # or amount = "5 EUR", or price = "19.99 EUR"
//! products = ["P001"]           # without it, all
//!
//! [[offer]]
//! id = "pair"
//! kind = "bundle"
//! markets = ["DE"]
//! products = ["P001", "P002"]
//! price = "49.99 EUR"
//! ```
//!
//! What they do to prices is for [`super::guard`]: here they are only read.

use super::offer::{Choice, Kind, Off, Offer, Stacking};
use crate::own_file::{FileError, Source, day, decimal, markets, money, share};
use domain::{Currency, Decimal, Market, Money, ProductId, Window};
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    stacking: Option<RawStacking>,
    #[serde(default)]
    offer: Vec<RawOffer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum RawChoice {
    BestForShopper,
    FirstComes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStacking {
    choice: Option<RawChoice>,
    max_offers: Option<usize>,
    max_share: Option<f64>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum RawKind {
    Limited,
    Member,
    Bundle,
    Threshold,
    Coupon,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOffer {
    id: String,
    kind: RawKind,
    markets: Vec<String>,
    from: Option<String>,
    until: Option<String>,
    level: Option<u8>,
    spend: Option<String>,
    code: Option<String>,
    share: Option<f64>,
    amount: Option<String>,
    price: Option<String>,
    products: Option<Vec<String>>,
    exclusive: Option<String>,
    cap: Option<String>,
}

/// A seller's promotions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OwnOffers {
    /// How promotions stack.
    pub stacking: Stacking,
    /// Each with the markets it is announced in.
    pub offers: Vec<(Vec<Market>, Offer)>,
}

impl OwnOffers {
    /// A seller's `promotions.toml`.
    ///
    /// # Errors
    /// [`FileError`] naming line, key, value and what would be right.
    pub fn parse(file: &str, text: &str) -> Result<Self, FileError> {
        let source = Source { file, text };
        let raw: RawFile = source.read()?;
        let stacking = raw.stacking.map_or(Ok(Stacking::default()), |s| s.read()).map_err(|(key, right)| {
            // The table stands once: its own header is looked for by the key.
            let line = text.lines().position(|l| l.trim_start().starts_with(key)).map_or(1, |i| i + 1);
            let value = text.lines().nth(line - 1).and_then(|l| l.split_once('=')).map_or("", |(_, v)| v.trim());
            FileError { file: file.to_owned(), line, key: key.to_owned(), value: value.to_owned(), right }
        })?;
        let mut seen = BTreeSet::new();
        let mut offers = Vec::new();
        for (n, row) in raw.offer.iter().enumerate() {
            if !seen.insert(&row.id) {
                return Err(source.wrong("offer", n, "id", "a name that no other offer has"));
            }
            offers.push(row.read().map_err(|(key, right)| source.wrong("offer", n, key, right))?);
        }
        Ok(Self { stacking, offers })
    }

    /// Offers of a market in its currency. Where one offer at most applies to a cart ([`Stacking::max_offers`]) they never meet:
    /// all are put into one exclusive group, that of the offers we advise.
    pub fn of(&self, market: Market, currency: Currency) -> Vec<Offer> {
        let here = self.offers.iter().filter(|(m, o)| m.contains(&market) && in_currency(o, currency));
        here.map(|(_, offer)| match self.stacking.max_offers {
            Some(0 | 1) => Offer { exclusive: Some(super::limited::ADVISED.to_owned()), ..offer.clone() },
            Some(_) | None => offer.clone(),
        })
        .collect()
    }

    /// Offers announced in a market with amounts in another currency than the market's: they cannot be held against its floors.
    pub fn foreign(&self, market: Market, currency: Currency) -> impl Iterator<Item = &Offer> {
        let here = self.offers.iter().filter(move |(m, o)| m.contains(&market) && !in_currency(o, currency));
        here.map(|(_, offer)| offer)
    }
}

/// Whether every amount of an offer is in a currency.
fn in_currency(offer: &Offer, currency: Currency) -> bool {
    let off = match offer.off {
        Off::Share(_) => None,
        Off::Amount(money) | Off::Price(money) => Some(money),
    };
    let spend = match &offer.kind {
        Kind::Threshold { spend } => Some(*spend),
        // A sum of 0 was not written: it has no currency of its own.
        Kind::Coupon { spend, .. } => Some(*spend).filter(|s| s.minor > 0),
        Kind::Limited { .. } | Kind::Member { .. } | Kind::Bundle { .. } => None,
    };
    off.into_iter().chain(spend).chain(offer.cap).all(|m| m.currency == currency)
}

type Wrong = (&'static str, String);

impl RawStacking {
    fn read(self) -> Result<Stacking, Wrong> {
        if self.max_offers == Some(0) {
            return Err(("max_offers", "1 or more is right; without it any number may meet".to_owned()));
        }
        let max_share = self.max_share.map(share).transpose().map_err(|right| ("max_share", right))?;
        let choice = match self.choice {
            Some(RawChoice::FirstComes) => Choice::FirstComes,
            Some(RawChoice::BestForShopper) | None => Choice::BestForShopper,
        };
        Ok(Stacking { choice, max_offers: self.max_offers, max_share })
    }
}

impl RawOffer {
    fn read(&self) -> Result<(Vec<Market>, Offer), Wrong> {
        let some = |key: &'static str, text: Option<&str>| text.map(money).transpose().map_err(|right| (key, right));
        let needed = |key: &'static str, text: Option<&str>, right: &str| {
            text.map(str::to_owned).ok_or_else(|| (key, right.to_owned()))
        };
        let places = markets(&self.markets).map_err(|right| ("markets", right))?;
        let products: Option<BTreeSet<ProductId>> =
            self.products.as_ref().map(|ids| ids.iter().map(|id| id.as_str().into()).collect());
        let off = self.off()?;
        let cart = matches!(self.kind, RawKind::Threshold | RawKind::Coupon);
        if cart && matches!(off, Off::Price(_)) {
            return Err(("price", "`share` or `amount` is right for an offer on a whole cart".to_owned()));
        }
        let kind = match self.kind {
            RawKind::Limited => {
                let on = |key, text: Option<&str>| {
                    let text = needed(key, text, "a limited offer has a first and a last day, \"2026-06-01\"")?;
                    day(&text).map_err(|right| (key, right))
                };
                let (from, last) = (on("from", self.from.as_deref())?, on("until", self.until.as_deref())?);
                if last < from {
                    return Err(("until", "a day not before `from` is right".to_owned()));
                }
                Kind::Limited { window: Window { from, to: last.plus(1) } }
            }
            RawKind::Member => {
                Kind::Member { level: self.level.ok_or_else(|| ("level", "the lowest level, 0 or more".to_owned()))? }
            }
            RawKind::Bundle => {
                let ids = self.products.clone().filter(|ids| ids.len() >= 2);
                let ids = ids.ok_or_else(|| ("products", "at least two products make a bundle".to_owned()))?;
                let mut parts: Vec<(ProductId, u32)> = Vec::new();
                for id in &ids {
                    match parts.iter_mut().find(|(p, _)| p.as_str() == id) {
                        Some((_, units)) => *units += 1,
                        None => parts.push((id.as_str().into(), 1)),
                    }
                }
                Kind::Bundle { parts }
            }
            RawKind::Threshold => {
                let spend = some("spend", self.spend.as_deref())?.filter(|m| m.minor > 0);
                Kind::Threshold { spend: spend.ok_or_else(|| ("spend", "a sum such as \"50 EUR\"".to_owned()))? }
            }
            RawKind::Coupon => {
                let code = needed("code", self.code.as_deref(), "the code that a shopper enters")?;
                // Without a least sum its currency does not matter: nothing is compared with it.
                let nil = Money { minor: 0, currency: off_currency(off).unwrap_or(Currency::new(*b"EUR")) };
                Kind::Coupon { code, spend: some("spend", self.spend.as_deref())?.unwrap_or(nil) }
            }
        };
        let products = if matches!(kind, Kind::Bundle { .. }) { None } else { products };
        let (exclusive, cap) = (self.exclusive.clone(), some("cap", self.cap.as_deref())?);
        Ok((places, Offer { id: self.id.clone(), kind, off, products, exclusive, cap }))
    }

    fn off(&self) -> Result<Off, Wrong> {
        match (self.share, self.amount.as_deref(), self.price.as_deref()) {
            (Some(x), None, None) => {
                let share = decimal(x, 0.0).map_err(|right| ("share", right))?;
                if share <= Decimal::ZERO || share >= Decimal::ONE {
                    return Err(("share", "above 0 and below 1: 0.2 for a fifth off".to_owned()));
                }
                Ok(Off::Share(share))
            }
            (None, Some(text), None) => money(text).map(Off::Amount).map_err(|right| ("amount", right)),
            (None, None, Some(text)) => money(text).map(Off::Price).map_err(|right| ("price", right)),
            _ => Err(("share", "exactly one of `share`, `amount` and `price` is right".to_owned())),
        }
    }
}

fn off_currency(off: Off) -> Option<Currency> {
    match off {
        Off::Share(_) => None,
        Off::Amount(money) | Off::Price(money) => Some(money.currency),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Day;

    const FILE: &str = r#"
[stacking]
max_offers = 2
max_share = 0.3

[[offer]]
id = "summer"
kind = "limited"
markets = ["DE", "FR"]
from = "2026-06-01"
until = "2026-06-14"
share = 0.2
products = ["P1"]

[[offer]]
id = "pair"
kind = "bundle"
markets = ["DE"]
products = ["P1", "P2", "P2"]
price = "49.99 EUR"

[[offer]]
id = "ten"
kind = "coupon"
markets = ["EU"]
code = "TEN"
share = 0.1
cap = "10 EUR"
"#;

    #[test]
    fn a_file_is_read_market_by_market() {
        let own = OwnOffers::parse("promotions.toml", FILE).unwrap();
        assert_eq!((own.stacking.max_offers, own.stacking.max_share), (Some(2), Some(Decimal::new(3, 1))));
        let names = |market: &str, currency: &[u8; 3]| {
            let of = own.of(market.parse().unwrap(), Currency::new(*currency));
            of.into_iter().map(|o| o.id).collect::<Vec<_>>()
        };
        assert_eq!(names("DE", b"EUR"), ["summer", "pair", "ten"]);
        assert_eq!(names("FR", b"EUR"), ["summer", "ten"]);
        assert!(names("US", b"USD").is_empty());
        // Poland sells in złoty: a cap in euros cannot be held against its floors.
        assert!(names("PL", b"PLN").is_empty());
        assert_eq!(own.foreign("PL".parse().unwrap(), Currency::new(*b"PLN")).count(), 1);
        let summer = &own.offers[0].1;
        let last = Window { from: "2026-06-01".parse().unwrap(), to: "2026-06-15".parse::<Day>().unwrap() };
        assert_eq!(summer.kind, Kind::Limited { window: last });
        assert!(matches!(&own.offers[1].1.kind, Kind::Bundle { parts } if parts[1].1 == 2));
        // One offer a cart: none of them meets another.
        let one = OwnOffers::parse("f", &FILE.replace("max_offers = 2", "max_offers = 1")).unwrap();
        assert!(one.of("DE".parse().unwrap(), Currency::new(*b"EUR")).iter().all(|o| o.exclusive.is_some()));
    }

    #[test]
    fn what_is_wrong_names_its_line() {
        for (from, to, at) in [
            ("share = 0.2", "share = 20", "f:11: `share` is 20: above 0 and below 1"),
            ("until = \"2026-06-14\"", "until = \"2026-05-14\"", "f:11: `until` is \"2026-05-14\": a day not before"),
            ("code = \"TEN\"", "", "`code` is missing: the code that"),
            ("max_offers = 2", "max_offers = 0", "f:3: `max_offers` is 0: 1 or more"),
            ("price = \"49.99 EUR\"", "price = \"49.999 EUR\"", "f:20: `price` is \"49.999 EUR\": EUR has 2 digits"),
            ("id = \"pair\"", "id = \"summer\"", "f:16: `id` is \"summer\": a name that no other"),
            ("kind = \"bundle\"", "kind = \"threshold\"", "`price` is \"49.99 EUR\": `share` or `amount`"),
            ("cap = ", "caps = ", "caps"),
        ] {
            assert!(FILE.contains(from));
            let got = OwnOffers::parse("f", &FILE.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(got.contains(at) || got.contains(&at.replace("f:11: `share`", "f:12: `share`")), "{got} / {at}");
        }
    }
}
