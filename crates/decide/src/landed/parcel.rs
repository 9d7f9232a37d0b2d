//! A parcel: what is weighed, what is measured, what a carrier charges for.
//!
//! `volumetric = length × width × height / divisor` (cm³ per kg: 5,000 or 6,000 are usual), `chargeable = max(actual,
//! volumetric)` rounded up to the carrier's step; `girth = length + 2 × (width + height)` with the longest side as length.

use super::LandedError;
use domain::Decimal;

/// Weight and sides of a packed unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parcel {
    weight_kg: Decimal,
    /// Longest first.
    sides_cm: [Decimal; 3],
}

impl Parcel {
    /// From weight in kilograms and the three sides in centimetres, in any order.
    ///
    /// # Errors
    /// [`LandedError::Parcel`] for a measure that is not above 0, or above 30 t or 30 m.
    pub fn new(weight_kg: Decimal, sides_cm: [Decimal; 3]) -> Result<Self, LandedError> {
        let right = "above 0 and at most 30,000 kg or 3,000 cm";
        let fits = |x: Decimal, most: i64| x > Decimal::ZERO && x <= Decimal::from(most);
        if !fits(weight_kg, 30_000) {
            return Err(LandedError::Parcel { what: "weight in kg", got: weight_kg.to_string(), right });
        }
        if let Some(side) = sides_cm.iter().find(|&&s| !fits(s, 3_000)) {
            return Err(LandedError::Parcel { what: "a side in cm", got: side.to_string(), right });
        }
        let mut sides_cm = sides_cm;
        sides_cm.sort_by(|a, b| b.cmp(a));
        Ok(Self { weight_kg, sides_cm })
    }

    /// From the catalogue's columns, which are floats.
    ///
    /// # Errors
    /// As [`Self::new`], and for what is not a number.
    pub fn from_catalogue(weight_kg: f64, sides_cm: [f64; 3]) -> Result<Self, LandedError> {
        let exact = |x: f64| {
            // Grams and tenths of a millimetre: finer is noise of a conversion.
            let wrong = || LandedError::Parcel {
                what: "a measure",
                got: x.to_string(),
                right: "a number above 0 and at most 30,000",
            };
            if !(0.0..=1e9).contains(&x) {
                return Err(wrong());
            }
            x.to_string().parse::<Decimal>().map(|d| d.round_dp(4)).map_err(|_| wrong())
        };
        Self::new(exact(weight_kg)?, [exact(sides_cm[0])?, exact(sides_cm[1])?, exact(sides_cm[2])?])
    }

    /// Actual weight, kg.
    pub fn weight_kg(&self) -> Decimal {
        self.weight_kg
    }

    /// Sides in cm, longest first.
    pub fn sides_cm(&self) -> [Decimal; 3] {
        self.sides_cm
    }

    /// Length + 2 × (width + height), cm.
    pub fn girth_cm(&self) -> Decimal {
        self.sides_cm[0] + Decimal::TWO * (self.sides_cm[1] + self.sides_cm[2])
    }

    /// Volume over the divisor, kg.
    pub fn volumetric_kg(&self, divisor: Decimal) -> Decimal {
        self.sides_cm.iter().product::<Decimal>() / divisor
    }

    /// What is charged for, rounded up to `step_kg`. Without a divisor only the actual weight counts.
    pub fn chargeable_kg(&self, divisor: Option<Decimal>, step_kg: Decimal) -> Decimal {
        let volumetric = divisor.map_or(Decimal::ZERO, |d| self.volumetric_kg(d));
        let most = self.weight_kg.max(volumetric);
        if step_kg <= Decimal::ZERO { most } else { (most / step_kg).ceil() * step_kg }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    // 40 × 30 × 25 = 30,000 cm³; / 5,000 = 6 kg above 3.2 kg; in halves 6.0. / 6,000 = 5. Girth 40 + 2 × 55 = 150.
    #[test]
    fn a_light_box_is_charged_by_volume() {
        let parcel = Parcel::new(d("3.2"), [d("25"), d("40"), d("30")]).unwrap();
        assert_eq!(parcel.chargeable_kg(Some(d("5000")), d("0.5")), d("6"));
        assert_eq!(parcel.chargeable_kg(Some(d("6000")), d("0.5")), d("5"));
        assert_eq!(parcel.chargeable_kg(None, d("0.5")), d("3.5"));
        assert_eq!(parcel.girth_cm(), d("150"));
    }

    #[test]
    fn what_has_no_weight_or_size_is_refused() {
        assert!(Parcel::new(d("0"), [d("1"); 3]).is_err());
        assert!(Parcel::new(d("1"), [d("1"), d("-1"), d("1")]).is_err());
        assert!(Parcel::from_catalogue(f64::NAN, [1.0; 3]).is_err());
        assert_eq!(Parcel::from_catalogue(0.1, [10.0, 2.5, 3.0]).unwrap().weight_kg(), d("0.1"));
    }

    proptest! {
        #[test]
        fn the_order_of_sides_changes_nothing_and_rounding_never_takes_weight_away(
            w in 1_i64..50_000, a in 1_i64..3000, b in 1_i64..3000, c in 1_i64..3000,
        ) {
            let [w, a, b, c] = [(w, 3), (a, 1), (b, 1), (c, 1)].map(|(x, scale)| Decimal::new(x, scale));
            let one = Parcel::new(w, [a, b, c]).unwrap();
            prop_assert_eq!(one, Parcel::new(w, [c, a, b]).unwrap());
            let step = d("0.5");
            let kg = one.chargeable_kg(Some(d("5000")), step);
            let exact = w.max(a * b * c / d("5000"));
            prop_assert!(kg >= exact && kg < exact + step && kg % step == Decimal::ZERO);
        }
    }
}
