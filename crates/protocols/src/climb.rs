//! Choosing weights by coordinate ascent on a grid.
//!
//! Weights are visited in their order; each is set to the step with the best mark while the others
//! are held, until a round changes nothing or `n_rounds` are done. A step is taken only when it gains
//! more than `min_gain`: what is smaller is the noise of a few hundred shoppers, and the simpler
//! weights stay. Deterministic; the mark of every point that was tried is kept, so that none is asked
//! twice. Source: coordinate ascent for rank fusion is Metzler and Croft, "Linear feature-based models
//! for information retrieval", Information Retrieval 10(3), 2007. Cost: at most `n_rounds · weights ·
//! steps` marks.

/// What is tried.
#[derive(Clone, Debug, PartialEq)]
pub struct ClimbParams {
    /// Values that a weight may take.
    pub steps: Vec<f32>,
    /// Rounds over all weights, at most.
    pub n_rounds: usize,
    /// What a step has to gain.
    pub min_gain: f64,
}

/// The weights with the best mark that were met from `start` on.
///
/// # Errors
/// Whatever `mark` says.
pub(crate) fn climb<E>(
    start: Vec<f32>,
    params: &ClimbParams,
    mut mark: impl FnMut(&[f32]) -> Result<f64, E>,
) -> Result<Vec<f32>, E> {
    let mut known: Vec<(Vec<f32>, f64)> = Vec::new();
    let mut ask = |at: &[f32]| match known.iter().find(|(point, _)| point == at) {
        Some((_, mark)) => Ok(*mark),
        None => {
            let found = mark(at)?;
            known.push((at.to_vec(), found));
            Ok(found)
        }
    };
    let mut best = start;
    let mut best_mark = ask(&best)?;
    for _ in 0..params.n_rounds {
        let before = best.clone();
        for which in 0..best.len() {
            for step in &params.steps {
                let mut tried = best.clone();
                tried[which] = *step;
                if tried.iter().all(|w| *w == 0.0) {
                    continue; // nothing to rank by, or for sources: the start of whoever has none
                }
                let found = ask(&tried)?;
                if found > best_mark + params.min_gain {
                    (best, best_mark) = (tried, found);
                }
            }
        }
        if best == before {
            break;
        }
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(min_gain: f64) -> ClimbParams {
        ClimbParams { steps: vec![0.0, 0.5, 1.0, 2.0], n_rounds: 5, min_gain }
    }

    #[test] // −(a − 2)² − (b − 0.5)² has its top at (2, 0.5), on the grid.
    fn the_top_of_a_hill_on_the_grid_is_found_and_no_point_asked_twice() {
        let mut asked = Vec::new();
        let hill = |w: &[f32]| {
            asked.push(w.to_vec());
            Ok::<f64, ()>(-f64::from((w[0] - 2.0).powi(2) + (w[1] - 0.5).powi(2)))
        };
        assert_eq!(climb(vec![1.0, 1.0], &params(0.0), hill), Ok(vec![2.0, 0.5]));
        let n = asked.len();
        asked.sort_by(|a, b| a.partial_cmp(b).unwrap());
        asked.dedup();
        assert_eq!(asked.len(), n);
    }

    #[test]
    fn a_gain_below_the_minimum_leaves_the_start() {
        let hill = |w: &[f32]| Ok::<f64, ()>(-f64::from((w[0] - 2.0).powi(2)) * 1e-6);
        assert_eq!(climb(vec![1.0], &params(1e-4), hill), Ok(vec![1.0]));
        assert_eq!(climb(vec![1.0], &params(1e-4), |_| Err("no")), Err("no"));
    }
}
