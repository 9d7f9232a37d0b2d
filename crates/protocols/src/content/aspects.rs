//! What sentences of laptop reviews are about and in which mood, in 21 languages.
//!
//! M-ABSA, domain laptop: marks (term, category, polarity) of which the category and the polarity are asked. A
//! category is `ENTITY#ATTRIBUTE`; entities other than the laptop itself are one aspect each, the laptop's
//! attributes are kept apart. Splits as published; sentences are parallel, so folds go by sentence over all
//! languages. Thresholds come from folds of train; the test is marked once. One model over all languages, one of
//! English alone (asked about all, most of which it cannot read), and one of each language alone. Beside them the
//! most frequent aspect for every sentence. English is the original, the others are translations: this is not how
//! customers there write. The data's page names no published figures.

use super::labelled::refused;
use super::{Asked, ContentReport, ContentRow, Measure};
use crate::ProtocolError;
use crate::files::Text;
use content::reviews::{Aspects, AspectsParams, Marks, Mood};
use domain::Seed;
use learn::bootstrap::{BootstrapParams, bootstrap};
use std::collections::{BTreeMap, BTreeSet};

const TASK: &str = "aspects";

/// A sentence of one language.
pub(super) struct Line {
    pub(super) language: String,
    /// Equal for the same sentence in every language.
    pub(super) group: u64,
    pub(super) text: String,
    pub(super) marks: Vec<(String, Mood)>,
}

/// `ENTITY#ATTRIBUTE` as an aspect.
fn aspect(category: &str) -> &str {
    match category.split_once('#') {
        Some(("LAPTOP", _)) | None => category,
        Some((entity, _)) => entity,
    }
}

/// Marks of a cell such as `[['screen', 'DISPLAY#QUALITY', 'positive']]`. Terms may hold quotes, categories and
/// polarities do not, so each polarity is looked for and the category before it.
fn marks(cell: &str) -> Vec<(String, Mood)> {
    let mut out = Vec::new();
    for triplet in cell.split(']') {
        let moods = [("'negative'", Mood::Negative), ("'neutral'", Mood::Neutral), ("'positive'", Mood::Positive)];
        let Some((at, mood)) = moods.iter().find_map(|(word, mood)| triplet.rfind(word).map(|at| (at, *mood))) else {
            continue;
        };
        if let Some(category) = triplet[..at].rsplit('\'').nth(1).filter(|category| category.contains('#')) {
            out.push((aspect(category).to_owned(), mood));
        }
    }
    out.sort();
    out.dedup_by(|a, b| a.0 == b.0);
    out
}

pub(super) fn read(asked: &Asked<'_>, part: &str) -> Result<Vec<Line>, ProtocolError> {
    let text = Text::read(&asked.dir.join(format!("laptop_{part}.tsv")))?;
    let line = |(n, line): (usize, &str)| {
        let cells: Vec<&str> = line.split('\t').collect();
        let [language, idx, said, triplets] = cells.as_slice() else {
            return Err(text.wrong(n, line, "language, number, sentence and triplets, parted by tabs"));
        };
        let group = idx.parse().map_err(|_| text.wrong(n, idx, "the number of a sentence"))?;
        Ok(Line { language: (*language).to_owned(), group, text: (*said).to_owned(), marks: marks(triplets) })
    };
    text.lines(1).map(line).collect()
}

fn learn(names: &[String], lines: &[&Line], seed: Seed) -> Result<Aspects, ProtocolError> {
    let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    let numbered = |line: &&Line| -> Marks {
        let number = |name: &String| names.binary_search(name).ok().map(|at| at as u32);
        line.marks.iter().filter_map(|(name, mood)| Some((number(name)?, *mood))).collect()
    };
    let marks: Vec<Marks> = lines.iter().map(numbered).collect();
    let groups: Vec<u64> = lines.iter().map(|line| line.group).collect();
    AspectsParams::default().fit(names, &texts, &marks, &groups, seed).map_err(refused(TASK))
}

/// Hits, answers and truths of each sentence, of aspects and of aspects with their mood.
type Counts = Vec<[[f64; 3]; 2]>;

fn counts(answers: &[Vec<(String, Mood)>], lines: &[&Line]) -> Counts {
    let each = |(said, line): (&Vec<(String, Mood)>, &&Line)| {
        let hits = |same: fn(&(String, Mood), &(String, Mood)) -> bool| {
            said.iter().filter(|a| line.marks.iter().any(|b| same(a, b))).count() as f64
        };
        let rest = [said.len() as f64, line.marks.len() as f64];
        [[hits(|a, b| a.0 == b.0), rest[0], rest[1]], [hits(|a, b| a == b), rest[0], rest[1]]]
    };
    answers.iter().zip(lines).map(each).collect()
}

fn f1(counts: &Counts, rows: impl Iterator<Item = usize>, of: usize) -> f64 {
    let sum = rows.fold([0.0; 3], |sum, row| std::array::from_fn(|k| sum[k] + counts[row][of][k]));
    if sum[1] + sum[2] > 0.0 { 2.0 * sum[0] / (sum[1] + sum[2]) } else { 0.0 }
}

pub(super) fn run(asked: &mut Asked<'_>) -> Result<Vec<ContentReport>, ProtocolError> {
    let (train, test) = (read(asked, "train")?, read(asked, "test")?);
    let names: BTreeSet<&String> = train.iter().flat_map(|line| line.marks.iter().map(|(name, _)| name)).collect();
    let names: Vec<String> = names.into_iter().cloned().collect();
    let languages: BTreeSet<&str> = test.iter().map(|line| line.language.as_str()).collect();
    let lines: Vec<&Line> = test.iter().collect();
    let mut n: BTreeMap<&str, usize> = BTreeMap::new();
    train.iter().flat_map(|line| &line.marks).for_each(|(name, _)| *n.entry(name).or_default() += 1);
    let most = n.iter().max_by_key(|(_, n)| **n).map_or("", |(name, _)| name);
    let always: Vec<Vec<(String, Mood)>> = lines.iter().map(|_| vec![(most.to_owned(), Mood::Positive)]).collect();
    let mut rows = vec![row(asked, "the most frequent aspect, positive", &always, &lines, [0.0; 2])];
    let answer = |model: &Aspects, line: &Line| -> Vec<(String, Mood)> {
        model.of_sentence(&line.text).iter().map(|a| (model.names()[a.aspect].clone(), a.mood)).collect()
    };
    for (at, (config, language)) in [("all languages", None), ("English alone", Some("en"))].into_iter().enumerate() {
        (asked.step)(config, at as u64, 3);
        let before = (asked.cpu_s)();
        let part: Vec<&Line> = train.iter().filter(|l| language.is_none_or(|only| l.language == only)).collect();
        let model = learn(&names, &part, asked.seed)?;
        let fitted = (asked.cpu_s)();
        let answers: Vec<Vec<(String, Mood)>> = lines.iter().map(|line| answer(&model, line)).collect();
        rows.push(row(asked, config, &answers, &lines, [fitted - before, (asked.cpu_s)() - fitted]));
    }
    (asked.step)("each language alone", 2, 3);
    let before = (asked.cpu_s)();
    let mut answers = vec![Vec::new(); lines.len()];
    for language in &languages {
        let part: Vec<&Line> = train.iter().filter(|l| l.language == *language).collect();
        let model = learn(&names, &part, asked.seed)?;
        let own = lines.iter().enumerate().filter(|(_, line)| line.language == *language);
        own.for_each(|(at, line)| answers[at] = answer(&model, line));
    }
    rows.push(row(asked, "each language alone", &answers, &lines, [(asked.cpu_s)() - before, 0.0]));
    let about = format!(
        "laptop reviews, {} sentences to learn from and {} of the test in {} languages, {} aspects; F1 over all sentences",
        train.len(),
        test.len(),
        languages.len(),
        names.len()
    );
    Ok(vec![ContentReport { task: TASK.to_owned(), about, rows, goals: Vec::new(), references: &[] }])
}

fn row(
    asked: &Asked<'_>,
    config: &str,
    answers: &[Vec<(String, Mood)>],
    lines: &[&Line],
    [fit_cpu_s, score_cpu_s]: [f64; 2],
) -> ContentRow {
    let counts = counts(answers, lines);
    // Translations of a sentence are right or wrong together, so whole groups are drawn.
    let mut groups: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    lines.iter().enumerate().for_each(|(at, line)| groups.entry(line.group).or_default().push(at));
    let groups: Vec<Vec<usize>> = groups.into_values().collect();
    let units: Vec<f64> = (0..groups.len()).map(|g| g as f64).collect();
    let with_interval = |name: &str, of: usize| {
        let statistic = |units: &[f64]| f1(&counts, units.iter().flat_map(|g| groups[*g as usize].iter().copied()), of);
        match bootstrap(&units, statistic, &BootstrapParams { n_resamples: 500, ..Default::default() }, asked.seed) {
            Ok(i) => Measure::within(name, statistic(&units), i.low, i.high),
            Err(_) => Measure::none(name),
        }
    };
    let mut measures = vec![with_interval("F1 aspect", 0), with_interval("F1 aspect + mood", 1)];
    for language in ["en", "de", "fr", "es", "ja", "zh", "vi", "ar"] {
        let own = (0..lines.len()).filter(|&at| lines[at].language == language);
        measures.push(Measure::new(&format!("F1 {language}"), f1(&counts, own, 0)));
    }
    ContentRow { config: config.to_owned(), measures, fit_cpu_s, score_cpu_s }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_read_also_where_terms_hold_quotes() {
        let read = marks(
            r#"[['screen', 'DISPLAY#QUALITY', 'positive'], ["it's", 'LAPTOP#PRICE', 'negative'], ['x', 'DISPLAY#GENERAL', 'neutral']]"#,
        );
        assert_eq!(read, [("DISPLAY".to_owned(), Mood::Neutral), ("LAPTOP#PRICE".to_owned(), Mood::Negative)]);
        assert!(marks("[]").is_empty());
    }

    /// Said {a+, b+}, true {a−, b+, c+}: aspects 2 hits of 2 and 3, F1 4/5; with moods 1 hit, 2/5.
    #[test]
    fn f1_is_worked_by_hand() {
        let line = Line {
            language: "en".to_owned(),
            group: 0,
            text: String::new(),
            marks: [("a", Mood::Negative), ("b", Mood::Positive), ("c", Mood::Positive)]
                .map(|(n, m)| (n.to_owned(), m))
                .to_vec(),
        };
        let said = vec![[("a", Mood::Positive), ("b", Mood::Positive)].map(|(n, m)| (n.to_owned(), m)).to_vec()];
        let counts = counts(&said, &[&line]);
        assert!((f1(&counts, 0..1, 0) - 0.8).abs() < 1e-12 && (f1(&counts, 0..1, 1) - 0.4).abs() < 1e-12);
    }
}
