//! Praise or complaint in Chinese reviews of ten kinds of goods.
//!
//! There is no published split: a review is in the test where a hash of its text says so (a tenth), in the validation
//! by the same hash (a tenth), so that equal texts are on one side. What is tried is chosen by folds of the training
//! part; the validation is reported beside the test, and the test is marked once. Beside it: always the more
//! frequent answer, and `TextOdds` as sentiment uses it.

use super::labelled::{Labelled, Mark, csv_columns, csv_label, refused};
use super::{Asked, ContentGoal, ContentReport, ContentRow, Measure};
use crate::ProtocolError;
use content::reviews::{Aim, JudgeParams};
use domain::Seed;
use learn::{TextOddsParams, TextPieces};
use std::collections::BTreeMap;

const TASK: &str = "online_shopping";
const GOAL: f64 = 0.90;

/// Which of ten parts a text is in; the split does not depend on the seed of the run.
fn part(text: &str) -> usize {
    let mixed = text.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01B3));
    Seed(mixed).stream(10).below(10)
}

struct Data {
    /// Learning, validation, test.
    parts: [Labelled; 3],
    /// The kind of goods of each review of the test.
    goods: Vec<String>,
    n_empty: usize,
}

fn read(asked: &Asked<'_>) -> Result<Data, ProtocolError> {
    let path = asked.dir.join("online_shopping_10_cats.csv");
    let mut data = Data { parts: Default::default(), goods: Vec::new(), n_empty: 0 };
    for (line, [goods, label, review]) in csv_columns(&path, ["cat", "label", "review"])? {
        let is = csv_label(&path, line, &label)?;
        let review = review.trim_start_matches('\u{feff}').trim();
        if review.is_empty() {
            data.n_empty += 1;
            continue;
        }
        let at = match part(review) {
            0 => 2,
            1 => 1,
            _ => 0,
        };
        if at == 2 {
            data.goods.push(goods);
        }
        data.parts[at].texts.push(review.to_owned());
        data.parts[at].is.push(is);
    }
    Ok(data)
}

pub(super) fn run(asked: &mut Asked<'_>) -> Result<Vec<ContentReport>, ProtocolError> {
    let Data { parts: [learn, valid, test], goods, n_empty } = read(asked)?;
    let mut rows = Vec::new();
    let yes = 2 * learn.positives() >= learn.len();
    rows.push(row("the more frequent answer", &|_| yes, &valid, &test, asked, 0.0));
    (asked.step)("learning the odds", 0, 2);
    let before = (asked.cpu_s)();
    let targets: Vec<f32> = learn.is.iter().map(|is| f32::from(u8::from(*is))).collect();
    let odds = TextOddsParams::default().fit(&learn.texts, &targets, asked.seed).map_err(refused(TASK))?;
    let cpu = (asked.cpu_s)() - before;
    rows.push(row("TextOdds", &|t| odds.probability(t).is_some_and(|p| p >= 0.5), &valid, &test, asked, cpu));
    (asked.step)("learning the boundaries", 1, 2);
    let before = (asked.cpu_s)();
    let mut params = JudgeParams { aim: Aim::Accuracy, pieces: pieces(), n_folds: 4, ..JudgeParams::default() };
    params.options.iter_mut().for_each(|option| option.min_texts = 2); // half the columns of fifty thousand texts
    let judge = params.fit(&learn.texts, &learn.is, asked.seed).map_err(refused(TASK))?;
    let cpu = (asked.cpu_s)() - before;
    let says = |text: &str| judge.judge(text).is_some_and(|j| j.is);
    rows.push(row("linear", &says, &valid, &test, asked, cpu));
    let accuracy = rows.last().and_then(|r: &ContentRow| r.measures[0].value).unwrap_or(0.0);
    let said: Vec<bool> = test.texts.iter().map(|t| says(t)).collect();
    let mut by_goods: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    goods.iter().enumerate().for_each(|(i, g)| by_goods.entry(g).or_default().push(i));
    let each = by_goods.iter().map(|(goods, rows)| {
        let right = rows.iter().filter(|&&i| said[i] == test.is[i]).count();
        format!("{goods} {:.3} of {}", right as f64 / rows.len() as f64, rows.len())
    });
    let about = format!(
        "Chinese reviews, hash split {}/{}/{}, {n_empty} empty left out; linear on the test by goods: {}",
        learn.len(),
        valid.len(),
        test.len(),
        each.collect::<Vec<String>>().join(", ")
    );
    let goals = vec![ContentGoal::new("accuracy of linear", GOAL, accuracy)];
    Ok(vec![ContentReport { task: TASK.to_owned(), about, rows, goals, references: &[] }])
}

/// Long texts in one script: fewer signs in a row than short sentences need, which saves half of the memory.
fn pieces() -> TextPieces {
    TextPieces { signs: 4, apart: 0, words: 2, letters: 3..=4, ..TextPieces::default() }
}

fn row(
    config: &str,
    says: &dyn Fn(&str) -> bool,
    valid: &Labelled,
    test: &Labelled,
    asked: &Asked<'_>,
    fit_cpu_s: f64,
) -> ContentRow {
    let before = (asked.cpu_s)();
    let said: Vec<bool> = test.texts.iter().map(|t| says(t)).collect();
    let score_cpu_s = (asked.cpu_s)() - before;
    let mut measures: Vec<Measure> =
        [Mark::Accuracy, Mark::F1, Mark::Mcc].iter().map(|m| m.measure(&said, &test.is, asked.seed)).collect();
    let said: Vec<bool> = valid.texts.iter().map(|t| says(t)).collect();
    measures.push(Measure::new("accuracy, valid", Mark::Accuracy.value(&said, &valid.is)));
    ContentRow { config: config.to_owned(), measures, fit_cpu_s, score_cpu_s }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_of_texts_is_in_each_part_and_equal_texts_share_one() {
        let mut n = [0; 10];
        (0..10_000).for_each(|i| n[part(&format!("review {i}"))] += 1);
        assert!(n.iter().all(|n| (850..1150).contains(n)), "{n:?}");
        assert_eq!(part("很好"), part("很好"));
    }
}
