//! The seller's own tables beside `portolan.toml`, on top of those that the program brings: rules, lanes, costs, calendar,
//! experiments, promotions.

use crate::exit::{Exit, Stop};
use anyhow::{Context, Result};
use decide::calendar::Calendar;
use decide::channel::ChannelFacts;
use decide::landed::{CostTables, LaneTable};
use decide::media::Experiment;
use decide::own_file::FileError;
use decide::promotion::own::OwnOffers;
use decide::sellability::Rulebook;
use std::path::Path;

/// Names of the files, in the order of [`Tables`].
pub(crate) const FILES: [&str; 6] =
    ["rules.toml", "lanes.toml", "costs.toml", "calendar.toml", "promotions.toml", "experiments.toml"];

/// Platforms and partners, read when they are asked about: no table of the lake follows from them.
pub(crate) const CHANNELS: &str = "channels.toml";

/// The platforms that the program brings, with the seller's over them.
pub(crate) fn channel_facts(root: &Path) -> Result<ChannelFacts> {
    let own = read(root, CHANNELS)?.map(|text| ChannelFacts::parse(CHANNELS, &text)).transpose().map_err(wrong)?;
    Ok(ChannelFacts::built_in().with(own.unwrap_or_default()))
}

/// The rules that the program brings, with the seller's over them.
pub(crate) fn rulebook(root: &Path) -> Result<Rulebook> {
    let built_in = Rulebook::built_in();
    match read(root, FILES[0])? {
        Some(text) => built_in.with_own(FILES[0], &text).map_err(wrong),
        None => Ok(built_in),
    }
}

/// Everything that decisions go by besides data.
pub(crate) struct Tables {
    pub(crate) rules: Rulebook,
    pub(crate) lanes: LaneTable,
    pub(crate) costs: CostTables,
    pub(crate) calendar: Calendar,
    pub(crate) promotions: OwnOffers,
    /// What switching advertising off, down or up has shown; none is built in.
    pub(crate) experiments: Vec<Experiment>,
}

impl Tables {
    /// What the program brings, with the files of the workspace over it.
    pub(crate) fn load(root: &Path) -> Result<Self> {
        let [_, lanes, costs, calendar, promotions, experiments] = FILES.map(|name| read(root, name));
        let mut all = Self {
            rules: rulebook(root)?,
            lanes: LaneTable::built_in(),
            costs: CostTables::built_in(),
            calendar: Calendar::built_in(),
            promotions: OwnOffers::default(),
            experiments: Vec::new(),
        };
        if let Some(text) = lanes? {
            all.lanes = all.lanes.with(LaneTable::parse(FILES[1], &text).map_err(wrong)?);
        }
        if let Some(text) = costs? {
            all.costs = all.costs.with(CostTables::parse(FILES[2], &text).map_err(wrong)?);
        }
        if let Some(text) = calendar? {
            all.calendar = all.calendar.with(Calendar::parse(FILES[3], &text).map_err(wrong)?);
        }
        if let Some(text) = promotions? {
            all.promotions = OwnOffers::parse(FILES[4], &text).map_err(wrong)?;
        }
        if let Some(text) = experiments? {
            all.experiments = Experiment::parse(FILES[5], &text).map_err(wrong)?;
        }
        Ok(all)
    }
}

fn read(root: &Path, name: &str) -> Result<Option<String>> {
    let path = root.join(name);
    if !path.exists() {
        return Ok(None);
    }
    std::fs::read_to_string(&path).map(Some).with_context(|| format!("reading {}", path.display()))
}

fn wrong(error: FileError) -> anyhow::Error {
    Stop::error(Exit::Usage, error.to_string(), "mend that line, then run again")
}

/// What the stage follows from besides the lake: the texts of the files.
pub(crate) fn own_settings(root: &Path) -> Result<String> {
    let mut all = String::new();
    for name in FILES {
        if let Some(text) = read(root, name)? {
            all.push_str(&format!(" {name} {text}"));
        }
    }
    Ok(all)
}
