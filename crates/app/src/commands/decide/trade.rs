//! `portolan decide promote`, `parity`, `clearance` and `first-send`: what to offer, which prices do not fit together, what to clear,
//! what to send first.

use super::{objects, verify};
use crate::commands::Opened;
use crate::exit::{Exit, Stop};
use crate::output;
use anyhow::Result;
use domain::Market;
use serde_json::{Value, json};

fn text(row: &Value, key: &str) -> String {
    row[key].as_str().unwrap_or_default().to_owned()
}

fn amount(row: &Value, key: &str) -> String {
    row[key].as_f64().map_or_else(String::new, |x| format!("{x:.2}"))
}

fn quoted(id: &str) -> String {
    id.replace('\'', "''")
}

/// Nothing there: what was looked for, and what to do about it.
fn nothing(what: String, next: &str) -> anyhow::Error {
    Stop::error(Exit::Missing, what, next)
}

/// Amounts as numbers, by name.
fn numbers(names: &[&str]) -> String {
    names.iter().map(|n| format!("cast({n} as double) as {n}")).collect::<Vec<_>>().join(", ")
}

/// Whether the market has anything decided at all.
async fn known(opened: &Opened, market: Market) -> Result<()> {
    let sql = format!("select count(*) as n from marts.prices where market = '{market}'");
    let n = objects(opened, &sql).await?.first().and_then(|r| r["n"].as_i64()).unwrap_or(0);
    if n > 0 {
        return Ok(());
    }
    Err(nothing(
        format!("nothing was sold in {market} yet and no competitor's price is known there, so no price is decided"),
        "`portolan markets` ranks where to go; competitors' prices of the market let `portolan run` decide prices",
    ))
}

/// `portolan decide promote MARKET [PRODUCT]`.
pub(super) async fn promote(
    opened: &Opened,
    market: Market,
    product: Option<&str>,
    n: usize,
    all: bool,
    json: bool,
) -> Result<()> {
    known(opened, market).await?;
    let amounts = numbers(&["list", "price", "floor", "spend", "amount", "prior_price"]);
    let which = match product {
        // The form of `marts.rules`: names joined by `+`, a `+` of a name escaped.
        Some(id) => {
            let id = quoted(&id.replace('\\', r"\\").replace('+', r"\+"));
            format!("and strpos(concat('+', p.products, '+'), '+{id}+') > 0")
        }
        None if all => String::new(),
        None => "and p.verdict <> 'no'".to_owned(),
    };
    let sql = format!(
        "select place, offer, kind, verdict, products, day, until, occasion, occasion_zh, currency, {amounts}, share, needed, lift, lift_low, \
         lift_high, units, units_low, units_high, margin, margin_low, margin_high, stacking, stacking_zh, formula, en, zh \
         from marts.promotions p where p.market = '{market}' {which} order by place"
    );
    let rows = objects(opened, &sql).await?;
    if rows.is_empty() {
        return Err(match product {
            Some(id) => nothing(
                format!("no promotion of {id} in {market}: its price or its landed cost is not known there"),
                "`portolan decide missing --out complete.csv` drafts what to supply; `portolan sql \"select product_id, name from clean.products\"` lists the products",
            ),
            None => nothing(
                format!("nothing may be promoted in {market}"),
                "`--all` says of each product why; `portolan decide missing --out complete.csv` drafts what to supply",
            ),
        });
    }
    let total = rows.len();
    let rows: Vec<Value> = rows.into_iter().take(n).collect();
    let verify = verify::floors(opened, Some(market)).await?;
    if json {
        return output::json(&json!({"market": market, "verify": verify, "offers": total, "shown": rows}));
    }
    let names = names(opened).await?;
    let cells = rows.iter().map(|r| {
        let share = r["share"].as_f64().map(|x| format!("{:.0} %", 100.0 * x));
        let off = match (r["price"].as_f64(), r["amount"].as_f64(), r["spend"].as_f64()) {
            (Some(price), _, _) => format!("{price:.2}"),
            (None, Some(off), Some(spend)) => format!("{off:.2} off from {spend:.2} on"),
            (None, Some(off), None) => format!("{off:.2} off"),
            (None, None, _) => share.clone().map(|s| format!("{s} off")).unwrap_or_default(),
        };
        let days = match (r["day"].as_str(), r["until"].as_str()) {
            (Some(from), Some(until)) => format!("{from} to {until}"),
            _ => String::new(),
        };
        let margin = match (r["margin"].as_f64(), r["margin_low"].as_f64(), r["margin_high"].as_f64()) {
            (Some(x), Some(low), Some(high)) => format!("{x:.0} ({low:.0} to {high:.0})"),
            _ => String::new(),
        };
        vec![
            text(r, "kind"),
            text(r, "verdict"),
            called(&names, &text(r, "products")),
            off,
            amount(r, "list"),
            amount(r, "floor"),
            amount(r, "prior_price"),
            text(r, "currency"),
            days,
            text(r, "occasion"),
            margin,
        ]
    });
    output::table(
        &[
            "offer",
            "verdict",
            "products",
            "price",
            "instead of",
            "floor",
            "to be shown",
            "in",
            "days",
            "for",
            "margin added",
        ],
        &[4, 5, 6],
        cells.collect(),
    );
    if product.is_some() || rows.len() <= 5 {
        for row in &rows {
            output::line(&format!("{}: {}", text(row, "offer"), text(row, "en")));
            if !text(row, "stacking").is_empty() {
                output::line(&format!("  {}", text(row, "stacking")));
            }
        }
    }
    verify::say(verify);
    if total > rows.len() {
        output::hint(&format!("{} more: -n {total}", total - rows.len()));
    }
    output::hint(
        "pays: known to; test: nobody can tell yet, a test would; --json has the reasons, --all what is not advised",
    );
    Ok(())
}

/// Names of all products.
async fn names(opened: &Opened) -> Result<std::collections::BTreeMap<String, String>> {
    let rows = objects(opened, "select product_id, name from clean.products").await?;
    Ok(rows.iter().map(|r| (text(r, "product_id"), text(r, "name"))).collect())
}

/// Up to three products by name, of more their number.
fn called(names: &std::collections::BTreeMap<String, String>, set: &str) -> String {
    if set.is_empty() {
        return String::new();
    }
    let ids = audience::rules::set_names(set);
    if ids.len() > 3 {
        return format!("{} products", ids.len());
    }
    let one = |id: &String| names.get(id).filter(|n| !n.is_empty()).unwrap_or(id).clone();
    ids.iter().map(one).collect::<Vec<_>>().join(" + ")
}

/// `portolan decide parity`.
pub(super) async fn parity(
    opened: &Opened,
    market: Option<Market>,
    product: Option<&str>,
    n: usize,
    json: bool,
) -> Result<()> {
    let mut which = vec!["true".to_owned()];
    which.extend(market.map(|m| format!("(p.market = '{m}' or p.other = '{m}')")));
    which.extend(product.map(|id| format!("p.product_id = '{}'", quoted(id))));
    let which = which.join(" and ");
    let amounts = numbers(&["price", "reference", "gain", "closes_at"]);
    let sql = format!(
        "select p.kind, p.product_id, q.name, p.market, p.other, p.who, p.currency, p.reference_currency, {}, p.gap, p.verify, p.en, p.zh \
         from marts.parity p left join clean.products q on q.product_id = p.product_id where {which} \
         order by case p.kind when 'channel' then 0 when 'floor' then 1 when 'war' then 2 else 3 end, abs(p.gap) desc, p.product_id, p.market, p.other, p.who",
        amounts.replace("cast(", "cast(p.")
    );
    let rows = objects(opened, &sql).await?;
    let count = |kind: &str| rows.iter().filter(|r| r["kind"] == kind).count();
    let (channels, wars, routes) = (count("channel"), count("war"), count("route"));
    let below = count("floor");
    let prices = prices(opened, market, product).await?;
    let verify = verify::floors(opened, market).await? || rows.iter().any(|r| r["verify"] == true);
    if json {
        let shown: Vec<&Value> = ["channel", "floor", "war", "route"]
            .iter()
            .flat_map(|kind| rows.iter().filter(move |r| r["kind"] == *kind).take(n))
            .collect();
        let counts = json!({"channel": channels, "floor": below, "war": wars, "route": routes});
        return output::json(&json!({"counts": counts, "verify": verify, "shown": shown, "prices": prices}));
    }
    if rows.is_empty() && prices.is_empty() {
        return Err(nothing(
            "there is no price to compare".to_owned(),
            "orders with a price let `portolan run` compare; name a market or product that was sold",
        ));
    }
    let show = |kind: &str, header: &[&str], right: &[usize], cells: &dyn Fn(&Value) -> Vec<String>| {
        let rows: Vec<Vec<String>> = rows.iter().filter(|r| r["kind"] == kind).take(n).map(cells).collect();
        if !rows.is_empty() {
            output::table(header, right, rows);
        }
    };
    let percent = |r: &Value| r["gap"].as_f64().map_or_else(String::new, |x| format!("{:.1} %", 100.0 * x));
    let priced = |r: &Value| {
        vec![
            text(r, "other"),
            text(r, "name"),
            text(r, "market"),
            amount(r, "price"),
            amount(r, "reference"),
            text(r, "currency"),
            percent(r),
        ]
    };
    output::line(&format!(
        "{channels} prices of channels out of line, {below} below their floor on a channel, {wars} price wars, {routes} routes on which it pays to bring goods from market to market"
    ));
    show("channel", &["channel", "product", "market", "price", "reference", "in", "gap"], &[3, 4, 6], &priced);
    show("floor", &["below the floor on", "product", "market", "price", "floor", "in", "gap"], &[3, 4, 6], &priced);
    show("war", &["war", "market", "steps"], &[], &|r| vec![text(r, "name"), text(r, "market"), text(r, "en")]);
    show(
        "route",
        &["who", "product", "buys in", "at", "in", "for", "where it is", "in", "gains a unit", "margin", "ends at"],
        &[3, 6, 8, 9, 10],
        &|r| {
            vec![
                text(r, "who"),
                text(r, "name"),
                text(r, "market"),
                amount(r, "price"),
                text(r, "currency"),
                text(r, "other"),
                amount(r, "reference"),
                text(r, "reference_currency"),
                amount(r, "gain"),
                percent(r),
                amount(r, "closes_at"),
            ]
        },
    );
    if product.is_some() {
        let cells =
            prices.iter().map(|r| vec![text(r, "market"), amount(r, "price"), text(r, "currency"), amount(r, "floor")]);
        output::table(&["market", "price now", "in", "floor"], &[1, 3], cells.collect());
    }
    verify::say(verify);
    if routes > 0 {
        output::hint("--json has every step of a route");
    }
    Ok(())
}

/// Prices by market of a product, or of every product.
async fn prices(opened: &Opened, market: Option<Market>, product: Option<&str>) -> Result<Vec<Value>> {
    let mut which = vec!["price is not null".to_owned()];
    which.extend(market.map(|m| format!("market = '{m}'")));
    which.extend(product.map(|id| format!("product_id = '{}'", quoted(id))));
    let sql = format!(
        "select product_id, market, currency, {} from marts.prices where {} order by product_id, market",
        numbers(&["price", "floor"]),
        which.join(" and ")
    );
    objects(opened, &sql).await
}

/// `portolan decide clearance MARKET`.
pub(super) async fn clearance(opened: &Opened, market: Market, n: usize, json: bool) -> Result<()> {
    known(opened, market).await?;
    let amounts = numbers(&["price", "floor", "first_price", "second_price", "clears_at"]);
    let sql = format!(
        "select c.product_id, q.name, c.verdict, c.on_hand, c.weeks, c.currency, {}, c.first_weeks, c.second_weeks, c.left, c.left_kept, \
         c.gain, c.en, c.zh from marts.clearance c left join clean.products q on q.product_id = c.product_id \
         where c.market = '{market}' order by case c.verdict when 'steps' then 0 when 'below_floor' then 1 else 2 end, \
         coalesce(c.gain, 0) desc, c.on_hand desc, c.product_id",
        amounts.replace("cast(", "cast(c.")
    );
    let rows = objects(opened, &sql).await?;
    let verify = verify::floors(opened, Some(market)).await?;
    if json {
        let shown: Vec<&Value> = rows.iter().take(n).collect();
        return output::json(&json!({"market": market, "verify": verify, "products": rows.len(), "shown": shown}));
    }
    if rows.is_empty() {
        let counted = format!("select count(*) as n from marts.stock_advice where market = '{market}'");
        let counted = objects(opened, &counted).await?.first().and_then(|r| r["n"].as_i64()).unwrap_or(0);
        if counted == 0 {
            return Err(nothing(
                format!("no stock of {market} is known"),
                "`portolan ingest` takes a table of product, market or warehouse, quantity",
            ));
        }
        output::line(&format!("{counted} products of {market} are counted; none has more than will sell"));
        return Ok(());
    }
    let total = rows.len();
    let cells = rows.iter().take(n).map(|r| {
        let whole = |key: &str| r[key].as_f64().map_or_else(String::new, |x| format!("{x:.0}"));
        let step = |price: &str, weeks: &str| match (r[price].as_f64(), r[weeks].as_i64()) {
            (Some(price), Some(weeks)) => format!("{price:.2} for {weeks} w"),
            _ => String::new(),
        };
        vec![
            text(r, "name"),
            text(r, "verdict").replace('_', " "),
            whole("on_hand"),
            amount(r, "price"),
            amount(r, "floor"),
            step("first_price", "first_weeks"),
            step("second_price", "second_weeks"),
            whole("left"),
            whole("left_kept"),
            text(r, "currency"),
        ]
    });
    output::table(
        &["product", "verdict", "on hand", "now", "floor", "first", "then", "left", "left as it is", "in"],
        &[2, 3, 4, 7, 8],
        cells.collect(),
    );
    for row in rows.iter().take(5) {
        output::line(&format!("{}: {}", text(row, "name"), text(row, "en")));
    }
    verify::say(verify);
    if total > n {
        output::hint(&format!("{} more: -n {total}", total - n));
    }
    Ok(())
}

/// `portolan decide first-send MARKET`.
pub(super) async fn first_send(opened: &Opened, market: Market, n: usize, json: bool) -> Result<()> {
    known(opened, market).await?;
    let sql = format!(
        "select f.product_id, q.name, f.weeks, f.units, f.on_hand, f.send, f.enough, f.demand, f.low, f.high, f.basis, f.source, f.sold, f.left, \
         f.margin, f.currency, f.en, f.zh from marts.first_send f left join clean.products q on q.product_id = f.product_id \
         where f.market = '{market}' \
         order by case when f.send > 0 then 0 else 1 end, f.margin desc, f.product_id"
    );
    let rows = objects(opened, &sql).await?;
    if rows.is_empty() {
        return Err(nothing(
            format!(
                "no first order for {market} can be reckoned: it needs landed costs, and demand there or in a market to compare with"
            ),
            "`portolan decide missing --out complete.csv` drafts the costs to supply; `portolan sql \"select * from marts.not_computed\"` says what else was missing",
        ));
    }
    let total = rows.len();
    let send: i64 = rows.iter().filter_map(|r| r["send"].as_i64()).sum();
    let shown: Vec<&Value> = rows.iter().take(n).collect();
    let verify = verify::floors(opened, Some(market)).await?;
    if json {
        return output::json(
            &json!({"market": market, "verify": verify, "products": total, "units": send, "shown": shown}),
        );
    }
    let cells = shown.iter().map(|r| {
        let whole = |key: &str| r[key].as_f64().map_or_else(String::new, |x| format!("{x:.0}"));
        let source = match r["source"].as_str() {
            Some(source) => format!("{} {source}", text(r, "basis")),
            None => text(r, "basis"),
        };
        vec![
            text(r, "name"),
            whole("send"),
            whole("units"),
            whole("demand"),
            format!("{} to {}", whole("low"), whole("high")),
            r["enough"].as_f64().map_or_else(String::new, |x| format!("{:.0} %", 100.0 * x)),
            whole("left"),
            whole("margin"),
            text(r, "currency"),
            source,
        ]
    });
    output::table(
        &["product", "send", "to have", "asked for", "between", "enough in", "left over", "margin", "in", "by"],
        &[1, 2, 3, 5, 6, 7],
        cells.collect(),
    );
    let sent = rows.iter().filter(|r| r["send"].as_i64().is_some_and(|n| n > 0)).count();
    let units = if send == 1 { "unit" } else { "units" };
    output::line(&format!(
        "{} {units} of {} in all; {} nothing",
        output::count(send),
        output::counted(sent, "product", "products"),
        output::counted(total - sent, "other needs", "others need")
    ));
    verify::say(verify);
    if total > n {
        output::hint(&format!("{} more: -n {total}", total - n));
    }
    output::hint(
        "`left_over` of [decide] in portolan.toml is the share of its landed cost that a unit left over loses; --json has the reasons",
    );
    Ok(())
}
