//! What a media mix is fitted on: an outcome, spend by channel and controls, week by week, in one place or in many.
//!
//! Rows are place after place, each with all its weeks in order. With several places the outcome and the spend are taken
//! per head (`size`, the place's population or its usual sales), so that one curve fits all of them.

use crate::spend_error::{SpendError, check_amounts, check_finite};

/// One advertising channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    /// Its name.
    pub name: String,
    /// Money spent, 0 or more: `n_places × n_weeks`.
    pub spend: Vec<f64>,
}

/// Something else that moves the outcome: a competitor, a promotion, an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Control {
    /// Its name.
    pub name: String,
    /// Any finite numbers: `n_places × n_weeks`.
    pub values: Vec<f64>,
}

/// The table.
#[derive(Clone, Debug, PartialEq)]
pub struct MediaData {
    /// Outcome, revenue or orders: `n_places × n_weeks`.
    pub outcome: Vec<f64>,
    /// Channels, at least one.
    pub channels: Vec<Channel>,
    /// Controls, maybe none.
    pub controls: Vec<Control>,
    /// Size of each place, above 0; one entry, 1.0, for a single place.
    pub size: Vec<f64>,
}

impl MediaData {
    /// A single place.
    pub fn national(outcome: Vec<f64>, channels: Vec<Channel>, controls: Vec<Control>) -> Self {
        Self { outcome, channels, controls, size: vec![1.0] }
    }

    /// Places.
    pub fn n_places(&self) -> usize {
        self.size.len()
    }

    /// Weeks of each place.
    pub fn n_weeks(&self) -> usize {
        self.outcome.len() / self.size.len().max(1)
    }

    /// Whether lengths agree and every value is one.
    ///
    /// # Errors
    /// [`SpendError`] naming the series.
    pub fn check(&self) -> Result<(), SpendError> {
        let n = self.outcome.len();
        if self.channels.is_empty() {
            return Err(SpendError::TooLittle { what: "channels", have: 0, need: 1 });
        }
        if self.size.is_empty() || !n.is_multiple_of(self.size.len()) {
            let need = n.next_multiple_of(self.size.len().max(1));
            return Err(SpendError::Shape { what: "outcome".to_owned(), got: n, need });
        }
        if let Some((at, value)) = self.size.iter().copied().enumerate().find(|(_, s)| !(*s > 0.0 && s.is_finite())) {
            return Err(SpendError::Value { what: "size".to_owned(), at, value, rule: "above 0" });
        }
        check_finite("outcome", &self.outcome)?;
        let series = self.channels.iter().map(|c| (&c.name, &c.spend));
        for (name, values) in series.chain(self.controls.iter().map(|c| (&c.name, &c.values))) {
            if values.len() != n {
                return Err(SpendError::Shape { what: name.clone(), got: values.len(), need: n });
            }
            check_finite(name, values)?;
        }
        for channel in &self.channels {
            check_amounts(&channel.name, &channel.spend)?;
        }
        Ok(())
    }

    /// The rows of the weeks `from..to` of every place.
    pub fn rows(&self, from: usize, to: usize) -> Vec<usize> {
        let n = self.n_weeks();
        (0..self.n_places()).flat_map(|place| (from..to).map(move |t| place * n + t)).collect()
    }

    /// The first `n` weeks of every place.
    #[must_use]
    pub fn first_weeks(&self, n: usize) -> Self {
        let rows = self.rows(0, n.min(self.n_weeks()));
        let of = |values: &[f64]| rows.iter().map(|&r| values[r]).collect::<Vec<f64>>();
        Self {
            outcome: of(&self.outcome),
            channels: self.channels.iter().map(|c| Channel { name: c.name.clone(), spend: of(&c.spend) }).collect(),
            controls: self.controls.iter().map(|c| Control { name: c.name.clone(), values: of(&c.values) }).collect(),
            size: self.size.clone(),
        }
    }
}
