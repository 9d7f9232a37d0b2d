//! What is told of advertising as tables: channels, advised spend, response curves, other forms, the weeks ahead.

use super::demand::{Demand, HORIZON};
use super::inputs::Inputs;
use super::prices::money;
use super::spend::ChannelRow;
use crate::pipeline::batch::Columns;
use anyhow::Result;
use arrow::array::RecordBatch;
use decide::Said;
use decide::budget::weekly;
use decide::media::CarryOver;
use domain::{Amount, Day, Market};

impl ChannelRow {
    /// Why its spend moves, or does not.
    pub(super) fn said(&self) -> Said {
        if let Some(said) = &self.refused {
            return Said::new(format!("Stays. {}", said.en), format!("保持不变。{}", said.zh));
        }
        let change = self.advised - self.now;
        let sure = self.between.is_some_and(|(low, high)| low > self.now || high < self.now);
        if change.abs() < 0.02 * self.now.max(1.0) {
            return Said::new(
                "Stays: it earns as much at the margin as the others.",
                "保持不变：边际回报与其他渠道相当。",
            );
        }
        let (en, zh) = if change > 0.0 {
            ("More: its next unit of money brings more than elsewhere", "增加：其边际回报高于其他渠道")
        } else {
            ("Less: its last unit of money brings less than elsewhere", "减少：其边际回报低于其他渠道")
        };
        let (tail, tail_zh) = if sure {
            ("; nearly every draw of the curves agrees.", "；绝大多数抽样结果一致。")
        } else {
            ("; not every draw of the curves agrees, so move in steps.", "；并非所有抽样都一致，请逐步调整。")
        };
        Said::new(format!("{en}{tail}"), format!("{zh}{tail_zh}"))
    }
}

/// `marts.media`.
pub(super) fn media_table(rows: &[ChannelRow]) -> Result<RecordBatch> {
    Columns::default()
        .text("market", rows.iter().map(|r| r.market.code().to_owned()))
        .text("channel", rows.iter().map(|r| r.channel.as_str()))
        .float("spend", rows.iter().map(|r| r.spend))
        .optional_float("contribution", rows.iter().map(|r| r.roas.map(|x| x.0 * r.spend)))
        .optional_float("low", rows.iter().map(|r| r.roas.map(|x| x.1 * r.spend)))
        .optional_float("high", rows.iter().map(|r| r.roas.map(|x| x.2 * r.spend)))
        .optional_float("roas", rows.iter().map(|r| r.roas.map(|x| x.0)))
        .optional_float("marginal", rows.iter().map(|r| r.marginal_now.map(|x| x.0)))
        .optional_float("marginal_low", rows.iter().map(|r| r.marginal_now.map(|x| x.1)))
        .optional_float("marginal_high", rows.iter().map(|r| r.marginal_now.map(|x| x.2)))
        .int("n_experiments", rows.iter().map(|r| r.n_experiments as i64))
        .int("n_weeks", rows.iter().map(|r| r.n_weeks as i64))
        .optional_text("refused", rows.iter().map(|r| r.refused.as_ref().map(|s| s.en.clone())))
        .batch()
}

/// `marts.budget`.
pub(super) fn budget_table(rows: &[ChannelRow]) -> Result<RecordBatch> {
    let said: Vec<Said> = rows.iter().map(ChannelRow::said).collect();
    Columns::default()
        .text("market", rows.iter().map(|r| r.market.code().to_owned()))
        .text("channel", rows.iter().map(|r| r.channel.as_str()))
        .float("now", rows.iter().map(|r| r.now))
        .float("advised", rows.iter().map(|r| r.advised))
        .optional_float("low", rows.iter().map(|r| r.between.map(|b| b.0)))
        .optional_float("high", rows.iter().map(|r| r.between.map(|b| b.1)))
        .optional_float("marginal", rows.iter().map(|r| r.marginal.map(|x| x.0)))
        .optional_float("marginal_low", rows.iter().map(|r| r.marginal.map(|x| x.1)))
        .optional_float("marginal_high", rows.iter().map(|r| r.marginal.map(|x| x.2)))
        .text("en", said.iter().map(|s| s.en.as_str()))
        .text("zh", said.iter().map(|s| s.zh.as_str()))
        .batch()
}

/// `marts.media_curves`.
pub(super) fn curves_table(rows: &[ChannelRow]) -> Result<RecordBatch> {
    let all: Vec<_> = rows.iter().flat_map(|r| r.curve.iter().map(move |point| (r, point))).collect();
    Columns::default()
        .text("market", all.iter().map(|(r, _)| r.market.code().to_owned()))
        .text("channel", all.iter().map(|(r, _)| r.channel.as_str()))
        .float("spend", all.iter().map(|(_, p)| p.spend))
        .float("sales", all.iter().map(|(_, p)| p.sales.0))
        .float("low", all.iter().map(|(_, p)| p.sales.1))
        .float("high", all.iter().map(|(_, p)| p.sales.2))
        .batch()
}

/// `marts.media_forms`.
pub(super) fn forms_table(rows: &[ChannelRow]) -> Result<RecordBatch> {
    let all: Vec<_> = rows.iter().flat_map(|r| r.forms.iter().map(move |form| (r, form))).collect();
    let finite = |x: f64| x.is_finite().then_some(x);
    Columns::default()
        .text("market", all.iter().map(|(r, _)| r.market.code().to_owned()))
        .text("channel", all.iter().map(|(r, _)| r.channel.as_str()))
        .text("form", all.iter().map(|(_, f)| name(f.form)))
        .optional_float("roas", all.iter().map(|(_, f)| finite(f.roas)))
        .optional_float("marginal", all.iter().map(|(_, f)| finite(f.marginal)))
        .float("rmse", all.iter().map(|(_, f)| f.rmse))
        .batch()
}

const fn name(form: CarryOver) -> &'static str {
    match form {
        CarryOver::Geometric => "geometric",
        CarryOver::WeibullSurvival => "weibull_survival",
        CarryOver::WeibullDensity => "weibull_density",
    }
}

/// `marts.budget_weeks`: the advised spend of the weeks ahead, more where more is bought; the parts sum to the total exactly.
pub(super) fn weeks_table(inputs: &Inputs, demand: &Demand, rows: &[ChannelRow]) -> Result<RecordBatch> {
    struct Row<'a> {
        market: Market,
        channel: &'a str,
        week: Day,
        spend: Amount,
        season: f64,
    }
    let mut all: Vec<Row<'_>> = Vec::new();
    for row in rows {
        let place = inputs.markets.iter().position(|m| m.market == row.market);
        let forecast = place.and_then(|at| demand.sales.get(&at)).filter(|f| f.mean.len() >= HORIZON);
        let index: Vec<f64> =
            forecast.map_or_else(|| vec![1.0; HORIZON], |f| f.mean.iter().take(HORIZON).map(|x| x.max(0.0)).collect());
        // A market whose forecast is nothing has no season either.
        let index = if index.iter().sum::<f64>() > 0.0 { index } else { vec![1.0; HORIZON] };
        let mean = index.iter().sum::<f64>() / HORIZON as f64;
        let first = forecast.map_or_else(|| super::demand::first_week(inputs), |f| f.first);
        let Some(total) = money(row.advised * HORIZON as f64, inputs.base) else { continue };
        for (i, spend) in weekly(total, &index)?.into_iter().enumerate() {
            let Some(spend) = Amount::from_decimal(spend.to_decimal()) else { continue };
            let (week, season) = (first.plus(7 * i as i32), index[i] / mean);
            all.push(Row { market: row.market, channel: &row.channel, week, spend, season });
        }
    }
    Columns::default()
        .text("market", all.iter().map(|r| r.market.code().to_owned()))
        .text("channel", all.iter().map(|r| r.channel))
        .day("week", all.iter().map(|r| r.week))
        .amount("spend", all.iter().map(|r| r.spend))?
        .float("season", all.iter().map(|r| r.season))
        .batch()
}
