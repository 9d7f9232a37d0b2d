//! Texts in several scripts with what they break on.

use super::Seed;

const TEXTS: [&str; 8] = [
    "Red kettle of steel, 1.7 L, 220-240 V, IP67. I wish it had a lid!",
    "静音空气炸锅家用大容量 5.5升，1800瓦。屏幕很好！",
    "ステンレス電気ケトル 1.2リットル 軽量タイプ。",
    "กาต้มน้ำไฟฟ้า สแตนเลส 1.8 ลิตร",
    "غلاية كهربائية من الفولاذ ١٫٧ لتر",
    "Wasserkocher {name} <b>%s</b> — 2\u{a0}200 W · 1,7 l ⟦offen⟧",
    "İstanbul ﬁne ß １２ Ã¤ \u{202e}\u{200d}👩‍👩‍👧 e\u{301}\u{feff}\0\u{7f}\r\n",
    "Mr. Smith paid $3.50/pc (10 x 20 x 30 cm), model AB-1234/X. Would be better if… no?",
];

pub(super) fn all() -> Vec<Seed> {
    TEXTS.iter().enumerate().map(|(at, text)| (format!("{at}.txt"), text.as_bytes().to_vec())).collect()
}
