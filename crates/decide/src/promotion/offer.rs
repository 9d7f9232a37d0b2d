//! What a promotion promises, and how promotions stack.
//!
//! They are applied in one order, that of [`Kind::stage`]: limited time, member price, bundle, threshold, coupon; within a kind
//! by id. Each looks at what the cart costs after those before it. Offers of one exclusive group never meet in a cart.

use crate::price::PriceError;
use domain::{Currency, Decimal, Money, ProductId, Window};
use std::collections::BTreeSet;

/// How much is taken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Off {
    /// A share of what it costs, above 0 and at most 1.
    Share(Decimal),
    /// An amount: of each unit for offers on products, of the whole for bundles and carts.
    Amount(Money),
    /// What it then costs: a unit for offers on products, one set for bundles. Not for carts.
    Price(Money),
}

/// What kind of promotion it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Cheaper for some days.
    Limited {
        /// From the first day to before the last.
        window: Window,
    },
    /// Cheaper for members of a level or above.
    Member {
        /// Lowest level.
        level: u8,
    },
    /// Cheaper together.
    Bundle {
        /// Products of one set, with units.
        parts: Vec<(ProductId, u32)>,
    },
    /// Cheaper from a sum on.
    Threshold {
        /// Least sum of the products it is for, after offers of earlier stages.
        spend: Money,
    },
    /// Cheaper with a code, once a cart.
    Coupon {
        /// The code.
        code: String,
        /// Least sum, as for a threshold.
        spend: Money,
    },
}

impl Kind {
    /// Place in the order of application, from 0.
    pub fn stage(&self) -> u8 {
        match self {
            Self::Limited { .. } => 0,
            Self::Member { .. } => 1,
            Self::Bundle { .. } => 2,
            Self::Threshold { .. } => 3,
            Self::Coupon { .. } => 4,
        }
    }
}

/// One promotion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Its name, unique.
    pub id: String,
    /// Its kind.
    pub kind: Kind,
    /// What it takes off.
    pub off: Off,
    /// Products it is for; `None` for all. A bundle has its own list.
    pub products: Option<BTreeSet<ProductId>>,
    /// Group of which one offer at most applies.
    pub exclusive: Option<String>,
    /// Most that it takes off a cart.
    pub cap: Option<Money>,
}

impl Offer {
    /// Whether it may touch a product.
    pub fn covers(&self, product: &ProductId) -> bool {
        match &self.kind {
            Kind::Bundle { parts } => parts.iter().any(|(p, _)| p == product),
            Kind::Limited { .. } | Kind::Member { .. } | Kind::Threshold { .. } | Kind::Coupon { .. } => {
                self.products.as_ref().is_none_or(|all| all.contains(product))
            }
        }
    }
}

/// Which offers apply where not all can.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Choice {
    /// The set that costs the shopper least: exact up to [`Stacking::EXACT`] applicable offers, beyond that offers are
    /// added one at a time while the total falls.
    #[default]
    BestForShopper,
    /// Every applicable offer in the order of application; of an exclusive group the first.
    FirstComes,
}

/// How promotions stack.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Stacking {
    /// Which apply.
    pub choice: Choice,
    /// Most offers in a cart; `None` for any number.
    pub max_offers: Option<usize>,
    /// Most that all offers together take off, as a share of list prices; what goes beyond is cut from those applied last.
    pub max_share: Option<Decimal>,
}

impl Stacking {
    /// Applicable offers up to which every set is tried.
    pub const EXACT: usize = 10;
}

/// Offers in order of application.
///
/// # Errors
/// [`PriceError`] for a name given twice, an amount in another currency, a share outside 0 to 1, an empty bundle, a price for
/// a cart.
pub fn ordered(offers: &[Offer], currency: Currency) -> Result<Vec<&Offer>, PriceError> {
    let mut names = BTreeSet::new();
    for offer in offers {
        if !names.insert(&offer.id) {
            return Err(PriceError::Twice { what: "offer", name: offer.id.clone() });
        }
        check(offer, currency)?;
    }
    let mut out: Vec<&Offer> = offers.iter().collect();
    out.sort_by(|a, b| a.kind.stage().cmp(&b.kind.stage()).then(a.id.cmp(&b.id)));
    Ok(out)
}

fn check(offer: &Offer, need: Currency) -> Result<(), PriceError> {
    let amount = |what: &'static str, money: Money| {
        if money.currency != need {
            return Err(PriceError::Currency { what, got: money.currency, need });
        }
        if money.minor < 0 {
            return Err(PriceError::Param { name: what, rule: "an amount of at least 0", got: money.minor as f64 });
        }
        Ok(())
    };
    match offer.off {
        Off::Share(share) if share <= Decimal::ZERO || share > Decimal::ONE => {
            let got = share.to_string().parse().unwrap_or(f64::NAN);
            return Err(PriceError::Param { name: "share off", rule: "above 0 and at most 1", got });
        }
        Off::Share(_) => {}
        Off::Amount(money) => amount("an amount off", money)?,
        Off::Price(money) => amount("a promoted price", money)?,
    }
    if let Some(cap) = offer.cap {
        amount("a cap", cap)?;
    }
    match &offer.kind {
        Kind::Limited { .. } | Kind::Member { .. } => Ok(()),
        Kind::Bundle { parts } => {
            let mut products = BTreeSet::new();
            for (product, units) in parts {
                if *units == 0 {
                    return Err(PriceError::Param { name: "units of a bundle", rule: "at least 1", got: 0.0 });
                }
                if !products.insert(product) {
                    return Err(PriceError::Twice { what: "product of a bundle", name: product.as_str().to_owned() });
                }
            }
            if parts.is_empty() {
                return Err(PriceError::Param { name: "products of a bundle", rule: "at least 1", got: 0.0 });
            }
            Ok(())
        }
        Kind::Threshold { spend } | Kind::Coupon { spend, .. } => {
            amount("a least sum", *spend)?;
            match offer.off {
                Off::Price(price) => Err(PriceError::Param {
                    name: "price of a cart",
                    rule: "a share or an amount off",
                    got: price.minor as f64,
                }),
                Off::Share(_) | Off::Amount(_) => Ok(()),
            }
        }
    }
}
