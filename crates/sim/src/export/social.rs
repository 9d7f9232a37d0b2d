//! What people did under the seller's posts: comments, likes and the like on three networks of each market.
//!
//! Authors are shoppers whom the exports of the market name, and as many strangers. Some of the shoppers are named once by what
//! they wrote (through a form or a login of the shop), so that their handle tells who wrote the rest; all others are nobody
//! to the shop. Some rows come twice, as exports that overlap have them. `truth_interactions.csv` says of each interaction
//! who it was and whether the files tell.

use super::table::Table;
use super::{Dirt, Encoding, Facts, FileFacts, Sink, canonical};
use crate::catalogue::language_index;
use crate::part::{Part, market_seed};
use crate::trade::OPENINGS;
use crate::world::HOME;
use crate::{Book, Export, Merchant, SimError};
use domain::Rng;
use serde::Serialize;

/// How much is done under posts.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct SocialRules {
    /// One shopper in so many whom the exports name is an author; as many strangers are.
    one_in: usize,
    /// At least so many where there are.
    at_least: usize,
    /// Interactions of an author, least and most, each number as likely.
    each: (usize, usize),
    /// Share of those shoppers whom their first interaction names.
    named: f64,
    /// Share of interactions that come twice.
    twice: f64,
    /// Posts of a market, one product each.
    posts: usize,
    /// Days before the end on which it all happens.
    days: usize,
}

pub(crate) const SOCIAL: SocialRules =
    SocialRules { one_in: 10, at_least: 6, each: (1, 5), named: 0.5, twice: 0.05, posts: 12, days: 180 };

/// Kinds and their weight of one hundred.
const KINDS: [(&str, usize); 7] =
    [("comment", 45), ("like", 25), ("reply", 10), ("share", 8), ("save", 6), ("follow", 3), ("mention", 3)];

/// Networks as exports write them, and their name in the lake.
const AT_HOME: [(&str, &str); 3] = [("小红书", "xiaohongshu"), ("抖音", "douyin"), ("微博", "weibo")];
const ABROAD: [(&str, &str); 3] = [("Instagram", "instagram"), ("TikTok", "tiktok"), ("Garden Forum", "garden forum")];

/// One thing that somebody did.
struct Act {
    network: (&'static str, &'static str),
    post: usize,
    kind: &'static str,
    handle: String,
    /// The shopper who did it; nobody whom the shop knows otherwise.
    shopper: Option<u32>,
    /// Whether this row names the shopper.
    names: bool,
    /// Whether any row of the author does.
    linked: bool,
    text: String,
    at: i64,
    twice: bool,
}

/// Everything that was done under the posts of a market.
fn acts(merchant: &Merchant, book: &Book) -> Vec<Act> {
    let rules = SOCIAL;
    let seed = market_seed(merchant.params.seed, Part::Social, book.profile.market);
    let mut known: Vec<u32> = match book.params.export {
        Export::Shopify => (0..book.shoppers.len() as u32).collect(),
        Export::Canonical | Export::Amazon => canonical::named(merchant, book),
    };
    seed.stream(0).shuffle(&mut known);
    known.truncate((known.len() / rules.one_in).max(rules.at_least));
    let strangers = known.len();
    let authors = known.into_iter().map(Some).chain(std::iter::repeat_n(None, strangers));
    authors
        .enumerate()
        .flat_map(|(a, shopper)| of_author(merchant, book, a, shopper, &mut seed.stream(1 + a as u64)))
        .collect()
}

/// What one author did.
fn of_author(merchant: &Merchant, book: &Book, author: usize, shopper: Option<u32>, rng: &mut Rng) -> Vec<Act> {
    let rules = SOCIAL;
    let networks = if book.profile.market == HOME { &AT_HOME } else { &ABROAD };
    let network = networks[rng.below(networks.len())];
    let market = book.profile.market.code().to_ascii_lowercase();
    let linked = shopper.is_some() && rng.uniform() < rules.named;
    let (least, most) = rules.each;
    let end = i64::from(merchant.params.end().0) * 86_400;
    (0..least + rng.below(most - least + 1))
        .map(|n| {
            let mut weight = rng.below(100);
            let kind = KINDS.iter().find(|(_, share)| {
                let is_it = weight < *share;
                weight = weight.saturating_sub(*share);
                is_it
            });
            let kind = kind.map_or("comment", |(kind, _)| *kind);
            let post = rng.below(rules.posts);
            let says = matches!(kind, "comment" | "reply" | "mention");
            Act {
                network,
                post,
                kind,
                handle: format!("kitchen_{market}_{author}"),
                shopper,
                names: linked && n == 0,
                linked,
                text: if says { words(merchant, book, post, rng) } else { String::new() },
                at: end - 1 - rng.below(rules.days * 86_400) as i64,
                twice: rng.uniform() < rules.twice,
            }
        })
        .collect()
}

/// The product of a post.
fn product(merchant: &Merchant, post: usize) -> usize {
    post * 17 % merchant.catalogue.len()
}

fn words(merchant: &Merchant, book: &Book, post: usize, rng: &mut Rng) -> String {
    let language = language_index(book.profile.language);
    let product = &merchant.catalogue.products[product(merchant, post)];
    OPENINGS[language][rng.below(3)][rng.below(2)].replace("{p}", product.spec().words[language])
}

/// Writes `interactions.csv`: rows in the order of authors, and after them those that come again.
pub(super) fn interactions(merchant: &Merchant, sink: &mut dyn Sink) -> Result<FileFacts, SimError> {
    let mut facts = Facts::new("exports/interactions.csv".to_owned(), "canonical interactions", Encoding::Utf8);
    let name = facts.name();
    let mut out = sink.create(&name).map_err(SimError::write(&name))?;
    let header = "platform comment_id post_id kind username customer_id email product_id message country created_time";
    let header: Vec<&str> = header.split(' ').collect();
    let mut table = Table::new(&mut *out, &name, Encoding::Utf8, ',', &header)?;
    for book in &merchant.books {
        let acts = acts(merchant, book);
        let again = acts.iter().enumerate().filter(|(_, act)| act.twice);
        again.clone().for_each(|_| facts.count(Dirt::RepeatedInteraction));
        for (number, act) in acts.iter().enumerate().chain(again) {
            let market = book.profile.market.code();
            table.cell(act.network.0);
            // Networks number what is written, not who liked it.
            table.cell(&if act.kind == "like" { String::new() } else { format!("{market}-{number:06}") });
            table.cell(&format!("{market}-P{:03}", act.post));
            table.cell(act.kind);
            table.cell(&format!("@{}", act.handle));
            match act.shopper.filter(|_| act.names) {
                Some(shopper) if book.params.export == Export::Shopify => {
                    table.empty(1);
                    table.cell(&book.contact(shopper).email);
                }
                Some(shopper) => {
                    table.cell(&book.shopper_key(shopper));
                    table.empty(1);
                }
                None => table.empty(2),
            }
            table.cell(&merchant.catalogue.products[product(merchant, act.post)].id);
            table.cell(&act.text);
            table.cell(market);
            table.instant(act.at, 0, 'T', "Z");
            table.end_row()?;
        }
    }
    Ok(facts.finish(table.finish()?))
}

/// Writes `truth_interactions.csv`: who did what, each once, and whether the files tell.
pub(super) fn interaction_truth(merchant: &Merchant, sink: &mut dyn Sink) -> Result<FileFacts, SimError> {
    let name = "truth_interactions.csv";
    let facts = Facts::new(name.to_owned(), "truth of interactions", Encoding::Utf8);
    let mut out = sink.create(name).map_err(SimError::write(name))?;
    let header = ["market", "platform", "username", "kind", "shopper_key", "linked"];
    let mut table = Table::new(&mut *out, name, Encoding::Utf8, ',', &header)?;
    for book in &merchant.books {
        for act in acts(merchant, book) {
            table.cell(book.profile.market.code());
            table.cell(act.network.1);
            table.cell(&act.handle);
            table.cell(act.kind);
            table.cell(&act.shopper.map_or_else(String::new, |shopper| book.shopper_key(shopper)));
            table.cell(if act.linked { "true" } else { "false" });
            table.end_row()?;
        }
    }
    Ok(facts.finish(table.finish()?))
}
