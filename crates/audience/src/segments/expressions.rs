//! Pieces of SQL that the query of a set of rules is put together from.

use super::ast::ProductBy;
use super::field::Kind;
use domain::Day;

/// A text of SQL.
pub(super) fn text(words: &str) -> String {
    format!("'{}'", words.replace('\'', "''"))
}

pub(super) fn date(day: Day) -> String {
    format!("cast('{day}' as date)")
}

/// Events that show a product, by the names of Segment's specification and Google Analytics.
pub(super) const VIEWS: &[&str] = &["Product Viewed", "Product Clicked", "view_item", "select_item"];
/// Events that search.
pub(super) const SEARCHES: &[&str] = &["Products Searched", "search"];

pub(super) fn names(events: &[&str]) -> String {
    events.iter().map(|name| text(name)).collect::<Vec<_>>().join(", ")
}

/// Days since 1970: a difference of two dates is a duration in one engine and a number in another.
pub(super) fn as_number(date: &str) -> String {
    format!("cast(cast({date} as integer) as bigint)")
}

pub(super) fn null_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Text | Kind::Word => "varchar",
        Kind::Number => "double",
        Kind::Day => "date",
        Kind::Yes => "boolean",
    }
}

/// Never null: a product without a category or brand is simply not it.
pub(super) fn product_is(by: ProductBy, name: &str) -> String {
    let name = name.to_lowercase();
    match by {
        ProductBy::Product => format!("lower(product_id) = {}", text(&name)),
        ProductBy::Brand => format!("coalesce(lower(brand) = {}, false)", text(&name)),
        ProductBy::Category => {
            let part = text(&format!(" > {name} > "));
            format!("coalesce(strpos(concat(' > ', lower(category), ' > '), {part}) > 0, false)")
        }
    }
}
