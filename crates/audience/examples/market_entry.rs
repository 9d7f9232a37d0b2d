//! What a seller would see: the simulator's markets, ranked, explained and sized.
//!
//! `cargo run --release -p audience --example market_entry -- [seed] [scale]`

#![expect(clippy::print_stdout, reason = "an example prints")]

use audience::entry::Estimate;
use audience::entry::attractiveness::{AttractivenessParams, Criterion};
use audience::entry::capacity::{CapacityParams, Reach, Whole, Win};
use audience::entry::facts::Fact;
use audience::entry::market_facts::{
    Candidate, FactParams, FactRow, FactTable, MarketStatus, OwnEvidence, PartEvidence,
};
use audience::entry::plan::{EntryPlan, Findings, Target};
use audience::entry::ranking::MarketRanking;
use domain::{Currency, Language, Market, Seed};
use sim::trade::Action;
use sim::{MarketPotential, Merchant, SimParams, potentials};

fn main() {
    let mut given = std::env::args().skip(1);
    let seed = given.next().and_then(|a| a.parse().ok()).unwrap_or(1);
    let scale = given.next().and_then(|a| a.parse().ok()).unwrap_or(0.2);
    let params = SimParams::at(scale, Seed(seed));
    let (truth, table) = (potentials(&params), facts(&params));
    let merchant = Merchant::generate(&params).expect("usual parameters");
    let home: Market = "CN".parse().expect("a market");
    let abroad = truth.iter().filter(|m| m.market != home);
    let all: Vec<Candidate> = abroad.map(|m| candidate(m, &merchant, &table, home)).collect();
    let open: Vec<Candidate> = all.iter().filter(|c| c.status() == MarketStatus::Candidate).cloned().collect();
    for (title, list) in [("markets not entered", &open), ("all markets abroad", &all)] {
        println!("\n{title}: seed {seed}, scale {scale}; * was planted as the best of those not entered");
        let ranking = AttractivenessParams::default().rank(list, Seed(seed)).expect("enough is known");
        show(&ranking, &truth);
    }
    let ranking = AttractivenessParams::default().rank(&open, Seed(seed)).expect("enough is known");
    say(&ranking, ranking.markets()[0].candidate.market());
    let ranked = AttractivenessParams::default().rank(&all, Seed(seed)).expect("enough is known");
    say(&ranking, ranking.markets()[1].candidate.market());
    say(&ranked, "SA".parse().expect("a market"));
    size_and_plan(&ranking, seed);
}

fn facts(params: &SimParams) -> FactTable {
    let row = |p: sim::export::PublishedFact| FactRow {
        market: p.market,
        fact: p.fact.to_owned(),
        day: p.day,
        known_on: p.known_on,
        value: p.value,
        text: p.text,
        unit: Some(p.unit.to_owned()),
    };
    let rows: Vec<FactRow> = sim::export::published(params).into_iter().map(row).collect();
    let dollars = [(Currency::new(*b"EUR"), 1.09)].into();
    FactParams { dollars, ..FactParams::as_of(params.end()) }.read(&rows)
}

fn candidate(m: &MarketPotential, merchant: &Merchant, table: &FactTable, home: Market) -> Candidate {
    let (status, own) = match merchant.book(m.market) {
        Some(book) => {
            let months = f64::from(merchant.params.days - book.params.opens_after) / 30.44;
            let seen = |wanted: fn(&Action) -> bool| {
                let n = book.events.iter().filter(|e| wanted(&e.action)).count() as f64;
                Some((n / merchant.params.tracked_share) as u64)
            };
            let visits = seen(|a| matches!(a, Action::Viewed(_)));
            let searches = seen(|a| matches!(a, Action::Searched(_)));
            let orders = Some(book.orders.len() as u64);
            (MarketStatus::Served, OwnEvidence { months, visits, searches, orders, revenue_and_refunds: None })
        }
        None => {
            let (visits, searches) = (Some(m.visits), Some(m.searches));
            (MarketStatus::Candidate, OwnEvidence { months: 12.0, visits, searches, ..OwnEvidence::default() })
        }
    };
    Candidate::new(m.market, status, table, own, PartEvidence::default(), home).expect("facts of the simulator")
}

fn show(ranking: &MarketRanking, truth: &[MarketPotential]) {
    print!("{:14} {:>15} {:>7} {:>5} {:>5} {:>5}", "   score", "95 %", "ranks", "first", "top3", "known");
    Criterion::ALL.iter().for_each(|c| print!(" {:>11}", c.key()));
    println!(" {:>12}", "true USD/year");
    for m in ranking.markets() {
        let t = truth.iter().find(|t| t.market == m.candidate.market()).expect("a truth for each");
        let star = if t.planted { "*" } else { "" };
        let within = format!("{:.3} to {:.3}", m.score.low, m.score.high);
        let ranks = format!("{}-{}", m.rank_within.0, m.rank_within.1);
        print!("{:>2} {}{star:1} {:>7.3} {within:>15} {ranks:>7}", m.rank, t.market, m.score.value);
        print!(" {:>5.2} {:>5.2} {:>5.2}", m.first, m.top_three, m.scored.known);
        m.scored.criteria.iter().for_each(|c| print!(" {:>11}", c.map_or("-".to_owned(), |c| format!("{c:.2}"))));
        println!(" {:>12.0}", t.potential);
    }
}

fn say(ranking: &MarketRanking, market: Market) {
    let why = ranking.explain(market).expect("a market that is ranked");
    for language in [Language::EN, Language::ZH] {
        println!();
        why.sentences.iter().for_each(|s| println!("  {}", s.in_language(language)));
    }
}

fn size_and_plan(ranking: &MarketRanking, seed: u64) {
    let best = &ranking.markets()[0].candidate;
    let Ok((whole, currency)) = Whole::spending(best) else {
        println!("\n  the size of {} cannot be told: a fact is missing", best.market());
        return;
    };
    let online = best.estimate(Fact::EcommerceShare).unwrap_or(Estimate { value: 0.1, low: 0.05, high: 0.2 });
    let sellable = Estimate { value: 0.7, low: 0.6, high: 0.8 };
    let reach = Reach { channel: online, language: Some(Estimate::exact(0.9)), sellable: Some(sellable) };
    let win = Win::Share(Estimate { value: 0.002, low: 0.0005, high: 0.008 });
    let params = CapacityParams::default();
    let size = params.size((best.market(), currency), &whole, &reach, &win, Seed(seed)).expect("inputs are fine");
    println!();
    for f in size.figures(None).expect("amounts fit") {
        let (value, i) = (f.as_f64().unwrap_or(0.0), f.interval.expect("an estimate"));
        println!("  {} {value:.0} {currency} ({:.0} to {:.0}): {}", f.key, i.low, i.high, f.formula);
    }
    let findings = Findings { ranking: Some(ranking), capacity: Some(&size), platforms: None };
    let plan = EntryPlan::of(best, &Target::Market, &findings);
    println!();
    plan.evidence.iter().for_each(|(_, w)| println!("  there is: {}", w.en));
    plan.steps.iter().for_each(|s| println!("  {:?}: {}", s.state, s.what.en));
}
