//! How the date of a yearly day is written, and which days of a year it means.
//!
//! | text | means |
//! |---|---|
//! | `12-25` | that date |
//! | `thu#4 11`, `mon#-1 05` | the fourth Thursday of November, the last Monday of May |
//! | `not-sun 04-27` | that date, the Saturday before where it is a Sunday |
//! | `mon<05-25`, `sat>06-20` | the last Monday before, the first Saturday on or after a date |
//! | `easter`, `orthodox`, `diwali` | computed, see [`super::reckoning`] |
//! | `rosh`, `hanukkah`, `pesach` | Hebrew feasts |
//! | `cn 01-01`, `kr 08-15`, `vn 01-01` | month and day of the lunisolar year, by the clock of Beijing, Seoul, Hanoi |
//! | `hijri 10-01` | month and day of the Islamic year, once or twice a year |
//! | `sun-cn 15`, `sun-jp 0` | the day on which the Sun reaches a longitude |
//! | `month-end` | the last day of every month; `monthly 25` the 25th of every month |
//!
//! Any of them may end in `+N` or `-N` days.

use super::reckoning::{self, HebrewFeast};
use domain::Day;

/// Days of the week, Monday first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weekday {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl Weekday {
    const NAMES: [(&'static str, Self); 7] = [
        ("mon", Self::Mon),
        ("tue", Self::Tue),
        ("wed", Self::Wed),
        ("thu", Self::Thu),
        ("fri", Self::Fri),
        ("sat", Self::Sat),
        ("sun", Self::Sun),
    ];

    /// Of a day. 1970-01-01 was a Thursday.
    pub fn of(day: Day) -> Self {
        Self::NAMES[(day.0 + 3).rem_euclid(7) as usize].1
    }

    /// The first day on or after `day` that is one.
    pub fn on_or_after(self, day: Day) -> Day {
        day.plus((self as i32 - Self::of(day) as i32).rem_euclid(7))
    }
}

/// Whose clock says when a lunisolar month begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// UTC+8.
    China,
    /// UTC+9.
    Korea,
    /// UTC+7.
    Vietnam,
}

impl Clock {
    const fn hours(self) -> f64 {
        match self {
            Self::China => 8.0,
            Self::Korea => 9.0,
            Self::Vietnam => 7.0,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Base {
    Fixed(u32, u32),
    Nth { nth: i32, weekday: Weekday, month: u32 },
    Before(Weekday, u32, u32),
    OnOrAfter(Weekday, u32, u32),
    Easter,
    Orthodox,
    Diwali,
    Hebrew(HebrewFeast),
    Lunar(Clock, u32, u32),
    Hijri(u32, u32),
    Sun(f64, f64),
    NotSunday(u32, u32),
    Monthly(u32),
    MonthEnd,
}

/// A rule for a date.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DateRule {
    base: Base,
    plus: i32,
}

fn month_day(text: &str) -> Option<(u32, u32)> {
    let (month, day) = text.trim().split_once('-')?;
    let (month, day) = (month.parse().ok()?, day.parse().ok()?);
    (1..=12).contains(&month).then_some(())?;
    (1..=31).contains(&day).then_some((month, day))
}

impl DateRule {
    /// Reads a rule.
    ///
    /// # Errors
    /// What would be right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            "a date such as \"12-25\", \"thu#4 11\", \"mon<05-25\", \"easter-2\", \"cn 01-01\", \"hijri 10-01\""
                .to_owned()
        };
        Self::read(text.trim()).ok_or_else(wrong)
    }

    fn read(text: &str) -> Option<Self> {
        // The days added stand after the last sign that follows a letter or two digits of a date.
        if let Some(base) = Self::base(text) {
            return Some(Self { base, plus: 0 });
        }
        let at = text.rfind(['+', '-'])?;
        let plus: i32 = text[at..].parse().ok()?;
        Some(Self { base: Self::base(text[..at].trim())?, plus })
    }

    fn base(text: &str) -> Option<Base> {
        let weekday = |name: &str| Weekday::NAMES.iter().find(|(n, _)| *n == name).map(|(_, d)| *d);
        let named = match text {
            "easter" => Some(Base::Easter),
            "orthodox" => Some(Base::Orthodox),
            "diwali" => Some(Base::Diwali),
            "rosh" => Some(Base::Hebrew(HebrewFeast::RoshHashanah)),
            "hanukkah" => Some(Base::Hebrew(HebrewFeast::Hanukkah)),
            "pesach" => Some(Base::Hebrew(HebrewFeast::Passover)),
            "month-end" => Some(Base::MonthEnd),
            _ => None,
        };
        if named.is_some() {
            return named;
        }
        if let Some((name, date)) = text.split_once('<') {
            let (month, day) = month_day(date)?;
            return Some(Base::Before(weekday(name)?, month, day));
        }
        if let Some((name, date)) = text.split_once('>') {
            let (month, day) = month_day(date)?;
            return Some(Base::OnOrAfter(weekday(name)?, month, day));
        }
        if let Some((name, rest)) = text.split_once('#') {
            let (nth, month) = rest.split_once(' ')?;
            let (nth, month) = (nth.parse().ok()?, month.parse().ok()?);
            let fits = matches!(nth, -2..=-1 | 1..=5) && (1..=12).contains(&month);
            return fits.then_some(Base::Nth { nth, weekday: weekday(name)?, month });
        }
        if let Some((head, rest)) = text.split_once(' ') {
            let lunar = |clock| month_day(rest).map(|(m, d)| Base::Lunar(clock, m, d));
            return match head {
                "cn" => lunar(Clock::China),
                "kr" => lunar(Clock::Korea),
                "vn" => lunar(Clock::Vietnam),
                "not-sun" => month_day(rest).map(|(m, d)| Base::NotSunday(m, d)),
                "hijri" => month_day(rest).map(|(m, d)| Base::Hijri(m, d)),
                "sun-cn" => rest.parse().ok().map(|degrees: u16| Base::Sun(f64::from(degrees), 8.0)),
                "sun-jp" => rest.parse().ok().map(|degrees: u16| Base::Sun(f64::from(degrees), 9.0)),
                "monthly" => rest.parse().ok().filter(|d| (1..=28).contains(d)).map(Base::Monthly),
                _ => None,
            };
        }
        month_day(text).map(|(m, d)| Base::Fixed(m, d))
    }

    /// The days that it means with their base in `year`: usually one.
    pub fn days(&self, year: i32) -> Vec<Day> {
        let one = |day: Option<Day>| day.into_iter().collect::<Vec<_>>();
        let first_of = |month: u32| Day::from_ymd(year, month, 1);
        let days =
            match self.base {
                Base::Fixed(month, day) => one(Day::from_ymd(year, month, day)),
                Base::Nth { nth, weekday, month } => one(nth_weekday(year, nth, weekday, month)),
                Base::Before(weekday, month, day) => {
                    one(Day::from_ymd(year, month, day).map(|d| weekday.on_or_after(d.plus(-7))))
                }
                Base::OnOrAfter(weekday, month, day) => {
                    one(Day::from_ymd(year, month, day).map(|d| weekday.on_or_after(d)))
                }
                Base::NotSunday(month, day) => one(Day::from_ymd(year, month, day)
                    .map(|d| if Weekday::of(d) == Weekday::Sun { d.plus(-1) } else { d })),
                Base::Easter => one(reckoning::easter(year)),
                Base::Orthodox => one(reckoning::orthodox_easter(year)),
                Base::Diwali => one(reckoning::diwali(year)),
                Base::Hebrew(feast) => one(reckoning::hebrew_feast(year, feast)),
                Base::Lunar(clock, month, day) => one(reckoning::lunar_day(year, month, day, clock.hours())),
                Base::Hijri(month, day) => reckoning::hijri_days(year, month, day),
                Base::Sun(degrees, hours) => one(reckoning::solar_day(year, degrees, hours)),
                Base::Monthly(day) => (1..=12).filter_map(|m| Day::from_ymd(year, m, day)).collect(),
                Base::MonthEnd => (1..=12).filter_map(|m| month_end(year, m, first_of)).collect(),
            };
        days.into_iter().map(|d| d.plus(self.plus)).collect()
    }
}

fn month_end(year: i32, month: u32, first_of: impl Fn(u32) -> Option<Day>) -> Option<Day> {
    let next = if month == 12 { Day::from_ymd(year + 1, 1, 1) } else { first_of(month + 1) };
    next.map(|d| d.plus(-1))
}

fn nth_weekday(year: i32, nth: i32, weekday: Weekday, month: u32) -> Option<Day> {
    let first = Day::from_ymd(year, month, 1)?;
    let end = month_end(year, month, |m| Day::from_ymd(year, m, 1))?;
    let day = if nth > 0 {
        weekday.on_or_after(first).plus(7 * (nth - 1))
    } else {
        weekday.on_or_after(end.plus(-6)).plus(7 * (nth + 1))
    };
    (day >= first && day <= end).then_some(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(rule: &str, year: i32) -> Vec<String> {
        DateRule::parse(rule).unwrap().days(year).iter().map(Day::to_string).collect()
    }

    #[test]
    fn every_form_by_known_dates() {
        for (rule, want) in [
            ("12-25", "2026-12-25"),
            ("thu#4 11", "2026-11-26"),
            ("thu#4 11+1", "2026-11-27"),
            ("mon#-1 05", "2026-05-25"),
            ("mon<05-25", "2026-05-18"),
            ("sat>06-20", "2026-06-20"),
            ("not-sun 11-01", "2026-10-31"),
            ("easter-2", "2026-04-03"),
            ("orthodox+1", "2026-04-13"),
            ("cn 01-01-1", "2026-02-16"),
            ("vn 01-01", "2026-02-17"),
            ("hijri 10-01", "2026-03-20"),
            ("sun-cn 15", "2026-04-05"),
            ("rosh", "2026-09-12"),
        ] {
            assert_eq!(days(rule, 2026), [want], "{rule}");
        }
        assert_eq!(days("monthly 25", 2026).len(), 12);
        assert_eq!(days("month-end", 2028)[1], "2028-02-29");
        assert!(days("mon#5 02", 2026).is_empty() && days("02-29", 2026).is_empty());
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for text in ["", "13-01", "thu#6 11", "xxx#1 02", "easter*2", "cn 01", "hijri", "monthly 31"] {
            assert!(DateRule::parse(text).is_err(), "{text}");
        }
    }
}
