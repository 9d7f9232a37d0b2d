//! Amazon purchase sequences (Beauty, Toys): leave-one-out, the whole catalogue ranked.
//!
//! One line a shopper: its number and its items in the order of time. The last item is the test
//! answer, the one before it the validation answer; models learn from the rest. A test question
//! shows the validation item as the newest of the history. All items are ranked except those of the
//! history. Protocol and published figures: Zhou et al., "S3-Rec: self-supervised learning for
//! sequential recommendation with mutual information maximization", CIKM 2020, table of full ranks.
//!
//! There are no dates: the day of a row is its place in the sequence.

use crate::ProtocolError;
use crate::files::Text;
use crate::task::{Part, Task, Tuning, made_up_market};
use domain::{Day, ItemIdx, ShopperIdx};
use eval::Case;
use std::path::Path;

/// Reads one file of sequences, `Beauty.txt`.
///
/// # Errors
/// [`ProtocolError`] for a file that is missing or not in this form.
pub fn load(path: &Path, id: &str, about: &str) -> Result<Task, ProtocolError> {
    let lines = Text::read(path)?.numbers()?;
    let sequences: Vec<Vec<ItemIdx>> =
        lines.into_iter().map(|(_, items)| items.into_iter().map(ItemIdx).collect()).collect();
    // Items are numbered from 1 in the files; number 0 is an item that nobody has.
    let n_items = sequences.iter().flatten().map(|item| item.at() + 1).max().unwrap_or(0);
    let (mut rows, mut validation, mut test) = (Vec::new(), Vec::new(), Vec::new());
    for (s, items) in (0..).zip(&sequences) {
        let Some(n) = items.len().checked_sub(2).filter(|n| *n > 0) else { continue };
        rows.extend((0..).zip(&items[..n]).map(|(day, item)| (s, *item, Day(day))));
        for (cases, at) in [(&mut validation, n), (&mut test, n + 1)] {
            cases.push(Case {
                shopper: ShopperIdx(s),
                market: made_up_market(0),
                history: items[..at].to_vec(),
                relevant: vec![items[at]],
                candidates: None,
            });
        }
    }
    let part = Part::new(id, made_up_market(0), sequences.len(), rows);
    let mut task = Task::new(id, n_items, vec![part], test, Tuning::Cases(validation));
    task.about = format!(
        "{about}: the last of {} sequences among all {} items; learns from {} pairs",
        task.cases.len(),
        n_items.saturating_sub(1),
        task.target().n_pairs()
    );
    Ok(task)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // 1 2 | 3 | 4 and a sequence that is too short to be asked about.
    fn the_last_two_items_are_held_out_and_the_test_sees_the_validation_item() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("Beauty.txt");
        std::fs::write(&path, "1 2 1 3 4\n2 1 2\n").unwrap();
        let task = load(&path, "beauty", "Amazon Beauty").unwrap();
        let Tuning::Cases(validation) = &task.tuning else { panic!("validation items") };
        assert_eq!((task.cases.len(), validation.len(), task.n_items()), (1, 1, 5));
        assert_eq!(task.train(&[]).unwrap().row(ShopperIdx(0)), [2, 1].map(ItemIdx), "time order, not item order");
        assert_eq!((&validation[0].history[..], validation[0].relevant[0]), (&[2, 1].map(ItemIdx)[..], ItemIdx(3)));
        assert_eq!((&task.cases[0].history[..], task.cases[0].relevant[0]), (&[2, 1, 3].map(ItemIdx)[..], ItemIdx(4)));
    }
}
