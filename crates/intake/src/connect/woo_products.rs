//! WooCommerce product CSV: one row a product or variation.
//!
//! The code is the SKU, or `id:` and the shop's number where there is none. Weights and lengths
//! carry their unit in the header (`Weight (lbs)`). Of several categories and pictures the first
//! counts. Attributes named colour, brand or voltage fill those columns.

use super::Connector;
use crate::error::IntakeError;
use crate::format::Format;
use crate::header::Header;
use crate::out::Out;
use crate::plan::{Fault, How, Plan, Take};
use crate::record::Record;
use crate::units::{Factor, Unit};

/// Columns that tell the export.
pub(crate) const MUST: [&str; 6] = ["ID", "Type", "SKU", "Name", "Regular price", "Categories"];

struct WooProducts {
    plan: Plan,
    id: usize,
    sku: usize,
    categories: usize,
    images: Option<usize>,
    brands: Option<usize>,
    /// Positions of an attribute's name and value.
    attributes: Vec<(usize, usize)>,
    code: usize,
    category: usize,
    image: usize,
    colour: usize,
    brand: usize,
    voltage: usize,
}

pub(crate) fn connector(format: &Format, header: &Header) -> Result<Box<dyn Connector>, IntakeError> {
    let (words, table) = (format.words(), format.table());
    let mut plan = Plan::new(table);
    for (name, column) in [("Name", "name"), ("Regular price", "price")] {
        plan.take(header.need(&words, &[name])?, column, How::Plain);
    }
    let optional: [(&[&str], &str); 4] = [
        (&["Description", "Short description"], "description"),
        (&["GTIN, UPC, EAN, or ISBN", "GTIN", "EAN"], "gtin"),
        (&["Stock"], "stock"),
        (&["Meta: _cost", "Cost of goods", "Cost"], "cost"),
    ];
    for (names, column) in optional {
        if let Some(at) = header.find(names) {
            plan.take(at, column, How::Plain);
        }
    }
    let measures = [
        ("Weight", "weight_kg", Unit::Kilogram),
        ("Length", "length_cm", Unit::Centimetre),
        ("Width", "width_cm", Unit::Centimetre),
        ("Height", "height_cm", Unit::Centimetre),
    ];
    for (word, column, base) in measures {
        let Some((at, name)) = header.names.iter().enumerate().find(|(_, n)| n.starts_with(word)) else { continue };
        let named = name.split_once('(').and_then(|(_, unit)| Unit::from_name(unit.trim_end_matches([')', ' '])));
        let unit = named.filter(|u| u.quantity() == base.quantity()).unwrap_or(base);
        plan.take(at, column, How::Measure(Factor(unit)));
    }
    let attributes = (1..=12)
        .filter_map(|i| {
            let name = header.find(&[&format!("Attribute {i} name")])?;
            Some((name, header.find(&[&format!("Attribute {i} value(s)")])?))
        })
        .collect();
    let at = |name| Plan::column(table, name);
    plan.written = vec![at("product_code")];
    Ok(Box::new(WooProducts {
        id: header.need(&words, &["ID"])?,
        sku: header.need(&words, &["SKU"])?,
        categories: header.need(&words, &["Categories"])?,
        images: header.find(&["Images"]),
        brands: header.find(&["Brands"]),
        attributes,
        code: at("product_code"),
        category: at("category"),
        image: at("image"),
        colour: at("colour"),
        brand: at("brand"),
        voltage: at("voltage_v"),
        plan,
    }))
}

impl WooProducts {
    fn write(&self, record: &Record<'_>, out: &mut Out<'_>) -> Result<(), Box<Fault>> {
        self.plan.cells(record, out)?;
        let (sku, id) = (record.get(self.sku).trim(), record.get(self.id).trim());
        match (sku, id) {
            ("", "") => {
                let expected = "an SKU or an ID".to_owned();
                return Err(Box::new(Fault {
                    rule: "missing_value",
                    column: self.code,
                    value: String::new(),
                    expected,
                }));
            }
            ("", id) => out.text(self.code, &format!("id:{id}")),
            (sku, _) => out.text(self.code, sku),
        }
        let first = |from: Option<usize>| from.map_or("", |f| record.get(f).split(", ").next().unwrap_or("").trim());
        for (to, value) in [(self.category, first(Some(self.categories))), (self.image, first(self.images))] {
            if !value.is_empty() {
                out.text(to, value);
            }
        }
        let attribute = |words: &[&str]| {
            self.attributes.iter().find_map(|(name, value)| {
                let name = record.get(*name).trim().to_lowercase();
                words.contains(&name.as_str()).then(|| record.get(*value).split(',').next().unwrap_or("").trim())
            })
        };
        let colour = attribute(&["colour", "color", "farbe", "couleur", "颜色"]).unwrap_or("");
        let brand =
            Some(first(self.brands)).filter(|b| !b.is_empty()).or_else(|| attribute(&["brand", "marke", "品牌"]));
        for (to, value) in [(self.colour, colour), (self.brand, brand.unwrap_or(""))] {
            if !value.is_empty() {
                out.text(to, value);
            }
        }
        if let Some(volts) = attribute(&["voltage", "spannung", "电压"]) {
            let take = Take { from: 0, to: self.voltage, how: How::Plain };
            self.plan.cell(&take, volts.trim_end_matches(['V', 'v', ' ']), out)?;
        }
        Ok(())
    }
}

impl Connector for WooProducts {
    fn row(&mut self, record: &Record<'_>, out: &mut Out<'_>) -> Result<(), IntakeError> {
        match self.write(record, out) {
            Ok(()) => out.commit(record.line),
            Err(fault) => self.plan.put_aside(record.line, *fault, out),
        }
    }

    fn plan(&mut self) -> &mut Plan {
        &mut self.plan
    }
}
