//! Do the themes of one market's reviews come out alike in another language?
//!
//! The learning sentences of M-ABSA, domain laptop, are the same in 21 languages, so each language is taken for a
//! market, and its themes should stand on the same sentences. The voice of a sentence is its marked polarity, in
//! every language alike: only the finding of themes is measured, not the judging of moods. For each theme of English
//! the theme of the other language with the largest overlap of sentences (shared over all) is taken; agreement is
//! the mean over themes of complaint and praise. The row of chance shifts the other language's sentences by half of
//! them, so that sizes stay and meanings go. Nothing is learnt, so nothing is held out.

use super::aspects::{Line, read};
use super::{Asked, ContentReport, ContentRow, Measure};
use crate::ProtocolError;
use content::reviews::{MarketReview, MarketVoice, Mood, ThemesParams, Voice, themes};
use std::collections::{BTreeMap, BTreeSet};

const TASK: &str = "themes";

/// Sentences that each theme of a voice stands on.
type Found = Vec<BTreeSet<u64>>;

fn found(lines: &[&Line], voice: Voice) -> (Found, Vec<String>) {
    let moods: BTreeMap<&str, &Vec<(String, Mood)>> = lines.iter().map(|l| (l.text.trim(), &l.marks)).collect();
    let reviews: Vec<MarketReview<'_>> =
        lines.iter().map(|l| MarketReview { market: &l.language, text: &l.text }).collect();
    // A line may be cut into several sentences; each has the voice of its line.
    let by_line = |sentence: &str| {
        let whole =
            moods.get(sentence).or_else(|| moods.iter().find(|(text, _)| text.contains(sentence)).map(|(_, m)| m));
        let has = |mood: Mood| whole.is_some_and(|marks| marks.iter().any(|(_, m)| *m == mood));
        [(Mood::Negative, Voice::Complaint), (Mood::Positive, Voice::Praise)]
            .into_iter()
            .filter(|(mood, _)| has(*mood))
            .map(|(_, voice)| voice)
            .collect()
    };
    let all: Vec<MarketVoice> = themes(&reviews, &by_line, &ThemesParams::default());
    let of = all.into_iter().find(|market| market.voice == voice);
    let themes = of.map(|market| market.themes).unwrap_or_default();
    let groups = |reviews: &[usize]| reviews.iter().map(|&r| lines[r].group).collect::<BTreeSet<u64>>();
    let terms = themes.iter().map(|t| format!("{} ({})", t.terms.join("/"), t.reviews.len())).collect();
    (themes.iter().map(|t| groups(&t.reviews)).collect(), terms)
}

/// Mean over the themes of `a` of the best overlap with one of `b`, whose sentences are shifted by `shift` of `n`.
fn agreement(a: &Found, b: &Found, shift: u64, n: u64) -> Option<f64> {
    let b: Found = b.iter().map(|theme| theme.iter().map(|g| (g + shift) % n.max(1)).collect()).collect();
    let overlap = |x: &BTreeSet<u64>, y: &BTreeSet<u64>| {
        let shared = x.intersection(y).count();
        shared as f64 / (x.len() + y.len() - shared).max(1) as f64
    };
    let best = |theme: &BTreeSet<u64>| b.iter().map(|other| overlap(theme, other)).fold(0.0, f64::max);
    (!a.is_empty()).then(|| a.iter().map(best).sum::<f64>() / a.len() as f64)
}

pub(super) fn run(asked: &mut Asked<'_>) -> Result<Vec<ContentReport>, ProtocolError> {
    let lines = read(asked, "train")?;
    let languages: BTreeSet<&str> = lines.iter().map(|l| l.language.as_str()).collect();
    let n = lines.iter().map(|l| l.group + 1).max().unwrap_or(1);
    let mut by_language: BTreeMap<&str, [Found; 2]> = BTreeMap::new();
    let mut shown = Vec::new();
    let before = (asked.cpu_s)();
    for (at, language) in languages.iter().enumerate() {
        (asked.step)(language, at as u64, languages.len() as u64);
        let own: Vec<&Line> = lines.iter().filter(|l| l.language == *language).collect();
        let [(complaints, terms), (praise, _)] = [Voice::Complaint, Voice::Praise].map(|voice| found(&own, voice));
        if ["en", "de", "zh"].contains(language) {
            shown.push(format!(
                "{language} complains of {}",
                terms.iter().take(5).cloned().collect::<Vec<_>>().join(", ")
            ));
        }
        by_language.insert(language, [complaints, praise]);
    }
    let cpu = (asked.cpu_s)() - before;
    let with = |shift: u64| -> Vec<(&str, Option<f64>)> {
        let Some(english) = by_language.get("en") else { return Vec::new() };
        let others = by_language.iter().filter(|(language, _)| **language != "en");
        let mean = |other: &[Found; 2]| {
            let each: Vec<f64> = (0..2).filter_map(|v| agreement(&english[v], &other[v], shift, n)).collect();
            (!each.is_empty()).then(|| each.iter().sum::<f64>() / each.len() as f64)
        };
        others.map(|(language, other)| (*language, mean(other))).collect()
    };
    let row = |config: &str, shift: u64, fit_cpu_s: f64| {
        let all = with(shift);
        let values: Vec<f64> = all.iter().filter_map(|(_, v)| *v).collect();
        let mut measures =
            vec![Measure::new("mean agreement", values.iter().sum::<f64>() / values.len().max(1) as f64)];
        let shown = all.iter().filter(|(language, _)| ["de", "fr", "es", "ja", "zh", "vi", "ar"].contains(language));
        measures.extend(
            shown.map(|(language, v)| v.map_or_else(|| Measure::none(language), |v| Measure::new(language, v))),
        );
        ContentRow { config: config.to_owned(), measures, fit_cpu_s, score_cpu_s: 0.0 }
    };
    let rows = vec![row("chance, sentences shifted", n / 2, 0.0), row("themes", 0, cpu)];
    let about =
        format!("{n} laptop sentences in {} languages beside English; {}", languages.len() - 1, shown.join("; "));
    Ok(vec![ContentReport { task: TASK.to_owned(), about, rows, goals: Vec::new(), references: &[] }])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// {1, 2, 3} with {2, 3, 4}: 2 of 4; with a shift of 1 {3, 4, 5}: 1 of 5.
    #[test]
    fn agreement_is_worked_by_hand() {
        let (a, b) = (vec![BTreeSet::from([1, 2, 3])], vec![BTreeSet::from([2, 3, 4]), BTreeSet::from([9])]);
        assert!((agreement(&a, &b, 0, 10).unwrap() - 0.5).abs() < 1e-12);
        assert!((agreement(&a, &b, 1, 10).unwrap() - 0.2).abs() < 1e-12);
        assert!((agreement(&a, &a, 0, 10).unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(agreement(&Vec::new(), &b, 0, 10), None);
    }
}
