//! `bench zero-overlap`: a market that shares neither products nor shoppers with any other one. What its shoppers buy
//! next is asked of models that know its products by what they say: title, description, category, brand, colour, price.
//!
//! The simulated merchant's catalogue is cut in two by a hash: one half is sold at home, the other one abroad. Products at
//! home have Chinese and English texts, those abroad English ones and those of the market. Home's shoppers teach what goes with
//! what; abroad, 100 shoppers are known by what they bought, the others are asked: the last product is the answer among all that
//! the market sells; what does not fit its mains is no candidate. Shoppers who also buy at home are left out. How much each score
//! counts is learnt at home, on halves of its own products that share nothing either: nothing is chosen on the markets that
//! are asked.

mod scorers;
mod weights;

use crate::recommend::cpu_seconds;
use crate::report::{self, Better, Goal, Row};
use anyhow::{Context, Result};
use clap::Args;
use content::text::LsaParams;
use content::{Encode, Vectors};
use domain::{History, Interactions, ItemIdx, Market, Score, Seed};
use eval::{Bootstrap, Metric, mean_interval, paired_difference};
use recommend::{Field, ItemText};
use scorers::{FEATURES, Home, KINDS, N_FEATURES, Scorers, WITHOUT_HISTORY, filled};
use serde_json::json;
use sim::{Merchant, SimParams};
use std::collections::{BTreeMap, BTreeSet};
use weights::learn_weights;

/// `bench zero-overlap`.
#[derive(Debug, Args)]
pub(crate) struct ZeroOverlapArgs {
    /// Size of the merchant; 1 is about 50,000 orders.
    #[arg(long, default_value_t = 1.0)]
    scale: f64,
    /// Products of the whole catalogue.
    #[arg(long, default_value_t = 480)]
    products: usize,
    /// Seed of the merchant.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Shoppers abroad who are known by what they bought.
    #[arg(long, default_value_t = 100)]
    known: usize,
}

/// Configurations that are marked.
const N_ROWS: usize = 9;

/// A market's distinct purchases in their order, items numbered from 0 within its half of the catalogue.
type Baskets = Vec<Vec<ItemIdx>>;

/// One half of the catalogue in the languages of a market.
struct Half {
    rows: Vec<usize>,
    items: Vec<ItemText>,
    vectors: Vec<f32>,
    /// Categories, numbered alike in all markets.
    kinds: Vec<u32>,
    brands: Vec<usize>,
    colours: Vec<usize>,
    /// What fits the market's mains, and is sold there.
    sold: Vec<bool>,
    /// Logarithms of list prices in the market's currency.
    prices: Vec<f32>,
}

pub(crate) fn run(args: &ZeroOverlapArgs, add: &mut dyn FnMut(Row)) -> Result<()> {
    let params = SimParams { n_products: args.products, ..SimParams::at(args.scale, Seed(args.seed)) };
    report::note("simulating");
    let merchant = Merchant::generate(&params)?;
    let is_home = |row: usize| hashed(row).is_multiple_of(2);
    let home = merchant.books.first().context("a merchant with a home")?;
    let home_rows: Vec<usize> = (0..merchant.catalogue.len()).filter(|row| is_home(*row)).collect();
    let away_rows: Vec<usize> = (0..merchant.catalogue.len()).filter(|row| !is_home(*row)).collect();
    let at_home = baskets(home, &home_rows, &BTreeSet::new());
    let kinds: BTreeMap<String, u32> = {
        let names: BTreeSet<String> = merchant.catalogue.products.iter().map(sim::catalogue::category).collect();
        names.into_iter().zip(0..).collect()
    };
    for book in &merchant.books[1..] {
        let market = book.profile.market;
        let started = cpu_seconds();
        let home_items = texts(&merchant, &home_rows, home.profile.market)?;
        let away_items = texts(&merchant, &away_rows, market)?;
        let both: Vec<String> = home_items.iter().chain(&away_items).map(|item| item.text.clone()).collect();
        let encoder = LsaParams::default().fit(&both, Seed(1))?;
        let half = |rows: &[usize], items: Vec<ItemText>, book: &sim::Book| {
            let texts: Vec<Option<&str>> = items.iter().map(|item| Some(item.text.as_str())).collect();
            let vectors: Vectors = encoder.encode(&texts);
            let product = |row: &usize| &merchant.catalogue.products[*row];
            Half {
                rows: rows.to_vec(),
                vectors: vectors.values().to_vec(),
                items,
                kinds: rows.iter().map(|row| kinds[&sim::catalogue::category(product(row))]).collect(),
                brands: rows.iter().map(|row| product(row).brand).collect(),
                colours: rows.iter().map(|row| product(row).colour).collect(),
                sold: rows.iter().map(|row| merchant.catalogue.offered(*row, book.profile.volts)).collect(),
                prices: rows.iter().map(|row| (book.prices.list(0, *row).max(1) as f32).ln()).collect(),
            }
        };
        let (home_half, away_half) = (half(&home_rows, home_items, home), half(&away_rows, away_items, book));
        let width = encoder.width();
        let learn =
            |uses: &dyn Fn(usize) -> bool| learn_weights(&home_half, width, kinds.len(), &at_home, args.known, uses);
        let all = learn(&|_| true)?;
        let still = learn(&|at| WITHOUT_HISTORY.contains(&at))?;
        let learnt = Home::learn(&home_half, width, kinds.len(), &at_home)?;
        let also_home: BTreeSet<u32> = book.links.iter().map(|link| link.abroad).collect();
        let asked = baskets(book, &away_half.rows, &also_home);
        let (known, asked) = asked.split_at(args.known.min(asked.len() / 2));
        let scorers = Scorers::new(&away_half, width, &learnt, known)?;
        let fit_s = cpu_seconds() - started;
        add(row(args, market, &scorers, [&still, &all], asked, fit_s)?);
    }
    Ok(())
}

/// Spreads neighbouring numbers, as SplitMix64 does.
fn hashed(row: usize) -> u64 {
    Seed(91).stream(row as u64).next_u64()
}

/// First purchases of every shopper with at least two, by time, of these rows of the catalogue.
fn baskets(book: &sim::Book, rows: &[usize], without: &BTreeSet<u32>) -> Baskets {
    let mut orders: Vec<&sim::trade::Order> = book.orders.iter().collect();
    orders.sort_by_key(|order| (order.shopper, order.at));
    let mut of_shopper: std::collections::BTreeMap<u32, Vec<ItemIdx>> = std::collections::BTreeMap::new();
    for order in orders.into_iter().filter(|order| !without.contains(&order.shopper)) {
        let basket = of_shopper.entry(order.shopper).or_default();
        for line in book.lines_of(order) {
            if let Ok(at) = rows.binary_search(&usize::from(line.product)) {
                let item = ItemIdx(at as u32);
                if !basket.contains(&item) {
                    basket.push(item);
                }
            }
        }
    }
    of_shopper.into_values().filter(|basket| basket.len() >= 2).collect()
}

/// What products say in English and in the language of a market.
fn texts(merchant: &Merchant, rows: &[usize], market: Market) -> Result<Vec<ItemText>> {
    let book = merchant.book(market).context("a market of the merchant")?;
    let english = sim::catalogue::language_index("en");
    let own = sim::catalogue::language_index(book.profile.language);
    let one = |row: &usize| {
        let product = &merchant.catalogue.products[*row];
        let of = |language| [sim::catalogue::title(product, language), sim::catalogue::description(product, language)];
        let mut text = of(english).join("\n");
        if own != english {
            text = format!("{text}\n{}", of(own).join("\n"));
        }
        let category = sim::catalogue::category(product);
        ItemText { text: format!("{text}\n{category}"), attributes: vec![(Field::Category, category)] }
    };
    Ok(rows.iter().map(one).collect())
}

fn interactions(n_items: usize, baskets: &[Vec<ItemIdx>]) -> Interactions {
    let numbers: Vec<Vec<u32>> = baskets.iter().map(|basket| basket.iter().map(|item| item.0).collect()).collect();
    Interactions::from_baskets(n_items, numbers.iter().map(Vec::as_slice))
}

fn row(
    args: &ZeroOverlapArgs,
    market: Market,
    scorers: &Scorers<'_>,
    [still, all]: [&[f64; N_FEATURES]; 2],
    asked: &[Vec<ItemIdx>],
    fit_s: f64,
) -> Result<Row> {
    const NAMES: [&str; N_ROWS] = [
        "popularity",
        "item-kNN of the known",
        "content kNN",
        "content map",
        "home's taste in content",
        "what sells at home among its like",
        "what follows on the kinds bought",
        "popularity with its like, weighed at home",
        "all, weighed at home",
    ];
    let mut marks: [Vec<f64>; N_ROWS] = Default::default();
    for basket in asked {
        let Some((answer, history)) = basket.split_last() else { continue };
        let candidates = scorers.candidates(history);
        let features = scorers.features(history, &candidates);
        let weighed = |weights: &[f64; N_FEATURES]| -> Vec<f32> {
            let sum = |f: &[f32; N_FEATURES]| f.iter().zip(weights).map(|(f, w)| f64::from(*f) * w).sum::<f64>() as f32;
            features.iter().map(sum).collect()
        };
        let column = |at: usize| features.iter().map(|f| f[at]).collect::<Vec<f32>>();
        let scores = [
            column(0),
            filled(scorers.own.score(History::of(history), &candidates)),
            filled(scorers.content.score(History::of(history), &candidates)),
            column(N_FEATURES - 2),
            column(N_FEATURES - 1),
            column(WITHOUT_HISTORY.end - 1),
            column(KINDS),
            weighed(still),
            weighed(all),
        ];
        for (marks, scores) in marks.iter_mut().zip(scores) {
            let mut ranked: Vec<usize> = (0..candidates.len()).collect();
            ranked.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(candidates[*a].cmp(&candidates[*b])));
            let ranked: Vec<ItemIdx> = ranked.into_iter().map(|at| candidates[at]).collect();
            marks.push(Metric::Ndcg(10).mark(&ranked, &[*answer]).unwrap_or(0.0));
        }
    }
    let how = Bootstrap::default();
    let mut means = Vec::new();
    for (name, marks) in NAMES.iter().zip(&marks) {
        let estimate = mean_interval(marks, &how, Seed(1))?;
        means.push((*name, estimate.mean, estimate.interval.low, estimate.interval.high));
    }
    let ours = N_ROWS - 1;
    let mut goals = Vec::new();
    let mut gains = Vec::new();
    for against in [0, 2] {
        let gain = paired_difference(&marks[ours], &marks[against], &how, Seed(1))?.difference;
        let what = format!("lower end of the gain on {}", NAMES[against]);
        goals.push(Goal::new(&what, gain.interval.low, Better::Higher, 1e-9, ""));
        gains.push(format!(
            "{:+.4} [{:+.4}, {:+.4}] on {}",
            gain.mean, gain.interval.low, gain.interval.high, NAMES[against]
        ));
    }
    let shown = means.iter().map(|(name, mean, low, high)| format!("{name} {mean:.4} [{low:.4}, {high:.4}]"));
    let used = FEATURES.iter().zip(all).filter(|(_, w)| **w > 0.0);
    let weights: Vec<String> = used.map(|(name, w)| format!("{name} {w:.2}")).collect();
    Ok(Row {
        task: "zero-overlap".into(),
        data: format!(
            "{market}: {} shoppers asked about {} products, {} known, seed {}",
            marks[0].len(),
            scorers.n_items(),
            args.known,
            args.seed
        ),
        ours: format!("nDCG@10 {}", shown.collect::<Vec<_>>().join(", ")),
        peer: "the same questions by popularity and by content".into(),
        ratio: gains.join(", "),
        quality: format!("weights: {}; learnt in {fit_s:.1} CPU s", weights.join(", ")),
        goals,
        wrong: Vec::new(),
        runs: json!({ "means": means, "weights": all }),
    })
}
