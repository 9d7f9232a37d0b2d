//! What is known of a product, and how it is read from the catalogue.
//!
//! Derivation from `clean.products`, in this order, the later word counting:
//! 1. kind, family and traits from the words of name and category ([`Kinds::recognise`]);
//! 2. volts from the column `voltage_range`, else a range or number in the name or description (`100-240V`, `220 V`), else the
//!    column `voltage_v`; hertz from `50/60Hz`; watt-hours from `20Wh` or from `10000mAh` at 3.7 V;
//! 3. plug from the column: letters of IEC 60083, `multi` for exchangeable plugs, `none` for what needs no mains;
//! 4. a product with a rated voltage of 90 V and more or with a plug runs on the mains, whatever its kind says;
//! 5. of a product on the mains whose name says nothing of a battery, and of an appliance whose name says nothing of radio, it
//!    is assumed that there is none, because titles praise both; a verdict names what was assumed;
//! 6. weight and sides from their columns;
//! 7. marks at hand, languages of label and manual, battery and liquid from the columns in which the seller states them
//!    ([`super::stated`]); until then they are not known.

use super::kind::{Family, KindIdx, Kinds};
use super::stated;
use super::traits::{Trait, Traits};
use crate::landed::{Parcel, TransportClass};
use std::collections::BTreeSet;

/// Letters of plugs and sockets, A to O.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Plugs(u32);

impl Plugs {
    /// Exchangeable plugs for all sockets.
    pub const ALL: Self = Self(u32::MAX);

    /// Letters A to O, `multi` for all; `None` for anything else.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("multi") || text.eq_ignore_ascii_case("universal") {
            return Some(Self::ALL);
        }
        let mut bits = 0;
        for c in text.chars().filter(|c| !matches!(c, ' ' | '/' | ',' | '+')) {
            let c = c.to_ascii_uppercase();
            if !('A'..='O').contains(&c) {
                return None;
            }
            bits |= 1 << (c as u32 - 'A' as u32);
        }
        (bits != 0).then_some(Self(bits))
    }

    /// Whether some plug fits some socket.
    pub const fn fits(self, sockets: Self) -> bool {
        self.0 & sockets.0 != 0
    }

    /// The letters; `multi` for all.
    pub fn letters(self) -> String {
        if self == Self::ALL {
            return "multi".to_owned();
        }
        ('A'..='O')
            .filter(|c| self.0 & (1 << (*c as u32 - 'A' as u32)) != 0)
            .map(String::from)
            .collect::<Vec<_>>()
            .join("/")
    }
}

/// What is known of a product. `None` is "not known", never "no".
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ProductFacts {
    /// Kind, a number in the [`Kinds`] it was read with.
    pub kind: Option<KindIdx>,
    /// Family.
    pub family: Option<Family>,
    /// Traits.
    pub traits: Traits,
    /// Traits taken as not there because the name says nothing of them.
    pub assumed_without: Vec<Trait>,
    /// Rated volts, lowest and highest.
    pub volts: Option<(f64, f64)>,
    /// Rated hertz, lowest and highest.
    pub hertz: Option<(f64, f64)>,
    /// Plugs that come with it.
    pub plugs: Option<Plugs>,
    /// Rated watts.
    pub watts: Option<f64>,
    /// Energy of its battery, Wh.
    pub battery_wh: Option<f64>,
    /// Packed weight, kg.
    pub weight_kg: Option<f64>,
    /// Packed sides, cm, longest first.
    pub sides_cm: Option<[f64; 3]>,
    /// Marks, certificates and registrations at hand: `CE`, `FCC`, `CPNP` …; an empty set is "none".
    pub marks: Option<BTreeSet<String>>,
    /// Languages (ISO 639-1) that label and manual are at hand in.
    pub languages: Option<BTreeSet<String>>,
}

/// A row of `clean.products`, as its columns are.
#[derive(Clone, Copy, Debug, Default)]
pub struct CatalogueRow<'a> {
    /// Column `name`.
    pub name: &'a str,
    /// Column `description`.
    pub description: &'a str,
    /// Column `category`.
    pub category: &'a str,
    /// Column `voltage_v`.
    pub voltage_v: Option<f64>,
    /// Column `voltage_range`.
    pub voltage_range: Option<&'a str>,
    /// Column `plug`.
    pub plug: Option<&'a str>,
    /// Column `wattage_w`.
    pub wattage_w: Option<f64>,
    /// Columns `length_cm`, `width_cm`, `height_cm`.
    pub sides_cm: Option<[f64; 3]>,
    /// Column `weight_kg`.
    pub weight_kg: Option<f64>,
    /// Column `marks`.
    pub marks: Option<&'a str>,
    /// Column `label_languages`.
    pub label_languages: Option<&'a str>,
    /// Column `battery`.
    pub battery: Option<&'a str>,
    /// Column `battery_wh`.
    pub battery_wh: Option<f64>,
    /// Column `liquid`.
    pub liquid: Option<&'a str>,
}

impl ProductFacts {
    /// From the catalogue, see the module.
    pub fn from_catalogue(row: &CatalogueRow<'_>, kinds: &Kinds) -> Self {
        let known = kinds.recognise(row.name, row.category);
        let mut traits = known.traits;
        let text = |unit: &[&str]| numbers(row.name, unit).or_else(|| numbers(row.description, unit));
        let positive = |x: Option<f64>| x.filter(|x| x.is_finite() && *x > 0.0);
        // Below 90 V it is the voltage of a battery or an adapter, not of the mains.
        let mains_volts = |range: (f64, f64)| (range.0 >= 90.0 && range.1 <= 480.0).then_some(range);
        let column = positive(row.voltage_v).map(|v| (v, v)).and_then(mains_volts);
        let volt_units: &[&str] = &["v", "volt", "volts"];
        // A cell of its own needs no unit: the column is about nothing else.
        let printed = row.voltage_range.and_then(|cell| {
            let stated = numbers(cell, volt_units).or_else(|| numbers(&format!("{} V", cell.trim()), volt_units));
            stated.and_then(mains_volts)
        });
        let volts = printed.or_else(|| text(volt_units).and_then(mains_volts)).or(column);
        let plugs = row.plug.and_then(Plugs::read);
        if volts.is_some() || plugs.is_some() {
            traits.set(Trait::Mains, Some(true));
        }
        if row.plug.is_some_and(stated::says_none) && traits.get(Trait::Mains).is_none() {
            traits.set(Trait::Mains, Some(false));
        }
        let wh = positive(row.battery_wh).or_else(|| text(&["wh"]).map(|r| r.1));
        let battery_wh = wh.or_else(|| text(&["mah"]).map(|r| r.1 * 3.7 / 1000.0));
        if battery_wh.is_some() {
            traits.set(Trait::Battery, Some(true));
        }
        stated::classes(row.battery, row.liquid, &mut traits);
        let mut assumed_without = Vec::new();
        let on_mains = traits.get(Trait::Mains) == Some(true);
        let appliance = known.family == Some(Family::Appliance);
        for (of, assumed) in [(Trait::Battery, on_mains), (Trait::Radio, on_mains && appliance)] {
            if assumed && traits.get(of).is_none() {
                traits.set(of, Some(false));
                assumed_without.push(of);
            }
        }
        let sides_cm = row.sides_cm.filter(|s| s.iter().all(|x| x.is_finite() && *x > 0.0)).map(|mut s| {
            s.sort_by(|a, b| b.total_cmp(a));
            s
        });
        Self {
            kind: known.kind,
            family: known.family,
            traits,
            assumed_without,
            volts,
            hertz: row
                .voltage_range
                .and_then(|cell| numbers(cell, &["hz"]))
                .or_else(|| text(&["hz"]))
                .filter(|h| h.0 >= 40.0 && h.1 <= 70.0),
            plugs,
            watts: positive(row.wattage_w).or_else(|| text(&["w", "watt", "watts"]).map(|r| r.1)),
            battery_wh,
            weight_kg: positive(row.weight_kg),
            sides_cm,
            marks: row.marks.and_then(stated::marks),
            languages: row.label_languages.and_then(stated::languages),
        }
    }

    /// With the certificates at hand.
    #[must_use]
    pub fn with_marks<'a>(mut self, marks: impl IntoIterator<Item = &'a str>) -> Self {
        self.marks = Some(marks.into_iter().map(|m| m.trim().to_ascii_uppercase()).filter(|m| !m.is_empty()).collect());
        self
    }

    /// With the languages at hand.
    #[must_use]
    pub fn with_languages<'a>(mut self, languages: impl IntoIterator<Item = &'a str>) -> Self {
        let read = |l: &str| l.trim().to_ascii_lowercase();
        self.languages = Some(languages.into_iter().map(read).filter(|l| !l.is_empty()).collect());
        self
    }

    /// Packed weight and sides, where all are known and possible.
    pub fn parcel(&self) -> Option<Parcel> {
        Parcel::from_catalogue(self.weight_kg?, self.sides_cm?).ok()
    }

    /// What a carrier asks about, for [`crate::landed::cheapest`]. What is not known counts as not there: a verdict says which
    /// of these is not known.
    pub fn transport_classes(&self) -> BTreeSet<TransportClass> {
        let there = |t: Trait| self.traits.get(t) == Some(true);
        let mut classes = BTreeSet::new();
        if there(Trait::BatteryAlone) {
            classes.insert(TransportClass::LithiumAlone);
        } else if there(Trait::Battery) {
            classes.insert(TransportClass::LithiumInside);
        }
        if there(Trait::Aerosol) {
            classes.insert(TransportClass::Aerosol);
        } else if there(Trait::Flammable) {
            classes.insert(TransportClass::Flammable);
        } else if there(Trait::Liquid) {
            classes.insert(TransportClass::Liquid);
        }
        classes
    }
}

/// The first `a`, `a-b`, `a/b` or `a~b` directly before one of the units: lowest and highest.
fn numbers(text: &str, units: &[&str]) -> Option<(f64, f64)> {
    let chars: Vec<char> = text.to_lowercase().chars().collect();
    let number = |from: usize| {
        let end = (from..chars.len()).find(|&i| !(chars[i].is_ascii_digit() || chars[i] == '.')).unwrap_or(chars.len());
        let digits: String = chars[from..end].iter().collect();
        digits.trim_end_matches('.').parse::<f64>().ok().map(|x| (x, end))
    };
    let skip_blanks = |mut i: usize| {
        while chars.get(i).is_some_and(|c| c.is_whitespace()) {
            i += 1;
        }
        i
    };
    let unit_at = |i: usize| {
        units.iter().any(|unit| {
            let n = unit.chars().count();
            let same = chars.len() >= i + n && chars[i..i + n].iter().copied().eq(unit.chars());
            same && !chars.get(i + n).is_some_and(|c| c.is_ascii_alphanumeric())
        })
    };
    let mut i = 0;
    while i < chars.len() {
        let starts =
            chars[i].is_ascii_digit() && (i == 0 || !(chars[i - 1].is_ascii_alphanumeric() || chars[i - 1] == '.'));
        if let Some((low, after)) = starts.then(|| number(i)).flatten() {
            let next = skip_blanks(after);
            if unit_at(next) {
                return Some((low, low));
            }
            // `220V-240V` names the unit twice.
            let joint = chars.get(next).is_some_and(|c| matches!(c, '-' | '–' | '~' | '/' | '到' | '至'));
            if let Some((high, end)) = joint.then(|| number(skip_blanks(next + 1))).flatten()
                && unit_at(skip_blanks(end))
            {
                return Some((low.min(high), low.max(high)));
            }
            i = after;
        } else {
            i += 1;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_and_model_numbers_are_not() {
        let v = |text: &str| numbers(text, &["v", "volt"]);
        assert_eq!(v("Kettle 220-240V 50/60Hz"), Some((220.0, 240.0)));
        assert_eq!(v("Adapter 100 ~ 240 V"), Some((100.0, 240.0)));
        assert_eq!(v("Fön 230V"), Some((230.0, 230.0)));
        assert_eq!(v("Model V220, X230V"), None);
        assert_eq!(numbers("吹风机50/60Hz", &["hz"]), Some((50.0, 60.0)));
        assert_eq!(numbers("10000mAh power bank", &["mah"]), Some((10_000.0, 10_000.0)));
        assert_eq!(numbers("5V 2A", &["v"]), Some((5.0, 5.0)));
    }

    #[test]
    fn a_row_of_the_catalogue_becomes_facts() {
        let kinds = Kinds::built_in();
        let row = CatalogueRow {
            name: "Haartrockner 2000 W, 220-240V",
            voltage_v: Some(220.0),
            plug: Some("C"),
            sides_cm: Some([9.0, 26.0, 25.0]),
            weight_kg: Some(0.7),
            ..CatalogueRow::default()
        };
        let facts = ProductFacts::from_catalogue(&row, &kinds);
        assert_eq!(facts.volts, Some((220.0, 240.0)));
        assert_eq!((facts.watts, facts.sides_cm), (Some(2000.0), Some([26.0, 25.0, 9.0])));
        assert_eq!(facts.plugs.map(Plugs::letters).as_deref(), Some("C"));
        assert_eq!((facts.marks, facts.languages), (None, None));
    }

    #[test]
    fn what_the_seller_states_goes_before_what_the_words_say() {
        let row = CatalogueRow {
            name: "Staubsauger 230V",
            voltage_range: Some("100-240 V 50/60 Hz"),
            marks: Some("CE, LUCID"),
            label_languages: Some("de;en"),
            battery: Some("inside"),
            battery_wh: Some(54.0),
            ..CatalogueRow::default()
        };
        let facts = ProductFacts::from_catalogue(&row, &Kinds::built_in());
        assert_eq!((facts.volts, facts.hertz), (Some((100.0, 240.0)), Some((50.0, 60.0))));
        assert_eq!((facts.battery_wh, facts.traits.get(Trait::Battery)), (Some(54.0), Some(true)));
        // Of the battery nothing is assumed any more, of radio it is.
        assert_eq!(facts.assumed_without, [Trait::Radio]);
        let list = |of: Option<BTreeSet<String>>| of.unwrap().into_iter().collect::<Vec<_>>().join(" ");
        assert_eq!((list(facts.marks), list(facts.languages)), ("CE LUCID".to_owned(), "de en".to_owned()));
        let bare = CatalogueRow { name: "Wasserkocher", voltage_range: Some("220-240"), ..CatalogueRow::default() };
        assert_eq!(ProductFacts::from_catalogue(&bare, &Kinds::built_in()).volts, Some((220.0, 240.0)));
    }

    #[test] // 10,000 mAh × 3.7 V = 37 Wh. Its 5 V are not the mains.
    fn a_power_bank_is_a_battery_on_its_own() {
        let row = CatalogueRow { name: "Power bank 10000mAh 5V", voltage_v: Some(5.0), ..CatalogueRow::default() };
        let facts = ProductFacts::from_catalogue(&row, &Kinds::built_in());
        assert_eq!((facts.volts, facts.battery_wh), (None, Some(37.0)));
        assert_eq!(facts.traits.get(Trait::Mains), Some(false));
        assert_eq!(facts.transport_classes(), BTreeSet::from([TransportClass::LithiumAlone]));
    }

    #[test]
    fn plugs_are_letters() {
        assert!(Plugs::read("multi").unwrap().fits(Plugs::read("G").unwrap()));
        assert!(!Plugs::read("C").unwrap().fits(Plugs::read("A/B").unwrap()));
        assert_eq!((Plugs::read("X"), Plugs::read("")), (None, None));
        assert_eq!(Plugs::read("ef").unwrap().letters(), "E/F");
    }
}
