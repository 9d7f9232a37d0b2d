//! Prices that do not fit together, clearance, the first order, the budget by week and codes, from their marts.

use super::Gatherer;
use super::decided::money;
use crate::pipeline::rows::Rows;
use anyhow::Result;
use decide::Said;
use decide::plan::{BudgetWeek, ClearanceRow, CodeAim, FirstSendRow, Metric, ParityKind, ParityRow, Trade};
use domain::{Currency, Day, Figure, Market};
use std::collections::BTreeMap;

/// Rows of each kind of parity, of the clearance and of the first order.
const ROWS: usize = 8;
/// Of a hundred who would not have come so many are said to come because of a code.
const FEW: f64 = 0.05;

impl Gatherer<'_> {
    pub(super) async fn trade(&self, market: Market) -> Result<Trade> {
        let (first_send, send_in_all) = self.first_order(market).await?;
        Ok(Trade {
            parity: self.parity_rows(market).await?,
            clearance: self.clearance_rows(market).await?,
            first_send,
            send_in_all,
            weeks: self.budget_by_week(market).await?,
            codes: self.codes(market).await?,
        })
    }

    async fn parity_rows(&self, market: Market) -> Result<Vec<ParityRow>> {
        let query = format!(
            "select * from marts.parity where market = '{market}' or (kind = 'route' and other = '{market}') \
             order by abs(gap) desc, product_id, market, other, who"
        );
        let rows = Rows::query(self.engine, &query).await?;
        let (kinds, ids, markets) = (rows.texts("kind")?, rows.texts("product_id")?, rows.texts("market")?);
        let (others, who) = (rows.texts("other")?, rows.texts("who")?);
        let (own, their) = (rows.texts("currency")?, rows.texts("reference_currency")?);
        let [price, reference, gap, closes] = ["price", "reference", "gap", "closes_at"].map(|name| rows.floats(name));
        let (price, reference, gap, closes) = (price?, reference?, gap?, closes?);
        let (verify, en, zh) = (rows.truths("verify")?, rows.texts("en")?, rows.texts("zh")?);
        let mut left: BTreeMap<&str, usize> = BTreeMap::new();
        let mut found = Vec::new();
        for i in 0..kinds.len() {
            let Some(kind) = ParityKind::of_name(&kinds[i]) else { continue };
            let n = left.entry(kinds[i].as_str()).or_default();
            *n += 1;
            if *n > ROWS {
                continue;
            }
            let row = format!("{}.{}.{}.{}", ids[i], markets[i], others[i], who[i]);
            let figure = |metric: Metric, value: Option<f64>, currency: &str| {
                let m = money(value?, currency.parse::<Currency>().ok()?)?;
                Some(metric.money_of(&row, m, 0, &query))
            };
            let between = match kind {
                ParityKind::Channel | ParityKind::Floor | ParityKind::War => others[i].clone(),
                ParityKind::Route => format!("{} → {} ({})", markets[i], others[i], who[i]),
            };
            let (product, name) = self.product(&ids[i]);
            found.push(ParityRow {
                kind,
                between,
                price: figure(Metric::ParityPrice, price[i], &own[i]),
                reference: figure(
                    Metric::ParityReference,
                    reference[i],
                    if their[i].is_empty() { &own[i] } else { &their[i] },
                ),
                gap: gap[i].map(|x| Metric::ParityGap.number_of(&row, x, 0, &query)),
                closes_at: figure(Metric::ParityCloses, closes[i], &own[i]),
                verify: verify[i],
                why: Said::new(en[i].clone(), zh[i].clone()),
                product,
                name,
            });
        }
        Ok(found)
    }

    async fn clearance_rows(&self, market: Market) -> Result<Vec<ClearanceRow>> {
        let query = format!(
            "select * from marts.clearance where market = '{market}' and verdict in ('steps', 'below_floor', 'cannot_tell') \
             order by case verdict when 'steps' then 0 when 'below_floor' then 1 else 2 end, coalesce(gain, 0) desc, on_hand desc, \
             product_id limit {ROWS}"
        );
        let rows = Rows::query(self.engine, &query).await?;
        let (ids, currencies) = (rows.texts("product_id")?, rows.texts("currency")?);
        let (on_hand, left, gain) = (rows.floats("on_hand")?, rows.floats("left")?, rows.floats("gain")?);
        let (first, then) = (rows.floats("first_price")?, rows.floats("second_price")?);
        let (en, zh) = (rows.texts("en")?, rows.texts("zh")?);
        let row = |i: usize| {
            let currency: Currency = currencies[i].parse().ok()?;
            let figure = |metric: Metric, value: Option<f64>| {
                value.and_then(|x| money(x, currency)).map(|m| metric.money_of(&ids[i], m, 0, &query))
            };
            let (product, name) = self.product(&ids[i]);
            Some(ClearanceRow {
                on_hand: Metric::ClearOnHand.number_of(&ids[i], on_hand[i]?, 0, &query),
                first: figure(Metric::ClearFirst, first[i]),
                then: figure(Metric::ClearThen, then[i]),
                left: left[i].map(|x| Metric::ClearLeft.number_of(&ids[i], x, 0, &query)),
                gain: figure(Metric::ClearGain, gain[i]),
                why: Said::new(en[i].clone(), zh[i].clone()),
                product,
                name,
            })
        };
        Ok((0..ids.len()).filter_map(row).collect())
    }

    async fn first_order(&self, market: Market) -> Result<(Vec<FirstSendRow>, Option<Figure>)> {
        let query = format!(
            "select * from marts.first_send where market = '{market}' and send > 0 order by margin desc, product_id limit {ROWS}"
        );
        let rows = Rows::query(self.engine, &query).await?;
        let (ids, currencies) = (rows.texts("product_id")?, rows.texts("currency")?);
        let (send, demand, enough) = (rows.floats("send")?, rows.floats("demand")?, rows.floats("enough")?);
        let (low, high, margin) = (rows.floats("low")?, rows.floats("high")?, rows.floats("margin")?);
        let (en, zh) = (rows.texts("en")?, rows.texts("zh")?);
        let row = |i: usize| {
            let currency: Currency = currencies[i].parse().ok()?;
            let asked = Metric::FirstDemand.number_of(&ids[i], demand[i]?, 0, &query);
            let (product, name) = self.product(&ids[i]);
            Some(FirstSendRow {
                send: Metric::FirstSend.number_of(&ids[i], send[i]?, 0, &query),
                demand: low[i].zip(high[i]).map_or(asked.clone(), |(low, high)| asked.interval(low, high, 0.9)),
                enough: Metric::FirstEnough.number_of(&ids[i], enough[i]?, 0, &query),
                margin: margin[i]
                    .and_then(|x| money(x, currency))
                    .map(|m| Metric::FirstMargin.money_of(&ids[i], m, 0, &query)),
                why: Said::new(en[i].clone(), zh[i].clone()),
                product,
                name,
            })
        };
        let found: Vec<FirstSendRow> = (0..ids.len()).filter_map(row).collect();
        let sum = format!("select sum(send) as send from marts.first_send where market = '{market}'");
        let all = Rows::query(self.engine, &sum).await?.floats("send")?.first().copied().flatten();
        let all = all.filter(|_| !found.is_empty()).map(|n| Metric::FirstAll.number(n, 0, &sum));
        Ok((found, all))
    }

    async fn budget_by_week(&self, market: Market) -> Result<Vec<BudgetWeek>> {
        let query = format!(
            "select channel, week, spend from marts.budget_weeks where market = '{market}' order by week, channel"
        );
        let rows = Rows::query(self.engine, &query).await?;
        let (channels, weeks, spend) = (rows.texts("channel")?, rows.days("week")?, rows.floats("spend")?);
        let mut found: BTreeMap<Day, Vec<(String, Figure)>> = BTreeMap::new();
        for i in 0..channels.len() {
            let Some(m) = spend[i].and_then(|x| money(x, self.currency)) else { continue };
            let figure = Metric::WeekSpend.money_of(&format!("{}.{}", channels[i], weeks[i]), m, 0, &query);
            found.entry(weeks[i]).or_default().push((channels[i].clone(), figure));
        }
        Ok(found.into_iter().map(|(week, spend)| BudgetWeek { week, spend }).collect())
    }

    async fn codes(&self, market: Market) -> Result<Option<CodeAim>> {
        let query = format!(
            "select count(*) as can_pay, sum(case when needed <= {FEW} then 1 else 0 end) as first, median(needed) as needed \
             from marts.coupons where market = '{market}'"
        );
        let rows = Rows::query(self.engine, &query).await?;
        let (all, first, needed) = (rows.ints("can_pay")?[0], rows.ints("first")?[0], rows.floats("needed")?[0]);
        if all == 0 {
            return Ok(None);
        }
        let n = all.unsigned_abs();
        Ok(Some(CodeAim {
            can_pay: Metric::CodesCanPay.number(all as f64, n, &query),
            first: Metric::CodesFirst.number(first as f64, n, &query),
            needed: needed.map(|x| Metric::CodesNeeded.number(x, n, &query)),
            why: Said::new(
                "Who would order anyway takes the code too. Nobody has measured who comes because of it: send it first to those of whom \
                 fewest have to, and keep some without one to see. `portolan decide coupons` draws the list.",
                "本来就会下单的顾客也会用码。尚无人测过有多少人因码而来：先发给所需比例最低的顾客，并留一部分不发以作对照。\
                 `portolan decide coupons` 可生成名单。",
            ),
        }))
    }
}
