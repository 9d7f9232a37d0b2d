//! How long until something happens, when for some it has not happened yet.
//!
//! `S(t) = Π_{t_i ≤ t} (1 − d_i / n_i)` with `d_i` endings and `n_i` still under watch at `t_i` (Kaplan and Meier,
//! "Nonparametric estimation from incomplete observations", JASA 53, 1958). One that is no longer watched counts until it
//! is lost and not after: leaving it out would show only those who were quick.
//! `Var ln S = Σ d_i / (n_i (n_i − d_i))` (Greenwood, 1926); the interval is taken on `ln(−ln S)`, which keeps it inside
//! [0, 1]. A quantile's interval is where that of the curve crosses it (Brookmeyer and Crowley, Biometrics 38, 1982).
//! [`log_rank`] asks whether several groups have one curve (Mantel, Cancer Chemotherapy Reports 50, 1966).
//! Cost: one sort of the spells.

use crate::LearnError;
use crate::interval::two_sided;
use crate::small_system::{inverse, times};
use crate::two_by_two::chi_square;
use domain::Interval;

/// One watch: how long, and whether it ended with the event or the watch just stopped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spell {
    /// Length, at least 0.
    pub time: f64,
    /// The event came at `time`; else it had not come when the watch stopped (censored).
    pub ended: bool,
}

/// The curve just after one time at which something ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// When.
    pub time: f64,
    /// Under watch just before.
    pub at_risk: u64,
    /// Ended then.
    pub events: u64,
    /// Share not ended after it.
    pub survival: f64,
    /// Greenwood's variance of `ln survival`; infinite where the curve reaches 0.
    pub variance: f64,
}

/// A fitted curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Survival {
    steps: Vec<Step>,
    n: u64,
    n_events: u64,
    last_watch: f64,
}

impl Survival {
    /// From spells in any order.
    ///
    /// # Errors
    /// [`LearnError::TooLittleData`] without a spell, [`LearnError::NotFinite`] for a time that is not finite,
    /// [`LearnError::Param`] for a negative one.
    pub fn fit(spells: &[Spell]) -> Result<Self, LearnError> {
        check(spells)?;
        let mut by_time = spells.to_vec();
        by_time.sort_by(|a, b| a.time.total_cmp(&b.time));
        let (mut at_risk, mut survival, mut variance) = (spells.len() as u64, 1.0, 0.0);
        let mut steps = Vec::new();
        // Who is lost at the very time of an event was still under watch for it.
        for same in by_time.chunk_by(|a, b| a.time == b.time) {
            let events = same.iter().filter(|s| s.ended).count() as u64;
            if events > 0 {
                let (n, d) = (at_risk as f64, events as f64);
                survival *= 1.0 - d / n;
                variance += d / (n * (n - d));
                steps.push(Step { time: same[0].time, at_risk, events, survival, variance });
            }
            at_risk -= same.len() as u64;
        }
        let n_events = steps.iter().map(|s| s.events).sum();
        let last_watch = by_time.last().map_or(0.0, |s| s.time);
        Ok(Self { steps, n: spells.len() as u64, n_events, last_watch })
    }

    /// The times at which something ended, ascending.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Spells.
    pub fn n(&self) -> u64 {
        self.n
    }

    /// Spells that ended.
    pub fn n_events(&self) -> u64 {
        self.n_events
    }

    /// Longest watch; nothing is known beyond it.
    pub fn last_watch(&self) -> f64 {
        self.last_watch
    }

    fn step(&self, time: f64) -> Option<&Step> {
        self.steps[..self.steps.partition_point(|s| s.time <= time)].last()
    }

    /// Share not ended by `time`; `None` beyond the longest watch.
    pub fn at(&self, time: f64) -> Option<f64> {
        let known = time >= 0.0 && time <= self.last_watch;
        known.then(|| self.step(time).map_or(1.0, |s| s.survival))
    }

    /// Spells still watched just before `time`, with what ended in it.
    pub fn at_risk(&self, time: f64) -> u64 {
        let next = self.steps.partition_point(|s| s.time < time);
        self.steps.get(next).map_or(0, |s| s.at_risk)
    }

    /// Interval of the curve at `time`; `None` beyond the longest watch or for a level outside (0, 1). Before the first
    /// ending, and once all have ended, there is no spread to see and the interval is the point.
    pub fn interval(&self, time: f64, level: f64) -> Option<Interval> {
        let (z, value) = (two_sided(level)?, self.at(time)?);
        Some(match self.step(time) {
            Some(step) => around(step, z, level),
            None => Interval { low: value, high: value, level },
        })
    }

    /// First time by which a share `p` has ended; `None` where the curve does not get there.
    pub fn quantile(&self, p: f64) -> Option<f64> {
        self.steps.iter().find(|s| s.survival <= 1.0 - p + 1e-12).map(|s| s.time)
    }

    /// Interval of [`Self::quantile`]: from the first time at which the lower limit of the curve gets there to the first
    /// at which the upper one does. The upper end is `None` where it never does.
    pub fn quantile_interval(&self, p: f64, level: f64) -> Option<(f64, Option<f64>)> {
        let z = two_sided(level)?;
        let first = |end: fn(&Interval) -> f64| {
            self.steps.iter().find(|s| end(&around(s, z, level)) <= 1.0 - p + 1e-12).map(|s| s.time)
        };
        Some((first(|i| i.low)?, first(|i| i.high)))
    }
}

fn around(step: &Step, z: f64, level: f64) -> Interval {
    let s = step.survival;
    if s <= 0.0 || s >= 1.0 {
        return Interval { low: s, high: s, level };
    }
    let half = z * step.variance.sqrt() / s.ln().abs();
    Interval { low: s.powf(half.exp()), high: s.powf((-half).exp()), level }
}

fn check(spells: &[Spell]) -> Result<(), LearnError> {
    if spells.is_empty() {
        return Err(LearnError::TooLittleData { what: "spells", have: 0, need: 1 });
    }
    for (row, spell) in spells.iter().enumerate() {
        if !spell.time.is_finite() {
            return Err(LearnError::NotFinite { row, column: 0, value: spell.time });
        }
        if spell.time < 0.0 {
            return Err(LearnError::Param { name: "time", rule: "at least 0", got: spell.time });
        }
    }
    Ok(())
}

/// p-value of "all groups have one curve", chi-square with one degree of freedom less than groups; `None` below two
/// groups, without an ending, or where a group is never under watch together with another.
///
/// # Errors
/// As [`Survival::fit`] of any group.
pub fn log_rank(groups: &[&[Spell]]) -> Result<Option<f64>, LearnError> {
    groups.iter().try_for_each(|spells| check(spells))?;
    let k = groups.len();
    if k < 2 {
        return Ok(None);
    }
    let mut all: Vec<(f64, usize, bool)> = Vec::new();
    for (g, spells) in groups.iter().enumerate() {
        all.extend(spells.iter().map(|s| (s.time, g, s.ended)));
    }
    all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut at_risk: Vec<f64> = groups.iter().map(|g| g.len() as f64).collect();
    let mut off = vec![0.0; k - 1];
    let mut covariance = vec![0.0; (k - 1) * (k - 1)];
    for same in all.chunk_by(|a, b| a.0 == b.0) {
        let (n, d) = (at_risk.iter().sum::<f64>(), same.iter().filter(|s| s.2).count() as f64);
        if d > 0.0 {
            // The last group follows from the others.
            for (g, off) in off.iter_mut().enumerate() {
                *off += same.iter().filter(|s| s.2 && s.1 == g).count() as f64 - d * at_risk[g] / n;
                if n > 1.0 {
                    let scale = d * (n - d) / (n - 1.0) * at_risk[g] / n;
                    for h in 0..k - 1 {
                        covariance[g * (k - 1) + h] += scale * (f64::from(u8::from(g == h)) - at_risk[h] / n);
                    }
                }
            }
        }
        same.iter().for_each(|s| at_risk[s.1] -= 1.0);
    }
    let Some(inverse) = inverse(&covariance, k - 1) else { return Ok(None) };
    let x: f64 = times(&inverse, &off).iter().zip(&off).map(|(a, b)| a * b).sum();
    Ok(Some(chi_square(x, (k - 1) as f64)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;
    use proptest::prelude::*;

    fn spells(list: &[(f64, bool)]) -> Vec<Spell> {
        list.iter().map(|&(time, ended)| Spell { time, ended }).collect()
    }

    // 1 ends of 5: .8. 2 is lost. 3 ends of 3: .8 · 2/3 = .5333. 3 is lost at once. 4 ends of 1: 0.
    // Greenwood at 3: 1/(5·4) + 1/(3·2) = .05 + .1667 = .2167.
    #[test]
    fn five_spells_by_hand() {
        let curve =
            Survival::fit(&spells(&[(3.0, true), (1.0, true), (4.0, true), (2.0, false), (3.0, false)])).unwrap();
        let seen: Vec<(f64, u64, u64)> = curve.steps().iter().map(|s| (s.time, s.at_risk, s.events)).collect();
        assert_eq!(seen, [(1.0, 5, 1), (3.0, 3, 1), (4.0, 1, 1)]);
        assert!((curve.at(3.5).unwrap() - 8.0 / 15.0).abs() < 1e-12);
        assert!((curve.steps()[1].variance - 13.0 / 60.0).abs() < 1e-12);
        assert_eq!((curve.at(0.5), curve.at(4.0), curve.at(4.5)), (Some(1.0), Some(0.0), None));
        assert_eq!((curve.quantile(0.2), curve.quantile(0.5), curve.n_events()), (Some(1.0), Some(4.0), 3));
        // ln(-ln .5333) half: 1.96 · sqrt(.2167) / .6286 = 1.4514: .5333^(4.269) = .0684 to .5333^(.2343) = .8631.
        let i = curve.interval(3.0, 0.95).unwrap();
        assert!((i.low - 0.0684).abs() < 1e-3 && (i.high - 0.8631).abs() < 1e-3, "{i:?}");
    }

    #[test]
    fn nobody_who_ended_gives_a_flat_curve_and_nobody_an_error() {
        let flat = Survival::fit(&spells(&[(5.0, false), (9.0, false)])).unwrap();
        assert_eq!((flat.at(7.0), flat.quantile(0.1), flat.steps().len()), (Some(1.0), None, 0));
        assert!(Survival::fit(&[]).is_err());
        assert!(Survival::fit(&spells(&[(-1.0, true)])).is_err());
        assert!(Survival::fit(&spells(&[(f64::NAN, true)])).is_err());
    }

    #[test] // Exponential lives watched for uniform times: the interval at the true median covers it 95 % of the time.
    fn the_interval_covers_what_it_promises() {
        let (mut covered, trials) = (0, 1_000);
        for trial in 0..trials {
            let mut rng = Seed(4).stream(trial);
            let spell = |_| {
                let (life, watch) = (rng.exponential(), 3.0 * rng.uniform());
                Spell { time: life.min(watch), ended: life <= watch }
            };
            let curve = Survival::fit(&(0..80).map(spell).collect::<Vec<_>>()).unwrap();
            let i = curve.interval(2.0_f64.ln(), 0.95).unwrap();
            covered += u32::from(i.low <= 0.5 && 0.5 <= i.high);
        }
        assert!((925..=975).contains(&covered), "{covered}");
    }

    #[test] // Twice the hazard is seen, the same hazard is not.
    fn log_rank_tells_two_hazards_apart() {
        let draw = |seed: u64, rate: f64| -> Vec<Spell> {
            let mut rng = Seed(seed).stream(0);
            (0..200).map(|_| rng.exponential() / rate).map(|t| Spell { time: t.min(2.0), ended: t < 2.0 }).collect()
        };
        let (one, same, twice) = (draw(1, 1.0), draw(2, 1.0), draw(3, 2.0));
        assert!(log_rank(&[&one, &twice]).unwrap().unwrap() < 1e-6);
        assert!(log_rank(&[&one, &same]).unwrap().unwrap() > 0.05);
        assert_eq!(log_rank(&[&one]).unwrap(), None);
    }

    proptest! {
        #[test]
        fn without_loss_the_curve_is_the_share_left(times in prop::collection::vec(0_u8..20, 1..40)) {
            let all: Vec<Spell> = times.iter().map(|&t| Spell { time: f64::from(t), ended: true }).collect();
            let curve = Survival::fit(&all).unwrap();
            for t in 0..=*times.iter().max().unwrap() {
                let left = times.iter().filter(|&&x| x > t).count() as f64 / times.len() as f64;
                prop_assert!((curve.at(f64::from(t)).unwrap() - left).abs() < 1e-12);
            }
        }
    }
}
