//! What is spoken of in every market, in one vocabulary over nine languages: trust, security, satisfaction, and the parts of a
//! purchase that shoppers everywhere judge. Where [`themes`](super::themes) finds a market's own words, which no other language
//! has, this says that 假货 and "Fälschung" are one concern, so that markets and languages can be laid side by side.
//!
//! A list of turns of phrase (`concerns.tsv`): words that name a concern, words that praise it, words that blame it. The
//! longest words at a place win; a word within three words (in scripts without blanks: two signs) after one that denies is on the
//! other side; a clause that only names a concern has the mood that the caller knows of the sentence. Limits: irony, and
//! whatever is said in other words (docs/audience.md has the measured share). Cost: one pass over the sentence a phrase.

use super::aspects::Mood;
use std::sync::LazyLock;

/// What is spoken of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Concern {
    /// Whether the goods are genuine and as described, whether the seller can be believed.
    Trust,
    /// Whether money, data and the parcel are safe.
    Security,
    /// Whether the purchase as a whole pleased.
    Satisfaction,
    /// Build, material, durability.
    Quality,
    /// When and how it arrived.
    Delivery,
    /// Answers, warranty, returns.
    Service,
    /// Price and value.
    Price,
    /// Dimensions.
    Size,
    /// Noise.
    Noise,
    /// Use, cleaning, instructions.
    Ease,
    /// Plug, voltage, what it works with.
    Fit,
}

impl Concern {
    /// All, in the order in which they are listed.
    pub const ALL: [Self; 11] = [
        Self::Trust,
        Self::Security,
        Self::Satisfaction,
        Self::Quality,
        Self::Delivery,
        Self::Service,
        Self::Price,
        Self::Size,
        Self::Noise,
        Self::Ease,
        Self::Fit,
    ];

    /// Short stable name, which is the English word as well.
    pub const fn name(self) -> &'static str {
        self.words().0
    }

    /// English, Chinese.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Trust => ("trust", "信任"),
            Self::Security => ("security", "安全"),
            Self::Satisfaction => ("satisfaction", "满意度"),
            Self::Quality => ("quality", "质量"),
            Self::Delivery => ("delivery", "物流"),
            Self::Service => ("service", "服务"),
            Self::Price => ("price", "价格"),
            Self::Size => ("size", "尺寸"),
            Self::Noise => ("noise", "噪音"),
            Self::Ease => ("ease", "易用"),
            Self::Fit => ("fit", "适配"),
        }
    }

    /// By its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.name() == name)
    }
}

/// A concern that a sentence speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spoken {
    /// Which.
    pub concern: Concern,
    /// [`Mood::Neutral`] where it is named and nothing is said for or against it.
    pub mood: Mood,
}

struct Phrase {
    parts: Vec<&'static str>,
    concern: Concern,
    mood: Mood,
}

static PHRASES: LazyLock<Vec<Phrase>> = LazyLock::new(|| {
    let mut all = Vec::new();
    for line in include_str!("concerns.tsv").lines().filter(|line| !line.starts_with('#')) {
        let cells: Vec<&'static str> = line.split('\t').collect();
        let Some(concern) = cells.first().and_then(|name| Concern::from_name(name)) else { continue };
        for (cell, mood) in cells.iter().skip(2).zip([Mood::Neutral, Mood::Positive, Mood::Negative]) {
            let phrases = cell.split('|').map(str::trim).filter(|phrase| !phrase.is_empty());
            all.extend(phrases.map(|p| Phrase { parts: p.split(" … ").collect(), concern, mood }));
        }
    }
    all
});

/// Words that deny what follows: those of scripts with blanks, which stand as words, and signs of others.
const DENIES: [&str; 24] = [
    "not", "no", "never", "isn't", "wasn't", "don't", "doesn't", "didn't", "nicht", "kein", "keine", "keinen", "nie",
    "pas", "aucun", "jamais", "nunca", "không", "chẳng", "ليس", "ليست", "غير", "لم", "لا",
];
const DENYING_SIGNS: [&str; 8] = ["不", "不是", "没", "没有", "無", "并非", "ไม่", "ไม่ได้"];

/// Languages that the list has words of (ISO 639-1).
pub const CONCERN_LANGUAGES: [&str; 9] = ["ar", "de", "en", "es", "fr", "ja", "th", "vi", "zh"];

/// What one sentence speaks of, each concern once, in their order. Blame wins over praise, either over being named; a
/// sentence that names a concern and does not judge it is neutral.
pub fn concerns(sentence: &str) -> Vec<Spoken> {
    let lower = plain(sentence);
    let mut hits: Vec<(usize, usize, Concern, Mood)> = PHRASES
        .iter()
        .filter_map(|phrase| place(&lower, phrase).map(|(from, to)| (from, to, phrase.concern, phrase.mood)))
        .collect();
    // "not as described" is no "as described": what lies within a longer hit of its concern is not heard.
    let within = |inner: &(usize, usize, Concern, Mood), all: &[(usize, usize, Concern, Mood)]| {
        all.iter().any(|h| h.2 == inner.2 && h.0 <= inner.0 && inner.1 <= h.1 && h.1 - h.0 > inner.1 - inner.0)
    };
    let all = hits.clone();
    hits.retain(|hit| !within(hit, &all));
    let mut out = Vec::new();
    for concern in Concern::ALL {
        let mut moods = hits.iter().filter(|h| h.2 == concern).map(|h| sided(&lower, h.0, h.3)).peekable();
        if moods.peek().is_none() {
            continue;
        }
        let mood = moods.fold(Mood::Neutral, |found, mood| match (found, mood) {
            (Mood::Negative, _) | (_, Mood::Negative) => Mood::Negative,
            (Mood::Positive, _) | (_, Mood::Positive) => Mood::Positive,
            (Mood::Neutral, Mood::Neutral) => Mood::Neutral,
        });
        out.push(Spoken { concern, mood });
    }
    out
}

/// The mood of words that begin at a place, turned round where something before them denies.
fn sided(text: &str, at: usize, mood: Mood) -> Mood {
    let clause =
        text[..at].rsplit(['.', ',', ';', '!', '?', '，', '。', '、', '！', '؛', '،']).next().unwrap_or_default();
    let trimmed = clause.trim_end();
    let words: Vec<&str> = clause.split_whitespace().collect();
    let near = &words[words.len().saturating_sub(3)..];
    let denied = near.iter().any(|w| DENIES.contains(w)) || DENYING_SIGNS.iter().any(|sign| trimmed.ends_with(sign));
    match (mood, denied) {
        (Mood::Positive, true) => Mood::Negative,
        (Mood::Negative, true) => Mood::Positive,
        (mood, _) => mood,
    }
}

/// From where to where the parts of a phrase stand in a text.
fn place(text: &str, phrase: &Phrase) -> Option<(usize, usize)> {
    let (mut from, mut first) = (0, None);
    for part in &phrase.parts {
        let at = found(text, from, part)?;
        first.get_or_insert(at);
        from = at + part.len();
    }
    Some((first?, from))
}

/// A text as the lists are written: in small letters, with plain apostrophes, and Thai's am as one sign, which normal forms part.
pub(super) fn plain(text: &str) -> String {
    text.to_lowercase().replace('\u{2019}', "'").replace("\u{e4d}\u{e32}", "\u{e33}")
}

/// Whether words stand in a text that [`plain`] gave.
pub(super) fn stands(text: &str, words: &str) -> bool {
    found(text, 0, words).is_some()
}

/// Where words stand from a place on: where a word begins, in scripts that part words.
fn found(text: &str, from: usize, words: &str) -> Option<usize> {
    let lead = words.chars().next()?;
    // Latin, Greek, Cyrillic. Arabic puts "the" and "and" before a word without a blank.
    let parted = lead.is_alphabetic() && (lead as u32) < 0x0590 || ('\u{1e00}'..='\u{1eff}').contains(&lead);
    let begins = |at: &usize| !parted || !text[..*at].chars().next_back().is_some_and(char::is_alphanumeric);
    text[from..].match_indices(words).map(|(at, _)| from + at).find(begins)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sentences written for this test, with what they say, by hand: language, sentence, concerns with `+`, `-` or `0`.
    const LABELLED: &str = include_str!("concerns_labelled.tsv");

    fn written(spoken: &[Spoken]) -> Vec<String> {
        let sign = |mood: Mood| match mood {
            Mood::Positive => '+',
            Mood::Negative => '-',
            Mood::Neutral => '0',
        };
        spoken.iter().map(|s| format!("{}{}", s.concern.name(), sign(s.mood))).collect()
    }

    /// Hits, said and true pairs of concern and mood, of sentences whose language passes.
    fn counts(of: impl Fn(&str) -> bool) -> [usize; 3] {
        let mut sum = [0; 3];
        for line in LABELLED.lines().filter(|line| !line.starts_with('#')) {
            let cells: Vec<&str> = line.split('\t').collect();
            if !of(cells[0]) {
                continue;
            }
            let truth: Vec<&str> = cells[2].split_whitespace().collect();
            let said = written(&concerns(cells[1]));
            sum[0] += said.iter().filter(|s| truth.contains(&s.as_str())).count();
            sum[1] += said.len();
            sum[2] += truth.len();
        }
        sum
    }

    #[test]
    fn a_labelled_sample_in_nine_languages_is_read_mostly_right() {
        let f1 = |[hits, said, truth]: [usize; 3]| 2.0 * hits as f64 / (said + truth) as f64;
        for language in CONCERN_LANGUAGES {
            let found = counts(|l| l == language);
            assert!(found[2] >= 8 && f1(found) >= 0.6, "{language}: {found:?}, F1 {:.2}", f1(found));
        }
        let all = counts(|_| true);
        assert!(f1(all) >= 0.75, "{all:?}, F1 {:.3}", f1(all));
        for concern in ["trust", "security", "satisfaction"] {
            let named = LABELLED.lines().filter(|l| l.rsplit('\t').next().is_some_and(|t| t.contains(concern))).count();
            assert!(named >= 15, "{concern} {named}");
        }
    }

    #[test]
    fn what_denies_turns_a_word_round_and_the_longer_words_win() {
        let said = |text: &str| written(&concerns(text)).join(" ");
        assert_eq!(said("It was not as described."), "trust-");
        assert_eq!(said("It is exactly as described."), "trust+");
        assert_eq!(said("It is not too loud."), "noise+");
        assert_eq!(said("Not loud, but the plug does not fit."), "noise+ fit-");
        assert_eq!(said("不满意"), "satisfaction-");
        assert_eq!(said("这不是假货，放心购买"), "trust+");
        assert_eq!(said("I paid by credit card."), "security0");
        assert_eq!(said("Blue and round."), "");
        assert_eq!(said(""), "");
        assert_eq!(said("Swish quietly"), "noise+");
        assert_eq!(said("He reloaded it"), "", "a word is found where it begins");
    }

    #[test]
    fn every_concern_has_every_side_in_every_language() {
        for concern in Concern::ALL {
            assert_eq!(Concern::from_name(concern.name()), Some(concern));
            for mood in Mood::ALL {
                let n = PHRASES.iter().filter(|p| p.concern == concern && p.mood == mood).count();
                assert!(n >= CONCERN_LANGUAGES.len(), "{concern:?} {mood:?} {n}");
            }
        }
        let rows = include_str!("concerns.tsv").lines().filter(|line| !line.starts_with('#'));
        assert_eq!(rows.count(), Concern::ALL.len() * CONCERN_LANGUAGES.len());
        assert!(include_str!("concerns.tsv").lines().all(|l| l.starts_with('#') || l.split('\t').count() >= 5));
    }
}
