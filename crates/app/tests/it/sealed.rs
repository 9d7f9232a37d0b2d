//! Files as they came, sealed for a key that lies elsewhere: taken in, read, backed up, erased, opened again.

use crate::rights::{NAME, saying, shop_with_the_person};
use crate::served::Served;
use crate::support::{Shop, json, portolan};

const ORDERS: &str = "order_id,product_id,product_name,quantity,unit_price,currency,ordered_at,email,country\n\
    1,cup,A CUP,1,10.00,GBP,2025-12-01 10:00:00,anna.quillfeather@example.com,DE\n\
    2,pot,A POT,2,12.50,GBP,2025-12-02 10:00:00,bert.quillfeather@example.com,GB\n";

fn shop() -> Shop {
    let shop = Shop::new();
    std::fs::create_dir(shop.path("keys")).unwrap();
    shop
}

#[test]
fn a_sealed_workspace_has_the_same_tables_and_no_address_on_the_disk() {
    let (clear, sealed) = (shop(), shop());
    let key = sealed.path("keys/shop.key");
    clear.ingest_ok(&clear.file("orders.csv", ORDERS));
    // One file before the seal, the same rows after it.
    let first = json(&sealed, &["seal", "--key", &key]);
    assert_eq!((first["key_made"].as_bool(), first["sealed"].as_u64()), (Some(true), Some(0)), "{first}");
    sealed.ingest_ok(&sealed.file("orders.csv", ORDERS));
    assert_eq!(sealed.digest(), clear.digest());
    assert!(!saying(&clear.root(), "quillfeather").is_empty(), "the test looks where nothing is");
    assert!(saying(&sealed.root(), "quillfeather").is_empty());
    let text = std::fs::read_to_string(&key).unwrap();
    assert!(saying(&sealed.root(), text.lines().last().unwrap()).is_empty(), "the key is in the workspace");
    // A workspace with files goes over to a seal and back.
    let over = json(&clear, &["seal", "--key", &clear.path("keys/other.key")]);
    assert_eq!((over["changed"].as_u64(), over["clear"].as_u64()), (Some(1), Some(0)), "{over}");
    assert!(saying(&clear.root(), "quillfeather").is_empty());
    let back = json(&clear, &["seal", "--off"]);
    assert_eq!((back["changed"].as_u64(), back["sealed"].as_u64()), (Some(1), Some(0)), "{back}");
    assert_eq!(sealed.digest(), clear.digest());
    assert!(!clear.root().join("seal.toml").exists());
}

#[test]
fn without_the_key_nothing_is_taken_in_and_what_is_there_is_still_answered() {
    let shop = shop();
    let key = shop.path("keys/shop.key");
    let inside = shop.fails(&["seal", "--key", shop.root().join("own.key").to_str().unwrap()]);
    assert!(inside.contains("in the workspace"), "{inside}");
    shop.ok(&["seal", "--key", &key]);
    shop.ingest_ok(&shop.file("orders.csv", ORDERS));
    let backup = shop.path("backup.zip");
    shop.ok(&["backup", &backup]);
    std::fs::rename(&key, shop.path("keys/away.key")).unwrap();
    let more = shop.file("more.csv", ORDERS.replace("cup", "mug"));
    for args in [&["ingest", more.to_str().unwrap()][..], &["serve", "--addr", "127.0.0.1:0"], &["seal", "--off"]] {
        let said = shop.run(args);
        assert_eq!(said.code, 4, "{}", said.err);
        assert!(said.err.contains("sealed") && said.err.contains("PORTOLAN_SEAL_KEY"), "{}", said.err);
    }
    assert_eq!(shop.value("select count(*) from clean.order_lines"), 2);
    let doctor = shop.run(&["doctor"]);
    assert_eq!(doctor.code, 4, "{}", doctor.err);
    assert!(doctor.err.contains("1 sealed files were not compared"), "{}", doctor.err);
    // Another key is told from the right one, and overwrites nothing.
    let other = shop.fails(&["seal", "--key", &shop.path("keys/other.key")]);
    assert!(other.contains("another key"), "{other}");
    let (back, away) = (shop.path("back"), shop.path("keys/away.key"));
    let without = portolan(&["restore", &backup, &back]);
    assert!(without.code == 3 && without.err.contains("--key"), "{}", without.err);
    let with = portolan(&["restore", &backup, &back, "--key", &away]);
    assert_eq!(with.code, 0, "{}", with.err);
    std::fs::rename(&away, &key).unwrap();
    assert_eq!(portolan(&["doctor", "--workspace", &back]).code, 0);
    shop.ok(&["ingest", more.to_str().unwrap(), "--as-of", crate::support::TODAY]);
    shop.ok(&["doctor"]);
}

#[test]
fn nothing_of_an_erased_person_is_left_inside_of_sealed_files() {
    let shop = shop_with_the_person();
    let keys = tempfile::tempdir().unwrap();
    shop.ok(&["seal", "--key", keys.path().join("shop.key").to_str().unwrap()]);
    let kept = shop.root().join("lake/raw/files");
    assert!(saying(&kept, NAME).is_empty(), "sealed, and still in clear");
    let served = Served::start(&shop);
    let reply = served.ask("DELETE", &format!("/api/v1/persons/{NAME}"), None);
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(served.stop(), 0);
    let opened = json(&shop, &["seal", "--off"]);
    assert!(opened["changed"].as_u64().is_some_and(|n| n > 3), "{opened}");
    let still = saying(&shop.root(), NAME);
    assert!(still.is_empty(), "{NAME} is still in {still:?}");
    assert_eq!(shop.value("select count(*) from clean.order_lines where shopper_id = 'd9'"), 2);
    shop.ok(&["doctor"]);
}
