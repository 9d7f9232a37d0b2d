//! Recommendations over HTTP, on the shop of `recommend.rs`: in Germany kettles go with toasters and filters.

use crate::recommend::{pictured_shop, shop};
use crate::served::Served;
use serde_json::{Value, json};

fn products(answer: &Value) -> Vec<String> {
    let items = answer["items"].as_array().unwrap_or_else(|| panic!("{answer}"));
    items.iter().map(|item| item["product_id"].as_str().unwrap().to_lowercase()).collect()
}

fn step<'a>(answer: &'a Value, name: &str) -> &'a Value {
    let steps = answer["chain"].as_array().unwrap();
    steps.iter().find(|step| step["step"] == name).unwrap_or_else(|| panic!("no step {name}: {answer}"))
}

#[test]
fn a_known_shopper_gets_what_the_command_gives_with_reasons_price_and_the_chain() {
    let shop = shop(&["run"]);
    let served = Served::start(&shop);
    let answer = served.get("/api/v1/recommendations?market=DE&shopper=d1&n=5&explain=true");
    assert_eq!(products(&answer)[0], "filter", "{answer}");
    assert!(!products(&answer).iter().any(|p| p == "kettle" || p == "toaster"), "bought already: {answer}");
    assert_eq!(answer["answered_by"], "history");
    assert_eq!(step(&answer, "session")["answered"], false);
    let item = &answer["items"][0];
    assert_eq!(
        (&item["name"], &item["price"]["minor"], &item["price"]["currency"]),
        (&"A FILTER".into(), &1000.into(), &"GBP".into())
    );
    let parts: f64 = item["reasons"].as_array().unwrap().iter().map(|r| r["part"].as_f64().unwrap()).sum();
    assert!((parts - item["score"].as_f64().unwrap()).abs() < 1e-5, "{item}");
    assert!(item["reasons"][0]["text"]["en"].as_str().unwrap().contains("A KETTLE"), "{item}");
    // The same products in the same order as on the command line.
    let said: Value = serde_json::from_str(&shop.ok(&["recommend", "--json", "--shopper", "d1", "-n", "5"])).unwrap();
    let by_model = |answer: &Value, key: &str| -> Vec<String> {
        answer["items"].as_array().unwrap().iter().take(2).map(|i| i[key].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(by_model(&answer, "product_id"), by_model(&said, "product"));
    // The bucket is the shopper's for ever; the answer has a name of its own.
    let again = served.get("/api/v1/recommendations?market=GB&shopper=d1");
    assert_eq!(answer["bucket"], again["bucket"]);
    assert_ne!(answer["exposure_id"], again["exposure_id"]);
}

#[test]
fn a_newcomer_gets_the_market_and_a_click_changes_the_next_answer() {
    let shop = shop(&["run"]);
    let served = Served::start(&shop);
    let first = served.get("/api/v1/recommendations?market=DE&session=visit-1&n=3");
    assert_eq!(first["answered_by"], "market", "{first}");
    assert_eq!(step(&first, "history")["answered"], false);
    let feedback = json!({"exposure_id": first["exposure_id"], "product_id": "CUP", "action": "click"});
    served.post("/api/v1/feedback", &feedback);
    // In Germany nobody bought a cup; at home cups go with plates and pots.
    let home = served.get("/api/v1/recommendations?market=GB&session=visit-1&n=3&explain=true");
    assert_eq!(home["answered_by"], "session", "{home}");
    assert_eq!(products(&home)[0], "pot", "the plate is out of stock at home: {home}");
    let other = served.get("/api/v1/recommendations?market=GB&session=visit-2&n=3");
    assert_eq!(other["answered_by"], "market", "another visit knows nothing of it: {other}");
    let unknown = json!({"exposure_id": "0-0", "product_id": "CUP", "action": "click"});
    assert_eq!(served.ask("POST", "/api/v1/feedback", Some(&unknown)).status, 404);
    // What was put into the cart is not offered again.
    let cart = json!({"exposure_id": home["exposure_id"], "product_id": "pot", "action": "cart"});
    served.post("/api/v1/feedback", &cart);
    let after = served.get("/api/v1/recommendations?market=GB&session=visit-1");
    assert!(!products(&after).contains(&"pot".to_owned()), "{after}");
    assert_eq!(served.stop(), 0, "a server that is asked to end ends well");
    let day = std::fs::read_dir(shop.root().join("exposures")).unwrap().next().unwrap().unwrap().path();
    let lines = std::fs::read_to_string(day).unwrap();
    assert_eq!(lines.lines().count(), 6, "four answers and two clicks: {lines}");
    assert!(lines.contains("\"answered_by\":\"session\"") && lines.contains("\"action\":\"cart\""), "{lines}");
}

#[test]
fn filters_leave_out_and_say_so() {
    let shop = shop(&["run"]);
    let served = Served::start(&shop);
    let all = served.get("/api/v1/recommendations?market=GB&n=20");
    assert!(!products(&all).contains(&"plate".to_owned()), "none is left at home: {all}");
    assert!(step(&all, "newest")["why"]["en"].as_str().unwrap().contains("out of stock"), "{all}");
    let with = served.get("/api/v1/recommendations?market=GB&n=20&in_stock=false");
    assert!(products(&with).contains(&"plate".to_owned()), "{with}");
    let cheap = served.get("/api/v1/recommendations?market=GB&max_price=9.99");
    assert_eq!(
        (products(&cheap).len(), &cheap["answered_by"]),
        (0, &"nothing".into()),
        "everything costs ten: {cheap}"
    );
    let again = served.get("/api/v1/recommendations?market=DE&shopper=d1&exclude_bought=false");
    assert!(products(&again).contains(&"kettle".to_owned()), "{again}");
    for wrong in [
        "market=XX1",
        "market=DE&n=0",
        "market=DE&n=1000",
        "market=DE&diversity=2",
        "market=DE&min_price=5&max_price=1",
    ] {
        let reply = served.ask("GET", &format!("/api/v1/recommendations?{wrong}"), None);
        assert_eq!((reply.status, reply.kind.as_str()), (400, "application/problem+json"), "{wrong}");
        assert!(!reply.json()["next"].as_str().unwrap().is_empty());
    }
}

#[test]
fn baskets_likes_trends_and_orders_are_answered() {
    let shop = shop(&["run"]);
    let served = Served::start(&shop);
    let next = served.get("/api/v1/recommendations/next?products=kettle,toaster&market=DE&n=2");
    assert_eq!(products(&next)[0], "filter", "{next}");
    let unknown = served.ask("GET", "/api/v1/recommendations/next?products=kettle,sofa&market=DE", None);
    assert_eq!(unknown.status, 404);
    let similar = served.get("/api/v1/recommendations/similar?product=kettle&market=DE&n=3");
    assert_eq!(similar["answered_by"], "bought_together");
    assert!(products(&similar).contains(&"toaster".to_owned()), "{similar}");
    let trending = served.get("/api/v1/recommendations/trending?market=DE&n=3");
    // Kettles, toasters and filters were bought by three or four shoppers each, a plate by one.
    assert_eq!((products(&trending).len(), &trending["answered_by"]), (3, &"market_lately".into()), "{trending}");
    assert!(!products(&trending).contains(&"plate".to_owned()), "{trending}");
    let order = json!({"market": "DE", "shopper": "d1", "candidates": ["plate", "cup", "filter", "sofa"]});
    let order = served.post("/api/v1/recommendations/rerank", &order);
    assert_eq!(products(&order)[0], "filter", "{order}");
    assert_eq!(products(&order).len(), 3, "a sofa is not in the catalogue: {order}");
    let models = served.get("/api/v1/models");
    assert_eq!(models["serving"]["columns"][0]["name"], "market");
}

#[test]
fn what_a_shop_writes_is_in_force_at_once_and_in_the_lake_after_a_run() {
    let shop = shop(&["run"]);
    let served = Served::start(&shop);
    let offered = |served: &Served| {
        products(&served.get("/api/v1/recommendations?market=DE&shopper=d1&n=20")).contains(&"filter".to_owned())
    };
    assert!(offered(&served));
    let stock = json!({"levels": [{"product_id": "filter", "location": "DE", "quantity": 0}]});
    let written = served.ask("PUT", "/api/v1/stock", Some(&stock)).json();
    assert_eq!((&written["accepted"], &written["seen"]), (&1.into(), &"now".into()), "{written}");
    assert!(!offered(&served));
    let prices = json!({"prices": [{"product_id": "plate", "market": "DE", "price": "12.50", "currency": "EUR"},
        {"product_id": "cup", "market": "DE", "price": "1.234", "currency": "EUR"}]});
    let written = served.ask("PUT", "/api/v1/prices", Some(&prices)).json();
    assert_eq!((&written["accepted"], &written["rejected"][0]["at"]), (&1.into(), &"prices[1]".into()), "{written}");
    let product = json!({"name": "A teapot", "category": "Kitchen > Pots", "brand": "Brown"});
    assert_eq!(served.ask("PUT", "/api/v1/products/TEAPOT", Some(&product)).status, 200);
    drop(served);
    // A restart keeps what was answered.
    let served = Served::start(&shop);
    assert!(!offered(&served));
    let run = served.post("/api/v1/runs", &Value::Null);
    let id = run["id"].as_str().unwrap().to_owned();
    assert_eq!(served.ask("POST", "/api/v1/runs", Some(&Value::Null)).status, 409, "one at a time");
    let run = ended(&served, &id);
    assert_eq!(run["status"], "done", "{run}");
    assert_eq!(run["progress"], 1.0);
    let lines = run["lines"].as_array().unwrap();
    assert!(lines.iter().any(|l| l["en"] == "marts: computed" && l["zh"] == "汇总:已计算"), "{run}");
    assert!(!lines.iter().any(|l| l["en"].as_str().unwrap().contains("INFO")), "no log: {run}");
    assert_eq!(shop.value("select quantity from clean.stock where lower(product_id) = 'filter' and market = 'DE'"), 0);
    let teapot = served.get("/api/v1/products/TEAPOT");
    assert_eq!((&teapot["card"]["name"], &teapot["card"]["brand"]), (&"A teapot".into(), &"Brown".into()), "{teapot}");
    assert!(!offered(&served), "now the lake says so");
    assert_eq!(served.get("/api/v1/runs")["runs"][0]["id"], id.as_str());
    assert_eq!(served.ask("DELETE", &format!("/api/v1/runs/{id}"), None).status, 409, "it is over");
}

/// A run once it has ended; what it made answers by then.
fn ended(served: &Served, id: &str) -> Value {
    for _ in 0..600 {
        let run = served.get(&format!("/api/v1/runs/{id}"));
        if run["status"] != "running" {
            return run;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("the run has no end");
}

#[test]
fn a_product_that_nobody_bought_comes_by_what_it_looks_like_before_what_is_newest() {
    let shop = pictured_shop();
    let served = Served::start(&shop);
    // The pictures are looked at once the server has begun to answer.
    let answer = served.until("/api/v1/recommendations?market=DE&shopper=d4&n=20&explain=true", |answer| {
        step(answer, "alike")["answered"] == true
    });
    let found = products(&answer);
    let at = |product: &str| found.iter().position(|p| p == product).unwrap_or_else(|| panic!("{answer}"));
    assert!(at("toaster") < at("round"), "what was bought stands before what was not: {answer}");
    let item = &answer["items"][at("round")];
    let reason = &item["reasons"][0];
    assert_eq!(
        (reason["term"].as_str(), reason["product_id"].as_str()),
        (Some("looks like"), Some("FILTER")),
        "{item}"
    );
    assert!(reason["text"]["en"].as_str().unwrap().contains("A FILTER"), "{item}");
    // Of a stranger nothing is known that it could be like.
    let stranger = served.get("/api/v1/recommendations?market=DE&session=new&n=20");
    assert_eq!(step(&stranger, "alike")["answered"], false, "{stranger}");
}

/// Two markets that are served by what sells, products 0 to 5 for the kitchen and 6 to 11 for the table.
fn shop_of_what_sells() -> crate::support::Shop {
    let shop = crate::networks::shop("\"popularity\"");
    let mut products = "product_id,name,category\n".to_owned();
    for n in 0..12 {
        products.push_str(&format!("p{n},Product {n},{}\n", if n < 6 { "Kitchen" } else { "Table" }));
    }
    shop.ingest_ok(&shop.file("products.csv", products));
    shop.ok(&["run"]);
    assert_eq!(shop.value("select count(*) from marts.serving where model <> 'popularity'"), 0);
    shop
}

/// The list of what sells is no answer to what somebody did: it answers as the market, and what is like a product comes from
/// elsewhere.
#[test]
fn what_sells_does_not_pass_for_an_answer_to_what_somebody_did() {
    let shop = shop_of_what_sells();
    let served = Served::start(&shop);
    let is_near = |answer: &Value| {
        let by = answer["answered_by"].as_str().unwrap();
        assert!(matches!(by, "described_alike" | "same_category"), "{answer}");
    };
    let known = served.get("/api/v1/recommendations?market=DE&shopper=s0&n=2");
    assert_eq!(known["answered_by"], "market", "{known}");
    assert!(step(&known, "history")["why"]["en"].as_str().unwrap().contains("the same for everybody"), "{known}");
    for path in ["similar?product=p7&market=DE&n=2", "next?products=p7&market=DE&n=2"] {
        let answer = served.get(&format!("/api/v1/recommendations/{path}"));
        is_near(&answer);
        assert_eq!(step(&answer, "bought_together")["answered"], false, "{answer}");
        assert!(!products(&answer).contains(&"p7".to_owned()), "{answer}");
    }
    // A click changes half of the next list; what sells is the rest.
    let first = served.get("/api/v1/recommendations?market=DE&session=visit-1&n=4");
    assert_eq!(first["answered_by"], "market", "{first}");
    let click = json!({"exposure_id": first["exposure_id"], "product_id": "p7", "action": "click"});
    served.post("/api/v1/feedback", &click);
    let then = served.get("/api/v1/recommendations?market=DE&session=visit-1&n=4&explain=true");
    is_near(&then);
    assert_ne!(products(&then), products(&first), "{then}");
    assert_eq!(
        (step(&then, "session")["answered"].as_bool(), step(&then, "market")["answered"].as_bool()),
        (Some(false), Some(true))
    );
    assert!(!then["items"][0]["reasons"].as_array().unwrap().is_empty(), "{then}");
}
