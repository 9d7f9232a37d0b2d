//! Calendar months, for cohorts and seasons.

use domain::Day;
use std::fmt;

/// A month of a year, ordered in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    /// Calendar year.
    pub year: i32,
    /// 1 to 12.
    pub month: u32,
}

impl Month {
    /// The month that holds `day`.
    pub fn of(day: Day) -> Self {
        let (year, month) = day.year_month();
        Self { year, month }
    }

    /// Its first day.
    ///
    /// # Panics
    /// If `month` is not 1 to 12, or beyond the calendar.
    pub fn first_day(self) -> Day {
        Day::from_ymd(self.year, self.month, 1).expect("a month is 1 to 12")
    }

    /// `self` moved by `months`.
    #[must_use]
    pub const fn plus(self, months: i32) -> Self {
        let at = self.year * 12 + self.month as i32 - 1 + months;
        Self { year: at.div_euclid(12), month: at.rem_euclid(12) as u32 + 1 }
    }

    /// Months from `earlier` to `self`, negative when it lies after.
    pub const fn since(self, earlier: Self) -> i32 {
        (self.year - earlier.year) * 12 + self.month as i32 - earlier.month as i32
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_cross_years_in_both_directions() {
        let december = Month { year: 2010, month: 12 };
        assert_eq!(december.plus(1), Month { year: 2011, month: 1 });
        assert_eq!(december.plus(-12), Month { year: 2009, month: 12 });
        assert_eq!(Month { year: 2011, month: 3 }.since(december), 3);
        assert_eq!(Month::of(december.first_day().plus(30)).to_string(), "2010-12");
    }
}
