//! Units of measure (weight, length, temperature), exactly and with their inverse.
//!
//! Factors are the legal definitions: 1 lb = 0.45359237 kg and 1 in = 2.54 cm (international yard
//! and pound agreement, 1959). Decimal arithmetic throughout; the result becomes a float only in
//! the column.

use crate::number;
use domain::Decimal;

/// A unit that exports use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Kilogram.
    Kilogram,
    /// Gram.
    Gram,
    /// Pound, 0.45359237 kg.
    Pound,
    /// Ounce, a sixteenth of a pound.
    Ounce,
    /// Centimetre.
    Centimetre,
    /// Millimetre.
    Millimetre,
    /// Metre.
    Metre,
    /// Inch, 2.54 cm.
    Inch,
    /// Foot, 12 inches.
    Foot,
    /// Yard, 36 inches.
    Yard,
    /// Degree Celsius.
    Celsius,
    /// Degree Fahrenheit.
    Fahrenheit,
}

/// What is measured; units convert within one quantity only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Base unit kilogram.
    Weight,
    /// Base unit centimetre.
    Length,
    /// Base unit degree Celsius.
    Temperature,
}

/// A way from a unit to its base unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Factor(pub Unit);

impl Unit {
    /// The unit that a word or sign means: `lbs`, `"`, `in.`, `°F`, `公斤`.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name.trim().trim_end_matches('.').to_lowercase().as_str() {
            "kg" | "kgs" | "kilogram" | "kilograms" | "公斤" | "千克" => Self::Kilogram,
            "g" | "gr" | "gram" | "grams" | "克" => Self::Gram,
            "lb" | "lbs" | "pound" | "pounds" | "磅" => Self::Pound,
            "oz" | "ounce" | "ounces" | "盎司" => Self::Ounce,
            "cm" | "centimetre" | "centimeter" | "centimeters" | "厘米" => Self::Centimetre,
            "mm" | "millimetre" | "millimeter" | "millimeters" | "毫米" => Self::Millimetre,
            "m" | "metre" | "meter" | "meters" | "米" => Self::Metre,
            "in" | "inch" | "inches" | "\"" | "″" | "英寸" => Self::Inch,
            "ft" | "foot" | "feet" | "英尺" => Self::Foot,
            "yd" | "yard" | "yards" | "码" => Self::Yard,
            "c" | "°c" | "℃" | "celsius" => Self::Celsius,
            "f" | "°f" | "℉" | "fahrenheit" => Self::Fahrenheit,
            _ => return None,
        })
    }

    /// Whether values are stored in it: kg, cm or °C.
    pub const fn is_base(self) -> bool {
        matches!(self, Self::Kilogram | Self::Centimetre | Self::Celsius)
    }

    /// Its sign.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Kilogram => "kg",
            Self::Gram => "g",
            Self::Pound => "lb",
            Self::Ounce => "oz",
            Self::Centimetre => "cm",
            Self::Millimetre => "mm",
            Self::Metre => "m",
            Self::Inch => "in",
            Self::Foot => "ft",
            Self::Yard => "yd",
            Self::Celsius => "°C",
            Self::Fahrenheit => "°F",
        }
    }

    /// What it measures.
    pub const fn quantity(self) -> Quantity {
        match self {
            Self::Kilogram | Self::Gram | Self::Pound | Self::Ounce => Quantity::Weight,
            Self::Centimetre | Self::Millimetre | Self::Metre | Self::Inch | Self::Foot | Self::Yard => {
                Quantity::Length
            }
            Self::Celsius | Self::Fahrenheit => Quantity::Temperature,
        }
    }

    /// Base units in one of this unit; for temperatures the width of a degree.
    fn factor(self) -> Decimal {
        match self {
            Self::Kilogram | Self::Centimetre | Self::Celsius => Decimal::ONE,
            Self::Gram => Decimal::new(1, 3),
            Self::Pound => Decimal::new(45_359_237, 8),
            Self::Ounce => Decimal::new(28_349_523_125, 12),
            Self::Millimetre => Decimal::new(1, 1),
            Self::Metre => Decimal::new(100, 0),
            Self::Inch => Decimal::new(254, 2),
            Self::Foot => Decimal::new(3048, 2),
            Self::Yard => Decimal::new(9144, 2),
            Self::Fahrenheit => Decimal::new(5, 0) / Decimal::new(9, 0),
        }
    }

    /// `value` of this unit in the base unit (kg, cm, °C); `None` when it does not fit a decimal.
    pub fn to_base(self, value: Decimal) -> Option<Decimal> {
        match self {
            // (F − 32) × 5 / 9: multiplied first, so that 212 °F is 100 °C and not 99.999….
            Self::Fahrenheit => {
                (value - Decimal::new(32, 0)).checked_mul(Decimal::new(5, 0))?.checked_div(Decimal::new(9, 0))
            }
            _ => value.checked_mul(self.factor()),
        }
    }

    /// `value` of the base unit in this unit: the inverse of [`Unit::to_base`].
    pub fn from_base(self, value: Decimal) -> Option<Decimal> {
        match self {
            Self::Fahrenheit => {
                value.checked_mul(Decimal::new(9, 0))?.checked_div(Decimal::new(5, 0))?.checked_add(Decimal::new(32, 0))
            }
            _ => value.checked_div(self.factor()),
        }
    }

    /// `value` of this unit in another of the same quantity; `None` for two quantities.
    ///
    /// ```
    /// use intake::units::Unit;
    /// let boiling = Unit::Fahrenheit.convert("212".parse().unwrap(), Unit::Celsius).unwrap();
    /// assert_eq!(boiling.to_string(), "100");
    /// ```
    pub fn convert(self, value: Decimal, to: Self) -> Option<Decimal> {
        if self.quantity() != to.quantity() {
            return None;
        }
        if self == to { Some(value) } else { to.from_base(self.to_base(value)?) }
    }
}

impl Factor {
    /// The value in the base unit, as a column holds it.
    pub(crate) fn apply(self, value: Decimal) -> Option<f64> {
        number::nearest(self.0.to_base(value)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [Unit; 12] = [
        Unit::Kilogram,
        Unit::Gram,
        Unit::Pound,
        Unit::Ounce,
        Unit::Centimetre,
        Unit::Millimetre,
        Unit::Metre,
        Unit::Inch,
        Unit::Foot,
        Unit::Yard,
        Unit::Celsius,
        Unit::Fahrenheit,
    ];

    fn shown(value: &str, from: &str, to: &str) -> Option<String> {
        let (from, to) = (Unit::from_name(from)?, Unit::from_name(to)?);
        from.convert(value.parse().unwrap(), to).map(|d| d.normalize().to_string())
    }

    #[test]
    fn definitions_hold() {
        assert_eq!(shown("1", "lb", "kg").unwrap(), "0.45359237");
        assert_eq!(shown("16", "oz", "lbs").unwrap(), "1");
        assert_eq!(shown("1", "in", "cm").unwrap(), "2.54");
        assert_eq!(shown("3", "ft", "yd").unwrap(), "1");
        assert_eq!(shown("-40", "°F", "°C").unwrap(), "-40");
        assert_eq!(shown("98.6", "°F", "°C").unwrap(), "37");
        assert_eq!(shown("2", "公斤", "g").unwrap(), "2000");
        assert_eq!(shown("1", "kg", "cm"), None);
        assert_eq!(Unit::from_name("stone"), None);
    }

    proptest! {
        #[test]
        fn there_and_back_is_the_same(mantissa in -1_000_000_000_i64..1_000_000_000, scale in 0_u32..5, a in 0_usize..12, b in 0_usize..12) {
            let value = Decimal::new(mantissa, scale);
            if let Some(there) = ALL[a].convert(value, ALL[b]) {
                let back = ALL[b].convert(there, ALL[a]).unwrap();
                prop_assert!((back - value).abs() <= Decimal::new(1, 12), "{} {:?} {:?} {}", value, ALL[a], ALL[b], back);
            }
        }
    }
}
