//! What a file is, by its column names, with reasons. Presets come first, then the canonical
//! tables; a file that lacks one column of a format is told which.

use crate::connect::canonical::fit;
use crate::connect::{AMAZON_ORDERS, SHOPIFY_CUSTOMERS, SHOPIFY_ORDERS, UCI_HEADER, UCI_HEADER_II, WOO_PRODUCTS};
use crate::connect::{ecb_rates, segment_events};
use crate::error::{IntakeError, list};
use crate::format::{Format, raw_tables};
use crate::header::Header;
use schema::Zone;

/// The columns that tell a format.
const SIGNATURES: [(Format, &[&str]); 6] = [
    (Format::UciRetail, &UCI_HEADER),
    (Format::UciRetailII, &UCI_HEADER_II),
    (Format::ShopifyOrders, &SHOPIFY_ORDERS),
    (Format::ShopifyCustomers, &SHOPIFY_CUSTOMERS),
    (Format::AmazonOrders, &AMAZON_ORDERS),
    (Format::WooProducts, &WOO_PRODUCTS),
];

/// Amazon's older reports name one column differently.
fn has(header: &Header, name: &str) -> bool {
    header.find(&[name]).is_some() || (name == "quantity" && header.find(&["quantity-purchased"]).is_some())
}

/// The format of a table with this header, and why.
pub(crate) fn by_header(header: &Header, json: bool) -> Result<(Format, Vec<String>), IntakeError> {
    if json && segment_events::fits(&header.names) {
        let reason = format!("JSON lines with the keys {} are Segment tracking calls", list(&header.names));
        return Ok((Format::SegmentEvents, vec![reason]));
    }
    for (format, must) in &SIGNATURES {
        if must.iter().all(|name| has(header, name)) {
            return Ok((format.clone(), vec![format!("columns {} are those of {}", list(must), format.words())]));
        }
    }
    if ecb_rates::fits(header) {
        let reason = format!("a date and {} currency codes are the ECB reference rates", header.names.len() - 1);
        return Ok((Format::EcbRates, vec![reason]));
    }
    canonical(header)
}

fn canonical(header: &Header) -> Result<(Format, Vec<String>), IntakeError> {
    // The table that explains most of the file's columns; of equals the first of the catalogue.
    let mut best: Option<(usize, Format)> = None;
    let mut near: Option<(usize, Format, &'static str)> = None;
    for table in raw_tables() {
        let (found, lacking) = fit(header, table);
        let lacking: Vec<&str> = lacking.into_iter().filter(|c| !matches!(*c, "currency" | "part")).collect();
        // A table of zone clean, exported, has columns that the next cleaning makes anew.
        let derived = schema::table(Zone::Clean, table.name).map_or(0, |clean| {
            let names = header.names.iter().map(|n| n.trim());
            names.filter(|n| clean.column(n).is_some() && table.column(n).is_none()).count()
        });
        let enough = found >= 2 && found * 2 >= header.names.len() - derived;
        match lacking.as_slice() {
            [] if enough && best.as_ref().is_none_or(|b| found > b.0) => best = Some((found, Format::Canonical(table))),
            [one] if enough && found >= 3 && near.as_ref().is_none_or(|n| found > n.0) => {
                near = Some((found, Format::Canonical(table), *one));
            }
            _ => {}
        }
    }
    for (format, must) in &SIGNATURES {
        let found = must.iter().filter(|n| has(header, n)).count();
        // Two thirds of a signature are no coincidence.
        if found * 3 >= must.len() * 2
            && near.as_ref().is_none_or(|n| found >= n.0)
            && let Some(absent) = must.iter().find(|n| !has(header, n))
        {
            near = Some((found, format.clone(), absent));
        }
    }
    match (best, near) {
        (Some((found, format)), near) if near.as_ref().is_none_or(|n| n.0 < found) => {
            let of = header.names.len();
            Ok((format.clone(), vec![format!("{found} of {of} columns are named as in raw.{}", format.table().name)]))
        }
        (_, Some((_, format, column))) => Err(header.missing(&format.words(), column)),
        _ => {
            Err(IntakeError::UnknownFormat { file: header.file.clone(), line: header.line, found: list(&header.names) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(columns: &str) -> String {
        let names: Vec<String> = columns.split(',').map(|c| c.trim().to_owned()).collect();
        match by_header(&Header::new("f.csv", 1, &names), false) {
            Ok((format, reasons)) => {
                assert!(!reasons.is_empty());
                format.name()
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn every_format_is_told_by_its_columns() {
        for (columns, name) in [
            ("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country", "uci-retail"),
            ("Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country", "uci-retail-ii"),
            ("Name,Email,Financial Status,Created at,Lineitem quantity,Lineitem name,Lineitem price", "shopify-orders"),
            ("First Name,Last Name,Email,Accepts Email Marketing,Total Spent,Total Orders,Tags", "shopify-customers"),
            ("amazon-order-id,purchase-date,order-status,sku,quantity-purchased,currency,item-price", "amazon-orders"),
            ("ID,Type,SKU,Name,Regular price,Categories,Images", "woo-products"),
            ("Date,USD,JPY,BGN,CZK,DKK,", "ecb-rates"),
            (
                "order_id,line_no,product_id,product_name,quantity,unit_price,discount,tax,currency,ordered_at,shopper_key,email,phone,country,region,city,channel,status",
                "canonical-order-lines",
            ),
            (
                "product_id,name_zh,name_en,description_en,category,brand,voltage_v,plug,cost,cost_currency,image_path",
                "canonical-products",
            ),
            ("review_id,product_id,shopper_key,market,language,rating,text,reviewed_at", "canonical-reviews"),
            (
                "question_id,product_id,customer_id,email,country,language,channel,question,answer,asked_at",
                "canonical-questions",
            ),
            ("ticket_id,email,message,created_at", "canonical-questions"),
            ("product_id,warehouse,market,quantity,as_of", "canonical-stock"),
            (
                "platform,comment_id,post_id,username,message,created_time,like_count,permalink",
                "canonical-interactions",
            ),
            ("Network,Type,Post ID,Author,Timestamp,Comment", "canonical-interactions"),
            (
                "platform,interaction_id,post_id,kind,handle_hash,shopper_key,email_hash,phone_hash,product_code,text,language,country,occurred_at,url",
                "canonical-interactions",
            ),
            ("product_id,cost,currency,valid_from", "canonical-costs"),
            ("day,market,channel,campaign,spend,currency,impressions,clicks", "canonical-ad-spend"),
            ("day,market,product_id,competitor,price,currency", "canonical-competitor-prices"),
            ("day,base,quote,rate", "canonical-fx-rates"),
        ] {
            assert_eq!(told(columns), name, "{columns}");
        }
    }

    #[test]
    fn a_near_miss_says_which_column_is_missing() {
        let error = told("Email,Financial Status,Created at,Lineitem quantity,Lineitem price");
        assert!(
            error.starts_with("f.csv, line 1: looks like a Shopify orders export, but column `Name` is missing"),
            "{error}"
        );
        let error = told("order_id,product_id,quantity,unit_price,currency");
        assert!(error.contains("a canonical order_lines file, but column `ordered_at` is missing"), "{error}");
        let error = told("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID");
        assert!(error.contains("UCI online-retail file, but column `Country` is missing"), "{error}");
        let error = told("comment_id,post_id,username,message,created_time");
        assert!(error.contains("a canonical interactions file, but column `platform` is missing"), "{error}");
        let error = told("alpha,beta,gamma");
        assert!(error.contains("portolan ingest --guess f.csv"), "{error}");
    }
}
