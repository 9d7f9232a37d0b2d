//! Products, their costs over time, and what lies in the warehouses.

use super::dirt::Dirt;
use super::papers::{Papers, papers};
use super::table::Table;
use super::{Encoding, Facts, FileFacts, Sink};
use crate::catalogue::{COLOURS, Catalogue, LANGUAGES, Product, category, description, title};
use crate::part::{Part, seed_of};
use crate::{Merchant, SimError};
use serde::Serialize;

/// How costs move and what lies in the warehouses.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct SupplyRules {
    /// Days between changes of a cost.
    cost_days: u32,
    /// Factor of a change, least and most, each as likely.
    cost_change: (f64, f64),
    /// Weeks of the last quarter's sales in stock, least and most, each as likely.
    stock_weeks: (f64, f64),
    /// Share of products without stock.
    out_of_stock: f64,
}

pub(crate) const SUPPLY: SupplyRules =
    SupplyRules { cost_days: 183, cost_change: (0.97, 1.06), stock_weeks: (2.0, 12.0), out_of_stock: 1.0 / 15.0 };

/// The catalogue: titles and descriptions in six languages, attributes, cost, picture. At the end
/// the near-duplicates: a product again, under another id, with its titles in other case and spacing.
pub(super) fn products(merchant: &Merchant, sink: &mut dyn Sink) -> Result<FileFacts, SimError> {
    let mut facts = Facts::new("exports/products.csv".to_owned(), "canonical products", Encoding::Utf8);
    let name = facts.name();
    let mut out = sink.create(&name).map_err(SimError::write(&name))?;
    let mut header = vec!["product_id".to_owned()];
    for what in ["name", "description"] {
        header.extend(LANGUAGES.iter().map(|l| format!("{what}_{l}")));
    }
    header.extend(
        "category brand voltage_v voltage_range plug wattage_w length_cm width_cm height_cm weight_kg colour marks \
         label_languages cost cost_currency image_path"
            .split(' ')
            .map(str::to_owned),
    );
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let mut table = Table::new(&mut *out, &name, Encoding::Utf8, ',', &header)?;
    let papers = papers(merchant);
    for (product, papers) in merchant.catalogue.products.iter().zip(&papers) {
        write(&mut table, product, papers, &product.id, &|text| text)?;
    }
    for (k, (copy, of)) in near_duplicates(merchant).into_iter().enumerate() {
        let product = &merchant.catalogue.products[of];
        write(&mut table, product, &papers[of], &copy, &|text| match k % 3 {
            0 => text.to_uppercase(),
            1 => text.replace(' ', "  "),
            _ => format!("{} ", text.to_lowercase()),
        })?;
        facts.count(Dirt::NearDuplicateProduct);
    }
    Ok(facts.finish(table.finish()?))
}

/// Products that are listed twice: the other id and the row of the product it repeats.
pub(crate) fn near_duplicates(merchant: &Merchant) -> Vec<(String, usize)> {
    let n = merchant.catalogue.len();
    let ids = 0..merchant.params.dirt.near_duplicate_products;
    ids.map(|k| (format!("SA-{:04}", 9001 + k), (7 + 23 * k) % n)).collect()
}

fn write(
    table: &mut Table<'_>,
    product: &Product,
    papers: &Papers,
    id: &str,
    spell: &dyn Fn(String) -> String,
) -> Result<(), SimError> {
    table.cell(id);
    (0..LANGUAGES.len()).for_each(|l| table.cell(&spell(title(product, l))));
    (0..LANGUAGES.len()).for_each(|l| table.cell(&description(product, l)));
    table.cell(&category(product));
    table.cell(Catalogue::BRANDS[product.brand]);
    match product.power.rated() {
        Some(volts) => table.int(i64::from(volts)),
        None => table.empty(1),
    }
    table.cell(product.power.range());
    table.cell(product.plug);
    if product.watts > 0 {
        table.int(i64::from(product.watts))
    } else {
        table.empty(1)
    }
    for mm in product.size_mm {
        table.minor(i64::from(mm), 1);
    }
    table.minor(i64::from(product.weight_g), 3);
    table.cell(COLOURS[product.colour].name);
    table.cell(&papers.marks);
    table.cell(&papers.languages);
    table.minor(product.cost, 2);
    table.cell("CNY");
    table.cell(&product.image_path());
    table.end_row()
}

/// Costs: from the first day, and a change of up to six per cent every half year.
pub(super) fn costs(merchant: &Merchant, sink: &mut dyn Sink) -> Result<FileFacts, SimError> {
    let facts = Facts::new("exports/costs.csv".to_owned(), "canonical costs", Encoding::Utf8);
    let name = facts.name();
    let mut out = sink.create(&name).map_err(SimError::write(&name))?;
    let mut table =
        Table::new(&mut *out, &name, Encoding::Utf8, ',', &["product_id", "cost", "currency", "valid_from"])?;
    let seed = seed_of(merchant.params.seed, Part::Stock).derive(1);
    for (j, product) in merchant.catalogue.products.iter().enumerate() {
        let mut rng = seed.stream(j as u64);
        let mut cost = product.cost;
        for change in 0..merchant.params.days.div_ceil(SUPPLY.cost_days) {
            table.cell(&product.id);
            table.minor(cost, 2);
            table.cell("CNY");
            table.day(merchant.params.from.plus((change * SUPPLY.cost_days) as i32));
            table.end_row()?;
            let (least, most) = SUPPLY.cost_change;
            let factor = least + (most - least) * rng.uniform();
            cost = (cost as f64 * factor / 10.0).round() as i64 * 10;
        }
    }
    Ok(facts.finish(table.finish()?))
}

/// Units in each warehouse on the last day: some weeks of the last quarter's sales of the market it
/// serves, and nothing for one product in fifteen.
pub(super) fn stock(merchant: &Merchant, sink: &mut dyn Sink) -> Result<FileFacts, SimError> {
    let facts = Facts::new("exports/stock.csv".to_owned(), "canonical stock", Encoding::Utf8);
    let name = facts.name();
    let mut out = sink.create(&name).map_err(SimError::write(&name))?;
    let header = ["product_id", "warehouse", "market", "quantity", "as_of"];
    let mut table = Table::new(&mut *out, &name, Encoding::Utf8, ',', &header)?;
    let seed = seed_of(merchant.params.seed, Part::Stock);
    let since = i64::from(merchant.params.end().plus(-91).0) * 86_400;
    for (b, book) in merchant.books.iter().enumerate() {
        let mut sold = vec![0_i64; merchant.catalogue.len()];
        for order in book.orders.iter().filter(|o| o.at >= since) {
            book.lines_of(order).iter().for_each(|l| sold[usize::from(l.product)] += i64::from(l.quantity));
        }
        let mut rng = seed.stream(1000 + b as u64);
        for (j, product) in merchant.catalogue.products.iter().enumerate() {
            let (least, most) = SUPPLY.stock_weeks;
            let weeks = least + (most - least) * rng.uniform();
            let empty = rng.uniform() < SUPPLY.out_of_stock;
            if !merchant.catalogue.offered(j, book.profile.volts) {
                continue;
            }
            let units = ((sold[j] as f64 / 13.0 + 0.5) * weeks).round() as i64;
            table.cell(&product.id);
            table.cell(book.profile.warehouse);
            table.cell(book.profile.market.code());
            table.int(if empty { 0 } else { units });
            table.day(merchant.params.end().plus(-1));
            table.end_row()?;
        }
    }
    Ok(facts.finish(table.finish()?))
}
