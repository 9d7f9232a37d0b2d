//! The queries behind the marts. Each reads zone `clean` alone and can be pasted into
//! `portolan sql`; the figures of a plan name the mart they come from.

use audience::segments::interests::InterestParams;

/// A derived table that one query gives.
pub(crate) struct Mart {
    /// Name in zone `marts`.
    pub(crate) name: &'static str,
    /// The query.
    pub(crate) sql: String,
}

/// Events with the market that they count for: one that does not say its country is of its shopper's, where one is known. What was
/// searched for stands in small letters and as it was written.
pub(super) const PLACED_EVENTS: &str = "\
select v.message_id, case when v.market = 'ZZ' then coalesce(s.market, 'ZZ') else v.market end as market, v.shopper_id, v.anonymous_id,
  v.occurred_at, cast(v.occurred_at as date) as day, v.product_id, lower(trim(v.query)) as query, v.query as written,
  coalesce(v.language, 'und') as language
from clean.events v left join clean.shoppers s on s.shopper_id = v.shopper_id";

/// Searches of [`PLACED_EVENTS`], one row a visitor, words and day, as a table expression; `having` keeps some.
pub(super) fn searches(from: &str, having: &str) -> String {
    format!(
        "select market, query, day, coalesce(shopper_id, anonymous_id, message_id) as visitor, min(message_id) as message_id, \
        min(written) as written, min(language) as language \
        from {from} where query <> '' group by market, query, day, coalesce(shopper_id, anonymous_id, message_id) {having}"
    )
}

/// Shoppers with at least one settled sale. Where a source only marks a sale as returned, the day on
/// which it came back is unknown, and so is the day of the shopper's last return.
const SHOPPER_SUMMARY: &str = "\
with bought as (
  select shopper_id, order_key, min(day) as day, sum(amount_base) as amount
  from clean.order_lines where settled and shopper_id is not null
  group by shopper_id, order_key
), numbered as (
  select shopper_id, day, amount, row_number() over (partition by shopper_id order by day, order_key) as nth from bought
), back as (
  select shopper_id,
    sum(case when kind = 'cancellation' then amount_base else 0 end) + sum(returned_base) as returned,
    case when min(returned_base) < 0 then null else max(case when kind = 'cancellation' then day end) end as last_return_day
  from clean.order_lines where shopper_id is not null and flags not like '%other_file_repeat%'
  group by shopper_id
), summary as (
  select shopper_id, min(day) as first_day, min(case when nth = 2 then day end) as second_day, max(day) as last_day,
    count(*) as n_orders, sum(amount) as revenue
  from numbered group by shopper_id
)
select s.shopper_id, p.market, s.first_day, s.second_day, s.last_day, s.n_orders, s.revenue,
  coalesce(b.returned, 0) as returned, b.last_return_day
from summary s
join clean.shoppers p on p.shopper_id = s.shopper_id
left join back b on b.shopper_id = s.shopper_id
order by s.shopper_id";

/// The age is that of the year of the last sale of all. A source that states days alone puts every order at
/// midnight, which is nobody's favourite hour. Times are UTC.
///
/// Places are compared in capitals, because sources write Berlin and BERLIN, and shown in the spelling
/// that comes last in the alphabet, which prefers small letters.
const SHOPPER_TRAITS: &str = "\
with who as (
  select distinct shopper_id from clean.order_lines where settled and shopper_id is not null
), places as (
  select shopper_id, upper(coalesce(region, '')) as region_key, upper(coalesce(city, '')) as city_key,
    max(region) as region, max(city) as city, count(*) as n, max(day) as last_day
  from clean.orders
  where kind = 'sale' and shopper_id is not null and (region is not null or city is not null)
  group by shopper_id, upper(coalesce(region, '')), upper(coalesce(city, ''))
), place as (
  select shopper_id, region, city,
    row_number() over (partition by shopper_id order by n desc, last_day desc, region_key, city_key) as nth
  from places
), channels as (
  select shopper_id, channel, count(*) as n
  from (select distinct shopper_id, channel, order_key from clean.order_lines
    where settled and shopper_id is not null and channel is not null)
  group by shopper_id, channel
), channel as (
  select shopper_id, channel, cast(n as double) / sum(n) over (partition by shopper_id) as share,
    row_number() over (partition by shopper_id order by n desc, channel) as nth
  from channels
), brands as (
  select l.shopper_id, p.brand, sum(l.quantity) as n
  from clean.order_lines l join clean.products p on p.product_id = l.product_id
  where l.settled and l.shopper_id is not null and p.brand is not null
  group by l.shopper_id, p.brand
), brand as (
  select shopper_id, brand, cast(n as double) / sum(n) over (partition by shopper_id) as share,
    row_number() over (partition by shopper_id order by n desc, brand) as nth
  from brands
), times as (
  select shopper_id, cast(date_part('hour', ordered_at) as bigint) as hour, cast(date_part('dow', ordered_at) as bigint) as dow,
    ordered_at = date_trunc('day', ordered_at) as is_day
  from clean.orders where kind = 'sale' and shopper_id is not null
), hour as (
  select shopper_id, hour, row_number() over (partition by shopper_id order by count(*) desc, hour) as nth
  from times where not is_day group by shopper_id, hour
), weekday as (
  select shopper_id, dow, row_number() over (partition by shopper_id order by count(*) desc, (dow + 6) % 7) as nth
  from times group by shopper_id, dow
), today as (
  select cast(date_part('year', max(day)) as bigint) as year from clean.order_lines where settled
)
select w.shopper_id, s.market,
  case when p.shopper_id is null then s.region_of_record else p.region end as region,
  case when p.shopper_id is null then s.city_of_record else p.city end as city,
  c.channel, c.share as channel_share, b.brand, b.share as brand_share,
  t.year - s.birth_year as age, s.sex, s.education, s.job, s.income, h.hour as favourite_hour,
  case d.dow when 0 then 'sunday' when 1 then 'monday' when 2 then 'tuesday' when 3 then 'wednesday' when 4 then 'thursday'
    when 5 then 'friday' when 6 then 'saturday' end as favourite_weekday, s.shopper_no
from who w
join clean.shoppers s on s.shopper_id = w.shopper_id
left join (select * from place where nth = 1) p on p.shopper_id = w.shopper_id
left join (select * from channel where nth = 1) c on c.shopper_id = w.shopper_id
left join (select * from brand where nth = 1) b on b.shopper_id = w.shopper_id
left join (select * from hour where nth = 1) h on h.shopper_id = w.shopper_id
left join (select * from weekday where nth = 1) d on d.shopper_id = w.shopper_id
cross join today t
order by w.shopper_id";

/// What each shopper's attention goes to, by the weights of [`InterestParams`]: every purchase, view and search of a day
/// before the cutoff counts, halved after each half-life. Weights are summed as whole billionths, because a sum of floats
/// would depend on the order in which parallel streams arrive.
fn shopper_interests(params: &InterestParams) -> String {
    let InterestParams { half_life_days, bought, viewed, searched } = params;
    let views = names(VIEWS);
    format!(
        "\
with today as (
  select max(day) as last_day from clean.order_lines where settled
), queries as (
  select q.query, c.category
  from (select distinct query from clean.events where query is not null and shopper_id is not null) q
  join (select distinct category, lower(split_part(category, ' > ', 1)) as head from clean.products where category is not null) c
    on strpos(lower(q.query), c.head) > 0
), deeds as (
  select l.shopper_id, p.category, l.day, cast({bought} as double) as weight
  from clean.order_lines l join clean.products p on p.product_id = l.product_id
  where l.settled and l.shopper_id is not null
  union all
  select e.shopper_id, p.category, cast(e.occurred_at as date), cast({viewed} as double)
  from clean.events e join clean.products p on p.product_id = e.product_id
  where e.shopper_id is not null and e.name in ({views})
  union all
  select e.shopper_id, q.category, cast(e.occurred_at as date), cast({searched} as double)
  from clean.events e join queries q on q.query = e.query
  where e.shopper_id is not null
), sums as (
  select d.shopper_id, d.category,
    sum(cast(round(1e9 * d.weight * power(2.0, (cast(d.day as integer) - cast(t.last_day as integer)) / {half_life_days:?})) as bigint)) as score
  from deeds d cross join today t
  where d.category <> '' and d.day <= t.last_day
  group by d.shopper_id, d.category
)
select shopper_id, category, cast(score as double) / sum(score) over (partition by shopper_id) as share
from sums where score > 0
order by shopper_id, category"
    )
}

/// Views of a product by the names that events have.
pub(crate) const VIEWS: &[&str] = &["Product Viewed", "Product Clicked", "view_item", "select_item"];

/// Names in a list of SQL.
pub(crate) fn names(all: &[&str]) -> String {
    all.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ")
}

/// Markets with at least one settled sale. Mean and deviation come from sums of exact decimals: a sum
/// of floats would depend on the order in which parallel streams arrive.
const MARKET_SUMMARY: &str = "\
with o as (
  select market, order_key, min(shopper_id) as shopper_id, sum(amount_base) as value,
    count(*) as n_lines, sum(quantity) as n_units, min(day) as first_day, max(day) as last_day
  from clean.order_lines where settled group by market, order_key
), s as (
  select market, shopper_id, count(*) as n from o where shopper_id is not null group by market, shopper_id
), r as (
  select market, count(*) as n_shoppers, sum(case when n > 1 then 1 else 0 end) as n_repeat_shoppers
  from s group by market
), x as (
  select market,
    sum(case when kind = 'cancellation' then amount_base else 0 end) + sum(returned_base) as returned,
    sum(case when kind = 'service' then amount_base else 0 end) as services
  from clean.order_lines where flags not like '%other_file_repeat%' group by market
)
select o.market, count(*) as n_orders, coalesce(max(r.n_shoppers), 0) as n_shoppers,
  coalesce(max(r.n_repeat_shoppers), 0) as n_repeat_shoppers,
  sum(o.n_lines) as n_lines, sum(o.n_units) as n_units, sum(o.value) as revenue,
  max(x.returned) as returned, max(x.services) as services,
  cast(sum(o.value) as double) / count(*) as order_mean,
  case when count(*) > 1 then sqrt(greatest(0,
    (cast(sum(cast(o.value as decimal(18, 2)) * cast(o.value as decimal(18, 2))) as double)
      - cast(sum(o.value) as double) * cast(sum(o.value) as double) / count(*)) / (count(*) - 1))) else 0 end as order_sd,
  min(o.first_day) as first_day, max(o.last_day) as last_day
from o left join r on r.market = o.market join x on x.market = o.market
group by o.market order by o.market";

/// What came back, by market, product and reason. A sale that its source only marks as returned counts
/// beside the lines that take sales back; goods without a product are left out, as nobody can say which.
const RETURNS: &str = "\
with sold as (
  select market, product_id, sum(quantity) as units from clean.order_lines where settled group by market, product_id
), back as (
  select market, product_id, coalesce(reason, '') as reason, -quantity as units, amount_base as value
  from clean.order_lines
  where kind = 'cancellation' and product_id is not null and flags not like '%other_file_repeat%'
  union all
  select market, product_id, coalesce(reason, ''), returned_quantity, returned_base
  from clean.order_lines where returned_base < 0
), grouped as (
  select market, product_id, reason, count(*) as n_lines, sum(units) as n_units, sum(value) as value
  from back group by market, product_id, reason
)
select g.market, g.product_id, g.reason, g.n_lines, g.n_units, g.value, coalesce(s.units, 0) as units_sold,
  case when s.units > 0 then cast(g.n_units as double) / s.units end as rate
from grouped g left join sold s on s.market = g.market and s.product_id = g.product_id
order by g.market, g.product_id, g.reason";

const MARKET_MONTHS: &str = "\
select market, cast(date_trunc('month', day) as date) as month,
  count(distinct case when settled then order_key end) as n_orders,
  count(distinct case when settled then shopper_id end) as n_shoppers,
  sum(case when settled then amount_base else 0 end) as revenue,
  sum(case when kind = 'cancellation' then amount_base else 0 end) + sum(returned_base) as returned
from clean.order_lines
where (settled or kind = 'cancellation') and flags not like '%other_file_repeat%'
group by market, cast(date_trunc('month', day) as date)
order by market, month";

/// Every settled order lies in the place of its address, every shopper in its home place.
const GEOGRAPHY: &str = "\
with o as (
  select l.market, upper(coalesce(p.region, '')) as region_key, upper(coalesce(p.city, '')) as city_key,
    max(coalesce(p.region, '')) as region, max(coalesce(p.city, '')) as city,
    count(distinct l.order_key) as n_orders, sum(l.amount_base) as revenue
  from clean.order_lines l join clean.orders p on p.order_key = l.order_key
  where l.settled
  group by l.market, upper(coalesce(p.region, '')), upper(coalesce(p.city, ''))
), s as (
  select market, upper(coalesce(region, '')) as region_key, upper(coalesce(city, '')) as city_key,
    max(coalesce(region, '')) as region, max(coalesce(city, '')) as city, count(*) as n_shoppers
  from traits group by market, upper(coalesce(region, '')), upper(coalesce(city, ''))
)
select * from (
  select coalesce(o.market, s.market) as market, coalesce(o.region, s.region) as region, coalesce(o.city, s.city) as city,
    coalesce(s.n_shoppers, 0) as n_shoppers, coalesce(o.n_orders, 0) as n_orders, coalesce(o.revenue, 0) as revenue
  from o full outer join s on s.market = o.market and s.region_key = o.region_key and s.city_key = o.city_key
) order by market, region, city";

const COHORTS: &str = "\
with b as (
  select market, shopper_id, cast(date_trunc('month', day) as date) as month, sum(amount_base) as amount
  from clean.order_lines where settled and shopper_id is not null
  group by market, shopper_id, cast(date_trunc('month', day) as date)
), f as (
  select market, shopper_id, min(month) as cohort from b group by market, shopper_id
)
select b.market, f.cohort,
  cast((date_part('year', b.month) - date_part('year', f.cohort)) * 12
    + date_part('month', b.month) - date_part('month', f.cohort) as bigint) as months_since,
  count(*) as n_shoppers, sum(b.amount) as revenue
from b join f on f.market = b.market and f.shopper_id = b.shopper_id
group by b.market, f.cohort, b.month
order by b.market, f.cohort, months_since";

/// Two levels of grouping instead of distinct counts and an ordered last value: those keep a set and a
/// buffer for each of the many groups.
const PRODUCT_MARKET: &str = "\
with o as (
  select product_id, market, order_key, shopper_id, day, sum(quantity) as units, sum(amount_base) as revenue
  from clean.order_lines where settled and product_id is not null
  group by product_id, market, order_key, shopper_id, day
), p as (
  select product_id, market, count(*) as n_orders, sum(units) as units, sum(revenue) as revenue,
    min(day) as first_day, max(day) as last_day
  from (select product_id, market, order_key, min(day) as day, sum(units) as units, sum(revenue) as revenue
    from o group by product_id, market, order_key)
  group by product_id, market
), b as (
  select product_id, market, count(*) as n_buyers
  from (select distinct product_id, market, shopper_id from o where shopper_id is not null)
  group by product_id, market
), l as (
  select o.product_id, o.market, cast(sum(o.revenue) / sum(o.units) as decimal(18, 6)) as last_price
  from o join p on p.product_id = o.product_id and p.market = o.market and p.last_day = o.day
  group by o.product_id, o.market
)
select p.product_id, p.market, coalesce(b.n_buyers, 0) as n_buyers, p.n_orders, p.units, p.revenue,
  l.last_price, p.first_day, p.last_day
from p
left join b on b.product_id = p.product_id and b.market = p.market
join l on l.product_id = p.product_id and l.market = p.market
order by p.product_id, p.market";

/// Visitors of the own channels. Whoever is known is one person however many browsers and apps are theirs, because
/// cleaning joined those; a visitor of nobody is one by its own number. The row `all` counts somebody once who was in several markets.
const CHANNEL_VISITORS: &str = "\
with v as (
  select distinct market, case when shopper_id is not null then 's ' || shopper_id else 'v ' || anonymous_id end as who,
    shopper_id is not null as known, channel
  from clean.events where channel in ('site', 'app') and (shopper_id is not null or anonymous_id is not null)
), w as (
  select market, who, known, channel from v union all select distinct 'all', who, known, channel from v
), p as (
  select market, who, bool_or(known) as known, max(case when channel = 'site' then 1 else 0 end) as site,
    max(case when channel = 'app' then 1 else 0 end) as app
  from w group by market, who
)
select market, cast(sum(site) as bigint) as site, cast(sum(app) as bigint) as app, cast(sum(site * app) as bigint) as both_channels,
  count(*) as visitors, cast(sum(case when known then 1 else 0 end) as bigint) as known
from p group by market order by market";

/// All of them, in the order they are computed.
pub(crate) fn marts() -> [Mart; 10] {
    [
        ("shopper_summary", SHOPPER_SUMMARY.to_owned()),
        ("shopper_traits", SHOPPER_TRAITS.to_owned()),
        ("shopper_interests", shopper_interests(&InterestParams::default())),
        ("market_summary", MARKET_SUMMARY.to_owned()),
        ("market_months", MARKET_MONTHS.to_owned()),
        ("return_reasons", RETURNS.to_owned()),
        ("geography", GEOGRAPHY.replace("from traits", &format!("from ({SHOPPER_TRAITS})"))),
        ("cohorts", COHORTS.to_owned()),
        ("product_market", PRODUCT_MARKET.to_owned()),
        ("channel_visitors", CHANNEL_VISITORS.to_owned()),
    ]
    .map(|(name, sql)| Mart { name, sql })
}

/// Purchases for the recommenders, as they lie.
pub(crate) const BOUGHT: &str =
    "select shopper_id, product_id, day from clean.order_lines where settled and product_id is not null";

/// Markets that sold, and of none of whose orders it is said who bought.
pub(crate) const HIDDEN_MARKETS: &str = "\
select market from clean.order_lines where settled and market <> 'ZZ' group by market having count(shopper_id) = 0 order by market";

/// What each order of such markets holds.
pub(crate) fn baskets_of(markets: &[domain::Market]) -> String {
    let markets: Vec<String> = markets.iter().map(|m| format!("'{m}'")).collect();
    format!(
        "select '{}' || order_key as basket, market, product_id, day from clean.order_lines \
         where settled and product_id is not null and market in ({}) order by order_key, product_id, day",
        super::purchases::BASKET,
        markets.join(", ")
    )
}

/// Shoppers with the market of most orders.
pub(crate) const SHOPPERS_BY_NAME: &str = "select shopper_id, market from clean.shoppers order by shopper_id";

/// Purchases, each shopper, product and day once, for each part that an expression over the line `l`, its shopper `s` and its product `p` names.
pub(crate) fn interactions_by(part: &str) -> String {
    format!(
        "select l.shopper_id, s.market, l.product_id, l.day, {part} as part, count(*) as n \
         from clean.order_lines l join clean.shoppers s on s.shopper_id = l.shopper_id \
         left join clean.products p on p.product_id = l.product_id \
         where l.settled and l.product_id is not null \
         group by l.shopper_id, s.market, l.product_id, l.day, {part} \
         order by l.shopper_id, l.day, l.product_id, part"
    )
}

/// Baskets for association rules: each product once an order.
pub(crate) const BASKETS: &str = "\
select distinct market, order_key, product_id
from clean.order_lines
where settled and product_id is not null
order by market, order_key, product_id";
