//! Sessions: what one visitor does with pauses of at most half an hour, page by page, and how long each page was looked at.
//!
//! *Dwell.* Where the browser said for how long a page was looked at (heartbeats), the sum of that. Else the time until the next
//! page of the session. The last page of a session has no next one, so without heartbeats its dwell is not known, which is
//! not zero: averages over known dwells do not call a page short because people leave from it.
//! *Bounce.* One page, nothing done on it, and looked at for less than `engaged_seconds` or for an unknown time.
//! The rule of pauses is that of `audience::paths`.

use super::timeline::Step;
use crate::event::Millis;
use crate::time::{MINUTE, Micros};
use crate::vocabulary::Deed;

/// The rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionParams {
    /// A longer pause begins a new session.
    pub pause_minutes: u32,
    /// Who looked at one page for so long did not bounce.
    pub engaged_seconds: u32,
}

impl Default for SessionParams {
    fn default() -> Self {
        Self { pause_minutes: 30, engaged_seconds: 10 }
    }
}

/// A page of a session's path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its address, where said.
    pub url: Option<String>,
    /// When it was opened.
    pub at: Micros,
    /// How long it was looked at; `None` where that cannot be known.
    pub dwell_ms: Option<Millis>,
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// First step.
    pub first: Micros,
    /// Last step.
    pub last: Micros,
    /// Steps of all kinds.
    pub n_steps: usize,
    /// The path.
    pub pages: Vec<Page>,
    /// Whether the visitor left after one page without doing anything.
    pub bounced: bool,
}

/// The sessions in steps that are in order of time. Cost: one pass.
pub fn sessions(steps: &[Step], params: &SessionParams) -> Vec<Session> {
    let pause = i64::from(params.pause_minutes) * MINUTE;
    let visits: Vec<&Step> = steps.iter().filter(|s| s.deed.is_visit()).collect();
    visits.chunk_by(|a, b| b.at - a.at <= pause).map(|steps| session(steps, params)).collect()
}

fn session(steps: &[&Step], params: &SessionParams) -> Session {
    let mut pages: Vec<Page> = Vec::new();
    let mut engaged: Vec<Option<Millis>> = Vec::new();
    let mut n_deeds = 0;
    for step in steps {
        let is_page = matches!(step.deed, Deed::PageViewed | Deed::ScreenViewed);
        if is_page {
            pages.push(Page { url: step.url.clone(), at: step.at, dwell_ms: None });
            engaged.push(None);
        } else if step.deed != Deed::Dwelt && step.deed != Deed::Identified {
            n_deeds += 1;
        }
        if let Some(ms) = step.engaged_ms.filter(|ms| *ms > 0) {
            // A heartbeat that says of which page it is belongs to the last visit of that page.
            let of = step.url.as_ref().and_then(|url| pages.iter().rposition(|p| p.url.as_ref() == Some(url)));
            let of = of.or(pages.len().checked_sub(1));
            if let Some(slot) = of.and_then(|i| engaged.get_mut(i)) {
                *slot = Some(slot.unwrap_or(0).saturating_add(ms));
            }
        }
    }
    let opened: Vec<Micros> = pages.iter().map(|p| p.at).collect();
    for (i, page) in pages.iter_mut().enumerate() {
        page.dwell_ms = engaged[i].or_else(|| opened.get(i + 1).map(|next| (next - page.at) / 1000));
    }
    let (first, last) = match (steps.first(), steps.last()) {
        (Some(first), Some(last)) => (first.at, last.at),
        _ => (0, 0),
    };
    let stayed = pages.first().and_then(|p| p.dwell_ms).unwrap_or(0) >= i64::from(params.engaged_seconds) * 1000;
    let bounced = pages.len() == 1 && n_deeds == 0 && !stayed;
    Session { first, last, n_steps: steps.len(), pages, bounced }
}

#[cfg(test)]
mod tests {
    use super::super::timeline::tests::step;
    use super::*;

    fn page(second: i64, url: &str) -> Step {
        Step { url: Some(url.into()), ..step(second, Deed::PageViewed, "", None) }
    }

    fn beat(second: i64, url: &str, ms: i64) -> Step {
        Step { url: Some(url.into()), engaged_ms: Some(ms), ..step(second, Deed::Dwelt, "", None) }
    }

    fn split(steps: &[Step]) -> Vec<Session> {
        sessions(steps, &SessionParams::default())
    }

    #[test]
    fn thirty_minutes_are_one_session_and_a_second_more_are_two() {
        let paths = |second: i64| split(&[page(0, "a"), page(second, "b")]).len();
        assert_eq!(paths(1800), 1);
        assert_eq!(paths(1801), 2);
    }

    #[test] // Pages at 0, 20 and 50 s: 20 and 30 s of dwell, the last unknown.
    fn the_path_is_ordered_and_the_last_page_has_no_dwell() {
        let found = split(&[page(0, "a"), page(20, "b"), page(50, "c")]);
        let pages: Vec<_> = found[0].pages.iter().map(|p| (p.url.as_deref(), p.dwell_ms)).collect();
        assert_eq!(pages, [(Some("a"), Some(20_000)), (Some("b"), Some(30_000)), (Some("c"), None)]);
        assert!(!found[0].bounced);
    }

    #[test] // Two beats of 5 and 4 s on "a" outweigh the 600 s until the next page: the tab was in the background.
    fn heartbeats_are_believed_before_gaps() {
        let found =
            split(&[page(0, "a"), beat(5, "a", 5_000), page(600, "b"), beat(604, "a", 4_000), beat(615, "b", 15_000)]);
        let dwell: Vec<_> = found[0].pages.iter().map(|p| p.dwell_ms).collect();
        assert_eq!(dwell, [Some(9_000), Some(15_000)]);
    }

    #[test]
    fn a_bounce_is_one_page_without_a_deed_or_a_stay() {
        assert!(split(&[page(0, "a")])[0].bounced);
        assert!(split(&[page(0, "a"), beat(5, "a", 5_000)])[0].bounced);
        assert!(!split(&[page(0, "a"), beat(15, "a", 15_000)])[0].bounced);
        assert!(!split(&[page(0, "a"), step(3, Deed::ProductAdded, "p", None)])[0].bounced);
        assert!(!split(&[page(0, "a"), page(3, "b")])[0].bounced);
    }

    #[test]
    fn a_refund_from_behind_the_shop_is_no_visit() {
        assert_eq!(split(&[step(0, Deed::OrderRefunded, "p", None)]), []);
    }
}
