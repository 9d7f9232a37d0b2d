//! Models of order on a merchant where order is all there is.

use super::*;
use crate::{ItemKnnParams, PopularityParams};
use domain::{Day, Fit, History, Interaction, Interactions, ItemIdx, Kind, Market, Score, Seed, ShopperIdx};
use learn::net::Cell;

const N_ITEMS: u32 = 24;

/// Who buys item `i` after item `j` buys `i + (i − j)` next, around a ring: the last two items say what comes,
/// neither of them alone does, and all items are equally popular.
pub(super) fn ring(n_shoppers: u32, seed: u64) -> Vec<Vec<ItemIdx>> {
    let mut rng = Seed(seed).stream(0);
    let one = |_| {
        let (start, stride) = (rng.below(N_ITEMS as usize) as u32, [1, 5, 7][rng.below(3)]);
        (0..6).map(|n| ItemIdx((start + n * stride) % N_ITEMS)).collect()
    };
    (0..n_shoppers).map(one).collect()
}

pub(super) fn table(rows: &[Vec<ItemIdx>]) -> Interactions {
    let cells = (0..).zip(rows).flat_map(|(s, items)| {
        (0..).zip(items).map(move |(day, item)| Interaction {
            shopper: ShopperIdx(s),
            item: *item,
            kind: Kind::Purchase,
            day: Day(day),
            weight: 1.0,
        })
    });
    Interactions::new(N_ITEMS as usize, vec![Market::UNKNOWN; rows.len()], cells.collect()).unwrap()
}

/// The share of fresh shoppers whose last item is the first of the list after the others.
fn hits(model: &dyn Score) -> f64 {
    let all: Vec<ItemIdx> = (0..N_ITEMS).map(ItemIdx).collect();
    let asked = ring(200, 99);
    let hit = |items: &Vec<ItemIdx>| {
        let history = &items[..5];
        let unseen: Vec<ItemIdx> = all.iter().copied().filter(|i| !history.contains(i)).collect();
        let scores = model.score(History::of(history), &unseen);
        let best = unseen.iter().zip(scores).max_by(|a, b| a.1.unwrap().total_cmp(&b.1.unwrap())).unwrap().0;
        *best == items[5]
    };
    asked.iter().filter(|items| hit(items)).count() as f64 / asked.len() as f64
}

/// The share of the best guess from the last item alone: one stride of three.
fn markov() -> f64 {
    let mut next = vec![[0_u32; N_ITEMS as usize]; N_ITEMS as usize];
    for items in ring(1_200, 1) {
        items.windows(2).for_each(|pair| next[pair[0].at()][pair[1].at()] += 1);
    }
    let best = |item: ItemIdx| (0..N_ITEMS).max_by_key(|i| next[item.at()][*i as usize]).map(ItemIdx);
    let asked = ring(200, 99);
    asked.iter().filter(|items| best(items[4]) == Some(items[5])).count() as f64 / asked.len() as f64
}

const COMMON: NextItemParams = NextItemParams {
    width: 16,
    max_len: 8,
    dropout: 0.0,
    loss: ItemLoss::Full,
    n_epochs: 25,
    patience: 0,
    batch: 32,
    rate: 5e-3,
};

#[test]
fn a_state_or_attention_finds_what_counting_pairs_and_sets_cannot() {
    let train = table(&ring(1_200, 1));
    let simple = [
        markov(),
        hits(&PopularityParams::default().fit(&train, Seed(1)).unwrap()),
        hits(&ItemKnnParams::default().fit(&train, Seed(1)).unwrap()),
    ];
    let best_simple = simple.into_iter().fold(0.0, f64::max);
    assert!(best_simple < 0.6, "{simple:?}");
    let sasrec = SasRecParams { common: COMMON, n_blocks: 2, n_heads: 2, hidden: 32 };
    let sampled = NextItemParams { loss: ItemLoss::Sampled { n_negatives: 16 }, ..COMMON };
    let found = [
        ("attention", hits(&sasrec.fit(&train, Seed(1)).unwrap())),
        ("attention, sampled", hits(&SasRecParams { common: sampled, ..sasrec }.fit(&train, Seed(1)).unwrap())),
        ("GRU", hits(&Gru4RecParams { common: COMMON, cell: Cell::Gru, state: 32 }.fit(&train, Seed(1)).unwrap())),
        ("LSTM", hits(&Gru4RecParams { common: COMMON, cell: Cell::Lstm, state: 32 }.fit(&train, Seed(1)).unwrap())),
        ("plain", hits(&Gru4RecParams { common: COMMON, cell: Cell::Plain, state: 32 }.fit(&train, Seed(1)).unwrap())),
    ];
    assert!(found.iter().all(|(_, share)| *share > best_simple + 0.2), "{found:?} after {simple:?}");
}

#[test]
fn training_stops_early_and_whoever_watches_may_end_it() {
    let train = table(&ring(200, 1));
    let mut last = None;
    let params = NextItemParams { n_epochs: 200, patience: 2, rate: 2e-2, ..COMMON };
    let params = SasRecParams { common: params, n_blocks: 1, n_heads: 1, hidden: 16 };
    params
        .fit_watched(&train, Seed(1), &mut |p: learn::net::Progress| {
            last = Some(p);
            learn::net::Flow::Continue
        })
        .unwrap();
    let epochs = last.map_or(0, |p| p.epoch);
    assert!((3..200).contains(&epochs), "{epochs}");
    let mut steps = 0;
    let stop = &mut |_: learn::net::Progress| {
        steps += 1;
        learn::net::Flow::Pause
    };
    assert!(params.fit_watched(&train, Seed(1), stop).is_ok());
    assert_eq!(steps, 1);
}

#[test]
fn parameters_outside_their_range_are_named() {
    let train = table(&ring(5, 1));
    let named = |params: SasRecParams, want: &str| {
        let error = params.fit(&train, Seed(0)).unwrap_err();
        assert!(matches!(error, domain::FitError::Param { name, .. } if name == want), "{error}");
    };
    let base = SasRecParams { common: COMMON, n_blocks: 1, n_heads: 1, hidden: 16 };
    named(SasRecParams { n_heads: 3, ..base }, "width");
    named(SasRecParams { common: NextItemParams { dropout: 1.0, ..COMMON }, ..base }, "dropout");
    named(SasRecParams { common: NextItemParams { rate: 0.0, ..COMMON }, ..base }, "rate");
    let loss = ItemLoss::Sampled { n_negatives: 0 };
    named(SasRecParams { common: NextItemParams { loss, ..COMMON }, ..base }, "n_negatives");
}
