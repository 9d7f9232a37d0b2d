//! Wish lists: what was put on and not taken off, nor into the cart from there.

use super::timeline::Step;
use crate::time::Micros;
use crate::vocabulary::Deed;
use std::collections::BTreeMap;

/// A product on a wish list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The shop's code.
    pub code: String,
    /// When it was put there last.
    pub since: Micros,
}

/// Whether a step moves a wish list.
pub(crate) const fn moves_wishes(deed: Deed) -> bool {
    matches!(deed, Deed::WishAdded | Deed::WishRemoved | Deed::WishToCart)
}

/// The wish list after steps in order of time, in order of code.
pub fn wishes(steps: &[Step]) -> Vec<Wish> {
    let mut list = BTreeMap::new();
    for step in steps.iter().filter(|s| moves_wishes(s.deed)) {
        for code in step.items.iter().filter_map(|i| i.code.as_ref()) {
            if step.deed == Deed::WishAdded {
                list.insert(code.clone(), step.at);
            } else {
                list.remove(code);
            }
        }
    }
    list.into_iter().map(|(code, since)| Wish { code, since }).collect()
}

#[cfg(test)]
mod tests {
    use super::super::timeline::tests::step;
    use super::*;

    #[test]
    fn what_was_taken_off_or_into_the_cart_is_no_wish() {
        let steps = [
            step(0, Deed::WishAdded, "a", None),
            step(1, Deed::WishAdded, "b", None),
            step(2, Deed::WishAdded, "c", None),
            step(3, Deed::WishRemoved, "a", None),
            step(4, Deed::WishToCart, "b", None),
            step(5, Deed::WishRemoved, "never there", None),
        ];
        assert_eq!(wishes(&steps), [Wish { code: "c".into(), since: 2_000_000 }]);
    }
}
