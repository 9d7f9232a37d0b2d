//! What a transfer works on: the rows of a target and those of its sources, over one catalogue.
//!
//! A *domain* is any part of the rows: a market, a platform, a category. All domains share the
//! numbering of shoppers and items, so that joining them is putting their rows side by side: shoppers
//! of different markets never meet, shoppers of different categories are the same people and do.
//! A source row of weight `w` enters at `factor · w`.
//! Cost: one pass over the rows.

use domain::{FitError, Interaction, Interactions, Market};

/// The rows of one source.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// What it is called in reports.
    pub name: String,
    /// Its rows, in the numbering of the target's.
    pub rows: Interactions,
}

/// A target and its sources.
#[derive(Clone, Debug, PartialEq)]
pub struct Ground {
    target: Interactions,
    sources: Vec<Source>,
}

impl Ground {
    /// # Errors
    /// [`FitError::Param`] when a source has other numbers of shoppers or items than the target.
    pub fn new(target: Interactions, sources: Vec<Source>) -> Result<Self, FitError> {
        let shape = |rows: &Interactions| (rows.n_shoppers(), rows.n_items());
        match sources.iter().find(|source| shape(&source.rows) != shape(&target)) {
            Some(other) => Err(FitError::Param {
                name: "shoppers of a source",
                rule: "numbered like those of the target",
                got: other.rows.n_shoppers() as f64,
            }),
            None => Ok(Self { target, sources }),
        }
    }

    /// Cuts rows by their domain: `domain_of` says which one a row belongs to, `target` and `sources`
    /// name those that take part. A source without a row stays, empty.
    pub fn cut<D: PartialEq>(
        all: &Interactions,
        domain_of: impl Fn(&Interaction) -> D,
        target: &D,
        sources: &[(String, D)],
    ) -> Self {
        let only = |wanted: &D| all.filter(|row| domain_of(row) == *wanted);
        let sources = sources.iter().map(|(name, domain)| Source { name: name.clone(), rows: only(domain) });
        Self { target: only(target), sources: sources.collect() }
    }

    /// Cuts rows by market.
    pub fn by_market(all: &Interactions, target: Market, sources: &[Market]) -> Self {
        let named: Vec<(String, Market)> = sources.iter().map(|m| (m.code().to_owned(), *m)).collect();
        Self::cut(all, |row| all.markets()[row.shopper.at()], &target, &named)
    }

    /// The target's rows.
    pub const fn target(&self) -> &Interactions {
        &self.target
    }

    /// The sources in their order.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The same sources with other rows of the target, such as fewer of them.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_target(&self, target: Interactions) -> Result<Self, FitError> {
        Self::new(target, self.sources.clone())
    }

    /// The same target with some of the sources, by position.
    #[must_use]
    pub fn only(&self, which: &[usize]) -> Self {
        let sources = which.iter().filter_map(|at| self.sources.get(*at).cloned()).collect();
        Self { target: self.target.clone(), sources }
    }

    /// The rows of the sources alone, each at its weight; 0 leaves a source out.
    ///
    /// # Errors
    /// As [`Self::pooled`].
    pub fn taught(&self, weights: &[f32]) -> Result<Interactions, FitError> {
        self.joined(weights, None)
    }

    /// The target's rows and those of the sources, each at its weight; 0 leaves a source out.
    ///
    /// # Errors
    /// [`FitError::Param`] for another number of weights than sources, or one that is not at least 0.
    pub fn pooled(&self, weights: &[f32]) -> Result<Interactions, FitError> {
        self.joined(weights, Some(&self.target))
    }

    fn joined(&self, weights: &[f32], own: Option<&Interactions>) -> Result<Interactions, FitError> {
        if weights.len() != self.sources.len() {
            let got = weights.len() as f64;
            return Err(FitError::Param { name: "weights of the sources", rule: "one a source", got });
        }
        let wrong = |got: f32| FitError::Param { name: "weight of a source", rule: "at least 0", got: f64::from(got) };
        if let Some(weight) = weights.iter().find(|w| !(**w >= 0.0 && w.is_finite())) {
            return Err(wrong(*weight));
        }
        let mut rows: Vec<Interaction> = own.map(|rows| rows.iter().collect()).unwrap_or_default();
        for (source, factor) in self.sources.iter().zip(weights).filter(|(_, w)| **w > 0.0) {
            rows.extend(source.rows.iter().map(|row| Interaction { weight: row.weight * factor, ..row }));
        }
        // Only a weight that falls out of the range of `f32` can be refused here.
        Interactions::new(self.target.n_items(), self.target.markets().to_vec(), rows).map_err(|_| wrong(weights[0]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Day, ItemIdx, Kind, ShopperIdx};

    fn rows() -> Interactions {
        let cell = |s, i| Interaction {
            shopper: ShopperIdx(s),
            item: ItemIdx(i),
            kind: Kind::Purchase,
            day: Day(0),
            weight: 1.0,
        };
        let markets = [*b"DE", *b"GB", *b"FR"].map(|code| Market::from_code(code).unwrap());
        Interactions::new(4, markets.to_vec(), vec![cell(0, 0), cell(0, 3), cell(1, 1), cell(2, 2)]).unwrap()
    }

    fn cells(rows: &Interactions) -> Vec<(u32, u32, f32)> {
        rows.iter().map(|r| (r.shopper.0, r.item.0, r.weight)).collect()
    }

    #[test]
    fn markets_are_cut_and_joined_at_their_weights() {
        let all = rows();
        let [de, gb, fr] = [0, 1, 2].map(|s: usize| all.markets()[s]);
        let ground = Ground::by_market(&all, de, &[gb, fr]);
        assert_eq!(cells(ground.target()), [(0, 0, 1.0), (0, 3, 1.0)]);
        assert_eq!(cells(&ground.pooled(&[0.5, 0.0]).unwrap()), [(0, 0, 1.0), (0, 3, 1.0), (1, 1, 0.5)]);
        assert_eq!(cells(&ground.taught(&[0.0, 2.0]).unwrap()), [(2, 2, 2.0)]);
        assert_eq!(ground.only(&[1]).sources()[0].name, "FR");
        assert!(ground.pooled(&[1.0]).is_err() && ground.pooled(&[1.0, -1.0]).is_err());
    }

    #[test] // Items 0 and 1 are one category, 2 and 3 the other: shopper 0 is in both.
    fn a_category_shares_its_shoppers_with_another() {
        let all = rows();
        let ground = Ground::cut(&all, |row| row.item.0 / 2, &0, &[("upper".to_owned(), 1)]);
        assert_eq!(cells(ground.target()), [(0, 0, 1.0), (1, 1, 1.0)]);
        assert_eq!(ground.pooled(&[1.0]).unwrap().row(ShopperIdx(0)), [ItemIdx(0), ItemIdx(3)]);
    }
}
