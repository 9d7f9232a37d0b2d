//! A rule: for whom, for which products, from when, what it asks for, who says so, how sure that is.

use super::facts::{Plugs, ProductFacts};
use super::kind::{Family, KindIdx};
use super::traits::Trait;
use crate::own_file::{Confidence, Said};
use domain::{Day, Market, Money};
use serde::{Deserialize, Serialize};

/// What a rule speaks of.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Condition {
    /// Families; empty for all.
    pub families: Vec<Family>,
    /// Kinds; empty for all.
    pub kinds: Vec<KindIdx>,
    /// Kinds that are left out.
    pub not_kinds: Vec<KindIdx>,
    /// Traits that it has to have.
    pub with: Vec<Trait>,
    /// Traits that it must not have.
    pub without: Vec<Trait>,
    /// A measure above a limit.
    pub over: Vec<(Measure, f64)>,
}

/// Measures that rules set limits on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Rated watts.
    Watts,
    /// Battery, Wh.
    BatteryWh,
    /// Packed weight, kg.
    WeightKg,
    /// Longest side, cm.
    LengthCm,
    /// Length + 2 × (width + height), cm.
    GirthCm,
}

/// Something about a product that has to be known for a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribute {
    /// What it is.
    Category,
    /// Rated voltage.
    Voltage,
    /// Plug.
    Plug,
    /// A trait.
    Trait(Trait),
    /// A measure.
    Measure(Measure),
    /// Rules of the market: there are none.
    MarketRules,
}

impl Attribute {
    /// Which column of the catalogue says it (`name` for what has to be said in words); for the rules of a market, the file.
    pub const fn column(self) -> &'static str {
        match self {
            Self::Category => "category",
            Self::MarketRules => "rules.toml",
            Self::Voltage => "voltage_v",
            Self::Plug => "plug",
            Self::Trait(Trait::Mains) => "plug",
            Self::Trait(Trait::Battery | Trait::BatteryAlone) => "battery",
            Self::Trait(Trait::Liquid | Trait::Flammable | Trait::Aerosol) => "liquid",
            Self::Trait(_) => "name",
            Self::Measure(Measure::Watts) => "wattage_w",
            Self::Measure(Measure::BatteryWh) => "battery_wh",
            Self::Measure(Measure::WeightKg) => "weight_kg",
            Self::Measure(Measure::LengthCm | Measure::GirthCm) => "length_cm",
        }
    }

    /// In words.
    pub fn said(self) -> Said {
        match self {
            Self::Category => Said::new("what the product is (category)", "产品是什么（类目）"),
            Self::MarketRules => Said::new("rules of this market: none are known", "该市场的规则：目前没有"),
            Self::Voltage => Said::new("rated voltage", "额定电压"),
            Self::Plug => Said::new("plug type", "插头类型"),
            Self::Trait(t) => {
                let said = t.said();
                Said::new(format!("whether it is or has this: {}", said.en), format!("是否{}", said.zh))
            }
            Self::Measure(Measure::Watts) => Said::new("rated power in watts", "额定功率（瓦）"),
            Self::Measure(Measure::BatteryWh) => Said::new("battery energy in watt-hours", "电池能量（瓦时）"),
            Self::Measure(Measure::WeightKg) => Said::new("packed weight", "包装后重量"),
            Self::Measure(Measure::LengthCm | Measure::GirthCm) => {
                Said::new("packed length, width, height", "包装后长宽高")
            }
        }
    }
}

/// What a rule asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Demand {
    /// The mains of the market.
    Mains {
        /// Nominal volts; one of them has to be met.
        volts: Vec<f64>,
        /// Hertz.
        hertz: f64,
        /// Sockets.
        sockets: Plugs,
    },
    /// One of these marks, certificates or registrations, the first being the usual one.
    Mark(Vec<String>),
    /// Label and manual in all of these languages.
    Languages(Vec<String>),
    /// In one of these.
    OneLanguage(Vec<String>),
    /// Something to be done in any case.
    Change,
    /// Not to be sold.
    Blocked,
    /// Something to know.
    Note,
}

/// Which change it is, so that lists can be grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Another version for the voltage.
    Voltage,
    /// For the frequency.
    Frequency,
    /// Another plug or lead.
    Plug,
    /// A mark, certificate or registration.
    Mark,
    /// Label and manual.
    Language,
    /// Anything else.
    Other,
}

/// A rule of a market.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its name; a seller's rule of the same name replaces it.
    pub id: String,
    /// Markets; empty for all.
    pub markets: Vec<Market>,
    /// Which products.
    pub when: Condition,
    /// What it asks for.
    pub demand: Demand,
    /// What it says, in words.
    pub said: Said,
    /// Rough cost of meeting it, lowest and highest.
    pub cost: Option<(Money, Money)>,
    /// First day.
    pub from: Day,
    /// First day after; `None` while it holds.
    pub until: Option<Day>,
    /// Who says so.
    pub source: String,
    /// How sure it is.
    pub confidence: Confidence,
    /// Whether it is the seller's.
    pub own: bool,
}

/// Whether a rule speaks of a product.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Speaks {
    No,
    Yes,
    /// It depends on what is not known.
    Depends(Vec<Attribute>),
}

impl Condition {
    pub(crate) fn speaks_of(&self, facts: &ProductFacts) -> Speaks {
        // Cheap and certain refusals first: most rules end here.
        if let Some(family) = facts.family
            && !self.families.is_empty()
            && !self.families.contains(&family)
        {
            return Speaks::No;
        }
        match facts.kind {
            Some(kind) if !self.kinds.is_empty() && !self.kinds.contains(&kind) => return Speaks::No,
            Some(kind) if self.not_kinds.contains(&kind) => return Speaks::No,
            // The family is known and no kind fits: rules for single kinds are left out, and a note says so.
            None if facts.family.is_some() && !self.kinds.is_empty() => return Speaks::No,
            Some(_) | None => {}
        }
        let mut open = Vec::new();
        for (traits, wanted) in [(&self.with, true), (&self.without, false)] {
            for t in traits {
                match facts.traits.get(*t) {
                    Some(there) if there != wanted => return Speaks::No,
                    Some(_) => {}
                    None => open.push(Attribute::Trait(*t)),
                }
            }
        }
        for (measure, limit) in &self.over {
            match measure.of(facts) {
                Some(x) if x <= *limit => return Speaks::No,
                Some(_) => {}
                // Most goods are far below these limits, and a lane weighs and measures anyway.
                None if measure.is_size() => return Speaks::No,
                // So are batteries inside goods; of one that is sold alone the energy has to be known.
                None if *measure == Measure::BatteryWh && self.without.contains(&Trait::BatteryAlone) => {
                    return Speaks::No;
                }
                None => open.push(Attribute::Measure(*measure)),
            }
        }
        if facts.family.is_none() && (!self.families.is_empty() || !self.kinds.is_empty() || !open.is_empty()) {
            return Speaks::Depends(vec![Attribute::Category]);
        }
        if open.is_empty() { Speaks::Yes } else { Speaks::Depends(open) }
    }
}

impl Measure {
    /// Weight and sides of the parcel.
    const fn is_size(self) -> bool {
        matches!(self, Self::WeightKg | Self::LengthCm | Self::GirthCm)
    }

    pub(crate) fn of(self, facts: &ProductFacts) -> Option<f64> {
        match self {
            Self::Watts => facts.watts,
            Self::BatteryWh => facts.battery_wh,
            Self::WeightKg => facts.weight_kg,
            Self::LengthCm => facts.sides_cm.map(|s| s[0]),
            Self::GirthCm => facts.sides_cm.map(|s| s[0] + 2.0 * (s[1] + s[2])),
        }
    }
}

impl Rule {
    /// Whether it holds on a day.
    pub fn holds(&self, day: Day) -> bool {
        self.from <= day && self.until.is_none_or(|end| day < end)
    }
}
