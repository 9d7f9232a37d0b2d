//! The formats that are known. The enum is the registry: a connector that is not matched here
//! does not compile.

use crate::error::IntakeError;
use crate::mapping::Mapping;
use schema::{TableDef, Zone};

/// What a file turned out to be.
#[derive(Clone, Debug)]
pub enum Format {
    /// UCI online retail 2010-11: InvoiceNo … UnitPrice, CustomerID.
    UciRetail,
    /// Its sibling of 2009-11: Invoice … Price, Customer ID.
    UciRetailII,
    /// Shopify orders CSV.
    ShopifyOrders,
    /// Shopify customers CSV.
    ShopifyCustomers,
    /// Amazon all-orders flat file.
    AmazonOrders,
    /// Segment events, one JSON object a line.
    SegmentEvents,
    /// WooCommerce product CSV.
    WooProducts,
    /// European Central Bank reference-rate history.
    EcbRates,
    /// Columns named as in the catalogue, for this raw table.
    Canonical(&'static TableDef),
    /// Columns named by a mapping file.
    Mapped(Box<Mapping>),
}

const NAMED: [(&str, Format); 8] = [
    ("uci-retail", Format::UciRetail),
    ("uci-retail-ii", Format::UciRetailII),
    ("shopify-orders", Format::ShopifyOrders),
    ("shopify-customers", Format::ShopifyCustomers),
    ("amazon-orders", Format::AmazonOrders),
    ("segment-events", Format::SegmentEvents),
    ("woo-products", Format::WooProducts),
    ("ecb-rates", Format::EcbRates),
];

/// The raw tables that files are read into.
pub(crate) fn raw_tables() -> impl Iterator<Item = &'static TableDef> {
    schema::tables().filter(|t| t.zone == Zone::Raw && !matches!(t.name, "sources" | "rejects"))
}

/// The raw table of that name.
pub(crate) fn raw_table(name: &str) -> Option<&'static TableDef> {
    raw_tables().find(|t| t.name == name)
}

fn must(name: &str) -> &'static TableDef {
    raw_table(name).unwrap_or_else(|| panic!("the catalogue has raw.{name}"))
}

impl Format {
    /// The name that `--format` takes: `uci-retail`, `canonical-order-lines`.
    pub fn name(&self) -> String {
        match self {
            Self::UciRetail => "uci-retail".into(),
            Self::UciRetailII => "uci-retail-ii".into(),
            Self::ShopifyOrders => "shopify-orders".into(),
            Self::ShopifyCustomers => "shopify-customers".into(),
            Self::AmazonOrders => "amazon-orders".into(),
            Self::SegmentEvents => "segment-events".into(),
            Self::WooProducts => "woo-products".into(),
            Self::EcbRates => "ecb-rates".into(),
            Self::Canonical(table) => format!("canonical-{}", table.name.replace('_', "-")),
            Self::Mapped(_) => "mapped".into(),
        }
    }

    /// All names that `--format` takes.
    pub fn names() -> Vec<String> {
        NAMED
            .iter()
            .map(|(name, _)| (*name).to_owned())
            .chain(raw_tables().map(|t| Self::Canonical(t).name()))
            .collect()
    }

    /// The format of that name.
    ///
    /// # Errors
    /// [`IntakeError::FormatName`] lists the names there are.
    pub fn from_name(name: &str) -> Result<Self, IntakeError> {
        if let Some((_, format)) = NAMED.iter().find(|(n, _)| *n == name) {
            return Ok(format.clone());
        }
        let table = name.strip_prefix("canonical-").and_then(|t| raw_table(&t.replace('-', "_")));
        table
            .map(Self::Canonical)
            .ok_or_else(|| IntakeError::FormatName { name: name.to_owned(), known: Self::names().join(", ") })
    }

    /// The system whose customer and order numbers its files use, where nobody says so: the family of
    /// the format (`shopify` for orders and customers); of a mapped file, see [`Mapping::system`].
    pub fn system(&self) -> String {
        match self {
            Self::Mapped(mapping) => mapping.numbers(),
            other => other.name().split('-').next().unwrap_or_default().to_owned(),
        }
    }

    /// The raw table that its rows go to.
    pub fn table(&self) -> &'static TableDef {
        match self {
            Self::UciRetail | Self::UciRetailII | Self::ShopifyOrders | Self::AmazonOrders => must("order_lines"),
            Self::ShopifyCustomers => must("customers"),
            Self::SegmentEvents => must("events"),
            Self::WooProducts => must("products"),
            Self::EcbRates => must("fx_rates"),
            Self::Canonical(table) => table,
            Self::Mapped(mapping) => must(&mapping.table),
        }
    }

    /// As an error message calls it.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::UciRetail => "a UCI online-retail file".into(),
            Self::UciRetailII => "a UCI online-retail II file".into(),
            Self::ShopifyOrders => "a Shopify orders export".into(),
            Self::ShopifyCustomers => "a Shopify customers export".into(),
            Self::AmazonOrders => "an Amazon all-orders report".into(),
            Self::SegmentEvents => "Segment events".into(),
            Self::WooProducts => "a WooCommerce product export".into(),
            Self::EcbRates => "the ECB reference-rate history".into(),
            Self::Canonical(table) => format!("a canonical {} file", table.name),
            Self::Mapped(mapping) => format!("a mapped {} file", mapping.table),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_to_its_format_and_back() {
        for name in Format::names() {
            assert_eq!(Format::from_name(&name).unwrap().name(), name);
        }
        let error = Format::from_name("shopfy").unwrap_err().to_string();
        assert!(error.contains("shopify-orders") && error.contains("canonical-order-lines"), "{error}");
    }
}
