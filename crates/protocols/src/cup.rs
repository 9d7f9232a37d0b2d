//! WSDM Cup 2022, cross-market recommendation: the validation protocol on markets t1, t2 and s3.
//!
//! Training rows of a market are `train.tsv` and `train_5core.tsv` together, each pair once, ratings
//! ignored. Every shopper of `valid_qrel.tsv` has one right answer among 100 candidates. Item ids
//! are shared by the markets, shoppers are not, and there are no dates.
//!
//! *Lists.* t1 and s3 have theirs (`valid_run.tsv`). t2's are not in the data, so they are redrawn: 99
//! items uniform over the items of t2's `train_5core.tsv` and its validation answers, minus the
//! shopper's history and answer. The released lists were drawn the same way, but also without the
//! hidden test item, which nobody knows: measured on t1, where both exist, a redraw is 0.006 to 0.007
//! harder. Our generator is not numpy's, so a seed's lists differ from those of the reference.
//!
//! *What is refused.* `test_run.tsv`: an item that is in both of a shopper's lists is almost surely
//! wrong in the first. `train.tsv` of s1 is missing from the public snapshot; its 5-core is used.
//!
//! Source: Bonab et al., "Cross-market product recommendation", CIKM 2021; the cup's starter kit.

use crate::files::{Text, exists};
use crate::inner::{InnerParams, held_out};
use crate::task::{Numbering, Part, Task, Tuning, made_up_market};
use crate::{ProtocolError, draw};
use domain::{Day, ItemIdx, Seed, ShopperIdx};
use eval::Case;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Markets in the order in which they are joined.
const MARKETS: [&str; 5] = ["s1", "s2", "s3", "t1", "t2"];

/// Candidates beside the answer.
const N_NEGATIVES: usize = 99;

/// Seed of the training items that are held out to choose weights.
const INNER_SEED: Seed = Seed(7);

/// Where the candidates come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lists {
    /// The released ones.
    Released,
    /// Drawn again.
    Redrawn(Seed),
}

/// Shopper and item ids.
type Pairs = BTreeSet<(String, String)>;

/// Reads `dir/<market>/…` and the rows of the other markets.
///
/// # Errors
/// [`ProtocolError`] for a file that is missing or not in the cup's form.
pub fn load(dir: &Path, id: &str, market: &str, lists: Lists) -> Result<Task, ProtocolError> {
    let own = training(&dir.join(market))?;
    let answers = answers(&dir.join(market).join("valid_qrel.tsv"))?;
    let released = match lists {
        Lists::Released => candidate_lists(&dir.join(market).join("valid_run.tsv"))?,
        Lists::Redrawn(_) => BTreeMap::new(),
    };
    let items = Numbering::of(
        own.iter()
            .map(|(_, item)| item.as_str())
            .chain(answers.values().map(String::as_str))
            .chain(released.values().flatten().map(String::as_str)),
    );
    let shoppers = Numbering::of(own.iter().map(|p| p.0.as_str()).chain(answers.keys().map(String::as_str)));
    let mut histories: Vec<Vec<ItemIdx>> = vec![Vec::new(); shoppers.len()];
    for (shopper, item) in &own {
        if let (Some(s), Some(i)) = (shoppers.get(shopper), items.item(item)) {
            histories[s as usize].push(i); // pairs are sorted, so items ascend
        }
    }
    let core = core_items(&dir.join(market), &items)?;
    let universe: Vec<ItemIdx> = match lists {
        Lists::Released => Vec::new(),
        Lists::Redrawn(_) => core.iter().copied().chain(answers.values().filter_map(|id| items.item(id))).collect(),
    };
    let universe: Vec<ItemIdx> = universe.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    let mut parts = vec![part(market, 0, &own, &items)];
    for (n, source) in (1..).zip(MARKETS.iter().filter(|m| **m != market)) {
        let rows = training(&dir.join(source))?;
        // The published unions join the sources; the other target is offered to whoever learns weights.
        let mut part = part(source, n, &rows, &items);
        part.usual = source.starts_with('s');
        parts.push(part);
    }
    let mut cases = Vec::new();
    for (shopper, answer) in &answers {
        let (Some(s), Some(positive)) = (shoppers.get(shopper), items.item(answer)) else { continue };
        let history = std::mem::take(&mut histories[s as usize]);
        let candidates = match lists {
            Lists::Released => {
                let list = released.get(shopper).map_or(&[][..], Vec::as_slice);
                list.iter().filter_map(|item| items.item(item)).collect()
            }
            Lists::Redrawn(seed) => draw::among(&universe, &history, positive, N_NEGATIVES, seed.stream(u64::from(s))),
        };
        cases.push(Case {
            shopper: ShopperIdx(s),
            market: made_up_market(0),
            history,
            relevant: vec![positive],
            candidates: Some(candidates),
        });
    }
    let mut task = Task::new(id, items.len(), parts, cases, Tuning::Halves);
    let inner = InnerParams { min_rows: 3, n_negatives: N_NEGATIVES, seed: INNER_SEED };
    task.tuning = Tuning::Inner(Box::new(held_out(&task, &core, inner)));
    let how = match lists {
        Lists::Released => "released lists".to_owned(),
        Lists::Redrawn(seed) => format!("lists redrawn with seed {}", seed.0),
    };
    task.about = format!(
        "WSDM Cup 2022, market {market}, {} shoppers, one answer among 100 candidates, {how}; learns from {} pairs of \
         {} shoppers over {} items",
        task.cases.len(),
        task.target().n_pairs(),
        task.target().n_active(),
        task.n_items()
    );
    Ok(task)
}

/// The candidates of each shopper, in the order of the file.
///
/// # Errors
/// [`ProtocolError::Leak`] for the hidden test's lists, [`ProtocolError`] for a file that is not
/// `shopper<TAB>item,item,…`.
pub fn candidate_lists(path: &Path) -> Result<BTreeMap<String, Vec<String>>, ProtocolError> {
    if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("test_run")) {
        return Err(ProtocolError::Leak { path: path.to_path_buf() });
    }
    let text = Text::read(path)?;
    let read = |(n, line): (usize, &str)| {
        let (shopper, items) =
            line.split_once('\t').ok_or_else(|| text.wrong(n, line, "a shopper, a tab and candidates with commas"))?;
        Ok((shopper.to_owned(), items.split(',').map(str::to_owned).collect()))
    };
    text.lines(0).map(read).collect()
}

/// Pairs of a file of `userId itemId rating` with a header.
fn pairs(path: &Path) -> Result<Pairs, ProtocolError> {
    let text = Text::read(path)?;
    let read = |(n, line): (usize, &str)| {
        let mut cells = line.split('\t');
        match (cells.next(), cells.next(), cells.next(), cells.next()) {
            (Some(shopper), Some(item), Some(_), None) => Ok((shopper.to_owned(), item.to_owned())),
            _ => Err(text.wrong(n, line, "userId, itemId and rating with tabs between them")),
        }
    };
    text.lines(1).map(read).collect()
}

fn training(market: &Path) -> Result<Pairs, ProtocolError> {
    let mut all = pairs(&market.join("train_5core.tsv"))?;
    let full = market.join("train.tsv");
    if exists(&full) {
        all.append(&mut pairs(&full)?);
    }
    Ok(all)
}

/// The one right answer of each shopper.
fn answers(path: &Path) -> Result<BTreeMap<String, String>, ProtocolError> {
    Ok(pairs(path)?.into_iter().collect())
}

/// The items of the 5-core, ascending: what lists are drawn from.
fn core_items(market: &Path, items: &Numbering) -> Result<Vec<ItemIdx>, ProtocolError> {
    let core = pairs(&market.join("train_5core.tsv"))?;
    let ids: BTreeSet<&str> = core.iter().map(|p| p.1.as_str()).collect();
    Ok(ids.into_iter().filter_map(|id| items.item(id)).collect())
}

/// Rows of a market, its shoppers numbered in the order of their ids.
fn part(name: &str, market: u8, pairs: &Pairs, items: &Numbering) -> Part {
    let shoppers = Numbering::of(pairs.iter().map(|p| p.0.as_str()));
    let row = |(shopper, item): &(String, String)| Some((shoppers.get(shopper)?, items.item(item)?, Day(0)));
    Part::new(name, made_up_market(market), shoppers.len(), pairs.iter().filter_map(row))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// Two target shoppers, three items of their own and one that only a source has.
    fn folder() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let head = "userId\titemId\trating\n";
        for market in MARKETS {
            write(&format!("{market}/train_5core.tsv"), &format!("{head}{market}A\tP2\t1.0\n{market}A\tP9\t1.0\n"));
        }
        write("t1/train_5core.tsv", &format!("{head}a\tP2\t1.0\nb\tP1\t1.0\n"));
        write("t1/train.tsv", &format!("{head}a\tP2\t5.0\na\tP1\t3.0\nb\tP3\t1.0\n"));
        write("t1/valid_qrel.tsv", &format!("{head}a\tP3\t1\nb\tP2\t1\n"));
        write("t1/valid_run.tsv", "a\tP3,P4\nb\tP1,P2,P4\n");
        write("t1/test_run.tsv", "a\tP3,P4\n");
        dir
    }

    #[test]
    fn both_files_are_joined_and_sources_keep_the_targets_items() {
        let dir = folder();
        let task = load(dir.path(), "cup-t1", "t1", Lists::Released).unwrap();
        assert_eq!((task.n_items(), task.target().n_pairs()), (4, 4), "P1 to P4; the pair a, P2 once");
        let sources: Vec<_> = task.sources().iter().map(|p| (p.name.as_str(), p.usual, p.n_pairs())).collect();
        assert_eq!(sources, [("s1", true, 1), ("s2", true, 1), ("s3", true, 1), ("t2", false, 1)]);
        let a = &task.cases[0];
        assert_eq!((&a.history[..], &a.relevant[..]), (&[ItemIdx(0), ItemIdx(1)][..], &[ItemIdx(2)][..]));
        assert_eq!(a.candidates.as_deref(), Some(&[ItemIdx(2), ItemIdx(3)][..]));
    }

    #[test]
    fn a_redrawn_list_holds_the_answer_and_nothing_of_the_history() {
        let dir = folder();
        let task = load(dir.path(), "t", "t1", Lists::Redrawn(Seed(1))).unwrap();
        // Universe: 5-core P1, P2 and answers P2, P3. Shopper a has P1, P2: only the answer P3 is left.
        assert_eq!(task.cases[0].candidates.as_deref(), Some(&[ItemIdx(2)][..]));
    }

    #[test]
    fn the_hidden_tests_lists_are_refused() {
        let dir = folder();
        let error = candidate_lists(&dir.path().join("t1/test_run.tsv")).unwrap_err();
        assert!(matches!(error, ProtocolError::Leak { .. }), "{error}");
        assert!(candidate_lists(&dir.path().join("t1/valid_run.tsv")).is_ok());
    }

    #[test]
    fn a_line_out_of_form_is_named() {
        let dir = folder();
        fs::write(dir.path().join("s2/train.tsv"), "userId\titemId\trating\nx P1 5.0\n").unwrap();
        let error = load(dir.path(), "t", "t1", Lists::Released).unwrap_err();
        assert!(matches!(error, ProtocolError::Line { line: 2, .. }), "{error}");
    }
}
