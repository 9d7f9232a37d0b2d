//! The last day to send so that it arrives in time, counted back from the day by the lane's nine-in-ten days.
//!
//! Days on which the origin stands still (factories and carriers around the Lunar New Year) do not count as days on the way.

use super::{Calendar, EventKind};
use domain::{Day, Market, Window};

/// The last day on which an order may come in: `p90` days on the way and `handling` days before, both counted only on days that are
/// in none of the `closures`, end before `arrive_by`.
pub fn last_day_to_send(arrive_by: Day, days_p90: u16, handling_days: u16, closures: &[Window]) -> Day {
    let mut left = u32::from(days_p90) + u32::from(handling_days);
    let mut day = arrive_by;
    // A closure ends, so this does too; a year of nothing but closures is a mistake of the caller's and stops there.
    let stop = arrive_by.plus(-1000);
    while left > 0 && day > stop {
        day = day.plus(-1);
        if !closures.iter().any(|c| c.contains(day)) {
            left -= 1;
        }
    }
    while closures.iter().any(|c| c.contains(day)) && day > stop {
        day = day.plus(-1);
    }
    day
}

/// Days on which the origin stands still: public holidays of three days and more, the Lunar New Year from three days before
/// to seven after its last day, as workers travel.
pub fn closures(calendar: &Calendar, origin: Market, window: Window) -> Vec<Window> {
    let wide = Window { from: window.from.plus(-40), to: window.to.plus(40) };
    let long = |e: &super::Event| e.kind == EventKind::PublicHoliday && e.window.days() >= 3;
    let lunar = |id: &str| matches!(id, "spring-festival" | "tet" | "lunar-new-year-tw" | "lunar-new-year-hk");
    let widen = |e: super::Event| {
        if lunar(&e.id) { Window { from: e.window.from.plus(-3), to: e.window.to.plus(7) } } else { e.window }
    };
    calendar.events(origin, wide).into_iter().filter(long).map(widen).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test] // 15 + 2 days before 2026-12-24.
    fn counted_back_without_closures() {
        assert_eq!(last_day_to_send(day("2026-12-24"), 15, 2, &[]), day("2026-12-07"));
        assert_eq!(last_day_to_send(day("2026-12-24"), 0, 0, &[]), day("2026-12-24"));
    }

    // Spring Festival 2026 is 02-17 to 02-23, widened 02-14 to 03-02. For 03-08: 03-07 … 03-03 are 5 days, the closure
    // does not count, 02-13 … 02-09 are the other 5.
    #[test]
    fn the_lunar_new_year_moves_the_day_before_it() {
        let window = Window { from: day("2026-03-08"), to: day("2026-03-09") };
        let closed = closures(&Calendar::built_in(), "CN".parse().unwrap(), window);
        assert_eq!(last_day_to_send(day("2026-03-08"), 8, 2, &closed), day("2026-02-09"));
    }
}
