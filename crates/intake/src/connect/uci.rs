//! UCI "Online Retail" (2010-11) and "Online Retail II" (2009-11): one row an invoice line of a
//! British gift wholesaler.
//!
//! Columns `InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID,
//! Country`, in the sibling `Invoice, …, Price, Customer ID, …`. Prices are in pounds sterling; no
//! column says so. Dates are local time, ISO in most copies and month first in those that came out
//! of a spreadsheet. Customer numbers that a spreadsheet made `17850.0` become `17850` again.

use super::Connector;
use crate::error::IntakeError;
use crate::format::Format;
use crate::header::Header;
use crate::plan::{How, Plan};

/// Columns of the 2010-11 layout.
pub(crate) const HEADER: [&str; 8] =
    ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"];
/// Columns of the sibling.
pub(crate) const HEADER_II: [&str; 8] =
    ["Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "Customer ID", "Country"];

/// The plan for either layout.
pub(crate) fn connector(format: &Format, header: &Header) -> Result<Box<dyn Connector>, IntakeError> {
    let names = if matches!(format, Format::UciRetailII) { HEADER_II } else { HEADER };
    let mut plan = Plan::new(format.table());
    let columns = [
        ("order_id", How::Plain),
        ("product_code", How::Plain),
        ("product_name", How::Plain),
        ("quantity", How::Plain),
        ("ordered_at", How::Plain),
        ("unit_price", How::Plain),
        ("shopper_key", How::Code),
        ("country", How::Plain),
    ];
    for (name, (column, how)) in names.iter().zip(columns) {
        plan.take(header.need(&format.words(), &[name])?, column, how);
    }
    plan.constant("currency", "GBP");
    Ok(Box::new(plan))
}
