//! Texts: their normal spelling, words, language, sentences, wishes, sizes and codes, and a translation held against its original. What
//! is no UTF-8 is read as a browser would.
#![no_main]

use content::matching::{Offer, Tables, codes, numbers, sizes, words as offer_words};
use content::reviews::{is_wish, sentences};
use content::text::{Features, Glossary, Language, LanguageModel, Term, TermKind, normal, words};
use libfuzzer_sys::fuzz_target;
use portolan_fuzz::watch;
use std::sync::LazyLock;

static GLOSSARY: LazyLock<Glossary> = LazyLock::new(|| {
    let term = |source: &str, way: &str, kind| Term {
        source: source.to_owned(),
        target: way.to_owned(),
        language: Some(Language::German),
        kind,
    };
    Glossary::new(vec![
        term("kettle", "Wasserkocher|Kessel", TermKind::Term),
        term("waterproof", "wasserdicht", TermKind::Claim),
        term("Portolan", "Portolan", TermKind::Keep),
    ])
});

fn start() {
    watch::start();
    // Dictionaries are read once and kept.
    words("空气炸锅");
    LanguageModel::built_in().detect("a kettle");
}

fuzz_target!(init: start(), |bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    watch::within(32, || {
        let plain = normal(&text);
        assert_eq!(normal(&plain), plain, "what is normal stays so");
        assert!(words(&text).iter().all(|word| !word.is_empty()));
        Features::default().of(&text);
        if let Some(guess) = LanguageModel::built_in().detect(&text) {
            assert!((0.0..=1.0).contains(&guess.chance));
        }
        assert!(sentences(&text).iter().all(|sentence| text.contains(sentence)));
        is_wish(&text);
        let found = offer_words(&text);
        let _ = (numbers(&found), sizes(&found), codes(&text));
        let middle = (0..=text.len() / 2).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let (source, target) = text.split_at(middle);
        GLOSSARY.check(source, target, Language::German);
        assert!(GLOSSARY.check(&text, &text, Language::German).iter().all(|fault| fault.key() != "number_lost"));
        GLOSSARY.draft(&text, Language::German);
        let offer = |text: &str| Offer { title: text.to_owned(), ..Offer::default() };
        let tables = Tables::new(&[offer(source)], &[offer(target)]);
        assert!(tables.candidates(&Default::default()).iter().all(|pair| tables.likeness(*pair).is_finite()));
    });
});
