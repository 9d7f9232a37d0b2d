//! Every version of a model, from the first, and the way back to any of them.
//!
//! Versions are numbered from 1 and never change; going back repeats an earlier one under the next number, so
//! that the history tells what served when. Versions of one model share what did not change between
//! them. Saved, each version is a section of one [container](learn::container).

use crate::Save;
use learn::container::{ContainerError, Reader, Writer};
use std::sync::Arc;

/// The versions of a model; there is at least one.
#[derive(Clone, Debug, PartialEq)]
pub struct Versions<M> {
    /// Each with the number that it repeats, where it does.
    all: Vec<(Arc<M>, Option<usize>)>,
}

impl<M> Versions<M> {
    /// Starts with version 1.
    pub fn new(first: M) -> Self {
        Self { all: vec![(Arc::new(first), None)] }
    }

    /// Puts the next version in force and gives its number.
    pub fn push(&mut self, model: M) -> usize {
        self.all.push((Arc::new(model), None));
        self.all.len()
    }

    /// The number in force, the highest.
    pub const fn number(&self) -> usize {
        self.all.len()
    }

    /// The version in force.
    pub fn current(&self) -> &M {
        // There is a first from the start and nothing is ever taken away.
        &self.all[self.all.len() - 1].0
    }

    /// A version by its number; `None` for one that there is not.
    pub fn get(&self, number: usize) -> Option<&M> {
        number.checked_sub(1).and_then(|at| self.all.get(at)).map(|(model, _)| model.as_ref())
    }

    /// The number that a version repeats, where it does.
    pub fn repeats(&self, number: usize) -> Option<usize> {
        number.checked_sub(1).and_then(|at| self.all.get(at)).and_then(|(_, of)| *of)
    }

    /// Puts an earlier version in force again, under the next number; `None`, and nothing done, for one
    /// that there is not.
    pub fn back_to(&mut self, number: usize) -> Option<usize> {
        let (model, repeats) = self.all.get(number.checked_sub(1)?)?.clone();
        self.all.push((model, Some(repeats.unwrap_or(number))));
        Some(self.all.len())
    }
}

impl<M: Save> Versions<M> {
    /// All versions as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut to = Writer::default();
        let repeats: Vec<u64> = self.all.iter().map(|(_, of)| of.unwrap_or(0) as u64).collect();
        to.u64s("repeats", &repeats);
        for (at, (model, _)) in self.all.iter().enumerate().filter(|(_, (_, of))| of.is_none()) {
            let mut version = Writer::default();
            model.save(&mut version);
            to.bytes(&(at + 1).to_string(), &version.finish("version", 0));
        }
        to.finish("versions", 0)
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`ContainerError`] for bytes that are no versions of this model.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ContainerError> {
        let from = Reader::open(bytes)?;
        if from.kind() != "versions" {
            return Err(ContainerError::Kind { got: from.kind().to_owned(), want: "versions".to_owned() });
        }
        let mut all: Vec<(Arc<M>, Option<usize>)> = Vec::new();
        for (at, of) in from.u64s("repeats")?.into_iter().enumerate() {
            let found = if of == 0 {
                let version = from.bytes(&(at + 1).to_string())?;
                (Arc::new(M::load(&Reader::open(version)?)?), None)
            } else {
                let of = of as usize;
                let earlier = all.get(of - 1).filter(|(_, repeats)| repeats.is_none());
                let wrong = || ContainerError::content("repeats", "0 or the number of an earlier version");
                (earlier.ok_or_else(wrong)?.0.clone(), Some(of))
            };
            all.push(found);
        }
        if all.is_empty() { Err(ContainerError::content("repeats", "at least one version")) } else { Ok(Self { all }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ItemKnn, ItemKnnParams};
    use domain::{Fit, Interactions, Seed};

    fn model(baskets: &[&[u32]]) -> ItemKnn {
        ItemKnnParams::default().fit(&Interactions::from_baskets(3, baskets.iter().copied()), Seed(0)).unwrap()
    }

    #[test]
    fn one_goes_back_to_any_version_and_none_is_lost() {
        let (a, b) = (model(&[&[0, 1]]), model(&[&[0, 1], &[1, 2]]));
        let mut versions = Versions::new(a.clone());
        assert_eq!(versions.push(b.clone()), 2);
        assert_eq!(versions.back_to(1), Some(3));
        assert_eq!((versions.current(), versions.get(2), versions.repeats(3)), (&a, Some(&b), Some(1)));
        assert_eq!((versions.back_to(3), versions.repeats(4)), (Some(4), Some(1)), "what went back means the first");
        assert_eq!((versions.back_to(9), versions.back_to(0), versions.number()), (None, None, 4));
        let bytes = versions.to_bytes();
        assert_eq!(Versions::from_bytes(&bytes).unwrap(), versions);
        let mut damaged = bytes;
        let middle = damaged.len() / 2;
        damaged[middle] ^= 1;
        assert!(Versions::<ItemKnn>::from_bytes(&damaged).is_err());
    }
}
