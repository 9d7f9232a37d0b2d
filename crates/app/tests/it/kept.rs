//! What is kept: every row, the same bytes again, the earlier versions, the last state after a kill.

use crate::support::{RETAIL, Shop};
use std::process::Command;

#[test]
fn every_row_is_kept_and_the_sum_ties_out_to_the_decimal() {
    let shop = Shop::new();
    shop.ingest_ok(&shop.file("orders.csv", RETAIL));
    assert_eq!(shop.value("select count(*) from raw.order_lines"), 8);
    assert_eq!(shop.value("select count(*) from clean.order_lines"), 8);
    // 6 × 2.55 + 6 × 2.55 + 10 × 1.855 - 4 × 1.855 + 3.71 + 18 + 2 × 2.55 + 0
    //   = 15.3 + 15.3 + 18.55 - 7.42 + 3.71 + 18 + 5.1 = 68.54
    assert_eq!(shop.value("select cast(sum(amount) as varchar) from clean.order_lines"), "68.540000");
    // Without the cancellation and the postage; the repeat's 15.3 is a line of its own, the gift counts nothing:
    //   settled: 15.3 + 15.3 + 18.55 + 3.71 + 5.1 = 57.96
    assert_eq!(shop.value("select cast(sum(amount) as varchar) from clean.order_lines where settled"), "57.960000");
    assert_eq!(shop.value("select count(*) from clean.order_lines where repeat"), 1);
    assert_eq!(shop.value("select sum(returned_quantity) from clean.order_lines"), 4);
    assert_eq!(shop.value("select product_id from clean.order_lines where product_code = '85123a'"), "85123A");
    let markets = shop.sql("select distinct market from clean.order_lines order by market");
    let markets: Vec<&str> = markets.iter().filter_map(|r| r["market"].as_str()).collect();
    assert_eq!(markets, ["DE", "GB", "IE", "ZZ"]);
}

#[test]
fn the_same_file_again_changes_nothing() {
    let shop = Shop::new();
    let path = shop.file("orders.csv", RETAIL);
    shop.ingest_ok(&path);
    let before = shop.digest();
    assert!(shop.ingest_ok(&path).contains("already in the lake"));
    assert_eq!(shop.digest(), before);
    // The same bytes under another name are the same file.
    assert!(shop.ingest_ok(&shop.file("copy.csv", RETAIL)).contains("already in the lake"));
    assert_eq!(shop.value("select count(*) from raw.order_lines"), 8);
}

#[test]
fn two_lakes_of_the_same_files_hold_the_same_bytes() {
    let digests: Vec<_> = (0..2)
        .map(|_| {
            let shop = Shop::new();
            shop.ingest_ok(&shop.file("orders.csv", RETAIL));
            shop.ok(&["run"]);
            shop.digest()
        })
        .collect();
    assert_eq!(digests[0], digests[1]);
    assert!(digests[0].as_object().is_some_and(|d| d.len() > 10), "{}", digests[0]);
}

#[test]
fn an_earlier_snapshot_and_an_earlier_version_can_be_asked() {
    let shop = Shop::new();
    shop.ingest_ok(&shop.file("orders.csv", RETAIL));
    let more = RETAIL.lines().take(1).collect::<String>()
        + "\n536400,22633,HAND WARMER,2,2011-01-04 12:00:00,2.10,12583,Germany\n";
    shop.ingest_ok(&shop.file("more.csv", more));
    let count = "select count(*) as n from clean.order_lines";
    assert_eq!(shop.value(count), 9);
    let earlier = shop.ok(&["sql", count, "--json", "--snapshot", "2"]);
    assert!(earlier.contains("\"n\":8"), "{earlier}");
    let version = shop.ok(&["sql", count, "--json", "--at", "clean.order_lines=1"]);
    assert!(version.contains("\"n\":8"), "{version}");
    let missing = shop.run(&["sql", count, "--snapshot", "99"]);
    assert_eq!(missing.code, 4);
    assert!(missing.err.contains("no snapshot 99"), "{}", missing.err);
}

#[test]
fn a_query_that_writes_is_refused() {
    let shop = Shop::new();
    shop.ingest_ok(&shop.file("orders.csv", RETAIL));
    for query in
        ["drop table clean.orders", "create table x as select 1", "insert into clean.orders select * from clean.orders"]
    {
        let said = shop.run(&["sql", query]);
        assert_ne!(said.code, 0, "{query}");
    }
    assert_eq!(shop.value("select count(*) from clean.orders"), 6);
}

#[test]
fn a_second_writer_waits_its_turn_and_says_so() {
    let shop = Shop::new();
    let path = shop.file("orders.csv", RETAIL);
    let lock = std::fs::File::create(shop.root().join("lake/.lock")).unwrap();
    lock.lock().unwrap();
    let said = shop.ingest(&path);
    assert_eq!(said.code, 5);
    assert!(said.err.contains("another process is writing"), "{}", said.err);
    drop(lock);
    shop.ingest_ok(&path);
}

/// A handful of the trials that `crates/testkit/kill-trials.sh` does by the fifty.
#[test]
fn killed_at_any_moment_the_lake_reads_and_a_second_try_gives_the_same_bytes() {
    let said = Command::new("bash")
        .arg(testkit::shared::project_root().join("crates/testkit/kill-trials.sh"))
        .args(["--trials", "4", "--seed", "7", "--bin", env!("CARGO_BIN_EXE_portolan")])
        .output()
        .expect("bash starts");
    let text = String::from_utf8_lossy(&said.stdout);
    assert!(said.status.success(), "{text}{}", String::from_utf8_lossy(&said.stderr));
}

#[test]
fn a_shared_address_joins_two_customers_until_the_link_is_undone() {
    let shop = Shop::new();
    let orders = "order_id,product_id,product_name,quantity,unit_price,currency,ordered_at,shopper_key,email,country\n\
                  1,A,KETTLE,1,10.00,GBP,2025-01-02 10:00:00,anna,Anna@example.org,GB\n\
                  2,B,TOASTER,1,20.00,GBP,2025-02-03 10:00:00,a.smith, anna@example.org,GB\n";
    let path = shop.file("orders.csv", orders);
    shop.ingest_ok(&path);
    assert_eq!(shop.value("select count(*) from clean.shoppers"), 1);
    let links = shop.sql("select key_kind, key, reason from clean.identity_links where key_kind = 'email'");
    let key = links[0]["key"].as_str().unwrap();
    assert_eq!(key.len(), 64, "the address itself is nowhere in the tables: {key}");

    let config = shop.root().join("portolan.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("{text}\nundone_links = [\"email={key}\"]\n")).unwrap();
    let said = shop.ingest(&path);
    assert!(said.code == 0 && !said.err.contains("undone_links"), "{}", said.err);
    assert_eq!(shop.value("select count(*) from clean.shoppers"), 2);

    // A mistyped key takes nothing back and is told, with the one that was probably meant.
    let typo = format!("{}x", &key[..63]);
    std::fs::write(&config, format!("{text}\nundone_links = [\"email={typo}\", \"customer_id=canonical:ana\"]\n"))
        .unwrap();
    let said = shop.ingest(&path);
    assert_eq!(said.code, 0, "{}", said.err);
    for word in [&format!("did you mean `email={key}`?"), "did you mean `customer_id=canonical:anna`?"] {
        assert!(said.err.contains(word), "`{word}` is not in {}", said.err);
    }
    assert_eq!(shop.value("select count(*) from clean.shoppers"), 1);
}
