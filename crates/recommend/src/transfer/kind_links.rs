//! Which kinds of products are bought after which, as far as kinds go: knowledge that needs no common product.
//!
//! A second kettle is rarely bought, filters follow their purifier: both can be learnt in one market and hold in
//! another whose products are all different, as long as products are of kinds that both have, such as a category. For each
//! purchase after the first, every kind `a` that the shopper has bought before counts once for the kind `b` of the
//! purchase: `n_ab`. By popularity alone it would be `e_ab = n_a · n_b / n`. What is learnt is how much more or less that is,
//! `l_ab = ln((n_ab + shrinkage) / (e_ab + shrinkage))`; 0 between kinds that never met.
//!
//! Source: naive Bayes over what was bought before, as in Breese, Heckerman and Kadie, "Empirical analysis of predictive
//! algorithms for collaborative filtering", UAI 1998. Cost: one pass over the purchases times the kinds of a shopper.

use domain::FitError;

/// How it is learnt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KindLinkParams {
    /// Purchases by which both counts are drawn together, above 0.
    pub shrinkage: f64,
}

impl Default for KindLinkParams {
    fn default() -> Self {
        Self { shrinkage: 5.0 }
    }
}

/// What follows on what.
#[derive(Clone, Debug, PartialEq)]
pub struct KindLinks {
    n_kinds: usize,
    /// `n_kinds × n_kinds`, from what was there to what comes.
    links: Vec<f32>,
}

impl KindLinkParams {
    /// Learns from shoppers' purchases, each the kinds of what was bought in their order.
    ///
    /// # Errors
    /// [`FitError`] for a parameter outside its range, a kind that is none, and purchases without a second one.
    pub fn fit(&self, n_kinds: usize, purchases: &[Vec<u32>]) -> Result<KindLinks, FitError> {
        if !(self.shrinkage > 0.0 && self.shrinkage.is_finite()) {
            return Err(FitError::Param { name: "shrinkage", rule: "above 0", got: self.shrinkage });
        }
        if let Some(wrong) = purchases.iter().flatten().find(|kind| **kind as usize >= n_kinds) {
            return Err(FitError::Param {
                name: "purchases",
                rule: "kinds below their number",
                got: f64::from(*wrong),
            });
        }
        let mut pairs = vec![0.0_f64; n_kinds * n_kinds];
        let (mut before, mut next, mut n) = (vec![0.0_f64; n_kinds], vec![0.0_f64; n_kinds], 0.0);
        for kinds in purchases {
            let mut had = vec![false; n_kinds];
            for (at, kind) in kinds.iter().map(|kind| *kind as usize).enumerate() {
                if at > 0 {
                    n += 1.0;
                    next[kind] += 1.0;
                    for other in (0..n_kinds).filter(|other| had[*other]) {
                        before[other] += 1.0;
                        pairs[other * n_kinds + kind] += 1.0;
                    }
                }
                had[kind] = true;
            }
        }
        if n == 0.0 {
            return Err(FitError::TooLittleData { what: "second purchases", have: 0, need: 1 });
        }
        let link = |at: usize| {
            let expected = before[at / n_kinds] * next[at % n_kinds] / n;
            ((pairs[at] + self.shrinkage) / (expected + self.shrinkage)).ln() as f32
        };
        Ok(KindLinks { n_kinds, links: (0..pairs.len()).map(link).collect() })
    }
}

impl KindLinks {
    /// How much more, as a logarithm, one kind is bought after another than by itself; 0 for kinds that are not known.
    pub fn link(&self, from: u32, to: u32) -> f32 {
        let (from, to) = (from as usize, to as usize);
        if from < self.n_kinds && to < self.n_kinds { self.links[from * self.n_kinds + to] } else { 0.0 }
    }

    /// The sum over the distinct kinds of a history.
    pub fn after(&self, history: &[u32], to: u32) -> f32 {
        let mut kinds = history.to_vec();
        kinds.sort_unstable();
        kinds.dedup();
        kinds.into_iter().map(|from| self.link(from, to)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Kinds: 0 purifier, 1 filter, 2 kettle. Six buy a filter after the purifier, three a kettle after it, three a filter
    /// after a kettle; nobody a purifier after anything.
    fn purchases() -> Vec<Vec<u32>> {
        let mut all = vec![vec![0, 1]; 6];
        all.extend(vec![vec![0, 2]; 3]);
        all.extend(vec![vec![2, 1]; 3]);
        all
    }

    #[test] // n = 12, n_0 = 9, n_2 = 3; next: filter 9, kettle 3. e_02 = 9·3/12 = 2.25, n_02 = 3; e_22 = 3·3/12 = 0.75, n_22 = 0.
    fn links_by_hand() {
        let links = KindLinkParams { shrinkage: 1.0 }.fit(3, &purchases()).unwrap();
        assert!((links.link(0, 2) - (4.0_f32 / 3.25).ln()).abs() < 1e-6);
        assert!((links.link(2, 2) - (1.0_f32 / 1.75).ln()).abs() < 1e-6, "a second kettle is rarely bought");
        assert_eq!(links.link(1, 1), 0.0, "nothing was bought after a filter");
        assert_eq!(links.link(7, 1), 0.0);
        // A kind counts once, however often it was bought.
        let both = links.link(0, 2) + links.link(2, 2);
        assert!((links.after(&[0, 2, 2, 0], 2) - both).abs() < 1e-6);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let why = |s: f64, n: usize, p: &[Vec<u32>]| KindLinkParams { shrinkage: s }.fit(n, p).unwrap_err().to_string();
        assert!(why(0.0, 3, &purchases()).contains("`shrinkage`"));
        assert!(why(1.0, 2, &purchases()).contains("`purchases`"));
        assert!(why(1.0, 3, &[vec![0], vec![1]]).contains("second purchases"));
    }
}
