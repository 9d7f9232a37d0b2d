//! Which rows are dirty and how: every decision is drawn here and counted by the file's writer.

use crate::part::{Part, market_seed};
use crate::world::Profile;
use crate::{DirtParams, SimParams};
use domain::Rng;
use serde::Serialize;
use std::borrow::Cow;

/// Kinds of dirt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Dirt {
    /// A row equal to the one before it.
    DuplicateRow,
    /// A country that is not written as its ISO code.
    CountrySpelling,
    /// An order without shopper key, e-mail and telephone.
    Guest,
    /// An e-mail address in other case or with blanks.
    EmailVariant,
    /// An event sent again with the same message id.
    ResentEvent,
    /// A product listed again under another id.
    NearDuplicateProduct,
    /// A row with an impossible price or quantity.
    ImpossibleRow,
    /// A test order.
    TestOrder,
    /// A row whose date is not ISO 8601.
    MixedDate,
    /// A trader's line of 20 units or more: real, and an outlier.
    Outlier,
    /// An event of a machine.
    BotEvent,
    /// A review whose text says nothing.
    JunkReview,
    /// An interaction that comes again.
    RepeatedInteraction,
}

/// Draws the dirt of one file, row by row.
pub(crate) struct Dirtier<'a> {
    rng: Rng,
    params: &'a DirtParams,
    profile: &'static Profile,
}

impl<'a> Dirtier<'a> {
    /// `file` tells the files of a market apart.
    pub(crate) fn new(params: &'a SimParams, profile: &'static Profile, file: u64) -> Self {
        let rng = market_seed(params.seed, Part::Dirt, profile.market).stream(file);
        Self { rng, params: &params.dirt, profile }
    }

    fn happens(&mut self, share: f64) -> bool {
        self.rng.uniform() < share
    }

    /// How often a row is written: 1 or 2.
    pub(crate) fn times(&mut self) -> u64 {
        1 + u64::from(self.happens(self.params.duplicate_rows))
    }

    /// The country as it is written, and whether that is another spelling.
    pub(crate) fn country(&mut self) -> (&'static str, bool) {
        if self.happens(self.params.country_spellings) {
            (self.profile.spellings[self.rng.below(self.profile.spellings.len())], true)
        } else {
            (self.profile.market.code(), false)
        }
    }

    /// Whether an order comes without its shopper.
    pub(crate) fn guest(&mut self) -> bool {
        self.happens(self.params.guests)
    }

    /// Whether an event is sent again.
    pub(crate) fn resent(&mut self) -> bool {
        self.happens(self.params.resent_events)
    }

    /// The address as it is written, and whether it differs.
    pub(crate) fn email<'e>(&mut self, email: &'e str) -> (Cow<'e, str>, bool) {
        if !self.happens(self.params.email_variants) {
            return (Cow::Borrowed(email), false);
        }
        let variant = match self.rng.below(3) {
            0 => email.to_uppercase(),
            1 => format!(" {email}"),
            _ => email.replace("@example", "@Example"),
        };
        (Cow::Owned(variant), true)
    }
}
