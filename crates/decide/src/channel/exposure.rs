//! How many of a group a plan reaches and how often, over channels that overlap.
//!
//! A channel that buys `i` impressions among its `a` users of a group shows the advert to `1 - exp(-i / a)` of them, if who sees it is
//! chance. Channels are taken as independent within the group, so the plan reaches `1 - Π (1 - r_c)` (Agostini's and Sainsbury's
//! formula of media planning; Danaher, "Modeling page views across multiple websites with an application to internet reach and
//! frequency prediction", Marketing Science 26(3), 2007, for how far it holds: overlap of similar sites makes it too high).
//! Cost: linear in the channels.

use crate::spend_error::SpendError;

/// A channel's part of a plan, within one group.
#[derive(Clone, Debug, PartialEq)]
pub struct Exposure {
    /// Its name.
    pub channel: String,
    /// Part of the group that uses it, in [0, 1].
    pub uses: f64,
    /// Impressions bought in the group.
    pub impressions: f64,
}

/// What a plan does in a group.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupReach {
    /// Part of the group that sees the advert at least once.
    pub reach: f64,
    /// Mean number of times among those.
    pub frequency: f64,
    /// Part that each channel reaches, in the order given.
    pub by_channel: Vec<f64>,
    /// Part that only this channel reaches: what the plan would lose without it.
    pub only_by: Vec<f64>,
}

/// Reach of a plan in a group of `size` shoppers.
///
/// # Errors
/// [`SpendError::Param`] for a size or a part out of range.
pub fn group_reach(size: f64, plan: &[Exposure]) -> Result<GroupReach, SpendError> {
    if !(size > 0.0 && size.is_finite()) {
        return Err(SpendError::param("size", "above 0", size));
    }
    let mut by_channel = Vec::new();
    for e in plan {
        if !(0.0..=1.0).contains(&e.uses) {
            return Err(SpendError::param(format!("uses of {}", e.channel), "in [0, 1]", e.uses));
        }
        if !(e.impressions >= 0.0 && e.impressions.is_finite()) {
            return Err(SpendError::param(format!("impressions of {}", e.channel), "0 or more", e.impressions));
        }
        let users = size * e.uses;
        by_channel.push(if users > 0.0 { e.uses * (1.0 - (-e.impressions / users).exp()) } else { 0.0 });
    }
    let missed = |skip: Option<usize>| -> f64 {
        by_channel.iter().enumerate().filter(|(c, _)| Some(*c) != skip).map(|(_, r)| 1.0 - r).product()
    };
    let reach = 1.0 - missed(None);
    let shown: f64 = plan.iter().filter(|e| e.uses > 0.0).map(|e| e.impressions).sum();
    let frequency = if reach > 0.0 { shown / (size * reach) } else { 0.0 };
    let only_by = (0..plan.len()).map(|c| missed(Some(c)) - missed(None)).collect();
    Ok(GroupReach { reach, frequency, by_channel, only_by })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(uses: f64, impressions: f64) -> Exposure {
        Exposure { channel: "c".to_owned(), uses, impressions }
    }

    #[test] // 500 users, 500 · ln 2 impressions reach half of them: .25 of the group; with .5 more: 1 - .75 · .5 = .625.
    fn reach_by_hand() {
        let half = 500.0 * 2.0_f64.ln();
        let plan = [part(0.5, half), part(1.0, 1000.0 * 2.0_f64.ln())];
        let got = group_reach(1000.0, &plan).unwrap();
        assert!((got.by_channel[0] - 0.25).abs() < 1e-12 && (got.reach - 0.625).abs() < 1e-12);
        assert!((got.only_by[0] - 0.125).abs() < 1e-12 && (got.only_by[1] - 0.375).abs() < 1e-12);
        assert!((got.frequency - 1500.0 * 2.0_f64.ln() / 625.0).abs() < 1e-12);
    }

    #[test]
    fn more_impressions_reach_more_and_never_more_than_use_it() {
        let reach = |i: f64| group_reach(1000.0, &[part(0.3, i)]).unwrap().reach;
        assert!(reach(100.0) < reach(1000.0) && reach(1e9) <= 0.3 + 1e-12);
        assert_eq!(reach(0.0), 0.0);
        assert!(group_reach(0.0, &[]).is_err() && group_reach(10.0, &[part(1.2, 1.0)]).is_err());
    }
}
