//! Reviews of hotels that were written to order, beside real ones.
//!
//! Five folds by hotel: no hotel of the test part is in the learning part. What is tried is chosen by folds of the
//! learning part, within each fold. The published figure is of the positive half of 20 hotels; this file has 15 of
//! them, so the row on the positive half is its neighbour, not its repetition. Beside it: always the same answer
//! (the classes are as large as each other), and `TextOdds` as sentiment uses it. Who wrote to order was paid for it
//! by a crowd-work site: a shop's own fakes may read otherwise.

use super::labelled::{Labelled, Mark, csv_columns, refused};
use super::{Asked, ContentReport, ContentRow, Measure};
use crate::ProtocolError;
use crate::goals::Reference;
use content::reviews::{Aim, JudgeParams};
use learn::TextOddsParams;
use std::collections::BTreeSet;

const TASK: &str = "deceptive";
const FOLDS: usize = 5;

const REFERENCES: &[Reference] = &[
    Reference {
        what: "SVM on bigrams and LIWC, positive half of 20 hotels, 5 folds by hotel",
        value: 0.898,
        source: "Ott et al., ACL 2011",
    },
    Reference { what: "best of three human judges", value: 0.619, source: "Ott et al., ACL 2011" },
];

pub(super) fn run(asked: &mut Asked<'_>) -> Result<Vec<ContentReport>, ProtocolError> {
    let path = asked.dir.join("deceptive-opinion.csv");
    let (mut all, mut hotels, mut positive) = (Labelled::default(), Vec::new(), Vec::new());
    for (line, [label, hotel, polarity, text]) in csv_columns(&path, ["deceptive", "hotel", "polarity", "text"])? {
        let is = match label.as_str() {
            "deceptive" => true,
            "truthful" => false,
            _ => return Err(ProtocolError::Line { path, line, found: label, wanted: "deceptive or truthful" }),
        };
        all.is.push(is);
        all.texts.push(text);
        hotels.push(hotel);
        positive.push(polarity == "positive");
    }
    let names: Vec<&String> = hotels.iter().collect::<BTreeSet<_>>().into_iter().collect();
    let folds: Vec<usize> = hotels.iter().map(|h| names.binary_search(&h).unwrap_or(0) % FOLDS).collect();
    let half: Vec<usize> = (0..all.len()).filter(|&i| positive[i]).collect();
    let every: Vec<usize> = (0..all.len()).collect();
    let mut reports = Vec::new();
    for (what, rows) in [("positive half", half), ("both halves", every)] {
        let mut out = vec![row(asked, "always deceptive", &vec![true; rows.len()], &all, &rows, 0.0)];
        for (config, linear) in [("TextOdds", false), ("linear", true)] {
            let before = (asked.cpu_s)();
            let mut said = vec![false; rows.len()];
            for fold in 0..FOLDS {
                (asked.step)(&format!("{what}, {config}"), fold as u64, FOLDS as u64);
                let (test, learn): (Vec<usize>, Vec<usize>) = (0..rows.len()).partition(|&at| folds[rows[at]] == fold);
                let texts: Vec<&String> = learn.iter().map(|&at| &all.texts[rows[at]]).collect();
                let is: Vec<bool> = learn.iter().map(|&at| all.is[rows[at]]).collect();
                let text = |at: usize| all.texts[rows[at]].as_str();
                if linear {
                    let params = JudgeParams { aim: Aim::Accuracy, ..JudgeParams::default() };
                    let judge = params.fit(&texts, &is, asked.seed).map_err(refused(TASK))?;
                    test.iter().for_each(|&at| said[at] = judge.judge(text(at)).is_some_and(|j| j.is));
                } else {
                    let targets: Vec<f32> = is.iter().map(|is| f32::from(u8::from(*is))).collect();
                    let odds = TextOddsParams::default().fit(&texts, &targets, asked.seed).map_err(refused(TASK))?;
                    test.iter().for_each(|&at| said[at] = odds.probability(text(at)).is_some_and(|p| p >= 0.5));
                }
            }
            let cpu = (asked.cpu_s)() - before;
            out.push(row(asked, config, &said, &all, &rows, cpu));
        }
        let about = format!("{what}: {} reviews of {} hotels, {FOLDS} folds by hotel", rows.len(), names.len());
        reports.push(ContentReport {
            task: format!("{TASK} {what}"),
            about,
            rows: out,
            goals: Vec::new(),
            references: if what == "positive half" { REFERENCES } else { &[] },
        });
    }
    Ok(reports)
}

fn row(asked: &Asked<'_>, config: &str, said: &[bool], all: &Labelled, rows: &[usize], fit_cpu_s: f64) -> ContentRow {
    let is: Vec<bool> = rows.iter().map(|&i| all.is[i]).collect();
    let measures: Vec<Measure> =
        [Mark::Accuracy, Mark::F1, Mark::Mcc].iter().map(|m| m.measure(said, &is, asked.seed)).collect();
    ContentRow { config: config.to_owned(), measures, fit_cpu_s, score_cpu_s: 0.0 }
}
