//! The hour that a shopper's clock showed: the instant of the order in the time zone of its market.
//!
//! A market has a clock here where at least four of five of its people live by one, with summer time as the IANA database
//! has it. Where they do not (the United States, Canada, Russia) an order says nothing of the hour on the shopper's
//! clock as long as nobody knows where in the country it came from, and its hour stays unknown. Instants are those of the lake, in UTC; a
//! source that writes local times without their zone is off by as much.

use chrono::{DateTime, Timelike};
use chrono_tz::Tz;
use domain::Market;

/// Markets with one clock.
const CLOCKS: [(&str, Tz); 46] = [
    ("AE", Tz::Asia__Dubai),
    ("AR", Tz::America__Argentina__Buenos_Aires),
    ("AT", Tz::Europe__Vienna),
    ("AU", Tz::Australia__Sydney),
    ("BE", Tz::Europe__Brussels),
    ("BR", Tz::America__Sao_Paulo),
    ("CH", Tz::Europe__Zurich),
    ("CL", Tz::America__Santiago),
    ("CN", Tz::Asia__Shanghai),
    ("CO", Tz::America__Bogota),
    ("CZ", Tz::Europe__Prague),
    ("DE", Tz::Europe__Berlin),
    ("DK", Tz::Europe__Copenhagen),
    ("EG", Tz::Africa__Cairo),
    ("ES", Tz::Europe__Madrid),
    ("FI", Tz::Europe__Helsinki),
    ("FR", Tz::Europe__Paris),
    ("GB", Tz::Europe__London),
    ("GR", Tz::Europe__Athens),
    ("HK", Tz::Asia__Hong_Kong),
    ("HU", Tz::Europe__Budapest),
    ("ID", Tz::Asia__Jakarta),
    ("IE", Tz::Europe__Dublin),
    ("IL", Tz::Asia__Jerusalem),
    ("IN", Tz::Asia__Kolkata),
    ("IT", Tz::Europe__Rome),
    ("JP", Tz::Asia__Tokyo),
    ("KR", Tz::Asia__Seoul),
    ("MX", Tz::America__Mexico_City),
    ("MY", Tz::Asia__Kuala_Lumpur),
    ("NG", Tz::Africa__Lagos),
    ("NL", Tz::Europe__Amsterdam),
    ("NO", Tz::Europe__Oslo),
    ("NZ", Tz::Pacific__Auckland),
    ("PH", Tz::Asia__Manila),
    ("PK", Tz::Asia__Karachi),
    ("PL", Tz::Europe__Warsaw),
    ("PT", Tz::Europe__Lisbon),
    ("SA", Tz::Asia__Riyadh),
    ("SE", Tz::Europe__Stockholm),
    ("SG", Tz::Asia__Singapore),
    ("TH", Tz::Asia__Bangkok),
    ("TR", Tz::Europe__Istanbul),
    ("TW", Tz::Asia__Taipei),
    ("VN", Tz::Asia__Ho_Chi_Minh),
    ("ZA", Tz::Africa__Johannesburg),
];

/// The clock of a market; `None` for one that has several.
pub(crate) fn zone(market: Market) -> Option<Tz> {
    let at = CLOCKS.binary_search_by_key(&market.code(), |(code, _)| code).ok()?;
    Some(CLOCKS[at].1)
}

/// Hour of the day, 0 to 23, at a second since 1970; `None` for a market without one clock.
pub(crate) fn hour(market: Market, second: i64) -> Option<u8> {
    let instant = DateTime::from_timestamp(second, 0)?.with_timezone(&zone(market)?);
    u8::try_from(instant.hour()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // 2024-07-01 18:30 and 2024-01-01 18:30 in UTC: Berlin is two hours ahead in summer, one in winter; Kolkata 5:30.
    fn the_hour_is_that_of_the_market_with_its_summer_time() {
        let (summer, winter) = (1_719_858_600, 1_704_133_800);
        let at = |market: &str, second| hour(market.parse().unwrap(), second);
        assert_eq!((at("DE", summer), at("DE", winter)), (Some(20), Some(19)));
        assert_eq!((at("IN", winter), at("CN", winter), at("BR", winter)), (Some(0), Some(2), Some(15)));
        assert_eq!((at("US", winter), at("ZZ", winter)), (None, None));
    }

    #[test]
    fn markets_stand_in_the_order_of_their_codes() {
        assert!(CLOCKS.is_sorted_by(|a, b| a.0 < b.0));
    }
}
