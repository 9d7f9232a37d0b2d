//! Features that serve a task and do not betray which domain they come from: a small linear network with a
//! reversed gradient.
//!
//! A *bag* is a set of columns; its input is `a = Σ v_i / √n` over the vectors of its columns, one of which is
//! held out as the answer. The extractor `h = W a + b` feeds two heads: the task ranks the answer `p` before a
//! column `q` that is drawn, loss `−ln σ(h · (t_p − t_q))`; the discriminator says the domain, `σ(u · h + c)`.
//! `W` and `b` descend on the task and *ascend* on the discriminator, times `reversal`. Both domains take turns,
//! so that the discriminator's chance is one half. `W` starts as the identity, `t` as `v`; all is linear, so a
//! score is a sum over the columns of the bag. What is kept is the mean of the second half of the way: two players
//! who work against one another circle round the point that both look for (Gidel et al., "A variational inequality
//! perspective on generative adversarial networks", ICLR 2019).
//!
//! [`probe`] measures what is left: a fresh logistic classifier fitted on every other row, its balanced accuracy
//! on the rest; 0.5 is chance.
//!
//! Source: Ganin et al., "Domain-adversarial training of neural networks", JMLR 17, 2016; the task's loss is
//! Rendle et al., "BPR", UAI 2009. Cost: `O(d²)` a step. Steps follow one another in the order of the seed: the
//! same bits at any number of threads.

use crate::lanes::{add_scaled, dot};
use crate::special::normal_cdf;
use domain::{Rng, Seed};

/// How the network is trained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdversarialParams {
    /// Length of the vectors.
    pub width: usize,
    /// Steps, an even number of them a domain.
    pub n_steps: usize,
    /// Step length.
    pub rate: f32,
    /// How strongly the extractor works against the discriminator, at least 0.
    pub reversal: f32,
    /// Shrinkage of the task's vectors a step.
    pub reg: f32,
}

/// The trained network.
#[derive(Clone, Debug, PartialEq)]
pub struct Adversarial {
    /// Length of the vectors.
    pub width: usize,
    /// Input vectors of the columns, `n × width`.
    pub inputs: Vec<f32>,
    /// The extractor, `width × width`.
    pub matrix: Vec<f32>,
    /// Its offset.
    pub bias: Vec<f32>,
    /// The task's vectors of the columns, `n × width`.
    pub tasks: Vec<f32>,
}

/// The mean of a network on its way.
struct Mean {
    n: f32,
    matrix: Vec<f32>,
    bias: Vec<f32>,
    tasks: Vec<f32>,
}

impl Mean {
    fn of(net: &Adversarial) -> Self {
        let zeros = |like: &[f32]| vec![0.0; like.len()];
        Self { n: 0.0, matrix: zeros(&net.matrix), bias: zeros(&net.bias), tasks: zeros(&net.tasks) }
    }

    fn add(&mut self, net: &Adversarial) {
        self.n += 1.0;
        add_scaled(&mut self.matrix, 1.0, &net.matrix);
        add_scaled(&mut self.bias, 1.0, &net.bias);
        add_scaled(&mut self.tasks, 1.0, &net.tasks);
    }

    fn settled(self, net: Adversarial) -> Adversarial {
        if self.n == 0.0 {
            return net;
        }
        let over = |sum: Vec<f32>| sum.into_iter().map(|x| x / self.n).collect();
        Adversarial { matrix: over(self.matrix), bias: over(self.bias), tasks: over(self.tasks), ..net }
    }
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

impl Adversarial {
    /// The input of a bag: the sum of its vectors over the root of their number.
    pub fn input(&self, bag: &[u32]) -> Vec<f32> {
        let mut a = vec![0.0; self.width];
        for column in bag {
            add_scaled(&mut a, 1.0, &self.inputs[*column as usize * self.width..][..self.width]);
        }
        let scale = 1.0 / (bag.len().max(1) as f32).sqrt();
        a.iter_mut().for_each(|x| *x *= scale);
        a
    }

    /// The extracted features of an input.
    pub fn features(&self, a: &[f32]) -> Vec<f32> {
        self.matrix.chunks_exact(self.width).zip(&self.bias).map(|(line, b)| dot(line, a) + b).collect()
    }

    /// The task's vector of a column.
    pub fn task(&self, column: u32) -> &[f32] {
        &self.tasks[column as usize * self.width..][..self.width]
    }

    /// Trains on the bags of two domains; bags of fewer than two columns teach nothing. `vectors` are the inputs,
    /// `n × width`.
    ///
    /// # Panics
    /// If `vectors` is not a multiple of `width` long or a bag names a column beyond it.
    pub fn train(params: &AdversarialParams, vectors: Vec<f32>, domains: [&[Vec<u32>]; 2], seed: Seed) -> Self {
        let d = params.width;
        assert!(d > 0 && vectors.len().is_multiple_of(d), "vectors of `width` numbers");
        let n = (vectors.len() / d) as u32;
        let mut matrix = vec![0.0; d * d];
        (0..d).for_each(|i| matrix[i * d + i] = 1.0);
        let mut net = Self { width: d, tasks: vectors.clone(), inputs: vectors, matrix, bias: vec![0.0; d] };
        let usable = domains.map(|bags| bags.iter().filter(|bag| bag.len() >= 2).collect::<Vec<_>>());
        if n < 3 || usable.iter().all(Vec::is_empty) {
            return net;
        }
        let (mut u, mut c) = (vec![0.0_f32; d], 0.0_f32);
        let mut rng = seed.stream(0);
        // Two players circle round the point where neither can gain; the mean of their path is near it.
        let every = (params.n_steps / 400).max(1);
        let mut mean = Mean::of(&net);
        for step in 0..params.n_steps {
            if step >= params.n_steps / 2 && step % every == 0 {
                mean.add(&net);
            }
            let domain = step % 2;
            let bags = if usable[domain].is_empty() { &usable[1 - domain] } else { &usable[domain] };
            let bag = bags[rng.below(bags.len())];
            net.step(params, bag, domain as f32, (u.as_mut_slice(), &mut c), &mut rng);
        }
        mean.settled(net)
    }

    fn step(
        &mut self,
        params: &AdversarialParams,
        bag: &[u32],
        domain: f32,
        (u, c): (&mut [f32], &mut f32),
        rng: &mut Rng,
    ) {
        let d = self.width;
        let answer = bag[rng.below(bag.len())];
        let rest: Vec<u32> = bag.iter().copied().filter(|column| *column != answer).collect();
        let n = (self.inputs.len() / d) as u32;
        let mut other = rng.below(n as usize) as u32;
        for _ in 0..10 {
            if !bag.contains(&other) {
                break;
            }
            other = rng.below(n as usize) as u32;
        }
        let a = self.input(&rest);
        let h = self.features(&a);
        let apart: Vec<f32> = self.task(answer).iter().zip(self.task(other)).map(|(p, q)| p - q).collect();
        let push = params.rate * sigmoid(-dot(&h, &apart));
        let wrong = params.rate * (sigmoid(dot(u, &h) + *c) - domain);
        // What both heads say to the features: the task is followed, the discriminator opposed.
        let mut slope: Vec<f32> = apart.iter().map(|x| push * x).collect();
        add_scaled(&mut slope, params.reversal * wrong, u);
        // Two players who follow one another may run away together: no step is longer than the step length.
        let length = dot(&slope, &slope).sqrt();
        if length > params.rate {
            slope.iter_mut().for_each(|s| *s *= params.rate / length);
        }
        for (which, sign) in [(answer, 1.0), (other, -1.0)] {
            let t = &mut self.tasks[which as usize * d..][..d];
            t.iter_mut().zip(&h).for_each(|(t, h)| *t += sign * push * h - params.rate * params.reg * *t);
        }
        u.iter_mut().for_each(|u| *u *= 1.0 - params.rate * params.reg);
        add_scaled(u, -wrong, &h);
        *c -= wrong;
        for ((line, bias), s) in self.matrix.chunks_exact_mut(d).zip(&mut self.bias).zip(&slope) {
            add_scaled(line, *s, &a);
            *bias += s;
        }
    }
}

/// How well a fresh linear classifier tells two clouds of rows of `width` apart: its balanced accuracy on every
/// other row, after it was fitted on the rest. One half is chance; nothing with fewer than two rows a side.
pub fn probe(a: &[f32], b: &[f32], width: usize) -> Option<f64> {
    let rows = |of: &[f32], odd: usize| -> Vec<Vec<f32>> {
        of.chunks_exact(width).skip(odd).step_by(2).map(<[f32]>::to_vec).collect()
    };
    let (learn, ask) = ([rows(a, 0), rows(b, 0)], [rows(a, 1), rows(b, 1)]);
    if ask.iter().any(Vec::is_empty) {
        return None;
    }
    // Deviations of what is learnt from, so that one step length suits all.
    let all: Vec<&Vec<f32>> = learn.iter().flatten().collect();
    let mean: Vec<f32> = (0..width).map(|k| all.iter().map(|r| r[k]).sum::<f32>() / all.len() as f32).collect();
    let spread = |k: usize| (all.iter().map(|r| (r[k] - mean[k]).powi(2)).sum::<f32>() / all.len() as f32).sqrt();
    let scale: Vec<f32> = (0..width).map(spread).map(|s| if s > 0.0 { 1.0 / s } else { 0.0 }).collect();
    let unit = |row: &[f32]| row.iter().zip(&mean).zip(&scale).map(|((x, m), s)| (x - m) * s).collect::<Vec<f32>>();
    let learn = learn.map(|side| side.iter().map(|row| unit(row)).collect::<Vec<_>>());
    let (mut w, mut c) = (vec![0.0_f32; width], 0.0_f32);
    for _ in 0..200 {
        let (mut slope, mut lift) = (vec![0.0_f32; width], 0.0_f32);
        for (domain, side) in learn.iter().enumerate() {
            let share = 0.5 / side.len() as f32;
            for row in side {
                let wrong = share * (sigmoid(dot(&w, row) + c) - domain as f32);
                add_scaled(&mut slope, wrong, row);
                lift += wrong;
            }
        }
        w.iter_mut().zip(&slope).for_each(|(w, s)| *w -= *s + 1e-3 * *w);
        c -= lift;
    }
    let right = |(domain, side): (usize, &Vec<Vec<f32>>)| {
        let hits = side.iter().filter(|row| (dot(&w, &unit(row)) + c > 0.0) == (domain == 1)).count();
        hits as f64 / side.len() as f64
    };
    Some(ask.iter().enumerate().map(right).sum::<f64>() / 2.0)
}

/// How far an accuracy on `n` rows is above one half, in chances: the probability that guessing does as well.
pub fn as_good_by_chance(accuracy: f64, n: usize) -> f64 {
    normal_cdf(-(accuracy - 0.5) * 2.0 * (n as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Columns 0 to 9 in pairs (0 with 1, 2 with 3, …). Bags of a domain hold pairs and a mark of the domain:
    /// column 10 in one, 11 in the other.
    fn bags(domain: u32) -> Vec<Vec<u32>> {
        (0..60).map(|i| vec![2 * (i % 5), 2 * (i % 5) + 1, 10 + domain]).collect()
    }

    fn vectors(d: usize) -> Vec<f32> {
        let mut rng = Seed(5).stream(0);
        (0..12 * d).map(|_| (0.5 * rng.normal()) as f32).collect()
    }

    fn trained(reversal: f32) -> Adversarial {
        let params = AdversarialParams { width: 8, n_steps: 30_000, rate: 0.03, reversal, reg: 1e-3 };
        Adversarial::train(&params, vectors(8), [&bags(0), &bags(1)], Seed(2))
    }

    fn accuracy(net: &Adversarial) -> f64 {
        let side = |domain| -> Vec<f32> { bags(domain).iter().flat_map(|bag| net.features(&net.input(bag))).collect() };
        probe(&side(0), &side(1), 8).unwrap()
    }

    #[test]
    fn the_domain_is_hidden_and_the_task_is_kept() {
        let (plain, hidden) = (trained(0.0), trained(1.0));
        assert!(accuracy(&plain) > 0.95, "{}", accuracy(&plain));
        assert!(accuracy(&hidden) < 0.75, "{}", accuracy(&hidden));
        for first in [0_u32, 2, 4, 6, 8] {
            let h = hidden.features(&hidden.input(&[first, 10]));
            let score = |column| dot(&h, hidden.task(column));
            let best = (0..10).filter(|c| *c != first).max_by(|a, b| score(*a).total_cmp(&score(*b)));
            assert_eq!(best, Some(first + 1));
        }
    }

    #[test] // The rows 0 and 1 apart in one number are told apart, equal clouds are not.
    fn the_probe_knows_what_can_be_known() {
        let a: Vec<f32> = (0..40).map(|i| i as f32 % 3.0).collect();
        let far: Vec<f32> = a.iter().map(|x| x + 10.0).collect();
        assert_eq!(probe(&a, &far, 1), Some(1.0));
        assert!((probe(&a, &a, 1).unwrap() - 0.5).abs() < 0.1);
        assert_eq!(probe(&a[..1], &a, 1), None);
        assert!((as_good_by_chance(0.5, 100) - 0.5).abs() < 1e-12 && as_good_by_chance(0.6, 100) < 0.03);
    }
}
