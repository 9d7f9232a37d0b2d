//! What is tracked over HTTP, to its end: an order in the lake and in what is offered and planned; a cart that a restart does
//! not lose; an event that the next answer knows; a link that is taken back.

use crate::served::Served;
use crate::support::Shop;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// What an event may take until an answer knows it.
const AT_ONCE: Duration = Duration::from_secs(1);

fn products(answer: &Value) -> Vec<String> {
    let items = answer["items"].as_array().unwrap_or_else(|| panic!("{answer}"));
    items.iter().map(|item| item["product_id"].as_str().unwrap().to_lowercase()).collect()
}

fn track(served: &Served, call: &Value) {
    let reply = served.ask("POST", "/v1/track", Some(call));
    assert_eq!((reply.status, &reply.json()["accepted"]), (200, &1.into()), "{}", reply.text());
}

/// An order of today by a shopper of the site.
fn order(message: &str, name: &str, number: &str, products: &Value) -> Value {
    json!({"messageId": message, "event": name, "userId": "site-7", "anonymousId": "browser-7",
        "context": {"page": {"url": "https://shop.example/thanks"}, "location": {"country": "DE"}},
        "properties": {"order_id": number, "currency": "GBP", "shipping": 3.5, "products": products}})
}

/// Starts a run over HTTP and waits for its end.
fn run(served: &Served) -> Value {
    let id = served.post("/api/v1/runs", &Value::Null)["id"].as_str().unwrap().to_owned();
    let run = served.until_for(&format!("/api/v1/runs/{id}"), 240, |run| run["status"] != "running");
    assert_eq!(run["status"], "done", "{run}");
    run
}

fn orders(shop: &Shop) -> Vec<(String, String, String)> {
    let text = |row: &Value, key: &str| row[key].as_str().map_or_else(|| row[key].to_string(), str::to_owned);
    shop.sql("select order_key, kind, gross from clean.orders where order_id like '%900%' order by order_key")
        .iter()
        .map(|row| (text(row, "order_key"), text(row, "kind"), text(row, "gross")))
        .collect()
}

#[test]
fn a_tracked_order_is_in_the_lake_in_the_plan_and_no_longer_offered_and_a_file_of_it_counts_once() {
    let shop = crate::recommend::shop(&["run"]);
    let served = Served::start(&shop);
    let sales = |served: &Served| served.get("/api/v1/markets/DE/plan")["plan"].to_string();
    let before = sales(&served);
    let n_before = shop.value("select count(*) from clean.orders");
    let goods = json!([{"product_id": "kettle", "price": 10, "quantity": 2}, {"sku": "plate", "price": 4}]);
    track(&served, &order("o-1", "Completed Order", "9001", &goods));
    track(&served, &order("o-2", "Order Completed", "9002", &goods));
    track(&served, &order("o-3", "Order Cancelled", "9002", &json!([])));
    // It cannot be an order: it is put aside with its reason, and nothing else is held up by it.
    track(&served, &order("o-4", "Order Completed", "9003", &json!([{"product_id": "cup"}])));
    run(&served);
    assert_eq!(
        orders(&shop),
        [
            ("segment:9001|site-7".to_owned(), "sale".to_owned(), "24.0".to_owned()),
            ("segment:9002|site-7".to_owned(), "adjustment".to_owned(), "0.0".to_owned())
        ]
    );
    let aside = shop.sql("select rule, \"column\", expected from rejects.rows where table_name = 'order_lines'");
    assert_eq!((aside.len(), &aside[0]["column"]), (1, &"unit_price".into()), "{aside:?}");
    let line = shop.sql("select market, currency, channel, source from clean.order_lines where order_id = '9001'");
    assert_eq!(line.len(), 3, "two products and shipping: {line:?}");
    assert_eq!(
        (&line[0]["market"], &line[0]["currency"], &line[0]["channel"]),
        (&"DE".into(), &"GBP".into(), &"site".into())
    );
    let named = shop.value("select s.name from raw.sources s join clean.order_lines l on l.source = s.source where l.order_id = '9001' limit 1");
    assert!(named.as_str().unwrap().starts_with("journal-"), "{named}");
    // What was bought is not offered again, and the plan's figures are of one more order.
    let offered = served.until("/api/v1/recommendations?market=DE&shopper=site-7&n=20", |answer| {
        !products(answer).contains(&"kettle".to_owned())
    });
    assert!(!products(&offered).contains(&"plate".to_owned()), "{offered}");
    let stranger = served.get("/api/v1/recommendations?market=DE&session=nobody&n=20");
    assert!(products(&stranger).contains(&"kettle".to_owned()), "{stranger}");
    assert_ne!(sales(&served), before, "the plan knows the order");
    let count = |value: &Value| value.as_str().map_or_else(|| value.as_i64().unwrap(), |t| t.parse().unwrap());
    assert_eq!(count(&shop.value("select count(*) from clean.orders")), count(&n_before) + 2);
    assert_eq!(served.stop(), 0);
    // The shop's own export, which knows a discount and the rest: it wins, and the order is there once.
    let today = shop.value("select cast(max(day) as varchar) from clean.orders");
    let file = format!(
        "order_id,product_id,product_name,quantity,unit_price,currency,ordered_at,shopper_key,country\n\
         #9001,kettle,A KETTLE,2,9.00,GBP,{0} 10:00:00,d77,DE\n#9001,plate,A PLATE,1,4.00,GBP,{0} 10:00:00,d77,DE\n",
        today.as_str().unwrap()
    );
    shop.ok(&["ingest", shop.file("later.csv", file).to_str().unwrap()]);
    let of_9001 = |row: &(String, String, String)| row.0.contains("9001");
    let found: Vec<_> = orders(&shop).into_iter().filter(of_9001).collect();
    assert_eq!(found, [("canonical:#9001|d77".to_owned(), "sale".to_owned(), "22.0".to_owned())]);
    let merged = shop.sql("select kept, reason from clean.merges where kind = 'tracked_order_repeat'");
    assert_eq!((merged.len(), &merged[0]["kept"]), (1, &"canonical:#9001".into()), "{merged:?}");
}

#[test]
fn an_event_changes_the_next_answer_within_a_second() {
    let shop = crate::recommend::shop(&["run"]);
    let served = Served::start(&shop);
    let path = "/api/v1/recommendations?market=GB&session=visit-9&n=3";
    let before = served.get(path);
    assert_eq!(before["answered_by"], "market", "{before}");
    let viewed = json!({"event": "Product Viewed", "anonymousId": "visit-9", "properties": {"product_id": "CUP"}});
    let began = Instant::now();
    track(&served, &viewed);
    let after = loop {
        let answer = served.get(path);
        if answer["answered_by"] == "session" {
            break answer;
        }
        assert!(began.elapsed() < AT_ONCE, "{:?} after the event: {answer}", began.elapsed());
    };
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
    assert_ne!(products(&after), products(&before));
    // And an order is bought at once, before any run.
    let began = Instant::now();
    track(&served, &order("now", "purchase", "9100", &json!([{"product_id": "pot", "price": 10}])));
    while products(&served.get("/api/v1/recommendations?market=GB&shopper=site-7&n=20")).contains(&"pot".to_owned()) {
        assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
    }
}

fn carts(served: &Served) -> Value {
    served.get("/api/v1/live/carts")
}

/// Kills the server, and starts it again.
fn restarted(mut served: Served, shop: &Shop) -> Served {
    served.kill();
    Served::start(shop)
}

#[test]
#[expect(clippy::disallowed_methods, reason = "sessions are told by how long ago an event was")]
fn carts_sessions_and_who_is_who_survive_kills_before_and_after_their_events_went_into_the_lake() {
    let shop = Shop::new();
    shop.ingest_ok(&shop.file("orders.csv", crate::support::RETAIL));
    let served = Served::start(&shop);
    let put = |who: &str, name: &str, product: &str| {
        json!({"event": name, "anonymousId": who, "messageId": format!("{who} {name} {product}"),
            "properties": {"product_id": product, "price": 5, "quantity": 2, "currency": "GBP"}})
    };
    let ago = |hours: i64, mut call: Value| {
        let at = chrono::Utc::now() - chrono::TimeDelta::hours(hours);
        call["timestamp"] = at.to_rfc3339().into();
        call
    };
    track(&served, &put("one", "Product Added", "kettle"));
    track(&served, &ago(3, put("two", "Product Added", "cup")));
    track(&served, &ago(2, put("two", "Product Added to Wishlist", "pot")));
    let login = json!({"type": "identify", "anonymousId": "one", "userId": "anna"});
    assert_eq!(served.ask("POST", "/v1/identify", Some(&login)).status, 200);
    let (before, visitor) = (carts(&served), served.get("/api/v1/live/visitors/anna"));
    assert_eq!(before["total"], 2, "{before}");
    let state = |table: &Value, who: &str| -> Value {
        let rows = table["rows"].as_array().unwrap();
        rows.iter().find(|row| row[1] == who).map_or(Value::Null, |row| row[2].clone())
    };
    assert_eq!((state(&before, "anna"), state(&before, "two")), ("open".into(), "abandoned".into()), "{before}");
    // From the log alone.
    let served = restarted(served, &shop);
    assert_eq!((carts(&served), served.get("/api/v1/live/visitors/anna")), (before.clone(), visitor.clone()));
    // A run brings everything over: from the lake alone, and then from both.
    run(&served);
    assert_eq!(shop.value("select count(*) from clean.events where name = 'Product Added'"), 2);
    let served = restarted(served, &shop);
    assert_eq!((carts(&served), served.get("/api/v1/live/visitors/anna")), (before, visitor));
    track(&served, &put("one", "Product Added", "lamp"));
    let both = carts(&served);
    let served = restarted(served, &shop);
    assert_eq!(carts(&served), both);
    assert!(both.to_string().contains("kettle × 2, lamp × 2"), "{both}");
}

#[test]
fn a_link_that_was_taken_back_gives_the_visitor_what_was_done_before_it_for_good() {
    let shop = Shop::new();
    shop.ingest_ok(&shop.file("orders.csv", crate::support::RETAIL));
    let served = Served::start(&shop);
    let added = json!({"event": "Product Added", "anonymousId": "tablet", "properties": {"product_id": "kettle"}});
    track(&served, &added);
    let login = json!({"type": "identify", "anonymousId": "tablet", "userId": "anna"});
    assert_eq!(served.ask("POST", "/v1/identify", Some(&login)).status, 200);
    let anna = served.get("/api/v1/live/visitors/anna");
    assert_eq!((&anna["ids"], anna["cart"].as_array().map(Vec::len)), (&json!(["anna", "tablet"]), Some(1)), "{anna}");
    let link = &anna["links"][0];
    assert_eq!((&link["visitor"], &link["shopper"], &link["undone"]), (&"tablet".into(), &"anna".into(), &Value::Null));
    let path = format!("/api/v1/live/visitors/tablet/links/{}", link["link"].as_str().unwrap());
    // Not for a key that may only ask, and not what there is not.
    let reader: Value =
        serde_json::from_str(&shop.ok(&["keys", "create", "reader", "--kind", "read", "--json"])).unwrap();
    let bearer = format!("Authorization: Bearer {}\r\n", reader["secret"].as_str().unwrap());
    assert_eq!(served.send("DELETE", &path, &bearer, b"").status, 403);
    assert_eq!(served.ask("DELETE", "/api/v1/live/visitors/tablet/links/00ff", None).status, 404);
    assert_eq!(served.ask("DELETE", "/api/v1/live/visitors/tablet/links/kettle", None).status, 400);
    let undone = served.ask("DELETE", &path, None);
    assert_eq!(undone.status, 200, "{}", undone.text());
    assert!(undone.json()["undone"].is_string());
    let of = |served: &Served, who: &str| served.get(&format!("/api/v1/live/visitors/{who}"));
    let is_apart = |served: &Served| {
        let tablet = of(served, "tablet");
        assert_eq!((&tablet["id"], tablet["cart"].as_array().map(Vec::len)), (&"tablet".into(), Some(1)), "{tablet}");
        let anna = of(served, "anna");
        assert_eq!((&anna["cart"], &anna["ids"]), (&json!([]), &json!(["anna"])), "{anna}");
        assert!(anna["links"][0]["undone"].is_string(), "{anna}");
        assert!(tablet["links"][0]["undone"].is_string(), "{tablet}");
    };
    is_apart(&served);
    let audit = served.get("/api/v1/audit").to_string();
    assert!(audit.contains("link.undone") && !audit.contains("tablet"), "{audit}");
    let served = restarted(served, &shop);
    is_apart(&served);
    // In the lake with the next run: the visitor of before is nobody.
    run(&served);
    let whose = "select coalesce(shopper_id, '-') as s from clean.events where name = 'Product Added'";
    assert_eq!(shop.value(whose), "-");
    let served = restarted(served, &shop);
    is_apart(&served);
}

/// Anna comes by the site and by the app, Ben by the site alone, somebody unknown by the app alone: three visitors, not four.
#[test]
fn site_and_app_are_one_view_and_carts_of_all_time_are_a_table() {
    let shop = crate::recommend::shop(&["run"]);
    let line = |kind: &str, who: &Value, at: &str, more: &Value| {
        let mut call = json!({"type": kind, "messageId": format!("{kind} {who} {at}"), "timestamp": format!("2025-12-20T{at}:00Z"),
            "context": {"location": {"country": "DE"}}});
        for part in [who, more] {
            call.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
        }
        call.to_string()
    };
    let page = json!({"properties": {"url": "https://shop.example/"}});
    let added = |product: &str, quantity: i64| json!({"event": "Product Added", "properties": {"product_id": product, "quantity": quantity, "price": 10, "currency": "GBP"}});
    let (browser, phone) = (json!({"anonymousId": "browser-1"}), json!({"anonymousId": "phone-1"}));
    let (ben, nobody) = (json!({"anonymousId": "browser-2", "userId": "ben"}), json!({"anonymousId": "phone-2"}));
    let login = |visitor: &str| json!({"anonymousId": visitor, "userId": "anna"});
    let events = [
        line("page", &browser, "10:00", &page),
        line("identify", &login("browser-1"), "10:01", &json!({})),
        line("screen", &phone, "11:00", &json!({"name": "Home"})),
        line("identify", &login("phone-1"), "11:01", &json!({})),
        line("track", &phone, "11:02", &added("kettle", 2)),
        line("page", &ben, "12:00", &page),
        line("screen", &nobody, "13:00", &json!({"name": "Home"})),
        line("track", &nobody, "13:30", &added("cup", 1)),
    ];
    shop.ingest_ok(&shop.file("events.jsonl", events.join("\n")));
    shop.ok(&["run"]);
    let said = |what: &[&str]| -> Value {
        serde_json::from_str(&shop.ok(&[&["shoppers"], what, &["--json"]].concat())).unwrap()
    };
    let row = json!({"site": 2, "app": 2, "both": 1, "visitors": 3, "known": 2});
    for (i, market) in ["DE", "all"].into_iter().enumerate() {
        let mut expected = row.clone();
        expected["market"] = market.into();
        assert_eq!(said(&["channels"])[i], expected);
    }
    assert!(shop.ok(&["shoppers", "channels"]).contains("together"));
    // Judged at the newest event, 13:30: what was touched at 11:02 is abandoned, what was touched then is not.
    let carts = said(&["carts"]);
    let of = |i: usize, key: &str| carts[i][key].clone();
    assert_eq!(
        (of(0, "state"), of(0, "products"), of(0, "units")),
        ("abandoned".into(), "KETTLE × 2".into(), 2.into()),
        "{carts}"
    );
    assert_eq!(
        (of(0, "known"), of(0, "value"), of(0, "currency")),
        (true.into(), "20.000000".into(), "GBP".into()),
        "{carts}"
    );
    assert_eq!(
        (of(1, "state"), of(1, "owner"), of(1, "known")),
        ("open".into(), "phone-2".into(), false.into()),
        "{carts}"
    );
    assert_eq!(said(&["carts", "--state", "abandoned"]).as_array().map(Vec::len), Some(1));
    assert!(shop.ok(&["shoppers", "carts"]).contains("20 GBP"));
    // Who left a cart is a segment: Anna, by the rule as it is typed, by its members after a run, and by its reason.
    let size = |rule: &str| crate::support::json(&shop, &["segments", "size", rule]);
    let last = shop.value("select cast(max(day) as varchar) from clean.order_lines where settled");
    let days = shop.value("select cast(cast((select max(day) from clean.order_lines where settled) as integer) - cast(date '2025-12-20' as integer) as bigint)");
    assert_eq!(size("cart_abandoned")["shoppers"], 1, "{}", size("cart_abandoned"));
    // The cutoff is the day after the last sale; the window reaches so many days before it.
    let reach = days.as_i64().unwrap() + 1;
    if reach > 1 {
        assert_eq!(size(&format!("cart_abandoned({reach}d)"))["shoppers"], 1, "{last}");
        assert_eq!(size(&format!("cart_abandoned({}d)", reach - 1))["shoppers"], 0, "{last}");
    } else {
        assert_eq!(size("cart_abandoned(1d)")["shoppers"], 1, "{last}");
    }
    shop.ok(&["segments", "add", "left", "cart_abandoned and not bought(product \"kettle\")"]);
    shop.ok(&["run"]);
    let members = shop.sql("select m.shopper_id from marts.segment_members m where m.segment = 'left'");
    assert_eq!(members.len(), 1, "{members:?}");
    let anna = members[0]["shopper_id"].as_str().unwrap();
    assert!(shop.ok(&["segments", "explain", "left", anna]).contains("cart_abandoned is yes"));
}
