//! What the plan's own prices and promotions make of the forecasts: of each product, each category and the market.
//!
//! A forecast is about the prices of now. Where it is known how demand answers (by a product's own weeks, drawn towards its market, or
//! by the market's other products), the advised price moves it; promotions that are known to pay move the days they are for. Everything else
//! stays as it was and is said to. A category and the market move by the products of theirs that move, as far as those sold of late.

use super::assortment::{Assortment, Listed};
use super::demand::{HORIZON, LEVEL, first_week};
use super::inputs::Inputs;
use super::outcome::Decided;
use crate::pipeline::batch::Columns;
use anyhow::Result;
use arrow::array::RecordBatch;
use decide::Said;
use decide::demand::forecast::Forecast;
use decide::price::elasticity::Basis;
use decide::rehearsal::{Of, Planned as Sums};
use std::collections::BTreeMap;

/// A value with both ends.
type Ends = (f64, f64, f64);

/// What a row is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    Market,
    Category(String),
    /// Place in [`Inputs::products`].
    Product(usize),
}

/// A row of `marts.planned`.
pub(super) struct PlannedRow {
    market: usize,
    subject: Subject,
    units_now: Ends,
    units: Ends,
    by_price: f64,
    by_promotion: f64,
    /// Now and as planned, in the reporting currency.
    sales: Option<(f64, Ends)>,
    margin: Option<(f64, Ends)>,
    basis: &'static str,
    said: Said,
}

/// A market's moves.
pub(super) struct Planned {
    at: usize,
    /// By place of product.
    products: BTreeMap<usize, Moved>,
    /// Units and sales of late, by place of product, in the reporting currency.
    late: BTreeMap<usize, (f64, f64)>,
    whole: Group,
}

/// One product.
struct Moved {
    sums: Sums,
    margin_now: f64,
    margin: f64,
    basis: Basis,
    /// Price now and planned, for people.
    prices: (String, String),
    promoted: bool,
    /// Another price is advised, and nobody knows what it would do.
    left_alone: bool,
    /// `d ln demand / d ln price` and its standard deviation.
    answer: Option<(f64, f64)>,
}

/// Products together.
#[derive(Default)]
struct Group {
    sums: Sums,
    margin_now: f64,
    margin: f64,
    /// Of late: of these products, of all.
    listed: (f64, f64),
    all: (f64, f64),
    /// Products whose price moves by an answer of their own, by a borrowed one, that are left alone, and that are promoted.
    counts: [usize; 4],
}

impl Planned {
    pub(super) fn of(d: Decided<'_>, at: usize, assortment: &Assortment) -> Self {
        let advised: BTreeMap<usize, i64> = d
            .prices
            .iter()
            .filter(|r| r.market == at)
            .filter_map(|r| Some((r.product, r.corridor.as_ref()?.asked?.minor)))
            .collect();
        let one = |l: &Listed| {
            let sums = l.product.planned();
            let margin = sums.sales * l.product.kept - sums.units * l.product.landed_cost;
            let moved = Moved {
                margin_now: sums.units_now * l.margin_now,
                margin,
                basis: l.basis,
                prices: (l.now.to_string(), l.asked.to_string()),
                promoted: sums.by_promotion != 0.0,
                left_alone: l.product.elasticity.is_none()
                    && advised.get(&l.place).is_some_and(|advised| *advised != l.now.minor),
                answer: l.product.elasticity.as_ref().map(|e| (e.mean, e.sd())),
                sums,
            };
            (l.place, moved)
        };
        let products: BTreeMap<usize, Moved> = assortment.listed.iter().map(one).collect();
        let late = late(d.inputs, at);
        let whole = Group::of(&products, &late, |_| true);
        Self { at, products, late, whole }
    }

    /// Units or sales of the market at the plan's prices.
    pub(super) fn total(&self, forecast: &Forecast, of: Of) -> (f64, Option<(f64, f64)>) {
        let mean = forecast.total.0.max(0.0);
        let Some((low, high)) = forecast.total.1.first().copied() else {
            return (self.whole.of_total((mean, mean, mean), of).0, None);
        };
        let (mean, low, high) = self.whole.of_total((mean, low, high), of);
        (mean, Some((low, high)))
    }

    /// The rows of the market, its categories and its products.
    pub(super) fn rows(&self, d: Decided<'_>) -> Vec<PlannedRow> {
        let mut rows: Vec<PlannedRow> = Vec::new();
        if let (Some(units), true) = (d.demand.units.get(&self.at), !d.inputs.weeks.is_empty()) {
            let sales = d.demand.sales.get(&self.at).map(|f| f.total.0.max(0.0));
            rows.push(self.group_row(Subject::Market, &self.whole, units, sales));
        }
        for ((_, category), forecast) in d.demand.categories.iter().filter(|((at, _), _)| *at == self.at) {
            let group = Group::of(&self.products, &self.late, |p| d.inputs.products[p].category == *category);
            let price = if group.all.0 > 0.0 { Some(group.all.1 / group.all.0) } else { None };
            let sales = price.map(|price| forecast.total.0.max(0.0) * price);
            rows.push(self.group_row(Subject::Category(category.clone()), &group, forecast, sales));
        }
        if !d.inputs.weeks.is_empty() {
            let of_market = d.demand.products.range((self.at, 0)..(self.at + 1, 0));
            rows.extend(of_market.filter_map(|((_, product), forecast)| self.product_row(*product, forecast)));
        }
        rows
    }

    fn group_row(&self, subject: Subject, group: &Group, forecast: &Forecast, sales: Option<f64>) -> PlannedRow {
        let units_now = ends(forecast);
        let units = group.of_total(units_now, Of::Units);
        let scale = |x: f64| {
            if group.sums.units_now > 0.0 { x / group.sums.units_now * group.share().0 * units_now.0 } else { 0.0 }
        };
        let sales = sales.filter(|s| *s > 0.0).map(|now| {
            let relative = |end: f64| if units_now.0 > 0.0 { now * end / units_now.0 } else { now };
            (now, group.of_total((now, relative(units_now.1), relative(units_now.2)), Of::Sales))
        });
        let margin = sales.filter(|_| group.sums.sales_now > 0.0 && group.sums.sales > 0.0).map(|(now, planned)| {
            let known = now * group.share().1;
            let then = known * group.sums.sales / group.sums.sales_now;
            let margin = then * group.margin / group.sums.sales;
            (known * group.margin_now / group.sums.sales_now, scaled(margin, planned))
        });
        PlannedRow {
            market: self.at,
            subject,
            units_now,
            units,
            by_price: scale(group.sums.by_price),
            by_promotion: scale(group.sums.by_promotion),
            sales,
            margin,
            basis: "some",
            said: group.said(units_now.0, units.0),
        }
    }

    fn product_row(&self, product: usize, forecast: &Forecast) -> Option<PlannedRow> {
        let units_now = ends(forecast);
        let subject = Subject::Product(product);
        let Some(moved) = self.products.get(&product) else {
            let said = Said::new(
                "As it was: without a landed cost no price is advised.",
                "维持原预测：到岸成本未知，未给出建议价。",
            );
            let (by_price, by_promotion, basis) = (0.0, 0.0, "no_cost");
            let (units, sales, margin) = (units_now, None, None);
            return Some(PlannedRow {
                market: self.at,
                subject,
                units_now,
                units,
                by_price,
                by_promotion,
                sales,
                margin,
                basis,
                said,
            });
        };
        if moved.sums.units_now <= 0.0 {
            return None;
        }
        let z = learn::interval::two_sided(LEVEL)?;
        let own = units_now.0 / moved.sums.units_now;
        let units = moved.sums.of_total(units_now, 1.0, Of::Units, z);
        let now = moved.sums.sales_now * own;
        let relative = |end: f64| if units_now.0 > 0.0 { now * end / units_now.0 } else { now };
        let sales = moved.sums.of_total((now, relative(units_now.1), relative(units_now.2)), 1.0, Of::Sales, z);
        let margin = scaled(moved.margin * own, units);
        Some(PlannedRow {
            market: self.at,
            subject,
            units_now,
            units,
            by_price: moved.sums.by_price * own,
            by_promotion: moved.sums.by_promotion * own,
            sales: Some((now, sales)),
            margin: Some((moved.margin_now * own, margin)),
            basis: name(moved.basis),
            said: moved.said(),
        })
    }
}

impl Group {
    fn of(products: &BTreeMap<usize, Moved>, late: &BTreeMap<usize, (f64, f64)>, of: impl Fn(usize) -> bool) -> Self {
        let mut all = Self::default();
        for (_, sold) in late.iter().filter(|(product, _)| of(**product)) {
            all.all = (all.all.0 + sold.0, all.all.1 + sold.1);
        }
        for (product, moved) in products.iter().filter(|(product, _)| of(**product)) {
            all.sums.add(&moved.sums);
            all.margin_now += moved.margin_now;
            all.margin += moved.margin;
            let sold = late.get(product).copied().unwrap_or_default();
            all.listed = (all.listed.0 + sold.0, all.listed.1 + sold.1);
            let by_price = moved.sums.by_price != 0.0;
            let kinds = [
                by_price && matches!(moved.basis, Basis::Own | Basis::Drawn),
                by_price && moved.basis == Basis::Borrowed,
                moved.left_alone,
                moved.promoted,
            ];
            all.counts.iter_mut().zip(kinds).for_each(|(n, is)| *n += usize::from(is));
        }
        all
    }

    /// Part of the units and of the sales of late that these products were.
    fn share(&self) -> (f64, f64) {
        let over = |a: f64, b: f64| if b > 0.0 { (a / b).min(1.0) } else { 0.0 };
        (over(self.listed.0, self.all.0), over(self.listed.1, self.all.1))
    }

    fn of_total(&self, total: Ends, of: Of) -> Ends {
        let share = match of {
            Of::Units => self.share().0,
            Of::Sales => self.share().1,
        };
        let z = learn::interval::two_sided(LEVEL).unwrap_or(1.645);
        // Without products of the late weeks nothing is known to move.
        self.sums.of_total(total, share, of, z)
    }

    fn said(&self, now: f64, planned: f64) -> Said {
        let [own, borrowed, left, promoted] = self.counts;
        let change = if now > 0.0 { format!("{:+.1} %", 100.0 * (planned / now - 1.0)) } else { "0 %".to_owned() };
        let (mut en, mut zh) = (Vec::new(), Vec::new());
        if own + borrowed + promoted > 0 {
            en.push(format!("The plan changes the units expected by {change}."));
            zh.push(format!("计划使预计件数变化 {change}。"));
        } else {
            en.push("The plan changes nothing that is known to move the units.".to_owned());
            zh.push("计划中没有已知会影响件数的改动。".to_owned());
        }
        if own + borrowed > 0 {
            en.push(format!(
                "New prices where it is known how demand answers: {own} by the product's own weeks, {borrowed} by the market's other products."
            ));
            zh.push(format!("需求反应已知的新价格：{own} 个依据商品自身各周，{borrowed} 个依据本市场其他商品。"));
        }
        if promoted > 0 {
            en.push(format!("Promotions that are known to pay: {promoted}."));
            zh.push(format!("已知划算的促销：{promoted} 个。"));
        }
        if left > 0 {
            en.push(format!(
                "Another price is advised for {left} more, whose answer to price nobody knows: their forecast is left as it was."
            ));
            zh.push(format!("另有 {left} 个商品建议改价，但其需求反应未知：预测维持不变。"));
        }
        Said::new(en.join(" "), zh.join(""))
    }
}

impl Moved {
    fn said(&self) -> Said {
        let (mut en, mut zh) = (Vec::new(), Vec::new());
        let (now, asked) = &self.prices;
        match (self.answer, self.sums.by_price != 0.0) {
            (Some((e, sd)), true) => {
                let by = match self.basis {
                    Basis::Own | Basis::Drawn => ("by its own weeks", "依据自身各周"),
                    Basis::Borrowed | Basis::Refused => ("by the market's other products", "依据本市场其他商品"),
                };
                let change = 100.0 * self.sums.by_price / self.sums.units_now;
                en.push(format!(
                    "{asked} instead of {now}: {change:+.1} % units, elasticity {e:.2} (± {sd:.2}) {}.",
                    by.0
                ));
                zh.push(format!("{asked}（原 {now}）：件数 {change:+.1} %，价格弹性 {e:.2}（± {sd:.2}），{}。", by.1));
            }
            (None, _) if self.left_alone => {
                en.push(
                    "Another price is advised, and nobody knows how its demand answers: left as it was.".to_owned(),
                );
                zh.push("建议改价，但需求反应未知：预测维持不变。".to_owned());
            }
            (_, false) | (None, true) => {
                en.push("Its price stays.".to_owned());
                zh.push("价格不变。".to_owned());
            }
        }
        if self.promoted {
            let change = 100.0 * self.sums.by_promotion / self.sums.units_now;
            en.push(format!("Its promotion, which is known to pay: {change:+.1} % over the weeks."));
            zh.push(format!("已知划算的促销：期间合计 {change:+.1} %。"));
        }
        Said::new(en.join(" "), zh.join(""))
    }
}

fn name(basis: Basis) -> &'static str {
    match basis {
        Basis::Own => "own",
        Basis::Drawn => "drawn",
        Basis::Borrowed => "borrowed",
        Basis::Refused => "refused",
    }
}

/// Sum of a forecast's weeks with its ends.
fn ends(forecast: &Forecast) -> Ends {
    let mean = forecast.total.0.max(0.0);
    let (low, high) = forecast.total.1.first().copied().unwrap_or((mean, mean));
    (mean, low.max(0.0).min(mean), high.max(mean))
}

/// A value whose ends lie as those of another one do.
fn scaled(value: f64, (mean, low, high): Ends) -> Ends {
    if mean <= 0.0 {
        return (value, value, value);
    }
    let (a, b) = (value * low / mean, value * high / mean);
    (value, a.min(b), a.max(b))
}

/// What was sold of each product of a market in as many weeks as are ahead.
fn late(inputs: &Inputs, at: usize) -> BTreeMap<usize, (f64, f64)> {
    let until = first_week(inputs);
    let place = &inputs.markets[at];
    let rate = inputs.rate(place.currency, inputs.base).unwrap_or(0.0);
    let mut sums: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
    let of_late =
        |w: &&super::inputs::ProductWeek| w.market == at && w.week < until && until.since(w.week) <= 7 * HORIZON as i32;
    for week in inputs.weeks.iter().filter(of_late) {
        let sum = sums.entry(week.product).or_default();
        let units = week.units as f64;
        *sum = (sum.0 + units, sum.1 + units * week.price * rate);
    }
    sums
}

/// `marts.planned`.
pub(super) fn table(inputs: &Inputs, rows: &[PlannedRow]) -> Result<RecordBatch> {
    let subject = |r: &PlannedRow| match &r.subject {
        Subject::Market => "market".to_owned(),
        Subject::Category(name) => format!("category:{name}"),
        Subject::Product(at) => format!("product:{}", inputs.products[*at].id),
    };
    let of = |pick: fn(&PlannedRow) -> f64| rows.iter().map(pick).collect::<Vec<_>>();
    let may = |pick: fn(&PlannedRow) -> Option<f64>| rows.iter().map(pick).collect::<Vec<_>>();
    Columns::default()
        .text("market", rows.iter().map(|r| inputs.markets[r.market].market.code().to_owned()))
        .text("subject", rows.iter().map(subject))
        .int("weeks", rows.iter().map(|_| HORIZON as i64))
        .float("level", rows.iter().map(|_| LEVEL))
        .float("units_now", of(|r| r.units_now.0))
        .float("units_now_low", of(|r| r.units_now.1))
        .float("units_now_high", of(|r| r.units_now.2))
        .float("units", of(|r| r.units.0))
        .float("units_low", of(|r| r.units.1))
        .float("units_high", of(|r| r.units.2))
        .float("by_price", of(|r| r.by_price))
        .float("by_promotion", of(|r| r.by_promotion))
        .text("currency", rows.iter().map(|_| inputs.base.to_string()))
        .optional_float("sales_now", may(|r| r.sales.map(|s| s.0)))
        .optional_float("sales", may(|r| r.sales.map(|s| s.1.0)))
        .optional_float("sales_low", may(|r| r.sales.map(|s| s.1.1)))
        .optional_float("sales_high", may(|r| r.sales.map(|s| s.1.2)))
        .optional_float("margin_now", may(|r| r.margin.map(|m| m.0)))
        .optional_float("margin", may(|r| r.margin.map(|m| m.1.0)))
        .optional_float("margin_low", may(|r| r.margin.map(|m| m.1.1)))
        .optional_float("margin_high", may(|r| r.margin.map(|m| m.1.2)))
        .text("basis", rows.iter().map(|r| r.basis))
        .text("en", rows.iter().map(|r| r.said.en.as_str()))
        .text("zh", rows.iter().map(|r| r.said.zh.as_str()))
        .batch()
}
