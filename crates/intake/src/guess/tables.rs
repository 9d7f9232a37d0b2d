//! The tables that a draft can be for: their columns, what each is called, and what its values look like.

use super::shape::Shape;

/// A column that is looked for.
pub(super) struct Want {
    /// Raw column, or `email` or `phone`, which are hashed.
    pub(super) column: &'static str,
    /// Under which idea its names stand.
    pub(super) idea: &'static str,
    /// Whether values of this shape can be it.
    pub(super) fits: fn(&Shape) -> bool,
}

/// A table that a file may be.
pub(super) struct Candidate {
    /// Raw table.
    pub(super) table: &'static str,
    /// What its rows are, as a person says it.
    pub(super) words: &'static str,
    /// Whether the rows are goods that came back.
    pub(super) returns: bool,
    /// Columns, one of which at least a file of this kind has.
    pub(super) one_of: &'static [&'static str],
    pub(super) wants: &'static [Want],
}

const fn want(column: &'static str, idea: &'static str, fits: fn(&Shape) -> bool) -> Want {
    Want { column, idea, fits }
}

fn date(s: &Shape) -> bool {
    s.dates > 0.95
}
fn amount(s: &Shape) -> bool {
    s.numbers > 0.95 && s.dates < 0.5
}
fn whole(s: &Shape) -> bool {
    s.whole > 0.95
}
fn code(s: &Shape) -> bool {
    s.dates < 0.5 && s.fractions < 0.3 && s.emails < 0.1 && s.urls < 0.5
}
fn number_of_one(s: &Shape) -> bool {
    s.dates < 0.5 && s.fractions < 0.1 && s.emails < 0.1 && s.filled > 0.9
}
fn unique(s: &Shape) -> bool {
    number_of_one(s) && s.distinct > 0.95
}
fn shopper(s: &Shape) -> bool {
    s.dates < 0.5 && s.emails < 0.1 && s.countries < 0.9
}
fn title(s: &Shape) -> bool {
    s.numbers < 0.5 && s.dates < 0.3 && s.emails < 0.1 && s.length > 3.0
}
fn word(s: &Shape) -> bool {
    s.numbers < 0.3 && s.dates < 0.3 && s.emails < 0.1
}
fn few_words(s: &Shape) -> bool {
    word(s) && s.distinct < 0.6
}
fn email(s: &Shape) -> bool {
    s.emails > 0.8
}
fn phone(s: &Shape) -> bool {
    s.emails < 0.1 && s.dates < 0.3 && s.length > 5.0
}
fn country(s: &Shape) -> bool {
    s.countries > 0.8
}
fn currency(s: &Shape) -> bool {
    s.currencies > 0.95
}
fn language(s: &Shape) -> bool {
    s.languages > 0.95
}
fn truth(s: &Shape) -> bool {
    s.truths > 0.95
}
fn status(s: &Shape) -> bool {
    s.distinct < 0.2 && s.numbers < 0.5
}
fn stars(s: &Shape) -> bool {
    s.numbers > 0.95 && s.dates < 0.5 && s.least >= 0.0 && s.most <= 5.0
}
fn rate(s: &Shape) -> bool {
    amount(s) && s.fractions > 0.3 && s.least > 0.0
}
fn barcode(s: &Shape) -> bool {
    s.whole > 0.9 && (8.0..=14.0).contains(&s.length)
}
fn kind(s: &Shape) -> bool {
    s.kinds > 0.95
}
fn address(s: &Shape) -> bool {
    s.urls > 0.5
}
fn any_text(s: &Shape) -> bool {
    s.dates < 0.5
}

const ORDER_LINES: &[Want] = &[
    want("order_id", "order_id", number_of_one),
    want("product_code", "product_code", code),
    want("product_name", "product_name", title),
    want("quantity", "quantity", whole),
    want("unit_price", "unit_price", amount),
    want("amount", "amount", amount),
    want("discount", "discount", amount),
    want("tax", "tax", amount),
    want("currency", "currency", currency),
    want("ordered_at", "ordered_at", date),
    want("shopper_key", "shopper_key", shopper),
    want("email", "email", email),
    want("phone", "phone", phone),
    want("country", "country", country),
    want("region", "region", word),
    want("city", "city", word),
    want("channel", "channel", few_words),
    want("status", "status", status),
];

const RETURNS: &[Want] = &[
    want("order_id", "order_id", number_of_one),
    want("product_code", "product_code", code),
    want("product_name", "product_name", title),
    want("quantity", "quantity", whole),
    want("unit_price", "unit_price", amount),
    want("amount", "amount", amount),
    want("currency", "currency", currency),
    want("ordered_at", "returned_at", date),
    want("reason", "reason", few_words),
    want("shopper_key", "shopper_key", shopper),
    want("email", "email", email),
    want("country", "country", country),
];

const CUSTOMERS: &[Want] = &[
    want("shopper_key", "shopper_key", unique),
    want("email", "email", email),
    want("phone", "phone", phone),
    want("country", "country", country),
    want("region", "region", word),
    want("city", "city", word),
    want("language", "language", language),
    want("accepts_marketing", "accepts_marketing", truth),
    want("created_at", "created_at", date),
    want("tags", "tags", word),
    want("birth_year", "birth_year", whole),
    want("sex", "sex", word),
    want("education", "education", word),
    want("job", "job", word),
    want("income", "income", few_words),
];

const PRODUCTS: &[Want] = &[
    want("product_code", "product_code", unique),
    want("name", "product_name", title),
    want("description", "description", title),
    want("category", "category", word),
    want("brand", "brand", word),
    want("price", "price", amount),
    want("currency", "currency", currency),
    want("cost", "cost", amount),
    want("gtin", "gtin", barcode),
    want("colour", "colour", word),
    want("voltage_v", "voltage", amount),
    want("voltage_range", "voltage", |s| s.numbers < 0.5),
    want("plug", "plug", |s| word(s) && s.length < 6.0),
    want("marks", "marks", word),
    want("label_languages", "label_languages", word),
    want("battery", "battery", word),
    want("liquid", "liquid", word),
    want("weight_kg", "weight_kg", amount),
    want("stock", "stock", whole),
    want("image", "image", address),
    want("language", "language", language),
];

const STOCK: &[Want] = &[
    want("product_code", "product_code", code),
    want("warehouse", "warehouse", any_text),
    want("market", "country", country),
    want("quantity", "on_hand", whole),
    want("as_of", "as_of", date),
];

const COSTS: &[Want] = &[
    want("product_code", "product_code", code),
    want("cost", "cost", amount),
    want("currency", "currency", currency),
    want("valid_from", "valid_from", date),
];

const REVIEWS: &[Want] = &[
    want("review_id", "review_id", unique),
    want("product_code", "product_code", code),
    want("shopper_key", "shopper_key", shopper),
    want("market", "country", country),
    want("language", "language", language),
    want("rating", "rating", stars),
    want("text", "text", title),
    want("reviewed_at", "reviewed_at", date),
];

const INTERACTIONS: &[Want] = &[
    want("platform", "platform", few_words),
    want("interaction_id", "interaction_id", unique),
    want("post_id", "post_id", code),
    want("kind", "interaction_kind", few_words),
    want("handle", "handle", any_text),
    want("shopper_key", "customer_of_shop", shopper),
    want("email", "email", email),
    want("phone", "phone", phone),
    want("product_code", "product_code", code),
    want("text", "message", title),
    want("language", "language", language),
    want("country", "country", country),
    want("occurred_at", "posted_at", date),
    want("url", "url", address),
];

const QUESTIONS: &[Want] = &[
    want("question_id", "question_id", unique),
    want("product_code", "product_code", code),
    want("shopper_key", "customer_of_shop", shopper),
    want("email", "email", email),
    want("phone", "phone", phone),
    want("country", "country", country),
    want("language", "language", language),
    want("channel", "channel", few_words),
    want("text", "question", title),
    want("answer", "answer", title),
    want("asked_at", "asked_at", date),
];

const FX_RATES: &[Want] = &[
    want("day", "day", date),
    want("base", "base", currency),
    want("quote", "quote", currency),
    want("rate", "rate", rate),
];

const EVENTS: &[Want] = &[
    want("message_id", "message_id", unique),
    want("kind", "kind", kind),
    want("name", "event_name", few_words),
    want("shopper_key", "shopper_key", shopper),
    want("anonymous_id", "anonymous_id", any_text),
    want("email", "email", email),
    want("occurred_at", "occurred_at", date),
    want("product_code", "product_code", code),
    want("order_id", "order_id", |s| s.dates < 0.5 && s.fractions < 0.1 && s.emails < 0.1),
    want("quantity", "quantity", whole),
    want("price", "price", amount),
    want("currency", "currency", currency),
    want("query", "query", word),
    want("url", "url", address),
    want("country", "country", country),
    want("language", "language", language),
];

const AD_SPEND: &[Want] = &[
    want("day", "day", date),
    want("market", "country", country),
    want("channel", "channel", few_words),
    want("campaign", "campaign", any_text),
    want("spend", "spend", amount),
    want("currency", "currency", currency),
    want("impressions", "impressions", whole),
    want("clicks", "clicks", whole),
];

const COMPETITOR_PRICES: &[Want] = &[
    want("day", "day", date),
    want("market", "country", country),
    want("product_code", "product_code", code),
    want("competitor", "competitor", few_words),
    want("price", "price", amount),
    want("currency", "currency", currency),
];

const fn candidate(
    table: &'static str,
    words: &'static str,
    one_of: &'static [&'static str],
    wants: &'static [Want],
) -> Candidate {
    Candidate { table, words, returns: false, one_of, wants }
}

/// Every table that is tried; of equals the first.
pub(super) static CANDIDATES: [Candidate; 13] = [
    candidate("order_lines", "order lines", &["order_id"], ORDER_LINES),
    Candidate { table: "order_lines", words: "returns", returns: true, one_of: &["reason"], wants: RETURNS },
    candidate("customers", "customers", &["shopper_key", "email", "phone"], CUSTOMERS),
    candidate("products", "products", &["name", "price"], PRODUCTS),
    candidate("stock", "stock", &["quantity"], STOCK),
    candidate("costs", "costs", &["cost"], COSTS),
    candidate("reviews", "reviews", &["rating", "text"], REVIEWS),
    candidate("interactions", "interactions on networks", &["platform", "handle"], INTERACTIONS),
    candidate("questions", "questions of shoppers", &["question_id", "answer"], QUESTIONS),
    candidate("fx_rates", "exchange rates", &["rate"], FX_RATES),
    candidate("events", "events", &["name", "kind"], EVENTS),
    candidate("ad_spend", "advertising spend", &["spend"], AD_SPEND),
    candidate("competitor_prices", "competitors' prices", &["competitor"], COMPETITOR_PRICES),
];
