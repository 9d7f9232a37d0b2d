//! Products that a visitor looked at or took up last: what session-aware recommendations start from.

use super::timeline::Step;
use crate::time::Micros;
use crate::vocabulary::Deed;

/// Codes with the time of the last look, the newest first, each once, at most `n`.
pub fn recent_products(steps: &[Step], n: usize) -> Vec<(String, Micros)> {
    let mut found: Vec<(String, Micros)> = Vec::new();
    let looks = |deed: Deed| {
        matches!(
            deed,
            Deed::ProductViewed | Deed::ProductClicked | Deed::ProductAdded | Deed::WishAdded | Deed::WishToCart
        )
    };
    for step in steps.iter().rev().filter(|s| looks(s.deed)) {
        for code in step.items.iter().filter_map(|i| i.code.as_ref()) {
            if found.len() == n {
                return found;
            }
            if !found.iter().any(|(known, _)| known == code) {
                found.push((code.clone(), step.at));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::timeline::tests::step;
    use super::*;

    #[test]
    fn the_newest_first_and_each_once() {
        let steps = [
            step(0, Deed::ProductViewed, "a", None),
            step(1, Deed::ProductViewed, "b", None),
            step(2, Deed::ProductViewed, "a", None),
            step(3, Deed::ListViewed, "c", None),
            step(4, Deed::ProductAdded, "d", None),
        ];
        let codes =
            |n: usize| recent_products(&steps, n).into_iter().map(|(c, at)| (c, at / 1_000_000)).collect::<Vec<_>>();
        assert_eq!(codes(9), [("d".into(), 4), ("a".into(), 2), ("b".into(), 1)]);
        assert_eq!(codes(1), [("d".into(), 4)]);
    }
}
