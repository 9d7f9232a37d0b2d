//! `m_absa`: what sentences about laptops judge and how, learnt from English labels, asked in twenty other languages.
//!
//! A sentence's answer is a set of (aspect category, polarity); the measure is micro F1 over the test sentences of a
//! language. Labels are only ever English, except for the bound, a model of the same kind with the labels of the language
//! itself. What carries English into another language are parallel sentences: the train sentences of both languages by
//! their number, without labels. Each row says which sentences it had. The label lists are Python text; those that Python itself could not read
//! (a quote within a quoted term) are counted and read from their ends, where category and polarity stand.

use super::{Asked, ContentGoal, ContentReport, ContentRow, Measure};
use crate::ProtocolError;
use crate::files::Text;
use content::Encode;
use content::text::{
    Language, LanguageModel, Lsa, LsaParams, Opinion, OpinionModel, OpinionParams, Polarity, micro_f1,
};
use domain::Seed;
use eval::{Bootstrap, mean_interval};
use learn::LearnError;
use std::collections::BTreeMap;

/// A sentence with its number and opinions.
#[derive(Clone, Debug)]
struct Sentence {
    idx: u32,
    text: String,
    said: Vec<Opinion>,
}

/// Sentences by language.
type Split = BTreeMap<String, Vec<Sentence>>;

/// Whether Python could read the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Regular,
    Irregular,
}

/// The opinions of a label list; `None` where a triplet does not end in a category and a polarity.
fn opinions(list: &str) -> Option<(Vec<Opinion>, Form)> {
    let inner = list.trim().strip_prefix('[')?.strip_suffix(']')?.trim();
    let (mut said, mut form) = (Vec::new(), Form::Regular);
    if inner.is_empty() {
        return Some((said, form));
    }
    for triplet in inner.strip_prefix('[')?.strip_suffix(']')?.split("], [") {
        let mut parts = triplet.rsplitn(3, ", ");
        let mut quoted = || parts.next().map(|part| part.trim().trim_matches(['\'', '"']));
        let polarity = match quoted()? {
            "positive" => Polarity::Positive,
            "neutral" => Polarity::Neutral,
            "negative" => Polarity::Negative,
            _ => return None,
        };
        let category = quoted().filter(|c| c.contains('#'))?.to_owned();
        let term = parts.next().unwrap_or_default();
        let quote = term.chars().next().filter(|c| matches!(c, '\'' | '"'));
        let body = quote.and_then(|q| term.strip_prefix(q)?.strip_suffix(q));
        let is_whole = body.zip(quote).is_some_and(|(body, q)| !body.replace(&format!("\\{q}"), "").contains(q));
        if !is_whole {
            form = Form::Irregular;
        }
        said.push((category, polarity));
    }
    said.sort();
    said.dedup();
    Some((said, form))
}

/// How many label lists were irregular, and how many gave no opinion at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Odd {
    irregular: usize,
    unread: usize,
}

fn read(asked: &Asked<'_>, name: &str, odd: &mut Odd) -> Result<Split, ProtocolError> {
    let file = Text::read(&asked.dir.join(format!("laptop_{name}.tsv")))?;
    let mut split = Split::new();
    for (n, line) in file.lines(1) {
        let wrong = || file.wrong(n, line, "language, number, sentence and triplets, separated by tabs");
        let cells: Vec<&str> = line.split('\t').collect();
        let [language, idx, text, list] = cells[..] else { return Err(wrong()) };
        let idx = idx.parse().map_err(|_| wrong())?;
        let said = match opinions(list) {
            Some((said, form)) => {
                odd.irregular += usize::from(form == Form::Irregular);
                said
            }
            None => {
                odd.irregular += 1;
                odd.unread += 1;
                Vec::new()
            }
        };
        split.entry(language.to_owned()).or_default().push(Sentence { idx, text: text.to_owned(), said });
    }
    Ok(split)
}

fn labelled(sentences: &[Sentence]) -> Vec<(&str, Vec<Opinion>)> {
    sentences.iter().map(|s| (s.text.as_str(), s.said.clone())).collect()
}

fn texts(sentences: &[Sentence]) -> Vec<&str> {
    sentences.iter().map(|s| s.text.as_str()).collect()
}

/// Sentences of both languages with the same number: English first.
fn parallel<'a>(english: &'a [Sentence], other: &'a [Sentence], keep: impl Fn(u32) -> bool) -> Vec<(&'a str, &'a str)> {
    let by_idx: BTreeMap<u32, &str> = english.iter().map(|s| (s.idx, s.text.as_str())).collect();
    let pair = |s: &'a Sentence| Some((*by_idx.get(&s.idx)?, s.text.as_str()));
    other.iter().filter(|s| keep(s.idx)).filter_map(pair).collect()
}

/// Opinions said a sentence, on average.
fn n_said(said: &[Vec<Opinion>]) -> f64 {
    said.iter().map(Vec::len).sum::<usize>() as f64 / said.len().max(1) as f64
}

fn refused(why: LearnError) -> ProtocolError {
    ProtocolError::Recipe { config: "opinions".to_owned(), task: "m_absa".to_owned(), why: why.to_string() }
}

/// The half whose labels are used where dictionary and labels are kept apart.
fn has_label(idx: u32) -> bool {
    Seed(0).derive(u64::from(idx)).0 & 1 == 0
}

const CONFIGS: [&str; 6] = [
    "the most frequent opinion",
    "the English model, unchanged",
    "English vectors (LSA) predicted, opinions of the closest English sentence; all parallel train sentences",
    "English answers carried; labels of one half of the train sentences, parallel texts of the other",
    "English answers carried; all parallel train sentences",
    "bound: labels of the language itself",
];
/// The configuration that has to reach the goal.
const OURS: usize = 4;
/// The configuration it is compared with.
const BOUND: usize = 5;
/// Numbers of the English vectors.
const WIDTH: usize = 128;

/// The figures of one configuration.
#[derive(Default)]
struct Marks {
    f1: BTreeMap<String, f64>,
    found: Vec<Vec<Vec<Opinion>>>,
    fit_cpu_s: f64,
    score_cpu_s: f64,
}

pub(super) fn run(asked: &mut Asked<'_>) -> Result<Vec<ContentReport>, ProtocolError> {
    let mut odd = Odd::default();
    let train = read(asked, "train", &mut odd)?;
    let dev = read(asked, "dev", &mut odd)?;
    let test = read(asked, "test", &mut odd)?;
    let of = |split: &Split, language: &str| split.get(language).cloned().unwrap_or_default();
    let english = (of(&train, "en"), of(&dev, "en"));
    let params = OpinionParams::default();
    let cpu_s = asked.cpu_s;
    let start = cpu_s();
    let model = params.fit(&labelled(&english.0), &labelled(&english.1)).map_err(refused)?;
    let half: Vec<Sentence> = english.0.iter().filter(|s| has_label(s.idx)).cloned().collect();
    let of_half = params.fit(&labelled(&half), &labelled(&english.1)).map_err(refused)?;
    let per_sentence = n_said(&model.opinions(&texts(&english.1)));
    let per_sentence_half = n_said(&of_half.opinions(&texts(&english.1)));
    let english_cpu_s = cpu_s() - start;
    let frequent = most_frequent(&english.0);
    let english_f1 = micro_f1(&model.opinions(&texts(&of(&test, "en"))), &rights(&of(&test, "en")));

    let mut marks: Vec<Marks> = CONFIGS.iter().map(|_| Marks::default()).collect();
    let others: Vec<&String> = test.keys().filter(|l| *l != "en").collect();
    let lsa = LsaParams { width: WIDTH, tf_idf: params.tf_idf, whitening: 0.5 };
    let vectors_start = cpu_s();
    let encoder = lsa.fit(&texts(&english.0), asked.seed).map_err(refused)?;
    let near = encoder.encode(&texts(&english.0).into_iter().map(Some).collect::<Vec<_>>());
    let vectors_cpu_s = cpu_s() - vectors_start;
    for (at, language) in others.iter().enumerate() {
        (asked.step)(language, at as u64, others.len() as u64);
        let (train, dev, test) = (of(&train, language), of(&dev, language), of(&test, language));
        let right = rights(&test);
        let mut note = |config: usize, fit: f64, from: f64, found: Vec<Vec<Opinion>>| {
            let mark = &mut marks[config];
            mark.f1.insert((*language).clone(), micro_f1(&found, &right));
            mark.found.push(found);
            mark.fit_cpu_s += fit;
            mark.score_cpu_s += cpu_s() - from;
        };
        note(0, 0.0, cpu_s(), vec![vec![frequent.clone()]; test.len()]);
        let from = cpu_s();
        note(1, 0.0, from, model.opinions(&texts(&test)));

        let from = cpu_s();
        let pairs = parallel(&english.0, &train, |_| true);
        let vectors = predicted(&params, &encoder, &pairs, &texts(&test)).map_err(refused)?;
        let close = learn::kernel_bridge::products(&vectors, near.values(), near.width());
        let closest = content::text::Closeness { n_targets: near.len(), values: close }.best();
        let said = closest.into_iter().map(|at| at.map_or_else(Vec::new, |at| english.0[at].said.clone()));
        note(2, 0.0, from, said.collect());

        let carry = |by: &OpinionModel, pairs: &[(&str, &str)], n: f64| {
            by.carried(&params, pairs, &texts(&dev), n).map_err(refused)
        };
        let from = cpu_s();
        let carried = carry(&of_half, &parallel(&english.0, &train, |idx| !has_label(idx)), per_sentence_half)?;
        let fitted = cpu_s();
        note(3, fitted - from, fitted, carried.opinions(&texts(&test)));
        let from = cpu_s();
        let carried = carry(&model, &pairs, per_sentence)?;
        let fitted = cpu_s();
        note(4, fitted - from, fitted, carried.opinions(&texts(&test)));
        let from = cpu_s();
        let bound = params.fit(&labelled(&train), &labelled(&dev)).map_err(refused)?;
        let fitted = cpu_s();
        note(5, fitted - from, fitted, bound.opinions(&texts(&test)));
    }
    marks[1].fit_cpu_s += english_cpu_s;
    marks[2].fit_cpu_s += vectors_cpu_s;
    let rights: Vec<Vec<Vec<Opinion>>> = others.iter().map(|l| rights(&of(&test, l))).collect();
    let bound: BTreeMap<String, f64> = marks[BOUND].f1.clone();
    let share = |m: &Marks| m.f1.iter().map(|(l, f1)| f1 / bound[l]).sum::<f64>() / m.f1.len().max(1) as f64;
    let rows = CONFIGS.iter().zip(&marks).map(|(config, m)| {
        let mean = m.f1.values().sum::<f64>() / m.f1.len().max(1) as f64;
        let (low, high) = interval(&m.found, &rights, asked.seed);
        let mut measures =
            vec![Measure::within("mean F1", mean, low, high), Measure::new("share of the bound", share(m))];
        measures.extend(m.f1.iter().map(|(language, f1)| Measure::new(language, *f1)));
        ContentRow { config: (*config).to_owned(), measures, fit_cpu_s: m.fit_cpu_s, score_cpu_s: m.score_cpu_s }
    });
    let about = format!(
        "micro F1 of (category, polarity), labels in English alone, {} languages, {} test sentences each; English itself {english_f1:.4}; \
         {} label lists were irregular, {} of them without a readable opinion",
        others.len(),
        rights.first().map_or(0, Vec::len),
        odd.irregular,
        odd.unread
    );
    let report = ContentReport {
        task: "m_absa".to_owned(),
        about,
        rows: rows.collect(),
        goals: vec![
            ContentGoal::new("share of the bound, all parallel train sentences", 0.7, share(&marks[OURS])),
            ContentGoal::new(
                "share of the bound, labels and parallel texts of different halves",
                0.7,
                share(&marks[3]),
            ),
        ],
        references: &[],
    };
    Ok(vec![report, languages(&test, asked)?])
}

/// The vectors that English sentences would have, for sentences of another language, from pairs: a ridge regression.
fn predicted(
    params: &OpinionParams,
    encoder: &Lsa,
    pairs: &[(&str, &str)],
    sentences: &[&str],
) -> Result<Vec<f32>, LearnError> {
    let (ours, theirs): (Vec<Option<&str>>, Vec<&str>) = pairs.iter().map(|(a, b)| (Some(*a), *b)).unzip();
    let wanted = encoder.encode(&ours);
    let tf_idf = params.tf_idf.fit(&theirs)?;
    let ridge = params.ridge.fit(&tf_idf.rows(&theirs), wanted.values(), wanted.width())?;
    let mut vectors = ridge.answer(&tf_idf.rows(sentences));
    for row in vectors.chunks_exact_mut(wanted.width().max(1)) {
        let length = row.iter().map(|x| x * x).sum::<f32>().sqrt();
        if length > 0.0 {
            row.iter_mut().for_each(|x| *x /= length);
        }
    }
    Ok(vectors)
}

fn rights(sentences: &[Sentence]) -> Vec<Vec<Opinion>> {
    sentences.iter().map(|s| s.said.clone()).collect()
}

fn most_frequent(sentences: &[Sentence]) -> Opinion {
    let mut counts: BTreeMap<&Opinion, usize> = BTreeMap::new();
    sentences.iter().flat_map(|s| &s.said).for_each(|o| *counts.entry(o).or_default() += 1);
    let most = counts.iter().max_by(|a, b| a.1.cmp(b.1).then(b.0.cmp(a.0)));
    most.map_or_else(|| (String::new(), Polarity::Neutral), |(o, _)| (*o).clone())
}

/// Interval of the mean over languages of F1: sentences are drawn by number, the same ones in every language.
fn interval(found: &[Vec<Vec<Opinion>>], right: &[Vec<Vec<Opinion>>], seed: Seed) -> (f64, f64) {
    let n = right.first().map_or(0, Vec::len);
    if n == 0 || right.iter().any(|r| r.len() != n) {
        return (f64::NAN, f64::NAN);
    }
    // What a sentence adds to the numerator and denominator of F1, for each language.
    let cells = |(found, right): (&Vec<Vec<Opinion>>, &Vec<Vec<Opinion>>)| -> Vec<(f64, f64)> {
        let both = |(f, r): (&Vec<Opinion>, &Vec<Opinion>)| {
            let both = f.iter().filter(|o| r.contains(o)).count();
            (2.0 * both as f64, (f.len() + r.len()) as f64)
        };
        found.iter().zip(right).map(both).collect()
    };
    let cells: Vec<Vec<(f64, f64)>> = found.iter().zip(right).map(cells).collect();
    let resample = |b: u64| {
        let mut rng = seed.stream(b);
        let drawn: Vec<usize> = (0..n).map(|_| rng.below(n)).collect();
        let f1 = |of: &Vec<(f64, f64)>| {
            let (up, down) = drawn.iter().fold((0.0, 0.0), |(u, d), at| (u + of[*at].0, d + of[*at].1));
            if down > 0.0 { up / down } else { 0.0 }
        };
        cells.iter().map(f1).sum::<f64>() / cells.len().max(1) as f64
    };
    let mut means: Vec<f64> = (0..1_000).map(resample).collect();
    means.sort_by(f64::total_cmp);
    (means[24], means[974])
}

/// How often the language of a test sentence is told.
fn languages(test: &Split, asked: &Asked<'_>) -> Result<ContentReport, ProtocolError> {
    let model = LanguageModel::built_in();
    let from = (asked.cpu_s)();
    let (mut all, mut measures) = (Vec::new(), Vec::new());
    for (code, sentences) in test {
        let Some(language) = Language::from_code(code) else { continue };
        let is = |s: &Sentence| f64::from(u8::from(model.detect(&s.text).is_some_and(|g| g.language == language)));
        let right: Vec<f64> = sentences.iter().map(is).collect();
        measures.push(Measure::new(code, right.iter().sum::<f64>() / right.len().max(1) as f64));
        all.extend(right);
    }
    let score_cpu_s = (asked.cpu_s)() - from;
    let at = mean_interval(&all, &Bootstrap::default(), asked.seed)?;
    measures.insert(0, Measure::within("accuracy", at.mean, at.interval.low, at.interval.high));
    let row = ContentRow { config: "built-in texts".to_owned(), measures, fit_cpu_s: 0.0, score_cpu_s };
    let about = format!("the language of {} test sentences in {} languages", all.len(), test.len());
    Ok(ContentReport {
        task: "m_absa: language".to_owned(),
        about,
        rows: vec![row],
        goals: Vec::new(),
        references: &[],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_lists_are_read_and_odd_ones_counted() {
        let o = |a: &str, p| (a.to_owned(), p);
        let (p, n) = (Polarity::Positive, Polarity::Negative);
        let (said, form) =
            opinions("[['screen', 'DISPLAY#GENERAL', 'negative'], ['NULL', 'LAPTOP#PRICE', 'positive']]").unwrap();
        assert_eq!((said, form), (vec![o("DISPLAY#GENERAL", n), o("LAPTOP#PRICE", p)], Form::Regular));
        assert_eq!(opinions("[[\"it's lid\", 'A#B', 'positive']]").unwrap(), (vec![o("A#B", p)], Form::Regular));
        assert_eq!(
            opinions("[['l'écran', 'A#B', 'positive'], ['x', 'A#B', 'positive']]").unwrap(),
            (vec![o("A#B", p)], Form::Irregular)
        );
        assert_eq!(opinions("[]").unwrap().0, []);
        assert_eq!(opinions("[['x', 'nothing', 'positive']]"), None);
        assert_eq!(opinions("no list"), None);
    }

    /// A folder of sentences of our own: the task runs and the carried model beats the most frequent opinion.
    #[test]
    fn a_small_folder_is_asked() {
        let dir = tempfile::tempdir().unwrap();
        let words = [
            ("battery", "akku", "BATTERY#QUALITY"),
            ("screen", "schirm", "DISPLAY#QUALITY"),
            ("lid", "deckel", "LAPTOP#DESIGN"),
        ];
        let moods = [("great", "toll", "positive"), ("awful", "schlimm", "negative")];
        for (name, n) in [("train", 8), ("dev", 2), ("test", 2)] {
            let mut text = "lang\tidx\tsentence\ttriplets\n".to_owned();
            for (language, at) in [("en", 0), ("de", 1)] {
                let mut idx = 0;
                for round in 0..n {
                    for w in words {
                        for m in moods {
                            let (word, mood) = if at == 0 { (w.0, m.0) } else { (w.1, m.1) };
                            text += &format!(
                                "{language}\t{idx}\tz{round} {word} {mood}\t[['{word}', '{}', '{}']]\n",
                                w.2, m.2
                            );
                            idx += 1;
                        }
                    }
                }
            }
            std::fs::write(dir.path().join(format!("laptop_{name}.tsv")), text).unwrap();
        }
        let mut asked =
            Asked { dir: dir.path(), seed: Seed(1), cpu_s: &|| 0.0, step: &mut |_, _, _| {}, encoder: None };
        let reports = run(&mut asked).unwrap();
        let mean = |row: usize| reports[0].rows[row].measures[0].value.unwrap();
        assert!(mean(4) > 0.9 && mean(3) > 0.9 && mean(0) < 0.3, "{}", reports[0].text());
    }
}
