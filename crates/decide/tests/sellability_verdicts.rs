//! 200 made-up products in 20 markets with verdicts decided from a short table of facts that is not the engine's, read
//! through the same door as a seller's catalogue.

use decide::sellability::{CatalogueRow, Change, ChangeKind, Judgement, ProductFacts, Rulebook, Verdict};
use domain::{Day, Market};
use std::collections::{BTreeMap, BTreeSet};

const TABLE: &str = include_str!("sellability/verdicts.csv");
const EDGES: &str = include_str!("sellability/edges.csv");
const PAPERS: &str = include_str!("sellability/papers.csv");

fn papers(name: &str) -> impl Iterator<Item = &'static str> + use<> {
    let line = PAPERS.lines().find_map(|l| l.strip_prefix(&format!("{name},"))).unwrap_or_default();
    line.split_whitespace()
}

fn letters(changes: &[Change]) -> String {
    let letter = |kind| match kind {
        ChangeKind::Voltage => ('v', 0),
        ChangeKind::Plug => ('p', 1),
        ChangeKind::Mark => ('m', 2),
        ChangeKind::Language => ('l', 3),
        ChangeKind::Other => ('o', 4),
        ChangeKind::Frequency => ('f', 5),
    };
    let mut all: Vec<(char, u8)> = changes.iter().map(|c| letter(c.kind)).collect();
    all.sort_by_key(|l| l.1);
    all.dedup();
    all.into_iter().map(|l| l.0).collect()
}

fn short(judgement: &Judgement) -> String {
    match &judgement.verdict {
        Verdict::Sell => "S".to_owned(),
        Verdict::Blocked { .. } => "B".to_owned(),
        Verdict::Unknown { .. } => "U".to_owned(),
        Verdict::SellWithChange { changes } => letters(changes),
    }
}

/// A range of volts stands in the description, a single voltage in its column, as catalogues have it.
fn described(voltage: &str) -> String {
    if voltage.contains('-') { format!("{voltage}V") } else { String::new() }
}

/// What every line says of a product.
fn basics<'a>([name, category, voltage, plug, watts]: [&'a str; 5], description: &'a str) -> CatalogueRow<'a> {
    CatalogueRow {
        name,
        description,
        category,
        voltage_v: voltage.parse().ok(),
        plug: (!plug.is_empty()).then_some(plug),
        wattage_w: watts.parse().ok(),
        ..CatalogueRow::default()
    }
}

/// A line of the table as facts, and its verdicts.
fn read<'a>(line: &'a str, book: &Rulebook) -> (ProductFacts, Vec<&'a str>) {
    let [name, category, voltage, plug, watts, marks, languages, verdicts] = line.split('|').collect::<Vec<_>>()[..]
    else {
        panic!("{line}")
    };
    let range = described(voltage);
    let row = basics([name, category, voltage, plug, watts], &range);
    let mut facts = ProductFacts::from_catalogue(&row, book.kinds());
    if marks != "?" {
        facts = facts.with_marks(papers(marks));
    }
    facts = match languages {
        "?" => facts,
        "all" => facts.with_languages(papers("languages")),
        "eu" => facts.with_languages(["en", "de", "fr", "it", "es"]),
        "en" => facts.with_languages(["en"]),
        other => panic!("{other}"),
    };
    (facts, verdicts.split(' ').collect())
}

#[test]
fn two_hundred_products_in_twenty_markets() {
    let book = Rulebook::built_in();
    let day: Day = "2026-11-01".parse().unwrap();
    let mut lines = TABLE.lines().filter(|l| !l.starts_with('#'));
    let head = lines.next().unwrap().rsplit('|').next().unwrap();
    let markets: Vec<Market> = head.split(' ').map(|c| c.parse().unwrap()).collect();
    let rules: Vec<_> = markets.iter().map(|m| book.market(*m, day)).collect();
    let (mut n, mut wrong) = (0, Vec::new());
    for line in lines {
        let (facts, want) = read(line, &book);
        assert_eq!(want.len(), markets.len(), "{line}");
        for (rules, want) in rules.iter().zip(want) {
            let judgement = rules.judge(&facts);
            let got = short(&judgement);
            n += 1;
            if got != want {
                let e = book.explain(&judgement);
                wrong.push(format!(
                    "{} in {}: got {got}, want {want}: {}",
                    line.split('|').next().unwrap(),
                    rules.market(),
                    e.said.en
                ));
            }
        }
    }
    assert_eq!(n, 4000);
    assert!(wrong.is_empty(), "{} of {n}\n{}", wrong.len(), wrong[..60.min(wrong.len())].join("\n"));
}

/// A line of the edges as facts, and its verdicts by market.
fn edge<'a>(line: &'a str, book: &Rulebook) -> (ProductFacts, BTreeMap<&'a str, (&'a str, BTreeSet<&'a str>)>) {
    let [name, category, voltage, plug, watts, wh, kg, sides, lacks, verdicts] =
        line.split('|').collect::<Vec<_>>()[..]
    else {
        panic!("{line}")
    };
    let range = described(voltage);
    let sides: Vec<f64> = sides.split('x').filter_map(|s| s.parse().ok()).collect();
    let row = CatalogueRow {
        battery_wh: wh.parse().ok(),
        weight_kg: kg.parse().ok(),
        sides_cm: sides.try_into().ok(),
        ..basics([name, category, voltage, plug, watts], &range)
    };
    let facts = ProductFacts::from_catalogue(&row, book.kinds())
        .with_marks(papers("all").filter(|mark| *mark != lacks))
        .with_languages(papers("languages"));
    // Rules of a market follow its verdict up to the next one, which has an equals sign.
    let mut wanted: BTreeMap<&str, (&str, BTreeSet<&str>)> = BTreeMap::new();
    let mut last = "";
    for word in verdicts.split_whitespace() {
        let rule = match word.split_once('=') {
            Some((market, rest)) => {
                let (verdict, rule) = rest.split_once(':').expect(line);
                wanted.insert(market, (verdict, BTreeSet::new()));
                last = market;
                rule
            }
            None => word,
        };
        wanted.get_mut(last).expect(line).1.extend((!rule.is_empty()).then_some(rule));
    }
    (facts, wanted)
}

/// The rules that decide; of an unknown verdict the columns that are missing.
fn deciders<'a>(judgement: &Judgement, book: &'a Rulebook) -> BTreeSet<&'a str> {
    let id = |i: &usize| book.rules()[*i].id.as_str();
    match &judgement.verdict {
        Verdict::Sell => BTreeSet::new(),
        Verdict::Blocked { why } => why.iter().map(id).collect(),
        Verdict::Unknown { missing, .. } => missing.iter().map(|a| a.column()).collect(),
        Verdict::SellWithChange { changes } => changes.iter().map(|c| id(&c.rule)).collect(),
    }
}

#[test]
fn battery_energy_parcels_power_and_bans_are_decided_by_the_rule_that_says_so() {
    let book = Rulebook::built_in();
    let day: Day = "2026-11-01".parse().unwrap();
    let head = TABLE.lines().find(|l| l.starts_with("name|")).and_then(|l| l.rsplit('|').next()).unwrap();
    let (mut n, mut wrong) = (0, Vec::new());
    for line in EDGES.lines().filter(|l| !l.starts_with('#')).skip(1) {
        let (facts, wanted) = edge(line, &book);
        for market in head.split(' ') {
            let want = wanted.get(market).or_else(|| wanted.get("*")).unwrap_or_else(|| panic!("{market} of {line}"));
            let judgement = book.judge(&facts, market.parse().unwrap(), day);
            let got = (short(&judgement), deciders(&judgement, &book));
            n += 1;
            if (got.0.as_str(), &got.1) != (want.0, &want.1) {
                wrong.push(format!("{} in {market}: got {got:?}, want {want:?}", line.split('|').next().unwrap()));
            }
        }
    }
    assert_eq!(n, 34 * 20);
    assert!(wrong.is_empty(), "{} of {n}\n{}", wrong.len(), wrong[..60.min(wrong.len())].join("\n"));
}

#[test]
fn every_verdict_cites_rules_with_day_source_and_confidence_and_is_sayable_in_both_languages() {
    let book = Rulebook::built_in();
    let day: Day = "2026-11-01".parse().unwrap();
    for line in TABLE.lines().filter(|l| !l.starts_with('#')).skip(1).step_by(7) {
        let (facts, _) = read(line, &book);
        for code in ["US", "DE", "JP", "SA"] {
            let judgement = book.judge(&facts, code.parse().unwrap(), day);
            let e = book.explain(&judgement);
            assert!(!e.cited.is_empty() || e.code == "unknown", "{line} {code}");
            assert!(e.cited.iter().all(|c| c.from <= day && !c.source.is_empty()));
            assert_eq!(e.verify, !e.cited.is_empty(), "ours are never stated facts");
            assert!(!e.verify || e.said.en.contains("Verify") && e.said.zh.contains("请核实"));
            assert!(e.changes.iter().all(|c| !c.said.zh.is_empty() && book.find(&c.rule).is_some()));
        }
    }
}

#[test]
fn there_are_rules_for_many_markets_and_every_rule_speaks_both_languages() {
    let book = Rulebook::built_in();
    let ids: BTreeSet<&str> = book.rules().iter().map(|r| r.id.as_str()).collect();
    assert_eq!(ids.len(), book.rules().len());
    assert!(book.rules().iter().all(|r| !r.said.en.is_empty() && !r.said.zh.is_empty() && !r.source.is_empty()));
    let day: Day = "2026-11-01".parse().unwrap();
    let known = book.markets().filter(|m| book.market(*m, day).is_known()).count();
    assert!(known >= 24, "{known} markets");
}
