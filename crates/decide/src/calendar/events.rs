//! What lies ahead in a market, day by day.

use super::date_rule::{DateRule, Weekday};
use crate::own_file::{Confidence, FileError, Said, Source, day, markets};
use domain::{Day, Market, Window};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Kinds of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// Shops and carriers may be closed.
    PublicHoliday,
    /// People give, eat or dress: a reason to buy, a day off or not.
    Feast,
    /// A sale of platforms and shops.
    SaleDay,
    /// Wages are paid.
    PayDay,
}

impl EventKind {
    /// In words.
    pub fn said(self) -> Said {
        let (en, zh) = match self {
            Self::PublicHoliday => ("public holiday", "公众假期"),
            Self::Feast => ("feast", "节庆"),
            Self::SaleDay => ("sale", "大促"),
            Self::PayDay => ("pay day", "发薪日"),
        };
        Said::new(en, zh)
    }
}

/// Something that recurs in some markets.
#[derive(Clone, Debug, PartialEq)]
pub struct Recurring {
    /// Its name in files.
    pub id: String,
    /// Markets.
    pub markets: Vec<Market>,
    /// When.
    pub rule: DateRule,
    /// How many days it lasts.
    pub days: i32,
    /// Kind.
    pub kind: EventKind,
    /// In words.
    pub said: Said,
    /// First day on which it may fall.
    pub from: Option<Day>,
    /// First day on which it may no longer.
    pub until: Option<Day>,
    /// Who says so.
    pub source: String,
    /// How sure it is.
    pub confidence: Confidence,
}

/// An event on its days.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Name in files: the same each year.
    pub id: String,
    /// Where.
    pub market: Market,
    /// From its first day to the day after its last.
    pub window: Window,
    /// Kind.
    pub kind: EventKind,
    /// In words.
    pub said: Said,
    /// Who says so.
    pub source: String,
    /// How sure it is; moving feasts that depend on sighting are never more than general knowledge.
    pub confidence: Confidence,
}

/// All that recurs.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Calendar {
    /// By id.
    pub recurring: Vec<Recurring>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    event: Vec<RawEvent>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEvent {
    id: String,
    markets: Vec<String>,
    rule: String,
    days: Option<i32>,
    kind: EventKind,
    en: String,
    zh: String,
    from: Option<String>,
    until: Option<String>,
    source: String,
    confidence: Option<Confidence>,
}

impl Calendar {
    /// Holidays, feasts, sale days and pay days of general knowledge.
    ///
    /// # Panics
    /// Never: a test reads the tables that are compiled in.
    pub fn built_in() -> Self {
        let read = |name, text| Self::parse(name, text).expect("the calendar compiled in can be read");
        read("built-in holidays", include_str!("data/holidays.toml"))
            .with(read("built-in sales", include_str!("data/sales.toml")))
    }

    /// A seller's `calendar.toml`. Without `confidence` a row counts as stated.
    ///
    /// # Errors
    /// [`FileError`] naming line, key, value and what would be right.
    pub fn parse(file: &str, text: &str) -> Result<Self, FileError> {
        let source = Source { file, text };
        let raw: RawFile = source.read()?;
        let mut seen = BTreeSet::new();
        let mut recurring = Vec::with_capacity(raw.event.len());
        for (n, raw) in raw.event.into_iter().enumerate() {
            let wrong = |key: &str, right: String| source.wrong("event", n, key, right);
            if !seen.insert(raw.id.clone()) {
                return Err(wrong("id", "an id that no other event has".to_owned()));
            }
            let days = raw.days.unwrap_or(1);
            if !(1..=92).contains(&days) {
                return Err(wrong("days", "from 1 to 92 days".to_owned()));
            }
            let on = |key: &str, text: &Option<String>| {
                text.as_deref().map(day).transpose().map_err(|e| source.wrong("event", n, key, e))
            };
            recurring.push(Recurring {
                markets: markets(&raw.markets).map_err(|e| wrong("markets", e))?,
                rule: DateRule::parse(&raw.rule).map_err(|e| wrong("rule", e))?,
                days,
                kind: raw.kind,
                said: Said::new(raw.en, raw.zh),
                from: on("from", &raw.from)?,
                until: on("until", &raw.until)?,
                source: raw.source,
                confidence: raw.confidence.unwrap_or(Confidence::Stated),
                id: raw.id,
            });
        }
        Ok(Self { recurring })
    }

    /// With a seller's events: an equal id replaces ours.
    #[must_use]
    pub fn with(mut self, own: Self) -> Self {
        self.recurring.retain(|r| own.recurring.iter().all(|o| o.id != r.id));
        self.recurring.extend(own.recurring);
        self.recurring.sort_by(|a, b| a.id.cmp(&b.id));
        self
    }

    /// Events of a market that touch the window, by first day, then kind and id. Pay days on a weekend move to the Friday.
    pub fn events(&self, market: Market, window: Window) -> Vec<Event> {
        let mut events = Vec::new();
        let (first, last) = (window.from.year_month().0 - 1, window.to.year_month().0 + 1);
        for r in self.recurring.iter().filter(|r| r.markets.contains(&market)) {
            for year in first..=last {
                for day in r.rule.days(year) {
                    let day = if r.kind == EventKind::PayDay { workday_before(day) } else { day };
                    let span = Window { from: day, to: day.plus(r.days) };
                    let holds = r.from.is_none_or(|f| f <= day) && r.until.is_none_or(|u| day < u);
                    if holds && span.from < window.to && window.from < span.to {
                        events.push(Event {
                            id: r.id.clone(),
                            market,
                            window: span,
                            kind: r.kind,
                            said: r.said.clone(),
                            source: r.source.clone(),
                            confidence: r.confidence,
                        });
                    }
                }
            }
        }
        events.sort_by(|a, b| {
            let key = |e: &Event| (e.window.from, e.kind, e.window.to);
            key(a).cmp(&key(b)).then_with(|| a.id.cmp(&b.id))
        });
        events
    }
}

/// The day, or the Friday before a weekend.
fn workday_before(day: Day) -> Day {
    match Weekday::of(day) {
        Weekday::Sat => day.plus(-1),
        Weekday::Sun => day.plus(-2),
        Weekday::Mon | Weekday::Tue | Weekday::Wed | Weekday::Thu | Weekday::Fri => day,
    }
}
