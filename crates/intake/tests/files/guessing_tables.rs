//! Drafts for every kind of table, in several languages: what is drafted reads the file when it is fed
//! back, and each invented file becomes the table that a person would say it is.

use crate::support::{Collected, options, read_with};
use intake::{Draft, Mapping, draft_mapping};
use std::io::{Cursor, Read, Write};

fn drafted(bytes: &[u8], name: &str) -> Draft {
    let owned = bytes.to_vec();
    let open = move || Ok(Box::new(Cursor::new(owned.clone())) as Box<dyn Read + Send>);
    draft_mapping(&open, name, &options()).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// Drafts, feeds the draft back and reads; no row may be lost.
fn fed_back(bytes: &[u8], name: &str) -> (Draft, Collected) {
    let draft = drafted(bytes, name);
    let fed_back = Mapping::parse(&draft.toml).unwrap_or_else(|e| panic!("{name}: {e}\n{}", draft.toml));
    assert_eq!(fed_back, draft.mapping, "{}", draft.toml);
    for (column, confidence) in &draft.confidence {
        assert!((0.5..=1.0).contains(confidence), "{column} {confidence}");
        assert!(draft.toml.contains(&format!("({confidence:.2})")), "{column}: {}", draft.toml);
    }
    let mut with = options();
    with.mapping = Some(Mapping::parse(&draft.toml).unwrap());
    with.defaults.currency = (name == "retouren.csv").then(|| "EUR".parse().unwrap());
    let (summary, out) = read_with(bytes, name, &with).unwrap_or_else(|e| panic!("{name}: {e}\n{}", draft.toml));
    assert_eq!(summary.rejected, 0, "{name}: {:?}\n{}", out.rejects(), draft.toml);
    (draft, out)
}

fn lines(header: &str, row: impl Fn(usize) -> String) -> Vec<u8> {
    let rows: String = (0..30).map(|i| row(i) + "\n").collect();
    format!("{header}\n{rows}").into_bytes()
}

#[test]
fn german_customers() {
    let file = lines("Kunden-Nr.;E-Mail;Telefon;Land;Ort;Sprache;Newsletter;Kunde seit", |i| {
        let land = ["Deutschland", "Österreich", "Schweiz"][i % 3];
        format!(
            "K{i:04};kunde{i}@example.org;+49 30 12345{i:02};{land};Neustadt {};de;{};{}.0{}.2024",
            i % 7,
            ["ja", "nein"][i % 2],
            i % 27 + 1,
            i % 9 + 1
        )
    });
    let (draft, out) = fed_back(&file, "kunden.csv");
    assert_eq!(draft.mapping.table, "customers", "{}", draft.toml);
    assert!(draft.reasons[0].contains("8 of 8 columns fit customers"), "{}", draft.reasons[0]);
    assert_eq!(
        out.rows("customers", &["shopper_key", "country", "city", "language", "accepts_marketing", "created_at"])[1],
        "K0001 | Österreich | Neustadt 1 | de | false | 2024-02-02 00:00:00"
    );
    assert_eq!(out.column("customers", "email_hash")[1], intake::hash_id::email("kunde1@example.org").unwrap());
}

#[test]
fn french_products_with_a_weight_in_grams() {
    let file = lines(
        "Référence\tDésignation\tCatégorie\tMarque\tPrix de vente\tPrix d'achat\tDevise\tPoids (g)\tCode-barres",
        |i| {
            format!(
                "REF-{i:03}\tBouilloire électrique {i} litres\t{}\tMarque {}\t{},90\t{},25\tEUR\t{}\t37600000{i:05}",
                ["Cuisine", "Salon"][i % 2],
                i % 4,
                i + 19,
                i + 8,
                500 + i
            )
        },
    );
    let (draft, out) = fed_back(&file, "produits.tsv");
    assert_eq!(draft.mapping.table, "products", "{}", draft.toml);
    assert_eq!(
        out.rows(
            "products",
            &["product_code", "name", "category", "brand", "price", "cost", "currency", "weight_kg", "gtin"]
        )[3],
        "REF-003 | Bouilloire électrique 3 litres | Salon | Marque 3 | 22.9 | 11.25 | EUR | 0.503 | 3760000000003"
    );
    assert!(draft.mapping.constants.is_empty(), "{}", draft.toml);
}

/// A workbook of several sheets, each with rows of texts and numbers.
fn workbook(sheets: &[(&str, Vec<Vec<String>>)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let mut put = |name: &str, text: String| {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    };
    let listed = |each: &dyn Fn(usize, &str) -> String| -> String {
        sheets.iter().enumerate().map(|(i, (name, _))| each(i + 1, name)).collect()
    };
    put("[Content_Types].xml", "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"xml\" ContentType=\"application/xml\"/></Types>".to_owned());
    put(
        "_rels/.rels",
        format!(
            "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"{office}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
        ),
    );
    put(
        "xl/workbook.xml",
        format!(
            "<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets>{}</sheets></workbook>",
            listed(&|i, name| format!("<sheet name=\"{name}\" sheetId=\"{i}\" r:id=\"rId{i}\"/>"))
        ),
    );
    put(
        "xl/_rels/workbook.xml.rels",
        format!(
            "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">{}</Relationships>",
            listed(&|i, _| format!(
                "<Relationship Id=\"rId{i}\" Type=\"{office}/worksheet\" Target=\"worksheets/sheet{i}.xml\"/>"
            ))
        ),
    );
    for (i, (_, rows)) in sheets.iter().enumerate() {
        let cell = |text: &String| match text.parse::<f64>() {
            Ok(_) => format!("<c><v>{text}</v></c>"),
            Err(_) => format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>"),
        };
        let rows: String =
            rows.iter().map(|r| format!("<row>{}</row>", r.iter().map(cell).collect::<String>())).collect();
        put(
            &format!("xl/worksheets/sheet{}.xml", i + 1),
            format!("<worksheet xmlns=\"{main}\"><sheetData>{rows}</sheetData></worksheet>"),
        );
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn chinese_stock_on_the_second_sheet_of_a_workbook() {
    let texts = |cells: &[&str]| cells.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>();
    let notes = vec![texts(&["说明"]), texts(&["请勿修改此表"])];
    let mut stock = vec![texts(&["商品编码", "仓库", "可用库存", "盘点日期"])];
    stock.extend((0..20).map(|i| {
        vec![
            format!("SP{i:03}"),
            ["上海仓", "深圳仓"][i % 2].to_owned(),
            (i * 37 % 400).to_string(),
            "2025-11-03".to_owned(),
        ]
    }));
    let bytes = workbook(&[("说明", notes), ("库存", stock)]);
    let (draft, out) = fed_back(&bytes, "库存表.xlsx");
    assert_eq!(draft.mapping.table, "stock", "{}", draft.toml);
    assert_eq!(draft.mapping.read.sheet.as_deref(), Some("库存"));
    assert!(draft.toml.contains("sheet `库存` is the best of 2"), "{}", draft.toml);
    assert_eq!(
        out.rows("stock", &["product_code", "warehouse", "quantity", "as_of"])[2],
        "SP002 | 上海仓 | 74 | 2025-11-03"
    );
}

#[test]
fn spanish_reviews() {
    let file = lines("ID reseña,Código producto,Cliente,País,Calificación,Comentario,Fecha", |i| {
        format!(
            "R{i},P{:03},C{},{},{},\"Muy buen producto, lo recomiendo número {i}\",2025-0{}-1{}",
            i % 6,
            i % 11,
            ["España", "México"][i % 2],
            i % 5 + 1,
            i % 9 + 1,
            i % 9
        )
    });
    let (draft, out) = fed_back(&file, "resenas.csv");
    assert_eq!(draft.mapping.table, "reviews", "{}", draft.toml);
    assert_eq!(
        out.rows("reviews", &["review_id", "product_code", "shopper_key", "market", "rating", "text"])[1],
        "R1 | P001 | C1 | México | 2 | Muy buen producto, lo recomiendo número 1"
    );
}

#[test]
fn french_comments_under_posts() {
    let file = lines("Réseau,ID commentaire,ID publication,Pseudo,Commentaire,Publié le,Nombre de j'aime", |i| {
        format!(
            "{},C{i},P{:03},@Fan_{},\"Très belle bouilloire, où l'acheter numéro {i} ?\",2025-0{}-1{},{}",
            ["Instagram", "TikTok"][i % 2],
            i % 6,
            i % 11,
            i % 9 + 1,
            i % 9,
            i * 3
        )
    });
    let (draft, out) = fed_back(&file, "commentaires.csv");
    assert_eq!(draft.mapping.table, "interactions", "{}", draft.toml);
    assert_eq!(draft.mapping.constants["kind"], "comment", "{}", draft.toml);
    assert_eq!(
        out.rows("interactions", &["platform", "interaction_id", "post_id", "kind", "occurred_at"])[1],
        "tiktok | C1 | P001 | comment | 2025-02-11 00:00:00"
    );
    assert_eq!(out.column("interactions", "handle_hash")[1], intake::hash_id::sha256("tiktok:fan_1"));
    // How often a comment was liked is no comment of somebody.
    assert!(draft.toml.contains("# not used: \"Nombre de j'aime\""), "{}", draft.toml);
}

#[test]
fn the_network_that_no_column_names_is_asked_for() {
    let file = lines("评论ID;帖子ID;用户名;评论内容;发布时间", |i| {
        format!("c{i};n{};用户{};这个水壶很好用，第{i}次购买;2025-11-0{}", i % 4, i % 7, i % 9 + 1)
    });
    let draft = drafted(&file, "评论.csv");
    assert_eq!(draft.mapping.table, "interactions", "{}", draft.toml);
    let text = draft.toml.replace("# platform = \"instagram\"", "platform = \"小红书\"");
    let mut with = options();
    with.mapping = Some(Mapping::parse(&text).unwrap());
    let (summary, out) = read_with(&file, "评论.csv", &with).unwrap();
    assert_eq!((summary.rows, summary.rejected), (30, 0), "{:?}", out.rejects());
    assert_eq!(out.rows("interactions", &["platform", "kind"])[0], "xiaohongshu | comment");
    assert_eq!(out.column("interactions", "handle_hash")[0], intake::hash_id::sha256("xiaohongshu:用户0"));
}

#[test]
fn a_german_list_of_questions() {
    let file = lines("Ticketnummer;Kundennummer;E-Mail;Land;Frage;Antwort;Eingegangen am", |i| {
        let frage = ["Wie laut ist das Gerät?", "Passt der Stecker?", "Wann kommt die Lieferung?"][i % 3];
        format!(
            "T-{i};{};kunde{i}@example.org;Deutschland;{frage} Nummer {i};Gerne, Nummer {i}.;{}.11.2025",
            4000 + i,
            i % 9 + 1
        )
    });
    let (draft, out) = fed_back(&file, "anfragen.csv");
    assert_eq!(draft.mapping.table, "questions", "{}", draft.toml);
    assert_eq!(
        out.rows("questions", &["question_id", "shopper_key", "country", "text", "answer"])[1],
        "T-1 | 4001 | Deutschland | Passt der Stecker? Nummer 1 | Gerne, Nummer 1."
    );
    assert_eq!(out.column("questions", "email_hash")[1], intake::hash_id::email("kunde1@example.org").unwrap());
}

#[test]
fn german_rates_with_a_decimal_comma() {
    let file = lines("Datum;Basiswährung;Zielwährung;Kurs", |i| {
        format!("{:02}.11.2025;EUR;{};{},{:04}", i % 28 + 1, ["USD", "GBP"][i % 2], i % 2, 8412 + i)
    });
    let (draft, out) = fed_back(&file, "kurse.csv");
    assert_eq!(draft.mapping.table, "fx_rates", "{}", draft.toml);
    assert_eq!(out.rows("fx_rates", &["day", "base", "quote", "rate"])[1], "2025-11-02 | EUR | GBP | 1.8413");
}

#[test]
fn french_events_in_json_lines() {
    let file: String = (0..30)
        .map(|i| {
            format!(
                "{{\"Id événement\":\"e{i}\",\"Événement\":\"{}\",\"Visiteur\":\"v{}\",\"Horodatage\":\"2025-11-0{}T10:00:00Z\",\"Référence\":\"P{:02}\",\"Page\":\"https://shop.example/p/{i}\"}}\n",
                ["vue produit", "ajout panier"][i % 2], i % 7, i % 9 + 1, i % 5
            )
        })
        .collect();
    let (draft, out) = fed_back(file.as_bytes(), "evenements.jsonl");
    assert_eq!(draft.mapping.table, "events", "{}", draft.toml);
    assert_eq!(draft.mapping.constants["kind"], "track", "{}", draft.toml);
    assert_eq!(
        out.rows("events", &["message_id", "kind", "name", "anonymous_id", "product_code", "url", "part"])[3],
        "e3 | track | ajout panier | v3 | P03 | https://shop.example/p/3 | 0"
    );
}

#[test]
fn german_returns_are_negative_and_keep_their_reason() {
    let file = lines("Bestellnummer;Artikelnr;Menge;Retourendatum;Retourengrund", |i| {
        format!(
            "B{:04};A{:02};{};0{}.11.2025;{}",
            i,
            i % 6,
            i % 3 + 1,
            i % 9 + 1,
            ["zu klein", "defekt", "gefällt nicht"][i % 3]
        )
    });
    let (draft, out) = fed_back(&file, "retouren.csv");
    assert_eq!(
        (draft.mapping.table.as_str(), draft.mapping.rows.as_deref()),
        ("order_lines", Some("returns")),
        "{}",
        draft.toml
    );
    assert!(draft.toml.contains("# currency = \"EUR\"   # required"), "{}", draft.toml);
    assert_eq!(
        out.rows(
            "order_lines",
            &["order_id", "product_code", "quantity", "unit_price", "ordered_at", "status", "reason", "currency"]
        )[1],
        "B0001 | A01 | -2 | 0 | 2025-11-02 00:00:00 | returned | defekt | EUR"
    );
}

#[test]
fn costs_advertising_and_rivals_are_told_apart() {
    let costs =
        lines("SKU,Purchase price,Currency,Valid from", |i| format!("S{i},{}.55,USD,2025-01-0{}", i + 2, i % 9 + 1));
    assert_eq!(fed_back(&costs, "costs.csv").0.mapping.table, "costs");
    let ads = lines("日期,渠道,推广计划,花费,展示,点击,币种", |i| {
        format!("2025-11-{:02},抖音,双十一{},{}.50,{},{},CNY", i % 28 + 1, i % 4, i * 10 + 1, i * 1000, i * 7)
    });
    assert_eq!(fed_back(&ads, "ads.csv").0.mapping.table, "ad_spend");
    let rivals = lines("Tag;Artikelnr;Wettbewerber;Preis;Währung;Land", |i| {
        format!("{:02}.10.2025;A{:02};Shop {};{},99;EUR;Deutschland", i % 28 + 1, i % 5, i % 3, i + 5)
    });
    assert_eq!(fed_back(&rivals, "preise.csv").0.mapping.table, "competitor_prices");
}

#[test]
fn what_cannot_be_decided_is_asked() {
    let file = lines("Order no,SKU,Qty,Price,Order date,Customer", |i| {
        format!("{i},S{},{},{}.50,0{}/0{}/2025,C{}", i % 5, i % 3 + 1, i + 1, i % 9 + 1, (i + 3) % 9 + 1, i % 8)
    });
    let draft = drafted(&file, "orders.csv");
    assert_eq!(draft.mapping.table, "order_lines");
    assert!(
        draft.toml.contains("can be read in two ways")
            && draft.toml.contains("required: nothing in the file says the currency"),
        "{}",
        draft.toml
    );
    let text = draft
        .toml
        .replace("# currency = \"EUR\"", "currency = \"EUR\"")
        .replace("# date_order = \"day-first\"", "date_order = \"month-first\"");
    let mut with = options();
    with.mapping = Some(Mapping::parse(&text).unwrap());
    let (summary, out) = read_with(&file, "orders.csv", &with).unwrap();
    assert_eq!((summary.rows, summary.rejected), (30, 0));
    assert_eq!(out.column("order_lines", "ordered_at")[1], "2025-02-05 00:00:00");
}
