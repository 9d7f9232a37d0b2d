//! Wishes and what-ifs among sentences of reviews, in English (two sets), German and Japanese: does a sentence say
//! what did not happen?
//!
//! Splits as published. What is tried is chosen by five folds of train and valid together, by F1; the model is learnt
//! on both, the test is marked once. Beside it: always yes (the best that F1 leaves to one who reads nothing), a
//! list of words of wishing that anybody would write down first, `TextOdds` as sentiment uses it, one model over all
//! four sets, and a model of each other set: another language shares little more than signs. Half of the English
//! test stands in the learning part of the other English set, so who is asked about another set has not learnt from
//! any sentence of a test. The data's page names no published figures.

use super::labelled::{Labelled, Mark, refused};
use super::{Asked, ContentReport, ContentRow, Measure};
use crate::ProtocolError;
use content::reviews::{Judge, JudgeParams, best_f1};
use learn::{TextGrams, TextOddsParams};
use std::collections::HashSet;

const TASK: &str = "counterfactual";
const SETS: [&str; 4] = ["EN", "EN-ext", "DE", "JP"];

/// What anybody would write down first; a blank stands for an end of a word.
const WORDS: [&str; 22] = [
    " wish",
    " would ",
    " could have ",
    " should have ",
    " if only ",
    " had been ",
    "'d ",
    " hätte",
    " wäre",
    " würde",
    " könnte",
    " sollte",
    " wünsch",
    "ばよかった",
    "ば良かった",
    "たらよかった",
    "欲しかった",
    "ほしかった",
    "のに",
    "れば",
    "たら",
    "なら",
];

struct Set {
    learn: Labelled,
    test: Labelled,
}

pub(super) fn run(asked: &mut Asked<'_>) -> Result<Vec<ContentReport>, ProtocolError> {
    let read = |name: &str| -> Result<Set, ProtocolError> {
        let file = |part: &str| Labelled::from_tsv(&asked.dir.join(format!("{name}_{part}.tsv")));
        Ok(Set { learn: file("train")?.with(&file("valid")?), test: file("test")? })
    };
    let sets: Vec<Set> = SETS.iter().map(|name| read(name)).collect::<Result<_, _>>()?;
    let tests: HashSet<&String> = sets.iter().flat_map(|set| &set.test.texts).collect();
    let clean: Vec<Labelled> = sets.iter().map(|set| set.learn.without(&tests)).collect();
    let all = clean[1..].iter().fold(clean[0].clone(), |all, set| all.with(set));
    let params = JudgeParams::default();
    let steps = 2 * SETS.len() as u64 + 1;
    let mut judges = Vec::new();
    for (at, learn) in sets.iter().map(|set| &set.learn).chain(&clean).chain([&all]).enumerate() {
        (asked.step)("learning", at as u64, steps);
        let before = (asked.cpu_s)();
        let judge = params.fit(&learn.texts, &learn.is, asked.seed).map_err(refused(TASK))?;
        judges.push((judge, (asked.cpu_s)() - before));
    }
    let (own, others) = judges.split_at(SETS.len());
    let mut reports = Vec::new();
    for (at, (name, set)) in SETS.iter().zip(&sets).enumerate() {
        let mut rows = vec![always(set, asked), words(set, asked), odds(set, asked)?];
        rows.push(judged(&own[at], "linear, this set", set, asked));
        rows.push(judged(&others[SETS.len()], "linear, all four sets", set, asked));
        for (from, judge) in SETS.iter().zip(others).filter(|(from, _)| *from != name) {
            rows.push(judged(judge, &format!("linear, only {from}"), set, asked));
        }
        reports.push(ContentReport {
            task: format!("{TASK} {name}"),
            about: format!(
                "{} sentences to learn from ({} counterfactual), {} of the test ({}), of which {} also stand in the learning part",
                set.learn.len(),
                set.learn.positives(),
                set.test.len(),
                set.test.positives(),
                set.learn.len() - set.learn.without(&set.test.texts.iter().collect()).len()
            ),
            rows,
            goals: Vec::new(),
            references: &[],
        });
    }
    Ok(reports)
}

fn row(config: &str, said: &[bool], set: &Set, by_folds: Option<f64>, asked: &Asked<'_>, cpu: [f64; 2]) -> ContentRow {
    let mut measures: Vec<Measure> =
        [Mark::F1, Mark::Mcc, Mark::Accuracy].iter().map(|m| m.measure(said, &set.test.is, asked.seed)).collect();
    measures.push(by_folds.map_or_else(|| Measure::none("F1 by folds"), |f1| Measure::new("F1 by folds", f1)));
    ContentRow { config: config.to_owned(), measures, fit_cpu_s: cpu[0], score_cpu_s: cpu[1] }
}

fn always(set: &Set, asked: &Asked<'_>) -> ContentRow {
    row("always yes", &vec![true; set.test.len()], set, None, asked, [0.0; 2])
}

fn words(set: &Set, asked: &Asked<'_>) -> ContentRow {
    let says = |text: &String| {
        let text = format!(" {} ", text.to_lowercase());
        WORDS.iter().any(|word| text.contains(word))
    };
    let said: Vec<bool> = set.test.texts.iter().map(says).collect();
    row("a list of words", &said, set, None, asked, [0.0; 2])
}

/// The sentiment's model as it is, with the threshold that its own folds give.
fn odds(set: &Set, asked: &Asked<'_>) -> Result<ContentRow, ProtocolError> {
    let before = (asked.cpu_s)();
    let (params, grams) = (TextOddsParams::default(), TextGrams::default());
    let places: Vec<Vec<u32>> = set.learn.texts.iter().map(|text| grams.places(text)).collect();
    let targets: Vec<f32> = set.learn.is.iter().map(|is| f32::from(u8::from(*is))).collect();
    let folds: Vec<usize> = (0..places.len()).map(|i| i % 5).collect();
    let p = params.out_of_fold(&places, &targets, &folds, 5, asked.seed).map_err(refused(TASK))?;
    let p: Vec<f64> = p.into_iter().map(|p| p.unwrap_or(0.0)).collect();
    let (threshold, f1) = best_f1(&p, &set.learn.is);
    let rows: Vec<usize> = (0..places.len()).collect();
    let model = params.fit_places(&places, &targets, &rows, asked.seed).map_err(refused(TASK))?;
    let fitted = (asked.cpu_s)();
    let said: Vec<bool> =
        set.test.texts.iter().map(|text| model.probability(text).is_some_and(|p| p >= threshold)).collect();
    let cpu = [fitted - before, (asked.cpu_s)() - fitted];
    Ok(row("TextOdds, this set", &said, set, Some(f1), asked, cpu))
}

fn judged((judge, fit_cpu_s): &(Judge, f64), config: &str, set: &Set, asked: &Asked<'_>) -> ContentRow {
    let before = (asked.cpu_s)();
    let said: Vec<bool> = set.test.texts.iter().map(|text| judge.judge(text).is_some_and(|j| j.is)).collect();
    let cpu = [*fit_cpu_s, (asked.cpu_s)() - before];
    row(config, &said, set, Some(judge.by_folds()), asked, cpu)
}
