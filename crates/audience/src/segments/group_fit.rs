//! Fits a [`Grouping`]: scales the measures, chooses how many groups, names them.
//!
//! **Scale.** A measure that is never negative and runs over more than a factor of ten between its 5th and 95th percentile,
//! and every count and sum, has a long tail: its logarithm is taken, so that "twice as much" is one distance anywhere.
//! Shares are left as they are. Then mean 0 and deviation 1.
//!
//! **How many.** Of 2 to 8 groups. By k-means and hierarchically the best silhouette of those that can be trusted ([`Bar`]), two
//! groups only where no more can: two is what the silhouette says of nearly any shop, buyers of one order and the rest.
//! Where none can be trusted, the best silhouette of all. A mixture by the Bayesian information criterion (Schwarz, 1978),
//! which is its own measure.
//! What the others would have come to is kept beside it.
//!
//! Cost: a number of groups is judged on at most [`GroupParams::max_judged`] shoppers, by as many fits as there are
//! resamples; the groups themselves are fitted on at most [`GroupParams::max_fitted`], drawn once.

use super::ast::{Measure, Term};
use super::groups::{Group, Grouping, Measured, Method, Tried};
use crate::AudienceError;
use crate::clusters::{Level, level};
use crate::grouping::{Bar, sizes};
use domain::{Day, Seed};
use learn::hierarchy::{HierarchyParams, Linkage};
use learn::kmeans::KMeansParams;
use learn::mixture::MixtureParams;
use learn::quantile::{median, sorted};
use learn::standardize::ZScore;
use learn::{LearnError, Points};
use rayon::prelude::*;

/// How to fit.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupParams {
    /// By what.
    pub method: Method,
    /// Groups; `None` chooses.
    pub k: Option<usize>,
    /// Most groups that are tried, at least 2.
    pub k_max: usize,
    /// What can be trusted.
    pub bar: Bar,
    /// Most shoppers that a number of groups is judged on.
    pub max_judged: usize,
    /// Most shoppers that the groups are fitted on.
    pub max_fitted: usize,
}

impl GroupParams {
    /// The defaults of a method.
    pub fn new(method: Method) -> Self {
        // Joins take the square of the shoppers in time and memory.
        let max_judged = if method == Method::Hierarchical { 1_000 } else { 3_000 };
        let max_fitted = if method == Method::Hierarchical { 6_000 } else { 100_000 };
        Self { method, k: None, k_max: 8, bar: Bar::default(), max_judged, max_fitted }
    }

    /// Groups shoppers by `measures`, one row of values a shopper in the order of the measures.
    ///
    /// # Errors
    /// [`AudienceError::Param`] for a number of groups outside 2 to 50 (1 to 50 of a mixture), [`AudienceError::Lengths`] for a row of
    /// another length, [`AudienceError::TooLittleData`] for fewer shoppers with all measures than twice the smallest
    /// group that a figure needs, or fewer distinct ones than groups.
    pub fn fit(
        &self,
        name: &str,
        measures: &[Term],
        rows: &[Vec<Option<f64>>],
        before: Day,
        seed: Seed,
    ) -> Result<Grouping, AudienceError> {
        self.check(measures, rows)?;
        let whole = |row: &Vec<Option<f64>>| row.iter().copied().collect::<Option<Vec<f64>>>();
        let kept: Vec<Vec<f64>> = rows.iter().filter_map(whole).filter(|r| r.iter().all(|x| x.is_finite())).collect();
        let need = 2 * self.bar.min_size;
        if kept.len() < need {
            let what = "shoppers with all of the measures";
            return Err(AudienceError::TooLittleData { what, have: kept.len(), need });
        }
        let (raw, logs) = logged(measures, &kept)?;
        let scaler = ZScore::fit(&raw)?;
        let points = scaler.apply(&raw)?;
        let judged = drawn(&points, self.max_judged, seed.derive(1));
        let tried = self.tried(&judged, seed.derive(2))?;
        let k = match self.k {
            Some(k) => k,
            None => self.chosen(&tried),
        };
        let fitted = drawn(&points, self.max_fitted, seed.derive(3));
        let shapes = self.shapes(&fitted, k, seed.derive(4))?;
        let parts = measures.iter().zip(logs).zip(scaler.shift().iter().zip(scaler.scale()));
        let measured = parts.map(|((term, log), (shift, scale))| Measured {
            term: term.clone(),
            log,
            shift: kept_digits(*shift),
            scale: kept_digits(*scale),
        });
        let grouping = Grouping {
            name: name.to_owned(),
            method: self.method,
            fitted_before: before,
            n_shoppers: kept.len(),
            n_missing: rows.len() - kept.len(),
            measures: measured.collect(),
            groups: shapes,
            tried,
        };
        Ok(named(grouping, &points, &kept))
    }

    fn check(&self, measures: &[Term], rows: &[Vec<Option<f64>>]) -> Result<(), AudienceError> {
        let least = if self.method == Method::Mixture { 1 } else { 2 };
        let wrong = |name, rule, got: usize| Err(AudienceError::Param { name, rule, got: got as f64 });
        if let Some(k) = self.k.filter(|k| !(least..=50).contains(k)) {
            return wrong("k", "2 to 50, of a mixture 1 to 50", k);
        }
        if self.k_max < 2 {
            return wrong("k_max", "at least 2", self.k_max);
        }
        if measures.is_empty() {
            return wrong("measures", "at least one", 0);
        }
        match rows.iter().find(|row| row.len() != measures.len()) {
            Some(row) => Err(AudienceError::Lengths { what: "a shopper", got: row.len(), need: measures.len() }),
            None => Ok(()),
        }
    }

    /// What each number of groups comes to, ascending; a number that there are too few distinct shoppers for ends it.
    fn tried(&self, points: &Points, seed: Seed) -> Result<Vec<Tried>, AudienceError> {
        let ks = match self.k {
            Some(k) => k.max(2)..=k,
            None => 2..=self.k_max,
        };
        let one = |k: usize| -> Result<Tried, LearnError> {
            let seed = seed.derive(k as u64);
            let shapes = self.shapes(points, k, seed)?;
            let labels = labels_of(&shapes, points);
            let trust = self.bar.judge(points, &labels, seed.derive(1), |drawn, seed| {
                Ok(labels_of(&self.shapes(drawn, k, seed)?, points))
            })?;
            let bic = match self.method {
                Method::Mixture => Some(MixtureParams { n_components: k, ..mixture() }.fit(points, seed)?.bic()),
                Method::KMeans | Method::Hierarchical => None,
            };
            Ok(Tried { k, bic, trust })
        };
        let mut tried = Vec::new();
        for found in ks.into_par_iter().map(one).collect::<Vec<_>>() {
            match found {
                Ok(found) => tried.push(found),
                Err(LearnError::TooLittleData { .. }) if !tried.is_empty() => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(tried)
    }

    /// The number of groups to take.
    fn chosen(&self, tried: &[Tried]) -> usize {
        let bic = |t: &&Tried| t.bic.map(|bic| (t.k, bic));
        if let Some((k, _)) = tried.iter().filter_map(|t| bic(&t)).min_by(|a, b| a.1.total_cmp(&b.1)) {
            return k;
        }
        let better = |a: &&Tried, b: &&Tried| a.trust.silhouette.total_cmp(&b.trust.silhouette).then(b.k.cmp(&a.k));
        let trusted = || tried.iter().filter(|t| t.trust.trusted);
        let best = trusted().filter(|t| t.k > 2).max_by(better).or_else(|| trusted().max_by(better));
        best.or_else(|| tried.iter().max_by(better)).map_or(2, |t| t.k)
    }

    /// The groups of these points as forms, not yet named, in no order.
    fn shapes(&self, points: &Points, k: usize, seed: Seed) -> Result<Vec<Group>, LearnError> {
        let d = points.n_columns();
        let centred = |centre: &[f64]| Group {
            label: String::new(),
            label_zh: String::new(),
            n_shoppers: 0,
            medians: vec![0.0; d],
            centre: centre.to_vec(),
            whitening: (0..d).map(|i| (0..=i).map(|j| if i == j { 1.0 } else { 0.0 }).collect()).collect(),
            constant: 0.0,
        };
        match self.method {
            Method::KMeans => {
                let model = KMeansParams { k, n_starts: 5, ..KMeansParams::default() }.fit(points, seed)?;
                Ok(model.centres().rows().map(centred).collect())
            }
            Method::Hierarchical => {
                let params = HierarchyParams { linkage: Linkage::Ward, max_points: self.max_fitted };
                let labels = params.cluster(points, k, seed)?;
                let counts = sizes(&labels);
                let mut centres = vec![vec![0.0; d]; counts.len()];
                for (row, label) in points.rows().zip(&labels) {
                    let (centre, n) = (&mut centres[*label as usize], counts[*label as usize] as f64);
                    centre.iter_mut().zip(row).for_each(|(c, x)| *c += x / n);
                }
                Ok(centres.iter().map(|centre| centred(centre)).collect())
            }
            Method::Mixture => {
                let model = MixtureParams { n_components: k, ..mixture() }.fit(points, seed)?;
                let one = |c: usize| {
                    let (rows, constant) = model.whitening(c);
                    let whitening = rows.chunks_exact(d).enumerate().map(|(i, row)| row[..=i].to_vec()).collect();
                    Group { whitening, constant, ..centred(model.mean(c)) }
                };
                Ok((0..model.n_components()).map(one).collect())
            }
        }
    }
}

/// Twelve significant digits: as many as come back from a file as the very same number whoever reads it, so that a version
/// is the same before the grouping is kept and after.
fn kept_digits(x: f64) -> f64 {
    format!("{x:.11e}").parse().expect("a number that was just written")
}

/// A component is never narrower than a tenth of the deviation of all shoppers: many have one order, and a component on
/// that one value would have any likelihood.
fn mixture() -> MixtureParams {
    MixtureParams { reg: 1e-2, tol: 1e-5, ..MixtureParams::default() }
}

/// Rows drawn without putting back, all where there are no more.
fn drawn(points: &Points, most: usize, seed: Seed) -> Points {
    let mut rows: Vec<usize> = (0..points.n_rows()).collect();
    if rows.len() > most {
        seed.stream(0).shuffle(&mut rows);
        rows.truncate(most);
        rows.sort_unstable();
    }
    points.select(&rows)
}

/// The values, logarithms where a measure has a long tail, and which those are.
fn logged(measures: &[Term], rows: &[Vec<f64>]) -> Result<(Points, Vec<bool>), AudienceError> {
    let logs: Vec<bool> = (0..measures.len())
        .map(|at| {
            let column = sorted(&rows.iter().map(|row| row[at]).collect::<Vec<_>>());
            let (low, high) = (column[column.len() / 20], column[column.len() - 1 - column.len() / 20]);
            let long = |term: &Term| match term {
                Term::Measure(Measure::ReturnsShare, _) | Term::Interest(_) => false,
                Term::Measure(..) => true,
                _ => low > 0.0 && high > 10.0 * low,
            };
            column[0] >= 0.0 && long(&measures[at])
        })
        .collect();
    let value = |(x, log): (&f64, &bool)| if *log { x.ln_1p() } else { *x };
    let values = rows.iter().flat_map(|row| row.iter().zip(&logs).map(value)).collect();
    Ok((Points::new(values, measures.len())?, logs))
}

fn labels_of(groups: &[Group], points: &Points) -> Vec<u32> {
    points.as_slice().par_chunks(points.n_columns()).map(|z| super::groups::largest(groups, z) as u32).collect()
}

/// Counts, orders and names the groups; a group that nobody belongs to most is left out.
fn named(mut grouping: Grouping, points: &Points, raw: &[Vec<f64>]) -> Grouping {
    let labels = labels_of(&grouping.groups, points);
    let columns: Vec<Vec<f64>> =
        (0..grouping.measures.len()).map(|at| sorted(&raw.iter().map(|row| row[at]).collect::<Vec<_>>())).collect();
    let mut groups = std::mem::take(&mut grouping.groups);
    for (at, group) in groups.iter_mut().enumerate() {
        let members: Vec<&Vec<f64>> =
            raw.iter().zip(&labels).filter(|(_, l)| **l as usize == at).map(|p| p.0).collect();
        group.n_shoppers = members.len();
        for (m, value) in group.medians.iter_mut().enumerate() {
            *value = median(&members.iter().map(|row| row[m]).collect::<Vec<_>>()).unwrap_or(0.0);
        }
    }
    groups.retain(|group| group.n_shoppers > 0);
    groups.sort_by(|a, b| {
        b.n_shoppers.cmp(&a.n_shoppers).then(a.medians.partial_cmp(&b.medians).unwrap_or(std::cmp::Ordering::Equal))
    });
    for group in &mut groups {
        group.centre.iter_mut().chain(group.whitening.iter_mut().flatten()).for_each(|x| *x = kept_digits(*x));
        group.constant = kept_digits(group.constant);
        let (mut en, mut zh) = (Vec::new(), Vec::new());
        for ((m, value), column) in grouping.measures.iter().zip(&group.medians).zip(&columns) {
            let (is, is_zh) = match level(column, *value) {
                Level::Low => ("low", "低"),
                Level::Middle => ("middling", "中"),
                Level::High => ("high", "高"),
            };
            let shown = (value * 1e2).round() / 1e2;
            en.push(format!("{} {is} ({shown})", m.term));
            zh.push(format!("{} {is_zh}（{shown}）", m.term));
        }
        (group.label, group.label_zh) = (en.join(", "), zh.join("、"));
    }
    grouping.groups = groups;
    grouping
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segments::parse_measures;
    use learn::cluster_quality::adjusted_rand_index;

    /// Three kinds of shopper: (orders, days since the last), with 10 % noise, in turn.
    fn three_kinds(n: usize) -> Vec<Vec<Option<f64>>> {
        let mut rng = Seed(4).stream(0);
        let kinds = [(20.0, 5.0), (4.0, 40.0), (1.0, 300.0)];
        let mut near = |x: f64| Some(x * (0.1 * rng.normal()).exp());
        (0..n).map(|i| vec![near(kinds[i % 3].0), near(kinds[i % 3].1)]).collect()
    }

    fn measures() -> Vec<Term> {
        parse_measures("orders.count, days_since_last_order").unwrap()
    }

    fn fit(method: Method, rows: &[Vec<Option<f64>>]) -> Grouping {
        GroupParams::new(method).fit("habits", &measures(), rows, Day(20_000), Seed(1)).unwrap()
    }

    #[test]
    fn every_method_finds_three_planted_kinds() {
        let rows = three_kinds(300);
        let planted: Vec<u32> = (0..300).map(|i| i % 3).collect();
        for method in [Method::KMeans, Method::Mixture, Method::Hierarchical] {
            let grouping = fit(method, &rows);
            let terms = measures();
            let of = |row: &Vec<Option<f64>>| {
                grouping.group_of(|term| row[terms.iter().position(|t| t == term).unwrap()]).unwrap() as u32
            };
            let found: Vec<u32> = rows.iter().map(of).collect();
            let agreement = adjusted_rand_index(&planted, &found).unwrap();
            assert!(agreement > 0.95, "{method:?}: {agreement}, {:#?}", grouping.tried);
            assert_eq!(grouping.groups.iter().map(|g| g.n_shoppers).sum::<usize>(), 300);
        }
    }

    #[test]
    fn groups_say_what_sets_them_apart_and_their_medians_are_the_planted_ones() {
        let grouping = fit(Method::KMeans, &three_kinds(300));
        assert_eq!(grouping.groups.len(), 3);
        let often = grouping.groups.iter().find(|g| g.medians[0] > 10.0).unwrap();
        assert!((often.medians[0] - 20.0).abs() <= 1.0 && (often.medians[1] - 5.0).abs() <= 1.0, "{often:?}");
        assert!(often.label.starts_with("orders.count high (") && often.label.contains("days_since_last_order low ("));
        assert!(often.label_zh.starts_with("orders.count 高（"), "{}", often.label_zh);
    }

    #[test]
    fn who_has_no_value_is_counted_and_in_no_group() {
        let mut rows = three_kinds(90);
        rows.push(vec![Some(3.0), None]);
        let grouping = fit(Method::KMeans, &rows);
        assert_eq!((grouping.n_shoppers, grouping.n_missing), (90, 1));
        assert_eq!(grouping.group_of(|term| (*term == measures()[0]).then_some(3.0)), None);
    }

    #[test]
    fn a_grouping_comes_back_from_its_own_text_and_a_broken_one_is_refused() {
        let grouping = fit(Method::Mixture, &three_kinds(300));
        let text = serde_json::to_string(&grouping).unwrap();
        let back: Grouping = serde_json::from_str(&text).unwrap();
        assert_eq!(back.clone().check().unwrap().meaning(), grouping.meaning());
        let broken = Grouping { groups: vec![Group { centre: vec![0.0], ..back.groups[0].clone() }], ..back.clone() };
        assert!(broken.check().unwrap_err().contains("group 1 has to have 2 numbers"));
        let flat = text.replacen("\"scale\":", "\"scale\":0.0,\"was\":", 1);
        assert!(serde_json::from_str::<Grouping>(&flat).is_err(), "an unknown key is refused");
        let wrong = text.replacen("orders.count", "orders.cuont", 1);
        assert!(serde_json::from_str::<Grouping>(&wrong).unwrap_err().to_string().contains("did you mean"));
    }

    #[test]
    fn too_few_shoppers_and_a_wrong_number_of_groups_are_refused() {
        let few = GroupParams::new(Method::KMeans).fit("g", &measures(), &three_kinds(59), Day(0), Seed(1));
        assert!(matches!(few, Err(AudienceError::TooLittleData { have: 59, need: 60, .. })));
        let one = GroupParams { k: Some(1), ..GroupParams::new(Method::KMeans) };
        assert!(one.fit("g", &measures(), &three_kinds(90), Day(0), Seed(1)).is_err());
    }
}
