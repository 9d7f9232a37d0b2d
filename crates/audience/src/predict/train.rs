//! Choosing, learning and marking a model, each on its own stretch of time.
//!
//! 1. Every setting of every kind learns from the training cutoffs and is marked by log loss on the validation cutoff:
//!    a [`Trial`]. The smallest wins, ties to the first.
//! 2. The winner learns again from training and validation cutoffs, is calibrated on out-of-fold predictions (shoppers
//!    stay together) and gets its market shifts.
//! 3. It is asked about the test cutoff, once: [`Predictor::quality`].
//! 4. What is handed out has learnt from all labelled cutoffs, the test cutoff too: the freshest model there is. Its
//!    marks are those of step 3, made by the same recipe one horizon earlier.
//!
//! [`PredictParams::fit`] does it all; a caller who wants to time each kind goes by [`PredictParams::prepare`],
//! [`Prepared::try_kind`] and [`Prepared::finish`]. The same facts, parameters and seed give the same result.

use super::facts::{ShopperFacts, checked};
use super::features::FeatureSpace;
use super::market_shift::MarketShifts;
use super::predictor::{HeldOut, Predictor};
use super::quality::Quality;
use super::rolling::{LabelledTable, Periods};
use super::target::Target;
use crate::AudienceError;
use domain::{Day, Seed};
use learn::classify::{
    Calibrated, CalibratedParams, Calibration, Classifier, ClassifierKind, ClassifierParams, auc, log_loss, logit,
    sigmoid,
};

/// How to foresee something.
#[derive(Clone, Debug, PartialEq)]
pub struct PredictParams {
    /// What.
    pub target: Target,
    /// Kinds of model that are tried, at least one.
    pub kinds: Vec<ClassifierKind>,
    /// Training cutoffs at most, at least 1.
    pub n_cutoffs: usize,
    /// Days between them, at least 1.
    pub step_days: i32,
    /// The curve from score to probability.
    pub calibration: Calibration,
    /// Parts of the shoppers for calibration and intervals, at least 2.
    pub n_folds: usize,
    /// Training rows needed; below, nothing is said.
    pub min_rows: usize,
    /// Training rows needed of either outcome.
    pub min_each: usize,
}

impl PredictParams {
    /// The defaults for a target.
    pub fn new(target: Target) -> Self {
        Self {
            target,
            kinds: ClassifierKind::ALL.to_vec(),
            n_cutoffs: 6,
            step_days: 30,
            calibration: Calibration::Platt,
            n_folds: 5,
            min_rows: 100,
            min_each: 10,
        }
    }

    /// All steps. `now` is the first day without facts.
    ///
    /// # Errors
    /// As [`Self::prepare`] and [`Prepared::finish`].
    pub fn fit(&self, shoppers: &[ShopperFacts], now: Day, seed: Seed) -> Result<Predictor, AudienceError> {
        let prepared = self.prepare(shoppers, now)?;
        let mut trials = Vec::new();
        for kind in &self.kinds {
            trials.extend(prepared.try_kind(*kind, seed)?);
        }
        prepared.finish(trials, seed)
    }

    /// Lays out the periods and builds their tables.
    ///
    /// # Errors
    /// [`AudienceError`] for parameters out of range, facts out of order, and too little data: see
    /// [`Self::min_rows`] and [`Self::min_each`].
    pub fn prepare(&self, shoppers: &[ShopperFacts], now: Day) -> Result<Prepared, AudienceError> {
        self.target.check()?;
        if self.kinds.is_empty() {
            return Err(AudienceError::Param { name: "kinds", rule: "at least one", got: 0.0 });
        }
        let ordered = checked(shoppers)?;
        let first = ordered.iter().filter_map(|facts| facts.orders.first()).map(|order| order.day).min();
        let first = first.ok_or(AudienceError::TooLittleData { what: "orders", have: 0, need: 1 })?;
        let periods = Periods::new(first, now, self.target.horizon_days(), self.n_cutoffs, self.step_days)?;
        // Columns are learnt from what lies before the last training cutoff: never from the time that is foreseen.
        let space = FeatureSpace::learn(&ordered, periods.train[periods.train.len() - 1], self.target);
        let table = |cutoffs: &[Day]| LabelledTable::new(&ordered, cutoffs, self.target, &space);
        let train = table(&periods.train)?;
        self.check(&train)?;
        let known: Vec<Day> = periods.train.iter().copied().chain([periods.validation]).collect();
        let all: Vec<Day> = known.iter().copied().chain([periods.test]).collect();
        Ok(Prepared {
            validation: table(&[periods.validation])?,
            known: table(&known)?,
            test: table(&[periods.test])?,
            all: table(&all)?,
            params: self.clone(),
            train,
            space,
            periods,
        })
    }

    fn check(&self, train: &LabelledTable) -> Result<(), AudienceError> {
        let ones = train.n_ones();
        let too_few = |what, have, need| Err(AudienceError::TooLittleData { what, have, need });
        if train.n_rows() < self.min_rows {
            return too_few("shoppers and cutoffs to learn from", train.n_rows(), self.min_rows);
        }
        if ones < self.min_each {
            return too_few("training rows in which it happened", ones, self.min_each);
        }
        if train.n_rows() - ones < self.min_each {
            return too_few("training rows in which it did not happen", train.n_rows() - ones, self.min_each);
        }
        Ok(())
    }

    fn calibrated(
        &self,
        setting: &ClassifierParams,
        table: &LabelledTable,
        seed: Seed,
    ) -> Result<Calibrated, AudienceError> {
        let params =
            CalibratedParams { classifier: setting.clone(), calibration: self.calibration, n_folds: self.n_folds };
        Ok(params.fit(table.samples()?, seed)?)
    }
}

/// One setting, marked on the validation cutoff.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// The setting.
    pub setting: ClassifierParams,
    /// Log loss on the validation cutoff: what decides.
    pub log_loss: f64,
    /// Area under the curve there; `None` when all outcomes are alike.
    pub auc: Option<f64>,
}

/// Tables of all periods, ready to try models on.
#[derive(Clone, Debug)]
pub struct Prepared {
    params: PredictParams,
    periods: Periods,
    space: FeatureSpace,
    train: LabelledTable,
    validation: LabelledTable,
    /// Training and validation cutoffs.
    known: LabelledTable,
    test: LabelledTable,
    /// Every labelled cutoff.
    all: LabelledTable,
}

impl Prepared {
    /// The cutoffs.
    pub const fn periods(&self) -> &Periods {
        &self.periods
    }

    /// The columns.
    pub const fn space(&self) -> &FeatureSpace {
        &self.space
    }

    /// Rows to learn from.
    pub const fn train(&self) -> &LabelledTable {
        &self.train
    }

    /// Rows on which models are compared.
    pub const fn validation(&self) -> &LabelledTable {
        &self.validation
    }

    /// Tries every setting of a kind.
    ///
    /// # Errors
    /// What the mechanism refuses.
    pub fn try_kind(&self, kind: ClassifierKind, seed: Seed) -> Result<Vec<Trial>, AudienceError> {
        kind.candidates().into_iter().map(|setting| self.try_setting(setting, seed)).collect()
    }

    /// Tries one setting.
    ///
    /// # Errors
    /// What the mechanism refuses.
    pub fn try_setting(&self, setting: ClassifierParams, seed: Seed) -> Result<Trial, AudienceError> {
        let model = setting.fit(self.train.samples()?, seed.derive(1))?;
        let (p, y) = (model.probabilities(self.validation.features()), self.validation.labels());
        let log_loss = log_loss(&p, y).unwrap_or(f64::INFINITY);
        Ok(Trial { setting, log_loss, auc: auc(&p, y) })
    }

    /// Learns the best of the trials again, marks it on the test cutoff, and learns from everything.
    ///
    /// # Errors
    /// [`AudienceError::TooLittleData`] without a trial; what the mechanism refuses.
    pub fn finish(&self, trials: Vec<Trial>, seed: Seed) -> Result<Predictor, AudienceError> {
        let best = trials.iter().reduce(|a, b| if b.log_loss < a.log_loss { b } else { a });
        let best = best.ok_or(AudienceError::TooLittleData { what: "trials", have: 0, need: 1 })?.clone();
        let marked = self.params.calibrated(&best.setting, &self.known, seed.derive(2))?;
        let shifts = shifts(&marked, &self.known);
        let p: Vec<f64> = marked.probabilities(self.test.features());
        let shifted: Vec<f64> =
            p.iter().zip(self.test.rows()).map(|(p, row)| sigmoid(logit(*p) + shifts.of(row.2).0)).collect();
        let base_rate = self.known.n_ones() as f64 / self.known.n_rows() as f64;
        let quality = Quality::new(&shifted, self.test.labels(), base_rate);
        let pooled_quality = Quality::new(&p, self.test.labels(), base_rate);
        let held_out = self.test.rows().iter().zip(&shifted).zip(self.test.labels());
        let held_out = held_out
            .map(|(((shopper, _, market), p), y)| HeldOut {
                shopper: shopper.clone(),
                market: *market,
                probability: *p,
                happened: *y > 0.5,
            })
            .collect();
        let model = self.params.calibrated(&best.setting, &self.all, seed.derive(3))?;
        let shifts = self::shifts(&model, &self.all);
        Ok(Predictor {
            params: self.params.clone(),
            periods: self.periods.clone(),
            space: self.space.clone(),
            n_rows: self.all.n_rows() as u64,
            chosen: best,
            trials,
            model,
            shifts,
            quality,
            pooled_quality,
            held_out,
        })
    }
}

/// Shifts of the markets from each shopper's last row: rows of one shopper are no independent evidence.
fn shifts(model: &Calibrated, table: &LabelledTable) -> MarketShifts {
    let rows = table.rows();
    let last = |&i: &usize| rows.get(i + 1).is_none_or(|next| next.0 != rows[i].0);
    let kept = (0..rows.len()).filter(last);
    MarketShifts::fit(kept.map(|i| (model.out_of_fold()[i], table.labels()[i], &rows[i].2)))
}
