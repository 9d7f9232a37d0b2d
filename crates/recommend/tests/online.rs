//! Models that go on learning: what they forget of one market while they learn another, and, on Online
//! Retail, how they do day after day beside the model that stands still.

#![allow(clippy::print_stderr)] // the curve is what a reader of this test wants to see

use domain::{Day, Fit, History, Interaction, Interactions, ItemIdx, Kind, Market, Score, Seed, ShopperIdx};
use eval::{Metric, Protocol, Stream, prequential};
use flate2::read::GzDecoder;
use recommend::online::{IalsOnline, ItemKnnOnline, Online, PairsOnline, PairsOnlineParams};
use recommend::{BprParams, IalsParams, ItemKnnParams, RowSolver, Strength, prepare};
use std::collections::BTreeMap;

fn row(shopper: u32, item: u32, day: i32) -> Interaction {
    Interaction { shopper: ShopperIdx(shopper), item: ItemIdx(item), kind: Kind::Purchase, day: Day(day), weight: 1.0 }
}

/// Items of a market in groups of 15; a shopper buys 7 of her group and one of any. The last of the group
/// is held out. Returns rows and, for each shopper, what was held out.
fn market(first_shopper: u32, first_item: u32, seed: u64) -> (Vec<Interaction>, Vec<(u32, u32)>) {
    let (mut rows, mut held) = (Vec::new(), Vec::new());
    for shopper in first_shopper..first_shopper + 200 {
        let mut rng = Seed(seed).stream(u64::from(shopper));
        let group = rng.below(4) as u32;
        let mut items: Vec<u32> = (0..15).map(|i| first_item + group * 15 + i).collect();
        rng.shuffle(&mut items);
        held.push((shopper, items[7]));
        items.truncate(7);
        items.push(first_item + rng.below(60) as u32);
        rows.extend(items.into_iter().map(|item| row(shopper, item, rng.below(40) as i32)));
    }
    (rows, held)
}

/// Share of a market's unseen items that score below what was held out: 0.5 by chance.
fn quality(model: &dyn Score, rows: &[Interaction], held: &[(u32, u32)], items: std::ops::Range<u32>) -> f64 {
    let mut sum = 0.0;
    for &(shopper, wanted) in held {
        let history: Vec<ItemIdx> = rows.iter().filter(|r| r.shopper.0 == shopper).map(|r| r.item).collect();
        let others = items.clone().map(ItemIdx).filter(|i| !history.contains(i) && i.0 != wanted);
        let all: Vec<ItemIdx> = std::iter::once(ItemIdx(wanted)).chain(others).collect();
        let scores: Vec<f32> =
            model.score(History::of(&history), &all).into_iter().map(|s| s.unwrap_or(f32::MIN)).collect();
        let below = scores[1..].iter().filter(|s| **s < scores[0]).count() as f64;
        let equal = scores[1..].iter().filter(|s| **s == scores[0]).count() as f64;
        sum += (below + equal / 2.0) / (scores.len() - 1) as f64;
    }
    sum / held.len() as f64
}

/// The most that the quality in the first market may fall while the second is learnt.
const FORGETS_AT_MOST: f64 = 0.03;

/// Learns market A, then market B in ten batches; half of the items of B are items of A, in other groups.
fn forgetting<M: Online + Score>(name: &str, fit: impl Fn(&Interactions) -> M) {
    let ((a, held_a), (b, held_b)) = (market(0, 0, 1), market(200, 30, 2));
    let train = Interactions::new(60, vec![Market::UNKNOWN; 200], a.clone()).unwrap();
    let first = fit(&prepare(&train, Strength::Presence));
    let before = quality(&first, &a, &held_a, 0..60);
    let mut model = first;
    for batch in b.chunks(b.len() / 10) {
        model = model.learn(batch).unwrap();
    }
    let (after, new) = (quality(&model, &a, &held_a, 0..60), quality(&model, &b, &held_b, 30..90));
    eprintln!("{name}: {before:.3} before, {after:.3} after learning another market, there {new:.3}");
    assert!(before > 0.75 && new > 0.75, "{name}: {before} {new}");
    assert!(after > before - FORGETS_AT_MOST, "{name} forgets: {before} {after}");
}

const IALS: IalsParams = IalsParams { n_factors: 12, n_sweeps: 10, alpha: 5.0, reg: 1.0, solver: RowSolver::Exact };
const BPR: BprParams = BprParams {
    n_factors: 12,
    n_epochs: 100,
    learning_rate: 0.1,
    reg: 0.01,
    negatives: recommend::Negatives::Uniform,
    n_fold_epochs: 60,
};

fn pairs(train: &Interactions, params: PairsOnlineParams) -> PairsOnline {
    PairsOnline::new(params, BPR.fit(train, Seed(1)).unwrap(), train, Seed(2)).unwrap()
}

#[test]
fn item_neighbours_forget_nothing_that_matters() {
    forgetting("item-knn", |train| ItemKnnOnline::new(ItemKnnParams::default(), train).unwrap());
}

#[test]
fn factors_forget_little_of_the_first_market() {
    forgetting("ials", |train| IalsOnline::new(IALS, train, Seed(1)).unwrap());
}

#[test]
fn pairs_forget_little_of_the_first_market() {
    forgetting("bpr", |train| pairs(train, PairsOnlineParams::default()));
}

/// Purchases of products by known customers, numbered as they come.
fn online_retail() -> Option<Vec<Interaction>> {
    let file = std::fs::File::open(testkit::shared::shared_data("uci_online_retail/online_retail.csv.gz")?).ok()?;
    let (mut shoppers, mut items) = (BTreeMap::<String, u32>::new(), BTreeMap::<String, u32>::new());
    let mut rows = Vec::new();
    for record in csv::Reader::from_reader(GzDecoder::new(file)).records() {
        let r = record.unwrap();
        let positive = |at: usize| r[at].parse::<f64>().unwrap() > 0.0;
        let product = r[1].len() >= 5 && r[1].as_bytes()[..5].iter().all(u8::is_ascii_digit);
        if !product || r[0].starts_with('C') || r[6].is_empty() || !positive(3) || !positive(5) {
            continue;
        }
        let (n, m) = (shoppers.len() as u32, items.len() as u32);
        let shopper = *shoppers.entry(r[6].to_owned()).or_insert(n);
        let item = *items.entry(r[1].to_owned()).or_insert(m);
        rows.push(Interaction { day: r[4][..10].parse().unwrap(), ..row(shopper, item, 0) });
    }
    Some(rows)
}

/// Half of the year is learnt, the rest comes in batches. Learning on has to be better than standing still; the curve
/// goes to standard error.
#[test]
fn on_online_retail_learning_on_beats_standing_still() {
    let Some(mut rows) = online_retail() else { return };
    rows.sort_by_key(|r| (r.day, r.shopper, r.item));
    let cut = rows[rows.len() / 2].day;
    let (before, after): (Vec<Interaction>, Vec<Interaction>) = rows.iter().partition(|r| r.day < cut);
    let size = |of: &[Interaction]| {
        let n_shoppers = of.iter().map(|r| r.shopper.at() + 1).max().unwrap_or(0);
        (of.iter().map(|r| r.item.at() + 1).max().unwrap_or(0), vec![Market::UNKNOWN; n_shoppers])
    };
    let (n_items, markets) = size(&before);
    let train = prepare(&Interactions::new(n_items, markets, before.clone()).unwrap(), Strength::Presence);
    let stream = Stream { before: &before, rows: &after, batch: 20_000, markets: &[] };
    let protocol = Protocol { metrics: vec![Metric::Recall(20)], ..Protocol::default() };
    let knn = ItemKnnOnline::new(ItemKnnParams::default(), &train).unwrap();
    let ials = IalsOnline::new(IalsParams { n_factors: 32, ..IalsParams::default() }, &train, Seed(1)).unwrap();
    let mut means = Vec::new();
    let mut curve = |name: &str, points: Vec<eval::Point>| {
        let marks: Vec<String> = points.iter().map(|p| format!("{:.4}", p.estimates[0].mean)).collect();
        let cases: usize = points.iter().map(|p| p.n_cases).sum();
        let mean = points.iter().map(|p| p.estimates[0].mean * p.n_cases as f64).sum::<f64>() / cases as f64;
        eprintln!("{name}: recall@20 {} over {cases} questions {mean:.4}", marks.join(" "));
        means.push(mean);
    };
    let stand_still = |m: &ItemKnnOnline, _: &[Interaction]| Ok::<_, domain::FitError>(m.clone());
    curve("item-knn, standing still", prequential(knn.clone(), &stream, &protocol, stand_still).unwrap().points);
    curve("item-knn, learning on", prequential(knn, &stream, &protocol, ItemKnnOnline::learn).unwrap().points);
    let stand_still = |m: &IalsOnline, _: &[Interaction]| Ok::<_, domain::FitError>(m.clone());
    curve("ials, standing still", prequential(ials.clone(), &stream, &protocol, stand_still).unwrap().points);
    curve("ials, learning on", prequential(ials, &stream, &protocol, IalsOnline::learn).unwrap().points);
    assert!(means[1] > means[0] && means[3] > means[2], "{means:?}");
}
