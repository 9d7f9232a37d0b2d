//! The role of a buy-till-you-die model: who is still active, and how often they will buy.

use super::fitted::FitReport;
use super::rows::{CHUNK, PurchaseTable};
use super::{Purchases, ValueError};
use rayon::prelude::*;

/// A fitted model of repeat purchases. Weeks everywhere, counted from the end of what was observed.
pub trait PurchaseModel: Sync {
    /// How the parameters were found.
    fn report(&self) -> &FitReport;

    /// Sum of the log-likelihoods of the shoppers.
    fn log_likelihood(&self, table: &PurchaseTable) -> f64;

    /// Probability that the shopper will ever buy again if nothing ends the relation meanwhile.
    fn p_alive(&self, shopper: &Purchases) -> f64;

    /// Expected purchases in the next `weeks` of a shopper who is alive. Depends on repeats and age alone.
    fn expected_if_alive(&self, shopper: &Purchases, weeks: f64) -> f64;

    /// Expected purchases in the first `weeks` after a first purchase, that one left out.
    fn expected_of_newcomer(&self, weeks: f64) -> f64;

    /// Expected purchases in the next `weeks`.
    fn expected_purchases(&self, shopper: &Purchases, weeks: f64) -> f64 {
        self.p_alive(shopper) * self.expected_if_alive(shopper, weeks)
    }

    /// Scores all distinct rows at the horizons `weeks`, ascending: `n_rows` scores.
    fn score(&self, table: &PurchaseTable, weeks: &[f64]) -> Vec<Score> {
        // Rows are sorted by repeats, then age: what a living shopper is expected to do is computed once for neighbours.
        let chunk = |first: usize| {
            let mut last: Option<(u32, f64, Vec<f64>)> = None;
            let rows = first * CHUNK..table.n_rows().min((first + 1) * CHUNK);
            let mut scores = Vec::with_capacity(rows.len());
            for i in rows {
                let (p, _) = table.row(i);
                if last.as_ref().is_none_or(|(x, t, _)| (*x, *t) != (p.repeats, p.age)) {
                    let living = weeks.iter().map(|w| self.expected_if_alive(&p, *w)).collect();
                    last = Some((p.repeats, p.age, living));
                }
                let p_alive = self.p_alive(&p);
                let expected = last.iter().flat_map(|(_, _, living)| living).map(|e| p_alive * e).collect();
                scores.push(Score { p_alive, expected });
            }
            scores
        };
        let chunks: Vec<Vec<Score>> = (0..table.n_rows().div_ceil(CHUNK)).into_par_iter().map(chunk).collect();
        chunks.into_iter().flatten().collect()
    }
}

/// What a model says of the shoppers of one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// Probability of being alive.
    pub p_alive: f64,
    /// Expected purchases up to each horizon.
    pub expected: Vec<f64>,
}

/// Checks a number that has to be positive.
pub(crate) fn positive(name: &'static str, got: f64) -> Result<f64, ValueError> {
    if got > 0.0 && got.is_finite() { Ok(got) } else { Err(ValueError::Param { name, rule: "positive", got }) }
}
