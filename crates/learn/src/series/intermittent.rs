//! Demand that is mostly zero: size and frequency smoothed apart.
//!
//! - Croston: sizes `z` and intervals `p` between demands are smoothed with `α` at every demand, the forecast is
//!   `z / p`. Both start at their first value. Croston, "Forecasting and stock control for intermittent
//!   demands", Operational Research Quarterly 23(3), 1972.
//! - SBA: the same times `1 − α/2`, which takes Croston's upward bias away. Syntetos and Boylan, "The accuracy
//!   of intermittent demand estimates", IJF 21(2), 2005.
//! - TSB: size smoothed at demands with `α`, chance of demand smoothed at every step with `β`, the forecast is
//!   size times chance; so it falls when a product dies. Teunter, Syntetos and Babai, "Intermittent
//!   demand: linking forecasting to inventory obsolescence", EJOR 214(3), 2011.
//!
//! A demand is any value other than 0; without one the forecast is 0. Cost: linear.

/// How a series of demands behaves, after Syntetos, Boylan and Croston, "On the categorization of
/// demand patterns", JORS 56(5), 2005: mean interval between demands from 1.32 and squared variation of
/// sizes from 0.49.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DemandPattern {
    /// No demand at all.
    None,
    /// Often and of similar size.
    Smooth,
    /// Often, sizes vary.
    Erratic,
    /// Seldom, of similar size.
    Intermittent,
    /// Seldom, sizes vary.
    Lumpy,
}

/// Which pattern a series shows.
pub fn demand_pattern(y: &[f64]) -> DemandPattern {
    let sizes: Vec<f64> = y.iter().copied().filter(|y| *y != 0.0).collect();
    if sizes.is_empty() {
        return DemandPattern::None;
    }
    let n = sizes.len() as f64;
    let mean = sizes.iter().sum::<f64>() / n;
    let variance = sizes.iter().map(|z| (z - mean) * (z - mean)).sum::<f64>() / n;
    match (y.len() as f64 / n >= 1.32, variance >= 0.49 * mean * mean) {
        (false, false) => DemandPattern::Smooth,
        (false, true) => DemandPattern::Erratic,
        (true, false) => DemandPattern::Intermittent,
        (true, true) => DemandPattern::Lumpy,
    }
}

/// Croston's demand per step with smoothing `alpha`; `None` without a value.
pub fn croston(y: &[f64], alpha: f64) -> Option<f64> {
    if y.is_empty() {
        return None;
    }
    let mut state: Option<(f64, f64)> = None;
    let mut waited = 0.0;
    for y in y {
        waited += 1.0;
        if *y != 0.0 {
            let (size, interval) = state.unwrap_or((*y, waited));
            state = Some((size + alpha * (y - size), interval + alpha * (waited - interval)));
            waited = 0.0;
        }
    }
    Some(state.map_or(0.0, |(size, interval)| size / interval))
}

/// Croston's forecast without its bias.
pub fn sba(y: &[f64], alpha: f64) -> Option<f64> {
    croston(y, alpha).map(|f| f * (1.0 - alpha / 2.0))
}

/// Size times chance of a demand, with smoothing `alpha` of sizes and `beta` of the chance. The chance
/// starts at that of the first step: 1 with a demand, 0 without.
pub fn tsb(y: &[f64], alpha: f64, beta: f64) -> Option<f64> {
    let first = *y.first()?;
    let mut size = y.iter().copied().find(|y| *y != 0.0).unwrap_or(0.0);
    let mut chance = f64::from(u8::from(first != 0.0));
    for y in &y[1..] {
        let seen = f64::from(u8::from(*y != 0.0));
        chance += beta * (seen - chance);
        if *y != 0.0 {
            size += alpha * (y - size);
        }
    }
    Some(size * chance)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Demands 6 after 2 steps and 2 after 1: size 6 − 0.5·4 = 4, interval 2 − 0.5·1 = 1.5.
    #[test]
    fn sizes_and_intervals_are_smoothed_apart() {
        let y = [0.0, 6.0, 2.0, 0.0];
        assert_eq!(croston(&y, 0.5), Some(4.0 / 1.5));
        assert_eq!(sba(&y, 0.5), Some(4.0 / 1.5 * 0.75));
        // Chance 0, 0.5, 0.75, 0.375; size starts at 6 and goes to 6 (first demand), then 4.
        assert_eq!(tsb(&y, 0.5, 0.5), Some(4.0 * 0.375));
    }

    #[test]
    fn no_demand_is_forecast_as_none_and_no_history_not_at_all() {
        assert_eq!(
            (croston(&[0.0; 5], 0.1), sba(&[0.0; 5], 0.1), tsb(&[0.0; 5], 0.1, 0.1)),
            (Some(0.0), Some(0.0), Some(0.0))
        );
        assert_eq!((croston(&[], 0.1), tsb(&[], 0.1, 0.1)), (None, None));
    }

    #[test]
    fn a_product_that_dies_is_forecast_lower_by_tsb_and_unchanged_by_croston() {
        let mut y = vec![3.0, 0.0, 3.0, 0.0, 3.0, 0.0];
        let (before, croston_before) = (tsb(&y, 0.2, 0.2).unwrap(), croston(&y, 0.2));
        y.extend([0.0; 10]);
        assert!(tsb(&y, 0.2, 0.2).unwrap() < 0.2 * before);
        assert_eq!(croston(&y, 0.2), croston_before);
    }

    #[test]
    fn patterns_are_told_apart() {
        assert_eq!(demand_pattern(&[0.0, 0.0]), DemandPattern::None);
        assert_eq!(demand_pattern(&[5.0, 6.0, 5.0]), DemandPattern::Smooth);
        assert_eq!(demand_pattern(&[1.0, 20.0, 1.0]), DemandPattern::Erratic);
        assert_eq!(demand_pattern(&[0.0, 5.0, 0.0, 5.0]), DemandPattern::Intermittent);
        assert_eq!(demand_pattern(&[0.0, 1.0, 0.0, 20.0, 0.0, 1.0]), DemandPattern::Lumpy);
    }
}
