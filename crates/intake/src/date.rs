//! Dates as exports write them, read to an instant in UTC.
//!
//! Read without a question: ISO 8601 / RFC 3339 (`2011-01-05`, `2011-01-05 14:44:00 +0100`,
//! `2011-01-05T14:44:00.250Z`), `20110105`, `5 Jan 2011`, seconds or milliseconds since 1970, and
//! `5.1.2011` (a date with dots has the day first). `1/5/2011` is a question: the evidence of the
//! whole column answers it, and where two answers contradict each other the ambiguous dates are
//! rejected under the rule `date_format` and never guessed at.

use domain::Day;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// Which number of `1/5/2011` is the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DateOrder {
    /// 1 May.
    DayFirst,
    /// 5 January.
    MonthFirst,
}

impl DateOrder {
    /// `day-first` or `month-first`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "day-first" => Some(Self::DayFirst),
            "month-first" => Some(Self::MonthFirst),
            _ => None,
        }
    }

    /// `day-first` or `month-first`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DayFirst => "day-first",
            Self::MonthFirst => "month-first",
        }
    }
}

/// How the dates of a file are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DateParams {
    /// Order of dates with slashes; `None` rejects those that can be read in two ways.
    pub order: Option<DateOrder>,
    /// Minutes east of Greenwich of times without a zone.
    pub offset_minutes: i32,
}

/// Why a text is no date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateFault {
    /// Not the shape of a date.
    NotADate,
    /// The shape of a date, but no such day or hour: 2011-13-45.
    Impossible,
    /// Two ways to read it and nothing to choose by, or the other way than the rest of the file.
    Ambiguous,
}

impl DateFault {
    /// Rule name for the reject.
    pub const fn rule(self) -> &'static str {
        match self {
            Self::NotADate => "not_a_date",
            Self::Impossible => "impossible_date",
            Self::Ambiguous => "date_format",
        }
    }

    /// What would be right.
    pub const fn expected(self) -> &'static str {
        match self {
            Self::NotADate => "a date such as 2011-01-05 14:44:00",
            Self::Impossible => "a day of the calendar and a time of the day",
            Self::Ambiguous => "one date order in the whole file, best 2011-01-05",
        }
    }
}

/// Microseconds since 1970-01-01T00:00:00Z.
///
/// # Errors
/// [`DateFault`] says whether the text, the day or the order is the matter.
#[inline]
pub fn instant(text: &str, params: DateParams) -> Result<i64, DateFault> {
    let bytes = text.as_bytes();
    // What nearly every export writes, without a second look: 2011-01-05 14:44:00.
    if bytes.len() == 19
        && bytes[4] == b'-'
        && bytes[7] == b'-'
        && (bytes[10] == b' ' || bytes[10] == b'T')
        && bytes[13] == b':'
        && bytes[16] == b':'
        && let (Some(century), Some(year), Some(month), Some(day), Some(h), Some(m), Some(s)) =
            (two(bytes, 0), two(bytes, 2), two(bytes, 5), two(bytes, 8), two(bytes, 11), two(bytes, 14), two(bytes, 17))
    {
        let days = days_of(i64::from(century * 100 + year), month, day).ok_or(DateFault::Impossible)?;
        let time = time_of(h, m, s).ok_or(DateFault::Impossible)?;
        return Ok(days * DAY + time - i64::from(params.offset_minutes) * 60 * SECOND);
    }
    slow(text.trim(), params)
}

/// The calendar day of a date with or without a time; the time and its zone are ignored.
///
/// # Errors
/// As [`instant`].
pub fn day(text: &str, params: DateParams) -> Result<Day, DateFault> {
    let text = text.trim();
    let split = text.find([' ', 'T']).filter(|_| text.starts_with(|c: char| c.is_ascii_digit()));
    let date_only = split.map_or(text, |at| &text[..at]);
    let alone = instant(date_only, DateParams { offset_minutes: 0, ..params });
    match alone {
        Ok(micros) => Ok(Day::of_micros(micros)),
        Err(DateFault::NotADate) => instant(text, DateParams { offset_minutes: 0, ..params }).map(Day::of_micros),
        Err(fault) => Err(fault),
    }
}

#[inline]
fn two(bytes: &[u8], at: usize) -> Option<u32> {
    let (a, b) = (bytes[at].wrapping_sub(b'0'), bytes[at + 1].wrapping_sub(b'0'));
    if a < 10 && b < 10 { Some(u32::from(a) * 10 + u32::from(b)) } else { None }
}

/// Days since 1970-01-01, proleptic Gregorian; H. Hinnant, "chrono-compatible low-level date
/// algorithms", 2013. `None` where there is no such day.
fn days_of(year: i64, month: u32, day: u32) -> Option<i64> {
    const LENGTH: [u32; 13] = [0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if !(1..=12).contains(&month) || day == 0 || day > LENGTH[month as usize] || (month == 2 && day == 29 && !leap) {
        return None;
    }
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let of_era = shifted.rem_euclid(400);
    let of_year = i64::from((153 * ((month + 9) % 12) + 2) / 5 + day - 1);
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

fn time_of(hour: u32, minute: u32, second: u32) -> Option<i64> {
    // A leap second counts as the second after.
    let fits = hour < 24 && minute < 60 && second <= 60;
    fits.then(|| (i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second)) * SECOND)
}

/// A date with its parts in order of writing.
struct Parts<'t> {
    numbers: [u32; 3],
    /// Digits of the first part: four mean a year.
    first_digits: usize,
    last_digits: usize,
    separator: u8,
    rest: &'t str,
}

fn parts(text: &str) -> Option<Parts<'_>> {
    let bytes = text.as_bytes();
    let (mut at, mut numbers, mut digits, mut separator) = (0, [0; 3], [0; 3], 0);
    for i in 0..3 {
        let start = at;
        while at < bytes.len() && bytes[at].is_ascii_digit() && at - start < 4 {
            numbers[i] = numbers[i] * 10 + u32::from(bytes[at] - b'0');
            at += 1;
        }
        digits[i] = at - start;
        if digits[i] == 0 {
            return None;
        }
        if i < 2 {
            let mark = *bytes.get(at)?;
            if !matches!(mark, b'-' | b'/' | b'.') || (i == 1 && mark != separator) {
                return None;
            }
            separator = mark;
            at += 1;
        }
    }
    Some(Parts { numbers, first_digits: digits[0], last_digits: digits[2], separator, rest: &text[at..] })
}

fn slow(text: &str, params: DateParams) -> Result<i64, DateFault> {
    let Some(parts) = parts(text) else { return other_shapes(text, params) };
    let [a, b, c] = parts.numbers;
    let (year, month, day) = if parts.first_digits == 4 {
        (a, b, c)
    } else {
        let year = match parts.last_digits {
            4 => c,
            2 => 2000 + c,
            _ => return Err(DateFault::NotADate),
        };
        let order = match parts.separator {
            b'.' => DateOrder::DayFirst,
            _ if a == b => DateOrder::DayFirst,
            _ => match (params.order, a > 12, b > 12) {
                (_, true, true) => return Err(DateFault::Impossible),
                (Some(order), _, _) => order,
                (None, true, false) => DateOrder::DayFirst,
                (None, false, true) => DateOrder::MonthFirst,
                (None, false, false) => return Err(DateFault::Ambiguous),
            },
        };
        match order {
            DateOrder::DayFirst if b > 12 && a <= 12 && parts.separator != b'.' => return Err(DateFault::Ambiguous),
            DateOrder::MonthFirst if a > 12 && b <= 12 => return Err(DateFault::Ambiguous),
            DateOrder::DayFirst => (year, b, a),
            DateOrder::MonthFirst => (year, a, b),
        }
    };
    let days = days_of(i64::from(year), month, day).ok_or(DateFault::Impossible)?;
    Ok(days * DAY + clock(parts.rest, params)?)
}

/// The part behind the date: nothing, or a time with an optional zone. Microseconds in UTC.
fn clock(rest: &str, params: DateParams) -> Result<i64, DateFault> {
    let local = -i64::from(params.offset_minutes) * 60 * SECOND;
    let rest = rest.strip_prefix(['T', 't', ',']).unwrap_or(rest).trim();
    if rest.is_empty() {
        return Ok(local);
    }
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != ':' && c != '.').unwrap_or(rest.len());
    let (time, mut zone) = (&rest[..end], rest[end..].trim());
    let mut fields = time.split(':');
    let mut field = || fields.next().map_or(Ok(None), |f| whole(f, 2).map(Some).ok_or(DateFault::NotADate));
    let hour = field()?.ok_or(DateFault::NotADate)?;
    let minute = field()?.ok_or(DateFault::NotADate)?;
    let (second, fraction) = match fields.next() {
        None => (0, 0),
        Some(text) => {
            let (whole_part, fraction) = text.split_once('.').unwrap_or((text, ""));
            let second = whole(whole_part, 2).ok_or(DateFault::NotADate)?;
            (second, fraction_micros(fraction).ok_or(DateFault::NotADate)?)
        }
    };
    let half = zone.get(..2).map(str::to_ascii_uppercase);
    let hour = match half.as_deref() {
        Some("AM" | "PM") if !(1..=12).contains(&hour) => return Err(DateFault::Impossible),
        Some(word @ ("AM" | "PM")) => {
            zone = zone[2..].trim_start();
            hour % 12 + if word == "PM" { 12 } else { 0 }
        }
        _ => hour,
    };
    let shift = match zone {
        "" => local,
        "Z" | "z" | "UTC" | "GMT" => 0,
        _ => zone_shift(zone).ok_or(DateFault::NotADate)?,
    };
    Ok(time_of(hour, minute, second).ok_or(DateFault::Impossible)? + fraction + shift)
}

fn whole(text: &str, most: usize) -> Option<u32> {
    let digits = !text.is_empty() && text.len() <= most && text.bytes().all(|b| b.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

fn fraction_micros(text: &str) -> Option<i64> {
    if text.len() > 9 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let six = format!("{text:0<6}");
    six[..6].parse().ok()
}

/// Microseconds to add for `+02:00`, `-0500`, `+08`.
fn zone_shift(zone: &str) -> Option<i64> {
    let zone = zone.strip_prefix("UTC").or_else(|| zone.strip_prefix("GMT")).unwrap_or(zone).trim();
    let (sign, digits) = match zone.as_bytes().first()? {
        b'+' => (-1, &zone[1..]),
        b'-' => (1, &zone[1..]),
        _ => return None,
    };
    let digits: String = digits.chars().filter(|c| *c != ':').collect();
    let (hours, minutes) = match digits.len() {
        2 => (whole(&digits, 2)?, 0),
        4 if digits.is_ascii() => (whole(&digits[..2], 2)?, whole(&digits[2..], 2)?),
        _ => return None,
    };
    (hours <= 14 && minutes < 60).then(|| sign * (i64::from(hours) * 60 + i64::from(minutes)) * 60 * SECOND)
}

/// `20110105`, seconds or milliseconds since 1970, and dates with an English month name.
fn other_shapes(text: &str, params: DateParams) -> Result<i64, DateFault> {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        let number: i64 = text.parse().map_err(|_| DateFault::NotADate)?;
        return match text.len() {
            8 => {
                let days = days_of(number / 10_000, (number / 100 % 100) as u32, (number % 100) as u32);
                Ok(days.ok_or(DateFault::Impossible)? * DAY + clock("", params)?)
            }
            10 => Ok(number * SECOND),
            13 => Ok(number * 1000),
            _ => Err(DateFault::NotADate),
        };
    }
    named_month(text, params)
}

fn named_month(text: &str, params: DateParams) -> Result<i64, DateFault> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    if !text.is_ascii() {
        return Err(DateFault::NotADate);
    }
    let mut words = text.splitn(4, [' ', '-', ',']).filter(|w| !w.is_empty());
    let (a, b) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let month_of = |w: &str| {
        let head = w.get(..3)?.to_ascii_lowercase();
        w.bytes().all(|b| b.is_ascii_alphabetic()).then_some(())?;
        MONTHS.iter().position(|m| *m == head).map(|i| i as u32 + 1)
    };
    let (month, day) = match (month_of(a), month_of(b)) {
        (Some(month), None) => (month, b),
        (None, Some(month)) => (month, a),
        _ => return Err(DateFault::NotADate),
    };
    let day = whole(day, 2).ok_or(DateFault::NotADate)?;
    let rest = words.collect::<Vec<_>>().join(" ");
    let (year, time) = rest.trim_start().split_at_checked(4).ok_or(DateFault::NotADate)?;
    let year = whole(year, 4).ok_or(DateFault::NotADate)?;
    let days = days_of(i64::from(year), month, day).ok_or(DateFault::Impossible)?;
    Ok(days * DAY + clock(time, params)?)
}

/// What the dates of a column say about their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Evidence {
    /// Dates with a first number above 12.
    pub(crate) day_first: u64,
    /// Dates with a second number above 12.
    pub(crate) month_first: u64,
    /// Dates that can be read in both ways.
    pub(crate) open: u64,
    /// The first of those, with its line.
    pub(crate) example: Option<(u64, String)>,
}

impl Evidence {
    /// Looks at one date.
    pub(crate) fn see(&mut self, text: &str, line: u64) {
        let Some(parts) = parts(text.trim()) else { return };
        if parts.first_digits == 4 || parts.separator == b'.' {
            return;
        }
        match (parts.numbers[0] > 12, parts.numbers[1] > 12) {
            (true, true) => {}
            (true, false) => self.day_first += 1,
            (false, true) => self.month_first += 1,
            (false, false) if parts.numbers[0] == parts.numbers[1] => {}
            (false, false) => {
                self.open += 1;
                self.example.get_or_insert_with(|| (line, text.to_owned()));
            }
        }
    }

    /// Whether there are ambiguous dates and nothing yet that decides.
    pub(crate) fn undecided(&self) -> bool {
        self.open > 0 && self.day_first == 0 && self.month_first == 0
    }

    /// The order, where at least 99 of 100 telling dates agree on it.
    pub(crate) fn order(&self) -> Option<DateOrder> {
        let telling = self.day_first + self.month_first;
        if telling == 0 {
            return None;
        }
        if self.day_first * 100 >= telling * 99 {
            Some(DateOrder::DayFirst)
        } else if self.month_first * 100 >= telling * 99 {
            Some(DateOrder::MonthFirst)
        } else {
            None
        }
    }

    /// A note where the file contradicts itself.
    pub(crate) fn note(&self, column: &str) -> Option<String> {
        (self.day_first > 0 && self.month_first > 0).then(|| {
            let Self { day_first, month_first, .. } = self;
            let policy = match self.order() {
                Some(order) => format!("read {}, the others are rejected", order.name()),
                None => "dates that fit both are rejected".to_owned(),
            };
            format!(
                "column `{column}`: {day_first} dates only fit day first and {month_first} only month first; {policy}"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const UTC: DateParams = DateParams { order: None, offset_minutes: 0 };

    fn shown(text: &str, params: DateParams) -> String {
        match instant(text, params) {
            Ok(micros) => {
                chrono::DateTime::from_timestamp_micros(micros).unwrap().format("%Y-%m-%dT%H:%M:%S%.fZ").to_string()
            }
            Err(fault) => fault.rule().to_owned(),
        }
    }

    #[test]
    fn every_way_of_writing_that_asks_no_question_is_read() {
        for (text, value) in [
            ("2011-01-05", "2011-01-05T00:00:00Z"),
            ("2011-01-05 14:44:00", "2011-01-05T14:44:00Z"),
            ("2011-01-05T14:44:00Z", "2011-01-05T14:44:00Z"),
            ("2011-01-05T14:44:00.250Z", "2011-01-05T14:44:00.250Z"),
            ("2025-10-07 09:50:26 +0200", "2025-10-07T07:50:26Z"),
            ("2025-10-07T01:50:26+08:00", "2025-10-06T17:50:26Z"),
            ("2025-10-07 09:50 -05", "2025-10-07T14:50:00Z"),
            ("2011/1/5 8:26", "2011-01-05T08:26:00Z"),
            ("5.1.2011 8:26", "2011-01-05T08:26:00Z"),
            ("05.01.11", "2011-01-05T00:00:00Z"),
            ("20110105", "2011-01-05T00:00:00Z"),
            ("1294238640", "2011-01-05T14:44:00Z"),
            ("1294238640000", "2011-01-05T14:44:00Z"),
            ("5 Jan 2011", "2011-01-05T00:00:00Z"),
            ("January 5, 2011 2:44 PM", "2011-01-05T14:44:00Z"),
            ("13/1/2011", "2011-01-13T00:00:00Z"),
            ("1/13/2011 12:05 AM", "2011-01-13T00:05:00Z"),
            ("5/5/2011", "2011-05-05T00:00:00Z"),
        ] {
            assert_eq!(shown(text, UTC), value, "{text}");
        }
    }

    #[test]
    fn what_is_no_date_says_why() {
        for (text, rule) in [
            ("2011-13-45 15:00:00", "impossible_date"),
            ("2011-02-29", "impossible_date"),
            ("2011-01-05 25:00:00", "impossible_date"),
            ("31/31/2011", "impossible_date"),
            ("1/5/2011", "date_format"),
            ("yesterday", "not_a_date"),
            ("", "not_a_date"),
            ("12.75", "not_a_date"),
            ("2011-01-05 noon", "not_a_date"),
        ] {
            assert_eq!(shown(text, UTC), rule, "{text}");
        }
    }

    #[test]
    fn slashes_follow_the_column() {
        let day = DateParams { order: Some(DateOrder::DayFirst), ..UTC };
        let month = DateParams { order: Some(DateOrder::MonthFirst), ..UTC };
        assert_eq!(shown("1/5/2011 8:26", day), "2011-05-01T08:26:00Z");
        assert_eq!(shown("1/5/2011 8:26", month), "2011-01-05T08:26:00Z");
        // A date of the other order in a file that has one is rejected, not turned round.
        assert_eq!(shown("1/13/2011", day), "date_format");
        assert_eq!(shown("13/1/2011", month), "date_format");
    }

    #[test]
    fn a_time_without_a_zone_is_local_and_a_day_ignores_zones() {
        let china = DateParams { order: None, offset_minutes: 480 };
        assert_eq!(shown("2011-01-05 01:00:00", china), "2011-01-04T17:00:00Z");
        assert_eq!(shown("2011-01-05 01:00:00Z", china), "2011-01-05T01:00:00Z");
        assert_eq!(day("2011-01-05T01:00:00+08:00", china).unwrap().to_string(), "2011-01-05");
        assert_eq!(day("5 Jan 2011", UTC).unwrap().to_string(), "2011-01-05");
    }

    #[test]
    fn one_telling_date_decides_and_a_contradiction_does_not() {
        let order = |texts: &[&str]| {
            let mut evidence = Evidence::default();
            texts.iter().for_each(|t| evidence.see(t, 2));
            (evidence.order(), evidence.undecided())
        };
        assert_eq!(order(&["1/5/2011", "13/5/2011"]), (Some(DateOrder::DayFirst), false));
        assert_eq!(order(&["1/5/2011", "1/31/2011"]), (Some(DateOrder::MonthFirst), false));
        assert_eq!(order(&["1/5/2011"]), (None, true));
        assert_eq!(order(&["13/1/2011", "1/13/2011", "1/5/2011"]), (None, false));
        assert_eq!(order(&["2011-01-05", "5.1.2011"]), (None, false));
    }

    proptest! {
        #[test]
        fn days_agree_with_the_calendar_of_chrono(days in -700_000_i32..2_900_000) {
            use chrono::Datelike;
            let date = Day(days).date();
            prop_assert_eq!(days_of(i64::from(date.year()), date.month(), date.day()), Some(i64::from(days)));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,30}") {
            let _ = (instant(&text, UTC), day(&text, UTC));
        }

        #[test]
        fn nearly_dates_do_not_panic(text in "[0-9/:. TZ+APMan-]{0,25}") {
            let _ = (instant(&text, UTC), day(&text, UTC));
            Evidence::default().see(&text, 1);
        }
    }
}
