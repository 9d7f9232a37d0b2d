//! The question: rows, columns and cells with their curves and limits, and how much money there is.
//!
//! Rows are what the seller calls them, channels as a rule; columns are markets. A cell without a curve takes no money. All
//! limits are exact amounts of one currency.

use super::flow::{Arc, Network};
use super::response::Response;
use crate::spend_error::SpendError;
use domain::{Currency, Money};
use serde::{Deserialize, Serialize};

/// From and to, in one currency. `most: None` is "no limit".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Limits {
    /// At least, minor units, 0 or more.
    pub least: i64,
    /// At most, minor units.
    pub most: Option<i64>,
}

/// A row or a column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Its name.
    pub name: String,
    /// Limits of the sum of its cells.
    pub limits: Limits,
}

/// Where money may go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// What comes back for a spend a period, in major units both.
    pub response: Response,
    /// Limits of the cell.
    pub limits: Limits,
}

/// How much is spent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Total {
    /// All of it.
    Exactly(Money),
    /// As long as the next unit of money brings more than `worth`: 1 where the curves give margin in the same currency.
    UpTo {
        /// The most there is.
        most: Money,
        /// What the next unit of money has to bring, 0 or more.
        worth: f64,
    },
}

/// The whole question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Grid {
    /// Channels.
    pub rows: Vec<Line>,
    /// Markets.
    pub columns: Vec<Line>,
    /// `rows × columns`, row by row; `None` takes no money.
    pub cells: Vec<Option<Cell>>,
    /// The budget.
    pub total: Total,
}

impl Limits {
    /// No limits.
    pub const FREE: Self = Self { least: 0, most: None };

    /// Between two amounts of minor units.
    pub const fn between(least: i64, most: i64) -> Self {
        Self { least, most: Some(most) }
    }
}

impl Line {
    /// A line without limits.
    pub fn free(name: impl Into<String>) -> Self {
        Self { name: name.into(), limits: Limits::FREE }
    }
}

impl Total {
    /// The most there is.
    pub fn most(&self) -> Money {
        match self {
            Self::Exactly(money) | Self::UpTo { most: money, .. } => *money,
        }
    }

    pub(super) fn worth(&self) -> f64 {
        match self {
            Self::Exactly(_) => 0.0,
            Self::UpTo { worth, .. } => *worth,
        }
    }
}

impl Grid {
    /// One column: channels alone.
    pub fn channels(names: &[&str], curves: Vec<Response>, total: Total) -> Self {
        let cells = curves.into_iter().map(|response| Some(Cell { response, limits: Limits::FREE })).collect();
        Self { rows: names.iter().map(|n| Line::free(*n)).collect(), columns: vec![Line::free("all")], cells, total }
    }

    /// Currency of every amount.
    pub fn currency(&self) -> Currency {
        self.total.most().currency
    }

    /// Minor units of a major one.
    pub fn minor(&self) -> f64 {
        10_f64.powi(self.currency().exponent() as i32)
    }

    /// Cells that may take money: row, column, cell.
    pub fn open(&self) -> impl Iterator<Item = (usize, usize, &Cell)> {
        let width = self.columns.len();
        self.cells.iter().enumerate().filter_map(move |(at, c)| Some((at / width, at % width, c.as_ref()?)))
    }

    pub(super) fn check(&self) -> Result<(), SpendError> {
        let need = self.rows.len() * self.columns.len();
        if self.cells.len() != need {
            return Err(SpendError::Shape { what: "cells".to_owned(), got: self.cells.len(), need });
        }
        if self.open().next().is_none() {
            return Err(SpendError::TooLittle { what: "cells that take money", have: 0, need: 1 });
        }
        let most = self.total.most().minor;
        if most < 0 {
            return Err(SpendError::param("total", "0 or more", most as f64));
        }
        if !(self.total.worth() >= 0.0 && self.total.worth().is_finite()) {
            return Err(SpendError::param("worth", "0 or more", self.total.worth()));
        }
        let lines = self.rows.iter().chain(&self.columns).map(|l| (l.name.clone(), l.limits));
        let cells = self.open().map(|(r, c, cell)| (self.name(r, c), cell.limits));
        for (name, limits) in lines.chain(cells) {
            if limits.least < 0 {
                return Err(SpendError::param(format!("least of {name}"), "0 or more", limits.least as f64));
            }
            if let Some(most) = limits.most.filter(|m| *m < limits.least) {
                return Err(SpendError::param(format!("most of {name}"), "not below the least", most as f64));
            }
        }
        self.open().try_for_each(|(_, _, cell)| cell.response.check())
    }

    pub(super) fn name(&self, row: usize, column: usize) -> String {
        format!("{} in {}", self.rows[row].name, self.columns[column].name)
    }

    /// Arcs of the cells in their order, then rows, columns, total.
    pub(super) fn network(&self) -> Network {
        let budget = self.total.most().minor;
        let (rows, columns) = (self.rows.len(), self.columns.len());
        let sink = rows + columns + 1;
        let arc = |from, to, limits: Limits| Arc {
            from,
            to,
            low: limits.least,
            high: limits.most.unwrap_or(budget).min(budget.max(limits.least)),
        };
        let mut arcs: Vec<Arc> = self.open().map(|(r, c, cell)| arc(1 + r, 1 + rows + c, cell.limits)).collect();
        let n_cells = arcs.len();
        arcs.extend(self.rows.iter().enumerate().map(|(r, line)| arc(0, 1 + r, line.limits)));
        arcs.extend(self.columns.iter().enumerate().map(|(c, line)| arc(1 + rows + c, sink, line.limits)));
        let least = match self.total {
            Total::Exactly(money) => money.minor,
            Total::UpTo { .. } => 0,
        };
        arcs.push(Arc { from: sink, to: 0, low: least, high: budget });
        Network { n_nodes: sink + 1, n_cells, arcs, cost: self.total.worth() / self.minor() }
    }

    /// Name of a node of the network, for messages.
    pub(super) fn node(&self, node: usize) -> String {
        let rows = self.rows.len();
        match node {
            0 => "the budget".to_owned(),
            n if n <= rows => self.rows[n - 1].name.clone(),
            n if n <= rows + self.columns.len() => self.columns[n - 1 - rows].name.clone(),
            _ => "the sum of all".to_owned(),
        }
    }
}
