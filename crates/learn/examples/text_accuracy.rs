//! How well learned words tell satisfied from dissatisfied texts, on labelled reviews.
//!
//! ```sh
//! cargo run --release -p learn --example text_accuracy -- ../shared/data [validate]
//! ```
//!
//! The peer on the same split is `crates/bench/peers/sentiment_sklearn.py`. With `validate` passes and step lengths are
//! compared on the validation part; without, the defaults are measured on the test part, once.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a tool for developers")]

use domain::Seed;
use learn::{TextGrams, TextOddsParams};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};

struct Row {
    text: String,
    positive: bool,
    language: String,
}

type Parts = BTreeMap<&'static str, Vec<Row>>;

fn open(path: &str) -> BufReader<flate2::read::GzDecoder<std::fs::File>> {
    BufReader::new(flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()))
}

/// FNV-1a of the text decides, so that equal texts lie in one part.
fn part(text: &str) -> &'static str {
    let step = |h: u64, b: u8| (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01B3);
    match (text.bytes().fold(0xCBF2_9CE4_8422_2325, step) >> 32) & 0xff {
        0..26 => "validation",
        26..77 => "test",
        _ => "train",
    }
}

fn shopping(folder: &str) -> Parts {
    let mut parts = Parts::new();
    let path = format!("{folder}/online_shopping_10_cats/online_shopping_10_cats.csv.gz");
    for row in csv::Reader::from_reader(open(&path)).deserialize::<BTreeMap<String, String>>() {
        let row = row.unwrap();
        let text = row["review"].clone();
        if !text.trim().is_empty() {
            let positive = row["label"] == "1";
            parts.entry(part(&text)).or_default().push(Row { text, positive, language: "zh".into() });
        }
    }
    parts
}

fn absa(folder: &str) -> Parts {
    let mut parts = Parts::new();
    for (name, key) in [("train", "train"), ("dev", "validation"), ("test", "test")] {
        for line in open(&format!("{folder}/m_absa/laptop_{name}.tsv.gz")).lines().skip(1) {
            let line = line.unwrap();
            let cells: Vec<&str> = line.split('\t').collect();
            let said = |mood: &str| cells[3].contains(&format!("'{mood}']"));
            let (positive, negative, neutral) = (said("positive"), said("negative"), said("neutral"));
            if positive != negative && !neutral {
                let row = Row { text: cells[2].to_owned(), positive, language: cells[0].to_owned() };
                parts.entry(key).or_default().push(row);
            }
        }
    }
    parts
}

fn main() {
    let folder = std::env::args().nth(1).expect("the folder of data sets");
    let validate = std::env::args().nth(2).is_some();
    for (name, parts) in [("online_shopping_10_cats", shopping(&folder)), ("m_absa laptop", absa(&folder))] {
        let train = &parts["train"];
        let texts: Vec<&str> = train.iter().map(|r| r.text.as_str()).collect();
        let targets: Vec<f32> = train.iter().map(|r| f32::from(u8::from(r.positive))).collect();
        let tried: Vec<TextOddsParams> = if validate {
            let each = |log2_size| {
                [(4, 0.2), (8, 0.2), (4, 0.5), (8, 0.5), (3, 0.1), (8, 0.1)].map(|(n_epochs, learning_rate)| {
                    TextOddsParams { grams: TextGrams { log2_size }, n_epochs, learning_rate }
                })
            };
            [18, 20].into_iter().flat_map(each).collect()
        } else {
            vec![TextOddsParams::default()]
        };
        for params in tried {
            let model = params.fit(&texts, &targets, Seed(1)).unwrap();
            let held_out = &parts[if validate { "validation" } else { "test" }];
            let mut by_language: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
            for row in held_out {
                let right = (model.probability(&row.text).unwrap_or(0.5) > 0.5) == row.positive;
                let entry = by_language.entry(row.language.as_str()).or_default();
                *entry = (entry.0 + usize::from(right), entry.1 + 1);
            }
            let right: usize = by_language.values().map(|l| l.0).sum();
            let positive = held_out.iter().filter(|r| r.positive).count();
            println!(
                "{name}: {params:?} train {} held out {} accuracy {:.4} majority {:.4}",
                train.len(),
                held_out.len(),
                right as f64 / held_out.len() as f64,
                positive.max(held_out.len() - positive) as f64 / held_out.len() as f64
            );
            if by_language.len() > 1 && !validate {
                let each = by_language.iter().map(|(l, (r, n))| format!("{l} {:.3}", *r as f64 / *n as f64));
                println!("  {}", each.collect::<Vec<_>>().join(" "));
            }
        }
    }
}
