//! Several views of the same products in one likeness: what they say, what they show, and what they are bought with.
//!
//! A view says how alike two products are, or nothing where it does not know one of them. The joint likeness is
//! `Σ_v w_v (s_v(a, b) − m_v)` over the views that know both, `m_v` the mean likeness of any two products in that view: what is not known
//! counts like an ordinary pair, neither for nor against. For cosines of unit vectors this is the scalar product of the
//! vectors side by side, each block stretched by `√w_v`, so it is fusion by concatenation with one learnt weight a modality. The
//! weights, none below 0, come from choices: of the product that was chosen after another one, and others that could have
//! been chosen. A view of noise gets a weight near 0.
//!
//! Source: conditional logit: McFadden, "Conditional logit analysis of qualitative choice behavior", in "Frontiers in
//! econometrics", 1974; one weight a modality as in Gönen and Alpaydın, "Multiple kernel learning algorithms", JMLR 12, 2011.
//! Cost: learning `choices · alternatives` likenesses of each view; a question one likeness of each view a product.

use crate::Vectors;
use domain::Seed;
use learn::LearnError;
use learn::choice::ChoiceParams;
use rayon::prelude::*;

/// One view of products.
pub trait View: Sync {
    /// How alike two products are, −1 to 1; `None` where it does not know one of them.
    fn alike(&self, a: usize, b: usize) -> Option<f32>;
}

/// Rows of length 1: the cosine.
impl View for Vectors {
    fn alike(&self, a: usize, b: usize) -> Option<f32> {
        Some(self.row(a)?.iter().zip(self.row(b)?).map(|(a, b)| a * b).sum())
    }
}

/// How weights are learnt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WeighedParams {
    /// Choices that are learnt from at most, drawn by lot; at least 1.
    pub n_choices: usize,
    /// Alternatives of a choice, drawn by lot, at least 1.
    pub n_alternatives: usize,
    /// Choices below which nothing is learnt.
    pub fewest: usize,
}

impl Default for WeighedParams {
    fn default() -> Self {
        Self { n_choices: 2_000, n_alternatives: 100, fewest: 20 }
    }
}

/// Learnt weights, one a view.
#[derive(Clone, Debug, PartialEq)]
pub struct Weighed {
    means: Vec<f32>,
    weights: Vec<f32>,
}

impl WeighedParams {
    /// Learns from choices: pairs of a product and the one that was chosen after it. `open` are the products that could have been
    /// chosen.
    ///
    /// # Errors
    /// [`LearnError`] for a parameter out of range, no view, fewer choices than [`Self::fewest`] and fewer than two open products.
    pub fn fit(
        &self,
        views: &[&dyn View],
        choices: &[(u32, u32)],
        open: &[u32],
        seed: Seed,
    ) -> Result<Weighed, LearnError> {
        for (name, value) in [("n_choices", self.n_choices), ("n_alternatives", self.n_alternatives)] {
            if value == 0 {
                return Err(LearnError::Param { name, rule: "at least 1", got: 0.0 });
            }
        }
        let few = |what, have, need| Err(LearnError::TooLittleData { what, have, need });
        if views.is_empty() {
            return few("views of products", 0, 1);
        }
        if choices.len() < self.fewest.max(1) {
            return few("choices to weigh views by", choices.len(), self.fewest.max(1));
        }
        if open.len() < 2 {
            return few("products to choose among", open.len(), 2);
        }
        let mut drawn: Vec<usize> = (0..choices.len()).collect();
        if drawn.len() > self.n_choices {
            seed.stream(0).shuffle(&mut drawn);
            drawn.truncate(self.n_choices);
            drawn.sort_unstable();
        }
        let k = views.len();
        let seed = seed.derive(1);
        // The chosen one stands first, then those drawn; a row of likenesses each.
        let group = |at: &usize| -> Vec<Option<f32>> {
            let (of, chosen) = choices[*at];
            let mut rng = seed.stream(*at as u64);
            let mut with: Vec<u32> = vec![chosen];
            for _ in 0..self.n_alternatives {
                let other = open[rng.below(open.len())];
                if other != of && other != chosen {
                    with.push(other);
                }
            }
            with.iter().flat_map(|other| views.iter().map(move |v| v.alike(of as usize, *other as usize))).collect()
        };
        let groups: Vec<Vec<Option<f32>>> = drawn.par_iter().map(group).collect();
        let (means, deviations) = spread(groups.iter().flat_map(|group| group.chunks_exact(k).skip(1)), k);
        let cell = |(at, x): (usize, &Option<f32>)| x.map_or(0.0, |x| (x - means[at % k]) / deviations[at % k]);
        let x: Vec<f32> = groups.iter().flat_map(|group| group.iter().enumerate().map(cell)).collect();
        let sizes: Vec<usize> = groups.iter().map(|group| group.len() / k).collect();
        let found = ChoiceParams::default().fit(&x, k, &sizes, &vec![0; sizes.len()])?;
        let weights = found.iter().zip(&deviations).map(|(w, d)| *w as f32 / d).collect();
        Ok(Weighed { means, weights })
    }
}

/// Mean and deviation of each view over the pairs that it knows; a view that says the same of all has a deviation of 1.
fn spread<'a>(rows: impl Iterator<Item = &'a [Option<f32>]>, k: usize) -> (Vec<f32>, Vec<f32>) {
    let mut sums = vec![(0.0_f64, 0.0_f64, 0.0_f64); k];
    for row in rows {
        for ((n, sum, squares), x) in sums.iter_mut().zip(row).filter_map(|(s, x)| Some((s, f64::from((*x)?)))) {
            *n += 1.0;
            *sum += x;
            *squares += x * x;
        }
    }
    let one = |(n, sum, squares): &(f64, f64, f64)| {
        let mean = sum / n.max(1.0);
        let deviation = (squares / n.max(1.0) - mean * mean).max(0.0).sqrt();
        (mean as f32, if deviation > 1e-6 { deviation as f32 } else { 1.0 })
    };
    sums.iter().map(one).unzip()
}

impl Weighed {
    /// From what [`Self::means`] and [`Self::weights`] gave; `None` where they do not fit together.
    pub fn of(means: Vec<f32>, weights: Vec<f32>) -> Option<Self> {
        let fine = means.len() == weights.len() && means.iter().chain(&weights).all(|v| v.is_finite());
        fine.then_some(Self { means, weights })
    }

    /// The mean likeness of any two products, one a view.
    pub fn means(&self) -> &[f32] {
        &self.means
    }

    /// What a likeness of 1 counts, one a view, none below 0.
    pub fn weights(&self) -> &[f32] {
        &self.weights
    }

    /// What each view adds to the joint likeness, from how alike two products are in it; `None` for a view that does not know both.
    pub fn parts(&self, alike: &[Option<f32>]) -> Vec<Option<f32>> {
        let part = |((x, mean), weight): ((&Option<f32>, &f32), &f32)| Some(weight * ((*x)? - mean));
        alike.iter().zip(&self.means).zip(&self.weights).map(part).collect()
    }

    /// The joint likeness; `None` where no view knows both products.
    pub fn joined(&self, alike: &[Option<f32>]) -> Option<f32> {
        self.parts(alike).into_iter().flatten().reduce(|a, b| a + b)
    }

    /// The `n` products among the allowed that are most like one, best first; ties go to the lower row.
    ///
    /// # Panics
    /// If there are not as many views as were learnt from.
    pub fn best(&self, views: &[&dyn View], of: usize, n: usize, allowed: &[bool]) -> Vec<(u32, f32)> {
        assert_eq!(views.len(), self.weights.len(), "the views that were learnt from");
        let score = |row: usize| {
            let alike: Vec<Option<f32>> = views.iter().map(|view| view.alike(of, row)).collect();
            Some((row as u32, self.joined(&alike)?))
        };
        let rows: Vec<usize> = (0..allowed.len()).filter(|row| allowed[*row] && *row != of).collect();
        let mut found: Vec<(u32, f32)> = rows.into_par_iter().filter_map(score).collect();
        found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        found.truncate(n);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 120 products of 10 kinds that the first view knows and of 10 habits that only the second one does; the third view is noise.
    /// Choices follow habits; nothing is known of every fifth product's habit.
    struct World {
        kind: Vectors,
        habit: Vectors,
        noise: Vectors,
        choices: Vec<(u32, u32)>,
    }

    const N: usize = 120;

    fn world(by_habit: bool) -> World {
        let mut rng = Seed(3).stream(0);
        let near = |group: usize, rng: &mut domain::Rng| {
            let mut row = [0.0_f32; 10];
            row[group] = 1.0;
            row.iter_mut().for_each(|v| *v += (0.2 * rng.normal()) as f32);
            row
        };
        let (mut kind, mut habit, mut noise) = (Vectors::new(10), Vectors::new(10), Vectors::new(10));
        for at in 0..N {
            kind.push(&near(at % 10, &mut rng)).unwrap();
            if at % 5 == 0 {
                habit.push_missing()
            } else {
                habit.push(&near(at / 12, &mut rng)).unwrap()
            }
            noise.push(&near(rng.below(10), &mut rng)).unwrap();
        }
        let group = |at: usize| if by_habit { at / 12 } else { at % 10 };
        let mut choices = Vec::new();
        while choices.len() < 400 {
            let (a, b) = (rng.below(N), rng.below(N));
            if a != b && group(a) == group(b) {
                choices.push((a as u32, b as u32));
            }
        }
        World { kind: kind.unit(), habit: habit.unit(), noise: noise.unit(), choices }
    }

    /// Share of the choices of the last half of which the chosen one is among the best ten, learnt from the first half.
    fn found(world: &World, views: &[&dyn View]) -> (Weighed, f64) {
        let open: Vec<u32> = (0..N as u32).collect();
        let (learn, ask) = world.choices.split_at(200);
        let model = WeighedParams::default().fit(views, learn, &open, Seed(1)).unwrap();
        let right =
            |(a, b): &&(u32, u32)| model.best(views, *a as usize, 10, &[true; N]).iter().any(|(row, _)| row == b);
        let share = ask.iter().filter(right).count() as f64 / ask.len() as f64;
        (model, share)
    }

    #[test]
    fn a_view_that_knows_what_the_others_do_not_is_found() {
        let world = world(true);
        let (_, without) = found(&world, &[&world.kind, &world.noise]);
        let (model, with) = found(&world, &[&world.kind, &world.noise, &world.habit]);
        assert!(without < 0.2 && with > 0.5, "{without} {with}");
        assert!(model.weights()[2] > 5.0 * model.weights()[0].max(model.weights()[1]), "{model:?}");
    }

    #[test]
    fn a_view_of_noise_costs_next_to_nothing() {
        let world = world(false);
        let (_, without) = found(&world, &[&world.kind]);
        let (model, with) = found(&world, &[&world.kind, &world.noise]);
        assert!(without > 0.7 && with > without - 0.03, "{without} {with}");
        assert!(model.weights()[1] < 0.1 * model.weights()[0], "{model:?}");
    }

    /// Views with means .5 and 0 and weights 2 and 3: (.9 − .5) · 2 + (.1 − 0) · 3 = 1.1; without the second .8, without
    /// either nothing.
    #[test]
    fn the_joint_likeness_by_hand() {
        let model = Weighed::of(vec![0.5, 0.0], vec![2.0, 3.0]).unwrap();
        assert!((model.joined(&[Some(0.9), Some(0.1)]).unwrap() - 1.1).abs() < 1e-6);
        assert!((model.joined(&[Some(0.9), None]).unwrap() - 0.8).abs() < 1e-6);
        assert_eq!(model.joined(&[None, None]), None);
        assert_eq!(model.parts(&[None, Some(0.5)]), [None, Some(1.5)]);
        assert_eq!(Weighed::of(vec![0.5], vec![]), None);
    }

    #[test]
    fn what_cannot_be_learnt_from_is_refused() {
        let world = world(true);
        let fit = |views: &[&dyn View], choices: &[(u32, u32)], open: &[u32]| {
            WeighedParams::default().fit(views, choices, open, Seed(1)).unwrap_err().to_string()
        };
        assert!(fit(&[], &world.choices, &[0, 1]).contains("views of products"));
        assert!(fit(&[&world.kind], &world.choices[..19], &[0, 1]).contains("choices to weigh views by"));
        assert!(fit(&[&world.kind], &world.choices, &[0]).contains("products to choose among"));
        let none = WeighedParams { n_alternatives: 0, ..WeighedParams::default() };
        assert!(none.fit(&[&world.kind], &world.choices, &[0, 1], Seed(1)).is_err());
    }
}
