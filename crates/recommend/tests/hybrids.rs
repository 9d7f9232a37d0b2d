//! What texts are worth on Online Retail: products that nobody has bought, found by their descriptions; and
//! purchases and descriptions together, beside each alone. Figures go to standard error; asserted is only what
//! holds by a wide margin.

#![allow(clippy::print_stderr)] // the figures are what a reader of this test wants to see

use domain::{History, Interaction, Interactions, ItemIdx, Kind, Market, Score, Seed, ShopperIdx};
use eval::{Metric, Nested, Protocol, TemporalSplit, evaluate};
use flate2::read::GzDecoder;
use recommend::{
    Blend, Content, ContentParams, Hybrid, ItemText, ModelKind, Outcome, Part, Recommender, Stacking, Strength, prepare,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Purchases of products by known customers, and the description that each product was first sold under.
fn online_retail() -> Option<(Interactions, Vec<ItemText>)> {
    let file = std::fs::File::open(testkit::shared::shared_data("uci_online_retail/online_retail.csv.gz")?).unwrap();
    let (mut shoppers, mut items) = (BTreeMap::<String, u32>::new(), BTreeMap::<String, u32>::new());
    let (mut texts, mut rows) = (Vec::new(), Vec::new());
    for record in csv::Reader::from_reader(GzDecoder::new(file)).records() {
        let r = record.unwrap();
        let positive = |at: usize| r[at].parse::<f64>().unwrap() > 0.0;
        let product = r[1].len() >= 5 && r[1].as_bytes()[..5].iter().all(u8::is_ascii_digit);
        if !product || r[0].starts_with('C') || r[6].is_empty() || !positive(3) || !positive(5) {
            continue;
        }
        let (n, m) = (shoppers.len() as u32, items.len() as u32);
        let shopper = ShopperIdx(*shoppers.entry(r[6].to_owned()).or_insert(n));
        let item = ItemIdx(*items.entry(r[1].to_owned()).or_insert(m));
        if item.at() == texts.len() {
            texts.push(ItemText { text: r[2].to_owned(), attributes: Vec::new() });
        }
        rows.push(Interaction { shopper, item, kind: Kind::Purchase, day: r[4][..10].parse().unwrap(), weight: 1.0 });
    }
    Some((Interactions::new(items.len(), vec![Market::UNKNOWN; shoppers.len()], rows).unwrap(), texts))
}

/// A tenth of the products is made cold: no model sees a purchase of them. Of each shopper who bought some of them,
/// the other purchases are the history; the cold products are ranked, and recall is that of the first ten, or of as
/// many as were bought.
#[test]
fn descriptions_find_products_that_nobody_has_bought() {
    let Some((all, texts)) = online_retail() else { return };
    let content = ContentParams::default().fit(&texts).unwrap();
    let mut order: Vec<u32> = (0..all.n_items() as u32).collect();
    Seed(5).stream(0).shuffle(&mut order);
    let mut cold: Vec<ItemIdx> = order[..all.n_items() / 10].iter().copied().map(ItemIdx).collect();
    cold.sort_unstable();
    let (mut sum, mut chance, mut n) = (0.0, 0.0, 0_u32);
    for s in 0..all.n_shoppers() {
        let row = all.row(ShopperIdx(s as u32));
        let (bought, history): (Vec<ItemIdx>, Vec<ItemIdx>) = row.iter().partition(|i| cold.binary_search(i).is_ok());
        if bought.is_empty() || history.is_empty() {
            continue;
        }
        let mut wanted = bought;
        wanted.sort_unstable();
        wanted.dedup();
        let scores = content.score(History::of(&history), &cold);
        let mut ranked: Vec<(f32, ItemIdx)> = scores.iter().zip(&cold).filter_map(|(s, i)| Some(((*s)?, *i))).collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let hits = ranked.iter().take(10).filter(|(_, item)| wanted.binary_search(item).is_ok()).count();
        sum += hits as f64 / wanted.len().min(10) as f64;
        chance += 10.0 * wanted.len() as f64 / cold.len() as f64 / wanted.len().min(10) as f64;
        n += 1;
    }
    let (recall, chance) = (sum / f64::from(n), chance / f64::from(n));
    eprintln!("{} cold products, {n} shoppers: recall@10 {recall:.4}, by chance {chance:.4}", cold.len());
    assert!(recall > 2.0 * chance, "{recall} {chance}");
}

fn part(model: Arc<dyn Recommender>, weight: f32) -> Part {
    Part { model, weight, term: "part" }
}

/// Neighbours and descriptions, joined. Weights and blend are chosen on 60 days of validation, the 60 days after are
/// asked once: `Nested` makes both. Nobody need win: the figures are printed.
#[test]
fn purchases_and_descriptions_together_beside_each_alone() {
    let Some((all, texts)) = online_retail() else { return };
    let last = all.iter().map(|row| row.day).max().unwrap();
    let splits = Nested::new(&all, &TemporalSplit::at(last.plus(-59)), 60).unwrap();
    let content: Arc<Content> = Arc::new(ContentParams::default().fit(&texts).unwrap());
    let protocol = Protocol { metrics: vec![Metric::Ndcg(10)], ..Protocol::default() };
    let knn = |train: &Interactions| -> Arc<dyn Recommender> {
        let kind = ModelKind::named("item-knn", Market::UNKNOWN).unwrap();
        Arc::from(kind.fit(&prepare(train, Strength::Presence), Seed(1)).unwrap())
    };
    let parts = |knn: &Arc<dyn Recommender>, weight: f32| vec![part(knn.clone(), 1.0), part(content.clone(), weight)];
    let on = |model: &dyn Score, split: &eval::Split| {
        evaluate(model, split, &protocol).unwrap().estimate(Metric::Ndcg(10), None).unwrap()
    };
    let n = all.n_items();
    let first = knn(&splits.validation.train);
    let mut tried: Vec<(String, Blend, f32, f64)> = Vec::new();
    for (name, blend) in [("weighted", Blend::Weighted), ("fused ranks", Blend::RANKS)] {
        for weight in [0.05, 0.1, 0.2, 0.5] {
            let model = Hybrid::new(parts(&first, weight), blend, n).unwrap();
            tried.push((name.to_owned(), blend, weight, on(&model, &splits.validation).mean));
        }
    }
    // 200 shoppers of the validation days are enough for three numbers.
    let outcomes: Vec<Outcome<'_>> = splits
        .validation
        .cases
        .iter()
        .take(200)
        .map(|case| Outcome { history: History::of(&case.history), bought: &case.relevant })
        .collect();
    let stacked = Stacking::default().fit(&parts(&first, 1.0), &outcomes, n).unwrap();
    eprintln!(
        "validation: neighbours {:.4}, descriptions {:.4}",
        on(first.as_ref(), &splits.validation).mean,
        on(&*content, &splits.validation).mean
    );
    tried
        .iter()
        .for_each(|(name, _, weight, mean)| eprintln!("validation: {name}, descriptions at {weight}: {mean:.4}"));
    let weights = stacked.weights();
    eprintln!("validation: stacked weights {weights:?}: {:.4}", on(&stacked, &splits.validation).mean);
    let second = knn(&splits.test.train);
    let show = |name: &str, model: &dyn Score| {
        let e = on(model, &splits.test);
        eprintln!("test: {name}: {:.4} ({:.4} to {:.4}), {} shoppers", e.mean, e.interval.low, e.interval.high, e.n);
        e.mean
    };
    let alone = show("neighbours", second.as_ref());
    let texts_alone = show("descriptions", &*content);
    for name in ["weighted", "fused ranks"] {
        let best = tried.iter().filter(|t| t.0 == name).max_by(|a, b| a.3.total_cmp(&b.3)).unwrap();
        show(&format!("{name}, descriptions at {}", best.2), &Hybrid::new(parts(&second, best.2), best.1, n).unwrap());
    }
    let learnt = vec![part(second.clone(), weights[0]), part(content.clone(), weights[1])];
    show("stacked", &Hybrid::new(learnt, Blend::Weighted, n).unwrap());
    assert!(alone > texts_alone, "purchases say more than descriptions: {alone} {texts_alone}");
}
