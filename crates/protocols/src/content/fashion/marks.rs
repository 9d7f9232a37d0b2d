//! How answers about the shop are marked.

use super::shop::Item;
use super::{Measure, read, seen};
use crate::ProtocolError;
use crate::content::ContentRow;
use content::Vectors;
use content::picture::PictureText;
use domain::Seed;
use learn::Panels;
use std::collections::BTreeMap;

/// Places that count.
const TOP: usize = 10;

/// What is asked, and what it is looked up in.
pub(super) struct Part<'a> {
    pub(super) train: &'a [&'a Item],
    pub(super) test: &'a [&'a Item],
    pub(super) seed: Seed,
}

pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

pub(super) fn product(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum()
}

/// Whether each row's partner is among the 10 nearest of all rows; a tie counts against it.
pub(super) fn hits(from: &Vectors, to: &Vectors) -> Vec<f64> {
    let hit = |(at, row): (usize, Option<&[f32]>)| {
        let (Some(row), Some(own)) = (row, to.row(at)) else { return 0.0 };
        let own = product(row, own);
        let nearer = |(other, there): &(usize, Option<&[f32]>)| {
            *other != at && there.is_some_and(|there| product(row, there) >= own)
        };
        f64::from(u8::from(to.rows().enumerate().filter(nearer).count() < TOP))
    };
    from.rows().enumerate().map(hit).collect()
}

/// Two vectors of one thing side by side; their product is the sum of both products.
pub(super) fn joined(a: &Vectors, b: &Vectors) -> Vectors {
    let mut out = Vectors::new(a.width() + b.width());
    for (a, b) in a.rows().zip(b.rows()) {
        let row = a.zip(b).map(|(a, b)| [a, b].concat());
        // Numbers that were finite in both stay so.
        if row.is_none_or(|row| out.push(&row).is_err()) {
            out.push_missing();
        }
    }
    out.unit()
}

fn largest(row: &[f32]) -> usize {
    (0..row.len()).max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap_or(0)
}

impl Part<'_> {
    /// What drawing at random reaches: of 1,000, ten; the commonest type; a training product of the same type.
    pub(super) fn random(&self) -> Result<ContentRow, ProtocolError> {
        let mut counts: BTreeMap<&str, f64> = BTreeMap::new();
        self.train.iter().for_each(|i| *counts.entry(&i.cells[0]).or_default() += 1.0);
        let commonest = counts.iter().max_by(|a, b| a.1.total_cmp(b.1)).map_or("", |c| c.0);
        let chance = TOP as f64 / self.test.len() as f64;
        let types: Vec<f64> = self.test.iter().map(|i| f64::from(u8::from(i.cells[0] == commonest))).collect();
        let share = |i: &&Item| counts.get(i.cells[0].as_str()).copied().unwrap_or(0.0) / self.train.len() as f64;
        let near: Vec<f64> = self.test.iter().map(share).collect();
        let cross = [Measure::new(CROSS[0], chance), Measure::new(CROSS[1], chance)];
        let measures = self.measures(cross, &types, &near)?;
        Ok(ContentRow { config: "random, commonest type".to_owned(), measures, fit_cpu_s: 0.0, score_cpu_s: 0.0 })
    }

    fn measures(&self, cross: [Measure; 2], types: &[f64], near: &[f64]) -> Result<Vec<Measure>, ProtocolError> {
        let mut measures = Vec::from(cross);
        measures.push(Measure::mean("articleType accuracy", types, self.seed)?);
        measures.push(Measure::mean("10 nearest of its articleType", near, self.seed)?);
        Ok(measures)
    }

    /// For each test product the training products nearest to it.
    fn nearest(&self, train: &Vectors, test: &Vectors) -> Vec<Vec<&Item>> {
        let found = Panels::pack(train.values(), train.width()).top(test.values(), TOP, |_| &[]);
        found.into_iter().map(|found| found.into_iter().map(|f| self.train[f.0 as usize]).collect()).collect()
    }

    fn near(&self, nearest: &[Vec<&Item>]) -> Vec<f64> {
        let share = |(item, near): (&&Item, &Vec<&Item>)| {
            near.iter().filter(|n| n.cells[0] == item.cells[0]).count() as f64 / TOP as f64
        };
        self.test.iter().zip(nearest).map(share).collect()
    }

    /// The share of each test product's 10 nearest training products that have its type.
    pub(super) fn near_of(&self, train: &Vectors, test: &Vectors) -> Vec<f64> {
        self.near(&self.nearest(train, test))
    }

    /// What descriptors reach that know pictures only: the type is the commonest of the 10 nearest.
    pub(super) fn like(&self, train: &Vectors, test: &Vectors) -> Result<Vec<Measure>, ProtocolError> {
        let nearest = self.nearest(train, test);
        let right = |(item, near): (&&Item, &Vec<&Item>)| {
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            near.iter().for_each(|n| *counts.entry(&n.cells[0]).or_default() += 1);
            // Of types that are as common, that of the nearest product.
            let most = counts.values().max().copied().unwrap_or(0);
            let first = near.iter().find(|n| counts[n.cells[0].as_str()] == most);
            f64::from(u8::from(first.is_some_and(|f| f.cells[0] == item.cells[0])))
        };
        let types: Vec<f64> = self.test.iter().zip(&nearest).map(right).collect();
        self.measures(CROSS.map(Measure::none), &types, &self.near(&nearest))
    }

    /// Whether the likeliest type of each product is its own: types are the first attribute, behind the common space.
    fn types(&self, towers: &Towers<'_>, test: &Vectors) -> Vec<f64> {
        let values = &towers.model.attributes()[0].1;
        let first = towers.model.common_width();
        let right = |(item, row): (&&Item, Option<&[f32]>)| {
            let guess = row.map(|row| &values[largest(&row[first..first + values.len()])]);
            f64::from(u8::from(guess == Some(&item.cells[0])))
        };
        self.test.iter().zip(test.rows()).map(right).collect()
    }

    /// What the towers reach where a product is its picture.
    pub(super) fn pictures(&self, towers: &Towers<'_>) -> Result<Vec<Measure>, ProtocolError> {
        let [[train, x], [_, y]] = &towers.vectors;
        let cross =
            [Measure::mean(CROSS[0], &hits(y, x), self.seed)?, Measure::mean(CROSS[1], &hits(x, y), self.seed)?];
        self.measures(cross, &self.types(towers, x), &self.near(&self.nearest(train, x)))
    }

    /// Where it is its title.
    pub(super) fn titles(&self, towers: &Towers<'_>) -> Result<Vec<Measure>, ProtocolError> {
        let [_, [train, y]] = &towers.vectors;
        let near = self.near(&self.nearest(train, y));
        self.measures(CROSS.map(Measure::none), &self.types(towers, y), &near)
    }

    /// Where it is both: vectors stand side by side, probabilities of types are multiplied.
    pub(super) fn fused(&self, towers: &Towers<'_>) -> Result<Vec<Measure>, ProtocolError> {
        let [[seen_train, x], [read_train, y]] = &towers.vectors;
        let near = self.near(&self.nearest(&joined(seen_train, read_train), &joined(x, y)));
        let mut both = Vectors::new(x.width());
        for (x, y) in x.rows().zip(y.rows()) {
            let row = x.zip(y).map(|(x, y)| x.iter().zip(y).map(|(x, y)| x * y).collect::<Vec<f32>>());
            if row.is_none_or(|row| both.push(&row).is_err()) {
                both.push_missing();
            }
        }
        self.measures(CROSS.map(Measure::none), &self.types(towers, &both), &near)
    }
}

/// The towers' vectors of the training and the test part.
pub(super) struct Towers<'a> {
    model: &'a PictureText,
    /// Pictures, then titles; training, then test.
    pub(super) vectors: [[Vectors; 2]; 2],
}

impl<'a> Towers<'a> {
    /// Of a model whose attributes have weight 1.
    pub(super) fn new(model: &'a PictureText, train: &[&Item], test: &[&Item]) -> Self {
        let seen = [train, test].map(|items| seen(&model.pictures(), items));
        Self { model, vectors: [seen, [train, test].map(|items| read(&model.titles(), items))] }
    }

    /// With another weight.
    pub(super) fn weighed(&self, agreement: f32) -> Self {
        let of = |v: &Vectors| weighed(v, self.model.common_width(), agreement);
        Self { model: self.model, vectors: self.vectors.each_ref().map(|side| side.each_ref().map(of)) }
    }
}

/// Vectors with another weight of the attributes, from those of weight 1.
pub(super) fn weighed(vectors: &Vectors, common: usize, agreement: f32) -> Vectors {
    let mut out = Vectors::new(vectors.width());
    for row in vectors.rows() {
        let row: Option<Vec<f32>> = row.map(|row| {
            let (space, answers) = row.split_at(common);
            space.iter().copied().chain(answers.iter().map(|a| a * agreement.sqrt())).collect()
        });
        // Numbers that were finite stay so.
        if row.is_none_or(|row| out.push(&row).is_err()) {
            out.push_missing();
        }
    }
    out.unit()
}

/// Questions from one side to the other.
const CROSS: [&str; 2] = ["title → picture recall@10", "picture → title recall@10"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // 12 rows: row 0 is its own best; row 1's partner lies opposite, after 10 ties and one more.
    fn a_partner_after_ten_others_is_no_hit() {
        let along = |n: usize| (0..n).map(|_| Some([1.0_f32, 0.0]));
        let from = Vectors::from_rows(2, along(12)).unwrap();
        let to = Vectors::from_rows(2, [Some([2.0, 0.0]), Some([-1.0, 0.0])].into_iter().chain(along(10))).unwrap();
        let found = hits(&from, &to);
        assert_eq!((found[0], found[1], found[2]), (1.0, 0.0, 0.0), "a tie counts against it");
        assert_eq!(hits(&to, &to)[0], 1.0);
    }

    #[test]
    fn joined_rows_agree_as_much_as_both_do() {
        let a = Vectors::from_rows(1, [Some([1.0]), Some([1.0]), None]).unwrap();
        let b = Vectors::from_rows(1, [Some([1.0]), Some([-1.0]), Some([1.0])]).unwrap();
        let both = joined(&a, &b);
        assert!(product(both.row(0).unwrap(), both.row(1).unwrap()).abs() < 1e-6);
        assert_eq!(both.n_present(), 2);
    }
}
