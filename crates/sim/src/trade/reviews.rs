//! Reviews: stars and sentences that follow how happy the shopper truly is.
//!
//! Stars are `4 + 1.5 × satisfaction`, rounded into 1 to 5, and one star for what broke. Texts
//! name aspects by the product's latent figures and by what happened to the order, so that a text
//! miner has something true to find. One review in twenty outside English markets is in English.

use super::orders::DAY;
use super::phrases::{ASPECT_SENTENCES, OPENINGS};
use crate::catalogue::{LANGUAGES, Product, language_index};
use crate::part::{Part, market_seed};
use crate::trade::{Line, Order};
use crate::world::Profile;
use crate::{Book, SimParams};
use domain::Rng;

/// A review of an order line.
#[derive(Clone, Debug, PartialEq)]
pub struct Review {
    /// Position of the order among the market's.
    pub order: u32,
    /// Position of the line among the market's.
    pub line: u32,
    /// Seconds since 1970, UTC.
    pub at: i64,
    /// 1 to 5.
    pub stars: u8,
    /// ISO 639-1.
    pub language: &'static str,
    /// What was written.
    pub text: String,
    /// Aspects named, bit `i` for row `i` of [`super::ASPECTS`].
    pub aspects: u8,
}

/// Reviews of a market, by line. A line without one costs one random number.
pub fn reviews<'a>(
    params: &'a SimParams,
    products: &'a [Product],
    book: &'a Book,
) -> impl Iterator<Item = Review> + 'a {
    let seed = market_seed(params.seed, Part::Reviews, book.profile.market);
    let end = i64::from(params.end().0) * DAY;
    book.orders.iter().enumerate().flat_map(move |(o, order)| {
        let mut rng = seed.stream(o as u64);
        let first = order.first_line;
        (first..first + order.n_lines).filter_map(move |l| {
            if rng.uniform() >= params.review_share {
                return None;
            }
            let line = &book.lines[l as usize];
            let at = order.delivered_at + ((1.0 + 20.0 * rng.uniform()) * DAY as f64) as i64;
            let review =
                write(o as u32, l, at, order, line, &products[usize::from(line.product)], book.profile, &mut rng);
            (at < end).then_some(review)
        })
    })
}

#[expect(clippy::too_many_arguments, reason = "what a review speaks of, each used once")]
fn write(
    o: u32,
    l: u32,
    at: i64,
    order: &Order,
    line: &Line,
    product: &Product,
    profile: &Profile,
    rng: &mut Rng,
) -> Review {
    let stars = if line.defect { 1 } else { (4.0 + 1.5 * f64::from(line.satisfaction)).round().clamp(1.0, 5.0) as u8 };
    let own = language_index(profile.language);
    let language = if rng.uniform() < 0.05 { 1 } else { own };
    let delay = (order.delivered_at - order.at) as f64 / DAY as f64 / profile.delivery_days;
    let mood = match stars {
        1 | 2 => 0,
        3 => 1,
        _ => 2,
    };
    // Plug and delivery are facts and always told; an opinion against the mood only by some, and
    // never that a well-liked thing is badly made.
    let mixed = rng.uniform() < 0.35;
    let mut said: Vec<(usize, bool)> = Vec::new();
    let mut say = |aspect, value: f64, worth: f64| {
        let right = value > 0.0;
        let against = mood == 2 && !right || mood == 0 && right;
        let told = matches!(aspect, 2 | 3) || !against || mixed && aspect != 1;
        if value.abs() > worth && told && said.len() < 3 {
            said.push((aspect, right));
        }
    };
    let powered = product.watts > 0;
    if line.defect {
        say(1, -1.0, 0.0);
    }
    if !product.plug_fits(profile.plugs) {
        say(3, -1.0, 0.0);
    }
    say(2, 1.0 - delay, 0.35);
    if powered {
        say(0, product.quietness - 0.15, 0.8);
    }
    if !line.defect {
        say(1, product.quality, 0.7);
    }
    say(5, product.ease, 0.9);
    say(4, -product.relative_size(), 0.2);
    if said.is_empty() && powered && rng.uniform() < 0.3 {
        said.push((3, true));
    }
    let mut text = OPENINGS[language][mood][rng.below(2)].replace("{p}", product.spec().words[language]);
    for (aspect, right) in &said {
        if LANGUAGES[language] != "zh" {
            text.push(' ');
        }
        text.push_str(ASPECT_SENTENCES[language][*aspect][usize::from(*right)][rng.below(2)]);
    }
    let aspects = said.iter().fold(0, |bits, (aspect, _)| bits | 1 << aspect);
    Review { order: o, line: l, at, stars, language: LANGUAGES[language], text, aspects }
}
