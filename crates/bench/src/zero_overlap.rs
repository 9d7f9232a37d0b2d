//! `bench zero-overlap`: a market that shares neither products nor shoppers with any other one. What its shoppers buy
//! next is asked of models that know its products by what they say: title, description, category, brand, colour.
//!
//! The simulated merchant's catalogue is cut in two by a hash: one half is sold at home, the other one abroad. Products at
//! home have Chinese and English texts, those abroad English ones and those of the market. Home's shoppers teach what goes with
//! what; abroad, 100 shoppers are known by what they bought, the others are asked: the last product is the answer among all that
//! the market sells; what does not fit its mains is no candidate. Shoppers who also buy at home are left out. The model is the
//! program's own ([`recommend::transfer::ZeroOverlap`]), and so is the proof at home that decides whether it would serve: nothing is
//! chosen on the shoppers who are asked. A row a market, one for all shoppers of a merchant, and with several merchants one for all of
//! them, in which every shopper counts alike.

use crate::recommend::cpu_seconds;
use crate::report::{self, Better, Goal, Row};
use anyhow::{Context, Result};
use clap::Args;
use domain::{Day, History, Interaction, Interactions, ItemIdx, Kind, Market, Seed, ShopperIdx};
use eval::{Bootstrap, Metric, mean_interval, paired_difference};
use recommend::transfer::{EvidenceRule, TransferVerdict, ZeroOverlapParams};
use recommend::{ContentParams, Field, ItemText, ModelKind, Recommender};
use serde_json::json;
use sim::{Merchant, SimParams};
use std::collections::BTreeSet;

/// `bench zero-overlap`.
#[derive(Debug, Args)]
pub(crate) struct ZeroOverlapArgs {
    /// Size of the merchant; 1 is about 50,000 orders.
    #[arg(long, default_value_t = 1.0)]
    scale: f64,
    /// Products of the whole catalogue.
    #[arg(long, default_value_t = 480)]
    products: usize,
    /// Seed of the merchant; several for several merchants.
    #[arg(long, value_delimiter = ',', default_values_t = [1])]
    seed: Vec<u64>,
    /// Shoppers abroad who are known by what they bought.
    #[arg(long, default_value_t = 100)]
    known: usize,
}

/// Configurations that are marked.
const NAMES: [&str; 4] = ["popularity", "item-kNN of the known", "content kNN", "zero-overlap"];

/// A market's distinct purchases in their order, by the rows of the catalogue.
type Baskets = Vec<Vec<ItemIdx>>;
/// What each configuration reaches, shopper by shopper.
type Marks = [Vec<f64>; 4];

pub(crate) fn run(args: &ZeroOverlapArgs, add: &mut dyn FnMut(Row)) -> Result<()> {
    let mut all = Marks::default();
    for seed in &args.seed {
        let marks = merchant(args, *seed, add)?;
        add(pooled(&format!("all markets, seed {seed}"), &marks)?);
        extend(&mut all, marks);
    }
    if args.seed.len() > 1 {
        add(pooled(&format!("all markets of {} merchants", args.seed.len()), &all)?);
    }
    Ok(())
}

fn extend(all: &mut Marks, more: Marks) {
    all.iter_mut().zip(more).for_each(|(all, more)| all.extend(more));
}

/// The markets of a merchant, a row each.
fn merchant(args: &ZeroOverlapArgs, seed: u64, add: &mut dyn FnMut(Row)) -> Result<Marks> {
    let params = SimParams { n_products: args.products, ..SimParams::at(args.scale, Seed(seed)) };
    report::note(&format!("simulating merchant {seed}"));
    let mut of_merchant = Marks::default();
    let merchant = Merchant::generate(&params)?;
    let is_home = |row: usize| Seed(91).stream(row as u64).next_u64().is_multiple_of(2);
    let home = merchant.books.first().context("a merchant with a home")?;
    let at_home = baskets(home, &is_home, &BTreeSet::new());
    for book in &merchant.books[1..] {
        let started = cpu_seconds();
        let also_home: BTreeSet<u32> = book.links.iter().map(|link| link.abroad).collect();
        let there = baskets(book, &|row| !is_home(row), &also_home);
        let (known, asked) = there.split_at(args.known.min(there.len() / 2));
        let sides = [(home.profile.market, &at_home[..]), (book.profile.market, known)];
        let all = interactions(merchant.catalogue.len(), &sides)?;
        let texts = texts(&merchant, &is_home, book.profile.market)?;
        let between = ZeroOverlapParams::between(book.profile.market, home.profile.market);
        let rule = EvidenceRule { spread: 1.0, ..EvidenceRule::default() };
        let proof = between.proof(&all, &texts, &rule, Seed(1))?;
        let ours = between.fit(&all, &texts, Seed(1))?;
        let fit_s = cpu_seconds() - started;
        let own = interactions(merchant.catalogue.len(), &sides[1..])?;
        let kind = |name: &str| ModelKind::named(name, book.profile.market).context("a model of the program");
        let models: [Box<dyn Recommender>; 4] = [
            kind("popularity")?.fit(&own, Seed(1))?,
            kind("item-knn")?.fit(&own, Seed(1))?,
            Box::new(ContentParams::default().fit(&texts)?),
            Box::new(ours),
        ];
        let sold = |row: usize| !is_home(row) && merchant.catalogue.offered(row, book.profile.volts);
        let candidates: Vec<ItemIdx> =
            (0..merchant.catalogue.len()).filter(|row| sold(*row)).map(|row| ItemIdx(row as u32)).collect();
        let told = Told { market: book.profile.market, seed, n_known: args.known, proof: &proof, fit_s };
        let marks = marks(&models, &candidates, asked);
        add(row(&told, &marks, candidates.len())?);
        extend(&mut of_merchant, marks);
    }
    Ok(of_merchant)
}

/// First purchases of every shopper with at least two, by time, of these rows of the catalogue.
fn baskets(book: &sim::Book, is_of: &dyn Fn(usize) -> bool, without: &BTreeSet<u32>) -> Baskets {
    let mut orders: Vec<&sim::trade::Order> = book.orders.iter().collect();
    orders.sort_by_key(|order| (order.shopper, order.at));
    let mut of_shopper: std::collections::BTreeMap<u32, Vec<ItemIdx>> = std::collections::BTreeMap::new();
    for order in orders.into_iter().filter(|order| !without.contains(&order.shopper)) {
        let basket = of_shopper.entry(order.shopper).or_default();
        for line in book.lines_of(order).iter().filter(|line| is_of(usize::from(line.product))) {
            let item = ItemIdx(u32::from(line.product));
            if !basket.contains(&item) {
                basket.push(item);
            }
        }
    }
    of_shopper.into_values().filter(|basket| basket.len() >= 2).collect()
}

/// What products say in English and in the language of where they are sold.
fn texts(merchant: &Merchant, is_home: &dyn Fn(usize) -> bool, market: Market) -> Result<Vec<ItemText>> {
    let english = sim::catalogue::language_index("en");
    let of_market = |market: Market| -> Result<usize> {
        let book = merchant.book(market).context("a market of the merchant")?;
        Ok(sim::catalogue::language_index(book.profile.language))
    };
    let (own, home) = (of_market(market)?, of_market(merchant.books[0].profile.market)?);
    let one = |row: usize| {
        let product = &merchant.catalogue.products[row];
        let of = |language| [sim::catalogue::title(product, language), sim::catalogue::description(product, language)];
        let mut text = of(english).join("\n");
        let second = if is_home(row) { home } else { own };
        if second != english {
            text = format!("{text}\n{}", of(second).join("\n"));
        }
        let attributes = vec![
            (Field::Category, sim::catalogue::category(product)),
            (Field::Brand, product.brand.to_string()),
            (Field::Colour, product.colour.to_string()),
        ];
        ItemText { text, attributes }
    };
    Ok((0..merchant.catalogue.len()).map(one).collect())
}

/// The baskets of markets as rows, a day each purchase.
fn interactions(n_items: usize, sides: &[(Market, &[Vec<ItemIdx>])]) -> Result<Interactions> {
    let of = sides.iter().flat_map(|(market, baskets)| baskets.iter().map(move |basket| (*market, basket)));
    let (mut markets, mut cells) = (Vec::new(), Vec::new());
    for (shopper, (market, basket)) in of.enumerate() {
        markets.push(market);
        cells.extend(basket.iter().enumerate().map(|(day, item)| Interaction {
            shopper: ShopperIdx(shopper as u32),
            item: *item,
            kind: Kind::Purchase,
            day: Day(day as i32),
            weight: 1.0,
        }));
    }
    Ok(Interactions::new(n_items, markets, cells)?)
}

/// What is said of a market beside its marks.
struct Told<'a> {
    market: Market,
    seed: u64,
    n_known: usize,
    proof: &'a [(&'static str, TransferVerdict)],
    fit_s: f64,
}

/// The last product of each basket, asked for by the others.
fn marks(models: &[Box<dyn Recommender>; 4], sold: &[ItemIdx], asked: &[Vec<ItemIdx>]) -> Marks {
    let mut marks = Marks::default();
    for basket in asked {
        let Some((answer, history)) = basket.split_last() else { continue };
        let candidates: Vec<ItemIdx> = sold.iter().copied().filter(|item| !history.contains(item)).collect();
        for (marks, model) in marks.iter_mut().zip(models) {
            let scores = filled(model.score(History::of(history), &candidates));
            let mut ranked: Vec<usize> = (0..candidates.len()).collect();
            ranked.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(candidates[*a].cmp(&candidates[*b])));
            let ranked: Vec<ItemIdx> = ranked.into_iter().map(|at| candidates[at]).collect();
            marks.push(Metric::Ndcg(10).mark(&ranked, &[*answer]).unwrap_or(0.0));
        }
    }
    marks
}

/// A row of marks: means with intervals, and gains shopper by shopper on popularity and on content.
fn compared(data: String, quality: String, runs: serde_json::Value, marks: &Marks) -> Result<Row> {
    let how = Bootstrap::default();
    let mut means = Vec::new();
    for (name, marks) in NAMES.iter().zip(marks) {
        let estimate = mean_interval(marks, &how, Seed(1))?;
        means.push((*name, estimate.mean, estimate.interval.low, estimate.interval.high));
    }
    let ours = NAMES.len() - 1;
    let (mut goals, mut gains) = (Vec::new(), Vec::new());
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
    Ok(Row {
        task: "zero-overlap".into(),
        data,
        ours: format!("nDCG@10 {}", shown.collect::<Vec<_>>().join(", ")),
        peer: "the same questions by popularity and by content".into(),
        ratio: gains.join(", "),
        quality,
        goals,
        wrong: Vec::new(),
        runs: json!({ "means": means, "more": runs }),
    })
}

fn row(told: &Told<'_>, marks: &Marks, n_sold: usize) -> Result<Row> {
    let proved = told.proof.iter().all(|(_, verdict)| verdict.accepted());
    let proof = told.proof.iter().map(|(against, verdict)| format!("against {against}: {}", verdict.reason));
    let (market, n_asked, n_known, seed) = (told.market, marks[0].len(), told.n_known, told.seed);
    let data = format!("{market}: {n_asked} shoppers asked about {n_sold} products, {n_known} known, seed {seed}");
    let quality = format!(
        "{} at home ({}); {:.1} CPU s",
        if proved { "proved" } else { "not proved" },
        proof.collect::<Vec<_>>().join("; "),
        told.fit_s
    );
    compared(data, quality, json!({ "proved": proved }), marks)
}

/// All shoppers together.
fn pooled(whose: &str, marks: &Marks) -> Result<Row> {
    let data = format!("{whose}: {} shoppers asked", marks[0].len());
    compared(data, "every shopper counts alike".to_owned(), json!({}), marks)
}

/// What a model cannot say is worse than all it says.
fn filled(scores: Vec<Option<f32>>) -> Vec<f32> {
    let least = scores.iter().flatten().copied().fold(f32::INFINITY, f32::min);
    scores.into_iter().map(|s| s.unwrap_or(if least.is_finite() { least } else { 0.0 })).collect()
}
