//! Promotions of every market: what the seller announces held against the floors, a discount for each product, bundles of what is
//! bought together, a threshold and a code for the market.
//!
//! A discount comes off the price that is asked now, or off the advised one where that is lower: whichever is asked, the floor
//! holds. Nothing is promoted that must not be sold or runs short. Products whose discount is known to pay are left out of
//! threshold, code and bundles; of all other offers that we advise one at most applies to a cart.
//!
//! Where nothing was sold yet there are no orders for bundles, thresholds and codes. A discount can be tested there as soon as the price
//! it comes off was asked for long enough, with what promotions of the product did elsewhere as all that is known: a test in any case.

mod data;
mod own;
mod table;

pub(super) use data::History;
pub(super) use table::table;

use super::costs::Costed;
use super::demand::Demand;
use super::inputs::Inputs;
use super::prices::{Answers, PriceRow};
use super::sell::Verdict;
use super::when::StockRow;
use anyhow::Result;
use decide::Said;
use decide::calendar::{EventKind, Suggestion};
use decide::price::corridor::Answer;
use decide::price::endings::ENDINGS;
use decide::promotion::basket::{BasketOffer, BasketParams, Shelved, code, threshold};
use decide::promotion::guard::{self, Guarded, guard};
use decide::promotion::limited::{Limited, LimitedParams, Promotable, Range, limited};
use decide::promotion::offer::{Kind, Offer};
use decide::promotion::own::OwnOffers;
use decide::promotion::prior_price::{Prior, PriorVerdict};
use decide::promotion::together::{Bundle, Part, Together, bundle};
use decide::promotion::uplift::{Lift, Pays};
use domain::{Day, Decimal, Market, Money, Window};
use std::collections::{BTreeMap, BTreeSet};

/// Days of a discount.
const DAYS: i32 = 7;
/// Days until the first one: a promotion has to be set up and told.
const NOTICE: i32 = 14;
/// Days that a market to be entered is sold in before its first discount: a price must have been asked before it can be reduced, for 30
/// days where the law says so.
const ASKED: i32 = 30;
/// Bundles of a market.
const BUNDLES: usize = 20;

/// What promotions follow from.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) inputs: &'a Inputs,
    pub(super) costs: &'a [Costed],
    pub(super) prices: &'a [PriceRow],
    pub(super) answers: &'a Answers,
    pub(super) demand: &'a Demand,
    pub(super) verdicts: &'a [Verdict],
    pub(super) stock: &'a [StockRow],
    pub(super) calendar: &'a [(Market, Suggestion)],
    pub(super) history: &'a History,
    pub(super) own: &'a OwnOffers,
}

/// An offer, or why there is none for a product.
pub(super) struct PromoRow {
    pub(super) market: usize,
    pub(super) id: String,
    /// limited, bundle, threshold, code or own.
    pub(super) kind: &'static str,
    /// Places of the products it is for.
    pub(super) products: Vec<usize>,
    /// pays, test, no, fine or refused.
    pub(super) verdict: &'static str,
    pub(super) days: Option<Window>,
    pub(super) occasion: Option<Said>,
    pub(super) list: Option<Money>,
    pub(super) price: Option<Money>,
    pub(super) floor: Option<Money>,
    pub(super) depth: Option<f64>,
    pub(super) spend: Option<Money>,
    pub(super) amount: Option<Money>,
    /// The prior price that has to be shown.
    pub(super) reference: Option<Money>,
    pub(super) needed: Option<f64>,
    pub(super) lift: Option<Lift>,
    pub(super) units: Option<Range>,
    /// Margin added, minor units.
    pub(super) added: Option<Range>,
    pub(super) stacks: Said,
    pub(super) formula: &'static str,
    pub(super) said: Said,
}

impl PromoRow {
    /// No offer of a kind, and why.
    fn none(market: usize, id: String, kind: &'static str, said: Said) -> Self {
        Self {
            market,
            id,
            kind,
            products: Vec::new(),
            verdict: "no",
            days: None,
            occasion: None,
            list: None,
            price: None,
            floor: None,
            depth: None,
            spend: None,
            amount: None,
            reference: None,
            needed: None,
            lift: None,
            units: None,
            added: None,
            stacks: Said::new("", ""),
            formula: "",
            said,
        }
    }
}

/// A product that has a price above nothing, a cost and a floor.
pub(super) struct Priced {
    pub(super) product: usize,
    pub(super) at: Guarded,
    break_even: Money,
    kept: f64,
    margin: f64,
    /// What is asked, or is to be asked where it was never sold.
    now: Money,
}

pub(super) fn promotions(known: Known<'_>) -> Result<Vec<PromoRow>> {
    let mut rows = Vec::new();
    for market in 0..known.inputs.markets.len() {
        let here = Here::of(known, market, |row| row.now, NOTICE)?;
        rows.extend(here.own_rows()?);
        let limited = here.limited()?;
        let paying: BTreeSet<usize> =
            limited.iter().filter(|r| r.verdict == "pays").flat_map(|r| r.products.clone()).collect();
        rows.extend(limited);
        rows.extend(here.bundles(&paying)?);
        rows.extend(here.carts(&paying)?);
    }
    Ok(rows)
}

/// Of markets where nothing was sold yet; `known` is of those.
pub(super) fn of_entered(known: Known<'_>) -> Result<Vec<PromoRow>> {
    let from = on_sale(known.inputs.as_of);
    let mut rows = Vec::new();
    for market in 0..known.inputs.markets.len() {
        let here = Here::of(known, market, PriceRow::price, NOTICE + ASKED)?;
        rows.extend(here.own_rows()?);
        rows.extend(here.limited()?.into_iter().map(|row| untried(row, from)));
    }
    Ok(rows)
}

/// The day from which a market to be entered is taken to be sold in.
pub(super) fn on_sale(as_of: Day) -> Day {
    as_of.plus(NOTICE)
}

/// What another market says of a discount is no more than the reason for a test here.
fn untried(row: PromoRow, from: Day) -> PromoRow {
    let PromoRow { list: Some(list), said, verdict, .. } = &row else { return row };
    let said = Said::new(
        format!("never sold here, so only a test, if {list} is asked from {from} on: {}", said.en),
        format!("此前未在此销售，仅为测试，前提是自 {from} 起以 {list} 销售：{}", said.zh),
    );
    match *verdict {
        "pays" => PromoRow { verdict: "test", stacks: alone(), said, ..row },
        "test" => PromoRow { said, ..row },
        _ => row,
    }
}

/// One market.
struct Here<'a> {
    known: Known<'a>,
    market: usize,
    priced: Vec<Priced>,
    /// What may be promoted: lawful, and not running short.
    free: BTreeSet<usize>,
    /// Announced by the seller and above every floor.
    announced: Vec<Offer>,
    /// Announced and below one.
    refused: Vec<own::Judged>,
    judged: Vec<own::Judged>,
    days: Window,
    occasion: Option<Said>,
}

impl<'a> Here<'a> {
    /// `asked` is the price that a discount comes off, `notice` the days until one may begin.
    fn of(known: Known<'a>, market: usize, asked: fn(&PriceRow) -> Option<Money>, notice: i32) -> Result<Self> {
        let place = &known.inputs.markets[market];
        let costed: BTreeMap<usize, &Costed> =
            known.costs.iter().filter(|c| c.market == market).map(|c| (c.product, c)).collect();
        let mut priced = Vec::new();
        for row in known.prices.iter().filter(|r| r.market == market) {
            let (Some(costed), Some(now)) = (costed.get(&row.product), asked(row).filter(|m| m.minor > 0)) else {
                continue;
            };
            // Whichever of both is asked, the floor holds.
            let list = row.price().filter(|p| p.minor < now.minor).unwrap_or(now);
            let break_even = costed.landed.floor(Decimal::ZERO)?.floor;
            let margin = costed.landed.margin(list)?.minor as f64;
            let above = (list.minor - break_even.minor) as f64;
            let kept = if above > 0.0 { (margin / above).clamp(0.01, 1.0) } else { 0.5 };
            let product = known.inputs.products[row.product].id.as_str().into();
            let at = Guarded { product, price: list, floor: costed.floor.floor };
            priced.push(Priced { product: row.product, at, break_even, kept, margin: margin / list.minor as f64, now });
        }
        let blocked = |v: &&Verdict| v.market == place.market && v.explained.code == "blocked";
        let barred: BTreeSet<usize> = known.verdicts.iter().filter(blocked).map(|v| v.product).collect();
        let short = |r: &&StockRow| r.market == market && matches!(r.state, "out" | "short");
        let short: BTreeSet<usize> = known.stock.iter().filter(short).map(|r| r.product).collect();
        let free = priced.iter().map(|p| p.product).filter(|p| !barred.contains(p) && !short.contains(p)).collect();
        let (days, occasion) = occasion(known, place.market, notice);
        let (announced, judged) = own::judge(known, market, &priced)?;
        let (refused, judged) = judged.into_iter().partition(|j: &own::Judged| j.refused);
        Ok(Self { known, market, priced, free, announced, refused, judged, days, occasion })
    }

    fn own_rows(&self) -> Result<Vec<PromoRow>> {
        Ok(self.refused.iter().chain(&self.judged).map(|j| j.row(self.market)).collect())
    }

    /// Units of the days at the list price.
    fn units(&self, priced: &Priced, answer: &Answer) -> Option<Range> {
        let forecast = self.known.demand.products.get(&(self.market, priced.product))?;
        let week = usize::try_from(self.days.from.since(forecast.first).div_euclid(7)).ok()?;
        let band = forecast.bands.first()?;
        let days = f64::from(self.days.to.since(self.days.from)) / 7.0;
        // Demand was seen at the present price.
        let now = priced.now.minor as f64;
        let times = match answer {
            Answer::Known(e) | Answer::Borrowed(e, _) => (priced.at.price.minor as f64 / now).powf(e.value),
            Answer::Refused(_) => 1.0,
        };
        let at = |x: &f64| (x * days * times).max(0.0);
        let (mean, low, high) = (forecast.mean.get(week)?, band.low.get(week)?, band.high.get(week)?);
        Some(Range { mean: at(mean), low: at(low), high: at(high) })
    }

    fn limited(&self) -> Result<Vec<PromoRow>> {
        let place = &self.known.inputs.markets[self.market];
        // Only parts of own bundles need the prices of others.
        let bundled = |p: &&Priced| {
            self.announced.iter().any(|o| matches!(o.kind, Kind::Bundle { .. }) && o.covers(&p.at.product))
        };
        let others: Vec<Guarded> = self.priced.iter().filter(bundled).map(|p| p.at.clone()).collect();
        let mut rows = Vec::new();
        for priced in &self.priced {
            let key = (self.market, priced.product);
            if !self.free.contains(&priced.product) {
                rows.push(self.none(
                    priced,
                    Said::new(
                        "not promoted: it must not be sold here, or it runs short before the next delivery",
                        "不做促销：在此禁售，或下次到货前将断货",
                    ),
                ));
                continue;
            }
            let answer = self.known.answers.answer(key);
            let history = self.known.history.asked.get(&key).map_or(&[][..], Vec::as_slice);
            let product = Promotable {
                at: priced.at.clone(),
                market: place.market,
                break_even: priced.break_even,
                kept: priced.kept,
                units: self.units(priced, &answer),
                answer: &answer,
                own: self.known.history.lifts.get(&key).copied(),
                borrowed: self.known.history.borrowed(key, &self.known.inputs.markets),
                history,
                days: self.days,
                announced: &self.announced,
                others: &others,
            };
            rows.push(match limited(&product, &LimitedParams::default())? {
                Ok(found) => self.discount(priced, found),
                Err(why) => self.none(priced, why),
            });
        }
        Ok(rows)
    }

    fn discount(&self, priced: &Priced, found: Limited) -> PromoRow {
        let reference = match &found.prior {
            PriorVerdict::Allowed(Prior { price, .. }) | PriorVerdict::Unclear(Some(Prior { price, .. })) => {
                Some(*price)
            }
            PriorVerdict::Blocked { .. } | PriorVerdict::Unclear(None) | PriorVerdict::NoRule => None,
        };
        let stacks = if found.worth.verdict == Pays::Yes {
            Said::new(
                "beside other discounts; not in the threshold, the code or a bundle",
                "可与其他商品折扣同享；不参与满减、优惠券与捆绑",
            )
        } else {
            alone()
        };
        PromoRow {
            price: Some(found.price),
            depth: float(found.depth),
            reference,
            needed: found.worth.needed,
            lift: found.worth.expected.map(|e| e.0),
            units: found.units,
            added: found.added,
            verdict: verdict(found.worth.verdict),
            days: Some(self.days),
            occasion: self.occasion.clone(),
            stacks,
            formula: "units of the days at the list price × (lift × margin at the promoted price − margin at the list price)",
            said: found.said,
            ..self.none(priced, Said::new("", ""))
        }
    }

    fn none(&self, priced: &Priced, said: Said) -> PromoRow {
        let id = format!("limited-{}", priced.at.product.as_str());
        PromoRow {
            products: vec![priced.product],
            list: Some(priced.at.price),
            floor: Some(priced.at.floor),
            ..PromoRow::none(self.market, id, "limited", said)
        }
    }

    fn bundles(&self, paying: &BTreeSet<usize>) -> Result<Vec<PromoRow>> {
        let at: BTreeMap<usize, &Priced> = self.priced.iter().map(|p| (p.product, p)).collect();
        let everything: Vec<Guarded> = self.priced.iter().map(|p| p.at.clone()).collect();
        let mut seen: BTreeSet<Vec<usize>> = BTreeSet::new();
        let mut rows: Vec<PromoRow> = Vec::new();
        for rule in self.known.history.rules.iter().filter(|r| r.market == self.market) {
            if rows.len() == BUNDLES {
                break;
            }
            let mut products: Vec<usize> = rule.first.iter().chain(&rule.then).copied().collect();
            products.sort_unstable();
            let fits = |p: &usize| self.free.contains(p) && !paying.contains(p) && at.contains_key(p);
            if products.len() > 3 || !products.iter().all(fits) || !seen.insert(products.clone()) {
                continue;
            }
            let part = |product: &usize| {
                let p = at[product];
                let first = rule.first.contains(product);
                Part { at: p.at.clone(), break_even: p.break_even, kept: p.kept, first }
            };
            let together = Together {
                parts: products.iter().map(part).collect(),
                with_all: rule.with_all,
                first_alone: rule.first_alone,
            };
            let depths = [5, 10, 15].map(|n| Decimal::new(n, 2));
            // Without room there is nothing to say: it was nobody's offer.
            let Ok(found) = bundle(&together, &depths, ENDINGS)? else { continue };
            if self.keeps_floors(&everything, &found.offer)? {
                rows.push(self.bundle_row(products, found));
            }
        }
        Ok(rows)
    }

    /// Beside what the seller announces, for every product that it touches.
    fn keeps_floors(&self, everything: &[Guarded], offer: &Offer) -> Result<bool> {
        let mut all = self.announced.clone();
        all.push(offer.clone());
        let found = guard(everything, &all)?;
        Ok(found.iter().all(|f| f.verdict == guard::Verdict::Fine || !offer.covers(&f.product)))
    }

    fn bundle_row(&self, products: Vec<usize>, found: Bundle) -> PromoRow {
        PromoRow {
            market: self.market,
            id: found.offer.id,
            kind: "bundle",
            products,
            verdict: verdict(found.verdict),
            days: None,
            occasion: None,
            list: Some(found.list),
            price: Some(found.price),
            floor: Some(found.floor),
            depth: float(found.depth),
            spend: None,
            amount: None,
            reference: None,
            needed: found.needed,
            lift: None,
            units: None,
            added: None,
            stacks: alone(),
            formula: "needed = orders with all × (margin apart − margin together) / (orders with the first part alone × (margin together − margin of the first part))",
            said: found.said,
        }
    }

    fn carts(&self, paying: &BTreeSet<usize>) -> Result<Vec<PromoRow>> {
        let units =
            |p: &Priced| self.known.demand.products.get(&(self.market, p.product)).map_or(0.0, |f| f.total.0.max(0.0));
        let shelf: Vec<Shelved> = self
            .priced
            .iter()
            .filter(|p| self.free.contains(&p.product) && !paying.contains(&p.product))
            .map(|p| Shelved { at: p.at.clone(), units: units(p), margin: p.margin, kept: p.kept })
            .collect();
        // Own bundles need the price of everything they hold: what is not on this shelf does not meet the offer.
        let met: Vec<Offer> = self.announced.iter().filter(|o| !own::bundles_more(o, &shelf)).cloned().collect();
        let orders = self.known.history.orders.get(&self.market).map_or(&[][..], Vec::as_slice);
        let params = BasketParams::default();
        let both = [("threshold", threshold(&shelf, orders, &met, &params)?), ("code", code(&shelf, &met, &params)?)];
        Ok(both.into_iter().map(|(kind, found)| self.cart_row(kind, found)).collect())
    }

    fn cart_row(&self, kind: &'static str, found: Result<BasketOffer, Said>) -> PromoRow {
        let at: BTreeMap<&str, usize> = self.priced.iter().map(|p| (p.at.product.as_str(), p.product)).collect();
        let none = |said: Said| PromoRow::none(self.market, kind.to_owned(), kind, said);
        let found = match found {
            Ok(found) => found,
            Err(why) => return none(why),
        };
        let products = found.offer.products.iter().flatten().filter_map(|id| at.get(id.as_str()).copied()).collect();
        PromoRow {
            products,
            verdict: verdict(found.verdict),
            depth: float(found.depth),
            spend: found.spend,
            amount: found.amount,
            needed: found.needed,
            stacks: alone(),
            formula: match kind {
                "threshold" => {
                    "needed = orders above × cost of each / (orders just below × margin that one lifted brings)"
                }
                _ => "needed = given away / margin at list prices, per order",
            },
            ..none(found.said)
        }
    }
}

fn alone() -> Said {
    Said::new("not in one cart with another advised offer", "同一购物车内不与其他建议优惠同享")
}

fn verdict(pays: Pays) -> &'static str {
    match pays {
        Pays::Yes => "pays",
        Pays::CannotTell => "test",
        Pays::No => "no",
    }
}

fn float(x: Decimal) -> Option<f64> {
    x.to_string().parse().ok()
}

/// The days: around the sale day with the largest known lift, else the next one, else the next feast, else after the `notice`.
fn occasion(known: Known<'_>, market: Market, notice: i32) -> (Window, Option<Said>) {
    let from = known.inputs.as_of.plus(notice);
    let until = known.inputs.as_of.plus(7 * super::demand::HORIZON as i32 - DAYS);
    let inside =
        |s: &&(Market, Suggestion)| s.0 == market && s.1.event.window.from >= from && s.1.event.window.from <= until;
    let of = |kinds: &[EventKind]| {
        let found = known.calendar.iter().filter(inside).map(|s| &s.1).filter(|s| kinds.contains(&s.event.kind));
        let lift = |s: &Suggestion| s.expected.interval.filter(|i| i.low > 1.0).and_then(|_| s.expected.as_f64());
        let soon = |s: &Suggestion| std::cmp::Reverse(s.event.window.from);
        found.max_by(|a, b| {
            let (x, y) = (lift(a).unwrap_or(1.0), lift(b).unwrap_or(1.0));
            x.total_cmp(&y).then(soon(a).cmp(&soon(b))).then(b.event.id.cmp(&a.event.id))
        })
    };
    match of(&[EventKind::SaleDay]).or_else(|| of(&[EventKind::Feast, EventKind::PublicHoliday])) {
        Some(found) => {
            // The days before it sell too, and the reduction must not begin before it could be told.
            let start = found.event.window.from.plus(-(DAYS - 2));
            let start = Day(start.0.max(from.0));
            let end = Day(found.event.window.to.0.max(start.0 + DAYS));
            (Window { from: start, to: end }, Some(found.event.said.clone()))
        }
        None => (Window { from, to: from.plus(DAYS) }, None),
    }
}
