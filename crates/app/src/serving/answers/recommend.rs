//! What to offer whom, in milliseconds: everything here is in memory, nothing waits.

use super::super::Serving;
use super::super::exposures::Exposure;
use super::super::snapshot::{MarketModels, Snapshot};
use super::super::updates::Updates;
use super::limits::{Limits, price};
use super::near::{Nearby, heard};
use super::{languages, market, picture_path, tables, wrong};
use decide::plan::{Lang, term_name};
use domain::{History, ItemIdx, Kind, Language, Market, Reason};
use recommend::Context;
use recommend::serving::{self, Ask, Near, Offered, Out, Popular, SessionParams, Step, Taste, Told, View, Why, bucket};
use serve::answers::{Answer, AnswerError, RecommendAnswers};
use serve::wire::figure::Words;
use serve::wire::recommend::{
    ChainStep, Feedback, FeedbackAction, ItemReason, Models, NextQuery, RecommendQuery, Recommendations,
    RecommendedItem, Rerank, SimilarQuery, TrendingQuery,
};
use std::collections::BTreeSet;

/// Products of a list unless told.
const N: u32 = 10;
/// The most that is given at once.
const MOST: u32 = 100;
/// Reasons of a product.
const REASONS: usize = 3;
/// Parts that shoppers are dealt into for experiments, and with which salt. Neither ever changes: see [`bucket`].
const BUCKETS: u32 = 1_000;
const SALT: &str = "portolan";

/// What is known of who asks.
struct Who {
    /// Whether the answer may follow from what the person did.
    personal: bool,
    taste: Taste,
    /// Bought before or in this session, or in the cart: sorted.
    have: Vec<ItemIdx>,
    /// What the last minutes were about, newest first.
    session: Vec<ItemIdx>,
    bucket: Option<u32>,
}

fn count(n: Option<u32>) -> Result<usize, AnswerError> {
    match n.unwrap_or(N) {
        n if (1..=MOST).contains(&n) => Ok(n as usize),
        n => Err(wrong("n", format!("{n} products cannot be asked for; from 1 to {MOST} can"))),
    }
}

impl Serving {
    fn who(&self, now: &Snapshot, shopper: Option<&str>, session: Option<&str>) -> Who {
        if !self.may_personalise(now, shopper.into_iter().chain(session)) {
            let taste = Taste::new(&[], &Context::default(), &[], &SessionParams::default());
            return Who { personal: false, taste, have: Vec::new(), session: Vec::new(), bucket: None };
        }
        let past = shopper.and_then(|id| now.past(id)).or_else(|| session.and_then(|id| now.past(id)));
        let bought = past.map_or_else(Vec::new, |p| p.bought());
        let context = past.map_or_else(Context::default, |p| p.context());
        let at = self.now();
        let mut events: Vec<(i64, ItemIdx, Kind)> = Vec::new();
        let mut names: Vec<&str> = shopper.into_iter().chain(session).collect();
        names.dedup();
        for name in names {
            let known = self.recent.of(name, at).into_iter();
            events.extend(known.filter_map(|(at, noted)| Some((at, now.goods.find(&noted.product)?, noted.kind))));
        }
        // An event that was noted under both names is one event.
        events.sort_by_key(|(at, item, kind)| (*at, *item, *kind));
        events.dedup();
        let session_events: Vec<(ItemIdx, Kind)> = events.iter().map(|(_, item, kind)| (*item, *kind)).collect();
        let taken = session_events.iter().filter(|(_, kind)| matches!(kind, Kind::Cart | Kind::Purchase));
        let mut have: Vec<ItemIdx> = bought.iter().copied().chain(taken.map(|(item, _)| *item)).collect();
        have.sort_unstable();
        have.dedup();
        Who {
            personal: true,
            taste: Taste::new(&bought, &context, &session_events, &SessionParams::default()),
            have,
            session: session_events.iter().rev().map(|(item, _)| *item).collect(),
            bucket: shopper.or(session).map(|who| bucket(SALT, who, BUCKETS)),
        }
    }

    /// Names an answer and takes down who saw what; of somebody who does not allow it, what was seen and not by whom.
    fn expose(&self, mut whom: Whom<'_>, personal: bool, answer: &mut Recommendations) {
        if !personal {
            (whom.shopper, whom.session) = (None, None);
            let personal = [Step::History, Step::Session, Step::Described, Step::Category, Step::HomeModel];
            let refused = |step: &&mut ChainStep| personal.iter().any(|p| p.key() == step.step);
            for step in answer.chain.iter_mut().filter(refused) {
                step.why = "the shopper does not allow personalisation".to_owned();
            }
        }
        answer.bucket = whom.bucket;
        let exposure = Exposure {
            at: self.now(),
            kind: whom.kind,
            market: whom.market.map(|m| m.code().to_owned()),
            shopper: whom.shopper.map(str::to_owned),
            session: whom.session.map(str::to_owned),
            bucket: whom.bucket,
            model_version: answer.model_version.clone(),
            answered_by: answer.answered_by.clone(),
            products: answer.items.iter().map(|item| item.product_id.clone()).collect(),
        };
        answer.exposure_id = self.exposures.log(exposure);
    }
}

/// Who was answered.
#[derive(Clone, Copy, Default)]
struct Whom<'a> {
    kind: &'static str,
    market: Option<Market>,
    shopper: Option<&'a str>,
    session: Option<&'a str>,
    bucket: Option<u32>,
}

fn view<'a>(now: &'a Snapshot, market: Market, near: &'a [Near<'a>]) -> View<'a> {
    let models = now.markets.get(&market);
    let home = now.home.filter(|home| *home != market).and_then(|home| now.markets.get(&home));
    View {
        scorer: models.map(|m| &*m.scorer),
        near,
        market: models.map(|m| &*m.popular),
        home: home.map(|m| &*m.popular),
        new: now.new_products(),
        newest: now.goods.newest(),
    }
}

/// Words for a part of a score.
fn words(now: &Snapshot, reason: &Reason, languages: &[&str]) -> Words {
    let (en, zh) = match reason.term {
        "bought by others in the home market" => (reason.term.to_owned(), "本土市场其他顾客购买".to_owned()),
        "reads like" => (reason.term.to_owned(), "文字描述接近".to_owned()),
        "looks like" => (reason.term.to_owned(), "外观接近".to_owned()),
        "new in the catalogue" => (reason.term.to_owned(), "新上架".to_owned()),
        "sells lately" => (reason.term.to_owned(), "近期热销".to_owned()),
        "described alike" => (reason.term.to_owned(), "描述相似".to_owned()),
        term => (term_name(term, Lang::En), term_name(term, Lang::Zh)),
    };
    match reason.item {
        Some(item) => {
            let title = now.goods.title(item, languages);
            Words::new(format!("{en} {title}"), format!("{zh}:{title}"))
        }
        None => Words::new(en, zh),
    }
}

fn item(
    now: &Snapshot,
    updates: &Updates,
    offered: &Offered,
    market: Option<Market>,
    languages: &[&str],
) -> RecommendedItem {
    let goods = &now.goods;
    let id = goods.id(offered.item);
    let reason = |reason: &Reason| ItemReason {
        term: reason.term.to_owned(),
        product_id: reason.item.map(|item| goods.id(item).to_owned()),
        part: f64::from(reason.part),
        text: words(now, reason, languages),
    };
    RecommendedItem {
        product_id: id.to_owned(),
        name: updates.product(id).map_or_else(|| goods.title(offered.item, languages), |sent| sent.name),
        score: f64::from(offered.score),
        price: price(now, updates, offered.item, market.unwrap_or(Market::UNKNOWN)).map(Into::into),
        picture: goods.is_pictured(offered.item).then(|| picture_path(id)),
        reasons: offered.reasons.iter().map(reason).collect(),
    }
}

fn step(told: &Told, models: Option<&MarketModels>) -> ChainStep {
    let why = told.why.text(Language::EN);
    let by = match (told.step, models) {
        (Step::History | Step::Session, Some(m)) => format!(" by {} trained on {}", m.name, m.training),
        (Step::HomeModel, _) => " by the model of the home market".to_owned(),
        _ => String::new(),
    };
    ChainStep {
        step: told.step.key().to_owned(),
        answered: told.answered > 0,
        why: if told.answered > 0 { format!("{} products{by}; {why}", told.answered) } else { why.to_owned() },
    }
}

fn answered(now: &Snapshot, updates: &Updates, answer: &serving::Answer, market: Market) -> Recommendations {
    let languages = languages(Some(market));
    let models = now.markets.get(&market);
    let mut chain: Vec<ChainStep> = answer.chain.iter().map(|told| step(told, models)).collect();
    if let Some(last) = chain.last_mut()
        && !answer.left_out.is_empty()
    {
        let left: Vec<String> = answer.left_out.iter().map(|(out, n)| format!("{n} {}", out.key())).collect();
        last.why.push_str(&format!("; left out on the way: {}", left.join(", ")));
    }
    // What sells below its floor is offered after everything that does not: each sale of it costs money.
    let below = |o: &&Offered| now.goods.is_below_floor(o.item, market, price(now, updates, o.item, market));
    let (last, first): (Vec<&Offered>, Vec<&Offered>) = answer.items.iter().partition(below);
    if let Some(step) = chain.last_mut()
        && !last.is_empty()
    {
        step.why.push_str(&format!("; {} go last, priced below their floor", last.len()));
    }
    Recommendations {
        items: first.into_iter().chain(last).map(|o| item(now, updates, o, Some(market), &languages)).collect(),
        answered_by: answer.answered_by().map_or("nothing", Step::key).to_owned(),
        chain,
        model_version: now.model_version(),
        bucket: None,
        exposure_id: String::new(),
    }
}

/// What one list after the other gives, each item once.
struct Filled {
    offered: Vec<Offered>,
    chain: Vec<ChainStep>,
    answered_by: Option<&'static str>,
}

impl Filled {
    const fn new() -> Self {
        Self { offered: Vec::new(), chain: Vec::new(), answered_by: None }
    }

    /// Takes from a list until there are `n`, with one reason for all; `None` is a list that there is not.
    fn take(
        &mut self,
        name: &'static str,
        list: Result<Vec<(ItemIdx, f32)>, &'static str>,
        n: usize,
        reasons: &dyn Fn(ItemIdx, f32) -> Vec<Reason>,
    ) {
        let list = match list {
            _ if self.offered.len() >= n => Err(Why::NotAsked.text(Language::EN)),
            other => other,
        };
        let (found, why) = match list {
            Ok(list) => {
                let taken: BTreeSet<ItemIdx> = self.offered.iter().map(|o| o.item).collect();
                let open = list.into_iter().filter(|(item, _)| !taken.contains(item));
                let found: Vec<(ItemIdx, f32)> = open.take(n - self.offered.len()).collect();
                let full = self.offered.len() + found.len() == n;
                (found, if full { Why::Full } else { Why::Exhausted }.text(Language::EN))
            }
            Err(why) => (Vec::new(), why),
        };
        if !found.is_empty() {
            self.answered_by.get_or_insert(name);
        }
        let told = if found.is_empty() { why.to_owned() } else { format!("{} products; {why}", found.len()) };
        self.chain.push(ChainStep { step: name.to_owned(), answered: !found.is_empty(), why: told });
        self.offered.extend(found.into_iter().map(|(item, score)| Offered {
            item,
            score,
            step: Step::Market,
            reasons: reasons(item, score),
        }));
    }

    /// What the market's model says goes with the products, if it hears of them.
    fn bought_together(
        &mut self,
        now: &Snapshot,
        market: Market,
        with: &[ItemIdx],
        n: usize,
        open: &dyn Fn(ItemIdx) -> bool,
    ) {
        let scorer = heard(now, market);
        let found = scorer.map(|scorer| scorer.best(History::of(with), n, &mut |item| open(item)));
        self.take("bought_together", found.map_err(told), n, &|item, _| {
            few(scorer.map_or_else(|_| Vec::new(), |s| s.explain(History::of(with), item)))
        });
    }

    /// What is described alike, then what is of the same category.
    fn alike(&mut self, near: &Nearby<'_>, n: usize, open: &dyn Fn(ItemIdx) -> bool) {
        // What is there already is in these lists too.
        let deep = n + self.offered.len();
        let by_words = self.asked(n, || near.described(deep, &mut |item| open(item)));
        self.take("described_alike", by_words, n, &|_, part| near.why_described(part));
        let deep = n + self.offered.len();
        let by_category = self.asked(n, || near.category(deep, &mut |item| open(item)));
        self.take("same_category", by_category, n, &|item, part| near.why_category(item, part));
    }

    /// What the home market's model says.
    fn home(&mut self, near: &Nearby<'_>, n: usize, open: &dyn Fn(ItemIdx) -> bool) {
        let deep = n + self.offered.len();
        let at_home = self.asked(n, || near.home(deep, &mut |item| open(item)));
        self.take("home_bought_together", at_home, n, &|item, _| few(near.why_home(item)));
    }

    /// What sells in the market, then what is new.
    fn sells(&mut self, view: &View<'_>, n: usize, open: &dyn Fn(ItemIdx) -> bool) {
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
    ) -> Result<Vec<(ItemIdx, f32)>, &'static str> {
        if self.offered.len() < n { find().map_err(told) } else { Err(told(Why::NotAsked)) }
    }

    fn done(self, now: &Snapshot, updates: &Updates, market: Option<Market>) -> Recommendations {
        let languages = languages(market);
        Recommendations {
            items: self.offered.iter().map(|o| item(now, updates, o, market, &languages)).collect(),
            answered_by: self.answered_by.unwrap_or("nothing").to_owned(),
            chain: self.chain,
            model_version: now.model_version(),
            bucket: None,
            exposure_id: String::new(),
        }
    }
}

fn told(why: Why) -> &'static str {
    why.text(Language::EN)
}

/// As many reasons as are shown.
fn few(mut reasons: Vec<Reason>) -> Vec<Reason> {
    reasons.truncate(REASONS);
    reasons
}

fn one(term: &'static str) -> impl Fn(ItemIdx, f32) -> Vec<Reason> {
    move |_, part| vec![Reason { term, item: None, part }]
}

fn walk(
    list: Option<&Popular>,
    deep: usize,
    open: &dyn Fn(ItemIdx) -> bool,
) -> Result<Vec<(ItemIdx, f32)>, &'static str> {
    let list = list.ok_or(Why::NoList.text(Language::EN))?;
    Ok(list.ranked().iter().copied().filter(|(item, _)| open(*item)).take(deep).collect())
}

fn item_of(now: &Snapshot, product: &str) -> Result<ItemIdx, AnswerError> {
    now.goods.find(product).ok_or_else(|| no_product(product))
}

pub(super) fn no_product(product: &str) -> AnswerError {
    AnswerError::not_found(format!("there is no product `{product}`"), "search for it with GET /api/v1/products?q=")
}

impl Serving {
    fn recommend_now(&self, query: &RecommendQuery) -> Result<Recommendations, AnswerError> {
        let (market, n) = (market(&query.market)?, count(query.n)?);
        let diversity = query.diversity.unwrap_or(0.0);
        if !(0.0..=1.0).contains(&diversity) {
            return Err(wrong("diversity", format!("{diversity} is not from 0 to 1")));
        }
        let now = self.current.get();
        let (shopper, session) = (query.shopper.as_deref(), query.session.as_deref());
        let who = self.who(&now, shopper, session);
        let goods = &now.goods;
        let exclude = query.exclude_bought.unwrap_or(true);
        let limits = Limits::new(&now, &self.updates, market, query.filters())?;
        let out = |item: ItemIdx| {
            if exclude && who.have.binary_search(&item).is_ok() { Some(Out::Bought) } else { limits.out(item) }
        };
        let ask = Ask {
            taste: &who.taste,
            n,
            n_reasons: if query.explain == Some(true) { REASONS } else { 0 },
            diversity: diversity as f32,
            out: &out,
            alike: &|a, b| goods.alike(a, b),
        };
        let near = Nearby::new(&now, market, who.session.iter().copied());
        let found = near.with(|near| serving::answer(&view(&now, market, near), &ask));
        let mut answer = answered(&now, &self.updates, &found, market);
        self.expose(
            Whom { kind: "for_you", market: Some(market), shopper, session, bucket: who.bucket },
            who.personal,
            &mut answer,
        );
        Ok(answer)
    }

    fn rerank_now(&self, asked: &Rerank) -> Result<Recommendations, AnswerError> {
        let market = market(&asked.market)?;
        if asked.candidates.is_empty() || asked.candidates.len() > 1_000 {
            let n = asked.candidates.len();
            return Err(wrong("candidates", format!("{n} candidates cannot be ordered; from 1 to 1,000 can")));
        }
        let now = self.current.get();
        let (shopper, session) = (asked.shopper.as_deref(), asked.session.as_deref());
        let who = self.who(&now, shopper, session);
        let limits = Limits::new(&now, &self.updates, market, asked.filters())?;
        let known: Vec<ItemIdx> = asked.candidates.iter().filter_map(|code| now.goods.find(code)).collect();
        let unknown = asked.candidates.len() - known.len();
        let out = |item: ItemIdx| limits.out(item);
        let ask = Ask {
            taste: &who.taste,
            n: known.len(),
            n_reasons: if asked.explain == Some(true) { REASONS } else { 0 },
            diversity: 0.0,
            out: &out,
            alike: &|_, _| 0.0,
        };
        let near = Nearby::new(&now, market, who.session.iter().copied());
        let found = near.with(|near| serving::rerank(&view(&now, market, near), &ask, &known));
        let mut answer = answered(&now, &self.updates, &found, market);
        if unknown > 0
            && let Some(last) = answer.chain.last_mut()
        {
            last.why.push_str(&format!("; {unknown} candidates are not in the catalogue"));
        }
        self.expose(
            Whom { kind: "rerank", market: Some(market), shopper, session, bucket: who.bucket },
            who.personal,
            &mut answer,
        );
        Ok(answer)
    }

    fn next_now(&self, query: &NextQuery) -> Result<Recommendations, AnswerError> {
        let (market, n) = (market(&query.market)?, count(query.n)?);
        let now = self.current.get();
        let codes = query.products.split(',').map(str::trim).filter(|code| !code.is_empty());
        let basket: Vec<ItemIdx> = codes.map(|code| item_of(&now, code)).collect::<Result<_, _>>()?;
        if basket.is_empty() {
            return Err(wrong("products", "the basket is empty; codes joined by commas are wanted"));
        }
        let limits = Limits::new(&now, &self.updates, market, query.filters())?;
        let open = |item: ItemIdx| !basket.contains(&item) && limits.out(item).is_none();
        let near = Nearby::new(&now, market, basket.iter().rev().copied());
        let mut filled = Filled::new();
        filled.bought_together(&now, market, &basket, n, &open);
        // What goes with a basket is seldom what is like it: other markets' baskets come before descriptions.
        filled.home(&near, n, &open);
        filled.alike(&near, n, &open);
        filled.sells(&view(&now, market, &[]), n, &open);
        let mut answer = filled.done(&now, &self.updates, Some(market));
        self.expose(Whom { kind: "next", market: Some(market), ..Whom::default() }, true, &mut answer);
        Ok(answer)
    }

    fn trending_now(&self, query: &TrendingQuery) -> Result<Recommendations, AnswerError> {
        let (market, n) = (market(&query.market)?, count(query.n)?);
        let now = self.current.get();
        let limits = Limits::new(&now, &self.updates, market, query.filters())?;
        let open = |item: ItemIdx| limits.out(item).is_none();
        let view = view(&now, market, &[]);
        let home = now.home.filter(|home| *home != market);
        let mut filled = Filled::new();
        filled.take("market_lately", walk(now.lately.get(&market), n, &open), n, &one("sells lately"));
        filled.take("market", walk(view.market, 2 * n, &open), n, &one("bought by others in this market"));
        let home_lately = home.and_then(|home| now.lately.get(&home));
        filled.take("home_lately", walk(home_lately, 3 * n, &open), n, &one("bought by others in the home market"));
        filled.take("newest", walk(Some(view.newest), 4 * n, &open), n, &one("new in the catalogue"));
        let mut answer = filled.done(&now, &self.updates, Some(market));
        self.expose(Whom { kind: "trending", market: Some(market), ..Whom::default() }, true, &mut answer);
        Ok(answer)
    }

    fn similar_now(&self, query: &SimilarQuery) -> Result<Recommendations, AnswerError> {
        let n = count(query.n)?;
        let market = query.market.as_deref().map(market).transpose()?;
        let now = self.current.get();
        let of = item_of(&now, &query.product)?;
        // Without a market the model of home answers, for it knows most.
        let asked = market.or(now.home).unwrap_or(Market::UNKNOWN);
        let limits = Limits::new(&now, &self.updates, asked, query.filters())?;
        let open = |item: ItemIdx| item != of && limits.out(item).is_none();
        let near = Nearby::new(&now, asked, std::iter::once(of));
        let mut filled = Filled::new();
        filled.bought_together(&now, asked, &[of], n, &open);
        filled.alike(&near, n, &open);
        filled.home(&near, n, &open);
        filled.sells(&view(&now, asked, &[]), n, &open);
        let mut answer = filled.done(&now, &self.updates, market);
        self.expose(Whom { kind: "similar", market, ..Whom::default() }, true, &mut answer);
        Ok(answer)
    }

    fn feedback_now(&self, feedback: &Feedback) -> Result<(), AnswerError> {
        let at = match &feedback.at {
            None => self.now(),
            Some(text) => chrono::DateTime::parse_from_rfc3339(text)
                .map_err(|_| wrong("at", format!("`{text}` is no instant; write 2026-11-26T08:30:00Z")))?
                .timestamp_millis(),
        };
        let who = self.exposures.feedback(feedback, at).ok_or_else(|| {
            AnswerError::not_found(
                format!("there was no answer `{}`", feedback.exposure_id),
                "give back the exposure_id of an answer of the last hours",
            )
        })?;
        let kind = match feedback.action {
            FeedbackAction::Click => Some(Kind::View),
            FeedbackAction::Cart => Some(Kind::Cart),
            FeedbackAction::Purchase => Some(Kind::Purchase),
            // Having seen it in a list or sent it away is no wish for it.
            FeedbackAction::Seen | FeedbackAction::Dismiss => None,
        };
        if let Some(kind) = kind {
            // The clock of the caller says when it was done, ours how long ago that is: an event of the future would stay.
            let at = at.min(self.now());
            who.iter().for_each(|name| self.note(name, &feedback.product_id, kind, at));
        }
        Ok(())
    }
}

impl RecommendAnswers for Serving {
    fn recommend<'a>(&'a self, query: &'a RecommendQuery) -> Answer<'a, Recommendations> {
        Box::pin(async move { self.recommend_now(query) })
    }

    fn similar<'a>(&'a self, query: &'a SimilarQuery) -> Answer<'a, Recommendations> {
        Box::pin(async move { self.similar_now(query) })
    }

    fn next<'a>(&'a self, query: &'a NextQuery) -> Answer<'a, Recommendations> {
        Box::pin(async move { self.next_now(query) })
    }

    fn trending<'a>(&'a self, query: &'a TrendingQuery) -> Answer<'a, Recommendations> {
        Box::pin(async move { self.trending_now(query) })
    }

    fn rerank<'a>(&'a self, rerank: &'a Rerank) -> Answer<'a, Recommendations> {
        Box::pin(async move { self.rerank_now(rerank) })
    }

    fn feedback<'a>(&'a self, feedback: &'a Feedback) -> Answer<'a, ()> {
        Box::pin(async move { self.feedback_now(feedback) })
    }

    fn models(&self) -> Answer<'_, Models> {
        Box::pin(async move {
            let now = self.current.get();
            let serving = tables::all(&now, "serving", "market").await.map_err(super::refused)?;
            let order = "market, period, metric, model, training";
            let evidence = tables::all(&now, "evidence", order).await.map_err(super::refused)?;
            Ok(Models { serving, evidence })
        })
    }
}
