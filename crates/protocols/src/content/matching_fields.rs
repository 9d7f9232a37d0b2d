//! What each field of an offer brings to matching: the pair alone, learnt on train, with some fields taken away.
//!
//! Data and splits are those of [`super::product_matching`]. The sets are every single field, all but one and all
//! (`content::space::ablation`); a field that no offer of a set has is left out. The threshold comes from valid, the test is marked
//! once, and nothing is left out of the table because it loses.

use super::labelled::{Mark, refused};
use super::product_matching::{Data, SETS, load};
use super::{Asked, ContentReport, ContentRow, Measure};
use crate::ProtocolError;
use content::matching::{Look, MatcherParams, Offer, Pair, Tables};
use content::reviews::best_f1;
use content::space::ablation;

const TASK: &str = "matching_fields";

/// A part of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Title,
    Brand,
    Price,
    Description,
}

impl Field {
    const ALL: [Self; 4] = [Self::Title, Self::Brand, Self::Price, Self::Description];

    const fn name(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Brand => "brand",
            Self::Price => "price",
            Self::Description => "description",
        }
    }

    const fn is_in(self, offer: &Offer) -> bool {
        match self {
            Self::Title => !offer.title.is_empty(),
            Self::Brand => offer.brand.is_some(),
            Self::Price => offer.price.is_some(),
            Self::Description => offer.description.is_some(),
        }
    }
}

/// The offer with these fields alone.
fn only(offer: &Offer, fields: &[Field]) -> Offer {
    let has = |field: Field| fields.contains(&field);
    let mut out = offer.clone();
    if !has(Field::Title) {
        out.title.clear();
    }
    out.brand = out.brand.filter(|_| has(Field::Brand));
    out.price = out.price.filter(|_| has(Field::Price));
    out.description = out.description.filter(|_| has(Field::Description));
    out
}

pub(super) fn run(asked: &mut Asked<'_>) -> Result<Vec<ContentReport>, ProtocolError> {
    let data: Vec<Data> = SETS.iter().map(|set| load(asked, set)).collect::<Result<_, _>>()?;
    SETS.iter().zip(&data).map(|(set, data)| one(asked, set.name, data, &MatcherParams::default())).collect()
}

fn one(asked: &mut Asked<'_>, name: &str, data: &Data, params: &MatcherParams) -> Result<ContentReport, ProtocolError> {
    let all = |field: &Field| data.offers.iter().flatten().any(|offer| field.is_in(offer));
    let there: Vec<Field> = Field::ALL.into_iter().filter(all).collect();
    let params = MatcherParams { look: Look::Pair, ..params.clone() };
    let (mut rows, clock, seed) = (Vec::new(), asked.cpu_s, asked.seed);
    ablation(there.len(), |set| {
        let fields: Vec<Field> = set.iter().map(|at| there[*at]).collect();
        let config = fields.iter().map(|field| field.name()).collect::<Vec<_>>().join(" + ");
        (asked.step)(&format!("{name}: {config}"), rows.len() as u64, 2 * there.len() as u64 + 1);
        let start = clock();
        let part = |offers: &[Offer]| offers.iter().map(|offer| only(offer, &fields)).collect::<Vec<Offer>>();
        let tables = Tables::new(&part(&data.offers[0]), &part(&data.offers[1]));
        let (model, _) = params.fit_folds(&tables, &data.train.pairs, &data.train.same, seed).map_err(refused(TASK))?;
        let said = |pairs: &[Pair]| model.probabilities(&tables, pairs).map_err(refused(TASK));
        let threshold = best_f1(&said(&data.valid.pairs)?, &data.valid.same).0;
        let fit_cpu_s = clock() - start;
        let p = said(&data.test.pairs)?;
        let yes: Vec<bool> = p.iter().map(|p| *p >= threshold).collect();
        let measures =
            vec![Mark::F1.measure(&yes, &data.test.same, seed), Measure::new("F1 by folds", model.by_folds())];
        rows.push(ContentRow { config, measures, fit_cpu_s, score_cpu_s: clock() - start - fit_cpu_s });
        Ok::<(), ProtocolError>(())
    })?;
    let about = format!(
        "the pair alone, learnt on {} pairs of train, threshold from valid, {} pairs of the test",
        data.train.pairs.len(),
        data.test.pairs.len()
    );
    Ok(ContentReport { task: format!("{TASK} {name}"), about, rows, goals: Vec::new(), references: &[] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_are_not_asked_are_taken_away() {
        let offer = Offer { title: "kettle".to_owned(), price: Some(9.0), ..Offer::default() };
        let title = only(&offer, &[Field::Title, Field::Brand]);
        assert_eq!((title.title.as_str(), title.price), ("kettle", None));
        let price = only(&offer, &[Field::Price]);
        assert_eq!((price.title.as_str(), price.price), ("", Some(9.0)));
        assert!(Field::Price.is_in(&offer) && !Field::Brand.is_in(&offer));
    }
}
