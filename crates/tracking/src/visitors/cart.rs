//! Carts as a state machine over a visitor's steps.
//!
//! ```text
//!            added                    checkout started
//!   Empty ─────────────▶ Open ───────────────────────▶ Checkout
//!     ▲  ▲  last removed  │ ▲  added, removed, viewed      │
//!     │  └────────────────┘ └──────────────────────────────┘
//!     │                                   order completed  │
//!   Ordered ◀──────────────────────────────────────────────┘      Abandoned: Open or Checkout, and nothing for an hour
//! ```
//!
//! Adding puts units on a line, removing takes them off (all of them where no number is said). A viewed cart or a
//! started checkout that lists its products *is* the cart from then on. An order empties it. A cart of another number
//! takes the place of the one before. The function looks only at the steps, so their order of arrival does not matter.

use super::timeline::Step;
use crate::event::Item;
use crate::time::{MINUTE, Micros};
use crate::vocabulary::Deed;
use domain::{Amount, Currency, Decimal, Money, Rounding};
use std::collections::BTreeMap;

/// The rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CartParams {
    /// A cart that nobody touched for so long is abandoned.
    pub abandoned_minutes: u32,
    /// Products of a cart that are kept.
    pub lines: usize,
}

impl Default for CartParams {
    fn default() -> Self {
        Self { abandoned_minutes: 60, lines: 200 }
    }
}

/// Where a cart stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CartStatus {
    /// Nothing is in it.
    Empty,
    /// Something is.
    Open,
    /// Its owner is on the way to the till.
    Checkout,
    /// Something is in it and nobody has touched it for long.
    Abandoned,
    /// It was bought.
    Ordered,
}

impl CartStatus {
    /// In lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Open => "open",
            Self::Checkout => "checkout",
            Self::Abandoned => "abandoned",
            Self::Ordered => "ordered",
        }
    }
}

/// A product in a cart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CartLine {
    /// The shop's code.
    pub code: String,
    /// Units, at least 1.
    pub quantity: i64,
    /// Price of one unit as last said.
    pub price: Option<Amount>,
    /// Its currency.
    pub currency: Option<String>,
}

/// A cart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cart {
    /// Its number, where the shop gives one.
    pub id: Option<String>,
    /// In order of code.
    pub lines: Vec<CartLine>,
    /// Step that touched it last; `None` for one that never was.
    pub touched: Option<Micros>,
    /// Orders that came out of it, the newest last.
    pub orders: Vec<String>,
    /// Times that it was taken up again after having been abandoned.
    pub recovered: u32,
    at_till: bool,
    ordered: bool,
}

impl Cart {
    /// Where it stands at this time.
    pub fn status(&self, now: Micros, params: &CartParams) -> CartStatus {
        let Some(touched) = self.touched else { return CartStatus::Empty };
        match (self.lines.is_empty(), self.ordered, self.at_till) {
            (true, true, _) => CartStatus::Ordered,
            (true, false, _) => CartStatus::Empty,
            (false, ..) if now.saturating_sub(touched) >= patience(params) => CartStatus::Abandoned,
            (false, _, true) => CartStatus::Checkout,
            (false, _, false) => CartStatus::Open,
        }
    }

    /// What it is worth, by currency, and the lines whose price or currency is not known.
    pub fn value(&self) -> (Vec<Money>, usize) {
        let mut sums: BTreeMap<Currency, Decimal> = BTreeMap::new();
        let mut unpriced = 0;
        for line in &self.lines {
            let currency = line.currency.as_deref().and_then(|c| c.parse::<Currency>().ok());
            let amount = line.price.and_then(|p| p.to_decimal().checked_mul(line.quantity.into()));
            match (currency, amount) {
                (Some(currency), Some(amount)) => {
                    let sum = sums.entry(currency).or_default();
                    *sum = sum.saturating_add(amount);
                }
                _ => unpriced += 1,
            }
        }
        let money = |(currency, sum)| Money::from_decimal(sum, currency, Rounding::HalfEven).ok();
        (sums.into_iter().filter_map(money).collect(), unpriced)
    }
}

fn patience(params: &CartParams) -> Micros {
    i64::from(params.abandoned_minutes) * MINUTE
}

/// Whether a step moves a cart.
pub(crate) const fn moves_cart(deed: Deed) -> bool {
    matches!(
        deed,
        Deed::ProductAdded
            | Deed::WishToCart
            | Deed::ProductRemoved
            | Deed::CartViewed
            | Deed::CheckoutStarted
            | Deed::CheckoutStepViewed
            | Deed::CheckoutStepCompleted
            | Deed::PaymentInfoEntered
            | Deed::OrderCompleted
    )
}

/// The cart after steps in order of time. Cost: one pass, and a search a product.
pub fn cart(steps: &[Step], params: &CartParams) -> Cart {
    let mut cart = Cart {
        id: None,
        lines: Vec::new(),
        touched: None,
        orders: Vec::new(),
        recovered: 0,
        at_till: false,
        ordered: false,
    };
    let mut lines: BTreeMap<String, CartLine> = BTreeMap::new();
    for step in steps.iter().filter(|s| moves_cart(s.deed)) {
        let waited = cart.touched.map_or(0, |touched| step.at - touched);
        if !lines.is_empty() && waited >= patience(params) {
            cart.recovered += 1;
        }
        cart.touched = Some(step.at);
        if step.cart_id.is_some() && cart.id.is_some() && step.cart_id != cart.id {
            lines.clear();
            cart.at_till = false;
        }
        cart.id = step.cart_id.clone().or(cart.id);
        match step.deed {
            Deed::ProductAdded | Deed::WishToCart => {
                step.items.iter().for_each(|item| add(&mut lines, item, params));
                (cart.at_till, cart.ordered) = (false, false);
            }
            Deed::ProductRemoved => {
                step.items.iter().for_each(|item| remove(&mut lines, item));
                cart.at_till = false;
            }
            Deed::CartViewed | Deed::CheckoutStarted => {
                if step.items.iter().any(|i| i.code.is_some()) {
                    lines.clear();
                    step.items.iter().for_each(|item| add(&mut lines, item, params));
                    cart.ordered = false;
                }
                cart.at_till = step.deed == Deed::CheckoutStarted;
            }
            Deed::OrderCompleted => {
                lines.clear();
                cart.orders.extend(step.order_id.clone());
                (cart.at_till, cart.ordered, cart.id) = (false, true, None);
            }
            // Steps on the way to the till: somebody is there.
            _ => cart.at_till = !lines.is_empty(),
        }
    }
    cart.lines = lines.into_values().collect();
    cart
}

fn add(lines: &mut BTreeMap<String, CartLine>, item: &Item, params: &CartParams) {
    let Some(code) = &item.code else { return };
    let quantity = item.quantity.unwrap_or(1);
    if quantity < 1 || (lines.len() >= params.lines && !lines.contains_key(code)) {
        return;
    }
    let line = lines.entry(code.clone()).or_insert_with(|| CartLine {
        code: code.clone(),
        quantity: 0,
        price: None,
        currency: None,
    });
    line.quantity = line.quantity.saturating_add(quantity);
    if item.price.is_some() {
        line.price = item.price;
        line.currency = item.currency.clone();
    }
}

fn remove(lines: &mut BTreeMap<String, CartLine>, item: &Item) {
    let Some(code) = &item.code else { return };
    let Some(line) = lines.get_mut(code) else { return };
    let taken = item.quantity.filter(|q| *q > 0).unwrap_or(line.quantity);
    line.quantity -= taken.min(line.quantity);
    if line.quantity == 0 {
        lines.remove(code);
    }
}

#[cfg(test)]
mod tests {
    use super::super::timeline::Timeline;
    use super::super::timeline::tests::step;
    use super::*;
    use proptest::prelude::*;

    const S: Micros = 1_000_000;

    fn lines(cart: &Cart) -> Vec<(&str, i64)> {
        cart.lines.iter().map(|l| (l.code.as_str(), l.quantity)).collect()
    }

    fn priced(mut step: Step, price: i64, currency: &str) -> Step {
        step.items[0].price = Some(Amount::from_micros(price));
        step.items[0].currency = Some(currency.into());
        step
    }

    #[test]
    fn from_the_first_product_to_the_order() {
        use Deed::{CheckoutStarted, OrderCompleted, ProductAdded, ProductRemoved};
        let params = CartParams::default();
        let steps = [
            step(0, ProductAdded, "kettle", Some(2)),
            step(10, ProductAdded, "fryer", None),
            step(20, ProductRemoved, "kettle", Some(1)),
            step(30, CheckoutStarted, "", None),
            Step { order_id: Some("o1".into()), ..step(40, OrderCompleted, "kettle", Some(1)) },
        ];
        let upto = |n: usize| cart(&steps[..n], &params);
        assert_eq!(lines(&upto(3)), [("fryer", 1), ("kettle", 1)]);
        let status = |n: usize, second: i64| upto(n).status(second * S, &params);
        assert_eq!(status(0, 0), CartStatus::Empty);
        assert_eq!(status(3, 25), CartStatus::Open);
        assert_eq!(status(4, 35), CartStatus::Checkout);
        assert_eq!(status(4, 30 + 3600), CartStatus::Abandoned);
        assert_eq!(status(4, 30 + 3599), CartStatus::Checkout);
        assert_eq!(status(5, 40 + 7200), CartStatus::Ordered);
        assert_eq!(upto(5).orders, ["o1"]);
    }

    #[test] // 2 × 19.99 + 3 × 0.005 EUR = 39.995, to even 40.00; a line in VND; one without a price.
    fn the_value_is_exact_by_currency_and_says_what_it_leaves_out() {
        let steps = [
            priced(step(0, Deed::ProductAdded, "a", Some(2)), 19_990_000, "EUR"),
            priced(step(1, Deed::ProductAdded, "b", Some(3)), 5_000, "EUR"),
            priced(step(2, Deed::ProductAdded, "c", Some(1)), 120_000_000_000, "VND"),
            step(3, Deed::ProductAdded, "d", Some(1)),
        ];
        let (money, unpriced) = cart(&steps, &CartParams::default()).value();
        let eur = Money { minor: 4_000, currency: Currency::new(*b"EUR") };
        let vnd = Money { minor: 120_000, currency: Currency::new(*b"VND") };
        assert_eq!((money, unpriced), (vec![eur, vnd], 1));
    }

    #[test]
    fn a_cart_taken_up_again_after_an_hour_was_recovered() {
        let steps = [step(0, Deed::ProductAdded, "a", None), step(3600, Deed::ProductAdded, "b", None)];
        assert_eq!(cart(&steps, &CartParams::default()).recovered, 1);
    }

    #[test]
    fn a_viewed_cart_is_the_cart() {
        let steps = [step(0, Deed::ProductAdded, "a", Some(5)), step(1, Deed::CartViewed, "b", Some(2))];
        assert_eq!(lines(&cart(&steps, &CartParams::default())), [("b", 2)]);
    }

    /// The same rules written down another way: for each product the units after its last reset, computed alone.
    fn naive(steps: &[Step]) -> Vec<(String, i64)> {
        let mut codes: Vec<String> = steps.iter().flat_map(|s| s.items.iter().filter_map(|i| i.code.clone())).collect();
        codes.sort();
        codes.dedup();
        let units = |code: &String| {
            steps.iter().fold(0_i64, |units, step| {
                let said: i64 =
                    step.items.iter().filter(|i| i.code.as_ref() == Some(code)).map(|i| i.quantity.unwrap_or(1)).sum();
                let mine = step.items.iter().any(|i| i.code.as_ref() == Some(code));
                match step.deed {
                    Deed::ProductAdded => units + said,
                    Deed::ProductRemoved if mine && step.items[0].quantity.is_none() => 0,
                    Deed::ProductRemoved => (units - said).max(0),
                    Deed::CartViewed if !step.items.is_empty() => said,
                    Deed::OrderCompleted => 0,
                    _ => units,
                }
            })
        };
        codes.iter().map(|c| (c.clone(), units(c))).filter(|(_, n)| *n > 0).collect()
    }

    proptest! {
        #[test]
        fn however_late_and_mixed_up_the_state_is_that_of_a_naive_model_over_sorted_events(
            deeds in prop::collection::vec((0_i64..50, 0_usize..5, 0_usize..4, prop::option::of(1_i64..4)), 0..40),
            seed in any::<u64>(),
        ) {
            use Deed::{CartViewed, OrderCompleted, PageViewed, ProductAdded, ProductRemoved};
            let kinds = [ProductAdded, ProductRemoved, CartViewed, OrderCompleted, PageViewed];
            let mut steps: Vec<Step> = deeds.iter().enumerate().map(|(i, (second, kind, code, quantity))| Step {
                key: i as u128, ..step(*second, kinds[*kind], ["a", "b", "c", ""][*code], *quantity)
            }).collect();
            let mut timeline = Timeline::default();
            let mut shuffled = steps.clone();
            shuffled.sort_by_key(|s| (s.key as u64 + 1).wrapping_mul(seed | 1).rotate_left(23));
            shuffled.into_iter().for_each(|s| { timeline.insert(s, 100); });
            steps.sort_by_key(|s| (s.at, s.key));
            let found = cart(timeline.steps(), &CartParams::default());
            let found: Vec<(String, i64)> = found.lines.into_iter().map(|l| (l.code, l.quantity)).collect();
            prop_assert_eq!(found, naive(&steps));
        }
    }
}
