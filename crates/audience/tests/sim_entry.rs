//! Does the choice of market find what the simulator planted? Published figures with their errors and gaps, and the visits
//! that a shop's log would count, go in; the truth is only looked at to judge.

use audience::entry::Estimate;
use audience::entry::attractiveness::AttractivenessParams;
use audience::entry::capacity::{CapacityParams, Reach, Whole, Win};
use audience::entry::facts::Fact;
use audience::entry::market_facts::{
    Candidate, FactParams, FactRow, FactTable, MarketStatus, OwnEvidence, PartEvidence,
};
use audience::entry::ranking::MarketRanking;
use domain::{Currency, Day, Market, Seed};
use sim::{MarketPotential, SimParams, potentials};

const HOME: &str = "CN";

fn facts(params: &SimParams) -> FactTable {
    let rows: Vec<FactRow> = sim::export::published(params)
        .into_iter()
        .map(|p| FactRow {
            market: p.market,
            fact: p.fact.to_owned(),
            day: p.day,
            known_on: p.known_on,
            value: p.value,
            text: p.text,
            unit: Some(p.unit.to_owned()),
        })
        .collect();
    let dollars = [(Currency::new(*b"EUR"), 1.09)].into();
    FactParams { dollars, ..FactParams::as_of(Day::from_ymd(2026, 1, 1).unwrap()) }.read(&rows)
}

fn candidates(truth: &[MarketPotential], table: &FactTable) -> Vec<Candidate> {
    let open = truth.iter().filter(|m| !m.entered);
    let of = |m: &MarketPotential| {
        let own =
            OwnEvidence { months: 12.0, visits: Some(m.visits), searches: Some(m.searches), ..OwnEvidence::default() };
        let parts = PartEvidence::default();
        Candidate::new(m.market, MarketStatus::Candidate, table, own, parts, HOME.parse().unwrap()).unwrap()
    };
    open.map(of).collect()
}

fn ranked(seed: u64, n_draws: usize) -> (MarketRanking, Vec<MarketPotential>) {
    let params = SimParams::at(1.0, Seed(seed));
    let (truth, table) = (potentials(&params), facts(&params));
    assert_eq!(table.refused, [], "every figure of the simulator is understood");
    let all = candidates(&truth, &table);
    (AttractivenessParams { n_draws, ..AttractivenessParams::default() }.rank(&all, Seed(seed)).unwrap(), truth)
}

/// Spearman's correlation of the ranking with the truth's order; no ties in either.
fn spearman(ranking: &MarketRanking, truth: &[MarketPotential]) -> f64 {
    let open: Vec<Market> = truth.iter().filter(|m| !m.entered).map(|m| m.market).collect();
    let n = open.len() as f64;
    let rank = |m: Market| ranking.market(m).unwrap().rank as f64;
    let squares: f64 = open.iter().enumerate().map(|(i, m)| (rank(*m) - (i + 1) as f64).powi(2)).sum();
    1.0 - 6.0 * squares / (n * (n * n - 1.0))
}

#[test]
fn the_planted_market_comes_first_and_the_order_follows_the_truth() {
    let (mut first, mut among_three, mut rho, mut n) = (0, 0, 0.0, 0);
    for seed in 0..40 {
        let (ranking, truth) = ranked(seed, 100);
        let planted = truth.iter().find(|m| m.planted).unwrap().market;
        let rank = ranking.market(planted).unwrap().rank;
        first += usize::from(rank == 1);
        among_three += usize::from(rank <= 3);
        rho += spearman(&ranking, &truth);
        n += 1;
    }
    let rho = rho / f64::from(n);
    // Seen: 39 first, 40 among three, rho .935 (38, 40, .932 before a share that is not published had a stand-in; 37, 40, .916
    // before unknown facts had a cap). Weights, cap and stand-in were chosen on other seeds (100 to 299).
    let fine = first >= 36 && among_three >= 38 && rho > 0.89;
    assert!(fine, "first {first}, among three {among_three} of {n}, rho {rho:.3}");
}

#[test]
fn shares_of_draws_say_how_sure_the_first_place_is() {
    // Where the ranking is surest of its first place it is right more often than where it is least sure.
    let mut all: Vec<(f64, bool)> = (0..40)
        .map(|seed| {
            let (ranking, truth) = ranked(seed, 200);
            let best = &ranking.markets()[0];
            (best.first, truth.iter().any(|m| m.planted && m.market == best.candidate.market()))
        })
        .collect();
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    let right = |part: &[(f64, bool)]| part.iter().filter(|(_, right)| *right).count();
    assert!(right(&all[..20]) > right(&all[20..]), "{all:?}");
}

#[test]
fn a_market_is_explained_and_sized_from_its_facts() {
    let (ranking, _) = ranked(1, 300);
    let last = ranking.markets().last().unwrap();
    let why = ranking.explain(last.candidate.market()).unwrap();
    assert!(why.sentences.len() >= 3 && why.costs[0].1 > 0.0);
    assert!(why.smallest.is_some() || why.nearest.is_some());
    let (whole, currency) = ranking
        .markets()
        .iter()
        .find_map(|m| Some((Whole::spending(&m.candidate).ok()?, m.candidate.market())))
        .map(|((whole, currency), market)| (whole, (market, currency)))
        .unwrap();
    assert_eq!(currency.1, Currency::new(*b"EUR"));
    let reach = Reach {
        channel: ranking
            .market(currency.0)
            .unwrap()
            .candidate
            .estimate(Fact::EcommerceShare)
            .unwrap_or(Estimate::exact(0.1)),
        language: Some(Estimate::exact(0.9)),
        sellable: Some(Estimate::exact(0.8)),
    };
    let size =
        CapacityParams::default().size(currency, &whole, &reach, &Win::Share(Estimate::relative(0.002, 0.5)), Seed(1));
    let size = size.unwrap();
    assert!(size.som().value < size.sam().value && size.sam().value < size.tam().value);
    assert!(size.tam().low > 0.0 && size.tam().high > size.tam().value);
}
