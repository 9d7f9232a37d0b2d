//! Transfers as they are printed: text for a terminal, Markdown for a page, JSON by `serde`.

use super::curve::CurvePoint;
use super::scores::ScoreReport;
use super::study::StudyReport;
use domain::{FitError, Seed};
use eval::PairedDifference;
use recommend::transfer::source_score::PARTS;
use recommend::transfer::{AlignedParams, DiscriminatorParams, Ground};
use serde::Serialize;
use std::fmt::Write;

/// One target: what was proved, and how much of its own data the sources replace.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Transfer {
    /// Data and questions in a line.
    pub about: String,
    /// Methods and verdict.
    pub study: StudyReport,
    /// The learning curve.
    pub curve: Vec<CurvePoint>,
    /// How far source and target are apart, before and after what is meant to bring them together.
    pub apart: Apart,
}

/// Distances before and after; nothing where a side is too small.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Apart {
    /// Balanced accuracy of telling the markets apart by a shopper's vector: 0.5 is chance.
    pub told: Option<[f64; 2]>,
    /// Difference of the covariances of item vectors, 0 to 1.
    pub coral: Option<[f64; 2]>,
    /// Squared mean discrepancy of item vectors.
    pub mmd: Option<[f64; 2]>,
}

impl Apart {
    /// Measures both ways that are meant to bring domains together.
    ///
    /// # Errors
    /// [`FitError`] of a fit.
    pub fn of(ground: &Ground, seed: Seed) -> Result<Self, FitError> {
        let told = DiscriminatorParams::default().adapt(ground, seed)?.betrayal();
        let (_, aligned) = AlignedParams::default().adapt(ground, seed)?;
        Ok(Self {
            told: told.map(|b| [b.before, b.after]),
            coral: aligned.map(|a| a.coral),
            mmd: aligned.map(|a| a.mmd),
        })
    }

    fn text(&self) -> String {
        let pair =
            |of: Option<[f64; 2]>| of.map_or("-".to_owned(), |[before, after]| format!("{before:.3} to {after:.3}"));
        format!(
            "Markets told apart by a shopper's vector {} (0.5 is chance); item vectors: CORAL distance {}, MMD {}.",
            pair(self.told),
            pair(self.coral),
            pair(self.mmd)
        )
    }
}

/// What a task reports.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum TransferReport {
    /// One target.
    Transfer(Box<Transfer>),
    /// Scores against gains.
    Scores(Box<ScoreReport>),
}

impl TransferReport {
    /// The report as Markdown, which reads well in a terminal too.
    pub fn text(&self) -> String {
        match self {
            Self::Transfer(transfer) => transfer.text(),
            Self::Scores(scores) => scores.text(),
        }
    }
}

fn gain(d: &PairedDifference) -> String {
    let (mean, i) = (d.difference.mean, d.difference.interval);
    format!("{mean:+.4} [{:+.4}, {:+.4}]", i.low, i.high)
}

// Writing into a text cannot fail, so results are dropped.
impl Transfer {
    fn text(&self) -> String {
        let s = &self.study;
        let mut out = format!(
            "### {}\n\n{}. {} shoppers choose, {} are reported; {}.\n\n",
            s.task, self.about, s.n_validation, s.n_test, s.metric
        );
        let _ =
            writeln!(out, "| method | test | gain over the target alone [95 %] | validation says |\n|---|---|---|---|");
        let _ = writeln!(out, "| target alone: {} | {:.4} | | |", s.alone_chosen, s.alone.mean);
        for m in &s.methods {
            let word = if m.verdict.accepted { "accepted" } else { "refused" };
            let honest = m.verdict.gain.map_or(String::new(), |g| {
                format!(" {g:+.4} [{:+.4}, {:+.4}]", m.verdict.low.unwrap_or(g), m.verdict.high.unwrap_or(g))
            });
            let _ =
                writeln!(out, "| {}: {} | {:.4} | {} | {word}{honest} |", m.name, m.chosen, m.test.mean, gain(&m.gain));
        }
        let word = if s.verdict.accepted { "accepted" } else { "refused" };
        let _ = writeln!(
            out,
            "\nTransfer {word} ({}): {}. Served gain on the test questions {}.\n",
            s.best,
            s.verdict.reason,
            gain(&s.served)
        );
        let _ = writeln!(out, "{}\n", self.apart.text());
        let _ = writeln!(
            out,
            "| rows of the target | alone | transferred | relative | gain [95 %] | rows saved |\n|---|---|---|---|---|---|"
        );
        for p in &self.curve {
            let more = if p.at_least { "at least " } else { "" };
            let relative = 100.0 * (p.transferred / p.alone.max(1e-9) - 1.0);
            let _ = writeln!(
                out,
                "| {:.0} | {:.4} | {:.4} | {relative:+.1} % | {} | {more}{:.0} |",
                p.k,
                p.alone,
                p.transferred,
                gain(&p.gain),
                p.saved
            );
        }
        out
    }
}

impl ScoreReport {
    fn text(&self) -> String {
        let mut out = format!(
            "### transferability, {}\n\nSpearman's correlation of score and gain, weights learnt without the target: {:.3} over {} sets, \
             {:.3} over the ordered pairs, {:.3} within a target on average; by the volume of the sources alone {:.3}, {:.3}, {:.3}.\n\n",
            self.about,
            self.overall,
            self.examples.len(),
            self.pairs,
            self.within,
            self.volume[0],
            self.volume[1],
            self.volume[2]
        );
        let (level, centres, spreads, weights) = &self.weights;
        let _ = writeln!(out, "level {level:.5}\n\n| part | centre | spread | weight |\n|---|---|---|---|");
        for (k, part) in PARTS.iter().enumerate() {
            let _ = writeln!(out, "| {part} | {:.4} | {:.4} | {:+.5} |", centres[k], spreads[k], weights[k]);
        }
        let _ = writeln!(out, "\n| target | sources | expected | measured |\n|---|---|---|---|");
        for e in self.examples.iter().filter(|e| e.sources.len() == 1 || e.sources.len() == 4) {
            let (expected, gain) = (100.0 * e.expected, 100.0 * e.gain);
            let _ = writeln!(out, "| {} | {} | {expected:+.1} % | {gain:+.1} % |", e.target, e.sources.join("+"));
        }
        out
    }
}
