//! The market at a glance, its months and its year.

use super::{Gatherer, Summary};
use crate::pipeline::rows::Rows;
use anyhow::{Result, anyhow};
use audience::Month;
use audience::market_profile::{Basis, MarketCounts, MonthCounts, Subject, complete_months, growth_periods};
use decide::plan::{Against, Glance, Metric, MonthEvidence, Span};
use domain::{Amount, Day, Figure, Market, Window};

impl Gatherer<'_> {
    pub(super) async fn load_glances(&mut self) -> Result<()> {
        let rows = Rows::query(self.engine, "select * from marts.market_summary order by market").await?;
        let months = Rows::query(
            self.engine,
            "select market, month, revenue, returned, n_orders from marts.market_months order by market, month",
        )
        .await?;
        let (month_market, month_day) = (months.markets("market")?, months.days("month")?);
        let month_orders = months.ints("n_orders")?;
        let month_net: Vec<Amount> =
            months.amounts("revenue")?.into_iter().zip(months.amounts("returned")?).map(|(a, b)| a + b).collect();
        let markets = rows.markets("market")?;
        let (orders, shoppers, repeat) =
            (rows.ints("n_orders")?, rows.ints("n_shoppers")?, rows.ints("n_repeat_shoppers")?);
        let (lines, units) = (rows.ints("n_lines")?, rows.ints("n_units")?);
        let (revenue, returned, sd) = (rows.amounts("revenue")?, rows.amounts("returned")?, rows.floats("order_sd")?);
        let (first, last) = (rows.days("first_day")?, rows.days("last_day")?);
        let window = Window {
            from: first.iter().min().copied().unwrap_or(Day(0)),
            to: last.iter().max().map_or(Day(0), |d| d.plus(1)),
        };
        self.window = window;
        let total: Amount = revenue.iter().copied().sum::<Amount>() + returned.iter().copied().sum::<Amount>();
        for (i, market) in markets.iter().enumerate() {
            let series: Vec<MonthCounts> = (0..month_market.len())
                .filter(|&m| month_market[m] == *market)
                .map(|m| MonthCounts {
                    month: Month::of(month_day[m]),
                    revenue: month_net[m],
                    n_orders: month_orders[m].unsigned_abs(),
                })
                .collect();
            let counts = MarketCounts {
                market: *market,
                currency: self.currency,
                n_orders: orders[i].unsigned_abs(),
                n_shoppers: shoppers[i].unsigned_abs(),
                n_repeat_shoppers: repeat[i].unsigned_abs(),
                n_lines: lines[i].unsigned_abs(),
                n_units: units[i].unsigned_abs(),
                revenue_gross: revenue[i],
                revenue_returned: returned[i].min(Amount::ZERO),
                order_value_sd: sd[i],
                months: whole_months(&series, window),
            };
            let net = revenue[i] + returned[i];
            let share = (total > Amount::ZERO).then(|| {
                Metric::SalesShare.number(
                    net.to_f64() / total.to_f64(),
                    counts.n_orders,
                    &format!("select market, revenue + returned as net from marts.market_summary -- market {market}"),
                )
            });
            let glance = Glance { sales_share: share, ..glance(&counts)? };
            let summary = Summary { orders: counts.n_orders, shoppers: counts.n_shoppers, net };
            self.glances.insert(*market, (glance, summary));
            self.counts.insert(*market, counts);
        }
        Ok(())
    }

    /// Revenue from the market's first month to the last of the data: a month without a sale is a
    /// month too.
    pub(super) async fn months(&self, market: Market) -> Result<Vec<MonthEvidence>> {
        let query = months_query(market);
        let rows = Rows::query(self.engine, &query).await?;
        let (days, orders) = (rows.days("month")?, rows.ints("n_orders")?);
        let (revenue, returned) = (rows.amounts("revenue")?, rows.amounts("returned")?);
        let Some(first) = days.first() else { return Ok(Vec::new()) };
        let last = Month::of(self.window.to.plus(-1));
        (0..=last.since(Month::of(*first)).max(0))
            .map(|k| {
                let month = Month::of(*first).plus(k).first_day();
                let row = days.iter().position(|d| *d == month);
                let n = row.map_or(0, |i| orders[i].unsigned_abs());
                let net = row.map_or(Amount::ZERO, |i| revenue[i] + returned[i]);
                let source = format!("{query} -- month {month}");
                Ok(MonthEvidence {
                    month,
                    span: if whole(month, self.window) { Span::Whole } else { Span::Partial },
                    revenue: Metric::MonthRevenue.money(self.money(net)?, n, &source),
                    orders: Some(Metric::MonthOrders.number(n as f64, n, &source)),
                })
            })
            .collect()
    }

    /// The calendar months against an average one; nothing where a calendar month is missing.
    pub(super) fn seasonality(&self, market: Market) -> Vec<Figure> {
        let Some(counts) = self.counts.get(&market) else { return Vec::new() };
        let indices = counts.seasonality(Subject::Market);
        if indices.iter().any(|f| f.as_f64().is_none()) {
            return Vec::new();
        }
        let (Some(first), Some(last)) = (counts.months.first(), counts.months.last()) else { return Vec::new() };
        let query = format!("{} -- whole months {} to {}", months_query(market), first.month, last.month);
        indices.into_iter().map(|figure| Metric::SeasonIndex.adopt(figure, &query)).collect()
    }
}

/// The figures of a market as the plan names them.
fn glance(counts: &MarketCounts) -> Result<Glance> {
    let market = counts.market;
    let query = format!("select * from marts.market_summary where market = '{market}'");
    let figures = counts.profile(Subject::Market)?;
    let adopt = |name: &str, metric: Metric| {
        let found = figures.iter().find(|f| f.key == format!("market.{name}"));
        found.map(|f| metric.adopt(f.clone(), &query)).ok_or_else(|| anyhow!("the profile has no `{name}`"))
    };
    let ratio = figures.iter().find(|f| f.key == "market.growth");
    let growth = growth_periods(&counts.months).zip(ratio).map(|(periods, ratio)| {
        let against = match periods.basis {
            Basis::YearBefore => Against::YearBefore,
            Basis::MonthsBefore => Against::MonthsBefore,
        };
        let ((a, b), (c, d)) = (periods.later, periods.earlier);
        let source = format!("{} -- {a} to {b} against {c} to {d}", months_query(market));
        (Metric::growth(ratio.clone(), against, &source), against)
    });
    Ok(Glance {
        revenue: Some(adopt("revenue_net", Metric::Revenue)?),
        orders: Some(adopt("orders", Metric::Orders)?),
        shoppers: Some(adopt("shoppers", Metric::Shoppers)?),
        basket: Some(adopt("basket_value", Metric::Basket)?),
        repeat_rate: (counts.n_shoppers > 0).then(|| adopt("repeat_rate", Metric::RepeatRate)).transpose()?,
        return_rate: Some(adopt("return_rate", Metric::ReturnRate)?),
        growth_against: growth.as_ref().map_or_else(Against::default, |(_, against)| *against),
        growth: growth.map(|(figure, _)| figure),
        sales_share: None,
    })
}

fn months_query(market: Market) -> String {
    format!(
        "select month, revenue, returned, n_orders from marts.market_months where market = '{market}' order by month"
    )
}

/// The whole months from the market's first one on: before it the market was not there, after it a
/// silent month counts.
fn whole_months(series: &[MonthCounts], window: Window) -> Vec<MonthCounts> {
    let Some(first) = series.first() else { return Vec::new() };
    let from = first.month.first_day().max(window.from);
    complete_months(series, Window { from, to: window.to })
}

/// Whether all days of the month that starts on `month` lie in the window.
fn whole(month: Day, window: Window) -> bool {
    window.from <= month && Month::of(month).plus(1).first_day() <= window.to
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(y: i32, m: u32, d: u32) -> Day {
        Day::from_ymd(y, m, d).unwrap()
    }

    #[test] // Sales in March and May; data from 10 January to the end of June: April and June are silent, February is not there yet.
    fn silent_months_count_and_months_before_the_first_sale_do_not() {
        let month = |month| MonthCounts {
            month: Month { year: 2024, month },
            revenue: Amount::from_micros(1_000_000),
            n_orders: 1,
        };
        let window = Window { from: day(2024, 1, 10), to: day(2024, 7, 1) };
        let found = whole_months(&[month(3), month(5)], window);
        let orders: Vec<(u32, u64)> = found.iter().map(|m| (m.month.month, m.n_orders)).collect();
        assert_eq!(orders, [(3, 1), (4, 0), (5, 1), (6, 0)]);
        assert!(whole(day(2024, 6, 1), window) && !whole(day(2024, 1, 1), window));
    }
}
