//! What can be set about cleaning.

use crate::fill::Filling;
use domain::{Amount, Currency, Day};

/// Parameters of all cleaning rules. `Default` is the only place of defaults; a caller at least
/// sets `base` and `as_of`.
#[derive(Clone, Debug, PartialEq)]
pub struct CleanParams {
    /// The workspace's reporting currency.
    pub base: Currency,
    /// Today, as the caller knows it: rows of a later day are rejected.
    pub as_of: Day,
    /// Largest plausible number of units on a line, either sign; beyond it the row is rejected.
    pub max_quantity: i64,
    /// Largest plausible unit price in any currency; beyond it the row is rejected. Wide, because
    /// an everyday price in VND or IDR has seven digits.
    pub max_unit_price: Amount,
    /// Robust z-score from which a price or a quantity is flagged.
    pub outlier_z: f64,
    /// Least factor between a flagged value and its product's median, so that a product with a
    /// nearly constant price is not flagged for a cent.
    pub outlier_ratio: f64,
    /// Sale lines that a product needs before anything about it is called unusual.
    pub outlier_min_lines: u64,
    /// Identities that one e-mail or phone may join; a key shared by more joins nobody.
    pub max_shared: usize,
    /// Product codes that are services, compared without case and outer blanks.
    pub service_codes: Vec<String>,
    /// Words that make a line without a proper code a service, lower case.
    pub service_words: Vec<String>,
    /// Share of words that two titles must have in common to be shown as likely the same.
    pub fuzzy_similarity: f64,
    /// Views of one visitor within a minute from which on no person makes them.
    pub bot_views_a_minute: u32,
    /// Minutes without an event that end a visit.
    pub bot_visit_minutes: u32,
    /// Views that a visit needs before its regularity says anything.
    pub bot_period_views: u32,
    /// Identity links that an operator took back.
    pub undone: Vec<Undone>,
    /// Columns whose gaps are filled, and how; none unless asked for.
    pub fillings: Vec<Filling>,
}

/// An identity that no longer joins anything.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Undone {
    /// `customer_id`, `email`, `phone` or `anonymous`, as in clean.identity_links.
    pub key_kind: String,
    /// The identity, as in clean.identity_links.
    pub key: String,
}

impl Default for CleanParams {
    fn default() -> Self {
        let words = |list: &[&str]| list.iter().map(|w| (*w).to_owned()).collect();
        Self {
            base: Currency::new(*b"EUR"),
            // 9999-12-31: until the caller says which day it is, no row lies in the future.
            as_of: Day(2_932_896),
            max_quantity: 1_000_000,
            max_unit_price: Amount::from_micros(1_000_000_000 * 1_000_000),
            outlier_z: 5.0,
            outlier_ratio: 3.0,
            outlier_min_lines: 10,
            max_shared: 20,
            service_codes: words(&[
                "POST",
                "D",
                "M",
                "DOT",
                "C2",
                "C3",
                "BANK CHARGES",
                "PADS",
                "AMAZONFEE",
                "CRUK",
                "B",
                "S",
                "ADJUST",
                "ADJUST2",
                "POSTAGE",
                "SHIPPING",
                "TAX",
                "DUTIES",
                "TIP",
                "GIFT WRAP",
                "DISCOUNT",
                "GIFTCARD",
            ]),
            service_words: words(&[
                "postage",
                "shipping",
                "carriage",
                "delivery fee",
                "handling fee",
                "gift card",
                "gift voucher",
                "gift wrap",
                "bank charges",
                "discount",
                "versand",
                "porto",
                "gutschein",
                "frais de port",
                "livraison",
                "envío",
                "gastos de envío",
                "运费",
                "邮费",
                "手续费",
                "礼品卡",
                "phí vận chuyển",
                "ค่าจัดส่ง",
                "رسوم الشحن",
            ]),
            fuzzy_similarity: 0.8,
            bot_views_a_minute: 60,
            bot_visit_minutes: 30,
            bot_period_views: 20,
            undone: Vec::new(),
            fillings: Vec::new(),
        }
    }
}
