//! The queries behind the personas. Each can be pasted into `portolan sql`.

use crate::pipeline::queries::{self, PLACED_EVENTS};

/// One row an order: where, by which channel, on which day, and its time where its source states one: a source of days
/// alone has all orders at midnight, and an order at midnight sharp counts as without a time.
pub(super) const ORDERS: &str = "\
select l.market, max(l.channel) as channel, min(l.day) as day,
  min(case when l.ordered_at <> date_trunc('day', l.ordered_at)
    then arrow_cast(arrow_cast(l.ordered_at, 'Timestamp(Second, Some(\"UTC\"))'), 'Int64') end) as second
from clean.order_lines l where l.settled group by l.market, l.order_key order by l.market, l.order_key";

/// Age and sex as far as records say them, values of few shoppers together.
pub(super) const PEOPLE: &str = "\
select market, trait, value, n_shoppers from marts.demographics where n_shoppers is not null and trait in ('age', 'sex', 'income')
order by market, trait, n_shoppers desc, value";

pub(super) const REVIEWS: &str = "\
select market, coalesce(shopper_id, '') as shopper_id, cast(reviewed_at as date) as day, rating, sentiment,
  coalesce(language, '') as language
from clean.reviews where reviewed_at is not null order by source, line";

pub(super) const VOICES: &str = "\
select market, review_id, language, day, product_id, theme, stance, sentence from marts.voices order by market, review_id, theme, stance";

pub(super) const ASKED: &str = "\
select market, kind, text_id, language, day, product_id, about, sentence from marts.asked order by market, kind, text_id, about";

/// How often was searched, for the same words by one visitor on one day once.
pub(super) fn searches() -> String {
    let searches = queries::searches("e", "");
    format!(
        "with e as ({PLACED_EVENTS}), s as ({searches}) select market, count(*) as n from s group by market order by market"
    )
}

/// Reasons of returns, one row a line that came back; lines without a reason count as texts that say nothing.
pub(super) const RETURNS: &str = "\
select market, day, product_id, source, line, coalesce(reason, '') as reason from clean.order_lines
where (kind = 'cancellation' or returned_quantity > 0) and product_id is not null and flags not like '%other_file_repeat%'
order by market, source, line";

/// Pairs of single products of the association rules.
pub(super) const RULES: &str = "\
select market, antecedent, consequent, support_count, confidence, lift from marts.rules
where strpos(antecedent, '+') = 0 and strpos(consequent, '+') = 0
order by market, lift desc, antecedent, consequent";

pub(super) const GAPS: &str = "select market, gap_days, sum(n_gaps) as n from marts.repeat_gaps group by market, gap_days order by market, gap_days";

pub(super) const PLACES: &str = "\
select market, region, sum(n_shoppers) as n_shoppers, sum(n_orders) as n from marts.geography
where region <> '' group by market, region order by market, region";
