//! Which of 77 things a bank's customer asks for, from one short English question.
//!
//! Split as published. What is tried (how pieces are weighed, what an error costs, all together) is chosen by five
//! folds of train; the test is marked once. Beside it the most frequent intent. The published rows rest on large
//! pretrained encoders.

use super::labelled::{csv_columns, refused};
use super::{Asked, ContentReport, ContentRow, Measure};
use crate::ProtocolError;
use crate::goals::Reference;
use domain::Seed;
use learn::bootstrap::{BootstrapParams, bootstrap_mean};
use learn::{SparseSvmParams, TextLinear, TextLinearParams, TextPieces, TextTable, Weighing};
use std::collections::BTreeSet;

const TASK: &str = "banking77";
const SOURCE: &str = "Casanueva et al., NLP4ConvAI 2020, full training set";

const REFERENCES: &[Reference] = &[
    Reference { what: "BERT, tuned", value: 0.9366, source: SOURCE },
    Reference { what: "USE + ConveRT", value: 0.9336, source: SOURCE },
];

const TRIED: [(&str, Weighing, f32); 4] = [
    ("rare pieces, cost 0.3", Weighing::Rare, 0.3),
    ("rare pieces, cost 1", Weighing::Rare, 1.0),
    ("telling pieces, cost 0.1", Weighing::Telling, 0.1),
    ("telling pieces, cost 1", Weighing::Telling, 1.0),
];

struct Part {
    texts: Vec<String>,
    intents: Vec<String>,
}

fn read(asked: &Asked<'_>, part: &str) -> Result<Part, ProtocolError> {
    let rows = csv_columns(&asked.dir.join(format!("{part}.csv")), ["text", "category"])?;
    let (texts, intents) = rows.into_iter().map(|(_, [text, intent])| (text, intent)).unzip();
    Ok(Part { texts, intents })
}

fn best(p: &[f64]) -> usize {
    (0..p.len()).max_by(|&a, &b| p[a].total_cmp(&p[b]).then(b.cmp(&a))).unwrap_or(0)
}

fn mean(all: &[&Vec<f64>]) -> Vec<f64> {
    (0..all.first().map_or(0, |p| p.len())).map(|k| all.iter().map(|p| p[k]).sum()).collect()
}

pub(super) fn run(asked: &mut Asked<'_>) -> Result<Vec<ContentReport>, ProtocolError> {
    let (train, test) = (read(asked, "train")?, read(asked, "test")?);
    let names: Vec<&String> = train.intents.iter().collect::<BTreeSet<_>>().into_iter().collect();
    let number = |intent: &String| names.binary_search(&intent).ok();
    let kinds: Vec<u32> = train.intents.iter().filter_map(number).map(|k| k as u32).collect();
    let truth: Vec<Option<usize>> = test.intents.iter().map(number).collect();
    let pieces = TextPieces { words: 3, apart: 4, ..TextPieces::default() };
    let table = TextTable::new(&pieces, &train.texts);
    let rows: Vec<usize> = (0..table.len()).collect();
    let folds = table.folds(5, Seed(77));
    let right = |p: &[Vec<f64>]| p.iter().zip(&kinds).filter(|(p, k)| best(p) == **k as usize).count() as f64;
    let mut counts = vec![0; names.len()];
    kinds.iter().for_each(|&k| counts[k as usize] += 1);
    let most = (0..names.len()).max_by_key(|&k| (counts[k], std::cmp::Reverse(k))).unwrap_or(0);
    let mut out = vec![row(asked, "the most frequent intent", &vec![most; test.texts.len()], &truth, None, [0.0; 2])];
    let mut tried: Vec<(&str, TextLinear, Vec<Vec<f64>>, f64)> = Vec::new();
    for (at, (name, weighing, cost)) in TRIED.into_iter().enumerate() {
        (asked.step)(name, at as u64, TRIED.len() as u64);
        let before = (asked.cpu_s)();
        let params = TextLinearParams {
            pieces: pieces.clone(),
            weighing,
            svm: SparseSvmParams { cost, ..SparseSvmParams::default() },
            n_folds: 5,
            ..TextLinearParams::default()
        };
        let (model, p) =
            params.fit_folds(&table, &kinds, names.len(), &rows, &folds, asked.seed).map_err(refused(TASK))?;
        tried.push((name, model, p, (asked.cpu_s)() - before));
    }
    let alone = tried.iter().enumerate().map(|(at, (name, _, p, _))| (*name, vec![at], right(p)));
    let all: Vec<Vec<f64>> =
        rows.iter().map(|&i| mean(&tried.iter().map(|(_, _, p, _)| &p[i]).collect::<Vec<_>>())).collect();
    let together = ("all four, mean", (0..tried.len()).collect(), right(&all));
    let sets: Vec<(&str, Vec<usize>, f64)> = alone.chain([together]).collect();
    let chosen = sets.iter().reduce(|a, b| if b.2 > a.2 { b } else { a });
    if let Some((name, members, by_folds)) = chosen {
        let before = (asked.cpu_s)();
        let answer = |text: &String| {
            let keys = pieces.keys(text);
            let each: Vec<Vec<f64>> = members.iter().map(|&m| tried[m].1.of_keys(&keys)).collect();
            best(&mean(&each.iter().collect::<Vec<_>>()))
        };
        let answers: Vec<usize> = test.texts.iter().map(answer).collect();
        let cpu = [tried.iter().map(|t| t.3).sum(), (asked.cpu_s)() - before];
        let by_folds = Some(by_folds / rows.len() as f64);
        out.push(row(asked, &format!("linear: {name}"), &answers, &truth, by_folds, cpu));
    }
    let shown = sets.iter().map(|(name, _, n)| format!("{name} {:.4}", n / rows.len() as f64));
    let about = format!(
        "{} questions to learn from, {} of the test, {} intents; accuracy by folds: {}",
        train.texts.len(),
        test.texts.len(),
        names.len(),
        shown.collect::<Vec<String>>().join(", ")
    );
    Ok(vec![ContentReport { task: TASK.to_owned(), about, rows: out, goals: Vec::new(), references: REFERENCES }])
}

fn row(
    asked: &Asked<'_>,
    config: &str,
    answers: &[usize],
    truth: &[Option<usize>],
    by_folds: Option<f64>,
    [fit_cpu_s, score_cpu_s]: [f64; 2],
) -> ContentRow {
    let right = |(a, t): (&usize, &Option<usize>)| f64::from(u8::from(Some(*a) == *t));
    let hits: Vec<f64> = answers.iter().zip(truth).map(right).collect();
    let value = hits.iter().sum::<f64>() / hits.len().max(1) as f64;
    let accuracy = match bootstrap_mean(&hits, &BootstrapParams::default(), asked.seed) {
        Ok(i) => Measure::within("accuracy", value, i.low, i.high),
        Err(_) => Measure::none("accuracy"),
    };
    let by_folds = by_folds.map_or_else(|| Measure::none("by folds"), |v| Measure::new("by folds", v));
    ContentRow { config: config.to_owned(), measures: vec![accuracy, by_folds], fit_cpu_s, score_cpu_s }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_is_the_first_of_equals_and_means_are_taken_kind_by_kind() {
        assert_eq!(best(&[0.2, 0.4, 0.4]), 1);
        assert_eq!(mean(&[&vec![1.0, 2.0], &vec![3.0, 5.0]]), [4.0, 7.0]);
    }
}
