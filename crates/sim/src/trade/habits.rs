//! How the shoppers of a taste cluster order, beyond what they like: when, how many of a thing, how much comes back.
//!
//! A cluster is meant to be a kind of shopper. Tastes alone do not make it one that anybody could find: whoever knew
//! every part-worth could tell the five kinds of those with three or four orders with an adjusted Rand index of .38. So each kind has its time of the
//! day, too, as people have who order in a break, after work or at night, and its way with quantities and returns.
//!
//! Of a kind's orders the share `own_hours` lies within `within` hours of its own (a triangle), the others come whenever
//! anybody orders. The time of an order is a function of the same random number whatever the habit, so that habits move
//! neither days nor products.

use serde::Serialize;

/// How one kind of shopper orders.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Habit {
    /// Hour of the local day that its orders lie around.
    hour: f64,
    /// Probability of two units of a thing, and of three or four.
    pub(crate) several_units: (f64, f64),
    /// Added to the log-odds of a return.
    pub(crate) return_logit: f64,
}

/// The habits of all kinds.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct HabitRules {
    /// Share of the orders at a kind's own time.
    own_hours: f64,
    /// Farthest from the kind's hour that its own time reaches, hours.
    within: f64,
    /// By taste cluster; after the last one from the first again.
    by_cluster: [Habit; 5],
}

const fn habit(hour: f64, several_units: (f64, f64), return_logit: f64) -> Habit {
    Habit { hour, several_units, return_logit }
}

impl Default for HabitRules {
    /// Evenings are the busiest; on average a line is of two units or more, and comes back, about as often as
    /// without habits.
    fn default() -> Self {
        Self {
            own_hours: 0.85,
            within: 2.2,
            by_cluster: [
                habit(10.4, (0.02, 0.0), -0.7),
                habit(14.0, (0.22, 0.05), 0.0),
                habit(17.4, (0.05, 0.01), 0.7),
                habit(20.0, (0.16, 0.03), -0.4),
                habit(22.6, (0.06, 0.01), 0.0),
            ],
        }
    }
}

impl HabitRules {
    /// The habit of a taste cluster.
    pub(crate) fn of(&self, cluster: u8) -> &Habit {
        &self.by_cluster[usize::from(cluster) % self.by_cluster.len()]
    }

    /// The hour of an order from two random numbers in [0, 1): the square of their larger one is uniform, too. `anytime`
    /// are the hours between which orders come that keep to no time, the more the later.
    pub(crate) fn hour(&self, habit: &Habit, anytime: (f64, f64), random: [f64; 2]) -> f64 {
        let uniform = random[0].max(random[1]).powi(2);
        if uniform < self.own_hours {
            habit.hour + self.within * triangle(uniform / self.own_hours)
        } else {
            let rest = (uniform - self.own_hours) / (1.0 - self.own_hours);
            anytime.0 + (anytime.1 - anytime.0) * rest.sqrt()
        }
    }
}

/// Quantile of the triangle over −1 to 1 with its top at 0.
fn triangle(p: f64) -> f64 {
    if p < 0.5 { (2.0 * p).sqrt() - 1.0 } else { 1.0 - (2.0 * (1.0 - p)).sqrt() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Rng;

    #[test] // An eighth of a triangle lies in its outer quarter: half of 1/2 · 1/2.
    fn the_triangle_has_its_quantiles() {
        assert_eq!([0.0, 0.125, 0.5, 0.875, 1.0].map(triangle), [-1.0, -0.5, 0.0, 0.5, 1.0]);
    }

    #[test]
    fn a_kind_orders_at_its_own_time_and_now_and_then_at_any() {
        let (rules, mut rng) = (HabitRules::default(), Rng::new(3));
        for cluster in 0..7_u8 {
            let habit = rules.of(cluster);
            let hours: Vec<f64> =
                (0..4000).map(|_| rules.hour(habit, (7.0, 25.0), [rng.uniform(), rng.uniform()])).collect();
            assert!(hours.iter().all(|h| (7.0..25.0).contains(h)));
            let near = hours.iter().filter(|h| (*h - habit.hour).abs() <= rules.within).count() as f64 / 4000.0;
            // Those of any time lie there, too, with 4.4 of 18 hours.
            assert!((0.84..0.94).contains(&near), "{cluster}: {near}");
        }
        assert_eq!(rules.of(5).hour, rules.of(0).hour);
    }
}
