//! Zone `marts`: what the pipeline computes from zone `clean`, each by one query.

use crate::column::{Kind::*, may, must};
use crate::{Column, TableDef, Zone};

const fn mart(
    name: &'static str,
    meaning: &'static str,
    key: &'static [&'static str],
    columns: &'static [Column],
) -> TableDef {
    TableDef { zone: Zone::Marts, name, meaning, key, columns }
}

/// Tables of the zone.
pub(crate) static TABLES: &[TableDef] = &[
    mart(
        "shopper_summary",
        "what a shopper bought up to the cutoff",
        &["shopper_id"],
        &[
            must("shopper_id", Text, "shopper"),
            must("market", Text, "home market of the shopper"),
            must("first_day", Day, "day of the first order"),
            must("last_day", Day, "day of the last order"),
            must("n_orders", Int, "orders with a settled sale"),
            must("revenue", Amount, "settled sales, in the reporting currency"),
            must("returned", Amount, "cancellations, negative or 0, in the reporting currency"),
        ],
    ),
    mart(
        "segments",
        "segment of a shopper at the cutoff",
        &["shopper_id"],
        &[
            must("shopper_id", Text, "shopper"),
            must("market", Text, "home market of the shopper"),
            must("recency_days", Int, "days from the last order to the cutoff"),
            must("frequency", Int, "orders"),
            must("monetary", Amount, "settled sales, in the reporting currency"),
            must("r", Int, "recency score, 1 to 5, 5 most recent"),
            must("f", Int, "frequency score, 1 to 5"),
            must("m", Int, "monetary score, 1 to 5"),
            must("segment", Text, "named segment"),
            may("cluster", Int, "k-means cluster"),
            must("tags", Text, "tags with their reasons, JSON"),
        ],
    ),
    mart(
        "market_summary",
        "a market at a glance",
        &["market"],
        &[
            must("market", Text, "ISO 3166-1 alpha-2"),
            must("n_orders", Int, "orders with a settled sale"),
            must("n_shoppers", Int, "shoppers with a settled sale"),
            must("n_repeat_shoppers", Int, "of those, with two orders or more"),
            must("n_lines", Int, "settled lines"),
            must("n_units", Int, "settled units"),
            must("revenue", Amount, "settled sales, in the reporting currency"),
            must("returned", Amount, "cancellations of products, negative or 0"),
            must("services", Amount, "postage and fees charged"),
            must("order_mean", Float, "mean order value, reporting currency"),
            must("order_sd", Float, "standard deviation of order value"),
            must("first_day", Day, "first order"),
            must("last_day", Day, "last order"),
        ],
    ),
    mart(
        "market_months",
        "a market's month",
        &["market", "month"],
        &[
            must("market", Text, "ISO 3166-1 alpha-2"),
            must("month", Day, "first day of the month"),
            must("n_orders", Int, "orders"),
            must("n_shoppers", Int, "shoppers"),
            must("revenue", Amount, "settled sales, in the reporting currency"),
            must("returned", Amount, "cancellations, negative or 0"),
        ],
    ),
    mart(
        "cohorts",
        "shoppers of a first month who came back in a later one",
        &["market", "cohort", "months_since"],
        &[
            must("market", Text, "ISO 3166-1 alpha-2"),
            must("cohort", Day, "first day of the month of the first order"),
            must("months_since", Int, "months since then, 0 is the first"),
            must("n_shoppers", Int, "shoppers active in that month"),
            must("revenue", Amount, "their settled sales, in the reporting currency"),
        ],
    ),
    mart(
        "product_market",
        "a product in a market",
        &["product_id", "market"],
        &[
            must("product_id", Text, "product"),
            must("market", Text, "ISO 3166-1 alpha-2"),
            must("n_buyers", Int, "shoppers who bought it"),
            must("n_orders", Int, "orders with it"),
            must("units", Int, "units sold"),
            must("revenue", Amount, "settled sales, in the reporting currency"),
            must("last_price", Amount, "unit price of the latest sale, in the reporting currency"),
            must("first_day", Day, "first sale"),
            must("last_day", Day, "last sale"),
        ],
    ),
    mart(
        "rules",
        "an association rule of a market",
        &["market", "antecedent", "consequent"],
        &[
            must("market", Text, "ISO 3166-1 alpha-2"),
            must("antecedent", Text, "products bought, joined by +"),
            must("consequent", Text, "products bought with them, joined by +"),
            must("support_count", Int, "orders with all of them"),
            must("support", Float, "share of the market's orders"),
            must("confidence", Float, "share of the orders with the antecedent that have the consequent too"),
            must("lift", Float, "confidence over the consequent's own share"),
        ],
    ),
    mart(
        "recommendations",
        "products to offer first in a market",
        &["market", "rank"],
        &[
            must("market", Text, "ISO 3166-1 alpha-2"),
            must("rank", Int, "from 1"),
            must("product_id", Text, "product"),
            must("model", Text, "model that ranked it"),
            must("score", Float, "its score; comparable inside one market and model only"),
            must("reasons", Text, "why, JSON list"),
        ],
    ),
    mart(
        "evidence",
        "how well a model ranks held-out purchases of a market",
        &["market", "model", "training"],
        &[
            must("market", Text, "ISO 3166-1 alpha-2"),
            must("model", Text, "model"),
            must("training", Text, "market: trained on the market alone; pooled: with the other markets"),
            must("metric", Text, "metric, such as ndcg@10"),
            must("value", Float, "mean over test shoppers"),
            may("low", Float, "lower end of the 95 % interval"),
            may("high", Float, "upper end"),
            must("n", Int, "test shoppers"),
        ],
    ),
];
