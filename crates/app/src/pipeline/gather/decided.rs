//! What was decided for a market, from the marts of stage `decisions`.

use super::Gatherer;
use crate::pipeline::rows::Rows;
use anyhow::Result;
use decide::Said;
use decide::plan::{Decided, Hindrance, LandedCost, May, Metric, Occasion, PriceRow, StockRow, WeekDemand};
use domain::{Currency, Decimal, Figure, FigureValue, Market, Money, ProductId, Rounding, Window};
use std::collections::BTreeMap;

/// Products of the table of prices.
const PRICES: usize = 30;
/// Products of the tables of hindrances and of stock.
const ROWS: usize = 15;
/// Weeks of sales before the forecast that its chart shows.
const WEEKS_BEFORE: i32 = 26;
/// What to expect, in this order.
const EXPECTED: [Metric; 9] = [
    Metric::ExpectedUnits,
    Metric::ExpectedSales,
    Metric::ExpectedMargin,
    Metric::LossRisk,
    Metric::StockOut,
    Metric::UnitsLost,
    Metric::MoneyNeeded,
    Metric::Regret,
    Metric::MarginShare,
];
/// What prices rest on.
const RESTS: [Metric; 5] =
    [Metric::PricesOwn, Metric::PricesRaised, Metric::PricesHeld, Metric::PricesBound, Metric::PriceTest];
/// Occasions of the calendar.
const OCCASIONS: usize = 24;

impl Gatherer<'_> {
    /// Nothing where the run has decided nothing for the market.
    pub(super) async fn decided(&self, market: Market) -> Result<Option<Decided>> {
        let demand = self.demand_weeks(market).await?;
        let may = self.may(market).await?;
        let prices = self.price_rows(market).await?;
        if demand.is_empty() && may.iter().all(|f| f.n == 0) && prices.is_empty() {
            return Ok(None);
        }
        let first = demand.iter().find(|w| w.units.interval.is_some()).map(|w| w.week);
        let last = demand.last().map(|w| w.week.plus(7));
        let ahead = Window { from: first.unwrap_or(self.window.to), to: last.unwrap_or(self.window.to) };
        let [actions, risks, changes] =
            [self.said(market, "action").await?, self.said(market, "risk").await?, self.said(market, "change").await?];
        Ok(Some(Decided {
            ahead,
            may,
            hindrances: self.hindrances(market).await?,
            landed: self.landed(market, prices.first()).await?,
            promotions: self.promotions(market).await?,
            trade: self.trade(market).await?,
            prices,
            paid: self.paid(market).await?,
            rests: self.figures_of(market, &RESTS).await?,
            demand,
            planned: self.planned_rows(market).await?,
            calendar: self.occasions(market).await?,
            channels: self.channel_rows(market).await?,
            stock: self.stock_rows(market).await?,
            expected: self.figures_of(market, &EXPECTED).await?,
            sensitivity: self.sensitivity(market).await?,
            medians: self.medians(market).await?,
            risks,
            changes,
            actions,
        }))
    }

    pub(super) fn product(&self, id: &str) -> (ProductId, String) {
        let name = self.names.get(id).cloned().unwrap_or_else(|| id.to_owned());
        (ProductId::new(id.to_owned()), name)
    }

    async fn may(&self, market: Market) -> Result<Vec<Figure>> {
        let query = format!(
            "select verdict, count(*) as n from marts.sellability where market = '{market}' group by verdict order by verdict"
        );
        let rows = Rows::query(self.engine, &query).await?;
        let counts: BTreeMap<String, i64> = rows.texts("verdict")?.into_iter().zip(rows.ints("n")?).collect();
        let all = counts.values().sum::<i64>().unsigned_abs();
        let figure = |may: &May| {
            let n = counts.get(may.name()).copied().unwrap_or(0);
            Metric::MayBeSold.number_of(may.name(), n as f64, all, &query)
        };
        Ok(if all == 0 { Vec::new() } else { May::ALL.iter().map(figure).collect() })
    }

    /// One row a verdict and reason, with how many more it holds for: forty kettles have one plug.
    async fn hindrances(&self, market: Market) -> Result<Vec<Hindrance>> {
        let query = format!(
            "select s.product_id, s.verdict, s.en, s.zh, s.verify, coalesce(sum(d.units), 0) as units from marts.sellability s \
             left join marts.demand d on d.market = s.market and d.product_id = s.product_id \
             where s.market = '{market}' and s.verdict <> 'sell' group by s.product_id, s.verdict, s.en, s.zh, s.verify \
             order by units desc, s.product_id"
        );
        let rows = Rows::query(self.engine, &query).await?;
        let (ids, verdicts) = (rows.texts("product_id")?, rows.texts("verdict")?);
        let (en, zh, verify) = (rows.texts("en")?, rows.texts("zh")?, rows.truths("verify")?);
        let asked_for = rows.floats("units")?;
        let mut found: Vec<(bool, Hindrance)> = Vec::new();
        for i in 0..ids.len() {
            let may = May::ALL.into_iter().find(|m| m.name() == verdicts[i]).unwrap_or(May::Unknown);
            if let Some(same) = found.iter_mut().map(|f| &mut f.1).find(|h| h.may == may && h.why.en == en[i]) {
                same.alike += 1;
                continue;
            }
            let (product, name) = self.product(&ids[i]);
            let why = Said::new(en[i].clone(), zh[i].clone());
            // Nothing is expected of a test row or a shelf-warmer: it comes after what sells, whatever its verdict.
            let idle = asked_for[i].is_none_or(|units| units <= 0.0);
            found.push((idle, Hindrance { product, name, may, why, verify: verify[i], alike: 0 }));
        }
        found.sort_by_key(|(idle, h)| {
            let may = match h.may {
                May::Blocked => 0,
                May::Unknown => 1,
                May::SellWithChange | May::Sell => 2,
            };
            (*idle, may)
        });
        found.truncate(ROWS);
        Ok(found.into_iter().map(|f| f.1).collect())
    }

    async fn price_rows(&self, market: Market) -> Result<Vec<PriceRow>> {
        let query = format!(
            "select p.*, coalesce(d.units, 0) as units from marts.prices p left join (select product_id, sum(units) as units \
             from marts.demand where market = '{market}' group by product_id) d on d.product_id = p.product_id \
             where p.market = '{market}' order by units desc, p.product_id limit {PRICES}"
        );
        let rows = Rows::query(self.engine, &query).await?;
        let (ids, currencies) = (rows.texts("product_id")?, rows.texts("currency")?);
        let (en, zh) = (rows.texts("en")?, rows.texts("zh")?);
        let column = |name: &str| rows.floats(name);
        let names = [
            "price",
            "floor",
            "optimum",
            "optimum_low",
            "optimum_high",
            "rivals_low",
            "rivals_mid",
            "rivals_high",
            "advised",
        ];
        let mut columns = BTreeMap::new();
        for name in names {
            columns.insert(name, column(name)?);
        }
        let mut found = Vec::new();
        for i in 0..ids.len() {
            let Ok(currency) = currencies[i].parse::<Currency>() else { continue };
            let (product, name) = self.product(&ids[i]);
            let value = |name: &str| columns[name][i];
            let money = |metric: Metric, name: &str| {
                value(name).and_then(|x| money(x, currency)).map(|m| metric.money_of(&ids[i], m, 0, &query))
            };
            let between = |figure: Option<Figure>, low: &str, high: &str, level: f64| {
                let ends = value(low).zip(value(high));
                figure.map(|f| ends.map_or(f.clone(), |(low, high)| f.interval(low, high, level)))
            };
            found.push(PriceRow {
                now: money(Metric::PriceNow, "price"),
                floor: money(Metric::PriceFloor, "floor"),
                optimum: between(money(Metric::PriceOptimum, "optimum"), "optimum_low", "optimum_high", 0.95),
                rivals: between(money(Metric::PriceRivals, "rivals_mid"), "rivals_low", "rivals_high", 0.5),
                advised: money(Metric::PriceAdvised, "advised"),
                why: Said::new(en[i].clone(), zh[i].clone()),
                product,
                name,
            });
        }
        Ok(found)
    }

    async fn landed(&self, market: Market, best: Option<&PriceRow>) -> Result<Option<LandedCost>> {
        let Some(best) = best else { return Ok(None) };
        let id = best.product.as_str().replace('\'', "''");
        let query = format!(
            "select place, part, zh, amount, currency, how, lane from marts.landed_costs \
             where market = '{market}' and product_id = '{id}' order by place"
        );
        let rows = Rows::query(self.engine, &query).await?;
        let (parts, zh, how) = (rows.texts("part")?, rows.texts("zh")?, rows.texts("how")?);
        let (amounts, currencies, lanes) = (rows.floats("amount")?, rows.texts("currency")?, rows.texts("lane")?);
        let mut found = Vec::new();
        for i in 0..parts.len() {
            let figure = currencies[i].parse().ok().and_then(|c| money(amounts[i]?, c)).map(|m| {
                Metric::LandedPart
                    .money_of(&format!("{}.{}", best.product, parts[i]), m, 0, &query)
                    .formula(how[i].clone())
            });
            found.extend(figure.map(|f| (Said::new(parts[i].clone(), zh[i].clone()), f)));
        }
        let lane = lanes.first().cloned().unwrap_or_default();
        let (product, name) = (best.product.clone(), best.name.clone());
        Ok((!found.is_empty()).then_some(LandedCost { product, name, lane, parts: found }))
    }

    /// Weeks that were sold, then weeks that are expected.
    async fn demand_weeks(&self, market: Market) -> Result<Vec<WeekDemand>> {
        let query = format!(
            "select week, units, low, high, level from marts.demand where market = '{market}' and product_id = '' order by week"
        );
        let rows = Rows::query(self.engine, &query).await?;
        let (weeks, units) = (rows.days("week")?, rows.floats("units")?);
        let (low, high, level) = (rows.floats("low")?, rows.floats("high")?, rows.floats("level")?);
        let Some(first) = weeks.first().copied() else { return Ok(Vec::new()) };
        let sold = format!(
            "select cast(date_trunc('week', day) as date) as week, sum(quantity) as units from clean.order_lines \
             where market = '{market}' and settled and not repeat group by date_trunc('week', day) order by week"
        );
        let past = Rows::query(self.engine, &sold).await?;
        let mut found: Vec<WeekDemand> = past
            .days("week")?
            .into_iter()
            .zip(past.ints("units")?)
            .filter(|(week, _)| *week < first && first.since(*week) <= 7 * WEEKS_BEFORE)
            .map(|(week, n)| WeekDemand {
                week,
                units: Metric::DemandWeek
                    .number_of(&week.to_string(), n as f64, n.unsigned_abs(), &sold)
                    .formula("units that were sold in the week"),
            })
            .collect();
        for i in 0..weeks.len() {
            let figure =
                Metric::DemandWeek.number_of(&weeks[i].to_string(), units[i].map_or(f64::NAN, f64::round), 0, &query);
            let figure = match (low[i], high[i], level[i]) {
                (Some(low), Some(high), Some(level)) => figure.interval(low.floor(), high.ceil(), level),
                _ => figure,
            };
            found.push(WeekDemand { week: weeks[i], units: figure });
        }
        Ok(found)
    }

    async fn occasions(&self, market: Market) -> Result<Vec<Occasion>> {
        let query = format!(
            "select * from marts.calendar where market = '{market}' and kind <> 'pay_day' order by day, event limit {OCCASIONS}"
        );
        let rows = Rows::query(self.engine, &query).await?;
        let (days, until, order) = (rows.days("day")?, rows.days("until")?, rows.optional_days("order_by")?);
        let ship = rows.optional_days("ship_by")?;
        let (events, zh, verify) = (rows.texts("event")?, rows.texts("zh")?, rows.truths("verify")?);
        let (lift, low, high) = (rows.floats("lift")?, rows.floats("lift_low")?, rows.floats("lift_high")?);
        let figure = |i: usize| {
            let figure = Metric::OccasionLift.number_of(&events[i], lift[i]?, 0, &query);
            Some(low[i].zip(high[i]).map_or(figure.clone(), |(low, high)| figure.interval(low, high, 0.9)))
        };
        let occasion = |i: usize| Occasion {
            days: Window { from: days[i], to: until[i].plus(1) },
            name: Said::new(events[i].clone(), zh[i].clone()),
            order_by: order[i],
            ship_by: ship[i],
            lift: figure(i),
            verify: verify[i],
        };
        Ok((0..days.len()).map(occasion).collect())
    }

    async fn stock_rows(&self, market: Market) -> Result<Vec<StockRow>> {
        let query = format!(
            "select * from marts.stock_advice where market = '{market}' and state <> 'fine' order by \
             case state when 'out' then 0 when 'short' then 1 when 'over' then 2 else 3 end, weeks, product_id limit {ROWS}"
        );
        let rows = Rows::query(self.engine, &query).await?;
        let (ids, en, zh) = (rows.texts("product_id")?, rows.texts("en")?, rows.texts("zh")?);
        let (weeks, send) = (rows.floats("weeks")?, rows.floats("send")?);
        let row = |i: usize| {
            let (product, name) = self.product(&ids[i]);
            StockRow {
                cover: weeks[i].map(|w| Metric::StockCover.number_of(&ids[i], 7.0 * w, 0, &query)),
                send: send[i].filter(|n| *n > 0.0).map(|n| Metric::StockSend.number_of(&ids[i], n, 0, &query)),
                why: Said::new(en[i].clone(), zh[i].clone()),
                product,
                name,
            }
        };
        Ok((0..ids.len()).map(row).collect())
    }

    async fn figures_of(&self, market: Market, metrics: &[Metric]) -> Result<Vec<Figure>> {
        let query = format!(
            "select figure, value, low, high, level, unit, n, formula from marts.decision_figures where market = '{market}' order by figure"
        );
        let rows = Rows::query(self.engine, &query).await?;
        let (keys, units, n) = (rows.texts("figure")?, rows.texts("unit")?, rows.ints("n")?);
        let (value, low, high, level) =
            (rows.floats("value")?, rows.floats("low")?, rows.floats("high")?, rows.floats("level")?);
        let mut found = Vec::new();
        for metric in metrics.iter().copied() {
            let Some(i) = keys.iter().position(|key| key == metric.key()) else { continue };
            let Some(x) = value[i] else { continue };
            let figure = match units[i].parse::<Currency>() {
                Ok(currency) => match money(x, currency) {
                    Some(m) => metric.money(m, n[i].unsigned_abs(), &query),
                    None => continue,
                },
                Err(_) => metric.number(x, n[i].unsigned_abs(), &query),
            };
            let ends = low[i].zip(high[i]).zip(level[i]);
            found.push(ends.map_or(figure.clone(), |((low, high), level)| figure.interval(low, high, level)));
        }
        found.retain(|f| !matches!(f.value, FigureValue::Undefined));
        Ok(found)
    }

    async fn said(&self, market: Market, kind: &str) -> Result<Vec<Said>> {
        let query = format!(
            "select en, zh from marts.decision_actions where market = '{market}' and kind = '{kind}' order by place"
        );
        let rows = Rows::query(self.engine, &query).await?;
        Ok(rows.texts("en")?.into_iter().zip(rows.texts("zh")?).map(|(en, zh)| Said { en, zh }).collect())
    }
}

/// An amount in major units as money, to the currency's smallest unit.
pub(super) fn money(value: f64, currency: Currency) -> Option<Money> {
    Money::from_decimal(Decimal::try_from(value).ok()?, currency, Rounding::HalfEven).ok()
}
