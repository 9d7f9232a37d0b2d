//! `sync.toml` in the workspace: which systems are asked, how, as what their records are read, and when by itself.

use super::mirror::Record;
use super::shopify;
use super::when::{Times, When};
use crate::exit::{Exit, Stop};
use crate::pipeline::clocks;
use anyhow::{Context, Result};
use chrono_tz::Tz;
use domain::{Day, Market};
use serde::Deserialize;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Its name in a workspace.
pub(crate) const FILE: &str = "sync.toml";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    source: Vec<RawSource>,
    #[serde(default)]
    schedule: RawSchedule,
}

/// What the server does by itself.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawSchedule {
    /// When sources are asked that say nothing of their own.
    sync: Option<Times>,
    /// When everything is computed.
    run: Option<Times>,
    /// Whose clock times of the day are by; without it, the home market's.
    market: Option<Market>,
    /// The same by its IANA name, for markets with several clocks.
    zone: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSource {
    name: String,
    kind: SourceKind,
    url: String,
    token_env: Option<String>,
    token_file: Option<PathBuf>,
    token_header: Option<String>,
    system: Option<String>,
    page_size: Option<u32>,
    cursor_parameter: Option<String>,
    items: Option<String>,
    next: Option<String>,
    id: Option<String>,
    changed: Option<String>,
    created: Option<String>,
    map: Option<PathBuf>,
    schedule: Option<Times>,
}

/// How a system speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SourceKind {
    /// Shopify's Admin REST interface: orders, as the orders export has them.
    ShopifyOrders,
    /// Any list of JSON objects, read by a mapping file.
    Json,
}

/// A system that is asked.
#[derive(Clone, Debug)]
pub(crate) struct SyncSource {
    pub(crate) name: String,
    pub(crate) kind: SourceKind,
    pub(crate) url: String,
    pub(crate) token_env: Option<String>,
    pub(crate) token_file: Option<PathBuf>,
    pub(crate) token_header: String,
    system: Option<String>,
    page_size: u32,
    cursor_parameter: String,
    items: String,
    next: Option<String>,
    id: String,
    changed: String,
    created: String,
    map: Option<PathBuf>,
    /// When the server asks it by itself.
    pub(crate) when: Option<When>,
}

/// What the file says.
#[derive(Clone, Debug)]
pub(crate) struct SyncFile {
    pub(crate) sources: Vec<SyncSource>,
    /// When the server computes everything by itself.
    pub(crate) run: Option<When>,
    /// The clock that times of the day are by.
    pub(crate) zone: Tz,
}

/// The file of a workspace with this home market.
pub(crate) fn read(root: &Path, home: Option<Market>) -> Result<SyncFile> {
    let path = root.join(FILE);
    let text = std::fs::read_to_string(&path).map_err(|e| {
        let next = format!("write {FILE} as docs/data-in.md shows: one [[source]] a system");
        Stop::error(Exit::Missing, format!("{}: {e}", path.display()), next)
    })?;
    let wrong = |what: String, next: &str| Stop::error(Exit::Usage, format!("{}: {what}", path.display()), next);
    let raw: RawFile = toml::from_str(&text).map_err(|e| wrong(e.to_string().trim_end().to_owned(), "mend it"))?;
    let when = |times: &Option<Times>| {
        let parsed = times.as_ref().map(When::parse).transpose();
        parsed.map(Option::flatten).map_err(|e| {
            let next =
                "write a length such as 30m, 6h or 1d, times of the day such as [\"03:00\", \"15:00\"], or never";
            wrong(format!("a schedule: {e}"), next)
        })
    };
    let (often, run) = (when(&raw.schedule.sync)?, when(&raw.schedule.run)?);
    let mut sources: Vec<SyncSource> = Vec::new();
    for raw in raw.source {
        let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if raw.name.is_empty() || !raw.name.chars().all(fine) || sources.iter().any(|s| s.name == raw.name) {
            return Err(wrong(format!("`name` is `{}`", raw.name), "give each source its own name of a-z, 0-9 and -"));
        }
        if !raw.url.starts_with("https://") && !is_local(&raw.url) {
            return Err(wrong(
                format!("`url` of {} is `{}`", raw.name, raw.url),
                "write an address that begins with https://",
            ));
        }
        let shopify = raw.kind == SourceKind::ShopifyOrders;
        if !shopify && raw.map.is_none() {
            let next = "name a mapping file: `portolan ingest --guess` drafts one from a sample";
            return Err(wrong(format!("{} of kind json has no `map`", raw.name), next));
        }
        let or = |given: Option<String>, shop: &str, other: &str| {
            given.unwrap_or_else(|| if shopify { shop.to_owned() } else { other.to_owned() })
        };
        sources.push(SyncSource {
            token_header: or(raw.token_header, "X-Shopify-Access-Token", "Authorization"),
            cursor_parameter: or(raw.cursor_parameter, "updated_at_min", "updated_since"),
            items: or(raw.items, "orders", ""),
            id: or(raw.id, "id", "id"),
            changed: or(raw.changed, "updated_at", "updated_at"),
            created: or(raw.created, "created_at", "created_at"),
            page_size: raw.page_size.unwrap_or(250),
            map: raw.map.map(|map| root.join(map)),
            name: raw.name,
            kind: raw.kind,
            url: raw.url,
            token_env: raw.token_env,
            token_file: raw.token_file.map(|file| root.join(file)),
            system: raw.system,
            next: raw.next,
            when: if raw.schedule.is_some() { when(&raw.schedule)? } else { often.clone() },
        });
    }
    let by_clock = sources.iter().filter_map(|s| s.when.as_ref()).chain(&run).any(|when| matches!(when, When::At(_)));
    let zone = match (&raw.schedule.zone, raw.schedule.market.or(home)) {
        (Some(name), _) => name.parse().ok(),
        (None, Some(market)) => clocks::zone(market),
        (None, None) => None,
    };
    if zone.is_none() && (by_clock || raw.schedule.zone.is_some()) {
        let next = "name `zone` in [schedule] such as America/New_York, or a `market` that has one clock";
        return Err(wrong("nobody knows by whose clock times of the day are".to_owned(), next));
    }
    Ok(SyncFile { sources, run, zone: zone.unwrap_or(Tz::UTC) })
}

/// A token that goes over this machine alone needs no encryption.
fn is_local(url: &str) -> bool {
    ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"].iter().any(|start| url.starts_with(start))
}

/// The value at a path such as `data.orders`.
fn at<'v>(value: &'v Value, path: &str) -> &'v Value {
    path.split('.').filter(|part| !part.is_empty()).fold(value, |value, part| &value[part])
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(n) => Some(n.to_string()),
        _ => None,
    }
}

impl SyncSource {
    /// The address of the first page of what changed since.
    pub(super) fn first_page(&self, cursor: Option<&str>) -> Result<String> {
        let mut url: reqwest::Url = self.url.parse().with_context(|| format!("the `url` of {}", self.name))?;
        {
            let mut query = url.query_pairs_mut();
            if self.kind == SourceKind::ShopifyOrders {
                query.append_pair("status", "any").append_pair("order", "updated_at asc");
                query.append_pair("limit", &self.page_size.to_string());
            }
            if let Some(cursor) = cursor {
                query.append_pair(&self.cursor_parameter, cursor);
            }
        }
        Ok(url.into())
    }

    /// The records of a page.
    pub(super) fn records(&self, body: &Value) -> Result<Vec<Record>> {
        let wrong = |what: String, next: &str| Stop::error(Exit::BadInput, format!("{}: {what}", self.name), next);
        let items = at(body, &self.items).as_array().ok_or_else(|| {
            wrong(format!("a page has no list at `{}`", self.items), "`items` names the list, such as data.orders")
        })?;
        let record = |item: &Value| {
            let id = text(at(item, &self.id)).ok_or_else(|| {
                wrong(format!("a record has no `{}`: {}", self.id, short(item)), "`id` names what tells records apart")
            })?;
            let changed = text(at(item, &self.changed));
            let created = text(at(item, &self.created)).unwrap_or_default();
            let is_month = created.len() >= 7 && created.is_char_boundary(7) && created.as_bytes()[4] == b'-';
            let month = if is_month { created[..7].to_owned() } else { "undated".to_owned() };
            let body = match self.kind {
                SourceKind::ShopifyOrders => shopify::kept(item),
                SourceKind::Json => item.clone(),
            };
            Ok(Record { id, month, changed, body })
        };
        items.iter().map(record).collect()
    }

    /// The page after this one: the `Link` header's, else the field's; of the configured origin, for the token goes there.
    pub(super) fn next_page(&self, body: &Value, link: Option<&str>, from: &str) -> Result<Option<String>> {
        let next = link.and_then(next_of_link).or_else(|| text(at(body, self.next.as_deref()?)));
        let Some(next) = next else { return Ok(None) };
        let from: reqwest::Url = from.parse().with_context(|| format!("an address of {}", self.name))?;
        let next = from.join(&next).with_context(|| format!("the next page of {}", self.name))?;
        let home: reqwest::Url = self.url.parse().with_context(|| format!("the `url` of {}", self.name))?;
        if next.origin() != home.origin() {
            let what = format!(
                "{}: the next page is on {}, not on the host of `url`",
                self.name,
                next.host_str().unwrap_or("?")
            );
            return Err(Stop::error(Exit::BadInput, what, "the token is sent nowhere else; mend `url`"));
        }
        Ok(Some(next.into()))
    }

    /// The source file of a month: its name and its bytes.
    pub(super) fn file(&self, month: &str, records: &[Record]) -> Result<(String, Vec<u8>)> {
        match self.kind {
            SourceKind::ShopifyOrders => Ok((format!("sync-{}-{month}.csv", self.name), shopify::csv(records)?)),
            SourceKind::Json => {
                let lines = records.iter().map(|r| format!("{}\n", r.body)).collect::<String>();
                Ok((format!("sync-{}-{month}.jsonl", self.name), lines.into_bytes()))
            }
        }
    }

    /// How its files are read.
    pub(super) fn read_options(&self, today: Day) -> Result<intake::ReadOptions> {
        let mut options = intake::ReadOptions::new(today);
        options.system = self.system.clone();
        match &self.map {
            None => options.format = Some(intake::Format::ShopifyOrders),
            Some(path) => {
                let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
                let mapping: intake::Mapping =
                    intake::Mapping::parse(&text).with_context(|| format!("reading {}", path.display()))?;
                options.mapping = Some(mapping);
            }
        }
        Ok(options)
    }
}

fn short(item: &Value) -> String {
    item.to_string().chars().take(80).collect()
}

/// The address of `rel="next"` in a `Link` header (RFC 8288).
fn next_of_link(link: &str) -> Option<String> {
    link.split(',').find_map(|part| {
        let (address, rest) = part.trim().strip_prefix('<')?.split_once('>')?;
        let is_next = rest.split(';').any(|p| p.trim().trim_start_matches("rel=").trim_matches('"') == "next");
        is_next.then(|| address.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_the_links_and_of_no_other_host() {
        let link =
            "<https://a.example/o?page_info=x>; rel=\"previous\", <https://a.example/o?page_info=y>; rel=\"next\"";
        assert_eq!(next_of_link(link).as_deref(), Some("https://a.example/o?page_info=y"));
        assert_eq!(next_of_link("<https://a.example/o>; rel=\"previous\""), None);
        let dir = tempfile::tempdir().unwrap();
        let toml = "[[source]]\nname = \"shop\"\nkind = \"shopify-orders\"\nurl = \"https://a.example/o\"\n";
        std::fs::write(dir.path().join(FILE), toml).unwrap();
        let source = read(dir.path(), None).unwrap().sources.remove(0);
        let next = |link: &str| source.next_page(&Value::Null, Some(link), "https://a.example/o");
        assert_eq!(next(link).unwrap().as_deref(), Some("https://a.example/o?page_info=y"));
        assert!(next("<https://evil.example/o>; rel=\"next\"").is_err());
        assert!(source.first_page(Some("2026-01-01T00:00:00+01:00")).unwrap().contains("updated_at_min=2026-01-01"));
    }

    #[test]
    fn what_is_wrong_in_the_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        for (toml, says) in [
            ("[[source]]\nname = \"A b\"\nkind = \"json\"\nurl = \"https://a.example\"\n", "A b"),
            ("[[source]]\nname = \"a\"\nkind = \"json\"\nurl = \"https://a.example\"\n", "map"),
            ("[[source]]\nname = \"a\"\nkind = \"shopify-orders\"\nurl = \"http://a.example\"\n", "http://a.example"),
            ("[[source]]\nname = \"a\"\nkind = \"shopify\"\nurl = \"https://a.example\"\n", "shopify"),
            ("[schedule]\nrun = \"soon\"\n", "soon"),
            ("[schedule]\nrun = \"03:00\"\n", "whose clock"),
            ("[schedule]\nrun = \"03:00\"\nmarket = \"US\"\n", "whose clock"),
            ("[schedule]\nrun = \"6h\"\nzone = \"Mars/Base\"\n", "whose clock"),
        ] {
            std::fs::write(dir.path().join(FILE), toml).unwrap();
            let said = read(dir.path(), None).unwrap_err().to_string();
            assert!(said.contains(says), "{said}");
        }
    }

    #[test]
    fn a_source_goes_by_the_common_schedule_unless_it_has_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let source = |name: &str, more: &str| {
            format!("[[source]]\nname = \"{name}\"\nkind = \"shopify-orders\"\nurl = \"https://a.example/o\"\n{more}")
        };
        let toml = format!(
            "[schedule]\nsync = \"30m\"\nrun = [\"15:00\", \"03:00\"]\n{}{}{}",
            source("a", ""),
            source("b", "schedule = \"04:30\"\n"),
            source("c", "schedule = \"never\"\n")
        );
        std::fs::write(dir.path().join(FILE), toml).unwrap();
        let file = read(dir.path(), "JP".parse().ok()).unwrap();
        let said = |when: &Option<When>| when.as_ref().map(|w| w.words(file.zone).en);
        let of: Vec<_> = file.sources.iter().map(|s| said(&s.when)).collect();
        let tokyo = Some("daily at 04:30 (Asia/Tokyo)".to_owned());
        assert_eq!(of, [Some("every 30 minutes".to_owned()), tokyo, None]);
        assert_eq!(said(&file.run).as_deref(), Some("daily at 03:00, 15:00 (Asia/Tokyo)"));
    }
}
