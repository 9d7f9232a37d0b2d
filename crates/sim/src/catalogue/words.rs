//! Words of the catalogue in Chinese, English, German, Vietnamese, Thai and Arabic.

/// ISO 639-1 codes in the order in which every table of this crate holds its six texts.
pub const LANGUAGES: [&str; 6] = ["zh", "en", "de", "vi", "th", "ar"];

/// A word in the six [`LANGUAGES`].
pub type Words = [&'static str; 6];

/// Position of a language in [`LANGUAGES`]; English for any other.
pub fn language_index(language: &str) -> usize {
    LANGUAGES.iter().position(|l| *l == language).unwrap_or(1)
}

/// A colour: its words and how it is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Colour {
    /// English name, the value of the catalogue's `colour` column.
    pub name: &'static str,
    /// In six languages.
    pub words: Words,
    /// Red, green, blue.
    pub rgb: [u8; 3],
}

/// Colours of the catalogue.
pub static COLOURS: [Colour; 8] = [
    colour("white", [236, 236, 232], ["白色", "white", "Weiß", "trắng", "สีขาว", "أبيض"]),
    colour("black", [38, 38, 42], ["黑色", "black", "Schwarz", "đen", "สีดำ", "أسود"]),
    colour("red", [196, 40, 44], ["红色", "red", "Rot", "đỏ", "สีแดง", "أحمر"]),
    colour("blue", [44, 92, 180], ["蓝色", "blue", "Blau", "xanh dương", "สีน้ำเงิน", "أزرق"]),
    colour("green", [64, 140, 92], ["绿色", "green", "Grün", "xanh lá", "สีเขียว", "أخضر"]),
    colour("silver", [168, 172, 178], ["银色", "silver", "Silber", "bạc", "สีเงิน", "فضي"]),
    colour("pink", [232, 156, 176], ["粉色", "pink", "Rosa", "hồng", "สีชมพู", "وردي"]),
    colour("beige", [214, 190, 152], ["米色", "beige", "Beige", "be", "สีเบจ", "بيج"]),
];

const fn colour(name: &'static str, rgb: [u8; 3], words: Words) -> Colour {
    Colour { name, words, rgb }
}

/// Selling points; a product has two of them.
pub static FEATURES: [Words; 7] = [
    ["低噪音", "quiet operation", "besonders leise", "vận hành êm", "เสียงเงียบ", "تشغيل هادئ"],
    ["节能省电", "energy saving", "energiesparend", "tiết kiệm điện", "ประหยัดไฟ", "موفر للطاقة"],
    ["小巧便携", "compact", "kompakt", "nhỏ gọn", "ขนาดกะทัดรัด", "حجم صغير"],
    ["自动断电", "automatic shut-off", "Abschaltautomatik", "tự động ngắt", "ตัดไฟอัตโนมัติ", "إيقاف تلقائي"],
    ["易清洗", "easy to clean", "leicht zu reinigen", "dễ vệ sinh", "ทำความสะอาดง่าย", "سهل التنظيف"],
    ["快速高效", "fast", "schnell", "nhanh chóng", "รวดเร็ว", "سريع"],
    ["智能触控", "touch control", "Touch-Bedienung", "điều khiển cảm ứng", "ระบบสัมผัส", "تحكم باللمس"],
];
