use super::*;
use crate::bytes::members;
use proptest::prelude::*;
use std::io::{Cursor, Read};

fn decoded(bytes: &[u8], wanted: Option<&str>) -> Result<(String, EncodingReport), IntakeError> {
    let owned = bytes.to_vec();
    let open = move || Ok(Box::new(Cursor::new(owned.clone())) as Box<dyn Read + Send>);
    let (_, members) = members(&open, "f.csv")?;
    let wanted = wanted.map(|w| w.parse().unwrap());
    let mut source = Decoded::new("f.csv", members[0].open()?, wanted)?;
    let mut text = String::new();
    while source.more(&mut text)? {}
    Ok((text, source.report().clone()))
}

#[test]
fn texts_of_sellers_are_told_from_a_few_characters() {
    for (encoding, text) in [
        (encoding_rs::WINDOWS_1252, "Name;Ort\nMüller;Köln\nGroß;Düsseldorf\n"),
        (encoding_rs::WINDOWS_1252, "Titre,Prix\nThéière été,12 €\nCafetière,30\n"),
        (encoding_rs::WINDOWS_1252, "Nombre,Precio\nTetera pequeña,12\nCafé,3\n"),
        (encoding_rs::GBK, "名称,价格\n电饭煲,199\n不锈钢水壶,89\n"),
        (encoding_rs::GBK, "客户,城市\n王小明,深圳\n李娜,广州\n"),
        (encoding_rs::BIG5, "名稱,價格\n電子鍋,199\n不鏽鋼水壺,89\n"),
        (encoding_rs::BIG5, "客戶,城市\n王小明,臺北\n陳美麗,高雄\n"),
    ] {
        let (bytes, _, lost) = encoding.encode(text);
        assert!(!lost, "{text}");
        let (back, report) = decoded(&bytes, None).unwrap_or_else(|e| panic!("{} {text}: {e}", encoding.name()));
        assert_eq!((back.as_str(), report.name), (text, encoding.name().to_ascii_lowercase()), "{}", report.reason);
    }
}

#[test]
fn other_encodings_are_refused_and_not_mangled() {
    for (encoding, text) in [
        (encoding_rs::EUC_KR, "이름,도시\n전기주전자,서울\n밥솥,부산\n"),
        (encoding_rs::SHIFT_JIS, "名前,都市\n電気ケトル,東京\n炊飯器,大阪\n"),
        (encoding_rs::WINDOWS_1251, "имя,город\nчайник,Москва\n"),
    ] {
        let (bytes, _, _) = encoding.encode(text);
        match decoded(&bytes, None) {
            Err(IntakeError::AmbiguousEncoding { candidates, .. }) => {
                assert!(candidates.contains(&encoding.name().to_ascii_lowercase()), "{candidates}");
            }
            other => panic!("{}: {other:?}", encoding.name()),
        }
        assert_eq!(decoded(&bytes, Some(encoding.name())).unwrap().0, text);
    }
}

#[test]
fn a_name_that_is_no_encoding_is_told_so() {
    assert_eq!("latin1".parse::<Encoding>().unwrap().name(), "windows-1252");
    assert_eq!("utf-16".parse::<Encoding>().unwrap().name(), "utf-16le");
    assert!("klingon".parse::<Encoding>().unwrap_err().to_string().contains("`klingon` is not a character encoding"));
}

proptest! {
    #[test]
    fn utf8_comes_through_unchanged(text in "[a-z,\n]{0,40}[^\0-\u{8}\u{b}-\u{1f}\u{7f}\u{feff}]{0,40}") {
        prop_assume!(!text.starts_with("MZ") && !text.starts_with("BZh") && !text.starts_with("%PDF") && !text.starts_with("GIF8") && !text.starts_with("RIFF"));
        prop_assert_eq!(decoded(text.as_bytes(), None).unwrap().0, text);
    }

    #[test]
    fn any_bytes_are_text_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = decoded(&bytes, None);
    }
}
