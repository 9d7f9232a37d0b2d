//! Gowalla check-ins: the standard split, the whole catalogue ranked, recall@20 and nDCG@20.
//!
//! `train.txt`, `valid.txt` and `test.txt` have one line a shopper: its number and its items. The
//! published figures train on train and valid together and rank every item that is not among
//! them: He et al., "LightGCN", SIGIR 2020. For choosing parameters there is the second question of
//! this file, train alone against valid, so that the test is asked once.

use crate::ProtocolError;
use crate::files::Text;
use crate::task::{Part, Task, Tuning, made_up_market};
use domain::{Day, ItemIdx, ShopperIdx};
use eval::{Case, Metric};
use std::collections::BTreeSet;
use std::path::Path;

/// Which part answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The test items, from train and valid: what is reported.
    Test,
    /// The valid items, from train: where parameters are chosen.
    Valid,
}

/// Reads the three files of a folder.
///
/// # Errors
/// [`ProtocolError`] for a file that is missing or not in this form.
pub fn load(dir: &Path, id: &str, ask: Ask) -> Result<Task, ProtocolError> {
    let read = |name: &str| Text::read(&dir.join(name))?.numbers();
    let (train, valid, test) = (read("train.txt")?, read("valid.txt")?, read("test.txt")?);
    let all = || train.iter().chain(&valid).chain(&test);
    let n_items = all().flat_map(|(_, items)| items).max().map_or(0, |last| *last as usize + 1);
    let n_shoppers = all().map(|(shopper, _)| *shopper as usize + 1).max().unwrap_or(0);
    let (known, asked) = match ask {
        Ask::Test => ([&train[..], &valid[..]].concat(), test),
        Ask::Valid => (train, valid),
    };
    let rows = known.iter().flat_map(|(s, items)| items.iter().map(|item| (*s, ItemIdx(*item), Day(0))));
    let part = Part::new(id, made_up_market(0), n_shoppers, rows);
    let mut histories: Vec<BTreeSet<ItemIdx>> = vec![BTreeSet::new(); n_shoppers];
    for (shopper, items) in &known {
        histories[*shopper as usize].extend(items.iter().copied().map(ItemIdx));
    }
    let case = |(shopper, items): &(u32, Vec<u32>)| {
        let relevant: BTreeSet<ItemIdx> = items.iter().copied().map(ItemIdx).collect();
        (!relevant.is_empty()).then(|| Case {
            shopper: ShopperIdx(*shopper),
            market: made_up_market(0),
            history: histories[*shopper as usize].iter().copied().collect(),
            relevant: relevant.into_iter().collect(),
            candidates: None,
        })
    };
    let cases = asked.iter().filter_map(case).collect();
    let mut task = Task::new(id, n_items, vec![part], cases, Tuning::Halves);
    task.metrics = vec![Metric::Recall(20), Metric::Ndcg(20)];
    task.about = format!(
        "Gowalla, {} shoppers among all {n_items} items, {}; learns from {} pairs",
        task.cases.len(),
        match ask {
            Ask::Test => "train and valid against test",
            Ask::Valid => "train against valid",
        },
        task.target().n_pairs()
    );
    Ok(task)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_is_asked_from_train_and_valid_and_valid_from_train() {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in [("train", "0 4 1\n1 0\n"), ("valid", "0 2\n1\n"), ("test", "0 3 0\n1 5\n")] {
            std::fs::write(dir.path().join(format!("{name}.txt")), text).unwrap();
        }
        let task = load(dir.path(), "gowalla", Ask::Test).unwrap();
        assert_eq!((task.n_items(), task.target().n_pairs(), task.cases.len()), (6, 4, 2));
        assert_eq!(task.cases[0].history, [1, 2, 4].map(ItemIdx));
        assert_eq!(task.cases[0].relevant, [0, 3].map(ItemIdx));
        let task = load(dir.path(), "gowalla-valid", Ask::Valid).unwrap();
        assert_eq!((task.target().n_pairs(), task.cases.len()), (3, 1), "nothing of shopper 1 is in valid");
    }
}
