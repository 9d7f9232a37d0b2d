//! A group of M4: histories, what came, and the marks of a forecast.

use anyhow::{Context, Result, ensure};
use eval::forecast::{covered, interval_score, mase, owa, smape};
use learn::series::season::naive2;
use learn::series::{Band, Method, Scale};
use serde::Serialize;
use std::io::Read;
use std::path::Path;

/// Which part of M4, and how it is asked.
#[derive(Debug)]
pub(super) struct Group {
    /// Word in a row and for the peer.
    pub(super) word: &'static str,
    /// Beginning of the files' names.
    pub(super) file: &'static str,
    /// Season of the marks; 1 where M4 has none.
    pub(super) period: usize,
    /// Seasons that methods may use.
    pub(super) seasons: &'static [usize],
    pub(super) horizon: usize,
    /// Methods that are asked alone, each with the peer's name for the same.
    pub(super) methods: &'static [(Method, Option<&'static str>)],
    /// OWA that the automatic choice has to reach: the best of the reference's methods.
    pub(super) owa_goal: f64,
}

/// Weeks.
pub(super) const WEEKLY: Group = Group {
    word: "weekly",
    file: "Weekly",
    period: 1,
    seasons: &[52],
    horizon: 13,
    methods: &[
        (Method::Naive, Some("Naive")),
        (Method::SeasonalNaive(52), None),
        (Method::Ets(1), Some("AutoETS")),
        (Method::DampedEts, None),
        (Method::Theta(1), Some("AutoTheta")),
        (Method::MstlEts(Scale::Plain), None),
        (Method::MstlTheta(Scale::Log), None),
    ],
    owa_goal: 0.928,
};

/// Hours.
pub(super) const HOURLY: Group = Group {
    word: "hourly",
    file: "Hourly",
    period: 24,
    seasons: &[24, 168],
    horizon: 48,
    methods: &[
        (Method::SeasonalNaive(24), Some("SeasonalNaive")),
        (Method::SeasonalNaive(168), None),
        (Method::Theta(24), None),
        (Method::MstlEts(Scale::Plain), Some("MSTL")),
        (Method::MstlEts(Scale::Log), None),
        (Method::MstlTheta(Scale::Plain), None),
    ],
    owa_goal: 0.605,
};

/// The series of a group.
#[derive(Debug)]
pub(super) struct Data {
    pub(super) train: Vec<Vec<f64>>,
    test: Vec<Vec<f64>>,
    period: usize,
    /// sMAPE and MASE of the benchmark that OWA divides by.
    naive2: (f64, f64),
}

/// What a method reached.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Marks {
    pub(super) smape: f64,
    pub(super) mase: f64,
    pub(super) owa: f64,
}

/// What an interval held.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Held {
    level: f64,
    pub(super) share: f64,
    /// Interval score over the mean size of the series.
    score: f64,
}

impl Data {
    pub(super) fn read(folder: &Path, group: &Group) -> Result<Self> {
        let (train, test) = (rows(folder, group.file, "train")?, rows(folder, group.file, "test")?);
        ensure!(train.len() == test.len(), "{} histories and {} answers", train.len(), test.len());
        let mut data = Self { train, test, period: group.period, naive2: (1.0, 1.0) };
        let benchmark: Vec<Vec<f64>> =
            data.train.iter().map(|y| naive2(y, group.period, group.horizon).unwrap_or_default()).collect();
        data.naive2 = data.errors(&benchmark).context("Naive2 has no forecast")?;
        Ok(data)
    }

    #[cfg(test)]
    pub(super) fn of(train: Vec<Vec<f64>>, test: Vec<Vec<f64>>) -> Self {
        Self { train, test, period: 1, naive2: (1.0, 1.0) }
    }

    /// Mean sMAPE and MASE; `None` where a forecast is missing.
    fn errors(&self, forecasts: &[Vec<f64>]) -> Option<(f64, f64)> {
        let (mut s, mut a) = (0.0, 0.0);
        for ((x, y), f) in self.train.iter().zip(&self.test).zip(forecasts) {
            s += smape(y, f)?;
            a += mase(x, y, f, self.period)?;
        }
        let n = self.train.len() as f64;
        Some((s / n, a / n))
    }

    pub(super) fn marks(&self, forecasts: &[Vec<f64>]) -> Result<Marks> {
        let (smape, mase) = self.errors(forecasts).context("a forecast is missing")?;
        let owa = owa(smape, mase, self.naive2.0, self.naive2.1).context("no OWA")?;
        Ok(Marks { smape, mase, owa })
    }

    /// What bands of one level held, one a series.
    pub(super) fn held(&self, bands: &[Band], level: f64) -> Held {
        let mean = |of: &dyn Fn(&[f64], &Band) -> Option<f64>| {
            self.test.iter().zip(bands).filter_map(|(y, b)| of(y, b)).sum::<f64>() / bands.len().max(1) as f64
        };
        let scaled = |y: &[f64], b: &Band| {
            let size = y.iter().map(|y| y.abs()).sum::<f64>() / y.len() as f64;
            Some(interval_score(y, &b.low, &b.high, level)? / size)
        };
        Held { level, share: mean(&|y, b| covered(y, &b.low, &b.high)), score: mean(&scaled) }
    }
}

fn rows(folder: &Path, file: &str, part: &str) -> Result<Vec<Vec<f64>>> {
    let path = folder.join(format!("{file}-{part}.csv.gz"));
    let bytes = std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes.as_slice())
        .read_to_string(&mut text)
        .with_context(|| format!("unpacking {}", path.display()))?;
    let mut csv = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for record in csv.records() {
        let record = record?;
        let values = record.iter().skip(1).filter(|v| !v.is_empty()).map(str::parse);
        rows.push(values.collect::<Result<_, _>>().with_context(|| format!("a number in {}", path.display()))?);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn written(folder: &Path, part: &str, text: &str) {
        let file = std::fs::File::create(folder.join(format!("Weekly-{part}.csv.gz"))).expect("a file");
        let mut gz = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        gz.write_all(text.as_bytes()).expect("writing");
        gz.finish().expect("packed");
    }

    // Without a season Naive2 is the last value, so that the naive forecast has an OWA of 1 and a perfect one of 0.
    #[test]
    fn the_last_value_marks_one_and_what_came_marks_nought() {
        let folder = tempfile::tempdir().expect("a folder");
        written(folder.path(), "train", "id,V1,V2,V3,V4\nW1,1,2,4,3\nW2,5,6,5,\n");
        written(folder.path(), "test", "id,V1,V2\nW1,4,5\nW2,6,7\n");
        let data = Data::read(folder.path(), &Group { horizon: 2, ..WEEKLY }).expect("two series");
        assert_eq!(data.train[1], [5.0, 6.0, 5.0]);
        let naive = data.marks(&[vec![3.0; 2], vec![5.0; 2]]).expect("marks");
        assert!((naive.owa - 1.0).abs() < 1e-12, "{naive:?}");
        assert_eq!(data.marks(&[vec![4.0, 5.0], vec![6.0, 7.0]]).expect("marks").owa, 0.0);
        assert!(data.marks(&[vec![4.0, 5.0], vec![]]).is_err());
        let band = |low: f64, high: f64| Band { level: 0.8, low: vec![low; 2], high: vec![high; 2] };
        assert_eq!(data.held(&[band(3.0, 4.5), band(0.0, 9.0)], 0.8).share, 0.75);
    }
}
