//! What each channel's advertising brought in each market, and where the same money would bring most.
//!
//! Fitted market by market on weeks with spend, pulled to what experiments have shown. Where the data cannot tell a channel from
//! the base its spend stays as it is: nothing is moved on a guess. Money is moved between all channels and markets that can be
//! told, by the margin that the next unit brings; the total stays, unless the settings say otherwise.

use super::demand::{Learnt, first_week};
use super::inputs::Inputs;
use anyhow::Result;
use decide::Said;
use decide::budget::{AllocateParams, Cell, Grid, Limits, Line, Response, Total};
use decide::media::{
    CarryOver, Channel, Control, Experiment, Lift, MediaData, MediaParams, SearchParams, Study, StudyParams, Verdict,
};
use domain::{Day, Market, Money, Seed};
use std::collections::{BTreeMap, BTreeSet};

/// Weeks that a market's mix needs.
const LEAST_WEEKS: usize = 40;
/// Weeks that the present spend is the mean of.
const RECENT: usize = 8;
/// Draws of the curves that the advised spend's interval comes from.
const DRAWS: usize = 20;
/// Points of a response curve that are kept, from none to the most that was ever spent in a week.
const POINTS: usize = 13;
/// Coverage of the intervals of returns.
pub(super) const LEVEL: f64 = 0.9;

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
    /// Margin a week that going from the spend of now to the advised one brings, before that spend itself; 0 where it cannot be
    /// told.
    pub(super) gain: f64,
    /// Return on spend with its interval; in sales.
    pub(super) roas: Option<Ends>,
    /// Sales that the next unit brings at the present spend, with the interval.
    pub(super) marginal_now: Option<Ends>,
    /// Margin that the next unit brings at the advised spend, with the interval.
    pub(super) marginal: Option<Ends>,
    /// Sales that a week's spend brings in the end.
    pub(super) curve: Vec<CurveRow>,
    /// The same channel under every form of carry-over.
    pub(super) forms: Vec<FormRow>,
    /// Experiments that the fit was pulled to.
    pub(super) n_experiments: usize,
    pub(super) refused: Option<Said>,
}

/// A value and the ends of its interval.
pub(super) type Ends = (f64, f64, f64);

/// A point of a response curve.
pub(super) struct CurveRow {
    pub(super) spend: f64,
    pub(super) sales: Ends,
}

/// What a form of carry-over says of a channel.
pub(super) struct FormRow {
    pub(super) form: CarryOver,
    pub(super) roas: f64,
    /// At the present spend.
    pub(super) marginal: f64,
    /// Root mean square error of a week's sales.
    pub(super) rmse: f64,
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
    first: Day,
    sales: Vec<f64>,
    spend: BTreeMap<String, Vec<f64>>,
}

fn weeks(inputs: &Inputs, market: Market, until: Day) -> Option<Weeks> {
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
    Some(Weeks { first, sales, spend })
}

/// Sales of each week beyond the usual that its occasions bring, as a share; nothing where no week has one.
fn occasions(inputs: &Inputs, known: Known<'_>, market: Market, weeks: &Weeks) -> Vec<Control> {
    let Some(at) = inputs.markets.iter().position(|m| m.market == market) else { return Vec::new() };
    let of = |t: usize| known.effects.times(at, weeks.first.plus(7 * i32::try_from(t).unwrap_or(0))) - 1.0;
    let values: Vec<f64> = (0..weeks.sales.len()).map(of).collect();
    if values.iter().all(|x| x.abs() < 1e-9) {
        return Vec::new();
    }
    vec![Control { name: "occasions".to_owned(), values }]
}

/// What the channels rest on besides the data.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    /// Share of sales that is margin, where it is known.
    pub(super) margins: &'a BTreeMap<Market, f64>,
    pub(super) experiments: &'a [Experiment],
    /// Occasions are no work of advertising: they stand beside it as a control.
    pub(super) effects: &'a Learnt,
    pub(super) seed: Seed,
}

/// Channels as they were fitted, before any money moves.
pub(super) struct Cells {
    pub(super) rows: Vec<ChannelRow>,
    /// In the order of the grid's cells: by channel, then market.
    open: Vec<Open>,
    /// Experiments that could not be used, and why.
    pub(super) unused: Vec<(Market, String)>,
}

/// One row a channel of a market, and where the money of those that can be told goes.
pub(super) fn channels(inputs: &Inputs, known: Known<'_>, budget: Option<f64>) -> Result<Cells> {
    let mut cells = Cells::fit(inputs, known, first_week(inputs))?;
    if cells.open.len() > 1 || budget.is_some() && !cells.open.is_empty() {
        cells.allocate(inputs, budget)?;
    }
    Ok(cells)
}

impl Cells {
    /// From the weeks before `until`.
    pub(super) fn fit(inputs: &Inputs, known: Known<'_>, until: Day) -> Result<Self> {
        let markets: BTreeSet<Market> = inputs.spend.iter().map(|s| s.market).collect();
        let mut cells = Self { rows: Vec::new(), open: Vec::new(), unused: Vec::new() };
        for (at, market) in markets.into_iter().enumerate() {
            let Some(weeks) = weeks(inputs, market, until) else { continue };
            let n = weeks.sales.len();
            let lifts = cells.lifts(inputs, known.experiments, market, &weeks);
            let studied = (n >= LEAST_WEEKS)
                .then(|| {
                    Studied::new(&weeks, occasions(inputs, known, market, &weeks), &lifts, known.seed.derive(at as u64))
                })
                .transpose()?;
            for (j, (channel, spend)) in weeks.spend.iter().enumerate() {
                let recent = &spend[n.saturating_sub(RECENT)..];
                let now = recent.iter().sum::<f64>() / recent.len().max(1) as f64;
                cells.rows.push(ChannelRow {
                    market,
                    channel: channel.clone(),
                    spend: spend.iter().sum(),
                    n_weeks: n,
                    now,
                    advised: now,
                    between: None,
                    gain: 0.0,
                    roas: None,
                    marginal_now: None,
                    marginal: None,
                    curve: Vec::new(),
                    forms: Vec::new(),
                    n_experiments: lifts.iter().filter(|l| l.channel == j).count(),
                    refused: None,
                });
                let place = cells.rows.len() - 1;
                match &studied {
                    None => {
                        cells.rows[place].refused = Some(Said::new(
                            format!("{n} weeks with spend, {LEAST_WEEKS} are needed to tell what it brings"),
                            format!("仅 {n} 周有支出，至少需要 {LEAST_WEEKS} 周才能判断其效果"),
                        ));
                    }
                    Some(studied) => {
                        let share = known.margins.get(&market).copied().filter(|share| *share > 0.0);
                        let open = studied.tell(j, share, spend, &mut cells.rows[place]);
                        cells.open.extend(open.map(|(curve, draws)| Open {
                            row: place,
                            curve,
                            most: most(spend),
                            draws,
                        }));
                    }
                }
            }
        }
        let rows = &cells.rows;
        cells.open.sort_by(|a, b| {
            let key = |o: &Open| (&rows[o.row].channel, rows[o.row].market);
            key(a).cmp(&key(b))
        });
        Ok(cells)
    }

    /// Experiments about a market's channels; those that cannot be used are noted.
    fn lifts(&mut self, inputs: &Inputs, all: &[Experiment], market: Market, weeks: &Weeks) -> Vec<Lift> {
        let mut lifts = Vec::new();
        for e in all.iter().filter(|e| e.market == market) {
            let known = || weeks.spend.keys().cloned().collect::<Vec<_>>().join(", ");
            let lift = match weeks.spend.keys().position(|name| *name == e.channel) {
                None => Err(format!("there is no channel `{}` here: {} are", e.channel, known())),
                Some(j) => match inputs.rate(e.currency, inputs.base) {
                    None => Err(format!("there is no exchange rate from {}", e.currency)),
                    Some(rate) => e.within(j, weeks.first, weeks.sales.len(), rate).ok_or_else(|| {
                        format!(
                            "{} to {} does not lie within the weeks with spend, which begin {}",
                            e.from, e.to, weeks.first
                        )
                    }),
                },
            };
            match lift {
                Ok(lift) => lifts.push(lift),
                Err(why) => self.unused.push((market, why)),
            }
        }
        lifts
    }

    /// Spend of the open cells now, and of the others.
    fn spent(&self) -> (f64, f64) {
        let open: f64 = self.open.iter().map(|o| self.rows[o.row].now).sum();
        (open, self.rows.iter().map(|r| r.now).sum::<f64>() - open)
    }

    /// The question where the money of these open cells goes: channels by markets, nobody beyond what was ever spent in a week.
    fn grid(&self, inputs: &Inputs, open: &[&Open], total: Money, curve: &dyn Fn(usize) -> Response) -> Grid {
        let minor = minor(inputs);
        let row = |o: &Open| &self.rows[o.row];
        let channels: BTreeSet<&str> = open.iter().map(|o| row(o).channel.as_str()).collect();
        let markets: BTreeSet<Market> = open.iter().map(|o| row(o).market).collect();
        let cell = |channel: &str, market: Market| {
            let i = open.iter().position(|o| row(o).channel == channel && row(o).market == market)?;
            let limits = Limits { least: 0, most: Some((open[i].most * minor).floor() as i64) };
            Some(Cell { response: curve(i), limits })
        };
        Grid {
            cells: channels
                .iter()
                .flat_map(|c| markets.iter().map(move |m| (*c, *m)))
                .map(|(c, m)| cell(c, m))
                .collect(),
            rows: channels.iter().map(|c| Line::free(*c)).collect(),
            columns: markets.iter().map(|m| Line::free(m.code())).collect(),
            total: Total::Exactly(total),
        }
    }

    /// Money for the open cells: a budget less what the others take, never more than was ever spent.
    fn total(&self, inputs: &Inputs, open: &[&Open], budget: Option<f64>) -> Money {
        let (_, closed) = self.spent();
        let now: f64 = open.iter().map(|o| self.rows[o.row].now).sum();
        let total = budget.map_or(now, |b| (b - closed).max(0.0));
        // Nothing is known beyond what was ever spent in a week.
        let most: f64 = open.iter().map(|o| o.most).sum();
        Money { minor: (total.min(most) * minor(inputs)).floor() as i64, currency: inputs.base }
    }

    /// Moves the money of the open cells, and asks each draw of the curves where it would go.
    fn allocate(&mut self, inputs: &Inputs, budget: Option<f64>) -> Result<()> {
        let open: Vec<&Open> = self.open.iter().collect();
        let total = self.total(inputs, &open, budget);
        if total.minor <= 0 {
            // No money at all is an answer too: what the channels brought goes with their spend.
            for open in self.open.iter().filter(|_| budget.is_some()) {
                let row = &mut self.rows[open.row];
                row.advised = 0.0;
                row.gain = open.curve.at(0.0) - open.curve.at(row.now);
            }
            return Ok(());
        }
        let minor = minor(inputs);
        let found = AllocateParams::default().allocate(&self.grid(inputs, &open, total, &|i| open[i].curve.clone()))?;
        let draws = open.iter().map(|o| o.draws.len()).min().unwrap_or(0).min(DRAWS);
        let mut spread: Vec<Vec<f64>> = vec![Vec::new(); open.len()];
        for draw in 0..draws {
            let grid = self.grid(inputs, &open, total, &|i| open[i].draws[draw].clone());
            for (i, share) in AllocateParams::default().allocate(&grid)?.shares().iter().enumerate() {
                spread[i].push(share.spend.minor as f64 / minor);
            }
        }
        for (i, share) in found.shares().iter().enumerate() {
            let row = &mut self.rows[self.open[i].row];
            row.advised = share.spend.minor as f64 / minor;
            row.gain = self.open[i].curve.at(row.advised) - self.open[i].curve.at(row.now);
            let next = self.open[i].draws.iter().map(|d| d.marginal(row.advised));
            row.marginal = between(share.marginal, next);
            if let Some(ends) = learn::quantile::quantiles(&spread[i], &[0.1, 0.9]) {
                row.between = Some((ends[0].min(row.advised), ends[1].max(row.advised)));
            }
        }
        Ok(())
    }

    /// The same question at an earlier day and now, over the cells that could be told at both.
    pub(super) fn both(&self, earlier: &Self, inputs: &Inputs, budget: Option<f64>) -> Option<(Grid, Grid)> {
        let name = |cells: &Self, o: &Open| (cells.rows[o.row].channel.clone(), cells.rows[o.row].market);
        let then: BTreeSet<_> = earlier.open.iter().map(|o| name(earlier, o)).collect();
        let now: BTreeSet<_> = self.open.iter().map(|o| name(self, o)).collect();
        let of = |cells: &Self| -> Option<Grid> {
            let open: Vec<&Open> =
                cells.open.iter().filter(|o| then.contains(&name(cells, o)) && now.contains(&name(cells, o))).collect();
            let total = cells.total(inputs, &open, budget);
            (!open.is_empty() && total.minor > 0).then(|| cells.grid(inputs, &open, total, &|i| open[i].curve.clone()))
        };
        Some((of(earlier)?, of(self)?))
    }

    /// Channels whose effect could be told, as channel and market.
    pub(super) fn told(&self) -> BTreeSet<(String, Market)> {
        self.open.iter().map(|o| (self.rows[o.row].channel.clone(), self.rows[o.row].market)).collect()
    }
}

fn minor(inputs: &Inputs) -> f64 {
    10_f64.powi(inputs.base.exponent() as i32)
}

fn most(spend: &[f64]) -> f64 {
    spend.iter().copied().fold(0.0, f64::max)
}

/// A value with the central interval of its draws; nothing where it is no number, as the slope of some curves at 0 is.
fn between(value: f64, draws: impl Iterator<Item = f64>) -> Option<Ends> {
    let draws: Vec<f64> = draws.filter(|x| x.is_finite()).collect();
    let tail = (1.0 - LEVEL) / 2.0;
    let ends = learn::quantile::quantiles(&draws, &[tail, 1.0 - tail])?;
    value.is_finite().then(|| (value, ends[0].min(value), ends[1].max(value)))
}

/// A market's mix, studied under the usual form of carry-over and fitted under the others.
struct Studied {
    study: Study,
    others: Vec<(CarryOver, decide::media::MediaModel)>,
}

impl Studied {
    fn new(weeks: &Weeks, controls: Vec<Control>, lifts: &[Lift], seed: Seed) -> Result<Self> {
        let channels =
            weeks.spend.iter().map(|(name, spend)| Channel { name: name.clone(), spend: spend.clone() }).collect();
        let data = MediaData::national(weeks.sales.clone(), channels, controls);
        let n = weeks.sales.len();
        // A year of the season needs two years to be told from advertising.
        let params = |carry_over| MediaParams {
            test_weeks: 0,
            n_fourier: if n >= 100 { 2 } else { 0 },
            search: SearchParams { carry_over, ..SearchParams::default() },
            ..MediaParams::default()
        };
        let effort = StudyParams { n_draws: 60, n_folds: 2, level: LEVEL, ..StudyParams::default() };
        let study = params(CarryOver::Geometric).study(&data, lifts, &effort, seed)?;
        let others = [CarryOver::WeibullSurvival, CarryOver::WeibullDensity]
            .into_iter()
            .map(|form| Ok((form, params(form).fit(&data, lifts, seed)?)))
            .collect::<Result<_>>()?;
        Ok(Self { study, others })
    }

    /// What is known of a channel; its curve and draws in margin where money may be moved by them.
    fn tell(
        &self,
        j: usize,
        share: Option<f64>,
        spend: &[f64],
        row: &mut ChannelRow,
    ) -> Option<(Response, Vec<Response>)> {
        let study = &self.study;
        let channel = &study.channels[j];
        let curve = &study.model.curves()[j];
        let usual = (CarryOver::Geometric, &study.model);
        row.forms = std::iter::once(usual)
            .chain(self.others.iter().map(|(form, model)| (*form, model)))
            .map(|(form, model)| FormRow {
                form,
                roas: model.channels()[j].roi,
                marginal: model.curves()[j].marginal(row.now),
                rmse: model.train_fit().rmse,
            })
            .collect();
        if let Verdict::CannotTell(doubts) = &channel.verdict {
            let said: Vec<Said> = doubts.iter().map(|d| d.said(&channel.name)).collect();
            row.refused = Some(Said::new(
                said.iter().map(|s| s.en.as_str()).collect::<Vec<_>>().join(" "),
                said.iter().map(|s| s.zh.as_str()).collect::<Vec<_>>().join(""),
            ));
            return None;
        }
        row.roas = Some((channel.roi.0, channel.roi.1.low, channel.roi.1.high));
        row.marginal_now = between(curve.marginal(row.now), study.draws.iter().map(|d| d[j].marginal(row.now)));
        let step = most(spend) / (POINTS - 1) as f64;
        let point =
            |x: f64| Some(CurveRow { spend: x, sales: between(curve.at(x), study.draws.iter().map(|d| d[j].at(x)))? });
        row.curve = (0..POINTS).filter_map(|i| point(step * i as f64)).collect();
        let Some(share) = share else {
            row.refused = Some(Said::new(
                "What it brings is known in sales, not in margin: costs are missing, so no money is moved.",
                "仅知其带来的销售额，毛利未知（缺少成本），因此不调整预算。",
            ));
            return None;
        };
        Some((curve.times(share), study.draws.iter().map(|d| d[j].times(share)).collect()))
    }
}
