//! A drafted mapping has to work when it is fed back.

use crate::support::{options, read_with};
use intake::{Draft, Mapping, draft_mapping};
use std::io::{Cursor, Read};

fn draft(text: &str) -> Draft {
    let owned = text.to_owned();
    let open = move || Ok(Box::new(Cursor::new(owned.clone().into_bytes())) as Box<dyn Read + Send>);
    draft_mapping(&open, "f.csv", &options()).unwrap()
}

fn rows(header: &str, delimiter: char, decimal: char) -> String {
    let mut text = format!("{header}\n");
    for i in 0..40 {
        let price = format!("{}{decimal}{:02}", i % 9 + 1, i * 7 % 100);
        let customer = if i % 5 == 0 { String::new() } else { (17_000 + i % 11).to_string() };
        let land = ["United Kingdom", "United Kingdom", "Germany", "EIRE"][i % 4];
        let cells = [
            format!("5363{}", 60 + i / 4),
            format!("85{:03}A", i % 13),
            format!("WHITE HANGING LANTERN {}", i % 13),
            (i % 6 + 1).to_string(),
            format!("2010-12-{:02} 08:26:00", i % 28 + 1),
            price,
            customer,
            land.to_owned(),
        ];
        text.push_str(&(cells.join(&delimiter.to_string()) + "\n"));
    }
    text
}

#[test]
fn a_draft_for_renamed_columns_reads_the_file_when_fed_back() {
    for (header, delimiter, decimal) in [
        ("Belegnr;Artikelnr;Bezeichnung;Menge;Datum;Einzelpreis;Kundennr;Land", ';', ','),
        ("Commande,Référence,Désignation,Quantité,Date,Prix unitaire,Client,Pays", ',', '.'),
        ("订单号\t商品编号\t商品名称\t数量\t日期\t单价\t客户编号\t国家", '\t', '.'),
        ("Receipt|Item code|Item description|Units|When|Each|Buyer ID|Where", '|', '.'),
    ] {
        let text = rows(header, delimiter, decimal);
        let draft = draft(&text);
        let fed_back = Mapping::parse(&draft.toml).unwrap_or_else(|e| panic!("{e}\n{}", draft.toml));
        assert_eq!(fed_back, draft.mapping, "{}", draft.toml);
        let mut with = options();
        with.mapping = Some(fed_back);
        let (summary, out) = read_with(text.as_bytes(), "f.csv", &with).unwrap();
        assert_eq!((summary.rows, summary.rejected), (40, 0), "{}", draft.toml);
        assert_eq!(
            out.rows(
                "order_lines",
                &[
                    "order_id",
                    "product_code",
                    "product_name",
                    "quantity",
                    "ordered_at",
                    "unit_price",
                    "currency",
                    "shopper_key",
                    "country"
                ]
            )[1],
            "536360 | 85001A | WHITE HANGING LANTERN 1 | 2 | 2010-12-02 08:26:00 | 2.07 | GBP | 17001 | United Kingdom",
            "{}",
            draft.toml
        );
        assert!(
            draft.toml.contains("# no column says the currency") || draft.toml.contains("no column says the currency"),
            "{}",
            draft.toml
        );
    }
}

#[test]
fn a_column_whose_values_contradict_its_name_is_not_taken() {
    let text = rows("Order no,SKU,Title,Qty,Price,Date,Customer,Country", ',', '.');
    let draft = draft(&text);
    assert_eq!(draft.mapping.columns["ordered_at"], "Price", "{}", draft.toml);
    assert_ne!(draft.mapping.columns.get("unit_price").map(String::as_str), Some("Price"));
}

#[test]
fn a_table_that_is_no_order_table_is_refused() {
    let open = || Ok(Box::new(Cursor::new(b"alpha,beta\nx,y\n".to_vec())) as Box<dyn Read + Send>);
    assert!(draft_mapping(&open, "f.csv", &options()).unwrap_err().to_string().contains("no known export"));
}
