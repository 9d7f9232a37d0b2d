//! `--guess`, `--map`, `--format` and `--encoding` through the front door: what is drafted is fed back.

use crate::support::{Shop, TODAY};
use std::path::Path;

/// Drafts a mapping, saves it as it was printed and ingests the file with it.
fn guess_and_ingest(shop: &Shop, file: &Path, more: &[&str]) -> String {
    let path = file.to_str().unwrap();
    let draft = shop.ok(&[&["ingest", path, "--guess"], more].concat());
    let map = file.with_extension("toml");
    std::fs::write(&map, &draft).unwrap();
    shop.ok(&[&["ingest", path, "--map", map.to_str().unwrap(), "--as-of", TODAY], more].concat());
    draft
}

fn rows(header: &str, row: impl Fn(usize) -> String) -> String {
    format!("{header}\n{}", (0..30).map(|i| row(i) + "\n").collect::<String>())
}

#[test]
fn six_files_in_four_languages_are_guessed_and_ingested() {
    let shop = Shop::with(&["--home", "DE", "--currency", "EUR"]);
    // German orders, with the system that the returns below belong to.
    let orders = shop.file(
        "bestellungen.csv",
        rows("Bestellnummer;Artikelnr;Bezeichnung;Menge;Einzelpreis;Bestelldatum;Kundennr;Land", |i| {
            format!(
                "B{i:03};A{:02};Wasserkocher Modell {};{};{},90;{:02}.10.2025;K{:02};Deutschland",
                i % 6,
                i % 6,
                i % 3 + 1,
                i % 6 + 10,
                i % 28 + 1,
                i % 9
            )
        }),
    );
    let draft = guess_and_ingest(&shop, &orders, &["--system", "erp"]);
    assert!(draft.contains("table = \"order_lines\"") && draft.contains("# sure (1.00): named so"), "{draft}");
    assert_eq!(shop.value("select count(*) from order_lines where settled"), 30);
    // Order 1: 2 of product A01 at 11.90.
    assert_eq!(shop.value("select cast(amount as varchar) from order_lines where order_id = 'B001'"), "23.800000");

    let customers = shop.file(
        "clients.csv",
        rows("N° client,Courriel,Pays,Ville,Inscrit le", |i| {
            format!("K{i:02},client{i}@example.org,{},Ville {},2024-0{}-11", ["FR", "DE"][i % 2], i % 5, i % 9 + 1)
        }),
    );
    let draft = guess_and_ingest(&shop, &customers, &["--system", "erp"]);
    assert!(draft.contains("table = \"customers\""), "{draft}");
    assert_eq!(shop.value("select count(*) from shoppers where country_of_record = 'FR'"), 15);

    let products = shop.file(
        "productos.csv",
        rows("Referencia;Nombre;Categoría;Precio;Coste;Peso (g)", |i| {
            format!("A{i:02};Hervidor eléctrico {i};Cocina;{},90;{},10;{}", i + 10, i + 4, 900 + i)
        }),
    );
    let draft = guess_and_ingest(&shop, &products, &["--currency", "EUR"]);
    assert!(draft.contains("table = \"products\"") && draft.contains("weight_kg = \"Peso (g)\""), "{draft}");
    assert_eq!(shop.value("select weight_kg from products where product_id = 'A05'"), 0.905);

    // In GBK: 商品编码,仓库,可用库存,盘点日期 and 上海仓.
    let mut bytes = b"\xc9\xcc\xc6\xb7\xb1\xe0\xc2\xeb,\xb2\xd6\xbf\xe2,\xbf\xc9\xd3\xc3\xbf\xe2\xb4\xe6,\xc5\xcc\xb5\xe3\xc8\xd5\xc6\xda\n".to_vec();
    for i in 0..30 {
        bytes.extend_from_slice(format!("A{i:02},").as_bytes());
        bytes.extend_from_slice(b"\xc9\xcf\xba\xa3\xb2\xd6");
        bytes.extend_from_slice(format!(",{},2025-11-03\n", i * 3).as_bytes());
    }
    let stock = shop.file("库存.csv", bytes);
    let draft = guess_and_ingest(&shop, &stock, &["--encoding", "gbk"]);
    assert!(draft.contains("table = \"stock\""), "{draft}");
    assert_eq!(shop.value("select warehouse from stock where product_id = 'A02'"), "上海仓");

    let rates = shop.file(
        "kurse.csv",
        rows("Datum;Basiswährung;Zielwährung;Kurs", |i| {
            format!("{:02}.09.2025;EUR;USD;1,{:04}", i % 28 + 1, 1700 + i)
        }),
    );
    let draft = guess_and_ingest(&shop, &rates, &[]);
    assert!(draft.contains("table = \"fx_rates\""), "{draft}");
    assert_eq!(
        shop.value("select cast(rate as varchar) from fx_rates where day = date '2025-09-02'"),
        "1.172900000000"
    );

    let reviews = shop.file(
        "avis.tsv",
        rows("Numéro avis\tRéférence\tNote\tCommentaire\tDate avis", |i| {
            format!(
                "R{i}\tA{:02}\t{}\tTrès bon produit, je recommande le numéro {i}\t2025-11-{:02}",
                i % 6,
                i % 5 + 1,
                i % 28 + 1
            )
        }),
    );
    let draft = guess_and_ingest(&shop, &reviews, &[]);
    assert!(draft.contains("table = \"reviews\""), "{draft}");
    assert_eq!(shop.value("select count(*) from reviews where rating = 5"), 6);

    // What came back takes price, shopper and market from the orders of its system, and its reason along.
    let returns = shop.file(
        "retouren.csv",
        rows("Bestellnummer;Artikelnr;Menge;Retourendatum;Retourengrund", |i| {
            format!("B{i:03};A{:02};1;{:02}.11.2025;{}", i % 6, i % 28 + 1, ["zu klein", "defekt"][i % 2])
        }),
    );
    let draft = guess_and_ingest(&shop, &returns, &["--system", "erp", "--currency", "EUR"]);
    assert!(draft.contains("rows = \"returns\""), "{draft}");
    assert_eq!(
        shop.value("select count(*) from order_lines where kind = 'cancellation' and flags = '' and market = 'DE'"),
        30
    );
    shop.ok(&["run"]);
    // Product A01 is sold in orders 1, 7, 13, 19, 25: 2 units each time, and one of each comes back.
    let back = shop.sql(
        "select reason, n_units, units_sold, rate from marts.return_reasons where product_id = 'A01' and market = 'DE'",
    );
    assert_eq!(back.len(), 1, "{back:?}");
    assert_eq!(
        (&back[0]["reason"], &back[0]["n_units"], &back[0]["units_sold"], &back[0]["rate"]),
        (&"defekt".into(), &5.into(), &10.into(), &0.5.into())
    );
}

#[test]
fn refunds_reverse_revenue_in_every_report() {
    let shop = Shop::new();
    let header = "order_id,product_code,product_name,quantity,unit_price,currency,ordered_at,shopper_key,country,status,reason\n";
    let text = format!(
        "{header}1,A,Kettle,2,10.00,GBP,2025-03-04 10:00:00,7,GB,completed,\n2,CUP1,Cup,1,4.00,GBP,2025-04-04 10:00:00,8,GB,completed,\n1,A,Kettle,-1,10.00,GBP,2025-04-10 10:00:00,7,GB,refunded,too small\n"
    );
    shop.ingest_ok(&shop.file("orders.csv", text));
    shop.ok(&["run"]);
    let text = |query: &str| shop.value(query).to_string().replace('"', "");
    // 20.00 + 4.00 were sold and 10.00 came back, in April.
    assert_eq!(text("select cast(sum(reversed) as varchar) from orders"), "-10.000000");
    assert_eq!(text("select cast(revenue as varchar) from marts.market_summary where market = 'GB'"), "24.000000");
    assert_eq!(text("select cast(returned as varchar) from marts.market_summary where market = 'GB'"), "-10.000000");
    assert_eq!(
        text("select cast(returned as varchar) from marts.market_months where month = date '2025-04-01'"),
        "-10.000000"
    );
    assert_eq!(
        text("select cast(returned as varchar) from marts.shopper_summary where shopper_id = '7'"),
        "-10.000000"
    );
    assert_eq!(
        text("select cast(value as varchar) from marts.return_reasons where reason = 'too small'"),
        "-10.000000"
    );
    assert_eq!(text("select returned_quantity from order_lines where order_id = '1' and kind = 'sale'"), "1");
    assert_eq!(text("select reason from order_lines where kind = 'cancellation'"), "too small");
}

#[test]
fn totals_that_do_not_add_up_are_listed() {
    let shop = Shop::new();
    let header = "Name,Email,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Shipping Country\n";
    let text = format!(
        "{header}#1,a@example.org,paid,GBP,20.00,5.00,4.00,29.00,2025-10-07 09:50:26 +0000,2,Kettle,10.00,K1,GB\n#2,b@example.org,paid,GBP,20.00,0.00,0.00,19.50,2025-10-07 09:50:26 +0000,2,Kettle,10.00,K1,GB\n#3,c@example.org,pending,GBP,10.00,0.00,0.00,10.00,2025-10-07 09:50:26 +0000,1,Kettle,10.00,K1,GB\n"
    );
    shop.ingest_ok(&shop.file("shopify.csv", text));
    let said = shop.ok(&["quality", "--json"]);
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&said["totals"]["stated"], &said["totals"]["tied"]), (&3.into(), &2.into()));
    let open = &said["totals"]["open"][0];
    assert_eq!(
        (&open["order_id"], &open["stated"], &open["lines"]),
        (&"#2".into(), &"19.500000".into(), &"20.000000".into())
    );
    assert_eq!(open["first"], "shopify.csv line 3");
    assert!(shop.ok(&["quality"]).contains("2 of 3 orders with a stated total add up to the cent"));
    // Not paid yet is no sale yet, but it is kept.
    assert_eq!(shop.value("select flags from order_lines where order_id = '#3'"), "pending");
    assert_eq!(shop.value("select count(*) from orders where kind = 'sale'"), 2);
    assert_eq!(shop.value("select touched from rule_counts where rule = 'pending_order'"), 1);
}

#[test]
fn what_is_out_of_stock_is_never_recommended() {
    let shop = Shop::new();
    let mut orders =
        "order_id,product_code,product_name,quantity,unit_price,currency,ordered_at,shopper_key,country\n".to_owned();
    for i in 0..120 {
        for p in [i % 7, (i + 1) % 7, (i * 3 + 2) % 7] {
            orders += &format!(
                "{i},P{p},Product {p},1,{}.00,GBP,2025-{:02}-{:02} 10:00:00,s{},GB\n",
                p + 5,
                i % 12 + 1,
                i % 28 + 1,
                i % 40
            );
        }
    }
    shop.ingest_ok(&shop.file("orders.csv", orders));
    // P1 by a WooCommerce catalogue, P2 by a count, P3 by a catalogue of our own layout.
    let woo = shop.file(
        "woo.csv",
        "ID,Type,SKU,Name,In stock?,Stock,Regular price,Categories\n1,simple,P1,Product 1,0,0,5,Kitchen\n",
    );
    shop.ok(&["ingest", woo.to_str().unwrap(), "--currency", "GBP", "--as-of", TODAY]);
    shop.ingest_ok(&shop.file(
        "stock.csv",
        "product_code,warehouse,market,quantity,as_of\nP2,main,GB,0,2025-12-01\nP4,main,GB,3,2025-12-01\n",
    ));
    shop.ingest_ok(&shop.file("products.csv", "product_code,name,category,price,currency,stock\nP3,Product 3,Kitchen,8.00,GBP,0\nP4,Product 4,Kitchen,9.00,GBP,0\n"));
    assert_eq!(shop.value("select quantity from stock where product_id = 'P1'"), 0);
    shop.ok(&["run"]);
    let offered = shop.sql("select distinct product_id from marts.recommendations order by product_id");
    let offered: Vec<&str> = offered.iter().map(|r| r["product_id"].as_str().unwrap()).collect();
    assert!(offered.contains(&"P4") && offered.contains(&"P0"), "{offered:?}");
    for gone in ["P1", "P2", "P3"] {
        assert!(!offered.contains(&gone), "{gone} is in {offered:?}");
    }
    for shopper in ["s1", "s2", "nobody"] {
        let said = shop.ok(&["recommend", "--shopper", shopper, "--market", "GB", "--again"]);
        let cells: Vec<&str> = said.split('|').map(str::trim).collect();
        assert!(cells.contains(&"P4"), "{said}");
        for gone in ["P1", "P2", "P3"] {
            assert!(!cells.contains(&gone), "{shopper}: {gone} is in {said}");
        }
    }
}
