//! The same limits for every question, and what a shop writes in the very next answer.

use crate::recommend::shop;
use crate::served::Served;
use serde_json::{Value, json};

fn ids(answer: &Value, key: &str) -> Vec<String> {
    let items = answer[key].as_array().unwrap_or_else(|| panic!("{answer}"));
    items.iter().map(|item| item["product_id"].as_str().unwrap().to_lowercase()).collect()
}

/// What a search finds, once the index is made that a start makes beside answering.
fn search(served: &Served, query: &str) -> Value {
    for _ in 0..600 {
        let reply = served.ask("GET", &format!("/api/v1/products?{query}"), None);
        if reply.status != 503 {
            assert_eq!(reply.status, 200, "{}", reply.text());
            return reply.json();
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("the index is never made");
}

#[test]
fn price_stock_and_category_hold_for_every_question() {
    let shop = shop(&["run"]);
    let served = Served::start(&shop);
    let write = |path: &str, body: Value| {
        let reply = served.ask("PUT", path, Some(&body));
        assert_eq!(reply.status, 200, "{}", reply.text());
    };
    let has = |answer: &Value, product: &str| ids(answer, "items").contains(&product.to_owned());
    let all = |limits: &str| -> Vec<(&str, Value)> {
        let get = |path: &str| served.get(&format!("/api/v1/recommendations{path}&market=DE{limits}"));
        vec![
            ("for you", get("?shopper=d1&n=20")),
            ("similar", get("/similar?product=kettle&n=20")),
            ("next", get("/next?products=kettle&n=20")),
            ("trending", get("/trending?n=20")),
        ]
    };
    let rerank = |limits: Value| {
        let mut asked = json!({"market": "DE", "candidates": ["filter", "plate", "pot"]});
        limits.as_object().unwrap().iter().for_each(|(k, v)| asked[k] = v.clone());
        served.post("/api/v1/recommendations/rerank", &asked)
    };
    assert!(all("").iter().all(|(_, answer)| has(answer, "filter")));
    // Everything costs ten pounds.
    for (name, answer) in all("&max_price=9.99") {
        assert_eq!(ids(&answer, "items"), Vec::<String>::new(), "{name}");
    }
    assert!(ids(&rerank(json!({"max_price": 9.99})), "items").is_empty());
    // A price that was written counts and is shown at once, in its own currency.
    write(
        "/api/v1/prices",
        json!({"prices": [{"product_id": "filter", "market": "DE", "price": "5.25", "currency": "EUR"}]}),
    );
    for (name, answer) in all("&max_price=9.99") {
        assert_eq!(ids(&answer, "items"), ["filter"], "{name}");
        let price = &answer["items"][0]["price"];
        assert_eq!((&price["minor"], &price["currency"]), (&525.into(), &"EUR".into()), "{name}: {answer}");
    }
    assert_eq!(ids(&rerank(json!({"max_price": 9.99})), "items"), ["filter"]);
    let found = search(&served, "q=filter&market=DE");
    assert_eq!(found["products"][0]["price"]["decimal"], "5.25", "{found}");
    // Nobody counted filters: with in_stock they are left out until somebody does; with none left they are gone.
    for (name, answer) in all("&in_stock=true") {
        assert!(!has(&answer, "filter"), "{name}: {answer}");
    }
    write("/api/v1/stock", json!({"levels": [{"product_id": "filter", "location": "DE", "quantity": 3}]}));
    for (name, answer) in all("&in_stock=true") {
        assert!(has(&answer, "filter"), "{name}: {answer}");
    }
    write("/api/v1/stock", json!({"levels": [{"product_id": "filter", "location": "DE", "quantity": 0}]}));
    for (name, answer) in all("") {
        assert!(!has(&answer, "filter"), "{name}: {answer}");
    }
    assert!(!has(&rerank(json!({})), "filter"));
    for (name, answer) in all("&in_stock=false") {
        assert!(has(&answer, "filter"), "{name}: {answer}");
    }
    for (name, answer) in all("&category=Garden") {
        assert_eq!(ids(&answer, "items"), Vec::<String>::new(), "{name}");
    }
    for path in ["?shopper=d1", "/similar?product=kettle", "/next?products=kettle", "/trending?n=3"] {
        let path = format!("/api/v1/recommendations{path}&market=DE&min_price=5&max_price=1");
        assert_eq!(served.ask("GET", &path, None).status, 400, "{path}");
    }
}

#[test]
fn a_product_that_is_written_is_shown_and_found_at_once() {
    let shop = shop(&["run"]);
    let served = Served::start(&shop);
    assert_eq!(served.ask("GET", "/api/v1/products/TEAPOT", None).status, 404);
    let teapot = json!({"name": "A brown betty", "category": "Kitchen > Pots", "brand": "Brown", "language": "en"});
    let written = served.ask("PUT", "/api/v1/products/TEAPOT", Some(&teapot)).json();
    assert_eq!(written["seen"], "now", "{written}");
    let page = served.get("/api/v1/products/teapot");
    assert_eq!(
        (&page["card"]["name"], &page["names"]["en"]),
        (&"A brown betty".into(), &"A brown betty".into()),
        "{page}"
    );
    let found = search(&served, "q=betty");
    assert_eq!(ids(&found, "products"), ["teapot"], "{found}");
    let all = served.get("/api/v1/products?per_page=3&page=3");
    assert_eq!((&all["total"], ids(&all, "products")), (&7.into(), vec!["teapot".to_owned()]), "{all}");
    // A known product is shown as it was written last, wherever it is shown.
    let kettle = json!({"name": "The new kettle"});
    assert_eq!(served.ask("PUT", "/api/v1/products/kettle", Some(&kettle)).status, 200);
    assert_eq!(served.get("/api/v1/products/KETTLE")["card"]["name"], "The new kettle");
}

#[test]
fn feedback_under_a_key_is_taken_once() {
    let shop = shop(&["run"]);
    let served = Served::start(&shop);
    let first = served.get("/api/v1/recommendations?market=GB&session=visit-1&n=3");
    let click = json!({"exposure_id": first["exposure_id"], "product_id": "CUP", "action": "click"}).to_string();
    let send = |body: &str| {
        let headers = format!(
            "Authorization: Bearer {}\r\nContent-Type: application/json\r\nIdempotency-Key: click-1\r\n",
            served.key
        );
        served.send("POST", "/api/v1/feedback", &headers, body.as_bytes()).status
    };
    assert_eq!((send(&click), send(&click)), (204, 204));
    assert_eq!(send(&click.replace("CUP", "POT")), 422, "another click under the same name");
    // In the next answer at once.
    let next = served.get("/api/v1/recommendations?market=GB&session=visit-1&n=3");
    assert_eq!(next["answered_by"], "session", "{next}");
    assert_eq!(served.stop(), 0);
    let day = std::fs::read_dir(shop.root().join("exposures")).unwrap().next().unwrap().unwrap().path();
    let lines = std::fs::read_to_string(day).unwrap();
    assert_eq!(lines.matches("\"action\":\"click\"").count(), 1, "{lines}");
}
