//! What is published of the markets: `market_facts.csv`, and the truth behind it.
//!
//! Two editions of every figure, for the year before the period and for its first year, each known a while after the end
//! of its year, with an error that is drawn anew for each edition; some figures are not published. Languages are one row of
//! words. All of this draws from a stream of its own. Beside it stands what the shop's web analytics say by country of the
//! markets that are not entered, from where no events come: visits and searches a month.

use super::table::Table;
use super::{Encoding, Facts, FileFacts, Sink};
use crate::part::{Part, market_seed};
use crate::potential::{POTENTIAL, potentials};
use crate::world::{COLUMNS, FactColumn};
use crate::{Merchant, SimError, SimParams};
use domain::{Day, Market, Rng};

/// Days after the end of a year until its figures are out.
const PUBLISHED_AFTER: i32 = 75;

/// A published figure.
#[derive(Clone, Debug, PartialEq)]
pub struct PublishedFact {
    /// First day that it is about.
    pub day: Day,
    /// Day on which it came out.
    pub known_on: Day,
    /// Market.
    pub market: Market,
    /// Name of the fact.
    pub fact: &'static str,
    /// Number as written; `None` for words.
    pub value: Option<f64>,
    /// Words.
    pub text: Option<String>,
    /// Unit.
    pub unit: &'static str,
}

/// All published figures, market by market.
pub fn published(params: &SimParams) -> Vec<PublishedFact> {
    let year = params.from.year_month().0;
    let mut markets = potentials(params);
    markets.sort_by_key(|m| m.market);
    let mut rows = Vec::new();
    for market in &markets {
        let seed = market_seed(params.seed, Part::Facts, market.market);
        for (edition, about) in [year - 1, year].into_iter().enumerate() {
            let (Some(day), Some(after)) = (Day::from_ymd(about, 1, 1), Day::from_ymd(about + 1, 1, 1)) else {
                continue;
            };
            let mut rng = seed.stream(10 + edition as u64);
            for column in &COLUMNS {
                let truth = market.facts.get(column.name).copied().unwrap_or(0.0);
                let value = with_error(column, truth, &mut rng);
                // One figure in some is never published, in neither edition.
                let silent = seed.derive(column.name.bytes().fold(0, |k, b| k * 31 % (1 << 50) + u64::from(b)));
                if silent.stream(0).uniform() < POTENTIAL.missing {
                    continue;
                }
                let known_on = after.plus(PUBLISHED_AFTER);
                let value = Some(value * column.factor);
                let fact = column.name;
                rows.push(PublishedFact {
                    day,
                    known_on,
                    market: market.market,
                    fact,
                    value,
                    text: None,
                    unit: column.unit,
                });
            }
        }
        let spoken: Vec<&str> = domain::languages(market.market).collect();
        if let (false, Some(day)) = (spoken.is_empty(), Day::from_ymd(year - 1, 1, 1)) {
            let text = Some(spoken.join(" "));
            rows.push(PublishedFact {
                day,
                known_on: day,
                market: market.market,
                fact: "languages",
                value: None,
                text,
                unit: "",
            });
        }
    }
    rows
}

/// Days before the end of the period on which the report of web analytics is drawn up.
const REPORTED_BEFORE_END: i32 = 30;

/// Visits and searches a month from the markets that are not entered, in the mean of the year before the report.
pub fn visits_reported(params: &SimParams) -> Vec<PublishedFact> {
    let known_on = params.end().plus(-REPORTED_BEFORE_END);
    let day = known_on.plus(-365);
    let mut markets: Vec<_> = potentials(params).into_iter().filter(|m| !m.entered).collect();
    markets.sort_by_key(|m| m.market);
    let counted = markets.iter().flat_map(|m| [(m, "own_visits", m.visits), (m, "own_searches", m.searches)]);
    counted
        .map(|(m, fact, of_a_year)| PublishedFact {
            day,
            known_on,
            market: m.market,
            fact,
            value: Some(of_a_year as f64 / 12.0),
            text: None,
            unit: "per month",
        })
        .collect()
}

fn with_error(column: &FactColumn, truth: f64, rng: &mut Rng) -> f64 {
    let error = column.error * rng.normal();
    let value = if column.relative { truth * error.exp() } else { truth + error };
    value.clamp(column.within.0, column.within.1)
}

/// Four significant digits: nobody publishes more.
fn shown(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let digits = (3 - value.abs().log10().floor() as i32).clamp(0, 8) as usize;
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// Writes `exports/market_facts.csv`.
pub(super) fn market_facts(merchant: &Merchant, sink: &mut dyn Sink) -> Result<FileFacts, SimError> {
    let facts = Facts::new("exports/market_facts.csv".to_owned(), "canonical market facts", Encoding::Utf8);
    let name = facts.name();
    let mut out = sink.create(&name).map_err(SimError::write(&name))?;
    let header = ["day", "known_on", "market", "fact", "value", "text", "unit"];
    let mut table = Table::new(&mut *out, &name, Encoding::Utf8, ',', &header)?;
    for row in published(&merchant.params).into_iter().chain(visits_reported(&merchant.params)) {
        table.day(row.day);
        table.day(row.known_on);
        table.cell(row.market.code());
        table.cell(row.fact);
        table.cell(&row.value.map(shown).unwrap_or_default());
        table.cell(row.text.as_deref().unwrap_or_default());
        table.cell(row.unit);
        table.end_row()?;
    }
    Ok(facts.finish(table.finish()?))
}

/// Writes `truth_markets.csv`: every market's potential, and the visits that came from where the merchant is not.
pub(super) fn market_truth(merchant: &Merchant, sink: &mut dyn Sink) -> Result<FileFacts, SimError> {
    let name = "truth_markets.csv";
    let facts = Facts::new(name.to_owned(), "truth of markets", Encoding::Utf8);
    let mut out = sink.create(name).map_err(SimError::write(name))?;
    let header = [
        "market",
        "entered",
        "planted",
        "distance",
        "appeal",
        "potential_usd",
        "visits_expected",
        "visits",
        "searches",
    ];
    let mut table = Table::new(&mut *out, name, Encoding::Utf8, ',', &header)?;
    for market in potentials(&merchant.params) {
        table.cell(market.market.code());
        for yes in [market.entered, market.planted] {
            table.cell(if yes { "true" } else { "false" });
        }
        for figure in [market.distance, market.appeal, market.potential, market.visits_expected] {
            table.cell(&figure.to_string());
        }
        table.int(market.visits as i64);
        table.int(market.searches as i64);
        table.end_row()?;
    }
    Ok(facts.finish(table.finish()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;
    use std::collections::BTreeMap;

    #[test]
    fn published_figures_lie_about_the_truth_and_come_out_after_their_year() {
        let params = SimParams::at(1.0, Seed(3));
        let truth: BTreeMap<Market, _> = potentials(&params).into_iter().map(|m| (m.market, m.facts)).collect();
        let rows = published(&params);
        let whole = truth.len() * 2 * COLUMNS.len();
        let n = rows.iter().filter(|r| r.value.is_some()).count();
        assert!(n < whole && n as f64 > 0.88 * whole as f64, "{n} of {whole}: some are missing");
        let mut logs = Vec::new();
        for row in rows.iter().filter(|r| r.fact == "category_spend_per_head") {
            assert!(row.known_on.since(row.day) > 365 && row.unit == "EUR");
            logs.push((row.value.unwrap() * 1.09 / truth[&row.market]["category_spend_per_head"]).ln());
        }
        let sd = (logs.iter().map(|l| l * l).sum::<f64>() / logs.len() as f64).sqrt();
        assert!((0.06..0.14).contains(&sd), "{sd} about 0.1");
        assert_eq!(published(&params), rows);
    }

    #[test]
    fn visits_are_reported_of_the_markets_that_are_not_entered_before_the_period_ends() {
        let params = SimParams::at(0.05, Seed(3));
        let reported = visits_reported(&params);
        let open: Vec<_> = potentials(&params).into_iter().filter(|m| !m.entered).collect();
        assert_eq!(reported.len(), 2 * open.len());
        for market in &open {
            let of = |fact| reported.iter().find(|r| r.market == market.market && r.fact == fact).unwrap();
            assert_eq!(of("own_visits").value, Some(market.visits as f64 / 12.0));
            assert_eq!(of("own_searches").value, Some(market.searches as f64 / 12.0));
            assert!(of("own_visits").known_on < params.end() && of("own_visits").unit == "per month");
        }
    }

    #[test]
    fn numbers_have_four_digits() {
        let texts: Vec<String> = [0.0, 1408.2371, 0.012_345_6, 84.304, -0.1, 1_234_567.0].map(shown).to_vec();
        assert_eq!(texts, ["0", "1408", "0.01235", "84.3", "-0.1", "1234567"]);
    }
}
