//! `portolan catalogue match`: which offers of another shop are products of the catalogue.
//!
//! Equal GTINs settle a pair. Everything else is learnt from pairs that somebody judged (`content::matching`): without
//! any, the command drafts the pairs that are most worth judging. Prices are compared where an offer's currency is the
//! reporting currency, which the catalogue's prices are in.

use super::super::{Environment, today};
use crate::cli::MatchArgs;
use crate::commands::csv_file::CsvFile;
use crate::exit::{Exit, Stop};
use crate::output;
use crate::pipeline::rows::Rows;
use crate::segments::csv_cell;
use anyhow::{Context, Result};
use content::matching::{
    BlockParams, ClusterParams, Match, MatcherParams, Offer, OfferAt, Pair, Reason, Tables, products,
};
use domain::{Amount, Currency, Seed};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

/// Judged pairs of each kind below which nothing is learnt.
const FEWEST: usize = 10;
/// Reasons told for a match.
const REASONS: usize = 3;

/// The other shop's list.
struct Theirs {
    ids: Vec<String>,
    offers: Vec<Offer>,
    gtins: Vec<Option<String>>,
    /// Price and currency as they were written, where both are there.
    prices: Vec<Option<(Amount, Currency)>>,
    /// Prices that were left out of the comparison for their currency.
    n_foreign: usize,
}

/// The seller's own.
struct Ours {
    ids: Vec<String>,
    titles: Vec<String>,
    offers: Vec<Offer>,
    gtins: Vec<Option<String>>,
}

/// A pair that is taken for one product.
struct Found {
    pair: Pair,
    /// `None` where equal GTINs settle it.
    probability: Option<f64>,
    reasons: Vec<Reason>,
}

/// What judged pairs taught.
struct Taught {
    n_same: usize,
    n_other: usize,
    /// F1 on judged pairs that the model in question did not see.
    f1: f64,
    threshold: f64,
}

pub(super) async fn run(env: &Environment, args: &MatchArgs) -> Result<ExitCode> {
    let opened = env.opened().await?;
    let ours = ours(&Rows::query(&opened.engine, OURS).await?)?;
    if ours.ids.is_empty() {
        return Err(Stop::error(Exit::Missing, "the catalogue is empty", "`portolan ingest` takes a catalogue in"));
    }
    let theirs = theirs(&args.offers, opened.workspace.currency)?;
    let tables = Tables::new(&ours.offers, &theirs.offers);
    let candidates = tables.candidates(&BlockParams::default());
    let settled = by_gtin(&ours, &theirs);
    if let Some(path) = &args.draft {
        return draft(path, args, &ours, &theirs, &tables, &candidates, &settled);
    }
    let labels = args.labels.as_deref().map(|path| labels(path, &ours, &theirs)).transpose()?;
    let (found, taught) = match labels {
        None => (settled.iter().map(|&pair| Found { pair, probability: None, reasons: Vec::new() }).collect(), None),
        Some(labels) => {
            let (found, taught) = learnt(&tables, &candidates, &settled, labels)?;
            (found, Some(taught))
        }
    };
    if let (Some(path), Some(market), Some(competitor)) = (&args.prices, args.market, &args.competitor) {
        let day = args.day.unwrap_or_else(today);
        let mut text = "day,market,product_id,competitor,price,currency\n".to_owned();
        for Found { pair: (left, right), .. } in &found {
            let Some((price, currency)) = theirs.prices[*right as usize] else { continue };
            let (id, who) = (csv_cell(&ours.ids[*left as usize]), csv_cell(competitor));
            writeln!(text, "{day},{market},{id},{who},{price},{currency}")?;
        }
        std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))?;
    }
    if args.json {
        output::json(&as_json(&ours, &theirs, &found, taught.as_ref(), candidates.len()))?;
    } else {
        show(args, &ours, &theirs, &found, taught.as_ref(), candidates.len());
    }
    Ok(ExitCode::SUCCESS)
}

const OURS: &str = "select product_id, name, texts, brand, description, gtin, cast(median_price as double) as price \
    from clean.products where not service order by product_id";

fn ours(rows: &Rows) -> Result<Ours> {
    let (names, texts) = (rows.texts("name")?, rows.texts("texts")?);
    let (brands, descriptions) = (rows.optional_texts("brand")?, rows.texts("description")?);
    let gtins = rows.optional_texts("gtin")?.into_iter().map(|g| g.as_deref().and_then(gtin)).collect();
    let prices = rows.floats("price")?;
    let offer = |at: usize| {
        // Titles in all languages: the other shop writes in one of them.
        let (titles, other) = crate::search::by_language(&texts[at]);
        let mut all: Vec<&str> = names[at].lines().chain(titles.lines()).filter(|t| !t.is_empty()).collect();
        let mut seen = BTreeSet::new();
        all.retain(|title| seen.insert(*title));
        Offer {
            title: all.join(" "),
            brand: brands[at].clone().filter(|b| !b.is_empty()),
            model: None,
            description: Some(format!("{} {other}", descriptions[at])).filter(|d| !d.trim().is_empty()),
            price: prices[at],
        }
    };
    let offers = (0..names.len()).map(offer).collect();
    Ok(Ours { ids: rows.texts("product_id")?, titles: names, offers, gtins })
}

/// Digits of an article number without leading zeros, so that UPC and EAN are one.
fn gtin(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0');
    (digits.len() >= 7 && text.chars().all(|c| c.is_ascii_digit() || " -".contains(c))).then(|| digits.to_owned())
}

fn theirs(path: &Path, reporting: Option<Currency>) -> Result<Theirs> {
    let file = CsvFile::read(path)?;
    let title_at = file.needed(&["title", "name", "product_title"])?;
    let column = |names: &[&str]| file.column(names);
    let id_at = column(&["offer_id", "id", "sku", "product_id"]);
    let (brand_at, model_at) = (column(&["brand", "manufacturer"]), column(&["model", "mpn", "model_number"]));
    let (text_at, gtin_at) = (column(&["description"]), column(&["gtin", "ean", "upc"]));
    let (price_at, currency_at) = (column(&["price"]), column(&["currency"]));
    let mut all = Theirs { ids: Vec::new(), offers: Vec::new(), gtins: Vec::new(), prices: Vec::new(), n_foreign: 0 };
    let mut lines: HashMap<String, u64> = HashMap::new();
    for (line, cells) in file.records() {
        let cell = |at: Option<usize>| at.map(|at| cells[at].as_str()).filter(|c| !c.is_empty());
        let id = cell(id_at).map_or_else(|| format!("line {line}"), str::to_owned);
        if let Some(first) = lines.insert(id.clone(), line) {
            let at = id_at.unwrap_or(title_at);
            return Err(file.wrong(line, at, &id, &format!("an id of its own; line {first} has it")));
        }
        let price: Option<Amount> = match (price_at, cell(price_at)) {
            (Some(at), Some(text)) => {
                let amount = text.parse().ok().and_then(Amount::from_decimal).filter(|a| *a > Amount::ZERO);
                Some(amount.ok_or_else(|| file.wrong(line, at, text, "a number above 0 with a decimal point, 12.50"))?)
            }
            _ => None,
        };
        let currency: Option<Currency> = match (currency_at, cell(currency_at)) {
            (Some(at), Some(text)) => {
                Some(text.parse().map_err(|_| file.wrong(line, at, text, "an ISO 4217 code such as EUR"))?)
            }
            _ => None,
        };
        let comparable = currency.is_some() && currency == reporting;
        all.n_foreign += usize::from(price.is_some() && !comparable);
        let text = |at: Option<usize>| cell(at).map(str::to_owned);
        all.offers.push(Offer {
            title: cells[title_at].clone(),
            brand: text(brand_at),
            model: text(model_at),
            description: text(text_at),
            price: price.filter(|_| comparable).map(|p| p.to_f64()),
        });
        all.gtins.push(cell(gtin_at).and_then(gtin));
        all.prices.push(price.zip(currency));
        all.ids.push(id);
    }
    if all.ids.is_empty() {
        return Err(Stop::error(Exit::BadInput, "there is no offer below the header", "one line an offer is wanted"));
    }
    Ok(all)
}

/// Pairs whose article number is the same and no other product's or offer's.
fn by_gtin(ours: &Ours, theirs: &Theirs) -> Vec<Pair> {
    let holders = |gtins: &[Option<String>]| {
        let mut of: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for (gtin, at) in gtins.iter().zip(0..) {
            gtin.iter().for_each(|g| of.entry(g.clone()).or_default().push(at));
        }
        of
    };
    let theirs = holders(&theirs.gtins);
    let one = |(gtin, left): (String, Vec<u32>)| match (left.as_slice(), theirs.get(&gtin)?.as_slice()) {
        ([l], [r]) => Some((*l, *r)),
        _ => None,
    };
    holders(&ours.gtins).into_iter().filter_map(one).collect()
}

/// Judged pairs.
fn labels(path: &Path, ours: &Ours, theirs: &Theirs) -> Result<BTreeMap<Pair, bool>> {
    let file = CsvFile::read(path)?;
    let (left, right, same) = (file.needed(&["product_id"])?, file.needed(&["offer_id"])?, file.needed(&["same"])?);
    let places = |ids: &[String]| -> HashMap<String, u32> { ids.iter().cloned().zip(0..).collect() };
    let (ours, theirs) = (places(&ours.ids), places(&theirs.ids));
    let mut all = BTreeMap::new();
    for (line, cells) in file.records() {
        let is_same = match cells[same].to_lowercase().as_str() {
            // A line of the draft that nobody filled.
            "" => continue,
            "yes" | "y" | "1" | "true" => true,
            "no" | "n" | "0" | "false" => false,
            other => return Err(file.wrong(line, same, other, "yes or no; empty for a pair that nobody judged")),
        };
        let place = |of: &HashMap<String, u32>, at: usize, what: &str| {
            of.get(&cells[at]).copied().ok_or_else(|| file.wrong(line, at, &cells[at], what))
        };
        let product = cells[left].to_uppercase();
        let l = ours
            .get(&product)
            .copied()
            .ok_or_else(|| file.wrong(line, left, &product, "a product of the catalogue"))?;
        let r = place(&theirs, right, "an offer_id of the other shop's list")?;
        if all.insert((l, r), is_same).is_some_and(|before| before != is_same) {
            return Err(file.wrong(line, same, &cells[same], "the same as an earlier line says of this pair"));
        }
    }
    Ok(all)
}

/// Learns from judged pairs and those that article numbers settle, and finds all matches, one product an offer.
fn learnt(
    tables: &Tables,
    candidates: &[Pair],
    settled: &[Pair],
    labels: BTreeMap<Pair, bool>,
) -> Result<(Vec<Found>, Taught)> {
    let n_of = |labels: &BTreeMap<Pair, bool>, kind: bool| labels.values().filter(|same| **same == kind).count();
    let mut labels = labels;
    settled.iter().for_each(|pair| _ = labels.entry(*pair).or_insert(true));
    let (n_same, n_other) = (n_of(&labels, true), n_of(&labels, false));
    if n_same < FEWEST || n_other < FEWEST {
        let what = format!("{n_same} pairs judged the same and {n_other} judged different are too few to learn from");
        return Err(Stop::error(
            Exit::BadInput,
            what,
            format!("judge at least {FEWEST} of each; `portolan catalogue match OFFERS --draft FILE` proposes pairs"),
        ));
    }
    let (pairs, same): (Vec<Pair>, Vec<bool>) = labels.iter().map(|(pair, same)| (*pair, *same)).unzip();
    let matcher = MatcherParams::default().fit(tables, &pairs, &same, Seed(1))?;
    // What somebody judged stays as it was judged.
    let open: Vec<Pair> = candidates.iter().copied().filter(|pair| !labels.contains_key(pair)).collect();
    let mut matches: Vec<Match> = matcher.matches(tables, &open, REASONS)?;
    matches.extend(labels.iter().filter(|(_, same)| **same).map(|(pair, _)| Match {
        pair: *pair,
        probability: 1.0,
        reasons: Vec::new(),
    }));
    let offer = |(l, r): Pair| -> (OfferAt, OfferAt) { ((0, l), (1, r)) };
    let scored: Vec<(OfferAt, OfferAt, f64)> = matches
        .iter()
        .map(|m| (offer(m.pair).0, offer(m.pair).1, m.probability))
        .chain(labels.iter().filter(|(_, same)| !**same).map(|(pair, _)| (offer(*pair).0, offer(*pair).1, 0.0)))
        .collect();
    let joined = products(&scored, matcher.threshold(), &ClusterParams::default());
    let kept: BTreeSet<Pair> = joined
        .groups
        .iter()
        .filter_map(|group| match group.as_slice() {
            [(0, l), (1, r)] => Some((*l, *r)),
            _ => None,
        })
        .collect();
    let settled: BTreeSet<&Pair> = settled.iter().collect();
    let found = matches.into_iter().filter(|m| kept.contains(&m.pair)).map(|m| Found {
        pair: m.pair,
        probability: (!settled.contains(&m.pair)).then_some(m.probability),
        reasons: m.reasons,
    });
    let taught = Taught { n_same, n_other, f1: matcher.by_folds(), threshold: matcher.threshold() };
    Ok((found.collect(), taught))
}

/// Writes the pairs that are most worth judging: of each product the nearest offer, evenly from the nearest to the
/// farthest, and as many second ones.
fn draft(
    path: &Path,
    args: &MatchArgs,
    ours: &Ours,
    theirs: &Theirs,
    tables: &Tables,
    candidates: &[Pair],
    settled: &[Pair],
) -> Result<ExitCode> {
    let settled: BTreeSet<u32> = settled.iter().map(|(left, _)| *left).collect();
    let mut of: BTreeMap<u32, Vec<(f64, u32)>> = BTreeMap::new();
    for &(left, right) in candidates.iter().filter(|(left, _)| !settled.contains(left)) {
        of.entry(left).or_default().push((tables.likeness((left, right)), right));
    }
    let mut places: [Vec<(f64, Pair)>; 2] = Default::default();
    for (left, mut near) in of {
        near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        for (place, (likeness, right)) in places.iter_mut().zip(near) {
            place.push((likeness, (left, right)));
        }
    }
    let each = usize::from(args.pairs) / 2;
    let mut chosen: Vec<(f64, Pair)> = Vec::new();
    for place in &mut places {
        place.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let n = place.len().min(each);
        chosen.extend((0..n).map(|i| place[i * place.len() / n]));
    }
    chosen.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut text = "product_id,offer_id,same,our_title,their_title,likeness\n".to_owned();
    for (likeness, (left, right)) in &chosen {
        let (l, r) = (*left as usize, *right as usize);
        let cells = [&ours.ids[l], &theirs.ids[r], "", &ours.titles[l], &theirs.offers[r].title].map(csv_cell);
        writeln!(text, "{},{likeness:.3}", cells.join(","))?;
    }
    std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))?;
    if args.json {
        output::json(&json!({"pairs": chosen.len(), "settled_by_gtin": settled.len()}))?;
    } else {
        output::line(&format!(
            "{} pairs to judge, the nearest first; {} products are settled by their GTIN",
            chosen.len(),
            settled.len()
        ));
        output::hint("write yes or no into the column `same` and give the file as --labels");
    }
    Ok(ExitCode::SUCCESS)
}

fn as_json(ours: &Ours, theirs: &Theirs, found: &[Found], taught: Option<&Taught>, n: usize) -> serde_json::Value {
    let one = |f: &Found| {
        let (l, r) = (f.pair.0 as usize, f.pair.1 as usize);
        let reasons: Vec<_> =
            f.reasons.iter().map(|r| json!({"what": r.what, "value": r.value, "adds": r.adds})).collect();
        json!({"product": ours.ids[l], "title": ours.titles[l], "offer": theirs.ids[r], "offer_title": theirs.offers[r].title,
            "by": if f.probability.is_some() { "learnt" } else { "gtin" }, "probability": f.probability, "reasons": reasons,
            "our_price": ours.offers[l].price, "their_price": theirs.prices[r].map(|(p, _)| p.to_string()),
            "their_currency": theirs.prices[r].map(|(_, c)| c.to_string())})
    };
    json!({
        "products": ours.ids.len(),
        "offers": theirs.ids.len(),
        "candidates": n,
        "prices_not_compared": theirs.n_foreign,
        "learnt_from": taught.map(|t| json!({"same": t.n_same, "different": t.n_other, "f1_by_folds": t.f1, "threshold": t.threshold})),
        "matches": found.iter().map(one).collect::<Vec<_>>(),
    })
}

/// Matches that are shown on a terminal.
const SHOWN: usize = 40;

fn show(args: &MatchArgs, ours: &Ours, theirs: &Theirs, found: &[Found], taught: Option<&Taught>, n: usize) {
    output::line(&format!(
        "{} products, {} offers, {} pairs near enough to look at: {} are one product",
        output::count(ours.ids.len()),
        output::count(theirs.ids.len()),
        output::count(n),
        output::count(found.len())
    ));
    match taught {
        Some(t) => output::line(&format!(
            "learnt from {} pairs judged the same and {} judged different; F1 {:.2} on judged pairs that were left out",
            t.n_same, t.n_other, t.f1
        )),
        None => output::hint("by GTIN alone; --draft FILE proposes pairs to judge, --labels FILE learns from them"),
    }
    if theirs.n_foreign > 0 {
        output::note(&format!(
            "{} prices are not in the reporting currency and were not compared",
            output::count(theirs.n_foreign)
        ));
    }
    let row = |f: &Found| {
        let (l, r) = (f.pair.0 as usize, f.pair.1 as usize);
        let reasons: Vec<&str> = f.reasons.iter().map(|r| r.what).collect();
        vec![
            ours.ids[l].clone(),
            ours.titles[l].clone(),
            theirs.ids[r].clone(),
            theirs.offers[r].title.clone(),
            f.probability.map_or_else(|| "GTIN".to_owned(), |p| format!("{p:.2}")),
            reasons.join(", "),
        ]
    };
    if !found.is_empty() {
        let rows = found.iter().take(SHOWN).map(row).collect();
        output::table(&["product", "title", "offer", "its title", "probability", "most on"], &[4], rows);
    }
    if found.len() > SHOWN {
        output::line(&format!("… and {} more; --json has all", found.len() - SHOWN));
    }
    if let Some(path) = &args.prices {
        output::hint(&format!("`portolan ingest {}` takes the prices in", path.display()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_upc_is_the_ean_with_a_zero_before_it() {
        assert_eq!(gtin("0036000291452"), gtin("036000291452"));
        assert_eq!(gtin("4006381-333931").as_deref(), Some("4006381333931"));
        assert_eq!(gtin("AB4006381333931"), None);
        assert_eq!(gtin("000012"), None);
    }
}
