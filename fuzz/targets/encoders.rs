//! Saved encoders and judges of texts and pictures, their checksums made right: refused, or one that answers.
#![no_main]

use content::Encode;
use content::matching::Matcher;
use content::picture::{Likeness, PictureText};
use content::reviews::{Aspects, Judge};
use content::text::{LanguageModel, Lsa, OpinionModel, TextBridge, WordVectors};
use learn::container::Reader;
use libfuzzer_sys::fuzz_target;
use portolan_fuzz::{seal::sealed, watch};

const TEXT: &str = "red kettle of steel, 空气炸锅, the battery is bad";

fn ask(bytes: &[u8]) {
    if let Ok(judge) = Judge::from_bytes(bytes) {
        judge.judge(TEXT);
        judge.reasons(TEXT, 3);
    }
    if let Ok(aspects) = Aspects::from_bytes(bytes) {
        aspects.of_review(TEXT);
    }
    if let Ok(matcher) = Matcher::from_bytes(bytes) {
        matcher.gains();
    }
    if let Ok(likeness) = Likeness::from_bytes(bytes) {
        likeness.to_bytes();
    }
    if let Ok(towers) = PictureText::from_bytes(bytes) {
        towers.titles().encode(&[Some(TEXT)]);
    }
    let Ok(from) = Reader::open(bytes) else { return };
    if let Ok(lsa) = Lsa::load(&from) {
        lsa.encode(&[Some(TEXT)]);
    }
    if let Ok(vectors) = WordVectors::load(&from) {
        vectors.encode(&[Some(TEXT)]);
        vectors.nearest("kettle", 2);
    }
    if let Ok(model) = LanguageModel::load(&from) {
        model.detect(TEXT);
    }
    if let Ok(model) = OpinionModel::load(&from) {
        model.opinions(&[TEXT]);
    }
    if let Ok(bridge) = TextBridge::load(&from) {
        bridge.closeness(&["kettle"], &["wasserkocher"]);
    }
}

fuzz_target!(init: watch::start(), |bytes: &[u8]| {
    let bytes = sealed(bytes);
    watch::within(48, || ask(&bytes));
});
