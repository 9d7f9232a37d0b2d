//! How far markets lie apart: the great circle between their capitals.
//!
//! Coordinates are general knowledge, rounded to half a degree (some 50 km), which is nothing against what a country
//! measures itself. The distance is a proxy for freight, time zones and acquaintance, as in gravity models of trade.
//! Formula: haversine on a sphere of 6,371 km. Cost: one look-up and six trigonometric functions.

use domain::Market;

/// Latitude and longitude of the capital, degrees north and east.
#[rustfmt::skip]
const CAPITALS: &[(&str, f64, f64)] = &[
    ("AE", 24.5, 54.5), ("AR", -34.5, -58.5), ("AT", 48.0, 16.5), ("AU", -35.5, 149.0), ("AZ", 40.5, 50.0), ("BD", 23.5, 90.5),
    ("BE", 51.0, 4.5), ("BG", 42.5, 23.5), ("BH", 26.0, 50.5), ("BO", -16.5, -68.0), ("BR", -16.0, -48.0), ("BY", 54.0, 27.5),
    ("CA", 45.5, -75.5), ("CH", 47.0, 7.5), ("CI", 7.0, -5.5), ("CL", -33.5, -70.5), ("CN", 40.0, 116.5), ("CO", 4.5, -74.0),
    ("CR", 10.0, -84.0), ("CY", 35.0, 33.5), ("CZ", 50.0, 14.5), ("DE", 52.5, 13.5), ("DK", 55.5, 12.5), ("DO", 18.5, -70.0),
    ("DZ", 36.5, 3.0), ("EC", 0.0, -78.5), ("EE", 59.5, 24.5), ("EG", 30.0, 31.0), ("ES", 40.5, -3.5), ("ET", 9.0, 38.5),
    ("FI", 60.0, 25.0), ("FR", 49.0, 2.5), ("GB", 51.5, 0.0), ("GE", 41.5, 45.0), ("GH", 5.5, 0.0), ("GR", 38.0, 23.5),
    ("GT", 14.5, -90.5), ("HK", 22.5, 114.0), ("HN", 14.0, -87.0), ("HR", 46.0, 16.0), ("HU", 47.5, 19.0), ("ID", -6.0, 107.0),
    ("IE", 53.5, -6.5), ("IL", 32.0, 35.0), ("IN", 28.5, 77.0), ("IQ", 33.5, 44.5), ("IR", 35.5, 51.5), ("IS", 64.0, -22.0),
    ("IT", 42.0, 12.5), ("JO", 32.0, 36.0), ("JP", 35.5, 139.5), ("KE", -1.5, 37.0), ("KG", 43.0, 74.5), ("KH", 11.5, 105.0),
    ("KR", 37.5, 127.0), ("KW", 29.5, 48.0), ("KZ", 51.0, 71.5), ("LA", 18.0, 102.5), ("LB", 34.0, 35.5), ("LI", 47.0, 9.5),
    ("LK", 7.0, 80.0), ("LT", 54.5, 25.5), ("LU", 49.5, 6.0), ("LV", 57.0, 24.0), ("LY", 33.0, 13.0), ("MA", 34.0, -7.0),
    ("MC", 43.5, 7.5), ("MD", 47.0, 29.0), ("MM", 19.5, 96.0), ("MN", 48.0, 107.0), ("MO", 22.0, 113.5), ("MT", 36.0, 14.5),
    ("MX", 19.5, -99.0), ("MY", 3.0, 101.5), ("MZ", -26.0, 32.5), ("NG", 9.0, 7.5), ("NI", 12.0, -86.5), ("NL", 52.5, 5.0),
    ("NO", 60.0, 10.5), ("NP", 27.5, 85.5), ("NZ", -41.5, 175.0), ("OM", 23.5, 58.5), ("PA", 9.0, -79.5), ("PE", -12.0, -77.0),
    ("PH", 14.5, 121.0), ("PK", 33.5, 73.0), ("PL", 52.0, 21.0), ("PR", 18.5, -66.0), ("PT", 38.5, -9.0), ("PY", -25.5, -57.5),
    ("QA", 25.5, 51.5), ("RO", 44.5, 26.0), ("RS", 45.0, 20.5), ("RU", 56.0, 37.5), ("SA", 24.5, 46.5), ("SE", 59.5, 18.0),
    ("SG", 1.5, 104.0), ("SI", 46.0, 14.5), ("SK", 48.0, 17.0), ("SN", 14.5, -17.5), ("SV", 13.5, -89.0), ("TH", 13.5, 100.5),
    ("TN", 37.0, 10.0), ("TR", 40.0, 33.0), ("TW", 25.0, 121.5), ("TZ", -6.0, 35.5), ("UA", 50.5, 30.5), ("UG", 0.5, 32.5),
    ("US", 39.0, -77.0), ("UY", -35.0, -56.0), ("UZ", 41.5, 69.0), ("VE", 10.5, -67.0), ("VN", 21.0, 106.0), ("YE", 15.5, 44.0),
    ("ZA", -25.5, 28.0), ("ZM", -15.5, 28.5), ("ZW", -18.0, 31.0),
];

/// Mean radius of the earth, kilometres.
const EARTH_KM: f64 = 6_371.0;

/// Latitude and longitude of a market's capital, `None` where the table has none.
pub fn capital(market: Market) -> Option<(f64, f64)> {
    CAPITALS.iter().find(|(code, ..)| *code == market.code()).map(|(_, north, east)| (*north, *east))
}

/// Kilometres between two capitals along the great circle; `None` where one is not in the table.
pub fn kilometres(a: Market, b: Market) -> Option<f64> {
    let ((north_a, east_a), (north_b, east_b)) = (capital(a)?, capital(b)?);
    let half = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
    let h = half(north_b - north_a) + north_a.to_radians().cos() * north_b.to_radians().cos() * half(east_b - east_a);
    Some(2.0 * EARTH_KM * h.sqrt().min(1.0).asin())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn market(code: &str) -> Market {
        code.parse().unwrap()
    }

    #[test] // Beijing to Berlin is some 7,360 km, to Hanoi some 2,330, to Washington some 11,150 on any globe.
    fn known_distances_come_out_within_two_percent() {
        for (to, km) in [("DE", 7_360.0), ("VN", 2_330.0), ("US", 11_150.0), ("CN", 0.0)] {
            let got = kilometres(market("CN"), market(to)).unwrap();
            assert!((got - km).abs() <= 0.02 * km, "{to}: {got}");
        }
        assert_eq!(kilometres(market("CN"), Market::UNKNOWN), None);
    }

    #[test]
    fn every_row_is_a_country_once_and_on_the_globe() {
        let mut seen = std::collections::BTreeSet::new();
        for (code, north, east) in CAPITALS {
            assert!(domain::country(market(code)).is_some() && seen.insert(code), "{code}");
            assert!((-90.0..=90.0).contains(north) && (-180.0..=180.0).contains(east), "{code}");
        }
    }

    proptest! {
        #[test]
        fn distance_is_symmetric_and_keeps_the_triangle(i in 0..CAPITALS.len(), j in 0..CAPITALS.len(), k in 0..CAPITALS.len()) {
            let d = |a: usize, b: usize| kilometres(market(CAPITALS[a].0), market(CAPITALS[b].0)).unwrap();
            prop_assert!((d(i, j) - d(j, i)).abs() < 1e-6);
            prop_assert!(d(i, k) <= d(i, j) + d(j, k) + 1e-6);
            prop_assert!(d(i, j) <= EARTH_KM * std::f64::consts::PI + 1e-6);
        }
    }
}
