//! Stage `profiles`: segments of a market at a glance, who of them came back, how long shoppers wait
//! between two orders, and what cleaning touched in a market. Each is one query over zone `clean` and
//! `marts.segments`, and can be pasted into `portolan sql`.

use super::{Stage, Tables};
use anyhow::Result;

/// An order belongs to the market and segment of its shopper, so that the shoppers here are those of
/// `marts.segments`. Mean and deviation come from sums of exact decimals, as in `market_summary`.
const SEGMENT_SUMMARY: &str = "\
with o as (
  select g.market, g.segment, l.shopper_id, l.order_key, sum(l.amount_base) as value,
    count(*) as n_lines, sum(l.quantity) as n_units
  from clean.order_lines l join marts.segments g on g.shopper_id = l.shopper_id
  where l.settled group by g.market, g.segment, l.shopper_id, l.order_key
), s as (
  select market, segment, count(*) as n_shoppers, sum(case when frequency > 1 then 1 else 0 end) as n_repeat_shoppers
  from marts.segments group by market, segment
), x as (
  select g.market, g.segment,
    sum(case when l.kind = 'cancellation' then l.amount_base else 0 end) + sum(l.returned_base) as returned
  from clean.order_lines l join marts.segments g on g.shopper_id = l.shopper_id
  where l.flags not like '%other_file_repeat%' group by g.market, g.segment
)
select o.market, o.segment, count(*) as n_orders, max(s.n_shoppers) as n_shoppers,
  max(s.n_repeat_shoppers) as n_repeat_shoppers, sum(o.n_lines) as n_lines, sum(o.n_units) as n_units,
  sum(o.value) as revenue, coalesce(max(x.returned), 0) as returned,
  cast(sum(o.value) as double) / count(*) as order_mean,
  case when count(*) > 1 then sqrt(greatest(0,
    (cast(sum(cast(o.value as decimal(18, 2)) * cast(o.value as decimal(18, 2))) as double)
      - cast(sum(o.value) as double) * cast(sum(o.value) as double) / count(*)) / (count(*) - 1))) else 0 end as order_sd
from o join s on s.market = o.market and s.segment = o.segment
left join x on x.market = o.market and x.segment = o.segment
group by o.market, o.segment order by o.market, o.segment";

const SEGMENT_COHORTS: &str = "\
with b as (
  select distinct shopper_id, cast(date_trunc('month', day) as date) as month
  from clean.order_lines where settled and shopper_id is not null
), f as (
  select shopper_id, min(month) as cohort from b group by shopper_id
)
select g.market, g.segment, f.cohort,
  cast((date_part('year', b.month) - date_part('year', f.cohort)) * 12
    + date_part('month', b.month) - date_part('month', f.cohort) as bigint) as months_since,
  count(*) as n_shoppers
from b join f on f.shopper_id = b.shopper_id join marts.segments g on g.shopper_id = b.shopper_id
group by g.market, g.segment, f.cohort, b.month
order by g.market, g.segment, f.cohort, months_since";

/// Orders of one day are one visit. The gap counts for the month in which it ended.
const REPEAT_GAPS: &str = "\
with v as (
  select distinct market, shopper_id, day from clean.order_lines where settled and shopper_id is not null
), g as (
  select market, day, cast(arrow_cast(day, 'Int32') - lag(arrow_cast(day, 'Int32'))
    over (partition by market, shopper_id order by day) as bigint) as gap_days
  from v
)
select market, cast(date_trunc('month', day) as date) as month, gap_days, count(*) as n_gaps
from g where gap_days is not null
group by market, cast(date_trunc('month', day) as date), gap_days
order by market, month, gap_days";

/// Only what an order line itself shows has a market; the rest is in `clean.rule_counts` alone.
const MARKET_QUALITY: &str = "\
with l as (
  select market, kind, quantity, repeat, shopper_id is null as guest, product_code is null as nameless,
    concat(' ', flags, ' ') as flags
  from clean.order_lines
), t as (
  select market, 'exact_repeat' as rule from l where repeat and flags not like '% other_file_repeat %'
  union all select market, 'cancellation' from l where kind = 'cancellation' or (kind = 'service' and quantity < 0)
  union all select market, 'unmatched_cancellation' from l where flags like '% unmatched_cancellation %'
  union all select market, 'service_line' from l where kind in ('service', 'tax')
  union all select market, 'stock_adjustment' from l where kind = 'adjustment' and quantity <= 0
  union all select market, 'bad_debt' from l where kind = 'bad_debt'
  union all select market, 'gift' from l where kind = 'gift'
  union all select market, 'missing_shopper' from l where guest
  union all select market, 'missing_code' from l where nameless
  union all select market, 'price_outlier' from l where flags like '% price_outlier %'
  union all select market, 'quantity_outlier' from l where flags like '% quantity_outlier %'
  union all select market, 'void_order' from l where flags like '% void %'
  union all select market, 'pending_order' from l where flags like '% pending %'
  union all select market, 'other_file_repeat' from l where flags like '% other_file_repeat %'
)
select market, rule, count(*) as n_lines from t group by market, rule order by market, rule";

/// Who the shoppers are, as far as their records say it. A value of few people says who they are, so
/// values of fewer than ten shoppers stand together, with the next larger ones where they are still
/// fewer than ten: what is left out cannot be had by subtraction either.
const DEMOGRAPHICS: &str = "\
with today as (
  select cast(date_part('year', max(last_day)) as bigint) as year from marts.shopper_summary
), who as (
  select p.market, s.shopper_id, s.sex, s.education, s.job, s.income, t.year - s.birth_year as age
  from clean.shoppers s join marts.shopper_summary p on p.shopper_id = s.shopper_id cross join today t
), long as (
  select market, 'age' as trait, case when age < 25 then 'under 25' when age < 35 then '25 to 34'
    when age < 45 then '35 to 44' when age < 55 then '45 to 54' when age < 65 then '55 to 64'
    when age >= 65 then '65 and over' end as value from who
  union all select market, 'sex', sex from who
  union all select market, 'education', education from who
  union all select market, 'job', job from who
  union all select market, 'income', income from who
), counted as (
  select market, trait, value, count(*) as n from long group by market, trait, value
), ordered as (
  select market, trait, value, n, coalesce(sum(case when value is not null then n end) over (
    partition by market, trait order by value is null, n, value rows between unbounded preceding and 1 preceding), 0) as before
  from counted
), named as (
  select market, trait, n, case when value is null then '' when n < 10 or (before > 0 and before < 10) then '*'
    else value end as value
  from ordered
), g as (
  select market, trait, value, sum(n) as n from named group by market, trait, value
)
select market, trait, value, case when value = '*' and n < 10 then null else n end as n_shoppers,
  case when value = '*' and n < 10 then null
    else cast(n as double) / sum(n) over (partition by market, trait) end as share
from g order by market, trait, value";

/// Names in zone `marts` with their queries.
const MARTS: [(&str, &str); 5] = [
    ("demographics", DEMOGRAPHICS),
    ("segment_summary", SEGMENT_SUMMARY),
    ("segment_cohorts", SEGMENT_COHORTS),
    ("repeat_gaps", REPEAT_GAPS),
    ("market_quality", MARKET_QUALITY),
];

pub(super) async fn compute(stage: &Stage<'_>) -> Result<Tables> {
    let mut tables = Vec::new();
    for (name, sql) in MARTS {
        tables.push((name, stage.engine.sql(sql).await?));
    }
    Ok(tables)
}
