//! Stock: how much to send first, when to order again, what runs out, what piles up, and how to clear it.
//!
//! [`newsvendor`] is one order under uncertainty, such as the first allocation of a new market, [`analogy`] demand where a
//! product has never been sold; [`safety`] the stock that
//! a service level needs; [`warnings`] what stock on hand and a forecast say about the weeks ahead; [`clearance`] the prices that
//! clear what will not be sold.

pub mod analogy;
pub mod clearance;
pub mod newsvendor;
pub mod safety;
pub mod warnings;
