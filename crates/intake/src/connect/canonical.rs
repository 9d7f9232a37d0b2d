//! Our own layout: columns named as in the catalogue, in CSV, JSON lines, Parquet or XLSX, matched
//! by name in any order. The names of the clean tables and a few everyday ones are accepted too.
//!
//! `email`, `phone` and (of interactions) `handle` columns are hashed. Measures may carry another unit in their name
//! (`weight_lb`, `length_in`). A product catalogue may have `name_<language>` and
//! `description_<language>`, with a script or a region where that matters (`name_pt-BR`, `name_zh_Hant`): English becomes
//! the main title and all of them the JSON of `texts`.

use super::{Connector, interactions};
use crate::error::IntakeError;
use crate::format::Format;
use crate::header::Header;
use crate::out::Out;
use crate::plan::{How, Plan, locale};
use crate::record::Record;
use crate::units::{Factor, Unit};
use schema::TableDef;
use serde_json::{Map, Value};

/// Other names of a raw column, table by table where they would clash.
pub(crate) fn aliases(table: &str, column: &str) -> &'static [&'static str] {
    match (table, column) {
        ("interactions", column) => of_interactions(column),
        ("questions", "question_id") => &["ticket_id", "inquiry_id", "conversation_id"],
        ("questions", "text") => &["question", "question_text", "message", "body"],
        ("questions", "answer") => &["reply", "answer_text", "response"],
        ("questions", "country") => &["market"],
        ("questions", "asked_at") => &["created_at", "received_at", "question_date"],
        (_, "product_code") => &["product_id", "sku"],
        (_, "shopper_key") => &["shopper_id", "customer_id", "user_id"],
        (_, "email_hash") => &["email"],
        (_, "phone_hash") => &["phone"],
        ("order_lines", "country") => &["market"],
        ("order_lines", "status") => &["kind"],
        ("order_lines", "postcode_area") => &["postcode", "postal_code", "zip"],
        ("customers", "country") => &["country_of_record", "market"],
        ("customers", "region") => &["region_of_record"],
        ("customers", "city") => &["city_of_record"],
        ("customers", "birth_year") => &["year_of_birth"],
        ("customers", "sex") => &["gender"],
        ("customers", "job") => &["occupation"],
        ("customers", "income") => &["income_band"],
        ("products", "price") => &["list_price"],
        ("products", "cost") => &["unit_cost"],
        ("products", "stock") => &["catalogue_stock"],
        ("products", "name") => &["name_en", "title"],
        ("products", "description") => &["description_en"],
        ("products", "image") => &["image_path", "image_url"],
        ("products", "colour") => &["color"],
        ("products", "gtin") => &["ean", "upc"],
        ("products", "hs_code") => &["hs", "hts_code", "tariff_code", "customs_code"],
        ("products", "voltage_range") => &["rated_voltage", "voltage"],
        ("products", "marks") => &["certificates", "certifications", "certification", "compliance_marks", "approvals"],
        ("products", "label_languages") => &["manual_languages", "label_language", "manual_language", "languages"],
        ("products", "battery") => &["battery_class", "battery_type", "lithium_battery"],
        ("products", "battery_wh") => &["battery_energy_wh", "watt_hours"],
        ("products", "liquid") => &["liquid_class", "liquid_type"],
        ("events", "name") => &["event"],
        ("events", "country") => &["market"],
        ("reviews" | "stock" | "ad_spend" | "competitor_prices" | "market_facts", "market") => &["country"],
        _ => &[],
    }
}

/// Other names of a column of raw.interactions. What networks call a user is the author there, no customer of the shop.
fn of_interactions(column: &str) -> &'static [&'static str] {
    match column {
        "platform" => &["network", "social_network", "social_platform", "platform_name"],
        "interaction_id" => &["comment_id", "reply_id", "like_id", "interaction", "id"],
        "post_id" => &["media_id", "thread_id", "topic_id", "video_id", "note_id", "status_id"],
        "kind" => &["interaction_type", "interaction_kind", "action", "type"],
        "handle_hash" => &[
            "handle",
            "username",
            "user_name",
            "screen_name",
            "author",
            "author_handle",
            "author_name",
            "commenter",
            "nickname",
            "from_name",
            "author_id",
            "user_id",
        ],
        "shopper_key" => &["shopper_id", "customer_id"],
        "email_hash" => &["email"],
        "phone_hash" => &["phone"],
        "product_code" => &["product_id", "sku"],
        "text" => &["message", "comment", "comment_text", "body", "content"],
        "country" => &["market"],
        "occurred_at" => {
            &["created_time", "created_at", "commented_at", "posted_at", "published_at", "timestamp", "date", "time"]
        }
        "url" => &["permalink", "permalink_url", "comment_url", "link"],
        _ => &[],
    }
}

/// What the header of an id says of every row: comments with an id of their own need no column for the kind.
fn implied(header: &Header, table: &str, column: &str) -> Option<&'static str> {
    let is_open = (table, column) == ("interactions", "kind") && place(header, table, column).is_none();
    (is_open && header.find(&["comment_id"]).is_some()).then_some("comment")
}

/// How a column of a table is read.
fn how_in(table: &str, column: &str) -> How {
    match (table, column) {
        ("products", "language") => How::Locale,
        _ => how(column),
    }
}

/// How a column of the catalogue is read.
pub(crate) fn how(column: &str) -> How {
    match column {
        "email_hash" => How::Email,
        "phone_hash" => How::Phone,
        "shopper_key" => How::Code,
        "language" => How::Language,
        "discount" => How::Discount,
        "postcode_area" => How::PostcodeArea,
        "weight_kg" => How::Measure(Factor(Unit::Kilogram)),
        "length_cm" | "width_cm" | "height_cm" => How::Measure(Factor(Unit::Centimetre)),
        "temperature_c" => How::Measure(Factor(Unit::Celsius)),
        _ => How::Plain,
    }
}

/// Position of a raw column in a header, with how it is read.
fn place(header: &Header, table: &str, column: &str) -> Option<(usize, How)> {
    if let Some(at) = header.find(&[column]).or_else(|| header.find(aliases(table, column))) {
        return Some((at, how_in(table, column)));
    }
    let (stem, base) = match column {
        "weight_kg" => ("weight", Unit::Kilogram),
        "length_cm" => ("length", Unit::Centimetre),
        "width_cm" => ("width", Unit::Centimetre),
        "height_cm" => ("height", Unit::Centimetre),
        "temperature_c" => ("temperature", Unit::Celsius),
        _ => return None,
    };
    header.names.iter().enumerate().find_map(|(i, name)| {
        let rest =
            name.trim().to_lowercase().strip_prefix(stem)?.trim_matches(['_', ' ', '(', ')', '[', ']']).to_owned();
        let unit = Unit::from_name(&rest).filter(|u| u.quantity() == base.quantity())?;
        Some((i, How::Measure(Factor(unit))))
    })
}

/// How many columns of the table the header has, and the first required one that it lacks.
pub(crate) fn fit(header: &Header, table: &'static TableDef) -> (usize, Vec<&'static str>) {
    let mut found = 0;
    let mut lacking = Vec::new();
    for column in table.columns.iter().skip(2) {
        if place(header, table.name, column.name).is_some() {
            found += 1;
        } else if !column.nullable && implied(header, table.name, column.name).is_none() {
            lacking.push(column.name);
        }
    }
    (found + localised(header).len(), lacking)
}

/// `name_de`, `name_pt-BR`, `description_zh_Hant` …: position, whether a name, the locale's tag.
fn localised(header: &Header) -> Vec<(usize, &'static str, String)> {
    let parts = header.names.iter().enumerate().filter_map(|(i, name)| {
        let name = name.trim();
        let (what, tag) = name.split_once('_')?;
        let what = ["name", "description"].into_iter().find(|w| what.eq_ignore_ascii_case(w))?;
        Some((i, what, locale(tag)?))
    });
    parts.collect()
}

/// The plan for a table.
pub(crate) fn connector(format: &Format, header: &Header) -> Result<Box<dyn Connector>, IntakeError> {
    let table = format.table();
    let mut plan = Plan::new(table);
    for column in table.columns.iter().skip(2) {
        if let Some((at, how)) = place(header, table.name, column.name) {
            plan.take(at, column.name, how);
        } else if let Some(value) = implied(header, table.name, column.name) {
            plan.constant(column.name, value);
        }
    }
    if table.name == "interactions" {
        return Ok(interactions::around(plan));
    }
    let mut texts = if table.name == "products" { localised(header) } else { Vec::new() };
    if texts.is_empty() || plan.fills("texts") {
        return Ok(Box::new(plan));
    }
    texts.sort_by(|a, b| a.2.cmp(&b.2));
    // Without English the first language is the main one.
    let is_english = |tag: &str| tag == "en" || tag.starts_with("en-");
    let main = texts.iter().find(|t| is_english(&t.2)).unwrap_or(&texts[0]).2.clone();
    for (at, what, language) in &texts {
        if *language == main && !plan.fills(what) {
            plan.take(*at, what, How::Plain);
        }
    }
    if !plan.fills("language") {
        plan.constant("language", &main);
    }
    let to = Plan::column(table, "texts");
    Ok(Box::new(WithTexts { plan, texts, to }))
}

/// A catalogue with titles in several languages.
struct WithTexts {
    plan: Plan,
    texts: Vec<(usize, &'static str, String)>,
    to: usize,
}

impl Connector for WithTexts {
    fn row(&mut self, record: &Record<'_>, out: &mut Out<'_>) -> Result<(), IntakeError> {
        if let Err(fault) = self.plan.cells(record, out) {
            return self.plan.put_aside(record.line, *fault, out);
        }
        let mut all: Map<String, Value> = Map::new();
        for (at, what, language) in &self.texts {
            let cell = record.get(*at).trim();
            if !cell.is_empty() {
                let entry = all.entry(language.clone()).or_insert_with(|| Value::Object(Map::new()));
                entry[*what] = Value::String(cell.to_owned());
            }
        }
        if !all.is_empty() {
            out.text(self.to, &Value::Object(all).to_string());
        }
        out.commit(record.line)
    }

    fn plan(&mut self) -> &mut Plan {
        &mut self.plan
    }
}
