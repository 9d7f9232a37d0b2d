//! A saved model of any kind that goes on learning, behind one face.
//!
//! Item neighbours of whole purchases by Jaccard or cosine count on ([`ItemKnnOnline`]), ALS folds in ([`IalsOnline`]), BPR and WARP take their
//! steps ([`PairsOnline`]), from the vectors of the file. Popularity, other neighbours, walks and transitions are
//! nothing but counts and are counted again: exact, and a matter of seconds. Other models do not learn on
//! ([`Learner::resume`] gives `None`): they wait for the next fit.

use super::{IalsOnline, ItemKnnOnline, Online, PairsOnline, PairsOnlineParams, check};
use crate::saved::Save;
use crate::{Factors, Fitted, Ials, ModelKind, PairwiseFactors, Similarity};
use domain::{Explain, FitError, History, Interaction, Interactions, ItemIdx, Market, Reason, Score, Seed, ShopperIdx};
use learn::container::{ContainerError, Reader};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Why a saved model does not go on.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LearnerError {
    /// The file is no such model.
    #[error(transparent)]
    Saved(#[from] ContainerError),
    /// The rows cannot be learnt.
    #[error(transparent)]
    Fit(#[from] FitError),
}

/// A version of a model that goes on learning.
#[derive(Clone)]
pub struct Learner(State);

#[derive(Clone)]
enum State {
    Neighbours(ItemKnnOnline),
    Factors(IalsOnline),
    Pairs(PairsOnline),
    Counted(Counted),
}

/// A model that is fitted anew on everything.
#[derive(Clone)]
struct Counted {
    kind: ModelKind,
    seed: Seed,
    n_items: usize,
    markets: Arc<Vec<Market>>,
    /// Each pair of shopper and item once.
    cells: Arc<BTreeMap<(ShopperIdx, ItemIdx), Interaction>>,
    model: Arc<dyn Fitted>,
}

impl Counted {
    fn of(kind: ModelKind, train: &Interactions, seed: Seed) -> Result<Self, FitError> {
        let model = Arc::from(kind.fit_to_keep(train, seed)?);
        let cells = train.iter().map(|row| ((row.shopper, row.item), row)).collect();
        let markets = Arc::new(train.markets().to_vec());
        Ok(Self { kind, seed, n_items: train.n_items(), markets, cells: Arc::new(cells), model })
    }

    fn learn(&self, rows: &[Interaction]) -> Result<Self, FitError> {
        let (mut n_items, mut markets, mut cells) = (self.n_items, self.markets.to_vec(), (*self.cells).clone());
        for row in rows {
            n_items = n_items.max(row.item.at() + 1);
            markets.resize(markets.len().max(row.shopper.at() + 1), Market::UNKNOWN);
            let cell = cells.entry((row.shopper, row.item)).or_insert(*row);
            (cell.day, cell.weight) = (cell.day.max(row.day), cell.weight.max(row.weight));
        }
        let all = cells.into_values().collect();
        Self::of(self.kind, &Interactions::new(n_items, markets, all).expect("rows within the tables"), self.seed)
    }
}

/// Whether a fit is nothing but counting.
const fn is_counted(kind: &ModelKind) -> bool {
    match kind {
        ModelKind::PopularityMarket(_)
        | ModelKind::PopularityGlobal
        | ModelKind::PopularityDecayed { .. }
        | ModelKind::UserKnn(_)
        | ModelKind::ItemKnn(_)
        | ModelKind::Rp3Beta(_)
        | ModelKind::Transitions(_) => true,
        ModelKind::Swing(_)
        | ModelKind::ItemGraph(_)
        | ModelKind::Ease(_)
        | ModelKind::Slim(_)
        | ModelKind::GfCf(_)
        | ModelKind::Ials(_)
        | ModelKind::Bpr(_)
        | ModelKind::Warp(_)
        | ModelKind::Logistic(_)
        | ModelKind::Item2Vec(_)
        | ModelKind::SoftmaxFactors(_)
        | ModelKind::LightGcn(_)
        | ModelKind::SasRec(_)
        | ModelKind::Gru4Rec(_)
        | ModelKind::NeuMf(_)
        | ModelKind::Features(_)
        | ModelKind::Hybrid(_)
        | ModelKind::ZeroOverlap(_) => false,
    }
}

/// Vectors in the numbers of another catalogue, zeros for what only that one has.
fn renumbered<T: AsRef<str>>(model: &impl Factors, own: &[&str], catalogue: &[T]) -> Vec<f32> {
    let numbers: BTreeMap<&str, u32> = own.iter().copied().zip(0..).collect();
    let vector = |name: &T| {
        let known = numbers.get(name.as_ref()).and_then(|i| model.item_vector(ItemIdx(*i)));
        known.map_or_else(|| vec![0.0; model.n_factors()], <[f32]>::to_vec)
    };
    catalogue.iter().flat_map(vector).collect()
}

impl Learner {
    /// Goes on from the bytes of a [saved](crate::saved) model of this kind, which has learnt `before`: prepared rows in
    /// the item numbers of `catalogue`, names of the items in use. `None` for a kind that does not learn on.
    ///
    /// # Errors
    /// [`LearnerError::Saved`] for bytes that are no model of this kind, [`LearnerError::Fit`] as for a fit.
    pub fn resume<T: AsRef<str>>(
        kind: &ModelKind,
        bytes: &[u8],
        catalogue: &[T],
        before: &Interactions,
        seed: Seed,
    ) -> Result<Option<Self>, LearnerError> {
        let from = Reader::open(bytes)?;
        if from.kind() != kind.name() {
            let (got, want) = (from.kind().to_owned(), kind.name().to_owned());
            return Err(ContainerError::Kind { got, want }.into());
        }
        let own = from.lines("item names")?;
        Ok(Some(Self(match kind {
            // Counts are of whole purchases: where some count less, all is counted again.
            ModelKind::ItemKnn(params)
                if matches!(params.similarity, Similarity::Jaccard | Similarity::Cosine)
                    && before.iter().all(|row| row.weight == 1.0) =>
            {
                State::Neighbours(ItemKnnOnline::new(*params, before)?)
            }
            ModelKind::Ials(_) => {
                let model = Ials::load(&from)?;
                State::Factors(IalsOnline::resume(&model, renumbered(&model, &own, catalogue), before)?)
            }
            ModelKind::Bpr(_) | ModelKind::Warp(_) => {
                let model = PairwiseFactors::load(&from)?;
                let model = model.with_items(renumbered(&model, &own, catalogue));
                State::Pairs(PairsOnline::new(PairsOnlineParams::default(), model, before, seed)?)
            }
            counted if is_counted(counted) => State::Counted(Counted::of(*counted, before, seed)?),
            _ => return Ok(None),
        })))
    }

    /// The model of this version, as it is saved.
    pub fn model(&self) -> &dyn Fitted {
        match &self.0 {
            State::Neighbours(model) => model.model(),
            State::Factors(model) => model.model(),
            State::Pairs(model) => model.model(),
            State::Counted(counted) => counted.model.as_ref(),
        }
    }
}

impl Online for Learner {
    fn learn(&self, rows: &[Interaction]) -> Result<Self, FitError> {
        check(rows)?;
        Ok(Self(match &self.0 {
            State::Neighbours(model) => State::Neighbours(model.learn(rows)?),
            State::Factors(model) => State::Factors(model.learn(rows)?),
            State::Pairs(model) => State::Pairs(model.learn(rows)?),
            State::Counted(counted) => State::Counted(counted.learn(rows)?),
        }))
    }
}

impl Score for Learner {
    fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        self.model().score(history, candidates)
    }
}

impl Explain for Learner {
    fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
        self.model().explain(history, candidate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BprParams, IalsParams, ItemKnnParams, Strength, prepare, saved};
    use domain::{Day, Kind};

    const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

    fn rows(pairs: &[(u32, u32)]) -> Vec<Interaction> {
        let row = |(s, i): &(u32, u32)| Interaction {
            shopper: ShopperIdx(*s),
            item: ItemIdx(*i),
            kind: Kind::Purchase,
            day: Day(0),
            weight: 1.0,
        };
        pairs.iter().map(row).collect()
    }

    fn table(pairs: &[(u32, u32)]) -> Interactions {
        prepare(&Interactions::new(5, vec![Market::UNKNOWN; 7], rows(pairs)).unwrap(), Strength::Presence)
    }

    const OLD: [(u32, u32); 10] = [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1), (3, 2), (3, 3), (4, 2), (4, 3)];
    const NEW: [(u32, u32); 6] = [(5, 0), (5, 4), (6, 1), (6, 4), (0, 4), (1, 1)];

    fn resumed(kind: &ModelKind) -> Option<Learner> {
        let bytes = saved::save(kind, kind.fit_to_keep(&table(&OLD), Seed(1)).unwrap().as_ref(), 0, &NAMES);
        Learner::resume(kind, &bytes, &NAMES, &table(&OLD), Seed(1)).unwrap()
    }

    fn scores(model: &dyn Score, history: &[u32]) -> Vec<Option<f32>> {
        let history: Vec<ItemIdx> = history.iter().copied().map(ItemIdx).collect();
        model.score(History::of(&history), &(0..5).map(ItemIdx).collect::<Vec<_>>())
    }

    /// What counts is afterwards the model that a fit on everything gives; nobody loses what it was.
    #[test]
    fn every_model_goes_on_or_says_that_it_does_not() {
        let both: Vec<(u32, u32)> = OLD.into_iter().chain(NEW).collect();
        let mut n_waiting = 0;
        for kind in ModelKind::all(Market::UNKNOWN) {
            let Some(first) = resumed(&kind) else {
                n_waiting += 1;
                continue;
            };
            let fitted = kind.fit(&table(&OLD), Seed(1)).unwrap();
            let (before, was) = (scores(&first, &[0]), scores(fitted.as_ref(), &[0]));
            for (before, was) in before.iter().zip(&was) {
                assert!(
                    (before.unwrap_or(-9.0) - was.unwrap_or(-9.0)).abs() < 1e-5,
                    "{}: {before:?} {was:?}",
                    kind.name()
                );
            }
            let next = first.learn(&rows(&NEW)).unwrap();
            assert_eq!(scores(&first, &[0]), before, "{}: a version does not change", kind.name());
            if is_counted(&kind) {
                let want = kind.fit(&table(&both), Seed(1)).unwrap();
                assert_eq!(scores(&next, &[0]), scores(want.as_ref(), &[0]), "{}", kind.name());
            }
            assert!(scores(&next, &[0])[4].is_some(), "{}: the new product is known", kind.name());
            assert!(first.learn(&[Interaction { weight: 0.0, ..rows(&NEW)[0] }]).is_err());
        }
        assert_eq!(n_waiting, 20);
    }

    /// Rows of a weakened market count less, before and after.
    #[test]
    fn neighbours_of_weakened_rows_are_those_of_a_fit() {
        let kind = ModelKind::ItemKnn(ItemKnnParams::default());
        let weak = |pairs: &[(u32, u32)]| -> Vec<Interaction> {
            let weight = |row: Interaction| if row.shopper.0.is_multiple_of(2) { 1.0 } else { 0.25 };
            rows(pairs).into_iter().map(|row| Interaction { weight: weight(row), ..row }).collect()
        };
        let table = |cells| Interactions::new(5, vec![Market::UNKNOWN; 7], cells).unwrap();
        let bytes = saved::save(&kind, kind.fit_to_keep(&table(weak(&OLD)), Seed(1)).unwrap().as_ref(), 0, &NAMES);
        let first = Learner::resume(&kind, &bytes, &NAMES, &table(weak(&OLD)), Seed(1)).unwrap().unwrap();
        let next = first.learn(&weak(&NEW[..5])).unwrap();
        let all = kind.fit(&table([weak(&OLD), weak(&NEW[..5])].concat()), Seed(1)).unwrap();
        assert_eq!(scores(&next, &[0, 1]), scores(all.as_ref(), &[0, 1]));
    }

    /// The catalogue in use is [z, e, d, c, b, a]: vectors follow their names.
    #[test]
    fn a_model_goes_on_in_the_numbers_of_another_catalogue() {
        let (names, turned) = (["z", "e", "d", "c", "b", "a"], |(s, i): &(u32, u32)| (*s, 5 - *i));
        let old: Vec<(u32, u32)> = OLD.iter().map(turned).collect();
        let cells = rows(&old);
        let before = prepare(&Interactions::new(6, vec![Market::UNKNOWN; 7], cells).unwrap(), Strength::Presence);
        let ials = IalsParams { n_factors: 3, n_sweeps: 5, alpha: 4.0, reg: 0.1, ..IalsParams::default() };
        let bpr = BprParams { n_factors: 3, n_epochs: 40, n_fold_epochs: 60, ..BprParams::default() };
        for kind in [ModelKind::Ials(ials), ModelKind::Bpr(bpr), ModelKind::ItemKnn(ItemKnnParams::default())] {
            let fitted = kind.fit_to_keep(&table(&OLD), Seed(1)).unwrap();
            let bytes = saved::save(&kind, fitted.as_ref(), 0, &NAMES);
            let learner = Learner::resume(&kind, &bytes, &names, &before, Seed(1)).unwrap().unwrap();
            let want = fitted.score(History::of(&[ItemIdx(0)]), &[ItemIdx(1)])[0].unwrap();
            let got = learner.score(History::of(&[ItemIdx(5)]), &[ItemIdx(4), ItemIdx(0)]);
            // A fold-in of pairs takes its steps in the order of the numbers.
            let near = if matches!(kind, ModelKind::Bpr(_)) { 0.3 * want.abs() } else { 1e-5 };
            assert!((got[0].unwrap() - want).abs() <= near, "{}: {got:?} {want}", kind.name());
            assert_eq!(got[1], None, "{}: nobody has bought z", kind.name());
            let other = if kind.name() == "ials" { ModelKind::Bpr(bpr) } else { ModelKind::Ials(ials) };
            let error = Learner::resume(&other, &bytes, &names, &before, Seed(1)).err();
            assert!(matches!(error, Some(LearnerError::Saved(ContainerError::Kind { .. }))), "{error:?}");
        }
    }
}
