//! Who an answer is for: what is known of a person, into which bucket of an experiment the answer falls, and the list of
//! what was shown.
//!
//! Every answer has a bucket. It is dealt from the shopper, else from the visit; where neither is named, or the person does
//! not allow to be told apart, from the answer's own name: such answers fall into buckets as evenly, and no person can be
//! found by theirs.

use super::super::Serving;
use super::super::exposures::Exposure;
use super::super::snapshot::Snapshot;
use domain::{ItemIdx, Kind, Market};
use recommend::Context;
use recommend::serving::{SessionParams, Step, Taste, bucket};
use serve::wire::catalogue::Products;
use serve::wire::figure::Words;
use serve::wire::recommend::{ChainStep, Recommendations};

/// Parts that shoppers are dealt into for experiments, and with which salt. Neither ever changes: see [`bucket`].
const BUCKETS: u32 = 1_000;
const SALT: &str = "portolan";

/// What is known of who asks.
pub(super) struct Who {
    pub(super) taste: Taste,
    /// Bought before or in this session, or in the cart: sorted.
    pub(super) have: Vec<ItemIdx>,
    /// What the last minutes were about, newest first.
    pub(super) session: Vec<ItemIdx>,
}

/// Who was answered, and what was asked.
#[derive(Clone, Copy)]
pub(super) struct Whom<'a> {
    pub(super) kind: &'static str,
    pub(super) market: Option<Market>,
    pub(super) shopper: Option<&'a str>,
    pub(super) session: Option<&'a str>,
    /// Whether the answer may follow from what the person did.
    pub(super) personal: bool,
}

/// An answer's name and place in experiments.
struct Shown {
    bucket: u32,
    bucket_of: String,
    exposure_id: String,
}

impl Serving {
    /// Who asks which question. An empty name is nobody's.
    pub(super) fn whom<'a>(
        &self,
        now: &Snapshot,
        kind: &'static str,
        market: Option<Market>,
        [shopper, session]: [Option<&'a str>; 2],
    ) -> Whom<'a> {
        let [shopper, session] = [shopper, session].map(|name| name.filter(|n| !n.is_empty()));
        let personal = self.may_personalise(now, shopper.into_iter().chain(session));
        Whom { kind, market, shopper, session, personal }
    }

    /// What is known of them.
    pub(super) fn who(&self, now: &Snapshot, whom: &Whom<'_>) -> Who {
        let (shopper, session) = (whom.shopper, whom.session);
        if !whom.personal {
            let taste = Taste::new(&[], &Context::default(), &[], &SessionParams::default());
            return Who { taste, have: Vec::new(), session: Vec::new() };
        }
        let past = shopper.and_then(|id| now.past(id)).or_else(|| session.and_then(|id| now.past(id)));
        let bought = past.map_or_else(Vec::new, |p| p.bought());
        let context = past.map_or_else(Context::default, |p| p.context());
        let at = self.now();
        let mut events: Vec<(i64, ItemIdx, Kind)> = Vec::new();
        let mut names: Vec<&str> = shopper.into_iter().chain(session).collect();
        names.dedup();
        for name in names {
            let known = self.recent.of(name, at).into_iter();
            events.extend(known.filter_map(|(at, noted)| Some((at, now.goods.find(&noted.product)?, noted.kind))));
        }
        // An event that was noted under both names is one event.
        events.sort_by_key(|(at, item, kind)| (*at, *item, *kind));
        events.dedup();
        let session_events: Vec<(ItemIdx, Kind)> = events.iter().map(|(_, item, kind)| (*item, *kind)).collect();
        let taken = session_events.iter().filter(|(_, kind)| matches!(kind, Kind::Cart | Kind::Purchase));
        let mut have: Vec<ItemIdx> = bought.iter().copied().chain(taken.map(|(item, _)| *item)).collect();
        have.sort_unstable();
        have.dedup();
        Who {
            taste: Taste::new(&bought, &context, &session_events, &SessionParams::default()),
            have,
            session: session_events.iter().rev().map(|(item, _)| *item).collect(),
        }
    }

    /// Names an answer, deals it a bucket and takes down who saw what; of somebody who does not allow it, what was seen and
    /// not by whom.
    fn show(
        &self,
        whom: Whom<'_>,
        [model_version, answered_by]: [&str; 2],
        locale: Option<&str>,
        products: Vec<String>,
    ) -> Shown {
        let (shopper, session) = if whom.personal { (whom.shopper, whom.session) } else { (None, None) };
        let exposure_id = self.exposures.name();
        let (of, name) = match (shopper, session) {
            (Some(shopper), _) => ("shopper", shopper),
            (None, Some(session)) => ("session", session),
            (None, None) => ("answer", exposure_id.as_str()),
        };
        let bucket = bucket(SALT, name, BUCKETS);
        let exposure = Exposure {
            at: self.now(),
            kind: whom.kind,
            market: whom.market.map(|m| m.code().to_owned()),
            locale: locale.map(str::to_owned),
            shopper: shopper.map(str::to_owned),
            session: session.map(str::to_owned),
            bucket,
            bucket_of: of,
            model_version: model_version.to_owned(),
            answered_by: answered_by.to_owned(),
            products,
        };
        self.exposures.log(&exposure_id, exposure);
        Shown { bucket, bucket_of: of.to_owned(), exposure_id }
    }

    /// Shows recommendations.
    pub(super) fn expose(&self, whom: Whom<'_>, answer: &mut Recommendations) {
        if !whom.personal {
            let personal = [Step::History, Step::Session, Step::Described, Step::Category, Step::HomeModel];
            let refused = |step: &&mut ChainStep| personal.iter().any(|p| p.key() == step.step);
            // What is like a product or goes with a basket was not asked of a person.
            if matches!(whom.kind, "for_you" | "rerank") {
                for step in answer.chain.iter_mut().filter(refused) {
                    step.why = Words::new("the shopper does not allow personalisation", "该顾客不允许个性化");
                }
            }
        }
        let products = answer.items.iter().map(|item| item.product_id.clone()).collect();
        let by = [answer.model_version.as_str(), answer.answered_by.as_str()];
        let shown = self.show(whom, by, answer.locale.used.as_deref(), products);
        Shown { bucket: answer.bucket, bucket_of: answer.bucket_of, exposure_id: answer.exposure_id } = shown;
    }

    /// Shows products that were searched for.
    pub(super) fn expose_products(&self, now: &Snapshot, whom: Whom<'_>, answer: &mut Products) {
        let products = answer.products.iter().map(|card| card.product_id.clone()).collect();
        let by = [&*now.model_version(), answer.found_by.as_str()];
        let shown = self.show(whom, by, answer.locale.used.as_deref(), products);
        Shown { bucket: answer.bucket, bucket_of: answer.bucket_of, exposure_id: answer.exposure_id } = shown;
    }
}
