//! Whom to reach first: segments with what one shopper is expected to be worth, or areas where nobody is known.

use super::Gatherer;
use crate::pipeline::outlook::reach::FEWEST;
use crate::pipeline::rows::Rows;
use crate::pipeline::said;
use anyhow::Result;
use audience::cohort_level::not_identifiable;
use audience::value::Basis;
use decide::Said;
use decide::plan::{Metric, Reach, ReachRow, Whom};
use domain::{Decimal, Figure, FigureValue, Language, Market, Money, Rounding};

/// Areas of a plan.
const AREAS: usize = 12;

impl Gatherer<'_> {
    pub(super) async fn reach(&self, market: Market) -> Result<Option<Reach>> {
        match self.glances.get(&market) {
            Some((glance, _)) if glance.hidden() => self.areas(market).await,
            Some(_) => self.worth(market).await,
            None => Ok(None),
        }
    }

    fn amount(&self, value: f64) -> Option<Money> {
        Money::from_decimal(Decimal::try_from(value).ok()?, self.currency, Rounding::HalfEven).ok()
    }

    async fn worth(&self, market: Market) -> Result<Option<Reach>> {
        let query = format!("select * from marts.reach where market = '{market}' order by place");
        let rows = Rows::query(self.engine, &query).await?;
        let (segments, n) = (rows.texts("segment")?, rows.ints("n_shoppers")?);
        let (contactable, listed) = (rows.optional_ints("n_contactable")?, rows.ints("n_listed")?);
        let (values, lows, highs) = (rows.floats("value")?, rows.floats("low")?, rows.floats("high")?);
        let count = |metric: Metric, x: i64, of: i64| metric.number(x as f64, of.unsigned_abs(), &query);
        let mut found = Vec::new();
        for (i, key) in segments.iter().enumerate() {
            let Some(value) = values[i].and_then(|v| self.amount(v)) else { continue };
            let shoppers = n[i].unsigned_abs();
            let value = Metric::ReachValue.money(value, shoppers, &query);
            let value = match FEWEST {
                need if shoppers < need => {
                    Figure { value: FigureValue::TooLittleData { have: shoppers, need }, ..value }
                }
                _ => value.interval(lows[i].unwrap_or(f64::NAN), highs[i].unwrap_or(f64::NAN), 0.9),
            };
            found.push(ReachRow {
                key: key.clone(),
                label: String::new(),
                size: count(Metric::ReachShoppers, n[i], n[i]),
                contactable: contactable[i].map(|c| count(Metric::ReachContactable, c, n[i])),
                listed: Some(count(Metric::ReachListed, listed[i], n[i])),
                value,
                order_value: None,
                growth: None,
            });
        }
        if found.is_empty() {
            return Ok(None);
        }
        let basis = match rows.texts("basis")?.first().map(String::as_str) {
            Some("own") => Basis::Own,
            Some("pooled") => Basis::Pooled,
            _ => Basis::Fallback,
        };
        let open = self.not_sure(market, &found, basis).await?;
        let basis = Said::new(basis.label(Language::EN), basis.label(Language::ZH));
        Ok(Some(Reach {
            whom: Whom::Segments,
            rows: found,
            persona: self.persona(market).await?,
            basis: Some(basis),
            open,
        }))
    }

    async fn persona(&self, market: Market) -> Result<Option<Said>> {
        let query = format!("select name, name_zh from marts.personas where market = '{market}'");
        let rows = Rows::query(self.engine, &query).await?;
        let names = rows.texts("name")?.into_iter().zip(rows.texts("name_zh")?).next();
        Ok(names.map(|(en, zh)| Said::new(en, zh)))
    }

    /// What a reader has to know before spending on the first row.
    async fn not_sure(&self, market: Market, rows: &[ReachRow], basis: Basis) -> Result<Vec<Said>> {
        let mut open = vec![Said::new(
            "What a shopper is expected to be worth is not what addressing adds: some of it comes anyway. A part that is left \
             alone, drawn by lot, tells.",
            "预期价值并不等于触达带来的增量：其中一部分无论如何都会发生。随机留出一组不触达，才能得知。",
        )];
        if basis == Basis::Pooled {
            open.push(Said::new(
                "This market's own shoppers say less than nine tenths of what is known of its rate of orders; the rest is taken \
                 from the other markets.",
                "关于本市场下单频率的认识，来自自身顾客的不足九成；其余取自其他市场。",
            ));
        }
        if rows.iter().all(|row| row.contactable.is_none()) {
            open.push(Said::new(
                "Of nobody here is it recorded whether marketing is agreed to: who may be contacted is not known.",
                "本市场没有任何顾客的营销同意记录：不知道可以联系谁。",
            ));
        }
        let thin: Vec<&ReachRow> = rows.iter().filter(|row| row.size.as_f64().is_some_and(|n| n < 30.0)).collect();
        if !thin.is_empty() {
            open.push(Said::new(
                match thin.len() {
                    1 => "A segment has fewer than 30 shoppers: its value rests on the model more than on them."
                        .to_owned(),
                    n => format!(
                        "{n} segments have fewer than 30 shoppers: their values rest on the model more than on them."
                    ),
                },
                format!("{} 个分群不足 30 位顾客：其价值更多依据模型而非这些顾客本身。", thin.len()),
            ));
        }
        let sql = format!(
            "select what, why from marts.not_computed where stage = 'outlook' and market in ('{market}', 'ZZ') order by what, why"
        );
        let noted = Rows::query(self.engine, &sql).await?;
        for (what, why) in noted.texts("what")?.into_iter().zip(noted.texts("why")?) {
            open.push(Said::new(format!("{what}: {why}."), format!("{}：{}。", said::zh(&what), said::zh(&why))));
        }
        Ok(open)
    }

    /// Areas by the lower end of what they are expected to order; those of too few orders, and without a name, last.
    async fn areas(&self, market: Market) -> Result<Option<Reach>> {
        let query = format!(
            "select * from marts.areas where market = '{market}' and area not in ('', '*') \
             order by next_low desc nulls last, n_orders desc, area"
        );
        let rows = Rows::query(self.engine, &query).await?;
        let (areas, towns, n) = (rows.texts("area")?, rows.optional_texts("town")?, rows.ints("n_orders")?);
        let (values, pace, of_growth) = (rows.floats("order_value")?, rows.ints("n_pace")?, rows.ints("n_growth")?);
        let [next, low, high, growth, growth_low, growth_high] =
            ["next_90_days", "next_low", "next_high", "growth", "growth_low", "growth_high"].map(|c| rows.floats(c));
        let (next, low, high, growth) = (next?, low?, high?, growth?);
        let (growth_low, growth_high) = (growth_low?, growth_high?);
        let between = |figure: Figure, ends: Option<(f64, f64)>| match ends {
            Some((low, high)) => figure.interval(low, high, 0.95),
            None => figure,
        };
        let mut found = Vec::new();
        for i in 0..areas.len().min(AREAS) {
            let orders = n[i].unsigned_abs();
            // Without a pace the figure says that there is too little data.
            let ahead = self.amount(next[i].unwrap_or(0.0)).unwrap_or(Money { minor: 0, currency: self.currency });
            let n_pace = if next[i].is_some() { pace[i].unsigned_abs() } else { pace[i].unsigned_abs().min(29) };
            let label = towns[i].as_ref().map_or_else(|| areas[i].clone(), |town| format!("{} ({town})", areas[i]));
            found.push(ReachRow {
                key: areas[i].clone(),
                label,
                size: Metric::ReachOrders.number(orders as f64, orders, &query),
                contactable: None,
                listed: None,
                value: between(Metric::ReachAhead.money(ahead, n_pace, &query), low[i].zip(high[i])),
                order_value: values[i]
                    .and_then(|v| self.amount(v))
                    .map(|v| Metric::ReachOrderValue.money(v, orders, &query)),
                growth: growth[i].map(|g| {
                    let figure = Metric::ReachGrowth.number(g, of_growth[i].unsigned_abs(), &query);
                    between(figure, growth_low[i].zip(growth_high[i]))
                }),
            });
        }
        let open = not_identifiable().into_iter().map(|lost| Said::new(lost.en, lost.zh)).collect();
        Ok(Some(Reach { whom: Whom::Areas, rows: found, persona: self.persona(market).await?, basis: None, open }))
    }
}
