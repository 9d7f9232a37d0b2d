//! When something is done by itself: every so often, or at times of the day by a market's clock; and when it is tried again
//! after it failed.

use chrono::{DateTime, Duration, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use serde::Deserialize;
use serve::wire::figure::Words;

/// The first wait after a failure, which doubles with each further one, and the longest.
const FIRST_WAIT: Duration = Duration::minutes(1);
const LONGEST_WAIT: Duration = Duration::hours(1);

/// As it is written: `"30m"`, `"03:00"`, `["03:00", "15:00"]`, `"never"`.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Times {
    One(String),
    Many(Vec<String>),
}

/// When it is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// So long after it began last.
    Every(Duration),
    /// At these times of the day, the earliest first.
    At(Vec<NaiveTime>),
}

impl When {
    /// What is written; `None` for `never`.
    pub(super) fn parse(times: &Times) -> Result<Option<Self>, String> {
        let texts = match times {
            Times::One(text) if text == "never" => return Ok(None),
            Times::One(text) => std::slice::from_ref(text),
            Times::Many(texts) => texts.as_slice(),
        };
        if let [text] = texts
            && let Some(every) = length(text)
        {
            return Ok(Some(Self::Every(every)));
        }
        let time = |text: &String| {
            NaiveTime::parse_from_str(text, "%H:%M").map_err(|_| format!("`{text}` is no time and no time of the day"))
        };
        let mut at = texts.iter().map(time).collect::<Result<Vec<_>, _>>()?;
        at.sort();
        at.dedup();
        if at.is_empty() { Err("no time is named".to_owned()) } else { Ok(Some(Self::At(at))) }
    }

    /// The first moment after `since` at which it is due, by the clock of `zone`. A time that a change of clocks leaves out is an
    /// hour later that day; one that comes twice is the first.
    pub(crate) fn after(&self, since: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
        let times = match self {
            Self::Every(length) => return since + *length,
            Self::At(times) => times,
        };
        let first = since.with_timezone(&zone).date_naive();
        let mut days = first.iter_days().take(3).flat_map(|day| times.iter().map(move |time| day.and_time(*time)));
        let instant = |local: chrono::NaiveDateTime| {
            let found = zone.from_local_datetime(&local).earliest();
            found.or_else(|| zone.from_local_datetime(&(local + Duration::hours(1))).earliest())
        };
        let found = days.find_map(|local| instant(local).map(|t| t.with_timezone(&Utc)).filter(|t| *t > since));
        // Every day has each time, or the hour after it.
        found.unwrap_or(since + Duration::days(1))
    }

    /// When it is due next, from what is known of the last time; `begun` is since when anybody looks at the clock.
    pub(crate) fn next(&self, last: Option<&Last>, begun: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
        match (last, self) {
            // A stop in the middle says nothing of the system: the first time it is asked again at once.
            (Some(last), _) if last.was_stopped && last.failures <= 1 => last.at,
            (Some(last), _) if last.failures > 0 => last.at + wait(last.failures),
            (Some(last), _) => self.after(last.at, zone),
            (None, Self::Every(_)) => begun,
            (None, Self::At(_)) => self.after(begun, zone),
        }
    }

    /// In words, such as `every 30 minutes`.
    pub(crate) fn words(&self, zone: Tz) -> Words {
        match self {
            Self::Every(length) => {
                let seconds = length.num_seconds();
                let units = [
                    (86_400, "day", "days", "天"),
                    (3_600, "hour", "hours", "小时"),
                    (60, "minute", "minutes", "分钟"),
                ];
                let fits = units.into_iter().find(|(unit, ..)| seconds % unit == 0);
                let (unit, one, many, zh) = fits.unwrap_or((1, "second", "seconds", "秒"));
                let n = seconds / unit;
                let en = if n == 1 { format!("every {one}") } else { format!("every {n} {many}") };
                Words::new(en, format!("每 {n} {zh}"))
            }
            Self::At(times) => {
                let times: Vec<String> = times.iter().map(|time| time.format("%H:%M").to_string()).collect();
                let zone = zone.name();
                Words::new(
                    format!("daily at {} ({zone})", times.join(", ")),
                    format!("每天 {}({zone})", times.join("、")),
                )
            }
        }
    }
}

/// What is known of the last time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Last {
    /// When it began.
    pub(crate) at: DateTime<Utc>,
    /// How often it failed in a row; 0 where it ended well.
    pub(crate) failures: u32,
    /// It did not come to an end.
    pub(crate) was_stopped: bool,
}

/// How long after the beginning of the last try the next one follows.
fn wait(failures: u32) -> Duration {
    FIRST_WAIT * 2_i32.pow(failures.saturating_sub(1).min(10)).min(LONGEST_WAIT.num_minutes() as i32)
}

/// A length such as `30m`; at least a second.
fn length(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let n: u32 = number.parse().ok().filter(|n| (1..=100_000).contains(n))?;
    let unit = match unit {
        "s" => Duration::seconds(1),
        "m" => Duration::minutes(1),
        "h" => Duration::hours(1),
        "d" => Duration::days(1),
        _ => return None,
    };
    Some(unit * i32::try_from(n).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn when(texts: &[&str]) -> When {
        When::parse(&Times::Many(texts.iter().map(|t| (*t).to_owned()).collect())).unwrap().unwrap()
    }

    #[test]
    fn a_time_of_the_day_is_by_the_clock_of_the_market_also_where_clocks_change() {
        let berlin = Tz::Europe__Berlin;
        let daily = when(&["15:00", "02:30"]);
        assert_eq!(daily.after(at("2026-07-01T00:00:00Z"), berlin), at("2026-07-01T00:30:00Z"));
        assert_eq!(daily.after(at("2026-07-01T00:30:00Z"), berlin), at("2026-07-01T13:00:00Z"));
        assert_eq!(daily.after(at("2026-01-01T14:00:00Z"), berlin), at("2026-01-02T01:30:00Z"));
        // 29 March 2026 has no 02:30 in Berlin, 25 October has two.
        assert_eq!(daily.after(at("2026-03-28T20:00:00Z"), berlin), at("2026-03-29T01:30:00Z"));
        assert_eq!(daily.after(at("2026-10-24T20:00:00Z"), berlin), at("2026-10-25T00:30:00Z"));
        assert_eq!(daily.after(at("2026-10-25T00:30:00Z"), berlin), at("2026-10-25T14:00:00Z"));
    }

    #[test]
    fn what_failed_is_tried_again_ever_later_and_at_least_once_an_hour() {
        let (every, begun) = (when(&["6h"]), at("2026-01-01T00:00:00Z"));
        let next = |failures| {
            let last = Last { at: begun, failures, was_stopped: false };
            (every.next(Some(&last), begun, Tz::UTC) - begun).num_minutes()
        };
        let stopped = |failures| every.next(Some(&Last { at: begun, failures, was_stopped: true }), begun, Tz::UTC);
        assert_eq!([1, 2].map(|n| (stopped(n) - begun).num_minutes()), [0, 2], "stopped in the middle");
        assert_eq!([0, 1, 2, 3, 7, 40].map(next), [360, 1, 2, 4, 60, 60]);
        assert_eq!(every.next(None, begun, Tz::UTC), begun, "never asked: at once");
        assert_eq!(when(&["03:00"]).next(None, begun, Tz::UTC), at("2026-01-01T03:00:00Z"), "at its time");
    }

    #[test]
    fn what_is_written_is_read_or_named() {
        let parse = |text: &str| When::parse(&Times::One(text.to_owned()));
        assert_eq!(parse("90s"), Ok(Some(When::Every(Duration::seconds(90)))));
        assert_eq!(parse("never"), Ok(None));
        for wrong in ["", "m", "0m", "-1h", "25:00", "soon", "30 m", "½h"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert!(When::parse(&Times::Many(Vec::new())).is_err());
        let said = |texts: &[&str]| when(texts).words(Tz::Asia__Tokyo);
        assert_eq!(said(&["90m"]), Words::new("every 90 minutes", "每 90 分钟"));
        assert_eq!(said(&["24h"]), Words::new("every day", "每 1 天"));
        assert_eq!(said(&["03:00"]), Words::new("daily at 03:00 (Asia/Tokyo)", "每天 03:00(Asia/Tokyo)"));
    }
}
