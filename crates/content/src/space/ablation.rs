//! What each modality brings: the same question asked with every set of modalities that says something.
//!
//! Sets are every single one, all but one, and all. The caller marks a set on rows that nothing was learnt
//! from; nothing is left out of the table because it loses.

/// What a set of modalities reaches.
#[derive(Clone, Debug, PartialEq)]
pub struct Ablated<M> {
    /// Positions of the modalities.
    pub modalities: Vec<usize>,
    /// What the caller marked.
    pub mark: M,
}

/// Marks of every single modality, of all but one, and of all `n`, in this order and each set once.
///
/// # Errors
/// The first error of `mark`.
pub fn ablation<M, E>(n: usize, mut mark: impl FnMut(&[usize]) -> Result<M, E>) -> Result<Vec<Ablated<M>>, E> {
    let mut sets: Vec<Vec<usize>> = (0..n).map(|m| vec![m]).collect();
    if n > 2 {
        sets.extend((0..n).map(|left_out| (0..n).filter(|m| *m != left_out).collect()));
    }
    if n > 1 {
        sets.push((0..n).collect());
    }
    sets.into_iter().map(|modalities| Ok(Ablated { mark: mark(&modalities)?, modalities })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sets(n: usize) -> Vec<Vec<usize>> {
        let asked = ablation::<usize, ()>(n, |set| Ok(set.len())).unwrap();
        assert!(asked.iter().all(|a| a.mark == a.modalities.len()));
        asked.into_iter().map(|a| a.modalities).collect()
    }

    #[test]
    fn every_set_is_asked_once() {
        assert_eq!(sets(1), [vec![0]]);
        assert_eq!(sets(2), [vec![0], vec![1], vec![0, 1]]);
        assert_eq!(sets(3), [vec![0], vec![1], vec![2], vec![1, 2], vec![0, 2], vec![0, 1], vec![0, 1, 2]]);
    }

    #[test]
    fn an_error_is_handed_on() {
        assert_eq!(ablation(3, |set| if set == [1] { Err("no") } else { Ok(()) }), Err("no"));
    }
}
