//! Who buys where nobody is known: groups of orders by area, marketplace and month, from a marketplace's own report.
//!
//! A marketplace hands out order, day, amount and a postcode, and keeps the shopper to itself. What can still be said is
//! about places: how recently, how often and for how much an area orders (scores 1 to 5 by quintile, as RFM scores
//! shoppers), what it is worth a month, and whether it grows. What cannot be said is said: see [`not_identifiable`].
//!
//! - **Area**: the beginning of the postcode; for postcodes in two parts (`SW1A 1AA`) the first part. Orders without one
//!   are an area of their own.
//! - **Floor**: areas with fewer orders than `min_orders` are joined to the rest of their marketplace. It is a floor of
//!   privacy as much as of statistics: an area of two orders is a person.
//! - **Value a month**: revenue over the months since the area's first order, with silent months in it. Revenue is a sum of
//!   a Poisson number of orders, so the variance of the sum is the sum of the squared amounts (compound Poisson), and the
//!   interval is log-normal around it: `revenue · exp(±1.96 · sqrt(Σ x²) / Σ x)`.
//! - **Effect** of something done in some areas from a month on: `(after / before there) / (after / before elsewhere)`, a
//!   difference in differences of logarithms; the four variances add up. It takes the areas for alike apart from what was
//!   done, which drawing them by lot makes true.
//! - **Next 90 days**: the pace of the last 180 days (of the days since the area's first order, where these are fewer) goes
//!   on. The sum to come has the variance of a compound Poisson sum, and the pace that of its own estimate: together
//!   `Σ x² · h (1 + h)` with `h` the days ahead over the days of the pace, log-normal around the mean. A season or a trend
//!   is not in it, and the formula says so.
//! - **Growth**: revenue of the later half of the months over that of the earlier half, with the same variances.
//!
//! Cost: one sort of the orders.

use crate::entry::Words;
use crate::figures::{LEVEL, MIN_OBSERVATIONS, count, mean_amount, total};
use crate::{AudienceError, Month};
use domain::{Amount, Currency, Day, Decimal, Figure, Unit, Window};
use learn::interval::two_sided;
use learn::quantile::rank_buckets;
use serde::Serialize;
use std::collections::BTreeMap;

/// Days whose pace is taken to go on.
pub const PACE_DAYS: u32 = 180;
/// Days that are looked ahead.
pub const AHEAD_DAYS: u32 = 90;
/// Fewest days that a pace rests on: an area whose first order came last week has none.
const MIN_PACE_DAYS: u32 = 30;

/// An order as such a report has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlatOrder {
    /// Marketplace: `Amazon.de`.
    pub marketplace: String,
    /// Postcode as written; empty where it is not given.
    pub postcode: String,
    /// Day of the order.
    pub day: Day,
    /// Its value, in one currency for all; orders that were cancelled are left out.
    pub amount: Amount,
}

/// How areas are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CohortLevelParams {
    /// Characters of a postcode in one part that make its area, at least 1.
    pub area_length: usize,
    /// Fewest orders of an area, at least 5.
    pub min_orders: u64,
}

impl Default for CohortLevelParams {
    fn default() -> Self {
        Self { area_length: 2, min_orders: MIN_OBSERVATIONS }
    }
}

/// Which orders are meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// Beginning of the postcode.
    Postcode(String),
    /// No postcode was given.
    NoPostcode,
    /// Areas below the floor, together.
    Rest,
}

/// An area of a marketplace.
#[derive(Clone, Debug, PartialEq)]
pub struct AreaRow {
    /// Marketplace.
    pub marketplace: String,
    /// Area.
    pub area: Area,
    /// Orders.
    pub n_orders: u64,
    /// Their value.
    pub revenue: Amount,
    /// Sum of squared values, major units.
    pub squares: f64,
    /// First and last day of an order.
    pub days: (Day, Day),
    /// Days from the last order to the end of the window.
    pub recency_days: u32,
    /// Scores 1 to 5 of recency, orders a month and mean value; 5 is best. `None` below five areas.
    pub scores: Option<(u8, u8, u8)>,
    /// Orders, value and squared values of the last [`PACE_DAYS`] days, and these days, fewer where the area is younger.
    pub pace: (u64, f64, f64, u32),
    /// Orders and revenue by month, months without an order left out.
    pub months: BTreeMap<Month, (u64, Amount, f64)>,
}

/// Orders of some areas in some months.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Sales {
    /// Orders.
    pub n_orders: u64,
    /// Their value, major units.
    pub revenue: f64,
    /// Sum of their squared values.
    pub squares: f64,
}

/// The areas of a report.
#[derive(Clone, Debug, PartialEq)]
pub struct CohortLevel {
    rows: Vec<AreaRow>,
    window: Window,
    currency: Currency,
    n_joined: usize,
}

impl CohortLevelParams {
    /// Groups the orders of a window. Orders outside of it are not looked at.
    ///
    /// # Errors
    /// [`AudienceError::Param`] for a parameter out of range, [`AudienceError::Counts`] for a negative amount,
    /// [`AudienceError::TooLittleData`] without an order in the window.
    pub fn group(
        &self,
        orders: &[FlatOrder],
        window: Window,
        currency: Currency,
    ) -> Result<CohortLevel, AudienceError> {
        let param = |name, rule, got: f64| Err(AudienceError::Param { name, rule, got });
        if self.area_length < 1 {
            return param("area_length", "at least 1", 0.0);
        }
        if self.min_orders < 5 {
            return param("min_orders", "at least 5, or an area may be a person", self.min_orders as f64);
        }
        let mut areas: BTreeMap<(&str, Area), Vec<&FlatOrder>> = BTreeMap::new();
        for order in orders.iter().filter(|o| window.from <= o.day && o.day < window.to) {
            if order.amount < Amount::ZERO {
                let (field, got) = ("amount", order.amount.to_string());
                return Err(AudienceError::Counts { field, got, rule: "zero or positive" });
            }
            areas.entry((&order.marketplace, self.area(&order.postcode))).or_default().push(order);
        }
        if areas.is_empty() {
            return Err(AudienceError::TooLittleData { what: "orders", have: 0, need: 1 });
        }
        let mut joined: BTreeMap<(&str, Area), Vec<&FlatOrder>> = BTreeMap::new();
        let mut n_joined = 0;
        for ((marketplace, area), orders) in areas {
            let small = (orders.len() as u64) < self.min_orders;
            n_joined += usize::from(small);
            joined.entry((marketplace, if small { Area::Rest } else { area })).or_default().extend(orders);
        }
        let mut rows: Vec<AreaRow> =
            joined.into_iter().map(|((m, area), orders)| row(m, area, &orders, window)).collect();
        let scored = scores(&rows, window);
        for (row, scores) in rows.iter_mut().zip(scored) {
            row.scores = scores;
        }
        rows.sort_by(|a, b| {
            b.revenue.cmp(&a.revenue).then_with(|| (&a.marketplace, &a.area).cmp(&(&b.marketplace, &b.area)))
        });
        Ok(CohortLevel { rows, window, currency, n_joined })
    }

    /// The area of a postcode.
    fn area(&self, postcode: &str) -> Area {
        let code = postcode.trim().to_uppercase();
        let mut parts = code.split_whitespace();
        match (parts.next(), parts.next()) {
            (None, _) => Area::NoPostcode,
            (Some(first), Some(_)) => Area::Postcode(first.to_owned()),
            (Some(whole), None) => Area::Postcode(whole.chars().take(self.area_length).collect()),
        }
    }
}

fn row(marketplace: &str, area: Area, orders: &[&FlatOrder], window: Window) -> AreaRow {
    let mut months: BTreeMap<Month, (u64, Amount, f64)> = BTreeMap::new();
    let mut days = (window.to, window.from);
    // In a fixed order, so that the sum of squares does not depend on the report's order.
    let mut amounts: Vec<(Day, Amount)> = orders.iter().map(|o| (o.day, o.amount)).collect();
    amounts.sort_unstable();
    for (day, amount) in &amounts {
        let month = months.entry(Month::of(*day)).or_default();
        month.0 += 1;
        month.1 += *amount;
        month.2 += amount.to_f64().powi(2);
        days = (days.0.min(*day), days.1.max(*day));
    }
    let days_of_pace = PACE_DAYS.min(window.to.since(days.0).max(0) as u32);
    let pace = amounts
        .iter()
        .filter(|(day, _)| window.to.since(*day) <= days_of_pace as i32)
        .fold((0, 0.0, 0.0, days_of_pace), |sum, (_, amount)| {
            (sum.0 + 1, sum.1 + amount.to_f64(), sum.2 + amount.to_f64().powi(2), sum.3)
        });
    AreaRow {
        marketplace: marketplace.to_owned(),
        area,
        pace,
        n_orders: amounts.len() as u64,
        revenue: amounts.iter().map(|(_, a)| *a).sum(),
        squares: months.values().map(|m| m.2).sum(),
        days,
        recency_days: window.to.plus(-1).since(days.1).max(0) as u32,
        scores: None,
        months,
    }
}

/// Quintiles of recency, orders a month and mean value over all areas with a postcode.
fn scores(rows: &[AreaRow], window: Window) -> Vec<Option<(u8, u8, u8)>> {
    let real: Vec<usize> = (0..rows.len()).filter(|&i| matches!(rows[i].area, Area::Postcode(_))).collect();
    let mut found = vec![None; rows.len()];
    if real.len() < 5 {
        return found;
    }
    let at = |k: usize| &rows[real[k]];
    let bucket = |value: &dyn Fn(&AreaRow) -> f64| {
        rank_buckets(real.len(), 5, |a, b| value(at(a)).total_cmp(&value(at(b))).then(a.cmp(&b)))
    };
    let recency = bucket(&|r| -f64::from(r.recency_days));
    let frequency = bucket(&|r| r.n_orders as f64 / months_of(r, window));
    let monetary = bucket(&|r| r.revenue.to_f64() / r.n_orders as f64);
    for (k, &i) in real.iter().enumerate() {
        found[i] = Some((recency[k], frequency[k], monetary[k]));
    }
    found
}

/// Months, as a number of days, from an area's first order to the end of the window.
fn months_of(row: &AreaRow, window: Window) -> f64 {
    f64::from(window.to.since(row.days.0).max(1)) / (365.25 / 12.0)
}

impl CohortLevel {
    /// Areas, most revenue first.
    pub fn rows(&self) -> &[AreaRow] {
        &self.rows
    }

    /// Areas that were joined to the rest because they had too few orders.
    pub fn n_joined(&self) -> usize {
        self.n_joined
    }

    /// Figures of one area: `area.orders`, `area.revenue`, `area.order_value`, `area.value_a_month`, `area.next_90_days`,
    /// `area.growth` and `area.repeat_rate`, which is never known.
    pub fn figures(&self, row: &AreaRow) -> Vec<Figure> {
        let n = row.n_orders;
        let months = months_of(row, self.window);
        let sum = row.revenue.to_f64();
        let mean = |by: f64| {
            let by = Decimal::try_from(by).unwrap_or_default();
            row.revenue.to_decimal().checked_div(by).unwrap_or_default()
        };
        let relative = row.squares.sqrt() / sum;
        let z = two_sided(LEVEL).unwrap_or(f64::NAN);
        let value = mean_amount("area.value_a_month", mean(months), self.currency, n, MIN_OBSERVATIONS);
        let half = (z * relative).exp();
        let value = value.interval(sum / months / half, sum / months * half, LEVEL).formula(format!(
            "revenue / {months:.1} months since the area's first order; interval: compound Poisson, log-normal"
        ));
        vec![
            count("area.orders", n).formula("orders in the window"),
            total("area.revenue", row.revenue, self.currency, n).formula("sum of the orders' values"),
            mean_amount("area.order_value", mean(n as f64), self.currency, n, MIN_OBSERVATIONS)
                .formula("revenue / orders"),
            value,
            self.ahead(row),
            self.growth(row),
            Figure { key: "area.repeat_rate".to_owned(), n, ..repeat_rate() },
        ]
    }

    /// Sales of the next [`AHEAD_DAYS`] days at the pace of the last ones.
    fn ahead(&self, row: &AreaRow) -> Figure {
        let (n, sum, squares, days) = row.pace;
        let h = f64::from(AHEAD_DAYS) / f64::from(days.max(1));
        let n = if days < MIN_PACE_DAYS { 0 } else { n };
        let expected = sum * h;
        let relative = (squares * h * (1.0 + h)).sqrt() / expected;
        let factor = (two_sided(LEVEL).unwrap_or(f64::NAN) * relative).exp();
        let value = Decimal::try_from(expected).unwrap_or_default();
        mean_amount("area.next_90_days", value, self.currency, n, MIN_OBSERVATIONS)
            .interval(expected / factor, expected * factor, LEVEL)
            .formula(format!(
                "sales of the last {days} days × {AHEAD_DAYS} / {days}: their pace goes on, without season or trend; 95 % by compound \
                 Poisson, of the pace and of what is to come"
            ))
    }

    /// The marketplaces' months that are whole: the first and the last.
    pub fn whole_months(&self) -> (Month, Month) {
        let first = Month::of(self.window.from);
        let first = if first.first_day() < self.window.from { first.plus(1) } else { first };
        (first, Month::of(self.window.to).plus(-1))
    }

    /// Orders of the areas that `wanted` holds for, from one month to another, both included.
    pub fn sales(&self, wanted: impl Fn(&AreaRow) -> bool, months: (Month, Month)) -> Sales {
        let rows = self.rows.iter().filter(|r| wanted(r));
        let cells = rows.flat_map(|r| r.months.iter()).filter(|(month, _)| months.0 <= **month && **month <= months.1);
        cells.fold(Sales::default(), |sum, (_, cell)| Sales {
            n_orders: sum.n_orders + cell.0,
            revenue: sum.revenue + cell.1.to_f64(),
            squares: sum.squares + cell.2,
        })
    }

    /// Complete months of the window, split in two halves of the same length; the odd first one is left out.
    fn growth(&self, row: &AreaRow) -> Figure {
        let first = Month::of(self.window.from);
        let first = if first.first_day() < self.window.from { first.plus(1) } else { first };
        let n_months = Month::of(self.window.to).since(first);
        let half = n_months / 2;
        let start = first.plus(n_months - 2 * half);
        let sum = |from: Month| {
            let in_half = row.months.range(from..from.plus(half));
            in_half.fold((0, 0.0, 0.0), |t, (_, m)| (t.0 + m.0, t.1 + m.1.to_f64(), t.2 + m.2))
        };
        if half < 1 {
            return Figure::number("area.growth", Unit::Ratio, f64::NAN, n_months.max(0) as u64, 2)
                .formula("revenue of the later half of the complete months / of the earlier; needs two");
        }
        let (earlier, later) = (sum(start), sum(start.plus(half)));
        let ratio = if earlier.1 > 0.0 { later.1 / earlier.1 } else { f64::NAN };
        let variance = earlier.2 / earlier.1.powi(2) + later.2 / later.1.powi(2);
        let factor = (two_sided(LEVEL).unwrap_or(f64::NAN) * variance.sqrt()).exp();
        let (a, b, c) = (start, start.plus(half), start.plus(2 * half - 1));
        Figure::number("area.growth", Unit::Ratio, ratio, earlier.0.min(later.0), MIN_OBSERVATIONS)
            .interval(ratio / factor, ratio * factor, LEVEL)
            .formula(format!(
                "revenue of {b} to {c} / revenue of {a} to {}; 95 % interval by compound Poisson",
                b.plus(-1)
            ))
    }
}

/// What was done in the treated areas did to their revenue, as a ratio: 1 is nothing, 1.2 a fifth more. Key `area.effect`.
pub fn effect((before, after): (Sales, Sales), (control_before, control_after): (Sales, Sales)) -> Figure {
    let all = [before, after, control_before, control_after];
    let growth = |from: Sales, to: Sales| to.revenue / from.revenue;
    let ratio = growth(before, after) / growth(control_before, control_after);
    let variance: f64 = all.iter().map(|s| s.squares / s.revenue.powi(2)).sum();
    let factor = (two_sided(LEVEL).unwrap_or(f64::NAN) * variance.sqrt()).exp();
    let least = all.iter().map(|s| s.n_orders).min().unwrap_or(0);
    Figure::number("area.effect", Unit::Ratio, ratio, least, MIN_OBSERVATIONS)
        .interval(ratio / factor, ratio * factor, LEVEL)
        .formula(
            "(revenue after / before in the treated areas) / (after / before in the others); 95 % by compound Poisson",
        )
}

/// The figure that stands where a repeat rate would.
fn repeat_rate() -> Figure {
    Figure::number("area.repeat_rate", Unit::Share, f64::NAN, 0, 0)
        .formula("not identifiable: the report does not say which orders are of one shopper")
}

/// What is lost without knowing shoppers, and what would bring it back; a sentence each.
pub fn not_identifiable() -> Vec<Words> {
    vec![
        Words::new(
            "Repeat rate, churn and lifetime value of shoppers cannot be told: the report does not say which orders are of \
             one shopper. Needed: a shopper key, even a hashed one, on every order.",
            "无法得知复购率、流失和客户终身价值：报表不说明哪些订单属于同一买家。需要：每笔订单带有买家标识（哈希后亦可）。",
        ),
        Words::new(
            "Recency, frequency and value are those of areas: a busy area may be many shoppers with one order or a few with \
             many. Nobody in it can be addressed. Needed: consent and an address, by a warranty card or the own web shop.",
            "近度、频度和金额都是区域的：订单多的区域可能是许多人各买一次，也可能是少数人多次购买，且无法触达其中任何人。\
             需要：通过保修卡或自营网店取得同意和联系方式。",
        ),
        Words::new(
            "Which product leads to the next one can be seen inside an order only, not over time. Needed: the shopper key.",
            "只能看到同一订单内的商品关联，看不到先后购买的关联。需要：买家标识。",
        ),
        Words::new(
            "What works can be tried by area and month (one area gets the offer, another does not), not by shopper. Needed \
             for that: areas of enough orders, which the floor keeps.",
            "效果只能按区域和月份试验（一个区域有优惠，另一个没有），不能按买家试验。为此需要：订单量足够的区域，由下限保证。",
        ),
        Words::new(
            "Shoppers of the marketplace cannot be recognised in the web shop. Needed: the same hashed e-mail or telephone \
             number on both sides, with consent.",
            "无法在自营网店认出平台买家。需要：双方都有经同意的同一哈希邮箱或电话。",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{FigureValue, Money, Seed};

    const EUR: Currency = Currency::new(*b"EUR");

    fn day(month: u32, day: u32) -> Day {
        Day::from_ymd(2025, month, day).unwrap()
    }

    fn year() -> Window {
        Window { from: day(1, 1), to: Day::from_ymd(2026, 1, 1).unwrap() }
    }

    fn order(postcode: &str, day: Day, euros: i64) -> FlatOrder {
        let amount = Amount::from_micros(euros * 1_000_000);
        FlatOrder { marketplace: "Amazon.de".to_owned(), postcode: postcode.to_owned(), day, amount }
    }

    fn get(figures: &[Figure], key: &str) -> Figure {
        figures.iter().find(|f| f.key == key).unwrap().clone()
    }

    // 36 orders in area 10 of 20 euros in the first half, 72 in the second: growth 2. Revenue 108 · 20 = 2,160; first
    // order on 1 January, so 365 / 30.4375 = 11.9918 months: 180.12 a month. Squares 108 · 400: relative sd
    // sqrt(43,200) / 2,160 = 0.096225 (1 / sqrt(108)): within e^±0.188598.
    // Growth: 1/36 + 1/72 = 1/24: sd 0.204124, within e^±0.400076 of 2.
    #[test]
    fn an_area_by_hand() {
        let mut orders: Vec<FlatOrder> = (0..36).map(|i| order("10115", day(1 + i % 6, 1), 20)).collect();
        orders.extend((0..72).map(|i| order("10 999", day(7 + i % 6, 3), 20)));
        orders.iter_mut().skip(36).for_each(|o| o.postcode = "10999".to_owned());
        let level = CohortLevelParams::default().group(&orders, year(), EUR).unwrap();
        let [row] = level.rows() else { panic!("{:?}", level.rows()) };
        assert_eq!((&row.area, row.n_orders), (&Area::Postcode("10".to_owned()), 108));
        assert_eq!(row.recency_days, 28); // 3 December to 31 December
        assert_eq!(row.scores, None);
        let figures = level.figures(row);
        let value = get(&figures, "area.value_a_month");
        assert_eq!(value.value, FigureValue::Money(Money { minor: 18_012, currency: EUR }));
        let i = value.interval.unwrap();
        assert!(
            (i.high / 180.123 - 0.188_598_f64.exp()).abs() < 1e-3
                && (i.low / 180.123 - (-0.188_598_f64).exp()).abs() < 1e-3
        );
        let growth = get(&figures, "area.growth");
        assert_eq!(growth.as_f64(), Some(2.0));
        let i = growth.interval.unwrap();
        assert!((i.low - 2.0 * (-0.400_076_f64).exp()).abs() < 1e-4, "{i:?}");
        assert!(
            growth.formula.starts_with("revenue of 2025-07 to 2025-12 / revenue of 2025-01 to 2025-06"),
            "{}",
            growth.formula
        );
        let repeat = get(&figures, "area.repeat_rate");
        assert_eq!(repeat.value, FigureValue::Undefined);
        assert!(repeat.formula.contains("not identifiable"));
    }

    // Area 1: 40 orders of 10 euros before, 60 after; area 2: 40 and 40. Effect (600 / 400) / (400 / 400) = 1.5.
    // Variance 1/40 + 1/60 + 1/40 + 1/40 = 0.091667: within e^±(1.96 · 0.302765) of it.
    #[test]
    fn an_effect_of_what_was_done_in_one_area_by_hand() {
        let mut orders = Vec::new();
        for (area, before, after) in [("1", 40, 60), ("2", 40, 40)] {
            orders.extend((0..before).map(|i| order(area, day(1 + i % 6, 2), 10)));
            orders.extend((0..after).map(|i| order(area, day(7 + i % 6, 2), 10)));
        }
        let level = CohortLevelParams::default().group(&orders, year(), EUR).unwrap();
        let month = |month| Month { year: 2025, month };
        let of = |area: &str| {
            let wanted = |r: &AreaRow| r.area == Area::Postcode(area.to_owned());
            (level.sales(wanted, (month(1), month(6))), level.sales(wanted, (month(7), month(12))))
        };
        let figure = effect(of("1"), of("2"));
        assert!((figure.as_f64().unwrap() - 1.5).abs() < 1e-12);
        let i = figure.interval.unwrap();
        assert!((i.high / 1.5 - (1.959_964_f64 * 0.302_765).exp()).abs() < 1e-4, "{i:?}");
        let few = Sales { n_orders: 3, revenue: 30.0, squares: 300.0 };
        assert_eq!(effect((few, few), (few, few)).value, FigureValue::TooLittleData { have: 3, need: 30 });
    }

    // 60 orders of 20 in the last 180 days of the year (5 July on): 1,200 · 90 / 180 = 600. Squares 60 · 400 = 24,000; h = 1/2:
    // sqrt(24,000 · 0.75) / 600 = 0.223607. Orders before count for nothing; below 30 days there is no pace.
    #[test]
    fn the_next_days_at_the_pace_of_the_last_by_hand() {
        let mut orders: Vec<FlatOrder> = (0..60).map(|i| order("10115", day(7 + i % 6, 20), 20)).collect();
        orders.extend((0..50).map(|_| order("10115", day(2, 1), 90)));
        orders.extend((0..40).map(|_| order("20115", day(12, 20), 90)));
        let level = CohortLevelParams::default().group(&orders, year(), EUR).unwrap();
        let of = |area: &str| {
            let row = level.rows().iter().find(|r| r.area == Area::Postcode(area.to_owned())).unwrap();
            get(&level.figures(row), "area.next_90_days")
        };
        let next = of("10");
        assert_eq!(next.value, FigureValue::Money(Money { minor: 60_000, currency: EUR }));
        let i = next.interval.unwrap();
        assert!((i.high / 600.0 - (1.959_964_f64 * 0.223_607).exp()).abs() < 1e-4, "{i:?}");
        assert_eq!(of("20").value, FigureValue::TooLittleData { have: 0, need: 30 });
    }

    /// The interval of the next 90 days holds what then comes about 95 times in a hundred.
    #[test]
    fn the_interval_of_the_next_days_keeps_its_promise() {
        let mut covered = 0;
        for run in 0..400_u64 {
            let mut rng = Seed(29).stream(run);
            let mut drawn = |from: Day, days: i32| -> Vec<FlatOrder> {
                let n = rng.poisson(0.4 * f64::from(days));
                let one = |_| {
                    let euros = 40.0 * (0.6 * rng.normal() - 0.18).exp();
                    let amount = Amount::from_micros((euros * 1e6) as i64);
                    FlatOrder { amount, ..order("10115", from.plus(rng.below(days as usize) as i32), 0) }
                };
                (0..n).map(one).collect()
            };
            let (seen, to_come) = (drawn(year().from, 365), drawn(year().to, 90));
            let level = CohortLevelParams::default().group(&seen, year(), EUR).unwrap();
            let i = get(&level.figures(&level.rows()[0]), "area.next_90_days").interval.unwrap();
            let came: f64 = to_come.iter().map(|o| o.amount.to_f64()).sum();
            covered += usize::from(i.low <= came && came <= i.high);
        }
        assert!((365..=395).contains(&covered), "{covered} of 400");
    }

    #[test]
    fn small_areas_join_the_rest_and_nothing_is_lost() {
        let mut orders: Vec<FlatOrder> = (0..40).map(|i| order("SW1A 1AA", day(1 + i % 12, 5), 30)).collect();
        orders.extend((0..7).map(|i| order("M1 1AE", day(1 + i, 5), 10)));
        orders.extend((0..6).map(|i| order("B33 8TH", day(1 + i, 5), 10)));
        orders.extend((0..31).map(|i| order("", day(1 + i % 12, 5), 10)));
        orders.push(order("SW1A", Day::from_ymd(2026, 1, 1).unwrap(), 999)); // outside the window
        let level = CohortLevelParams::default().group(&orders, year(), EUR).unwrap();
        let areas: Vec<(Area, u64)> = level.rows().iter().map(|r| (r.area.clone(), r.n_orders)).collect();
        assert_eq!(areas, [(Area::Postcode("SW1A".to_owned()), 40), (Area::NoPostcode, 31), (Area::Rest, 13)]);
        assert_eq!(level.n_joined(), 2);
        let all: Amount = level.rows().iter().map(|r| r.revenue).sum();
        assert_eq!(all, Amount::from_micros((40 * 30 + 44 * 10) * 1_000_000));
        orders.reverse();
        assert_eq!(CohortLevelParams::default().group(&orders, year(), EUR).unwrap(), level);
    }

    #[test] // Ten areas of 30 to 75 orders at 10 to 55 euros: the last is best in both, the first worst.
    fn areas_are_scored_by_quintiles() {
        let mut orders = Vec::new();
        for area in 0..10_i64 {
            for i in 0..30 + 5 * area {
                orders.push(order(&format!("{}0000", area), day(1 + (i % 12) as u32, 2), 10 + 5 * area));
            }
        }
        let params = CohortLevelParams { area_length: 1, ..CohortLevelParams::default() };
        let level = params.group(&orders, year(), EUR).unwrap();
        let score = |area: &str| {
            level.rows().iter().find(|r| r.area == Area::Postcode(area.to_owned())).unwrap().scores.unwrap()
        };
        assert_eq!((score("9").1, score("9").2), (5, 5));
        assert_eq!((score("0").1, score("0").2), (1, 1));
        assert_eq!((score("4").1, score("4").2), (3, 3));
    }

    #[test]
    fn wrong_input_is_refused() {
        let floor = CohortLevelParams { min_orders: 2, ..CohortLevelParams::default() };
        let refused = floor.group(&[], year(), EUR).unwrap_err().to_string();
        assert_eq!(refused, "parameter `min_orders` is 2, it has to be at least 5, or an area may be a person");
        let params = CohortLevelParams::default();
        assert!(matches!(params.group(&[], year(), EUR), Err(AudienceError::TooLittleData { .. })));
        assert!(params.group(&[order("1", day(1, 1), -1)], year(), EUR).is_err());
        assert!(not_identifiable().iter().all(|w| w.en.contains("Needed") && w.zh.contains("需要")));
    }

    /// The interval of the value a month covers the truth about 95 times in a hundred.
    #[test]
    fn the_interval_of_the_value_a_month_keeps_its_promise() {
        let mut covered = 0;
        for run in 0..400_u64 {
            let mut rng = Seed(17).stream(run);
            // 5 orders a month for a year, of log-normal value with mean 40: 200 a month.
            let mut orders = vec![];
            for month in 1..=12 {
                for _ in 0..rng.poisson(5.0) {
                    let euros = 40.0 * (0.6 * rng.normal() - 0.18).exp();
                    let amount = Amount::from_micros((euros * 1e6) as i64);
                    orders.push(FlatOrder { amount, ..order("10115", day(month, 1 + rng.below(28) as u32), 0) });
                }
            }
            let level = CohortLevelParams { min_orders: 5, ..CohortLevelParams::default() };
            let level = level.group(&orders, year(), EUR).unwrap();
            let i = get(&level.figures(&level.rows()[0]), "area.value_a_month").interval.unwrap();
            covered += usize::from(i.low <= 200.0 && 200.0 <= i.high);
        }
        assert!((365..=395).contains(&covered), "{covered} of 400");
    }
}
