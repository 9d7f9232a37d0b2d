//! Does the transfer help? Decided on held-out shoppers of the target, never assumed.
//!
//! Each held-out shopper has two marks (such as nDCG@10), by the model fitted on the target alone
//! and by the one that used other markets. The gain is the mean difference, its interval comes from
//! the paired bootstrap. Accepted when the whole interval lies above the margin, refused otherwise,
//! and below a stated number of shoppers nothing is decided: the target's own model stays.
//!
//! The marks have to be honest: of shoppers that no fit and no choice has seen, or cross-fitted.
//! Source: negative transfer as in Wang et al., "Characterizing and avoiding negative transfer",
//! CVPR 2019; the paired bootstrap as in `learn`. Cost: cases × resamples draws.

use domain::{Interval, Seed};
use learn::LearnError;
use learn::bootstrap::{BootstrapParams, paired_bootstrap};

/// What it takes to accept a transfer.
#[derive(Clone, Debug, PartialEq)]
pub struct EvidenceRule {
    /// Held-out shoppers below which nothing is decided.
    pub min_cases: usize,
    /// The interval has to lie above this gain, in the unit of the marks.
    pub margin: f64,
    /// How the interval is made.
    pub bootstrap: BootstrapParams,
}

impl Default for EvidenceRule {
    fn default() -> Self {
        let bootstrap = BootstrapParams { n_resamples: 1000, level: 0.95 };
        Self { min_cases: 20, margin: 0.0, bootstrap }
    }
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The transfer helps.
    Accepted,
    /// There is no evidence that it helps, or evidence that it hurts.
    Refused,
    /// Too few held-out shoppers to tell.
    TooLittleData,
}

/// The decision with its evidence.
#[derive(Clone, Debug, PartialEq)]
pub struct TransferVerdict {
    /// What was decided.
    pub decision: Decision,
    /// Mean gain over the target's own model; `None` without a case.
    pub gain: Option<f64>,
    /// Its interval; `None` without a case.
    pub interval: Option<Interval>,
    /// Held-out shoppers.
    pub n_cases: usize,
    /// The decision in a sentence.
    pub reason: String,
}

impl TransferVerdict {
    /// Whether the transfer may be applied.
    pub fn accepted(&self) -> bool {
        self.decision == Decision::Accepted
    }
}

/// Decides from the marks of the same held-out shoppers in the same order.
///
/// # Errors
/// [`LearnError`] for lists of different length or bootstrap parameters out of range.
pub fn judge(
    local: &[f64],
    transferred: &[f64],
    rule: &EvidenceRule,
    seed: Seed,
) -> Result<TransferVerdict, LearnError> {
    let n_cases = local.len();
    if n_cases == 0 && transferred.is_empty() {
        let reason = "no held-out shopper".to_owned();
        return Ok(TransferVerdict { decision: Decision::TooLittleData, gain: None, interval: None, n_cases, reason });
    }
    let found = paired_bootstrap(transferred, local, &rule.bootstrap, seed)?;
    let Interval { low, high, level } = found.interval;
    let percent = 100.0 * level;
    let measured =
        format!("gain {:+.4}, {percent:.0} % between {low:+.4} and {high:+.4}, {n_cases} shoppers", found.mean);
    let (decision, reason) = if n_cases < rule.min_cases {
        (Decision::TooLittleData, format!("fewer than {} held-out shoppers: {measured}", rule.min_cases))
    } else if low > rule.margin {
        (Decision::Accepted, format!("the whole interval lies above {}: {measured}", rule.margin))
    } else if high < rule.margin {
        (Decision::Refused, format!("the transfer hurts: {measured}"))
    } else {
        (Decision::Refused, format!("no evidence of a gain above {}: {measured}", rule.margin))
    };
    Ok(TransferVerdict { decision, gain: Some(found.mean), interval: Some(found.interval), n_cases, reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(local: &[f64], transferred: &[f64]) -> TransferVerdict {
        judge(local, transferred, &EvidenceRule::default(), Seed(1)).unwrap()
    }

    #[test]
    fn a_gain_of_every_shopper_is_accepted_and_a_loss_refused() {
        let (low, high) = ([0.1; 30], [0.3; 30]);
        let gain = decide(&low, &high);
        assert!(gain.accepted());
        assert!((gain.gain.unwrap() - 0.2).abs() < 1e-12);
        let loss = decide(&high, &low);
        assert_eq!(loss.decision, Decision::Refused);
        assert!(loss.reason.starts_with("the transfer hurts: gain -0.2000"), "{}", loss.reason);
    }

    #[test] // Differences ±1 in turn: the mean is 0 and the interval holds 0.
    fn without_evidence_a_transfer_is_refused() {
        let turns: Vec<f64> = (0..40).map(|i| f64::from(i % 2) * 2.0).collect();
        let verdict = decide(&[1.0; 40], &turns);
        assert_eq!(verdict.decision, Decision::Refused);
        assert!(verdict.reason.starts_with("no evidence"), "{}", verdict.reason);
    }

    #[test]
    fn a_large_gain_of_few_shoppers_decides_nothing() {
        let verdict = decide(&[0.0; 19], &[1.0; 19]);
        assert_eq!(verdict.decision, Decision::TooLittleData);
        assert_eq!(verdict.gain, Some(1.0));
        assert_eq!(decide(&[], &[]).interval, None);
        assert!(judge(&[1.0], &[], &EvidenceRule::default(), Seed(0)).is_err());
    }

    /// Simulation: 300 transfers without any effect, 30 shoppers each. A one-sided 97.5 % bound
    /// should accept about 2.5 %, the percentile bootstrap of 30 a little more.
    #[test]
    fn a_transfer_without_effect_is_rarely_accepted() {
        let accepted = (0..300_u64).filter(|run| {
            let mut rng = Seed(8).stream(*run);
            let local: Vec<f64> = (0..30).map(|_| rng.normal()).collect();
            let transferred: Vec<f64> = (0..30).map(|_| rng.normal()).collect();
            let rule = EvidenceRule {
                bootstrap: BootstrapParams { n_resamples: 300, level: 0.95 },
                ..EvidenceRule::default()
            };
            judge(&local, &transferred, &rule, Seed(*run)).unwrap().accepted()
        });
        let share = accepted.count() as f64 / 300.0;
        assert!(share < 0.06, "{share}");
    }
}
