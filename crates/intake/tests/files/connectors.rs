//! One small export of each format, read to its raw rows.

use crate::support::{options, read, read_with};
use intake::{Format, Mapping, REVERSAL, hash_id};

#[test]
fn both_uci_layouts_give_the_same_rows() {
    let first = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\nC536,85123A, HOLDER ,-6,2010-12-01 08:26:00,2.55,17850.0,EIRE\n537,M,,1,2010-12-01 08:26:00,-11062.06,,Unspecified\n";
    let second = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\r\nC536,85123A, HOLDER ,-6,12/1/2010 8:26,2.55,17850.0,EIRE\r\n537,M,,1,12/13/2010 8:26,-11062.06,,Unspecified\r\n";
    for (text, name, at) in
        [(first, "uci-retail", "2010-12-01 08:26:00"), (second, "uci-retail-ii", "2010-12-13 08:26:00")]
    {
        let (summary, out) = read(text.as_bytes(), "f.csv").unwrap();
        assert_eq!(summary.format, name);
        assert_eq!(
            out.rows(
                "order_lines",
                &[
                    "line",
                    "order_id",
                    "product_code",
                    "product_name",
                    "quantity",
                    "unit_price",
                    "currency",
                    "ordered_at",
                    "shopper_key",
                    "country"
                ]
            ),
            [
                "2 | C536 | 85123A |  HOLDER  | -6 | 2.55 | GBP | 2010-12-01 08:26:00 | 17850 | EIRE".to_owned(),
                format!("3 | 537 | M |  | 1 | -11062.06 | GBP | {at} |  | Unspecified"),
            ]
        );
    }
}

const SHOPIFY: &str = "Name,Email,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Amount,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Billing Country,Shipping City,Shipping Province,Shipping Country,Cancelled at,Refunded Amount,Source,Lineitem discount,Phone\n";

fn shopify(rows: &str) -> Vec<String> {
    let (summary, out) = read(format!("{SHOPIFY}{rows}").as_bytes(), "f.csv").unwrap();
    assert_eq!((summary.format.as_str(), summary.rejected), ("shopify-orders", 0));
    out.rows(
        "order_lines",
        &["line", "order_id", "product_code", "quantity", "unit_price", "amount", "discount", "country", "status"],
    )
}

#[test]
fn shopify_order_cells_carry_over_to_the_other_lines() {
    let rows = "#1,John_Smith@gmail.com,paid,USD,50.00,5.00,0.00,55.00,0.00,2025-10-07 09:50:26 +0200,2,Kettle,20.00,K1,US,Austin,TX,US,,0.00,web,0.00,'+1 650 555 1212\n#1,,,,,,,,,,1,Cup,10.00,C1,,,,,,,,0.00,\n#2,,paid,USD,10.00,0,0,10.00,0.00,2025-10-08 09:50:26 +0200,1,Cup,10.00,C1,DE,,,,,,,,\n";
    assert_eq!(
        shopify(rows),
        [
            "2 | #1 | K1 | 2 | 20 |  |  | US | completed",
            "3 | #1 | C1 | 1 | 10 |  |  | US | completed",
            "8589934594 | #1 | SHIPPING | 1 | 5 |  |  | US | completed",
            "4 | #2 | C1 | 1 | 10 |  |  | DE | completed"
        ]
    );
    let (_, out) = read(format!("{SHOPIFY}{rows}").as_bytes(), "f.csv").unwrap();
    let mail = hash_id::email("john_smith@gmail.com").unwrap();
    let phone = hash_id::phone("16505551212").unwrap();
    assert_eq!(out.column("order_lines", "email_hash"), [mail.as_str(), &mail, &mail, ""]);
    assert_eq!(out.column("order_lines", "phone_hash"), [phone.as_str(), &phone, &phone, ""]);
    assert_eq!(
        out.rows("order_lines", &["ordered_at", "city", "region", "channel", "product_name"])[1],
        "2025-10-07 07:50:26 | Austin | TX | shopify | Cup"
    );
}

#[test] // 40 + 10 = 50, subtotal 45: 5 off, shared 4 to 1.
fn a_shopify_discount_on_the_order_is_shared_out_to_the_cent() {
    let rows = "#1,a@b.co,paid,USD,45.00,0,0,45.00,5.00,2025-10-07 09:50:26 +0200,2,Kettle,20.00,K1,US,,,US,,0.00,web,0.00,\n#1,,,,,,,,,,1,Cup,10.00,C1,,,,,,,,0.00,\n";
    assert_eq!(
        shopify(rows),
        ["2 | #1 | K1 | 2 | 20 |  | 4 | US | completed", "3 | #1 | C1 | 1 | 10 |  | 1 | US | completed"]
    );
}

#[test]
fn shopify_refunds_become_reversals() {
    let order = |refund: &str| {
        format!(
            "#1,a@b.co,refunded,USD,50.00,5.00,0,55.00,0.00,2025-10-07 09:50:26 +0200,2,Kettle,20.00,K1,US,,,US,,{refund},web,0.00,\n#1,,,,,,,,,,1,Cup,10.00,C1,,,,,,,,0.00,\n"
        )
    };
    let (two, three, shipping) = (2 + REVERSAL, 3 + REVERSAL, 2 + 3 * REVERSAL);
    // The whole order, one line of it, and an amount that is no line.
    assert_eq!(
        shopify(&order("55.00"))[3..],
        [
            format!("{two} | #1 | K1 | -2 | 20 | -40 |  | US | refunded"),
            format!("{three} | #1 | C1 | -1 | 10 | -10 |  | US | refunded"),
            format!("{shipping} | #1 | SHIPPING | -1 | 5 | -5 |  | US | refunded"),
        ]
    );
    assert_eq!(
        shopify(&order("50.00"))[3..],
        [
            format!("{two} | #1 | K1 | -2 | 20 | -40 |  | US | refunded"),
            format!("{three} | #1 | C1 | -1 | 10 | -10 |  | US | refunded"),
        ],
        "the postage is kept"
    );
    assert_eq!(shopify(&order("10.00"))[3..], [format!("{three} | #1 | C1 | -1 | 10 | -10 |  | US | refunded")]);
    assert_eq!(shopify(&order("7.50"))[3..], [format!("{two} | #1 |  | -1 | 7.5 | -7.5 |  | US | refunded")]);
    let cancelled = order("55.00").replacen("US,,55.00", "US,2025-10-08 09:00:00 +0200,55.00", 1);
    assert_eq!(
        shopify(&cancelled),
        [
            "2 | #1 | K1 | 2 | 20 |  |  | US | cancelled",
            "3 | #1 | C1 | 1 | 10 |  |  | US | cancelled",
            "8589934594 | #1 | SHIPPING | 1 | 5 |  |  | US | cancelled"
        ]
    );
}

#[test]
fn a_bad_shopify_line_does_not_take_its_order_along() {
    let rows = "#1,a@b.co,paid,USD,50.00,0,0,50.00,0,2025-10-07 09:50:26 +0200,two,Kettle,20.00,K1,US,,,US,,0,web,0,\n#1,,,,,,,,,,1,Cup,10.00,C1,,,,,,,,0,\n#2,,,,,,,,,,1,Cup,10.00,C1,,,,,,,,0,\n";
    let (summary, out) = read(format!("{SHOPIFY}{rows}").as_bytes(), "f.csv").unwrap();
    assert_eq!((summary.rows, summary.rejected), (1, 2));
    assert_eq!(
        out.rejects(),
        [
            "2 | not_a_whole_number | Lineitem quantity | two | a whole number such as 1",
            "4 | missing_value | Created at |  | a date such as 2011-01-05 14:44:00"
        ]
    );
}

#[test]
fn shopify_customers_are_hashed() {
    let text = "First Name,Last Name,Email,Accepts Email Marketing,Company,Address1,City,Province Code,Country Code,Phone,Total Spent,Total Orders,Tags,Note\nJohn,Smith,John_Smith@gmail.com,yes,,Street 1,Austin,TX,US,16505551212,55.00,1,vip,\n";
    let (summary, out) = read(text.as_bytes(), "f.csv").unwrap();
    assert_eq!(summary.format, "shopify-customers");
    let (mail, phone) = (hash_id::email("john_smith@gmail.com").unwrap(), hash_id::phone("16505551212").unwrap());
    let row =
        out.rows("customers", &["email_hash", "phone_hash", "country", "region", "city", "accepts_marketing", "tags"]);
    assert_eq!(row, [format!("{mail} | {phone} | US | TX | Austin | true | vip")]);
    assert!(!format!("{out:?}").contains("Smith"), "no name is stored");
}

#[test] // 100.00 / 3 = 33.333333; the amount stays exact: 100.00 − 5.00.
fn amazon_prices_are_for_the_whole_line() {
    let text = "amazon-order-id\tmerchant-order-id\tpurchase-date\torder-status\tsales-channel\tproduct-name\tsku\tasin\tquantity\tcurrency\titem-price\titem-tax\titem-promotion-discount\tship-city\tship-state\tship-country\n\
        028-1\t\t2025-10-07T09:50:26+00:00\tShipped\tAmazon.de\tKettle \"2 l\"\tK1\tB01\t2\tEUR\t39.98\t6.38\t0.00\tBerlin\tBE\tDE\n\
        028-2\t\t2025-10-07T09:50:26+00:00\tShipped\tAmazon.de\tCup\tC1\tB02\t3\tEUR\t100.00\t0\t5.00\tBerlin\tBE\tDE\n\
        028-3\t\t2025-10-07T09:50:26+00:00\tCancelled\tAmazon.co.uk\tCup\tC1\tB02\t0\t\t\t\t\tLeeds\t\tGB\n\
        028-4\t\t2025-10-07T09:50:26+00:00\tShipped\tAmazon.xx\tCup\tC1\tB02\t1\t\t5\t\t\tLeeds\t\tGB\n";
    for text in [text.to_owned(), text.replacen("\tquantity\t", "\tquantity-purchased\t", 1)] {
        let (summary, out) = read(text.as_bytes(), "f.txt").unwrap();
        assert_eq!((summary.format.as_str(), summary.rows), ("amazon-orders", 3));
        assert_eq!(
            out.rows(
                "order_lines",
                &[
                    "order_id",
                    "product_code",
                    "quantity",
                    "unit_price",
                    "amount",
                    "discount",
                    "currency",
                    "status",
                    "channel",
                    "country"
                ]
            ),
            [
                "028-1 | K1 | 2 | 19.99 | 39.98 | 0 | EUR | completed | Amazon.de | DE",
                "028-2 | C1 | 3 | 33.333333 | 95 | 5 | EUR | completed | Amazon.de | DE",
                "028-3 | C1 | 0 | 0 | 0 |  | GBP | cancelled | Amazon.co.uk | GB",
            ]
        );
        assert_eq!(
            out.rejects(),
            ["5 | missing_value | currency | Amazon.xx | a currency, or a sales channel that tells it"]
        );
        assert_eq!(out.column("order_lines", "product_name")[0], "Kettle \"2 l\"");
    }
}

#[test] // 10:00:10 − (12:00:05 − 12:00:00) = 10:00:05: the client's clock was two hours ahead.
fn segment_events_are_corrected_and_exploded() {
    let text = r#"{"type":"track","event":"Order Completed","messageId":"m1","userId":"u1","anonymousId":"a1","originalTimestamp":"2025-10-07T12:00:00Z","sentAt":"2025-10-07T12:00:05Z","receivedAt":"2025-10-07T10:00:10Z","timestamp":"2025-10-07T12:00:00Z","context":{"locale":"de-DE","page":{"url":"https://shop.example/kasse?x=1"},"traits":{"email":"John_Smith@gmail.com","address":{"country":"DE"}}},"properties":{"order_id":"o1","currency":"EUR","products":[{"product_id":"K1","quantity":2,"price":19.99},{"sku":"C1","quantity":1,"price":5}]}}
{"type":"page","name":"Home","anonymousId":"a2","timestamp":"2025-10-07T12:00:00.250Z","properties":{"url":"https://shop.example/#top"}}

{"type":"track","event":"Products Searched","messageId":"m3","timestamp":"2025-10-07T12:00:00Z","properties":{"query":"kettle"}}
{"type":"track","event":"Product Viewed"
{"batch":[{"type":"track","event":"Product Viewed","userId":"u3","messageId":"b1","timestamp":"2025-10-07T12:00:00Z","properties":{"product_id":"K1","price":"1e1"}}],"context":{"locale":"th"},"sentAt":"2025-10-07T12:00:01Z"}
"#;
    let (summary, out) = read(text.as_bytes(), "events.jsonl").unwrap();
    assert_eq!((summary.format.as_str(), summary.rows, summary.rejected), ("segment-events", 4, 2));
    let rows = out.rows(
        "events",
        &[
            "line",
            "part",
            "message_id",
            "kind",
            "name",
            "shopper_key",
            "anonymous_id",
            "occurred_at",
            "product_code",
            "quantity",
            "price",
            "currency",
            "url",
            "country",
            "language",
        ],
    );
    assert_eq!(
        rows[0],
        "1 | 0 | m1 | track | Order Completed | u1 | a1 | 2025-10-07 10:00:05 | K1 | 2 | 19.99 | EUR | https://shop.example/kasse | DE | de"
    );
    assert_eq!(
        rows[1],
        "1 | 1 | m1 | track | Order Completed | u1 | a1 | 2025-10-07 10:00:05 | C1 | 1 | 5 | EUR | https://shop.example/kasse | DE | de"
    );
    assert!(rows[2].starts_with("2 | 0 | line-"), "{}", rows[2]);
    assert!(
        rows[2].ends_with("| page | Home |  | a2 | 2025-10-07 12:00:00.250 |  |  |  |  | https://shop.example/ |  | "),
        "{}",
        rows[2]
    );
    assert_eq!(rows[3], "6 | 0 | b1 | track | Product Viewed | u3 |  | 2025-10-07 12:00:00 | K1 |  | 10 |  |  |  | th");
    assert_eq!(out.column("events", "email_hash")[0], hash_id::email("john_smith@gmail.com").unwrap());
    assert_eq!(out.rejects()[0], "4 | no_user_anon_id | anonymous_id |  | an anonymousId or a userId");
    assert!(out.rejects()[1].starts_with("5 | not_json |"), "{}", out.rejects()[1]);
    let again = read(text.as_bytes(), "events.jsonl").unwrap().1;
    assert_eq!(again.column("events", "message_id"), out.column("events", "message_id"));
}

#[test] // 2.5 lb = 1.133980925 kg; 10 in = 25.4 cm.
fn woo_products_come_in_their_units() {
    let text = "ID,Type,SKU,Name,Published,Short description,Description,Stock,Weight (lbs),Length (in),Regular price,Categories,Images,Attribute 1 name,Attribute 1 value(s)\n7,simple,K1,Kettle,1,short,long text,12,2.5,10,39.90,\"Kitchen > Kettles, Sale\",\"https://a/1.png, https://a/2.png\",Color,\"Red, Blue\"\n8,simple,,Cup,1,,,,,,5,Kitchen,,,\n";
    let (summary, out) = read(text.as_bytes(), "f.csv").unwrap();
    assert_eq!(summary.format, "woo-products");
    assert_eq!(
        out.rows(
            "products",
            &[
                "product_code",
                "name",
                "description",
                "category",
                "price",
                "weight_kg",
                "length_cm",
                "stock",
                "image",
                "colour"
            ]
        ),
        [
            "K1 | Kettle | long text | Kitchen > Kettles | 39.9 | 1.133980925 | 25.4 | 12 | https://a/1.png | Red",
            "id:8 | Cup |  | Kitchen | 5 |  |  |  |  | "
        ]
    );
    assert_eq!(summary.table, "products, stock");
    assert_eq!(out.rows("stock", &["line", "product_code", "quantity"]), ["2 | K1 | 12"]);
}

#[test]
fn woo_stock_and_cost_go_where_those_of_other_sources_go() {
    let text = "ID,Type,SKU,Name,In stock?,Stock,Regular price,Categories,Cost of goods\n7,simple,K1,Kettle,1,12,39.90,Kitchen,11.25\n8,simple,,Cup,0,,5,Kitchen,\n9,simple,P1,Pan,1,,5,Kitchen,2\n";
    let mut with = options();
    with.defaults.currency = Some("EUR".parse().unwrap());
    let (summary, out) = read_with(text.as_bytes(), "f.csv", &with).unwrap();
    assert_eq!((summary.rows, summary.rejected, summary.table.as_str()), (3 + 2 + 2, 0, "products, stock, costs"));
    // Out of stock without a count is none; in stock without a count is unknown.
    assert_eq!(
        out.rows("stock", &["line", "product_code", "quantity", "market"]),
        ["2 | K1 | 12 | ", "3 | id:8 | 0 | "]
    );
    assert_eq!(
        out.rows("costs", &["line", "product_code", "cost", "currency", "valid_from"]),
        ["2 | K1 | 11.25 | EUR | ", "4 | P1 | 2 | EUR | "]
    );
}

#[test]
fn ecb_rates_become_one_row_a_currency() {
    let text =
        "Date,USD,JPY,BGN,CYP,CZK,IDR,\n2026-04-13,1.1684,186.75,N/A,,24.378,20082.05,\n2026-04-10,free,1,2,3,4,5,\n";
    let (summary, out) = read(text.as_bytes(), "eurofxref-hist.csv").unwrap();
    assert_eq!((summary.format.as_str(), summary.rows, summary.rejected), ("ecb-rates", 9, 1));
    assert_eq!(
        out.rows("fx_rates", &["line", "day", "base", "quote", "rate"])[..4],
        [
            "2 | 2026-04-13 | EUR | USD | 1.1684",
            "2 | 2026-04-13 | EUR | JPY | 186.75",
            "2 | 2026-04-13 | EUR | CZK | 24.378",
            "2 | 2026-04-13 | EUR | IDR | 20082.05"
        ]
    );
    assert_eq!(out.rejects(), ["3 | not_a_rate | rate | USD free | a positive number with at most 12 decimals"]);
}

#[test]
fn canonical_orders_are_matched_by_name_in_any_order() {
    let text = "status,order_id,line_no,product_id,product_name,quantity,unit_price,discount,tax,currency,ordered_at,shopper_key,email,phone,country,region,city,channel\ncompleted,o1,1,K1,Kettle,2,19.99,-1.00,3.2,EUR,2025-10-07T09:50:26Z,s1,a@b.co,,DE,,Berlin,store\n";
    let (summary, out) = read(text.as_bytes(), "orders.csv").unwrap();
    assert_eq!(summary.format, "canonical-order-lines");
    assert_eq!(
        out.rows(
            "order_lines",
            &[
                "order_id",
                "product_code",
                "quantity",
                "unit_price",
                "discount",
                "tax",
                "currency",
                "ordered_at",
                "shopper_key",
                "country",
                "city",
                "channel",
                "status"
            ]
        ),
        ["o1 | K1 | 2 | 19.99 | 1 | 3.2 | EUR | 2025-10-07 09:50:26 | s1 | DE | Berlin | store | completed"]
    );
    assert_eq!(out.column("order_lines", "email_hash"), [hash_id::email("a@b.co").unwrap()]);
}

#[test]
fn a_catalogue_in_several_languages_keeps_all_of_them() {
    let text = "product_id,name_zh,name_en,name_de,description_en,category,brand,voltage_v,plug,wattage_w,length_cm,weight_lb,colour,cost,cost_currency,image_path\nK1,电水壶,Kettle,Wasserkocher,Boils water,Kitchen,Hua,220,F,2200,25.4,2.5,red,45.5,CNY,img/K1.png\n";
    let (summary, out) = read(text.as_bytes(), "products.csv").unwrap();
    assert_eq!(summary.format, "canonical-products");
    assert_eq!(
        out.rows(
            "products",
            &[
                "product_code",
                "name",
                "description",
                "language",
                "voltage_v",
                "weight_kg",
                "cost",
                "cost_currency",
                "image",
                "texts"
            ]
        ),
        [
            r#"K1 | Kettle | Boils water | en | 220 | 1.133980925 | 45.5 | CNY | img/K1.png | {"de":{"name":"Wasserkocher"},"en":{"name":"Kettle","description":"Boils water"},"zh":{"name":"电水壶"}}"#
        ]
    );
}

#[test]
fn a_measure_that_names_its_unit_is_in_that_unit() {
    let text = "product_id,name,weight_kg,length_cm\nK1,Kettle,2.5 lb,10 in\nK2,Cup,0.3,8\nK3,Pot,2 stone,8\n";
    let (_, out) = read(text.as_bytes(), "f.csv").unwrap();
    assert_eq!(out.rows("products", &["weight_kg", "length_cm"]), ["1.133980925 | 25.4", "0.3 | 8"]);
    assert_eq!(out.rejects(), ["4 | unknown_unit | weight_kg | 2 stone | a measure such as 2.5 or 2.5 lb"]);
}

#[test]
fn the_small_canonical_tables_are_read() {
    for (text, table, columns, row) in [
        (
            "review_id,product_id,shopper_key,market,language,rating,text,reviewed_at\nr1,K1,s1,DE,de,4.5,\"Gut, heiß\",2025-10-07\n",
            "reviews",
            vec!["review_id", "product_code", "market", "rating", "text", "reviewed_at"],
            "r1 | K1 | DE | 4.5 | Gut, heiß | 2025-10-07 00:00:00",
        ),
        (
            "product_id,warehouse,market,quantity,as_of\nK1,main,,12,2025-10-07\n",
            "stock",
            vec!["product_code", "warehouse", "market", "quantity", "as_of"],
            "K1 | main |  | 12 | 2025-10-07",
        ),
        (
            "product_id,cost,currency,valid_from\nK1,45.5,CNY,2025-01-01\n",
            "costs",
            vec!["product_code", "cost", "currency", "valid_from"],
            "K1 | 45.5 | CNY | 2025-01-01",
        ),
        (
            "day,market,channel,campaign,spend,currency,impressions,clicks\n2025-10-07,DE,search,c1,12.5,EUR,1000,30\n",
            "ad_spend",
            vec!["day", "market", "channel", "campaign", "spend", "impressions", "clicks"],
            "2025-10-07 | DE | search | c1 | 12.5 | 1000 | 30",
        ),
        (
            "day,market,product_id,competitor,price,currency\n2025-10-07,DE,K1,Other,21.99,EUR\n",
            "competitor_prices",
            vec!["day", "market", "product_code", "competitor", "price", "currency"],
            "2025-10-07 | DE | K1 | Other | 21.99 | EUR",
        ),
        (
            "day,known_on,country,fact,value,unit\n2024-01-01,2025-02-14,DE,GDP per capita,55800.5,USD\n",
            "market_facts",
            vec!["day", "known_on", "market", "fact", "value", "unit"],
            "2024-01-01 | 2025-02-14 | DE | GDP per capita | 55800.5 | USD",
        ),
        (
            "day,base,quote,rate\n2025-10-07,EUR,USD,1.1684\n",
            "fx_rates",
            vec!["day", "base", "quote", "rate"],
            "2025-10-07 | EUR | USD | 1.1684",
        ),
    ] {
        let (summary, out) = read(text.as_bytes(), "f.csv").unwrap();
        assert_eq!(summary.table, table);
        assert_eq!(out.rows(table, &columns), [row]);
    }
}

#[test]
fn a_mapping_reads_what_nothing_else_knows() {
    let text = "Belegnr;Artikel;Menge;Preis;Datum;Land\nB1;K1;2;1.019,99;05.01.2011;Deutschland\n";
    let mapping = "table = \"order_lines\"\n[columns]\norder_id = \"Belegnr\"\nproduct_code = \"Artikel\"\nquantity = \"Menge\"\nunit_price = \"Preis\"\nordered_at = \"Datum\"\ncountry = \"Land\"\n[constants]\ncurrency = \"EUR\"\nchannel = \"store\"\n[read]\nutc_offset_minutes = 60\n";
    let mut with = options();
    with.mapping = Some(Mapping::parse(mapping).unwrap());
    let (summary, out) = read_with(text.as_bytes(), "f.csv", &with).unwrap();
    assert_eq!(summary.format, "mapped");
    assert_eq!(
        out.rows(
            "order_lines",
            &["order_id", "product_code", "quantity", "unit_price", "currency", "ordered_at", "country", "channel"]
        ),
        ["B1 | K1 | 2 | 1019.99 | EUR | 2011-01-04 23:00:00 | Deutschland | store"]
    );
    with.mapping = Some(Mapping::parse(&mapping.replace("\"Menge\"", "\"Stück\"")).unwrap());
    let error = read_with(text.as_bytes(), "f.csv", &with).unwrap_err().to_string();
    assert!(
        error.starts_with("mapping: columns.quantity is `Stück`; the file has no such column; it has `Belegnr`"),
        "{error}"
    );
}

#[test]
fn a_named_format_is_held_to_its_columns() {
    let mut named = options();
    named.format = Some(Format::from_name("shopify-orders").unwrap());
    let error = read_with(b"a,b\n1,2\n", "f.csv", &named).unwrap_err().to_string();
    assert_eq!(
        error,
        "f.csv, line 1: looks like a Shopify orders export, but column `Name` is missing; found: `a`, `b`"
    );
}

/// What the lines of each order add up to, and the total that its source states.
fn totals(out: &crate::support::Collected) -> Vec<(String, domain::Decimal, String)> {
    let number = |t: &String| if t.is_empty() { domain::Decimal::ZERO } else { t.parse::<domain::Decimal>().unwrap() };
    let column = |name: &str| out.column("order_lines", name);
    let (orders, quantity, price) = (column("order_id"), column("quantity"), column("unit_price"));
    let (amount, discount, total, status) =
        (column("amount"), column("discount"), column("order_total"), column("status"));
    let mut sums: Vec<(String, domain::Decimal, String)> = Vec::new();
    for i in (0..orders.len()).filter(|i| status[*i] != "refunded") {
        let line = match amount[i].as_str() {
            "" => number(&quantity[i]) * number(&price[i]) - number(&discount[i]),
            stated => stated.parse().unwrap(),
        };
        match sums.iter_mut().find(|(order, _, _)| *order == orders[i]) {
            Some((_, sum, _)) => *sum += line,
            None => sums.push((orders[i].clone(), line, total[i].clone())),
        }
    }
    sums
}

#[test]
fn a_shopify_order_adds_up_to_its_total_to_the_cent() {
    let header = SHOPIFY.trim_end().to_owned() + ",Duties,Tip\n";
    let row = |name: &str, subtotal: &str, shipping: &str, taxes: &str, total: &str, line: &str, rest: &str| {
        format!(
            "{name},a@b.co,paid,USD,{subtotal},{shipping},{taxes},{total},0,2025-10-07 09:50:26 +0200,{line},US,Austin,TX,US,,0,web,0,,{rest}\n"
        )
    };
    let text = [
        header,
        // Taxes on top: 2 × 19.99 + 4.95 + 3.30 = 48.23.
        row("#1", "39.98", "4.95", "3.30", "48.23", "2,Kettle,19.99,K1", ","),
        // The prices hold the taxes: 24.00 + 4.90 = 28.90, of which 4.61 are taxes.
        row("#2", "24.00", "4.90", "4.61", "28.90", "1,Cup,24.00,C1", ","),
        // A discount of 5.01 on the whole order, free shipping, taxes on top: 50.10 − 5.01 + 3.72 = 48.81.
        row("#3", "45.09", "0.00", "3.72", "48.81", "5,Cup,10.02,C1", ","),
        // Duties and a tip: 10.00 + 7.00 + 0.80 + 2.25 + 1.00 = 21.05.
        row("#4", "10.00", "7.00", "0.80", "21.05", "1,Cup,10.00,C1", "2.25,1.00"),
        // A total that nothing explains stays as it is stated.
        row("#5", "10.00", "0.00", "0.00", "9.00", "1,Cup,10.00,C1", ","),
    ]
    .concat();
    let (summary, out) = read(text.as_bytes(), "f.csv").unwrap();
    assert_eq!(summary.rejected, 0, "{:?}", out.rejects());
    let sums = totals(&out);
    for (order, sum, stated) in &sums[..4] {
        assert_eq!(sum.normalize().to_string(), *stated, "{order}");
    }
    assert_eq!((sums[4].1.normalize().to_string().as_str(), sums[4].2.as_str()), ("10", "9"));
    let lines = out.rows("order_lines", &["line", "order_id", "product_code", "product_name", "unit_price", "status"]);
    let (shipping, tax) = (2 + 2 * REVERSAL, 2 + 4 * REVERSAL);
    assert_eq!(
        lines[..3],
        [
            "2 | #1 | K1 | Kettle | 19.99 | completed".to_owned(),
            format!("{shipping} | #1 | SHIPPING | Shipping | 4.95 | completed"),
            format!("{tax} | #1 | TAX | Tax | 3.3 | completed"),
        ]
    );
    assert!(!lines.iter().any(|l| l.contains("#2 | TAX")), "{lines:?}");
    let notes = summary.notes.join("; ");
    assert!(
        notes.contains("1 orders: the prices hold the taxes") && notes.contains("1 orders: lines, shipping"),
        "{notes}"
    );
    let numbers = out.column("order_lines", "line");
    let different: std::collections::BTreeSet<&String> = numbers.iter().collect();
    assert_eq!(different.len(), numbers.len(), "no two rows share a line");
}

#[test]
fn an_amazon_order_with_shipping_gift_wrap_and_taxes_adds_up() {
    let header = "amazon-order-id\tpurchase-date\torder-status\tsales-channel\tsku\tquantity\tcurrency\titem-price\titem-tax\tshipping-price\tshipping-tax\tgift-wrap-price\tgift-wrap-tax\titem-promotion-discount\tship-promotion-discount\n";
    let text = format!(
        "{header}1\t2025-10-07T09:50:26+00:00\tShipped\tAmazon.com\tK1\t2\tUSD\t39.98\t3.30\t6.99\t0.58\t3.99\t0.33\t4.00\t2.00\n\
        1\t2025-10-07T09:50:26+00:00\tShipped\tAmazon.com\tC1\t1\tUSD\t10.00\t0.83\t\t\t\t\t\t\n\
        2\t2025-10-07T09:50:26+00:00\tShipped\tAmazon.de\tK1\t1\tEUR\t19.99\t3.19\t4.99\t0.80\t\t\t\t\n\
        3\t2025-10-07T09:50:26+00:00\tCancelled\tAmazon.de\tK1\t0\t\t\t\t\t\t\t\t\t\n"
    );
    let (summary, out) = read(text.as_bytes(), "f.txt").unwrap();
    assert_eq!((summary.rows, summary.rejected), (9, 0), "{:?}", out.rejects());
    let sums: Vec<String> = totals(&out).iter().map(|(o, sum, _)| format!("{o}: {}", sum.normalize())).collect();
    // In the United States taxes come on top: 39.98 − 4.00 + 6.99 − 2.00 + 3.99 + (3.30 + 0.58 + 0.33) = 49.17,
    // and 10.00 + 0.83. In Germany the prices hold them: 19.99 + 4.99.
    assert_eq!(sums, ["1: 60", "2: 24.98", "3: 0"]);
    assert_eq!(
        out.rows("order_lines", &["product_code", "product_name", "amount", "discount", "tax"])[1..4],
        [
            "SHIPPING | Shipping of K1 | 4.99 | 2 | ",
            "GIFT WRAP | Gift wrap of K1 | 3.99 |  | ",
            "TAX | Tax of K1 | 4.21 |  | "
        ]
    );
}

#[test]
fn an_alias_joins_the_user_to_the_visitor_that_it_names() {
    let text = "{\"type\":\"alias\",\"messageId\":\"m1\",\"userId\":\"u1\",\"previousId\":\"v1\",\"anonymousId\":\"v9\",\"timestamp\":\"2025-10-07T09:00:00Z\"}\n{\"type\":\"track\",\"event\":\"x\",\"messageId\":\"m2\",\"userId\":\"u1\",\"previousId\":\"v1\",\"timestamp\":\"2025-10-07T09:00:00Z\"}\n";
    let (_, out) = read(text.as_bytes(), "f.jsonl").unwrap();
    assert_eq!(out.rows("events", &["kind", "shopper_key", "anonymous_id"]), ["alias | u1 | v1", "track | u1 | "]);
}
