//! What an order costs beside its goods. Each becomes a line of its own, so that an order's lines add up
//! to what was paid; cleaning knows the codes as services, and tax and duties as taxes.

use super::REVERSAL;

/// A charge of a whole order, or of an order item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Charge {
    Shipping,
    Tax,
    GiftWrap,
    Duties,
    Tip,
}

impl Charge {
    /// Its product code.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Shipping => "SHIPPING",
            Self::Tax => "TAX",
            Self::GiftWrap => "GIFT WRAP",
            Self::Duties => "DUTIES",
            Self::Tip => "TIP",
        }
    }

    /// Its name on the line.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Shipping => "Shipping",
            Self::Tax => "Tax",
            Self::GiftWrap => "Gift wrap",
            Self::Duties => "Duties",
            Self::Tip => "Tip",
        }
    }

    /// Added to the line of the row that states it. Even multiples of [`REVERSAL`]: the odd ones above
    /// are the charges' own reversals.
    pub(super) const fn offset(self) -> u64 {
        REVERSAL
            * match self {
                Self::Shipping => 2,
                Self::Tax => 4,
                Self::GiftWrap => 6,
                Self::Duties => 8,
                Self::Tip => 10,
            }
    }
}
