//! Connectors: one file a format. A connector is mostly a [`Plan`]; some have logic on top.

mod amazon_orders;
pub(crate) mod canonical;
mod charges;
pub(crate) mod ecb_rates;
mod interactions;
mod mapped;
pub(crate) mod segment_events;
mod shopify_customers;
mod shopify_orders;
mod uci;
mod woo_products;

use crate::error::IntakeError;
use crate::format::Format;
use crate::header::Header;
use crate::options::ReadOptions;
use crate::out::Out;
use crate::plan::Plan;
use crate::record::Record;

pub use shopify_orders::REVERSAL;

pub(crate) use amazon_orders::MUST as AMAZON_ORDERS;
pub(crate) use shopify_customers::MUST as SHOPIFY_CUSTOMERS;
pub(crate) use shopify_orders::MUST as SHOPIFY_ORDERS;
pub(crate) use uci::{HEADER as UCI_HEADER, HEADER_II as UCI_HEADER_II};
pub(crate) use woo_products::MUST as WOO_PRODUCTS;

/// Turns rows of one format into rows of a raw table.
pub(crate) trait Connector {
    /// Takes one row: writes any number of rows, or a reject.
    fn row(&mut self, record: &Record<'_>, out: &mut Out<'_>) -> Result<(), IntakeError>;
    /// After the last row.
    fn end(&mut self, _out: &mut Out<'_>) -> Result<(), IntakeError> {
        Ok(())
    }
    /// Its cells and how they are read.
    fn plan(&mut self) -> &mut Plan;
    /// Positions of cells with numbers that its plan does not name.
    fn numbers(&self) -> Vec<usize> {
        Vec::new()
    }
    /// What it assumed.
    fn notes(&mut self) -> Vec<String> {
        Vec::new()
    }
}

impl Connector for Plan {
    #[inline]
    fn row(&mut self, record: &Record<'_>, out: &mut Out<'_>) -> Result<(), IntakeError> {
        Plan::row(self, record, out)
    }

    fn plan(&mut self) -> &mut Plan {
        self
    }
}

/// The connector of a format, checked against the header.
pub(crate) fn connector(format: &Format, header: &Header) -> Result<Box<dyn Connector>, IntakeError> {
    match format {
        Format::UciRetail | Format::UciRetailII => uci::connector(format, header),
        Format::ShopifyOrders => shopify_orders::connector(format, header),
        Format::ShopifyCustomers => shopify_customers::connector(format, header),
        Format::AmazonOrders => amazon_orders::connector(format, header),
        Format::SegmentEvents => Ok(segment_events::connector(format)),
        Format::WooProducts => woo_products::connector(format, header),
        Format::EcbRates => ecb_rates::connector(format, header),
        Format::Canonical(_) => canonical::connector(format, header),
        Format::Mapped(mapping) => mapped::connector(format, mapping, header),
    }
}

/// Fills required columns that the file lacks from the options, or says which one is missing.
pub(crate) fn complete(
    plan: &mut Plan,
    format: &Format,
    header: &Header,
    options: &ReadOptions,
) -> Result<(), IntakeError> {
    let defaults = &options.defaults;
    if let Some(country) = defaults.country
        && plan.table.column("country").is_some()
        && !plan.fills("country")
    {
        plan.constant("country", country.code());
    }
    if let Some(currency) = defaults.currency
        && plan.table.column("currency").is_some()
        && !plan.constants.iter().any(|(c, _)| plan.table.columns[*c].name == "currency")
    {
        plan.constant("currency", currency.code());
    }
    for column in plan.table.columns.iter().skip(2).filter(|c| !c.nullable) {
        if plan.fills(column.name) {
            continue;
        }
        match column.name {
            "currency" => return Err(IntakeError::NoCurrency { file: header.file.clone() }),
            "part" => plan.zeros.push(Plan::column(plan.table, "part")),
            name => return Err(header.missing(&format.words(), name)),
        }
    }
    Ok(())
}
