//! Into a folder: the only file of the crate that touches the file system.
//!
//! The tables of the truth and then `truth.json` are written last, so that a folder that has it is complete.

use crate::auction::{AuctionTruth, truth_of, write_log};
use crate::bulk::{BulkSummary, write_bulk_retail};
use crate::export::{self, FileFacts, Sink};
use crate::{Merchant, SimError, SimParams, Truth};
use domain::Seed;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// How far a simulation is.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// The history is made: orders and lines in memory.
    Generated {
        /// Orders.
        orders: usize,
        /// Order lines.
        lines: usize,
    },
    /// A file (or the folder of pictures) is complete.
    Written {
        /// Name relative to the folder.
        file: String,
        /// Rows in it.
        rows: u64,
    },
}

/// What was written.
#[derive(Clone, Debug, PartialEq)]
pub struct SimSummary {
    /// Orders in all markets.
    pub orders: u64,
    /// Order lines in all markets.
    pub lines: u64,
    /// Shoppers in all markets.
    pub shoppers: u64,
    /// Products.
    pub products: u64,
    /// Files with their rows and dirt, those of the truth not among them.
    pub files: Vec<FileFacts>,
    /// The folder to ingest: `exports` below the one asked for.
    pub exports: PathBuf,
    /// The truth.
    pub truth: PathBuf,
}

/// Simulates and writes everything into `dir`, which is made when it is missing. Files of the same
/// name are replaced: `exports/…`, `extra/…`, `truth_….csv`, `truth.json`.
///
/// # Errors
/// [`SimError`] naming the parameter that is wrong or the file that could not be written.
pub fn write_to(dir: &Path, params: &SimParams, progress: &mut dyn FnMut(Progress)) -> Result<SimSummary, SimError> {
    let merchant = Merchant::generate(params)?;
    progress(Progress::Generated { orders: merchant.n_orders(), lines: merchant.n_lines() });
    let mut folder = Folder(dir.to_owned());
    let files = export::all(&merchant, &mut folder, &mut |facts| {
        progress(Progress::Written { file: facts.name.clone(), rows: facts.rows });
    })?;
    let tables = export::truth_tables(&merchant, &mut folder)?;
    let truth = Truth::of(&merchant).with_files(tables, files.clone());
    let name = "truth.json";
    let text = serde_json::to_string_pretty(&truth).map_err(io::Error::from).map_err(SimError::write(name))?;
    let mut out = folder.create(name).map_err(SimError::write(name))?;
    out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).map_err(SimError::write(name))?;
    drop(out);
    Ok(SimSummary {
        orders: merchant.n_orders() as u64,
        lines: merchant.n_lines() as u64,
        shoppers: merchant.books.iter().map(|b| b.shoppers.len() as u64).sum(),
        products: merchant.catalogue.len() as u64,
        files,
        exports: dir.join("exports"),
        truth: dir.join(name),
    })
}

/// Writes a big flat file in the layout of UCI Online Retail: see [`write_bulk_retail`].
///
/// # Errors
/// [`SimError::Write`] when the file cannot be written.
pub fn write_bulk_retail_to(path: &Path, n_lines: u64, seed: Seed) -> Result<BulkSummary, SimError> {
    let file = path.display().to_string();
    let mut out = BufWriter::with_capacity(1 << 16, File::create(path).map_err(SimError::write(&file))?);
    let summary = write_bulk_retail(&mut out, n_lines, seed)?;
    out.flush().map_err(SimError::write(&file))?;
    Ok(summary)
}

/// Writes `auctions.csv`, a bidder's log of [`crate::auction`], and `auction_truth.json` into `dir`.
///
/// # Errors
/// [`SimError`] for no auction at all, or naming the file that could not be written.
pub fn write_auctions_to(dir: &Path, n: u64, seed: Seed) -> Result<AuctionTruth, SimError> {
    if n == 0 {
        return Err(SimError::Param { name: "auctions", rule: "at least 1", got: 0.0 });
    }
    let (log, truth) = ("auctions.csv", "auction_truth.json");
    fs::create_dir_all(dir).map_err(SimError::write(log))?;
    let mut out = BufWriter::new(File::create(dir.join(log)).map_err(SimError::write(log))?);
    write_log(&mut out, n, seed).and_then(|()| out.flush()).map_err(SimError::write(log))?;
    let stated = truth_of(n, seed);
    let text = serde_json::to_string_pretty(&stated).map_err(io::Error::from).map_err(SimError::write(truth))?;
    fs::write(dir.join(truth), text + "\n").map_err(SimError::write(truth))?;
    Ok(stated)
}

/// A folder on disk.
struct Folder(PathBuf);

impl Sink for Folder {
    fn create(&mut self, name: &str) -> io::Result<Box<dyn Write + '_>> {
        let path = self.0.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        Ok(Box::new(File::create(path)?))
    }
}
