//! All that the lake keeps about a person, and how it is taken out.
//!
//! A person is named by the id of `clean.shoppers` or by what a shop knows: a customer number, an e-mail address, a phone
//! number, a handle on a network (`instagram:anna_k`), also one that nothing links to a shopper. Erasing takes the rows of
//! the person out of the files that came: a source with such rows is written again in canonical form without them, takes
//! the place of the old one, and is cleaned again. Marts that hold rows of shoppers or words of theirs are emptied until
//! the next run. Then everything that only earlier snapshots need is deleted, kept files included ([`lake::purge`]): going
//! back in time ends at an erasure. Caches that hold names are made again.
//!
//! What is left is what has no name: sums, models of items, and lines of others.

use super::snapshot::Snapshot;
use super::tables::{self, quoted};
use crate::commands::today;
use crate::exit::{Exit, Stop};
use crate::output::Bar;
use crate::pipeline::{self, rows::Rows};
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::Int64Type;
use intake::{CanonicalWriter, Compression, Shape};
use lake::{Engine, LakeError};
use schema::{TableDef, Zone};
use serve::wire::figure::Words;
use serve::wire::persons::ErasedFrom;
use serve::wire::table::NamedTable;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Rows of a table that an export shows at most.
const MOST: usize = 10_000;
/// Tables of zone `raw` that hold rows of people.
const RAW: [&str; 6] = ["order_lines", "customers", "events", "reviews", "questions", "interactions"];
/// Marts that hold rows of shoppers, or words of theirs.
const MARTS: [&str; 15] = [
    "carts",
    "shopper_summary",
    "shopper_traits",
    "shopper_interests",
    "shopper_values",
    "segments",
    "shopper_outlook",
    "shortlist",
    "coupons",
    "segment_members",
    "voices",
    "concerns",
    "asked",
    "review_themes",
    "personas",
];
/// Under which name a snapshot remembers that marts were emptied.
const STAGE: &str = "erased";

/// Somebody, by every name that the lake has.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Person {
    /// As it was asked for.
    asked: String,
    /// Ids of clean.shoppers.
    pub(super) shoppers: Vec<String>,
    /// Kinds and keys of clean.identity_links.
    keys: Vec<(String, String)>,
}

fn list(values: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let all: Vec<String> = values.into_iter().map(|v| quoted(v.as_ref())).collect();
    // An empty list is no SQL; nothing equals this.
    if all.is_empty() { "null".to_owned() } else { all.join(", ") }
}

impl Person {
    /// Looks somebody up.
    pub(super) async fn find(engine: &Engine, asked: &str) -> Result<Self> {
        let asked = asked.trim();
        let keys = list(std::iter::once(asked.to_owned()).chain(hashes(asked)));
        let sql = format!(
            "select shopper_id from clean.shoppers where shopper_id in ({keys}) union \
             select shopper_id from clean.identity_links where not undone and (key in ({keys}) \
             or (key_kind = 'customer_id' and substr(key, strpos(key, ':') + 1) in ({keys}))) order by shopper_id"
        );
        let shoppers = Rows::query(engine, &sql).await?.texts("shopper_id")?;
        let sql = format!(
            "select distinct key_kind, key from clean.identity_links where shopper_id in ({}) order by key_kind, key",
            list(&shoppers)
        );
        let rows = Rows::query(engine, &sql).await?;
        let mut keys: Vec<_> = rows.texts("key_kind")?.into_iter().zip(rows.texts("key")?).collect();
        // Who only ever commented or asked is no shopper, and has the same rights.
        if shoppers.is_empty() {
            let (email, phone) = (intake::hash_id::email(asked), intake::hash_id::phone(asked));
            for (table, column, kind, key) in [
                ("interactions", "handle_hash", "handle", &handle(asked)),
                ("interactions", "email_hash", "email", &email),
                ("interactions", "phone_hash", "phone", &phone),
                ("questions", "email_hash", "email", &email),
                ("questions", "phone_hash", "phone", &phone),
            ] {
                let Some(key) = key else { continue };
                let sql = format!("select count(*) as n from raw.{table} where {column} = {}", quoted(key));
                let named = (kind.to_owned(), key.clone());
                if Rows::query(engine, &sql).await?.ints("n")?.first().is_some_and(|n| *n > 0) && !keys.contains(&named)
                {
                    keys.push(named);
                }
            }
        }
        Ok(Self { asked: asked.to_owned(), shoppers, keys })
    }

    /// Whether the lake knows the person.
    pub(super) fn is_known(&self) -> bool {
        !self.shoppers.is_empty() || ["handle", "email", "phone"].into_iter().any(|kind| !self.keys(kind).is_empty())
    }

    /// Takes visitors that the last minutes know as the same person: what they did may not be linked in the lake yet.
    pub(super) fn also(&mut self, visitors: impl IntoIterator<Item = String>) {
        for visitor in visitors {
            let key = ("anonymous".to_owned(), visitor);
            if !self.keys.contains(&key) && !self.shoppers.contains(&key.1) {
                self.keys.push(key);
            }
        }
    }

    /// Every name that the last minutes or the list of answers may have: shopper ids, visitors, customer numbers.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names: BTreeSet<String> = self.shoppers.iter().cloned().collect();
        names.insert(self.asked.clone());
        names.extend(hashes(&self.asked));
        for (kind, key) in &self.keys {
            names.insert(key.clone());
            if kind == "customer_id"
                && let Some((_, number)) = key.split_once(':')
            {
                names.insert(number.to_owned());
            }
        }
        names.into_iter().collect()
    }

    /// Names that say who somebody is without the links of the lake.
    fn fresh_names(&self) -> Vec<String> {
        let live = self.keys("anonymous").into_iter().map(str::to_owned);
        std::iter::once(self.asked.clone()).chain(hashes(&self.asked)).chain(live).collect()
    }

    fn keys(&self, kind: &str) -> Vec<&str> {
        self.keys.iter().filter(|(k, _)| k == kind).map(|(_, key)| key.as_str()).collect()
    }

    /// What a row of a table of zone `raw` has to say to be the person's; `r` is the row, `s` its source.
    fn condition(&self, def: &TableDef) -> String {
        let mut any = Vec::new();
        let has = |column: &str| def.column(column).is_some();
        let hashed = [("email_hash", "email"), ("phone_hash", "phone"), ("handle_hash", "handle")];
        for (column, kind) in hashed.into_iter().chain([("anonymous_id", "anonymous")]) {
            let keys = self.keys(kind);
            if has(column) && !keys.is_empty() {
                any.push(format!("r.{column} in ({})", list(keys)));
            }
        }
        let numbers = self.keys("customer_id");
        if has("shopper_key") && !numbers.is_empty() {
            any.push(format!("concat(s.family, ':', r.shopper_key) in ({})", list(numbers)));
        }
        // What came since the lake was cleaned last links nobody yet: it goes by the name that was asked for and those that the last
        // minutes know. Equal numbers of two shops are two persons, so a plain number counts in what was tracked alone.
        let names = list(self.fresh_names());
        let fresh = ["email_hash", "phone_hash", "handle_hash", "anonymous_id"];
        for column in fresh.into_iter().filter(|column| has(column)) {
            any.push(format!("r.{column} in ({names})"));
        }
        if has("shopper_key") {
            any.push(format!("(s.is_tracked and r.shopper_key in ({names}))"));
        }
        if any.is_empty() { "false".to_owned() } else { any.join(" or ") }
    }

    /// Lines of raw.interactions that became one of the person's. A record that was merged into one may say nothing of who
    /// it was, and has the same words.
    fn interactions(&self) -> String {
        let theirs =
            format!("i.shopper_id in ({}) or i.handle_hash in ({})", list(&self.shoppers), list(self.keys("handle")));
        format!(
            " or concat(r.source, ':', r.line) in (select concat(i.source, ':', i.line) as place from clean.interactions i \
             where {theirs}) or concat(r.source, ':', r.line) in (select concat(m.source, ':', m.line) as place \
             from clean.merges m join clean.interactions i on m.kept = concat(i.platform, ':', i.interaction_id) \
             where m.kind = 'interaction_repeat' and ({theirs}))"
        )
    }
}

/// What a table has in the place of an address, a number or a handle.
fn hashes(asked: &str) -> impl Iterator<Item = String> {
    [intake::hash_id::email(asked), intake::hash_id::phone(asked), handle(asked)].into_iter().flatten()
}

/// The hash of a handle that was written as `network:handle`.
fn handle(asked: &str) -> Option<String> {
    let (network, handle) = asked.split_once(':')?;
    intake::hash_id::handle(network, handle)
}

/// Sources with the system whose numbers they use, as a query.
fn families(now: &Snapshot) -> Result<String> {
    let files = lake::source_files(&now.workspace.lake()?, &now.lake)?;
    let row = |f: &lake::SourceFile| {
        let is_tracked = f.origin.as_deref() == Some(domain::TRACKING_ORIGIN);
        format!("({}, {}, {is_tracked})", quoted(&f.source), quoted(&f.system))
    };
    let rows: Vec<String> = files.iter().map(row).collect();
    Ok(if rows.is_empty() {
        "(select '' as source, '' as family, false as is_tracked)".to_owned()
    } else {
        format!(
            "(select column1 as source, column2 as family, column3 as is_tracked from (values {}))",
            rows.join(", ")
        )
    })
}

/// Rows of a raw table that are the person's.
async fn raw_rows(
    now: &Snapshot,
    person: &Person,
    def: &TableDef,
    columns: &str,
    families: &str,
) -> Result<Vec<RecordBatch>> {
    // A line that cleaning gave to the person is the person's, whatever the raw row says.
    let cleaned = match def.name {
        "order_lines" | "events" | "reviews" | "questions" => format!(
            " or (r.source, r.line) in (select source, line from clean.{} where shopper_id in ({}))",
            def.name,
            list(&person.shoppers)
        ),
        _ => String::new(),
    };
    // The engine has no tuples: source and line as one text.
    let cleaned = cleaned
        .replace("(r.source, r.line) in", "concat(r.source, ':', r.line) in")
        .replace("select source, line from", "select concat(source, ':', line) from");
    let done = if def.name == "interactions" { person.interactions() } else { String::new() };
    let sql = format!(
        "select {columns} from raw.{} r join {families} s on s.source = r.source where {}{cleaned}{done} order by r.source, r.line",
        def.name,
        person.condition(def)
    );
    Ok(now.engine.sql(&sql).await?)
}

/// Everything, by table.
pub(super) async fn rows(now: &Snapshot, person: &Person) -> Result<Vec<NamedTable>> {
    let mut found = Vec::new();
    let who = list(&person.shoppers);
    let families = families(now)?;
    for name in RAW {
        let Some(def) = schema::table(Zone::Raw, name) else { continue };
        let mut table = tables::table(&raw_rows(now, person, def, "r.*", &families).await?, Some(def))?;
        table.rows.truncate(MOST);
        if !table.rows.is_empty() {
            found.push(NamedTable { name: def.full_name(), title: Words::same(def.meaning), table });
        }
    }
    let of_shoppers = |def: &&TableDef| def.zone != Zone::Raw && def.column("shopper_id").is_some();
    for def in schema::tables().filter(of_shoppers) {
        let order = def.key.join(", ");
        let name = def.full_name();
        let sql = format!("select * from {name} where shopper_id in ({who}) order by {order} limit {MOST}");
        let table = tables::query(&now.engine, Some(def), &sql).await?;
        if !table.rows.is_empty() {
            found.push(NamedTable { name, title: Words::same(def.meaning), table });
        }
    }
    let of_reviews = format!("review_id in (select review_id from clean.reviews where shopper_id in ({who}))");
    let of_asked = format!(
        "(kind = 'question' and text_id in (select question_id from clean.questions where shopper_id in ({who}))) or \
         (kind = 'comment' and text_id in (select concat(platform, ':', interaction_id) from clean.interactions where \
         shopper_id in ({who}))) or \
         (kind = 'search' and text_id in (select message_id from clean.events where shopper_id in ({who})))"
    );
    for (mart, of_person, order, title) in [
        ("voices", &of_reviews, "review_id, theme", Words::new("What was said", "评论原句")),
        (
            "concerns",
            &of_reviews,
            "review_id, concern",
            Words::new("What was said of trust, security and more", "关于信任、安全等的原句"),
        ),
        ("asked", &of_asked, "text_id, about", Words::new("What was asked and searched for", "提问与未找到的搜索")),
    ] {
        let name = format!("marts.{mart}");
        let sentences = format!("select * from {name} where {of_person} order by market, {order} limit {MOST}");
        let table = tables::query(&now.engine, tables::mart(mart), &sentences).await?;
        if !table.rows.is_empty() {
            found.push(NamedTable { name, title, table });
        }
    }
    Ok(found)
}

/// Cleans what came since the lake was cleaned last: events that the log brought over are nobody's before that.
pub(super) async fn catch_up(workspace: &Workspace) -> Result<()> {
    let lake = workspace.lake()?;
    let lock = lake.lock()?;
    let latest = lake::Snapshot::latest(&lake).await?;
    if latest.tables.is_empty() {
        return Ok(());
    }
    let as_of = pipeline::as_of(&lake, &latest, today())?;
    pipeline::clean(workspace, &lake, &lock, as_of, &Bar::new(true)).await?;
    Ok(())
}

/// A source that is written again.
struct Rewritten {
    source: String,
    system: String,
    files: Vec<PathBuf>,
}

/// Takes the person out of the lake.
pub(super) async fn erase(now: &Snapshot, person: &Person) -> Result<Vec<ErasedFrom>> {
    let workspace = &now.workspace;
    let lake = workspace.lake()?;
    let lock = lake.lock()?;
    // Somebody may have written since this version was opened; then the rows that are looked for are not all.
    if lake::Snapshot::latest(&lake).await?.number != now.lake.number {
        let next = "ask again in a moment: the newer version is being opened";
        return Err(Stop::error(Exit::Storage, "the lake has changed since", next));
    }
    let families = families(now)?;
    let mut erased: BTreeMap<String, u64> = BTreeMap::new();
    let mut lines: BTreeMap<String, BTreeMap<&'static str, BTreeSet<i64>>> = BTreeMap::new();
    for name in RAW {
        let Some(def) = schema::table(Zone::Raw, name) else { continue };
        for batch in raw_rows(now, person, def, "r.source, r.line", &families).await? {
            let (sources, numbers) = (batch.column(0).as_string::<i32>(), batch.column(1).as_primitive::<Int64Type>());
            for at in 0..batch.num_rows() {
                let of = lines.entry(sources.value(at).to_owned()).or_default().entry(def.name).or_default();
                of.insert(numbers.value(at));
                *erased.entry(def.full_name()).or_default() += 1;
            }
        }
    }
    // A line that could not be read is in no table, but in the file that was kept.
    let names = person.names();
    for source in tokio::task::block_in_place(|| unread(now, &lake, &names, &lines))? {
        lines.entry(source).or_default();
    }
    let beside = workspace.root.join(".erasing");
    let stated = provenance(now).await?;
    let rewritten = tokio::task::block_in_place(|| rewrite(now, &lake, &lines, &beside))?;
    for Rewritten { source, system, files } in &rewritten {
        lake::forget(&lake, &lock, source).await?;
        if files.is_empty() {
            continue;
        }
        let mut read = intake::ReadOptions::new(now.lake.as_of.unwrap_or_else(today));
        read.system = Some(system.clone());
        let mut options = lake::IngestOptions::new(read);
        options.provenance = stated.get(source).cloned().unwrap_or_default();
        lake::ingest(&lake, &lock, files, &options, &|_| {}).await?;
    }
    pipeline::clean(workspace, &lake, &lock, now.lake.as_of.unwrap_or_else(today), &Bar::new(true)).await?;
    empty_marts(now, &names, &lake, &lock, &mut erased).await?;
    let purged = lake::purge(&lake, &lock).await?;
    erased.insert("files of earlier snapshots".to_owned(), purged);
    tokio::task::block_in_place(|| -> Result<()> {
        for cache in ["models/serving", ".erasing"] {
            let path = workspace.root.join(cache);
            if path.exists() {
                std::fs::remove_dir_all(&path).with_context(|| format!("deleting {}", path.display()))?;
            }
        }
        Ok(())
    })?;
    Ok(erased.into_iter().filter(|(_, n)| *n > 0).map(|(place, rows)| ErasedFrom { place, rows }).collect())
}

/// Sources with lines that could not be read, whose kept file has a name of the person in it. Of files that cannot be
/// looked into as text (workbooks, Parquet, two bytes a letter) the answer is yes: written again they lose nothing but
/// what could not be read.
fn unread(
    now: &Snapshot,
    lake: &lake::Lake,
    names: &[String],
    known: &BTreeMap<String, BTreeMap<&'static str, BTreeSet<i64>>>,
) -> Result<Vec<String>> {
    let looked_for = super::sweep::Names::new(names.iter().map(String::as_str));
    let mut found = Vec::new();
    for file in lake::source_files(lake, &now.lake)? {
        if file.rejected == 0 || known.contains_key(&file.source) {
            continue;
        }
        let kept = lake.kept_files();
        let open = || kept.open(&file.sha256);
        let is_text = !file.encoding.to_lowercase().starts_with("utf-16") && !file.encoding.is_empty();
        if !is_text || intake::any_piece(&open, &file.name, &|piece| looked_for.are_in(piece))? {
            found.push(file.source);
        }
    }
    Ok(found)
}

/// What was stated about where each source came from.
async fn provenance(now: &Snapshot) -> Result<BTreeMap<String, intake::Provenance>> {
    let rows = Rows::query(&now.engine, "select source, licence, origin, obtained from raw.sources").await?;
    let (licences, origins) = (rows.optional_texts("licence")?, rows.optional_texts("origin")?);
    let stated = licences.into_iter().zip(origins).zip(rows.optional_days("obtained")?);
    let stated = stated.map(|((licence, origin), obtained)| intake::Provenance { licence, origin, obtained });
    Ok(rows.texts("source")?.into_iter().zip(stated).collect())
}

/// Writes each source that has rows of the person again without them, in canonical form.
fn rewrite(
    now: &Snapshot,
    lake: &lake::Lake,
    lines: &BTreeMap<String, BTreeMap<&'static str, BTreeSet<i64>>>,
    beside: &Path,
) -> Result<Vec<Rewritten>> {
    let telling = || format!("writing {}", beside.display());
    if beside.exists() {
        std::fs::remove_dir_all(beside).with_context(telling)?;
    }
    let mut rewritten = Vec::new();
    for file in lake::source_files(lake, &now.lake)? {
        let Some(lines) = lines.get(&file.source) else { continue };
        // A folder for each, because the new file keeps the old one's name.
        let folder = beside.join(&file.source);
        std::fs::create_dir_all(&folder).with_context(telling)?;
        let mut files = Vec::new();
        for table in schema::tables().filter(|t| t.zone == Zone::Raw && !matches!(t.name, "sources" | "rejects")) {
            let stem = file.name.split('.').next().unwrap_or("file");
            let path = folder.join(format!("{stem}-{}.csv", table.name.replace('_', "-")));
            let without = lines.get(table.name);
            let mut writer: Option<CanonicalWriter<_>> = None;
            let failed = |e: std::io::Error| LakeError::Storage { what: path.display().to_string(), source: e };
            lake::rows_of(lake, &now.lake, table, &file.source, &mut |batch| {
                let batch = others(&batch, without)?;
                if batch.num_rows() == 0 {
                    return Ok(());
                }
                if writer.is_none() {
                    let out = std::io::BufWriter::new(std::fs::File::create(&path).map_err(failed)?);
                    let opened = CanonicalWriter::new(table, Shape::Csv, Compression::None, out);
                    writer = Some(opened.map_err(failed)?);
                }
                writer.as_mut().map_or(Ok(()), |w| w.rows(&batch)).map_err(failed)
            })?;
            if let Some(writer) = writer {
                writer.finish().map_err(failed)?;
                files.push(path);
            }
        }
        rewritten.push(Rewritten { source: file.source, system: file.system, files });
    }
    Ok(rewritten)
}

/// The rows that are not on these lines.
fn others(batch: &RecordBatch, lines: Option<&BTreeSet<i64>>) -> Result<RecordBatch, LakeError> {
    let Some(lines) = lines else { return Ok(batch.clone()) };
    let numbers = batch.column_by_name("line").and_then(|c| c.as_primitive_opt::<Int64Type>());
    let numbers = numbers.ok_or_else(|| LakeError::Internal("a raw table without lines".to_owned()))?;
    let keep: BooleanArray = numbers.values().iter().map(|line| Some(!lines.contains(line))).collect();
    filter_record_batch(batch, &keep).map_err(|e| LakeError::Internal(e.to_string()))
}

/// Whether a text of a table has one of these names in it, such as the example of a gate that failed.
async fn mentions(now: &Snapshot, def: &TableDef, names: &[String]) -> Result<bool> {
    let texts = def.columns.iter().filter(|c| matches!(c.kind, schema::Kind::Text));
    // Short numbers stand for anything.
    let long: Vec<&String> = names.iter().filter(|name| name.len() >= 5).collect();
    let any: Vec<String> =
        texts.flat_map(|c| long.iter().map(move |name| format!("strpos({}, {}) > 0", c.name, quoted(name)))).collect();
    if any.is_empty() {
        return Ok(false);
    }
    let sql = format!("select count(*) as n from {} where {}", def.full_name(), any.join(" or "));
    Ok(Rows::query(&now.engine, &sql).await?.ints("n")?.first().is_some_and(|n| *n > 0))
}

/// Leaves the marts of shoppers without a row: the next run fills them.
async fn empty_marts(
    now: &Snapshot,
    names: &[String],
    lake: &lake::Lake,
    lock: &lake::LakeLock,
    erased: &mut BTreeMap<String, u64>,
) -> Result<()> {
    let mut empty = Vec::new();
    for def in schema::tables().filter(|def| def.zone == Zone::Marts) {
        let rows = now.lake.table(def).map_or(0, |t| t.rows);
        if rows > 0 && (MARTS.contains(&def.name) || mentions(now, def, names).await?) {
            erased.insert(def.full_name(), rows);
            empty.push((def.name, vec![RecordBatch::new_empty(def.arrow_schema())]));
        }
    }
    lake::write_mart(lake, lock, STAGE, "an erasure", empty).await?;
    Ok(())
}
