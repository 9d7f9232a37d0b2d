//! How many purchases a shopper who is alive will make in the next weeks.
//!
//! Given what was seen, the rate of a living shopper is gamma of shape `R = r + x` and rate `A = α + T`,
//! and the chance `p` of dropping out after a purchase is beta with `a` and `B`. Purchases of somebody
//! who never drops out would be negative binomial, `N ~ NB(R, u)` with `u = t / (A + t)`; the k-th of them
//! happens when the `k - 1` before it did not end the relation, with probability
//! `e_{k-1} = E[(1-p)^{k-1}] = (B)_{k-1} / (a + B)_{k-1}`. So
//!
//! `E[Y] = Σ_n P(N = n) Σ_{k<n} e_k` and `E[Y²] = Σ_n P(N = n) Σ_{k<n} (2k+1) e_k`.
//!
//! This is the expression of Fader, Hardie and Lee ("“Counting your customers” the easy way", Marketing
//! Science 24(2), 2005, eq. 10), `(a+B-1)/(a-1) · (1 - ((A/(A+t))^R ₂F₁(R, B; a+B-1; u)))`, written as a sum of
//! positive terms: it has no pole at `a = 1`, no cancellation as `a → 0`, and also gives the spread.
//! Cost: about as many terms as purchases could be expected, plus 40.

/// What is believed of a living shopper.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Living {
    /// Shape of the rate's gamma distribution.
    pub shape: f64,
    /// Its rate, in weeks.
    pub rate: f64,
    /// `(a, B)` of the chance to drop out after a purchase; `None`: nobody drops out.
    pub drop_out: Option<(f64, f64)>,
}

/// Mean and second moment of the number of purchases.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments {
    /// `E[Y]`.
    pub mean: f64,
    /// `E[Y²]`.
    pub square: f64,
}

/// Expected potential purchases above which their spread no longer matters for the mean.
const MANY: f64 = 20_000.0;

impl Living {
    /// Moments of the purchases in the next `weeks`.
    pub fn purchases(&self, weeks: f64) -> Moments {
        let potential = self.shape * weeks / self.rate;
        if potential <= 0.0 {
            return Moments { mean: 0.0, square: 0.0 };
        }
        let Some((a, b)) = self.drop_out else {
            let variance = potential * (1.0 + weeks / self.rate);
            return Moments { mean: potential, square: variance + potential * potential };
        };
        let mut sums = Moments { mean: 0.0, square: 0.0 };
        let (mut stays, mut once, mut twice) = (1.0, 0.0, 0.0);
        let mut step = |n: f64| {
            // From n - 1 to n potential purchases: the n-th happens with probability e_{n-1}.
            once += stays;
            twice += (2.0 * n - 1.0) * stays;
            stays *= (b + n - 1.0) / (a + b + n - 1.0);
            (once, twice)
        };
        if potential > MANY {
            let mut last = (0.0, 0.0);
            for n in 1..=(potential.min(1e7) as u64) {
                last = step(n as f64);
            }
            return Moments { mean: last.0, square: last.1 };
        }
        let u = weeks / (self.rate + weeks);
        let ln_u = u.ln();
        let mut ln_weight = -self.shape * (weeks / self.rate).ln_1p();
        let (mut weight, mut n, mut last) = (ln_weight.exp(), 0.0, 0.0);
        // Below e^-600 the weights are followed by their logarithm until they matter.
        let mut small = ln_weight < -600.0;
        loop {
            let ratio = (self.shape + n) / (n + 1.0);
            if small {
                ln_weight += ratio.ln() + ln_u;
                weight = ln_weight.exp();
                small = ln_weight < -600.0;
            } else {
                weight *= ratio * u;
            }
            n += 1.0;
            let (once, twice) = step(n);
            sums.mean += weight * once;
            sums.square += weight * twice;
            // Past the mode the terms fall; twice is the faster growing of the two sums.
            let term = weight * twice;
            if n > potential && term < last && term * n < 1e-13 * sums.square || n > 200_000.0 {
                return sums;
            }
            last = term;
        }
    }

    /// Probabilities of 0, 1, 2 … purchases in the next `weeks`, up to the first number beyond which less than
    /// `tail` is left.
    pub fn distribution(&self, weeks: f64, tail: f64) -> Vec<f64> {
        // P(Y > k) = P(N > k) e_k.
        let u = weeks / (self.rate + weeks);
        let (a, b) = self.drop_out.unwrap_or((0.0, 1.0));
        let mut ln_weight = -self.shape * (weeks / self.rate).ln_1p();
        let (mut above, mut stays, mut before, mut k) = (1.0, 1.0, 1.0, 0.0);
        let mut shares = Vec::new();
        while before > tail && k < 200_000.0 {
            above = f64::max(above - ln_weight.exp(), 0.0);
            let beyond = above * stays;
            shares.push(before - beyond);
            ln_weight += ((self.shape + k) / (k + 1.0)).ln() + u.ln();
            stays *= (b + k) / (a + b + k);
            before = beyond;
            k += 1.0;
        }
        shares
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;
    use learn::gamma_family::hyp2f1;
    use learn::variates::{beta, gamma};
    use proptest::prelude::*;

    fn closed_form(l: &Living, t: f64) -> f64 {
        let (a, b) = l.drop_out.unwrap();
        let u = t / (l.rate + t);
        let stay = (l.rate / (l.rate + t)).powf(l.shape) * hyp2f1(l.shape, b, a + b - 1.0, u);
        (a + b - 1.0) / (a - 1.0) * (1.0 - stay)
    }

    #[test]
    fn without_drop_out_it_is_the_negative_binomial() {
        let l = Living { shape: 2.0, rate: 4.0, drop_out: None };
        assert_eq!(l.purchases(8.0), Moments { mean: 4.0, square: 4.0 * 3.0 + 16.0 });
        let nearly = Living { drop_out: Some((1e-12, 1.0)), ..l };
        assert!((nearly.purchases(8.0).mean - 4.0).abs() < 1e-9);
        assert!((nearly.purchases(8.0).square - 28.0).abs() < 1e-6);
    }

    // Everybody drops out after the first purchase (b → 0): Y is 1 unless N is 0, with (4/12)² = 1/9.
    #[test]
    fn when_the_first_purchase_is_the_last_one_it_is_a_coin() {
        let l = Living { shape: 2.0, rate: 4.0, drop_out: Some((1.0, 1e-14)) };
        let m = l.purchases(8.0);
        assert!((m.mean - 8.0 / 9.0).abs() < 1e-9 && (m.square - 8.0 / 9.0).abs() < 1e-9, "{m:?}");
        let shares = l.distribution(8.0, 1e-9);
        assert!((shares[0] - 1.0 / 9.0).abs() < 1e-12 && (shares[1] - 8.0 / 9.0).abs() < 1e-9);
    }

    #[test]
    fn at_the_pole_of_the_closed_form_the_sum_goes_on() {
        let at = |a| Living { shape: 3.2, rate: 40.0, drop_out: Some((a, 5.0)) }.purchases(39.0).mean;
        let between = f64::midpoint(at(0.999), at(1.001));
        assert!((at(1.0) / between - 1.0).abs() < 1e-6);
    }

    #[test] // 40,000 simulated shoppers: the standard error of the mean is below 1 %.
    fn a_simulation_agrees_in_mean_and_spread() {
        let l = Living { shape: 1.7, rate: 10.0, drop_out: Some((0.8, 3.0)) };
        let mut rng = Seed(4).stream(0);
        let (mut sum, mut squares, n) = (0.0, 0.0, 40_000);
        for _ in 0..n {
            let (rate, p) = (gamma(&mut rng, 1.7) / 10.0, beta(&mut rng, 0.8, 3.0));
            let (mut at, mut y) = (rng.exponential() / rate, 0.0);
            while at < 26.0 {
                y += 1.0;
                if rng.uniform() < p {
                    break;
                }
                at += rng.exponential() / rate;
            }
            sum += y;
            squares += y * y;
        }
        let m = l.purchases(26.0);
        assert!(
            (sum / f64::from(n) / m.mean - 1.0).abs() < 0.03 && (squares / f64::from(n) / m.square - 1.0).abs() < 0.06
        );
        let shares = l.distribution(26.0, 1e-12);
        let mean: f64 = shares.iter().enumerate().map(|(k, p)| k as f64 * p).sum();
        assert!((mean / m.mean - 1.0).abs() < 1e-6 && (shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn huge_counts_stay_finite() {
        let l = Living { shape: 1e6, rate: 52.0, drop_out: Some((0.5, 1e6)) };
        let m = l.purchases(52.0);
        assert!(m.mean > 5e5 && m.mean <= 1e6 && m.square.is_finite(), "{m:?}");
        let l = Living { shape: 5_000.0, rate: 50.0, drop_out: Some((0.5, 5_000.0)) };
        let (mean, closed) = (l.purchases(50.0).mean, 5_000.0);
        assert!(mean < closed && mean > 0.6 * closed, "{mean}");
    }

    proptest! {
        #[test]
        fn the_sum_equals_the_closed_form(
            shape in 0.05_f64..30.0, rate in 1.0_f64..80.0, a in 0.05_f64..6.0, b in 1.2_f64..40.0, t in 0.5_f64..80.0,
        ) {
            prop_assume!((a - 1.0).abs() > 0.01);
            let l = Living { shape, rate, drop_out: Some((a, b)) };
            let (got, want) = (l.purchases(t).mean, closed_form(&l, t));
            prop_assert!((got - want).abs() <= 1e-7 * want, "{got} {want}");
        }

        #[test]
        fn more_time_never_means_fewer_purchases(shape in 0.05_f64..30.0, a in 0.05_f64..6.0, b in 0.1_f64..40.0, t in 0.5_f64..80.0) {
            let l = Living { shape, rate: 12.0, drop_out: Some((a, b)) };
            prop_assert!(l.purchases(t).mean <= l.purchases(1.1 * t).mean);
            prop_assert!(l.purchases(t).square >= l.purchases(t).mean * (1.0 - 1e-12));
        }
    }
}
