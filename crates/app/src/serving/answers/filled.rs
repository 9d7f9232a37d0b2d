//! A list that is filled from one source after the other, with what each of them said.

use super::super::snapshot::Snapshot;
use super::near::{Nearby, heard};
use super::recommend::{REASONS, Told};
use domain::{History, ItemIdx, Market, Reason};
use recommend::serving::{Offered, Popular, Step, View, Why};
use serve::wire::recommend::{ChainStep, Recommendations};
use std::collections::BTreeSet;

/// What one list after the other gives, each item once.
pub(super) struct Filled {
    offered: Vec<Offered>,
    chain: Vec<ChainStep>,
    answered_by: Option<&'static str>,
}

impl Filled {
    pub(super) const fn new() -> Self {
        Self { offered: Vec::new(), chain: Vec::new(), answered_by: None }
    }

    /// Takes from a list until there are `n`, with one reason for all; `None` is a list that there is not.
    pub(super) fn take(
        &mut self,
        name: &'static str,
        list: Result<Vec<(ItemIdx, f32)>, Why>,
        n: usize,
        reasons: &dyn Fn(ItemIdx, f32) -> Vec<Reason>,
    ) {
        let list = match list {
            _ if self.offered.len() >= n => Err(Why::NotAsked),
            other => other,
        };
        let (found, why) = match list {
            Ok(list) => {
                let taken: BTreeSet<ItemIdx> = self.offered.iter().map(|o| o.item).collect();
                let open = list.into_iter().filter(|(item, _)| !taken.contains(item));
                let found: Vec<(ItemIdx, f32)> = open.take(n - self.offered.len()).collect();
                let full = self.offered.len() + found.len() == n;
                (found, if full { Why::Full } else { Why::Exhausted })
            }
            Err(why) => (Vec::new(), why),
        };
        if !found.is_empty() {
            self.answered_by.get_or_insert(name);
        }
        let why = super::recommend::why(found.len(), ["", ""], why);
        self.chain.push(ChainStep { step: name.to_owned(), answered: !found.is_empty(), why });
        self.offered.extend(found.into_iter().map(|(item, score)| Offered {
            item,
            score,
            step: Step::Market,
            reasons: reasons(item, score),
        }));
    }

    /// What the market's model says goes with the products, if it hears of them.
    pub(super) fn bought_together(
        &mut self,
        now: &Snapshot,
        market: Market,
        with: &[ItemIdx],
        n: usize,
        open: &dyn Fn(ItemIdx) -> bool,
    ) {
        let scorer = heard(now, market);
        let found = scorer.map(|scorer| scorer.best(History::of(with), n, &mut |item| open(item)));
        self.take("bought_together", found, n, &|item, _| {
            few(scorer.map_or_else(|_| Vec::new(), |s| s.explain(History::of(with), item)))
        });
    }

    /// What is described alike, then what is of the same category.
    pub(super) fn alike(&mut self, near: &Nearby<'_>, n: usize, open: &dyn Fn(ItemIdx) -> bool) {
        // What is there already is in these lists too.
        let deep = n + self.offered.len();
        let by_words = self.asked(n, || near.described(deep, &mut |item| open(item)));
        self.take("described_alike", by_words, n, &|item, part| near.why_described(item, part));
        let deep = n + self.offered.len();
        let by_category = self.asked(n, || near.category(deep, &mut |item| open(item)));
        self.take("same_category", by_category, n, &|item, part| near.why_category(item, part));
    }

    /// What the home market's model says.
    pub(super) fn home(&mut self, near: &Nearby<'_>, n: usize, open: &dyn Fn(ItemIdx) -> bool) {
        let deep = n + self.offered.len();
        let at_home = self.asked(n, || near.home(deep, &mut |item| open(item)));
        self.take("home_bought_together", at_home, n, &|item, _| few(near.why_home(item)));
    }

    /// What sells in the market, then what is new.
    pub(super) fn sells(&mut self, view: &View<'_>, n: usize, open: &dyn Fn(ItemIdx) -> bool) {
        let deep = n + self.offered.len();
        self.take("market", walk(view.market, deep, open), n, &one("bought by others in this market"));
        let deep = n + self.offered.len();
        self.take("newest", walk(Some(view.newest), deep, open), n, &one("new in the catalogue"));
    }

    /// A list, looked for only where it is still wanted.
    fn asked(
        &self,
        n: usize,
        find: impl FnOnce() -> Result<Vec<(ItemIdx, f32)>, Why>,
    ) -> Result<Vec<(ItemIdx, f32)>, Why> {
        if self.offered.len() < n { find() } else { Err(Why::NotAsked) }
    }

    pub(super) fn done(self, told: Told<'_>) -> Recommendations {
        told.answer(&self.offered, self.answered_by.unwrap_or("nothing"), self.chain)
    }
}

/// As many reasons as are shown.
fn few(mut reasons: Vec<Reason>) -> Vec<Reason> {
    reasons.truncate(REASONS);
    reasons
}

pub(super) fn one(term: &'static str) -> impl Fn(ItemIdx, f32) -> Vec<Reason> {
    move |_, part| vec![Reason { term, item: None, part }]
}

pub(super) fn walk(
    list: Option<&Popular>,
    deep: usize,
    open: &dyn Fn(ItemIdx) -> bool,
) -> Result<Vec<(ItemIdx, f32)>, Why> {
    let list = list.ok_or(Why::NoList)?;
    Ok(list.ranked().iter().copied().filter(|(item, _)| open(*item)).take(deep).collect())
}
