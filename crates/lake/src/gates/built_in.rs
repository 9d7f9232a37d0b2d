//! The gates that every workspace has, table by table.
//!
//! A gate fails where learning from the rows would give wrong answers, and warns where it would give
//! thin ones: a marketplace that names no shopper is no reason to compute nothing.
//! Limits are wide enough for ordinary exports with their ordinary faults.

use super::{Check, Gate, GateKind, Severity};
use Severity::{Fail, Warn};

const fn gate(name: &'static str, kind: GateKind, table: &'static str, column: &'static str) -> Gate {
    Gate {
        name,
        kind,
        table,
        column,
        of: "",
        check: Check::Age,
        key: "'the table'",
        rows: "rows",
        fault: "fail",
        at_most: 0.0,
        severity: Warn,
    }
}

/// What rows are called, and what names one of them.
#[derive(Clone, Copy)]
struct Named(&'static str, &'static str);

const LINES: Named = Named("order lines", "order_id || ' (' || source || ' line ' || cast(line as varchar) || ')'");
const ORDERS: Named = Named("orders", "order_key");
const PRODUCTS: Named = Named("products", "product_id");
const SHOPPERS: Named = Named("shoppers", "shopper_id");
const EVENTS: Named = Named("events", "message_id");
const REVIEWS: Named = Named("reviews", "review_id");
const QUESTIONS: Named = Named("questions", "question_id");
const STOCK: Named = Named("counts of stock", "product_id || ' in ' || warehouse");
const COSTS: Named = Named("costs", "product_id");
const SPEND: Named = Named("days of advertising", "cast(day as varchar) || ' ' || channel || ' ' || campaign");
const PRICES: Named = Named("competitors' prices", "cast(day as varchar) || ' ' || product_id || ' ' || competitor");
const FACTS: Named = Named("facts about countries", "market || ' ' || fact || ' ' || cast(day as varchar)");
const RATES: Named = Named("exchange rates", "cast(day as varchar) || ' ' || base || '/' || quote");

/// Rows that fail a condition.
const fn rowwise(gate: Gate, fails: &'static str, rows: Named, fault: &'static str) -> Gate {
    Gate { check: Check::Rows { fails }, rows: rows.0, key: rows.1, fault, ..gate }
}

/// No value in a column.
const fn empty(
    name: &'static str,
    table: &'static str,
    column: &'static str,
    fails: &'static str,
    rows: Named,
    fault: &'static str,
) -> Gate {
    rowwise(gate(name, GateKind::NotNull, table, column), fails, rows, fault)
}

/// A value that cannot be.
const fn range(
    name: &'static str,
    table: &'static str,
    column: &'static str,
    fails: &'static str,
    rows: Named,
    fault: &'static str,
) -> Gate {
    rowwise(gate(name, GateKind::Range, table, column), fails, rows, fault)
}

/// A name that the other table does not have.
const fn known(
    name: &'static str,
    table: &'static str,
    column: &'static str,
    other: &'static str,
    rows: Named,
    fault: &'static str,
) -> Gate {
    let check = Check::Known { table: other, column };
    Gate { check, rows: rows.0, key: rows.1, fault, ..gate(name, GateKind::Referential, table, column) }
}

/// A key that comes twice.
const fn once(name: &'static str, table: &'static str, columns: &'static str, rows: Named) -> Gate {
    let fault = "repeat the key of another";
    Gate {
        check: Check::Once,
        rows: rows.0,
        key: rows.1,
        fault,
        severity: Fail,
        ..gate(name, GateKind::Uniqueness, table, columns)
    }
}

/// Days behind the newest data.
const fn fresh(
    name: &'static str,
    table: &'static str,
    column: &'static str,
    days: f64,
    severity: Severity,
    rows: Named,
) -> Gate {
    Gate { at_most: days, severity, rows: rows.0, ..gate(name, GateKind::Freshness, table, column) }
}

/// Rows put aside.
const fn rejected(name: &'static str, table: &'static str, at_most: f64, severity: Severity, rows: Named) -> Gate {
    let check = Check::PutAside { but: "" };
    Gate { check, at_most, severity, rows: rows.0, fault: "were put aside", ..gate(name, GateKind::Rejects, table, "") }
}

/// Every gate, in the order of the report.
pub static BUILT_IN: &[Gate] = &[
    // Figures would describe what is left of the data, not the business.
    rejected("order_lines_rejected", "order_lines", 0.2, Fail, LINES),
    Gate {
        of: "kind = 'sale'",
        at_most: 0.2,
        severity: Fail,
        ..empty("order_lines_product", "order_lines", "product_id", "product_id is null", LINES, "have no product")
    },
    Gate {
        of: "kind = 'sale'",
        at_most: 0.9,
        ..empty("order_lines_shopper", "order_lines", "shopper_id", "shopper_id is null", LINES, "have no shopper")
    },
    Gate {
        at_most: 0.5,
        ..empty("order_lines_market", "order_lines", "market", "market = 'ZZ'", LINES, "are of no known country")
    },
    // A zero or a count of days that was read as a date lands in 1899 or 1970.
    Gate {
        at_most: 0.01,
        severity: Fail,
        ..range("order_lines_day", "order_lines", "day", "day < date '1990-01-01'", LINES, "are of a day before 1990")
    },
    Gate {
        of: "kind = 'sale'",
        at_most: 0.2,
        ..range(
            "order_lines_price",
            "order_lines",
            "unit_price, flags",
            "flags like '%price_outlier%'",
            LINES,
            "have a price far from the usual one of their product",
        )
    },
    Gate {
        at_most: 0.2,
        ..range("order_lines_repeat", "order_lines", "repeat", "repeat", LINES, "are exact copies inside their file")
    },
    Gate {
        severity: Fail,
        ..known(
            "order_lines_product_known",
            "order_lines",
            "product_id",
            "products",
            LINES,
            "name a product that clean.products does not have",
        )
    },
    Gate {
        severity: Fail,
        ..known(
            "order_lines_shopper_known",
            "order_lines",
            "shopper_id",
            "shoppers",
            LINES,
            "name a shopper whom clean.shoppers does not have",
        )
    },
    once("orders_once", "orders", "order_key", ORDERS),
    Gate {
        severity: Fail,
        ..known(
            "orders_shopper_known",
            "orders",
            "shopper_id",
            "shoppers",
            ORDERS,
            "name a shopper whom clean.shoppers does not have",
        )
    },
    fresh("orders_fresh", "orders", "day", 92.0, Fail, ORDERS),
    // The site goes on and orders do not come in any more, or were never more than an old export.
    Gate { check: Check::AgeBehindEvents, ..fresh("orders_behind_events", "orders", "day", 92.0, Warn, ORDERS) },
    Gate {
        check: Check::AgeByFormat,
        ..fresh("order_lines_source_fresh", "order_lines", "day, source", 92.0, Warn, LINES)
    },
    once("products_once", "products", "product_id", PRODUCTS),
    Gate {
        at_most: 0.2,
        ..empty("products_name", "products", "name", "name is null or name = ''", PRODUCTS, "have no name")
    },
    Gate {
        at_most: 0.05,
        ..range(
            "products_measure",
            "products",
            "weight_kg, length_cm, width_cm, height_cm",
            "weight_kg <= 0 or weight_kg > 5000 or length_cm <= 0 or length_cm > 2000 or width_cm <= 0 or width_cm > 2000 or height_cm <= 0 or height_cm > 2000",
            PRODUCTS,
            "have a weight outside 0 to 5,000 kg or a side outside 0 to 2,000 cm",
        )
    },
    rejected("products_rejected", "products", 0.2, Warn, PRODUCTS),
    once("shoppers_once", "shoppers", "shopper_id", SHOPPERS),
    Gate {
        at_most: 0.5,
        ..empty("shoppers_market", "shoppers", "market", "market = 'ZZ'", SHOPPERS, "are of no known country")
    },
    once("events_once", "events", "message_id, part", EVENTS),
    Gate {
        at_most: 0.05,
        ..empty(
            "events_visitor",
            "events",
            "shopper_id, anonymous_id",
            "shopper_id is null and anonymous_id is null",
            EVENTS,
            "have neither a shopper nor a visitor",
        )
    },
    Gate {
        at_most: 0.2,
        ..known(
            "events_product_known",
            "events",
            "product_id",
            "products",
            EVENTS,
            "name a product that clean.products does not have",
        )
    },
    fresh("events_fresh", "events", "occurred_at", 31.0, Warn, EVENTS),
    // Machines among the visitors are no fault of the file.
    Gate { check: Check::PutAside { but: "bot_traffic" }, ..rejected("events_rejected", "events", 0.2, Warn, EVENTS) },
    once("reviews_once", "reviews", "review_id", REVIEWS),
    Gate { at_most: 0.5, ..empty("reviews_text", "reviews", "text", "text is null", REVIEWS, "have no text") },
    Gate {
        severity: Fail,
        ..range("reviews_rating", "reviews", "rating", "rating < 1 or rating > 5", REVIEWS, "have stars outside 1 to 5")
    },
    Gate {
        at_most: 0.2,
        ..known(
            "reviews_product_known",
            "reviews",
            "product_id",
            "products",
            REVIEWS,
            "name a product that clean.products does not have",
        )
    },
    Gate {
        of: "text is not null",
        at_most: 0.2,
        ..range("reviews_junk", "reviews", "text, junk", "junk is not null", REVIEWS, "say nothing")
    },
    fresh("reviews_fresh", "reviews", "reviewed_at", 92.0, Warn, REVIEWS),
    rejected("reviews_rejected", "reviews", 0.2, Warn, REVIEWS),
    once("questions_once", "questions", "question_id", QUESTIONS),
    Gate {
        at_most: 0.2,
        ..known(
            "questions_product_known",
            "questions",
            "product_id",
            "products",
            QUESTIONS,
            "name a product that clean.products does not have",
        )
    },
    rejected("questions_rejected", "questions", 0.2, Warn, QUESTIONS),
    once("stock_once", "stock", "product_id, warehouse, market", STOCK),
    Gate { at_most: 0.05, ..range("stock_quantity", "stock", "quantity", "quantity < 0", STOCK, "are below zero") },
    Gate {
        at_most: 0.2,
        ..known(
            "stock_product_known",
            "stock",
            "product_id",
            "products",
            STOCK,
            "name a product that clean.products does not have",
        )
    },
    fresh("stock_fresh", "stock", "as_of", 31.0, Warn, STOCK),
    Gate {
        at_most: 0.2,
        ..known(
            "costs_product_known",
            "costs",
            "product_id",
            "products",
            COSTS,
            "name a product that clean.products does not have",
        )
    },
    Gate { at_most: 0.05, ..range("costs_positive", "costs", "cost", "cost = 0", COSTS, "are zero") },
    Gate {
        at_most: 0.05,
        ..range(
            "ad_spend_clicks",
            "ad_spend",
            "clicks, impressions",
            "clicks > impressions",
            SPEND,
            "have more clicks than times shown",
        )
    },
    fresh("ad_spend_fresh", "ad_spend", "day", 31.0, Warn, SPEND),
    Gate {
        at_most: 0.2,
        ..known(
            "competitor_prices_product_known",
            "competitor_prices",
            "product_id",
            "products",
            PRICES,
            "name a product that clean.products does not have",
        )
    },
    fresh("competitor_prices_fresh", "competitor_prices", "day", 92.0, Warn, PRICES),
    once("market_facts_once", "market_facts", "market, fact, day, known_on", FACTS),
    once("fx_rates_once", "fx_rates", "day, base, quote", RATES),
    Gate {
        severity: Fail,
        ..range(
            "fx_rates_positive",
            "fx_rates",
            "rate",
            "rate <= 0 or rate > 10000000",
            RATES,
            "are zero, negative or above ten million",
        )
    },
    fresh("fx_rates_fresh", "fx_rates", "day", 31.0, Warn, RATES),
];
