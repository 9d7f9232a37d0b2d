//! What the seller announces, held against floors and, for reductions, against the prior prices of the last days.

use super::{Known, Priced, PromoRow};
use anyhow::Result;
use decide::Said;
use decide::promotion::basket::Shelved;
use decide::promotion::guard::{Guarded, Verdict, guard};
use decide::promotion::offer::{Kind, Off, Offer};
use decide::promotion::prior_price::{Announcement, PriorVerdict, check_announcement};
use domain::{Decimal, Money, ProductId, Rounding, Window};
use std::collections::{BTreeMap, BTreeSet};

/// An announced offer with what was found.
pub(super) struct Judged {
    offer: Offer,
    products: Vec<usize>,
    pub(super) refused: bool,
    said: Said,
}

/// Whether an offer bundles a product that is not on the shelf.
pub(super) fn bundles_more(offer: &Offer, shelf: &[Shelved]) -> bool {
    match &offer.kind {
        Kind::Bundle { parts } => parts.iter().any(|(id, _)| shelf.iter().all(|s| s.at.product != *id)),
        Kind::Limited { .. } | Kind::Member { .. } | Kind::Threshold { .. } | Kind::Coupon { .. } => false,
    }
}

/// Offers that keep every floor, and what was found of each.
pub(super) fn judge(known: Known<'_>, market: usize, priced: &[Priced]) -> Result<(Vec<Offer>, Vec<Judged>)> {
    let place = &known.inputs.markets[market];
    let at: Vec<Guarded> = priced.iter().map(|p| p.at.clone()).collect();
    let places: BTreeMap<&str, usize> = priced.iter().map(|p| (p.at.product.as_str(), p.product)).collect();
    let (mut fine, mut judged) = (Vec::new(), Vec::new());
    for offer in known.own.foreign(place.market, place.currency) {
        let said = Said::new(
            format!(
                "cannot be held against the floors: its amounts are not in {}, in which {} sells",
                place.currency, place.market
            ),
            format!("无法与底价比较：其金额不是 {} 使用的 {}", place.market, place.currency),
        );
        judged.push(Judged { offer: offer.clone(), products: Vec::new(), refused: true, said });
    }
    for offer in known.own.of(place.market, place.currency) {
        if let Kind::Bundle { parts } = &offer.kind
            && let Some((id, _)) = parts.iter().find(|(id, _)| !places.contains_key(id.as_str()))
        {
            let said = Said::new(
                format!("cannot be held against the floors: price or cost of {} is not known here", id.as_str()),
                format!("无法与底价比较：{} 在此的价格或成本未知", id.as_str()),
            );
            judged.push(Judged { offer, products: Vec::new(), refused: true, said });
            continue;
        }
        // With those before it that are fine: what they do together counts.
        let mut all: Vec<Offer> = fine.clone();
        all.push(offer.clone());
        let found = guard(&at, &all)?;
        let touched: Vec<_> = found.iter().filter(|f| offer.covers(&f.product)).collect();
        let products = touched.iter().filter_map(|f| places.get(f.product.as_str()).copied()).collect();
        // What sells below its floor without any promotion is a matter of its price, and said there.
        let sound = |id: &ProductId| at.iter().any(|g| g.product == *id && g.price.minor >= g.floor.minor);
        let under: Vec<_> = touched.iter().filter(|f| f.verdict != Verdict::Fine && sound(&f.product)).collect();
        if let Some(worst) = under.iter().min_by(|a, b| {
            let share = |f: &&&&decide::promotion::guard::Finding| f.lowest.minor as f64 / f.floor.minor as f64;
            share(a).total_cmp(&share(b))
        }) {
            let (n, id) = (under.len(), worst.product.as_str());
            let said = Said::new(
                format!(
                    "refused: {n} of {} products would go below their floor; {id}: {}",
                    touched.len(),
                    worst.said.en
                ),
                format!("拒绝：{} 个商品中有 {n} 个将低于底价；{id}：{}", touched.len(), worst.said.zh),
            );
            judged.push(Judged { offer, products, refused: true, said });
            continue;
        }
        let law = reductions(known, market, priced, &offer)?;
        let n = touched.len();
        let mut said = Said::new(
            format!("{n} products keep their floor in every cart"),
            format!("{n} 个商品在任何购物车中均不低于底价"),
        );
        let refused = law.is_some();
        if let Some(law) = law {
            said = Said::new(format!("refused: {}", law.en), format!("拒绝：{}", law.zh));
        } else {
            fine.push(offer.clone());
        }
        judged.push(Judged { offer, products, refused, said });
    }
    Ok((fine, judged))
}

/// Products whose reduction may not be announced as one: the first of them with the reason.
fn reductions(known: Known<'_>, market: usize, priced: &[Priced], offer: &Offer) -> Result<Option<Said>> {
    let Kind::Limited { window } = &offer.kind else { return Ok(None) };
    let place = known.inputs.markets[market].market;
    let (mut n, mut first) = (0, None);
    for p in priced.iter().filter(|p| offer.covers(&p.at.product)) {
        let list = p.at.price;
        let now = match offer.off {
            Off::Share(share) => {
                Money::from_decimal(list.to_decimal() * (Decimal::ONE - share), list.currency, Rounding::HalfUp)?
            }
            Off::Amount(money) => Money { minor: list.minor - money.minor, ..list },
            Off::Price(money) => money,
        };
        let history = known.history.asked.get(&(market, p.product)).map_or(&[][..], Vec::as_slice);
        let announced = Announcement { start: window.from, now, was: None, percent: None };
        if let (PriorVerdict::Blocked { .. }, said) = check_announcement(place, history, &announced)? {
            n += 1;
            let id = p.at.product.as_str();
            first.get_or_insert_with(|| (format!("{id}: {}", said.en), format!("{id}：{}", said.zh)));
        }
    }
    Ok(first.map(|(en, zh)| {
        Said::new(
            format!("the price of {n} products is no reduction of what was asked in the days before; {en}"),
            format!("{n} 个商品的价格不低于此前的售价，不得宣传为降价；{zh}"),
        )
    }))
}

impl Judged {
    pub(super) fn row(&self, market: usize) -> PromoRow {
        let days = match &self.offer.kind {
            Kind::Limited { window } => Some(Window { from: window.from, to: window.to }),
            Kind::Member { .. } | Kind::Bundle { .. } | Kind::Threshold { .. } | Kind::Coupon { .. } => None,
        };
        let spend = match &self.offer.kind {
            Kind::Threshold { spend } | Kind::Coupon { spend, .. } => Some(*spend).filter(|s| s.minor > 0),
            Kind::Limited { .. } | Kind::Member { .. } | Kind::Bundle { .. } => None,
        };
        let (depth, amount, price) = match self.offer.off {
            Off::Share(share) => (super::float(share), None, None),
            Off::Amount(money) => (None, Some(money), None),
            Off::Price(money) => (None, None, Some(money)),
        };
        let products: BTreeSet<usize> = self.products.iter().copied().collect();
        PromoRow {
            market,
            id: format!("own-{}", self.offer.id),
            kind: "own",
            products: products.into_iter().collect(),
            verdict: if self.refused { "refused" } else { "fine" },
            days,
            occasion: None,
            list: None,
            price,
            floor: None,
            depth,
            spend,
            amount,
            reference: None,
            needed: None,
            lift: None,
            units: None,
            added: None,
            stacks: Said::new("as promotions.toml says", "按 promotions.toml 的规定"),
            formula: "lowest price that any cart can reach with all announced offers, against the floor",
            said: self.said.clone(),
        }
    }
}
