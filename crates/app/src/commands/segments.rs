//! `portolan segments`: segments of one's own, defined, counted, explained, compared, followed and exported.

use super::{Environment, Opened};
use crate::cli::{self, SegmentsWhat};
use crate::exit::{Exit, Stop};
use crate::pipeline::rows::Rows;
use crate::segments::{PRIVACY_FLOOR, cutoff, shown};
use crate::{output, pipeline, segments};
use anyhow::{Context, Result};
use audience::segments::sizes::{MemberSet, Shown, overlap};
use audience::segments::{Definition, Field, OrderFact, ProductFact, SegmentBook, ShopperFacts, Value};
use domain::{Language, ShopperId};
use lake::Engine;
use serde_json::json;
use serve::consents::MARKETING;
use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

pub(crate) async fn run(env: &Environment, args: &cli::Segments) -> Result<ExitCode> {
    match &args.what {
        SegmentsWhat::List { json } => list(env, *json).await?,
        SegmentsWhat::Fields => fields(),
        SegmentsWhat::Size { rule, json } => size(env, rule, *json).await?,
        SegmentsWhat::Add { name, rule, description } => add(env, name, rule, description.as_deref())?,
        SegmentsWhat::Remove { name } => remove(env, name)?,
        SegmentsWhat::Fit { name, method, by, k, json } => {
            super::groupings::fit(env, name, *method, by, *k, *json).await?;
        }
        SegmentsWhat::Groupings { json } => super::groupings::list(env, *json)?,
        SegmentsWhat::Unfit { name } => super::groupings::unfit(env, name)?,
        SegmentsWhat::Explain { name, shopper, json } => explain(env, name, shopper, *json).await?,
        SegmentsWhat::Overlap { json } => overlaps(env, *json).await?,
        SegmentsWhat::Flows { json } => flows(env, *json).await?,
        SegmentsWhat::Alike { name, market, n, out, json } => {
            super::alike::alike(env, name, *market, *n, out.as_deref(), *json).await?;
        }
        SegmentsWhat::Behaviour { market, json } => super::alike::behaviour(env, *market, *json).await?,
        SegmentsWhat::Export { name, out, json } => export(env, name, out, *json).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(env: &Environment, json: bool) -> Result<()> {
    let opened = env.opened().await?;
    pipeline::computed(&opened.workspace, &opened.snapshot, "segments")?;
    let book = segments::book(&opened.workspace.root)?;
    let rows = Rows::query(&opened.engine, "select * from marts.segment_book order by segment").await?;
    let (names, versions) = (rows.texts("segment")?, rows.texts("version")?);
    let (sizes, consents, days) = (rows.ints("n_shoppers")?, rows.ints("n_consent")?, rows.days("as_of")?);
    let now: BTreeMap<&str, &str> = book.entries().map(|e| (e.name(), e.version())).collect();
    let stale =
        names.len() != now.len() || names.iter().zip(&versions).any(|(n, v)| now.get(n.as_str()) != Some(&v.as_str()));
    let texts: Vec<(String, String)> = names
        .iter()
        .map(|n| book.get(n).map_or_else(Default::default, |e| (e.text(), e.description().to_owned())))
        .collect();
    if json {
        let items: Vec<_> = (0..names.len())
            .map(|i| {
                json!({"segment": names[i], "version": versions[i], "shoppers": shown(&book, &names[i], sizes[i]), "with_consent": shown(&book, &names[i], consents[i]),
                    "rule": texts[i].0, "description": texts[i].1, "as_of": days[i]})
            })
            .collect();
        output::json(&json!({"segments": items, "changed_since_the_run": stale}))?;
        return Ok(());
    }
    let cells = (0..names.len()).map(|i| {
        let shown =
            |n: i64| shown(&book, &names[i], n).map_or_else(|| format!("fewer than {PRIVACY_FLOOR}"), output::count);
        vec![
            names[i].clone(),
            shown(sizes[i]),
            shown(consents[i]),
            texts[i].0.clone(),
            texts[i].1.clone(),
            versions[i].chars().take(8).collect(),
        ]
    });
    output::table(&["segment", "shoppers", "with consent", "rule", "what for", "version"], &[1, 2], cells.collect());
    if stale {
        output::note("segments.toml was changed since the last run: `portolan run` counts it again");
    }
    output::hint("portolan segments size \"RULE\" tries a rule; portolan segments add NAME \"RULE\" keeps it");
    Ok(())
}

fn fields() {
    let rows = Field::ALL
        .iter()
        .map(|f| vec![f.name().to_owned(), f.meaning(Language::EN).to_owned(), f.meaning(Language::ZH).to_owned()]);
    output::table(&["field", "meaning", "含义"], &[], rows.collect());
    let more = [
        ("orders.count(180d)", "orders in the last 180 days; without the brackets, ever"),
        ("orders.revenue, .average, .units, .basket", "likewise their sales, mean sales, units, mean units"),
        ("returns.count, returns.share", "orders of which something came back, and their share"),
        ("bought(category \"Coffee\", 90d)", "bought of a category; also brand \"…\" and product \"…\""),
        ("viewed(…), searched(\"grinder\", 30d)", "looked at or searched for"),
        (
            "cart_abandoned(7d)",
            "something lies in the cart, for an hour nothing was done with it, and it was touched in the last 7 days",
        ),
        ("tag(\"repeat\")", "has a tag"),
        (
            "interest(\"Coffee\") >= 0.2",
            "share of the attention that goes to a category, as `shoppers interests` shows it; 0 to 1",
        ),
        (
            "value(\"quiet\") >= 0.3",
            "how far what is bought and written speaks for a value, as `shoppers interests` shows it; 0 to 1",
        ),
        ("segment(\"name\")", "is in another segment"),
        ("group(\"name\") = 2", "is in a group of a grouping that `segments fit` made; counted from 1"),
        (
            "and or not, = != < <= > >=, in [A, B], between A and B, is missing",
            "a missing value fits nothing but `is missing`",
        ),
    ];
    output::line("");
    output::table(
        &["also", "meaning"],
        &[],
        more.iter().map(|(a, b)| vec![(*a).to_owned(), (*b).to_owned()]).collect(),
    );
}

async fn size(env: &Environment, rule: &str, json: bool) -> Result<()> {
    let Opened { workspace, engine, .. } = env.opened().await?;
    let counted = segments::count(&engine, &workspace.root, rule).await?;
    let (n, consent) = (counted.shown(counted.n), counted.shown(counted.consent));
    let missing = counted.missing.join(", ");
    if json {
        output::json(
            &json!({"rule": counted.text, "as_of": counted.as_of, "shoppers": n, "with_consent": consent, "missing_fields": counted.missing,
                "known_of_nobody": counted.of_nobody}),
        )?;
        return Ok(());
    }
    let told = |n: Option<i64>| n.map_or_else(|| format!("fewer than {PRIVACY_FLOOR}"), output::count);
    output::line(&format!(
        "{}\n{} shoppers before {}, {} of them with consent to mail",
        counted.text,
        told(n),
        counted.as_of,
        told(consent)
    ));
    if !missing.is_empty() {
        output::note(&format!("no table has {missing}: it counts as missing for every shopper"));
    }
    for name in &counted.of_nobody {
        output::note(&if name.starts_with("value(") {
            format!(
                "{name} is of no shopper: the values are those of values.toml, `portolan shoppers interests ID` shows them"
            )
        } else if name.starts_with("interest(") {
            format!(
                "{name} is of no shopper: an interest is named like a category, as `portolan shoppers interests ID` shows it"
            )
        } else {
            format!("no shopper has a known {name}: only `{name} is missing` finds anybody")
        });
    }
    Ok(())
}

fn add(env: &Environment, name: &str, rule: &str, description: Option<&str>) -> Result<()> {
    let root = env.workspace()?.root;
    let mut definitions = segments::definitions(&root)?;
    let new = Definition {
        name: name.to_owned(),
        rule: rule.to_owned(),
        description: description.unwrap_or_default().to_owned(),
    };
    let replaced = match definitions.iter_mut().find(|d| d.name == name) {
        Some(old) => {
            *old = new;
            true
        }
        None => {
            definitions.push(new);
            false
        }
    };
    let book = segments::write(&root, definitions)?;
    let version = book.get(name).map(|e| e.version().to_owned()).unwrap_or_default();
    let done = if replaced { "changed" } else { "added" };
    output::line(&format!("{done} `{name}` (version {}) in {}", &version[..8], segments::path(&root).display()));
    output::hint("portolan run counts its members and looks a year back");
    Ok(())
}

fn remove(env: &Environment, name: &str) -> Result<()> {
    let root = env.workspace()?.root;
    let mut definitions = segments::definitions(&root)?;
    let before = definitions.len();
    definitions.retain(|d| d.name != name);
    if definitions.len() == before {
        return Err(no_segment(&segments::book(&root)?, name));
    }
    segments::write(&root, definitions)?;
    output::line(&format!("removed `{name}`"));
    Ok(())
}

pub(crate) fn no_segment(book: &SegmentBook, name: &str) -> anyhow::Error {
    let names: Vec<&str> = book.entries().map(|e| e.name()).collect();
    let near = names.iter().map(|n| (strsim::damerau_levenshtein(n, name), *n)).min().filter(|(d, _)| *d <= 4);
    let meant = near.map_or_else(String::new, |(_, n)| format!("; did you mean `{n}`?"));
    Stop::error(
        Exit::Missing,
        format!("there is no segment `{name}`{meant}"),
        format!("the segments are: {}", names.join(", ")),
    )
}

async fn explain(env: &Environment, name: &str, shopper: &str, json: bool) -> Result<()> {
    let Opened { workspace, engine, .. } = env.opened().await?;
    let book = segments::book(&workspace.root)?;
    let as_of = cutoff(&engine).await?;
    let facts = facts(&engine, shopper).await?.ok_or_else(|| {
        Stop::error(Exit::Missing, format!("there is no shopper `{shopper}`"), "clean.shoppers lists them")
    })?;
    let explanation = book.explain(name, &facts, as_of).ok_or_else(|| no_segment(&book, name))?;
    let inside = explanation.answer() == Some(true);
    if json {
        output::json(&json!({"segment": name, "shopper": shopper, "as_of": as_of, "member": inside,
            "why": explanation.lines(Language::EN), "why_zh": explanation.lines(Language::ZH)}))?;
        return Ok(());
    }
    let is = if inside { "is" } else { "is not" };
    output::line(&format!("{shopper} {is} in `{name}` before {as_of}:"));
    explanation.lines(Language::EN).iter().for_each(|line| output::line(&format!("  {line}")));
    Ok(())
}

/// What the lake knows of one shopper, as the reference evaluator wants it.
pub(crate) async fn facts(engine: &Engine, shopper: &str) -> Result<Option<ShopperFacts>> {
    let quoted = shopper.replace('\'', "''");
    let known =
        Rows::query(engine, &format!("select 1 as one from clean.shoppers where shopper_id = '{quoted}'")).await?;
    if known.len() == 0 {
        return Ok(None);
    }
    let mut facts = ShopperFacts::new(ShopperId::new(shopper.to_owned()));
    for (field, (table, column)) in &segments::columns().fields {
        let sql = format!("select cast({column} as varchar) as value from {table} where shopper_id = '{quoted}'");
        let text = Rows::query(engine, &sql).await?.optional_texts("value")?.into_iter().flatten().next();
        if let Some(value) = text.and_then(|text| value(*field, text)) {
            facts.fields.insert(*field, value);
        }
    }
    let orders = Rows::query(
        engine,
        &format!(
            "select day, gross, units, returned_units > 0 as back from clean.orders \
             where kind = 'sale' and shopper_id = '{quoted}' order by day, order_key"
        ),
    )
    .await?;
    let (days, gross) = (orders.days("day")?, orders.amounts("gross")?);
    let (units, back) = (orders.ints("units")?, orders.truths("back")?);
    facts.orders = (0..days.len())
        .map(|i| OrderFact {
            day: days[i],
            revenue: gross[i],
            units: u32::try_from(units[i]).unwrap_or(0),
            returned: back[i],
        })
        .collect();
    let goods = |from: &str, day: &str| {
        format!(
            "select {day} as day, x.product_id, p.category, p.brand from {from} x left join clean.products p \
             on p.product_id = x.product_id where x.shopper_id = '{quoted}' and x.product_id is not null"
        )
    };
    facts.bought = products(engine, &format!("{} and x.settled", goods("clean.order_lines", "x.day"))).await?;
    let viewed = goods("clean.events", "cast(x.occurred_at as date)");
    facts.viewed = products(engine, &format!("{viewed} and x.name in ('Product Viewed', 'Viewed Product')")).await?;
    let searched = format!(
        "select cast(occurred_at as date) as day, query from clean.events where shopper_id = '{quoted}' and query is not null"
    );
    let rows = Rows::query(engine, &searched).await?;
    facts.searched = rows.days("day")?.into_iter().zip(rows.texts("query")?).collect();
    let abandoned = format!(
        "select cast(last_at as date) as day from marts.carts where shopper_id = '{quoted}' and state = 'abandoned'"
    );
    facts.abandoned = Rows::query(engine, &abandoned).await?.days("day")?.into_iter().max();
    let tags = format!("select tags from marts.segments where shopper_id = '{quoted}'");
    for tags in Rows::query(engine, &tags).await?.texts("tags")? {
        let tags: serde_json::Value = serde_json::from_str(&tags).unwrap_or_default();
        facts.tags.extend(tags.as_array().into_iter().flatten().filter_map(|t| t["tag"].as_str().map(str::to_owned)));
    }
    let interests = format!("select category, share from marts.shopper_interests where shopper_id = '{quoted}'");
    let rows = Rows::query(engine, &interests).await?;
    let shares = rows.texts("category")?.into_iter().zip(rows.floats("share")?);
    let shares: BTreeMap<String, f64> =
        shares.filter_map(|(name, share)| Some((name.to_lowercase(), share?))).collect();
    facts.interests = (!shares.is_empty()).then_some(shares);
    let values = format!("select value, score from marts.shopper_values where shopper_id = '{quoted}'");
    let rows = Rows::query(engine, &values).await?;
    let scores = rows.texts("value")?.into_iter().zip(rows.floats("score")?);
    let scores: BTreeMap<String, f64> =
        scores.filter_map(|(name, score)| Some((name.to_lowercase(), score?))).collect();
    facts.values = (!scores.is_empty()).then_some(scores);
    Ok(Some(facts))
}

async fn products(engine: &Engine, sql: &str) -> Result<Vec<ProductFact>> {
    let rows = Rows::query(engine, sql).await?;
    let (days, ids) = (rows.days("day")?, rows.texts("product_id")?);
    let (categories, brands) = (rows.optional_texts("category")?, rows.optional_texts("brand")?);
    let of = |i: usize| ProductFact {
        day: days[i],
        product: ids[i].clone(),
        category: categories[i].clone(),
        brand: brands[i].clone(),
    };
    Ok((0..ids.len()).map(of).collect())
}

fn value(field: Field, text: String) -> Option<Value> {
    use audience::segments::field::Kind;
    match field.kind() {
        Kind::Text | Kind::Word => Some(Value::Text(text)),
        Kind::Number => text.parse().ok().map(Value::Number),
        Kind::Day => text.parse().ok().map(Value::Day),
        Kind::Yes => Some(Value::Yes(text == "true")),
    }
}

async fn overlaps(env: &Environment, json: bool) -> Result<()> {
    let opened = env.opened().await?;
    pipeline::members_computed(&opened.workspace, &opened.snapshot, "segments")?;
    let book = segments::book(&opened.workspace.root)?;
    let all = Rows::query(&opened.engine, "select shopper_id from clean.shoppers order by shopper_id").await?;
    let all = all.texts("shopper_id")?;
    let place: BTreeMap<&str, usize> = all.iter().enumerate().map(|(at, id)| (id.as_str(), at)).collect();
    let rows = Rows::query(&opened.engine, "select segment, shopper_id from marts.segment_members").await?;
    let mut sets: BTreeMap<String, MemberSet> =
        book.entries().map(|e| (e.name().to_owned(), MemberSet::none(all.len()))).collect();
    for (segment, shopper) in rows.texts("segment")?.into_iter().zip(rows.texts("shopper_id")?) {
        if let (Some(set), Some(&at)) = (sets.get_mut(&segment), place.get(shopper.as_str())) {
            set.insert(at);
        }
    }
    let named: Vec<(&str, &MemberSet)> = sets.iter().map(|(name, set)| (name.as_str(), set)).collect();
    let found = overlap(&book, &named, PRIVACY_FLOOR);
    let n = found.names.len();
    let pairs: Vec<(usize, usize)> = (0..n).flat_map(|a| (a + 1..n).map(move |b| (a, b))).collect();
    if json {
        let shown = |shown: Shown| if let Shown::Count(n) = shown { Some(n) } else { None };
        let items: Vec<_> = pairs
            .iter()
            .map(|&(a, b)| json!({"a": found.names[a], "b": found.names[b], "both": shown(found.both[a][b]), "jaccard": found.jaccard[a][b]}))
            .collect();
        output::json(&json!({"pairs": items}))?;
        return Ok(());
    }
    let cells = pairs.iter().map(|&(a, b)| {
        let jaccard = found.jaccard[a][b].map_or_else(String::new, |j| format!("{:.0} %", 100.0 * j));
        vec![found.names[a].clone(), found.names[b].clone(), found.both[a][b].text(Language::EN), jaccard]
    });
    output::table(&["segment", "and", "in both", "of those in either"], &[2, 3], cells.collect());
    Ok(())
}

async fn flows(env: &Environment, json: bool) -> Result<()> {
    let opened = env.opened().await?;
    pipeline::members_computed(&opened.workspace, &opened.snapshot, "segments")?;
    let sql = "select * from marts.segment_flows order by kind, from_day, to_day, from_segment, to_segment";
    let rows = Rows::query(&opened.engine, sql).await?;
    let (kinds, from, to) = (rows.texts("kind")?, rows.texts("from_segment")?, rows.texts("to_segment")?);
    let (from_days, to_days, n) = (rows.days("from_day")?, rows.days("to_day")?, rows.ints("n_shoppers")?);
    let all = 0..kinds.len();
    if json {
        let items: Vec<_> = all
            .map(|i| json!({"kind": kinds[i], "from_day": from_days[i], "to_day": to_days[i], "from": from[i], "to": to[i], "shoppers": n[i]}))
            .collect();
        output::json(&json!({"flows": items}))?;
        return Ok(());
    }
    let none = |name: &str| if name.is_empty() { "(none)".to_owned() } else { name.to_owned() };
    let last = to_days.iter().max().copied();
    let shown = all.filter(|&i| Some(to_days[i]) == last && from[i] != to[i]);
    let cells = shown
        .map(|i| vec![kinds[i].clone(), from_days[i].to_string(), none(&from[i]), none(&to[i]), output::count(n[i])]);
    output::table(&["kind", "since", "from", "to", "shoppers"], &[4], cells.collect());
    output::note(
        "(none) stands for no segment left or none entered, of kind rfm for no order before; a shopper who left or entered \
         several segments counts in several rows",
    );
    output::hint("marts.segment_flows has the months before, and those who stayed");
    Ok(())
}

async fn export(env: &Environment, name: &str, out: &std::path::Path, json: bool) -> Result<()> {
    let opened = env.opened().await?;
    pipeline::members_computed(&opened.workspace, &opened.snapshot, "segments")?;
    let book = segments::book(&opened.workspace.root)?;
    if book.get(name).is_none() {
        return Err(no_segment(&book, name));
    }
    let quoted = name.replace('\'', "''");
    let sql = format!(
        "select m.shopper_id, m.market, m.since, p.accepts_marketing from marts.segment_members m \
         join clean.shoppers p on p.shopper_id = m.shopper_id where m.segment = '{quoted}' order by m.shopper_id"
    );
    let rows = Rows::query(&opened.engine, &sql).await?;
    let (ids, markets, since) = (rows.texts("shopper_id")?, rows.markets("market")?, rows.days("since")?);
    let consents = Rows::query(&opened.engine, "select shopper_id from clean.shoppers where accepts_marketing").await?;
    let consents: BTreeSet<String> = consents.texts("shopper_id")?.into_iter().collect();
    // What a person decided over HTTP counts more than what a file said.
    let decided = super::serve::consents(&opened.workspace.root).await?;
    let may = |id: &String| decided.of(id, MARKETING).unwrap_or_else(|| consents.contains(id));
    let allowed: Vec<usize> = (0..ids.len()).filter(|&i| may(&ids[i])).collect();
    let mut text = String::from("shopper_id,market,in_segment_since\n");
    for &i in &allowed {
        text.push_str(&format!("{},{},{}\n", segments::csv_cell(&ids[i]), markets[i].code(), since[i]));
    }
    std::fs::write(out, text).with_context(|| format!("writing {}", out.display()))?;
    let left = ids.len() - allowed.len();
    if json {
        output::json(
            &json!({"segment": name, "file": out, "written": allowed.len(), "left_out_without_consent": left}),
        )?;
    } else {
        output::line(&format!(
            "{}: {} shoppers; {} left out, who did not agree to marketing",
            out.display(),
            output::count(allowed.len() as i64),
            output::count(left as i64)
        ));
    }
    Ok(())
}
