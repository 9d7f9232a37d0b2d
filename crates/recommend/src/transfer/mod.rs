//! What other markets (or platforms, or categories) teach a target, and whether it may use that.
//!
//! Read in this order: [`Ground`] holds the rows of a target and its sources; [`source_score`] says before
//! anything is trained how much a source promises; [`Adaptation`] is the list of ways to carry knowledge
//! over, one file each; [`judge`] decides from held-out shoppers of the target: a transfer is applied only
//! where the evidence says that it helps, and refused otherwise.

mod adaptation;
mod adversarial;
mod aligned;
mod content_map;
mod ease_prior;
mod evidence;
mod factor_prior;
mod forked;
mod ground;
mod kind_links;
mod kindred;
mod meta;
mod pooled;
mod popularity_prior;
mod similarity_prior;
pub mod source_score;
mod stacked;
mod zero_overlap;

pub use adaptation::Adaptation;
pub use adversarial::{Betrayal, DiscriminatorParams, MarketBlind};
pub use aligned::{AlignedParams, Alignment};
pub use content_map::{ContentMap, ContentMapParams, MappedContent};
pub use ease_prior::{EasePrior, EasePriorParams};
pub use evidence::{Decision, EvidenceRule, TransferVerdict, judge};
pub use factor_prior::{FineTuneParams, MarketAwareParams};
pub use forked::{Forked, ForkedParams};
pub use ground::{Ground, Source};
pub use kind_links::{KindLinkParams, KindLinks};
pub use kindred::KindredParams;
pub use meta::MetaParams;
pub use pooled::{Pool, Sources, TransferPair, fit_pair};
pub use popularity_prior::{PopularityPrior, PopularityPriorParams};
pub use similarity_prior::{SimilarityPrior, SimilarityPriorParams};
pub use stacked::{Stacked, comparable, deviation};
pub use zero_overlap::{MOST_PRODUCTS, SHARED_AT_MOST, ZeroOverlap, ZeroOverlapParams, shared};

/// The weights given, or 1 for every source.
fn weights_or_ones(weights: &[f32], ground: &Ground) -> Vec<f32> {
    if weights.is_empty() { vec![1.0; ground.sources().len()] } else { weights.to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Day, Interaction, Interactions, ItemIdx, Kind, Market, ShopperIdx};

    /// A target and one source from their baskets, the target's shoppers first.
    pub(crate) fn ground(n_items: usize, target: &[&[u32]], source: &[&[u32]]) -> Ground {
        let (own, other) = (Market::from_code(*b"VN").unwrap(), Market::from_code(*b"CN").unwrap());
        let markets = std::iter::repeat_n(own, target.len()).chain(std::iter::repeat_n(other, source.len()));
        let rows = target.iter().chain(source).enumerate().flat_map(|(s, basket)| {
            basket.iter().enumerate().map(move |(day, item)| Interaction {
                shopper: ShopperIdx(s as u32),
                item: ItemIdx(*item),
                kind: Kind::Purchase,
                day: Day(day as i32),
                weight: 1.0,
            })
        });
        let all = Interactions::new(n_items, markets.collect(), rows.collect()).unwrap();
        Ground::by_market(&all, own, &[other])
    }
}
