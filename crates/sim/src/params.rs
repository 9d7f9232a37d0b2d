//! What is simulated: size, period, markets, how far they lie from home, what goes wrong.

use crate::SimError;
use crate::world::{HOME, Profile, profile};
use domain::{Day, Market, Seed};
use serde::Serialize;

/// Orders that scale 1 stands for.
pub(crate) const ORDERS_AT_SCALE_ONE: f64 = 50_000.0;

/// A whole simulation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SimParams {
    /// Size: 1 is about 50,000 orders. Above 0.
    pub scale: f64,
    /// Where all randomness comes from.
    pub seed: Seed,
    /// First day.
    pub from: Day,
    /// Length in days, 60 to 1,461; first and last day within 2022 to 2028 (the festival tables).
    pub days: u32,
    /// Products in the catalogue, 60 to 2,000, at any scale.
    pub n_products: usize,
    /// Taste clusters that shoppers of all markets fall into, 1 to 20.
    pub n_clusters: usize,
    /// Share of web shoppers whose behaviour is tracked, in [0, 1].
    pub tracked_share: f64,
    /// Share of order lines that get a review, in [0, 1].
    pub review_share: f64,
    /// The markets; home first by default, in any order.
    pub markets: Vec<MarketParams>,
    /// A production lot that fails.
    pub bad_lot: BadLotParams,
    /// Deliberate dirt in the exports.
    pub dirt: DirtParams,
}

/// One market.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MarketParams {
    /// Which.
    pub market: Market,
    /// Weight of the market among the orders; weights need not add up to 1.
    pub order_share: f64,
    /// `1 − correlation` of its tastes with home: 0 the same, 1 unrelated, above 1 opposed; at most 2.
    pub distance: f64,
    /// Mean price coefficient: an own-price elasticity of about its negative. At least 0.
    pub price_coefficient: f64,
    /// Days after the first day when the market opens; leaves at least 30 days.
    pub opens_after: u32,
    /// How its orders leave the shop system.
    pub export: Export,
}

/// How orders of a market are exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Export {
    /// Our own order-line CSV.
    Canonical,
    /// Shopify orders CSV and customers CSV.
    Shopify,
    /// Marketplace shoppers in an Amazon all-orders file, the others in our own CSV.
    Amazon,
}

/// A lot of one product that fails in a window.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BadLotParams {
    /// Day of the first sale from the lot, counted from the first day.
    pub starts_after: u32,
    /// Days until the lot is sold out.
    pub lasts: u32,
    /// Where it was delivered to; markets that are not simulated are passed over. In a market that
    /// leaves by Shopify its returns are amounts only, in a canonical one also units of a line.
    pub markets: Vec<Market>,
    /// Probability that a unit fails, in [0, 1].
    pub defect_rate: f64,
}

/// How much dirt. Shares are in [0, 1]; counts are taken as they are.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DirtParams {
    /// Share of canonical and Amazon order rows written twice.
    pub duplicate_rows: f64,
    /// Share of rows whose country is not written as its ISO code.
    pub country_spellings: f64,
    /// Share of canonical orders without shopper key, e-mail and phone.
    pub guests: f64,
    /// Share of Shopify orders and identify events with an e-mail in other case or with blanks.
    pub email_variants: f64,
    /// Share of events sent twice with the same message id.
    pub resent_events: f64,
    /// Products listed twice under another id.
    pub near_duplicate_products: usize,
    /// Rows with an impossible price or quantity, in each canonical orders file.
    pub impossible_rows: usize,
    /// Test orders, in each canonical and Shopify orders file.
    pub test_orders: usize,
    /// Rows of the separate file whose dates come in several formats.
    pub mixed_date_rows: usize,
}

impl Default for SimParams {
    fn default() -> Self {
        let markets = [*b"CN", *b"US", *b"DE", *b"VN", *b"TH", *b"SA"].map(default_market);
        Self {
            scale: 1.0,
            seed: Seed(1),
            from: Day(19_723), // 2024-01-01
            days: 731,
            n_products: 240,
            n_clusters: 5,
            tracked_share: 0.1,
            review_share: 0.2,
            markets: markets.into_iter().flatten().collect(),
            bad_lot: BadLotParams {
                starts_after: 430,
                lasts: 90,
                markets: [*b"US", *b"DE", *b"VN"].into_iter().filter_map(Market::from_code).collect(),
                defect_rate: 0.5,
            },
            dirt: DirtParams {
                duplicate_rows: 0.005,
                country_spellings: 0.12,
                guests: 0.04,
                email_variants: 0.05,
                resent_events: 0.01,
                near_duplicate_products: 8,
                impossible_rows: 6,
                test_orders: 5,
                mixed_date_rows: 60,
            },
        }
    }
}

/// The usual settings of a market that has a profile.
fn default_market(code: [u8; 2]) -> Option<MarketParams> {
    let market = Market::from_code(code)?;
    let (order_share, distance, price_coefficient, opens_after, export) = match &code {
        b"CN" => (0.46, 0.0, 2.2, 0, Export::Canonical),
        b"US" => (0.18, 0.6, 1.6, 60, Export::Shopify),
        b"DE" => (0.12, 0.5, 1.8, 120, Export::Shopify),
        b"VN" => (0.11, 0.1, 2.6, 200, Export::Canonical),
        b"TH" => (0.07, 0.3, 2.4, 260, Export::Canonical),
        b"SA" => (0.06, 1.2, 1.4, 320, Export::Amazon),
        b"GB" => (0.06, 0.55, 1.7, 200, Export::Shopify),
        b"FR" => (0.05, 0.55, 1.8, 240, Export::Shopify),
        b"JP" => (0.05, 0.4, 1.5, 240, Export::Amazon),
        b"MX" => (0.04, 0.8, 2.3, 300, Export::Amazon),
        b"BR" => (0.04, 0.9, 2.5, 300, Export::Canonical),
        b"AE" => (0.03, 1.1, 1.3, 330, Export::Amazon),
        _ => return None,
    };
    Some(MarketParams { market, order_share, distance, price_coefficient, opens_after, export })
}

impl SimParams {
    /// The usual parameters at another scale and seed.
    pub fn at(scale: f64, seed: Seed) -> Self {
        Self { scale, seed, ..Self::default() }
    }

    /// With these markets at their usual settings instead of the usual six. Home is added when missing.
    /// The bad lot goes to those of its usual markets that are among them, else to the first one
    /// abroad, and to one at least whose exports say which line came back.
    ///
    /// # Errors
    /// [`SimError::Market`] for a market without a profile, [`SimError::Twice`] for a repeated one.
    pub fn with_markets(mut self, markets: &[Market]) -> Result<Self, SimError> {
        let mut wanted = markets.to_vec();
        if !wanted.contains(&HOME) {
            wanted.insert(0, HOME);
        }
        self.markets = wanted.iter().map(|m| usual(*m).ok_or(SimError::Market(*m))).collect::<Result<_, _>>()?;
        self.bad_lot.markets = self.lot_markets();
        self.checked()?;
        Ok(self)
    }

    /// Where the bad lot can be among the markets.
    fn lot_markets(&self) -> Vec<Market> {
        let abroad = || self.markets.iter().filter(|m| m.market != HOME).chain(&self.markets);
        let mut lot: Vec<&MarketParams> =
            self.markets.iter().filter(|m| self.bad_lot.markets.contains(&m.market)).collect();
        if lot.is_empty() {
            lot.extend(abroad().next());
        }
        if lot.iter().all(|m| m.export != Export::Canonical) {
            lot.extend(abroad().find(|m| m.export == Export::Canonical));
        }
        lot.iter().map(|m| m.market).collect()
    }

    /// Day after the last.
    pub fn end(&self) -> Day {
        self.from.plus(i32::try_from(self.days).unwrap_or(i32::MAX))
    }

    /// Profiles of the markets, in order.
    ///
    /// # Errors
    /// [`SimError`] naming the first parameter that describes no merchant.
    pub(crate) fn checked(&self) -> Result<Vec<&'static Profile>, SimError> {
        let in_range = |name, got: f64, low: f64, high: f64, rule| {
            if (low..=high).contains(&got) { Ok(()) } else { Err(SimError::Param { name, rule, got }) }
        };
        in_range("scale", self.scale, 1e-4, 1e4, "0.0001 to 10,000")?;
        in_range("days", f64::from(self.days), 60.0, 1461.0, "60 to 1,461 days")?;
        in_range("n_products", self.n_products as f64, 60.0, 2000.0, "60 to 2,000 products")?;
        in_range("n_clusters", self.n_clusters as f64, 1.0, 20.0, "1 to 20 clusters")?;
        for day in [self.from, self.end().plus(-1)] {
            let year = f64::from(day.year_month().0);
            in_range("from", year, 2022.0, 2028.0, "a period within 2022 to 2028")?;
        }
        let dirt = &self.dirt;
        for (name, share) in [
            ("tracked_share", self.tracked_share),
            ("review_share", self.review_share),
            ("bad_lot.defect_rate", self.bad_lot.defect_rate),
            ("dirt.duplicate_rows", dirt.duplicate_rows),
            ("dirt.country_spellings", dirt.country_spellings),
            ("dirt.guests", dirt.guests),
            ("dirt.email_variants", dirt.email_variants),
            ("dirt.resent_events", dirt.resent_events),
        ] {
            in_range(name, share, 0.0, 1.0, "a share from 0 to 1")?;
        }
        in_range("dirt.near_duplicate_products", dirt.near_duplicate_products as f64, 0.0, 50.0, "0 to 50")?;
        in_range("markets", self.markets.len() as f64, 1.0, 12.0, "1 to 12 markets")?;
        let mut profiles = Vec::new();
        for (i, market) in self.markets.iter().enumerate() {
            if self.markets[..i].iter().any(|m| m.market == market.market) {
                return Err(SimError::Twice(market.market));
            }
            in_range("order_share", market.order_share, 1e-6, 1e6, "a positive weight")?;
            in_range("distance", market.distance, 0.0, 2.0, "0 (as home) to 2 (opposed)")?;
            in_range("price_coefficient", market.price_coefficient, 0.0, 20.0, "0 to 20")?;
            let latest = f64::from(self.days) - 30.0;
            in_range("opens_after", f64::from(market.opens_after), 0.0, latest, "30 days before the end or earlier")?;
            profiles.push(profile(market.market).ok_or(SimError::Market(market.market))?);
        }
        Ok(profiles)
    }
}

/// The usual settings of `market`.
fn usual(market: Market) -> Option<MarketParams> {
    default_market(market.code().as_bytes().try_into().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_parameters_describe_a_merchant() {
        let params = SimParams::default();
        assert_eq!(params.checked().unwrap().len(), 6);
        assert_eq!(params.from, Day::from_ymd(2024, 1, 1).unwrap());
        assert_eq!(params.end(), Day::from_ymd(2026, 1, 1).unwrap());
    }

    #[test]
    fn wrong_parameters_are_named() {
        let refused = SimParams::at(-1.0, Seed(0)).checked().unwrap_err().to_string();
        assert_eq!(refused, "scale is -1: 0.0001 to 10,000 is needed");
        let mut twice = SimParams::default();
        twice.markets.push(twice.markets[1].clone());
        assert_eq!(twice.checked().unwrap_err().to_string(), "market US is listed twice: once is right");
        let atlantis = Market::from_code(*b"QQ").unwrap();
        assert!(matches!(SimParams::default().with_markets(&[atlantis]), Err(SimError::Market(_))));
    }

    #[test]
    fn home_joins_the_markets_asked_for() {
        let gb = Market::from_code(*b"GB").unwrap();
        let params = SimParams::default().with_markets(&[gb]).unwrap();
        assert_eq!(params.markets.iter().map(|m| m.market).collect::<Vec<_>>(), [HOME, gb]);
    }

    #[test] // US and DE leave by Shopify, JP and SA by Amazon; CN, VN and BR say which line came back.
    fn the_bad_lot_goes_to_markets_that_are_there_and_one_shows_its_lines() {
        let lot = |codes: &[&str]| {
            let markets: Vec<Market> = codes.iter().map(|c| c.parse().unwrap()).collect();
            let params = SimParams::default().with_markets(&markets).unwrap();
            params.bad_lot.markets.iter().map(Market::to_string).collect::<Vec<_>>()
        };
        assert_eq!(lot(&["VN", "TH"]), ["VN"]);
        assert_eq!(lot(&["US", "DE"]), ["US", "DE", "CN"]);
        assert_eq!(lot(&["GB", "BR"]), ["GB", "BR"]);
        assert_eq!(lot(&["JP"]), ["JP", "CN"]);
        assert_eq!(lot(&["CN"]), ["CN"]);
        assert_eq!(lot(&["US", "VN", "SA"]), ["US", "VN"]);
    }
}
