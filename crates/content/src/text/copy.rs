//! Translated copy held against its original: nothing may be lost and nothing may be promised beside it.
//!
//! Whoever translated, a person or a program, four things of the original have to come back: its placeholders and tags letter
//! by letter, its numbers with their units (the same or converted: 2 L as 2000 ml, 10 inch as 25.4 cm), the words that a
//! glossary fixes, and its claims, neither fewer nor more: a claim that only the translation makes is a promise that nobody
//! has checked. A text that is not in its language is a fault, too. What has no translation is drafted from the glossary:
//! the longest known words first, the rest left as it is between marks, so that a draft can never pass for a translation.
//! Cost: one pass over the texts for each word of the glossary.

use super::measures::{Measure, measures};
use super::{Language, LanguageModel};
use std::collections::{BTreeMap, BTreeSet};

/// What a word of the glossary is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TermKind {
    /// Is to be translated like this.
    Term,
    /// Promises something: waterproof, free of BPA, a guarantee.
    Claim,
    /// Stays as it is: brands, models.
    Keep,
}

/// One word of a glossary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// In the original.
    pub source: String,
    /// In the translation; of several ways to say it each is right, parted by `|`.
    pub target: String,
    /// Of the translation; `None` is every one.
    pub language: Option<Language>,
    /// What it is.
    pub kind: TermKind,
}

/// What is wrong with a translation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A placeholder or tag is missing, or there too often or too rarely.
    Placeholder(String),
    /// A number with its unit is missing.
    Lost(String),
    /// A number with its unit is there that the original lacks.
    Added(String),
    /// A word of the glossary is translated otherwise: what was expected.
    Word(String),
    /// A claim of the original is missing.
    ClaimLost(String),
    /// A claim that the original does not make.
    ClaimAdded(String),
    /// It is in another language, by its code.
    OtherLanguage(String),
    /// Marks of a draft are left.
    Unfinished,
}

impl Fault {
    /// A key, for tables.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Placeholder(_) => "placeholder",
            Self::Lost(_) => "number_lost",
            Self::Added(_) => "number_added",
            Self::Word(_) => "word",
            Self::ClaimLost(_) => "claim_lost",
            Self::ClaimAdded(_) => "claim_added",
            Self::OtherLanguage(_) => "language",
            Self::Unfinished => "unfinished",
        }
    }

    /// What it is about.
    pub fn about(&self) -> &str {
        match self {
            Self::Placeholder(what)
            | Self::Lost(what)
            | Self::Added(what)
            | Self::Word(what)
            | Self::ClaimLost(what)
            | Self::ClaimAdded(what)
            | Self::OtherLanguage(what) => what,
            Self::Unfinished => "",
        }
    }
}

/// A draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drafted {
    /// The text, with what the glossary does not have between ⟦ and ⟧.
    pub text: String,
    /// What is left to be translated.
    pub open: Vec<String>,
}

/// Words of several languages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Glossary {
    terms: Vec<Term>,
}

const OPEN: char = '⟦';
const CLOSE: char = '⟧';

impl Glossary {
    /// The longest words first, so that a part of a word never goes before the word.
    pub fn new(mut terms: Vec<Term>) -> Self {
        terms.retain(|t| !t.source.trim().is_empty());
        terms.sort_by_key(|t| std::cmp::Reverse(t.source.chars().count()));
        Self { terms }
    }

    fn of(&self, language: Language) -> impl Iterator<Item = &Term> {
        self.terms.iter().filter(move |t| t.language.is_none_or(|own| own == language))
    }

    /// Everything that is wrong with a translation, each once, in a fixed order.
    pub fn check(&self, source: &str, target: &str, language: Language) -> Vec<Fault> {
        let mut faults = BTreeSet::new();
        let (held, found) = (placeholders(source), placeholders(target));
        let names: BTreeSet<&String> = held.keys().chain(found.keys()).collect();
        faults
            .extend(names.into_iter().filter(|p| held.get(*p) != found.get(*p)).map(|p| Fault::Placeholder(p.clone())));
        let (said, says) = (measures(source, &spans(source)), measures(target, &spans(target)));
        let without = |these: &[Measure], those: &[Measure]| -> Vec<String> {
            let mut left: Vec<&Measure> = those.iter().collect();
            let mut lacking = Vec::new();
            for m in these {
                match left.iter().position(|other| m.same(other)) {
                    Some(at) => {
                        left.swap_remove(at);
                    }
                    None => lacking.push(m.text.clone()),
                }
            }
            lacking
        };
        faults.extend(without(&said, &says).into_iter().map(Fault::Lost));
        faults.extend(without(&says, &said).into_iter().map(Fault::Added));
        let (low_source, low_target) = (source.to_lowercase(), target.to_lowercase());
        let mut rest = low_source.clone();
        for term in self.of(language) {
            let in_source = has(&rest, &term.source.to_lowercase());
            if in_source {
                // A shorter word within this one does not count again.
                rest = rest.replace(&term.source.to_lowercase(), " ");
            }
            let ways: Vec<&str> = term.target.split('|').map(str::trim).filter(|way| !way.is_empty()).collect();
            let in_target = match term.kind {
                TermKind::Keep => target.contains(&term.source),
                TermKind::Term | TermKind::Claim => ways.iter().any(|way| has(&low_target, &way.to_lowercase())),
            };
            match (term.kind, in_source, in_target) {
                (TermKind::Keep, true, false) => faults.insert(Fault::Word(term.source.clone())),
                (TermKind::Term, true, false) => {
                    faults.insert(Fault::Word(format!("{}: {}", term.source, term.target)))
                }
                (TermKind::Claim, true, false) => {
                    faults.insert(Fault::ClaimLost(format!("{}: {}", term.source, term.target)))
                }
                (TermKind::Claim, false, true) => faults.insert(Fault::ClaimAdded(term.target.clone())),
                (TermKind::Keep | TermKind::Term, false, _) | (TermKind::Claim, false, false) | (_, true, true) => {
                    false
                }
            };
        }
        // A claim that is added in one way of saying it may be the right translation of another word.
        let kept: BTreeSet<String> = self
            .of(language)
            .filter(|t| t.kind == TermKind::Claim && has(&low_source, &t.source.to_lowercase()))
            .map(|t| t.target.clone())
            .collect();
        faults.retain(|f| !matches!(f, Fault::ClaimAdded(what) if kept.contains(what)));
        if target.contains([OPEN, CLOSE]) {
            faults.insert(Fault::Unfinished);
        }
        // What stays as it is says nothing of the language.
        let kept = self.of(language).filter(|t| t.kind == TermKind::Keep);
        let text = kept.fold(plain(target), |text, term| text.replace(&term.source, " "));
        if let Some(guess) = LanguageModel::built_in().detect(&text)
            && guess.language != language
            && guess.chance > 0.9
            && text.chars().filter(|c| c.is_alphabetic()).count() >= 12
        {
            faults.insert(Fault::OtherLanguage(guess.language.code().to_owned()));
        }
        faults.into_iter().collect()
    }

    /// A draft of a translation: words of the glossary put in, placeholders and numbers left as they are.
    pub fn draft(&self, source: &str, language: Language) -> Drafted {
        let mut pieces: Vec<(String, bool)> = vec![(source.to_owned(), false)];
        for term in self.of(language) {
            let way = match term.kind {
                TermKind::Keep => term.source.clone(),
                TermKind::Term | TermKind::Claim => term.target.split('|').next().unwrap_or_default().trim().to_owned(),
            };
            if way.is_empty() {
                continue;
            }
            pieces = pieces
                .into_iter()
                .flat_map(|(text, done)| if done { vec![(text, true)] } else { cut(&text, &term.source, &way) })
                .collect();
        }
        let mut drafted = Drafted { text: String::new(), open: Vec::new() };
        let put = |drafted: &mut Drafted, text: &str| {
            let before = drafted.text.chars().last();
            // Languages that part words get a blank between two pieces.
            if !matches!(language, Language::Chinese | Language::Japanese | Language::Thai)
                && before.is_some_and(char::is_alphanumeric)
                && text.starts_with(char::is_alphanumeric)
            {
                drafted.text.push(' ');
            }
            drafted.text.push_str(text);
        };
        for (text, done) in &pieces {
            if *done {
                put(&mut drafted, text);
                continue;
            }
            for (run, is_word) in runs(text) {
                if is_word {
                    put(&mut drafted, &format!("{OPEN}{run}{CLOSE}"));
                    drafted.open.push(run);
                } else {
                    put(&mut drafted, &run);
                }
            }
        }
        drafted
    }
}

/// Whether a word is in a text; letters of the same word beside it in languages that part words make it another word.
fn has(text: &str, word: &str) -> bool {
    if word.is_empty() {
        return false;
    }
    let parted = word.chars().all(|c| c.is_ascii() || (c.is_alphabetic() && !unparted(c)) || !c.is_alphabetic());
    let ends = |c: Option<char>| !parted || c.is_none_or(|c| !c.is_alphanumeric() || unparted(c));
    let mut from = 0;
    while let Some(at) = text[from..].find(word) {
        let (start, end) = (from + at, from + at + word.len());
        // Endings of inflected words are letters, too: the beginning has to be one, the end may run on by three.
        let tail: usize = text[end..].chars().take_while(|c| c.is_alphabetic() && !unparted(*c)).count();
        if ends(text[..start].chars().last()) && (!parted || tail <= 3) {
            return true;
        }
        from = end;
    }
    false
}

/// Signs of scripts that do not part words by blanks.
fn unparted(c: char) -> bool {
    matches!(u32::from(c), 0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x3040..=0x30FF | 0x3400..=0x9FFF | 0xF900..=0xFAFF)
}

/// A text cut at a word, which is replaced.
fn cut(text: &str, word: &str, way: &str) -> Vec<(String, bool)> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(word) {
        pieces.push((rest[..at].to_owned(), false));
        pieces.push((way.to_owned(), true));
        rest = &rest[at + word.len()..];
    }
    pieces.push((rest.to_owned(), false));
    pieces
}

/// Runs of letters that are words to translate, and what lies between them: placeholders, numbers with units, signs.
fn runs(text: &str) -> Vec<(String, bool)> {
    let mut kept: Vec<(usize, usize)> = spans(text);
    kept.extend(measures(text, &spans(text)).into_iter().map(|m| m.span));
    let inside = |at: usize| kept.iter().any(|(from, to)| (*from..*to).contains(&at));
    let mut out: Vec<(String, bool)> = Vec::new();
    for (at, c) in text.char_indices() {
        let is_word = c.is_alphabetic() && !inside(at);
        match out.last_mut() {
            Some((run, word)) if *word == is_word || (*word && c == ' ' && !inside(at)) => run.push(c),
            _ => out.push((c.to_string(), is_word)),
        }
    }
    // A blank at the end of a run belongs to what follows.
    let mut tidy: Vec<(String, bool)> = Vec::new();
    for (run, word) in out {
        let trimmed = run.trim_end();
        if word && trimmed.len() < run.len() {
            tidy.push((trimmed.to_owned(), true));
            tidy.push((run[trimmed.len()..].to_owned(), false));
        } else {
            tidy.push((run, word));
        }
    }
    tidy
}

/// Where placeholders and tags stand: `{name}`, `{{ name }}`, `%s`, `%1$d`, `${name}`, `<b>`, `&nbsp;`.
fn spans(text: &str) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'{' => {
                let close = if text[at..].starts_with("{{") { "}}" } else { "}" };
                text[at..].find(close).map(|n| at + n + close.len())
            }
            b'<' => {
                let next = bytes.get(at + 1).copied().unwrap_or(b' ');
                let is_tag = next.is_ascii_alphabetic() || next == b'/';
                if is_tag { text[at..].find('>').map(|n| at + n + 1) } else { None }
            }
            b'%' => {
                let rest = &bytes[at + 1..];
                let n = rest.iter().take_while(|b| b.is_ascii_digit() || **b == b'$').count();
                // `50 % saved` is no placeholder, `%s` is: a letter of a format right behind, and no letter after it.
                let format = rest.get(n).is_some_and(|b| b"sdifu@".contains(b));
                let over = rest.get(n + 1).is_none_or(|b| !b.is_ascii_alphanumeric());
                let before = at.checked_sub(1).and_then(|b| bytes.get(b)).is_some_and(u8::is_ascii_digit);
                (format && over && !before).then_some(at + n + 2)
            }
            b'&' => {
                let n = bytes[at + 1..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'#').count();
                (n > 1 && bytes.get(at + 1 + n) == Some(&b';')).then_some(at + n + 2)
            }
            _ => None,
        };
        match end {
            Some(end) => {
                found.push((at, end));
                at = end;
            }
            None => at += 1,
        }
    }
    found
}

fn placeholders(text: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for (from, to) in spans(text) {
        *counts.entry(text[from..to].to_owned()).or_default() += 1;
    }
    counts
}

/// A text without placeholders and tags.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut from = 0;
    for (start, end) in spans(text) {
        out.push_str(&text[from..start]);
        out.push(' ');
        from = end;
    }
    out + &text[from..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(source: &str, target: &str, kind: TermKind) -> Term {
        Term { source: source.into(), target: target.into(), language: Some(Language::German), kind }
    }

    fn glossary() -> Glossary {
        Glossary::new(vec![
            term("空气炸锅", "Heißluftfritteuse|Airfryer", TermKind::Term),
            term("防水", "wasserdicht|wasserfest", TermKind::Claim),
            term("不粘", "antihaftbeschichtet", TermKind::Claim),
            term("小米", "", TermKind::Keep),
            term("静音", "leise", TermKind::Term),
            term("锅", "Topf", TermKind::Term),
        ])
    }

    fn keys(source: &str, target: &str) -> Vec<String> {
        let faults = glossary().check(source, target, Language::German);
        faults.iter().map(|f| format!("{} {}", f.key(), f.about()).trim().to_owned()).collect()
    }

    #[test]
    fn a_faithful_translation_has_no_fault() {
        assert_eq!(
            keys(
                "{name}：小米静音空气炸锅，容量5升，功率1500瓦，<b>不粘</b>",
                "{name}: 小米 leise Heißluftfritteuse mit 5 L Inhalt und 1,5 kW, <b>antihaftbeschichtet</b>"
            ),
            Vec::<String>::new()
        );
        // 10 inch are 25.4 cm, of which 25 are near enough; thousands are parted in either way.
        assert_eq!(keys("10英寸，1,200克", "25 cm, 1.200 g"), Vec::<String>::new());
    }

    #[test]
    fn what_is_lost_or_added_is_named() {
        assert_eq!(
            keys("{name}静音空气炸锅 5升 50%", "{nom} Heißluftfritteuse 3 L, wasserdichtes Gehäuse"),
            [
                "placeholder {name}",
                "placeholder {nom}",
                "number_lost 50%",
                "number_lost 5升",
                "number_added 3 L",
                "word 静音: leise",
                "claim_added wasserdicht|wasserfest",
            ]
        );
        assert_eq!(keys("防水，小米", "für draußen"), ["word 小米", "claim_lost 防水: wasserdicht|wasserfest"]);
        let english = "a very quiet kitchen machine for the whole family and every day";
        assert_eq!(keys("安静的机器", english), ["language en"]);
        // A word within a longer one is not asked for by itself: no `Topf` for the last sign of 空气炸锅.
        assert_eq!(keys("空气炸锅", "Airfryer"), Vec::<String>::new());
    }

    #[test]
    fn a_draft_keeps_what_must_stay_and_marks_what_is_open() {
        let drafted = glossary().draft("{name} 静音空气炸锅，容量5升", Language::German);
        assert_eq!(drafted.text, "{name} leise Heißluftfritteuse，⟦容量⟧5升");
        assert_eq!(drafted.open, ["容量"]);
        let faults = glossary().check("{name} 静音空气炸锅，容量5升", &drafted.text, Language::German);
        assert!(faults.contains(&Fault::Unfinished) && !faults.iter().any(|f| f.key().starts_with("number")));
        let whole = glossary().draft("小米静音锅", Language::German);
        assert_eq!((whole.text.as_str(), whole.open.len()), ("小米 leise Topf", 0));
    }

    #[test]
    fn placeholders_of_all_sorts_are_seen_and_percentages_are_none() {
        let found = placeholders("{{ a }} ${b} %s %1$d <br/> &nbsp; 50% sale, 20 %off");
        let names: Vec<&str> = found.keys().map(String::as_str).collect();
        assert_eq!(names, ["%1$d", "%s", "&nbsp;", "<br/>", "{b}", "{{ a }}"]);
    }
}
