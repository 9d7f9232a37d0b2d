//! The live side of the intake, as the console and answers ask for it.

use super::intake::{Intake, market_of};
use crate::answers::{Answer, AnswerError};
use crate::live::{
    Live, LiveCounters, LiveEvent, LiveVisitor, QueriesQuery, VisitedPage, VisitorCartLine, VisitorLink,
    VisitorSession, VisitorWish,
};
use crate::wire::problem::ProblemAt;
use crate::wire::table::{Cell, Column, Table};
use chrono::{DateTime, SecondsFormat, Utc};
use domain::{Currency, Money};
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;
use std::sync::atomic::Ordering::Relaxed;
use tokio::sync::broadcast::error::RecvError;
use tracking::{CartStatus, Link, LinkId, LiveCart, Micros, Person, QueriesAsked, QueryCount, QueryKey, Session};

/// Carts that are shown.
const CARTS: usize = 500;
/// Searches that are shown unless told, and at most.
const QUERIES: u32 = 50;
const MOST_QUERIES: u32 = 500;
const MINUTE: Micros = 60_000_000;

impl Live for Intake {
    fn events(&self) -> BoxStream<'static, LiveEvent> {
        let watch = self.watch();
        let next = |mut watch: tokio::sync::broadcast::Receiver<std::sync::Arc<LiveEvent>>| async move {
            loop {
                match watch.recv().await {
                    Ok(event) => return Some((LiveEvent::clone(&event), watch)),
                    // Too slow: the missed ones are counted in the counters like all others.
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return None,
                }
            }
        };
        stream::unfold(watch, next).boxed()
    }

    fn counters(&self) -> Answer<'_, LiveCounters> {
        Box::pin(async move {
            let now = self.now().timestamp_micros();
            let view = self.ask(|live| live.counters(now));
            let counts = self.counts();
            let within = |minutes: i64| view.minutes.iter().filter(move |m| m.start > now - minutes * MINUTE);
            let (mut by_name, mut by_market) = (BTreeMap::new(), BTreeMap::new());
            let mut revenue: BTreeMap<Currency, Money> = BTreeMap::new();
            let mut longest_delay = 0;
            for minute in within(30) {
                for (deed, n) in &minute.by_deed {
                    let name = if deed.name().is_empty() { "other" } else { deed.name() };
                    *by_name.entry(name.to_owned()).or_default() += n;
                }
                for (country, n) in &minute.by_country {
                    let market = market_of(Some(country)).unwrap_or_else(|| country.clone());
                    *by_market.entry(market).or_default() += n;
                }
                for (currency, money) in &minute.revenue {
                    let sum = revenue.entry(*currency).or_insert(Money { minor: 0, currency: *currency });
                    *sum = sum.plus(*money).unwrap_or(*sum);
                }
                longest_delay = longest_delay.max(minute.longest_delay);
            }
            Ok(LiveCounters {
                accepted: counts.accepted.load(Relaxed),
                rejected: counts.rejected.load(Relaxed),
                repeated: counts.repeated.load(Relaxed),
                last_minute: view.last_minute,
                visitors: view.visitors as u64,
                revenue: revenue.into_values().map(Into::into).collect(),
                longest_delay_ms: (longest_delay / 1_000).unsigned_abs(),
                by_name,
                by_market,
            })
        })
    }

    fn carts(&self) -> Answer<'_, Table> {
        Box::pin(async move {
            let now = self.now().timestamp_micros();
            let carts = self.ask(|live| live.carts(now, None, CARTS));
            let shown = carts.iter().filter(|c| c.status != CartStatus::Ordered);
            let rows: Vec<Vec<Cell>> = shown.map(row).collect();
            let columns = [
                ("cart", "text", "the shop's number of the cart, where it gives one"),
                ("who", "text", "shopper or visitor, pseudonymous"),
                ("state", "text", "open, checkout or abandoned (nothing for an hour)"),
                ("items", "integer", "units in it"),
                ("products", "text", "codes of the products, with their units"),
                ("value", "decimal", "price times units of what has a price"),
                ("currency", "text", "of the value; several where the cart has several"),
                ("unpriced", "integer", "products without a known price, not in the value"),
                ("last", "time", "when it was touched last"),
            ];
            let columns = columns.map(|(name, kind, meaning)| Column::new(name, kind, meaning)).to_vec();
            Ok(Table { columns, total: rows.len() as u64, rows })
        })
    }

    fn queries<'a>(&'a self, query: &'a QueriesQuery) -> Answer<'a, Table> {
        Box::pin(async move {
            let asked = QueriesAsked {
                market: parsed("market", query.market.as_deref())?,
                language: parsed("language", query.language.as_deref())?,
                without_hits: query.without_results == Some(true),
            };
            let n = query.n.unwrap_or(QUERIES);
            if !(1..=MOST_QUERIES).contains(&n) {
                let problem = format!("{n} searches cannot be asked for; from 1 to {MOST_QUERIES} can");
                return Err(wrong("n", problem));
            }
            let now = self.now().timestamp_micros();
            let found = self.ask(|live| live.queries(asked, now, n as usize));
            let rows: Vec<Vec<Cell>> = found.iter().map(query_row).collect();
            let columns = [
                ("query", "text", "what was searched for, in lower case; (other) are those beyond what is told apart"),
                ("market", "text", "country of the events; empty where they said none"),
                ("language", "text", "language of the browser; empty where the events said none"),
                ("searches", "integer", "searches of the last three hours"),
                ("with_results_said", "integer", "those of them that said how many results they had"),
                ("without_results", "integer", "those that said that they had none"),
            ];
            let columns = columns.map(|(name, kind, meaning)| Column::new(name, kind, meaning)).to_vec();
            Ok(Table { columns, total: rows.len() as u64, rows })
        })
    }

    fn visitor<'a>(&'a self, id: &'a str) -> Answer<'a, Option<LiveVisitor>> {
        Box::pin(async move {
            let now = self.now().timestamp_micros();
            let person = self.ask(|live| {
                let person = live.person(id)?;
                // Also those that were taken back: of a shopper, of a visitor.
                let of = |id: &String| [live.links(id).to_vec(), live.links_to(id)].concat();
                let mut links: Vec<Link> = person.ids.iter().flat_map(of).collect();
                links.sort_by_key(|link| (link.at, link.id));
                links.dedup();
                Some((person, links))
            });
            Ok(person.map(|(person, links)| visitor(person, &links, now, &self.params().live.cart)))
        })
    }

    fn undo_link<'a>(&'a self, id: &'a str, link: &'a str) -> Answer<'a, Option<VisitorLink>> {
        Box::pin(async move {
            let Ok(number) = u128::from_str_radix(link, 16).map(LinkId) else {
                return Err(wrong("link", format!("`{link}` is no number of a link: 32 hexadecimal digits")));
            };
            let find = |live: &tracking::Live| live.links(id).iter().find(|l| l.id == number).cloned();
            let Some(mut known) = self.ask(find) else { return Ok(None) };
            if known.undone.is_none() {
                let now = self.now().timestamp_micros();
                known.undone = Some(now);
                if let Some(keeps) = self.keeps_undone() {
                    keeps(&known)
                        .map_err(|e| AnswerError::internal(format!("keeping that a link was taken back: {e}")))?;
                }
                self.change(|live| live.undo_link(id, number, now));
            }
            Ok(Some(link_of(&known)))
        })
    }
}

fn link_of(link: &Link) -> VisitorLink {
    VisitorLink {
        link: format!("{:032x}", link.id.0),
        visitor: link.visitor.clone(),
        shopper: link.user.clone(),
        since: instant(link.at),
        undone: link.undone.map(instant),
    }
}

fn wrong(at: &str, problem: String) -> AnswerError {
    let errors = vec![ProblemAt { at: at.to_owned(), problem: problem.clone() }];
    AnswerError::Invalid { detail: problem, next: format!("mend `{at}`"), errors }
}

fn parsed<T: FromStr<Err: Display>>(at: &str, text: Option<&str>) -> Result<Option<T>, AnswerError> {
    text.map(|text| text.parse().map_err(|why: T::Err| wrong(at, why.to_string()))).transpose()
}

fn instant(at: Micros) -> String {
    DateTime::<Utc>::from_timestamp_micros(at)
        .map_or_else(String::new, |at| at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

fn query_row((key, count): &(QueryKey, QueryCount)) -> Vec<Cell> {
    vec![
        key.query.clone().into(),
        key.market.map(|m| m.code().to_owned()).into(),
        key.language.map(|l| l.code().to_owned()).into(),
        count.searches.into(),
        count.with_hits_said.into(),
        count.without_hits.into(),
    ]
}

fn session(of: &Session) -> VisitorSession {
    let page =
        |page: &tracking::Page| VisitedPage { url: page.url.clone(), at: instant(page.at), dwell_ms: page.dwell_ms };
    VisitorSession {
        first: instant(of.first),
        last: instant(of.last),
        steps: of.n_steps as u64,
        bounced: of.bounced,
        pages: of.pages.iter().map(page).collect(),
    }
}

fn visitor(person: Person, links: &[Link], now: Micros, params: &tracking::CartParams) -> LiveVisitor {
    let line = |line: &tracking::CartLine| VisitorCartLine {
        product_id: line.code.clone(),
        quantity: line.quantity,
        price: line.price.map(|price| price.to_decimal().normalize().to_string()),
        currency: line.currency.clone(),
    };
    LiveVisitor {
        sessions: person.sessions.iter().rev().map(session).collect(),
        cart_state: person.cart.status(now, params).name().to_owned(),
        cart: person.cart.lines.iter().map(line).collect(),
        wishes: person
            .wishes
            .iter()
            .map(|wish| VisitorWish { product_id: wish.code.clone(), since: instant(wish.since) })
            .collect(),
        links: links.iter().map(link_of).collect(),
        id: person.id,
        known: person.known,
        ids: person.ids,
    }
}

fn row(of: &LiveCart) -> Vec<Cell> {
    let (values, unpriced) = of.cart.value();
    let items: i64 = of.cart.lines.iter().fold(0, |sum, line| sum.saturating_add(line.quantity));
    let products: Vec<String> = of.cart.lines.iter().map(|l| format!("{} × {}", l.code, l.quantity)).collect();
    let amounts: Vec<String> = values.iter().map(|m| m.to_decimal().to_string()).collect();
    let currencies: Vec<&str> = values.iter().map(|m| m.currency.code()).collect();
    let last = of.cart.touched.and_then(DateTime::<Utc>::from_timestamp_micros);
    vec![
        of.cart.id.clone().into(),
        of.id.clone().into(),
        of.status.name().into(),
        items.into(),
        products.join(", ").into(),
        amounts.join(" + ").into(),
        currencies.join(" + ").into(),
        (unpriced as u64).into(),
        last.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true)).into(),
    ]
}
