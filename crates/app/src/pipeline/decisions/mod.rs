//! Stage `decisions`: what may be sold, what it costs to land, at what price, how much will be asked for, when to promote,
//! what each channel gets, what to promote, what to send and to clear, which prices do not fit together, what to expect of it all,
//! and what to do next.
//!
//! Everything is decided by `decide`; here its inputs are read and its answers become marts. What rests on data alone
//! ([`Prepared`]) is kept apart from what also rests on assumptions ([`Settled`]), so that others can be tried.

mod aim;
mod assortment;
mod backtest;
mod categories;
mod channel_floors;
mod costs;
mod demand;
mod entering;
mod first_send;
mod inputs;
mod outcome;
mod parity;
mod planned;
mod prices;
mod promote;
mod sell;
pub(crate) mod settings;
mod short;
mod spend;
mod spend_tables;
mod spend_why;
mod surplus;
pub(crate) mod tables;
mod what_if;
mod when;

pub(crate) use backtest::backtest;
pub(crate) use spend_why::why_moved;
pub(crate) use tables::{CHANNELS, channel_facts};
pub(crate) use what_if::{Assumptions, Changed, what_if};

use super::figure_rows::figure_rows;
use super::rows::Rows;
use super::{Stage, Tables as Marts};
use crate::workspace::Workspace;
use anyhow::Result;
use decide::sellability::{Checklist, ProductFacts};
use domain::{Currency, Market, ProductId, Seed};
use inputs::Inputs;
use lake::Engine;
use outcome::{Decided, Outcome, Play};
use settings::DecideSettings;
use std::collections::{BTreeMap, BTreeSet};

/// Euros for one unit of each currency, newest rates.
pub(crate) async fn rates(engine: &Engine) -> Result<BTreeMap<Currency, f64>> {
    Ok(super::rates::Rates::load(engine).await?.all_in(Currency::new(*b"EUR")))
}

/// What has to be done before the catalogue may be sold in a market; nothing where no rules are known of it.
pub(crate) async fn checklist(
    engine: &Engine,
    workspace: &Workspace,
    base: Option<Currency>,
    market: Market,
) -> Result<Option<Checklist>> {
    let Some(base) = base else { return Ok(None) };
    let inputs = Inputs::load(engine, base).await?;
    let own = tables::Tables::load(&workspace.root)?;
    let rules = own.rules.market(market, inputs.as_of);
    if !rules.is_known() {
        return Ok(None);
    }
    let facts = sell::facts(&inputs, &own.rules);
    let products: Vec<(ProductId, ProductFacts)> =
        inputs.products.iter().map(|p| ProductId::new(p.id.as_str())).zip(facts).collect();
    Ok(Some(own.rules.checklist(&rules, &products, inputs.as_of)))
}

/// What a market may be judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum Taught {
    /// Its own weeks, drawn towards the other markets' where they are few.
    #[default]
    Together,
    /// Its own weeks alone.
    Alone,
}

/// What follows from data and tables.
struct Prepared {
    inputs: Inputs,
    home: Market,
    own: tables::Tables,
    facts: Vec<ProductFacts>,
    verdicts: Vec<sell::Verdict>,
    answers: prices::Answers,
    demand: demand::Demand,
    seed: Seed,
}

/// What also follows from the settings.
struct Settled {
    costs: Vec<costs::Costed>,
    refused: BTreeMap<(Market, String), usize>,
    prices: Vec<prices::PriceRow>,
    stock: Vec<when::StockRow>,
    calendar: Vec<(Market, decide::calendar::Suggestion)>,
    /// Nothing where it is asked what the prices of now bring.
    promotions: Vec<promote::PromoRow>,
    /// What promotions rest on; nothing where the prices of now are asked about.
    history: Option<promote::History>,
    channels: Vec<spend::ChannelRow>,
    /// Experiments that could not be used, and why.
    unused: Vec<(Market, String)>,
    outcome: Outcome,
}

impl Prepared {
    async fn load(engine: &Engine, workspace: &Workspace, base: Currency, seed: Seed) -> Result<Self> {
        Self::taught(engine, workspace, base, seed, Taught::Together).await
    }

    async fn taught(
        engine: &Engine,
        workspace: &Workspace,
        base: Currency,
        seed: Seed,
        taught: Taught,
    ) -> Result<Self> {
        let inputs = Inputs::load(engine, base).await?;
        // Markets of the ranking are judged too: what may be sold is asked before a market is entered.
        let mut markets: BTreeSet<Market> = inputs.markets.iter().map(|m| m.market).collect();
        let ranked = Rows::query(engine, "select market from marts.market_ranking").await?;
        markets.extend(ranked.markets("market")?);
        Self::of(engine, workspace, inputs, &markets, taught, seed).await
    }

    /// From inputs that were read; verdicts for `markets`.
    async fn of(
        engine: &Engine,
        workspace: &Workspace,
        inputs: Inputs,
        markets: &BTreeSet<Market>,
        taught: Taught,
        seed: Seed,
    ) -> Result<Self> {
        let home = super::home(engine, workspace).await?;
        let own = tables::Tables::load(&workspace.root)?;
        let facts = sell::facts(&inputs, &own.rules);
        let markets: Vec<Market> = markets.iter().copied().collect();
        let verdicts = sell::judge(&own.rules, &facts, &markets, inputs.as_of);
        let answers = prices::answers(engine, &inputs, taught).await?;
        let demand = demand::foresee(&inputs, &own.calendar, taught, seed)?;
        Ok(Self { inputs, home, own, facts, verdicts, answers, demand, seed })
    }

    fn asked<'a>(&self, settings: &'a DecideSettings) -> costs::CostSettings<'a> {
        costs::CostSettings {
            home: self.home,
            margin: settings.margin,
            channel: &settings.channel,
            insurance: settings.insurance,
            fx_buffer: settings.fx_buffer,
            route: settings.route,
        }
    }

    /// `inputs` in the place of the own ones: the same with other rates.
    async fn settle(&self, engine: &Engine, inputs: &Inputs, settings: &DecideSettings, play: Play) -> Result<Settled> {
        let (costs, refused) = costs::costs(inputs, &self.own, &self.facts, self.asked(settings));
        let prices = prices::prices(inputs, &self.answers, &costs)?;
        let stock = when::stock(inputs, &self.demand, &costs)?;
        let (calendar, promotions, history) = match play {
            Play::Advised => {
                let calendar = when::calendar(engine, inputs, &self.own.calendar, &costs, self.home).await?;
                let history = promote::History::load(engine, inputs).await?;
                let promotions = self.promoted(inputs, (&costs, &prices, &stock), &calendar, &history)?;
                (calendar, promotions, Some(history))
            }
            Play::AsTheyAre => (Vec::new(), Vec::new(), None),
        };
        let decided = self.decided(inputs, (&costs, &prices, &stock, &promotions), play);
        let margins = outcome::margins(decided);
        let known = spend::Known {
            margins: &margins,
            experiments: &self.own.experiments,
            effects: &self.demand.effects,
            seed: self.seed,
        };
        let spend::Cells { rows: channels, unused, .. } = spend::channels(inputs, known, settings.budget)?;
        let outcome = outcome::outcome(decided, &margins, &channels, self.seed)?;
        Ok(Settled { costs, refused, prices, stock, calendar, promotions, history, channels, unused, outcome })
    }

    /// What to promote by the calendar ahead.
    fn promoted(
        &self,
        inputs: &Inputs,
        (costs, prices, stock): (&[costs::Costed], &[prices::PriceRow], &[when::StockRow]),
        calendar: &[(Market, decide::calendar::Suggestion)],
        history: &promote::History,
    ) -> Result<Vec<promote::PromoRow>> {
        promote::promotions(promote::Known {
            inputs,
            costs,
            prices,
            answers: &self.answers,
            demand: &self.demand,
            verdicts: &self.verdicts,
            stock,
            calendar,
            history,
            own: &self.own.promotions,
        })
    }

    fn decided<'a>(
        &'a self,
        inputs: &'a Inputs,
        (costs, prices, stock, promotions): (
            &'a [costs::Costed],
            &'a [prices::PriceRow],
            &'a [when::StockRow],
            &'a [promote::PromoRow],
        ),
        play: Play,
    ) -> Decided<'a> {
        let (verdicts, answers, demand) = (&self.verdicts, &self.answers, &self.demand);
        Decided { inputs, verdicts, costs, answers, prices, demand, stock, promotions, play }
    }
}

pub(super) async fn compute(stage: &Stage<'_>) -> Result<Marts> {
    let Some(base) = stage.currency else { return Ok(Vec::new()) };
    let engine = &stage.engine;
    let prepared = Prepared::load(engine, stage.workspace, base, stage.seed).await?;
    let inputs = &prepared.inputs;
    let settled = prepared.settle(engine, inputs, &stage.workspace.decide, Play::Advised).await?;
    for ((market, why), n) in &settled.refused {
        stage.not_computed(
            *market,
            "the landed cost of products",
            &format!("{n} {}: {why}", if *n == 1 { "product" } else { "products" }),
        );
    }
    for (market, why) in &settled.unused {
        stage.not_computed(*market, "calibration by an experiment", why);
    }
    let costed: BTreeMap<(usize, usize), &costs::Costed> =
        settled.costs.iter().map(|c| ((c.market, c.product), c)).collect();
    let bills: Vec<_> = settled
        .prices
        .iter()
        .filter_map(|row| Some((*costed.get(&(row.market, row.product))?, row.price()?)))
        .collect();
    let advice = outcome::advice(&settled.outcome, &settled.calendar);
    let aimed = aim::aimed(engine, inputs, &settled.promotions).await?;
    let settings = &stage.workspace.decide;
    let floors =
        channel_floors::channel_floors(engine, inputs, &prepared.own, &prepared.facts, prepared.asked(settings))
            .await?;
    let mut parity = parity::parity(
        engine,
        inputs,
        &prepared.own,
        &prepared.facts,
        &settled.prices,
        prepared.home,
        &settings.channel,
    )
    .await?;
    parity.extend(parity::below_floors(inputs, &floors));
    let (entering, unknown) = entering::entering(engine, &prepared, &settled, settings).await?;
    for (market, why) in unknown {
        stage.not_computed(market, "what to do there before anything is sold", &why);
    }
    let clearance = surplus::clearance(&prepared.demand, &prepared.answers, &settled.prices, &settled.stock)?;
    let (first_send, untold) = first_send::first_send(first_send::Given {
        inputs,
        demand: &prepared.demand,
        costs: &settled.costs,
        prices: &settled.prices,
        verdicts: &prepared.verdicts,
        left_over: settings.left_over,
    })?;
    for market in untold {
        let why = "too few products sell both there and in another market to compare them";
        stage.not_computed(market, "first orders of products that were never sold there", why);
    }
    let mut all: Marts = vec![
        ("sellability", vec![sell::table(inputs, &prepared.verdicts)?]),
        ("landed_costs", vec![costs::table(inputs, &bills)?]),
        ("elasticities", vec![prices::elasticity_table(inputs, &prepared.answers)?]),
        ("prices", vec![prices::table(inputs, &settled.prices)?]),
        ("demand", vec![demand::table(inputs, &prepared.demand)?]),
        ("category_demand", vec![categories::table(inputs, &prepared.demand.categories)?]),
        ("planned", vec![planned::table(inputs, &settled.outcome.planned)?]),
        ("stock_advice", vec![when::stock_table(inputs, &settled.stock)?]),
        ("promotions", vec![promote::table(inputs, &settled.promotions)?]),
        ("channel_floors", vec![channel_floors::table(inputs, &floors)?]),
        ("coupons", vec![aim::table(&aimed)?]),
        ("parity", vec![parity::table(&parity)?]),
        ("clearance", vec![surplus::table(inputs, &clearance)?]),
        ("first_send", vec![first_send::table(inputs, &first_send)?]),
        ("calendar", vec![when::calendar_table(&settled.calendar)?]),
        ("media", vec![spend_tables::media_table(&settled.channels)?]),
        ("media_curves", vec![spend_tables::curves_table(&settled.channels)?]),
        ("media_forms", vec![spend_tables::forms_table(&settled.channels)?]),
        ("budget", vec![spend_tables::budget_table(&settled.channels)?]),
        ("budget_weeks", vec![spend_tables::weeks_table(inputs, &prepared.demand, &settled.channels)?]),
        ("rehearsal", vec![outcome::rehearsal_table(&settled.outcome)?]),
        ("sensitivity", vec![outcome::sensitivity_table(&settled.outcome)?]),
        ("decision_figures", vec![figure_rows(&settled.outcome.figures)?]),
        ("decision_actions", vec![outcome::advice_table(&advice)?]),
    ];
    if let Some(entered) = &entering {
        let there = &entered.inputs;
        let ahead = when::calendar(engine, there, &prepared.own.calendar, &entered.costs, prepared.home).await?;
        let advice = outcome::advice(&entered.outcome, &ahead);
        let promotions = match &settled.history {
            Some(history) => entering::promotions(entered, &prepared, history, &ahead)?,
            None => Vec::new(),
        };
        for (name, batch) in [
            ("landed_costs", costs::table(there, &entering::bills(entered))?),
            ("prices", prices::table(there, &entered.prices)?),
            ("demand", demand::table(there, &entered.demand)?),
            ("first_send", first_send::table(there, &entered.first_send)?),
            ("calendar", when::calendar_table(&ahead)?),
            ("promotions", promote::table(there, &promotions)?),
            ("sensitivity", outcome::sensitivity_table(&entered.outcome)?),
            ("decision_figures", figure_rows(&entered.outcome.figures)?),
            ("decision_actions", outcome::advice_table(&advice)?),
        ] {
            if let Some((_, batches)) = all.iter_mut().find(|(mart, _)| *mart == name) {
                batches.push(batch);
            }
        }
    }
    Ok(all)
}
