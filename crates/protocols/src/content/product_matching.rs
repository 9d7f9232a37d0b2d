//! Are two offers of two shops the same product? Amazon and Google (software), Abt and Buy (electronics).
//!
//! Splits as published. The tables are the offers that occur in any of the three files, taken without labels. What is
//! asked of the classifier: the pair alone, as the published methods see it; or the pair beside its rivals, every
//! other offer of both tables, as a shop that matches two catalogues sees it; or that, and then once more knowing
//! how probable the rivals are. Threshold and parameters by folds of train and valid; rows that learn from train
//! alone take their threshold from valid. The test is marked once. Some offers of the files have the same text, so
//! that some pairs of the test stand word for word in the learning files (159 of 2,293 of Amazon-Google, 24 of 1,916
//! of Abt-Buy): every published figure includes them, `F1, new pairs` does not. Beside them: one threshold on the
//! cosine of title words.

use super::labelled::{Mark, refused};
use super::{Asked, ContentGoal, ContentReport, ContentRow, Measure};
use crate::ProtocolError;
use crate::files::Text;
use crate::goals::Reference;
use content::matching::{BlockParams, ClusterParams, Look, MatcherParams, Offer, Pair, Tables, products};
use content::reviews::best_f1;
use std::collections::{HashMap, HashSet};

const TASK: &str = "product_matching";

pub(super) struct Set {
    pub(super) name: &'static str,
    goal: f64,
    references: &'static [Reference],
}

const SOURCE: &str = "Li et al., Deep Entity Matching with Pre-Trained Language Models, VLDB 2021";

pub(super) const SETS: [Set; 2] = [
    Set {
        name: "Amazon-Google",
        goal: 0.70,
        references: &[
            Reference { what: "Magellan", value: 0.491, source: "Mudgal et al., SIGMOD 2018" },
            Reference { what: "Ditto", value: 0.7558, source: SOURCE },
        ],
    },
    Set {
        name: "Abt-Buy",
        goal: 0.75,
        references: &[
            Reference { what: "Magellan", value: 0.436, source: "Mudgal et al., SIGMOD 2018" },
            Reference { what: "Ditto", value: 0.8933, source: SOURCE },
        ],
    },
];

/// Pairs of one file.
#[derive(Clone, Default)]
pub(super) struct Part {
    pub(super) pairs: Vec<Pair>,
    pub(super) same: Vec<bool>,
    /// Whether a pair with the same texts is in another file that one may learn from; only the test is asked.
    seen: Vec<bool>,
}

/// Offers by their text, each once.
#[derive(Default)]
struct Shop {
    offers: Vec<Offer>,
    places: HashMap<String, u32>,
}

impl Shop {
    fn place(&mut self, record: &str) -> Option<u32> {
        if let Some(place) = self.places.get(record) {
            return Some(*place);
        }
        let place = self.offers.len() as u32;
        self.offers.push(offer(record)?);
        self.places.insert(record.to_owned(), place);
        Some(place)
    }
}

/// `COL <name> VAL <value> COL …`; `None` for something else.
fn offer(record: &str) -> Option<Offer> {
    let mut offer = Offer::default();
    for field in record.split("COL ").map(str::trim).filter(|field| !field.is_empty()) {
        let (name, value) = field.split_once("VAL")?;
        let value = value.trim();
        let given = (!value.is_empty()).then(|| value.to_owned());
        match name.trim() {
            "title" | "name" => offer.title = value.to_owned(),
            "manufacturer" | "brand" => offer.brand = given,
            "description" => offer.description = given,
            "price" => offer.price = value.parse().ok(),
            _ => return None,
        }
    }
    Some(offer)
}

fn read(asked: &Asked<'_>, folder: &str, shops: &mut [Shop; 2], part: &str) -> Result<Part, ProtocolError> {
    let text = Text::read(&asked.dir.join(folder).join(format!("{part}.txt")))?;
    let mut out = Part::default();
    for (n, line) in text.lines(0) {
        let wrong = || text.wrong(n, line, "two records of COL and VAL and a label, parted by tabs");
        let mut cells = line.split('\t');
        let (Some(left), Some(right), Some(label @ ("0" | "1")), None) =
            (cells.next(), cells.next(), cells.next(), cells.next())
        else {
            return Err(wrong());
        };
        let [first, second] = shops;
        out.pairs.push((first.place(left).ok_or_else(wrong)?, second.place(right).ok_or_else(wrong)?));
        out.same.push(label == "1");
    }
    Ok(out)
}

fn joined(a: &Part, b: &Part) -> Part {
    Part { pairs: [&a.pairs[..], &b.pairs].concat(), same: [&a.same[..], &b.same].concat(), seen: Vec::new() }
}

/// A set's tables and the pairs of its three files.
pub(super) struct Data {
    tables: Tables,
    /// The offers of both shops.
    pub(super) offers: [Vec<Offer>; 2],
    pub(super) train: Part,
    pub(super) valid: Part,
    pub(super) test: Part,
}

pub(super) fn load(asked: &Asked<'_>, set: &Set) -> Result<Data, ProtocolError> {
    let mut shops: [Shop; 2] = Default::default();
    let [train, valid, test] = ["train", "valid", "test"].map(|part| read(asked, set.name, &mut shops, part));
    let (train, valid, mut test) = (train?, valid?, test?);
    test.seen = seen(&test, [&train, &valid]);
    let tables = Tables::new(&shops[0].offers, &shops[1].offers);
    Ok(Data { tables, offers: shops.map(|shop| shop.offers), train, valid, test })
}

fn seen(test: &Part, learn: [&Part; 2]) -> Vec<bool> {
    let known: HashSet<&Pair> = learn.iter().flat_map(|part| &part.pairs).collect();
    test.pairs.iter().map(|pair| known.contains(pair)).collect()
}

pub(super) fn run(asked: &mut Asked<'_>) -> Result<Vec<ContentReport>, ProtocolError> {
    // All files are read before anything is learnt: what is broken is told at once.
    let data: Vec<Data> = SETS.iter().map(|set| load(asked, set)).collect::<Result<_, _>>()?;
    SETS.iter().zip(&data).map(|(set, data)| one(asked, set, data, &MatcherParams::default())).collect()
}

fn one(asked: &mut Asked<'_>, set: &Set, data: &Data, params: &MatcherParams) -> Result<ContentReport, ProtocolError> {
    let Data { tables, train, valid, test, .. } = data;
    let both = joined(train, valid);
    let mut rows = vec![cosine(asked, tables, &both, test)?];
    // Those of the last configuration stay.
    let (mut f1, mut answers) = (0.0, (Vec::new(), 0.5));
    for (config, look, alone) in [
        ("trees, the pair alone, train only", Look::Pair, true),
        ("trees, the pair alone", Look::Pair, false),
        ("trees, with rivals", Look::Rivals, false),
        ("trees, looking twice, train only", Look::Twice, true),
        ("trees, looking twice", Look::Twice, false),
    ] {
        (asked.step)(&format!("{}: {config}", set.name), rows.len() as u64, 6);
        let params = MatcherParams { look, ..params.clone() };
        let learn = if alone { train } else { &both };
        let before = (asked.cpu_s)();
        let (model, left_out) =
            params.fit_folds(tables, &learn.pairs, &learn.same, asked.seed).map_err(refused(TASK))?;
        // The labels of learning pairs do not show when they are rivals of a pair of the test.
        let known = learn.pairs.iter().copied().zip(left_out.first).collect();
        let said = |part: &Part| model.probabilities_knowing(tables, &part.pairs, &known).map_err(refused(TASK));
        let threshold = if alone { best_f1(&said(valid)?, &valid.same).0 } else { model.threshold() };
        let fitted = (asked.cpu_s)();
        let p = said(test)?;
        let by_folds = Some(model.by_folds());
        rows.push(row(asked, config, (&p, threshold), test, by_folds, [fitted - before, (asked.cpu_s)() - fitted]));
        (f1, answers) = (rows.last().and_then(|row| row.measures[0].value).unwrap_or(0.0), (p, threshold));
    }
    let about = about(tables, [train, valid, test], &joined(&both, test), (&answers.0, answers.1));
    let goals = vec![ContentGoal::new("F1 of trees that look twice", set.goal, f1)];
    let task = format!("{TASK} {}", set.name);
    Ok(ContentReport { task, about, rows, goals, references: set.references })
}

/// What blocking keeps, and what joining the test's matches into products refuses.
fn about(tables: &Tables, parts: [&Part; 3], all: &Part, (p, threshold): (&[f64], f64)) -> String {
    let truth: Vec<Pair> = all.pairs.iter().zip(&all.same).filter(|(_, same)| **same).map(|(pair, _)| *pair).collect();
    let block = |per_list: usize| {
        let candidates = tables.candidates(&BlockParams { per_list, ..BlockParams::default() });
        let quality = tables.quality(&candidates, &truth);
        let complete = quality.completeness.unwrap_or(0.0);
        format!(
            "{per_list} a list: {} candidates, completeness {complete:.4}, reduction {:.4}",
            quality.n_candidates, quality.reduction
        )
    };
    let test = parts[2];
    let n_seen = test.seen.iter().filter(|seen| **seen).count();
    let scored: Vec<_> = test.pairs.iter().zip(p).map(|(&(l, r), &p)| ((0, l), (1, r), p)).collect();
    let joined = products(&scored, threshold, &ClusterParams { per_shop: 2, ..ClusterParams::default() });
    format!(
        "{} and {} offers; pairs (matches) {}; blocking {}; {}; {n_seen} pairs of the test stand word for word in train or valid; of the test's matches {} products are made, {} joins refused",
        tables.n_left(),
        tables.n_right(),
        parts.map(|p| format!("{} ({})", p.pairs.len(), p.same.iter().filter(|s| **s).count())).join(", "),
        block(3),
        block(BlockParams::default().per_list),
        joined.groups.len(),
        joined.refused.len(),
    )
}

fn row(
    asked: &Asked<'_>,
    config: &str,
    (p, threshold): (&[f64], f64),
    test: &Part,
    by_folds: Option<f64>,
    [fit_cpu_s, score_cpu_s]: [f64; 2],
) -> ContentRow {
    let said: Vec<bool> = p.iter().map(|p| *p >= threshold).collect();
    let share = |of: &[bool], is: &[bool]| {
        let both = of.iter().zip(is).filter(|(a, b)| **a && **b).count() as f64;
        both / of.iter().filter(|a| **a).count().max(1) as f64
    };
    let mut measures = vec![
        Mark::F1.measure(&said, &test.same, asked.seed),
        Measure::new("precision", share(&said, &test.same)),
        Measure::new("recall", share(&test.same, &said)),
    ];
    let new: Vec<usize> = (0..said.len()).filter(|&i| !test.seen.get(i).copied().unwrap_or(false)).collect();
    let of = |all: &[bool]| new.iter().map(|&i| all[i]).collect::<Vec<bool>>();
    measures.push(Measure::new("F1, new pairs", Mark::F1.value(&of(&said), &of(&test.same))));
    measures.push(by_folds.map_or_else(|| Measure::none("F1 by folds"), |f1| Measure::new("F1 by folds", f1)));
    ContentRow { config: config.to_owned(), measures, fit_cpu_s, score_cpu_s }
}

/// One threshold on the first column.
fn cosine(asked: &Asked<'_>, tables: &Tables, learn: &Part, test: &Part) -> Result<ContentRow, ProtocolError> {
    let before = (asked.cpu_s)();
    let first = |part: &Part| -> Result<Vec<f64>, ProtocolError> {
        let features = tables.features(&part.pairs, Look::Pair).map_err(refused(TASK))?;
        Ok(features.rows().map(|row| f64::from(row[0])).collect())
    };
    let (threshold, f1) = best_f1(&first(learn)?, &learn.same);
    let fitted = (asked.cpu_s)();
    let p = first(test)?;
    let cpu = [fitted - before, (asked.cpu_s)() - fitted];
    Ok(row(asked, "cosine of title words", (&p, threshold), test, Some(f1), cpu))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;
    use learn::trees::BoostParams;
    use std::path::Path;

    #[test]
    fn a_record_is_read_and_what_is_none_is_refused() {
        let read = offer("COL title VAL red kettle COL manufacturer VAL  COL price VAL 12.5 ").unwrap();
        assert_eq!((read.title.as_str(), read.brand, read.price), ("red kettle", None, Some(12.5)));
        assert!(offer("COL colour VAL red").is_none() && offer("title red").is_none());
        let mut shop = Shop::default();
        let places = ["COL title VAL a", "COL title VAL b", "COL title VAL a"].map(|r| shop.place(r).unwrap());
        assert_eq!((places, shop.offers.len()), ([0, 1, 0], 2));
    }

    #[test]
    fn planted_offers_are_matched_in_every_way_of_looking() {
        let part = |shops: &mut [Shop; 2], from: u32, to: u32| {
            let mut part = Part::default();
            for i in from..to {
                let left =
                    shops[0].place(&format!("COL title VAL acme kettle ke{} COL price VAL {}", 1000 + 7 * i, 20 + i));
                for (code, same) in [(1000 + 7 * i, true), (9000 - 3 * i, false), (1000 + 7 * (i + 1), false)] {
                    let right =
                        shops[1].place(&format!("COL title VAL kettle acme KE-{code} COL price VAL {}", 21 + i));
                    part.pairs.push((left.unwrap(), right.unwrap()));
                    part.same.push(same);
                }
            }
            part
        };
        let mut shops: [Shop; 2] = Default::default();
        let [train, valid, test] = [(0, 30), (30, 40), (40, 50)].map(|(from, to)| part(&mut shops, from, to));
        let tables = Tables::new(&shops[0].offers, &shops[1].offers);
        let data = Data { tables, offers: shops.map(|shop| shop.offers), train, valid, test };
        let boost = BoostParams { n_rounds: 30, min_rows: 5, ..BoostParams::default() };
        let params = MatcherParams { second: boost.clone(), boost, n_seeds: 1, n_folds: 3, ..MatcherParams::default() };
        let mut asked = Asked { dir: Path::new("."), seed: Seed(1), cpu_s: &|| 0.0, step: &mut |_, _, _| {} };
        let report = one(&mut asked, &SETS[0], &data, &params).unwrap();
        assert_eq!(report.rows.len(), 6);
        assert!(report.rows[1..].iter().all(|row| row.measures[0].value.unwrap() > 0.9), "{}", report.text());
        assert!(report.goals[0].reached && report.about.contains("completeness 1.0000"), "{}", report.text());
    }
}
