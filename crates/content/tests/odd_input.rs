//! Texts, frames, files and saved bytes as nobody should send them: whatever comes, there is an answer or a reason, and no panic.
//!
//! Pictures and sounds have tests of the same kind beside their decoders (`picture/decode_tests.rs`, `sound/decode_tests.rs`).

use content::matching::{Offer, Tables, codes, numbers, sizes};
use content::media::{HEAD, kind_of};
use content::picture::{Colours, Likeness, Picture};
use content::reviews::{is_wish, sentences};
use content::text::{
    Category, CategoryFinderParams, Features, HashedParams, Language, LanguageModel, Lsa, LsaParams, normal, words,
};
use content::video::{ClipShape, Motion};
use content::{Encode, Vectors};
use domain::{Rng, Seed};
use learn::container::{Reader, Writer};
use proptest::prelude::*;
use std::sync::LazyLock;

/// Pieces that texts break on: marks of direction, joined emoji, halves of accents, nothing wide, other scripts, UTF-8 read as
/// Latin-1, ends of lines of all sorts.
const ODD: [&str; 18] = [
    "\u{202e}",
    "\u{200f}",
    "\u{200d}",
    "👩‍👩‍👧",
    "\u{301}",
    "\u{feff}",
    "\0",
    "\u{7f}",
    "İ",
    "ß",
    "ﬁ",
    "空气炸锅",
    "ก็",
    "نص",
    "Ã¤",
    "\r\n",
    "１２",
    "\u{10ffff}",
];

fn odd_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        (0..ODD.len()).prop_map(|at| ODD[at].to_owned()),
        ".{0,6}",
        "[a-zäöü]{1,9}",
        "[ ,.!?()/&-]{1,3}",
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

static LSA: LazyLock<Lsa> = LazyLock::new(|| {
    let texts = ["red kettle", "red kettle of steel", "空气炸锅 kettle", "blue mat", "blue yoga mat"];
    LsaParams::default().fit(&texts, Seed(1)).unwrap()
});

fn are_finite(vectors: &Vectors) -> bool {
    vectors.values().iter().all(|x| x.is_finite())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_text_is_cut_counted_and_encoded(text in odd_text()) {
        let plain = normal(&text);
        prop_assert_eq!(&normal(&plain), &plain, "what is normal stays so");
        prop_assert!(words(&text).iter().all(|word| !word.is_empty()));
        Features::default().of(&text);
        if let Some(guess) = LanguageModel::built_in().detect(&text) {
            prop_assert!((0.0..=1.0).contains(&guess.chance), "{}", guess.chance);
        }
        let all = sentences(&text);
        prop_assert!(all.iter().all(|sentence| text.contains(sentence)));
        is_wish(&text);
        let found = words(&text);
        let _ = (numbers(&found), sizes(&found), codes(&text));
        let hashed = HashedParams::default().fit(&["a kettle", "a mat"]).unwrap();
        let items = [Some(text.as_str()), None, Some("red kettle")];
        for vectors in [hashed.encode(&items), LSA.encode(&items)] {
            prop_assert!(vectors.len() == 3 && !vectors.is_present(1) && are_finite(&vectors));
        }
    }

    #[test]
    fn any_text_may_be_a_title_a_category_or_an_offer(a in odd_text(), b in odd_text()) {
        let path = |text: &str| vec![(Language::English, text.to_owned())];
        let categories = [Category { id: 1, paths: path(&a) }, Category { id: 2, paths: path("Kitchen > Kettles") }];
        if let Ok(finder) = CategoryFinderParams::default().fit(&categories) {
            let places = finder.categories(&b, None, 5);
            prop_assert!(places.iter().all(|place| (0.0..=1.0).contains(&place.chance)));
        }
        let offer = |text: &str| Offer { title: text.to_owned(), ..Offer::default() };
        let tables = Tables::new(&[offer(&a), offer("kettle")], &[offer(&b), offer("")]);
        let candidates = tables.candidates(&Default::default());
        prop_assert!(candidates.iter().all(|pair| tables.likeness(*pair).is_finite()));
    }

    #[test]
    fn any_frames_make_a_clip(sizes in prop::collection::vec((1_u32..40, 1_u32..40), 0..6), seed in 0_u64..1_000_000) {
        let mut rng = Rng::new(seed);
        let mut frame = |(wide, high): &(u32, u32)| {
            let bytes = (0..wide * high * 3).map(|_| if rng.uniform() < 0.3 { 255 } else { rng.below(256) as u8 });
            Picture::from_rgb(*wide, *high, bytes.collect()).unwrap()
        };
        let frames: Vec<Picture> = sizes.iter().map(&mut frame).collect();
        let clip = ClipShape::new(Colours).of(frames.clone());
        prop_assert_eq!(clip.is_some(), !frames.is_empty());
        prop_assert!(clip.is_none_or(|row| row.iter().all(|x| x.is_finite())));
        for pair in frames.windows(2) {
            let motion = Motion::between(&pair[0], &pair[1]);
            prop_assert!([motion.change, motion.moving, motion.length].iter().all(|x| x.is_finite()));
        }
    }

    #[test]
    fn any_first_bytes_are_told(bytes in prop::collection::vec(any::<u8>(), 0..HEAD), name in ".{0,12}") {
        if let Some((_, format)) = kind_of(&bytes, &name) {
            prop_assert!(!format.is_empty());
        }
    }

    #[test]
    fn saved_bytes_that_were_changed_are_refused_or_whole(seed in 0_u64..1_000_000, n in 1_usize..8) {
        let picture = Picture::from_rgb(9, 7, (0..9 * 7 * 3).map(|i| (i * 7 % 256) as u8).collect()).unwrap();
        let whole = Likeness::of(&[Some(&picture), None]);
        let mut writer = Writer::default();
        LSA.save(&mut writer);
        let mut rng = Rng::new(seed);
        for (at, bytes) in [whole.to_bytes(), writer.finish("lsa", 0)].into_iter().enumerate() {
            let mut damaged = bytes.clone();
            for _ in 0..n {
                match rng.below(3) {
                    0 if !damaged.is_empty() => { let at = rng.below(damaged.len()); damaged[at] ^= 1 << rng.below(8); }
                    1 => damaged.truncate(damaged.len() - rng.below(damaged.len().min(30) + 1)),
                    _ => { let at = rng.below(damaged.len() + 1); damaged.insert(at, rng.below(256) as u8); }
                }
            }
            let same = damaged == bytes;
            let is_read = match at {
                0 => Likeness::from_bytes(&damaged).is_ok_and(|found| found == whole),
                _ => Reader::open(&damaged).is_ok_and(|reader| Lsa::load(&reader).is_ok()),
            };
            prop_assert!(same || !is_read, "a changed byte went unseen");
        }
    }
}
