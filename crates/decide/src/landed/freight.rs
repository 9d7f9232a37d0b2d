//! The main leg of one parcel on a lane, and the cheapest lane that takes it.
//!
//! `freight = round(base(chargeable kg) × (1 + fuel)) + dearest size surcharge`, in the lane's currency. Lanes are compared in
//! one currency at the day's rates; equal prices go to the smaller p90, then to the id. A lane that does not take the parcel
//! is listed with the reason. Cost: `O(lanes)`.

use super::LandedError;
use super::case::FxBook;
use super::lane::{Lane, Load, TransportClass};
use super::parcel::Parcel;
use crate::own_file::Said;
use domain::{Currency, Decimal, Market, Money, Rounding};
use std::collections::BTreeSet;

/// A parcel on a lane.
#[derive(Clone, Debug, PartialEq)]
pub struct Freight {
    /// What is charged for, kg.
    pub chargeable_kg: Decimal,
    /// Whether volume and not weight is charged for.
    pub by_volume: bool,
    /// Main leg with fuel.
    pub main: Money,
    /// Surcharge for size, 0 without.
    pub oversize: Money,
    /// Clearance and handling, 0 without.
    pub clearance: Money,
}

impl Freight {
    /// All three together.
    ///
    /// # Errors
    /// [`LandedError::Money`] where they do not fit.
    pub fn total(&self) -> Result<Money, LandedError> {
        Ok(self.main.plus(self.oversize)?.plus(self.clearance)?)
    }
}

/// Why a lane does not take a parcel.
#[derive(Clone, Debug, PartialEq)]
pub enum WhyNot {
    /// It goes elsewhere.
    Route,
    /// Too heavy.
    Weight {
        /// Actual, kg.
        got: Decimal,
        /// Largest, kg.
        most: Decimal,
    },
    /// Longest side or girth.
    Size {
        /// In cm.
        got: Decimal,
        /// In cm.
        most: Decimal,
    },
    /// The content.
    Class(TransportClass),
    /// No price above its last step.
    NoPrice,
    /// Slower than asked.
    Slow {
        /// p90 in days.
        days_p90: u16,
    },
    /// No rate into the currency of comparison.
    NoRate(Currency),
}

impl WhyNot {
    /// In words.
    pub fn said(&self) -> Said {
        match self {
            Self::Route => Said::new("goes elsewhere", "不走这条线路"),
            Self::Weight { got, most } => {
                Said::new(format!("{got} kg, at most {most} kg"), format!("重 {got} 公斤，上限 {most} 公斤"))
            }
            Self::Size { got, most } => {
                Said::new(format!("{got} cm, at most {most} cm"), format!("尺寸 {got} 厘米，上限 {most} 厘米"))
            }
            Self::Class(class) => {
                let words = class.said();
                Said::new(format!("does not take {}", words.en), format!("不收{}", words.zh))
            }
            Self::NoPrice => Said::new("has no price for this weight", "没有这个重量的价格"),
            Self::Slow { days_p90 } => {
                Said::new(format!("{days_p90} days in nine of ten cases"), format!("九成情况需 {days_p90} 天"))
            }
            Self::NoRate(c) => Said::new(format!("no exchange rate for {c}"), format!("缺少 {c} 汇率")),
        }
    }
}

impl TransportClass {
    /// In words.
    pub fn said(self) -> Said {
        match self {
            Self::LithiumInside => Said::new("lithium cells in a device", "内置锂电池的产品"),
            Self::LithiumAlone => Said::new("lithium cells on their own", "单独的锂电池"),
            Self::Liquid => Said::new("liquids and creams", "液体和膏体"),
            Self::Flammable => Said::new("flammable liquids", "易燃液体"),
            Self::Aerosol => Said::new("spray cans", "气雾剂"),
        }
    }
}

impl Lane {
    /// What the parcel costs on this lane.
    ///
    /// # Errors
    /// [`WhyNot`] where the lane does not take it.
    pub fn freight(&self, parcel: &Parcel, classes: &BTreeSet<TransportClass>) -> Result<Freight, WhyNot> {
        if parcel.weight_kg() > self.max_kg {
            return Err(WhyNot::Weight { got: parcel.weight_kg(), most: self.max_kg });
        }
        for (got, most) in [(parcel.sides_cm()[0], self.max_length_cm), (parcel.girth_cm(), self.max_girth_cm)] {
            if let Some(most) = most.filter(|&m| got > m) {
                return Err(WhyNot::Size { got, most });
            }
        }
        if let Some(class) = classes.iter().find(|c| !self.classes.contains(c)) {
            return Err(WhyNot::Class(*class));
        }
        let chargeable_kg = parcel.chargeable_kg(self.divisor, self.step_kg);
        let base = self.base_price(chargeable_kg).ok_or(WhyNot::NoPrice)?;
        let currency = self.currency();
        let exact = base.checked_mul(Decimal::ONE + self.fuel).ok_or(WhyNot::NoPrice)?;
        let main = Money::from_decimal(exact, currency, Rounding::HalfUp).map_err(|_| WhyNot::NoPrice)?;
        let surcharge = self.oversize.iter().filter(|o| o.applies(parcel)).map(|o| o.amount.minor).max();
        let zero = Money { minor: 0, currency };
        Ok(Freight {
            chargeable_kg,
            by_volume: self.divisor.is_some_and(|d| parcel.volumetric_kg(d) > parcel.weight_kg()),
            main,
            oversize: Money { minor: surcharge.unwrap_or(0), currency },
            clearance: self.clearance.unwrap_or(zero),
        })
    }
}

/// A lane that takes the parcel.
#[derive(Clone, Debug, PartialEq)]
pub struct LaneChoice<'a> {
    /// Which.
    pub lane: &'a Lane,
    /// What it charges.
    pub freight: Freight,
    /// All of it in the currency of comparison.
    pub total: Money,
}

/// A lane that does not.
#[derive(Clone, Debug, PartialEq)]
pub struct RefusedLane<'a> {
    /// Which.
    pub lane: &'a Lane,
    /// Why not.
    pub why: WhyNot,
}

/// Lanes that take the parcel to a door, cheapest first, and those of the same route that do not. `max_days_p90` drops slower
/// ones.
pub fn cheapest<'a>(
    lanes: &'a [Lane],
    route: (Market, Market),
    parcel: &Parcel,
    classes: &BTreeSet<TransportClass>,
    max_days_p90: Option<u16>,
    fx: (&FxBook, Currency),
) -> (Vec<LaneChoice<'a>>, Vec<RefusedLane<'a>>) {
    cheapest_of(Load::Parcel, lanes, route, parcel, classes, max_days_p90, fx)
}

/// As [`cheapest`], among the lanes for a kind of load.
pub fn cheapest_of<'a>(
    load: Load,
    lanes: &'a [Lane],
    (from, to): (Market, Market),
    parcel: &Parcel,
    classes: &BTreeSet<TransportClass>,
    max_days_p90: Option<u16>,
    (fx, currency): (&FxBook, Currency),
) -> (Vec<LaneChoice<'a>>, Vec<RefusedLane<'a>>) {
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    for lane in lanes.iter().filter(|l| l.load == load && l.from == from && l.to.contains(&to)) {
        let choice = lane.freight(parcel, classes).and_then(|freight| {
            if max_days_p90.is_some_and(|most| lane.days_p90 > most) {
                return Err(WhyNot::Slow { days_p90: lane.days_p90 });
            }
            let own = freight.total().map_err(|_| WhyNot::NoPrice)?;
            let total = fx.convert(own, currency).map_err(|_| WhyNot::NoRate(own.currency))?;
            Ok(LaneChoice { lane, freight, total })
        });
        match choice {
            Ok(choice) => taken.push(choice),
            Err(why) => refused.push(RefusedLane { lane, why }),
        }
    }
    taken.sort_by(|a, b| {
        let key = |c: &LaneChoice<'_>| (c.total.minor, c.lane.days_p90);
        key(a).cmp(&key(b)).then_with(|| a.lane.id.cmp(&b.lane.id))
    });
    (taken, refused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landed::LaneTable;

    const LANES: &str = r#"
[[lane]]
id = "air"
carrier = "air"
from = "CN"
to = ["DE"]
max_kg = 20
max_girth_cm = 300
divisor = 5000
step_kg = 0.5
prices = [[0.5, "6.00 USD"], [1, "9.00 USD"]]
per_kg_beyond = "7.00 USD"
fuel = 0.1
oversize = [{ over_length_cm = 60, amount = "12.00 USD" }, { over_kg = 10, amount = "5.00 USD" }]
clearance = "1.50 USD"
days_p50 = 6
days_p90 = 10
source = "test"

[[lane]]
id = "rail"
carrier = "rail"
from = "CN"
to = ["DE"]
max_kg = 30
prices = [[5, "20.00 USD"], [30, "60.00 USD"]]
days_p50 = 22
days_p90 = 32
classes = ["lithium_inside", "liquid"]
source = "test"
"#;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn parcel(kg: &str, sides: [&str; 3]) -> Parcel {
        Parcel::new(d(kg), sides.map(d)).unwrap()
    }

    // 70 × 20 × 20 = 28,000 cm³ / 5,000 = 5.6 kg, above 3 kg, in halves 6.0. Base 9.00 + (6 − 1) × 7.00 = 44.00; + 10 % fuel =
    // 48.40; 70 cm > 60: 12.00; clearance 1.50; together 61.90.
    #[test]
    fn volume_fuel_and_size_by_hand() {
        let table = LaneTable::parse("t", LANES).unwrap();
        let air = table.lanes[0].freight(&parcel("3", ["20", "70", "20"]), &BTreeSet::new()).unwrap();
        assert_eq!((air.chargeable_kg, air.by_volume), (d("6"), true));
        assert_eq!((air.main.minor, air.oversize.minor, air.clearance.minor), (4840, 1200, 150));
        assert_eq!(air.total().unwrap().minor, 6190);
        // Both surcharges apply: the dearer one counts, once.
        let heavy = table.lanes[0].freight(&parcel("12", ["20", "70", "20"]), &BTreeSet::new()).unwrap();
        assert_eq!(heavy.oversize.minor, 1200);
    }

    #[test]
    fn the_cheapest_feasible_lane_wins_and_the_others_say_why_not() {
        let table = LaneTable::parse("t", LANES).unwrap();
        let (from, to) = ("CN".parse().unwrap(), "DE".parse().unwrap());
        let usd = Currency::new(*b"USD");
        let fx = FxBook::default();
        let ask = |p: &Parcel, classes: &[TransportClass], days| {
            let classes = classes.iter().copied().collect();
            let (taken, refused) = cheapest(&table.lanes, (from, to), p, &classes, days, (&fx, usd));
            let ids: Vec<String> = taken.iter().map(|c| c.lane.id.clone()).collect();
            (ids, refused.into_iter().map(|r| r.why).collect::<Vec<_>>())
        };
        let small = parcel("0.4", ["10", "10", "5"]); // air 6.00 × 1.1 + 1.50 = 8.10, rail 20.00
        assert_eq!(ask(&small, &[], None), (vec!["air".to_owned(), "rail".to_owned()], vec![]));
        assert_eq!(
            ask(&small, &[TransportClass::Liquid], None),
            (vec!["rail".to_owned()], vec![WhyNot::Class(TransportClass::Liquid)])
        );
        assert_eq!(ask(&small, &[], Some(14)).1, vec![WhyNot::Slow { days_p90: 32 }]);
        let long = parcel("25", ["200", "40", "40"]); // girth 360
        assert_eq!(ask(&long, &[], None).0, vec!["rail".to_owned()]);
        assert!(matches!(ask(&long, &[], None).1[..], [WhyNot::Weight { .. }]));
        let huge = parcel("31", ["20", "20", "20"]);
        assert_eq!(ask(&huge, &[], None).0, Vec::<String>::new());
    }
}
