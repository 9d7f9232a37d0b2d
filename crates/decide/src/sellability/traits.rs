//! Traits of a product that rules ask for, each known to be there, known not to be there, or not known.

use crate::own_file::Said;
use serde::{Deserialize, Serialize};

macro_rules! traits {
    ($($name:ident $snake:literal $en:literal $zh:literal,)*) => {
        /// A trait.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Trait { $(#[doc = $en] $name,)* }

        impl Trait {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// As rules write it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $snake,)* }
            }

            /// In words.
            pub fn said(self) -> Said {
                match self { $(Self::$name => Said::new($en, $zh),)* }
            }
        }
    };
}

traits! {
    Mains "mains" "runs on or charges from the mains" "接市电使用或充电",
    Battery "battery" "contains a lithium battery" "含锂电池",
    BatteryAlone "battery_alone" "is a battery on its own" "单独的电池",
    Liquid "liquid" "liquid, cream or gel" "液体或膏体",
    Flammable "flammable" "flammable" "易燃",
    Aerosol "aerosol" "spray can" "气雾罐",
    Pressurised "pressurised" "under pressure" "带压",
    Radio "radio" "sends by radio" "含无线发射",
    LicensedRadio "licensed_radio" "radio on licensed bands" "使用需许可频段的无线电",
    Laser "laser" "laser" "激光",
    Magnet "magnet" "contains magnets" "含磁铁",
    LooseMagnet "loose_magnet" "strong loose magnets" "强力散装磁铁",
    FoodContact "food_contact" "touches food" "接触食品",
    Cosmetic "cosmetic" "cosmetic" "化妆品",
    SunFilter "sun_filter" "sun protection" "防晒",
    Whitening "whitening" "skin whitening" "美白",
    HairDye "hair_dye" "hair dye" "染发",
    Alcohol "alcohol" "contains alcohol" "含酒精",
    Chemical "chemical" "chemical mixture" "化学混合物",
    Child "child" "made for children" "儿童用品",
    Baby "baby" "made for babies" "婴儿用品",
    Walker "walker" "baby walker" "婴儿学步车",
    Toy "toy" "toy" "玩具",
    GunShape "gun_shape" "looks like a gun" "枪形",
    Textile "textile" "textile" "纺织品",
    Footwear "footwear" "footwear" "鞋类",
    Nightwear "nightwear" "children's nightwear" "儿童睡衣",
    Fur "fur" "fur" "皮草",
    Motor "motor" "has a motor" "带电机",
    Heating "heating" "heats" "发热",
    Water "water" "holds water" "盛水",
    Refrigerant "refrigerant" "contains refrigerant" "含制冷剂",
    Blade "blade" "has a blade" "带刀刃",
    Usb "usb" "charges by a USB lead" "USB 充电",
    Display "display" "has a display" "带显示屏",
    Socket "socket" "has mains sockets" "带市电插座",
    Flying "flying" "flies" "可飞行",
    Nicotine "nicotine" "nicotine or vaping" "尼古丁或雾化",
    Ingested "ingested" "eaten or drunk" "食用",
    Medical "medical" "medical device" "医疗器械",
    Weapon "weapon" "weapon" "武器",
    Explosive "explosive" "explosive" "爆炸物",
    Plant "plant" "seeds or plants" "种子或植物",
    Intimate "intimate" "intimate product" "成人用品",
    SingleUse "single_use" "single-use plastic" "一次性塑料",
    Used "used" "used or refurbished" "二手或翻新",
}

/// What is known of all traits. A trait is never both there and not there: the later word counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Traits {
    yes: u64,
    no: u64,
}

impl Traits {
    /// Nothing has any trait: to start from for a kind that is known.
    pub fn none() -> Self {
        Self { yes: 0, no: u64::MAX }
    }

    const fn bit(of: Trait) -> u64 {
        1 << of as u32
    }

    /// Whether it is there; `None` where that is not known.
    pub const fn get(&self, of: Trait) -> Option<bool> {
        if self.yes & Self::bit(of) != 0 {
            Some(true)
        } else if self.no & Self::bit(of) != 0 {
            Some(false)
        } else {
            None
        }
    }

    /// States it.
    pub fn set(&mut self, of: Trait, there: Option<bool>) {
        let bit = Self::bit(of);
        (self.yes, self.no) = (self.yes & !bit, self.no & !bit);
        match there {
            Some(true) => self.yes |= bit,
            Some(false) => self.no |= bit,
            None => {}
        }
    }

    /// With a statement.
    #[must_use]
    pub fn with(mut self, of: Trait, there: Option<bool>) -> Self {
        self.set(of, there);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_files_and_each_has_its_own_bit() {
        assert!(Trait::ALL.len() < 64);
        for t in Trait::ALL {
            assert_eq!(serde_json::to_string(t).unwrap(), format!("\"{}\"", t.name()));
            let traits = Traits::default().with(*t, Some(true));
            assert!(Trait::ALL.iter().all(|o| traits.get(*o) == (o == t).then_some(true)));
        }
    }

    #[test]
    fn the_later_word_counts() {
        let mut traits = Traits::none().with(Trait::Radio, Some(true));
        assert_eq!(traits.get(Trait::Radio), Some(true));
        traits.set(Trait::Radio, None);
        assert_eq!((traits.get(Trait::Radio), traits.get(Trait::Laser)), (None, Some(false)));
    }
}
