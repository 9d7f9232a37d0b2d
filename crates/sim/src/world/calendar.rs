//! Festivals and how demand moves with them.
//!
//! Lunar and Islamic festivals come from a table of the days 2022 to 2028 (Saudi announcements to
//! 2025, astronomical estimates after); the others follow their rule. A festival lifts demand on
//! its days, brings promotions, and some (New Year at home, Tết, Songkran) empty the shops instead.

use super::Profile;
use domain::{Day, Market};
use serde::Serialize;

/// How demand moves from day to day in every market, festivals apart.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct DemandRules {
    /// Orders against a usual day, Monday first.
    pub(crate) weekday: [f64; 7],
    /// Orders after a year against those before it, everything else equal.
    pub(crate) yearly_growth: f64,
}

pub(crate) const DEMAND: DemandRules =
    DemandRules { weekday: [0.95, 0.9, 0.95, 0.95, 1.0, 1.15, 1.2], yearly_growth: 1.2 };

/// A festival in a market and year.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Festival {
    /// Name.
    pub name: &'static str,
    /// First day with the multiplier.
    pub from: Day,
    /// Number of days.
    pub days: i32,
    /// Orders against a usual day.
    pub demand: f64,
    /// Price reduction of promoted products, in basis points; 0 for none.
    pub discount_bp: u16,
}

/// Lunar New Year, start of Ramadan, Eid al-Fitr, Eid al-Adha as (month, day), 2022 to 2028.
const MOVING: [[(u32, u32); 4]; 7] = [
    [(2, 1), (4, 2), (5, 2), (7, 9)],
    [(1, 22), (3, 23), (4, 21), (6, 28)],
    [(2, 10), (3, 11), (4, 10), (6, 16)],
    [(1, 29), (3, 1), (3, 30), (6, 6)],
    [(2, 17), (2, 18), (3, 20), (5, 27)],
    [(2, 6), (2, 8), (3, 10), (5, 16)],
    [(1, 26), (1, 28), (2, 26), (5, 5)],
];

fn day(year: i32, (month, day): (u32, u32)) -> Day {
    Day::from_ymd(year, month, day).expect("the tables hold days that exist")
}

/// The day after the fourth Thursday of November.
fn black_friday(year: i32) -> Day {
    let first = day(year, (11, 1));
    // 1970-01-01 was a Thursday, so days since then leave 0 on Thursdays.
    let first_thursday = first.plus((-first.0).rem_euclid(7));
    first_thursday.plus(22)
}

/// Festivals of a market in a year from 2022 to 2028, by first day; empty in other years.
pub fn festivals(market: Market, year: i32) -> Vec<Festival> {
    let Some(moving) = usize::try_from(year - 2022).ok().and_then(|i| MOVING.get(i)) else {
        return Vec::new();
    };
    let [lunar_new_year, ramadan, eid, adha] = moving.map(|d| day(year, d));
    let mut all = Vec::new();
    let mut add = |name, from, days, demand, discount_bp| {
        all.push(Festival { name, from, days, demand, discount_bp });
    };
    let code = market.code();
    if matches!(code, "CN" | "VN") {
        let name = if code == "CN" { "Spring Festival" } else { "Tết" };
        add(name, lunar_new_year.plus(-16), 12, 1.7, 1500);
        add("holiday", lunar_new_year.plus(-2), 8, 0.35, 0);
    }
    if code == "CN" {
        add("618", day(year, (6, 15)), 5, 2.2, 2000);
    }
    if matches!(code, "CN" | "VN" | "TH") {
        add("11.11", day(year, (11, 10)), 3, 4.0, 2500);
        add("12.12", day(year, (12, 11)), 2, 2.0, 1500);
    }
    if code == "TH" {
        add("Songkran sale", day(year, (4, 4)), 7, 1.8, 1500);
        add("Songkran", day(year, (4, 13)), 3, 0.5, 0);
    }
    if matches!(code, "SA" | "AE") {
        add("Ramadan", ramadan.plus(-7), 21, 1.6, 1500);
        add("Eid al-Fitr", eid.plus(-3), 7, 1.9, 1500);
        add("Eid al-Adha", adha.plus(-5), 6, 1.5, 1000);
        add("White Friday", black_friday(year).plus(-1), 4, 3.0, 2500);
    }
    if matches!(code, "US" | "DE" | "GB" | "FR" | "BR" | "MX") {
        add("Black Friday", black_friday(year).plus(-1), 5, 3.5, 2500);
        add("Christmas", day(year, (12, 5)), 16, 1.8, 1000);
        add("after Christmas", day(year, (12, 25)), 3, 0.6, 0);
    }
    if code == "JP" {
        add("New Year sale", day(year, (1, 1)), 5, 1.8, 2000);
        add("Bonus season", day(year, (12, 8)), 12, 1.5, 1000);
    }
    all.sort_by_key(|f| f.from);
    all
}

/// Orders on `day` against a usual day: festival × weekday × growth since `start`.
pub(crate) fn demand_multiplier(festivals: &[Festival], start: Day, day: Day) -> f64 {
    let festival: f64 =
        festivals.iter().filter(|f| f.from <= day && day < f.from.plus(f.days)).map(|f| f.demand).product();
    // 1970-01-01 was a Thursday, three days after a Monday.
    let weekday = DEMAND.weekday[(day.0 + 3).rem_euclid(7) as usize];
    festival * weekday * DEMAND.yearly_growth.powf(f64::from(day.since(start)) / 365.25)
}

/// The festival with the deepest promotion that touches the week of `monday`'s seven days.
pub(crate) fn festival_in_week(festivals: &[Festival], first: Day) -> Option<&Festival> {
    let touches = |f: &&Festival| f.discount_bp > 0 && f.from < first.plus(7) && first < f.from.plus(f.days);
    festivals.iter().filter(touches).max_by_key(|f| (f.discount_bp, f.from))
}

impl Profile {
    /// Festivals of all years that the period touches.
    pub(crate) fn festivals_between(&self, from: Day, end: Day) -> Vec<Festival> {
        (from.year_month().0..=end.year_month().0).flat_map(|year| festivals(self.market, year)).collect()
    }

    /// Monthly mean temperature on `day`, °C.
    pub fn temperature(&self, day: Day) -> f64 {
        f64::from(self.climate[day.year_month().1 as usize - 1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // 2024: 1 November was a Friday, the fourth Thursday the 28th. 2025: the 27th.
    fn black_friday_follows_the_fourth_thursday() {
        assert_eq!(black_friday(2024).to_string(), "2024-11-29");
        assert_eq!(black_friday(2025).to_string(), "2025-11-28");
    }

    #[test]
    fn markets_have_their_own_festivals() {
        let names = |code: [u8; 2]| {
            let all = festivals(Market::from_code(code).unwrap(), 2025);
            all.into_iter().map(|f| f.name).collect::<Vec<_>>()
        };
        assert!(names(*b"VN").contains(&"Tết"));
        assert!(names(*b"TH").contains(&"Songkran"));
        assert!(names(*b"SA").contains(&"Ramadan"));
        assert!(!names(*b"SA").contains(&"Christmas"));
        assert!(names(*b"US").contains(&"Black Friday"));
        assert!(festivals(Market::from_code(*b"US").unwrap(), 1999).is_empty());
    }

    #[test] // 2025-03-02 was a Sunday, 2025-03-04 a Tuesday: 1.2 and 0.9 of a usual day at the very start.
    fn sundays_are_strong_and_tuesdays_weak() {
        let at = |text: &str| demand_multiplier(&[], text.parse().unwrap(), text.parse().unwrap());
        assert_eq!([at("2025-03-02"), at("2025-03-04")], [1.2, 0.9]);
    }

    #[test]
    fn singles_day_lifts_demand_and_the_new_year_holiday_lowers_it() {
        let china = festivals(Market::from_code(*b"CN").unwrap(), 2025);
        let at = |text: &str| demand_multiplier(&china, text.parse().unwrap(), text.parse().unwrap());
        assert!(at("2025-11-11") > 3.0 * at("2025-11-04"));
        assert!(at("2025-01-29") < 0.5 * at("2025-03-05"));
    }
}
