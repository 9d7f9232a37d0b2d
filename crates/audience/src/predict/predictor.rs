//! A fitted prediction, asked about shoppers: probability, interval, and the reasons in words.
//!
//! `logit p = calibrated log-odds + δ_market`. The interval is that of the *chance*, not of the outcome:
//! `± z · sqrt(σ²_model + σ²_δ)` on the log-odds, with `σ_model` from the jackknife over the calibration parts (see
//! [`learn::classify::Calibrated`]) and `σ_δ` from the partial pooling of markets. So a market with five shoppers gets
//! a probability that is mostly everybody's and an interval that says so.

use super::facts::ShopperFacts;
use super::features::{Feature, FeatureSpace};
use super::market_shift::MarketShifts;
use super::quality::Quality;
use super::rolling::Periods;
use super::target::Target;
use super::train::{PredictParams, Trial};
use crate::figures::LEVEL;
use domain::{Day, Figure, Interval, Language, Market, ShopperId, Unit};
use learn::classify::{Calibrated, Classifier, PartUnit, jackknife_sd, logit, sigmoid};
use learn::interval::two_sided;

/// A fitted prediction of one target.
#[derive(Clone, Debug, PartialEq)]
pub struct Predictor {
    pub(super) params: PredictParams,
    pub(super) periods: Periods,
    pub(super) space: FeatureSpace,
    pub(super) n_rows: u64,
    pub(super) chosen: Trial,
    pub(super) trials: Vec<Trial>,
    pub(super) model: Calibrated,
    pub(super) shifts: MarketShifts,
    pub(super) quality: Quality,
    pub(super) pooled_quality: Quality,
    pub(super) held_out: Vec<HeldOut>,
}

/// What was promised of a shopper at the test cutoff, by a model that had not seen what then happened.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldOut {
    /// Who.
    pub shopper: ShopperId,
    /// The market of most orders before the test cutoff.
    pub market: Option<Market>,
    /// Probability of the target.
    pub probability: f64,
    /// Whether it happened.
    pub happened: bool,
}

/// Why a shopper has its probability: one named number and what it adds.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedReason {
    /// Which number.
    pub feature: Feature,
    /// Its value as the model sees it; NaN where it is missing.
    pub value: f32,
    /// What it adds, in the unit of [`Predictor::part_unit`]: above 0 it makes the outcome likelier.
    pub part: f64,
}

/// What is foreseen for one shopper.
#[derive(Clone, Debug, PartialEq)]
pub struct ShopperPrediction {
    /// Who.
    pub shopper: ShopperId,
    /// The market of most orders so far.
    pub market: Option<Market>,
    /// Probability of the target.
    pub probability: f64,
    /// Where the probability may lie.
    pub interval: Interval,
    /// Largest reasons first.
    pub reasons: Vec<NamedReason>,
    /// Log-odds by the models that lack one part of the shoppers each.
    without: Vec<f64>,
}

impl NamedReason {
    /// One line for a page.
    pub fn text(&self, language: Language) -> String {
        let (name, more) = (self.feature.label(language), self.part > 0.0);
        let value = if self.value.is_nan() {
            if language == Language::ZH { "未知".to_owned() } else { "unknown".to_owned() }
        } else {
            format!("{:.4}", self.shown()).trim_end_matches('0').trim_end_matches('.').to_owned()
        };
        match (language == Language::ZH, more) {
            (true, true) => format!("{name}：{value}（提高可能性）"),
            (true, false) => format!("{name}：{value}（降低可能性）"),
            (false, true) => format!("{name}: {value} (raises it)"),
            (false, false) => format!("{name}: {value} (lowers it)"),
        }
    }

    /// The number as a person knows it: logarithms are undone.
    pub fn shown(&self) -> f64 {
        let is_logarithm = matches!(
            self.feature,
            Feature::Revenue | Feature::OrderValue | Feature::LastOrderValue | Feature::Products
        );
        if is_logarithm { f64::from(self.value).exp_m1() } else { f64::from(self.value) }
    }
}

impl Predictor {
    /// What is foreseen.
    pub const fn target(&self) -> Target {
        self.params.target
    }

    /// The cutoffs that it was learnt and marked on.
    pub const fn periods(&self) -> &Periods {
        &self.periods
    }

    /// The setting that won on the validation cutoff.
    pub const fn chosen(&self) -> &Trial {
        &self.chosen
    }

    /// All settings that were tried.
    pub fn trials(&self) -> &[Trial] {
        &self.trials
    }

    /// Marks on the test cutoff, with market shifts: what is handed out.
    pub const fn quality(&self) -> &Quality {
        &self.quality
    }

    /// Marks on the test cutoff without market shifts, to see what they change.
    pub const fn pooled_quality(&self) -> &Quality {
        &self.pooled_quality
    }

    /// Promise and outcome of every shopper at the test cutoff: what lift is measured on.
    pub fn held_out(&self) -> &[HeldOut] {
        &self.held_out
    }

    /// The columns.
    pub const fn space(&self) -> &FeatureSpace {
        &self.space
    }

    /// How markets differ from what their shoppers' numbers say.
    pub const fn shifts(&self) -> &MarketShifts {
        &self.shifts
    }

    /// What reasons are measured in.
    pub fn part_unit(&self) -> PartUnit {
        self.model.part_unit()
    }

    /// Asks about a shopper as of a day; `None` where the target does not apply (no order yet).
    /// At most `n_reasons` reasons are given.
    pub fn predict(&self, facts: &ShopperFacts, cutoff: Day, n_reasons: usize) -> Option<ShopperPrediction> {
        if !self.params.target.asks(facts, cutoff) {
            return None;
        }
        let (row, market) = (self.space.row(facts, cutoff)?, facts.market_at(cutoff));
        let (shift, shift_sd) = self.shifts.of(market);
        let without: Vec<f64> = self.model.part_log_odds(&row).into_iter().map(|score| score + shift).collect();
        let score = logit(self.model.probability(&row)) + shift;
        let reason = |(column, part): (usize, f64)| NamedReason {
            feature: self.space.columns()[column],
            value: row[column],
            part,
        };
        let reasons = if n_reasons == 0 {
            Vec::new()
        } else {
            self.model.reasons(&row).into_iter().take(n_reasons).map(reason).collect()
        };
        Some(ShopperPrediction {
            shopper: facts.shopper.clone(),
            market,
            probability: sigmoid(score),
            interval: around(score, shift_sd.hypot(jackknife_sd(&without))),
            reasons,
            without,
        })
    }

    /// Asks about everybody to whom the target applies.
    pub fn predict_all(&self, shoppers: &[ShopperFacts], cutoff: Day, n_reasons: usize) -> Vec<ShopperPrediction> {
        shoppers.iter().filter_map(|facts| self.predict(facts, cutoff, n_reasons)).collect()
    }

    /// The mean probability of the shoppers of a market, with an interval however few they are. Key `predict.market`.
    ///
    /// The market's shift moves all of its shoppers together, and so does a part of the model's error: the jackknife is
    /// taken of the mean, and the interval does not shrink with the number of shoppers as that of independent ones would.
    pub fn market(&self, market: Market, predictions: &[ShopperPrediction]) -> Figure {
        let of: Vec<&ShopperPrediction> = predictions.iter().filter(|p| p.market == Some(market)).collect();
        let n = of.len() as f64;
        let mean = of.iter().map(|p| p.probability).sum::<f64>() / n;
        let n_parts = of.first().map_or(0, |p| p.without.len());
        let part_mean = |k: usize| logit(of.iter().map(|p| sigmoid(p.without[k])).sum::<f64>() / n);
        let model_sd = jackknife_sd(&(0..n_parts).map(part_mean).collect::<Vec<f64>>());
        let sd = self.shifts.of(Some(market)).1.hypot(model_sd);
        let z = two_sided(LEVEL).unwrap_or(1.96);
        let at = |by: f64| of.iter().map(|p| sigmoid(logit(p.probability) + by)).sum::<f64>() / n;
        Figure::number("predict.market", Unit::Share, mean, of.len() as u64, 1)
            .formula("mean probability of the market's shoppers, its level shrunk towards all markets; interval of the level")
            .interval(at(-z * sd), at(z * sd), LEVEL)
    }

    /// A shopper's probability as a figure. Key `predict.probability`.
    pub fn figure(&self, prediction: &ShopperPrediction) -> Figure {
        let i = prediction.interval;
        Figure::number("predict.probability", Unit::Share, prediction.probability, self.n_rows, 1)
            .formula(format!(
                "calibrated {} of orders before the day, plus the market's shift; {}",
                self.chosen.setting.kind().label(),
                self.params.target.label(Language::EN)
            ))
            .interval(i.low, i.high, i.level)
    }
}

/// The interval of a probability from log-odds and their deviation.
fn around(score: f64, sd: f64) -> Interval {
    let half = two_sided(LEVEL).unwrap_or(1.96) * sd;
    Interval { low: sigmoid(score - half), high: sigmoid(score + half), level: LEVEL }
}

#[cfg(test)]
#[path = "predictor_tests.rs"]
mod tests;
