//! Identifiers. A [`ProductId`] is the catalogue's word and survives retraining; an [`ItemIdx`] is
//! a dense row number inside one training set. They never mix.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps the identifier as its source wrote it.
            pub fn new(text: impl Into<Arc<str>>) -> Self {
                Self(text.into())
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.as_str().to_owned()
            }
        }
    };
}

text_id! {
    /// A product as the catalogue names it, shared by all markets.
    ProductId
}
text_id! {
    /// A shopper after identity resolution.
    ShopperId
}
text_id! {
    /// An order (invoice) as its source names it.
    OrderId
}

/// Row number of a product in one training set, `0..n_items`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ItemIdx(pub u32);

impl ItemIdx {
    /// The index as an array position.
    pub const fn at(self) -> usize {
        self.0 as usize
    }
}

/// Row number of a shopper in one training set, `0..n_shoppers`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ShopperIdx(pub u32);

impl ShopperIdx {
    /// The index as an array position.
    pub const fn at(self) -> usize {
        self.0 as usize
    }
}
