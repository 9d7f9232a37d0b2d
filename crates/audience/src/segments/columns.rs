//! Which table and column of the lake has a field, one row a shopper.

use super::field::Field;
use std::collections::{BTreeMap, BTreeSet};

/// Where the fields are. The default is what docs/tables.md lists today; a workspace with more marts
/// adds theirs by [`Columns::with`]. A field without a column is missing for every shopper, and
/// [`super::Compiled::absent`] says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Table and column of a field; the table has a row a shopper under `shopper_id`.
    pub fields: BTreeMap<Field, (String, String)>,
    /// Table and column of the tags as JSON.
    pub tags: (String, String),
    /// Table, column of the name and column of the score of interests: a row a shopper and interest.
    pub interests: Option<(String, String, String)>,
    /// The same of values: a row a shopper and value; a shopper without a row of one has 0.
    pub values: Option<(String, String, String)>,
    /// Table of carts, a row an owner: `shopper_id`, `state`, `last_at`. Without one no cart stands abandoned.
    pub carts: Option<String>,
    /// Whether the clean tables number their shoppers in `shopper_no`. Those of a lake that an earlier release
    /// cleaned do not: there shoppers are told by name, which takes longer.
    pub numbered: bool,
    /// Marts that were computed from these very clean tables and have their numbers; the others are joined by name.
    pub numbered_marts: BTreeSet<String>,
    /// Marts that keep `shopper_no` beside `shopper_id`, of whichever clean tables they were computed from: where both go together
    /// as they do in the clean tables, the number is a shopper's place.
    pub keeping_numbers: BTreeSet<String>,
}

impl Default for Columns {
    fn default() -> Self {
        let of = |table: &str, column: &str| (table.to_owned(), column.to_owned());
        let fields = [
            (Field::Market, of("clean.shoppers", "market")),
            (Field::Language, of("clean.shoppers", "language")),
            (Field::AcceptsMarketing, of("clean.shoppers", "accepts_marketing")),
            (Field::Region, of("marts.shopper_traits", "region")),
            (Field::City, of("marts.shopper_traits", "city")),
            (Field::Channel, of("marts.shopper_traits", "channel")),
            (Field::ChannelShare, of("marts.shopper_traits", "channel_share")),
            (Field::Brand, of("marts.shopper_traits", "brand")),
            (Field::BrandShare, of("marts.shopper_traits", "brand_share")),
            (Field::Rfm, of("marts.segments", "segment")),
            (Field::R, of("marts.segments", "r")),
            (Field::F, of("marts.segments", "f")),
            (Field::M, of("marts.segments", "m")),
            (Field::Cluster, of("marts.segments", "cluster")),
        ];
        Self {
            fields: fields.into(),
            tags: of("marts.segments", "tags"),
            interests: None,
            values: None,
            carts: None,
            numbered: true,
            numbered_marts: BTreeSet::new(),
            keeping_numbers: ["marts.shopper_traits", "marts.segments"].map(str::to_owned).into(),
        }
    }
}

impl Columns {
    /// With the column of one more field.
    #[must_use]
    pub fn with(mut self, field: Field, table: &str, column: &str) -> Self {
        self.fields.insert(field, (table.to_owned(), column.to_owned()));
        self
    }

    /// For a lake whose clean tables do not number their shoppers.
    #[must_use]
    pub fn by_name(mut self) -> Self {
        self.numbered = false;
        self
    }

    /// With marts that were computed from these very clean tables and number their shoppers alike.
    #[must_use]
    pub fn in_step(mut self, marts: &[&str]) -> Self {
        self.numbered_marts.extend(marts.iter().map(|mart| (*mart).to_owned()));
        self
    }

    /// With a table of carts.
    #[must_use]
    pub fn with_carts(mut self, table: &str) -> Self {
        self.carts = Some(table.to_owned());
        self
    }

    /// With a table of values: a row a shopper and value.
    #[must_use]
    pub fn with_values(mut self, table: &str, name: &str, score: &str) -> Self {
        self.values = Some((table.to_owned(), name.to_owned(), score.to_owned()));
        self
    }

    /// With a table of interests: a row a shopper and interest.
    #[must_use]
    pub fn with_interests(mut self, table: &str, name: &str, score: &str) -> Self {
        self.interests = Some((table.to_owned(), name.to_owned(), score.to_owned()));
        self
    }
}
