//! Promotions: what a cart costs with them, whether the law and the floor allow them, and who gets a coupon.
//!
//! Read in this order: [`offer`] is what can be promised, [`checkout`] what a cart then costs to the cent, [`guard`] the proof
//! before a promotion is announced that no cart goes below a floor, [`prior_price`] the rule on "was" prices, [`coupons`] unique
//! coupons under a budget, [`uplift`] whether a promotion pays; [`limited`], [`together`] and [`basket`] then say which discount,
//! bundle, threshold and code to announce, and [`own`] reads those that a seller announces.

pub mod basket;
pub mod checkout;
pub mod coupons;
pub mod guard;
pub mod limited;
pub mod offer;
pub mod own;
pub mod prior_price;
pub mod together;
pub mod uplift;
