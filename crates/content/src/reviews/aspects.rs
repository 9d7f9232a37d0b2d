//! Which parts of a product a review is about, and in which mood, each with the sentence that says so.
//!
//! Learnt from sentences with marks: for each aspect one boundary ([`TextLinear`]) with the threshold that its folds
//! found best, and for the mood one model of three kinds over the sentences that have a mark. Sentences of one group
//! (the same sentence in several languages) are in one fold, otherwise a translation would betray its original.
//! Limits: all aspects of a sentence share its mood, so "good screen, bad keyboard" is wrong about one of them.
//! Cost: `(n_folds + 1)` linear models for each aspect.

use super::judge::best_f1;
use super::sentences::sentences;
use domain::Seed;
use learn::container::{ContainerError, Reader, Writer};
use learn::{LearnError, SparseSvmParams, TextLinear, TextLinearParams, TextPieces, TextTable, Weighing};

/// How a sentence feels about what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mood {
    /// A complaint.
    Negative,
    /// Neither.
    Neutral,
    /// Praise.
    Positive,
}

impl Mood {
    /// All, in the order of the model's kinds.
    pub const ALL: [Self; 3] = [Self::Negative, Self::Neutral, Self::Positive];
}

/// How to learn.
#[derive(Clone, Debug, PartialEq)]
pub struct AspectsParams {
    /// Which pieces are taken.
    pub pieces: TextPieces,
    /// Learning sentences that a piece has to stand in.
    pub min_texts: u32,
    /// What an error about an aspect costs.
    pub cost: f32,
    /// What an error about a mood costs.
    pub mood_cost: f32,
    /// Folds, at least 2.
    pub n_folds: usize,
    /// Groups of sentences that an aspect needs to be learnt; those with fewer are never found.
    pub min_groups: usize,
}

impl Default for AspectsParams {
    fn default() -> Self {
        let pieces = TextPieces { words: 2, letters: 3..=5, signs: 3, ..TextPieces::default() };
        Self { pieces, min_texts: 3, cost: 1.0, mood_cost: 0.3, n_folds: 4, min_groups: 10 }
    }
}

/// A sentence's marks: aspects by number with their moods.
pub type Marks = Vec<(u32, Mood)>;

/// Fitted model.
#[derive(Clone, Debug, PartialEq)]
pub struct Aspects {
    names: Vec<String>,
    /// Aspect, its model, its threshold, F1 by folds.
    learnt: Vec<(usize, TextLinear, f64, f64)>,
    mood: TextLinear,
}

/// An aspect that a sentence is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Aspect<'a> {
    /// By number.
    pub aspect: usize,
    /// How probable it is that the sentence is about it.
    pub probability: f64,
    /// In which mood.
    pub mood: Mood,
    /// How probable the mood is.
    pub mood_probability: f64,
    /// The sentence.
    pub quote: &'a str,
}

impl AspectsParams {
    /// Learns from sentences, their marks by number of `names`, and the group of each.
    ///
    /// # Errors
    /// [`LearnError`] for parameters out of range, lengths that differ, a mark without a name, too few sentences
    /// with marks.
    pub fn fit<T: AsRef<str> + Sync>(
        &self,
        names: &[String],
        texts: &[T],
        marks: &[Marks],
        groups: &[u64],
        seed: Seed,
    ) -> Result<Aspects, LearnError> {
        for (what, got) in [("marks", marks.len()), ("groups", groups.len())] {
            if got != texts.len() {
                return Err(LearnError::Shape { what, got, need: texts.len() });
            }
        }
        if let Some((aspect, _)) = marks.iter().flatten().find(|(aspect, _)| *aspect as usize >= names.len()) {
            return Err(LearnError::Param {
                name: "marks",
                rule: "below the number of names",
                got: f64::from(*aspect),
            });
        }
        let table = TextTable::new(&self.pieces, texts);
        let fold = |group: &u64| seed.derive(1).stream(*group).below(self.n_folds.max(1));
        let folds: Vec<usize> = groups.iter().map(fold).collect();
        let rows: Vec<usize> = (0..texts.len()).collect();
        let params = |cost: f32| TextLinearParams {
            pieces: self.pieces.clone(),
            min_texts: self.min_texts,
            weighing: Weighing::Rare,
            svm: SparseSvmParams { cost, ..SparseSvmParams::default() },
            n_folds: self.n_folds,
        };
        let mut learnt = Vec::new();
        for aspect in 0..names.len() {
            let is: Vec<bool> = marks.iter().map(|m| m.iter().any(|(a, _)| *a as usize == aspect)).collect();
            let mut of: Vec<u64> = groups.iter().zip(&is).filter(|(_, is)| **is).map(|(g, _)| *g).collect();
            of.sort_unstable();
            of.dedup();
            if of.len() < self.min_groups.max(1) {
                continue;
            }
            let kinds: Vec<u32> = is.iter().map(|is| u32::from(*is)).collect();
            let seed = seed.derive(2 + aspect as u64);
            let (model, p) = params(self.cost).fit_folds(&table, &kinds, 2, &rows, &folds, seed)?;
            let p: Vec<f64> = p.iter().map(|p| p[1]).collect();
            let (threshold, f1) = best_f1(&p, &is);
            learnt.push((aspect, model, threshold, f1));
        }
        let marked: Vec<usize> = rows.into_iter().filter(|&i| !marks[i].is_empty()).collect();
        let kinds: Vec<u32> = marks.iter().map(|m| m.first().map_or(0, |(_, mood)| *mood as u32)).collect();
        let (mood, _) = params(self.mood_cost).fit_folds(&table, &kinds, 3, &marked, &folds, seed.derive(0))?;
        Ok(Aspects { names: names.to_vec(), learnt, mood })
    }
}

impl Aspects {
    /// What the aspects are called.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Aspects that were learnt, with the F1 of their folds.
    pub fn by_folds(&self) -> impl Iterator<Item = (&str, f64)> {
        self.learnt.iter().map(|(aspect, .., f1)| (self.names[*aspect].as_str(), *f1))
    }

    /// What one sentence is about, in the order of the aspects.
    pub fn of_sentence<'a>(&self, sentence: &'a str) -> Vec<Aspect<'a>> {
        let keys = self.mood.pieces().keys(sentence);
        if keys.is_empty() {
            return Vec::new();
        }
        let moods = self.mood.of_keys(&keys);
        let (mood, mood_probability) = Mood::ALL.into_iter().zip(moods).fold(
            (Mood::Neutral, 0.0),
            |best, (mood, p)| {
                if p > best.1 { (mood, p) } else { best }
            },
        );
        let found = |(aspect, model, threshold, _): &(usize, TextLinear, f64, f64)| {
            let probability = model.of_keys(&keys)[1];
            let aspect = *aspect;
            (probability >= *threshold).then_some(Aspect {
                aspect,
                probability,
                mood,
                mood_probability,
                quote: sentence,
            })
        };
        self.learnt.iter().filter_map(found).collect()
    }

    /// What a review is about, sentence by sentence.
    pub fn of_review<'a>(&self, review: &'a str) -> Vec<Aspect<'a>> {
        sentences(review).into_iter().flat_map(|sentence| self.of_sentence(sentence)).collect()
    }

    /// As bytes, with the fingerprint of what it was learnt from.
    pub fn to_bytes(&self, fingerprint: u128) -> Vec<u8> {
        let mut to = Writer::default();
        to.lines("names", &self.names);
        to.u64s("aspects", &self.learnt.iter().map(|(aspect, ..)| *aspect as u64).collect::<Vec<u64>>());
        to.f64s("thresholds", &self.learnt.iter().flat_map(|(.., t, f1)| [*t, *f1]).collect::<Vec<f64>>());
        let models = self.learnt.iter().map(|(_, model, ..)| model).chain([&self.mood]);
        for (at, model) in models.enumerate() {
            let mut inner = Writer::default();
            model.save(&mut inner);
            to.bytes(&format!("model {at}"), &inner.finish("text_linear", fingerprint));
        }
        to.finish("aspects", fingerprint)
    }

    /// From what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`ContainerError`] for bytes that are no aspects.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ContainerError> {
        let from = Reader::open(bytes)?;
        if from.kind() != "aspects" {
            return Err(ContainerError::Kind { got: from.kind().to_owned(), want: "aspects".to_owned() });
        }
        let names: Vec<String> = from.lines("names")?.into_iter().map(str::to_owned).collect();
        let (aspects, thresholds) = (from.u64s("aspects")?, from.f64s("thresholds")?);
        if thresholds.len() != 2 * aspects.len() || aspects.iter().any(|a| *a >= names.len() as u64) {
            return Err(ContainerError::content("aspects", "numbers of names, each with a threshold and its F1"));
        }
        let model = |at: usize| TextLinear::load(&Reader::open(from.bytes(&format!("model {at}"))?)?);
        let mood = model(aspects.len())?;
        let read = |(at, aspect): (usize, &u64)| {
            let model = model(at)?;
            if model.pieces() != mood.pieces() || model.n_kinds() != 2 {
                return Err(ContainerError::content("model", "models of two kinds over the same pieces"));
            }
            Ok((*aspect as usize, model, thresholds[2 * at], thresholds[2 * at + 1]))
        };
        let learnt = aspects.iter().enumerate().map(read).collect::<Result<_, _>>()?;
        if mood.n_kinds() != Mood::ALL.len() {
            return Err(ContainerError::content("mood", "a model of three kinds"));
        }
        Ok(Self { names, learnt, mood })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learnt() -> Aspects {
        let (mut texts, mut marks, mut groups) = (Vec::new(), Vec::new(), Vec::new());
        let parts = [("screen", "屏幕", 0), ("battery", "电池", 1)];
        let moods =
            [("great", "很好", Mood::Positive), ("bad", "很差", Mood::Negative), ("average", "一般", Mood::Neutral)];
        for i in 0..60 {
            let ((en, zh, aspect), (good, hao, mood)) = (parts[i % 2], moods[i % 3]);
            for text in [format!("the {en} is {good} after {i} days"), format!("{i}天，{en}{zh}{hao}")] {
                texts.push(text);
                marks.push(vec![(aspect, mood)]);
                groups.push(i as u64);
            }
            texts.push(format!("arrived on day {i}"));
            marks.push(Vec::new());
            groups.push(1000 + i as u64);
        }
        let names = ["screen", "battery", "never seen"].map(str::to_owned);
        AspectsParams::default().fit(&names, &texts, &marks, &groups, Seed(1)).unwrap()
    }

    #[test]
    fn aspects_are_found_with_their_mood_and_quote_in_two_languages() {
        let model = learnt();
        let found = model.of_review("I like it. The battery is bad. 屏幕很好！ It arrived today.");
        let read: Vec<(usize, Mood, &str)> = found.iter().map(|a| (a.aspect, a.mood, a.quote)).collect();
        assert_eq!(read, [(1, Mood::Negative, "The battery is bad."), (0, Mood::Positive, "屏幕很好！")]);
        assert_eq!(model.by_folds().map(|(name, _)| name).collect::<Vec<_>>(), ["screen", "battery"]);
        assert_eq!(Aspects::from_bytes(&model.to_bytes(3)).unwrap(), model);
        let mut wrong = model.to_bytes(3);
        wrong[100] ^= 4;
        assert!(Aspects::from_bytes(&wrong).is_err());
    }

    #[test]
    fn marks_without_a_name_are_refused() {
        let fit = |aspect| {
            let marks = vec![vec![(aspect, Mood::Positive)]; 8];
            AspectsParams::default().fit(&["one".to_owned()], &["a"; 8], &marks, &[0, 1, 2, 3, 4, 5, 6, 7], Seed(1))
        };
        assert!(matches!(fit(1), Err(LearnError::Param { .. })));
    }
}
