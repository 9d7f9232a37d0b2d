//! A market (or a segment of it) at a glance, from counts that one query delivers.
//!
//! Sums are exact and always shown; rates and means need [`MIN_OBSERVATIONS`] orders or shoppers and
//! carry an interval where the counts allow one:
//! - average basket: revenue / orders, Student's t from the orders' standard deviation;
//! - repeat rate: Wilson;
//! - growth: revenue of the later period / revenue of the earlier one, undefined where the earlier
//!   one is not above zero (cancellations can outweigh sales). Revenue is a sum of a Poisson
//!   number of orders, so `Var ln(ratio) ≈ (1 + cv²)(1/n_earlier + 1/n_later)` with `cv` the orders'
//!   coefficient of variation (delta method), and the interval is `ratio · exp(±z·sqrt(Var))`;
//! - seasonality: a calendar month's mean revenue / mean revenue of all months, 1 is an average
//!   month. It needs every calendar month once; with a single year it cannot be told from growth,
//!   which the formula says.
//!
//! Cost: linear in the months.

use crate::figures::{LEVEL, MIN_OBSERVATIONS, count, mean_amount, share, total};
use crate::{AudienceError, Month, Segment};
use domain::{Amount, Currency, Decimal, Figure, Market, Unit, Window};
use learn::interval::{mean_t, two_sided};
use std::collections::BTreeMap;

/// One month of orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonthCounts {
    /// Which month.
    pub month: Month,
    /// Settled sales.
    pub revenue: Amount,
    /// Orders.
    pub n_orders: u64,
}

/// What one query says about a market: rows of `market_summary` and `market_months`.
#[derive(Clone, Debug, PartialEq)]
pub struct MarketCounts {
    /// Which market.
    pub market: Market,
    /// Currency of every amount: the reporting currency.
    pub currency: Currency,
    /// Orders with a settled sale.
    pub n_orders: u64,
    /// Shoppers with a settled sale.
    pub n_shoppers: u64,
    /// Of those, with at least two orders.
    pub n_repeat_shoppers: u64,
    /// Order lines.
    pub n_lines: u64,
    /// Units sold.
    pub n_units: u64,
    /// Settled sales before returns.
    pub revenue_gross: Amount,
    /// Cancellations and returns, zero or negative as the lake keeps them.
    pub revenue_returned: Amount,
    /// Sample standard deviation of an order's value, major units; `None` when not known.
    pub order_value_sd: Option<f64>,
    /// Complete months, ascending, months without an order included: see [`complete_months`].
    pub months: Vec<MonthCounts>,
}

/// Whose figures they are: the beginning of every key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A whole market: keys `market.revenue` and so on.
    Market,
    /// One segment of it: keys `segment.champions.revenue` and so on.
    Segment(Segment),
}

impl Subject {
    fn key(self, figure: &str) -> String {
        match self {
            Self::Market => format!("market.{figure}"),
            Self::Segment(segment) => format!("segment.{}.{figure}", segment.key()),
        }
    }
}

/// What growth compares with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The same months of the year before.
    YearBefore,
    /// The months just before, so the season is part of it.
    MonthsBefore,
}

/// The two periods of a growth figure, each with its first and last month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrowthPeriods {
    /// The period before.
    pub earlier: (Month, Month),
    /// The latest months.
    pub later: (Month, Month),
    /// How they lie to each other.
    pub basis: Basis,
}

/// The months that lie wholly in `window`, without gaps: a month in which nothing was sold is a row
/// of zeros, a month that the window cuts is left out.
pub fn complete_months(months: &[MonthCounts], window: Window) -> Vec<MonthCounts> {
    let given: BTreeMap<Month, MonthCounts> = months.iter().map(|m| (m.month, *m)).collect();
    let first = Month::of(window.from);
    let first = if first.first_day() < window.from { first.plus(1) } else { first };
    let mut complete = Vec::new();
    let mut month = first;
    while month.plus(1).first_day() <= window.to {
        let nothing = MonthCounts { month, revenue: Amount::ZERO, n_orders: 0 };
        complete.push(given.get(&month).copied().unwrap_or(nothing));
        month = month.plus(1);
    }
    complete
}

impl MarketCounts {
    /// All figures: first the sums, then the rates. Seasonality is apart, in [`Self::seasonality`].
    ///
    /// # Errors
    /// [`AudienceError::Counts`] for counts that contradict each other.
    pub fn profile(&self, subject: Subject) -> Result<Vec<Figure>, AudienceError> {
        self.check()?;
        let key = |figure: &str| subject.key(figure);
        let net = self.revenue_gross + self.revenue_returned;
        Ok(vec![
            total(&key("revenue"), self.revenue_gross, self.currency, self.n_orders)
                .formula("sum of quantity × unit price of settled sales, before returns"),
            total(&key("revenue_net"), net, self.currency, self.n_orders)
                .formula("settled sales less cancellations and returns"),
            count(&key("orders"), self.n_orders).formula("distinct orders with a settled sale"),
            count(&key("shoppers"), self.n_shoppers).formula("distinct shoppers with a settled sale"),
            self.basket_value(&key("basket_value")),
            self.per_order(&key("basket_lines"), self.n_lines, "order lines / orders"),
            self.per_order(&key("basket_units"), self.n_units, "units sold / orders"),
            self.per_shopper(&key("revenue_per_shopper")),
            share(&key("repeat_rate"), self.n_repeat_shoppers, self.n_shoppers)
                .formula("shoppers with at least 2 orders / shoppers with at least 1; 95 % Wilson interval"),
            Figure::number(&key("return_rate"), Unit::Share, self.return_rate(), self.n_orders, MIN_OBSERVATIONS)
                .formula("value of cancellations and returns / value of settled sales"),
            self.growth(&key("growth")),
        ])
    }

    /// One index for each calendar month, January first. Keys `….season_01` to `….season_12`.
    pub fn seasonality(&self, subject: Subject) -> Vec<Figure> {
        let mut of_month: BTreeMap<u32, Vec<&MonthCounts>> = BTreeMap::new();
        for counts in &self.months {
            of_month.entry(counts.month.month).or_default().push(counts);
        }
        let mean =
            |months: &[&MonthCounts]| months.iter().map(|m| m.revenue.to_f64()).sum::<f64>() / months.len() as f64;
        // Every calendar month weighs the same, however many years of it there are.
        let level = of_month.values().map(|months| mean(months)).sum::<f64>() / of_month.len() as f64;
        let formula = if self.months.len() < 24 {
            "mean revenue of the calendar month / mean over the 12 calendar months; less than two full years, so \
             growth within the year is part of it"
        } else {
            "mean revenue of the calendar month / mean over the 12 calendar months"
        };
        (1..=12)
            .map(|month| {
                let months = of_month.get(&month).map_or(&[][..], Vec::as_slice);
                let key = subject.key(&format!("season_{month:02}"));
                let n_orders = months.iter().map(|m| m.n_orders).sum();
                let index = if level > 0.0 { mean(months) / level } else { f64::NAN };
                // What is lacking is calendar months, so these are counted, then the orders behind the index.
                let mut figure = Figure::number(&key, Unit::Ratio, index, of_month.len() as u64, 12);
                figure.n = n_orders;
                figure.formula(formula)
            })
            .collect()
    }

    fn check(&self) -> Result<(), AudienceError> {
        let wrong = |field, got: String, rule| Err(AudienceError::Counts { field, got, rule });
        if self.n_repeat_shoppers > self.n_shoppers {
            return wrong("n_repeat_shoppers", self.n_repeat_shoppers.to_string(), "at most n_shoppers");
        }
        if self.revenue_returned > Amount::ZERO {
            return wrong("revenue_returned", self.revenue_returned.to_string(), "zero or negative");
        }
        if let Some(pair) = self.months.windows(2).find(|pair| pair[1].month.since(pair[0].month) != 1) {
            return wrong("months", pair[1].month.to_string(), "ascending without gaps");
        }
        Ok(())
    }

    fn basket_value(&self, key: &str) -> Figure {
        let n = self.n_orders;
        let mean = self.revenue_gross.to_decimal().checked_div(Decimal::from(n)).unwrap_or_default();
        let figure = mean_amount(key, mean, self.currency, n, MIN_OBSERVATIONS)
            .formula("revenue / orders; 95 % interval by Student's t");
        let middle = self.revenue_gross.to_f64() / n as f64;
        match self.order_value_sd.and_then(|sd| mean_t(middle, sd, n, LEVEL)) {
            Some(i) => figure.interval(i.low, i.high, i.level),
            None => figure,
        }
    }

    fn per_order(&self, key: &str, things: u64, formula: &str) -> Figure {
        let mean = things as f64 / self.n_orders as f64;
        Figure::number(key, Unit::Ratio, mean, self.n_orders, MIN_OBSERVATIONS).formula(formula)
    }

    fn per_shopper(&self, key: &str) -> Figure {
        let mean = self.revenue_gross.to_decimal().checked_div(Decimal::from(self.n_shoppers)).unwrap_or_default();
        mean_amount(key, mean, self.currency, self.n_shoppers, MIN_OBSERVATIONS).formula("revenue / shoppers")
    }

    fn return_rate(&self) -> f64 {
        -self.revenue_returned.to_f64() / self.revenue_gross.to_f64()
    }

    fn growth(&self, key: &str) -> Figure {
        let Some((earlier, later, basis)) = periods(&self.months) else {
            return Figure::number(key, Unit::Ratio, f64::NAN, self.months.len() as u64, 2)
                .formula("revenue of the later months / revenue of the earlier ones; needs two complete months");
        };
        let sum = |months: &[MonthCounts]| months.iter().map(|m| m.revenue).sum::<Amount>().to_f64();
        let orders = |months: &[MonthCounts]| months.iter().map(|m| m.n_orders).sum::<u64>();
        let (before, after) = (orders(earlier), orders(later));
        // Both periods have to carry the ratio, so the weaker one is held against the minimum.
        // Nothing grows from a sum that is not above zero: from -10 to 5 would be "-150 %".
        let ratio = if before > 0 && sum(earlier) > 0.0 { sum(later) / sum(earlier) } else { f64::NAN };
        let figure = Figure::number(key, Unit::Ratio, ratio, before.min(after), MIN_OBSERVATIONS);
        let span = |months: &[MonthCounts]| match (months.first(), months.last()) {
            (Some(a), Some(b)) => format!("{} to {}", a.month, b.month),
            _ => String::new(),
        };
        let basis = match basis {
            Basis::YearBefore => "same months of the year before",
            Basis::MonthsBefore => "the months just before, so the season is part of it",
        };
        let figure = figure.formula(format!("revenue of {} / revenue of {}; {basis}", span(later), span(earlier)));
        let mean = self.revenue_gross.to_f64() / self.n_orders as f64;
        match (self.order_value_sd, two_sided(LEVEL)) {
            (Some(sd), Some(z)) if ratio > 0.0 && mean > 0.0 => {
                let spread = 1.0 + (sd / mean) * (sd / mean);
                let half = z * (spread * (1.0 / before as f64 + 1.0 / after as f64)).sqrt();
                figure.interval(ratio * (-half).exp(), ratio * half.exp(), LEVEL)
            }
            _ => figure,
        }
    }
}

/// The periods that [`MarketCounts::profile`] compares for growth: the last three months against the
/// same months a year before; where there is no such year, against the three (or fewer) months just
/// before. `None` below two months.
pub fn growth_periods(months: &[MonthCounts]) -> Option<GrowthPeriods> {
    let (earlier, later, basis) = periods(months)?;
    let ends = |months: &[MonthCounts]| Some((months.first()?.month, months.last()?.month));
    Some(GrowthPeriods { earlier: ends(earlier)?, later: ends(later)?, basis })
}

fn periods(months: &[MonthCounts]) -> Option<(&[MonthCounts], &[MonthCounts], Basis)> {
    let n = months.len();
    if n >= 15 {
        return Some((&months[n - 15..n - 12], &months[n - 3..], Basis::YearBefore));
    }
    let k = (n / 2).min(3);
    (k > 0).then(|| (&months[n - 2 * k..n - k], &months[n - k..], Basis::MonthsBefore))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Day, FigureValue, Money};

    const GBP: Currency = Currency::new(*b"GBP");

    fn months(revenues: &[i64]) -> Vec<MonthCounts> {
        let first = Month { year: 2023, month: 1 };
        let month = |(i, pounds): (usize, &i64)| MonthCounts {
            month: first.plus(i as i32),
            revenue: Amount::from_micros(pounds * 1_000_000),
            n_orders: 50,
        };
        revenues.iter().enumerate().map(month).collect()
    }

    fn counts(revenues: &[i64]) -> MarketCounts {
        MarketCounts {
            market: "DE".parse().unwrap(),
            currency: GBP,
            n_orders: 400,
            n_shoppers: 100,
            n_repeat_shoppers: 40,
            n_lines: 2_000,
            n_units: 10_000,
            revenue_gross: Amount::from_micros(80_000_000_000),
            revenue_returned: Amount::from_micros(-4_000_000_000),
            order_value_sd: Some(100.0),
            months: months(revenues),
        }
    }

    fn figure(counts: &MarketCounts, key: &str) -> Figure {
        counts.profile(Subject::Market).unwrap().into_iter().find(|f| f.key == key).unwrap()
    }

    // 80,000 GBP of 400 orders: 200.00, half = 1.96593 (t, 399) · 100 / 20 = 9.83. Returns 4,000 / 80,000 = 5 %.
    #[test]
    fn figures_of_a_market_by_hand() {
        let counts = counts(&[10; 6]);
        let basket = figure(&counts, "market.basket_value");
        assert_eq!(basket.value, FigureValue::Money(Money { minor: 20_000, currency: GBP }));
        let i = basket.interval.unwrap();
        assert!((i.low - 190.17).abs() < 0.01 && (i.high - 209.83).abs() < 0.01, "{i:?}");
        assert_eq!(figure(&counts, "market.return_rate").as_f64(), Some(0.05));
        assert_eq!(figure(&counts, "market.revenue_net").as_f64(), Some(76_000.0));
        assert_eq!(figure(&counts, "market.revenue_per_shopper").as_f64(), Some(800.0));
        assert_eq!(figure(&counts, "market.basket_lines").as_f64(), Some(5.0));
        assert_eq!(figure(&counts, "market.basket_units").as_f64(), Some(25.0));
        assert_eq!(figure(&counts, "market.repeat_rate").as_f64(), Some(0.4));
        assert!(counts.profile(Subject::Market).unwrap().iter().all(|f| !f.formula.is_empty()));
        let champions = counts.profile(Subject::Segment(Segment::Champions)).unwrap();
        assert_eq!(champions[0].key, "segment.champions.revenue");
    }

    // 6 months: 3 + 3, 150 orders each; (30 + 30 + 60) / (10 + 20 + 30) = 2. cv 0.5: sd(ln) = sqrt(1.25 · 2 / 150).
    #[test]
    fn growth_by_hand_with_and_without_a_year_before() {
        let growth = figure(&counts(&[10, 20, 30, 30, 30, 60]), "market.growth");
        assert_eq!(growth.as_f64(), Some(2.0));
        let half = 1.959_964 * (1.25_f64 * 2.0 / 150.0).sqrt();
        let i = growth.interval.unwrap();
        assert!((i.low - 2.0 * (-half).exp()).abs() < 1e-5 && (i.high - 2.0 * half.exp()).abs() < 1e-5);
        assert!(growth.formula.contains("2023-04 to 2023-06 / revenue of 2023-01 to 2023-03"), "{}", growth.formula);
        // 15 months: January to March 2024 (3 · 30) against January to March 2023 (3 · 20).
        let year = [20, 20, 20, 9, 9, 9, 9, 9, 9, 9, 9, 9, 30, 30, 30];
        assert_eq!(figure(&counts(&year), "market.growth").as_f64(), Some(1.5));
        assert_eq!(figure(&counts(&[5]), "market.growth").value, FigureValue::TooLittleData { have: 1, need: 2 });
        let found = growth_periods(&months(&year)).unwrap();
        assert_eq!((found.earlier.0, found.later.1), (Month { year: 2023, month: 1 }, Month { year: 2024, month: 3 }));
        assert_eq!(found.basis, Basis::YearBefore);
        assert_eq!(growth_periods(&months(&[1, 2, 3])).unwrap().basis, Basis::MonthsBefore);
        assert_eq!(growth_periods(&months(&[1])), None);
        let mut still = counts(&[0, 5]);
        still.months[0].n_orders = 0;
        assert_eq!(figure(&still, "market.growth").value, FigureValue::TooLittleData { have: 0, need: 30 });
    }

    #[test] // Cancellations of 10 more than was sold, then 5: 5 / -10 is no growth of any size.
    fn nothing_grows_from_a_negative_revenue() {
        assert_eq!(figure(&counts(&[-10, 5]), "market.growth").value, FigureValue::Undefined);
        assert_eq!(figure(&counts(&[0, 5]), "market.growth").value, FigureValue::Undefined);
    }

    #[test] // Eleven months of 10 and a December of 130: mean 20, index 0.5 and 6.5.
    fn seasonality_by_hand() {
        let mut year = [10; 12];
        year[11] = 130;
        let season = counts(&year).seasonality(Subject::Market);
        assert_eq!(season[0].as_f64(), Some(0.5));
        assert_eq!((season[11].key.as_str(), season[11].as_f64()), ("market.season_12", Some(6.5)));
        let short = counts(&year[..11]).seasonality(Subject::Market);
        assert!(short.iter().all(|f| f.value == FigureValue::TooLittleData { have: 11, need: 12 }));
        let nothing = counts(&[0; 12]).seasonality(Subject::Market);
        assert!(nothing.iter().all(|f| f.value == FigureValue::Undefined));
    }

    #[test]
    fn a_small_market_shows_sums_but_no_rates() {
        let small = MarketCounts { n_orders: 9, n_shoppers: 5, n_repeat_shoppers: 3, ..counts(&[10; 6]) };
        let shown: Vec<String> = small
            .profile(Subject::Market)
            .unwrap()
            .into_iter()
            .filter(|f| f.as_f64().is_some())
            .map(|f| f.key)
            .collect();
        let sums = ["market.revenue", "market.revenue_net", "market.orders", "market.shoppers", "market.growth"];
        assert_eq!(shown, sums); // growth rests on the months' own 150 orders
    }

    #[test]
    fn months_cut_by_the_window_are_left_out_and_silent_ones_are_zero() {
        let day = |y, m, d| Day::from_ymd(y, m, d).unwrap();
        let given: Vec<MonthCounts> = months(&[10, 20, 30, 40]).into_iter().filter(|m| m.month.month != 3).collect();
        let window = Window { from: day(2023, 1, 2), to: day(2023, 5, 1) };
        let complete: Vec<(u32, f64)> =
            complete_months(&given, window).iter().map(|m| (m.month.month, m.revenue.to_f64())).collect();
        assert_eq!(complete, [(2, 20.0), (3, 0.0), (4, 40.0)]);
        let cut = Window { from: day(2023, 1, 1), to: day(2023, 4, 30) };
        assert_eq!(complete_months(&given, cut).len(), 3);
    }

    #[test]
    fn contradictions_are_refused() {
        let fails = |counts: MarketCounts| counts.profile(Subject::Market).unwrap_err().to_string();
        let more = fails(MarketCounts { n_repeat_shoppers: 101, ..counts(&[]) });
        assert_eq!(more, "n_repeat_shoppers is 101, it has to be at most n_shoppers");
        let positive = Amount::from_micros(1_000_000);
        assert!(fails(MarketCounts { revenue_returned: positive, ..counts(&[]) }).contains("zero or negative"));
        let mut gap = counts(&[1, 2, 3]);
        gap.months.remove(1);
        assert!(fails(gap).contains("without gaps"));
    }
}
