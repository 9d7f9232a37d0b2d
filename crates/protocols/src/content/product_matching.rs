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
//!
//! With an encoder that others trained, the first and the last way of looking follow once more with vectors of the offers' texts as
//! further [views](content::matching::View): of titles, of all texts, or of both, whichever has the best F1 by folds of train and
//! valid, the pair alone. What vectors gain is the difference to the row of the same name without them, on the same questions.

use super::encoded::{NamedEncoder, encoded};
use super::labelled::{Mark, refused};
use super::{Asked, ContentGoal, ContentReport, ContentRow, Measure};
use crate::ProtocolError;
use crate::files::Text;
use crate::goals::Reference;
use content::Vectors;
use content::matching::{BlockParams, ClusterParams, Look, MatcherParams, Offer, Pair, Tables, View, ViewOf, products};
use content::reviews::best_f1;
use std::collections::{HashMap, HashSet};

pub(super) const TASK: &str = "product_matching";

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

/// A way of looking, by name, and whether one learns from train alone.
type Way = (&'static str, Look, bool);

/// All of them.
const WAYS: [Way; 5] = [
    ("trees, the pair alone, train only", Look::Pair, true),
    ("trees, the pair alone", Look::Pair, false),
    ("trees, with rivals", Look::Rivals, false),
    ("trees, looking twice, train only", Look::Twice, true),
    ("trees, looking twice", Look::Twice, false),
];

/// Those of them that are tried with vectors: what has the information that published methods have, and what looks at most.
const WITH_VECTORS: [usize; 2] = [0, 4];

/// What is said of the test.
struct Said {
    row: ContentRow,
    p: Vec<f64>,
    threshold: f64,
}

impl Said {
    fn yes(&self) -> Vec<bool> {
        self.p.iter().map(|p| *p >= self.threshold).collect()
    }
}

fn one(asked: &mut Asked<'_>, set: &Set, data: &Data, params: &MatcherParams) -> Result<ContentReport, ProtocolError> {
    let Data { tables, train, valid, test, .. } = data;
    let both = joined(train, valid);
    let mut rows = vec![cosine(asked, tables, ("cosine of title words", 0), &both, test)?];
    let said = ways(asked, (set.name, ""), &WAYS, data, tables, params)?;
    rows.extend(said.iter().map(|said| said.row.clone()));
    let [.., last] = said.as_slice() else { return Err(ProtocolError::Judge { why: "no way of looking".to_owned() }) };
    let mut about = about(tables, [train, valid, test], &joined(&both, test), (&last.p, last.threshold));
    if let Some(encoder) = asked.encoder {
        // Every row has the same measures.
        rows.iter_mut().for_each(|row| row.measures.push(Measure::none(GAINED)));
        let (of_vectors, words) = with_vectors(asked, set, data, params, encoder, &said)?;
        rows.extend(of_vectors);
        about = format!("{about}; {words}");
    }
    let f1 = last.row.measures[0].value.unwrap_or(0.0);
    let goals = vec![ContentGoal::new("F1 of trees that look twice", set.goal, f1)];
    let task = format!("{TASK} {}", set.name);
    Ok(ContentReport { task, about, rows, goals, references: set.references })
}

/// Ways of looking at the tables; `with` stands behind the names of the rows.
fn ways(
    asked: &mut Asked<'_>,
    (set, with): (&str, &str),
    all: &[Way],
    data: &Data,
    tables: &Tables,
    params: &MatcherParams,
) -> Result<Vec<Said>, ProtocolError> {
    let Data { train, valid, test, .. } = data;
    let both = joined(train, valid);
    let mut out = Vec::new();
    for &(way, look, alone) in all {
        let config = format!("{way}{with}");
        (asked.step)(&format!("{set}: {config}"), out.len() as u64, all.len() as u64);
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
        let row = row(asked, &config, (&p, threshold), test, by_folds, [fitted - before, (asked.cpu_s)() - fitted]);
        out.push(Said { row, p, threshold });
    }
    Ok(out)
}

/// The measure that rows with vectors have beside the others.
const GAINED: &str = "F1 that vectors gain";

/// The rows with vectors of an encoder, and in words how they came about; `without` are [`WAYS`] without them.
fn with_vectors(
    asked: &mut Asked<'_>,
    set: &Set,
    data: &Data,
    params: &MatcherParams,
    encoder: NamedEncoder<'_>,
    without: &[Said],
) -> Result<(Vec<ContentRow>, String), ProtocolError> {
    let Data { offers, train, valid, test, .. } = data;
    let both = joined(train, valid);
    let before = (asked.cpu_s)();
    let texts = |of: ViewOf, shop: usize| offers[shop].iter().map(|offer| of.text(offer)).collect::<Vec<String>>();
    let [title, whole] = ViewOf::ALL;
    let texts = [texts(title, 0), texts(title, 1), texts(whole, 0), texts(whole, 1)];
    let step = format!("{}: vectors of texts", set.name);
    let ([titles_l, titles_r, whole_l, whole_r], n_texts) = encoded(asked, encoder, TASK, &step, &texts)?;
    let view = |of: ViewOf, left: Vectors, right: Vectors| View::new(of, left, right).map_err(refused(TASK));
    let views = [view(title, titles_l, titles_r)?, view(whole, whole_l, whole_r)?];
    let encode_s = (asked.cpu_s)() - before;
    let seeing = |chosen: &[ViewOf]| {
        let mut chosen = views.iter().filter(|view| chosen.contains(&view.of())).cloned();
        let tables = Tables::new(&offers[0], &offers[1]);
        chosen.try_fold(tables, Tables::with_view).map_err(refused(TASK))
    };
    // One boosting a fold is enough to choose by.
    let pair = MatcherParams { look: Look::Pair, n_seeds: 1, ..params.clone() };
    let mut tried: Vec<(f64, &[ViewOf])> = Vec::new();
    for of in [&ViewOf::ALL[..1], &ViewOf::ALL[1..], &ViewOf::ALL[..]] {
        (asked.step)(&format!("{}: choosing, {}", set.name, in_words(of)), tried.len() as u64, 3);
        let model = pair.fit(&seeing(of)?, &both.pairs, &both.same, asked.seed).map_err(refused(TASK))?;
        tried.push((model.by_folds(), of));
    }
    // The first of equals, which has the least to look at.
    let chosen = tried.iter().fold(tried[0], |best, next| if next.0 > best.0 { *next } else { best }).1;
    let tables = seeing(chosen)?;
    let columns = tables.columns(Look::Pair);
    let mut rows = Vec::new();
    for of in chosen {
        let at = columns.likeness_by(*of).unwrap_or_default();
        let config = format!("cosine of vectors of {}", in_words(&[*of]));
        let mut row = cosine(asked, &tables, (&config, at), &both, test)?;
        row.measures.push(Measure::none(GAINED));
        rows.push(row);
    }
    let with = format!(", vectors of {}", in_words(chosen));
    let all = WITH_VECTORS.map(|at| WAYS[at]);
    let said = ways(asked, (set.name, &with), &all, data, &tables, params)?;
    for (mut said, without) in said.into_iter().zip(WITH_VECTORS.map(|at| &without[at])) {
        let gained = Mark::F1.gain(GAINED, [&said.yes(), &without.yes()], &test.same, asked.seed);
        said.row.measures.push(gained);
        rows.push(said.row);
    }
    let by_folds: Vec<String> = tried.iter().map(|(f1, of)| format!("{} {f1:.4}", in_words(of))).collect();
    let words = format!(
        "vectors by {}: {n_texts} texts of {} numbers in {encode_s:.1} CPU s; F1 by folds of the pair alone: {}",
        encoder.name,
        encoder.texts.width(),
        by_folds.join(", ")
    );
    Ok((rows, words))
}

fn in_words(of: &[ViewOf]) -> String {
    let name = |of: &ViewOf| match of {
        ViewOf::Title => "titles",
        ViewOf::Whole => "all texts",
    };
    of.iter().map(name).collect::<Vec<_>>().join(" and ")
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

/// One threshold on a column of pairs.
fn cosine(
    asked: &Asked<'_>,
    tables: &Tables,
    (config, at): (&str, usize),
    learn: &Part,
    test: &Part,
) -> Result<ContentRow, ProtocolError> {
    let before = (asked.cpu_s)();
    let column = |part: &Part| -> Result<Vec<f64>, ProtocolError> {
        let features = tables.features(&part.pairs, Look::Pair).map_err(refused(TASK))?;
        // What is not known is no reason to say yes.
        Ok(features.rows().map(|row| f64::from(row[at])).map(|x| if x.is_nan() { -1.0 } else { x }).collect())
    };
    let (threshold, f1) = best_f1(&column(learn)?, &learn.same);
    let fitted = (asked.cpu_s)();
    let p = column(test)?;
    let cpu = [fitted - before, (asked.cpu_s)() - fitted];
    Ok(row(asked, config, (&p, threshold), test, Some(f1), cpu))
}

#[cfg(test)]
mod tests {
    use super::*;
    use content::Encode;
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

    /// Forty kettles of each shop, planted: of three pairs the first is one product.
    fn planted() -> (Data, MatcherParams) {
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
        (data, params)
    }

    #[test]
    fn planted_offers_are_matched_in_every_way_of_looking() {
        let (data, params) = planted();
        let mut asked =
            Asked { dir: Path::new("."), seed: Seed(1), cpu_s: &|| 0.0, step: &mut |_, _, _| {}, encoder: None };
        let report = one(&mut asked, &SETS[0], &data, &params).unwrap();
        assert_eq!(report.rows.len(), 6);
        assert!(report.rows[1..].iter().all(|row| row.measures[0].value.unwrap() > 0.9), "{}", report.text());
        assert!(report.goals[0].reached && report.about.contains("completeness 1.0000"), "{}", report.text());
    }
    /// Knows a title by its number alone.
    struct Numbers;

    impl Encode for Numbers {
        type Item = str;

        fn width(&self) -> usize {
            4
        }

        fn encode(&self, items: &[Option<&str>]) -> Vectors {
            let row = |text: &Option<&str>| {
                let digits: String = text.as_ref()?.chars().filter(char::is_ascii_digit).collect();
                let number = digits.parse::<f32>().ok()?;
                Some([number.cos(), number.sin(), (1.7 * number).cos(), (1.7 * number).sin()])
            };
            Vectors::from_rows(4, items.iter().map(row)).unwrap()
        }
    }

    #[test]
    fn an_encoder_adds_its_rows_behind_the_others_with_what_it_gains() {
        let (data, params) = planted();
        let encoder = Some(NamedEncoder { name: "numbers", texts: &Numbers });
        let mut heard = Vec::new();
        let mut step = |step: &str, _: u64, _: u64| heard.push(step.to_owned());
        let mut asked = Asked { dir: Path::new("."), seed: Seed(1), cpu_s: &|| 0.0, step: &mut step, encoder };
        let report = one(&mut asked, &SETS[0], &data, &params).unwrap();
        let row = |config: &str| {
            let row = report.rows.iter().find(|row| row.config == config);
            row.unwrap_or_else(|| panic!("no row {config} in {}", report.text()))
        };
        // Titles are all there is, so that all texts are no better and titles are chosen.
        assert!(row("cosine of vectors of titles").measures[0].value.unwrap() > 0.9, "{}", report.text());
        assert!(row("cosine of title words").measures[0].value.unwrap() < 0.9, "{}", report.text());
        assert_eq!(report.rows.len(), 6 + 1 + 2, "{}", report.text());
        let (plain, with) = (row("trees, looking twice"), row("trees, looking twice, vectors of titles"));
        assert_eq!((plain.measures.len(), plain.measures[5].value), (with.measures.len(), None));
        let gained = with.measures[0].value.unwrap() - plain.measures[0].value.unwrap();
        assert!((with.measures[5].value.unwrap() - gained).abs() < 1e-12, "{}", report.text());
        assert!(report.about.contains("vectors by numbers: 151 texts of 4 numbers"), "{}", report.about);
        assert!(heard.iter().any(|step| step == "Amazon-Google: vectors of texts"), "{heard:?}");
        assert_eq!(report.goals[0].measured, plain.measures[0].value.unwrap(), "the goal is the own family's");
    }
}
