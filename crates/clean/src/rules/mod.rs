//! The rules, one file each: name, policy, what it touches and why, function, tests.
//!
//! [`Rule`] is the registry: the quality report lists every variant, also those that found nothing.

pub(crate) mod bad_debt;
pub(crate) mod bot_traffic;
pub(crate) mod broken_encoding;
pub(crate) mod cancellation;
pub(crate) mod country;
pub(crate) mod currency;
pub(crate) mod filled_value;
pub(crate) mod future_date;
pub(crate) mod fuzzy_product;
pub(crate) mod gift;
pub(crate) mod identity;
pub(crate) mod impossible;
pub(crate) mod interaction;
pub(crate) mod junk_text;
pub(crate) mod missing_key;
pub mod missing_values;
pub(crate) mod order_total;
pub(crate) mod outlier;
pub(crate) mod person;
pub(crate) mod product_code_case;
pub(crate) mod repeat;
pub(crate) mod service_line;
pub(crate) mod several_timestamps;
pub(crate) mod stated_amount;
pub(crate) mod stock_adjustment;
pub(crate) mod test_order;
pub(crate) mod text;
pub(crate) mod tracked_order;
pub(crate) mod units;

/// What a rule does with the rows it touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// The row cannot be used and goes to `rejects`.
    Reject,
    /// The row stays and bears a mark.
    Mark,
    /// Rows become one, with a record of it.
    Merge,
    /// The row stays as it is and is only counted.
    Keep,
    /// A value is rewritten in a canonical form.
    Convert,
}

impl Policy {
    /// The word in clean.rule_counts.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reject => "reject",
            Self::Mark => "mark",
            Self::Merge => "merge",
            Self::Keep => "keep",
            Self::Convert => "convert",
        }
    }
}

/// A rule's entry in the quality report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleDoc {
    /// Its name in clean.rule_counts and rejects.rows.
    pub name: &'static str,
    /// What it does.
    pub policy: Policy,
    /// What it touches and why, in a sentence or two.
    pub doc: &'static str,
}

macro_rules! rules {
    ($($(#[$doc:meta])* $variant:ident = $entry:path,)*) => {
        /// Every cleaning rule.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $($(#[$doc])* $variant,)*
        }

        impl Rule {
            /// All of them, in the order in which a row meets them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Name, policy and description.
            pub const fn doc(self) -> RuleDoc {
                match self {
                    $(Self::$variant => $entry,)*
                }
            }
        }
    };
}

rules! {
    /// Texts rewritten in one normal form.
    Text = text::DOC,
    /// A currency that is no ISO 4217 code.
    Currency = currency::DOC,
    /// Amounts converted to the reporting currency.
    CurrencyRate = currency::RATE,
    /// A date after today.
    FutureDate = future_date::DOC,
    /// A price that cannot be.
    ImpossiblePrice = impossible::PRICE,
    /// A quantity that cannot be.
    ImpossibleQuantity = impossible::QUANTITY,
    /// A stated amount that is not quantity × price less discount.
    StatedAmount = stated_amount::DOC,
    /// Copies inside one file.
    ExactRepeat = repeat::DOC,
    /// Copies of what another file of the same system gave.
    OtherFile = repeat::OTHER_FILE,
    /// Codes that differ in case or blanks only.
    ProductCodeCase = product_code_case::DOC,
    /// Products with nearly the same title.
    FuzzyProduct = fuzzy_product::DOC,
    /// A line without a product code.
    MissingCode = missing_key::CODE,
    /// A line without a shopper.
    MissingShopper = missing_key::SHOPPER,
    /// Write-offs of unpaid invoices.
    BadDebt = bad_debt::DOC,
    /// Test orders.
    TestOrder = test_order::DOC,
    /// Postage, fees, vouchers.
    ServiceLine = service_line::DOC,
    /// Sales taken back.
    Cancellation = cancellation::DOC,
    /// Reversals without a sale.
    UnmatchedCancellation = cancellation::UNMATCHED,
    /// Orders cancelled before they were sales.
    VoidOrder = cancellation::VOID,
    /// Orders that are not paid yet.
    PendingOrder = cancellation::PENDING,
    /// Stock moved without a sale.
    StockAdjustment = stock_adjustment::DOC,
    /// Units given away.
    Gift = gift::DOC,
    /// Unusual prices.
    PriceOutlier = outlier::PRICE,
    /// Unusual quantities.
    QuantityOutlier = outlier::QUANTITY,
    /// Country names to codes.
    Country = country::DOC,
    /// Years in which nobody who orders was born.
    BirthYear = person::BIRTH_YEAR,
    /// Sex in many spellings.
    Sex = person::SEX,
    /// Orders with several times.
    SeveralTimestamps = several_timestamps::DOC,
    /// Orders that do not add up to their stated total.
    OrderTotal = order_total::DOC,
    /// Identities that were joined.
    IdentityMerge = identity::MERGE,
    /// E-mails and phones shared by too many.
    SharedKey = identity::SHARED,
    /// Links that an operator took back.
    UndoneLink = identity::UNDONE,
    /// Events that came twice.
    EventRepeat = repeat::EVENT,
    /// Interactions of a kind that nobody knows.
    InteractionKind = interaction::KIND,
    /// Interactions that came twice.
    InteractionRepeat = interaction::REPEAT,
    /// Orders that tracking told.
    TrackedOrder = tracked_order::DOC,
    /// Tracked orders that were told before, or that a file has.
    TrackedRepeat = tracked_order::REPEAT,
    /// Changes of orders that nobody knows.
    TrackedUnknown = tracked_order::UNKNOWN,
    /// Records replaced by a later one.
    RecordRepeat = repeat::RECORD,
    /// Records without a value that they need.
    MissingValue = missing_key::VALUE,
    /// Words that a converter broke.
    BrokenEncoding = broken_encoding::DOC,
    /// Texts that say nothing.
    JunkText = junk_text::DOC,
    /// Events of machines.
    BotTraffic = bot_traffic::DOC,
    /// Measures in other units.
    Unit = units::DOC,
    /// Gaps filled as asked for.
    FilledValue = filled_value::DOC,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_rule_has_its_own_name_and_says_what_it_does() {
        let names: BTreeSet<_> = Rule::ALL.iter().map(|r| r.doc().name).collect();
        assert_eq!(names.len(), Rule::ALL.len());
        for (i, rule) in Rule::ALL.iter().enumerate() {
            assert_eq!(*rule as usize, i, "a rule's number is its place in the list");
            assert!(rule.doc().doc.len() > 20, "{}", rule.doc().name);
        }
    }
}
