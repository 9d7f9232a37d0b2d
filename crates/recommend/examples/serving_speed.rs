//! What one answer costs: the ten best of 100,000 products for a shopper, and an order of 100 candidates.
//!
//! `cargo run --release -p recommend --example serving_speed -- [ITEMS] [SHOPPERS]` prints one JSON object with CPU
//! microseconds an answer, by the sorted links of `serving` and by scoring the whole catalogue as `top_n` does, whether
//! both give the same lists, and what reading the model and the shoppers costs. One thread; the data are made up, seed 11.

use domain::{History, Interactions, ItemIdx, Market, Seed, ShopperIdx};
use recommend::saved::{fingerprint, save};
use recommend::serving::{Ask, Histories, Popular, Scorer, SessionParams, Taste, View, answer, rerank};
use recommend::{Context, ItemKnnParams, ModelKind, Owned, Shelf, TopNParams, top_n};
use std::hint::black_box;

const GROUP: usize = 100;
const ASKED: usize = 2_000;

/// CPU seconds of this process, user and system.
fn cpu_s() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let ns: f64 = text.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0.0);
    ns / 1e9
}

fn basket(shopper: usize, items: usize) -> Vec<u32> {
    let mut rng = Seed(11).stream(shopper as u64);
    let groups = items / GROUP;
    let own = rng.below(groups);
    let n = 1 + rng.below(7);
    let one = |_| {
        let group = if rng.uniform() < 0.8 { own } else { rng.below(groups) };
        (group * GROUP + ((rng.uniform().powi(2) * GROUP as f64) as usize).min(GROUP - 1)) as u32
    };
    let mut basket: Vec<u32> = (0..n).map(one).collect();
    basket.sort_unstable();
    basket.dedup();
    basket
}

#[expect(clippy::print_stdout, reason = "an example that prints its result")]
fn main() {
    let number = |at: usize, or: usize| std::env::args().nth(at).and_then(|n| n.parse().ok()).unwrap_or(or);
    let (n_items, n_shoppers) = (number(1, 100_000).max(GROUP), number(2, 1_000_000).max(ASKED));
    let baskets: Vec<Vec<u32>> = (0..n_shoppers).map(|s| basket(s, n_items)).collect();
    let train = Interactions::from_baskets(n_items, baskets.iter().map(Vec::as_slice));
    let kind = ModelKind::ItemKnn(ItemKnnParams::default());
    let model = kind.fit_to_keep(&train, Seed(1)).expect("a model of a valid matrix");
    let names: Vec<String> = (0..n_items).map(|i| format!("P{i:07}")).collect();
    let bytes = save(&kind, model.as_ref(), fingerprint(&train), &names);

    let began = cpu_s();
    let (scorer, _) = Scorer::load("item-knn", &bytes, &names).expect("the model that was just saved");
    let read_model_s = cpu_s() - began;
    let mut histories = Histories::default();
    for (s, basket) in baskets.iter().enumerate() {
        let items: Vec<ItemIdx> = basket.iter().copied().map(ItemIdx).collect();
        histories.push(&format!("s{s:07}"), Market::UNKNOWN, &items, &[]).expect("names in order");
    }
    let kept = histories.to_bytes(0);
    let began = cpu_s();
    let (histories, _) = Histories::from_bytes(&kept).expect("what was just written");
    let read_histories_s = cpu_s() - began;

    let popular = Popular::new((0..n_items as u32).map(|i| (ItemIdx(i), 1.0 / (1.0 + i as f32))));
    let view = View {
        scorer: Some(&scorer),
        near: &[],
        segment: None,
        market: Some(&popular),
        home: None,
        new: None,
        newest: &popular,
    };
    let who: Vec<usize> = (0..ASKED).map(|k| k * (n_shoppers / ASKED)).collect();
    let ask_one = |s: usize, order: bool| {
        let bought = histories.find(&format!("s{s:07}")).map(|p| p.bought()).unwrap_or_default();
        let taste = Taste::new(&bought, &Context::default(), &[], &SessionParams::default());
        let out = |item: ItemIdx| bought.contains(&item).then_some(recommend::serving::Out::Bought);
        let ask = Ask { taste: &taste, n: 10, n_reasons: 3, diversity: 0.0, out: &out, alike: &|_, _| 0.0 };
        if order {
            let candidates: Vec<ItemIdx> = (0..100).map(|k| ItemIdx(((s * 97 + k * 31) % n_items) as u32)).collect();
            rerank(&view, &ask, &candidates)
        } else {
            answer(&view, &ask)
        }
    };
    let microseconds = |work: &dyn Fn(usize)| {
        let began = cpu_s();
        who.iter().for_each(|s| work(*s));
        1e6 * (cpu_s() - began) / ASKED as f64
    };
    let best_us = microseconds(&|s| drop(black_box(ask_one(s, false))));
    let rerank_us = microseconds(&|s| drop(black_box(ask_one(s, true))));
    let shelf = Shelf::full(n_items);
    let params = TopNParams { n: 10, owned: Owned::Exclude, n_reasons: 3 };
    let slow = |s: usize| {
        let history = train.row(ShopperIdx(s as u32));
        top_n(model.as_ref(), None, History::of(history), &shelf, &params)
    };
    let began = cpu_s();
    let few = ASKED / 10;
    let same = who.iter().take(few).all(|s| {
        let (quick, slow) = (ask_one(*s, false), slow(*s));
        slow.ranked
            .iter()
            .zip(&quick.items)
            .all(|(a, b)| a.item == b.item && a.score == b.score && a.reasons == b.reasons)
    });
    let slow_us = 1e6 * (cpu_s() - began) / few as f64 - best_us;
    println!(
        "{{\"items\":{n_items},\"shoppers\":{n_shoppers},\"purchases\":{},\"top_10_us\":{best_us:.1},\"rerank_100_us\":{rerank_us:.1},\
         \"whole_catalogue_us\":{slow_us:.1},\"same_lists\":{same},\"read_model_s\":{read_model_s:.3},\"model_bytes\":{},\
         \"read_histories_s\":{read_histories_s:.3},\"history_bytes\":{}}}",
        train.len(),
        bytes.len(),
        histories.bytes()
    );
}
