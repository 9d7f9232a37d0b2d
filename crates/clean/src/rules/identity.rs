//! Identities: see [`crate::identity`] for how they are joined.

use super::{Policy, RuleDoc};

pub(crate) const MERGE: RuleDoc = RuleDoc {
    name: "identity_merge",
    policy: Policy::Merge,
    doc: "customer numbers, e-mails, phones, visitors and handles that are one shopper's are joined, each with its proof",
};

pub(crate) const SHARED: RuleDoc = RuleDoc {
    name: "shared_key",
    policy: Policy::Keep,
    doc: "an e-mail or phone of too many customers (a shop's own, a call centre's) joins nobody",
};

pub(crate) const UNDONE: RuleDoc = RuleDoc {
    name: "undone_link",
    policy: Policy::Keep,
    doc: "an identity whose link an operator took back joins nobody",
};
