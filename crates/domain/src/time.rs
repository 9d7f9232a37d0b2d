//! Days and windows. Time comes in as a value; nothing here asks what time it is.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A calendar day, counted from 1970-01-01 (Arrow's `Date32`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day(pub i32);

impl Day {
    /// From year, month and day; `None` for a day that does not exist.
    pub fn from_ymd(year: i32, month: u32, day: u32) -> Option<Self> {
        NaiveDate::from_ymd_opt(year, month, day).map(Self::from)
    }

    /// The day of an instant given as microseconds since 1970-01-01T00:00:00Z.
    pub const fn of_micros(micros: i64) -> Self {
        Self(micros.div_euclid(86_400_000_000) as i32)
    }

    /// As a `chrono` date.
    ///
    /// # Panics
    /// Beyond the years ±262,000.
    pub fn date(self) -> NaiveDate {
        NaiveDate::from_epoch_days(self.0).expect("a day within the calendar")
    }

    /// Year and month, for cohorts and seasons: `(2011, 12)`.
    pub fn year_month(self) -> (i32, u32) {
        let date = self.date();
        (date.year(), date.month())
    }

    /// `self` moved by `days`.
    pub const fn plus(self, days: i32) -> Self {
        Self(self.0 + days)
    }

    /// Days from `earlier` to `self`, negative when it lies after.
    pub const fn since(self, earlier: Self) -> i32 {
        self.0 - earlier.0
    }
}

impl From<NaiveDate> for Day {
    fn from(date: NaiveDate) -> Self {
        Self(date.to_epoch_days())
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.date().fmt(f)
    }
}

impl FromStr for Day {
    type Err = chrono::ParseError;
    fn from_str(text: &str) -> Result<Self, chrono::ParseError> {
        text.parse::<NaiveDate>().map(Self::from)
    }
}

impl TryFrom<String> for Day {
    type Error = chrono::ParseError;
    fn try_from(text: String) -> Result<Self, chrono::ParseError> {
        text.parse()
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.to_string()
    }
}

/// From a day (inclusive) to a day (exclusive).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Window {
    /// First day inside.
    pub from: Day,
    /// First day after.
    pub to: Day,
}

impl Window {
    /// Whether `day` lies inside.
    pub fn contains(&self, day: Day) -> bool {
        self.from <= day && day < self.to
    }

    /// Length in days, 0 when empty.
    pub fn days(&self) -> i32 {
        (self.to.0 - self.from.0).max(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_before_the_epoch_is_minus_one() {
        assert_eq!(Day::of_micros(-1), Day(-1));
        assert_eq!(Day::of_micros(0).to_string(), "1970-01-01");
        assert_eq!("2011-12-09".parse::<Day>().unwrap().year_month(), (2011, 12));
    }
}
