//! Wide & Deep, several outcomes at once and two towers as recommenders: a history beside a described product.
//!
//! A shopper is the set of what is owned, a product its number and the hashed words of its text and attributes, where
//! there are any. [`FeatureForm`] says what is made of them: [`WideDeep`](super::WideDeep) with a weight for each pair
//! of an owned and an offered product, one of the two sorts of [`MultiTask`](super::MultiTask) that learns looking,
//! cart and purchase as far as the interactions tell them apart and scores by the strongest of them, or
//! [`TwoTower`](super::TwoTower), whose product vectors are laid out once. The first three score by the logarithm of
//! odds against drawn products, the towers by a cosine. A product without a purchase has a score where it has words.
//! A history without known products has none. Sources: see the networks. Cost: a pass an epoch for each purchase and
//! each drawn product; a score of the towers is a product of two vectors, of the others a pass.

use super::examples::{Examples, items, owned, words_of};
use super::sequences::read;
use super::{
    Described, MultiTask, MultiTaskParams, Outcome, Sharing, TwoTower, TwoTowerParams, Wide, WideDeep, WideDeepParams,
    at_least_one, droppable, left_out, unwatched,
};
use crate::Save;
use crate::content::ItemText;
use domain::{Explain, Fit, FitError, History, Interactions, ItemIdx, Kind, Reason, Score, Seed};
use learn::Csr;
use learn::container::{ContainerError, Reader, Writer};
use learn::lanes::dot;
use learn::net::Watch;

/// Which network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeatureForm {
    /// Remembered pairs and layers, one sum.
    WideDeep,
    /// Outcomes that share their layers.
    SharedBottom,
    /// Outcomes that mix experts.
    Experts {
        /// How many, in 1..=64.
        n: usize,
    },
    /// A vector for what is owned, another one for what is offered.
    TwoTowers,
}

/// How it learns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FeatureNetParams {
    /// Which network.
    pub form: FeatureForm,
    /// Length of a value's vector, at least 1.
    pub width: usize,
    /// Width of the first layer, at least 2; what comes after it has half of it.
    pub hidden: usize,
    /// Products drawn against each question, at least 1; two towers compare with those of the same step instead.
    pub n_negatives: usize,
    /// Newest items of a history that are read, at least 1.
    pub max_len: usize,
    /// Values that words are hashed into, in 1..=16,384.
    pub n_words: usize,
    /// Share of cells set to 0 while learning, in 0..1.
    pub dropout: f32,
    /// Passes over the questions at most, at least 1.
    pub n_epochs: usize,
    /// Epochs without a smaller loss on a tenth of the questions kept aside before it stops; 0 keeps nothing aside.
    pub patience: usize,
    /// Rows a step, at least 1.
    pub batch: usize,
    /// Step length of Adam, above 0.
    pub rate: f32,
}

impl FeatureNetParams {
    /// The defaults of a network.
    pub const fn of(form: FeatureForm) -> Self {
        let common = Self {
            form,
            width: 32,
            hidden: 64,
            n_negatives: 4,
            max_len: 50,
            n_words: 1 << 13,
            dropout: 0.2,
            n_epochs: 20,
            patience: 2,
            batch: 512,
            rate: 2e-3,
        };
        match form {
            FeatureForm::WideDeep | FeatureForm::SharedBottom | FeatureForm::Experts { .. } => common,
            FeatureForm::TwoTowers => Self { n_epochs: 40, patience: 3, batch: 1024, ..common },
        }
    }
}

/// Values that words may be hashed into at most, and experts there may be.
const MOST_WORDS: usize = 1 << 14;
const MOST_EXPERTS: usize = 64;
/// Products scored together, always as many: a product of other sizes may round otherwise, and a score must not depend
/// on who else is asked for.
const BLOCK: usize = 64;

enum Net {
    Wide(WideDeep),
    Tasks(MultiTask),
    Towers {
        model: TwoTower,
        /// A vector of each item.
        vectors: Vec<f32>,
    },
}

/// Fitted model.
pub struct FeatureNet {
    params: FeatureNetParams,
    net: Net,
    /// Whether an item is in what was learnt.
    known: Vec<bool>,
    /// Words of each item, items × `n_words`.
    words: Csr,
    items: Described,
}

/// Names of outcomes and the weakest kind that is one, weakest first.
const OUTCOMES: [(&str, Kind); 3] =
    [("looked at", Kind::View), ("put into the cart", Kind::Cart), ("bought", Kind::Purchase)];

/// The outcomes that the questions tell apart; of two that are the same the stronger.
fn outcomes(done: &[Option<Kind>]) -> Vec<Outcome> {
    let count = |from: Kind| done.iter().flatten().filter(|kind| **kind >= from).count();
    let differs = |at: usize| {
        let n = count(OUTCOMES[at].1);
        n > 0 && OUTCOMES.get(at + 1).is_none_or(|next| count(next.1) < n)
    };
    let outcome = |(name, from): (&str, Kind)| {
        let label = |kind: &Option<Kind>| f32::from(u8::from(kind.is_some_and(|kind| kind >= from)));
        Outcome { name: name.to_owned(), labels: done.iter().map(label).collect(), weight: 1.0 }
    };
    (0..OUTCOMES.len()).filter(|at| differs(*at)).map(|at| outcome(OUTCOMES[at])).collect()
}

impl FeatureNetParams {
    fn check(&self) -> Result<(), FitError> {
        at_least_one(&[
            ("width", self.width),
            ("hidden", self.hidden / 2),
            ("n_negatives", self.n_negatives),
            ("max_len", self.max_len),
            ("n_words", self.n_words),
            ("n_epochs", self.n_epochs),
            ("batch", self.batch),
        ])?;
        droppable(self.dropout)?;
        let outside = |name, rule, got: usize| Err(FitError::Param { name, rule, got: got as f64 });
        match self.form {
            FeatureForm::Experts { n } if !(1..=MOST_EXPERTS).contains(&n) => outside("n", "in 1..=64", n),
            _ if self.n_words > MOST_WORDS => outside("n_words", "at most 16,384", self.n_words),
            _ => Ok(()),
        }
    }

    fn wide(&self) -> WideDeepParams {
        WideDeepParams {
            width: self.width,
            layers: vec![self.hidden, self.hidden / 2],
            // Field 0 is what is owned, field 1 the number of what is offered.
            wide: Wide::Crossed(vec![(0, 1)]),
            dropout: self.dropout,
            n_epochs: self.n_epochs,
            patience: self.patience,
            batch: self.batch,
            rate: self.rate,
        }
    }

    fn tasks(&self) -> MultiTaskParams {
        let sharing = match self.form {
            FeatureForm::Experts { n } => Sharing::Experts { n },
            FeatureForm::WideDeep | FeatureForm::SharedBottom | FeatureForm::TwoTowers => Sharing::Bottom,
        };
        MultiTaskParams {
            width: self.width,
            sharing,
            shared: self.hidden,
            tower: self.hidden / 2,
            dropout: self.dropout,
            n_epochs: self.n_epochs,
            patience: self.patience,
            batch: self.batch,
            rate: self.rate,
        }
    }

    fn towers(&self) -> TwoTowerParams {
        TwoTowerParams {
            width: self.width,
            hidden: self.hidden,
            out: self.hidden / 2,
            dropout: self.dropout,
            n_epochs: self.n_epochs,
            patience: self.patience,
            batch: self.batch,
            rate: self.rate,
            ..TwoTowerParams::default()
        }
    }

    /// Learns from interactions and, where there are any, one text an item in the order of their numbers. `watch` hears
    /// of the progress, may end it, and keeps what it takes to go on.
    ///
    /// # Errors
    /// [`FitError::Param`] for a parameter outside its range or another number of texts, [`FitError::Diverged`] when the
    /// steps ran away. Too little data make a model that cannot say anything.
    pub fn fit_watched(
        &self,
        train: &Interactions,
        texts: &[ItemText],
        seed: Seed,
        watch: &mut dyn Watch,
    ) -> Result<FeatureNet, FitError> {
        self.check()?;
        let examples = Examples::new(train, self.max_len)?;
        let words = words_of(texts, train.n_items(), self.n_words)?;
        let described = items(&examples.known, &words)?;
        let histories = &examples.histories;
        let empty = examples.questions.is_empty();
        let drawn = || -> Result<(Described, Vec<Option<Kind>>), FitError> {
            let (pairs, done) = examples.against_drawn(self.n_negatives, &words, &mut seed.stream(1));
            Ok((Described::paired(histories, &described, &pairs)?, done))
        };
        let net = match self.form {
            FeatureForm::WideDeep => {
                let (rows, done) = drawn()?;
                let labels: Vec<f32> = done.iter().map(|kind| f32::from(u8::from(kind.is_some()))).collect();
                let params = self.wide();
                Net::Wide(match empty {
                    true => WideDeep::untrained(&params, &rows, seed)?,
                    false => params.fit_watched(&rows, &labels, seed, watch)?,
                })
            }
            FeatureForm::SharedBottom | FeatureForm::Experts { .. } => {
                let ((rows, done), params) = (drawn()?, self.tasks());
                Net::Tasks(match empty {
                    true => MultiTask::untrained(&params, &rows, vec!["bought".to_owned()], seed),
                    false => params.fit_watched(&rows, &outcomes(&done), seed, watch)?,
                })
            }
            FeatureForm::TwoTowers => {
                let params = self.towers();
                let model = match empty {
                    true => TwoTower::untrained(&params, [histories, &described], seed),
                    false => params.fit_watched(histories, &described, &examples.pairs(&words), seed, watch)?,
                };
                let vectors = model.item_vectors(&described)?;
                Net::Towers { model, vectors }
            }
        };
        Ok(FeatureNet { params: *self, net, known: examples.known, words, items: described })
    }
}

impl Fit for FeatureNetParams {
    type Model = FeatureNet;

    /// Without texts.
    ///
    /// # Errors
    /// As [`FeatureNetParams::fit_watched`].
    fn fit(&self, train: &Interactions, seed: Seed) -> Result<FeatureNet, FitError> {
        self.fit_watched(train, &[], seed, &mut unwatched())
    }
}

impl FeatureNet {
    /// Whether anything can be said of an item.
    fn scored(&self, item: ItemIdx) -> bool {
        self.known.get(item.at()).is_some_and(|known| *known || self.words.cells(item.at()).len() > 0)
    }

    /// What is read of a history, as a set.
    fn history(&self, history: History<'_>) -> Vec<ItemIdx> {
        let mut items = read(history, &self.known, self.params.max_len);
        items.sort_unstable();
        items
    }

    fn ask(&self, history: &[ItemIdx], asked: &[u32]) -> Vec<f32> {
        let list = history.iter().map(|i| i.0).collect();
        // Fields and numbers are those of training.
        let Ok(history) = owned(self.known.len(), &[list]) else { return Vec::new() };
        if let Net::Towers { model, vectors } = &self.net {
            let (Ok(x), n) = (model.shopper_vectors(&history), model.n_factors()) else { return Vec::new() };
            return asked.iter().map(|i| dot(&x, &vectors[*i as usize * n..][..n])).collect();
        }
        let rows: Vec<u32> = (0..BLOCK as u32).collect();
        let mut scores = Vec::with_capacity(asked.len());
        for block in asked.chunks(BLOCK) {
            let padded = block.iter().chain(std::iter::repeat(&block[0])).take(BLOCK);
            let pairs: Vec<(u32, u32)> = padded.map(|i| (0, *i)).collect();
            let Ok(data) = Described::paired(&history, &self.items, &pairs) else { return Vec::new() };
            let log_odds = match &self.net {
                Net::Wide(model) => model.log_odds(&data, &rows),
                // The strongest outcome is the last.
                Net::Tasks(model) => model.log_odds(&data, &rows).pop().unwrap_or_default(),
                Net::Towers { .. } => Vec::new(),
            };
            scores.extend(log_odds.into_iter().take(block.len()));
        }
        scores
    }
}

impl Score for FeatureNet {
    fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        let history = self.history(history);
        if history.is_empty() {
            return vec![None; candidates.len()];
        }
        let asked: Vec<u32> = candidates.iter().filter(|c| self.scored(**c)).map(|c| c.0).collect();
        let mut scores = self.ask(&history, &asked).into_iter();
        candidates.iter().map(|c| if self.scored(*c) { scores.next() } else { None }).collect()
    }
}

impl Explain for FeatureNet {
    /// What each item of the history brings is what the score loses without it; the rest is the item's own.
    fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
        let items = self.history(history);
        if items.is_empty() || !self.scored(candidate) {
            return Vec::new();
        }
        left_out(&items, &|items| self.ask(items, &[candidate.0]).first().copied().unwrap_or_default())
    }
}

impl Save for FeatureNet {
    fn save(&self, to: &mut Writer) {
        let FeatureNetParams { form, width, hidden, max_len, n_words, .. } = self.params;
        let (number, n) = match form {
            FeatureForm::WideDeep => (0, 1),
            FeatureForm::SharedBottom => (1, 1),
            FeatureForm::Experts { n } => (2, n),
            FeatureForm::TwoTowers => (3, 1),
        };
        to.u64s("form", &[number]);
        to.u64s("sizes", &[width, hidden, max_len, n_words, n].map(|n| n as u64));
        to.csr("words", &self.words);
        let weights = match &self.net {
            Net::Wide(model) => model.weights(),
            Net::Tasks(model) => {
                to.lines("outcomes", model.names());
                model.weights()
            }
            Net::Towers { model, .. } => model.weights(),
        };
        super::save(weights, &self.known, to);
    }

    fn load(from: &Reader<'_>) -> Result<Self, ContainerError> {
        let [width, hidden, max_len, n_words, n] = super::sizes(from)?;
        if hidden < 2 || n > MOST_EXPERTS {
            return Err(ContainerError::content("sizes", "a layer of at least 2 and at most 64 experts"));
        }
        let [number] = from.sizes("form", 3)?;
        let form = match number {
            0 => FeatureForm::WideDeep,
            1 => FeatureForm::SharedBottom,
            2 => FeatureForm::Experts { n },
            _ => FeatureForm::TwoTowers,
        };
        let params = FeatureNetParams { width, hidden, max_len, n_words, ..FeatureNetParams::of(form) };
        let (known, words) = (super::known(from)?, from.csr("words")?);
        if words.n_cols() != n_words || words.n_rows() != known.len() || !words.parts().2.iter().all(|w| w.is_finite())
        {
            return Err(ContainerError::content("words", format!("items × {n_words} finite numbers")));
        }
        let unfit = |e: FitError| ContainerError::content("words", e.to_string());
        let histories = owned(known.len(), &[]).map_err(unfit)?;
        let items = items(&known, &words).map_err(unfit)?;
        let both = || Described::paired(&histories, &items, &[]).map_err(unfit);
        let net = match form {
            FeatureForm::WideDeep => Net::Wide(WideDeep::load(&params.wide(), both()?, from)?),
            FeatureForm::SharedBottom | FeatureForm::Experts { .. } => {
                let names: Vec<String> = from.lines("outcomes")?.into_iter().map(str::to_owned).collect();
                if names.is_empty() || names.len() > OUTCOMES.len() {
                    return Err(ContainerError::content("outcomes", "one to three"));
                }
                Net::Tasks(MultiTask::load(&params.tasks(), names, both()?, from)?)
            }
            FeatureForm::TwoTowers => {
                let model = TwoTower::load(&params.towers(), [&histories, &items], from)?;
                let vectors = model.item_vectors(&items).map_err(unfit)?;
                Net::Towers { model, vectors }
            }
        };
        Ok(Self { params, net, known, words, items })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Day, Interaction, Market, ShopperIdx};

    fn params(form: FeatureForm) -> FeatureNetParams {
        FeatureNetParams {
            width: 8,
            hidden: 16,
            n_epochs: 15,
            patience: 0,
            batch: 64,
            rate: 1e-2,
            ..FeatureNetParams::of(form)
        }
    }

    const FORMS: [FeatureForm; 4] =
        [FeatureForm::WideDeep, FeatureForm::SharedBottom, FeatureForm::Experts { n: 3 }, FeatureForm::TwoTowers];

    /// Three tastes, told by a word of the title; of the ten products of a taste the last two were never bought.
    fn shop() -> (Interactions, Vec<ItemText>) {
        let mut rng = Seed(4).stream(0);
        let basket = |rng: &mut domain::Rng| -> Vec<u32> {
            let taste = 10 * rng.below(3) as u32;
            let mut items: Vec<u32> = (0..8).map(|i| taste + i).collect();
            rng.shuffle(&mut items);
            items.truncate(5);
            items
        };
        let baskets: Vec<Vec<u32>> = (0..150).map(|_| basket(&mut rng)).collect();
        let word = ["kettle", "blanket", "ladder"];
        let text = |i: usize| ItemText { text: format!("{} no {i}", word[i / 10]), attributes: Vec::new() };
        (Interactions::from_baskets(30, baskets.iter().map(Vec::as_slice)), (0..30).map(text).collect())
    }

    #[test]
    fn a_product_that_nobody_has_bought_is_found_by_its_words_and_without_them_has_no_score() {
        let (train, texts) = shop();
        let new: Vec<ItemIdx> = [8, 9, 18, 19, 28, 29].map(ItemIdx).to_vec();
        for form in FORMS {
            let model = params(form).fit_watched(&train, &texts, Seed(1), &mut unwatched()).unwrap();
            for taste in 0..3 {
                let history: Vec<ItemIdx> = (0..3).map(|i| ItemIdx(10 * taste + i)).collect();
                let scores = model.score(History::of(&history), &new);
                let mut order: Vec<usize> = (0..6).collect();
                order.sort_by(|a, b| scores[*b].unwrap().total_cmp(&scores[*a].unwrap()));
                assert!(order[..2].iter().all(|at| new[*at].0 / 10 == taste), "{form:?}, taste {taste}: {scores:?}");
            }
            let blind = params(form).fit(&train, Seed(1)).unwrap();
            assert_eq!(blind.score(History::of(&[ItemIdx(0)]), &new), [None; 6], "{form:?}");
        }
    }

    /// What is kept with its words comes back with them.
    #[test]
    fn a_model_with_words_is_read_back_to_the_same_bits() {
        let (train, texts) = shop();
        let all: Vec<ItemIdx> = (0..30).map(ItemIdx).collect();
        for form in FORMS {
            let model = FeatureNetParams { n_epochs: 1, ..params(form) };
            let model = model.fit_watched(&train, &texts, Seed(1), &mut unwatched()).unwrap();
            let mut to = Writer::default();
            model.save(&mut to);
            let bytes = to.finish("net", 0);
            let again = FeatureNet::load(&Reader::open(&bytes).unwrap()).unwrap();
            let history = [ItemIdx(1), ItemIdx(12)];
            assert_eq!(again.score(History::of(&history), &all), model.score(History::of(&history), &all), "{form:?}");
        }
    }

    /// Two questions: one product was bought, the other only looked at; a third one was drawn.
    #[test]
    fn outcomes_are_those_that_the_rows_tell_apart() {
        let of = |done: &[Option<Kind>]| -> Vec<(String, Vec<f32>)> {
            outcomes(done).into_iter().map(|o| (o.name, o.labels)).collect()
        };
        let bought = ("bought".to_owned(), vec![1.0, 0.0, 0.0]);
        let looked = ("looked at".to_owned(), vec![1.0, 1.0, 0.0]);
        assert_eq!(of(&[Some(Kind::Purchase), Some(Kind::View), None]), [looked, bought.clone()]);
        assert_eq!(of(&[Some(Kind::Purchase), None, None]), [bought]);
        assert_eq!(of(&[Some(Kind::View), None])[0].0, "looked at");
    }

    /// Everybody looks at items 0 to 3 and buys 0 and 1: looking says nothing, buying does.
    #[test]
    fn purchases_are_scored_and_not_looks() {
        let cell = |s: u32, i: u32| Interaction {
            shopper: ShopperIdx(s),
            item: ItemIdx(i),
            kind: if (2..=3).contains(&i) { Kind::View } else { Kind::Purchase },
            day: Day(i as i32),
            weight: 1.0,
        };
        let rows = (0..60).flat_map(|s| [0, 1, 2, 3, 4 + s % 6].map(|i| cell(s, i)));
        let train = Interactions::new(10, vec![Market::UNKNOWN; 60], rows.collect()).unwrap();
        for form in [FeatureForm::SharedBottom, FeatureForm::Experts { n: 2 }] {
            let model = FeatureNetParams { n_epochs: 40, ..params(form) }.fit(&train, Seed(1)).unwrap();
            let scores = model.score(History::of(&[ItemIdx(4), ItemIdx(0)]), &[ItemIdx(1), ItemIdx(2)]);
            assert!(scores[0] > scores[1], "{form:?}: {scores:?}");
        }
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        let train = shop().0;
        let named = |params: FeatureNetParams, want: &str| {
            let error = params.fit(&train, Seed(0)).err();
            assert!(matches!(error, Some(FitError::Param { name, .. }) if name == want), "{error:?}");
        };
        named(params(FeatureForm::Experts { n: 0 }), "n");
        named(FeatureNetParams { n_words: 1 << 15, ..params(FeatureForm::TwoTowers) }, "n_words");
        named(FeatureNetParams { hidden: 1, ..params(FeatureForm::TwoTowers) }, "hidden");
        let texts = [ItemText::default()];
        let error = params(FeatureForm::WideDeep).fit_watched(&train, &texts, Seed(0), &mut unwatched()).err();
        assert!(matches!(error, Some(FitError::Param { name: "texts", .. })), "{error:?}");
    }
}
