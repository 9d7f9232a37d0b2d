//! How demand answers to price in a table of product weeks: Poisson pseudo-likelihood, and log-log.
//!
//! Poisson: `ln E[q] = a_product + b_month + e ln p + x · β`. It needs no logarithm of `q`, so weeks of little demand weigh
//! little, and the estimate of `e` is right for any variance as long as the mean is (Santos Silva and Tenreyro, "The log of
//! gravity", Review of Economics and Statistics 88(4), 2006); the robust standard errors are therefore the ones to read.
//! Log-log: `ln q = a_product + b_month + e ln p + x · β` by least squares. Cost: rows × columns × sweeps × some eight steps.

use learn::linear_effects::{Groups, LinearEffects};
use learn::poisson_effects::{Counts, PoissonEffectsParams};
use learn::special::ln_gamma;
use learn::{LearnError, Points};

/// Demand of product weeks with what may move it.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a> {
    /// Units or lines, at least 0; above 0 for the log-log form.
    pub demand: &'a [f64],
    /// `ln` of the price in the first column, whatever else moves demand in the others.
    pub columns: &'a Points,
    /// Product (or store) of each row.
    pub product: Groups<'a>,
    /// Month of each row; one group for none.
    pub month: Groups<'a>,
}

/// The Poisson fit.
#[derive(Clone, Debug, PartialEq)]
pub struct PoissonResponse {
    /// Coefficients, the elasticity first.
    pub coefficients: Vec<f64>,
    /// Standard errors if counts were Poisson.
    pub se_model: Vec<f64>,
    /// Standard errors for any variance (HC0).
    pub se_hc0: Vec<f64>,
    /// Standard errors that let a product's weeks hang together.
    pub se_clustered: Vec<f64>,
    /// The constant and its model standard error, where there is one product and one month.
    pub constant: Option<(f64, f64)>,
    /// Twice the distance to a fit that hits every count.
    pub deviance: f64,
    /// Poisson log-likelihood.
    pub log_likelihood: f64,
    /// Pearson's `Σ (q − m)² / m` by degrees of freedom: 1 for Poisson counts.
    pub dispersion: f64,
    /// Rows that counted.
    pub n_rows: usize,
    /// Rows less coefficients and levels.
    pub free: usize,
}

/// Fits the Poisson form.
///
/// # Errors
/// As [`PoissonEffectsParams::fit`] and [`LinearEffects::fit`].
pub fn poisson(table: &Table<'_>) -> Result<PoissonResponse, LearnError> {
    let counts = Counts {
        y: table.demand,
        weight: &[],
        x: table.columns,
        first: table.product.of,
        second: table.month.of,
        n_first: table.product.n,
        n_second: table.month.n,
    };
    let fit = PoissonEffectsParams::default().fit(&counts)?;
    let n = table.demand.len();
    let by_columns = |i: usize| table.columns.row(i).iter().zip(fit.coefficients()).map(|(x, b)| x * b).sum::<f64>();
    let eta: Vec<f64> = (0..n).map(|i| fit.levels()[i] + by_columns(i)).collect();
    let means: Vec<f64> = eta.iter().map(|e| e.exp()).collect();
    // The working response at the optimum: regressed with the means as weights it gives the same coefficients, and with
    // them the covariances. A row without a level has mean 0 and so no weight.
    let working: Vec<f64> =
        (0..n).map(|i| if means[i] > 0.0 { eta[i] + (table.demand[i] - means[i]) / means[i] } else { 0.0 }).collect();
    let groupings: Vec<Groups<'_>> = [table.product, table.month].into_iter().filter(|g| g.n > 1).collect();
    let one = vec![0_u32; n];
    let groupings = if groupings.is_empty() { vec![Groups { of: &one, n: 1 }] } else { groupings };
    let linear = LinearEffects::fit(&working, table.columns, &means, &groupings)?;
    let columns = 0..table.columns.n_columns();
    let term = |i: usize| match means[i] {
        m if m > 0.0 => table.demand[i] * eta[i] - m - ln_gamma(table.demand[i] + 1.0),
        _ => 0.0,
    };
    let pearson: f64 =
        (0..n).filter(|i| means[*i] > 0.0).map(|i| (table.demand[i] - means[i]).powi(2) / means[i]).sum();
    Ok(PoissonResponse {
        coefficients: fit.coefficients().to_vec(),
        se_model: columns.clone().map(|c| linear.se_unscaled(c)).collect(),
        se_hc0: columns.clone().map(|c| linear.se_hc0(c)).collect(),
        se_clustered: columns.map(|c| fit.se_clustered(c)).collect(),
        constant: linear.constant(),
        deviance: fit.deviance(),
        log_likelihood: (0..n).map(term).sum(),
        dispersion: pearson / linear.free() as f64,
        n_rows: fit.n_rows(),
        free: linear.free(),
    })
}

/// Fits the log-log form: coefficients, classical, HC0 and HC1 standard errors, `R²` within the groups.
///
/// # Errors
/// As [`LinearEffects::fit`]; demand of 0 has no logarithm and is [`LearnError::NotFinite`].
pub fn log_log(table: &Table<'_>) -> Result<LinearEffects, LearnError> {
    let logs: Vec<f64> = table.demand.iter().map(|q| q.ln()).collect();
    let groupings: Vec<Groups<'_>> = [table.product, table.month].into_iter().filter(|g| g.n > 1).collect();
    let one = vec![0_u32; logs.len()];
    let groupings = if groupings.is_empty() { vec![Groups { of: &one, n: 1 }] } else { groupings };
    LinearEffects::fit(&logs, table.columns, &[], &groupings)
}

#[cfg(test)]
mod tests {
    use super::*;

    // One product, one month, price 1 or e (ln 0 or 1), counts 9, 7 | 3, 1: mean 8 at ln p = 0, mean 2 at 1, so e = ln(2/8).
    // Model variance 1/16 + 1/4. HC0 adds for each side Σ(q − m)² / (Σ m)²: (1 + 1)/256 + (1 + 1)/16. The constant is ln 8 with
    // variance 1/16. Dispersion (2/8 + 2/2) / (4 − 2).
    #[test]
    fn two_prices_by_hand() {
        let demand = [9.0, 7.0, 3.0, 1.0];
        let columns = Points::new(vec![0.0, 0.0, 1.0, 1.0], 1).unwrap();
        let one = Groups { of: &[0; 4], n: 1 };
        let table = Table { demand: &demand, columns: &columns, product: one, month: one };
        let fit = poisson(&table).unwrap();
        assert!((fit.coefficients[0] - 0.25_f64.ln()).abs() < 1e-9);
        assert!((fit.se_model[0].powi(2) - 5.0 / 16.0).abs() < 1e-8, "{fit:?}");
        assert!((fit.se_hc0[0].powi(2) - (2.0 / 256.0 + 2.0 / 16.0)).abs() < 1e-8);
        let (level, se) = fit.constant.unwrap();
        assert!((level - 8.0_f64.ln()).abs() < 1e-9 && (se * se - 1.0 / 16.0).abs() < 1e-8);
        assert!((fit.dispersion - 0.625).abs() < 1e-8 && fit.free == 2);
        let logs = log_log(&table).unwrap();
        let want = ((3.0_f64).ln() + 0.0 - 9.0_f64.ln() - 7.0_f64.ln()) / 2.0;
        assert!((logs.coefficients()[0] - want).abs() < 1e-12);
    }

    #[test]
    fn no_demand_has_no_logarithm() {
        let columns = Points::new(vec![0.0, 0.1, 1.0, 1.1], 1).unwrap();
        let one = Groups { of: &[0; 4], n: 1 };
        let table = Table { demand: &[0.0, 7.0, 3.0, 1.0], columns: &columns, product: one, month: one };
        assert!(matches!(log_log(&table), Err(LearnError::NotFinite { row: 0, .. })));
        assert!(poisson(&table).is_ok());
    }
}
