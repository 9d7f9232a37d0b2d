//! What to offer whom, in milliseconds: everything here is in memory, nothing waits.

use super::super::Serving;
use super::super::snapshot::{MarketModels, Snapshot};
use super::super::updates::Updates;
use super::filled::{Filled, one, walk};
use super::limits::{Limits, price};
use super::near::Nearby;
use super::reader::Reader;
use super::{market, picture_path, tables, wrong};
use decide::plan::{Lang, term_name};
use domain::{ItemIdx, Kind, Language, Market, Reason};
use recommend::serving::{self, Ask, Near, Offered, Out, Popular, Step, View, Why};
use serve::answers::{Answer, AnswerError, RecommendAnswers};
use serve::wire::figure::Words;
use serve::wire::recommend::{
    ChainStep, Feedback, FeedbackAction, ItemReason, Models, NextQuery, RecommendQuery, Recommendations,
    RecommendedItem, Rerank, SimilarQuery, TrendingQuery,
};

/// Products of a list unless told.
const N: u32 = 10;
/// The most that is given at once.
const MOST: u32 = 100;
/// Reasons of a product.
pub(super) const REASONS: usize = 3;
fn count(n: Option<u32>) -> Result<usize, AnswerError> {
    match n.unwrap_or(N) {
        n if (1..=MOST).contains(&n) => Ok(n as usize),
        n => Err(wrong("n", format!("{n} products cannot be asked for; from 1 to {MOST} can"))),
    }
}

pub(super) fn view<'a>(now: &'a Snapshot, market: Market, near: &'a [Near<'a>]) -> View<'a> {
    let models = now.markets.get(&market);
    let home = now.home.filter(|home| *home != market).and_then(|home| now.markets.get(&home));
    View {
        scorer: models.map(|m| &*m.scorer),
        near,
        segment: None,
        market: models.map(|m| &*m.popular),
        home: home.map(|m| &*m.popular),
        new: now.new_products(),
        newest: now.goods.newest(),
    }
}

/// Words for a part of a score.
fn words(now: &Snapshot, reason: &Reason, reader: &Reader) -> Words {
    let (en, zh) = match reason.term {
        "bought by others of the segment" => (reason.term.to_owned(), "该分群其他顾客购买".to_owned()),
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
            let title = now.goods.title(item, reader, &[]).text;
            Words::new(format!("{en} {title}"), format!("{zh}:{title}"))
        }
        None => Words::new(en, zh),
    }
}

/// How an answer is put into words: of which version, for whom.
#[derive(Clone, Copy)]
pub(super) struct Told<'a> {
    pub(super) now: &'a Snapshot,
    pub(super) updates: &'a Updates,
    pub(super) market: Option<Market>,
    pub(super) reader: &'a Reader,
}

impl Told<'_> {
    fn item(&self, offered: &Offered) -> RecommendedItem {
        let goods = &self.now.goods;
        let id = goods.id(offered.item);
        let reason = |reason: &Reason| ItemReason {
            term: reason.term.to_owned(),
            product_id: reason.item.map(|item| goods.id(item).to_owned()),
            part: f64::from(reason.part),
            text: words(self.now, reason, self.reader),
        };
        let title = goods.title(offered.item, self.reader, &self.updates.titles(id));
        let price = price(self.now, self.updates, offered.item, self.market.unwrap_or(Market::UNKNOWN));
        RecommendedItem {
            product_id: id.to_owned(),
            name: title.text,
            name_locale: title.locale,
            name_fit: title.fit.to_owned(),
            score: f64::from(offered.score),
            price_text: price.map(|price| self.reader.price(&price)),
            price_rate_day: price.and_then(|price| price.rate_day).map(|day| day.to_string()),
            price: price.map(|price| price.money.into()),
            picture: goods.is_pictured(offered.item).then(|| picture_path(id)),
            reasons: offered.reasons.iter().map(reason).collect(),
        }
    }

    /// An answer without its name, which [`Serving::expose`] gives it.
    pub(super) fn answer(&self, offered: &[Offered], answered_by: &str, chain: Vec<ChainStep>) -> Recommendations {
        Recommendations {
            items: offered.iter().map(|o| self.item(o)).collect(),
            answered_by: answered_by.to_owned(),
            chain,
            model_version: self.now.model_version(),
            locale: self.reader.told(),
            ..Recommendations::default()
        }
    }
}

/// What a step says of itself, with how many products it gave and from what.
pub(super) fn why(n: usize, by: [&str; 2], why: Why) -> Words {
    let [en, zh] = [Language::EN, Language::ZH].map(|language| why.text(language));
    if n == 0 {
        return Words::new(en, zh);
    }
    let products = if n == 1 { "product" } else { "products" };
    Words::new(format!("{n} {products}{}; {en}", by[0]), format!("{n} 件商品{};{zh}", by[1]))
}

/// Says more at the end of a step.
fn add(words: &mut Words, en: &str, zh: &str) {
    words.en.push_str(&format!("; {en}"));
    words.zh.push_str(&format!(";{zh}"));
}

/// What a model was trained on, as a person reads it.
fn trained_on(training: &str) -> [&str; 2] {
    match training {
        "market" => ["the market's own orders", "该市场的订单"],
        "pooled" => ["the orders of all markets", "全部市场的订单"],
        "weighted" => ["the orders of all markets, weighted", "全部市场的订单(加权)"],
        other => [other, other],
    }
}

fn step(told: &serving::Told, models: Option<&MarketModels>) -> ChainStep {
    let by = match (told.step, models) {
        (Step::History | Step::Session, Some(m)) => {
            let [en, zh] = trained_on(&m.training);
            [format!(" by {} trained on {en}", m.name), format!("(模型 {},训练数据:{zh})", m.name)]
        }
        (Step::HomeModel, _) => [" by the model of the home market".to_owned(), "(本土市场的模型)".to_owned()],
        _ => [String::new(), String::new()],
    };
    ChainStep {
        step: told.step.key().to_owned(),
        answered: told.answered > 0,
        why: why(told.answered, [&by[0], &by[1]], told.why),
    }
}

/// The best `n`, those of them that are below their floor behind the others, and how many these are. What is not below its floor goes
/// before it however far down it stood.
fn floors_last<T>(items: impl IntoIterator<Item = T>, n: usize, below: impl Fn(&T) -> bool) -> (Vec<T>, usize) {
    let (last, mut best): (Vec<T>, Vec<T>) = items.into_iter().partition(below);
    best.truncate(n);
    let n_last = last.len().min(n - best.len());
    best.extend(last.into_iter().take(n_last));
    (best, n_last)
}

fn answered(told: Told<'_>, answer: &serving::Answer, market: Market, n: usize) -> Recommendations {
    let models = told.now.markets.get(&market);
    // What sells below its floor is offered after everything that does not: each sale of it costs money.
    let below = |o: &Offered| {
        let price = price(told.now, told.updates, o.item, market).map(|priced| priced.money);
        told.now.goods.is_below_floor(o.item, market, price)
    };
    let (items, n_last) = floors_last(answer.items.iter().cloned(), n, below);
    let given = |told: &serving::Told| serving::Told {
        answered: items.iter().filter(|o| o.step == told.step).count(),
        ..*told
    };
    let mut chain: Vec<ChainStep> = answer.chain.iter().map(|told| step(&given(told), models)).collect();
    if let Some(last) = chain.last_mut()
        && !answer.left_out.is_empty()
    {
        let left = |language: Language, between: &str| {
            let parts: Vec<String> =
                answer.left_out.iter().map(|(out, n)| format!("{n} {}", out.text(language))).collect();
            parts.join(between)
        };
        let (en, zh) = (left(Language::EN, ", "), left(Language::ZH, "、"));
        add(&mut last.why, &format!("left out on the way: {en}"), &format!("途中排除:{zh}"));
    }
    if let Some(step) = chain.last_mut()
        && n_last > 0
    {
        add(
            &mut step.why,
            &format!("{n_last} go last, priced below their floor"),
            &format!("{n_last} 件低于底价,排在最后"),
        );
    }
    told.answer(&items, answer.answered_by().map_or("nothing", Step::key), chain)
}

/// What sells to a segment in a market, or why nothing can be said of it.
fn segment<'a>(now: &'a Snapshot, name: &str, market: Market) -> Result<Result<&'a Popular, Why>, AnswerError> {
    let Some(tastes) = now.tastes() else { return Ok(Err(Why::NotReady)) };
    if !tastes.names().contains(name) {
        let names: Vec<&str> = tastes.names().iter().map(String::as_str).collect();
        let next = if names.is_empty() {
            "run `portolan run` first".to_owned()
        } else {
            format!("there are {}", names.join(", "))
        };
        return Err(AnswerError::not_found(format!("there is no segment `{name}`"), next));
    }
    Ok(tastes.list(name, market))
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
        let reader = Reader::new(query.locale.as_deref(), query.accept_language.as_deref(), Some(market))?;
        let now = self.current.get();
        let names = [query.shopper.as_deref(), query.session.as_deref()];
        let whom = self.whom(&now, "for_you", Some(market), names);
        let who = self.who(&now, &whom);
        let goods = &now.goods;
        let exclude = query.exclude_bought.unwrap_or(true);
        let limits = Limits::new(&now, &self.updates, market, query.filters())?;
        let out = |item: ItemIdx| {
            if exclude && who.have.binary_search(&item).is_ok() { Some(Out::Bought) } else { limits.out(item) }
        };
        let ask = Ask {
            taste: &who.taste,
            // Deeper by those that go last, so that they take nobody's place.
            n: n + goods.n_below_floor(market).min(n),
            n_reasons: if query.explain == Some(true) { REASONS } else { 0 },
            diversity: diversity as f32,
            out: &out,
            alike: &|a, b| goods.alike(a, b),
        };
        let near = Nearby::new(&now, market, who.session.iter().copied());
        let segment = query.segment.as_deref().map(|name| segment(&now, name, market)).transpose()?;
        let found = near.with(|near| serving::answer(&View { segment, ..view(&now, market, near) }, &ask));
        let told = Told { now: &now, updates: &self.updates, market: Some(market), reader: &reader };
        let mut answer = answered(told, &found, market, n);
        self.expose(whom, &mut answer);
        Ok(answer)
    }

    fn rerank_now(&self, asked: &Rerank) -> Result<Recommendations, AnswerError> {
        let market = market(&asked.market)?;
        if asked.candidates.is_empty() || asked.candidates.len() > 1_000 {
            let n = asked.candidates.len();
            return Err(wrong("candidates", format!("{n} candidates cannot be ordered; from 1 to 1,000 can")));
        }
        let reader = Reader::new(asked.locale.as_deref(), asked.accept_language.as_deref(), Some(market))?;
        let now = self.current.get();
        let whom = self.whom(&now, "rerank", Some(market), [asked.shopper.as_deref(), asked.session.as_deref()]);
        let who = self.who(&now, &whom);
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
        let segment = asked.segment.as_deref().map(|name| segment(&now, name, market)).transpose()?;
        let found = near.with(|near| serving::rerank(&View { segment, ..view(&now, market, near) }, &ask, &known));
        let told = Told { now: &now, updates: &self.updates, market: Some(market), reader: &reader };
        let mut answer = answered(told, &found, market, known.len());
        if unknown > 0
            && let Some(last) = answer.chain.last_mut()
        {
            let zh = format!("{unknown} 件候选商品不在目录中");
            add(&mut last.why, &format!("{unknown} candidates are not in the catalogue"), &zh);
        }
        self.expose(whom, &mut answer);
        Ok(answer)
    }

    fn next_now(&self, query: &NextQuery) -> Result<Recommendations, AnswerError> {
        let (market, n) = (market(&query.market)?, count(query.n)?);
        let reader = Reader::new(query.locale.as_deref(), query.accept_language.as_deref(), Some(market))?;
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
        let told = Told { now: &now, updates: &self.updates, market: Some(market), reader: &reader };
        let mut answer = filled.done(told);
        let whom = self.whom(&now, "next", Some(market), [query.shopper.as_deref(), query.session.as_deref()]);
        self.expose(whom, &mut answer);
        Ok(answer)
    }

    fn trending_now(&self, query: &TrendingQuery) -> Result<Recommendations, AnswerError> {
        let (market, n) = (market(&query.market)?, count(query.n)?);
        let reader = Reader::new(query.locale.as_deref(), query.accept_language.as_deref(), Some(market))?;
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
        let told = Told { now: &now, updates: &self.updates, market: Some(market), reader: &reader };
        let mut answer = filled.done(told);
        let whom = self.whom(&now, "trending", Some(market), [query.shopper.as_deref(), query.session.as_deref()]);
        self.expose(whom, &mut answer);
        Ok(answer)
    }

    fn similar_now(&self, query: &SimilarQuery) -> Result<Recommendations, AnswerError> {
        let n = count(query.n)?;
        let market = query.market.as_deref().map(market).transpose()?;
        let reader = Reader::new(query.locale.as_deref(), query.accept_language.as_deref(), market)?;
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
        let told = Told { now: &now, updates: &self.updates, market, reader: &reader };
        let mut answer = filled.done(told);
        let whom = self.whom(&now, "similar", market, [query.shopper.as_deref(), query.session.as_deref()]);
        self.expose(whom, &mut answer);
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
            Ok(Models { serving: tables::in_chinese(serving, "why"), evidence })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // Of 1 to 6, best first, 1, 2 and 5 are below their floor.
    fn what_is_below_its_floor_takes_nobodys_place() {
        let below = |x: &i32| [1, 2, 5].contains(x);
        assert_eq!(floors_last(1..=6, 3, below), (vec![3, 4, 6], 0));
        assert_eq!(floors_last(1..=6, 4, below), (vec![3, 4, 6, 1], 1));
        assert_eq!(floors_last(1..=2, 3, below), (vec![1, 2], 2));
        assert_eq!(floors_last(3..=4, 1, below), (vec![3], 0));
    }
}
