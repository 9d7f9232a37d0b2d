//! `bench zero-overlap`: a market that shares neither products nor shoppers with any other one. What its shoppers buy
//! next is asked of models that know its products by their texts alone.
//!
//! The simulated merchant's catalogue is cut in two by a hash: one half is sold at home, the other one abroad. Products at
//! home have Chinese and English texts, those abroad English ones and those of the market. Home's shoppers teach what goes with
//! what; abroad, 100 shoppers are known by what they bought, the others are asked: the last product is the answer among all that
//! the market sells. Shoppers who also buy at home are left out. How much each score counts is learnt at home, on
//! halves of its own products that share nothing either: nothing is chosen on the markets that are asked.

use crate::recommend::cpu_seconds;
use crate::report::{self, Better, Goal, Row};
use anyhow::{Context, Result};
use clap::Args;
use content::text::LsaParams;
use content::{Encode, Vectors};
use domain::{History, Interactions, ItemIdx, Market, Score, Seed};
use eval::{Bootstrap, Metric, mean_interval, paired_difference};
use learn::choice::ChoiceParams;
use recommend::transfer::ContentMapParams;
use recommend::{Content, ContentParams, Field, ItemText, ModelKind};
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
    /// Seed of the merchant.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Shoppers abroad who are known by what they bought.
    #[arg(long, default_value_t = 100)]
    known: usize,
}

/// Scores that are weighed.
const N_FEATURES: usize = 4;
/// Configurations that are marked.
const N_ROWS: usize = 7;

/// A market's distinct purchases in their order, items numbered from 0 within its half of the catalogue.
type Baskets = Vec<Vec<ItemIdx>>;

/// One half of the catalogue in the languages of a market.
struct Half {
    rows: Vec<usize>,
    items: Vec<ItemText>,
    vectors: Vec<f32>,
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
    for book in &merchant.books[1..] {
        let market = book.profile.market;
        let started = cpu_seconds();
        let home_half = texts(&merchant, &home_rows, home.profile.market)?;
        let away_half = texts(&merchant, &away_rows, market)?;
        let both: Vec<String> = home_half.iter().chain(&away_half).map(|item| item.text.clone()).collect();
        let encoder = LsaParams::default().fit(&both, Seed(1))?;
        let encode = |rows: &[usize], items: Vec<ItemText>| {
            let texts: Vec<Option<&str>> = items.iter().map(|item| Some(item.text.as_str())).collect();
            let vectors: Vectors = encoder.encode(&texts);
            Half { rows: rows.to_vec(), vectors: vectors.values().to_vec(), items }
        };
        let (home_half, away_half) = (encode(&home_rows, home_half), encode(&away_rows, away_half));
        let width = encoder.width();
        let weights = learn_weights(&home_half, width, &at_home, args.known)?;
        let map = ContentMapParams::default().fit(
            &home_half.vectors,
            width,
            &interactions(home_half.rows.len(), &at_home),
        )?;
        let also_home: BTreeSet<u32> = book.links.iter().map(|link| link.abroad).collect();
        let asked = baskets(book, &away_half.rows, &also_home);
        let (known, asked) = asked.split_at(args.known.min(asked.len() / 2));
        let taste = taste(&home_half.vectors, width, &at_home)?;
        let scorers = Scorers::new(&away_half, width, &map, &taste, known)?;
        let fit_s = cpu_seconds() - started;
        add(row(args, market, &scorers, &weights, asked, fit_s)?);
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

/// What a market without a past can be scored by.
struct Scorers {
    n_items: usize,
    popularity: Vec<f32>,
    content: Content,
    mapped: recommend::transfer::MappedContent,
    /// What sells at home, as a function of what products say: the logarithm of buyers, up to a constant.
    taste: Vec<f32>,
    width: usize,
    vectors: Vec<f32>,
    /// A neighbourhood of the few shoppers that are known.
    own: Box<dyn recommend::Recommender>,
}

impl Scorers {
    fn new(
        half: &Half,
        width: usize,
        map: &recommend::transfer::ContentMap,
        taste: &[f64],
        known: &[Vec<ItemIdx>],
    ) -> Result<Self> {
        let n_items = half.items.len();
        let mut counts = vec![0.0_f32; n_items];
        known.iter().flatten().for_each(|item| counts[item.at()] += 1.0);
        let kind = ModelKind::all(Market::UNKNOWN).into_iter().find(|kind| kind.name() == "item-knn");
        let own = kind.context("item-knn among the models")?.fit(&interactions(n_items, known), Seed(1))?;
        Ok(Self {
            n_items,
            popularity: counts.iter().map(|n| (n + 0.5).ln()).collect(),
            content: ContentParams::default().fit(&half.items)?,
            mapped: map.over(&half.vectors),
            taste: half.vectors.chunks_exact(width).map(|row| dot(row, taste)).collect(),
            width,
            vectors: half.vectors.clone(),
            own,
        })
    }

    /// Popularity, and over their deviation within the candidates likeness of texts, the map, and home's taste.
    fn features(&self, history: &[ItemIdx], candidates: &[ItemIdx]) -> Vec<[f32; N_FEATURES]> {
        let popularity: Vec<f32> = candidates.iter().map(|item| self.popularity[item.at()]).collect();
        let alike = standard(&self.alike(history, candidates));
        let mapped = standard(&filled(self.mapped.score(History::of(history), candidates)));
        let taste = standard(&candidates.iter().map(|item| self.taste[item.at()]).collect::<Vec<f32>>());
        (0..candidates.len()).map(|at| [popularity[at], alike[at], mapped[at], taste[at]]).collect()
    }

    /// Mean cosine of the texts with those of the history.
    fn alike(&self, history: &[ItemIdx], candidates: &[ItemIdx]) -> Vec<f32> {
        let row = |item: ItemIdx| &self.vectors[item.at() * self.width..][..self.width];
        let mut profile = vec![0.0_f32; self.width];
        for item in history {
            profile.iter_mut().zip(row(*item)).for_each(|(p, v)| *p += v);
        }
        candidates.iter().map(|item| row(*item).iter().zip(&profile).map(|(v, p)| v * p).sum()).collect()
    }

    fn candidates(&self, history: &[ItemIdx]) -> Vec<ItemIdx> {
        (0..self.n_items as u32).map(ItemIdx).filter(|item| !history.contains(item)).collect()
    }
}

fn dot(row: &[f32], weights: &[f64]) -> f32 {
    row.iter().zip(weights).map(|(v, w)| f64::from(*v) * w).sum::<f64>() as f32
}

/// The logarithm of buyers as a linear function of content, by ridge regression around its mean.
fn taste(vectors: &[f32], width: usize, baskets: &[Vec<ItemIdx>]) -> Result<Vec<f64>> {
    let n = vectors.len() / width;
    let mut counts = vec![0.0_f64; n];
    baskets.iter().flatten().for_each(|item| counts[item.at()] += 1.0);
    let logs: Vec<f64> = counts.iter().map(|c| (c + 0.5).ln()).collect();
    let mean = logs.iter().sum::<f64>() / n.max(1) as f64;
    let (mut square, mut side) = (vec![0.0_f64; width * width], vec![0.0_f64; width]);
    for (row, y) in vectors.chunks_exact(width).zip(&logs) {
        for (k, x) in row.iter().enumerate() {
            side[k] += f64::from(*x) * (y - mean);
            let line = &mut square[k * width..(k + 1) * width];
            line.iter_mut().zip(row).for_each(|(s, v)| *s += f64::from(*x) * f64::from(*v));
        }
    }
    // As strong as a tenth of the mean spread of all columns together.
    let ridge = 0.1 * (0..width).map(|k| square[k * width + k]).sum::<f64>() / width as f64;
    (0..width).for_each(|k| square[k * width + k] += ridge);
    learn::dense::spd_inverse(&mut square, width)?;
    Ok(square.chunks_exact(width).map(|line| line.iter().zip(&side).map(|(a, b)| a * b).sum()).collect())
}

/// What a model cannot say is worse than all it says.
fn filled(scores: Vec<Option<f32>>) -> Vec<f32> {
    let least = scores.iter().flatten().copied().fold(f32::INFINITY, f32::min);
    scores.into_iter().map(|s| s.unwrap_or(if least.is_finite() { least } else { 0.0 })).collect()
}

fn standard(scores: &[f32]) -> Vec<f32> {
    let n = scores.len().max(1) as f32;
    let mean = scores.iter().sum::<f32>() / n;
    let deviation = (scores.iter().map(|s| (s - mean).powi(2)).sum::<f32>() / n).sqrt();
    scores.iter().map(|s| if deviation > 0.0 { (s - mean) / deviation } else { 0.0 }).collect()
}

/// How much popularity, likeness and the map count, from home alone: the map is learnt on one half of its products
/// and shoppers, the choices of the others among the other products say what each score is worth.
fn learn_weights(half: &Half, width: usize, baskets: &Baskets, n_known: usize) -> Result<[f64; N_FEATURES]> {
    let first = |item: &ItemIdx| hashed(half.rows[item.at()] + 7_000_000).is_multiple_of(2);
    let learnt: Baskets = baskets
        .iter()
        .step_by(2)
        .map(|b| b.iter().copied().filter(first).collect())
        .filter(|b: &Vec<_>| b.len() > 1)
        .collect();
    let map = ContentMapParams::default().fit(&half.vectors, width, &interactions(half.rows.len(), &learnt))?;
    let rest: Vec<usize> = (0..half.rows.len()).filter(|at| !first(&ItemIdx(*at as u32))).collect();
    let renumbered = |basket: &Vec<ItemIdx>| -> Vec<ItemIdx> {
        basket.iter().filter_map(|item| rest.binary_search(&item.at()).ok()).map(|at| ItemIdx(at as u32)).collect()
    };
    let others: Baskets = baskets.iter().skip(1).step_by(2).map(renumbered).filter(|b| b.len() > 1).collect();
    let other_half = Half {
        rows: rest.iter().map(|at| half.rows[*at]).collect(),
        items: rest.iter().map(|at| half.items[*at].clone()).collect(),
        vectors: rest.iter().flat_map(|at| half.vectors[at * width..(at + 1) * width].to_vec()).collect(),
    };
    let (known, asked) = others.split_at(n_known.min(others.len() / 2));
    // Only the products that the map is learnt from: the others stand for a market that home has never sold to.
    let mine: Vec<usize> = (0..half.rows.len()).filter(|at| first(&ItemIdx(*at as u32))).collect();
    let mine_vectors: Vec<f32> =
        mine.iter().flat_map(|at| half.vectors[at * width..(at + 1) * width].to_vec()).collect();
    let numbered = |basket: &Vec<ItemIdx>| -> Vec<ItemIdx> {
        basket.iter().filter_map(|item| mine.binary_search(&item.at()).ok()).map(|at| ItemIdx(at as u32)).collect()
    };
    let taste = taste(&mine_vectors, width, &learnt.iter().map(numbered).collect::<Vec<_>>())?;
    let scorers = Scorers::new(&other_half, width, &map, &taste, known)?;
    let (mut x, mut sizes, mut chosen) = (Vec::new(), Vec::new(), Vec::new());
    for basket in asked.iter().take(2_000) {
        let Some((answer, history)) = basket.split_last() else { continue };
        let candidates = scorers.candidates(history);
        let Some(at) = candidates.iter().position(|item| item == answer) else { continue };
        x.extend(scorers.features(history, &candidates).into_iter().flatten());
        sizes.push(candidates.len());
        chosen.push(at);
    }
    let weights = ChoiceParams::default().fit(&x, N_FEATURES, &sizes, &chosen)?;
    Ok(std::array::from_fn(|at| weights[at]))
}

fn row(
    args: &ZeroOverlapArgs,
    market: Market,
    scorers: &Scorers,
    weights: &[f64; N_FEATURES],
    asked: &[Vec<ItemIdx>],
    fit_s: f64,
) -> Result<Row> {
    const NAMES: [&str; N_ROWS] = [
        "popularity",
        "item-kNN of the known",
        "content kNN",
        "likeness of texts",
        "content map",
        "home's taste in content",
        "all, weighed at home",
    ];
    let mut marks: [Vec<f64>; N_ROWS] = Default::default();
    for basket in asked {
        let Some((answer, history)) = basket.split_last() else { continue };
        let candidates = scorers.candidates(history);
        let features = scorers.features(history, &candidates);
        let weighed = |f: &[f32; N_FEATURES]| f.iter().zip(weights).map(|(f, w)| f64::from(*f) * w).sum::<f64>() as f32;
        let column = |at: usize| features.iter().map(|f| f[at]).collect::<Vec<f32>>();
        let scores = [
            column(0),
            filled(scorers.own.score(History::of(history), &candidates)),
            filled(scorers.content.score(History::of(history), &candidates)),
            column(1),
            column(2),
            column(3),
            features.iter().map(weighed).collect(),
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
    Ok(Row {
        task: "zero-overlap".into(),
        data: format!(
            "{market}: {} shoppers asked about {} products, {} known, seed {}",
            marks[0].len(),
            scorers.n_items,
            args.known,
            args.seed
        ),
        ours: format!("nDCG@10 {}", shown.collect::<Vec<_>>().join(", ")),
        peer: "the same questions by popularity and by content".into(),
        ratio: gains.join(", "),
        quality: format!(
            "weights: popularity {:.2}, likeness {:.2}, map {:.2}, taste {:.2}; learnt in {fit_s:.1} CPU s",
            weights[0], weights[1], weights[2], weights[3]
        ),
        goals,
        wrong: Vec::new(),
        runs: json!({ "means": means, "weights": weights }),
    })
}
