//! One task: what a model may learn from, what it is asked, and what it is marked by.
//!
//! Rows of several markets lie side by side in the item numbers of the market that is served, the
//! first part; rows of items that it does not have are left out, because no question is about them.
//! Items are numbered in the order of their ids, so that a tie broken by number is a tie broken by
//! document id, as [`crate::trec`] needs it. A shopper and item are one cell of weight 1.

use crate::ProtocolError;
use domain::{Day, Interaction, Interactions, ItemIdx, Kind, Market, ShopperIdx};
use eval::{Case, Metric};
use std::collections::{BTreeMap, BTreeSet};

/// One market's rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Its name in the data, `s1`.
    pub name: String,
    /// Whether the usual union of the published work holds it.
    pub usual: bool,
    pub(crate) market: Market,
    pub(crate) n_shoppers: usize,
    /// Shopper within the part, item, day; each shopper and item once.
    pub(crate) rows: Vec<(u32, ItemIdx, Day)>,
}

/// Where a choice among weights may be made, never where it is reported.
#[derive(Clone, Debug, PartialEq)]
pub enum Tuning {
    /// On questions of their own: validation items of the same shoppers, answered from the same rows.
    Cases(Vec<Case>),
    /// On the other half of the shoppers: even cases get what odd ones chose, and the other way round.
    Halves,
    /// On training items of the served market that were held out, by models that were fitted anew
    /// without them: no reported answer is looked at.
    Inner(Box<Task>),
}

/// A task with its data.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// Its name, `cup-t1`.
    pub id: String,
    /// Data, questions and candidates in one line.
    pub about: String,
    /// Marks given to every list; the first is the headline.
    pub metrics: Vec<Metric>,
    /// The questions whose marks are reported.
    pub cases: Vec<Case>,
    /// Where weights are chosen.
    pub tuning: Tuning,
    n_items: usize,
    pub(crate) parts: Vec<Part>,
}

/// Ids in ascending order, numbered from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Numbering {
    ids: Vec<String>,
}

impl Numbering {
    pub(crate) fn of<'a>(ids: impl IntoIterator<Item = &'a str>) -> Self {
        let ids: BTreeSet<&str> = ids.into_iter().collect();
        Self { ids: ids.into_iter().map(str::to_owned).collect() }
    }

    pub(crate) fn get(&self, id: &str) -> Option<u32> {
        self.ids.binary_search_by(|known| known.as_str().cmp(id)).ok().map(|at| at as u32)
    }

    pub(crate) fn item(&self, id: &str) -> Option<ItemIdx> {
        self.get(id).map(ItemIdx)
    }

    pub(crate) const fn len(&self) -> usize {
        self.ids.len()
    }
}

impl Part {
    /// A market whose shoppers are numbered from 0. Of repeated rows the last one stays.
    pub(crate) fn new(
        name: &str,
        market: Market,
        n_shoppers: usize,
        rows: impl IntoIterator<Item = (u32, ItemIdx, Day)>,
    ) -> Self {
        let last: BTreeMap<(u32, ItemIdx), Day> = rows.into_iter().map(|(s, i, d)| ((s, i), d)).collect();
        let rows = last.into_iter().map(|((s, i), d)| (s, i, d)).collect();
        Self { name: name.to_owned(), usual: true, market, n_shoppers, rows }
    }

    /// The code that its shoppers have.
    pub(crate) const fn market(&self) -> Market {
        self.market
    }

    /// Distinct pairs of shopper and item.
    pub fn n_pairs(&self) -> usize {
        self.rows.len()
    }

    /// Shoppers with a row.
    pub fn n_active(&self) -> usize {
        self.rows.chunk_by(|a, b| a.0 == b.0).count()
    }
}

impl Task {
    /// A task of these parts, the served market first.
    pub(crate) fn new(id: &str, n_items: usize, parts: Vec<Part>, cases: Vec<Case>, tuning: Tuning) -> Self {
        let metrics = vec![Metric::Ndcg(10), Metric::HitRate(10)];
        Self { id: id.to_owned(), about: String::new(), metrics, cases, tuning, n_items, parts }
    }

    /// Items that may be asked about.
    pub const fn n_items(&self) -> usize {
        self.n_items
    }

    /// The served market.
    pub fn target(&self) -> &Part {
        &self.parts[0]
    }

    /// The other markets.
    pub fn sources(&self) -> &[Part] {
        &self.parts[1..]
    }

    /// Weights of the usual union: 1 for each source that the published work joins.
    pub fn union(&self) -> Vec<f32> {
        self.sources().iter().map(|part| if part.usual { 1.0 } else { 0.0 }).collect()
    }

    /// The rows to learn from: the target's, and each source's at its weight; 0 leaves it out.
    ///
    /// # Errors
    /// [`ProtocolError::Rows`] for a weight that is negative or not finite.
    ///
    /// # Panics
    /// If there is not one weight a source.
    pub fn train(&self, weights: &[f32]) -> Result<Interactions, ProtocolError> {
        assert_eq!(weights.len(), self.sources().len(), "a weight for each source");
        let mut rows = Vec::new();
        let mut markets = Vec::new();
        for (part, weight) in self.parts.iter().zip([1.0].iter().chain(weights)) {
            let first = markets.len() as u32;
            if *weight == 0.0 {
                continue;
            }
            markets.extend(std::iter::repeat_n(part.market, part.n_shoppers));
            rows.extend(part.rows.iter().map(|&(shopper, item, day)| Interaction {
                shopper: ShopperIdx(first + shopper),
                item,
                kind: Kind::Purchase,
                day,
                weight: *weight,
            }));
        }
        let task = || self.id.clone();
        Interactions::new(self.n_items, markets, rows).map_err(|why| ProtocolError::Rows { task: task(), why })
    }

    /// The same with one shopper in `n` of every market, in rows and questions: for seeing that everything works within
    /// minutes. It has a name of its own, so that its figures stand beside nobody else's.
    #[must_use]
    pub fn one_in(mut self, n: u32) -> Self {
        if n <= 1 {
            return self;
        }
        self.id = thin_name(&self.id, n);
        self.about = format!("{}; of these one shopper in {n}: not the figures of the task", self.about);
        self.parts.iter_mut().for_each(|part| part.rows.retain(|row| row.0 % n == 0));
        let keep = |cases: &mut Vec<Case>| cases.retain(|case| case.shopper.0 % n == 0);
        keep(&mut self.cases);
        self.tuning = match self.tuning {
            Tuning::Cases(mut cases) => {
                keep(&mut cases);
                Tuning::Cases(cases)
            }
            Tuning::Halves => Tuning::Halves,
            Tuning::Inner(inner) => Tuning::Inner(Box::new(inner.one_in(n))),
        };
        self
    }

    /// Whether models learn the same from both, for what is reported and for choosing weights.
    pub(crate) fn same_rows(&self, other: &Self) -> bool {
        let inner = match (&self.tuning, &other.tuning) {
            (Tuning::Inner(a), Tuning::Inner(b)) => a.same_rows(b),
            (Tuning::Cases(_) | Tuning::Halves, Tuning::Cases(_) | Tuning::Halves) => true,
            (Tuning::Inner(_), _) | (_, Tuning::Inner(_)) => false,
        };
        inner && self.n_items == other.n_items && self.parts == other.parts
    }

    /// The market of the served shoppers.
    pub fn market(&self) -> Market {
        self.target().market
    }
}

/// The name of a task of which one shopper in `n` is left.
pub(crate) fn thin_name(name: &str, n: u32) -> String {
    if n <= 1 { name.to_owned() } else { format!("{name}, one in {n}") }
}

/// A code for a market whose country the data does not tell: QM to QZ, which ISO 3166 leaves to its
/// users.
pub(crate) fn made_up_market(n: u8) -> Market {
    Market::from_code([b'Q', b'M' + n % 14]).unwrap_or(Market::UNKNOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task() -> Task {
        let part = |name, market, rows: &[(u32, u32)]| {
            let rows = rows.iter().map(|&(s, i)| (s, ItemIdx(i), Day(0)));
            Part::new(name, made_up_market(market), 2, rows)
        };
        let parts =
            vec![part("a", 0, &[(0, 0), (1, 1), (1, 1)]), part("b", 1, &[(0, 2)]), part("c", 2, &[(1, 0), (1, 2)])];
        Task::new("t", 3, parts, Vec::new(), Tuning::Halves)
    }

    #[test]
    fn a_source_enters_with_its_weight_and_zero_keeps_it_out() {
        let task = task();
        let cells = |w: &[f32]| {
            let rows = task.train(w).unwrap();
            rows.iter().map(|r| (r.shopper.0, r.item.0, r.weight)).collect::<Vec<_>>()
        };
        assert_eq!(cells(&[0.0, 0.0]), [(0, 0, 1.0), (1, 1, 1.0)], "a repeated row is one cell");
        assert_eq!(cells(&[0.5, 0.0]), [(0, 0, 1.0), (1, 1, 1.0), (2, 2, 0.5)]);
        assert_eq!(cells(&[0.0, 2.0])[2..], [(3, 0, 2.0), (3, 2, 2.0)]);
        assert_eq!(task.train(&[1.0, 1.0]).unwrap().n_shoppers(), 6);
        assert!(task.train(&[-1.0, 0.0]).is_err());
        assert_eq!((task.target().n_pairs(), task.target().n_active()), (2, 2));
        let mut fewer = task.clone();
        fewer.parts.pop();
        assert!(task.same_rows(&task.clone()) && !task.same_rows(&fewer));
    }

    #[test]
    fn a_thinned_task_keeps_whole_shoppers_and_has_another_name() {
        let case = |shopper| Case {
            shopper: ShopperIdx(shopper),
            market: made_up_market(0),
            history: Vec::new(),
            relevant: vec![ItemIdx(2)],
            candidates: None,
        };
        let whole = Task { cases: vec![case(0), case(1)], ..task() };
        let whole = Task { tuning: Tuning::Inner(Box::new(whole.clone())), ..whole };
        assert_eq!(whole.clone().one_in(1), whole);
        let half = whole.one_in(2);
        assert_eq!((half.id.as_str(), half.n_items(), half.cases.len()), ("t, one in 2", 3, 1));
        assert_eq!(half.parts.iter().map(Part::n_pairs).collect::<Vec<_>>(), [1, 1, 0]);
        assert!(crate::goals::aim(&half.id).is_none());
        let Tuning::Inner(inner) = half.tuning else { panic!("still chosen within") };
        assert_eq!((inner.cases.len(), inner.parts[0].n_pairs()), (1, 1));
    }

    #[test]
    fn ids_are_numbered_in_their_order() {
        let numbering = Numbering::of(["P9", "P10", "P9", "A"]);
        assert_eq!((numbering.len(), numbering.item("A"), numbering.get("P10")), (3, Some(ItemIdx(0)), Some(1)));
        assert_eq!(numbering.item("P1"), None);
    }
}
