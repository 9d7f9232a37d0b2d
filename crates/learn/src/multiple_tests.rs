//! Many questions asked of the same data: which answers are not chance.
//!
//! [`benjamini_hochberg`] turns p-values into q-values: calling everything with `q ≤ α` a finding keeps the expected share
//! of false findings at `α` or below (Benjamini and Hochberg, "Controlling the false discovery rate: a practical and
//! powerful approach to multiple testing", Journal of the Royal Statistical Society B 57(1), 1995).
//! With the p-values ascending, `q_(i) = min_{j ≥ i} n p_(j) / j`. Cost: one sort.

/// The q-value of each p-value, in the order given. A NaN is no test: it stays NaN and does not count.
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).filter(|&i| !p_values[i].is_nan()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]).then(a.cmp(&b)));
    let n = order.len() as f64;
    let mut q_values = vec![f64::NAN; p_values.len()];
    let mut least = 1.0_f64;
    for (rank, &i) in order.iter().enumerate().rev() {
        // In this order of operations a q-value is never below its p-value, whatever is rounded.
        least = least.min(p_values[i] * (n / (rank + 1) as f64));
        q_values[i] = least;
    }
    q_values
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;
    use proptest::prelude::*;

    // .01, .02, .03, .5 of four: 4·.01/1 = .04, 4·.02/2 = .04, 4·.03/3 = .04, .5; from the right the least so far.
    #[test]
    fn q_values_by_hand() {
        let q = benjamini_hochberg(&[0.03, 0.5, 0.01, f64::NAN, 0.02]);
        let hand = [0.04, 0.5, 0.04, 0.0, 0.04];
        for i in [0, 1, 2, 4] {
            assert!((q[i] - hand[i]).abs() < 1e-15, "{q:?}");
        }
        assert!(q[3].is_nan());
        assert_eq!(benjamini_hochberg(&[]), [0.0; 0]);
    }

    #[test] // 400 true nulls and 100 effects with tiny p-values: at q ≤ .1 about a tenth of the findings may be false.
    fn the_share_of_false_findings_is_kept() {
        let (mut false_share, trials) = (0.0, 40);
        for trial in 0..trials {
            let mut rng = Seed(5).stream(trial);
            let p: Vec<f64> =
                (0..500).map(|i| if i < 400 { rng.uniform() } else { rng.uniform() * rng.uniform() * 1e-3 }).collect();
            let found: Vec<usize> = (0..500).filter(|&i| benjamini_hochberg(&p)[i] <= 0.1).collect();
            false_share += found.iter().filter(|&&i| i < 400).count() as f64 / found.len().max(1) as f64;
        }
        let mean = false_share / trials as f64;
        assert!((0.04..=0.11).contains(&mean), "{mean}"); // 0.1 · 400 / 500 = 0.08 is expected
    }

    proptest! {
        #[test]
        fn q_keeps_the_order_of_p_and_is_never_below_it(p in prop::collection::vec(0.0..=1.0_f64, 1..40)) {
            let q = benjamini_hochberg(&p);
            for i in 0..p.len() {
                prop_assert!(q[i] >= p[i] && q[i] <= 1.0);
                for j in 0..p.len() {
                    prop_assert!(p[i] > p[j] || q[i] <= q[j]);
                }
            }
        }
    }
}
