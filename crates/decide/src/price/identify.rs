//! May a product's sales be read as an answer to its price? What speaks against it, measured.
//!
//! A regression of demand on price gives a number on any data. It is a response only where prices moved, moved for another
//! reason than demand, and did not move *because* of the order. Each of these is measured and held against a limit:
//!
//! | finding | measured by |
//! |---|---|
//! | too few weeks, or too many without a sale | count; share of empty weeks, whose price nobody knows |
//! | the price hardly moves | standard deviation of the weeks' `ln p` |
//! | it moves with the season, or with promotions | what months and promotions leave of that variance |
//! | the price depends on the order's size | slope of a line's `ln p` on its `ln units` within a week |
//! | several prices at a time | share of the lines' variance of `ln p` that lies within weeks |
//! | the answer depends on how orders are counted | units on the mean price against lines on the median price, and against lines of small orders on theirs |
//! | the answer does not last | first half of the weeks against the second |
//!
//! With quantity breaks a large order lowers its own price, so "units against price" finds a steep slope although nobody
//! answered to a price: the trap of wholesale data. Prices of a shelf ([`PriceSource::Posted`]) cannot have it.

use super::panel::{Panel, Sale, Week, monday};
use super::regression::{PoissonResponse, Table, log_log, poisson};
use super::said::Said;
use learn::Points;
use learn::linear_effects::{Groups, LinearEffects};
use learn::quantile::median;
use std::collections::BTreeMap;

/// Where the prices come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceSource {
    /// What each order paid: may depend on the order.
    Paid,
    /// What the shelf said, the same for everybody.
    Posted,
}

/// Which regression answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Form {
    /// Poisson pseudo-likelihood: a week counts by its demand, so deep cuts count most.
    #[default]
    Poisson,
    /// Logarithm on logarithm: a week counts once, however much it sold.
    LogLog,
}

/// Limits of the findings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Fewest weeks with a sale.
    pub min_weeks: usize,
    /// Largest share of weeks without one.
    pub max_empty: f64,
    /// Least standard deviation of the weeks' `ln p`.
    pub min_spread: f64,
    /// Largest share of its variance that months and promotions explain.
    pub max_explained: f64,
    /// Slope of `ln p` on `ln units` within a week at which order size is said to set the price, below 0.
    pub size_slope: f64,
    /// Largest share of the lines' variance of `ln p` within weeks.
    pub max_within: f64,
    /// Standard errors at which two answers differ.
    pub z: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            min_weeks: 20,
            max_empty: 0.3,
            min_spread: 0.02,
            max_explained: 0.9,
            size_slope: -0.005,
            max_within: 0.5,
            z: 2.576,
        }
    }
}

/// Why sales cannot be read as an answer to price.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Doubt {
    /// Fewer weeks with a sale than needed.
    FewWeeks {
        /// Weeks there are.
        have: usize,
        /// Weeks needed.
        need: usize,
    },
    /// Too many weeks without a sale.
    SeldomSold {
        /// Share of such weeks.
        empty: f64,
    },
    /// The price hardly moved.
    Still {
        /// Standard deviation of the weeks' `ln p`.
        spread: f64,
    },
    /// It moved with the months.
    WithSeason {
        /// Share explained.
        explained: f64,
    },
    /// It moved with promotions.
    WithPromotion {
        /// Share explained.
        explained: f64,
    },
    /// Large orders pay less.
    OrderSize {
        /// Slope of `ln p` on `ln units` within a week.
        slope: f64,
    },
    /// Orders of the same week paid different prices.
    SeveralPrices {
        /// Share of the variance within weeks.
        within: f64,
    },
    /// Units and lines answer differently.
    CountedDifferently {
        /// Units on the mean price.
        units: f64,
        /// Lines on the median price.
        lines: f64,
    },
    /// The halves answer differently.
    NotLasting {
        /// First half.
        first: f64,
        /// Second half.
        second: f64,
    },
    /// The regression itself has no answer.
    NoFit,
}

impl Doubt {
    /// Whether more data of the same kind could lift the doubt; otherwise the data are of the wrong kind.
    pub fn is_scarcity(self) -> bool {
        match self {
            Self::FewWeeks { .. } | Self::SeldomSold { .. } | Self::Still { .. } | Self::NoFit => true,
            Self::WithSeason { .. }
            | Self::WithPromotion { .. }
            | Self::OrderSize { .. }
            | Self::SeveralPrices { .. }
            | Self::CountedDifferently { .. }
            | Self::NotLasting { .. } => false,
        }
    }

    /// For people.
    pub fn said(self) -> Said {
        let percent = |share: f64| format!("{:.0} %", 100.0 * share);
        match self {
            Self::FewWeeks { have, need } => Said::new(
                format!("sold in {have} weeks, {need} are needed"),
                format!("只有 {have} 周有销售，至少需要 {need} 周"),
            ),
            Self::SeldomSold { empty } => Said::new(
                format!("{} of the weeks had no sale, and their price is not known", percent(empty)),
                format!("{} 的周没有销售，这些周的价格无从得知", percent(empty)),
            ),
            Self::Still { spread } => Said::new(
                format!("the price hardly moved (standard deviation {:.1} %)", 100.0 * spread),
                format!("价格几乎没有变化（标准差 {:.1} %）", 100.0 * spread),
            ),
            Self::WithSeason { explained } => Said::new(
                format!(
                    "the price moved with the months ({} of its variance), so price and season cannot be told apart",
                    percent(explained)
                ),
                format!("价格随月份变动（占其方差的 {}），无法区分价格与季节的作用", percent(explained)),
            ),
            Self::WithPromotion { explained } => Said::new(
                format!(
                    "the price moved only with promotions ({} of its variance), so the two cannot be told apart",
                    percent(explained)
                ),
                format!("价格只随促销变动（占其方差的 {}），无法区分两者的作用", percent(explained)),
            ),
            Self::OrderSize { slope } => Said::new(
                format!(
                    "an order twice as large pays {:.1} % less a unit: the order sets the price",
                    100.0 * (1.0 - 2.0_f64.powf(slope))
                ),
                format!("订单量翻倍时单价低 {:.1} %：价格由订单量决定", 100.0 * (1.0 - 2.0_f64.powf(slope))),
            ),
            Self::SeveralPrices { within } => Said::new(
                format!(
                    "{} of the variation in price lies between orders of the same week: there was no one price to answer to",
                    percent(within)
                ),
                format!("价格差异的 {} 出现在同一周的订单之间：并不存在一个统一的价格", percent(within)),
            ),
            Self::CountedDifferently { units, lines } => Said::new(
                format!(
                    "units answer with {units:.1}, orders with {lines:.1}: the sizes of orders moved, not the demand"
                ),
                format!("按件数为 {units:.1}，按订单数为 {lines:.1}：变化的是订单大小而不是需求"),
            ),
            Self::NotLasting { first, second } => Said::new(
                format!("the first half of the weeks says {first:.1}, the second {second:.1}"),
                format!("前一半时间为 {first:.1}，后一半为 {second:.1}"),
            ),
            Self::NoFit => Said::new("the regression has no answer on these weeks", "这些数据无法拟合回归"),
        }
    }
}

/// A response of one product with what was measured on the way.
#[derive(Clone, Debug, PartialEq)]
pub struct Identified {
    /// Units on the week's price (mean price where paid, posted price where posted).
    pub units: Option<(f64, f64)>,
    /// Lines on the median price, with the standard error.
    pub lines: Option<(f64, f64)>,
    /// Lines of orders up to the median size on those orders' median price: within one size there is no break to go by.
    pub small_orders: Option<(f64, f64)>,
    /// What speaks against reading it as a response; empty for nothing found.
    pub doubts: Vec<Doubt>,
    /// Lowest and highest median price of a week.
    pub seen: Option<(f64, f64)>,
}

/// Measures one product by the Poisson form.
pub fn identify(panel: &Panel, source: PriceSource, limits: &Limits) -> Identified {
    identify_by(panel, source, Form::Poisson, limits)
}

/// Measures one product.
pub fn identify_by(panel: &Panel, source: PriceSource, form: Form, limits: &Limits) -> Identified {
    let weeks = &panel.weeks;
    let prices: Vec<f64> = weeks.iter().map(|w| w.median_price.ln()).collect();
    let seen = prices.iter().fold(None, |ends: Option<(f64, f64)>, p| {
        let (low, high) = ends.unwrap_or((*p, *p));
        Some((low.min(*p), high.max(*p)))
    });
    let mut out = Identified {
        units: None,
        lines: None,
        small_orders: None,
        doubts: Vec::new(),
        seen: seen.map(|(a, b)| (a.exp(), b.exp())),
    };
    if weeks.len() < limits.min_weeks {
        out.doubts.push(Doubt::FewWeeks { have: weeks.len(), need: limits.min_weeks });
        return out;
    }
    if panel.empty_share() > limits.max_empty {
        out.doubts.push(Doubt::SeldomSold { empty: panel.empty_share() });
    }
    if source == PriceSource::Paid {
        out.doubts.extend(order_size(panel, limits));
    }
    let spread = deviation(&prices);
    if spread < limits.min_spread {
        out.doubts.push(Doubt::Still { spread });
        return out;
    }
    out.doubts.extend(moves_with_something_else(weeks, &prices, limits.max_explained));
    let price_of = |w: &Week| match source {
        PriceSource::Paid => w.mean_price,
        PriceSource::Posted => w.median_price,
    };
    out.units = response(weeks, form, |w| w.units, price_of);
    if source == PriceSource::Paid {
        out.lines = response(weeks, form, |w| w.lines, |w| w.median_price);
        let small = small_orders(panel);
        out.small_orders =
            response(&small, form, |w| w.lines, |w| w.median_price).filter(|_| small.len() >= limits.min_weeks);
        for other in [out.lines, out.small_orders] {
            if let (Some((units, a)), Some((lines, b))) = (out.units, other)
                && (units - lines).abs() > limits.z * a.hypot(b)
            {
                out.doubts.push(Doubt::CountedDifferently { units, lines });
                break;
            }
        }
    }
    if out.units.is_none() {
        out.doubts.push(Doubt::NoFit);
    }
    let (early, late) = weeks.split_at(weeks.len() / 2);
    let half = |weeks: &[Week]| response(weeks, form, |w| w.units, price_of);
    if let (Some((first, a)), Some((second, b))) = (half(early), half(late))
        && (first - second).abs() > limits.z * a.hypot(b)
    {
        out.doubts.push(Doubt::NotLasting { first, second });
    }
    out
}

/// Months and promotions held against the price.
fn moves_with_something_else(weeks: &[Week], prices: &[f64], limit: f64) -> Option<Doubt> {
    let (months, n) = months(weeks);
    let total = deviation(prices).powi(2) * prices.len() as f64;
    let promotions: Vec<f64> = weeks.iter().map(|w| w.promoted).collect();
    let one = vec![0_u32; weeks.len()];
    // Adjusted for the levels spent, or thirty months would explain any thirty weeks.
    let explained = |of: &[u32], n: usize, with_promotions: bool| -> Option<f64> {
        let rest: f64;
        let free: usize;
        if with_promotions && deviation(&promotions) > 0.0 {
            let x = Points::new(promotions.clone(), 1).ok()?;
            let fit = LinearEffects::fit(prices, &x, &[], &[Groups { of, n }]).ok()?;
            rest = fit.variance();
            free = fit.free();
        } else {
            let mut sums = vec![(0.0, 0.0); n];
            prices.iter().zip(of).for_each(|(p, g)| {
                sums[*g as usize].0 += p;
                sums[*g as usize].1 += 1.0;
            });
            let off: f64 =
                prices.iter().zip(of).map(|(p, g)| (p - sums[*g as usize].0 / sums[*g as usize].1).powi(2)).sum();
            free = prices.len().checked_sub(n).filter(|f| *f > 0)?;
            rest = off / free as f64;
        }
        let all = total / (prices.len() - 1) as f64;
        (free > 0 && all > 0.0).then(|| 1.0 - rest / all)
    };
    let by_promotion = explained(&one, 1, true).unwrap_or(0.0);
    let by_month = explained(&months, n, false).unwrap_or(0.0);
    let by_both = explained(&months, n, true).unwrap_or(0.0);
    if by_promotion > limit {
        Some(Doubt::WithPromotion { explained: by_promotion })
    } else if by_month > limit {
        Some(Doubt::WithSeason { explained: by_month })
    } else if by_both > limit {
        Some(Doubt::WithPromotion { explained: by_both })
    } else {
        None
    }
}

/// Lines of the same week: does size set the price, and is there one price at all?
fn order_size(panel: &Panel, limits: &Limits) -> Vec<Doubt> {
    let mut out = Vec::new();
    let first = panel.lines.first().map_or(0, |l| monday(l.day).0);
    let week: Vec<u32> = panel.lines.iter().map(|l| ((monday(l.day).0 - first) / 7) as u32).collect();
    let n = week.last().map_or(0, |w| *w as usize + 1);
    let prices: Vec<f64> = panel.lines.iter().map(|l| l.price.ln()).collect();
    let sizes: Vec<f64> = panel.lines.iter().map(|l| l.units.ln()).collect();
    if let Ok(x) = Points::new(sizes, 1)
        && let Ok(fit) = LinearEffects::fit(&prices, &x, &[], &[Groups { of: &week, n }])
    {
        let (slope, se) = (fit.coefficients()[0], fit.se_hc1(0));
        if slope < limits.size_slope && slope < -limits.z * se {
            out.push(Doubt::OrderSize { slope });
        }
    }
    let mut sums = vec![(0.0, 0.0); n];
    for (p, w) in prices.iter().zip(&week) {
        sums[*w as usize].0 += p;
        sums[*w as usize].1 += 1.0;
    }
    let inside: f64 =
        prices.iter().zip(&week).map(|(p, w)| (p - sums[*w as usize].0 / sums[*w as usize].1).powi(2)).sum();
    let total = deviation(&prices).powi(2) * prices.len() as f64;
    if total > 0.0 && inside / total > limits.max_within {
        out.push(Doubt::SeveralPrices { within: inside / total });
    }
    out
}

/// Weeks of the lines up to the median size of all lines.
fn small_orders(panel: &Panel) -> Vec<Week> {
    let sizes: Vec<f64> = panel.lines.iter().map(|l| l.units).collect();
    let most = median(&sizes).unwrap_or(f64::INFINITY);
    let small: Vec<Sale> = panel.lines.iter().filter(|l| l.units <= most).copied().collect();
    // The lines were checked when they were laid out.
    Panel::lay_out(&small).ok().and_then(|p| p.into_iter().next()).map_or_else(Vec::new, |p| p.weeks)
}

/// Months as numbers in order of appearance.
pub(super) fn months(weeks: &[Week]) -> (Vec<u32>, usize) {
    let mut known: BTreeMap<(i32, u32), u32> = BTreeMap::new();
    let of = weeks
        .iter()
        .map(|w| {
            let next = known.len() as u32;
            *known.entry(w.monday.year_month()).or_insert(next)
        })
        .collect();
    (of, known.len())
}

/// `ln demand = a + month + e ln price (+ promotion)` over weeks of one product: `e` and its standard error.
fn response(
    weeks: &[Week],
    form: Form,
    demand: impl Fn(&Week) -> f64,
    price: impl Fn(&Week) -> f64,
) -> Option<(f64, f64)> {
    let (months, n) = months(weeks);
    let one = vec![0_u32; weeks.len()];
    let promotions: Vec<f64> = weeks.iter().map(|w| w.promoted).collect();
    let promoted = deviation(&promotions) > 0.0;
    let mut rows = Vec::with_capacity(weeks.len() * 2);
    for week in weeks {
        rows.push(price(week).ln());
        if promoted {
            rows.push(week.promoted);
        }
    }
    let columns = Points::new(rows, 1 + usize::from(promoted)).ok()?;
    let demand: Vec<f64> = weeks.iter().map(demand).collect();
    let product = Groups { of: &one, n: 1 };
    let table = Table { demand: &demand, columns: &columns, product, month: Groups { of: &months, n } };
    match form {
        Form::Poisson => poisson(&table).ok().map(|f| (f.coefficients[0], careful_se(&f))),
        Form::LogLog => log_log(&table).ok().map(|f| (f.coefficients()[0], f.se_hc1(0).max(f.se_classical(0)))),
    }
}

/// The larger of the robust error (with its factor for small samples) and the model's error stretched by the dispersion:
/// with twenty weeks and five months the robust one alone is too small.
fn careful_se(fit: &PoissonResponse) -> f64 {
    let robust = fit.se_hc0[0] * (fit.n_rows as f64 / fit.free as f64).sqrt();
    robust.max(fit.se_model[0] * fit.dispersion.max(1.0).sqrt())
}

fn deviation(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt()
}
