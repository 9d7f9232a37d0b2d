//! In which language and region answers speak, and into which bucket of an experiment they fall.

use crate::served::Served;
use crate::support::Shop;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Twelve locales with a title of a kettle in each, its market and how 1234.50 of the market's money is written there. Titles
/// of one language differ, so that a wrong region is seen: chaleira or jarro, colour or color.
const LOCALES: [(&str, &str, &str, &str); 12] = [
    ("en-US", "US", "Kettle, color red", "$1,234.50"),
    ("en-GB", "GB", "Kettle, colour red", "£1,234.50"),
    ("de-DE", "DE", "Wasserkocher, rot", "1.234,50\u{a0}€"),
    ("fr-FR", "FR", "Bouilloire rouge", "1\u{202f}234,50\u{a0}€"),
    ("fr-CA", "CA", "Bouilloire rouge (Canada)", "1\u{a0}234,50\u{a0}$"),
    ("es-ES", "ES", "Hervidor rojo", "1234,50\u{a0}€"),
    ("es-MX", "MX", "Tetera eléctrica roja", "$1,234.50"),
    ("pt-BR", "BR", "Chaleira vermelha", "R$\u{a0}1.234,50"),
    ("pt-PT", "PT", "Jarro elétrico vermelho", "1234,50\u{a0}€"),
    ("zh-Hans", "CN", "红色电水壶", "¥1,234.50"),
    ("zh-Hant", "TW", "紅色電水壺", "$1,234.50"),
    ("ja", "JP", "赤い電気ケトル", "￥1,234"),
];

/// Units of each market's currency for a euro: all the same, so that a price is the same number everywhere.
const CURRENCIES: [&str; 9] = ["USD", "GBP", "CAD", "MXN", "BRL", "CNY", "TWD", "JPY", "SGD"];

/// A shop with four products: one with a column a locale, one with a row a locale, and two for the models.
fn shop() -> Shop {
    let shop = crate::networks::shop("\"popularity\"");
    let columns: Vec<String> = LOCALES.iter().map(|(tag, ..)| format!("name_{tag}")).collect();
    let titles: Vec<String> = LOCALES.iter().map(|(.., title, _)| format!("\"{title}\"")).collect();
    let wide = format!(
        "product_id,{},category,price,currency\nKETTLE,{},Kitchen,1234.50,EUR\n",
        columns.join(","),
        titles.join(",")
    );
    shop.ingest_ok(&shop.file("wide.csv", wide));
    let mut long = "product_id,name,language,category,price,currency\n".to_owned();
    for (tag, _, title, _) in LOCALES {
        long.push_str(&format!("POT,\"{title} II\",{tag},Kitchen,1234.50,EUR\n"));
    }
    shop.ingest_ok(&shop.file("long.csv", long));
    let mut rates = "day,base,quote,rate\n".to_owned();
    for currency in CURRENCIES {
        rates.push_str(&format!("2025-06-02,EUR,{currency},1\n"));
    }
    shop.ingest_ok(&shop.file("fx_rates.csv", rates));
    shop.ok(&["run", "--allow-failed-gates"]);
    shop
}

/// The cards or items of an answer about one product.
fn of<'a>(answer: &'a Value, product: &str) -> Vec<&'a Value> {
    let list = answer["items"].as_array().or_else(|| answer["products"].as_array());
    let list = list.unwrap_or_else(|| panic!("{answer}"));
    list.iter().filter(|item| item["product_id"].as_str().is_some_and(|id| id.eq_ignore_ascii_case(product))).collect()
}

/// Waits until products can be searched: the index is made once the server has begun to answer.
fn has_index(served: &Served) {
    let is_made = || served.ask("GET", "/api/v1/products?q=kettle", None).status == 200;
    for _ in 0..600 {
        if is_made() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("the index of products is never made");
}

/// Asks with a header of languages.
fn get_in(served: &Served, path: &str, languages: &str) -> Value {
    let headers = format!("Authorization: Bearer {}\r\nAccept-Language: {languages}\r\n", served.key);
    let reply = served.send("GET", path, &headers, b"");
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.json()
}

#[test]
fn every_answer_speaks_the_language_and_region_that_was_asked_for() {
    let shop = shop();
    let served = Served::start(&shop);
    has_index(&served);
    let (mut n, mut wrong) = (0, Vec::new());
    for (tag, market, title, price) in LOCALES {
        let region = format!("locale={tag}&market={market}");
        let mut answers: Vec<(String, Value)> = [
            format!("/api/v1/recommendations?{region}&n=100"),
            format!("/api/v1/recommendations/similar?product=p0&{region}&n=100"),
            format!("/api/v1/recommendations/next?products=p0&{region}&n=100"),
            format!("/api/v1/recommendations/trending?{region}&n=100"),
            format!("/api/v1/products?locale={tag}&per_page=100"),
            format!("/api/v1/products?locale={tag}&q=kettle"),
            format!("/api/v1/products/KETTLE/similar?locale={tag}"),
        ]
        .into_iter()
        .map(|path| (path.clone(), served.get(&path)))
        .collect();
        let order = json!({"market": market, "locale": tag, "candidates": ["KETTLE", "POT", "p0"]});
        answers.push(("rerank".to_owned(), served.post("/api/v1/recommendations/rerank", &order)));
        let by_header =
            get_in(&served, &format!("/api/v1/recommendations?market={market}&n=100"), &format!("{tag}, en;q=0.1"));
        assert_eq!(by_header["locale"]["from"], "accept_language");
        answers.push(("Accept-Language".to_owned(), by_header));
        for (path, answer) in &answers {
            assert_eq!(answer["locale"]["used"], tag, "{path}: {answer}");
            for (product, title) in [("KETTLE", title.to_owned()), ("POT", format!("{title} II"))] {
                let found = of(answer, product);
                assert!(found.len() <= 1, "{path}: {product} is listed twice: {answer}");
                for item in found {
                    n += 1;
                    if item["name"] != title.as_str() || item["name_fit"] != "asked" || item["name_locale"] != tag {
                        wrong.push(format!("{path}: {item}"));
                    }
                }
            }
        }
        let item = of(&answers[0].1, "KETTLE")[0];
        assert_eq!((&item["price_text"], &item["name_locale"]), (&price.into(), &tag.into()), "{item}");
        assert_eq!(item["price_rate_day"].is_null(), matches!(market, "DE" | "FR" | "ES" | "PT"), "{item}");
    }
    assert!(wrong.is_empty(), "{} of {n} titles are wrong: {wrong:#?}", wrong.len());
    assert!(n > 150, "{n} titles were looked at");
}

#[test]
fn what_is_not_there_falls_back_as_the_answer_says_and_what_is_no_locale_is_refused() {
    let shop = shop();
    let served = Served::start(&shop);
    let name = |query: &str| {
        let answer = served.get(&format!("/api/v1/recommendations?n=100&{query}"));
        let item = of(&answer, "KETTLE")[0].clone();
        [item["name"].clone(), item["name_fit"].clone(), item["price_text"].clone()]
    };
    // Austria writes as Germany, Angola as Portugal; Hong Kong gets Taiwan's words in its own letters, and is told so.
    assert_eq!(name("market=AT&locale=de-AT"), ["Wasserkocher, rot", "asked", "€\u{a0}1.234,50"].map(Value::from));
    assert_eq!(name("market=PT&locale=pt-AO")[..2], ["Jarro elétrico vermelho", "asked"].map(Value::from));
    assert_eq!(name("market=DE&locale=zh-HK")[..2], ["紅色電水壺", "language"].map(Value::from));
    assert_eq!(name("market=SG&locale=zh-SG")[..2], ["红色电水壶", "asked"].map(Value::from));
    // Nobody reads Korean here: the market's language, and the reader's way to write a price.
    assert_eq!(name("market=DE&locale=ko"), ["Wasserkocher, rot", "market", "€1,234.50"].map(Value::from));
    assert_eq!(name("market=TW")[..2], ["紅色電水壺", "market"].map(Value::from), "what Taiwan reads");
    // A product without translations is called what the catalogue calls it.
    let plain = served.get("/api/v1/recommendations?market=DE&locale=pt-BR&n=100");
    assert_eq!(of(&plain, "p0")[0]["name_fit"], "catalogue");
    assert_eq!(plain["locale"]["chain"], json!(["pt-BR", "pt", "de-DE", "de", "catalogue"]));
    for (path, at) in [
        ("/api/v1/recommendations?market=DE&locale=xx-YY", "locale"),
        ("/api/v1/recommendations?market=DE&locale=deutsch", "locale"),
        ("/api/v1/recommendations/similar?product=p0&locale=pt-ZZ", "locale"),
        ("/api/v1/products?q=a&locale=german", "locale"),
    ] {
        let reply = served.ask("GET", path, None);
        assert_eq!(
            (reply.status, reply.json()["errors"][0]["at"].as_str()),
            (400, Some(at)),
            "{path}: {}",
            reply.text()
        );
        assert!(reply.json()["detail"].as_str().unwrap().contains("is no locale"), "{}", reply.text());
    }
    let headers = format!("Authorization: Bearer {}\r\nAccept-Language: xx-YY\r\n", served.key);
    let reply = served.send("GET", "/api/v1/recommendations?market=DE", &headers, b"");
    assert_eq!((reply.status, reply.json()["errors"][0]["at"].as_str()), (400, Some("Accept-Language")));
    let anything = get_in(&served, "/api/v1/recommendations?market=DE", "*");
    assert_eq!(anything["locale"]["used"], "de-DE");
}

#[test]
fn a_title_that_a_shop_sends_in_one_locale_leaves_the_others_alone() {
    let shop = shop();
    let served = Served::start(&shop);
    let put = |language: &str, name: &str| {
        let sent = json!({"name": name, "language": language});
        let reply = served.ask("PUT", "/api/v1/products/KETTLE", Some(&sent));
        assert_eq!(reply.status, 200, "{}", reply.text());
    };
    put("pt-BR", "Chaleira nova");
    put("pt-PT", "Jarro novo");
    let name = |locale: &str| {
        let card = served.get(&format!("/api/v1/products/KETTLE?locale={locale}"))["card"].clone();
        card["name"].as_str().unwrap().to_owned()
    };
    assert_eq!((name("pt-BR"), name("pt-PT")), ("Chaleira nova".to_owned(), "Jarro novo".to_owned()));
    assert_eq!(name("de"), "Wasserkocher, rot");
    let sent = json!({"name": "x", "language": "klingon"});
    assert_eq!(served.ask("PUT", "/api/v1/products/KETTLE", Some(&sent)).status, 400);
    // The lake keeps both, in one row, after a run.
    let run = served.post("/api/v1/runs?allow_failed_gates=true", &Value::Null);
    served.until(&format!("/api/v1/runs/{}", run["id"].as_str().unwrap()), |run| run["status"] != "running");
    assert_eq!((name("pt-BR"), name("pt-PT")), ("Chaleira nova".to_owned(), "Jarro novo".to_owned()));
    assert_eq!((name("de"), name("ja")), ("Wasserkocher, rot".to_owned(), "赤い電気ケトル".to_owned()));
    assert_eq!(shop.value("select count(*) from clean.products where product_id = 'KETTLE'"), 1);
}

#[test]
fn every_answer_has_a_bucket_and_is_in_the_list_of_what_was_shown() {
    let shop = shop();
    let served = Served::start(&shop);
    has_index(&served);
    let ask = |who: &str| -> Vec<Value> {
        let mut answers: Vec<Value> = [
            "recommendations?market=DE&n=3",
            "recommendations/similar?product=p0&market=DE&n=3",
            "recommendations/next?products=p0&market=DE&n=3",
            "recommendations/trending?market=DE&n=3",
            "products?q=kettle",
            "products?per_page=3",
            "products/KETTLE/similar?",
        ]
        .iter()
        .map(|path| served.get(&format!("/api/v1/{path}&{who}").replace("?&", "?")))
        .collect();
        let (name, value) = who.split_once('=').unwrap_or(("", ""));
        let mut order = json!({"market": "DE", "candidates": ["p0", "p1"]});
        if !name.is_empty() {
            order[name] = value.into();
        }
        answers.push(served.post("/api/v1/recommendations/rerank", &order));
        answers
    };
    let buckets =
        |answers: &[Value]| -> BTreeSet<u64> { answers.iter().map(|a| a["bucket"].as_u64().unwrap()).collect() };
    let (anna, again, visit) = (ask("shopper=anna"), ask("shopper=anna"), ask("session=visit-1"));
    assert_eq!(buckets(&anna).len(), 1, "one shopper is in one bucket, whatever is asked");
    assert_eq!(buckets(&anna), buckets(&again));
    assert!(anna.iter().all(|a| a["bucket_of"] == "shopper") && visit.iter().all(|a| a["bucket_of"] == "session"));
    assert_eq!(buckets(&visit).len(), 1);
    // Nobody in particular: each answer is dealt by its own name.
    let nobody: Vec<Value> = ask("").into_iter().chain(ask("")).collect();
    assert!(nobody.iter().all(|a| a["bucket_of"] == "answer"));
    assert!(buckets(&nobody).len() > 8, "16 answers in 1,000 buckets: {:?}", buckets(&nobody));
    // Who does not allow it is not told apart, by any kind of answer.
    let no = json!({"purpose": "personalisation", "state": "denied"});
    assert_eq!(served.ask("PUT", "/api/v1/persons/anna/consents", Some(&no)).status, 200);
    let denied = ask("shopper=anna");
    assert!(denied.iter().all(|a| a["bucket_of"] == "answer"), "{denied:?}");
    let all: Vec<Value> = anna.into_iter().chain(again).chain(visit).chain(nobody).chain(denied).collect();
    assert_eq!(served.stop(), 0);
    let day = std::fs::read_dir(shop.root().join("exposures")).unwrap().next().unwrap().unwrap().path();
    let lines: Vec<Value> =
        std::fs::read_to_string(day).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for answer in &all {
        let line = lines
            .iter()
            .find(|line| line["exposure_id"] == answer["exposure_id"])
            .unwrap_or_else(|| panic!("{answer}"));
        assert_eq!((&line["bucket"], &line["bucket_of"]), (&answer["bucket"], &answer["bucket_of"]));
        let shown = answer["items"].as_array().or_else(|| answer["products"].as_array()).unwrap();
        assert_eq!(line["products"].as_array().unwrap().len(), shown.len());
    }
    let kinds: BTreeSet<&str> = lines.iter().filter_map(|line| line["kind"].as_str()).collect();
    let want = ["alike", "catalogue", "for_you", "next", "rerank", "search", "similar", "trending"];
    assert_eq!(kinds, BTreeSet::from(want));
    let named = lines.iter().filter(|line| line["shopper"] == "anna").count();
    assert_eq!(named, 16, "of who refused, what was shown is kept and not to whom");
}
