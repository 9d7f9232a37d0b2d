//! What holds for the family as a whole.

use super::filter::{State, Weights, pass};
use super::form::{ErrorKind, EtsForm, SeasonKind, TrendKind};
use super::{EtsFit, EtsParams};
use crate::series::dual::{Dual, Real};
use domain::Rng;

fn fit(form: EtsForm, y: &[f64], period: usize) -> Option<EtsFit> {
    EtsParams { period, forms: vec![form], ..EtsParams::default() }.fit(y)
}

/// A quarterly series above 0 with trend, season and noise.
fn series(n: usize, seed: u64) -> Vec<f64> {
    let mut rng = Rng::new(seed);
    (0..n).map(|t| (50.0 + 0.8 * t as f64) * [1.2, 0.9, 0.7, 1.2][t % 4] * (1.0 + 0.05 * rng.normal())).collect()
}

/// Level 10, α = 0.5 over 12 and 9: errors 2 and −2, levels 11 and 10. −2 log L is 2 ln(4 + 4).
#[test]
fn simple_smoothing_by_hand() {
    let w = Weights { alpha: 0.5, beta_star: 0.0, gamma: 0.0, phi: 1.0 };
    let mut seen = Vec::new();
    let start = State { level: 10.0, slope: 0.0 };
    let (value, end) = pass::<f64, 0, 0>(ErrorKind::Additive, &[12.0, 9.0], &w, start, &mut [], |mu, e| {
        seen.push((mu, e));
    })
    .unwrap();
    assert_eq!(seen, [(10.0, 2.0), (11.0, -2.0)]);
    assert!((value - 2.0 * 8.0_f64.ln()).abs() < 1e-12 && end.level == 10.0);
    // Relative errors 0.2 and −2/11, and 2 ln(10 · 11) on top.
    let (value, _) = pass::<f64, 0, 0>(ErrorKind::Multiplicative, &[12.0, 9.0], &w, start, &mut [], |_, _| {}).unwrap();
    assert!((value - 2.0 * (0.04 + 4.0 / 121.0_f64).ln() - 2.0 * 110.0_f64.ln()).abs() < 1e-12);
}

/// Trend and season by hand: level 10, slope 1, seasons (2, −2), α = β* = γ = 0.5 over 14:
/// forecast 13, error 1; level 11 + 0.5, slope 1 + 0.25, season 2 + 0.5·(14 − 11 − 2).
#[test]
fn trend_and_season_by_hand() {
    let w = Weights { alpha: 0.5, beta_star: 0.5, gamma: 0.5, phi: 1.0 };
    let mut season = [2.0, -2.0];
    let start = State { level: 10.0, slope: 1.0 };
    let (_, end) = pass::<f64, 1, 1>(ErrorKind::Additive, &[14.0], &w, start, &mut season, |_, _| {}).unwrap();
    assert_eq!((end.level, end.slope), (11.5, 1.25));
    // The place of the next step comes first.
    assert_eq!(season, [-2.0, 2.5]);
}

#[test]
fn gradients_are_those_of_the_likelihood() {
    fn value<R: Real, const T: u8, const S: u8>(error: ErrorKind, y: &[f64], x: [R; 6]) -> R {
        let w = Weights { alpha: x[0], beta_star: x[1], gamma: x[2], phi: x[3] };
        let one = |s: f64| R::constant(s);
        let mut season = match S {
            0 => vec![],
            1 => vec![one(9.0), one(-4.0), one(-14.0), one(9.0)],
            _ => vec![one(1.2), one(0.9), one(0.7), one(1.2)],
        };
        pass::<R, T, S>(error, y, &w, State { level: x[4], slope: x[5] }, &mut season, |_, _| {}).unwrap().0
    }
    fn check<const T: u8, const S: u8>(error: ErrorKind) {
        let y = series(40, 3);
        let slope = if T >= 3 { 1.01 } else { 0.8 };
        let at = [0.4, 0.2, 0.3, 0.9, 50.0, slope];
        let duals: [Dual<6>; 6] = std::array::from_fn(|i| Dual::parameter(at[i], i));
        let exact = value::<Dual<6>, T, S>(error, &y, duals);
        assert!((exact.value - value::<f64, T, S>(error, &y, at)).abs() < 1e-9);
        for i in 0..6 {
            let moved = |by: f64| {
                let mut x = at;
                x[i] += by;
                value::<f64, T, S>(error, &y, x)
            };
            let step = 1e-5;
            let want = (moved(step) - moved(-step)) / (2.0 * step);
            assert!((exact.slope[i] - want).abs() < 1e-4 * (1.0 + want.abs()), "trend {T}, season {S}, {i}: {want}");
        }
    }
    use ErrorKind::{Additive, Multiplicative};
    check::<0, 0>(Additive);
    check::<1, 1>(Additive);
    check::<2, 0>(Additive);
    check::<2, 1>(Multiplicative);
    check::<0, 2>(Multiplicative);
    check::<1, 2>(Multiplicative);
    check::<3, 0>(Multiplicative);
    check::<4, 2>(Multiplicative);
}

#[test]
fn the_form_that_made_a_series_is_recognised() {
    let forms = EtsParams::automatic(4).fit(&series(80, 1)).unwrap().form();
    assert_eq!((forms.error, forms.season), (ErrorKind::Multiplicative, SeasonKind::Multiplicative));
    assert_ne!(forms.trend, TrendKind::None);
    let mut rng = Rng::new(9);
    let flat: Vec<f64> = (0..80).map(|_| 30.0 + rng.normal()).collect();
    let fit = EtsParams::automatic(4).fit(&flat).unwrap();
    assert_eq!((fit.form().trend, fit.form().season), (TrendKind::None, SeasonKind::None));
    assert!(fit.smoothing()[0] < 0.2 && (fit.forecast(1)[0] - 30.0).abs() < 0.5);
}

#[test]
fn weights_that_made_a_series_are_found_again() {
    let mut rng = Rng::new(4);
    let (mut level, mut y) = (100.0, Vec::new());
    for _ in 0..600 {
        let e = 2.0 * rng.normal();
        y.push(level + e);
        level += 0.35 * e;
    }
    let fit = fit(EtsForm::SIMPLE, &y, 1).unwrap();
    assert!((fit.smoothing()[0] - 0.35).abs() < 0.1, "{:?}", fit.smoothing());
    assert!((fit.forecast(3)[2] - level).abs() < 1.5);
    // v_h = σ²(1 + (h − 1)α²).
    let (d, a) = (fit.deviations(5), fit.smoothing()[0]);
    assert!((d[0] - 2.0).abs() < 0.2 && (d[4] / d[0] - (1.0 + 4.0 * a * a).sqrt()).abs() < 1e-9);
}

#[test]
fn every_admissible_form_answers_and_continues_a_clear_pattern() {
    let y = series(60, 2);
    let want: Vec<f64> = (60..68).map(|t| (50.0 + 0.8 * f64::from(t)) * [1.2, 0.9, 0.7, 1.2][t as usize % 4]).collect();
    for form in EtsForm::admissible(true, true) {
        let fit = fit(form, &y, 4).unwrap_or_else(|| panic!("{form} has no fit"));
        assert_eq!(fit.form(), form);
        let (f, d) = (fit.forecast(8), fit.deviations(8));
        assert!(f.iter().chain(&d).all(|v| v.is_finite() && *v > 0.0), "{form}");
        if form.season != SeasonKind::None {
            let off: f64 = f.iter().zip(&want).map(|(f, w)| (f - w).abs() / w).sum::<f64>() / 8.0;
            assert!(off < 0.12, "{form} is off by {off}");
        }
        // The state after the whole history is the one the fit ended with.
        let again = fit.after(&y).unwrap().forecast(8);
        assert!(again.iter().zip(&f).all(|(a, b)| (a - b).abs() < 1e-9 * b.abs()), "{form}");
        assert_eq!(fit.one_step(&y).unwrap().len(), 60);
    }
}

#[test]
fn what_cannot_be_estimated_is_none() {
    let params = EtsParams::default();
    assert_eq!(params.fit(&[]), None);
    assert_eq!(params.fit(&[1.0, 2.0, 3.0]), None);
    assert_eq!(params.fit(&[4.0; 40]), None);
    assert_eq!(params.fit(&[0.0; 40]), None);
    let multiplicative = EtsForm { error: ErrorKind::Multiplicative, ..EtsForm::SIMPLE };
    let with_zero: Vec<f64> = (0..40).map(|t| f64::from(t % 3)).collect();
    assert_eq!(fit(multiplicative, &with_zero, 1), None);
    assert!(fit(EtsForm::SIMPLE, &with_zero, 1).is_some());
    // A season longer than half the series.
    let seasonal = EtsForm { season: SeasonKind::Additive, ..EtsForm::SIMPLE };
    assert_eq!(fit(seasonal, &series(20, 1), 12), None);
}

// A trend that loses half of itself a step: with the usual bound the damping is said to be 0.8, with a lower one it is found.
#[test]
fn a_trend_that_fades_fast_is_found_where_it_is_allowed() {
    let form = EtsForm { error: ErrorKind::Additive, trend: TrendKind::Damped, season: SeasonKind::None };
    let mut rng = domain::Seed(5).stream(0);
    let (mut level, mut slope) = (100.0, 0.0);
    let y: Vec<f64> = (0..600)
        .map(|_| {
            let e = rng.normal();
            let seen = level + 0.5 * slope + e;
            level = seen;
            slope = 0.5 * slope + 0.9 * e;
            seen
        })
        .collect();
    let damping = |min_damping| {
        let params = EtsParams { forms: vec![form], min_damping, ..EtsParams::default() };
        params.fit(&y).unwrap().smoothing()[3]
    };
    assert!(damping(0.8) < 0.81 && (damping(0.3) - 0.5).abs() < 0.1, "{} {}", damping(0.8), damping(0.3));
    assert!(EtsParams { min_damping: 0.0, ..EtsParams::default() }.fit(&y).is_none());
}
