//! Calendars other than the Gregorian one: where a day of theirs falls.
//!
//! - Chinese, Korean, Vietnamese: months begin on the day of the new moon at the market's own clock (UTC+8, +9, +7, which is
//!   why Tết may fall a day apart from the Spring Festival); the month with the winter solstice is the 11th; of 13 months
//!   between two of them the first without a principal term is a leap month. Source: H. Aslaksen, "The mathematics of the
//!   Chinese calendar", 2010. Computed and not taken from a library, because none at hand knows the Vietnamese clock.
//! - Islamic, as Umm al-Qura reckons it: the month begins the evening on which, at Mecca, the new moon is before sunset and
//!   the Moon sets after the Sun, else one day later. Countries that watch the sky may differ by a day: verify.
//! - Hebrew: arithmetic (Dershowitz & Reingold, "Calendrical Calculations").
//! - Easter: Gauss's method in the form of Meeus, chapter 8, Gregorian and Julian.
//! - Diwali: the first evening (17:45 in India) of the last lunar day before the new moon that follows the Sun's entry
//!   into the sidereal Libra.
//!
//! Checked against `lunardate` 0.3, `hijridate` 2.6, `convertdate` 2.5 and `dateutil`: of four lunisolar feasts in 1991 to 2069 one
//! day of 316 differs (2057), of the two Islamic feasts in 2003 to 2069 one of 138 (2063), of Rosh Hashanah, Passover and Orthodox
//! Easter none.
//!
//! Cost: some hundred sines a day asked.

use super::astronomy::{EPOCH, lunation, moon, moon_is_up, new_moon, sun_longitude, sunset};
use domain::Day;

/// Mecca, degrees north and east.
const MECCA: (f64, f64) = (21.4225, 39.8262);

/// Local date of an instant, `hours` east of Greenwich.
fn local_day(jd: f64, hours: f64) -> i32 {
    (jd + hours / 24.0 - EPOCH).floor() as i32
}

/// Instant at which a local day begins.
fn midnight(day: i32, hours: f64) -> f64 {
    EPOCH + f64::from(day) - hours / 24.0
}

fn ymd(year: i32, month: u32, day: u32) -> Option<i32> {
    Day::from_ymd(year, month, day).map(|d| d.0)
}

/// The day on which the Sun reaches a longitude in a year, by a clock `hours` east of Greenwich.
pub fn solar_day(year: i32, longitude: f64, hours: f64) -> Option<Day> {
    // The Sun is at 280° at the start of a year and gains a degree a day: within three days of this guess.
    let guess = ymd(year, 1, 1)? + (((longitude - 280.0).rem_euclid(360.0)) * 365.2422 / 360.0) as i32;
    let before = |day: i32| (sun_longitude(midnight(day, hours)) - longitude).rem_euclid(360.0) > 180.0;
    (guess - 4..guess + 5).find(|&day| before(day) && !before(day + 1)).map(Day)
}

/// First days of the months from the 11th of the year before to the 11th of `year`, both included, and whether each is a leap
/// month.
fn lunar_months(year: i32, hours: f64) -> Option<Vec<(i32, bool)>> {
    let eleventh = |year: i32| {
        let solstice = solar_day(year, 270.0, hours)?.0;
        let k = lunation(midnight(solstice, hours));
        (k - 1..=k + 1).rev().find(|&k| local_day(new_moon(k), hours) <= solstice)
    };
    let (from, to) = (eleventh(year - 1)?, eleventh(year)?);
    let starts: Vec<i32> = (from..=to).map(|k| local_day(new_moon(k), hours)).collect();
    let term = |day: i32| (sun_longitude(midnight(day, hours)) / 30.0).floor() as i32;
    let leap = (starts.len() == 14).then(|| (1..13).find(|&i| term(starts[i]) == term(starts[i + 1]))).flatten();
    Some(starts.iter().enumerate().map(|(i, &day)| (day, Some(i) == leap)).collect())
}

/// A day of the lunisolar year that begins in `year`, by a clock `hours` east of Greenwich; leap months are never meant.
pub fn lunar_day(year: i32, month: u32, day: u32, hours: f64) -> Option<Day> {
    let (sui, nth) = match month {
        1..=10 => (year, month + 1),
        11 | 12 => (year + 1, month - 11),
        _ => return None,
    };
    let months = lunar_months(sui, hours)?;
    let start = months.iter().filter(|(_, leap)| !leap).nth(nth as usize)?.0;
    Some(Day(start + i32::try_from(day).ok()? - 1))
}

/// First day of the Islamic month that belongs to a new moon.
fn hijri_month_start(lunation: i32) -> i32 {
    let conjunction = new_moon(lunation);
    let day = local_day(conjunction, 3.0);
    let evening = sunset(day, MECCA);
    if conjunction < evening && moon_is_up(evening, MECCA) { day + 1 } else { day + 2 }
}

/// The new moon of Muharram 1445, whose first day was 2023-07-19.
const MUHARRAM_1445: i32 = 291;

/// Days of `year` on which an Islamic day falls: none, one or two, because the Islamic year is 11 days shorter.
pub fn hijri_days(year: i32, month: u32, day: u32) -> Vec<Day> {
    let guess = (f64::from(year) - 622.0) * 33.0 / 32.0;
    let offset = i32::try_from(month).unwrap_or(1) - 1;
    let start = |hijri: i32| hijri_month_start(MUHARRAM_1445 + (hijri - 1445) * 12 + offset);
    let days = (guess as i32 - 1..=guess as i32 + 2).map(|h| Day(start(h) + i32::try_from(day).unwrap_or(1) - 1));
    days.filter(|d| d.year_month().0 == year).collect()
}

/// Days since 1970 of 1 Tishri of a Hebrew year.
fn tishri(year: i32) -> i32 {
    let elapsed = |year: i32| {
        let months = (235 * i64::from(year) - 234).div_euclid(19);
        let parts = 12_084 + 13_753 * months;
        let day = 29 * months + parts.div_euclid(25_920);
        if (3 * (day + 1)).rem_euclid(7) < 3 { day + 1 } else { day }
    };
    let (before, this, after) = (elapsed(year - 1), elapsed(year), elapsed(year + 1));
    let delay = if after - this == 356 {
        2
    } else if this - before == 382 {
        1
    } else {
        0
    };
    // The first day of the Hebrew era is day −1,373,427 of the common era, whose day 719,163 is 1970-01-01.
    (this + delay - 1_373_427 - 719_163) as i32
}

/// Feasts of the Hebrew calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HebrewFeast {
    /// New Year, 1 Tishri.
    RoshHashanah,
    /// First day of Hanukkah, 25 Kislev.
    Hanukkah,
    /// First day of Passover, 15 Nisan.
    Passover,
}

/// The feast in a Gregorian year.
pub fn hebrew_feast(year: i32, feast: HebrewFeast) -> Option<Day> {
    let rosh = tishri(year + 3761);
    let next = tishri(year + 3762);
    Some(Day(match feast {
        HebrewFeast::RoshHashanah => rosh,
        // Tishri has 30 days, Heshvan 30 in a long year of 355 or 385 days and else 29.
        HebrewFeast::Hanukkah => rosh + 30 + if matches!(next - rosh, 355 | 385) { 30 } else { 29 } + 24,
        HebrewFeast::Passover => rosh - 163,
    }))
}

/// Easter Sunday of the Western churches.
pub fn easter(year: i32) -> Option<Day> {
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let (d, e, f) = (b / 4, b % 4, (b + 8) / 25);
    let g = (b - f + 1) / 3;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    Day::from_ymd(year, u32::try_from(n / 31).ok()?, u32::try_from(n % 31 + 1).ok()?)
}

/// Easter Sunday of the Orthodox churches, in the Gregorian calendar.
pub fn orthodox_easter(year: i32) -> Option<Day> {
    let (a, b, c) = (year % 4, year % 7, year % 19);
    let d = (19 * c + 15) % 30;
    let e = (2 * a + 4 * b - d + 34) % 7;
    let n = d + e + 114;
    let julian = Day::from_ymd(year, u32::try_from(n / 31).ok()?, u32::try_from(n % 31 + 1).ok()?)?;
    // The Julian calendar lags behind: 13 days from 1900 to 2099.
    Some(julian.plus(year / 100 - year / 400 - 2))
}

/// The main day of Diwali.
pub fn diwali(year: i32) -> Option<Day> {
    // Sidereal Libra begins 24° (the precession since about 285) behind the tropical 180°.
    let precession = 23.85 + (f64::from(year) - 2000.0) * 0.013_97;
    let start = midnight(solar_day(year, 180.0 + precession, 5.5)?.0, 5.5);
    // The instant and not the day: in 2020 a new moon came six hours before it. The Sun moves evenly within a day.
    let (at_start, at_end) = (sun_longitude(start), sun_longitude(start + 1.0));
    let entry = start + (180.0 + precession - at_start) / (at_end - at_start);
    let k = lunation(entry);
    let moon_day = (k - 1..=k + 2).map(new_moon).find(|&jd| jd > entry)?;
    let dark = |day: i32| {
        let evening = midnight(day, 5.5) + 17.75 / 24.0;
        let ahead = (moon(evening).0 - sun_longitude(evening)).rem_euclid(360.0);
        ahead >= 348.0
    };
    let day = local_day(moon_day, 5.5);
    (day - 2..=day).find(|&d| dark(d)).map(Day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(day: Option<Day>) -> String {
        day.map_or_else(|| "none".to_owned(), |d| d.to_string())
    }

    #[test]
    fn lunar_new_year_and_its_neighbours() {
        for (year, china, korea, vietnam) in [
            (2024, "2024-02-10", "2024-02-10", "2024-02-10"),
            (2025, "2025-01-29", "2025-01-29", "2025-01-29"),
            (2026, "2026-02-17", "2026-02-17", "2026-02-17"),
            (2027, "2027-02-06", "2027-02-07", "2027-02-06"),
            (2028, "2028-01-26", "2028-01-27", "2028-01-26"),
            (2030, "2030-02-03", "2030-02-03", "2030-02-02"),
            (2007, "2007-02-18", "2007-02-18", "2007-02-17"),
        ] {
            assert_eq!(text(lunar_day(year, 1, 1, 8.0)), china);
            assert_eq!(text(lunar_day(year, 1, 1, 9.0)), korea, "Seollal {year}");
            assert_eq!(text(lunar_day(year, 1, 1, 7.0)), vietnam, "Tết {year}");
        }
    }

    #[test] // 2023 had a leap second month, 2025 a leap sixth; Mid-Autumn is the 15th of the eighth.
    fn leap_months_are_passed_over() {
        assert_eq!(text(lunar_day(2023, 8, 15, 8.0)), "2023-09-29");
        assert_eq!(text(lunar_day(2025, 8, 15, 8.0)), "2025-10-06");
        assert_eq!(text(lunar_day(2033, 8, 15, 8.0)), "2033-09-08");
        assert_eq!(text(lunar_day(2025, 5, 5, 8.0)), "2025-05-31");
        assert_eq!(text(lunar_day(2025, 12, 8, 8.0)), "2026-01-26");
    }

    #[test]
    fn terms_of_the_sun() {
        assert_eq!(text(solar_day(2025, 15.0, 8.0)), "2025-04-04");
        assert_eq!(text(solar_day(2026, 15.0, 8.0)), "2026-04-05");
        assert_eq!(text(solar_day(2026, 0.0, 9.0)), "2026-03-20");
        assert_eq!(text(solar_day(2026, 180.0, 9.0)), "2026-09-23");
    }

    #[test] // Of two Ramadans in 2030 the second begins in December.
    fn islamic_days() {
        let all = |year, month, day| hijri_days(year, month, day).iter().map(Day::to_string).collect::<Vec<_>>();
        assert_eq!(all(2023, 1, 1), ["2023-07-19"]);
        assert_eq!(all(2024, 9, 1), ["2024-03-11"]);
        assert_eq!(all(2025, 10, 1), ["2025-03-30"]);
        assert_eq!(all(2026, 12, 10), ["2026-05-27"]);
        assert_eq!(all(2030, 9, 1), ["2030-01-05", "2030-12-26"]);
    }

    #[test]
    fn easter_passover_and_the_rest() {
        assert_eq!(
            [2024, 2025, 2026, 2027].map(|y| text(easter(y))),
            ["2024-03-31", "2025-04-20", "2026-04-05", "2027-03-28"]
        );
        assert_eq!(
            [2024, 2025, 2026, 2027].map(|y| text(orthodox_easter(y))),
            ["2024-05-05", "2025-04-20", "2026-04-12", "2027-05-02"]
        );
        assert_eq!(text(hebrew_feast(2025, HebrewFeast::RoshHashanah)), "2025-09-23");
        assert_eq!(text(hebrew_feast(2026, HebrewFeast::Passover)), "2026-04-02");
        assert_eq!(text(hebrew_feast(2024, HebrewFeast::Hanukkah)), "2024-12-26");
        let days = [2020, 2021, 2022, 2023, 2024, 2025, 2026, 2027].map(|y| text(diwali(y)));
        let want = [
            "2020-11-14",
            "2021-11-04",
            "2022-10-24",
            "2023-11-12",
            "2024-10-31",
            "2025-10-20",
            "2026-11-08",
            "2027-10-29",
        ];
        assert_eq!(days, want);
    }
}
