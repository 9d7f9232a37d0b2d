//! Every kind of model on the same shoppers: what it promises, what came, what it took. Only for a person to look at: the
//! stage chooses on the validation cutoff and goes on with one.

use super::facts::Facts;
use super::{HORIZON, MOST_LEARNT};
use anyhow::Result;
use audience::AudienceError;
use audience::predict::{PredictParams, Quality, ShopperFacts, Target};
use domain::{Currency, Seed};
use lake::Engine;
use learn::LearnError;
use learn::classify::ClassifierKind;
use std::time::Instant;

/// One kind of model.
pub(crate) struct Kind {
    /// Which.
    pub(crate) kind: ClassifierKind,
    /// Settings that were tried.
    pub(crate) settings: usize,
    /// Log loss of the best of them on the validation cutoff: what is chosen by.
    pub(crate) validation: f64,
    /// Marks on the test cutoff.
    pub(crate) test: Quality,
    /// Seconds to try the settings and to learn the best again with its calibration.
    pub(crate) seconds: f64,
    /// Most memory above what was in use before, bytes; `None` where the system does not tell.
    pub(crate) memory: Option<u64>,
}

/// What was foreseen, and every kind; or why there is nothing.
pub(crate) struct Compared {
    /// `churn` or `second_order`.
    pub(crate) target: Target,
    /// Rows to learn from: shoppers and cutoffs.
    pub(crate) n_rows: usize,
    /// The kinds, or what there is too little of.
    pub(crate) kinds: std::result::Result<Vec<Kind>, String>,
}

/// Tries all kinds for both targets. `before` is told of each.
pub(crate) async fn compare(
    engine: &Engine,
    currency: Option<Currency>,
    seed: Seed,
    before: impl Fn(&str, usize, usize),
) -> Result<Vec<Compared>> {
    let facts = Facts::load(engine, currency).await?;
    let step = facts.shoppers.len().div_ceil(MOST_LEARNT).max(1);
    let learnt: Vec<ShopperFacts> = facts.shoppers.iter().step_by(step).cloned().collect();
    let targets = [Target::Churn { horizon_days: HORIZON }, Target::SecondOrder { horizon_days: HORIZON }];
    let (mut compared, all) = (Vec::new(), targets.len() * ClassifierKind::ALL.len());
    for target in targets {
        let prepared = match PredictParams::new(target).prepare(&learnt, facts.cutoff) {
            Ok(prepared) => prepared,
            Err(error @ (AudienceError::TooLittleData { .. } | AudienceError::Learn(_))) => {
                compared.push(Compared { target, n_rows: 0, kinds: Err(error.to_string()) });
                continue;
            }
            Err(other) => return Err(other.into()),
        };
        let mut kinds = Vec::new();
        for kind in ClassifierKind::ALL {
            before(kind.name(), compared.len() * ClassifierKind::ALL.len() + kinds.len(), all);
            let (start, peak) = (Instant::now(), Peak::start());
            let trials = prepared.try_kind(kind, seed)?;
            let validation = trials.iter().map(|t| t.log_loss).fold(f64::INFINITY, f64::min);
            let settings = trials.len();
            let found = match prepared.finish(trials, seed) {
                Ok(found) => found,
                Err(AudienceError::Learn(LearnError::TooLittleData { .. })) => continue,
                Err(other) => return Err(other.into()),
            };
            let (seconds, memory) = (start.elapsed().as_secs_f64(), peak.and_then(|p| p.above()));
            kinds.push(Kind { kind, settings, validation, test: found.quality().clone(), seconds, memory });
        }
        compared.push(Compared { target, n_rows: prepared.train().n_rows(), kinds: Ok(kinds) });
    }
    Ok(compared)
}

/// The most memory of this process since a moment, by Linux's `/proc`: `clear_refs` sets the mark back, `VmHWM` reads it.
struct Peak(u64);

impl Peak {
    fn start() -> Option<Self> {
        std::fs::write("/proc/self/clear_refs", "5").ok()?;
        kilobytes("VmRSS:").map(Self)
    }

    fn above(&self) -> Option<u64> {
        Some(kilobytes("VmHWM:")?.saturating_sub(self.0) * 1024)
    }
}

fn kilobytes(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn memory_that_was_used_in_between_is_seen() {
        let Some(peak) = Peak::start() else { return };
        let block = std::hint::black_box(vec![1_u8; 64 << 20]);
        drop(block);
        assert!(peak.above().unwrap() > 32 << 20);
    }
}
