//! Stage `outlook`: what is expected of every shopper and market. Who will order again, how often, for how much, who is
//! about to leave and why, when the next order is due, and whom to address first.
//!
//! Values come from one model of all markets together, so that a market of five shoppers has an honest interval;
//! the risk of leaving from the best of four kinds of model, chosen on one period and marked on a later one
//! (`marts.predictors`, `marts.calibration`). Support vector machines are left out here: they cost most and won nowhere
//! (docs/audience.md).

mod facts;
mod kinds;
mod likely;
pub(crate) mod reach;
mod tables;

pub(crate) use kinds::{Compared, Kind, compare};
pub(crate) use likely::{Likely, One, Why, likely};

use super::rates::Rates;
use super::rows::Rows;
use super::{Stage, Tables};
use anyhow::Result;
use audience::AudienceError;
use audience::predict::{
    Addressee, Exclusion, NextOrderParams, PredictParams, Predictor, ShopperFacts, SpendParams, Target,
    TargetGroupParams,
};
use audience::value::{TraitChoice, TraitNames, Valuation, ValueError, ValueParams, choose_traits};
use domain::{Currency, Day, Market};
use facts::Facts;
use learn::classify::ClassifierKind;
use std::collections::BTreeMap;

/// Days that are looked ahead.
const HORIZON: i32 = 90;
/// Shoppers that the models of behaviour learn from at most, spread evenly over all.
const MOST_LEARNT: usize = 20_000;
/// Disagreement of the sampling chains above which values are told to be rough. Source: Gelman & Rubin, "Inference from
/// iterative simulation using multiple sequences", Statistical Science 7(4), 1992.
const MOST_R_HAT: f64 = 1.1;
/// Shoppers on the list of each market.
const SHORTLIST: usize = 200;

pub(super) async fn compute(stage: &Stage<'_>) -> Result<Tables> {
    let facts = Facts::load(&stage.engine, stage.currency).await?;
    stage.bar.step("expecting", "values", 0, 4);
    let traits = first_orders(stage, &facts)?;
    let params = value_params(&facts, traits.as_ref());
    let values = values(stage, &facts, &params)?;
    stage.bar.step("expecting", "who leaves", 1, 4);
    let churn = predictor(stage, &facts, Target::Churn { horizon_days: HORIZON }, "who is about to leave")?;
    stage.bar.step("expecting", "second orders", 2, 4);
    let target = Target::SecondOrder { horizon_days: HORIZON };
    let second = predictor(stage, &facts, target, "who will order a second time")?;
    stage.bar.step("expecting", "next orders", 3, 4);
    let rhythm =
        told(stage, "when the next order is due", NextOrderParams::default().fit(&facts.shoppers, facts.cutoff))?;
    let spend = told(stage, "what an order is worth", SpendParams::default().fit(&facts.shoppers, facts.cutoff))?;
    let risks = churn.as_ref().map(|p| p.predict_all(&facts.shoppers, facts.cutoff, 3)).unwrap_or_default();
    let lists = match (&churn, &spend) {
        (Some(_), Some(spend)) => {
            let worth = |s: &ShopperFacts| spend.order_value(s, facts.cutoff);
            shortlists(&facts, &risks.iter().map(|r| (r.shopper.clone(), 1.0 - r.probability)).collect(), &worth)?
        }
        _ => Vec::new(),
    };
    let next: BTreeMap<_, _> = facts
        .shoppers
        .iter()
        .filter_map(|s| Some((s.shopper.clone(), rhythm.as_ref()?.expect(s, facts.cutoff)?)))
        .collect();
    let predictors: Vec<&Predictor> = churn.iter().chain(&second).collect();
    let local = local(stage).await?;
    let mut tables = tables::all(&facts, values.as_ref(), traits.as_ref(), &risks, &next, &predictors, &lists, &local)?;
    tables.push(("reach", vec![reach::table(stage, &facts, &params, values.as_ref(), &lists).await?]));
    Ok(tables)
}

/// In which currency most lines of a market were sold, and units of it for one of the reporting currency; markets without a rate are told.
const SOLD_IN: &str = "\
select market, currency from (select market, currency, row_number() over (partition by market order by count(*) desc, currency) as nth
  from clean.order_lines where settled group by market, currency) where nth = 1 order by market";

async fn local(stage: &Stage<'_>) -> Result<BTreeMap<Market, (Currency, f64)>> {
    let Some(base) = stage.currency else { return Ok(BTreeMap::new()) };
    let rates = Rates::load(&stage.engine).await?;
    let rows = Rows::query(&stage.engine, SOLD_IN).await?;
    let mut all = BTreeMap::new();
    for (market, currency) in rows.markets("market")?.into_iter().zip(rows.texts("currency")?) {
        let Ok(currency) = currency.parse::<Currency>() else { continue };
        match rates.rate(base, currency) {
            Some(rate) => _ = all.insert(market, (currency, rate)),
            None => {
                let why = format!("there is no exchange rate from {base} to {currency}: a table of rates brings it");
                stage.not_computed(market, "what its shoppers will be worth in its own currency", &why);
            }
        }
    }
    Ok(all)
}

fn value_params(facts: &Facts, traits: Option<&TraitChoice>) -> ValueParams {
    ValueParams {
        horizon_days: HORIZON as u32,
        margin_share: facts.margin_share.clone(),
        pace: traits.map(|t| t.pace.clone()).unwrap_or_default(),
        ..ValueParams::default()
    }
}

/// Whether the first order says how often its shopper comes back; told where it does not, or where nobody can say.
fn first_orders(stage: &Stage<'_>, facts: &Facts) -> Result<Option<TraitChoice>> {
    let what = "what a first order says of later ones";
    let names = TraitNames { channels: &facts.channels, categories: &facts.departments };
    match choose_traits(&facts.shoppers, names, facts.cutoff, HORIZON) {
        Ok(choice) => {
            if !choice.used {
                // Rounded first, and 0 added: what is nothing has no sign.
                let gain = (choice.validation.as_f64().unwrap_or(f64::NAN) * 1e4).round() / 1e4 + 0.0;
                let why = format!(
                    "on hidden days it does not help: {gain:+.4} of log probability a shopper, where more than chance was asked"
                );
                stage.not_computed(Market::UNKNOWN, what, &why);
            }
            Ok(Some(choice))
        }
        Err(error @ (ValueError::TooLittleData { .. } | ValueError::Param { .. })) => {
            stage.not_computed(Market::UNKNOWN, what, &error.to_string());
            Ok(None)
        }
        Err(other) => Err(other.into()),
    }
}

fn values(stage: &Stage<'_>, facts: &Facts, params: &ValueParams) -> Result<Option<Valuation>> {
    let Some(currency) = stage.currency.filter(|_| !facts.values.is_empty()) else {
        stage.not_computed(Market::UNKNOWN, "what shoppers will be worth", "no order says who bought");
        return Ok(None);
    };
    for market in facts.markets.iter().filter(|m| !facts.margin_share.contains_key(m)) {
        let why = "costs of too few of its sales are known; values are sales";
        stage.not_computed(*market, "margins of shoppers", why);
    }
    let values = params.value(&facts.values, &facts.markets, facts.cutoff, currency, stage.seed)?;
    if values.r_hat() > MOST_R_HAT {
        let why = format!(
            "its chains disagree (R-hat {:.2}, above {MOST_R_HAT}): read its intervals as too narrow",
            values.r_hat()
        );
        stage.not_computed(Market::UNKNOWN, "what shoppers will be worth, exactly", &why);
    }
    Ok(Some(values))
}

/// The kinds that the program chooses from.
fn kinds_of_the_stage() -> Vec<ClassifierKind> {
    vec![ClassifierKind::Logistic, ClassifierKind::Tree, ClassifierKind::Forest, ClassifierKind::Boosting]
}

/// A forecast where there is data enough for one.
fn predictor(stage: &Stage<'_>, facts: &Facts, target: Target, what: &str) -> Result<Option<Predictor>> {
    let step = facts.shoppers.len().div_ceil(MOST_LEARNT).max(1);
    let learnt: Vec<ShopperFacts> = facts.shoppers.iter().step_by(step).cloned().collect();
    let params = PredictParams { kinds: kinds_of_the_stage(), ..PredictParams::new(target) };
    let fitted = told(stage, what, params.fit(&learnt, facts.cutoff, stage.seed))?;
    if let Some(quality) = fitted.as_ref().map(Predictor::quality)
        && let (Some(loss), Some(base)) = (quality.log_loss().as_f64(), quality.base_log_loss().as_f64())
        && loss >= base
    {
        let why = format!(
            "on the test period its log loss is {loss:.3}, that of always saying the average {base:.3}: the order of \
             shoppers may help, the probabilities do not"
        );
        stage.not_computed(Market::UNKNOWN, &format!("{what}, as probabilities to act on"), &why);
    }
    Ok(fitted)
}

/// Too little data is told and no error.
fn told<T>(stage: &Stage<'_>, what: &str, result: Result<T, AudienceError>) -> Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error @ (AudienceError::TooLittleData { .. } | AudienceError::Learn(_))) => {
            stage.not_computed(Market::UNKNOWN, what, &error.to_string());
            Ok(None)
        }
        Err(other) => Err(other.into()),
    }
}

/// Of every market, whom to address first.
fn shortlists(
    facts: &Facts,
    orders: &BTreeMap<domain::ShopperId, f64>,
    worth: &dyn Fn(&ShopperFacts) -> f64,
) -> Result<Vec<(Market, audience::predict::Shortlist)>> {
    let addressees: Vec<Addressee> = facts
        .shoppers
        .iter()
        .filter_map(|s| {
            let last: Day = s.orders.last()?.day;
            let revenue: f64 = s.orders.iter().map(|o| o.revenue.to_f64()).sum();
            let back: f64 = s.returns.iter().map(|r| r.value.to_f64().abs()).sum();
            Some(Addressee {
                shopper: s.shopper.clone(),
                market: facts.home.get(&s.shopper).copied(),
                probability: *orders.get(&s.shopper)?,
                order_value: worth(s),
                last_order: last,
                return_share: if revenue > 0.0 { (back / revenue).min(1.0) } else { 0.0 },
                consent: facts.consent.get(&s.shopper).copied(),
                last_contact: None,
            })
        })
        .collect();
    let mut lists = Vec::new();
    for market in &facts.markets {
        let mut params = TargetGroupParams { size: SHORTLIST, ..TargetGroupParams::default() };
        params.exclusions.insert(0, Exclusion::OutsideMarket(*market));
        lists.push((*market, params.shortlist(&addressees, facts.cutoff)?));
    }
    Ok(lists)
}
