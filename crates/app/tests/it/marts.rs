//! What the marts say of files small enough to recount by hand, and what a run does with odd ones.

use crate::support::{RETAIL, Shop};
use serde_json::{Value, json};

/// One row of a query as JSON, amounts as text.
fn row(shop: &Shop, query: &str) -> Value {
    let mut rows = shop.sql(query);
    assert_eq!(rows.len(), 1, "{query}: {rows:?}");
    rows.remove(0)
}

fn summary(shop: &Shop, market: &str) -> Value {
    let query = format!(
        "select n_orders, n_shoppers, n_repeat_shoppers, n_lines, n_units, cast(revenue as varchar) as revenue, \
         cast(returned as varchar) as returned, cast(services as varchar) as services, order_mean, order_sd, \
         first_day, last_day from marts.market_summary where market = '{market}'"
    );
    row(shop, &query)
}

/// What could not be computed.
fn missing(shop: &Shop) -> String {
    let rows = shop.sql("select stage, market, what, why from marts.not_computed order by stage, market, what");
    rows.iter().map(|r| format!("{} {}: {}: {}\n", r["stage"], r["market"], r["what"], r["why"])).collect()
}

const ORDERS: &str = "order_id,product_id,product_name,quantity,unit_price,currency,ordered_at,shopper_key,country\n";

#[test]
fn the_marts_of_eight_lines_are_what_a_person_counts() {
    let shop = Shop::new();
    shop.ingest_ok(&shop.file("orders.csv", RETAIL));
    shop.ok(&["run"]);
    // GB: one order, 6 × 2.55 twice (the repeat is a line of its own) = 30.60.
    let day = |d: u32| format!("2010-12-{d:02}");
    assert_eq!(
        summary(&shop, "GB"),
        json!({"n_orders": 1, "n_shoppers": 1, "n_repeat_shoppers": 0, "n_lines": 2, "n_units": 12, "revenue": "30.600000",
            "returned": "0.000000", "services": "0.000000", "order_mean": 30.6, "order_sd": 0.0, "first_day": day(1), "last_day": day(1)})
    );
    // IE: 10 × 1.855 = 18.55 sold, 4 × 1.855 = 7.42 taken back.
    assert_eq!(
        summary(&shop, "IE"),
        json!({"n_orders": 1, "n_shoppers": 1, "n_repeat_shoppers": 0, "n_lines": 1, "n_units": 10, "revenue": "18.550000",
            "returned": "-7.420000", "services": "0.000000", "order_mean": 18.55, "order_sd": 0.0, "first_day": day(1), "last_day": day(1)})
    );
    // DE: 2 × 2.55 = 5.10; postage 18 apart; the gift of 4 December is no sale.
    assert_eq!(
        summary(&shop, "DE"),
        json!({"n_orders": 1, "n_shoppers": 1, "n_repeat_shoppers": 0, "n_lines": 1, "n_units": 2, "revenue": "5.100000",
            "returned": "0.000000", "services": "18.000000", "order_mean": 5.1, "order_sd": 0.0, "first_day": day(3), "last_day": day(3)})
    );
    // ZZ: a guest's order has no shopper.
    assert_eq!(summary(&shop, "ZZ")["n_shoppers"], 0);
    let months = shop.sql("select market, month, n_orders, cast(revenue + returned as varchar) as net from marts.market_months order by market");
    let nets: Vec<&str> = months.iter().filter_map(|r| r["net"].as_str()).collect();
    assert_eq!(nets, ["5.100000", "30.600000", "11.130000", "3.710000"]); // 18.55 − 7.42 = 11.13
    assert!(months.iter().all(|r| r["month"] == "2010-12-01" && r["n_orders"] == 1));
    assert_eq!(
        row(
            &shop,
            "select n_buyers, n_orders, units, cast(last_price as varchar) as price from marts.product_market \
                    where product_id = '85123A' and market = 'GB'"
        ),
        json!({"n_buyers": 1, "n_orders": 1, "units": 12, "price": "2.550000"})
    );
    assert_eq!(
        row(
            &shop,
            "select first_day, second_day, last_day, n_orders, cast(returned as varchar) as returned, last_return_day \
                    from marts.shopper_summary where shopper_id = '13047'"
        ),
        json!({"first_day": day(1), "second_day": null, "last_day": day(1), "n_orders": 1, "returned": "-7.420000", "last_return_day": day(2)})
    );
    // Days to the cutoff, 4 December: the day after the last settled sale of 3 December is the 4th.
    let recency = shop.sql(
        "select shopper_id, recency_days, cast(monetary as varchar) as spent from marts.segments order by shopper_id",
    );
    assert_eq!(recency[0], json!({"shopper_id": "12583", "recency_days": 1, "spent": "5.100000"}));
    assert_eq!(recency[2], json!({"shopper_id": "17850", "recency_days": 3, "spent": "30.600000"}));
    let cohorts = shop.sql("select market, cohort, months_since, n_shoppers from marts.cohorts order by market");
    assert_eq!(cohorts.len(), 3);
    assert_eq!(cohorts[0], json!({"market": "DE", "cohort": "2010-12-01", "months_since": 0, "n_shoppers": 1}));
    // Three shoppers cannot be grouped: the table is there and empty, and the run says why.
    assert_eq!(shop.value("select count(*) from marts.clusters"), 0);
    assert!(missing(&shop).contains("groups of similar shoppers"), "{}", missing(&shop));
}

#[test]
fn an_order_number_of_two_shops_or_two_shoppers_is_two_orders() {
    let shop = Shop::new();
    let canonical = "1001,A,KETTLE,1,10.00,GBP,2025-01-02 10:00:00,,GB\n\
                     7,A,KETTLE,1,10.00,GBP,2025-01-02 10:00:00,anna,GB\n\
                     7,A,KETTLE,1,50.00,GBP,2025-01-03 10:00:00,bert,GB\n";
    let retail = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n\
                  1001,A,KETTLE,2,2025-01-02 11:00:00,10.00,,United Kingdom\n";
    shop.ingest_ok(&shop.file("web.csv", format!("{ORDERS}{canonical}")));
    shop.ingest_ok(&shop.file("till.csv", retail));
    shop.ok(&["run"]);
    let gb = summary(&shop, "GB");
    // 10, 10, 50 and 20: four orders of 22.50 on average, two shoppers with one order each.
    assert_eq!((&gb["n_orders"], &gb["order_mean"]), (&json!(4), &json!(22.5)));
    assert_eq!((&gb["n_shoppers"], &gb["n_repeat_shoppers"]), (&json!(2), &json!(0)));
    assert_eq!(shop.value("select n_orders from marts.market_months"), 4);
    assert_eq!(shop.value("select n_orders from marts.product_market"), 4);
    assert_eq!(shop.value("select count(distinct order_key) from clean.orders"), 4);
}

/// An Amazon report: no buyers, a return that is only a status, addresses in two spellings.
const AMAZON: &str = "\
amazon-order-id\tpurchase-date\torder-status\tsku\tproduct-name\tquantity\tcurrency\titem-price\tship-city\tship-state\tship-country\tsales-channel
111-1\t2025-01-02T10:00:00+00:00\tShipped\tMUG-7\tMug\t2\tGBP\t20.00\tLeeds\tYorkshire\tGB\tAmazon.co.uk
111-2\t2025-01-03T10:00:00+00:00\tReturned\tMUG-7\tMug\t1\tGBP\t10.00\tLEEDS\tYorkshire\tGB\tAmazon.co.uk
111-3\t2025-02-04T10:00:00+00:00\tShipped\tKET-1\tKettle\t1\tGBP\t30.00\tYork\t\tGB\tAmazon.co.uk
";

#[test]
fn a_file_of_guests_with_returns_by_status_runs_and_plans() {
    let shop = Shop::new();
    shop.ingest_ok(&shop.file("amazon.txt", AMAZON));
    let said = shop.run(&["run"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("segments of shoppers: not computed"), "{}", said.err);
    let gb = summary(&shop, "GB");
    // 20 + 10 + 30 = 60 sold, the 10 came back.
    assert_eq!((&gb["revenue"], &gb["returned"]), (&json!("60.000000"), &json!("-10.000000")));
    assert_eq!((&gb["n_orders"], &gb["n_shoppers"]), (&json!(3), &json!(0)));
    let months =
        shop.sql("select month, cast(returned as varchar) as returned from marts.market_months order by month");
    assert_eq!(months[0], json!({"month": "2025-01-01", "returned": "-10.000000"}));
    let places = shop.sql("select region, city, n_shoppers, n_orders, cast(revenue as varchar) as revenue from marts.geography order by city");
    assert_eq!(
        places,
        [
            json!({"region": "Yorkshire", "city": "Leeds", "n_shoppers": 0, "n_orders": 2, "revenue": "30.000000"}),
            json!({"region": "", "city": "York", "n_shoppers": 0, "n_orders": 1, "revenue": "30.000000"}),
        ]
    );
    assert_eq!(shop.value("select count(*) from marts.segments"), 0);
    let said = shop.run(&["plan", "--market", "GB"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("every one is a guest's"), "{}", said.err);
}

#[test]
fn every_order_and_every_shopper_lies_in_one_place() {
    let shop = Shop::new();
    let header = "order_id,product_id,product_name,quantity,unit_price,currency,ordered_at,shopper_key,country,region,city,channel\n";
    let lines = "1,A,KETTLE,1,10.00,GBP,2025-01-02 10:00:00,anna,GB,Kent,Dover,web\n\
                 2,A,KETTLE,1,10.00,GBP,2025-01-03 10:00:00,anna,GB,Kent,DOVER,web\n\
                 3,A,KETTLE,1,10.00,GBP,2025-01-04 10:00:00,anna,GB,Kent,Deal,store\n\
                 4,A,KETTLE,1,10.00,GBP,2025-01-05 10:00:00,bert,GB,,,web\n\
                 5,A,KETTLE,1,10.00,GBP,2025-01-06 10:00:00,carl,DE,,Berlin,web\n\
                 6,A,KETTLE,1,10.00,GBP,2025-01-07 10:00:00,,DE,,Berlin,\n";
    shop.ingest_ok(&shop.file("orders.csv", format!("{header}{lines}")));
    let customers = "shopper_key,country,region,city\nbert,GB,Kent,Deal\n";
    shop.ingest_ok(&shop.file("customers.csv", customers));
    shop.ok(&["run"]);
    let traits = "select region, city, channel, channel_share from marts.shopper_traits order by shopper_id";
    assert_eq!(
        shop.sql(traits),
        [
            // Two of three orders from Dover, two of three by the web.
            json!({"region": "Kent", "city": "Dover", "channel": "web", "channel_share": 2.0 / 3.0}),
            json!({"region": "Kent", "city": "Deal", "channel": "web", "channel_share": 1.0}),
            json!({"region": null, "city": "Berlin", "channel": "web", "channel_share": 1.0}),
        ]
    );
    let places = "select market, city, n_shoppers, n_orders from marts.geography order by market, region, city";
    let place = |market, city, shoppers: u32, orders: u32| json!({"market": market, "city": city, "n_shoppers": shoppers, "n_orders": orders});
    assert_eq!(
        shop.sql(places),
        [place("DE", "Berlin", 1, 2), place("GB", "", 0, 1), place("GB", "Deal", 1, 1), place("GB", "Dover", 1, 2)]
    );
    // Coverage: places add up to their market and to all shoppers. Exclusive: no place twice.
    let gaps = "select s.market from marts.market_summary s left join \
                (select market, sum(n_orders) as n, sum(revenue) as r from marts.geography group by market) g \
                on g.market = s.market where (g.n is distinct from s.n_orders) or (g.r is distinct from s.revenue)";
    assert_eq!(shop.sql(gaps), Vec::<Value>::new());
    assert_eq!(shop.value("select sum(n_shoppers) from marts.geography"), 3);
    let twice = "select count(*) from (select market, upper(region) as r, upper(city) as c from marts.geography \
                 group by market, upper(region), upper(city) having count(*) > 1) t";
    assert_eq!(shop.value(twice), 0);
}

#[test]
fn a_cancellation_in_two_overlapping_exports_comes_back_once() {
    let shop = Shop::new();
    shop.ingest_ok(&shop.file("orders.csv", RETAIL));
    let more = format!("{RETAIL}536400,22633,HAND WARMER,2,2011-01-04 12:00:00,2.10,12583,Germany\n");
    shop.ingest_ok(&shop.file("more.csv", more));
    shop.ok(&["run"]);
    assert_eq!(summary(&shop, "IE")["returned"], "-7.420000");
    assert_eq!(summary(&shop, "DE")["services"], "18.000000");
}

#[test]
fn shoppers_who_are_all_alike_or_in_debt_stop_no_run() {
    let alike: String = (0..80).map(|i| format!("{i},A,KETTLE,1,10.00,GBP,2025-01-02 10:00:00,s{i},GB\n")).collect();
    let shop = Shop::new();
    shop.ingest_ok(&shop.file("orders.csv", format!("{ORDERS}{alike}")));
    shop.ok(&["run"]);
    assert_eq!(shop.value("select count(*) from marts.segments"), 80);
    assert!(missing(&shop).contains("groups of similar shoppers"), "{}", missing(&shop));
    let tables = shop.digest();
    assert!(tables["marts.clusters"].is_string(), "an empty table replaces an earlier one: {tables}");

    // Discounts beyond the price: 10 − 15 = −5.
    let header = ORDERS.replace("country", "country,discount");
    let spread: String = (0..80)
        .map(|i| format!("{i},A,KETTLE,1,{}.00,GBP,2025-0{}-02 10:00:00,s{i},GB,0\n", 5 + 5 * i, 1 + i % 6))
        .collect();
    let shop = Shop::new();
    let debt = "99,A,KETTLE,1,10.00,GBP,2025-02-02 10:00:00,debtor,GB,15.00\n";
    shop.ingest_ok(&shop.file("orders.csv", format!("{header}{spread}{debt}")));
    shop.ok(&["run"]);
    let spent = shop.value("select cast(monetary as varchar) from marts.segments where shopper_id = 'debtor'");
    assert_eq!(spent, "-5.000000");
    assert_eq!(shop.value("select count(*) from marts.segments where cluster is null"), 1);
    assert!(missing(&shop).contains("1 shoppers have spent less than nothing"), "{}", missing(&shop));
    shop.ok(&["plan", "--market", "GB"]);
}

const RATES: &str = "Date,USD,JPY,CZK,DKK,GBP,\n2010-12-03,1.3246,110.5,24.9,7.45,0.50000,\n\
                     2010-12-02,1.3155,110.2,25.0,7.45,0.50000,\n2010-12-01,1.3115,110.0,24.9,7.45,0.50000,\n";

#[test]
fn another_reporting_currency_is_noticed_by_plan_and_brought_about_by_run() {
    let shop = Shop::new();
    shop.ingest_ok(&shop.file("orders.csv", RETAIL));
    shop.ok(&["run"]);
    let config = shop.root().join("portolan.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("\"GBP\"", "\"EUR\"")).unwrap();
    let said = shop.run(&["plan", "--market", "IE"]);
    assert_eq!(said.code, 4);
    assert!(said.err.contains("settings changed") && said.err.contains("portolan run"), "{}", said.err);
    // Without a rate the run says which, as an ingest does.
    let said = shop.run(&["run"]);
    assert_eq!(said.code, 4);
    assert!(said.err.contains("from GBP to EUR"), "{}", said.err);
    shop.ingest_ok(&shop.file("eurofxref-hist.csv", RATES));
    shop.ok(&["run"]);
    let plan: Value = serde_json::from_str(&shop.ok(&["plan", "--market", "IE", "--json"])).unwrap();
    assert_eq!(plan["plan"]["currency"], "EUR");
    // 11.13 GBP at 0.5 GBP a euro.
    assert_eq!(summary(&shop, "IE")["revenue"], "37.100000");
}

#[test]
fn a_run_cleans_first_where_the_settings_changed() {
    let shop = Shop::new();
    shop.ingest_ok(&shop.file("orders.csv", RETAIL));
    shop.ingest_ok(&shop.file("eurofxref-hist.csv", RATES));
    shop.ok(&["run"]);
    let config = shop.root().join("portolan.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("\"GBP\"", "\"EUR\"")).unwrap();
    let report: Value = serde_json::from_str(&shop.ok(&["run", "--json"])).unwrap();
    let computed: Vec<&str> = report["computed"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(computed[..3], ["clean", "marts", "segments"]);
    assert_eq!(computed.len(), 13, "cleaning and every stage: {computed:?}");
    assert_eq!(summary(&shop, "GB")["revenue"], "61.200000"); // 30.60 / 0.5
}

#[test]
fn a_plan_of_figures_from_before_the_last_files_is_refused() {
    let shop = Shop::new();
    shop.ingest_ok(&shop.file("orders.csv", RETAIL));
    shop.ok(&["run"]);
    shop.ok(&["plan", "--market", "DE"]);
    let more = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n\
                536400,22633,HAND WARMER,2,2011-01-04 12:00:00,2.10,12583,Germany\n";
    shop.ingest_ok(&shop.file("more.csv", more));
    for command in [&["plan", "--market", "DE"][..], &["recommend", "--shopper", "12583"]] {
        let said = shop.run(command);
        assert_eq!(said.code, 4, "{}", said.err);
        assert!(said.err.contains("data or the settings changed since the last run"), "{}", said.err);
    }
    shop.ok(&["run"]);
    shop.ok(&["plan", "--market", "DE"]);
    assert_eq!(summary(&shop, "DE")["revenue"], "9.300000"); // 5.10 + 2 × 2.10
}
