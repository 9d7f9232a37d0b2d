//! A training that was killed is taken up where its last checkpoint was, and only that training.

use super::order_tests::{ring, table};
use super::*;
use domain::Interactions;
use learn::net::CheckpointError;
use std::collections::BTreeMap;

/// Keeps checkpoints in memory, by fingerprint.
#[derive(Default)]
struct Memory {
    kept: BTreeMap<u128, Vec<u8>>,
    /// Steps heard of.
    heard: usize,
    /// The step after which a checkpoint is asked for, and the one after which the training is killed.
    keep_at: Option<usize>,
    kill_at: Option<usize>,
    /// Gives this checkpoint whatever is asked for.
    planted: Option<Vec<u8>>,
    asked: Option<u128>,
    refused: Option<CheckpointError>,
}

impl Watch for Memory {
    fn at(&mut self, _: Progress) -> Flow {
        self.heard += 1;
        match self.heard {
            n if Some(n) == self.keep_at => Flow::Keep,
            n if Some(n) == self.kill_at => Flow::Pause,
            _ => Flow::Continue,
        }
    }

    fn keep(&mut self, checkpoint: Vec<u8>) {
        self.kept.insert(self.asked.unwrap(), checkpoint);
    }

    fn earlier(&mut self, of: u128) -> Option<Vec<u8>> {
        self.asked = Some(of);
        self.planted.clone().or_else(|| self.kept.get(&of).cloned())
    }

    fn refused(&mut self, why: &CheckpointError) {
        self.refused = Some(why.clone());
    }
}

/// A fit of some network, with what is learnt as numbers.
type FitOf<'a> = Box<dyn Fn(&mut dyn Watch) -> Vec<u32> + 'a>;

fn bits(weights: &Weights) -> Vec<u32> {
    weights.arrays().flat_map(|(_, _, values)| values.iter().map(|v| v.to_bits())).collect()
}

const NEXT: NextItemParams = NextItemParams {
    width: 8,
    max_len: 10,
    dropout: 0.2,
    loss: ItemLoss::Full,
    n_epochs: 6,
    patience: 3,
    batch: 16,
    rate: 1e-2,
};

fn sasrec<'a>(rate: f32, train: &'a Interactions) -> FitOf<'a> {
    let params = SasRecParams { common: NextItemParams { rate, ..NEXT }, n_blocks: 1, n_heads: 2, hidden: 8 };
    Box::new(move |watch| bits(params.fit_watched(train, Seed(1), watch).unwrap().weights()))
}

fn all<'a>(train: &'a Interactions) -> Vec<(&'static str, FitOf<'a>)> {
    let gru = Gru4RecParams { common: NEXT, state: 8, ..Gru4RecParams::default() };
    let neu_mf = NeuMfParams { width: 8, hidden: 8, n_epochs: 6, patience: 3, batch: 16, ..NeuMfParams::default() };
    let words: Vec<u32> = (0..200).map(|i| (i * 7 + i / 3) % 11).collect();
    let data = Described::new(200).category("word", 11, &words).unwrap();
    let labels: Vec<f32> = words.iter().map(|w| f32::from(u8::from(w % 3 == 0))).collect();
    let pairs: Vec<(u32, u32)> = (0..200).map(|i| (i, (i * 5) % 200)).collect();
    let wide = WideDeepParams { width: 4, layers: vec![8], n_epochs: 6, batch: 32, ..WideDeepParams::default() };
    let tasks = MultiTaskParams { width: 4, shared: 8, tower: 4, n_epochs: 6, batch: 32, ..MultiTaskParams::default() };
    let towers = TwoTowerParams { width: 4, hidden: 8, out: 4, n_epochs: 6, batch: 32, ..TwoTowerParams::default() };
    let (a, b, c) = (data.clone(), data.clone(), data);
    let outcomes = vec![Outcome { name: "click".into(), labels: labels.clone(), weight: 1.0 }];
    vec![
        ("sasrec", sasrec(1e-2, train)),
        ("gru4rec", Box::new(move |watch| bits(gru.fit_watched(train, Seed(1), watch).unwrap().weights()))),
        ("neu-mf", Box::new(move |watch| bits(neu_mf.fit_watched(train, Seed(1), watch).unwrap().weights()))),
        ("wide & deep", Box::new(move |watch| bits(wide.fit_watched(&a, &labels, Seed(1), watch).unwrap().weights()))),
        (
            "multi-task",
            Box::new(move |watch| bits(tasks.fit_watched(&b, &outcomes, Seed(1), watch).unwrap().weights())),
        ),
        (
            "two towers",
            Box::new(move |watch| bits(towers.fit_watched(&c, &c, &pairs, Seed(1), watch).unwrap().weights())),
        ),
    ]
}

#[test]
fn a_training_that_was_killed_ends_in_the_bits_of_one_that_was_not() {
    let train = table(&ring(120, 1));
    for (name, fit) in all(&train) {
        let mut whole = Memory::default();
        let want = fit(&mut whole);
        let keep_at = whole.heard / 2;
        assert!(keep_at + 2 < whole.heard, "{name}: it is killed before it is done");
        let mut killed = Memory { keep_at: Some(keep_at), kill_at: Some(keep_at + 2), ..Memory::default() };
        fit(&mut killed);
        assert_eq!((killed.heard, killed.kept.len()), (keep_at + 2, 1), "{name}");
        let mut resumed = Memory { kept: killed.kept, ..Memory::default() };
        assert!(fit(&mut resumed) == want, "{name}: other bits");
        assert_eq!((resumed.heard, resumed.refused), (whole.heard - keep_at, None), "{name}: only the rest is trained");
    }
}

#[test]
fn a_checkpoint_of_other_data_or_parameters_is_not_used() {
    let (train, other) = (table(&ring(120, 1)), table(&ring(121, 1)));
    let mut memory = Memory { keep_at: Some(9), ..Memory::default() };
    sasrec(1e-2, &train)(&mut memory);
    let asked = memory.asked;
    for (what, fit) in [("parameters", sasrec(2e-2, &train)), ("data", sasrec(1e-2, &other))] {
        let want = fit(&mut Memory::default());
        let mut own = Memory { kept: memory.kept.clone(), ..Memory::default() };
        assert!(fit(&mut own) == want && own.asked != asked && own.refused.is_none(), "{what}: it has another name");
        let planted = memory.kept.values().next().cloned();
        let mut forced = Memory { planted, ..Memory::default() };
        assert!(fit(&mut forced) == want, "{what}");
        assert_eq!(forced.refused, Some(CheckpointError::Other("examples or parameters")), "{what}");
    }
}

/// Half of the outcomes are chance, so that learning them by heart raises the loss on the rows kept aside.
#[test]
fn networks_over_features_stop_when_the_loss_on_rows_kept_aside_no_longer_falls() {
    let mut rng = Seed(4).stream(0);
    let names: Vec<u32> = (0..600).collect();
    let labels: Vec<f32> = names.iter().map(|_| f32::from(u8::from(rng.uniform() < 0.5))).collect();
    let data = Described::new(600).category("name", 600, &names).unwrap();
    let epochs = |patience| {
        let params = WideDeepParams { n_epochs: 40, patience, rate: 2e-2, ..WideDeepParams::default() };
        let mut last = None;
        let watch = &mut |p: Progress| {
            last = Some(p);
            Flow::Continue
        };
        params.fit_watched(&data, &labels, Seed(1), watch).unwrap();
        last.map(|p| (p.epoch, p.metric.is_some()))
    };
    assert_eq!(epochs(0), Some((40, false)));
    let stopped = epochs(3);
    assert!(stopped.is_some_and(|(epoch, metric)| (4..30).contains(&epoch) && metric), "{stopped:?}");
}
