//! Shopify customers CSV: one row a customer. Names and addresses are read past and never stored;
//! e-mail and phone become hashes.

use super::Connector;
use crate::error::IntakeError;
use crate::format::Format;
use crate::header::Header;
use crate::plan::{How, Plan};

/// Columns that tell the export.
pub(crate) const MUST: [&str; 6] = ["First Name", "Last Name", "Email", "Total Spent", "Total Orders", "Tags"];

pub(crate) fn connector(format: &Format, header: &Header) -> Result<Box<dyn Connector>, IntakeError> {
    let mut plan = Plan::new(format.table());
    plan.take(header.need(&format.words(), &["Email"])?, "email_hash", How::Email);
    let optional: [(&[&str], &str, How); 7] = [
        (&["Customer ID", "ID"], "shopper_key", How::Code),
        (&["Phone", "Default Address Phone"], "phone_hash", How::Phone),
        (&["Country Code", "Default Address Country Code", "Country"], "country", How::Plain),
        (&["Province Code", "Default Address Province Code", "Province"], "region", How::Plain),
        (&["City", "Default Address City"], "city", How::Plain),
        (&["Accepts Email Marketing", "Accepts Marketing"], "accepts_marketing", How::Plain),
        (&["Tags"], "tags", How::Plain),
    ];
    for (names, column, how) in optional {
        if let Some(at) = header.find(names) {
            plan.take(at, column, how);
        }
    }
    Ok(Box::new(plan))
}
