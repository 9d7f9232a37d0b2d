//! Lanes: who carries a parcel from where to where, up to which size, for how much, in how many days.
//!
//! A price is the step that holds the chargeable weight, or the last step plus a price for each further kilogram; then the
//! fuel share on top; then surcharges for size; then what clearing a parcel costs. A lane *in bulk* carries goods to a
//! warehouse of the market, its price being the share of one unit; a *domestic* row stands for one lane inside each market it
//! names. Lanes compiled in are round assumptions.

use super::parcel::Parcel;
use crate::own_file::{Confidence, FileError, Source, decimal, markets, money};
use domain::{Currency, Decimal, Market, Money};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a carrier asks about the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransportClass {
    /// Lithium cells built into or packed with a device (UN 3481, UN 3091).
    LithiumInside,
    /// Lithium cells on their own, power banks too (UN 3480, UN 3090).
    LithiumAlone,
    /// Liquids, creams and gels that do not burn.
    Liquid,
    /// Liquids that burn: perfume, nail polish (UN 1266, UN 1263).
    Flammable,
    /// Spray cans (UN 1950).
    Aerosol,
}

/// A surcharge above a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Oversize {
    /// Actual weight above this, kg.
    pub over_kg: Option<Decimal>,
    /// Longest side above this, cm.
    pub over_length_cm: Option<Decimal>,
    /// Girth above this, cm.
    pub over_girth_cm: Option<Decimal>,
    /// What it costs, once.
    pub amount: Money,
}

impl Oversize {
    /// Whether any of its limits is passed.
    pub fn applies(&self, parcel: &Parcel) -> bool {
        let over = |x: Decimal, limit: Option<Decimal>| limit.is_some_and(|l| x > l);
        over(parcel.weight_kg(), self.over_kg)
            || over(parcel.sides_cm()[0], self.over_length_cm)
            || over(parcel.girth_cm(), self.over_girth_cm)
    }
}

/// What a lane carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Load {
    /// One order to its buyer's door.
    #[default]
    Parcel,
    /// Many units at once to a warehouse; what it charges is the share of one unit.
    Bulk,
}

/// A way from one market to others.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    /// Its name in outputs.
    pub id: String,
    /// Who carries.
    pub carrier: String,
    /// What.
    pub load: Load,
    /// Where it starts.
    pub from: Market,
    /// Where it may end.
    pub to: Vec<Market>,
    /// Largest actual weight, kg.
    pub max_kg: Decimal,
    /// Longest side, cm.
    pub max_length_cm: Option<Decimal>,
    /// Largest length + 2 × (width + height), cm.
    pub max_girth_cm: Option<Decimal>,
    /// cm³ a kilogram; `None` where only actual weight counts.
    pub divisor: Option<Decimal>,
    /// Chargeable weight is rounded up to this, kg.
    pub step_kg: Decimal,
    /// Price up to a chargeable weight, ascending.
    pub steps: Vec<(Decimal, Money)>,
    /// Price of each kilogram above the last step.
    pub per_kg_beyond: Option<Money>,
    /// Fuel and season, share on top.
    pub fuel: Decimal,
    /// Surcharges for size; the dearest that applies is taken.
    pub oversize: Vec<Oversize>,
    /// Clearance, handling and remote area, a parcel.
    pub clearance: Option<Money>,
    /// Days from handing over to the door in half of the cases.
    pub days_p50: u16,
    /// In nine of ten.
    pub days_p90: u16,
    /// Contents taken besides ordinary goods.
    pub classes: BTreeSet<TransportClass>,
    /// Where the figures come from.
    pub source: String,
    /// How sure they are.
    pub confidence: Confidence,
}

impl Lane {
    /// Currency of its prices.
    pub fn currency(&self) -> Currency {
        self.steps.first().map_or(Currency::new(*b"USD"), |(_, price)| price.currency)
    }

    /// Price of a chargeable weight before fuel and surcharges, in major units; `None` above the last step.
    pub fn base_price(&self, chargeable_kg: Decimal) -> Option<Decimal> {
        if let Some((_, price)) = self.steps.iter().find(|(up_to, _)| chargeable_kg <= *up_to) {
            return Some(price.to_decimal());
        }
        let ((last_kg, last), beyond) = (self.steps.last()?, self.per_kg_beyond?);
        (chargeable_kg - last_kg).checked_mul(beyond.to_decimal())?.checked_add(last.to_decimal())
    }
}

/// All lanes that may be used.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct LaneTable {
    /// In order of their ids.
    pub lanes: Vec<Lane>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    lane: Vec<RawLane>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLane {
    id: String,
    carrier: String,
    #[serde(default)]
    load: Load,
    from: Option<String>,
    #[serde(default)]
    to: Vec<String>,
    /// Markets that it runs inside, in the place of `from` and `to`.
    #[serde(default)]
    domestic: Vec<String>,
    max_kg: f64,
    max_length_cm: Option<f64>,
    max_girth_cm: Option<f64>,
    divisor: Option<f64>,
    step_kg: Option<f64>,
    prices: Vec<(f64, String)>,
    per_kg_beyond: Option<String>,
    #[serde(default)]
    fuel: f64,
    #[serde(default)]
    oversize: Vec<RawOversize>,
    clearance: Option<String>,
    days_p50: u16,
    days_p90: u16,
    #[serde(default)]
    classes: BTreeSet<TransportClass>,
    source: String,
    confidence: Option<Confidence>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOversize {
    over_kg: Option<f64>,
    over_length_cm: Option<f64>,
    over_girth_cm: Option<f64>,
    amount: String,
}

impl LaneTable {
    /// A rough table from China, Germany and the United States: assumptions to be replaced.
    ///
    /// # Panics
    /// Never: a test reads the table that is compiled in.
    pub fn built_in() -> Self {
        Self::parse("built-in lanes", include_str!("data/lanes.toml")).expect("the lanes compiled in can be read")
    }

    /// A seller's `lanes.toml`. Without `confidence` a row counts as stated.
    ///
    /// # Errors
    /// [`FileError`] naming line, key, value and what would be right.
    pub fn parse(file: &str, text: &str) -> Result<Self, FileError> {
        let source = Source { file, text };
        let raw: RawFile = source.read()?;
        let mut lanes: Vec<Lane> = Vec::new();
        let mut seen = BTreeSet::new();
        for (n, raw) in raw.lane.into_iter().enumerate() {
            for lane in rows(raw).map_err(|(key, right)| source.wrong("lane", n, key, right))? {
                if !seen.insert(lane.id.clone()) {
                    return Err(source.wrong("lane", n, "id", "an id that no other lane has"));
                }
                lanes.push(lane);
            }
        }
        lanes.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(Self { lanes })
    }

    /// With `own` lanes: an equal id replaces ours, the others are added.
    #[must_use]
    pub fn with(mut self, own: Self) -> Self {
        self.lanes.retain(|lane| own.lanes.iter().all(|o| o.id != lane.id));
        self.lanes.extend(own.lanes);
        self.lanes.sort_by(|a, b| a.id.cmp(&b.id));
        self
    }
}

/// The lane of a row, or one inside each market of a domestic row, its code behind the id.
fn rows(raw: RawLane) -> Result<Vec<Lane>, (&'static str, String)> {
    if raw.domestic.is_empty() {
        let from = raw.from.as_deref().ok_or(("id", "`from` and `to`, or `domestic`".to_owned()))?;
        let from = from.parse().map_err(|e| ("from", format!("{e}")))?;
        let to = markets(&raw.to).map_err(|e| ("to", e))?;
        return Ok(vec![lane(raw, from, to)?]);
    }
    if raw.from.is_some() || !raw.to.is_empty() {
        return Err(("domestic", "either `domestic`, or `from` and `to`".to_owned()));
    }
    let inside = markets(&raw.domestic).map_err(|e| ("domestic", e))?;
    let id = raw.id.clone();
    let pattern = lane(raw, inside[0], Vec::new())?;
    let of = |m: &Market| Lane {
        id: format!("{id}-{}", m.code().to_lowercase()),
        from: *m,
        to: vec![*m],
        ..pattern.clone()
    };
    Ok(inside.iter().map(of).collect())
}

fn lane(raw: RawLane, from: Market, to: Vec<Market>) -> Result<Lane, (&'static str, String)> {
    let positive = |key: &'static str, x: f64| decimal(x, 0.0001).map_err(|e| (key, e));
    let some = |key: &'static str, x: Option<f64>| x.map(|x| positive(key, x)).transpose();
    let amount = |key: &'static str, text: &str| {
        let m = money(text).map_err(|e| (key, e))?;
        if m.minor < 0 { Err((key, "an amount of at least 0 is right".to_owned())) } else { Ok(m) }
    };
    let mut steps = Vec::with_capacity(raw.prices.len());
    for (kg, price) in &raw.prices {
        steps.push((positive("prices", *kg)?, amount("prices", price)?));
    }
    if steps.is_empty() || steps.windows(2).any(|w| w[0].0 >= w[1].0) {
        return Err(("prices", "at least one step, weights ascending: [[0.5, \"6 USD\"], [1, \"9 USD\"]]".to_owned()));
    }
    let currency = steps[0].1.currency;
    let per_kg_beyond = raw.per_kg_beyond.as_deref().map(|t| amount("per_kg_beyond", t)).transpose()?;
    let clearance = raw.clearance.as_deref().map(|t| amount("clearance", t)).transpose()?;
    let mut oversize = Vec::new();
    for o in &raw.oversize {
        let (over_kg, over_length_cm, over_girth_cm) =
            (some("oversize", o.over_kg)?, some("oversize", o.over_length_cm)?, some("oversize", o.over_girth_cm)?);
        if over_kg.or(over_length_cm).or(over_girth_cm).is_none() {
            return Err(("oversize", "one of over_kg, over_length_cm, over_girth_cm is needed".to_owned()));
        }
        oversize.push(Oversize { over_kg, over_length_cm, over_girth_cm, amount: amount("oversize", &o.amount)? });
    }
    let one = steps.iter().map(|(_, m)| m).chain(&per_kg_beyond).chain(&clearance);
    if one.chain(oversize.iter().map(|o| &o.amount)).any(|m| m.currency != currency) {
        return Err(("prices", format!("all amounts of a lane in one currency, {currency} as the first step")));
    }
    if raw.days_p50 > raw.days_p90 {
        return Err(("days_p90", format!("at least days_p50, which is {}", raw.days_p50)));
    }
    Ok(Lane {
        from,
        to,
        load: raw.load,
        max_kg: positive("max_kg", raw.max_kg)?,
        max_length_cm: some("max_length_cm", raw.max_length_cm)?,
        max_girth_cm: some("max_girth_cm", raw.max_girth_cm)?,
        divisor: some("divisor", raw.divisor)?,
        step_kg: raw.step_kg.map_or(Ok(Decimal::ZERO), |x| positive("step_kg", x))?,
        fuel: fuel(raw.fuel)?,
        confidence: raw.confidence.unwrap_or(Confidence::Stated),
        id: raw.id,
        carrier: raw.carrier,
        steps,
        per_kg_beyond,
        oversize,
        clearance,
        days_p50: raw.days_p50,
        days_p90: raw.days_p90,
        classes: raw.classes,
        source: raw.source,
    })
}

fn fuel(x: f64) -> Result<Decimal, (&'static str, String)> {
    if !(0.0..=2.0).contains(&x) {
        return Err(("fuel", "a share on top from 0 to 2: 0.18 for 18 %".to_owned()));
    }
    decimal(x, 0.0).map_err(|e| ("fuel", e))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = r#"[[lane]]
id = "a"
carrier = "post"
from = "CN"
to = ["DE"]
max_kg = 2
prices = [[0.5, "6.00 USD"], [1, "9.00 USD"]]
days_p50 = 8
days_p90 = 14
source = "contract of June"
"#;

    #[test]
    fn the_lanes_compiled_in_are_read_and_all_say_verify() {
        let table = LaneTable::built_in();
        assert!(table.lanes.len() >= 12);
        assert!(table.lanes.iter().all(|l| l.confidence.verify()));
    }

    #[test]
    fn a_sellers_lane_counts_as_stated_and_replaces_ours_by_id() {
        let own = LaneTable::parse("lanes.toml", ONE).unwrap();
        assert_eq!(own.lanes[0].confidence, Confidence::Stated);
        let other = LaneTable::parse("lanes.toml", &ONE.replace("6.00", "5.00")).unwrap();
        let both = own.with(other);
        assert_eq!((both.lanes.len(), both.lanes[0].steps[0].1.minor), (1, 500));
    }

    #[test]
    fn a_domestic_row_is_a_lane_inside_each_market() {
        let row = ONE.replace("from = \"CN\"\nto = [\"DE\"]", "domestic = [\"FR\", \"IT\"]\nload = \"parcel\"");
        let lanes = LaneTable::parse("lanes.toml", &row).unwrap().lanes;
        let said: Vec<_> = lanes.iter().map(|l| (l.id.as_str(), l.from.code(), l.to[0].code(), l.to.len())).collect();
        assert_eq!(said, [("a-fr", "FR", "FR", 1), ("a-it", "IT", "IT", 1)]);
        let both = ONE.replace("from =", "domestic = [\"FR\"]\nfrom =");
        assert!(LaneTable::parse("lanes.toml", &both).unwrap_err().to_string().contains("either `domestic`, or"));
        let none = ONE.replace("from = \"CN\"\n", "");
        assert!(
            LaneTable::parse("lanes.toml", &none).unwrap_err().to_string().contains("`from` and `to`, or `domestic`")
        );
    }

    #[test] // Whoever keeps stock in a market, or is at home in it, sends parcels inside it.
    fn parcels_are_carried_inside_every_market_that_goods_are_sent_to() {
        let table = LaneTable::built_in();
        let inside = |m: Market| table.lanes.iter().any(|l| l.load == Load::Parcel && l.from == m && l.to.contains(&m));
        for lane in &table.lanes {
            for market in lane.to.iter().chain([&lane.from]) {
                assert!(inside(*market), "{market}");
            }
        }
    }

    #[test]
    fn mistakes_name_line_key_value_and_remedy() {
        let wrong =
            |from: &str, to: &str| LaneTable::parse("lanes.toml", &ONE.replace(from, to)).unwrap_err().to_string();
        assert!(wrong("[\"DE\"]", "[\"UK\"]").starts_with("lanes.toml:5: `to` is [\"UK\"]: `UK` is not a market"));
        assert!(wrong("days_p90 = 14", "days_p90 = 3").contains(":9: `days_p90` is 3: at least days_p50, which is 8"));
        assert!(wrong("9.00 USD", "9.00 EUR").contains("one currency, USD"));
        assert!(wrong("max_kg", "max_weight").contains("unknown field `max_weight`"));
        assert!(wrong("[1,", "[0.2,").contains("weights ascending"));
        assert!(LaneTable::parse("l", &format!("{ONE}{ONE}")).unwrap_err().to_string().starts_with("l:12: `id`"));
    }
}
