//! How well the vocabulary of concerns reads strangers: sentences of laptop reviews in nine languages, marked by others (M-ABSA).
//!
//! `cargo run --release -p content --example concerns FILE` with FILE one of `laptop_train.tsv.gz` and `laptop_test.tsv.gz`. Marked
//! categories stand for concerns: `LAPTOP#GENERAL` for satisfaction, any `#QUALITY`, `#PRICE` and `#USABILITY` for quality, price
//! and ease, `SHIPPING` for delivery, `SUPPORT` and `WARRANTY` for service, `COMPANY` for trust. Security, size, noise and fit have no
//! mark there and are left out on both sides. Printed: precision, recall and F1 of concerns, and of those with their mood.

use content::reviews::{CONCERN_LANGUAGES, Concern, Mood, concerns};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};

type Failure = Box<dyn std::error::Error>;
type Pairs = BTreeSet<(Concern, Mood)>;

/// What a marked category is.
fn concern(category: &str) -> Option<Concern> {
    let (entity, attribute) = category.split_once('#')?;
    Some(match (entity, attribute) {
        ("SHIPPING", _) => Concern::Delivery,
        ("SUPPORT" | "WARRANTY", _) => Concern::Service,
        ("COMPANY", _) => Concern::Trust,
        ("LAPTOP", "GENERAL") => Concern::Satisfaction,
        (_, "QUALITY") => Concern::Quality,
        (_, "PRICE") => Concern::Price,
        (_, "USABILITY") => Concern::Ease,
        _ => return None,
    })
}

/// The marks of a cell such as `[['screen', 'DISPLAY#QUALITY', 'positive']]`.
fn marks(cell: &str) -> Pairs {
    let one = |triplet: &str| {
        let parts: Vec<&str> = triplet.rsplit('\'').collect();
        let mood = match *parts.get(1)? {
            "positive" => Mood::Positive,
            "negative" => Mood::Negative,
            _ => Mood::Neutral,
        };
        Some((concern(parts.get(3)?)?, mood))
    };
    cell.split(']').filter_map(one).collect()
}

fn said(sentence: &str) -> Pairs {
    let asked = |c: Concern| !matches!(c, Concern::Security | Concern::Size | Concern::Noise | Concern::Fit);
    concerns(sentence).into_iter().filter(|s| asked(s.concern)).map(|s| (s.concern, s.mood)).collect()
}

/// Hits, said, true: of concerns, then with moods.
#[derive(Clone, Copy, Default)]
struct Count([[usize; 3]; 2]);

impl Count {
    fn add(&mut self, said: &Pairs, truth: &Pairs) {
        let names = |of: &Pairs| of.iter().map(|(c, _)| *c).collect::<BTreeSet<_>>();
        let (a, b) = (names(said), names(truth));
        for (sum, new) in self.0.iter_mut().zip([
            [a.intersection(&b).count(), a.len(), b.len()],
            [said.intersection(truth).count(), said.len(), truth.len()],
        ]) {
            sum.iter_mut().zip(new).for_each(|(s, n)| *s += n);
        }
    }

    fn told(self) -> String {
        let marks = self.0.map(|[hits, said, truth]| {
            let (p, r) = (hits as f64 / said.max(1) as f64, hits as f64 / truth.max(1) as f64);
            let f1 = 2.0 * hits as f64 / (said + truth).max(1) as f64;
            format!("precision {p:.3} recall {r:.3} F1 {f1:.3}")
        });
        format!("{}; with mood {}", marks[0], marks[1])
    }
}

fn main() -> Result<(), Failure> {
    let path = std::env::args().nth(1).ok_or("give FILE")?;
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path)?).read_to_string(&mut text)?;
    let (mut by_language, mut by_concern): (BTreeMap<&str, Count>, BTreeMap<Concern, Count>) = Default::default();
    let mut all = Count::default();
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [language, _, sentence, triplets] = cells.as_slice() else { continue };
        if !CONCERN_LANGUAGES.contains(language) {
            continue;
        }
        let (found, truth) = (said(sentence), marks(triplets));
        by_language.entry(language).or_default().add(&found, &truth);
        all.add(&found, &truth);
        for concern in Concern::ALL {
            let of = |pairs: &Pairs| pairs.iter().filter(|(c, _)| *c == concern).copied().collect::<Pairs>();
            by_concern.entry(concern).or_default().add(&of(&found), &of(&truth));
        }
    }
    let mut out = std::io::stdout();
    for (language, count) in by_language {
        writeln!(out, "{language}: {}", count.told())?;
    }
    for (concern, count) in by_concern.into_iter().filter(|(_, c)| c.0[0][1] + c.0[0][2] > 0) {
        writeln!(out, "{}: {}", concern.name(), count.told())?;
    }
    writeln!(out, "all: {}", all.told())?;
    Ok(())
}
