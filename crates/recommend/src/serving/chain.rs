//! A full list for everybody: the best source that can say something begins, the next ones fill what is missing.
//!
//! `own history → session → described alike → same category → home model → segment → market → home → like what was bought → newest`. A model scores from what the shopper bought and did, the last
//! minutes included; where there is no past, from the last minutes alone; then comes what sells in the market, what sells
//! at home, then what nobody has bought yet and is like what the shopper did, and at last what is new in the catalogue. Scores of two steps are two units, so an item of an earlier step
//! always stands before one of a later step. A model that hears no history answers neither of the first two steps; then, and where
//! a model knows nothing of what was looked at, the session is answered by what is [`Near`] it, up to half of the list: the rest is
//! what was measured to sell. Every step says how many items it gave and why it gave no more.
//!
//! Cost: one [`Scorer::best`], a walk down lists that are sorted already, and the reasons of what is shown.

use super::{NewProducts, Popular, Scorer, Taste, diversify};
use super::{Out, Why};
use domain::{ItemIdx, Reason};
use std::collections::{BTreeMap, BTreeSet};

/// A source of items, in the order in which they are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// The model on what the shopper bought and did before.
    History,
    /// The model on the last minutes alone.
    Session,
    /// What is described like what the session was about.
    Described,
    /// What is of its category or brand.
    Category,
    /// The home market's model on the session.
    HomeModel,
    /// What sells to a segment in the market, where one was named.
    Segment,
    /// What sells in the market.
    Market,
    /// What sells in the home market.
    Home,
    /// What nobody has bought yet, by its likeness to what the shopper did.
    Alike,
    /// What came into the catalogue last.
    Newest,
}

impl Step {
    /// All of them, in order.
    pub const ALL: [Self; 10] = [
        Self::History,
        Self::Session,
        Self::Described,
        Self::Category,
        Self::HomeModel,
        Self::Segment,
        Self::Market,
        Self::Home,
        Self::Alike,
        Self::Newest,
    ];

    /// Whether it goes by likeness to the session.
    pub(super) const fn is_near(self) -> bool {
        matches!(self, Self::Described | Self::Category | Self::HomeModel)
    }

    /// How programs call it.
    pub const fn key(self) -> &'static str {
        match self {
            Self::History => "history",
            Self::Session => "session",
            Self::Described => "described_alike",
            Self::Category => "same_category",
            Self::HomeModel => "home_model",
            Self::Segment => "segment",
            Self::Market => "market",
            Self::Home => "home",
            Self::Alike => "alike",
            Self::Newest => "newest",
        }
    }
}

/// The best so many items near what the session was about that are let through, best first, or why there are none.
pub type NearList<'a> = &'a dyn Fn(usize, &mut dyn FnMut(ItemIdx) -> bool) -> Result<Vec<(ItemIdx, f32)>, Why>;

/// A source of what is near the session without the market's model.
#[derive(Clone, Copy)]
pub struct Near<'a> {
    /// Which step it is.
    pub step: Step,
    /// The items.
    pub best: NearList<'a>,
    /// Why an item is among them, largest part first.
    pub reasons: &'a dyn Fn(ItemIdx, f32) -> Vec<Reason>,
}

/// What a market is answered from.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The market's model; `None` for a market without one.
    pub scorer: Option<&'a Scorer>,
    /// What answers a session where the model cannot.
    pub near: &'a [Near<'a>],
    /// What sells to a segment in the market, or why nothing can be said of it; `None` where no segment was named, and then
    /// the answer has no such step.
    pub segment: Option<Result<&'a Popular, Why>>,
    /// What sells in the market.
    pub market: Option<&'a Popular>,
    /// What sells at home.
    pub home: Option<&'a Popular>,
    /// Products that nobody has bought yet; `None` where they were not looked at yet.
    pub new: Option<&'a NewProducts>,
    /// Newest first.
    pub newest: &'a Popular,
}

/// What is asked.
pub struct Ask<'a> {
    /// What to score from.
    pub taste: &'a Taste,
    /// Items wanted.
    pub n: usize,
    /// Reasons shown an item, the largest first.
    pub n_reasons: usize,
    /// From 0, the order of scores, to 1.
    pub diversity: f32,
    /// Why an item must not be shown.
    pub out: &'a dyn Fn(ItemIdx) -> Option<Out>,
    /// How alike two items are, 0 to 1; asked only where diversity is wanted.
    pub alike: &'a dyn Fn(ItemIdx, ItemIdx) -> f32,
}

/// One item of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Offered {
    /// Which.
    pub item: ItemIdx,
    /// Its score in the unit of its step.
    pub score: f32,
    /// What gave it.
    pub step: Step,
    /// The largest parts of the score.
    pub reasons: Vec<Reason>,
}

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// Which step.
    pub step: Step,
    /// Items it gave.
    pub answered: usize,
    /// Why not more, or why none.
    pub why: Why,
}

/// A list with its provenance.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// At most as many as were wanted, best first.
    pub items: Vec<Offered>,
    /// Every step in order.
    pub chain: Vec<Told>,
    /// Items that a step would have given but for this reason, each once, as far as the steps were looked at.
    pub left_out: BTreeMap<Out, usize>,
}

impl Answer {
    /// The first step that gave an item; `None` for an empty list.
    pub fn answered_by(&self) -> Option<Step> {
        self.chain.iter().find(|told| told.answered > 0).map(|told| told.step)
    }
}

/// Items looked at for each one that is shown, where variety is wanted.
const POOL: usize = 5;
/// At least so many.
const LEAST_POOL: usize = 50;

/// The list for one request.
pub fn answer(view: &View<'_>, ask: &Ask<'_>) -> Answer {
    let mut answer = Answer { items: Vec::new(), chain: Vec::new(), left_out: BTreeMap::new() };
    let mut taken: BTreeSet<ItemIdx> = BTreeSet::new();
    // An item that is on two lists is left out once.
    let mut out: BTreeMap<ItemIdx, Out> = BTreeMap::new();
    let half = ask.n.div_ceil(2);
    for step in Step::ALL.into_iter().filter(|step| *step != Step::Segment || view.segment.is_some()) {
        let near = step.is_near();
        let missing = if near { half.saturating_sub(answer.items.len()) } else { ask.n - answer.items.len() };
        let by_model = answer.chain.iter().any(|told| told.answered > 0 && !told.step.is_near());
        let source = match source(view, ask, step) {
            // That the session counts, or that nobody hears it, is worth knowing whether or not the list is full.
            Err(why @ (Why::InHistory | Why::Deaf)) => Err(why),
            _ if near && by_model => Err(Why::Answered),
            _ if missing == 0 => Err(if near { Why::Answered } else { Why::NotAsked }),
            other => other,
        };
        let (found, why) = match source {
            Err(why) => (Vec::new(), why),
            Ok(source) => {
                let deep = if ask.diversity > 0.0 { (POOL * missing).max(LEAST_POOL) } else { missing };
                let pool = match source.pool(ask, deep, &taken, &mut out) {
                    Ok(pool) => pool,
                    Err(why) => {
                        answer.chain.push(Told { step, answered: 0, why });
                        continue;
                    }
                };
                let chosen: Vec<ItemIdx> = answer.items.iter().map(|o| o.item).collect();
                let found = diversify(&pool, missing, ask.diversity, &chosen, ask.alike);
                let full = if near { Why::Half } else { Why::Full };
                let why = if found.len() == missing { full } else { Why::Exhausted };
                (found, why)
            }
        };
        answer.chain.push(Told { step, answered: found.len(), why });
        for (item, score) in found {
            taken.insert(item);
            answer.items.push(Offered { item, score, step, reasons: reasons(view, ask, step, item, score) });
        }
    }
    for why in out.into_values() {
        *answer.left_out.entry(why).or_insert(0) += 1;
    }
    answer
}

/// The market's model, where there is one and it hears.
pub(super) fn heard<'a>(view: &View<'a>) -> Result<&'a Scorer, Why> {
    view.scorer.ok_or(Why::NoModel).and_then(|scorer| if scorer.hears() { Ok(scorer) } else { Err(Why::Deaf) })
}

enum Source<'a> {
    Model(&'a Scorer),
    Near(&'a Near<'a>),
    List(&'a Popular),
    New(&'a NewProducts),
}

fn source<'a>(view: &View<'a>, ask: &Ask<'_>, step: Step) -> Result<Source<'a>, Why> {
    let taste = ask.taste;
    let list = |list: Option<&'a Popular>| list.map(Source::List).ok_or(Why::NoList);
    match step {
        Step::History if !taste.has_past => Err(Why::NoPast),
        Step::Session if !taste.has_session => Err(Why::NoSession),
        Step::Session if taste.has_past && heard(view).is_ok() => Err(Why::InHistory),
        Step::History | Step::Session => heard(view).map(Source::Model),
        Step::Described | Step::Category | Step::HomeModel if !taste.has_session => Err(Why::NoSession),
        Step::Described | Step::Category | Step::HomeModel => {
            view.near.iter().find(|near| near.step == step).map(Source::Near).ok_or(Why::NoList)
        }
        Step::Segment => view.segment.unwrap_or(Err(Why::NoList)).map(Source::List),
        Step::Market => list(view.market),
        Step::Home => list(view.home),
        Step::Alike if !taste.has_past && !taste.has_session => Err(Why::NoPast),
        Step::Alike => view.new.map(Source::New).ok_or(Why::NoList),
        Step::Newest => Ok(Source::List(view.newest)),
    }
}

impl Source<'_> {
    /// The best `deep` items that may be shown.
    fn pool(
        &self,
        ask: &Ask<'_>,
        deep: usize,
        taken: &BTreeSet<ItemIdx>,
        left_out: &mut BTreeMap<ItemIdx, Out>,
    ) -> Result<Vec<(ItemIdx, f32)>, Why> {
        let mut open = |item: ItemIdx| match (ask.out)(item) {
            Some(out) => {
                left_out.insert(item, out);
                false
            }
            None => !taken.contains(&item),
        };
        Ok(match self {
            Source::Model(scorer) => scorer.best(ask.taste.history(), deep, &mut open),
            Source::Near(near) => (near.best)(deep, &mut open)?,
            Source::New(new) => new.best(ask.taste.history(), deep, &mut open),
            Source::List(list) => list.ranked().iter().copied().filter(|(item, _)| open(*item)).take(deep).collect(),
        })
    }
}

/// The parts of an item's score at a step, largest first.
pub(super) fn reasons(view: &View<'_>, ask: &Ask<'_>, step: Step, item: ItemIdx, score: f32) -> Vec<Reason> {
    if ask.n_reasons == 0 {
        return Vec::new();
    }
    let one = |term| vec![Reason { term, item: None, part: score }];
    match step {
        Step::History | Step::Session => {
            let mut reasons = heard(view).map_or_else(|_| Vec::new(), |s| s.explain(ask.taste.history(), item));
            reasons.truncate(ask.n_reasons);
            reasons
        }
        Step::Described | Step::Category | Step::HomeModel => {
            let near = view.near.iter().find(|near| near.step == step);
            let mut reasons = near.map_or_else(Vec::new, |near| (near.reasons)(item, score));
            reasons.truncate(ask.n_reasons);
            reasons
        }
        Step::Segment => one("bought by others of the segment"),
        Step::Market => one("bought by others in this market"),
        Step::Home => one("bought by others in the home market"),
        Step::Alike => {
            let mut reasons = view.new.map_or_else(Vec::new, |new| new.explain(ask.taste.history(), item));
            reasons.truncate(ask.n_reasons);
            reasons
        }
        Step::Newest => one("new in the catalogue"),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::serving::{Kin, LikeBy, SessionParams};
    use crate::{Context, ItemKnnParams, ModelKind, Similarity};
    use domain::{Interactions, Kind, Language, Seed};

    /// Item 0 goes with 1 (3 times), 2 (twice), 3 (once); items 4 and 5 only with each other; 6 and 7 with nothing.
    pub(crate) fn scorer() -> Scorer {
        let baskets: [&[u32]; 5] = [&[0, 1], &[0, 1, 2], &[0, 1, 2, 3], &[4, 5], &[4]];
        let knn = ItemKnnParams { similarity: Similarity::Jaccard, k: 5, shrinkage: 0.0 };
        Scorer::of(ModelKind::ItemKnn(knn).fit(&Interactions::from_baskets(8, baskets), Seed(0)).unwrap(), 8)
    }

    pub(crate) fn list(items: &[u32]) -> Popular {
        Popular::new(items.iter().enumerate().map(|(at, item)| (ItemIdx(*item), (items.len() - at) as f32)))
    }

    fn taste(bought: &[u32], session: &[u32]) -> Taste {
        let bought: Vec<ItemIdx> = bought.iter().copied().map(ItemIdx).collect();
        let session: Vec<(ItemIdx, Kind)> = session.iter().map(|i| (ItemIdx(*i), Kind::View)).collect();
        Taste::new(&bought, &Context::default(), &session, &SessionParams::default())
    }

    struct Case {
        bought: &'static [u32],
        session: &'static [u32],
        out: &'static [(u32, Out)],
        n: usize,
        diversity: f32,
    }

    const PLAIN: Case = Case { bought: &[], session: &[], out: &[], n: 10, diversity: 0.0 };

    fn asked(case: &Case) -> Answer {
        let (scorer, market, home, newest) = (scorer(), list(&[4, 0]), list(&[5]), list(&[7, 6, 5]));
        let kin = |item, likeness| Kin { item: ItemIdx(item), by: LikeBy::Text, likeness };
        let new = NewProducts::new([(ItemIdx(6), vec![kin(3, 0.9)])]);
        let view = View {
            scorer: Some(&scorer),
            near: &[],
            segment: None,
            market: Some(&market),
            home: Some(&home),
            new: Some(&new),
            newest: &newest,
        };
        let taste = taste(case.bought, case.session);
        let out = |item: ItemIdx| {
            let bought = case.bought.contains(&item.0).then_some(Out::Bought);
            bought.or(case.out.iter().find(|o| o.0 == item.0).map(|o| o.1))
        };
        let alike = |a: ItemIdx, b: ItemIdx| if a.0.max(b.0) < 4 { 1.0 } else { 0.0 };
        let ask = Ask { taste: &taste, n: case.n, n_reasons: 2, diversity: case.diversity, out: &out, alike: &alike };
        answer(&view, &ask)
    }

    fn shown(answer: &Answer) -> Vec<(u32, Step)> {
        answer.items.iter().map(|o| (o.item.0, o.step)).collect()
    }

    #[test] // By the model 1, 2, 3; the market has 4 (0 is owned), home 5, the catalogue 7 and 6.
    fn every_step_fills_what_the_ones_before_it_left_open() {
        let found = asked(&Case { bought: &[0], ..PLAIN });
        let want = [(1, Step::History), (2, Step::History), (3, Step::History), (4, Step::Market), (5, Step::Home)];
        assert_eq!(shown(&found), [&want[..], &[(7, Step::Newest), (6, Step::Newest)]].concat());
        assert_eq!(found.answered_by(), Some(Step::History));
        let told = |step| found.chain.iter().find(|t| t.step == step).map(|t| (t.answered, t.why)).unwrap();
        assert_eq!((told(Step::History), told(Step::Session)), ((3, Why::Exhausted), (0, Why::NoSession)));
        assert_eq!(told(Step::Market), (1, Why::Exhausted));
        assert_eq!(found.left_out, [(Out::Bought, 1)].into(), "item 0 on the market's list");
        assert_eq!(found.items[0].reasons[0].term, "bought together with");
        assert_eq!(found.items[4].reasons[0].term, "bought by others in the home market");
    }

    #[test] // Item 6 reads like 3: who bought that gets it before 7, which came later into the catalogue.
    fn what_nobody_has_bought_comes_by_what_it_is_like_before_what_is_newest() {
        let found = asked(&Case { bought: &[3], ..PLAIN });
        let steps: Vec<(u32, Step)> = shown(&found).into_iter().filter(|s| s.0 > 5).collect();
        assert_eq!(steps, [(6, Step::Alike), (7, Step::Newest)]);
        let item = found.items.iter().find(|o| o.item.0 == 6).unwrap();
        assert_eq!((item.reasons[0].term, item.reasons[0].item), ("reads like", Some(ItemIdx(3))));
        assert_eq!(asked(&PLAIN).chain[7].why, Why::NoPast, "of a stranger nothing is known that it could be like");
    }

    #[test]
    fn a_list_that_is_full_asks_nobody_else() {
        let found = asked(&Case { bought: &[0], n: 2, ..PLAIN });
        assert_eq!(shown(&found), [(1, Step::History), (2, Step::History)]);
        let whys: Vec<Why> = found.chain.iter().map(|t| t.why).collect();
        assert_eq!(whys[0], Why::Full);
        assert!(whys[1..].iter().all(|why| matches!(why, Why::NotAsked | Why::Answered)), "{whys:?}");
        assert_eq!(asked(&Case { n: 0, ..PLAIN }).answered_by(), None);
    }

    #[test] // Nobody knows the newcomer: the market begins. One look at item 4 brings 5, which it goes with.
    fn a_newcomer_gets_the_market_and_after_one_view_the_session() {
        let found = asked(&Case { n: 3, ..PLAIN });
        assert_eq!(shown(&found), [(4, Step::Market), (0, Step::Market), (5, Step::Home)]);
        assert_eq!(found.chain[0].why, Why::NoPast);
        let found = asked(&Case { session: &[4], n: 2, ..PLAIN });
        assert_eq!(shown(&found), [(5, Step::Session), (4, Step::Market)]);
        assert_eq!(found.answered_by(), Some(Step::Session));
    }

    /// The history alone scores 1, 2, 3 with 1, 2/3, 1/3. A look at 4 is raised to the weight of the one purchase, and 5
    /// shares one of two baskets with it: 1/2, before item 3.
    #[test]
    fn a_session_counts_in_the_scores_of_a_known_shopper() {
        let found = asked(&Case { bought: &[0], session: &[4], n: 3, ..PLAIN });
        assert_eq!(shown(&found), [(1, Step::History), (2, Step::History), (5, Step::History)]);
        assert_eq!(found.chain[1].why, Why::InHistory);
    }

    #[test]
    fn what_must_not_be_shown_is_on_no_step_and_counted() {
        let found =
            asked(&Case { bought: &[0], out: &[(1, Out::OutOfStock), (4, Out::Unsellable), (7, Out::Price)], ..PLAIN });
        assert_eq!(shown(&found).iter().map(|s| s.0).collect::<Vec<_>>(), [2, 3, 5, 6]);
        let want = [(Out::Bought, 1), (Out::Unsellable, 1), (Out::OutOfStock, 1), (Out::Price, 1)];
        assert_eq!(found.left_out, want.into());
    }

    #[test] // Items 1, 2 and 3 are of a kind: with variety asked for, each step still comes before the next.
    fn variety_is_within_a_step() {
        let found = asked(&Case { bought: &[0], session: &[4], n: 3, diversity: 0.9, ..PLAIN });
        assert_eq!(shown(&found)[..2], [(1, Step::History), (5, Step::History)]);
        assert_eq!(found.items.len(), 3);
    }

    /// A list of what sells, 0 before 1 before 4, in the place of a model.
    fn deaf() -> Scorer {
        let train = Interactions::from_baskets(8, [&[0, 1, 4][..], &[0, 1], &[0]]);
        let kind = ModelKind::PopularityGlobal;
        let model = kind.fit_to_keep(&train, Seed(0)).unwrap();
        let names: Vec<String> = (0..8).map(|n| n.to_string()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let bytes = crate::saved::save(&kind, model.as_ref(), crate::saved::fingerprint(&train), &names);
        Scorer::load(kind.name(), &bytes, &names).unwrap().0
    }

    /// Item 7 is near whatever was looked at, then 6 and 5. A list of what sells must not pass for history or session; a
    /// look changes half of the list, and what sells is the rest.
    #[test]
    fn a_list_of_what_sells_answers_for_no_history_and_a_look_changes_the_list_all_the_same() {
        let (scorer, market, newest) = (deaf(), list(&[0, 1, 4]), list(&[]));
        let best = |n: usize, open: &mut dyn FnMut(ItemIdx) -> bool| {
            Ok([7, 6, 5].map(ItemIdx).into_iter().filter(|i| open(*i)).take(n).map(|i| (i, 1.0)).collect())
        };
        let reasons = |_: ItemIdx, part: f32| vec![Reason { term: "described alike", item: None, part }];
        let near = [Near { step: Step::Described, best: &best, reasons: &reasons }];
        let view = View {
            scorer: Some(&scorer),
            near: &near,
            segment: None,
            market: Some(&market),
            home: None,
            new: None,
            newest: &newest,
        };
        let found = |bought: &[u32], session: &[u32], n: usize| {
            let taste = taste(bought, session);
            let ask = Ask { taste: &taste, n, n_reasons: 1, diversity: 0.0, out: &|_| None, alike: &|_, _| 0.0 };
            answer(&view, &ask)
        };
        let known = found(&[1], &[], 2);
        assert_eq!(shown(&known), [(0, Step::Market), (1, Step::Market)]);
        assert_eq!((known.answered_by(), known.chain[0].why), (Some(Step::Market), Why::Deaf));
        for bought in [&[][..], &[1]] {
            let looked = found(bought, &[2], 3);
            assert_eq!(shown(&looked), [(7, Step::Described), (6, Step::Described), (0, Step::Market)]);
            assert_eq!((looked.answered_by(), looked.chain[1].why), (Some(Step::Described), Why::Deaf));
            assert_eq!((looked.chain[2].why, looked.items[0].reasons[0].term), (Why::Half, "described alike"));
            assert_eq!(looked.chain[3].why, Why::Answered, "nobody else is asked for what is near");
        }
        // Where the model answers, nobody asks what is near.
        let model = self::scorer();
        let view = View { scorer: Some(&model), ..view };
        let taste = taste(&[], &[4]);
        let ask = Ask { taste: &taste, n: 2, n_reasons: 0, diversity: 0.0, out: &|_| None, alike: &|_, _| 0.0 };
        assert_eq!(shown(&answer(&view, &ask)), [(5, Step::Session), (0, Step::Market)]);
    }

    #[test]
    fn a_market_without_a_model_or_list_says_so() {
        let newest = list(&[3]);
        let view =
            View { scorer: None, near: &[], segment: None, market: None, home: None, new: None, newest: &newest };
        let taste = taste(&[0], &[]);
        let ask = Ask { taste: &taste, n: 2, n_reasons: 0, diversity: 0.0, out: &|_| None, alike: &|_, _| 0.0 };
        let found = answer(&view, &ask);
        assert_eq!(shown(&found), [(3, Step::Newest)]);
        let whys: Vec<Why> = found.chain.iter().map(|t| t.why).collect();
        let near = [Why::NoSession; 3];
        let want = [&[Why::NoModel, Why::NoSession], &near[..], &[Why::NoList; 3], &[Why::Exhausted]].concat();
        assert_eq!(whys, want);
        assert!(found.items[0].reasons.is_empty());
    }

    #[test]
    fn every_why_has_words_in_both_languages() {
        let all = [
            Why::Full,
            Why::Exhausted,
            Why::NotAsked,
            Why::NoModel,
            Why::Deaf,
            Why::Answered,
            Why::Half,
            Why::NotReady,
            Why::NoPast,
            Why::NoSession,
            Why::InHistory,
            Why::NoList,
        ];
        for why in all {
            assert!(why.text(Language::EN).is_ascii() && !why.text(Language::ZH).is_ascii(), "{why:?}");
        }
    }
}
