//! Drafts a mapping for an unknown table: which of its columns is what, with reasons.
//!
//! Each column is compared with each raw column by name (in English, German, French, Spanish,
//! Italian, Dutch, Polish, Chinese and Vietnamese) and by the shape of its values. A shape that
//! contradicts a name wins over it: a column called `date` without dates is no date. The pairs are
//! then taken best first. What stays open is written into the draft as a comment, never invented.

use crate::bytes::members;
use crate::date::{self, DateParams};
use crate::error::IntakeError;
use crate::format::raw_table;
use crate::header::key;
use crate::mapping::Mapping;
use crate::number::{self, DecimalMark};
use crate::options::ReadOptions;
use crate::rows::{Opened, open as open_rows};
use domain::country_by_name;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::io;

/// A drafted mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The mapping, ready to be fed back.
    pub mapping: Mapping,
    /// The same as TOML with a comment on each line that says why.
    pub toml: String,
    /// One sentence a decision.
    pub reasons: Vec<String>,
}

/// What the values of a column look like: shares of its filled cells.
#[derive(Clone, Copy, Debug, Default)]
struct Shape {
    filled: f64,
    dates: f64,
    whole: f64,
    numbers: f64,
    fractions: f64,
    emails: f64,
    countries: f64,
    currencies: f64,
    distinct: f64,
    length: f64,
}

/// Raw column, names in several languages, and whether a shape fits it.
type Want = (&'static str, &'static [&'static str], fn(&Shape) -> bool);

const ORDER_LINES: [Want; 15] = [
    (
        "order_id",
        &[
            "order id",
            "order no",
            "order number",
            "order",
            "invoice",
            "invoice no",
            "invoice number",
            "receipt",
            "belegnr",
            "belegnummer",
            "bestellnummer",
            "bestellnr",
            "auftragsnummer",
            "rechnungsnummer",
            "rechnungsnr",
            "numero commande",
            "n commande",
            "commande",
            "facture",
            "pedido",
            "numero de pedido",
            "factura",
            "ordine",
            "numero ordine",
            "fattura",
            "bestelling",
            "ordernummer",
            "factuurnummer",
            "zamowienie",
            "numer zamowienia",
            "faktura",
            "订单号",
            "订单编号",
            "发票号",
            "單號",
            "mã đơn hàng",
            "số hóa đơn",
        ],
        |s| s.dates < 0.5 && s.fractions < 0.1 && s.emails < 0.1 && s.filled > 0.9,
    ),
    (
        "product_code",
        &[
            "sku",
            "product id",
            "product code",
            "item",
            "item code",
            "item no",
            "stock code",
            "article",
            "article no",
            "asin",
            "artikelnummer",
            "artikelnr",
            "artnr",
            "artikel",
            "reference",
            "code article",
            "ref",
            "codigo",
            "codigo producto",
            "referencia",
            "articolo",
            "codice",
            "codice articolo",
            "artikelcode",
            "kod produktu",
            "indeks",
            "商品编号",
            "商品编码",
            "货号",
            "產品編號",
            "mã sản phẩm",
            "mã hàng",
        ],
        |s| s.dates < 0.5 && s.fractions < 0.3 && s.emails < 0.1,
    ),
    (
        "product_name",
        &[
            "description",
            "product name",
            "product",
            "title",
            "item name",
            "item description",
            "name",
            "bezeichnung",
            "artikelbezeichnung",
            "produktname",
            "beschreibung",
            "designation",
            "libelle",
            "nom produit",
            "produit",
            "descripcion",
            "producto",
            "nombre",
            "descrizione",
            "prodotto",
            "omschrijving",
            "productnaam",
            "nazwa",
            "nazwa produktu",
            "opis",
            "商品名称",
            "品名",
            "名称",
            "產品名稱",
            "tên sản phẩm",
            "tên hàng",
        ],
        |s| s.numbers < 0.5 && s.dates < 0.3 && s.emails < 0.1 && s.length > 3.0,
    ),
    (
        "quantity",
        &[
            "quantity",
            "qty",
            "units",
            "pieces",
            "count",
            "menge",
            "anzahl",
            "stuck",
            "stückzahl",
            "quantite",
            "qte",
            "cantidad",
            "unidades",
            "quantita",
            "qta",
            "aantal",
            "ilosc",
            "sztuk",
            "数量",
            "件数",
            "數量",
            "số lượng",
        ],
        |s| s.whole > 0.95,
    ),
    (
        "unit_price",
        &[
            "unit price",
            "price",
            "price each",
            "item price",
            "einzelpreis",
            "preis",
            "stückpreis",
            "stuckpreis",
            "prix unitaire",
            "prix",
            "pu",
            "precio",
            "precio unitario",
            "prezzo",
            "prezzo unitario",
            "prijs",
            "stukprijs",
            "cena",
            "cena jednostkowa",
            "单价",
            "价格",
            "單價",
            "đơn giá",
            "giá",
        ],
        |s| s.numbers > 0.95 && s.dates < 0.5,
    ),
    (
        "amount",
        &[
            "amount",
            "line total",
            "total",
            "line amount",
            "betrag",
            "gesamt",
            "gesamtpreis",
            "summe",
            "montant",
            "total ligne",
            "importe",
            "importe total",
            "importo",
            "totale",
            "bedrag",
            "totaal",
            "wartosc",
            "kwota",
            "金额",
            "小计",
            "金額",
            "thành tiền",
        ],
        |s| s.numbers > 0.95 && s.dates < 0.5,
    ),
    (
        "discount",
        &["discount", "rabatt", "remise", "descuento", "sconto", "korting", "rabat", "折扣", "优惠", "giảm giá"],
        |s| s.numbers > 0.95,
    ),
    (
        "currency",
        &[
            "currency",
            "currency code",
            "währung",
            "wahrung",
            "devise",
            "monnaie",
            "moneda",
            "divisa",
            "valuta",
            "waluta",
            "币种",
            "货币",
            "幣別",
            "tiền tệ",
        ],
        |s| s.currencies > 0.95,
    ),
    (
        "ordered_at",
        &[
            "order date",
            "date",
            "invoice date",
            "ordered at",
            "created at",
            "purchase date",
            "datum",
            "bestelldatum",
            "rechnungsdatum",
            "belegdatum",
            "kaufdatum",
            "date commande",
            "date facture",
            "fecha",
            "fecha pedido",
            "data",
            "data ordine",
            "orderdatum",
            "data zamowienia",
            "日期",
            "下单时间",
            "订单日期",
            "订购日期",
            "ngày",
            "ngày đặt hàng",
        ],
        |s| s.dates > 0.95,
    ),
    (
        "shopper_key",
        &[
            "customer id",
            "customer",
            "customer no",
            "customer number",
            "client id",
            "buyer id",
            "user id",
            "member id",
            "kundennummer",
            "kundennr",
            "kunde",
            "kundenid",
            "client",
            "numero client",
            "n client",
            "cliente",
            "id cliente",
            "codice cliente",
            "klantnummer",
            "klant",
            "klient",
            "nr klienta",
            "客户编号",
            "客户号",
            "会员号",
            "顾客编号",
            "客戶編號",
            "mã khách hàng",
        ],
        |s| s.dates < 0.5 && s.emails < 0.1 && s.countries < 0.9,
    ),
    (
        "email",
        &[
            "email",
            "e mail",
            "mail",
            "email address",
            "courriel",
            "correo",
            "correo electronico",
            "posta elettronica",
            "adres email",
            "邮箱",
            "电子邮件",
            "電子郵件",
            "thư điện tử",
        ],
        |s| s.emails > 0.8,
    ),
    (
        "phone",
        &[
            "phone",
            "telephone",
            "mobile",
            "telefon",
            "handy",
            "tel",
            "telefono",
            "telefoon",
            "电话",
            "手机",
            "手机号",
            "電話",
            "số điện thoại",
        ],
        |s| s.emails < 0.1 && s.dates < 0.3 && s.length > 5.0,
    ),
    (
        "country",
        &[
            "country",
            "ship country",
            "shipping country",
            "market",
            "land",
            "lieferland",
            "pays",
            "pais",
            "paese",
            "nazione",
            "kraj",
            "国家",
            "国家地区",
            "國家",
            "quốc gia",
            "nước",
        ],
        |s| s.countries > 0.8,
    ),
    (
        "city",
        &["city", "town", "stadt", "ort", "ville", "ciudad", "citta", "plaats", "miasto", "城市", "thành phố"],
        |s| s.numbers < 0.3,
    ),
    (
        "status",
        &["status", "state", "order status", "statut", "estado", "stato", "状态", "订单状态", "狀態", "trạng thái"],
        |s| s.distinct < 0.2 && s.numbers < 0.5,
    ),
];

/// Drafts a mapping for an order table.
///
/// # Errors
/// As [`crate::read`] for a file that is no table; [`IntakeError::UnknownFormat`] when too few of
/// its columns can be told.
pub fn draft_mapping(
    open: &dyn Fn() -> io::Result<Box<dyn io::Read + Send>>,
    file_name: &str,
    options: &ReadOptions,
) -> Result<Draft, IntakeError> {
    let (_, members) = members(open, file_name)?;
    let member = members.first().ok_or_else(|| IntakeError::Empty { file: file_name.to_owned() })?;
    let opened = open_rows(member, options)?;
    draft(file_name, &opened)
}

fn draft(file: &str, opened: &Opened) -> Result<Draft, IntakeError> {
    let header = opened.rows.header().to_vec();
    let columns: Vec<Vec<&str>> = (0..header.len())
        .map(|i| {
            opened
                .sample
                .rows
                .iter()
                .map(|(_, r)| r.get(i).map_or("", |c| c.trim()))
                .filter(|c| !c.is_empty())
                .collect()
        })
        .collect();
    let mut evidence = number::Evidence::default();
    columns.iter().flatten().filter(|c| looks_numeric(c)).for_each(|c| evidence.see(c));
    let (mark, _) = evidence.decide(opened.delimiter);
    let shapes: Vec<Shape> = columns.iter().map(|c| shape(c, opened.sample.rows.len(), mark)).collect();
    let mut pairs: Vec<(f64, usize, usize, String)> = Vec::new();
    for (w, (column, names, fits)) in ORDER_LINES.iter().enumerate() {
        for (i, name) in header.iter().enumerate().filter(|(i, _)| shapes[*i].filled > 0.0) {
            if !fits(&shapes[i]) {
                continue;
            }
            let (by_name, why) = name_score(name, names);
            let (by_shape, shape_why) = shape_score(column, &shapes[i]);
            if by_name + by_shape >= 0.5 {
                let why = [why, shape_why].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join("; ");
                pairs.push((by_name + by_shape, w, i, why));
            }
        }
    }
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
    let mut chosen: BTreeMap<usize, (usize, String)> = BTreeMap::new();
    let mut used = vec![false; header.len()];
    for (_, want, column, why) in pairs {
        if !chosen.contains_key(&want) && !used[column] {
            used[column] = true;
            chosen.insert(want, (column, why));
        }
    }
    if chosen.len() < 3 {
        let found = crate::error::list(&header);
        return Err(IntakeError::UnknownFormat { file: file.to_owned(), line: opened.rows.header_line(), found });
    }
    Ok(write_draft(file, opened, &header, &columns, &chosen, &used, mark))
}

fn write_draft(
    file: &str,
    opened: &Opened,
    header: &[String],
    columns: &[Vec<&str>],
    chosen: &BTreeMap<usize, (usize, String)>,
    used: &[bool],
    mark: DecimalMark,
) -> Draft {
    let mut mapping = Mapping { table: "order_lines".into(), ..Mapping::default() };
    let mut reasons = Vec::new();
    let mut toml = format!(
        "# Drafted from {file}; check every line, then: portolan ingest {file} --map THIS_FILE\ntable = \"order_lines\"\n\n[columns]\n"
    );
    for (want, (column, why)) in chosen {
        let name = ORDER_LINES[*want].0;
        let _ = writeln!(toml, "{name} = {}   # {why}", quoted(&header[*column]));
        reasons.push(format!("{name} = `{}`: {why}", header[*column]));
        mapping.columns.insert(name.to_owned(), header[*column].clone());
    }
    let required = raw_table("order_lines")
        .map(|t| t.columns.iter().skip(2).filter(|c| !c.nullable).map(|c| c.name).collect::<Vec<_>>());
    for name in required.unwrap_or_default() {
        if !mapping.columns.contains_key(name) && name != "currency" {
            let _ = writeln!(toml, "# {name} = \"?\"   # required, and no column looks like it");
            reasons.push(format!("{name}: no column looks like it; it is required"));
        }
    }
    for (name, _) in header.iter().zip(used).filter(|(n, used)| !**used && !n.is_empty()) {
        let _ = writeln!(toml, "# not used: {}", quoted(name).replace('\n', " "));
    }
    toml.push_str("\n[constants]\n");
    if !mapping.columns.contains_key("currency") {
        match currency(columns, chosen) {
            Some((code, why)) => {
                let _ = writeln!(toml, "currency = \"{code}\"   # no column says the currency; {why}: check");
                reasons.push(format!("currency = {code}: {why}; check"));
                mapping.constants.insert("currency".into(), code);
            }
            None => toml.push_str("# currency = \"EUR\"   # required: nothing in the file says the currency\n"),
        }
    }
    toml.push_str("\n[read]\n");
    if opened.delimiter != 0 {
        let delimiter =
            if opened.delimiter == b'\t' { "\\t".to_owned() } else { char::from(opened.delimiter).to_string() };
        let _ = writeln!(toml, "delimiter = {}   # gives rows as wide as the header", quoted(&delimiter));
        mapping.read.delimiter = Some(delimiter);
    }
    let _ = writeln!(toml, "decimal = \"{}\"   # as the numbers of the first rows are written", mark.char());
    mapping.read.decimal = Some(mark.char().to_string());
    Draft { mapping, toml, reasons }
}

/// A TOML basic string.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// The currency by a sign in the prices, else by the country of most rows.
fn currency(columns: &[Vec<&str>], chosen: &BTreeMap<usize, (usize, String)>) -> Option<(String, String)> {
    let column = |name: &str| {
        let want = ORDER_LINES.iter().position(|w| w.0 == name)?;
        chosen.get(&want).map(|(c, _)| &columns[*c])
    };
    let price = column("unit_price").or_else(|| column("amount"))?;
    for (sign, code) in
        [("€", "EUR"), ("£", "GBP"), ("₹", "INR"), ("₫", "VND"), ("฿", "THB"), ("zł", "PLN"), ("R$", "BRL")]
    {
        if price.iter().filter(|p| p.contains(sign)).count() * 2 > price.len() {
            return Some((code.to_owned(), format!("the prices carry {sign}")));
        }
    }
    let mut counts: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
    for country in column("country")?.iter().filter_map(|c| country_by_name(c)) {
        counts.entry(country.currency.code()).or_insert((0, country.name)).0 += 1;
    }
    let (code, (_, name)) = counts.into_iter().max_by_key(|(_, (n, _))| *n)?;
    Some((code.to_owned(), format!("most rows are from countries with it, such as {name}")))
}

fn looks_numeric(cell: &str) -> bool {
    cell.chars().any(|c| c.is_ascii_digit()) && cell.chars().filter(|c| c.is_alphabetic()).count() <= 3
}

fn shape(cells: &[&str], rows: usize, mark: DecimalMark) -> Shape {
    let n = cells.len();
    if n == 0 {
        return Shape::default();
    }
    let share = |test: &dyn Fn(&str) -> bool| cells.iter().filter(|c| test(c)).count() as f64 / n as f64;
    let is_date = |c: &str| {
        let params = DateParams { order: None, offset_minutes: 0 };
        let plain_number =
            c.bytes().all(|b| b.is_ascii_digit() || b == b'.') && c.bytes().filter(|b| *b == b'.').count() < 2;
        !plain_number && !matches!(date::instant(c, params), Err(date::DateFault::NotADate))
    };
    let distinct: std::collections::BTreeSet<&str> = cells.iter().copied().collect();
    Shape {
        filled: n as f64 / rows.max(1) as f64,
        dates: share(&is_date),
        whole: share(&|c| number::integer(c, mark).is_some()),
        numbers: share(&|c| looks_numeric(c) && number::parse(c, mark).is_some()),
        fractions: share(&|c| {
            c.contains(mark.char()) && number::parse(c, mark).is_some_and(|d| d.fract() != domain::Decimal::ZERO)
        }),
        emails: share(&|c| c.contains('@') && c.contains('.')),
        countries: share(&|c| domain::market_by_name(c).is_some()),
        currencies: share(&|c| c.len() == 3 && c.bytes().all(|b| b.is_ascii_uppercase())),
        distinct: distinct.len() as f64 / n as f64,
        length: cells.iter().map(|c| c.chars().count()).sum::<usize>() as f64 / n as f64,
    }
}

/// How well a header agrees with the names of a column, and why.
fn name_score(name: &str, names: &[&str]) -> (f64, String) {
    let plain = key(name);
    if plain.is_empty() {
        return (0.0, String::new());
    }
    let mut best = (0.0, String::new());
    for (i, known) in names.iter().enumerate() {
        let wanted = key(known);
        let (score, how) = if plain == wanted {
            // The names are listed best first.
            (1.0 - i as f64 * 0.001, "named so")
        } else if wanted.chars().count() >= 4 && plain.contains(&wanted) {
            (0.6, "named alike")
        } else if plain.chars().count() >= 5 && strsim::jaro_winkler(&plain, &wanted) > 0.93 {
            (0.55, "spelt nearly so")
        } else {
            continue;
        };
        if score > best.0 {
            best = (score, format!("{how}: {known}"));
        }
    }
    best
}

/// What the values say by themselves.
fn shape_score(column: &str, shape: &Shape) -> (f64, String) {
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    match column {
        "ordered_at" if shape.dates > 0.95 => (0.6, format!("{} of the values are dates", percent(shape.dates))),
        "email" if shape.emails > 0.8 => (0.7, format!("{} of the values are e-mail addresses", percent(shape.emails))),
        "country" if shape.countries > 0.8 => {
            (0.6, format!("{} of the values are countries", percent(shape.countries)))
        }
        "currency" if shape.currencies > 0.95 && shape.distinct < 0.5 => (0.5, "three capital letters".into()),
        "unit_price" if shape.fractions > 0.5 => {
            (0.5, format!("{} of the values have decimals", percent(shape.fractions)))
        }
        "quantity" if shape.whole > 0.99 && shape.distinct < 0.3 && shape.length < 4.0 => {
            (0.5, "small whole numbers that repeat".into())
        }
        "product_name" if shape.length > 12.0 && shape.numbers < 0.1 && shape.dates < 0.1 => (0.5, "long texts".into()),
        _ => (0.0, String::new()),
    }
}
