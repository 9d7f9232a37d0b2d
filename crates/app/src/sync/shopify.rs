//! Orders of Shopify's Admin interface as rows of its orders export, which `intake` reads.
//!
//! Of a person only the hashes of address and phone and the place are kept. Refunds come as the sum of what was paid back,
//! as the export has it; test orders are left out.

use super::mirror::Record;
use anyhow::Result;
use domain::Decimal;
use serde_json::{Value, json};

const HEADER: [&str; 25] = [
    "Name",
    "Email",
    "Financial Status",
    "Currency",
    "Subtotal",
    "Shipping",
    "Taxes",
    "Total",
    "Created at",
    "Lineitem quantity",
    "Lineitem name",
    "Lineitem price",
    "Lineitem sku",
    "Lineitem discount",
    "Billing City",
    "Billing Province",
    "Billing Country",
    "Shipping City",
    "Shipping Province",
    "Shipping Country",
    "Cancelled at",
    "Refunded Amount",
    "Id",
    "Source",
    "Phone",
];

/// What is kept of an order.
pub(super) fn kept(order: &Value) -> Value {
    let place = |of: &Value| json!({"city": of["city"], "province": of["province"], "country": of["country_code"].as_str().or(of["country"].as_str())});
    let line = |line: &Value| {
        let discounts = line["discount_allocations"].as_array();
        let shared = discounts.map(|all| all.iter().filter_map(|d| money(&d["amount"])).sum::<Decimal>());
        let discount = shared.or_else(|| money(&line["total_discount"])).unwrap_or_default();
        let sku = text(&line["sku"]).or_else(|| text(&line["variant_id"])).or_else(|| text(&line["product_id"]));
        json!({"quantity": line["quantity"], "name": line["name"], "price": line["price"], "sku": sku, "discount": discount.to_string()})
    };
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let refunds = list(&order["refunds"])
        .iter()
        .flat_map(|r| list(&r["transactions"]))
        .filter(|t| t["kind"] == "refund" && t["status"] == "success")
        .filter_map(|t| money(&t["amount"]))
        .sum::<Decimal>();
    let shipping: Decimal = list(&order["shipping_lines"]).iter().filter_map(|s| money(&s["price"])).sum();
    let email = text(&order["email"]).or_else(|| text(&order["customer"]["email"]));
    let phone = text(&order["phone"]).or_else(|| text(&order["customer"]["phone"]));
    json!({
        "id": order["id"], "name": order["name"], "created_at": order["created_at"], "cancelled_at": order["cancelled_at"],
        "currency": order["currency"], "financial_status": order["financial_status"], "subtotal": order["subtotal_price"],
        "tax": order["total_tax"], "total": order["total_price"], "shipping": shipping.to_string(), "refunded": refunds.to_string(),
        "test": order["test"], "source": order["source_name"],
        "email": email.and_then(|e| intake::hash_id::email(&e)), "phone": phone.and_then(|p| intake::hash_id::phone(&p)),
        "billing": place(&order["billing_address"]), "delivery": place(&order["shipping_address"]),
        "lines": list(&order["line_items"]).iter().map(line).collect::<Vec<_>>(),
    })
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(n) => Some(n.to_string()),
        _ => None,
    }
}

fn money(value: &Value) -> Option<Decimal> {
    text(value)?.parse().ok()
}

/// The rows of the export: one a line, what belongs to the order on the first of them.
pub(super) fn csv(records: &[Record]) -> Result<Vec<u8>> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(HEADER)?;
    for order in records.iter().map(|r| &r.body).filter(|order| order["test"] != true) {
        let of = |key: &str| text(&order[key]).unwrap_or_default();
        let place = |whose: &str, key: &str| text(&order[whose][key]).unwrap_or_default();
        for (i, line) in order["lines"].as_array().into_iter().flatten().enumerate() {
            let item = |key: &str| text(&line[key]).unwrap_or_default();
            let first = |value: String| if i == 0 { value } else { String::new() };
            out.write_record([
                of("name"),
                first(of("email")),
                first(of("financial_status")),
                first(of("currency")),
                first(of("subtotal")),
                first(of("shipping")),
                first(of("tax")),
                first(of("total")),
                of("created_at"),
                item("quantity"),
                item("name"),
                item("price"),
                item("sku"),
                item("discount"),
                first(place("billing", "city")),
                first(place("billing", "province")),
                first(place("billing", "country")),
                first(place("delivery", "city")),
                first(place("delivery", "province")),
                first(place("delivery", "country")),
                first(of("cancelled_at")),
                first(of("refunded")),
                first(of("id")),
                first(of("source")),
                first(of("phone")),
            ])?;
        }
    }
    Ok(out.into_inner().map_err(|e| e.into_error())?)
}
