//! `bench prices`: what prices that rest on a borrowed elasticity bring, or with `--own` on the product's own, beside prices that
//! are held, in markets whose true demand is known.
//!
//! One merchant a seed; its orders are read as the program reads them. Each rule ([`rules`]) sets the price of every product whose
//! elasticity is of the kind asked for, by the program's own corridor; the simulator's choice model says what each price sells
//! ([`world`]). The margin of a rule is set beside that of prices that are held at or above the floor, in parts of the sales at the
//! present prices: merchants are paired, and the interval is Student's t over merchants.
//!
//! Several costs are tried, because where cost is high a rise is right whatever it rests on, and where it is low it is wrong. Seeds from
//! 1001 on were never looked at while a rule was chosen.

mod facts;
mod rules;
mod world;

use crate::report::{self, Row};
use anyhow::{Context, Result, ensure};
use clap::Args;
use domain::{Interval, Seed};
use facts::{Known, facts};
use learn::interval::mean_t;
use rules::{BORROWED, OWN, Rule, asked};
use serde_json::json;
use sim::{Merchant, SimParams};
use std::collections::BTreeMap;
use world::Market;

/// `bench prices`.
#[derive(Debug, Default, Args)]
pub(crate) struct PricesArgs {
    /// Merchants; without it, 12.
    #[arg(long)]
    seeds: Option<u64>,
    /// The first seed; without it, 2001.
    #[arg(long)]
    from: Option<u64>,
    /// Size of a merchant, 1 is about 50,000 orders; without it, 1.
    #[arg(long)]
    scale: Option<f64>,
    /// Prices of products whose own weeks say how demand answers, instead of those that borrow an answer.
    #[arg(long)]
    own: bool,
}

/// What a unit costs until it is sold, in times of its cost at home.
const COSTS: [f64; 3] = [0.7, 1.1, 1.5];

/// How the margins of a rule are reckoned.
const VIEWS: [&str; 3] = ["one at a time", "all at once", "all at once, half free to leave"];

/// A number a rule: margins, or what they are above those of held prices over the sales at the present prices.
type Gains = Vec<f64>;

pub(crate) fn run(args: &PricesArgs) -> Result<Row> {
    let (seeds, from, scale) = (args.seeds.unwrap_or(12), args.from.unwrap_or(2001), args.scale.unwrap_or(1.0));
    ensure!(seeds > 1, "--seeds must be at least 2");
    let rules: &'static [(Rule, &'static str)] = if args.own { &OWN } else { &BORROWED };
    let mut gains: BTreeMap<(usize, usize, bool), Vec<Gains>> = BTreeMap::new();
    let mut runs = Vec::new();
    for seed in from..from + seeds {
        let merchant = Merchant::generate(&SimParams::at(scale, Seed(seed)))?;
        let known = facts(&merchant)?;
        for (cost, times) in COSTS.iter().enumerate() {
            let mut sums: BTreeMap<(usize, bool), (Gains, f64)> = BTreeMap::new();
            for (book, known) in merchant.books.iter().zip(&known) {
                let market = Books { merchant: &merchant, book, known, times: *times, own: args.own, rules };
                let Some(found) = market.margins()? else { continue };
                report::note(&format!("seed {seed}, {}, cost × {times}: {found}", book.profile.market));
                runs.push(
                    json!({"seed": seed, "market": book.profile.market, "cost": times, "products": found.products,
                    "moved": found.moved, "margins": found.margins, "sales": found.sales}),
                );
                let abroad = book.profile.market.code() != "CN";
                for (view, (margins, sales)) in found.margins.iter().zip(found.sales).enumerate() {
                    let sum = sums.entry((view, abroad)).or_insert_with(|| (vec![0.0; rules.len()], 0.0));
                    sum.0.iter_mut().zip(margins).for_each(|(sum, m)| *sum += (m - margins[0]) / sales * found.weight);
                    sum.1 += found.weight;
                }
            }
            for ((view, abroad), (sum, weight)) in sums {
                gains.entry((cost, view, abroad)).or_default().push(sum.into_iter().map(|x| x / weight).collect());
            }
        }
    }
    let mut said = Vec::new();
    for ((cost, view, abroad), all) in &gains {
        for (rule, (_, name)) in rules.iter().enumerate().skip(1) {
            let x: Vec<f64> = all.iter().map(|g| 100.0 * g[rule]).collect();
            let place = if *abroad { "abroad" } else { "home" };
            said.push(format!("{place}, cost × {}, {}, {name}: {}", COSTS[*cost], VIEWS[*view], spread(&x)));
        }
    }
    said.iter().for_each(|line| report::note(line));
    let kind = if args.own { "own" } else { "borrowed" };
    let verdicts = verdicts(rules, &gains);
    Ok(Row {
        task: format!("margin of prices that rest on {kind} elasticities"),
        data: format!("simulated merchants, scale {scale}, seeds {from} to {}", from + seeds - 1),
        ours: format!("points of sales above held prices: {}", said.join("; ")),
        peer: "prices held within floor and competitors' band".to_owned(),
        ratio: "-".to_owned(),
        quality: format!("mean over merchants with its 95 % interval; {verdicts}"),
        goals: Vec::new(),
        wrong: Vec::new(),
        runs: json!(runs),
    })
}

fn mean_and_ends(x: &[f64]) -> (f64, Option<Interval>) {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    let sd = (x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    (mean, mean_t(mean, sd, x.len() as u64, 0.95))
}

/// Mean and 95 % interval.
fn spread(x: &[f64]) -> String {
    let (n, (mean, ends)) = (x.len(), mean_and_ends(x));
    ends.map_or_else(
        || format!("{mean:+.2} (of {n})"),
        |i| format!("{mean:+.2} ({:+.2} to {:+.2}) of {n} merchants", i.low, i.high),
    )
}

/// Of each rule the mean gain over all cells of cost, view and place, and the cells in which it is known to win or to lose.
fn verdicts(rules: &[(Rule, &str)], gains: &BTreeMap<(usize, usize, bool), Vec<Gains>>) -> String {
    let mut said = Vec::new();
    for (rule, (_, name)) in rules.iter().enumerate().skip(1) {
        let (mut sum, mut wins, mut losses) = (0.0, 0, 0);
        for all in gains.values() {
            let x: Vec<f64> = all.iter().map(|g| 100.0 * g[rule]).collect();
            let (mean, ends) = mean_and_ends(&x);
            sum += mean;
            wins += usize::from(ends.is_some_and(|i| i.low > 0.0));
            losses += usize::from(ends.is_some_and(|i| i.high < 0.0));
        }
        said.push(format!("{name} {:+.2}, {wins} up, {losses} down", sum / gains.len().max(1) as f64));
    }
    let said = format!("over {} cells: {}", gains.len(), said.join("; "));
    report::note(&said);
    said
}

/// One market of a merchant.
struct Books<'a> {
    merchant: &'a Merchant,
    book: &'a sim::Book,
    known: &'a BTreeMap<usize, Known>,
    times: f64,
    own: bool,
    rules: &'static [(Rule, &'static str)],
}

/// What the rules bring, by view and rule, and the sales at the present prices, by view.
struct Found {
    margins: [Gains; VIEWS.len()],
    sales: [f64; VIEWS.len()],
    products: usize,
    /// Products that each rule gives another price than today's.
    moved: Vec<usize>,
    /// Lines of the market.
    weight: f64,
}

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} products, moved {:?}", self.products, self.moved)?;
        for (view, name) in VIEWS.iter().enumerate() {
            write!(f, "; {name}:")?;
            for m in &self.margins[view] {
                write!(f, " {:.1}", 100.0 * m / self.sales[view])?;
            }
        }
        Ok(())
    }
}

impl Books<'_> {
    /// Nothing where no product has an elasticity of the kind.
    fn margins(&self) -> Result<Option<Found>> {
        let products = &self.merchant.catalogue.products;
        let known: Vec<Option<&Known>> = (0..products.len()).map(|j| self.known.get(&j)).collect();
        let last = self.book.prices.n_weeks() - 1;
        let now: Vec<f64> = (0..products.len())
            .map(|j| known[j].map_or(self.book.prices.list(last, j) as f64, |k| k.now.minor as f64))
            .collect();
        let of_kind = |k: &Known| k.answer.is_some() && k.own == self.own;
        let moving: Vec<usize> = (0..products.len()).filter(|j| known[*j].is_some_and(of_kind)).collect();
        if moving.is_empty() {
            return Ok(None);
        }
        let truth = Market::of(self.merchant, self.book);
        let leaving = Market::of(self.merchant, self.book).leaving(&now);
        let of = |j: usize, price: f64, units: f64| known[j].map_or(0.0, |k| units * k.margin(price, self.times));
        let present = truth.units(&now);
        let earned: f64 = (0..products.len()).map(|j| of(j, now[j], present[j])).sum();
        let elsewhere = earned / present.iter().sum::<f64>().max(1e-9);
        let n = self.rules.len();
        let mut prices = vec![now.clone(); n];
        let mut moved = vec![0; n];
        for &j in &moving {
            let known = known[j].context("a product that moves")?;
            for (at, (rule, _)) in self.rules.iter().enumerate() {
                let asked = asked(known, *rule, self.times, elsewhere)?;
                prices[at][j] = asked.minor as f64;
                moved[at] += usize::from(asked != known.now);
            }
        }
        let mut margins = std::array::from_fn(|_| vec![0.0; n]);
        let mut sales = [0.0; VIEWS.len()];
        for &j in &moving {
            let mut own: Vec<f64> = prices.iter().map(|p| p[j]).collect();
            own.push(now[j]);
            let units = truth.units_alone(&now, j, &own);
            (0..n).for_each(|rule| margins[0][rule] += of(j, own[rule], units[rule]));
            sales[0] += own[n] * units[n];
        }
        for (view, market) in [(1, &truth), (2, &leaving)] {
            for (rule, prices) in prices.iter().enumerate() {
                let units = market.units(prices);
                margins[view][rule] = (0..products.len()).map(|j| of(j, prices[j], units[j])).sum();
            }
            let units = market.units(&now);
            sales[view] = (0..products.len()).map(|j| now[j] * units[j]).sum();
        }
        let weight = self.book.lines.len() as f64;
        Ok(Some(Found { margins, sales, products: moving.len(), moved, weight }))
    }
}
