//! What a sentence of a review judges and how: pairs of aspect and polarity, in a language with labels or one without.
//!
//! A model answers, for each pair that it was shown, `s_pair + a · s_aspect + b · s_polarity`, three ridge
//! regressions in one over TF-IDF rows ([`KernelRidge`]); pairs at or above a limit are said, and the highest one
//! always. `a`, `b` and the limit are chosen by micro F1 on labelled sentences that were not learnt from.
//!
//! [`OpinionModel::carried`] takes a model into a language without labels: sentences that stand in both languages are
//! answered by the model in its own, and a regression in the other language learns those answers. The limit is set where
//! as many pairs a sentence are said as the first model says.
//! Cost: the inverse of a kernel of all sentences, `n³`; see [`learn::kernel_ridge`].

use super::Features;
use super::tf_idf::{TfIdf, TfIdfParams};
use learn::LearnError;
use learn::container::{ContainerError, Reader, Writer};
use learn::kernel_ridge::{KernelRidge, KernelRidgeParams};
use std::collections::BTreeSet;

/// How a sentence is judged about something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Polarity {
    /// Praise.
    Positive,
    /// Neither.
    Neutral,
    /// Blame.
    Negative,
}

impl Polarity {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Positive, Self::Neutral, Self::Negative];
}

/// What is judged (`BATTERY#QUALITY`) and how.
pub type Opinion = (String, Polarity);

/// How a model is learnt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OpinionParams {
    /// How sentences become rows.
    pub tf_idf: TfIdfParams,
    /// How the answers are learnt.
    pub ridge: KernelRidgeParams,
}

impl Default for OpinionParams {
    fn default() -> Self {
        let features = Features { words: 2, ..Features::default() };
        let tf_idf = TfIdfParams { features, ..TfIdfParams::default() };
        Self { tf_idf, ridge: KernelRidgeParams { ridge: 0.5 } }
    }
}

/// What a target of the regression is about.
#[derive(Clone, Debug, PartialEq)]
struct Labels {
    /// Pairs of (place of the aspect, polarity).
    pairs: Vec<(usize, Polarity)>,
    aspects: Vec<String>,
}

impl Labels {
    fn of(said: &[Vec<Opinion>]) -> Self {
        let aspects: BTreeSet<&String> = said.iter().flatten().map(|(a, _)| a).collect();
        let aspects: Vec<String> = aspects.into_iter().cloned().collect();
        let place = |a: &String| aspects.binary_search(a).ok();
        let pairs: BTreeSet<(usize, Polarity)> =
            said.iter().flatten().filter_map(|(a, p)| Some((place(a)?, *p))).collect();
        Self { pairs: pairs.into_iter().collect(), aspects }
    }

    fn width(&self) -> usize {
        self.pairs.len() + self.aspects.len() + Polarity::ALL.len()
    }

    fn targets(&self, said: &[Vec<Opinion>]) -> Vec<f32> {
        let mut out = vec![0.0; said.len() * self.width()];
        for (line, said) in out.chunks_exact_mut(self.width().max(1)).zip(said) {
            for (aspect, polarity) in said {
                let Ok(a) = self.aspects.binary_search(aspect) else { continue };
                if let Ok(pair) = self.pairs.binary_search(&(a, *polarity)) {
                    line[pair] = 1.0;
                }
                line[self.pairs.len() + a] = 1.0;
                line[self.pairs.len() + self.aspects.len() + *polarity as usize] = 1.0;
            }
        }
        out
    }
}

/// How the answers of the regression become opinions.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Rule {
    aspect: f32,
    polarity: f32,
    limit: f32,
}

/// A fitted model of one language.
#[derive(Clone, Debug, PartialEq)]
pub struct OpinionModel {
    labels: Labels,
    tf_idf: TfIdf,
    ridge: KernelRidge,
    rule: Rule,
}

/// True positives, false positives and misses.
fn counts(found: &[Opinion], right: &[Opinion]) -> [usize; 3] {
    let (found, right): (BTreeSet<_>, BTreeSet<_>) = (found.iter().collect(), right.iter().collect());
    let both = found.intersection(&right).count();
    [both, found.len() - both, right.len() - both]
}

/// `2 tp / (2 tp + fp + fn)` over all sentences; 0 where nothing was said and nothing is right.
pub fn micro_f1(found: &[Vec<Opinion>], right: &[Vec<Opinion>]) -> f64 {
    let mut all = [0; 3];
    for (found, right) in found.iter().zip(right) {
        all.iter_mut().zip(counts(found, right)).for_each(|(a, n)| *a += n);
    }
    if all[0] == 0 { 0.0 } else { 2.0 * all[0] as f64 / (2 * all[0] + all[1] + all[2]) as f64 }
}

impl OpinionParams {
    /// Learns from sentences with their opinions and chooses the rule on others.
    ///
    /// # Errors
    /// [`LearnError`] for parameters out of range, lengths that differ, or no opinion to learn.
    pub fn fit<T: AsRef<str> + Sync>(
        &self,
        train: &[(T, Vec<Opinion>)],
        chosen_on: &[(T, Vec<Opinion>)],
    ) -> Result<OpinionModel, LearnError> {
        let said: Vec<Vec<Opinion>> = train.iter().map(|(_, said)| said.clone()).collect();
        let labels = Labels::of(&said);
        if labels.pairs.is_empty() {
            return Err(LearnError::TooLittleData { what: "opinions", have: 0, need: 1 });
        }
        let sentences: Vec<&str> = train.iter().map(|(s, _)| s.as_ref()).collect();
        let targets = labels.targets(&said);
        let rule = Rule { aspect: 0.5, polarity: 0.3, limit: 0.5 };
        let mut model = self.learnt(labels, &sentences, &targets, rule)?;
        model.choose(chosen_on);
        Ok(model)
    }

    fn learnt(&self, labels: Labels, texts: &[&str], targets: &[f32], rule: Rule) -> Result<OpinionModel, LearnError> {
        let tf_idf = self.tf_idf.fit(texts)?;
        let ridge = self.ridge.fit(&tf_idf.rows(texts), targets, labels.width())?;
        Ok(OpinionModel { labels, tf_idf, ridge, rule })
    }
}

impl OpinionModel {
    /// Answers of the regression, one line a sentence.
    fn answers<T: AsRef<str> + Sync>(&self, sentences: &[T]) -> Vec<f32> {
        self.ridge.answer(&self.tf_idf.rows(sentences))
    }

    fn scores(&self, answer: &[f32], rule: Rule) -> Vec<f32> {
        let (pairs, rest) = answer.split_at(self.labels.pairs.len());
        let (aspects, polarities) = rest.split_at(self.labels.aspects.len());
        let score = |((aspect, polarity), s): (&(usize, Polarity), &f32)| {
            s + rule.aspect * aspects[*aspect] + rule.polarity * polarities[*polarity as usize]
        };
        self.labels.pairs.iter().zip(pairs).map(score).collect()
    }

    fn said(&self, scores: &[f32], limit: f32) -> Vec<Opinion> {
        let best = (0..scores.len()).max_by(|a, b| scores[*a].total_cmp(&scores[*b]).then(b.cmp(a)));
        let over = (0..scores.len()).filter(|at| scores[*at] >= limit || Some(*at) == best);
        let opinion = |at: usize| {
            let (aspect, polarity) = self.labels.pairs[at];
            (self.labels.aspects[aspect].clone(), polarity)
        };
        over.map(opinion).collect()
    }

    fn choose<T: AsRef<str> + Sync>(&mut self, on: &[(T, Vec<Opinion>)]) {
        let sentences: Vec<&str> = on.iter().map(|(s, _)| s.as_ref()).collect();
        let right: Vec<Vec<Opinion>> = on.iter().map(|(_, said)| said.clone()).collect();
        let answers = self.answers(&sentences);
        let mut best = (f64::NEG_INFINITY, self.rule);
        for aspect in [0.0, 0.25, 0.5, 1.0] {
            for polarity in [0.0, 0.15, 0.3, 0.6] {
                let rule = Rule { aspect, polarity, limit: 0.0 };
                let scores: Vec<Vec<f32>> =
                    answers.chunks_exact(self.ridge.n_targets()).map(|line| self.scores(line, rule)).collect();
                let mut all: Vec<f32> = scores.iter().flatten().copied().collect();
                all.sort_unstable_by(|a, b| b.total_cmp(a));
                // Limits at which one to two and a half pairs a sentence are over.
                for part in 2..=10 {
                    let Some(limit) = all.get(on.len() * part / 4) else { continue };
                    let found: Vec<Vec<Opinion>> = scores.iter().map(|s| self.said(s, *limit)).collect();
                    let f1 = micro_f1(&found, &right);
                    if f1 > best.0 {
                        best = (f1, Rule { limit: *limit, ..rule });
                    }
                }
            }
        }
        self.rule = best.1;
    }

    /// The opinions of each sentence, at least one.
    pub fn opinions<T: AsRef<str> + Sync>(&self, sentences: &[T]) -> Vec<Vec<Opinion>> {
        let answers = self.answers(sentences);
        let lines = answers.chunks_exact(self.ridge.n_targets());
        lines.map(|line| self.said(&self.scores(line, self.rule), self.rule.limit)).collect()
    }

    /// This model in another language, from sentences in both (this model's language first) and more sentences of the other
    /// language, on which the limit is set; labels are not needed. `n_said` is how many opinions a sentence has on average.
    ///
    /// # Errors
    /// As [`OpinionParams::fit`].
    pub fn carried<S: AsRef<str> + Sync, T: AsRef<str> + Sync>(
        &self,
        params: &OpinionParams,
        pairs: &[(S, T)],
        unlabelled: &[T],
        n_said: f64,
    ) -> Result<Self, LearnError> {
        let ours: Vec<&str> = pairs.iter().map(|(s, _)| s.as_ref()).collect();
        let theirs: Vec<&str> = pairs.iter().map(|(_, t)| t.as_ref()).collect();
        let mut model = params.learnt(self.labels.clone(), &theirs, &self.answers(&ours), self.rule)?;
        let answers = model.answers(unlabelled);
        let scores: Vec<Vec<f32>> =
            answers.chunks_exact(model.ridge.n_targets()).map(|line| model.scores(line, model.rule)).collect();
        // The highest of a sentence is said anyway; the limit lets in as many of the others as are missing.
        let mut others: Vec<f32> = Vec::new();
        for line in &scores {
            let best = (0..line.len()).max_by(|a, b| line[*a].total_cmp(&line[*b]).then(b.cmp(a)));
            others.extend((0..line.len()).filter(|at| Some(*at) != best).map(|at| line[at]));
        }
        others.sort_unstable_by(|a, b| b.total_cmp(a));
        let more = ((n_said - 1.0).max(0.0) * scores.len() as f64).round() as usize;
        if let Some(limit) = others.get(more.saturating_sub(1)) {
            model.rule.limit = if more == 0 { f32::INFINITY } else { *limit };
        }
        Ok(model)
    }
}

impl OpinionModel {
    /// Writes what [`Self::load`] reads.
    pub fn save(&self, to: &mut Writer) {
        let pairs: Vec<u32> = self.labels.pairs.iter().flat_map(|(a, p)| [*a as u32, *p as u32]).collect();
        to.lines("opinion aspects", &self.labels.aspects);
        to.u32s("opinion pairs", &pairs);
        to.f32s("opinion rule", &[self.rule.aspect, self.rule.polarity, self.rule.limit]);
        self.tf_idf.save("text", to);
        self.ridge.save(to);
    }

    /// Reads a model.
    ///
    /// # Errors
    /// [`ContainerError`] for sections that are not there or do not fit together.
    pub fn load(from: &Reader<'_>) -> Result<Self, ContainerError> {
        let aspects: Vec<String> = from.lines("opinion aspects")?.into_iter().map(str::to_owned).collect();
        let wrong =
            || ContainerError::content("opinion pairs", "ascending pairs of an aspect and a polarity that are there");
        let pair = |cells: &[u32]| {
            let polarity = Polarity::ALL.get(cells[1] as usize).copied()?;
            ((cells[0] as usize) < aspects.len()).then_some((cells[0] as usize, polarity))
        };
        let flat = from.u32s("opinion pairs")?;
        let pairs: Vec<(usize, Polarity)> =
            flat.as_chunks::<2>().0.iter().map(|c| pair(c)).collect::<Option<_>>().ok_or_else(wrong)?;
        if pairs.is_empty() || flat.len() % 2 != 0 || pairs.windows(2).any(|w| w[0] >= w[1]) {
            return Err(wrong());
        }
        let [aspect, polarity, limit] = from.floats("opinion rule")?;
        let (tf_idf, ridge) = (TfIdf::load("text", from)?, KernelRidge::load(from)?);
        let labels = Labels { pairs, aspects };
        if ridge.n_targets() != labels.width() {
            return Err(ContainerError::content("ridge mean", "one number a pair, an aspect and a polarity"));
        }
        Ok(Self { labels, tf_idf, ridge, rule: Rule { aspect, polarity, limit } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labelled() -> Vec<(String, Vec<Opinion>)> {
        let things = [("battery", "BATTERY"), ("screen", "SCREEN"), ("keyboard", "KEYBOARD")];
        let moods = [("great", Polarity::Positive), ("awful", Polarity::Negative), ("okay", Polarity::Neutral)];
        let frames = ["the X is Y", "X was Y for me", "a really Y X", "Y X indeed"];
        let mut all = Vec::new();
        for frame in frames {
            for (x, aspect) in things {
                for (y, polarity) in moods {
                    all.push((frame.replace('X', x).replace('Y', y), vec![(aspect.to_owned(), polarity)]));
                }
            }
        }
        all
    }

    /// English words as those of a made-up language.
    fn other(sentence: &str) -> String {
        [
            ("battery", "akku"),
            ("screen", "schirm"),
            ("keyboard", "tasten"),
            ("great", "toll"),
            ("awful", "übel"),
            ("okay", "mittel"),
        ]
        .iter()
        .fold(sentence.to_owned(), |s, (a, b)| s.replace(a, b))
    }

    #[test] // Found {a+, b−}, right {a+, a−}: one true, one false, one missed: 2 / 4.
    fn f1_by_hand() {
        let o = |a: &str, p| (a.to_owned(), p);
        let (p, n) = (Polarity::Positive, Polarity::Negative);
        assert_eq!(micro_f1(&[vec![o("a", p), o("b", n)]], &[vec![o("a", p), o("a", n)]]), 0.5);
        assert_eq!(micro_f1(&[vec![]], &[vec![]]), 0.0);
    }

    #[test]
    fn opinions_are_learnt_and_carried_into_a_language_without_labels() {
        let all = labelled();
        let (train, rest) = all.split_at(27);
        let model = OpinionParams::default().fit(train, rest).unwrap();
        let sentences: Vec<&String> = rest.iter().map(|(s, _)| s).collect();
        let right: Vec<Vec<Opinion>> = rest.iter().map(|(_, o)| o.clone()).collect();
        assert!(micro_f1(&model.opinions(&sentences), &right) > 0.9);
        let pairs: Vec<(String, String)> = train.iter().map(|(s, _)| (s.clone(), other(s))).collect();
        let theirs: Vec<String> = sentences.iter().map(|s| other(s)).collect();
        let carried = model.carried(&OpinionParams::default(), &pairs, &theirs, 1.0).unwrap();
        assert!(micro_f1(&carried.opinions(&theirs), &right) > 0.9);
        assert!(micro_f1(&model.opinions(&theirs), &right) < 0.5, "the first model does not read the other language");
        let mut to = Writer::default();
        model.save(&mut to);
        let bytes = to.finish("opinions", 1);
        assert_eq!(OpinionModel::load(&Reader::open(&bytes).unwrap()).unwrap(), model);
    }

    #[test]
    fn nothing_to_learn_is_refused() {
        let none: [(&str, Vec<Opinion>); 1] = [("a", vec![])];
        assert!(matches!(OpinionParams::default().fit(&none, &none), Err(LearnError::TooLittleData { .. })));
    }
}
