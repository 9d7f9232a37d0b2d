//! Every operation's derivatives against differences of its value, and the training loop's promises.

use super::*;
use domain::{Rng, Seed};

type Build = dyn Fn(&mut Tape<'_>, &[Var]) -> Var;

/// A number that depends on every cell of a value in its own way.
fn weighed(tape: &mut Tape<'_>, v: Var) -> Var {
    let (rows, cols) = tape.shape(v);
    let weights = (0..rows * cols).map(|i| 0.3 + ((i * 7) % 5) as f32 * 0.4).collect();
    let weights = tape.constant(weights, rows, cols);
    tape.mul(v, weights)
}

/// The sum of what `build` gives.
fn sum_of(build: &Build, leaves: &[(Vec<f32>, usize, usize)]) -> f64 {
    let mut tape = Tape::new(Pool::default(), Mode::Train);
    let vars: Vec<Var> = leaves.iter().map(|(d, r, c)| tape.leaf(d, *r, *c)).collect();
    let out = build(&mut tape, &vars);
    tape.value(out).iter().map(|v| f64::from(*v)).sum()
}

/// Compares each cell's derivative with a central difference.
fn check(name: &str, shapes: &[(usize, usize)], build: &Build) {
    let mut rng = Seed(11).stream(name.len() as u64);
    let mut leaves: Vec<(Vec<f32>, usize, usize)> =
        shapes.iter().map(|&(r, c)| ((0..r * c).map(|_| rng.normal() as f32 * 0.7).collect(), r, c)).collect();
    let gradients: Vec<Vec<f32>> = {
        let mut tape = Tape::new(Pool::default(), Mode::Train);
        let vars: Vec<Var> = leaves.iter().map(|(d, r, c)| tape.leaf(d, *r, *c)).collect();
        let out = build(&mut tape, &vars);
        tape.backward(out);
        vars.iter().map(|v| tape.gradient(*v).unwrap_or_else(|| panic!("{name}: a leaf without a gradient"))).collect()
    };
    for (l, gradient) in gradients.iter().enumerate() {
        for (i, got) in gradient.iter().enumerate() {
            let mut at = |step: f32| {
                let was = leaves[l].0[i];
                leaves[l].0[i] = was + step;
                let value = sum_of(build, &leaves);
                leaves[l].0[i] = was;
                value
            };
            let want = (at(1e-2) - at(-1e-2)) / 2e-2;
            let error = (f64::from(*got) - want).abs() / (1.0 + want.abs());
            assert!(error < 4e-3, "{name}: leaf {l}, cell {i}: {got}, by difference {want}");
        }
    }
}

#[test]
fn derivatives_of_maps_and_curves_are_right() {
    check("linear", &[(3, 4), (4, 2), (1, 2)], &|t, v| {
        let y = t.linear(v[0], v[1], v[2]);
        weighed(t, y)
    });
    check("products", &[(3, 4), (5, 4)], &|t, v| {
        let y = t.products(v[0], v[1]);
        weighed(t, y)
    });
    check("reshape", &[(3, 4)], &|t, v| {
        let y = t.reshape(v[0], 2);
        assert_eq!(t.shape(y), (6, 2));
        weighed(t, y)
    });
    for curve in [Activation::Sigmoid, Activation::Tanh] {
        check("curve", &[(3, 5)], &move |t, v| {
            let y = t.activate(v[0], curve);
            weighed(t, y)
        });
    }
    // Away from the kink, where a difference sees both sides.
    check("relu", &[(3, 5)], &|t, v| {
        let big = t.scale(v[0], 100.0);
        let y = t.activate(big, Activation::Relu);
        let y = t.scale(y, 0.01);
        weighed(t, y)
    });
    check("layer norm", &[(3, 20), (1, 20), (1, 20)], &|t, v| {
        let y = t.layer_norm(v[0], v[1], v[2]);
        weighed(t, y)
    });
    check("products and sums", &[(3, 5), (3, 5)], &|t, v| {
        let y = t.mul(v[0], v[1]);
        let y = t.add(y, v[0]);
        let y = t.beside(&[y, v[1]]);
        let y = t.scale(y, -0.5);
        let y = t.dropout(y, 0.3, 5);
        weighed(t, y)
    });
    check("rows of a table", &[(4, 3)], &|t, v| {
        let y = t.gather(v[0], vec![1, 3, 1, 0, 2]);
        let z = t.bag(v[0], vec![2, 2, 3, 4, 4], vec![(0, 0.5), (2, 1.5), (1, 1.0), (3, -1.0)]);
        let y = t.mul(y, z);
        let y = t.add(y, z);
        weighed(t, y)
    });
    check("mixtures", &[(3, 2), (3, 4), (3, 4)], &|t, v| {
        let gates = t.softmax(v[0]);
        let y = t.mix(gates, &[v[1], v[2]]);
        weighed(t, y)
    });
    check("row products", &[(3, 4), (3, 4)], &|t, v| {
        let (x, y) = (t.unit_rows(v[0]), v[1]);
        let y = t.row_products(x, y);
        weighed(t, y)
    });
}

#[test]
fn derivatives_of_attention_are_right_with_and_without_dropout() {
    for dropout in [0.0, 0.4] {
        check("attention", &[(6, 12)], &move |t, v| {
            let y = t.attend(v[0], &[4, 2], Attention { n_heads: 2, dropout, seed: 3 });
            weighed(t, y)
        });
    }
}

#[test]
fn derivatives_of_recurrent_cells_are_right() {
    for cell in [Cell::Plain, Cell::Gru, Cell::Lstm] {
        let g = cell.n_gates();
        check("cell", &[(6, 2 * g), (2, 2 * g)], &move |t, v| {
            let y = t.recur(cell, v[0], v[1], &[3, 2, 1]);
            weighed(t, y)
        });
    }
}

#[test]
fn derivatives_over_pictures_are_right() {
    for (stride, pad) in [(1, 1), (2, 1), (2, 0)] {
        let over = Conv { images: 2, height: 5, width: 4, kernel: 3, stride, pad };
        check("convolution", &[(40, 2), (18, 3)], &move |t, v| {
            let y = t.convolve(v[0], v[1], over);
            weighed(t, y)
        });
    }
    check("group norm", &[(8, 6), (1, 6), (1, 6), (8, 6)], &|t, v| {
        let y = t.group_norm(v[0], v[1], v[2], Some(v[3]), Groups { images: 2, groups: 3, relu: false });
        weighed(t, y)
    });
    // What the curve cuts is far from its kink: shifts of ±9 outweigh what is normalised.
    check("group norm and curve", &[(8, 4), (1, 4), (1, 4)], &|t, v| {
        let far = t.constant(vec![9.0, -9.0, 9.0, -9.0], 1, 4);
        let shift = t.add(v[2], far);
        let y = t.group_norm(v[0], v[1], shift, None, Groups { images: 2, groups: 2, relu: true });
        weighed(t, y)
    });
    check("means of pictures", &[(12, 3)], &|t, v| {
        let y = t.mean_pixels(v[0], 2);
        weighed(t, y)
    });
    // No two cells of a square near to each other, where a difference sees both.
    check("largest of squares", &[(20, 2)], &|t, v| {
        let apart = t.constant((0..40).map(|i| ((i * 7) % 40) as f32 * 9.0).collect(), 20, 2);
        let x = t.add(v[0], apart);
        let y = t.max_squares(x, (5, 4), 2);
        weighed(t, y)
    });
}

#[test]
fn derivatives_of_losses_are_right() {
    check("cross-entropy", &[(3, 4), (5, 4)], &|t, v| {
        let loss = t.cross_entropy(v[0], v[1], &[4, 0, 4], &[0.0, 0.5, -0.5, 1.0, 0.1]);
        t.scale(loss, 0.5)
    });
    check("sampled cross-entropy", &[(3, 4), (6, 4)], &|t, v| {
        let targets = Targets {
            positives: &[1, 0, 4],
            log_expected: &[0.1, 0.2, -0.3],
            negatives: &[2, 4, 4, 5, 3],
            negative_log_expected: &[0.0, -0.3, -0.3, 0.4, 0.2],
        };
        t.sampled_cross_entropy(v[0], v[1], targets)
    });
    check("logistic", &[(3, 1)], &|t, v| t.logistic_loss(v[0], &[1.0, 0.0, 0.3], &[1.0, 2.0, 0.5]));
    check("squared", &[(3, 1)], &|t, v| t.squared_loss(v[0], &[1.0, 0.0, 0.3], &[1.0, 2.0, 0.5]));
}

/// Learns `y = 2 a − b` with a table for `a` and a dense weight for `b`.
struct Toy {
    cases: Vec<(u32, f32, f32)>,
}

impl Toy {
    fn new() -> Self {
        let case = |i: u32| {
            let (a, b) = (i % 7, (i % 5) as f32 / 5.0);
            (a, b, 2.0 * a as f32 / 7.0 - b)
        };
        Self { cases: (0..100).map(case).collect() }
    }

    fn weights() -> Weights {
        let mut weights = Weights::default();
        weights.dense("slope", (1, 1), Start::Constant(0.0), &mut Rng::new(1));
        weights.table("level", (7, 1), Start::Normal(0.1), &mut Rng::new(2));
        weights
    }

    fn trainer(n_shards: usize, stop: Stop) -> Trainer {
        let adam = AdamParams { rate: 0.05, ..AdamParams::default() };
        let params = TrainParams { n_epochs: 40, batch: 10, n_shards, adam, stop, ..TrainParams::default() };
        Trainer::new(params, Self::weights(), Seed(5), 1).unwrap()
    }
}

impl Network for Toy {
    type Shared = ();

    fn n_examples(&self) -> usize {
        self.cases.len()
    }

    fn share(&self, examples: &[u32], _: &mut Rng) -> ((), Vec<Rows>) {
        ((), vec![Rows::Some(examples.iter().map(|e| self.cases[*e as usize].0).collect())])
    }

    fn loss(&self, tape: &mut Tape<'_>, leaves: Leaves<'_>, (): &(), examples: &[u32], _: &mut Rng) -> Option<Loss> {
        let cases: Vec<_> = examples.iter().map(|e| self.cases[*e as usize]).collect();
        let level = tape.gather(leaves.tables[0], cases.iter().map(|c| leaves.local(0, c.0)).collect());
        let b = tape.constant(cases.iter().map(|c| c.1).collect(), cases.len(), 1);
        let part = tape.matmul(b, leaves.dense[0]);
        let y = tape.add(level, part);
        let targets: Vec<f32> = cases.iter().map(|c| c.2).collect();
        let sum = tape.squared_loss(y, &targets, &vec![1.0; targets.len()]);
        Some(Loss { sum, weight: targets.len() as f64 })
    }
}

fn to_the_end(trainer: &mut Trainer) -> Vec<Progress> {
    let mut seen = Vec::new();
    let mut watch = |p: Progress| {
        seen.push(p);
        Flow::Continue
    };
    trainer.run(&Toy::new(), &mut |_| None, &mut watch).unwrap();
    seen
}

#[test]
fn training_finds_the_truth_and_says_how_far_it_is() {
    let mut trainer = Toy::trainer(3, Stop::Never);
    let seen = to_the_end(&mut trainer);
    let last = seen.last().unwrap();
    assert_eq!((last.epoch, last.step, last.share(), seen.len()), (40, 0, 1.0, 400));
    assert!(last.loss < 1e-3, "{last:?}");
    let weights = trainer.into_weights();
    assert!((weights.all_dense()[0].values()[0] + 1.0).abs() < 0.05);
    assert!((weights.all_tables()[0].values()[6] - 12.0 / 7.0).abs() < 0.05);
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut trainer = Toy::trainer(4, Stop::Never);
            to_the_end(&mut trainer);
            trainer.checkpoint()
        })
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn a_training_that_was_paused_goes_on_to_the_bit() {
    let mut whole = Toy::trainer(3, Stop::Never);
    to_the_end(&mut whole);
    let mut first = Toy::trainer(3, Stop::Never);
    let mut left = 137;
    let mut pause = |_: Progress| {
        left -= 1;
        if left == 0 { Flow::Pause } else { Flow::Continue }
    };
    first.run(&Toy::new(), &mut |_| None, &mut pause).unwrap();
    let bytes = first.checkpoint();
    let mut second = Toy::trainer(3, Stop::Never);
    second.resume(&bytes).unwrap();
    to_the_end(&mut second);
    assert!(second.checkpoint() == whole.checkpoint(), "137 steps and the rest are not the whole");
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        assert!(matches!(second.resume(&damaged), Err(CheckpointError::Damaged(_))), "byte {at}");
        assert!(matches!(second.resume(&bytes[..at]), Err(CheckpointError::Damaged(_))), "cut at {at}");
    }
    let other = |weights, seed, of| {
        Trainer::new(TrainParams::default(), weights, Seed(seed), of).unwrap().resume(&bytes).unwrap_err()
    };
    assert_eq!(other(Toy::weights(), 5, 2), CheckpointError::Other("examples or parameters"));
    assert_eq!(other(Toy::weights(), 6, 1), CheckpointError::Other("seed"));
    let mut wider = Toy::weights();
    wider.dense("more", (1, 2), Start::Constant(0.0), &mut Rng::new(1));
    assert_eq!(other(wider, 5, 1), CheckpointError::Other("matrices"));
}

/// A watcher that keeps what it is handed.
struct Keeper(Vec<Vec<u8>>);

impl Watch for Keeper {
    fn at(&mut self, progress: Progress) -> Flow {
        if progress.step == 5 { Flow::Keep } else { Flow::Continue }
    }

    fn keep(&mut self, checkpoint: Vec<u8>) {
        self.0.push(checkpoint);
    }
}

/// The metric rises until epoch 20 and falls then: what was best is in the checkpoints, too.
#[test]
fn every_checkpoint_that_is_kept_leads_to_the_same_end() {
    let train = |from: Option<&Vec<u8>>, watch: &mut dyn Watch| {
        let mut trainer = Toy::trainer(3, Stop::After(8));
        if let Some(bytes) = from {
            trainer.resume(bytes).unwrap();
        }
        let mut n = trainer.epoch;
        let mut metric = |_: &Weights| {
            n += 1;
            Some(-(n as f64 - 20.0).abs())
        };
        trainer.run(&Toy::new(), &mut metric, watch).unwrap();
        assert_eq!(trainer.epoch, 28);
        trainer.into_weights()
    };
    let mut keeper = Keeper(Vec::new());
    let whole = train(None, &mut keeper);
    assert_eq!(keeper.0.len(), 28);
    for bytes in &keeper.0 {
        assert!(train(Some(bytes), &mut |_: Progress| Flow::Continue) == whole);
    }
}

#[test]
fn training_stops_when_the_metric_no_longer_rises_and_keeps_the_best() {
    let mut trainer = Toy::trainer(2, Stop::After(3));
    let (mut epoch, mut kept) = (0, None);
    let mut metric = |w: &Weights| {
        epoch += 1;
        if epoch == 4 {
            kept = Some(w.clone());
        }
        Some([1.0, 0.0, 2.0, 3.0].get(epoch as usize - 1).copied().unwrap_or(0.0))
    };
    trainer.run(&Toy::new(), &mut metric, &mut |_: Progress| Flow::Continue).unwrap();
    assert_eq!(epoch, 7);
    assert_eq!(Some(trainer.into_weights()), kept.map(Weights::settled));
}

/// Adam's step has the length of the rate at first: three steps at shares (1 + cos(k π / 4)) / 2 of it, which add up to 3 / 2.
#[test]
fn the_rate_falls_along_half_a_wave() {
    struct Slope;
    impl Network for Slope {
        type Shared = ();
        fn n_examples(&self) -> usize {
            1
        }
        fn share(&self, _: &[u32], _: &mut Rng) -> ((), Vec<Rows>) {
            ((), vec![])
        }
        fn loss(&self, tape: &mut Tape<'_>, leaves: Leaves<'_>, (): &(), _: &[u32], _: &mut Rng) -> Option<Loss> {
            Some(Loss { sum: tape.scale(leaves.dense[0], 2.0), weight: 1.0 })
        }
    }
    let fall = |cooling| {
        let mut weights = Weights::default();
        weights.dense("w", (1, 1), Start::Constant(0.0), &mut Rng::new(1));
        let adam = AdamParams { rate: 0.1, ..AdamParams::default() };
        let params = TrainParams { n_epochs: 3, batch: 1, n_shards: 1, adam, cooling, ..TrainParams::default() };
        let mut trainer = Trainer::new(params, weights, Seed(1), 0).unwrap();
        trainer.run(&Slope, &mut |_| None, &mut |_: Progress| Flow::Continue).unwrap();
        trainer.weights().all_dense()[0].values()[0]
    };
    assert!((fall(Cooling::Never) + 0.3).abs() < 1e-4);
    assert!((fall(Cooling::Cosine) + 0.15).abs() < 1e-4);
}

#[test]
fn parameters_outside_their_range_are_named() {
    for (params, want) in [
        (TrainParams { batch: 0, ..TrainParams::default() }, "batch"),
        (TrainParams { clip: 0.0, ..TrainParams::default() }, "clip"),
        (
            TrainParams { adam: AdamParams { rate: f32::NAN, ..AdamParams::default() }, ..TrainParams::default() },
            "rate",
        ),
    ] {
        let error = Trainer::new(params, Weights::default(), Seed(0), 0).err();
        assert!(matches!(error, Some(crate::LearnError::Param { name, .. }) if name == want));
    }
}
