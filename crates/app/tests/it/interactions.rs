//! What people do under posts: read, linked to shoppers, reported, told to a person and taken out again.

use crate::recommend::shop;
use crate::rights::saying;
use crate::served::Served;
use crate::simulated::simulated;
use crate::support::{Shop, json};
use serde_json::Value;
use std::collections::BTreeMap;

const HANDLE: &str = "anna.quillfeather";
const WORDS: &str = "purrs like a lark in Tolpuddle";

/// Shopper d1 once says who she is, and twice her account alone does; a stranger; the same name on another network; one
/// row of two exports; one that is no interaction.
fn comments() -> String {
    let header = "Platform,comment_id,post_id,type,username,customer_id,message,created_time,like_count\n";
    let named = format!("Instagram,c1,p1,comment,@Anna.Quillfeather,d1,The kettle {WORDS},2025-12-10T10:00:00Z,3");
    let rows = [
        named.as_str(),
        "IG,c2,p1,like,anna.quillfeather,,,2025-12-10T10:01:00Z,0",
        "instagram.com,c3,p2,comment,ANNA.QUILLFEATHER,,Is it very loud?,2025-12-11T10:00:00Z,1",
        "Instagram,c4,p2,comment,stranger_9,,Where do you ship?,2025-12-11T11:00:00Z,0",
        "TikTok,c5,p3,share,anna.quillfeather,,,2025-12-12T10:00:00Z,0",
        "Instagram,c6,p2,impression,stranger_9,,,2025-12-11T11:00:00Z,0",
    ];
    format!("{header}{}\n", rows.join("\n"))
}

fn commented() -> Shop {
    let shop = shop(&["run"]);
    shop.ingest_ok(&shop.file("comments.csv", comments()));
    // A later export of the network alone has the first comment again, and does not know the customer.
    let again = format!(
        "Platform,comment_id,username,message,created_time\nInstagram,c1,Anna.Quillfeather,It {WORDS},2025-12-10T10:00:00Z\n"
    );
    shop.ingest_ok(&shop.file("again.csv", again));
    shop.ok(&["run", "--allow-failed-gates"]);
    shop
}

#[test]
fn of_five_interactions_three_are_a_shopper_s_and_one_row_was_a_repeat() {
    let shop = commented();
    let report = json(&shop, &["quality"]);
    let row = |platform: &str| {
        let all = report["interactions"].as_array().unwrap();
        all.iter().find(|r| r["platform"] == platform).unwrap_or_else(|| panic!("{platform}: {all:?}")).clone()
    };
    let all = row("all");
    assert_eq!((&all["interactions"], &all["linked"], &all["repeats"]), (&5.into(), &3.into(), &1.into()), "{all}");
    assert_eq!((&all["by_own_key"], &all["by_handle"]), (&1.into(), &2.into()), "{all}");
    assert_eq!((all["link_rate"].as_f64(), &all["unknown_authors"]), (Some(0.6), &2.into()), "{all}");
    assert_eq!(row("instagram")["link_rate"].as_f64(), Some(0.75));
    assert_eq!(row("tiktok")["linked"], 0, "a name on another network is somebody else");
    let rule = |name: &str| {
        let rules = report["rules"].as_array().unwrap();
        rules.iter().find(|r| r["rule"] == name).unwrap()["touched"].clone()
    };
    assert_eq!((rule("interaction_repeat"), rule("interaction_kind")), (1.into(), 1.into()));
    let said = shop.ok(&["quality"]);
    assert!(said.contains("Who did what on networks") && said.contains("60.0 %"), "{said}");
    assert!(said.contains("one of comment, reply, like, share, save, follow, mention"), "{said}");
    // What was written later holds, and is still d1's; where no language was stated the words say it.
    let first = shop.sql("select shopper_id, language, text from interactions where interaction_id = 'c1'");
    assert_eq!((&first[0]["shopper_id"], &first[0]["text"]), (&"d1".into(), &format!("It {WORDS}").into()));
    assert_eq!(shop.value("select language from interactions where interaction_id = 'c3'"), "en");
    let link = shop.sql("select shopper_id, reason from identity_links where key_kind = 'handle'");
    assert_eq!((link.len(), &link[0]["reason"]), (1, &"same_customer_id".into()), "{link:?}");
    // The handle is in the files as they came, and in no table.
    let root = shop.root();
    let places = [HANDLE, "Anna.Quillfeather", "ANNA.QUILLFEATHER"].map(|name| saying(&root, name)).concat();
    assert!(
        !places.is_empty() && places.iter().all(|path| path.starts_with(root.join("lake/raw/files"))),
        "{places:?}"
    );
}

#[test]
fn a_person_sees_what_the_person_did_on_networks_and_nothing_of_it_is_left_after_an_erasure() {
    let shop = commented();
    let hash = shop.value("select key from identity_links where key_kind = 'handle'").as_str().unwrap().to_owned();
    let served = Served::start(&shop);
    let rows = |export: &Value, table: &str| -> u64 {
        let tables = export["tables"].as_array().unwrap();
        tables.iter().find(|t| t["name"] == table).map_or(0, |t| t["table"]["total"].as_u64().unwrap())
    };
    let export = served.get("/api/v1/persons/d1");
    assert_eq!((rows(&export, "raw.interactions"), rows(&export, "clean.interactions")), (4, 3), "{export}");
    let by_handle = served.get(&format!("/api/v1/persons/Instagram:@{HANDLE}"));
    assert_eq!(by_handle["shopper_ids"], export["shopper_ids"]);
    assert!(!saying(&shop.root(), WORDS).is_empty() && !saying(&shop.root(), &hash).is_empty());

    let reply = served.ask("DELETE", "/api/v1/persons/d1", None);
    assert_eq!(reply.status, 200, "{}", reply.text());
    let erased = reply.json();
    let of = |erased: &Value| {
        let all = erased["erased"].as_array().unwrap();
        all.iter().find(|e| e["place"] == "raw.interactions").map_or(0, |e| e["rows"].as_u64().unwrap())
    };
    assert_eq!(of(&erased), 4, "{erased}");
    for needle in [WORDS, hash.as_str(), HANDLE, "Anna.Quillfeather", "ANNA.QUILLFEATHER"] {
        let still = saying(&shop.root(), needle);
        assert!(still.is_empty(), "{needle} is still in {still:?}");
    }
    // Who has that name elsewhere is no shopper, and has the same rights.
    let elsewhere = format!("/api/v1/persons/tiktok:{HANDLE}");
    assert_eq!(rows(&served.get(&elsewhere), "raw.interactions"), 1);
    let reply = served.ask("DELETE", &elsewhere, None);
    assert_eq!((reply.status, of(&reply.json())), (200, 1), "{}", reply.text());
    assert_eq!(served.ask("GET", &elsewhere, None).status, 404);
    assert_eq!(served.stop(), 0);
    assert_eq!(shop.value("select count(*) from clean.interactions"), 1, "the stranger's comment stays");
    shop.ok(&["run", "--allow-failed-gates"]);
}

#[test]
fn the_link_rate_of_a_simulated_merchant_is_the_one_that_the_truth_says() {
    let (shop, truth) = simulated(&["--scale", "0.02", "--seed", "5"]);
    let path = shop.root().join("data/truth_interactions.csv");
    let mut planted: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for row in csv::Reader::from_path(path).unwrap().deserialize::<BTreeMap<String, String>>() {
        let row = row.unwrap();
        for platform in [row["platform"].as_str(), "all"] {
            let n = planted.entry(platform.to_owned()).or_default();
            *n = (n.0 + 1, n.1 + i64::from(row["linked"] == "true"));
        }
    }
    let report = json(&shop, &["quality"]);
    let found: BTreeMap<String, (i64, i64)> = (report["interactions"].as_array().unwrap().iter())
        .map(|r| {
            let n = |key: &str| r[key].as_i64().unwrap();
            (r["platform"].as_str().unwrap().to_owned(), (n("interactions"), n("linked")))
        })
        .collect();
    assert_eq!(found, planted);
    assert!(planted["all"].1 > 20 && planted.len() == 7, "{planted:?}");
    let files = truth["files"].as_array().unwrap();
    let file = files.iter().find(|f| f["name"] == "exports/interactions.csv").unwrap();
    assert_eq!(report["interactions"][0]["repeats"], file["dirt"]["repeated_interaction"]);
}
