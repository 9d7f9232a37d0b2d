//! Settled order lines of all shoppers and guests, as every stage wants them that looks at people: names as numbers, what
//! belongs to a product once a product.
//!
//! Numbers are given in the order in which names are met, by shopper (guests last), day and order.

use super::rows::Rows;
use anyhow::Result;
use domain::{Amount, Day, Market};
use lake::Engine;
use std::collections::HashMap;

/// One settled line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    /// Market of the order.
    pub(crate) market: Market,
    /// Row of [`Lines::shoppers`]; `None` for a guest.
    pub(crate) shopper: Option<u32>,
    /// Number of the order.
    pub(crate) order: u32,
    /// Row of [`Lines::products`] where a product is meant.
    pub(crate) product: Option<u32>,
    pub(crate) day: Day,
    pub(crate) units: u32,
    /// Price of one unit before its discount, and what was paid for one, in the order's currency.
    pub(crate) list: f64,
    pub(crate) paid: f64,
    /// In the reporting currency.
    pub(crate) amount: Amount,
    /// Row of [`Lines::channels`] where it is known.
    pub(crate) channel: Option<u32>,
    /// Whether units of it came back.
    pub(crate) back: bool,
}

/// What is sold.
#[derive(Clone, Debug, Default)]
pub(crate) struct Product {
    pub(crate) id: String,
    /// As the catalogue has it; the identifier where it has none.
    pub(crate) name: String,
    /// Path, its parts joined by ` > `; empty where nobody says.
    pub(crate) category: String,
    pub(crate) brand: String,
}

impl Product {
    /// First part of the category.
    pub(crate) fn department(&self) -> &str {
        self.category.split(" > ").next().unwrap_or_default()
    }

    /// Last part of the category.
    pub(crate) fn kind(&self) -> &str {
        self.category.rsplit(" > ").next().unwrap_or_default()
    }
}

/// All of them.
#[derive(Default)]
pub(crate) struct Lines {
    pub(crate) lines: Vec<Line>,
    pub(crate) shoppers: Vec<String>,
    pub(crate) products: Vec<Product>,
    pub(crate) channels: Vec<String>,
}

const LINES: &str = "\
select market, shopper_id, order_key, product_id, day, quantity, channel, cast(unit_price as double) as list,
  cast(amount as double) / quantity as paid, amount_base, returned_quantity > 0 as back
from clean.order_lines where settled order by shopper_id nulls last, day, order_key, source, line";

const PRODUCTS: &str = "\
select product_id, coalesce(name, product_id) as name, coalesce(category, '') as category, coalesce(brand, '') as brand
from clean.products";

/// Numbers for names, in the order in which they are met.
#[derive(Default)]
struct Numbers<'a>(HashMap<&'a str, u32>, Vec<String>);

impl<'a> Numbers<'a> {
    fn of(&mut self, name: &'a str) -> u32 {
        *self.0.entry(name).or_insert_with(|| {
            self.1.push(name.to_owned());
            self.1.len() as u32 - 1
        })
    }
}

impl Lines {
    /// The product of a line; one of which nothing is known where it names none.
    pub(crate) fn of(&self, line: &Line) -> &Product {
        static UNKNOWN: Product =
            Product { id: String::new(), name: String::new(), category: String::new(), brand: String::new() };
        line.product.map_or(&UNKNOWN, |number| &self.products[number as usize])
    }

    pub(crate) async fn load(engine: &Engine) -> Result<Self> {
        let rows = Rows::query(engine, LINES).await?;
        let texts = |name| rows.column_of_texts(name);
        let (ids, orders) = (texts("shopper_id")?, texts("order_key")?);
        let (codes, channels) = (texts("product_id")?, texts("channel")?);
        let (markets, days, units) = (rows.markets("market")?, rows.days("day")?, rows.ints("quantity")?);
        let (lists, paids, amounts) = (rows.floats("list")?, rows.floats("paid")?, rows.amounts("amount_base")?);
        let back = rows.truths("back")?;
        let (mut shopper, mut order, mut product, mut channel) =
            (Numbers::default(), Numbers::default(), Numbers::default(), Numbers::default());
        let lines: Vec<Line> = (ids.iter().zip(&orders).zip(&codes).zip(&channels).enumerate())
            .map(|(i, (((id, key), code), sold))| Line {
                market: markets[i],
                shopper: id.map(|id| shopper.of(id)),
                order: order.of(key.unwrap_or_default()),
                product: code.map(|code| product.of(code)),
                day: days[i],
                units: u32::try_from(units[i]).unwrap_or(u32::MAX),
                list: lists[i].unwrap_or(0.0),
                paid: paids[i].unwrap_or(0.0),
                amount: amounts[i],
                channel: sold.map(|name| channel.of(name)),
                back: back[i],
            })
            .collect();
        let products = catalogue(engine, product.1).await?;
        Ok(Self { lines, shoppers: shopper.1, products, channels: channel.1 })
    }
}

/// What the catalogue says of the products with these identifiers.
async fn catalogue(engine: &Engine, ids: Vec<String>) -> Result<Vec<Product>> {
    let rows = Rows::query(engine, PRODUCTS).await?;
    let (known, names) = (rows.column_of_texts("product_id")?, rows.column_of_texts("name")?);
    let (categories, brands) = (rows.column_of_texts("category")?, rows.column_of_texts("brand")?);
    let places: HashMap<&str, usize> = (0..rows.len()).map(|i| (known.value(i), i)).collect();
    let product = |id: String| match places.get(id.as_str()) {
        Some(&at) => Product {
            name: names.value(at).to_owned(),
            category: categories.value(at).to_owned(),
            brand: brands.value(at).to_owned(),
            id,
        },
        None => Product { name: id.clone(), id, ..Product::default() },
    };
    Ok(ids.into_iter().map(product).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_category_and_names_in_the_order_met() {
        let product = |category: &str| Product { category: category.to_owned(), ..Product::default() };
        let deep = product("Home > Kitchen > Kettles");
        assert_eq!((deep.department(), deep.kind()), ("Home", "Kettles"));
        assert_eq!((product("Toys").department(), product("Toys").kind(), product("").kind()), ("Toys", "Toys", ""));
        let mut numbers = Numbers::default();
        assert_eq!(["b", "a", "b"].map(|name| numbers.of(name)), [0, 1, 0]);
        assert_eq!(numbers.1, ["b", "a"]);
    }
}
