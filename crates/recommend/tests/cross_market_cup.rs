//! The linear and neighbourhood models on the WSDM Cup 2022 data, market t1: known figures come out.
//!
//! Protocol: `train` and `train_5core` of a market, joined, each pair once; for each of 2,697 shoppers the
//! 100 given candidates of `valid_run`, one of them right; nDCG@10 is `1 / log2(rank + 1)` up to rank 10, ties to
//! the higher id as in trec_eval. "All" adds the markets s1 (its 5-core part), s2 and s3, items of t1 only.
//! The figures of independent programs (see the baselines that came with the data) are matched within
//! 0.002 where the formula is the same.

#![allow(clippy::print_stderr)] // the table is what a reader of this test wants to see

use domain::{Day, Interaction, Interactions, ItemIdx, Kind, Market, Seed, ShopperIdx};
use flate2::read::GzDecoder;
use recommend::{EaseParams, GfCfParams, ItemGraphParams, ItemKnnParams, ModelKind, Rp3BetaParams, Similarity};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::time::Instant;
use testkit::shared::shared_data;

/// Lines of a packed table as cells; `None` where the file is absent.
fn table(name: &str) -> Option<Vec<Vec<String>>> {
    let mut text = String::new();
    GzDecoder::new(File::open(shared_data("wsdm_xmrec")?.join(format!("{name}.tsv.gz"))).ok()?)
        .read_to_string(&mut text)
        .ok()?;
    Some(text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect())
}

fn pairs(market: &str) -> BTreeSet<(String, String)> {
    let files = ["train", "train_5core"].into_iter().filter_map(|file| table(&format!("{market}/{file}")));
    let rows = files.flat_map(|rows| rows.into_iter().skip(1));
    rows.map(|row| (row[0].clone(), row[1].clone())).collect()
}

struct Cup {
    own: Interactions,
    all: Interactions,
    /// For each asked shopper the history, the candidates by descending id, and the right one.
    asked: Vec<(Vec<ItemIdx>, Vec<ItemIdx>, ItemIdx)>,
}

fn load() -> Option<Cup> {
    let (run, right) = (table("t1/valid_run")?, table("t1/valid_qrel")?);
    let own = pairs("t1");
    let candidates = run.iter().flat_map(|row| row[1].split(','));
    let items: BTreeSet<&str> = own.iter().map(|pair| pair.1.as_str()).chain(candidates).collect();
    let items: BTreeMap<&str, u32> = items.into_iter().zip(0..).collect();
    let sources: Vec<_> = ["s1", "s2", "s3"].into_iter().map(pairs).collect();
    let mut shoppers: BTreeMap<String, u32> = BTreeMap::new();
    let mut rows = Vec::new();
    let mut n_own = (0, 0);
    for (at, market) in [&own].into_iter().chain(&sources).enumerate() {
        for (shopper, item) in market {
            let Some(&item) = items.get(item.as_str()) else { continue };
            let next = shoppers.len() as u32;
            let shopper = *shoppers.entry(shopper.clone()).or_insert(next);
            let kind = Kind::Purchase;
            let (shopper, item) = (ShopperIdx(shopper), ItemIdx(item));
            rows.push(Interaction { shopper, item, kind, day: Day(0), weight: 1.0 });
        }
        if at == 0 {
            n_own = (shoppers.len(), rows.len());
        }
    }
    let matrix = |n_shoppers, rows: &[Interaction]| {
        Interactions::new(items.len(), vec![Market::UNKNOWN; n_shoppers], rows.to_vec()).unwrap()
    };
    let (own, all) = (matrix(n_own.0, &rows[..n_own.1]), matrix(shoppers.len(), &rows));
    let right: BTreeMap<&str, &str> = right.iter().skip(1).map(|row| (row[0].as_str(), row[1].as_str())).collect();
    let question = |row: &Vec<String>| {
        let history = shoppers.get(&row[0]).map_or(Vec::new(), |s| own.row(ShopperIdx(*s)).to_vec());
        let mut candidates: Vec<ItemIdx> = row[1].split(',').map(|item| ItemIdx(items[item])).collect();
        candidates.sort_by(|a, b| b.cmp(a));
        (history, candidates, ItemIdx(items[right[row[0].as_str()]]))
    };
    let asked = run.iter().map(question).collect();
    Some(Cup { own, all, asked })
}

/// nDCG@10 and seconds to fit and to score.
fn measure(kind: &ModelKind, train: &Interactions, cup: &Cup) -> (f64, f64, f64) {
    let started = Instant::now();
    let model = kind.fit(train, Seed(1)).unwrap();
    let fitted = started.elapsed().as_secs_f64();
    let gain = |(history, candidates, right): &(Vec<ItemIdx>, Vec<ItemIdx>, ItemIdx)| {
        // What a model cannot score stands where a sum over nothing stands.
        let scores = model.score(domain::History::of(history), candidates);
        let value = |at: usize| scores[at].unwrap_or(0.0);
        let place = candidates.iter().position(|c| c == right).unwrap();
        let better = |at: usize| value(at) > value(place) || (value(at) == value(place) && at < place);
        let rank = (0..candidates.len()).filter(|at| *at != place && better(*at)).count() + 1;
        if rank <= 10 { 1.0 / (rank as f64 + 1.0).log2() } else { 0.0 }
    };
    let total: f64 = cup.asked.iter().map(gain).sum();
    (total / cup.asked.len() as f64, fitted, started.elapsed().as_secs_f64() - fitted)
}

fn knn(similarity: Similarity) -> ModelKind {
    ModelKind::ItemKnn(ItemKnnParams { similarity, k: ItemKnnParams::ALL, shrinkage: 0.0 })
}

#[test]
fn known_figures_of_the_cup_come_out() {
    let Some(cup) = load() else { return };
    let n = |m: &Interactions| (m.n_shoppers(), m.n_items(), m.len());
    eprintln!("t1 {:?}, all {:?}, {} asked", n(&cup.own), n(&cup.all), cup.asked.len());
    let rp3 = ModelKind::Rp3Beta(Rp3BetaParams { alpha: 0.8, beta: 0.5, k: usize::MAX });
    let ease = ModelKind::Ease(EaseParams::default());
    let gf_cf = ModelKind::GfCf(GfCfParams { rank: 64, low_pass: 0.3, k: usize::MAX });
    // The figures of others for t1 alone and for all markets; `None` where the formula is another one.
    let known = [
        (knn(Similarity::Jaccard), Some((0.6770, 0.6866))),
        (knn(Similarity::Cosine), Some((0.6756, 0.6815))),
        (knn(Similarity::DampedCosine), Some((0.6780, 0.6842))),
        (rp3, Some((0.6686, 0.6827))),
        (ease, Some((0.6805, 0.6859))),
        (gf_cf, Some((0.6701, 0.6738))),
        (knn(Similarity::LogLikelihood), None),
        (knn(Similarity::AsymmetricCosine { alpha: 0.6 }), None),
        (ModelKind::Swing(recommend::SwingParams::default()), None),
        (ModelKind::ItemGraph(ItemGraphParams::default()), None),
        (ModelKind::Ease(EaseParams::default().sparse()), None),
        (ModelKind::Slim(recommend::SlimParams::default()), None),
    ];
    let mut wrong = Vec::new();
    for (kind, figures) in known {
        for (name, train, at) in [("t1", &cup.own, 0), ("all", &cup.all, 1)] {
            let (got, fit, score) = measure(&kind, train, &cup);
            let want = figures.map(|f| [f.0, f.1][at]);
            eprintln!("{name:3} {got:.4} {want:?} fit {fit:.2} s score {score:.2} s {kind:?}");
            if want.is_some_and(|want: f64| (got - want).abs() > 0.002) {
                wrong.push(format!("{name} {kind:?}: {got:.4}, known {want:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
