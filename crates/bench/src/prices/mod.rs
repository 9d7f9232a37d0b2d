//! `bench prices`: what prices that rest on a borrowed elasticity bring, beside prices that are held, in markets whose true
//! demand is known.
//!
//! One merchant a seed; its orders are read as the program reads them. Each rule sets the price of every product whose elasticity is
//! borrowed from the market's other products, by the program's own corridor; the simulator's choice model says what each price sells
//! ([`world`]). The margin of a rule is set beside that of prices that are held at or above the floor, in parts of the sales at the
//! present prices: merchants are paired, and the interval is Student's t over merchants.
//!
//! Several costs are tried, because where cost is high a rise is right whatever it rests on, and where it is low it is wrong. Seeds from
//! 1001 on were never looked at while a rule was chosen.

mod facts;
mod world;

use crate::report::{self, Row};
use anyhow::{Context, Result, ensure};
use clap::Args;
use decide::price::corridor::{Answer, BoundKind, CorridorInput, CorridorParams, corridor};
use domain::{Money, Seed};
use facts::{Known, facts};
use learn::interval::mean_t;
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
}

/// What a unit costs until it is sold, in times of its cost at home.
const COSTS: [f64; 3] = [0.7, 1.1, 1.5];

/// How the price of a product is set whose elasticity is borrowed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Rule {
    /// Today's, held within floor and band.
    Held,
    /// The borrowed optimum.
    Borrowed,
    /// The same, at most this part away from today's.
    Limited(f64),
    /// Today's where the optimum's interval holds it, else the nearer end of that interval, at most this part away.
    Nearest(f64),
    /// The nearer end upwards only, at most this part away: a cut also takes units from the shop's other products, which an own-price
    /// elasticity does not see.
    Rise(f64),
    /// The same without that limit, as the program does it ([`Answer::Borrowed`]).
    Program,
}

const RULES: [(Rule, &str); 8] = [
    (Rule::Held, "held"),
    (Rule::Borrowed, "borrowed"),
    (Rule::Limited(0.1), "borrowed, at most 10 %"),
    (Rule::Limited(0.05), "borrowed, at most 5 %"),
    (Rule::Nearest(1.0), "nearest end of the interval"),
    (Rule::Nearest(0.1), "nearest end, at most 10 %"),
    (Rule::Program, "up to the interval (the program)"),
    (Rule::Rise(0.1), "up to the interval, at most 10 %"),
];

/// How the margins of a rule are reckoned.
const VIEWS: [&str; 3] = ["one at a time", "all at once", "all at once, half free to leave"];

/// Margin of each rule less that of held prices, over the sales at the present prices.
type Gains = [f64; RULES.len()];

pub(crate) fn run(args: &PricesArgs) -> Result<Row> {
    let (seeds, from, scale) = (args.seeds.unwrap_or(12), args.from.unwrap_or(2001), args.scale.unwrap_or(1.0));
    ensure!(seeds > 1, "--seeds must be at least 2");
    let mut gains: BTreeMap<(usize, usize, bool), Vec<Gains>> = BTreeMap::new();
    let mut runs = Vec::new();
    for seed in from..from + seeds {
        let merchant = Merchant::generate(&SimParams::at(scale, Seed(seed)))?;
        let known = facts(&merchant)?;
        for (cost, times) in COSTS.iter().enumerate() {
            let mut sums: BTreeMap<(usize, bool), (Gains, f64)> = BTreeMap::new();
            for (book, known) in merchant.books.iter().zip(&known) {
                let market = Books { merchant: &merchant, book, known, times: *times };
                let Some(found) = market.margins()? else { continue };
                report::note(&format!("seed {seed}, {}, cost × {times}: {found}", book.profile.market));
                runs.push(
                    json!({"seed": seed, "market": book.profile.market, "cost": times, "products": found.products,
                    "moved": found.moved, "margins": found.margins, "sales": found.sales}),
                );
                let abroad = book.profile.market.code() != "CN";
                for (view, (margins, sales)) in found.margins.iter().zip(found.sales).enumerate() {
                    let sum = sums.entry((view, abroad)).or_default();
                    sum.0.iter_mut().zip(margins).for_each(|(sum, m)| *sum += (m - margins[0]) / sales * found.weight);
                    sum.1 += found.weight;
                }
            }
            for ((view, abroad), (sum, weight)) in sums {
                gains.entry((cost, view, abroad)).or_default().push(sum.map(|x| x / weight));
            }
        }
    }
    let mut said = Vec::new();
    for ((cost, view, abroad), all) in &gains {
        for (rule, (_, name)) in RULES.iter().enumerate().skip(1) {
            let x: Vec<f64> = all.iter().map(|g| 100.0 * g[rule]).collect();
            let place = if *abroad { "abroad" } else { "home" };
            said.push(format!("{place}, cost × {}, {}, {name}: {}", COSTS[*cost], VIEWS[*view], spread(&x)));
        }
    }
    said.iter().for_each(|line| report::note(line));
    Ok(Row {
        task: "margin of prices that rest on borrowed elasticities".to_owned(),
        data: format!("simulated merchants, scale {scale}, seeds {from} to {}", from + seeds - 1),
        ours: format!("points of sales above held prices: {}", said.join("; ")),
        peer: "prices held within floor and competitors' band".to_owned(),
        ratio: "-".to_owned(),
        quality: "mean over merchants with its 95 % interval".to_owned(),
        goals: Vec::new(),
        wrong: Vec::new(),
        runs: json!(runs),
    })
}

/// Mean and 95 % interval.
fn spread(x: &[f64]) -> String {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    let sd = (x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    let ends = mean_t(mean, sd, x.len() as u64, 0.95);
    ends.map_or_else(
        || format!("{mean:+.2} (of {n})"),
        |i| format!("{mean:+.2} ({:+.2} to {:+.2}) of {n} merchants", i.low, i.high),
    )
}

/// One market of a merchant.
struct Books<'a> {
    merchant: &'a Merchant,
    book: &'a sim::Book,
    known: &'a BTreeMap<usize, Known>,
    times: f64,
}

/// What the rules bring, by view and rule, and the sales at the present prices, by view.
struct Found {
    margins: [Gains; VIEWS.len()],
    sales: [f64; VIEWS.len()],
    products: usize,
    /// Products that each rule gives another price than today's.
    moved: [usize; RULES.len()],
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
    /// Nothing where no product borrows.
    fn margins(&self) -> Result<Option<Found>> {
        let products = &self.merchant.catalogue.products;
        let known: Vec<Option<&Known>> = (0..products.len()).map(|j| self.known.get(&j)).collect();
        let last = self.book.prices.n_weeks() - 1;
        let now: Vec<f64> = (0..products.len())
            .map(|j| known[j].map_or(self.book.prices.list(last, j) as f64, |k| k.now.minor as f64))
            .collect();
        let borrowed: Vec<usize> =
            (0..products.len()).filter(|j| known[*j].is_some_and(|k| k.borrowed.is_some())).collect();
        if borrowed.is_empty() {
            return Ok(None);
        }
        let mut prices = vec![now.clone(); RULES.len()];
        let mut moved = [0; RULES.len()];
        for &j in &borrowed {
            let known = known[j].context("a product that borrows")?;
            for (at, (rule, _)) in RULES.iter().enumerate() {
                let asked = asked(known, *rule, self.times)?;
                prices[at][j] = asked.minor as f64;
                moved[at] += usize::from(asked != known.now);
            }
        }
        let truth = Market::of(self.merchant, self.book);
        let leaving = Market::of(self.merchant, self.book).leaving(&now);
        let of = |j: usize, price: f64, units: f64| known[j].map_or(0.0, |k| units * k.margin(price, self.times));
        let mut margins = [[0.0; RULES.len()]; VIEWS.len()];
        let mut sales = [0.0; VIEWS.len()];
        for &j in &borrowed {
            let mut own: Vec<f64> = prices.iter().map(|p| p[j]).collect();
            own.push(now[j]);
            let units = truth.units_alone(&now, j, &own);
            (0..RULES.len()).for_each(|rule| margins[0][rule] += of(j, own[rule], units[rule]));
            sales[0] += own[RULES.len()] * units[RULES.len()];
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
        Ok(Some(Found { margins, sales, products: borrowed.len(), moved, weight }))
    }
}

/// The price that a rule asks, at so many times the cost of the goods.
fn asked(known: &Known, rule: Rule, times: f64) -> Result<Money> {
    let (floor, break_even) = known.floors(times);
    let input = |answer: Answer, present: Money| CorridorInput {
        floor,
        break_even,
        answer,
        seen: Some(known.seen),
        competitors: Vec::new(),
        present: Some(present),
    };
    let params = CorridorParams::default();
    let estimate = known.borrowed.context("a borrowed elasticity")?;
    let free = corridor(&input(Answer::Known(estimate), known.now), &params)?;
    let now = known.now.minor as f64;
    let within = |minor: f64, most: f64| minor.clamp(now * (1.0 - most), now * (1.0 + most));
    let optimum = free.bounds.iter().find(|b| b.kind == BoundKind::Optimum && b.low.is_some());
    let wanted = match (rule, optimum) {
        (Rule::Program, _) => {
            let program = corridor(&input(Answer::Borrowed(estimate, Vec::new()), known.now), &params)?;
            return Ok(program.asked.unwrap_or(known.now));
        }
        (Rule::Borrowed, _) => return Ok(free.asked.unwrap_or(known.now)),
        (Rule::Limited(most), Some(_)) => {
            let exponent = 10_f64.powi(i32::try_from(known.now.currency.exponent())?);
            within(free.optimum.as_f64().map_or(now, |p| p * exponent), most)
        }
        (Rule::Nearest(most), Some(bound)) => {
            let low = bound.low.map_or(now, |m| m.minor as f64);
            let high = bound.high.map_or(f64::INFINITY, |m| m.minor as f64);
            within(now.max(low).min(high.max(low)), most)
        }
        (Rule::Rise(most), Some(bound)) => within(bound.low.map_or(now, |m| now.max(m.minor as f64)), most),
        (Rule::Held, _) | (_, None) => now,
    };
    let present = Money { minor: wanted.round().max(1.0) as i64, ..known.now };
    let held = corridor(&input(Answer::Refused(Vec::new()), present), &params)?;
    Ok(held.asked.unwrap_or(known.now))
}
