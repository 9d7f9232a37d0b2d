//! One row a market: language, currency, price level, sockets, climate, places, names.
//!
//! Figures are round and plausible, not statistics: rates are units per euro about 2024, climates
//! are monthly mean temperatures of the largest city, taxes are the standard rate.

use domain::{Currency, Market};
use serde::Serialize;

/// The merchant's home.
pub const HOME: Market = market(*b"CN");

/// A city and its region, as exports of the market write them.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Region, state or province.
    pub region: &'static str,
    /// City.
    pub city: &'static str,
    /// Postal code.
    pub zip: &'static str,
}

/// What does not change about a market.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Profile {
    /// ISO 3166-1.
    pub market: Market,
    /// ISO 639-1 of its titles and reviews, one of the catalogue's six.
    pub language: &'static str,
    /// BCP 47, for events.
    pub locale: &'static str,
    /// Its currency.
    pub currency: Currency,
    /// Units of the currency for one euro at the start.
    pub per_euro: f64,
    /// Price level against home.
    pub price_level: f64,
    /// Prices end just below a multiple of this many minor units.
    pub price_step: i64,
    /// Minor units below that multiple.
    pub price_below: i64,
    /// Tax in thousandths of the price; contained in it, except in the United States.
    pub tax_permille: i64,
    /// Mains voltage.
    pub volts: u16,
    /// Plug letters that fit (IEC 60083).
    pub plugs: &'static str,
    /// Clock of the market against UTC, minutes, without summer time.
    pub utc_offset: i32,
    /// International dialling code.
    pub dial: &'static str,
    /// Digits of a phone number after it.
    pub phone_digits: u32,
    /// Monthly mean temperature, °C.
    pub climate: [i8; 12],
    /// Days from order to door, mean.
    pub delivery_days: f64,
    /// Warehouse that serves it.
    pub warehouse: &'static str,
    /// Sales channels besides `web`.
    pub marketplace: &'static str,
    /// Other sellers.
    pub competitors: [&'static str; 2],
    /// Country as dirty exports write it; the ISO code is not among them.
    pub spellings: &'static [&'static str],
    /// Places, most frequent first.
    #[serde(skip)]
    pub places: &'static [Place],
    /// Given names.
    #[serde(skip)]
    pub given: &'static [&'static str],
    /// Family names.
    #[serde(skip)]
    pub family: &'static [&'static str],
}

const fn market(code: [u8; 2]) -> Market {
    match Market::from_code(code) {
        Some(market) => market,
        None => panic!("a market is two capital letters"),
    }
}

const fn place(region: &'static str, city: &'static str, zip: &'static str) -> Place {
    Place { region, city, zip }
}

/// The profile of a market, `None` where there is none.
pub fn profile(market: Market) -> Option<&'static Profile> {
    PROFILES.iter().find(|p| p.market == market)
}

const ENGLISH_GIVEN: &[&str] = &["Emma", "Liam", "Olivia", "Noah", "Ava", "James", "Mia", "Lucas", "Grace", "Henry"];
const ENGLISH_FAMILY: &[&str] =
    &["Smith", "Johnson", "Brown", "Miller", "Davis", "Wilson", "Moore", "Taylor", "Clark", "Hall"];
const ARABIC_GIVEN: &[&str] = &["Ahmed", "Fatimah", "Mohammed", "Noura", "Khalid", "Sara", "Omar", "Layla"];
const ARABIC_FAMILY: &[&str] = &["Alharbi", "Alqahtani", "Alghamdi", "Alotaibi", "Aldosari", "Alzahrani"];

static PROFILES: &[Profile] = &[
    Profile {
        market: HOME,
        language: "zh",
        locale: "zh-CN",
        currency: Currency::new(*b"CNY"),
        per_euro: 7.8,
        price_level: 1.0,
        price_step: 1000,
        price_below: 100,
        tax_permille: 130,
        volts: 220,
        plugs: "ACI",
        utc_offset: 480,
        dial: "86",
        phone_digits: 11,
        climate: [5, 7, 11, 17, 22, 25, 29, 29, 25, 20, 14, 7],
        delivery_days: 3.0,
        warehouse: "Shenzhen",
        marketplace: "tmall",
        competitors: ["Huaxin", "Lanmei"],
        spellings: &["China", "中国", "P.R. China", "PRC", "china "],
        places: &[
            place("广东", "深圳", "518000"),
            place("上海", "上海", "200000"),
            place("浙江", "杭州", "310000"),
            place("四川", "成都", "610000"),
            place("北京", "北京", "100000"),
            place("湖北", "武汉", "430000"),
        ],
        given: &["Wei", "Fang", "Min", "Jing", "Lei", "Yan", "Tao", "Xin"],
        family: &["Wang", "Li", "Zhang", "Liu", "Chen", "Yang", "Zhao", "Huang"],
    },
    Profile {
        market: market(*b"US"),
        language: "en",
        locale: "en-US",
        currency: Currency::new(*b"USD"),
        per_euro: 1.09,
        price_level: 2.0,
        price_step: 100,
        price_below: 1,
        tax_permille: 70,
        volts: 110,
        plugs: "AB",
        utc_offset: -300,
        dial: "1",
        phone_digits: 10,
        climate: [1, 2, 6, 12, 17, 22, 25, 25, 21, 15, 9, 4],
        delivery_days: 8.0,
        warehouse: "Newark",
        marketplace: "shopify",
        competitors: ["HomeRiver", "Brightley"],
        spellings: &["United States", "U.S.A.", "USA", "united states", "United States of America"],
        places: &[
            place("NY", "New York", "10001"),
            place("CA", "Los Angeles", "90001"),
            place("TX", "Houston", "77001"),
            place("IL", "Chicago", "60601"),
            place("WA", "Seattle", "98101"),
        ],
        given: ENGLISH_GIVEN,
        family: ENGLISH_FAMILY,
    },
    Profile {
        market: market(*b"DE"),
        language: "de",
        locale: "de-DE",
        currency: Currency::new(*b"EUR"),
        per_euro: 1.0,
        price_level: 1.6,
        price_step: 100,
        price_below: 1,
        tax_permille: 190,
        volts: 230,
        plugs: "CF",
        utc_offset: 60,
        dial: "49",
        phone_digits: 10,
        climate: [1, 2, 5, 10, 14, 18, 20, 20, 15, 10, 5, 2],
        delivery_days: 9.0,
        warehouse: "Leipzig",
        marketplace: "shopify",
        competitors: ["Hausfreund", "Kitora"],
        spellings: &["Deutschland", "Germany", "germany", "DEU", "GERMANY "],
        places: &[
            place("Berlin", "Berlin", "10115"),
            place("Bayern", "München", "80331"),
            place("Hamburg", "Hamburg", "20095"),
            place("Nordrhein-Westfalen", "Köln", "50667"),
            place("Hessen", "Frankfurt am Main", "60311"),
        ],
        given: &["Anna", "Jürgen", "Lena", "Paul", "Sophie", "Jonas", "Katrin", "Felix", "Björn", "Marie"],
        family: &["Müller", "Schmidt", "Schneider", "Fischer", "Weber", "Wagner", "Becker", "Schäfer", "Koch"],
    },
    Profile {
        market: market(*b"VN"),
        language: "vi",
        locale: "vi-VN",
        currency: Currency::new(*b"VND"),
        per_euro: 27_000.0,
        price_level: 1.05,
        price_step: 10_000,
        price_below: 1000,
        tax_permille: 100,
        volts: 220,
        plugs: "ACF",
        utc_offset: 420,
        dial: "84",
        phone_digits: 9,
        climate: [17, 18, 21, 25, 28, 30, 30, 29, 28, 26, 22, 19],
        delivery_days: 6.0,
        warehouse: "Bangkok",
        marketplace: "shopee",
        competitors: ["NhaXinh", "Saigon Home"],
        spellings: &["Viet Nam", "Vietnam", "Việt Nam", "VNM", "vietnam"],
        places: &[
            place("TP Hồ Chí Minh", "Quận 1", "700000"),
            place("Hà Nội", "Hoàn Kiếm", "100000"),
            place("Đà Nẵng", "Hải Châu", "550000"),
            place("Hải Phòng", "Lê Chân", "180000"),
        ],
        given: &["Anh", "Linh", "Minh", "Huong", "Tuan", "Thao", "Long", "Mai"],
        family: &["Nguyen", "Tran", "Le", "Pham", "Hoang", "Vu", "Dang"],
    },
    Profile {
        market: market(*b"TH"),
        language: "th",
        locale: "th-TH",
        currency: Currency::new(*b"THB"),
        per_euro: 38.5,
        price_level: 1.15,
        price_step: 1000,
        price_below: 100,
        tax_permille: 70,
        volts: 220,
        plugs: "ABCO",
        utc_offset: 420,
        dial: "66",
        phone_digits: 9,
        climate: [27, 28, 30, 31, 30, 30, 29, 29, 29, 28, 28, 27],
        delivery_days: 6.0,
        warehouse: "Bangkok",
        marketplace: "lazada",
        competitors: ["BaanDee", "Siam Home"],
        spellings: &["Thailand", "ประเทศไทย", "THA", "thailand"],
        places: &[
            place("กรุงเทพมหานคร", "ปทุมวัน", "10330"),
            place("เชียงใหม่", "เมืองเชียงใหม่", "50000"),
            place("ชลบุรี", "พัทยา", "20150"),
            place("ภูเก็ต", "เมืองภูเก็ต", "83000"),
        ],
        given: &["Somchai", "Suda", "Anong", "Niran", "Malee", "Kittisak", "Ploy", "Arthit"],
        family: &["Saetang", "Srisuk", "Wongsa", "Chaiyasit", "Boonmee", "Thongchai"],
    },
    Profile {
        market: market(*b"SA"),
        language: "ar",
        locale: "ar-SA",
        currency: Currency::new(*b"SAR"),
        per_euro: 4.09,
        price_level: 1.5,
        price_step: 500,
        price_below: 0,
        tax_permille: 150,
        volts: 220,
        plugs: "G",
        utc_offset: 180,
        dial: "966",
        phone_digits: 9,
        climate: [14, 17, 21, 27, 33, 36, 37, 37, 33, 28, 21, 16],
        delivery_days: 11.0,
        warehouse: "Riyadh",
        marketplace: "Amazon.sa",
        competitors: ["Bayt", "Souq Home"],
        spellings: &["KSA", "Saudi Arabia", "Kingdom of Saudi Arabia", "السعودية", "SAU"],
        places: &[
            place("الرياض", "الرياض", "11564"),
            place("مكة المكرمة", "جدة", "21442"),
            place("الشرقية", "الدمام", "32241"),
            place("المدينة المنورة", "المدينة المنورة", "42311"),
        ],
        given: ARABIC_GIVEN,
        family: ARABIC_FAMILY,
    },
    Profile {
        market: market(*b"GB"),
        language: "en",
        locale: "en-GB",
        currency: Currency::new(*b"GBP"),
        per_euro: 0.855,
        price_level: 1.65,
        price_step: 100,
        price_below: 1,
        tax_permille: 200,
        volts: 230,
        plugs: "G",
        utc_offset: 0,
        dial: "44",
        phone_digits: 10,
        climate: [5, 5, 8, 10, 13, 17, 19, 18, 16, 12, 8, 6],
        delivery_days: 9.0,
        warehouse: "Leipzig",
        marketplace: "shopify",
        competitors: ["Hearthly", "Kitora"],
        spellings: &["United Kingdom", "UK", "Great Britain", "England"],
        places: &[place("England", "London", "EC1A 1BB"), place("Scotland", "Glasgow", "G1 1AA")],
        given: ENGLISH_GIVEN,
        family: ENGLISH_FAMILY,
    },
    Profile {
        market: market(*b"FR"),
        language: "en",
        locale: "fr-FR",
        currency: Currency::new(*b"EUR"),
        per_euro: 1.0,
        price_level: 1.6,
        price_step: 100,
        price_below: 10,
        tax_permille: 200,
        volts: 230,
        plugs: "CE",
        utc_offset: 60,
        dial: "33",
        phone_digits: 9,
        climate: [5, 6, 9, 12, 16, 19, 21, 21, 17, 13, 8, 6],
        delivery_days: 9.0,
        warehouse: "Leipzig",
        marketplace: "shopify",
        competitors: ["Maisonnette", "Kitora"],
        spellings: &["France", "FRA", "france"],
        places: &[place("Île-de-France", "Paris", "75001"), place("Rhône", "Lyon", "69001")],
        given: &["Camille", "Louis", "Chloé", "Hugo", "Léa", "Jules"],
        family: &["Martin", "Bernard", "Dubois", "Thomas", "Robert"],
    },
    Profile {
        market: market(*b"JP"),
        language: "en",
        locale: "ja-JP",
        currency: Currency::new(*b"JPY"),
        per_euro: 160.0,
        price_level: 1.4,
        price_step: 100,
        price_below: 20,
        tax_permille: 100,
        volts: 100,
        plugs: "AB",
        utc_offset: 540,
        dial: "81",
        phone_digits: 10,
        climate: [5, 6, 9, 14, 19, 22, 26, 27, 23, 18, 12, 8],
        delivery_days: 6.0,
        warehouse: "Shenzhen",
        marketplace: "Amazon.co.jp",
        competitors: ["Kurashi", "Sumai"],
        spellings: &["Japan", "日本", "JPN"],
        places: &[place("Tokyo", "Shinjuku", "160-0022"), place("Osaka", "Osaka", "530-0001")],
        given: &["Haruto", "Yui", "Sota", "Aoi", "Ren", "Hina"],
        family: &["Sato", "Suzuki", "Takahashi", "Tanaka", "Ito"],
    },
    Profile {
        market: market(*b"MX"),
        language: "en",
        locale: "es-MX",
        currency: Currency::new(*b"MXN"),
        per_euro: 18.5,
        price_level: 1.3,
        price_step: 1000,
        price_below: 100,
        tax_permille: 160,
        volts: 127,
        plugs: "AB",
        utc_offset: -360,
        dial: "52",
        phone_digits: 10,
        climate: [14, 15, 17, 19, 19, 18, 17, 17, 17, 16, 15, 14],
        delivery_days: 12.0,
        warehouse: "Newark",
        marketplace: "Amazon.com.mx",
        competitors: ["CasaViva", "Hogarte"],
        spellings: &["Mexico", "México", "MEX"],
        places: &[place("CDMX", "Ciudad de México", "06000"), place("Jalisco", "Guadalajara", "44100")],
        given: &["Sofia", "Diego", "Valeria", "Mateo", "Camila", "Luis"],
        family: &["Hernandez", "Garcia", "Martinez", "Lopez", "Gonzalez"],
    },
    Profile {
        market: market(*b"BR"),
        language: "en",
        locale: "pt-BR",
        currency: Currency::new(*b"BRL"),
        per_euro: 5.4,
        price_level: 1.35,
        price_step: 1000,
        price_below: 10,
        tax_permille: 170,
        volts: 220,
        plugs: "CN",
        utc_offset: -180,
        dial: "55",
        phone_digits: 11,
        climate: [23, 23, 22, 21, 18, 17, 17, 18, 19, 20, 21, 22],
        delivery_days: 16.0,
        warehouse: "Newark",
        marketplace: "mercado",
        competitors: ["LarBom", "CasaFlor"],
        spellings: &["Brazil", "Brasil", "BRA"],
        places: &[place("SP", "São Paulo", "01000-000"), place("RJ", "Rio de Janeiro", "20000-000")],
        given: &["Ana", "Pedro", "Julia", "Gabriel", "Beatriz", "Rafael"],
        family: &["Silva", "Santos", "Oliveira", "Souza", "Lima"],
    },
    Profile {
        market: market(*b"AE"),
        language: "ar",
        locale: "ar-AE",
        currency: Currency::new(*b"AED"),
        per_euro: 4.0,
        price_level: 1.5,
        price_step: 500,
        price_below: 0,
        tax_permille: 50,
        volts: 230,
        plugs: "G",
        utc_offset: 240,
        dial: "971",
        phone_digits: 9,
        climate: [19, 20, 23, 27, 31, 34, 36, 36, 33, 30, 25, 21],
        delivery_days: 10.0,
        warehouse: "Riyadh",
        marketplace: "Amazon.ae",
        competitors: ["Bayt", "Dar"],
        spellings: &["UAE", "United Arab Emirates", "U.A.E.", "الإمارات"],
        places: &[place("دبي", "دبي", "00000"), place("أبو ظبي", "أبو ظبي", "00000")],
        given: ARABIC_GIVEN,
        family: ARABIC_FAMILY,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_is_found_by_its_market_and_has_places_and_names() {
        for p in PROFILES {
            assert_eq!(profile(p.market).unwrap().locale, p.locale);
            assert!(!p.places.is_empty() && !p.given.is_empty() && !p.family.is_empty());
            assert!(!p.spellings.contains(&p.market.code()));
        }
    }
}
