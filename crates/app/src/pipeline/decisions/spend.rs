//! What each channel's advertising brought in each market, and where the same money would bring most.
//!
//! Fitted market by market on weeks with spend. Where the data cannot tell a channel from the base its spend stays as it is:
//! nothing is moved on a guess. Money is moved between all channels and markets that can be told, by the margin that the next
//! unit brings; the total stays, unless the settings say otherwise.

use super::demand::first_week;
use super::inputs::Inputs;
use crate::pipeline::batch::Columns;
use anyhow::Result;
use arrow::array::RecordBatch;
use decide::Said;
use decide::budget::{AllocateParams, Cell, Grid, Limits, Line, Response, Total};
use decide::media::{Channel, Control, MediaData, MediaParams, Study, StudyParams, Verdict};
use domain::{Day, Market, Money, Seed};
use std::collections::{BTreeMap, BTreeSet};

/// Weeks that a market's mix needs.
const LEAST_WEEKS: usize = 40;
/// Weeks that the present spend is the mean of.
const RECENT: usize = 8;
/// Draws of the curves that the advised spend's interval comes from.
const DRAWS: usize = 20;

/// A channel of a market.
pub(super) struct ChannelRow {
    pub(super) market: Market,
    pub(super) channel: String,
    /// Spend of all weeks.
    pub(super) spend: f64,
    pub(super) n_weeks: usize,
    /// Spend of a week now, and advised.
    pub(super) now: f64,
    pub(super) advised: f64,
    pub(super) between: Option<(f64, f64)>,
    /// Return on spend with its interval, and what the next unit brings now; in sales.
    pub(super) roas: Option<(f64, f64, f64)>,
    pub(super) marginal_now: Option<f64>,
    /// Margin that the next unit brings at the advised spend.
    pub(super) marginal: Option<f64>,
    pub(super) refused: Option<Said>,
}

/// A channel that money may go to.
struct Open {
    /// Place among the rows.
    row: usize,
    /// Margin that a weekly spend brings.
    curve: Response,
    /// Most that was ever spent in a week.
    most: f64,
    /// The curve in resamples of the fit.
    draws: Vec<Response>,
}

/// Weekly spend and sales of a market, whole weeks with both.
struct Weeks {
    sales: Vec<f64>,
    spend: BTreeMap<String, Vec<f64>>,
}

fn weeks(inputs: &Inputs, market: Market) -> Option<Weeks> {
    let until = first_week(inputs);
    let spent = || inputs.spend.iter().filter(move |s| s.market == market && s.week < until);
    let (first, last) = (spent().map(|s| s.week).min()?, spent().map(|s| s.week).max()?);
    let n = usize::try_from(last.since(first) / 7 + 1).ok()?;
    let at = |week: Day| usize::try_from(week.since(first) / 7).ok().filter(|i| *i < n && week >= first);
    let mut sales = vec![0.0; n];
    for week in inputs.sales.iter().filter(|w| w.market == market) {
        if let Some(i) = at(week.week) {
            sales[i] = week.sales;
        }
    }
    let mut spend: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for row in spent() {
        if let Some(i) = at(row.week) {
            spend.entry(row.channel.clone()).or_insert_with(|| vec![0.0; n])[i] += row.spend;
        }
    }
    Some(Weeks { sales, spend })
}

/// One row a channel of a market. `margins`: share of sales that is margin, where it is known; `occasions`: busy weeks of a
/// market, as they are to come and were.
pub(super) fn channels(
    inputs: &Inputs,
    margins: &BTreeMap<Market, f64>,
    budget: Option<f64>,
    seed: Seed,
) -> Result<Vec<ChannelRow>> {
    let markets: BTreeSet<Market> = inputs.spend.iter().map(|s| s.market).collect();
    let mut rows = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    for (at, market) in markets.into_iter().enumerate() {
        let Some(weeks) = weeks(inputs, market) else { continue };
        let n = weeks.sales.len();
        let study = (n >= LEAST_WEEKS).then(|| study(&weeks, seed.derive(at as u64))).transpose()?;
        for (j, (channel, spend)) in weeks.spend.iter().enumerate() {
            let recent = &spend[n.saturating_sub(RECENT)..];
            let now = recent.iter().sum::<f64>() / recent.len().max(1) as f64;
            let mut row = ChannelRow {
                market,
                channel: channel.clone(),
                spend: spend.iter().sum(),
                n_weeks: n,
                now,
                advised: now,
                between: None,
                roas: None,
                marginal_now: None,
                marginal: None,
                refused: None,
            };
            match &study {
                None => {
                    row.refused = Some(Said::new(
                        format!("{n} weeks with spend, {LEAST_WEEKS} are needed to tell what it brings"),
                        format!("仅 {n} 周有支出，至少需要 {LEAST_WEEKS} 周才能判断其效果"),
                    ));
                }
                Some(study) => told(study, j, market, margins, spend, &mut row, (rows.len(), &mut open)),
            }
            rows.push(row);
        }
    }
    if open.len() > 1 || budget.is_some() && !open.is_empty() {
        allocate(inputs, &mut rows, &open, budget)?;
    }
    Ok(rows)
}

fn study(weeks: &Weeks, seed: Seed) -> Result<Study> {
    let channels =
        weeks.spend.iter().map(|(name, spend)| Channel { name: name.clone(), spend: spend.clone() }).collect();
    let data = MediaData::national(weeks.sales.clone(), channels, Vec::<Control>::new());
    let n = weeks.sales.len();
    // A year of the season needs two years to be told from advertising.
    let params = MediaParams { test_weeks: 0, n_fourier: if n >= 100 { 2 } else { 0 }, ..MediaParams::default() };
    let effort = StudyParams { n_draws: 60, n_folds: 2, ..StudyParams::default() };
    Ok(params.study(&data, &[], &effort, seed)?)
}

fn told(
    study: &Study,
    j: usize,
    market: Market,
    margins: &BTreeMap<Market, f64>,
    spend: &[f64],
    row: &mut ChannelRow,
    (place, open): (usize, &mut Vec<Open>),
) {
    let channel = &study.channels[j];
    match &channel.verdict {
        Verdict::CannotTell(doubts) => {
            let said: Vec<Said> = doubts.iter().map(|d| d.said(&channel.name)).collect();
            row.refused = Some(Said::new(
                said.iter().map(|s| s.en.as_str()).collect::<Vec<_>>().join(" "),
                said.iter().map(|s| s.zh.as_str()).collect::<Vec<_>>().join(""),
            ));
        }
        Verdict::Told => {
            row.roas = Some((channel.roi.0, channel.roi.1.low, channel.roi.1.high));
            row.marginal_now = Some(channel.marginal.0);
            let Some(share) = margins.get(&market).filter(|share| **share > 0.0) else {
                row.refused = Some(Said::new(
                    "What it brings is known in sales, not in margin: costs are missing, so no money is moved.",
                    "仅知其带来的销售额，毛利未知（缺少成本），因此不调整预算。",
                ));
                return;
            };
            let curve = study.model.curves()[j].times(*share);
            let draws = study.draws.iter().take(DRAWS).map(|d| d[j].times(*share)).collect();
            open.push(Open { row: place, curve, most: spend.iter().copied().fold(0.0, f64::max), draws });
        }
    }
}

/// Moves the money of the open cells, and asks each draw of the curves where it would go.
fn allocate(inputs: &Inputs, rows: &mut [ChannelRow], open: &[Open], budget: Option<f64>) -> Result<()> {
    let minor = 10_f64.powi(inputs.base.exponent() as i32);
    let now: f64 = open.iter().map(|o| rows[o.row].now).sum();
    let closed: f64 = rows.iter().map(|r| r.now).sum::<f64>() - now;
    let total = budget.map_or(now, |b| (b - closed).max(0.0));
    // Nothing is known beyond what was ever spent in a week.
    let most: f64 = open.iter().map(|o| o.most).sum();
    let total = Money { minor: (total.min(most) * minor).floor() as i64, currency: inputs.base };
    if total.minor <= 0 {
        return Ok(());
    }
    let grid = |curve: &dyn Fn(usize) -> Response| Grid {
        rows: open.iter().map(|o| Line::free(format!("{} {}", rows[o.row].market, rows[o.row].channel))).collect(),
        columns: vec![Line::free("all")],
        cells: (0..open.len())
            .map(|i| {
                let limits = Limits { least: 0, most: Some((open[i].most * minor).floor() as i64) };
                Some(Cell { response: curve(i), limits })
            })
            .collect(),
        total: Total::Exactly(total),
    };
    let found = AllocateParams::default().allocate(&grid(&|i| open[i].curve.clone()))?;
    let draws = open.iter().map(|o| o.draws.len()).min().unwrap_or(0);
    let mut spread: Vec<Vec<f64>> = vec![Vec::new(); open.len()];
    for draw in 0..draws {
        let one = AllocateParams::default().allocate(&grid(&|i| open[i].draws[draw].clone()))?;
        for share in one.shares() {
            spread[share.row].push(share.spend.minor as f64 / minor);
        }
    }
    for share in found.shares() {
        let row = &mut rows[open[share.row].row];
        row.advised = share.spend.minor as f64 / minor;
        row.marginal = share.marginal.is_finite().then_some(share.marginal);
        if let Some(ends) = learn::quantile::quantiles(&spread[share.row], &[0.1, 0.9]) {
            row.between = Some((ends[0].min(row.advised), ends[1].max(row.advised)));
        }
    }
    Ok(())
}

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
        .optional_float("marginal", rows.iter().map(|r| r.marginal_now))
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
        .optional_float("marginal", rows.iter().map(|r| r.marginal))
        .text("en", said.iter().map(|s| s.en.as_str()))
        .text("zh", said.iter().map(|s| s.zh.as_str()))
        .batch()
}
