//! What advertising brings in a market and what the margin hangs on, and the medians that markets are compared by.

use super::Gatherer;
use super::decided::money;
use crate::pipeline::rows::Rows;
use anyhow::Result;
use decide::Said;
use decide::plan::{ChannelRow, Metric, ResponsePoint, SensitivityRow};
use decide::rehearsal::Input;
use domain::{Currency, Figure, Market};
use std::collections::BTreeMap;

/// A figure with its interval where both ends are known.
fn between(figure: Figure, ends: Option<(f64, f64)>, level: f64) -> Figure {
    ends.map_or(figure.clone(), |(low, high)| figure.interval(low, high, level))
}

impl Gatherer<'_> {
    pub(super) async fn channel_rows(&self, market: Market) -> Result<Vec<ChannelRow>> {
        let query = format!(
            "select b.*, m.contribution, m.low as from_low, m.high as from_high, m.marginal as next_now, m.marginal_low as next_low, \
             m.marginal_high as next_high, m.n_weeks, m.roas, m.low / m.spend as roas_low, m.high / m.spend as roas_high from marts.budget b \
             left join marts.media m on m.market = b.market and m.channel = b.channel where b.market = '{market}' order by b.channel"
        );
        let rows = Rows::query(self.engine, &query).await?;
        let (channels, en, zh) = (rows.texts("channel")?, rows.texts("en")?, rows.texts("zh")?);
        let column = |name: &str| rows.floats(name);
        let (now, advised, low, high) = (column("now")?, column("advised")?, column("low")?, column("high")?);
        let (brought, from, to) = (column("contribution")?, column("from_low")?, column("from_high")?);
        let (marginal, least, most) = (column("marginal")?, column("marginal_low")?, column("marginal_high")?);
        let (next, next_low, next_high) = (column("next_now")?, column("next_low")?, column("next_high")?);
        let (roas, roas_low, roas_high) = (column("roas")?, column("roas_low")?, column("roas_high")?);
        let weeks = rows.ints("n_weeks")?;
        let mut curves = self.curves(market).await?;
        let mut found = Vec::new();
        for i in 0..channels.len() {
            let n = weeks[i].unsigned_abs();
            let figure = |metric: Metric, value: Option<f64>| {
                value.and_then(|x| money(x, self.currency)).map(|m| metric.money_of(&channels[i], m, n, &query))
            };
            let ratio = |metric: Metric, value: Option<f64>, ends| {
                value.map(|x| between(metric.number_of(&channels[i], x, n, &query), ends, 0.9))
            };
            let (Some(spent), Some(spend)) =
                (figure(Metric::SpendNow, now[i]), figure(Metric::SpendAdvised, advised[i]))
            else {
                continue;
            };
            found.push(ChannelRow {
                now: spent,
                advised: between(spend, low[i].zip(high[i]), 0.8),
                contribution: figure(Metric::Contribution, brought[i]).map(|f| between(f, from[i].zip(to[i]), 0.9)),
                roas: ratio(Metric::Roas, roas[i], roas_low[i].zip(roas_high[i])),
                marginal_now: ratio(Metric::MarginalNow, next[i], next_low[i].zip(next_high[i])),
                marginal: ratio(Metric::MarginalReturn, marginal[i], least[i].zip(most[i])),
                curve: curves.remove(&channels[i]).unwrap_or_default(),
                why: Said::new(en[i].clone(), zh[i].clone()),
                channel: channels[i].clone(),
            });
        }
        Ok(found)
    }

    async fn curves(&self, market: Market) -> Result<BTreeMap<String, Vec<ResponsePoint>>> {
        let query = format!(
            "select c.*, m.n_weeks from marts.media_curves c join marts.media m on m.market = c.market and m.channel = c.channel \
             where c.market = '{market}' order by c.channel, c.spend"
        );
        let rows = Rows::query(self.engine, &query).await?;
        let (channels, weeks) = (rows.texts("channel")?, rows.ints("n_weeks")?);
        let (spend, sales) = (rows.floats("spend")?, rows.floats("sales")?);
        let (low, high) = (rows.floats("low")?, rows.floats("high")?);
        let mut found: BTreeMap<String, Vec<ResponsePoint>> = BTreeMap::new();
        for i in 0..channels.len() {
            let (Some(x), Some(brought)) = (spend[i], sales[i].and_then(|x| money(x, self.currency))) else { continue };
            let row = format!("{}, {x:.2}", channels[i]);
            let figure = Metric::ResponseSales.money_of(&row, brought, weeks[i].unsigned_abs(), &query);
            let sales = between(figure, low[i].zip(high[i]), 0.9);
            found.entry(channels[i].clone()).or_default().push(ResponsePoint { spend: x, sales });
        }
        Ok(found)
    }

    pub(super) async fn sensitivity(&self, market: Market) -> Result<Vec<SensitivityRow>> {
        let query = format!("select input, low, high from marts.sensitivity where market = '{market}' order by place");
        let rows = Rows::query(self.engine, &query).await?;
        let (inputs, low, high) = (rows.texts("input")?, rows.floats("low")?, rows.floats("high")?);
        let row = |i: usize| {
            let end = |metric: Metric, x: Option<f64>| {
                Some(metric.money_of(&inputs[i], money(x?, self.currency)?, 0, &query))
            };
            Some(SensitivityRow {
                input: Input::named(&inputs[i], 0)?.said(),
                low: end(Metric::SensitivityLow, low[i])?,
                high: end(Metric::SensitivityHigh, high[i])?,
            })
        };
        Ok((0..inputs.len()).filter_map(row).collect())
    }

    /// In the currency of the market, of most of its prices.
    pub(super) async fn medians(&self, market: Market) -> Result<Vec<Figure>> {
        let query = format!(
            "select currency, count(*) as n, median(cast(floor as double)) as floor, median(cast(advised as double)) as advised, \
             median(cast(price as double) / cast(floor as double)) as ratio from marts.prices \
             where market = '{market}' and floor > 0 group by currency order by n desc, currency limit 1"
        );
        let rows = Rows::query(self.engine, &query).await?;
        let Some(currency) = rows.texts("currency")?.first().and_then(|c| c.parse::<Currency>().ok()) else {
            return Ok(Vec::new());
        };
        let n = rows.ints("n")?[0].unsigned_abs();
        let of = |name: &str| Ok::<_, anyhow::Error>(rows.floats(name)?[0].filter(|x| x.is_finite()));
        let amount =
            |metric: Metric, x: Option<f64>| x.and_then(|x| money(x, currency)).map(|m| metric.money(m, n, &query));
        let (floor, advised) = (amount(Metric::MedianFloor, of("floor")?), amount(Metric::MedianPrice, of("advised")?));
        let ratio = of("ratio")?.map(|x| Metric::PriceOverFloor.number(x, n, &query));
        Ok([floor, advised, ratio].into_iter().flatten().collect())
    }
}
