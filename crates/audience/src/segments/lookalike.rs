//! Shoppers who are like those of a segment: a ranking of everybody else, with a check of what it is worth.
//!
//! The members (positives) against everybody else (unlabelled) by logistic regression with a ridge: among
//! the unlabelled are some who belong, so the score is no probability, but under members drawn at random it
//! orders shoppers as the probability would (Elkan and Noto, "Learning classifiers from only positive and
//! unlabeled data", KDD 2008). Both sides weigh the same. Columns are standardised; missing values are the
//! caller's business.
//!
//! The check: members are dealt to `n_folds`; each fold's members are hidden among the others, and
//! counted in the top of the ranking that did not know them. Lift is their share there over that of a
//! random draw, with a Wilson interval.
//!
//! Newton's steps (iteratively reweighted least squares), `O(n d²)` each; convex, so the start does not
//! matter. All sums in row order: the same result on every machine and thread.

use crate::AudienceError;
use crate::figures::{LEVEL, MIN_OBSERVATIONS};
use domain::{Figure, Seed, Unit};
use learn::interval::wilson;
use learn::standardize::ZScore;
use learn::{LearnError, Points};

/// How to look.
#[derive(Clone, Debug, PartialEq)]
pub struct LookalikeParams {
    /// Ridge on the coefficients of standardised columns, above 0, beside a mean loss: 0.01 is weak.
    pub reg: f64,
    /// Folds of the check, at least 2.
    pub n_folds: usize,
    /// Share of the others that is "the top" of the check, in (0, 1).
    pub top_share: f64,
}

impl Default for LookalikeParams {
    fn default() -> Self {
        Self { reg: 0.01, n_folds: 5, top_share: 0.1 }
    }
}

/// The ranking of everybody else.
#[derive(Clone, Debug, PartialEq)]
pub struct Lookalikes {
    ranking: Vec<(usize, f64)>,
    coefficients: Vec<f64>,
    scaler: ZScore,
    check: Figure,
}

impl LookalikeParams {
    /// Ranks the shoppers who are not members; `points` has a row a shopper.
    ///
    /// # Errors
    /// [`AudienceError::Param`] for a parameter outside its range, [`AudienceError::TooLittleData`] for fewer
    /// members or others than a figure needs; [`LearnError::Shape`] when `members` is not one a row.
    pub fn fit(&self, points: &Points, members: &[bool], seed: Seed) -> Result<Lookalikes, AudienceError> {
        self.check_params()?;
        if members.len() != points.n_rows() {
            let (got, need) = (members.len(), points.n_rows());
            return Err(LearnError::Shape { what: "the members", got, need }.into());
        }
        let inside: Vec<usize> = (0..members.len()).filter(|row| members[*row]).collect();
        let need = MIN_OBSERVATIONS as usize;
        for (what, have) in [("members", inside.len()), ("other shoppers", members.len() - inside.len())] {
            if have < need {
                return Err(AudienceError::TooLittleData { what, have, need });
            }
        }
        let scaler = ZScore::fit(points)?;
        let scaled = scaler.apply(points)?;
        let coefficients = self.coefficients(&scaled, members);
        let ranking = ranked(&scaled, members, &coefficients);
        let check = self.held_out(&scaled, &inside, members, seed);
        Ok(Lookalikes { ranking, coefficients, scaler, check })
    }

    fn check_params(&self) -> Result<(), AudienceError> {
        if !(self.reg > 0.0 && self.reg.is_finite()) {
            return Err(AudienceError::Param { name: "reg", rule: "a positive number", got: self.reg });
        }
        if self.n_folds < 2 {
            return Err(AudienceError::Param { name: "n_folds", rule: "at least 2", got: self.n_folds as f64 });
        }
        if !(self.top_share > 0.0 && self.top_share < 1.0) {
            return Err(AudienceError::Param { name: "top_share", rule: "between 0 and 1", got: self.top_share });
        }
        Ok(())
    }

    /// Minimises `Σ_i w_i ln(1 + exp(−y_i f(x_i))) + reg / 2 |β|²`, weights summing to 1/2 a side.
    fn coefficients(&self, points: &Points, members: &[bool]) -> Vec<f64> {
        let d = points.n_columns() + 1;
        let n_in = members.iter().filter(|m| **m).count() as f64;
        let (of_in, of_out) = (0.5 / n_in, 0.5 / (members.len() as f64 - n_in));
        let mut beta = vec![0.0; d];
        let loss = |beta: &[f64]| {
            let rows = points.rows().zip(members).map(|(x, m)| {
                let f = value(beta, x) * if *m { -1.0 } else { 1.0 };
                let softplus = f.max(0.0) + (-f.abs()).exp().ln_1p();
                softplus * if *m { of_in } else { of_out }
            });
            rows.sum::<f64>() + self.reg / 2.0 * beta[1..].iter().map(|b| b * b).sum::<f64>()
        };
        let mut now = loss(&beta);
        for _ in 0..50 {
            let (mut gradient, mut hessian) = (vec![0.0; d], vec![0.0; d * d]);
            let mut row = vec![1.0; d];
            for (x, m) in points.rows().zip(members) {
                row[1..].copy_from_slice(x);
                let p = 1.0 / (1.0 + (-value(&beta, x)).exp());
                let (w, y) = if *m { (of_in, 1.0) } else { (of_out, 0.0) };
                for i in 0..d {
                    gradient[i] += w * (p - y) * row[i];
                    (0..=i).for_each(|j| hessian[i * d + j] += w * p * (1.0 - p) * row[i] * row[j]);
                }
            }
            for i in 0..d {
                (0..i).for_each(|j| hessian[j * d + i] = hessian[i * d + j]);
                // The constant has no ridge, only enough to stay solvable.
                hessian[i * d + i] += if i == 0 { 1e-9 } else { self.reg };
                gradient[i] += if i == 0 { 0.0 } else { self.reg * beta[i] };
            }
            let Some(step) = solve(&hessian, &gradient, d) else { break };
            let (mut length, mut moved) = (1.0, false);
            // A full step of Newton may overshoot far from the end: halve it until the loss falls.
            while length > 1e-6 && !moved {
                let next: Vec<f64> = beta.iter().zip(&step).map(|(b, s)| b - length * s).collect();
                let after = loss(&next);
                if after < now {
                    (beta, now, moved) = (next, after, true);
                }
                length /= 2.0;
            }
            if !moved || step.iter().map(|s| s * s).sum::<f64>() < 1e-16 {
                break;
            }
        }
        beta
    }

    fn held_out(&self, points: &Points, inside: &[usize], members: &[bool], seed: Seed) -> Figure {
        let mut dealt = inside.to_vec();
        seed.stream(0).shuffle(&mut dealt);
        let (mut hits, mut hidden, mut expected) = (0_u64, 0_u64, 0.0);
        for fold in 0..self.n_folds {
            let held: Vec<usize> = dealt.iter().copied().skip(fold).step_by(self.n_folds).collect();
            let mut known = members.to_vec();
            held.iter().for_each(|row| known[*row] = false);
            let ranking = ranked(points, &known, &self.coefficients(points, &known));
            let top = ((ranking.len() as f64 * self.top_share).round() as usize).max(1);
            hits += ranking[..top].iter().filter(|(row, _)| members[*row]).count() as u64;
            hidden += held.len() as u64;
            expected += held.len() as f64 * top as f64 / ranking.len() as f64;
        }
        let by_chance = expected / hidden as f64;
        let lift = hits as f64 / hidden as f64 / by_chance;
        let figure = Figure::number("lookalike.lift", Unit::Ratio, lift, hidden, MIN_OBSERVATIONS).formula(format!(
            "share of {hidden} held-out members among the first {} % of the ranking / the same at random",
            (self.top_share * 1000.0).round() / 10.0
        ));
        match wilson(hits, hidden, LEVEL) {
            Some(i) => figure.interval(i.low / by_chance, i.high / by_chance, i.level),
            None => figure,
        }
    }
}

/// `A x = b` for a symmetric positive definite `A`, by `L Lᵀ`; `None` where rounding made it none.
fn solve(a: &[f64], b: &[f64], d: usize) -> Option<Vec<f64>> {
    let mut l = vec![0.0; d * d];
    for i in 0..d {
        for j in 0..=i {
            let rest = a[i * d + j] - (0..j).map(|m| l[i * d + m] * l[j * d + m]).sum::<f64>();
            l[i * d + j] = if i == j { rest.sqrt() } else { rest / l[j * d + j] };
        }
        if !(l[i * d + i] > 0.0 && l[i * d + i].is_finite()) {
            return None;
        }
    }
    let mut x = b.to_vec();
    for i in 0..d {
        let known: f64 = (0..i).map(|m| l[i * d + m] * x[m]).sum();
        x[i] = (x[i] - known) / l[i * d + i];
    }
    for i in (0..d).rev() {
        let known: f64 = (i + 1..d).map(|m| l[m * d + i] * x[m]).sum();
        x[i] = (x[i] - known) / l[i * d + i];
    }
    Some(x)
}

/// `β_0 + β · x`.
fn value(beta: &[f64], x: &[f64]) -> f64 {
    beta[0] + beta[1..].iter().zip(x).map(|(b, x)| b * x).sum::<f64>()
}

/// Everybody who is no member, best first, ties by row.
fn ranked(points: &Points, members: &[bool], beta: &[f64]) -> Vec<(usize, f64)> {
    let others = points.rows().enumerate().filter(|(row, _)| !members[*row]);
    let mut ranking: Vec<(usize, f64)> = others.map(|(row, x)| (row, value(beta, x))).collect();
    ranking.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    ranking
}

impl Lookalikes {
    /// Row numbers of everybody else with their scores, most alike first. A score orders and is no
    /// probability.
    pub fn ranking(&self) -> &[(usize, f64)] {
        &self.ranking
    }

    /// Held-out members among the top, over chance: 1 is worth nothing.
    pub fn lift(&self) -> &Figure {
        &self.check
    }

    /// What each column adds for one shopper, in column order; with the constant they sum to the score.
    ///
    /// # Errors
    /// [`LearnError::Shape`] for a row of another length.
    pub fn explain(&self, row: &[f64]) -> Result<(f64, Vec<f64>), LearnError> {
        let scaled = self.scaler.apply(&Points::new(row.to_vec(), row.len().max(1))?)?;
        let parts = scaled.row(0).iter().zip(&self.coefficients[1..]).map(|(x, b)| x * b).collect();
        Ok((self.coefficients[0], parts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::FigureValue;

    /// Of 2,000 shoppers 300 are of a kind that has the first two columns higher; a third of the kind are members.
    fn planted(pull: f64) -> (Points, Vec<bool>, Vec<bool>) {
        let mut rng = Seed(4).stream(0);
        let (mut values, mut kind, mut members) = (Vec::new(), Vec::new(), Vec::new());
        for i in 0..2000 {
            let of = i % 20 < 3;
            let shift = if of { pull } else { 0.0 };
            values.extend([rng.normal() + shift, 5.0 * (rng.normal() + shift), rng.normal(), 1.0]);
            kind.push(of);
            members.push(of && rng.uniform() < 1.0 / 3.0);
        }
        (Points::new(values, 4).unwrap(), kind, members)
    }

    #[test]
    fn the_planted_kind_comes_first_and_the_check_says_so() {
        let (points, kind, members) = planted(2.0);
        let found = LookalikeParams::default().fit(&points, &members, Seed(1)).unwrap();
        assert_eq!(found.ranking().len(), members.iter().filter(|m| !**m).count());
        let hits = found.ranking()[..200].iter().filter(|(row, _)| kind[*row]).count();
        assert!(hits > 130, "of 200, some 21 at random: {hits}");
        let interval = found.lift().interval.unwrap();
        assert!(interval.low > 5.0, "{:?}", found.lift());
        let (row, score) = found.ranking()[0];
        let (constant, parts) = found.explain(points.row(row)).unwrap();
        assert!((constant + parts.iter().sum::<f64>() - score).abs() < 1e-9);
        assert_eq!(parts[3], 0.0, "a column that does not vary says nothing");
    }

    #[test]
    fn where_members_are_like_everybody_the_check_says_that_too() {
        let (points, _, members) = planted(0.0);
        let found = LookalikeParams::default().fit(&points, &members, Seed(1)).unwrap();
        let interval = found.lift().interval.unwrap();
        assert!(interval.low < 1.0, "{:?}", found.lift());
        assert!(matches!(found.lift().value, FigureValue::Number(lift) if lift < 2.0));
    }

    #[test] // Two points a side at ±1: by symmetry β_0 = 0, and β solves reg β = σ(−β).
    fn coefficients_by_hand() {
        let params = LookalikeParams { reg: 0.1, ..LookalikeParams::default() };
        let points = Points::new(vec![1.0, 1.0, -1.0, -1.0], 1).unwrap();
        let beta = params.coefficients(&points, &[true, true, false, false]);
        assert!(beta[0].abs() < 1e-9);
        assert!((0.1 * beta[1] - 1.0 / (1.0 + beta[1].exp())).abs() < 1e-9, "{beta:?}");
    }

    #[test]
    fn too_few_members_are_refused() {
        let (points, _, _) = planted(1.0);
        let members: Vec<bool> = (0..2000).map(|i| i < 29).collect();
        let error = LookalikeParams::default().fit(&points, &members, Seed(1)).unwrap_err();
        assert_eq!(error, AudienceError::TooLittleData { what: "members", have: 29, need: 30 });
    }
}
