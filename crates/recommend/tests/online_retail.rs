//! The transfer table on the UCI Online Retail data: what a British shop taught other countries.
//!
//! Last 60 days (from 2011-10-11) as test, the 60 days before as validation. The table goes to
//! standard error; only facts with a wide margin are asserted.

#![allow(clippy::print_stderr)] // the table is what a reader of this test wants to see

// The joining code lives in `app`, which alone may know both crates; it is included by path, so
// that this test does not build the query engine.
#[path = "../../app/src/evidence.rs"]
#[allow(dead_code, unreachable_pub, reason = "the program's own file; the test uses a part of it")]
mod evidence;

use domain::{Day, FitError, Interaction, Interactions, ItemIdx, Kind, Market, Seed, ShopperIdx};
use evidence::{Applied, EvidencePlan, Trained, TransferTable, transfer_table};
use flate2::read::GzDecoder;
use recommend::{ModelKind, Recommender};
use std::collections::BTreeMap;
use std::fs::File;
use std::time::Instant;
use testkit::shared::shared_data;

fn fit(kind: &ModelKind, train: &Interactions, seed: Seed) -> Result<Box<dyn Recommender>, FitError> {
    kind.fit(train, seed)
}

fn market(country: &str) -> Market {
    let code = match country {
        "United Kingdom" => *b"GB",
        "Germany" => *b"DE",
        "France" => *b"FR",
        "EIRE" => *b"IE",
        "Spain" => *b"ES",
        "Belgium" => *b"BE",
        "Netherlands" => *b"NL",
        "Switzerland" => *b"CH",
        "Portugal" => *b"PT",
        "Norway" => *b"NO",
        "Italy" => *b"IT",
        "Australia" => *b"AU",
        "Sweden" => *b"SE",
        "Denmark" => *b"DK",
        "Finland" => *b"FI",
        "Austria" => *b"AT",
        "Cyprus" => *b"CY",
        "Channel Islands" => return Market::CHANNEL_ISLANDS,
        "European Community" => return Market::EUROPEAN_UNION,
        _ => return Market::UNKNOWN, // a shopper or two each: they teach, but are no target
    };
    Market::from_code(code).unwrap()
}

/// Clean rows of products: not cancelled, positive quantity and price, a known customer, and a code of
/// five digits first (POST, M, BANK CHARGES are services: postage is on every invoice sent abroad and
/// would pass for what foreigners love). A shopper's market is the one of the first order.
fn load() -> Option<Interactions> {
    let file = File::open(shared_data("uci_online_retail/online_retail.csv.gz")?).ok()?;
    let (mut shoppers, mut items) = (BTreeMap::<String, u32>::new(), BTreeMap::<String, u32>::new());
    let (mut markets, mut rows) = (Vec::new(), Vec::new());
    for record in csv::Reader::from_reader(GzDecoder::new(file)).records() {
        let r = record.unwrap();
        let positive = |at: usize| r[at].parse::<f64>().unwrap() > 0.0;
        let product = r[1].len() >= 5 && r[1].as_bytes()[..5].iter().all(u8::is_ascii_digit);
        if !product || r[0].starts_with('C') || r[6].is_empty() || !positive(3) || !positive(5) {
            continue;
        }
        let n = shoppers.len() as u32;
        let shopper = ShopperIdx(*shoppers.entry(r[6].to_owned()).or_insert_with(|| n));
        if shopper.at() == markets.len() {
            markets.push(market(&r[7]));
        }
        let n = items.len() as u32;
        let item = ItemIdx(*items.entry(r[1].to_owned()).or_insert_with(|| n));
        rows.push(Interaction { shopper, item, kind: Kind::Purchase, day: r[4][..10].parse().unwrap(), weight: 1.0 });
    }
    Some(Interactions::new(items.len(), markets, rows).unwrap())
}

fn print(table: &TransferTable) {
    eprintln!("validation from {}, test {} to {}", table.validation_from, table.test_from, table.last_day);
    for (at, metric) in table.metrics.iter().enumerate() {
        eprintln!("\n{metric}");
        for row in &table.rows {
            let name = row.market.map_or("targets".to_owned(), |m| m.to_string());
            let cell = |e: &eval::Estimate| format!("{:.3} [{:.3} {:.3}]", e.mean, e.interval.low, e.interval.high);
            let cells: Vec<String> = row.marked.iter().map(|m| cell(&m.estimates[at])).collect();
            let gain = row.gain.as_ref().map_or(String::new(), |g| cell(&g[at].difference));
            eprintln!("{name:7} {:4} {} | gain {gain}", row.n_cases, cells.join(" "));
        }
    }
    for (m, method) in table.methods.iter().enumerate() {
        let best = if m == table.best_alone || m == table.best_pooled { " *" } else { "" };
        eprintln!("{:?} {:?}{best}", method.trained, method.model);
    }
    for row in &table.rows {
        if let Some(v) = &row.verdict {
            eprintln!("{:?} {:?} {:?} weight {}: {}", row.market, v.decision, row.applied, row.source_weight, v.reason);
        }
    }
}

#[test]
fn other_markets_teach_the_small_ones_what_to_offer() {
    let Some(all) = load() else { return };
    assert_eq!((all.len(), all.distinct().len(), all.n_items()), (396_337, 266_221, 3_659));
    let started = Instant::now();
    let table = transfer_table(&all, &EvidencePlan::for_home(market("United Kingdom")), &fit, Seed(1)).unwrap();
    eprintln!("{:.1} s", started.elapsed().as_secs_f64());
    print(&table);
    assert_eq!(table.test_from, Day::from_ymd(2011, 10, 11).unwrap());
    let targets = &table.rows[0];
    let mean = |row: usize, trained: Trained, name: &str| {
        let at = table.methods.iter().position(|m| m.trained == trained && m.model.name().starts_with(name)).unwrap();
        table.rows[row].marked[at].estimates[0].mean
    };
    assert!(targets.n_cases > 140, "{}", targets.n_cases);
    assert!(mean(0, Trained::Pooled, "item-knn") > mean(0, Trained::Alone, "popularity") + 0.02);
    assert!(mean(0, Trained::Pooled, "item-knn") > mean(0, Trained::Alone, "item-knn"));
    assert!(mean(1, Trained::Pooled, "item-knn") > mean(1, Trained::Pooled, "popularity") + 0.02, "home");
    assert!(targets.verdict.as_ref().unwrap().accepted());
    let best_at_home = table.best_at_home.map(|at| table.methods[at].model.name());
    assert_eq!(best_at_home, Some("ease-sparse"), "by home's own validation shoppers, not by those of the targets");
    assert!(mean(1, Trained::Alone, "ease") > mean(1, Trained::Alone, "item-knn") + 0.01, "and on later orders");
    let recall = targets.gain.as_ref().unwrap()[1].difference; // observed 0.045, interval from 0.024
    assert!(recall.interval.low > 0.0, "{recall:?}");
    for row in &table.rows {
        for estimate in row.marked.iter().flat_map(|m| &m.estimates) {
            let i = estimate.interval;
            assert!(0.0 <= i.low && i.low <= estimate.mean && estimate.mean <= i.high && i.high <= 1.0);
        }
    }
}

/// A planted world: 400 items in 40 groups of 10, every shopper buys within one group. Home (800
/// shoppers) and DE (60) share the groups; FR (60) groups the items in another way, so that what
/// home teaches is wrong there; BE has 6 shoppers of home's taste, too few to tell.
fn planted() -> Interactions {
    let [home, de, fr, be] = [*b"GB", *b"DE", *b"FR", *b"BE"].map(|m| Market::from_code(m).unwrap());
    let shoppers = [(home, 800), (de, 60), (fr, 60), (be, 6)];
    let markets: Vec<Market> = shoppers.iter().flat_map(|(m, n)| vec![*m; *n]).collect();
    let mut rows = Vec::new();
    for (s, market) in markets.iter().enumerate() {
        let mut rng = Seed(5).stream(s as u64);
        let group = rng.below(40) as u32;
        for day in 0..180 {
            if rng.uniform() < 0.06 {
                let within = rng.below(10) as u32;
                let item = if *market == fr { within * 40 + group } else { group * 10 + within };
                let (shopper, item) = (ShopperIdx(s as u32), ItemIdx(item));
                rows.push(Interaction { shopper, item, kind: Kind::Purchase, day: Day(day), weight: 1.0 });
            }
        }
    }
    Interactions::new(400, markets, rows).unwrap()
}

#[test]
fn a_planted_gain_is_accepted_and_a_planted_harm_refused() {
    let plan = EvidencePlan::for_home(Market::from_code(*b"GB").unwrap());
    let table = transfer_table(&planted(), &plan, &fit, Seed(1)).unwrap();
    let row = |code: [u8; 2]| table.rows.iter().find(|r| r.market == Market::from_code(code)).unwrap();
    assert_eq!(row(*b"DE").applied, Applied::OwnEvidence, "{:?}", row(*b"DE").verdict);
    assert_eq!(row(*b"FR").applied, Applied::No, "{:?}", row(*b"FR").verdict);
    assert!(row(*b"DE").gain.as_ref().unwrap()[0].difference.interval.low > 0.0);
    assert_eq!(row(*b"BE").applied == Applied::AllTargets, table.rows[0].applied == Applied::OwnEvidence);
    assert_eq!((table.rows[0].market, table.rows[1].market), (None, Some(plan.home)));
    for row in &table.rows {
        // What would serve at a weight of its own has a row of its own; all others have the eight methods.
        let weighted: Vec<f32> = row.marked[8..].iter().map(|m| m.source_weight).collect();
        let want = if row.source_weight == 1.0 { vec![] } else { vec![row.source_weight] };
        assert_eq!(weighted, want, "{:?}", row.market);
        let last = row.marked.last().unwrap();
        let gained = last.estimates[0].mean - row.marked[table.best_alone].estimates[0].mean;
        if let (true, Some(gain)) = (row.source_weight != 1.0, &row.gain) {
            assert!((gain[0].difference.mean - gained).abs() < 1e-12, "the gain is of what serves");
        }
        assert!(row.marked.iter().all(|m| m.beyond.coverage.is_some_and(|c| c.n == row.n_cases)));
    }
    assert_eq!(table.methods.len(), 8);
    assert_eq!(table.methods.iter().filter(|m| m.trained == Trained::Pooled).count(), 4);
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(one.install(|| transfer_table(&planted(), &plan, &fit, Seed(1)).unwrap()), table, "at one thread");
}

#[test]
fn without_a_target_there_is_no_table() {
    let all = planted();
    let (markets, home) = (all.markets().to_vec(), Market::from_code(*b"GB").unwrap());
    let only_home = all.filter(|row| markets[row.shopper.at()] == home);
    assert!(transfer_table(&only_home, &EvidencePlan::for_home(home), &fit, Seed(1)).is_err());
}
