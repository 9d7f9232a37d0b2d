//! The whole history in memory: [`Merchant::generate`] puts the parts together, market by market.
//!
//! Order of work: catalogue, rates and shared taste; then for each market its taste, prices and
//! advertising, a trial that tells how many orders a shopper makes, the shoppers, their orders.
//! Memory: about 120 bytes an order line. Markets run one after another, shoppers in parallel.

use crate::catalogue::{Catalogue, Power};
use crate::fx::RateHistory;
use crate::params::ORDERS_AT_SCALE_ONE;
use crate::part::{Part, market_seed};
use crate::plan::{AdBook, ChoiceTables, MarketTaste, PriceBook, SharedTaste};
use crate::trade::{Contact, Event, History, Line, Order, Person, Rules, Scene, Shopper};
use crate::trade::{arrivals, events, mean_orders, shopper_key, simulate};
use crate::world::{HOME, Profile, profile};
use crate::{Export, MarketParams, SimError, SimParams};
use serde::Serialize;

/// How two shopper records of one person can be told to be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkedBy {
    /// The same e-mail address.
    Email,
    /// The same telephone number.
    Phone,
}

/// Which shoppers of a market abroad are shoppers at home too.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct LinkRules {
    /// One web shopper in so many.
    one_in: usize,
    /// At least so many where there are.
    at_least: usize,
    /// One link in so many is by telephone, the others by e-mail.
    by_phone_one_in: usize,
}

pub(crate) const LINKS: LinkRules = LinkRules { one_in: 80, at_least: 3, by_phone_one_in: 3 };

/// A shopper of a market abroad who is also a shopper at home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Number in the market abroad.
    pub abroad: u32,
    /// Number at home.
    pub home: u32,
    /// What both records share.
    pub by: LinkedBy,
}

/// Everything about one market.
#[derive(Clone, Debug)]
pub struct Book {
    /// What does not change about it.
    pub profile: &'static Profile,
    /// Its parameters.
    pub params: MarketParams,
    /// What its shoppers like.
    pub taste: MarketTaste,
    /// Prices.
    pub prices: PriceBook,
    /// Advertising.
    pub ads: AdBook,
    /// Shoppers by arrival.
    pub shoppers: Vec<Shopper>,
    /// Orders by time.
    pub orders: Vec<Order>,
    /// Lines, grouped by order.
    pub lines: Vec<Line>,
    /// By number of the shopper: left for good, rather than alive when the period ended.
    pub left: Vec<bool>,
    /// Events of tracked shoppers by time.
    pub events: Vec<Event>,
    /// Shoppers known at home too, by number.
    pub links: Vec<Link>,
}

impl Book {
    /// The lines of an order.
    pub fn lines_of(&self, order: &Order) -> &[Line] {
        &self.lines[order.first_line as usize..][..order.n_lines as usize]
    }

    /// Whether an order leaves by the Amazon report.
    pub fn by_amazon(&self, order: &Order) -> bool {
        self.params.export == Export::Amazon && self.shoppers[order.shopper as usize].marketplace
    }

    /// Number of an order as the exports print it.
    pub fn order_id(&self, order: usize) -> String {
        let market = self.profile.market;
        match self.params.export {
            Export::Shopify => format!("{market}{}", 1001 + order),
            _ if self.orders.get(order).is_some_and(|o| self.by_amazon(o)) => {
                // 7919 shares no factor with a power of ten, so that no number comes twice.
                format!("4{:02}-{:07}-{:07}", order % 89 + 10, (order * 7919 + 17) % 10_000_000, order)
            }
            Export::Canonical | Export::Amazon => format!("{market}-{:07}", order + 1),
        }
    }

    /// The link of a shopper to home, if there is one.
    pub fn link(&self, shopper: u32) -> Option<&Link> {
        self.links.binary_search_by_key(&shopper, |l| l.abroad).ok().map(|i| &self.links[i])
    }

    /// How to reach a shopper; one who is linked to home shares the e-mail or the telephone there.
    pub fn contact(&self, shopper: u32) -> Contact {
        let own = Person { profile: self.profile, number: shopper };
        let home = |link: &Link| profile(HOME).map_or(own, |profile| Person { profile, number: link.home });
        let via = |by| self.link(shopper).filter(|l| l.by == by).map_or(own, home);
        let (given, family) = own.names();
        let (email, phone) = (via(LinkedBy::Email).email(), via(LinkedBy::Phone).phone());
        Contact { given, family, email, phone, street: own.street() }
    }

    /// The key of a shopper in our own systems.
    pub fn shopper_key(&self, shopper: u32) -> String {
        shopper_key(self.profile, shopper)
    }
}

/// A merchant with its whole history.
#[derive(Clone, Debug)]
pub struct Merchant {
    /// What it was made from.
    pub params: SimParams,
    /// What it sells.
    pub catalogue: Catalogue,
    /// Exchange rates.
    pub rates: RateHistory,
    /// Its markets, in the order of the parameters.
    pub books: Vec<Book>,
    /// Row of the product with the bad lot.
    pub bad_product: usize,
    pub(crate) rules: Rules,
}

impl Merchant {
    /// Simulates. Pure: the same parameters give the same merchant at any number of threads.
    ///
    /// # Errors
    /// [`SimError`] naming the first parameter that describes no merchant.
    pub fn generate(params: &SimParams) -> Result<Self, SimError> {
        let profiles = params.checked()?;
        let catalogue = Catalogue::generate(params.n_products, crate::part::seed_of(params.seed, Part::Catalogue));
        let rates = RateHistory::generate(params);
        let shared = SharedTaste::generate(params);
        let tastes: Vec<MarketTaste> =
            params.markets.iter().map(|m| MarketTaste::generate(params, m, &shared, &catalogue)).collect();
        let bad_product = bad_product(params, &tastes, &catalogue);
        let rules = Rules::default();
        let total_share: f64 = params.markets.iter().map(|m| m.order_share).sum();
        let mut books: Vec<Book> = Vec::new();
        for ((market, profile), taste) in params.markets.iter().zip(profiles).zip(tastes) {
            let target = ORDERS_AT_SCALE_ONE * params.scale * market.order_share / total_share;
            let per_day = target / f64::from(params.days - market.opens_after);
            let prices = PriceBook::generate(params, profile, &catalogue, &rates);
            let ads = AdBook::generate(params, market, profile, per_day);
            let n_shoppers = (target / mean_orders(params, market, profile, &taste, &ads)).max(5.0);
            let shoppers = arrivals(params, market, profile, &taste, &ads, n_shoppers);
            let choice = ChoiceTables::new(params, market, profile, &catalogue, &taste, &prices);
            let scene = Scene {
                params,
                market,
                profile,
                catalogue: &catalogue,
                prices: &prices,
                choice: &choice,
                rules,
                bad_product,
            };
            let History { orders, lines, left } = simulate(&scene, &shoppers);
            let mut book = Book {
                profile,
                params: market.clone(),
                taste,
                prices,
                ads,
                shoppers,
                orders,
                lines,
                left,
                events: Vec::new(),
                links: Vec::new(),
            };
            let kinds: Vec<u16> = catalogue.products.iter().map(|p| p.kind as u16).collect();
            book.events = events(params, &book, &choice, &kinds);
            books.push(book);
        }
        // Home may stand anywhere among the markets, so links wait for all of them.
        if let Some(home) = books.iter().position(|b| b.profile.market == HOME) {
            let of = |book: &Book| links(params, book, &books[home]);
            let found: Vec<Vec<Link>> = books.iter().map(of).collect();
            for (i, (book, links)) in books.iter_mut().zip(found).enumerate() {
                book.links = if i == home { Vec::new() } else { links };
            }
        }
        Ok(Self { params: params.clone(), catalogue, rates, books, bad_product, rules })
    }

    /// Orders in all markets.
    pub fn n_orders(&self) -> usize {
        self.books.iter().map(|b| b.orders.len()).sum()
    }

    /// Order lines in all markets.
    pub fn n_lines(&self) -> usize {
        self.books.iter().map(|b| b.lines.len()).sum()
    }

    /// The market's book.
    pub fn book(&self, market: domain::Market) -> Option<&Book> {
        self.books.iter().find(|b| b.profile.market == market)
    }
}

/// The product that the first market of the bad lot likes best among those for every mains.
fn bad_product(params: &SimParams, tastes: &[MarketTaste], catalogue: &Catalogue) -> usize {
    let first = params.markets.iter().position(|m| params.bad_lot.markets.contains(&m.market)).unwrap_or(0);
    let liked = tastes[first].mean_utility();
    let wide = (0..catalogue.len()).filter(|j| catalogue.products[*j].power == Power::Wide);
    wide.max_by(|a, b| liked[*a].total_cmp(&liked[*b])).unwrap_or(0)
}

/// Some web shoppers of a market abroad are web shoppers at home, told by e-mail or telephone.
fn links(params: &SimParams, book: &Book, home: &Book) -> Vec<Link> {
    let mut rng = market_seed(params.seed, Part::Links, book.profile.market).stream(0);
    let web = |book: &Book| -> Vec<u32> {
        let all = book.shoppers.iter().enumerate().filter(|(_, s)| !s.marketplace);
        all.map(|(i, _)| i as u32).collect()
    };
    let (mut abroad, mut at_home) = (web(book), web(home));
    rng.shuffle(&mut abroad);
    rng.shuffle(&mut at_home);
    let n = (abroad.len() / LINKS.one_in).max(LINKS.at_least);
    let last = LINKS.by_phone_one_in - 1;
    let by = |i: usize| if i % LINKS.by_phone_one_in == last { LinkedBy::Phone } else { LinkedBy::Email };
    let pairs = abroad.iter().zip(&at_home).take(n).enumerate();
    let mut links: Vec<Link> = pairs.map(|(i, (a, h))| Link { abroad: *a, home: *h, by: by(i) }).collect();
    links.sort_by_key(|l| l.abroad);
    links
}
