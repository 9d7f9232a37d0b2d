//! Histories as sequences: what a model of order learns from, and what is kept aside to stop in time.

use domain::{History, Interactions, ItemIdx, ShopperIdx};

/// Every how many shoppers one keeps its last item aside.
const ASIDE: usize = 10;
/// Questions that are asked at most after an epoch.
const MAX_QUESTIONS: usize = 2_000;

/// Items of each shopper, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sequences {
    /// Those with at least two items: there is a next one.
    pub(super) rows: Vec<Vec<u32>>,
    /// How often each item occurs in `rows` other than first: how often it is the answer.
    pub(super) answers: Vec<u32>,
    /// Whether an item occurs in `rows`.
    pub(super) known: Vec<bool>,
    /// History and next item, not in `rows`.
    pub(super) aside: Vec<(Vec<u32>, u32)>,
}

impl Sequences {
    /// The last `max_len + 1` items of each shopper. With `aside` every tenth shopper of three items and more
    /// keeps its last item back to be asked for.
    pub(super) fn new(train: &Interactions, max_len: usize, aside: bool) -> Self {
        let mut all =
            Self { answers: vec![0; train.n_items()], known: vec![false; train.n_items()], ..Self::default() };
        let mut n_long = 0;
        for s in 0..train.n_shoppers() {
            let mut items: Vec<u32> = train.row(ShopperIdx(s as u32)).iter().map(|i| i.0).collect();
            if items.len() >= 3 {
                n_long += 1;
                if aside && n_long % ASIDE == 0 && all.aside.len() < MAX_QUESTIONS {
                    let last = items.pop().unwrap_or_default();
                    all.aside.push((last_of(&items, max_len).to_vec(), last));
                }
            }
            let items = last_of(&items, max_len + 1);
            if items.len() < 2 {
                continue;
            }
            items.iter().for_each(|i| all.known[*i as usize] = true);
            items[1..].iter().for_each(|i| all.answers[*i as usize] += 1);
            all.rows.push(items.to_vec());
        }
        all
    }
}

fn last_of(items: &[u32], n: usize) -> &[u32] {
    &items[items.len().saturating_sub(n)..]
}

/// The newest `max_len` items of a history that the model knows, each once, where it was last.
pub(super) fn read(history: History<'_>, known: &[bool], max_len: usize) -> Vec<ItemIdx> {
    let mut items: Vec<ItemIdx> = Vec::new();
    for item in history.items().iter().rev() {
        if items.len() == max_len {
            break;
        }
        if known.get(item.at()) == Some(&true) && !items.contains(item) {
            items.push(*item);
        }
    }
    items.reverse();
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // Of two items at most and one more; the tenth shopper of three items keeps its last one back.
    fn the_newest_items_are_read_and_a_tenth_is_kept_aside() {
        let baskets: Vec<Vec<u32>> = (0..10).map(|_| vec![0, 1, 2, 3]).chain([vec![4]]).collect();
        let train = Interactions::from_baskets(6, baskets.iter().map(Vec::as_slice));
        let all = Sequences::new(&train, 2, true);
        assert_eq!((all.rows.len(), &all.rows[0][..], &all.rows[9][..]), (10, &[1, 2, 3][..], &[0, 1, 2][..]));
        assert_eq!(all.aside, [(vec![1, 2], 3)]);
        assert_eq!(all.answers, [0, 1, 10, 9, 0, 0]);
        assert_eq!(all.known, [true, true, true, true, false, false], "a single item has no next one");
        assert_eq!(Sequences::new(&train, 2, false).aside, []);
    }

    #[test]
    fn a_history_is_read_from_its_end_without_strangers_and_repeats() {
        let items = [0, 1, 9, 2, 1, 7].map(ItemIdx);
        let known = [true, true, true, true];
        assert_eq!(read(History::of(&items), &known, 2), [2, 1].map(ItemIdx));
        assert_eq!(read(History::of(&items), &known, 9), [0, 2, 1].map(ItemIdx));
    }
}
