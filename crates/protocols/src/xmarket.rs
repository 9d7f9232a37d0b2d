//! XMarket Electronics: five markets, leave-one-out by date, one answer among 99 sampled items.
//!
//! One file a market, `<market>_5core.txt`, with shopper, item, rating and date; any rating is an
//! interaction. Shoppers with at least 7 rows are asked. Their rows in the order of the date, ties in
//! the order of the file: the last is the test answer, the one before it the validation answer, the
//! rest trains. Negatives are 99 items uniform over the market's items minus everything that the
//! shopper ever touches, drawn apart for validation and test.
//!
//! Two things keep anybody from the same lists: the published code draws with Python's `random` over
//! a set, and it sorts by date alone, while a third to two thirds of the shoppers have a tie at the
//! last date. Our generator is not numpy's either. Expect differences within the standard error.
//! A source's validation and test rows stay out of every training set.
//!
//! Days are multiplied by [`TICKS_PER_DAY`] and the place within the day is added, because rows of
//! one day would otherwise be put into the order of their items.
//!
//! Source: Bhargav, Aliannejadi and Kanoulas, "Market-aware models for efficient cross-market
//! recommendation", ECIR 2023; data of Bonab et al., CIKM 2021.

use crate::files::Text;
use crate::task::{Numbering, Part, Task, Tuning};
use crate::{ProtocolError, draw};
use domain::{Day, ItemIdx, Market, Seed, ShopperIdx};
use eval::Case;
use std::collections::BTreeMap;
use std::path::Path;

/// Markets in the order of the published tables, with the codes that ISO 3166 gives them.
pub const MARKETS: [(&str, &str); 5] = [("ca", "CA"), ("uk", "GB"), ("fr", "FR"), ("de", "DE"), ("mx", "MX")];

/// Steps of [`Day`] in one day of this task's rows: a half-life in days has to be multiplied by it.
pub const TICKS_PER_DAY: i32 = 100;

/// What the protocol leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct XMarketParams {
    /// Rows that a shopper needs.
    pub min_rows: usize,
    /// Candidates beside a test answer.
    pub n_negatives: usize,
    /// Candidates beside a validation answer.
    pub n_validation_negatives: usize,
    /// Seed of the draws.
    pub seed: Seed,
}

impl Default for XMarketParams {
    fn default() -> Self {
        Self { min_rows: 7, n_negatives: 99, n_validation_negatives: 99, seed: Seed(42) }
    }
}

/// One file: shoppers in the order of their ids, each with item ids and ticks in the order of time.
struct MarketFile {
    shoppers: BTreeMap<String, Vec<(String, Day)>>,
}

impl MarketFile {
    fn read(path: &Path) -> Result<Self, ProtocolError> {
        let text = Text::read(path)?;
        let mut shoppers: BTreeMap<String, Vec<(String, Day)>> = BTreeMap::new();
        for (n, line) in text.lines(1) {
            let mut words = line.split_whitespace();
            let cells = (words.next(), words.next(), words.next(), words.next());
            let (Some(shopper), Some(item), Some(_), Some(date)) = cells else {
                return Err(text.wrong(n, line, "userId, itemId, rate and date"));
            };
            let day: Day = date.parse().map_err(|_| text.wrong(n, date, "a date YYYY-MM-DD"))?;
            shoppers.entry(shopper.to_owned()).or_default().push((item.to_owned(), day));
        }
        for rows in shoppers.values_mut() {
            rows.sort_by_key(|row| row.1); // stable: ties stay in the order of the file
            for day in rows.chunk_by_mut(|a, b| a.1 == b.1) {
                for (place, row) in (0..).zip(day) {
                    row.1 = Day(row.1.0 * TICKS_PER_DAY + TICKS_PER_DAY.min(place + 1) - 1);
                }
            }
        }
        Ok(Self { shoppers })
    }

    /// Shoppers who are asked: the rows to learn from and, last, the two answers.
    fn asked(&self, min_rows: usize) -> impl Iterator<Item = (u32, &[(String, Day)], [&str; 2])> {
        (0..).zip(self.shoppers.values()).filter(move |(_, rows)| rows.len() >= min_rows.max(3)).map(|(s, rows)| {
            let train = &rows[..rows.len() - 2];
            (s, train, [rows[rows.len() - 2].0.as_str(), rows[rows.len() - 1].0.as_str()])
        })
    }

    fn part(&self, (name, code): (&str, &str), items: &Numbering, min_rows: usize) -> Part {
        let rows = self
            .asked(min_rows)
            .flat_map(|(s, train, _)| train.iter().filter_map(move |(item, tick)| Some((s, items.item(item)?, *tick))));
        Part::new(name, market(code), self.shoppers.len(), rows)
    }
}

fn market(code: &str) -> Market {
    code.parse().unwrap_or(Market::UNKNOWN)
}

/// Reads `dir/<market>_5core.txt` and the rows of the other markets.
///
/// # Errors
/// [`ProtocolError`] for a file that is missing or not in this form.
pub fn load(dir: &Path, id: &str, target: &str, params: &XMarketParams) -> Result<Task, ProtocolError> {
    let read = |name: &str| MarketFile::read(&dir.join(format!("{name}_5core.txt")));
    let own = read(target)?;
    let items = Numbering::of(own.shoppers.values().flatten().map(|row| row.0.as_str()));
    let at = MARKETS.iter().find(|m| m.0 == target).copied().unwrap_or((target, "ZZ"));
    let mut parts = vec![own.part(at, &items, params.min_rows)];
    for source in MARKETS.iter().filter(|m| m.0 != target) {
        parts.push(read(source.0)?.part(*source, &items, params.min_rows));
    }
    let universe: Vec<ItemIdx> = (0..items.len() as u32).map(ItemIdx).collect();
    let number = |id: &str| items.item(id).into_iter();
    let (mut validation, mut test) = (Vec::new(), Vec::new());
    for (s, train, answers) in own.asked(params.min_rows) {
        let history: Vec<ItemIdx> = train.iter().flat_map(|row| number(&row.0)).collect();
        let mut touched = history.clone();
        touched.extend(answers.iter().flat_map(|id| number(id)));
        touched.sort_unstable();
        touched.dedup();
        let windows = [(&mut validation, params.n_validation_negatives), (&mut test, params.n_negatives)];
        for (which, (cases, n_negatives)) in (0_u64..).zip(windows) {
            let rng = params.seed.derive(which).stream(u64::from(s));
            for positive in number(answers[which as usize]) {
                cases.push(Case {
                    shopper: ShopperIdx(s),
                    market: market(at.1),
                    history: history.clone(),
                    relevant: vec![positive],
                    candidates: Some(draw::among(&universe, &touched, positive, n_negatives, rng.clone())),
                });
            }
        }
    }
    let mut task = Task::new(id, items.len(), parts, test, Tuning::Cases(validation));
    task.about = format!(
        "XMarket Electronics, market {target}, {} shoppers, the last purchase among {} sampled items (seed {}); learns \
         from {} pairs over {} items",
        task.cases.len(),
        params.n_negatives,
        params.seed.0,
        task.target().n_pairs(),
        task.n_items()
    );
    Ok(task)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "userId itemId rate date\n";

    /// Shopper u has five rows, two of them on the last day; v has too few.
    fn folder() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let own = "u B9 5.0 2020-01-03\nu B1 4.0 2020-01-01\nv B7 1.0 2020-01-01\nu B5 1.0 2020-01-02\nu B4 5.0 \
                   2020-01-03\nu B3 5.0 2020-01-02\nv B8 2.0 2020-01-05\n";
        for (name, _) in MARKETS {
            let rows = "w B1 5.0 2020-01-01\nw B2 5.0 2020-01-02\nw B3 5.0 2020-01-03\nw B4 5.0 2020-01-04\nw B5 5.0 2020-01-05\n";
            let text = if name == "de" { own } else { rows };
            std::fs::write(dir.path().join(format!("{name}_5core.txt")), format!("{HEAD}{text}")).unwrap();
        }
        dir
    }

    fn small() -> XMarketParams {
        XMarketParams { min_rows: 5, n_negatives: 2, n_validation_negatives: 2, ..XMarketParams::default() }
    }

    #[test] // By date and then by file: B1, B5, B3 train, B9 validates, B4 tests. Items B1 B3 B4 B5 B7 B8 B9.
    fn the_last_row_tests_and_ties_keep_the_order_of_the_file() {
        let dir = folder();
        let task = load(dir.path(), "x", "de", &small()).unwrap();
        let Tuning::Cases(validation) = &task.tuning else { panic!("validation items") };
        assert_eq!(task.n_items(), 7);
        assert_eq!(task.cases[0].history, [0, 3, 1].map(ItemIdx));
        assert_eq!((&task.cases[0].relevant[..], &validation[0].relevant[..]), (&[ItemIdx(2)][..], &[ItemIdx(6)][..]));
        // Only B7 and B8 are untouched by the shopper.
        assert_eq!(task.cases[0].candidates.as_deref(), Some(&[2, 4, 5].map(ItemIdx)[..]));
        assert_eq!(validation[0].candidates.as_deref(), Some(&[4, 5, 6].map(ItemIdx)[..]));
        assert_eq!(task.cases.len(), 1, "v has two rows");
        let train = task.train(&[0.0; 4]).unwrap();
        assert_eq!(train.row(ShopperIdx(0)), [0, 3, 1].map(ItemIdx), "time order, though items of one day are 5, 3");
        assert_eq!(train.len(), 3);
    }

    #[test] // A source's w has B1 B2 B3 to learn from; the target has no B2.
    fn the_held_out_rows_of_a_source_stay_out() {
        let dir = folder();
        let task = load(dir.path(), "x", "de", &small()).unwrap();
        assert!(task.sources().iter().all(|part| part.n_pairs() == 2));
        assert_eq!(task.train(&task.union()).unwrap().len(), 3 + 4 * 2);
    }

    #[test]
    fn a_date_that_is_none_is_named() {
        let dir = folder();
        std::fs::write(dir.path().join("de_5core.txt"), format!("{HEAD}u B1 5.0 yesterday\n")).unwrap();
        let error = load(dir.path(), "x", "de", &small()).unwrap_err();
        assert!(error.to_string().contains("found `yesterday`"), "{error}");
    }
}
