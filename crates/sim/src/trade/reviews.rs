//! Reviews: stars and sentences that follow how happy the shopper truly is.
//!
//! Stars rise with satisfaction; what broke gets one. Texts
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
use serde::Serialize;

/// How reviews follow what happened, in every market.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct ReviewRules {
    /// Stars of a usual line, and for each unit of satisfaction; rounded into 1 to 5.
    stars: (f64, f64),
    /// Stars of what broke.
    stars_defect: u8,
    /// Days from delivery to the review, least and most, each as likely.
    days: (f64, f64),
    /// Share written in English outside English markets.
    in_english: f64,
    /// Share that also names an aspect against the mood.
    mixed: f64,
    /// An aspect is named beyond this: noise, quality, delivery (in mean delivery times), size, ease.
    named_beyond: [f64; 5],
    /// Quietness at which noise is neither praised nor blamed.
    usual_quietness: f64,
    /// Share that praises a fitting plug where there is nothing else to say.
    plug_praised: f64,
}

pub(crate) const REVIEWS: ReviewRules = ReviewRules {
    stars: (4.0, 1.5),
    stars_defect: 1,
    days: (1.0, 21.0),
    in_english: 0.05,
    mixed: 0.35,
    named_beyond: [0.8, 0.7, 0.35, 0.2, 0.9],
    usual_quietness: 0.15,
    plug_praised: 0.3,
};

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
    /// Those of them that are praised; the others are blamed.
    pub liked: u8,
}

/// Reviews of a market, by line. A line without one costs one random number.
pub fn reviews<'a>(
    params: &'a SimParams,
    products: &'a [Product],
    book: &'a Book,
) -> impl Iterator<Item = Review> + 'a {
    let seed = market_seed(params.seed, Part::Reviews, book.profile.market);
    let end = i64::from(params.end().0) * DAY;
    let (soonest, latest) = REVIEWS.days;
    book.orders.iter().enumerate().flat_map(move |(o, order)| {
        let mut rng = seed.stream(o as u64);
        let first = order.first_line;
        (first..first + order.n_lines).filter_map(move |l| {
            if rng.uniform() >= params.review_share {
                return None;
            }
            let line = &book.lines[l as usize];
            let at = order.delivered_at + ((soonest + (latest - soonest) * rng.uniform()) * DAY as f64) as i64;
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
    let rules = REVIEWS;
    let felt = rules.stars.0 + rules.stars.1 * f64::from(line.satisfaction);
    let stars = if line.defect { rules.stars_defect } else { felt.round().clamp(1.0, 5.0) as u8 };
    let own = language_index(profile.language);
    let language = if rng.uniform() < rules.in_english { 1 } else { own };
    let delay = (order.delivered_at - order.at) as f64 / DAY as f64 / profile.delivery_days;
    let mood = match stars {
        1 | 2 => 0,
        3 => 1,
        _ => 2,
    };
    // Plug and delivery are facts and always told; an opinion against the mood only by some, and
    // never that a well-liked thing is badly made.
    let mixed = rng.uniform() < rules.mixed;
    let [noise, quality, late, size, ease] = rules.named_beyond;
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
    say(2, 1.0 - delay, late);
    if powered {
        say(0, product.quietness - rules.usual_quietness, noise);
    }
    if !line.defect {
        say(1, product.quality, quality);
    }
    say(5, product.ease, ease);
    say(4, -product.relative_size(), size);
    if said.is_empty() && powered && rng.uniform() < rules.plug_praised {
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
    let liked = said.iter().filter(|(_, right)| *right).fold(0, |bits, (aspect, _)| bits | 1 << aspect);
    Review { order: o, line: l, at, stars, language: LANGUAGES[language], text, aspects, liked }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Merchant;
    use domain::Seed;
    use std::collections::BTreeMap;

    #[test]
    fn every_sentence_is_on_the_side_that_the_product_and_the_order_deserve() {
        let merchant = Merchant::generate(&SimParams::at(0.05, Seed(4))).unwrap();
        let products = &merchant.catalogue.products;
        let mut seen: BTreeMap<(usize, bool), u32> = BTreeMap::new();
        for book in &merchant.books {
            for review in reviews(&merchant.params, products, book) {
                let line = &book.lines[review.line as usize];
                let (order, product) = (&book.orders[review.order as usize], &products[usize::from(line.product)]);
                let fits = product.plug_fits(book.profile.plugs);
                let late = (order.delivered_at - order.at) as f64 / DAY as f64 > book.profile.delivery_days;
                for (aspect, sides) in ASPECT_SENTENCES[language_index(review.language)].iter().enumerate() {
                    let said = |right: usize| sides[right].iter().any(|s| review.text.contains(s));
                    let (named, liked) = (review.aspects & 1 << aspect != 0, review.liked & 1 << aspect != 0);
                    assert_eq!((said(0), said(1)), (named && !liked, named && liked), "{aspect}: {}", review.text);
                    if !named {
                        continue;
                    }
                    let deserved = match aspect {
                        0 => product.quietness > REVIEWS.usual_quietness,
                        1 => product.quality > 0.0 && !line.defect,
                        2 => !late,
                        3 => fits,
                        4 => product.relative_size() < 0.0,
                        _ => product.ease > 0.0,
                    };
                    assert_eq!(liked, deserved, "{aspect} of {}: {}", product.id, review.text);
                    *seen.entry((aspect, liked)).or_default() += 1;
                }
            }
        }
        assert!(seen.len() == 12 && seen.values().all(|n| *n > 3), "each side of each aspect: {seen:?}");
    }
}
