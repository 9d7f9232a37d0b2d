//! `truth.json`: every parameter and every total, so that what is learnt from the files can be
//! compared with what is true.
//!
//! The process is in `params` (what the caller chose), `mechanism` (what drives all markets alike) and
//! `markets` (what differs: profile, festivals, tastes, advertising curves). What was drawn from it row
//! by row is in the tables of [`crate::export::truth_tables`]; prices and attributes of products are in
//! the exports as they are.
//!
//! Amounts are exact decimal texts in the market's currency. Totals leave out what is no business
//! (duplicates, test orders, impossible rows); the files' own row counts include it.

use crate::catalogue::{COLOURS, Catalogue, TYPES};
use crate::export::FileFacts;
use crate::mechanism::Mechanism;
use crate::merchant::LinkedBy;
use crate::plan::{AdChannel, CHANNELS, SIZE_AT, TASTE};
use crate::trade::Line;
use crate::world::{Festival, Profile};
use crate::{Book, MarketPotential, Merchant, SimParams, potentials};
use domain::{Currency, Day, Decimal, Market};
use serde::Serialize;
use std::collections::BTreeMap;

/// The whole truth.
#[derive(Clone, Debug, Serialize)]
pub struct Truth {
    /// Version of this layout.
    pub format: u32,
    /// What was simulated.
    pub params: SimParams,
    /// What drives all markets alike.
    pub(crate) mechanism: Mechanism,
    /// Market by market.
    pub markets: Vec<MarketTruth>,
    /// Latent figures of every product.
    pub products: Vec<ProductTruth>,
    /// Pairs that are bought together or one after the other more often than by taste.
    pub bundles: Vec<Bundle>,
    /// The lot that failed.
    pub bad_lot: BadLot,
    /// Pairs of records that are one person.
    pub identity_links: Vec<IdentityLink>,
    /// Products listed twice.
    pub near_duplicate_products: Vec<NearDuplicate>,
    /// What the merchant could win in each market, entered or not, best first.
    pub market_potential: Vec<MarketPotential>,
    /// Tables of the truth beside this file; empty until they are written.
    pub tables: Vec<FileFacts>,
    /// Files to ingest, their rows and their dirt; empty until they are written.
    pub files: Vec<FileFacts>,
}

/// The truth about a market.
#[derive(Clone, Debug, Serialize)]
pub struct MarketTruth {
    /// Which.
    pub market: Market,
    /// Its currency.
    pub currency: Currency,
    /// What does not change about it: prices' level and endings, tax, climate, sockets, delivery.
    pub profile: &'static Profile,
    /// Festivals that touch the period.
    pub festivals: Vec<Festival>,
    /// Day of its opening.
    pub opened: Day,
    /// `1 − correlation` of its part-worths with home, as asked for.
    pub distance: f64,
    /// Correlation of the products' mean utility with home, as drawn.
    pub utility_correlation_with_home: f64,
    /// Taste clusters, numbered from 1 in the tables.
    pub clusters: Vec<ClusterTruth>,
    /// Mean part-worth of each type, by the names in the catalogue's truth.
    pub kind_worths: Vec<(&'static str, f64)>,
    /// Mean price coefficient: the negative of an own-price elasticity.
    pub price_coefficient: f64,
    /// Advertising curves.
    pub ads: Vec<AdChannel>,
    /// Shoppers that each channel brought, nothing paid first.
    pub shoppers_by_source: Vec<(&'static str, u64)>,
    /// Shoppers.
    pub shoppers: u64,
    /// Shoppers with two orders or more.
    pub repeat_shoppers: u64,
    /// Orders.
    pub orders: u64,
    /// Order lines.
    pub lines: u64,
    /// Units.
    pub units: i64,
    /// List price × quantity − discount over all lines, without shipping and tax on top.
    pub revenue: Decimal,
    /// Discounts.
    pub discounts: Decimal,
    /// Tax, contained or on top.
    pub tax: Decimal,
    /// Shipping.
    pub shipping: Decimal,
    /// Lines of which something came back.
    pub returned_lines: u64,
    /// Units that came back.
    pub returned_units: i64,
    /// What was paid back, without tax on top.
    pub refunds: Decimal,
    /// Orders in the Amazon report.
    pub amazon_orders: u64,
    /// Their revenue.
    pub amazon_revenue: Decimal,
    /// Events, those sent twice once.
    pub events: u64,
    /// Tracked shoppers: known by e-mail in events and in the market's orders.
    pub tracked_shoppers: u64,
}

/// What the shoppers of a cluster like: part-worths in the utility of the choice model.
#[derive(Clone, Debug, Serialize)]
pub struct ClusterTruth {
    /// Share among the market's shoppers.
    pub share: f64,
    /// By type.
    pub kinds: BTreeMap<&'static str, f64>,
    /// By colour.
    pub colours: BTreeMap<&'static str, f64>,
    /// By brand.
    pub brands: BTreeMap<&'static str, f64>,
    /// Of log size against the type's.
    pub size: f64,
    /// Of quality, its mean worth everywhere included.
    pub quality: f64,
}

/// Latent figures of a product: mean 0 and deviation about 1.
#[derive(Clone, Debug, Serialize)]
pub struct ProductTruth {
    /// Catalogue code.
    pub product_id: String,
    /// Type.
    pub kind: &'static str,
    /// Quality.
    pub quality: f64,
    /// Quietness.
    pub quietness: f64,
    /// Ease of use.
    pub ease: f64,
}

/// A planted pair.
#[derive(Clone, Debug, Serialize)]
pub struct Bundle {
    /// Product bought first.
    pub trigger: String,
    /// Product that completes it.
    pub partner: String,
    /// Probability that it joins the same basket.
    pub same_basket: f64,
    /// Probability that it leads the next order.
    pub next_order: f64,
}

/// The lot that failed.
#[derive(Clone, Debug, Serialize)]
pub struct BadLot {
    /// Product.
    pub product_id: String,
    /// First day of its sale.
    pub from: Day,
    /// Day after the last.
    pub to: Day,
    /// Where, of the markets that are simulated.
    pub markets: Vec<Market>,
    /// Probability that a line's units fail.
    pub defect_rate: f64,
    /// Lines sold from it.
    pub lines: u64,
    /// Lines that failed.
    pub defects: u64,
    /// Lines of it that came back.
    pub returned: u64,
}

/// Two records of one person.
#[derive(Clone, Debug, Serialize)]
pub struct IdentityLink {
    /// Market and key of the record abroad.
    pub abroad: (Market, String),
    /// Market and key of the record at home.
    pub home: (Market, String),
    /// What both share.
    pub by: LinkedBy,
    /// The shared e-mail address or telephone number.
    pub value: String,
}

/// A product listed twice.
#[derive(Clone, Debug, Serialize)]
pub struct NearDuplicate {
    /// The other id.
    pub product_id: String,
    /// The product it repeats.
    pub of: String,
}

impl Truth {
    /// The truth about a merchant; files are added by [`Self::with_files`] when they are written.
    pub fn of(merchant: &Merchant) -> Self {
        let products = &merchant.catalogue.products;
        let home = merchant.book(crate::world::HOME).unwrap_or(&merchant.books[0]);
        let bundle = |p: &crate::catalogue::Product| {
            p.partner.map(|partner| Bundle {
                trigger: p.id.clone(),
                partner: products[usize::from(partner)].id.clone(),
                same_basket: p.spec().same_basket,
                next_order: p.spec().next_order,
            })
        };
        let link = |book: &Book| -> Vec<IdentityLink> {
            let of = |l: &crate::merchant::Link| {
                let contact = home.contact(l.home);
                IdentityLink {
                    abroad: (book.profile.market, book.shopper_key(l.abroad)),
                    home: (home.profile.market, home.shopper_key(l.home)),
                    by: l.by,
                    value: if l.by == LinkedBy::Email { contact.email } else { contact.phone },
                }
            };
            book.links.iter().map(of).collect()
        };
        let twice = crate::export::near_duplicates(merchant).into_iter();
        Self {
            format: 2,
            params: merchant.params.clone(),
            mechanism: Mechanism::of(merchant.rules),
            markets: merchant.books.iter().map(|b| MarketTruth::of(merchant, b, home)).collect(),
            products: products
                .iter()
                .map(|p| ProductTruth {
                    product_id: p.id.clone(),
                    kind: p.spec().name,
                    quality: p.quality,
                    quietness: p.quietness,
                    ease: p.ease,
                })
                .collect(),
            bundles: products.iter().filter_map(bundle).collect(),
            bad_lot: BadLot::of(merchant),
            identity_links: merchant.books.iter().flat_map(link).collect(),
            near_duplicate_products: twice
                .map(|(product_id, of)| NearDuplicate { product_id, of: products[of].id.clone() })
                .collect(),
            market_potential: potentials(&merchant.params),
            tables: Vec::new(),
            files: Vec::new(),
        }
    }
}

impl Truth {
    /// With the tables of the truth and the files to ingest that were written.
    #[must_use]
    pub fn with_files(self, tables: Vec<FileFacts>, files: Vec<FileFacts>) -> Self {
        Self { tables, files, ..self }
    }
}

impl ClusterTruth {
    fn all(book: &Book) -> Vec<Self> {
        let taste = &book.taste;
        let of = |(share, worth): (&f64, &Vec<f64>)| {
            let (kinds, rest) = worth.split_at(TYPES.len());
            let (colours, rest) = rest.split_at(COLOURS.len());
            Self {
                share: *share,
                kinds: TYPES.iter().map(|t| t.name).zip(kinds.iter().copied()).collect(),
                colours: COLOURS.iter().map(|c| c.name).zip(colours.iter().copied()).collect(),
                brands: Catalogue::BRANDS.into_iter().zip(rest.iter().copied()).collect(),
                size: worth[SIZE_AT],
                quality: TASTE.quality_worth + worth[SIZE_AT + 1],
            }
        };
        taste.cluster_shares.iter().zip(&taste.worths).map(of).collect()
    }
}

impl MarketTruth {
    fn of(merchant: &Merchant, book: &Book, home: &Book) -> Self {
        let (from, end) = (merchant.params.from, merchant.params.end());
        let touches = |f: &Festival| f.from < end && from < f.from.plus(f.days);
        let festivals = book.profile.festivals_between(from, end).into_iter().filter(touches).collect();
        let exponent = book.profile.currency.exponent();
        let exact = |minor: i64| Decimal::new(minor, exponent);
        let sum = |f: &dyn Fn(&Line) -> i64| exact(book.lines.iter().map(f).sum());
        let mut orders_of = vec![0_u32; book.shoppers.len()];
        book.orders.iter().for_each(|o| orders_of[o.shopper as usize] += 1);
        let amazon = || book.orders.iter().filter(|o| book.by_amazon(o));
        let back = || book.lines.iter().filter(|l| l.returned > 0);
        let sources = std::iter::once("organic").chain(CHANNELS).enumerate();
        let by_source = |i: usize| book.shoppers.iter().filter(|s| usize::from(s.source) == i).count() as u64;
        Self {
            market: book.profile.market,
            currency: book.profile.currency,
            profile: book.profile,
            festivals,
            opened: merchant.params.from.plus(book.params.opens_after as i32),
            distance: book.params.distance,
            utility_correlation_with_home: correlation(&book.taste.mean_utility(), &home.taste.mean_utility()),
            clusters: ClusterTruth::all(book),
            kind_worths: TYPES.iter().zip(&book.taste.kind_worths).map(|(t, w)| (t.name, *w)).collect(),
            price_coefficient: book.params.price_coefficient,
            ads: book.ads.channels.clone(),
            shoppers_by_source: sources.map(|(i, name)| (name, by_source(i))).collect(),
            shoppers: book.shoppers.len() as u64,
            repeat_shoppers: orders_of.iter().filter(|n| **n > 1).count() as u64,
            orders: book.orders.len() as u64,
            lines: book.lines.len() as u64,
            units: book.lines.iter().map(|l| i64::from(l.quantity)).sum(),
            revenue: sum(&Line::revenue),
            discounts: sum(&|l| l.discount),
            tax: sum(&|l| l.tax),
            shipping: exact(book.orders.iter().map(|o| o.shipping).sum()),
            returned_lines: back().count() as u64,
            returned_units: back().map(|l| i64::from(l.returned)).sum(),
            refunds: exact(back().map(Line::refund).sum()),
            amazon_orders: amazon().count() as u64,
            amazon_revenue: exact(amazon().flat_map(|o| book.lines_of(o)).map(Line::revenue).sum()),
            events: book.events.len() as u64,
            tracked_shoppers: book.shoppers.iter().filter(|s| s.tracked).count() as u64,
        }
    }
}

impl BadLot {
    fn of(merchant: &Merchant) -> Self {
        let lot = &merchant.params.bad_lot;
        let from = merchant.params.from.plus(lot.starts_after as i32);
        let to = from.plus(lot.lasts as i32);
        let mut truth = Self {
            product_id: merchant.catalogue.products[merchant.bad_product].id.clone(),
            from,
            to,
            markets: merchant.books.iter().map(|b| b.profile.market).filter(|m| lot.markets.contains(m)).collect(),
            defect_rate: lot.defect_rate,
            lines: 0,
            defects: 0,
            returned: 0,
        };
        for book in merchant.books.iter().filter(|b| lot.markets.contains(&b.profile.market)) {
            let in_time = |at: i64| (i64::from(from.0) * 86_400..i64::from(to.0) * 86_400).contains(&at);
            for order in book.orders.iter().filter(|o| in_time(o.at)) {
                for line in book.lines_of(order).iter().filter(|l| usize::from(l.product) == merchant.bad_product) {
                    truth.lines += 1;
                    truth.defects += u64::from(line.defect);
                    truth.returned += u64::from(line.returned > 0);
                }
            }
        }
        truth
    }
}

/// Pearson's correlation; 0 when one row does not vary.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let (ma, mb) = (mean(a), mean(b));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(b) {
        ab += (x - ma) * (y - mb);
        aa += (x - ma).powi(2);
        bb += (y - mb).powi(2);
    }
    if aa * bb > 0.0 { ab / (aa * bb).sqrt() } else { 0.0 }
}
