//! Rights of a person over HTTP: what is kept is told, what a person decided is heeded, and an erasure leaves nothing.

use crate::recommend::shop;
use crate::served::Served;
use crate::support::Shop;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::json;
use std::path::{Path, PathBuf};

pub(crate) const NAME: &str = "zacharias-quillfeather";
const VISITOR: &str = "visitor-quillfeather-9";
const WORDS: &str = "whistles like a lark in Tolpuddle";

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    // A folder that is gone again holds nothing.
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// The bytes of a file and what they say when they are unpacked: every value of Parquet, the text of gzip.
///
/// # Errors
/// That of reading: a server at work puts files in the place of others.
fn said(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = std::fs::read(path)?;
    if bytes.starts_with(b"PAR1") {
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes.clone())).unwrap();
        for batch in reader.build().unwrap() {
            let batch = batch.unwrap();
            for column in batch.columns() {
                let options = arrow::util::display::FormatOptions::default();
                let values = arrow::util::display::ArrayFormatter::try_new(column.as_ref(), &options).unwrap();
                for row in 0..batch.num_rows() {
                    bytes.extend(values.value(row).to_string().bytes().chain([b'\n']));
                }
            }
        }
    } else if bytes.starts_with(&[0x1f, 0x8b]) {
        std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(&bytes.clone()[..]), &mut bytes).unwrap();
    }
    Ok(bytes)
}

/// Files of a workspace that say this.
pub(crate) fn saying(root: &Path, needle: &str) -> Vec<PathBuf> {
    // Where a file is gone before it is read, another may have come after the listing.
    loop {
        let (mut all, mut saying, mut is_whole) = (Vec::new(), Vec::new(), true);
        files(root, &mut all);
        for path in all {
            match said(&path) {
                Ok(bytes) if bytes.windows(needle.len()).any(|w| w == needle.as_bytes()) => saying.push(path),
                Ok(_) => {}
                Err(why) if why.kind() == std::io::ErrorKind::NotFound => is_whole = false,
                Err(why) => panic!("{}: {why}", path.display()),
            }
        }
        if is_whole {
            return saying;
        }
    }
}

/// The shop with a person in orders, reviews, unreadable lines and plans.
pub(crate) fn shop_with_the_person() -> Shop {
    let shop = shop(&["run"]);
    let header = "order_id,product_id,product_name,quantity,unit_price,currency,ordered_at,shopper_key,country\n";
    let orders = format!(
        "{header}90,kettle,A KETTLE,1,10.00,GBP,2025-12-10 10:00:00,{NAME},DE\n\
         91,kettle,A KETTLE,1,10.00,GBP,2025-12-10 11:00:00,d9,DE\n"
    );
    shop.ingest_ok(&shop.file("more.csv", orders));
    // The person's line cannot be read, so that no table has it; the file that is kept does, packed.
    let odd = format!(
        "{header}92,kettle,A KETTLE,many,10.00,GBP,2025-12-11 10:00:00,{NAME},DE\n\
         93,kettle,A KETTLE,1,10.00,GBP,2025-12-11 11:00:00,d9,DE\n"
    );
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, odd.as_bytes()).unwrap();
    shop.ingest(&shop.file("odd.csv.gz", packed.finish().unwrap()));
    let reviews = format!(
        "review_id,product_id,shopper_key,country,language,rating,text,reviewed_at\n\
         r1,kettle,{NAME},DE,en,5,The kettle {WORDS} and I love it,2025-12-12 10:00:00\n\
         r2,kettle,d9,DE,en,1,The lid broke and I want my money back,2025-12-12 11:00:00\n"
    );
    shop.ingest(&shop.file("reviews.csv", reviews));
    shop.ok(&["run", "--allow-failed-gates"]);
    let plans = shop.root().join("plans");
    shop.ok(&["plan", "--market", "DE", "--out", plans.to_str().unwrap()]);
    shop
}

#[test]
fn nothing_of_an_erased_person_is_left_in_any_file() {
    let shop = shop_with_the_person();
    let served = Served::start(&shop);
    // Events that are not in the lake: before and after the person said who they are.
    for call in [
        json!({"anonymousId": VISITOR, "event": "Product Viewed", "properties": {"product_id": "cup"}}),
        json!({"anonymousId": VISITOR, "userId": NAME, "event": "Product Added", "properties": {"product_id": "pot"}}),
    ] {
        served.post("/v1/track", &call);
    }
    served.get(&format!("/api/v1/recommendations?market=DE&shopper={NAME}&session={VISITOR}"));
    let gift = json!({"name": "A cup", "description": format!("engraved for {NAME}")});
    assert_eq!(served.ask("PUT", "/api/v1/products/GIFT", Some(&gift)).status, 200);
    let consent = json!({"purpose": "marketing", "state": "granted", "source": "form 3"});
    assert_eq!(served.ask("PUT", &format!("/api/v1/persons/{NAME}/consents"), Some(&consent)).status, 200);
    std::fs::write(shop.root().join("my-list.csv"), format!("{NAME},DE\n")).unwrap();
    // Everything is where it is looked for, else the test would find nothing for the wrong reason.
    let places = saying(&shop.root(), NAME);
    for place in ["lake/raw/files", "lake/clean/shoppers", "journal", "exposures", "updates"] {
        let is_there = places.iter().any(|path| path.strip_prefix(shop.root()).unwrap().starts_with(place));
        assert!(is_there || place == "exposures", "{NAME} is not in {place}: {places:?}");
    }
    assert!(!saying(&shop.root(), WORDS).is_empty());

    let export = served.get(&format!("/api/v1/persons/{NAME}"));
    let names: Vec<&str> = export["tables"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    for table in [
        "raw.order_lines",
        "raw.reviews",
        "clean.reviews",
        "journal",
        "exposures",
        "updates",
        "files",
        "state: consents",
    ] {
        assert!(names.contains(&table), "{table} is not in {names:?}");
    }
    let journal = export["tables"].as_array().unwrap().iter().find(|t| t["name"] == "journal").unwrap();
    assert_eq!(journal["table"]["total"], 2, "what the visitor did before, too: {journal}");
    let files = export["tables"].as_array().unwrap().iter().find(|t| t["name"] == "files").unwrap();
    assert_eq!(
        files["table"]["rows"],
        json!([["my-list.csv"]]),
        "relative, and the program's own tables not again: {files}"
    );
    let id = export["shopper_ids"][0].as_str().unwrap().to_owned();

    let reply = served.ask("DELETE", &format!("/api/v1/persons/{NAME}"), None);
    assert_eq!(reply.status, 200, "{}", reply.text());
    let erased = reply.json();
    let rows = |name: &str| {
        erased["erased"]
            .as_array()
            .unwrap()
            .iter()
            .find(|e| e["place"] == name)
            .map_or(0, |e| e["rows"].as_u64().unwrap())
    };
    assert_eq!((rows("raw.order_lines"), rows("raw.reviews"), rows("raw.events")), (1, 1, 2), "{erased}");
    assert_eq!((rows("updates"), rows("exposures")), (1, 1), "{erased}");
    assert!(rows("plans") > 0 && rows("state: consents") > 0, "{erased}");
    let next = erased["next"].as_str().unwrap();
    assert!(next.contains("my-list.csv"), "a file of somebody else is told: {next}");
    assert_eq!(served.ask("GET", &format!("/api/v1/persons/{NAME}"), None).status, 404);
    assert_eq!(served.stop(), 0);
    std::fs::remove_file(shop.root().join("my-list.csv")).unwrap();
    for needle in [NAME, VISITOR, WORDS, id.as_str()] {
        let still = saying(&shop.root(), needle);
        assert!(still.is_empty(), "{needle} is still in {still:?}");
    }
    // The others are all there, and everything goes on.
    assert_eq!(shop.value("select count(*) from clean.order_lines where shopper_id = 'd9'"), 2);
    assert_eq!(shop.value("select count(*) from clean.reviews where shopper_id = 'd9'"), 1);
    shop.ok(&["run", "--allow-failed-gates"]);
    shop.ok(&["doctor"]);
}

#[test]
fn a_refusal_of_personalisation_is_heeded_and_not_logged() {
    let shop = shop(&["run"]);
    let served = Served::start(&shop);
    let list = || served.get("/api/v1/recommendations?market=DE&shopper=d1&n=3");
    assert_eq!(list()["answered_by"], "history", "nobody said no");
    let consents = "/api/v1/persons/d1/consents";
    let said = |state: &str| json!({"purpose": "personalisation", "state": state, "source": "banner 2"});
    assert_eq!(served.ask("PUT", consents, Some(&said("denied"))).status, 200);
    let answer = list();
    assert_eq!(answer["answered_by"], "market", "{answer}");
    // A bucket it has, as every answer, but one that is dealt to this answer alone.
    assert!(answer["bucket"].is_number() && answer["bucket_of"] == "answer", "{answer}");
    assert!(answer["chain"][0]["why"]["en"].as_str().unwrap().contains("does not allow"), "{answer}");
    let order = json!({"market": "DE", "shopper": "d1", "candidates": ["plate", "filter"]});
    let order = served.post("/api/v1/recommendations/rerank", &order);
    assert!(order["bucket"].is_number() && order["bucket_of"] == "answer", "{order}");
    assert_eq!(served.ask("PUT", consents, Some(&said("granted"))).status, 200);
    assert_eq!(list()["answered_by"], "history");
    let withdrawn = served.ask("DELETE", &format!("{consents}/personalisation"), None).json();
    assert_eq!(withdrawn["now"][0]["state"], "withdrawn", "{withdrawn}");
    assert_eq!(list()["answered_by"], "market");
    let states: Vec<String> = served.get(consents)["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["state"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(states, ["denied", "granted", "withdrawn"]);
    for wrong in [
        json!({"purpose": "Mail!", "state": "granted"}),
        json!({"purpose": "mail", "state": "perhaps"}),
        json!({"purpose": "mail", "state": "granted", "at": "2099-01-01T00:00:00Z"}),
    ] {
        assert_eq!(served.ask("PUT", consents, Some(&wrong)).status, 400, "{wrong}");
    }
    // A start reads what was decided before.
    assert_eq!(served.stop(), 0);
    let lines: String = std::fs::read_dir(shop.root().join("exposures"))
        .unwrap()
        .map(|day| std::fs::read_to_string(day.unwrap().path()).unwrap())
        .collect();
    assert_eq!(lines.matches("\"shopper\":\"d1\"").count(), 2, "the two personal answers alone: {lines}");
    let served = Served::start(&shop);
    assert_eq!(served.get("/api/v1/recommendations?market=DE&shopper=d1&n=3")["answered_by"], "market");
    assert_eq!(served.get("/api/v1/recommendations?market=DE&shopper=d2&n=3")["answered_by"], "history");
}

#[test]
fn without_a_yes_nobody_is_personalised_where_that_is_asked_for() {
    let shop = shop(&["run"]);
    let served = Served::start_with(&shop, &["--personalise-only-with-consent"]);
    let list = || served.get("/api/v1/recommendations?market=DE&shopper=d1&n=3");
    assert_eq!(list()["answered_by"], "market");
    let yes = json!({"purpose": "personalisation", "state": "granted", "source": "form"});
    assert_eq!(served.ask("PUT", "/api/v1/persons/d1/consents", Some(&yes)).status, 200);
    assert_eq!(list()["answered_by"], "history");
}

#[test]
fn events_of_who_refuses_analytics_are_not_kept_and_not_counted() {
    let shop = shop(&["run"]);
    let served = Served::start(&shop);
    let viewed = |who: &str| json!({"userId": who, "event": "Product Added", "properties": {"product_id": "cup", "price": 3, "currency": "EUR"}});
    assert_eq!(served.post("/v1/track", &viewed("ana"))["accepted"], 1);
    assert_eq!(served.get("/api/v1/live/carts")["total"], 1);
    let no = json!({"purpose": "analytics", "state": "withdrawn", "source": "letter"});
    assert_eq!(served.ask("PUT", "/api/v1/persons/ana/consents", Some(&no)).status, 200);
    assert_eq!(served.get("/api/v1/live/carts")["total"], 0, "what is live of her is over");
    let refused = served.post("/v1/track", &viewed("ana"));
    assert_eq!((&refused["accepted"], &refused["rejected"][0]["reason"]), (&0.into(), &"no_consent".into()));
    assert_eq!(served.post("/v1/track", &viewed("bo"))["accepted"], 1);
    let counters = served.get("/api/v1/live/counters");
    assert_eq!((&counters["accepted"], &counters["rejected"]), (&2.into(), &1.into()), "{counters}");
}

#[test]
fn who_may_be_written_to_follows_from_the_last_decision() {
    let shop = shop(&["run"]);
    let segment = shop.value("select segment from marts.segments where shopper_id = 'd1'");
    let served = Served::start(&shop);
    let path = format!("/api/v1/segments/{}/members", segment.as_str().unwrap());
    let all = served.get(&path);
    assert!(all["total"].as_u64().unwrap() >= 1);
    let listed = || {
        let table = served.get(&format!("{path}?contactable=true"));
        let at = table["columns"].as_array().unwrap().iter().position(|c| c["name"] == "shopper_id").unwrap();
        table["rows"].as_array().unwrap().iter().map(|row| row[at].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert!(listed().is_empty(), "nobody agreed to marketing");
    let said = |state: &str| json!({"purpose": "marketing", "state": state, "source": "form"});
    assert_eq!(served.ask("PUT", "/api/v1/persons/d1/consents", Some(&said("granted"))).status, 200);
    assert_eq!(listed(), ["d1"]);
    assert_eq!(served.ask("PUT", "/api/v1/persons/d1/consents", Some(&said("denied"))).status, 200);
    assert!(listed().is_empty());
}

/// Events of a new visitor and a new login that are in the lake and were not cleaned: nothing links them to anybody yet.
#[test]
fn a_person_sees_what_came_since_the_last_run_and_nobody_else_s() {
    let shop = shop(&["run"]);
    let served = Served::start(&shop);
    for (visitor, user, product) in
        [("fresh-browser-1", "fresh-login-1", "cup"), ("fresh-browser-2", "fresh-login-2", "pot")]
    {
        let call = json!({"anonymousId": visitor, "userId": user, "event": "Product Viewed", "properties": {"product_id": product}});
        served.post("/v1/track", &call);
    }
    assert_eq!(served.stop(), 0);
    // A start closes what the last one wrote, and brings it over.
    let served = Served::start(&shop);
    let raw = "select count(*) from raw.events where shopper_key like 'fresh-login-%'";
    let patience = std::time::Instant::now();
    while shop.value(raw) != 2 {
        assert!(patience.elapsed() < std::time::Duration::from_secs(60), "the events never came over");
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    assert_eq!(shop.value("select count(*) from clean.identity_links where key like '%fresh-%'"), 0, "not cleaned yet");
    // The server answers from the newer version a moment after it is there.
    while served.ask("GET", "/api/v1/persons/fresh-login-1", None).status == 404 {
        assert!(patience.elapsed() < std::time::Duration::from_secs(60), "the person never became known");
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    for name in ["fresh-login-1", "fresh-browser-1"] {
        let export = served.get(&format!("/api/v1/persons/{name}"));
        let tables = export["tables"].as_array().unwrap();
        let events = tables.iter().find(|table| table["name"] == "raw.events").unwrap_or_else(|| panic!("{export}"));
        assert_eq!(events["table"]["total"], 1, "{export}");
        assert!(!export.to_string().contains("fresh-login-2"), "{export}");
    }
    assert_eq!(served.ask("GET", "/api/v1/persons/fresh-login-3", None).status, 404);
}
