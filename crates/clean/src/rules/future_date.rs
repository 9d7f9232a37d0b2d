//! Dates that have not come yet: a row of tomorrow is a wrong clock, a wrong time zone or day and
//! month exchanged. It would open a month that does not exist, so it is rejected.

use super::{Policy, Rule, RuleDoc};
use crate::rejects::Finding;
use domain::Day;

pub(crate) const DOC: RuleDoc = RuleDoc {
    name: "future_date",
    policy: Policy::Reject,
    doc: "a row dated after today cannot have happened; day and month may be exchanged, or the clock is wrong",
};

/// The finding for a day after `as_of`.
pub(crate) fn check(day: Day, as_of: Day, column: &'static str) -> Option<Finding> {
    (day > as_of).then(|| Finding {
        rule: Rule::FutureDate,
        column,
        value: Some(format_day(day)),
        expected: format!("a day up to {as_of}"),
    })
}

fn format_day(day: Day) -> String {
    // Beyond the calendar there is no date to print, only the number of days.
    if day.0.abs() < 90_000_000 { day.to_string() } else { format!("day {}", day.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn today_is_not_the_future() {
        assert!(check(Day(100), Day(100), "ordered_at").is_none());
        let finding = check(Day(101), Day(100), "ordered_at").unwrap();
        assert_eq!(finding.value.as_deref(), Some("1970-04-12")); // 31 + 28 + 31 = 90 days to April 1st
        assert_eq!(finding.expected, "a day up to 1970-04-11");
        assert!(check(Day(i32::MAX), Day(100), "day").unwrap().value.unwrap().starts_with("day "));
    }
}
