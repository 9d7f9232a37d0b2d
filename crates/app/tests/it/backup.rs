//! A workspace in one file, taken while a server works, and brought back; a workspace of an earlier version.

use crate::recommend::shop;
use crate::served::Served;
use crate::support::{Shop, portolan};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn at(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A folder of its own for backups and what is restored of them.
fn place(shop: &Shop, name: &str) -> PathBuf {
    shop.root().parent().unwrap().join(name)
}

#[test]
fn a_backup_taken_under_load_comes_back_with_everything_that_was_answered_before() {
    let shop = shop(&["run"]);
    let served = Served::start(&shop);
    let stock = json!({"levels": [{"product_id": "filter", "location": "DE", "quantity": 0}]});
    assert_eq!(served.ask("PUT", "/api/v1/stock", Some(&stock)).status, 200);
    let no = json!({"purpose": "marketing", "state": "denied"});
    assert_eq!(served.ask("PUT", "/api/v1/persons/d1/consents", Some(&no)).status, 200);
    let sent = |n: u32| json!({"userId": "d1", "messageId": format!("m{n}"), "event": "Product Viewed", "properties": {"product_id": "CUP"}});
    for n in 0..50 {
        served.post("/v1/track", &sent(n));
    }
    let backup = place(&shop, "backup.zip");
    // Others go on writing while it is taken.
    let made: Value = std::thread::scope(|scope| {
        let going = scope.spawn(|| (50..400).for_each(|n| _ = served.post("/v1/track", &sent(n))));
        let made = serde_json::from_str(&shop.ok(&["backup", at(&backup), "--json"])).unwrap();
        going.join().unwrap();
        made
    });
    assert!(made["files"].as_u64().unwrap() > 20, "{made}");
    let whole = portolan(&["backup", at(&backup), "--check"]);
    assert_eq!(whole.code, 0, "{}", whole.err);
    assert!(whole.out.contains("whole"), "{}", whole.out);
    drop(served);

    let folder = tempfile::tempdir().unwrap();
    let back = folder.path().join("shop");
    let restored = portolan(&["restore", at(&backup), at(&back)]);
    assert_eq!(restored.code, 0, "{}", restored.err);
    let doctor = portolan(&["doctor", "--workspace", at(&back)]);
    assert_eq!(doctor.code, 0, "{}{}", doctor.out, doctor.err);
    // The same tables, row for row.
    let digest = |root: &str| -> Value {
        let said = portolan(&["doctor", "--digest", "--json", "--workspace", root]);
        let said: Value = serde_json::from_str(&said.out).unwrap();
        said["digest"].clone()
    };
    let taken = digest(at(&back));
    for table in ["clean.orders", "clean.products", "marts.recommendations"] {
        assert_eq!(taken[table], digest(at(&shop.root()))[table], "{table}");
    }
    let other = Shop::of(folder);
    let served = Served::start(&other);
    let offered = served.get("/api/v1/recommendations?market=DE&shopper=d1&n=20");
    assert!(
        !offered["items"].as_array().unwrap().iter().any(|i| i["product_id"] == "FILTER"),
        "its stock was sent: {offered}"
    );
    let consents = served.get("/api/v1/persons/d1/consents");
    assert!(consents.to_string().contains("denied"), "{consents}");
    // What was accepted before the backup goes on into the lake.
    let arrived = || other.value("select count(*) from raw.events where shopper_key = 'd1'").as_u64().unwrap();
    for _ in 0..300 {
        if arrived() >= 50 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert!(arrived() >= 50, "{} of 50 events came back", arrived());
    let audit = served.get("/api/v1/audit");
    assert!(audit.to_string().contains("consent.recorded"), "{audit}");
}

#[test]
fn what_is_no_backup_is_refused_and_nothing_is_left_behind() {
    let shop = shop(&["run"]);
    let backup = place(&shop, "b.zip");
    shop.ok(&["backup", at(&backup)]);
    let over = portolan(&["restore", at(&backup), at(&shop.root())]);
    assert_eq!(over.code, 3, "{}", over.err);
    assert!(over.err.contains("is there already"), "{}", over.err);
    let good = std::fs::read(&backup).unwrap();
    std::fs::write(&backup, &good[..good.len() - 100]).unwrap();
    let back = place(&shop, "back");
    let cut = portolan(&["restore", at(&backup), at(&back)]);
    assert_eq!(cut.code, 3, "{}", cut.err);
    assert!(cut.err.contains("is no backup, or its end is missing"), "{}", cut.err);
    assert!(!back.exists());
    let none = portolan(&["restore", "/does/not/exist.zip", at(&back)]);
    assert_ne!(none.code, 0);
}

/// Stages remember the version of their method; a workspace of an earlier program has other ones. Its tables answer, its plans
/// are refused with what to do, the server opens and says it, and one run brings it up to date.
#[test]
fn a_workspace_of_an_earlier_version_opens_and_says_what_to_do() {
    let shop = shop(&["run"]);
    let snapshots = shop.root().join("lake/snapshots");
    let newest = std::fs::read_dir(&snapshots).unwrap().map(|e| e.unwrap().path()).max().unwrap();
    let mut snapshot: Value = serde_json::from_slice(&std::fs::read(&newest).unwrap()).unwrap();
    let stages = snapshot["stages"].as_object_mut().unwrap();
    assert!(stages.contains_key("offers"), "{stages:?}");
    for (stage, fingerprint) in stages.iter_mut().filter(|(stage, _)| *stage != "clean") {
        *fingerprint = format!("{stage} of an earlier version").into();
    }
    std::fs::write(&newest, serde_json::to_vec_pretty(&snapshot).unwrap()).unwrap();

    assert!(shop.value("select count(*) from marts.market_summary").as_u64().unwrap() > 0, "tables answer");
    let plan = shop.run(&["plan", "--market", "DE"]);
    assert_ne!(plan.code, 0);
    assert!(plan.err.contains("portolan run"), "{}", plan.err);
    let served = Served::start(&shop);
    let home = served.get("/api/v1/overview");
    assert!(home["actions"].to_string().contains("Start a run"), "{home}");
    drop(served);
    shop.ok(&["run"]);
    shop.ok(&["plan", "--market", "DE"]);
}
