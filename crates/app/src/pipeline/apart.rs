//! A market that shares no product with any other one: whether what its products say may serve it.
//!
//! Other markets' orders say nothing of its products, so pooling them cannot help. What home knows of habits can, by way of content
//! ([`recommend::transfer::ZeroOverlap`]). It serves where the market's own held-out shoppers, if there are enough, show that it helps. Where
//! they show neither that it helps nor that it hurts, home's decide: on cuts of home's products that share nothing it has to be better
//! than everything that the market has without it. Otherwise the market keeps what it had, and the reason says so.

use super::catalogue;
use super::measured::{Basis, Choice};
use super::purchases::Purchases;
use crate::evidence::EvidencePlan;
use anyhow::Result;
use domain::{FitError, Interactions, Market, Score, Seed};
use eval::{Case, Nested, Protocol, TemporalSplit, evaluate_with};
use lake::Engine;
use recommend::transfer::{
    Decision, EvidenceRule, Pool, SHARED_AT_MOST, Sources, TransferVerdict, ZeroOverlapParams, judge, shared,
};
use recommend::{ItemText, ModelKind, Strength, prepare};

/// How a reason begins.
const BY_CONTENT: &str = "it shares no product with others; what home knows of habits, by what products say,";

/// What home can teach markets that share nothing with it.
pub(super) struct Apart<'a> {
    all: &'a Interactions,
    bought: Interactions,
    home: Market,
    /// What is known of the products; empty where no market is apart.
    texts: Vec<ItemText>,
    seed: Seed,
}

impl<'a> Apart<'a> {
    /// Reads what is known of the products, where a market shares none with others.
    pub(super) async fn load(engine: &Engine, purchases: &'a Purchases, home: Market, seed: Seed) -> Result<Self> {
        let all = &purchases.interactions;
        let mut markets = all.markets().to_vec();
        markets.sort_unstable();
        markets.dedup();
        let is_any = markets.iter().any(|market| is_apart(all, *market, home));
        let texts = if is_any { catalogue::texts(engine, purchases).await? } else { Vec::new() };
        Ok(Self { all, bought: prepare(all, Strength::Presence), home, texts, seed })
    }

    /// What serves a market, given what would without this.
    pub(super) fn choice(&self, market: Market, without: Choice) -> Result<Choice> {
        if !is_apart(self.all, market, self.home) {
            return Ok(without);
        }
        let params = ZeroOverlapParams::between(market, self.home);
        let refused = |why: String| {
            let why = format!("{}; it shares no product with others, and by what products say: {why}", without.why);
            Ok(Choice { why, ..without.clone() })
        };
        // Nothing was chosen on the shoppers who are asked.
        let rule = EvidenceRule { spread: 1.0, ..EvidenceRule::default() };
        let served = |basis: Basis, why: String| {
            let kind = ModelKind::ZeroOverlap(params);
            Ok(Choice { kind, pooled: Some(1.0), basis, why: format!("{BY_CONTENT} {why}"), seed: self.seed })
        };
        if let Some(own) = self.own(params, &without, &rule)? {
            let hurts = own.interval.is_some_and(|interval| interval.high < rule.margin);
            match own.decision {
                Decision::Accepted => return served(Basis::OwnEvidence, format!("helps here: {}", own.reason)),
                Decision::Refused if hurts => return refused(own.reason),
                Decision::Refused | Decision::TooLittleData => {}
            }
        }
        let proof = match params.proof(&self.bought, &self.texts, &rule, self.seed) {
            Ok(proof) => proof,
            Err(why @ (FitError::TooLittleData { .. } | FitError::Param { .. })) => return refused(why.to_string()),
            Err(why) => return Err(why.into()),
        };
        if let Some((against, verdict)) = proof.iter().find(|(_, verdict)| !verdict.accepted()) {
            return refused(format!("not proved at home against {against}, {}", verdict.reason));
        }
        let gain = |of: &(&str, TransferVerdict)| of.1.gain.unwrap_or_default();
        let least = proof.iter().min_by(|a, b| gain(a).total_cmp(&gain(b)));
        let proved = least.map_or_else(String::new, |(against, v)| format!("against {against}, {}", v.reason));
        served(Basis::SourceEvidence, format!("is proved at home {proved}"))
    }

    /// The market's own held-out shoppers, before the test window; `None` where nobody came back.
    fn own(&self, params: ZeroOverlapParams, without: &Choice, rule: &EvidenceRule) -> Result<Option<TransferVerdict>> {
        let plan = EvidencePlan::for_home(self.home);
        let Some(last_day) = self.all.iter().map(|row| row.day).max() else { return Ok(None) };
        let test = TemporalSplit::at(last_day.plus(1 - plan.window_days));
        let Ok(splits) = Nested::new(self.all, &test, plan.window_days) else { return Ok(None) };
        let of_market = |case: &&Case| case.market == params.target;
        let validation = splits.validation.at_most(plan.most_cases, self.seed);
        let cases: Vec<Case> = validation.cases.iter().filter(of_market).cloned().collect();
        if cases.is_empty() {
            return Ok(None);
        }
        let train = prepare(&validation.train, Strength::Presence);
        let pool = Pool { target: params.target, sources: Sources::AllOthers, weight: without.pooled.unwrap_or(1.0) };
        let rows = if without.pooled.is_none() { pool.local(&train) } else { pool.pooled(&train)? };
        let (Ok(before), Ok(with)) = (without.kind.fit(&rows, self.seed), params.fit(&train, &self.texts, self.seed))
        else {
            return Ok(None);
        };
        let (before, with) =
            (marks(&*before, &cases, &train, &plan.protocol)?, marks(&with, &cases, &train, &plan.protocol)?);
        Ok(Some(judge(&before, &with, rule, self.seed)?))
    }
}

fn marks(model: &dyn Score, cases: &[Case], train: &Interactions, protocol: &Protocol) -> Result<Vec<f64>> {
    let report = evaluate_with(|_| Some(model), cases, train.n_items(), protocol)?;
    Ok(report.marks(protocol.metrics[0], None)?)
}

/// Whether a market other than home sells what no other one does.
fn is_apart(all: &Interactions, market: Market, home: Market) -> bool {
    market != home && market != Market::UNKNOWN && shared(all, market).is_some_and(|share| share <= SHARED_AT_MOST)
}
