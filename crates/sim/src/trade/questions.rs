//! Questions: what people want to know before they buy, in the market's language.
//!
//! Somebody asks about a product that sells. Who has to doubt asks more: about the plug where it does not fit the market, about
//! delivery where parcels take long, about noise where something runs. So what a market asks about most is known.

use super::phrases::ASPECTS;
use crate::catalogue::{Product, Words, language_index};
use crate::part::{Part, market_seed};
use crate::{Book, SimParams};
use domain::Rng;
use serde::Serialize;

/// How much is asked, in every market.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct QuestionRules {
    /// Questions an order.
    share: f64,
    /// At least so many where anything is sold.
    at_least: usize,
    /// Share of those who ask that are shoppers; the others are nobody to the shop.
    shoppers: f64,
    /// Weight of an aspect, in the order of [`ASPECTS`].
    weights: [f64; ASPECTS.len()],
    /// Times its weight for a plug that does not fit the market.
    plug_doubt: f64,
    /// Days of delivery at which its weight holds; it grows with them.
    usual_delivery_days: f64,
    /// Share by mail and in the chat; the others ask under the product.
    mail: f64,
    chat: f64,
}

pub(crate) const QUESTIONS: QuestionRules = QuestionRules {
    share: 0.05,
    at_least: 8,
    shoppers: 0.5,
    weights: [1.0, 0.6, 1.0, 0.6, 1.0, 0.8],
    plug_doubt: 8.0,
    usual_delivery_days: 5.0,
    mail: 0.3,
    chat: 0.3,
};

/// By aspect: two ways to ask in each language. `{p}` is the type's name.
static WAYS: [[Words; 2]; ASPECTS.len()] = [
    [
        [
            "请问这款{p}声音大吗？",
            "How loud is this {p}?",
            "Wie laut ist das Produkt ({p})?",
            "{p} này có ồn không?",
            "{p}เสียงดังไหม",
            "هل صوت {p} مرتفع؟",
        ],
        [
            "晚上用会不会有噪音？",
            "Is it quiet enough for a bedroom?",
            "Ist es leise genug fürs Schlafzimmer?",
            "Máy chạy có êm không ạ?",
            "ใช้ตอนกลางคืนเสียงเงียบไหมคะ",
            "هل هو هادئ في الليل؟",
        ],
    ],
    [
        [
            "{p}的质量怎么样，耐用吗？",
            "What is this {p} made of, is the material durable?",
            "Aus welchem Material ist das Produkt ({p})?",
            "{p} làm bằng chất liệu gì?",
            "{p}ทำจากวัสดุอะไรคะ",
            "ما خامة {p}؟",
        ],
        [
            "一般能用多久？",
            "How long does it last?",
            "Wie lange hält es?",
            "Dùng được bao lâu ạ?",
            "ใช้ได้นานไหม",
            "كم يدوم؟",
        ],
    ],
    [
        [
            "几天到货？",
            "How long does delivery take?",
            "Wie lange dauert die Lieferung?",
            "Giao hàng mất mấy ngày?",
            "จัดส่งกี่วันคะ",
            "كم يستغرق التوصيل؟",
        ],
        [
            "{p}什么时候发货？",
            "When will the {p} arrive?",
            "Wann kommt die Sendung ({p}) an?",
            "Bao giờ nhận được {p}?",
            "{p}จะได้รับเมื่อไหร่",
            "متى يصل {p}؟",
        ],
    ],
    [
        [
            "插头能直接用吗，需要转换器吗？",
            "Will the plug fit our sockets or do I need an adapter?",
            "Passt der Stecker in unsere Steckdosen?",
            "Phích cắm có vừa ổ điện ở đây không?",
            "ปลั๊กใช้กับเต้ารับบ้านเราได้ไหม",
            "هل القابس يناسب مقابسنا؟",
        ],
        [
            "{p}是什么电压的？",
            "What voltage is the {p}?",
            "Welche Spannung braucht das Gerät ({p})?",
            "{p} dùng điện áp bao nhiêu?",
            "{p}ใช้แรงดันไฟเท่าไหร่",
            "ما هو جهد {p}؟",
        ],
    ],
    [
        [
            "{p}的尺寸是多少？",
            "What are the dimensions of the {p}?",
            "Welche Größe hat das Produkt ({p})?",
            "Kích thước của {p} là bao nhiêu?",
            "{p}ขนาดเท่าไหร่คะ",
            "ما حجم {p}؟",
        ],
        [
            "放在桌上占地方吗？",
            "Is it too big for a small kitchen?",
            "Ist es zu groß für eine kleine Küche?",
            "Có to quá không ạ?",
            "ใหญ่ไหมคะ",
            "هل حجمه كبير على مطبخ صغير؟",
        ],
    ],
    [
        [
            "{p}好清洗吗，怎么清洗？",
            "Is the {p} easy to clean?",
            "Lässt sich das Produkt ({p}) leicht reinigen?",
            "{p} vệ sinh thế nào ạ?",
            "{p}ทำความสะอาดยังไงคะ",
            "هل تنظيف {p} سهل؟",
        ],
        [
            "操作复杂吗，老人会用吗？",
            "Is it complicated to use for my parents?",
            "Ist die Bedienung kompliziert?",
            "Có khó sử dụng không?",
            "ใช้งานยากไหม",
            "هل الاستخدام صعب؟",
        ],
    ],
];

/// Somebody asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Seconds since 1970, UTC.
    pub at: i64,
    /// Position of the product in the catalogue.
    pub product: u16,
    /// The shopper who asked; nobody whom the shop knows otherwise.
    pub shopper: Option<u32>,
    /// What about, row of [`super::ASPECTS`].
    pub aspect: usize,
    /// `product page`, `mail` or `chat`.
    pub channel: &'static str,
    /// What was written.
    pub text: String,
}

/// Questions of a market by time.
pub fn questions(params: &SimParams, products: &[Product], book: &Book) -> Vec<Question> {
    if book.lines.is_empty() {
        return Vec::new();
    }
    let n = ((book.orders.len() as f64 * QUESTIONS.share) as usize).max(QUESTIONS.at_least);
    let seed = market_seed(params.seed, Part::Questions, book.profile.market);
    let mut all: Vec<Question> = (0..n).map(|k| ask(products, book, &mut seed.stream(k as u64))).collect();
    all.sort_by(|a, b| (a.at, a.product, &a.text).cmp(&(b.at, b.product, &b.text)));
    all
}

fn ask(products: &[Product], book: &Book, rng: &mut Rng) -> Question {
    let rules = QUESTIONS;
    // Before an order that was placed: its product, perhaps its shopper, a few hours earlier.
    let order = &book.orders[rng.below(book.orders.len())];
    let line = &book.lines[order.first_line as usize + rng.below(order.n_lines as usize)];
    let product = &products[usize::from(line.product)];
    let mut weights = rules.weights;
    if product.watts == 0 {
        (weights[0], weights[3]) = (0.0, 0.0);
    } else if !product.plug_fits(book.profile.plugs) {
        weights[3] *= rules.plug_doubt;
    }
    weights[2] *= book.profile.delivery_days / rules.usual_delivery_days;
    let mut at = rng.uniform() * weights.iter().sum::<f64>();
    let found = weights.iter().position(|weight| {
        at -= weight;
        at < 0.0
    });
    let aspect = found.unwrap_or(2);
    let language = language_index(book.profile.language);
    let text = WAYS[aspect][rng.below(2)][language].replace("{p}", product.spec().words[language]);
    let way = rng.uniform();
    Question {
        at: order.at - 3_600 - (rng.uniform() * 5.0 * 86_400.0) as i64,
        product: line.product,
        shopper: (rng.uniform() < rules.shoppers).then_some(order.shopper),
        aspect,
        channel: match way {
            w if w < rules.mail => "mail",
            w if w < rules.mail + rules.chat => "chat",
            _ => "product page",
        },
        text,
    }
}
