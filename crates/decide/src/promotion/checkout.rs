//! What a cart costs with promotions, to the cent, line by line, and why.
//!
//! Each offer takes its part off the lines it is for, in the order of [`super::offer`]. An offer on products is rounded once a
//! line; one on a bundle or cart is rounded once and then spread over its lines in proportion to what they cost, by largest
//! remainder, so that the lines always sum to the total. No line falls below its floor: what an offer would take beyond is cut
//! and reported ([`Cut`]). That cut is the last line of defence; [`super::guard`] finds such promotions before they are announced.
//! Cost: sets of offers × offers × lines; 2^10 sets at most.

use super::offer::{Choice, Kind, Off, Offer, Stacking, ordered};
use crate::price::{PriceError, Said};
use domain::{Day, Decimal, Money, ProductId, Rounding, allocate};
use std::collections::BTreeSet;

/// A line of a cart; a product stands in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CartLine {
    /// Product.
    pub product: ProductId,
    /// Units, at least 1.
    pub quantity: u32,
    /// List price of one unit.
    pub unit: Money,
    /// Lowest price of one unit; `None` where none is known.
    pub floor: Option<Money>,
}

/// A cart with what decides who gets which offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cart {
    /// Its lines.
    pub lines: Vec<CartLine>,
    /// The day in the market's time.
    pub day: Day,
    /// Member level; `None` for no member.
    pub member: Option<u8>,
    /// Codes entered.
    pub codes: BTreeSet<String>,
}

/// A line with its price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PricedLine {
    /// Product.
    pub product: ProductId,
    /// Units.
    pub quantity: u32,
    /// At list price.
    pub list: Money,
    /// What is paid.
    pub net: Money,
    /// What each offer took off.
    pub parts: Vec<(String, Money)>,
}

/// Something an offer promised and did not take off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The offer.
    pub offer: String,
    /// The product whose floor was in the way; `None` for the cap of the whole cart.
    pub product: Option<ProductId>,
    /// How much was cut.
    pub amount: Money,
    /// For people.
    pub said: Said,
}

/// A priced cart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkout {
    /// Its lines in the cart's order.
    pub lines: Vec<PricedLine>,
    /// At list prices.
    pub list: Money,
    /// What is paid.
    pub total: Money,
    /// Offers applied in order, with what each took off.
    pub applied: Vec<(String, Money)>,
    /// What was promised and cut.
    pub cuts: Vec<Cut>,
}

/// Prices a cart. It must not be empty.
///
/// # Errors
/// [`PriceError`] for an empty cart, a product in two lines, amounts of two currencies, a price that is not above 0, a list
/// price below its floor, or an offer that [`super::offer`] refuses.
pub fn checkout(cart: &Cart, offers: &[Offer], stacking: &Stacking) -> Result<Checkout, PriceError> {
    check(cart)?;
    let currency = cart.lines[0].unit.currency;
    let all = ordered(offers, currency)?;
    let open: Vec<&Offer> = all.into_iter().filter(|o| is_open(o, cart)).collect();
    let most = stacking.max_offers.unwrap_or(usize::MAX);
    let price = |chosen: &[&Offer]| Pricer::new(cart, stacking)?.run(chosen);
    match stacking.choice {
        Choice::FirstComes => {
            let mut groups = BTreeSet::new();
            let chosen: Vec<&Offer> =
                open.into_iter().filter(|o| o.exclusive.as_ref().is_none_or(|g| groups.insert(g))).take(most).collect();
            price(&chosen)
        }
        Choice::BestForShopper if open.len() <= Stacking::EXACT => {
            let mut best = price(&[])?;
            let mut sets: Vec<u32> = (1..1_u32 << open.len()).collect();
            // Fewer offers first: one that takes nothing off must not be named.
            sets.sort_by_key(|s| (s.count_ones(), *s));
            for set in sets {
                let chosen: Vec<&Offer> =
                    open.iter().enumerate().filter(|(i, _)| set >> i & 1 == 1).map(|(_, o)| *o).collect();
                if chosen.len() > most || !may_meet(&chosen) {
                    continue;
                }
                let tried = price(&chosen)?;
                if tried.total.minor < best.total.minor {
                    best = tried;
                }
            }
            Ok(best)
        }
        Choice::BestForShopper => {
            let mut taken: Vec<usize> = Vec::new();
            let mut best = price(&[])?;
            while taken.len() < most {
                let mut next: Option<(usize, Checkout)> = None;
                for i in (0..open.len()).filter(|i| !taken.contains(i)) {
                    let mut set = taken.clone();
                    set.push(i);
                    set.sort_unstable();
                    let chosen: Vec<&Offer> = set.iter().map(|i| open[*i]).collect();
                    if !may_meet(&chosen) {
                        continue;
                    }
                    let tried = price(&chosen)?;
                    let lowest = next.as_ref().map_or(best.total.minor, |(_, c)| c.total.minor);
                    if tried.total.minor < lowest {
                        next = Some((i, tried));
                    }
                }
                let Some((i, tried)) = next else { break };
                taken.push(i);
                best = tried;
            }
            Ok(best)
        }
    }
}

fn may_meet(chosen: &[&Offer]) -> bool {
    let mut groups = BTreeSet::new();
    chosen.iter().all(|o| o.exclusive.as_ref().is_none_or(|g| groups.insert(g)))
}

fn is_open(offer: &Offer, cart: &Cart) -> bool {
    match &offer.kind {
        Kind::Limited { window } => window.contains(cart.day),
        Kind::Member { level } => cart.member.is_some_and(|own| own >= *level),
        Kind::Coupon { code, .. } => cart.codes.contains(code),
        Kind::Bundle { .. } | Kind::Threshold { .. } => true,
    }
}

fn check(cart: &Cart) -> Result<(), PriceError> {
    let Some(first) = cart.lines.first() else {
        return Err(PriceError::Param { name: "lines of a cart", rule: "at least 1", got: 0.0 });
    };
    let need = first.unit.currency;
    let mut products = BTreeSet::new();
    for line in &cart.lines {
        if !products.insert(&line.product) {
            return Err(PriceError::Twice { what: "product of a cart", name: line.product.as_str().to_owned() });
        }
        for (what, money) in
            [("a list price", Some(line.unit)), ("a floor", line.floor)].into_iter().filter_map(|(w, m)| Some((w, m?)))
        {
            if money.currency != need {
                return Err(PriceError::Currency { what, got: money.currency, need });
            }
        }
        if line.unit.minor <= 0 || line.quantity == 0 {
            let got = line.unit.minor.min(i64::from(line.quantity)) as f64;
            return Err(PriceError::Param { name: "price and units of a line", rule: "above 0", got });
        }
        if let Some(floor) = line.floor.filter(|f| f.minor > line.unit.minor) {
            let rule = "at most the list price: such a product may not be sold at its price";
            return Err(PriceError::Param { name: "floor", rule, got: floor.minor as f64 });
        }
    }
    Ok(())
}

/// Largest cart in minor units: a billion euros a thousand times.
const LARGEST: i64 = 100_000_000_000_000;

/// A cart while offers are applied.
struct Pricer<'a> {
    cart: &'a Cart,
    net: Vec<i64>,
    floor: Vec<i64>,
    /// Units that a bundle has used.
    used: Vec<u32>,
    parts: Vec<Vec<(String, Money)>>,
    /// What may still be taken off the cart.
    room: i64,
    applied: Vec<(String, Money)>,
    cuts: Vec<Cut>,
}

impl<'a> Pricer<'a> {
    fn new(cart: &'a Cart, stacking: &Stacking) -> Result<Self, PriceError> {
        let times = |money: Money, n: u32| {
            money.minor.checked_mul(i64::from(n)).ok_or(domain::MoneyError::TooLarge(money.to_decimal()))
        };
        let net: Vec<i64> = cart.lines.iter().map(|l| times(l.unit, l.quantity)).collect::<Result<_, _>>()?;
        let floor =
            cart.lines.iter().map(|l| l.floor.map_or(Ok(0), |f| times(f, l.quantity))).collect::<Result<_, _>>()?;
        let list = net.iter().try_fold(0_i64, |sum, n| sum.checked_add(*n));
        // Spreading multiplies two sums: beyond this their product would not fit an exact decimal.
        let list = list.filter(|l| *l <= LARGEST).ok_or(domain::MoneyError::TooLarge(Decimal::from(LARGEST)))?;
        let room = match stacking.max_share {
            // Down: the cap is never exceeded.
            Some(share) => whole(Decimal::from(list) * share.max(Decimal::ZERO), Down).min(list),
            None => list,
        };
        let n = cart.lines.len();
        Ok(Self {
            cart,
            net,
            floor,
            used: vec![0; n],
            parts: vec![Vec::new(); n],
            room,
            applied: Vec::new(),
            cuts: Vec::new(),
        })
    }

    fn money(&self, minor: i64) -> Money {
        Money { minor, currency: self.cart.lines[0].unit.currency }
    }

    fn run(mut self, offers: &[&Offer]) -> Result<Checkout, PriceError> {
        let list: Vec<i64> = self.net.clone();
        for offer in offers {
            let wanted = match &offer.kind {
                Kind::Limited { .. } | Kind::Member { .. } => self.of_products(offer),
                Kind::Bundle { parts } => self.of_bundle(offer, parts)?,
                Kind::Threshold { spend } | Kind::Coupon { spend, .. } => self.of_cart(offer, *spend)?,
            };
            self.take(offer, wanted)?;
        }
        let line = |(i, l): (usize, &CartLine)| PricedLine {
            product: l.product.clone(),
            quantity: l.quantity,
            list: self.money(list[i]),
            net: self.money(self.net[i]),
            parts: self.parts[i].clone(),
        };
        let lines = self.cart.lines.iter().enumerate().map(line).collect();
        let (list, total) = (self.money(list.iter().sum()), self.money(self.net.iter().sum()));
        Ok(Checkout { lines, list, total, applied: self.applied, cuts: self.cuts })
    }

    /// Per line what an offer on products would take off.
    fn of_products(&self, offer: &Offer) -> Vec<i64> {
        let one = |(i, line): (usize, &CartLine)| {
            if !offer.covers(&line.product) {
                return 0;
            }
            let units = i64::from(line.quantity);
            let off = match offer.off {
                Off::Share(share) => whole(Decimal::from(self.net[i]) * share, Near),
                Off::Amount(money) => money.minor.saturating_mul(units),
                Off::Price(money) => self.net[i].saturating_sub(money.minor.saturating_mul(units)),
            };
            off.clamp(0, self.net[i])
        };
        self.cart.lines.iter().enumerate().map(one).collect()
    }

    /// The same for a bundle; marks the units it uses.
    fn of_bundle(&mut self, offer: &Offer, parts: &[(ProductId, u32)]) -> Result<Vec<i64>, PriceError> {
        let nothing = vec![0; self.net.len()];
        let mut sets = u32::MAX;
        let mut places = Vec::new();
        for (product, units) in parts {
            let Some(i) = self.cart.lines.iter().position(|l| l.product == *product) else { return Ok(nothing) };
            sets = sets.min((self.cart.lines[i].quantity - self.used[i]) / units);
            places.push((i, *units));
        }
        if sets == 0 {
            return Ok(nothing);
        }
        // What the units of the sets cost: their part of the line, which need not be whole cents.
        let mut worth = vec![Decimal::ZERO; self.net.len()];
        for (i, units) in &places {
            worth[*i] =
                Decimal::from(self.net[*i]) * Decimal::from(units * sets) / Decimal::from(self.cart.lines[*i].quantity);
        }
        let sum: Decimal = worth.iter().sum();
        let off = match offer.off {
            Off::Share(share) => sum * share,
            Off::Amount(money) => Decimal::from(money.minor) * Decimal::from(sets),
            Off::Price(money) => sum - Decimal::from(money.minor) * Decimal::from(sets),
        };
        let off = capped(offer, whole(off, Near).clamp(0, whole(sum, Down)));
        for (i, units) in places {
            self.used[i] += units * sets;
        }
        self.spread(off, &worth)
    }

    /// The same for a threshold or coupon.
    fn of_cart(&self, offer: &Offer, spend: Money) -> Result<Vec<i64>, PriceError> {
        let worth: Vec<Decimal> = self
            .cart
            .lines
            .iter()
            .zip(&self.net)
            .map(|(l, net)| if offer.covers(&l.product) { Decimal::from(*net) } else { Decimal::ZERO })
            .collect();
        let sum: Decimal = worth.iter().sum();
        if sum < Decimal::from(spend.minor) || sum <= Decimal::ZERO {
            return Ok(vec![0; worth.len()]);
        }
        let off = match offer.off {
            Off::Share(share) => whole(sum * share, Near),
            Off::Amount(money) | Off::Price(money) => money.minor,
        };
        self.spread(capped(offer, off.clamp(0, whole(sum, Down))), &worth)
    }

    fn spread(&self, off: i64, worth: &[Decimal]) -> Result<Vec<i64>, PriceError> {
        if off == 0 {
            return Ok(vec![0; worth.len()]);
        }
        Ok(allocate(self.money(off), worth)?.into_iter().map(|m| m.minor).collect())
    }

    /// Takes off what cap, room and floors allow, and says what they did not.
    fn take(&mut self, offer: &Offer, wanted: Vec<i64>) -> Result<(), PriceError> {
        let sum: i64 = wanted.iter().sum();
        let most = offer.cap.map_or(sum, |c| c.minor.min(sum)).min(self.room);
        let wanted = if most < sum {
            let worth: Vec<Decimal> = wanted.iter().map(|w| Decimal::from(*w)).collect();
            if offer.cap.is_none_or(|c| c.minor > self.room) && self.room < sum {
                let amount = self.money(sum.min(offer.cap.map_or(sum, |c| c.minor)) - self.room);
                self.cuts.push(Cut {
                    offer: offer.id.clone(),
                    product: None,
                    amount,
                    said: Said::new(
                        format!("{amount} of {} is cut: all offers together may not take more off", offer.id),
                        format!("{} 的优惠被削减 {amount}：全部优惠之和已达上限", offer.id),
                    ),
                });
            }
            self.spread(most, &worth)?
        } else {
            wanted
        };
        let mut taken = 0;
        for (i, wanted) in wanted.into_iter().enumerate() {
            // Spreading may give a line a cent more than it still has.
            let off = wanted.min((self.net[i] - self.floor[i]).max(0));
            if off < wanted {
                let (line, amount) = (&self.cart.lines[i], self.money(wanted - off));
                let floor = line.floor.unwrap_or(self.money(0));
                self.cuts.push(Cut {
                    offer: offer.id.clone(),
                    product: Some(line.product.clone()),
                    amount,
                    said: Said::new(
                        format!("{amount} of {} is cut: {} is not sold below {floor}", offer.id, line.product.as_str()),
                        format!("{} 的优惠被削减 {amount}：{} 不得低于 {floor}", offer.id, line.product.as_str()),
                    ),
                });
            }
            if off > 0 {
                self.net[i] -= off;
                let part = self.money(off);
                self.parts[i].push((offer.id.clone(), part));
                taken += off;
            }
        }
        self.room -= taken;
        if taken > 0 {
            self.applied.push((offer.id.clone(), self.money(taken)));
        }
        Ok(())
    }
}

/// What is left of an amount under the offer's own cap: capped before it is spread, so that lines share it by what they cost.
fn capped(offer: &Offer, off: i64) -> i64 {
    offer.cap.map_or(off, |c| c.minor.min(off))
}

/// Which way a part of a cent goes.
enum Way {
    /// To the nearest, halves up.
    Near,
    /// Down.
    Down,
}
use Way::{Down, Near};

fn whole(value: Decimal, way: Way) -> i64 {
    let value = match way {
        Near => Rounding::HalfUp.round(value, 0),
        Down => value.floor(),
    };
    i64::try_from(value.trunc().mantissa() / 10_i128.pow(value.trunc().scale())).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[path = "checkout_tests.rs"]
mod tests;
