//! What all files of interactions have in common, whatever names their columns: who wrote is hashed.
//!
//! A handle means somebody within one network, so its hash takes the network in, from the same row or the mapping. The
//! address of what was written loses its query, and is left out where the handle is a part of its path, as it is on
//! several networks: else the handle would stand in the table after all.

use super::Connector;
use crate::error::IntakeError;
use crate::hash_id;
use crate::out::Out;
use crate::plan::{Fault, How, Plan, Take};
use crate::platform::{handle, platform};
use crate::record::Record;

/// A table of interactions.
struct Interactions {
    plan: Plan,
    /// The cell with the handle, and its column.
    author: Option<(usize, usize)>,
    /// The cell with the network.
    network: Option<usize>,
    /// The network of rows that do not say it.
    usual: Option<String>,
    address: Option<Take>,
}

/// Takes over what a plan cannot do cell by cell.
pub(super) fn around(mut plan: Plan) -> Box<dyn Connector> {
    let [author, network, address] = ["handle_hash", "platform", "url"].map(|column| Plan::column(plan.table, column));
    for (_, value) in plan.constants.iter_mut().filter(|(to, _)| *to == network) {
        *value = platform(value).unwrap_or_default();
    }
    let usual = plan.constant_of(network).map(str::to_owned);
    let mut from = None;
    for take in plan.takes.iter_mut().filter(|take| take.to == network) {
        take.how = How::Platform;
        from = Some(take.from);
    }
    let mut own = |to: usize| {
        let at = plan.takes.iter().position(|take| take.to == to)?;
        let take = plan.takes.remove(at);
        plan.written.push(to);
        plan.sources.push((take.from, to));
        Some(take)
    };
    let author = own(author).map(|take| (take.from, take.to));
    let address = own(address).map(|take| Take { how: How::Address, ..take });
    Box::new(Interactions { plan, author, network: from, usual, address })
}

impl Interactions {
    fn write(&self, record: &Record<'_>, out: &mut Out<'_>) -> Result<(), Box<Fault>> {
        self.plan.cells(record, out)?;
        let written = self.author.map_or("", |(from, _)| record.get(from));
        if let Some((_, to)) = self.author {
            let network = self.network.map(|from| record.get(from)).filter(|cell| !cell.trim().is_empty());
            let network = network.or(self.usual.as_deref()).unwrap_or_default();
            if let Some(hash) = hash_id::handle(network, written) {
                out.text(to, &hash);
            }
        }
        let Some(address) = &self.address else { return Ok(()) };
        let cell = record.get(address.from);
        if !tells(cell, written) {
            self.plan.cell(address, cell, out)?;
        }
        Ok(())
    }
}

/// Whether an address has the handle as a part of its path.
fn tells(address: &str, written: &str) -> bool {
    let Some(own) = handle(written) else { return false };
    address.split(['/', '?', '#', '=', '&']).any(|part| part.trim_start_matches('@').to_lowercase() == own)
}

impl Connector for Interactions {
    fn row(&mut self, record: &Record<'_>, out: &mut Out<'_>) -> Result<(), IntakeError> {
        match self.write(record, out) {
            Ok(()) => out.commit(record.line),
            Err(fault) => self.plan.put_aside(record.line, *fault, out),
        }
    }

    fn plan(&mut self) -> &mut Plan {
        &mut self.plan
    }
}
