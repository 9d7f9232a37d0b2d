//! marts.carts: the cart of every shopper and visitor after all events of the lake, by the state machine that the live page uses
//! ([`tracking::cart`]).
//!
//! A shopper's visitors are one with the shopper here, as cleaning joins them. Whether a cart is abandoned is judged at the
//! newest event of the lake, not by a clock, so that the same data give the same table. Cost: a sort of the events about
//! carts by owner, then one pass.

use super::batch::Columns;
use super::rows::Rows;
use anyhow::Result;
use arrow::array::RecordBatch;
use domain::{Amount, Market};
use lake::Engine;
use tracking::{CartParams, CartStatus, Deed, Item, Step, cart, message_key};

/// Events that may move a cart, by words of their names; the state machine looks at the deed itself. An event that names no
/// market is of the shopper's own, where the shopper is known.
const EVENTS: &str = "\
select coalesce(e.shopper_id, e.anonymous_id) as owner, e.shopper_id, coalesce(nullif(e.market, 'ZZ'), s.market, 'ZZ') as market,
  e.name, e.message_id, e.part, e.occurred_at, e.product_id, e.quantity, e.price, e.currency, e.order_id, e.cart_id
from clean.events e left join clean.shoppers s on s.shopper_id = e.shopper_id
where e.kind = 'track' and coalesce(e.shopper_id, e.anonymous_id) is not null
  and regexp_like(lower(e.name), 'cart|added|removed|checkout|order|purchase|payment|shipping')
order by owner, occurred_at, message_id, part";

/// A cart that is or was not empty.
struct Row {
    owner: String,
    shopper: Option<String>,
    market: Market,
    cart: tracking::Cart,
    status: CartStatus,
}

pub(super) async fn table(engine: &Engine) -> Result<RecordBatch> {
    let rows = Rows::query(engine, EVENTS).await?;
    let newest = Rows::query(engine, "select max(occurred_at) as newest from clean.events").await?;
    let now = newest.optional_ints("newest")?.into_iter().flatten().next().unwrap_or(0);
    let (owners, shoppers, markets) =
        (rows.texts("owner")?, rows.optional_texts("shopper_id")?, rows.markets("market")?);
    let (names, messages) = (rows.texts("name")?, rows.texts("message_id")?);
    let (at, products, quantities) =
        (rows.ints("occurred_at")?, rows.optional_texts("product_id")?, rows.optional_ints("quantity")?);
    let (prices, priced) = (rows.amounts("price")?, rows.floats("price")?);
    let (currencies, orders, carts) =
        (rows.optional_texts("currency")?, rows.optional_texts("order_id")?, rows.optional_texts("cart_id")?);
    let params = CartParams::default();
    let mut found: Vec<Row> = Vec::new();
    let mut from = 0;
    while from < owners.len() {
        let to = (from..owners.len()).find(|i| owners[*i] != owners[from]).unwrap_or(owners.len());
        let mut steps: Vec<Step> = Vec::new();
        for i in from..to {
            let item = products[i].as_ref().map(|code| Item {
                code: Some(code.clone()),
                quantity: quantities[i],
                price: priced[i].map(|_| prices[i]),
                currency: currencies[i].clone(),
            });
            let key = message_key(&messages[i]);
            match steps.last_mut() {
                // Products of one event are rows of one step.
                Some(step) if step.key == key && step.at == at[i] => step.items.extend(item),
                _ => steps.push(Step {
                    at: at[i],
                    key,
                    deed: Deed::from_name(&names[i]),
                    url: None,
                    items: item.into_iter().collect(),
                    cart_id: carts[i].clone(),
                    order_id: orders[i].clone(),
                    engaged_ms: None,
                }),
            }
        }
        steps.sort_by_key(|step| (step.at, step.key));
        let cart = cart(&steps, &params);
        let status = cart.status(now, &params);
        if status != CartStatus::Empty {
            // The market of the newest of its events.
            let (shopper, market) = (shoppers[from].clone(), markets[to - 1]);
            found.push(Row { owner: owners[from].clone(), shopper, market, cart, status });
        }
        from = to;
    }
    let units = |row: &Row| row.cart.lines.iter().fold(0_i64, |sum, line| sum.saturating_add(line.quantity));
    let products = |row: &Row| -> String {
        let line = |l: &tracking::CartLine| format!("{} × {}", l.code, l.quantity);
        row.cart.lines.iter().map(line).collect::<Vec<_>>().join(", ")
    };
    // A sum over two currencies would be none.
    let value = |row: &Row| match row.cart.value().0.as_slice() {
        [one] => Amount::from_decimal(one.to_decimal()).map(|amount| (amount, one.currency.code().to_owned())),
        _ => None,
    };
    Columns::default()
        .text("owner", found.iter().map(|r| &r.owner))
        .optional_text("shopper_id", found.iter().map(|r| r.shopper.as_ref()))
        .text("market", found.iter().map(|r| r.market.code().to_owned()))
        .optional_text("cart_id", found.iter().map(|r| r.cart.id.as_ref()))
        .text("state", found.iter().map(|r| r.status.name()))
        .int("units", found.iter().map(units))
        .text("products", found.iter().map(products))
        .optional_amount("value", found.iter().map(|r| value(r).map(|v| v.0)))?
        .optional_text("currency", found.iter().map(|r| value(r).map(|v| v.1)))
        .int("unpriced", found.iter().map(|r| r.cart.value().1 as i64))
        .instant("last_at", found.iter().map(|r| r.cart.touched.unwrap_or_default()))
        .int("n_orders", found.iter().map(|r| r.cart.orders.len() as i64))
        .int("recovered", found.iter().map(|r| i64::from(r.cart.recovered)))
        .batch()
}
