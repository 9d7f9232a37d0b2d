//! Products: a type's typical figures, varied by size, quality and make.
//!
//! What a shopper feels (`quality`, `quietness`, `ease`) is latent: it appears in no catalogue
//! column, only in ratings, review texts and returns.

use super::words::{COLOURS, FEATURES, Words};
use domain::{Rng, Seed};
use serde::Serialize;

/// What all products of a type share.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct TypeSpec {
    /// Name in code and truth.
    pub name: &'static str,
    /// Name in six languages.
    #[serde(skip)]
    pub words: Words,
    /// Category path in English, parts joined by ` > `.
    pub category: &'static str,
    /// Typical power, 0 for what has none.
    pub watts: u16,
    /// Typical length, width, height, millimetres.
    pub size_mm: [u16; 3],
    /// Typical weight, grams.
    pub weight_g: u32,
    /// Typical unit cost, fen (0.01 CNY).
    pub cost: i64,
    /// Home price over cost.
    pub markup: f64,
    /// Change of log demand for each degree above 18 °C.
    pub heat: f64,
    /// Bought again and again.
    pub consumable: bool,
    /// Type that completes it, by name; empty for none.
    pub complement: &'static str,
    /// Probability that the complement joins the same basket.
    pub same_basket: f64,
    /// Probability that the complement leads the next order.
    pub next_order: f64,
}

/// How products vary around their type.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct CatalogueRules {
    /// Deviation of log size, cut at ±`size_cut`.
    size_spread: f64,
    size_cut: f64,
    /// Quality is standard normal, cut at ± this.
    quality_cut: f64,
    /// Share of powered products for all mains and for 220 to 240 V only; the rest is for 110 to 127 V.
    power_shares: (f64, f64),
    /// Share of those for 220 V and up with exchangeable plugs, plug C and plug I; the rest has plug G.
    plug_shares: (f64, f64, f64),
    /// Exponent of size in cost, effect of quality on log cost, deviation of what is left.
    cost: (f64, f64, f64),
    /// Added to quietness and to ease where the title praises them.
    praised: (f64, f64),
}

pub(crate) const CATALOGUE: CatalogueRules = CatalogueRules {
    size_spread: 0.18,
    size_cut: 0.5,
    quality_cut: 2.5,
    power_shares: (0.70, 0.20),
    plug_shares: (0.65, 0.20, 0.10),
    cost: (0.8, 0.16, 0.12),
    praised: (0.8, 0.6),
};

/// Mains that a product can stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Power {
    /// 220 to 240 V.
    High,
    /// 110 to 127 V.
    Low,
    /// 100 to 240 V.
    Wide,
    /// Needs none.
    Unpowered,
}

impl Power {
    /// Whether it works on `volts`.
    pub fn fits(self, volts: u16) -> bool {
        match self {
            Self::High => volts >= 200,
            Self::Low => volts < 200,
            Self::Wide | Self::Unpowered => true,
        }
    }

    /// Rated voltage, the catalogue's `voltage_v`.
    pub fn rated(self) -> Option<u16> {
        match self {
            Self::High | Self::Wide => Some(220),
            Self::Low => Some(110),
            Self::Unpowered => None,
        }
    }

    /// Printed range, the catalogue's `voltage_range`.
    pub fn range(self) -> &'static str {
        match self {
            Self::High => "220-240",
            Self::Low => "110-127",
            Self::Wide => "100-240",
            Self::Unpowered => "",
        }
    }
}

/// A product.
#[derive(Clone, Debug)]
pub struct Product {
    /// Catalogue code, `SA-0001`.
    pub id: String,
    /// Row of [`TYPES`].
    pub kind: usize,
    /// Row of [`Catalogue::BRANDS`].
    pub brand: usize,
    /// Row of [`COLOURS`].
    pub colour: usize,
    /// Model number.
    pub model: String,
    /// Mains.
    pub power: Power,
    /// Plug letter (IEC 60083), or `multi` for exchangeable plugs; empty without power.
    pub plug: &'static str,
    /// Watts, 0 without power.
    pub watts: u16,
    /// Length, width, height, millimetres.
    pub size_mm: [u16; 3],
    /// Grams.
    pub weight_g: u32,
    /// Unit cost, fen.
    pub cost: i64,
    /// Rows of [`FEATURES`].
    pub features: [usize; 2],
    /// Latent quality, mean 0, deviation 1.
    pub quality: f64,
    /// Latent quietness, mean 0, deviation 1.
    pub quietness: f64,
    /// Latent ease of use, mean 0, deviation 1.
    pub ease: f64,
    /// Product that completes it, if any.
    pub partner: Option<u16>,
}

impl Product {
    /// Its type.
    pub fn spec(&self) -> &'static TypeSpec {
        &TYPES[self.kind]
    }

    /// Size against the type's, log scale: 0 is typical.
    pub fn relative_size(&self) -> f64 {
        (f64::from(self.size_mm[0]) / f64::from(self.spec().size_mm[0])).ln()
    }

    /// Whether its plug goes into one of the socket letters in `plugs`.
    pub fn plug_fits(&self, plugs: &str) -> bool {
        self.plug.is_empty() || self.plug == "multi" || plugs.contains(self.plug)
    }

    /// Path of its picture in the export.
    pub fn image_path(&self) -> String {
        format!("images/{}.png", self.id)
    }
}

/// All products.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// In order of their code.
    pub products: Vec<Product>,
}

impl Catalogue {
    /// Brands.
    pub const BRANDS: [&'static str; 6] = ["Portena", "Lumico", "Breezo", "Kawana", "Homeva", "Nordkap"];

    /// Draws `n_products`, types in turn, so that every type has some.
    pub fn generate(n_products: usize, seed: Seed) -> Self {
        let mut products: Vec<Product> = (0..n_products).map(|i| draw(i, &mut seed.stream(i as u64))).collect();
        let partners: Vec<Option<u16>> = products.iter().map(|p| partner_of(p, &products)).collect();
        for (product, partner) in products.iter_mut().zip(partners) {
            product.partner = partner;
        }
        Self { products }
    }

    /// Number of products.
    pub fn len(&self) -> usize {
        self.products.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.products.is_empty()
    }

    /// Whether `product` is on sale in a market with these mains.
    pub fn offered(&self, product: usize, volts: u16) -> bool {
        self.products[product].power.fits(volts)
    }
}

fn draw(i: usize, rng: &mut Rng) -> Product {
    let kind = i % TYPES.len();
    let (spec, rules) = (&TYPES[kind], CATALOGUE);
    let size = (rules.size_spread * rng.normal()).clamp(-rules.size_cut, rules.size_cut).exp();
    let quality = rng.normal().clamp(-rules.quality_cut, rules.quality_cut);
    let (wide, high) = rules.power_shares;
    let power = match rng.uniform() {
        _ if spec.watts == 0 => Power::Unpowered,
        u if u < wide => Power::Wide,
        u if u < wide + high => Power::High,
        _ => Power::Low,
    };
    let (multi, c, i_plug) = rules.plug_shares;
    let plug = match (power, rng.uniform()) {
        (Power::Unpowered, _) => "",
        (Power::Low, _) => "A",
        (_, u) if u < multi => "multi",
        (_, u) if u < multi + c => "C",
        (_, u) if u < multi + c + i_plug => "I",
        _ => "G",
    };
    // Better makes cost more; bigger ones too. Costs are whole tenths of a yuan.
    let (of_size, of_quality, left) = rules.cost;
    let cost = spec.cost as f64 * size.powf(of_size) * (of_quality * quality + left * rng.normal()).exp();
    let first = rng.below(FEATURES.len());
    let second = (first + 1 + rng.below(FEATURES.len() - 1)) % FEATURES.len();
    // What has no motor is neither quiet nor switches itself off: small and easy, or quick.
    let features = if spec.consumable { [[2, 4], [4, 5], [5, 2]][first % 3] } else { [first, second] };
    let scaled = |x: f64, unit: f64| ((x / unit).round() * unit).max(unit);
    Product {
        id: format!("SA-{:04}", i + 1),
        kind,
        brand: rng.below(Catalogue::BRANDS.len()),
        colour: rng.below(COLOURS.len()),
        model: format!("{}{}{}", (b'A' + (i % 26) as u8) as char, 100 + 10 * (i / TYPES.len()), kind),
        power,
        plug,
        watts: if spec.watts == 0 { 0 } else { scaled(f64::from(spec.watts) * size, 10.0) as u16 },
        size_mm: spec.size_mm.map(|mm| scaled(f64::from(mm) * size, 5.0) as u16),
        weight_g: scaled(f64::from(spec.weight_g) * size.powi(2), 10.0) as u32,
        cost: scaled(cost, 10.0) as i64,
        features,
        quality,
        quietness: rng.normal() + if features.contains(&0) { rules.praised.0 } else { 0.0 },
        ease: rng.normal() + if features.contains(&4) { rules.praised.1 } else { 0.0 },
        partner: None,
    }
}

/// Of the products of the complement's type: one of the same brand and colour if there is, else
/// of the same brand, else of the same colour, else the first; ties to the lower code.
fn partner_of(product: &Product, products: &[Product]) -> Option<u16> {
    let wanted = product.spec().complement;
    let score = |p: &Product| 2 * u8::from(p.brand == product.brand) + u8::from(p.colour == product.colour);
    let fits = products
        .iter()
        .enumerate()
        .filter(|(_, p)| p.spec().name == wanted && matches!(p.power, Power::Wide | Power::Unpowered));
    fits.rev().max_by_key(|(_, p)| score(p)).map(|(i, _)| i as u16)
}

const KITCHEN: &str = "Home & Garden > Kitchen & Dining > Kitchen Appliances";
const CLIMATE: &str = "Home & Garden > Household Appliances > Climate Control Appliances";
const CLEANING: &str = "Home & Garden > Household Appliances > Floor & Laundry Care";
const HAIR: &str = "Health & Beauty > Personal Care > Hair Care";
const PARTS: &str = "Home & Garden > Household Appliance Accessories";

/// A type with neither season nor complement, bought once.
const fn plain(
    name: &'static str,
    category: &'static str,
    (watts, size_mm, weight_g): (u16, [u16; 3], u32),
    (cost, markup): (i64, f64),
    words: Words,
) -> TypeSpec {
    TypeSpec {
        name,
        words,
        category,
        watts,
        size_mm,
        weight_g,
        cost,
        markup,
        heat: 0.0,
        consumable: false,
        complement: "",
        same_basket: 0.0,
        next_order: 0.0,
    }
}

impl TypeSpec {
    const fn seasonal(mut self, heat: f64) -> Self {
        self.heat = heat;
        self
    }

    const fn consumable(mut self) -> Self {
        self.consumable = true;
        self
    }

    const fn with(mut self, complement: &'static str, same_basket: f64, next_order: f64) -> Self {
        self.complement = complement;
        self.same_basket = same_basket;
        self.next_order = next_order;
        self
    }
}

/// Types of the catalogue.
#[rustfmt::skip] // One line of figures and one of words a type reads better than twenty short ones.
pub static TYPES: [TypeSpec; 18] = [
    plain("air_fryer", KITCHEN, (1500, [320, 280, 330], 4600), (15_000, 2.0),
        ["空气炸锅", "air fryer", "Heißluftfritteuse", "nồi chiên không dầu", "หม้อทอดไร้น้ำมัน", "قلاية هوائية"]),
    plain("kettle", KITCHEN, (1800, [220, 160, 240], 1100), (4_800, 2.2),
        ["电热水壶", "electric kettle", "Wasserkocher", "ấm đun nước siêu tốc", "กาต้มน้ำไฟฟ้า", "غلاية كهربائية"])
        .with("descaler", 0.22, 0.20),
    plain("rice_cooker", KITCHEN, (700, [300, 260, 250], 3200), (11_000, 2.0),
        ["电饭煲", "rice cooker", "Reiskocher", "nồi cơm điện", "หม้อหุงข้าวไฟฟ้า", "طباخة أرز"]),
    plain("blender", KITCHEN, (900, [190, 180, 420], 3000), (9_000, 2.1),
        ["破壁机", "blender", "Standmixer", "máy xay sinh tố", "เครื่องปั่น", "خلاط كهربائي"]),
    plain("toaster", KITCHEN, (850, [290, 180, 190], 1500), (5_500, 2.1),
        ["烤面包机", "toaster", "Toaster", "máy nướng bánh mì", "เครื่องปิ้งขนมปัง", "محمصة خبز"])
        .with("kettle", 0.20, 0.10),
    plain("coffee_maker", KITCHEN, (1350, [260, 300, 340], 4200), (21_000, 2.0),
        ["咖啡机", "coffee maker", "Kaffeemaschine", "máy pha cà phê", "เครื่องชงกาแฟ", "آلة صنع القهوة"])
        .with("coffee_grinder", 0.28, 0.18),
    plain("coffee_grinder", KITCHEN, (150, [120, 120, 230], 1300), (6_500, 2.2),
        ["磨豆机", "coffee grinder", "Kaffeemühle", "máy xay cà phê", "เครื่องบดกาแฟ", "مطحنة قهوة"]),
    plain("vacuum", CLEANING, (450, [260, 220, 1120], 2900), (32_000, 1.9),
        ["吸尘器", "vacuum cleaner", "Staubsauger", "máy hút bụi", "เครื่องดูดฝุ่น", "مكنسة كهربائية"])
        .with("filter_set", 0.15, 0.35),
    plain("fan", CLIMATE, (50, [380, 320, 1100], 3600), (9_500, 2.0),
        ["电风扇", "electric fan", "Ventilator", "quạt điện", "พัดลม", "مروحة كهربائية"]).seasonal(0.075),
    plain("heater", CLIMATE, (2000, [240, 180, 520], 2800), (10_000, 2.0),
        ["取暖器", "space heater", "Heizlüfter", "máy sưởi", "เครื่องทำความร้อน", "مدفأة كهربائية"]).seasonal(-0.085),
    plain("humidifier", CLIMATE, (30, [210, 210, 310], 1600), (7_000, 2.2),
        ["加湿器", "humidifier", "Luftbefeuchter", "máy tạo độ ẩm", "เครื่องเพิ่มความชื้น", "جهاز ترطيب الهواء"]).seasonal(-0.035),
    plain("air_purifier", CLIMATE, (45, [330, 330, 560], 5600), (36_000, 1.8),
        ["空气净化器", "air purifier", "Luftreiniger", "máy lọc không khí", "เครื่องฟอกอากาศ", "جهاز تنقية الهواء"])
        .with("filter_set", 0.30, 0.40),
    plain("hair_dryer", HAIR, (1600, [250, 90, 260], 700), (7_500, 2.3),
        ["吹风机", "hair dryer", "Haartrockner", "máy sấy tóc", "ไดร์เป่าผม", "مجفف شعر"])
        .with("hair_straightener", 0.18, 0.14),
    plain("hair_straightener", HAIR, (50, [300, 40, 50], 450), (6_000, 2.4),
        ["直发器", "hair straightener", "Glätteisen", "máy ép tóc", "เครื่องหนีบผม", "مكواة شعر"]),
    plain("iron", CLEANING, (2200, [300, 130, 150], 1400), (6_200, 2.1),
        ["电熨斗", "steam iron", "Dampfbügeleisen", "bàn ủi hơi nước", "เตารีดไอน้ำ", "مكواة بخار"])
        .with("descaler", 0.12, 0.16),
    plain("garment_steamer", CLEANING, (1600, [180, 120, 280], 1300), (9_200, 2.1),
        ["挂烫机", "garment steamer", "Dampfglätter", "bàn ủi hơi nước đứng", "เครื่องรีดถนอมผ้าไอน้ำ", "مكواة بخار عمودية"]),
    plain("filter_set", PARTS, (0, [200, 150, 60], 300), (2_400, 2.8),
        ["替换滤芯套装", "replacement filter set", "Ersatzfilter-Set", "bộ lọc thay thế", "ชุดไส้กรองทดแทน", "طقم فلاتر بديلة"])
        .consumable(),
    plain("descaler", PARTS, (0, [90, 60, 180], 500), (1_200, 3.0),
        ["除垢剂", "descaler", "Entkalker", "bột tẩy cặn", "น้ำยาขจัดตะกรัน", "مزيل الترسبات الكلسية"])
        .consumable(),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_sold_and_complements_exist() {
        let catalogue = Catalogue::generate(240, Seed(1));
        for (kind, spec) in TYPES.iter().enumerate() {
            assert!(catalogue.products.iter().filter(|p| p.kind == kind).count() >= 13);
            assert!(spec.complement.is_empty() || TYPES.iter().any(|t| t.name == spec.complement));
        }
        let kettle = catalogue.products.iter().find(|p| p.spec().name == "kettle").unwrap();
        let partner = &catalogue.products[usize::from(kettle.partner.unwrap())];
        assert_eq!(partner.spec().name, "descaler");
    }

    #[test]
    fn what_has_no_motor_fits_every_mains() {
        let catalogue = Catalogue::generate(120, Seed(2));
        for p in &catalogue.products {
            assert_eq!(p.watts == 0, p.power == Power::Unpowered);
            assert!(p.power.fits(220) || p.power.fits(110));
            assert!(p.cost > 0 && p.weight_g > 0 && p.size_mm.iter().all(|mm| *mm > 0));
        }
    }
}
