//! WooCommerce product CSV: one row a product or variation.
//!
//! The code is the SKU, or `id:` and the shop's number where there is none. Weights and lengths
//! carry their unit in the header (`Weight (lbs)`). Of several categories and pictures the first
//! counts. What the shop has on hand goes to `raw.stock` as well, 0 for a product that it calls out of stock
//! without counting, and the cost of goods to `raw.costs` where its currency is known. Attributes named
//! colour, brand, voltage, certification or manual language fill those columns, the last two with all their values.

use super::Connector;
use crate::error::IntakeError;
use crate::format::{Format, raw_table};
use crate::header::Header;
use crate::number;
use crate::out::Out;
use crate::plan::{Fault, How, Plan, Take, truth};
use crate::record::Record;
use crate::units::{Factor, Unit};
use schema::TableDef;

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
    marks: usize,
    label_languages: usize,
    /// Cells with units on hand, whether there are any, and the cost.
    on_hand: [Option<usize>; 3],
    /// Tables that rows go to beside the products.
    stock: &'static TableDef,
    costs: &'static TableDef,
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
    let on_hand =
        [header.find(&["Stock"]), header.find(&["In stock?"]), header.find(&["Meta: _cost", "Cost of goods", "Cost"])];
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
        marks: at("marks"),
        label_languages: at("label_languages"),
        on_hand,
        stock: beside("stock"),
        costs: beside("costs"),
        plan,
    }))
}

fn beside(name: &str) -> &'static TableDef {
    raw_table(name).unwrap_or_else(|| panic!("the catalogue has raw.{name}"))
}

impl WooProducts {
    /// Stock and cost of a row whose product was written.
    fn beside(&self, record: &Record<'_>, out: &mut Out<'_>) -> Result<(), IntakeError> {
        let (sku, id) = (record.get(self.sku).trim(), record.get(self.id).trim());
        let code = if sku.is_empty() { format!("id:{id}") } else { sku.to_owned() };
        let cell = |at: Option<usize>| at.map_or("", |i| record.get(i).trim());
        let [counted, any, cost] = self.on_hand.map(cell);
        let mark = self.plan.reading.mark;
        let units = number::integer(counted, mark).or_else(|| (truth(any) == Some(false)).then_some(0));
        if let Some(units) = units {
            let to = |name| Plan::column(self.stock, name);
            out.beside(self.stock, record.line, |out| {
                out.text(to("product_code"), &code);
                out.long(to("quantity"), units);
            })?;
        }
        let currency = self.plan.constant_of(Plan::column(self.plan.table, "currency"));
        if let (Some(cost), Some(currency)) = (number::amount(cost, mark).filter(|c| number::fits(*c)), currency) {
            let to = |name| Plan::column(self.costs, name);
            out.beside(self.costs, record.line, |out| {
                out.text(to("product_code"), &code);
                out.wide(to("cost"), i128::from(cost.micros()));
                out.text(to("currency"), currency);
            })?;
        }
        Ok(())
    }

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
        let all_of = |words: &[&str]| {
            self.attributes.iter().find_map(|(name, value)| {
                let name = record.get(*name).trim().to_lowercase();
                words.contains(&name.as_str()).then(|| record.get(*value).trim())
            })
        };
        let attribute = |words: &[&str]| all_of(words).map(|all| all.split(',').next().unwrap_or("").trim());
        let colour = attribute(&["colour", "color", "farbe", "couleur", "颜色"]).unwrap_or("");
        let brand =
            Some(first(self.brands)).filter(|b| !b.is_empty()).or_else(|| attribute(&["brand", "marke", "品牌"]));
        let marks = all_of(&["certification", "certifications", "certificates", "marks", "zertifikate", "认证"]);
        let languages = all_of(&["manual language", "manual languages", "label languages", "说明书语言"]);
        for (to, value) in [
            (self.colour, colour),
            (self.brand, brand.unwrap_or("")),
            (self.marks, marks.unwrap_or("")),
            (self.label_languages, languages.unwrap_or("")),
        ] {
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
            Ok(()) => {
                out.commit(record.line)?;
                self.beside(record, out)
            }
            Err(fault) => self.plan.put_aside(record.line, *fault, out),
        }
    }

    fn plan(&mut self) -> &mut Plan {
        &mut self.plan
    }
}
