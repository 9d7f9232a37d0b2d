//! CPU seconds for the verdicts of 5,000 products in 24 markets, facts read from names included: one JSON object.
//! `cargo run --release -p decide --example judge_speed`. The goal is one second.

use decide::sellability::{CatalogueRow, ProductFacts, Rulebook};
use std::time::Instant;

const NAMES: [&str; 10] = [
    "Electric kettle 1.7 L 220-240V",
    "Haartrockner 2000 W",
    "蓝牙音箱 便携式",
    "Face cream 50 ml",
    "Áo khoác mùa đông",
    "Building blocks 500 pieces",
    "Power bank 10000mAh",
    "พัดลมตั้งโต๊ะ 220V",
    "Cotton T-shirt",
    "Something that no word names",
];

#[expect(clippy::print_stdout, reason = "an example prints what it measured")]
fn main() {
    let book = Rulebook::built_in();
    let day = "2026-11-01".parse().expect("a day");
    let codes = "US CA MX BR AR GB DE FR IT ES NL PL SE AU NZ JP KR CN IN SG TH VN SA AE";
    let start = Instant::now();
    let facts: Vec<ProductFacts> = (0..5_000)
        .map(|i| {
            let name = format!("{} model {i}", NAMES[i % NAMES.len()]);
            let row = CatalogueRow { name: &name, plug: Some("F"), voltage_v: Some(230.0), ..CatalogueRow::default() };
            ProductFacts::from_catalogue(&row, book.kinds())
        })
        .collect();
    let read = start.elapsed().as_secs_f64();
    let mut counts = std::collections::BTreeMap::<&str, u32>::new();
    for code in codes.split(' ') {
        let rules = book.market(code.parse().expect("a market"), day);
        for f in &facts {
            *counts.entry(rules.judge(f).verdict.code()).or_default() += 1;
        }
    }
    let all = start.elapsed().as_secs_f64();
    println!(
        "{{\"products\": 5000, \"markets\": 24, \"facts_s\": {read:.3}, \"all_s\": {all:.3}, \"verdicts\": {counts:?}}}"
    );
}
