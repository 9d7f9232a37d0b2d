//! What the seller states of a product's papers: marks and registrations at hand, and the languages of label and manual.
//!
//! A careful seller holds what every market asks for in which the product is on sale. This one mostly does: for some products
//! nothing is stated, for some markets one paper is not there, for some nothing is, and now and then a row slipped in the
//! table, so that the papers are those of the product above. What markets ask for is general knowledge, held small: only what is
//! usual for appliances and their parts.

use crate::catalogue::Product;
use crate::part::{Part, seed_of};
use crate::{Merchant, world};
use domain::{Market, Rng};
use serde::Serialize;

/// How complete papers are; shares.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct PaperRules {
    /// Products of which nothing is stated.
    unsaid: f64,
    /// Products whose papers are those of the product above them.
    slipped: f64,
    /// For each market: everything is there, one paper is not; the rest has none.
    complete: f64,
    one_short: f64,
    /// Labels and manuals in the language of a market that the product is made for; home always is.
    translated: f64,
}

pub(crate) const PAPERS: PaperRules =
    PaperRules { unsaid: 0.1, slipped: 0.03, complete: 0.72, one_short: 0.16, translated: 0.88 };

/// The two cells of a product; empty where nothing is stated.
#[derive(Clone, Debug, Default)]
pub(super) struct Papers {
    pub(super) marks: String,
    pub(super) languages: String,
}

/// The papers of every product, in the order of the catalogue.
pub(super) fn papers(merchant: &Merchant) -> Vec<Papers> {
    let seed = seed_of(merchant.params.seed, Part::Papers);
    let products = &merchant.catalogue.products;
    let markets: Vec<Market> = merchant.books.iter().map(|b| b.profile.market).collect();
    let mut all: Vec<Papers> = Vec::with_capacity(products.len());
    for (j, product) in products.iter().enumerate() {
        let mut rng = seed.stream(j as u64);
        let (unsaid, slipped) = (rng.uniform() < PAPERS.unsaid, rng.uniform() < PAPERS.slipped);
        let own = held(product, &markets, &mut rng);
        all.push(match all.last() {
            _ if unsaid => Papers::default(),
            Some(above) if slipped => above.clone(),
            _ => own,
        });
    }
    all
}

fn held(product: &Product, markets: &[Market], rng: &mut Rng) -> Papers {
    let (mut marks, mut languages): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for &market in markets {
        let Some(profile) = world::profile(market) else { continue };
        // Draws do not depend on what is offered, so that a product's papers are the same whichever markets are entered first.
        let (level, short, spoken) = (rng.uniform(), rng.uniform(), rng.uniform());
        if !product.power.fits(profile.volts) {
            continue;
        }
        let wanted = wanted(market.code(), product);
        let left_out = if level < PAPERS.complete {
            None
        } else if level < PAPERS.complete + PAPERS.one_short {
            Some((short * wanted.len() as f64) as usize)
        } else {
            continue;
        };
        marks.extend(wanted.iter().enumerate().filter(|(i, _)| Some(*i) != left_out).map(|(_, mark)| *mark));
        if market == world::HOME || spoken < PAPERS.translated {
            languages.push(if market.code() == "FR" { "fr" } else { profile.language });
        }
    }
    for list in [&mut marks, &mut languages] {
        list.sort_unstable();
        list.dedup();
    }
    let cell = |list: Vec<&str>| if list.is_empty() { "none".to_owned() } else { list.join(";") };
    Papers { marks: cell(marks), languages: cell(languages) }
}

/// What a market asks for of a product on its mains, or of a part without.
fn wanted(market: &str, product: &Product) -> Vec<&'static str> {
    let (kind, powered) = (product.spec().name, product.watts > 0);
    let of = |kinds: &[&str]| kinds.contains(&kind);
    let food = of(&["air_fryer", "kettle", "rice_cooker", "blender", "toaster", "coffee_maker", "coffee_grinder"]);
    let mut all: Vec<&'static str> = Vec::new();
    let mut ask = |asked: bool, marks: &[&'static str]| {
        if asked {
            all.extend_from_slice(marks);
        }
    };
    match market {
        "CN" => {
            ask(powered, &["CCC"]);
            ask(of(&["rice_cooker", "fan", "air_purifier"]), &["CN-ENERGY"]);
        }
        "US" => {
            ask(powered, &["UL"]);
            ask(food, &["FDA-FCM"]);
            ask(of(&["air_purifier"]), &["DOE"]);
        }
        "DE" | "FR" => {
            ask(powered, &["CE", "WEEE"]);
            ask(true, &["EU-RP", if market == "DE" { "LUCID" } else { "EPR-FR" }]);
            ask(of(&["descaler"]), &["CLP"]);
        }
        "GB" => {
            ask(powered, &["UKCA"]);
            ask(of(&["descaler"]), &["CLP"]);
        }
        "VN" => {
            ask(powered, &["CR"]);
            ask(of(&["rice_cooker", "fan"]), &["VN-ENERGY"]);
        }
        "TH" => ask(powered, &["TISI"]),
        "SA" | "AE" => {
            ask(market == "SA", &["SABER"]);
            ask(market == "AE" && powered, &["ECAS"]);
            ask(
                of(&["fan", "blender", "toaster", "heater", "hair_dryer", "hair_straightener", "iron", "kettle"]),
                &["G-MARK"],
            );
        }
        "JP" => {
            ask(powered, &["PSE"]);
            ask(food, &["JP-FSA"]);
        }
        "MX" => ask(powered, &["NOM"]),
        "BR" => ask(powered, &["INMETRO"]),
        _ => {}
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SimParams;
    use domain::Seed;

    #[test]
    fn most_products_have_papers_some_lack_one_and_of_some_nothing_is_said() {
        let merchant = Merchant::generate(&SimParams::at(0.02, Seed(1))).unwrap();
        let all = papers(&merchant);
        assert_eq!(all.len(), merchant.catalogue.len());
        let n = all.len() as f64;
        let share = |f: &dyn Fn(&Papers) -> bool| all.iter().filter(|p| f(p)).count() as f64 / n;
        let unsaid = share(&|p| p.marks.is_empty());
        // 10 % of 240: 24, deviation 4.6.
        assert!((0.04..0.18).contains(&unsaid), "{unsaid}");
        // On sale at home are nine of ten, of these seven in ten with everything.
        let home = share(&|p| p.marks.split(';').any(|m| m == "CCC"));
        assert!((0.4..0.9).contains(&home), "{home}");
        assert!(all.iter().all(|p| p.marks.is_empty() == p.languages.is_empty()));
        assert!(all.iter().any(|p| p.languages.split(';').any(|l| l == "de")));
    }
}
