//! Sun and Moon, as exactly as calendars need: instants of new moons, longitudes, and whether the young Moon stands above the
//! horizon at sunset.
//!
//! Formulas: J. Meeus, "Astronomical Algorithms", 2nd ed. 1998: chapter 49 (new moons, within a minute), 25 (Sun, 0.01°), 47
//! (Moon, its largest terms, 0.05°), 12 and 13 (sidereal time, altitude). Times are Julian days of Universal Time; the
//! difference to dynamical time is 70 s, a constant of these decades. Good for 1950 to 2100.

/// Seconds from Universal to dynamical time, about 2000 to 2050.
const DELTA_T: f64 = 70.0 / 86_400.0;

/// Julian day of 1970-01-01T00:00Z.
pub(super) const EPOCH: f64 = 2_440_587.5;

fn sin(degrees: f64) -> f64 {
    degrees.to_radians().sin()
}

fn cos(degrees: f64) -> f64 {
    degrees.to_radians().cos()
}

/// Number of the new moon nearest to a Julian day; 0 is that of 2000-01-06.
pub(super) fn lunation(jd: f64) -> i32 {
    ((jd - 2_451_550.1) / 29.530_588_861).round() as i32
}

/// Instant of a new moon, Julian day of Universal Time.
pub(super) fn new_moon(lunation: i32) -> f64 {
    let k = f64::from(lunation);
    let t = k / 1236.85;
    let (t2, t3) = (t * t, t * t * t);
    let e = 1.0 - 0.002_516 * t - 0.000_007_4 * t2;
    let m = 2.5534 + 29.105_356_70 * k - 0.000_001_4 * t2 - 0.000_000_11 * t3;
    let n = 201.5643 + 385.816_935_28 * k + 0.010_758_2 * t2 + 0.000_012_38 * t3;
    let f = 160.7108 + 390.670_502_84 * k - 0.001_611_8 * t2 - 0.000_002_27 * t3;
    let node = 124.7746 - 1.563_755_88 * k + 0.002_067_2 * t2;
    let mean = 2_451_550.097_66 + 29.530_588_861 * k + 0.000_154_37 * t2 - 0.000_000_150 * t3;
    let periodic = -0.407_20 * sin(n)
        + 0.172_41 * e * sin(m)
        + 0.016_08 * sin(2.0 * n)
        + 0.010_39 * sin(2.0 * f)
        + 0.007_39 * e * sin(n - m)
        - 0.005_14 * e * sin(n + m)
        + 0.002_08 * e * e * sin(2.0 * m)
        - 0.001_11 * sin(n - 2.0 * f)
        - 0.000_57 * sin(n + 2.0 * f)
        + 0.000_56 * e * sin(2.0 * n + m)
        - 0.000_42 * sin(3.0 * n)
        + 0.000_42 * e * sin(m + 2.0 * f)
        + 0.000_38 * e * sin(m - 2.0 * f)
        - 0.000_24 * e * sin(2.0 * n - m)
        - 0.000_17 * sin(node)
        - 0.000_07 * sin(n + 2.0 * m)
        + 0.000_04 * sin(2.0 * n - 2.0 * f)
        + 0.000_04 * sin(3.0 * m)
        + 0.000_03 * sin(n + m - 2.0 * f)
        + 0.000_03 * sin(2.0 * n + 2.0 * f)
        - 0.000_03 * sin(n + m + 2.0 * f)
        + 0.000_03 * sin(n - m + 2.0 * f)
        - 0.000_02 * sin(n - m - 2.0 * f)
        - 0.000_02 * sin(3.0 * n + m)
        + 0.000_02 * sin(4.0 * n);
    let planets = 0.000_325 * sin(299.77 + 0.107_408 * k - 0.009_173 * t2)
        + 0.000_165 * sin(251.88 + 0.016_321 * k)
        + 0.000_164 * sin(251.83 + 26.651_886 * k)
        + 0.000_126 * sin(349.42 + 36.412_478 * k)
        + 0.000_110 * sin(84.66 + 18.206_239 * k)
        + 0.000_062 * sin(141.74 + 53.303_771 * k)
        + 0.000_060 * sin(207.14 + 2.453_732 * k)
        + 0.000_056 * sin(154.84 + 7.306_860 * k)
        + 0.000_047 * sin(34.52 + 27.261_239 * k)
        + 0.000_042 * sin(207.19 + 0.121_824 * k)
        + 0.000_040 * sin(291.34 + 1.844_379 * k)
        + 0.000_037 * sin(161.72 + 24.198_154 * k)
        + 0.000_035 * sin(239.56 + 25.513_099 * k)
        + 0.000_023 * sin(331.55 + 3.592_518 * k);
    mean + periodic + planets - DELTA_T
}

fn centuries(jd: f64) -> f64 {
    (jd + DELTA_T - 2_451_545.0) / 36_525.0
}

/// Apparent longitude of the Sun, degrees in [0, 360).
pub(super) fn sun_longitude(jd: f64) -> f64 {
    let t = centuries(jd);
    let mean = 280.466_46 + 36_000.769_83 * t + 0.000_303_2 * t * t;
    let m = 357.529_11 + 35_999.050_29 * t - 0.000_153_7 * t * t;
    let centre = (1.914_602 - 0.004_817 * t - 0.000_014 * t * t) * sin(m)
        + (0.019_993 - 0.000_101 * t) * sin(2.0 * m)
        + 0.000_289 * sin(3.0 * m);
    (mean + centre - 0.005_69 - 0.004_78 * sin(125.04 - 1934.136 * t)).rem_euclid(360.0)
}

/// Longitude in [0, 360) and latitude of the Moon, degrees.
pub(super) fn moon(jd: f64) -> (f64, f64) {
    let t = centuries(jd);
    let l = 218.316_447_7 + 481_267.881_234_21 * t;
    let d = 297.850_192_1 + 445_267.111_403_4 * t;
    let m = 357.529_109_2 + 35_999.050_290_9 * t;
    let n = 134.963_396_4 + 477_198.867_505_5 * t;
    let f = 93.272_095_0 + 483_202.017_523_3 * t;
    let longitude =
        6.288_774 * sin(n) + 1.274_027 * sin(2.0 * d - n) + 0.658_314 * sin(2.0 * d) + 0.213_618 * sin(2.0 * n)
            - 0.185_116 * sin(m)
            - 0.114_332 * sin(2.0 * f)
            + 0.058_793 * sin(2.0 * d - 2.0 * n)
            + 0.057_066 * sin(2.0 * d - m - n)
            + 0.053_322 * sin(2.0 * d + n)
            + 0.045_758 * sin(2.0 * d - m)
            - 0.040_923 * sin(m - n)
            - 0.034_720 * sin(d)
            - 0.030_383 * sin(m + n)
            + 0.015_327 * sin(2.0 * d - 2.0 * f)
            - 0.012_528 * sin(n + 2.0 * f)
            + 0.010_980 * sin(n - 2.0 * f);
    let latitude = 5.128_122 * sin(f)
        + 0.280_602 * sin(n + f)
        + 0.277_693 * sin(n - f)
        + 0.173_237 * sin(2.0 * d - f)
        + 0.055_413 * sin(2.0 * d - n + f)
        + 0.046_271 * sin(2.0 * d - n - f)
        + 0.032_573 * sin(2.0 * d + f)
        + 0.017_198 * sin(2.0 * n + f)
        + 0.009_266 * sin(2.0 * d + n - f)
        + 0.008_822 * sin(2.0 * n - f);
    ((l + longitude).rem_euclid(360.0), latitude)
}

/// Altitude of a point of the sky, degrees, at a place (degrees north, degrees east).
fn altitude(jd: f64, (longitude, latitude): (f64, f64), (north, east): (f64, f64)) -> f64 {
    let obliquity = 23.439_29 - 0.013_004_2 * centuries(jd);
    let ascension = (sin(longitude) * cos(obliquity) - latitude.to_radians().tan() * sin(obliquity))
        .atan2(cos(longitude))
        .to_degrees();
    let declination =
        (sin(latitude) * cos(obliquity) + cos(latitude) * sin(obliquity) * sin(longitude)).asin().to_degrees();
    let sidereal = 280.460_618_37 + 360.985_647_366_29 * (jd - 2_451_545.0);
    let hour = sidereal + east - ascension;
    (sin(north) * sin(declination) + cos(north) * cos(declination) * cos(hour)).asin().to_degrees()
}

/// Instant of sunset of a day (days since 1970, by the local mean time of the place).
pub(super) fn sunset(day: i32, place: (f64, f64)) -> f64 {
    // Between local noon and midnight the Sun only sinks: bisection to half a second.
    let noon = EPOCH + f64::from(day) + 0.5 - place.1 / 360.0;
    let (mut up, mut down) = (noon, noon + 0.5);
    for _ in 0..17 {
        let middle = (up + down) / 2.0;
        if altitude(middle, (sun_longitude(middle), 0.0), place) > -0.833 { up = middle } else { down = middle }
    }
    (up + down) / 2.0
}

/// Whether the Moon is still up at an instant: its centre above 0.125°, where parallax, refraction and half its disc cancel.
pub(super) fn moon_is_up(jd: f64, place: (f64, f64)) -> bool {
    altitude(jd, moon(jd), place) > 0.125
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // Meeus, example 49.a: new moon of February 1977, JDE 2443192.65118.
    fn a_new_moon_of_the_book() {
        let k = lunation(2_443_192.0);
        assert_eq!(k, -283);
        assert!((new_moon(k) + DELTA_T - 2_443_192.651_18).abs() < 1e-4);
    }

    #[test] // Meeus, example 25.a: 1992-10-13.0 TD, apparent longitude 199.90895°.
    fn the_sun_of_the_book() {
        assert!((sun_longitude(2_448_908.5 - DELTA_T) - 199.908_95).abs() < 0.001);
    }

    #[test] // Meeus, example 47.a: 1992-04-12.0 TD, longitude 133.162655°, latitude −3.229126°.
    fn the_moon_of_the_book() {
        let (longitude, latitude) = moon(2_448_724.5 - DELTA_T);
        assert!((longitude - 133.1627).abs() < 0.05 && (latitude + 3.2291).abs() < 0.05, "{longitude} {latitude}");
    }

    #[test] // On an equinox the Sun sets at the equator 12 h 07 min after it rose: about 18:03 of true local time.
    fn sunset_at_the_equator() {
        let day = 20_533; // 2026-03-21
        let hours = (sunset(day, (0.0, 0.0)) - EPOCH - f64::from(day)) * 24.0;
        assert!((hours - 18.17).abs() < 0.05, "{hours}"); // the Sun is 7 min late in March
    }
}
