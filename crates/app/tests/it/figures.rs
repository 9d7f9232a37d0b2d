//! The recorded facts of a real year of orders, from the lake's own tables.

use crate::support::{Shop, TODAY};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use testkit::golden::{Case, Golden};
use testkit::shared::shared_dir;

/// All facts of a set of raw rows, as the golden file names them.
fn facts(shop: &Shop, rows: &str) -> BTreeMap<String, Value> {
    let query = format!(
        "with r as (select * from raw.order_lines where {rows}), \
         k as (select *, order_id like 'C%' as cancelled, \
           not order_id like 'C%' and quantity > 0 and unit_price > 0 and shopper_key is not null as fine, \
           row_number() over (partition by order_id, product_code, product_name, quantity, unit_price, ordered_at, shopper_key, country order by line) as copy \
           from r) \
         select count(*) as rows, count(distinct order_id) as distinct_invoices, count(distinct product_code) as distinct_stock_codes, \
         count(distinct upper(product_code)) as distinct_stock_codes_upper, count(distinct shopper_key) as distinct_customers, \
         count(distinct country) as countries, count(*) filter (where shopper_key is null) as missing_customer, \
         count(*) filter (where product_name is null) as missing_description, count(*) filter (where copy > 1) as duplicate_extra, \
         count(*) filter (where cancelled) as cancelled_lines, count(distinct case when cancelled then order_id end) as cancelled_invoices, \
         count(*) filter (where quantity < 0) as negative_quantity_lines, \
         count(*) filter (where quantity < 0 and not cancelled) as negative_quantity_not_cancelled, \
         count(*) filter (where unit_price = 0) as zero_price_lines, count(*) filter (where unit_price < 0) as negative_price_lines, \
         to_char(min(ordered_at), '%Y-%m-%d %H:%M:%S') as first_timestamp, to_char(max(ordered_at), '%Y-%m-%d %H:%M:%S') as last_timestamp, \
         sum(quantity) as units_net, cast(sum(quantity * unit_price) as varchar) as revenue_net, \
         cast(coalesce(sum(case when cancelled then quantity * unit_price end), 0) as varchar) as revenue_cancelled, \
         count(*) filter (where fine) as clean_rows, count(*) filter (where fine and copy = 1) as clean_rows_without_duplicates, \
         count(distinct case when fine then order_id end) as clean_invoices, count(distinct case when fine then shopper_key end) as clean_customers, \
         count(distinct case when fine then product_code end) as clean_stock_codes, \
         cast(coalesce(sum(case when fine then quantity * unit_price end), 0) as varchar) as clean_revenue, \
         cast(coalesce(sum(case when fine and copy = 1 then quantity * unit_price end), 0) as varchar) as clean_revenue_without_duplicates, \
         count(*) filter (where product_name <> btrim(product_name)) as descriptions_with_outer_blanks, \
         count(*) filter (where character_length(concat(order_id, product_code, coalesce(product_name, ''), country)) \
           <> octet_length(concat(order_id, product_code, coalesce(product_name, ''), country))) as lines_with_non_ascii, \
         (select count(*) from (select product_code from r where product_name is not null group by product_code having count(distinct product_name) > 1) s) as stock_codes_with_more_than_one_description, \
         (select count(*) from (select order_id from r group by order_id having count(distinct ordered_at) > 1) s) as invoices_with_several_timestamps, \
         (select count(*) from (select shopper_key from r where shopper_key is not null group by shopper_key having count(distinct country) > 1) s) as customers_in_several_countries, \
         count(*) filter (where upper(product_code) in ('POST', 'D', 'M', 'DOT', 'BANK CHARGES', 'C2', 'AMAZONFEE', 'CRUK', 'PADS', 'S', 'B')) as non_product_lines, \
         count(distinct case when order_id like 'A%' then order_id end) as \"invoice_A_prefix\", \
         cast(max(abs(quantity * unit_price)) as varchar) as max_abs_line_revenue, \
         count(*) filter (where unit_price * 100 <> round(unit_price * 100)) as unit_prices_with_3_decimals \
         from k"
    );
    shop.sql(&query).remove(0).as_object().expect("a row").clone().into_iter().collect()
}

/// Facts by group, keyed `group|fact`.
fn grouped(shop: &Shop, group: &str) -> BTreeMap<String, Value> {
    let query = format!(
        "select {group} as g, count(*) as lines, count(distinct order_id) as invoices, count(distinct shopper_key) as customers, \
         count(distinct case when order_id like 'C%' then order_id end) as cancelled_invoices, \
         cast(sum(quantity * unit_price) as varchar) as revenue_net from raw.order_lines group by 1"
    );
    let mut out = BTreeMap::new();
    for row in shop.sql(&query) {
        for key in ["lines", "invoices", "customers", "cancelled_invoices", "revenue_net"] {
            out.insert(format!("{}|{key}", row["g"].as_str().unwrap_or_default()), row[key].clone());
        }
    }
    out
}

fn check(case: &Case, facts: &BTreeMap<String, Value>) -> usize {
    let checked = case.check(|key| facts.get(key).cloned());
    checked.assert_all();
    checked.passed
}

#[test]
fn a_real_year_of_orders_gives_the_recorded_facts() {
    let Some(golden) = Golden::load("ingest_money").expect("a golden file") else { return };
    let Some(shared) = shared_dir() else { return };
    let shop = Shop::new();
    let data = shared.join("data/uci_online_retail/online_retail.csv.gz");
    shop.ok(&["ingest", data.to_str().unwrap(), "--as-of", TODAY]);
    let mut passed = 0;
    for case in golden.cases.iter().filter(|c| c.id.starts_with("uci_")) {
        let of = |key: &str| case.params.get(key).and_then(Value::as_str);
        let found = match (of("group"), of("from"), of("country")) {
            (Some("Country"), ..) => grouped(&shop, "country"),
            (Some(_), ..) => grouped(&shop, "to_char(ordered_at, '%Y-%m')"),
            (None, Some(from), _) => {
                let to = of("to").expect("a window has an end");
                facts(&shop, &format!("ordered_at >= timestamp '{from}' and ordered_at < timestamp '{to}'"))
            }
            (None, None, Some(country)) => facts(&shop, &format!("country = '{country}'")),
            (None, None, None) => facts(&shop, "true"),
        };
        passed += check(case, &found);
    }
    assert!(passed > 200, "{passed} figures");

    // The cleaned view keeps every row and the same money.
    assert_eq!(shop.value("select count(*) from clean.order_lines"), 541_909);
    assert_eq!(shop.value("select cast(sum(amount) as varchar) from clean.order_lines"), "9747747.934000");
    assert_eq!(shop.value("select count(*) from clean.order_lines where repeat"), 5_268);
    let clean = "select cast(sum(amount) as varchar) as s, count(*) as n from clean.order_lines \
                 where order_id not like 'C%' and quantity > 0 and unit_price > 0 and shopper_id is not null";
    assert_eq!(shop.sql(clean)[0], json!({"s": "8911407.904000", "n": 397_884}));
}
