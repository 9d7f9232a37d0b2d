//! One word for one deed, whoever names it: Segment's e-commerce v2 events, their v1 names, and Google Analytics 4.
//!
//! Names are compared without regard to case, spaces, `_` and `-`, as sites write them in all ways. What is kept in the log
//! is the v2 name, so that everything behind it knows one vocabulary; the name as it was sent stays beside it.

/// Kind of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CallKind {
    /// Who a visitor is.
    Identify,
    /// What a visitor did.
    Track,
    /// A page was seen.
    Page,
    /// A screen of an app was seen.
    Screen,
    /// Which company a visitor belongs to.
    Group,
    /// One identifier becomes another.
    Alias,
}

impl CallKind {
    /// All kinds.
    pub const ALL: [Self; 6] = [Self::Identify, Self::Track, Self::Page, Self::Screen, Self::Group, Self::Alias];

    /// As it is written in `type`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identify => "identify",
            Self::Track => "track",
            Self::Page => "page",
            Self::Screen => "screen",
            Self::Group => "group",
            Self::Alias => "alias",
        }
    }

    /// Reads the name of a kind, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name.trim()))
    }
}

macro_rules! deeds {
    ($($(#[$doc:meta])* $deed:ident = $name:literal, $aliases:expr;)+) => {
        /// What a visitor did, as far as this program knows a word for it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Deed {
            $($(#[$doc])* $deed,)+
        }

        /// Deed, name, other names.
        const NAMES: &[(Deed, &str, &[&str])] = &[$((Deed::$deed, $name, &$aliases),)+];
    };
}

deeds! {
    /// A page was seen.
    PageViewed = "Page Viewed", ["page_view", "Viewed Page", "Loaded a Page"];
    /// A screen of an app was seen.
    ScreenViewed = "Screen Viewed", ["screen_view"];
    /// A page is still open and looked at.
    Dwelt = "Page Dwell", ["user_engagement"];
    /// Who a visitor is was said.
    Identified = "Identified", [];
    /// The company of a visitor was said.
    Grouped = "Grouped", [];
    /// One identifier became another.
    Aliased = "Aliased", [];
    /// Products were searched for.
    Searched = "Products Searched", ["search", "view_search_results", "Searched Products"];
    /// A list or category was seen.
    ListViewed = "Product List Viewed", ["view_item_list", "Viewed Product Category", "Viewed Product List"];
    /// A list was filtered or sorted.
    ListFiltered = "Product List Filtered", [];
    /// A promotion was shown.
    PromotionViewed = "Promotion Viewed", ["view_promotion", "Viewed Promotion"];
    /// A promotion was clicked.
    PromotionClicked = "Promotion Clicked", ["select_promotion", "Clicked Promotion"];
    /// A product was chosen from a list.
    ProductClicked = "Product Clicked", ["select_item", "select_content", "Clicked Product"];
    /// A product's page was seen.
    ProductViewed = "Product Viewed", ["view_item", "Viewed Product", "Viewed Product Page"];
    /// A product was put into the cart.
    ProductAdded = "Product Added", ["add_to_cart", "Added Product", "Added Product to Cart"];
    /// A product was taken out of the cart.
    ProductRemoved = "Product Removed", ["remove_from_cart", "Removed Product", "Removed Product from Cart"];
    /// The cart was looked at.
    CartViewed = "Cart Viewed", ["view_cart", "Viewed Cart"];
    /// The way to the till began.
    CheckoutStarted = "Checkout Started", ["begin_checkout", "Started Checkout", "Started Order"];
    /// A step of it was shown.
    CheckoutStepViewed = "Checkout Step Viewed", ["Viewed Checkout Step"];
    /// A step of it was done.
    CheckoutStepCompleted = "Checkout Step Completed", ["add_shipping_info", "Completed Checkout Step"];
    /// How to pay was said.
    PaymentInfoEntered = "Payment Info Entered", ["add_payment_info", "Entered Payment Info"];
    /// An order was placed.
    OrderCompleted = "Order Completed", ["purchase", "Completed Order"];
    /// An order was changed.
    OrderUpdated = "Order Updated", ["Updated Order"];
    /// An order was paid back, whole or in part.
    OrderRefunded = "Order Refunded", ["refund", "Refunded Order"];
    /// An order was called off.
    OrderCancelled = "Order Cancelled", ["Cancelled Order", "Order Canceled"];
    /// A coupon was entered.
    CouponEntered = "Coupon Entered", ["Entered Coupon"];
    /// A coupon was accepted.
    CouponApplied = "Coupon Applied", ["Applied Coupon"];
    /// A coupon was refused.
    CouponDenied = "Coupon Denied", ["Denied Coupon"];
    /// A coupon was taken back.
    CouponRemoved = "Coupon Removed", ["Removed Coupon"];
    /// A product was put on the wish list.
    WishAdded = "Product Added to Wishlist", ["add_to_wishlist", "Added Product to Wishlist"];
    /// A product was taken off the wish list.
    WishRemoved = "Product Removed from Wishlist", ["remove_from_wishlist", "Removed Product from Wishlist"];
    /// A product went from the wish list into the cart.
    WishToCart = "Wishlist Product Added to Cart", ["Added Wishlist Product to Cart"];
    /// A product was shown to somebody.
    ProductShared = "Product Shared", ["share", "Shared Product"];
    /// A cart was shown to somebody.
    CartShared = "Cart Shared", ["Shared Cart"];
    /// A product was reviewed.
    ProductReviewed = "Product Reviewed", ["Reviewed Product"];
    /// Anything else.
    Other = "", [];
}

/// Letters and digits of a name in lower case, written into the buffer.
fn folded(name: &str, buffer: &mut String) {
    buffer.clear();
    let kept = name.chars().filter(|c| !matches!(c, ' ' | '_' | '-' | '\t'));
    buffer.extend(kept.flat_map(char::to_lowercase));
}

impl Deed {
    /// All deeds but [`Deed::Other`].
    pub fn all() -> impl Iterator<Item = Self> {
        NAMES.iter().map(|(deed, ..)| *deed).filter(|deed| *deed != Self::Other)
    }

    /// Its e-commerce v2 name; empty for what has none.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(deed, ..)| *deed == self).map_or("", |(_, name, _)| name)
    }

    /// The deed of this name, in any of the vocabularies.
    pub fn from_name(name: &str) -> Self {
        let (mut asked, mut known) = (String::new(), String::new());
        folded(name, &mut asked);
        let mut is = |other: &str| {
            folded(other, &mut known);
            known == asked
        };
        let found =
            NAMES.iter().find(|(_, name, aliases)| !name.is_empty() && (is(name) || aliases.iter().any(|a| is(a))));
        found.map_or(Self::Other, |(deed, ..)| *deed)
    }

    /// The deed of a call.
    pub fn of(kind: CallKind, name: Option<&str>) -> Self {
        match kind {
            CallKind::Identify => Self::Identified,
            CallKind::Page => Self::PageViewed,
            CallKind::Screen => Self::ScreenViewed,
            CallKind::Group => Self::Grouped,
            CallKind::Alias => Self::Aliased,
            CallKind::Track => name.map_or(Self::Other, Self::from_name),
        }
    }

    /// Whether it shows that somebody is there, rather than stating something about an order from behind the shop.
    pub const fn is_visit(self) -> bool {
        !matches!(
            self,
            Self::Grouped
                | Self::Aliased
                | Self::OrderUpdated
                | Self::OrderRefunded
                | Self::OrderCancelled
                | Self::Other
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn every_name_leads_to_one_deed() {
        let mut seen = BTreeMap::new();
        for (deed, name, aliases) in NAMES.iter().filter(|(d, ..)| *d != Deed::Other) {
            for written in std::iter::once(name).chain(aliases.iter()) {
                let mut key = String::new();
                folded(written, &mut key);
                assert_eq!(seen.insert(key, deed), None, "{written} is there twice");
                assert_eq!(Deed::from_name(written), *deed);
                assert_eq!(Deed::from_name(&written.to_uppercase().replace(' ', "_")), *deed);
            }
        }
    }

    #[test]
    fn the_three_vocabularies_meet() {
        for (v2, v1, ga4) in [
            ("Product Viewed", "Viewed Product", "view_item"),
            ("Product Added", "Added Product", "add_to_cart"),
            ("Order Completed", "Completed Order", "purchase"),
            ("Product List Viewed", "Viewed Product Category", "view_item_list"),
        ] {
            assert_eq!(Deed::from_name(v2).name(), v2);
            assert_eq!(Deed::from_name(v1).name(), v2);
            assert_eq!(Deed::from_name(ga4).name(), v2);
        }
        assert_eq!(Deed::from_name("Song Played"), Deed::Other);
        assert_eq!(Deed::from_name(""), Deed::Other);
    }
}
