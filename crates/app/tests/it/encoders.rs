//! Encoders of others that look at pictures and listen to sounds, asked by commands. The models are tiny ones made here.

#[path = "../../../pretrained/tests/made/mod.rs"]
mod made;

use crate::media::{bmp, shop};
use crate::support::Shop;
use serde_json::Value;
use std::path::Path;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

/// Makes a model beside the workspace, takes it in under a name, and names it under a key of `[search]`.
fn named(shop: &Shop, name: &str, key: &str, make: impl FnOnce(&Path)) -> String {
    let folder = shop.path(&format!("folder of {name}"));
    std::fs::create_dir_all(&folder).unwrap();
    make(Path::new(&folder));
    let said = shop.ok(&["models", "add", &folder, "--name", name]);
    settings(shop, &format!("{key} = \"{name}\""));
    said
}

/// What stands under `[search]`, and nothing else there.
fn settings(shop: &Shop, line: &str) {
    let path = shop.root().join("portolan.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let before = text.split("\n[search]\n").next().unwrap();
    std::fs::write(&path, format!("{before}\n[search]\n{line}\n")).unwrap();
}

fn products(answer: &Value) -> Vec<&str> {
    answer["items"].as_array().unwrap().iter().map(|item| item["product"].as_str().unwrap()).collect()
}

#[test]
fn a_picture_model_decides_what_looks_alike_and_two_towers_find_pictures_by_words() {
    let (shop, folder) = shop();
    shop.ok(&["ingest", &folder]);
    shop.file("photo.bmp", bmp(true, [200, 30, 30], 90));
    let photo = shop.path("photo.bmp");
    let likeness = |shop: &Shop, by: &[&str]| -> Vec<f64> {
        let answer = json(&shop.ok(&[by, &["--image", &photo, "--json"]].concat()));
        assert_eq!(products(&answer).len(), 3, "{answer}");
        let item = &answer["items"][0];
        assert_eq!((item["product"].as_str(), item["same_picture"].as_bool()), (Some("P1"), Some(true)), "{answer}");
        answer["items"].as_array().unwrap().iter().map(|i| i["picture"].as_f64().unwrap()).collect()
    };
    let plain = likeness(&shop, &["similar"]);
    let said = shop.fails(&["search", "red shoe", "--pictures"]);
    assert!(said.contains("no encoder reads words") && said.contains("CLIP"), "{said}");

    // Numbers of another sort; the same picture stays the first.
    let said = named(&shop, "res", "pictures", |folder| made::resnet(folder, "basic"));
    assert!(said.contains("16 numbers"), "{said}");
    let seen = likeness(&shop, &["similar"]);
    assert_ne!(seen, plain);
    assert_eq!(likeness(&shop, &["search"]), seen, "`search --image` is `similar --image`");
    assert!(shop.fails(&["search", "red shoe", "--pictures"]).contains("no encoder reads words"));
    json(&shop.ok(&["catalogue", "pictures", "--json"]));

    named(&shop, "two", "pictures", |folder| made::towers(folder, "clip"));
    assert_ne!(likeness(&shop, &["similar"]), seen, "what the other encoder saw is not taken for its own");
    let answer = json(&shop.ok(&["search", "red shoe", "--pictures", "--json"]));
    assert_eq!((products(&answer).len(), answer["by"].as_str()), (3, Some("pictures")), "{answer}");
    let cosines: Vec<f64> =
        answer["items"].as_array().unwrap().iter().map(|i| i["picture"].as_f64().unwrap()).collect();
    assert!(cosines.is_sorted_by(|a, b| a >= b) && cosines.iter().all(|c| c.abs() <= 1.0 + 1e-6), "{cosines:?}");
    let other = json(&shop.ok(&["search", "blue bag", "--pictures", "--json"]));
    assert_ne!(other["items"], answer["items"], "other words, other cosines");
}

#[test]
fn a_model_that_is_missing_changed_or_for_something_else_is_named() {
    let (shop, folder) = shop();
    shop.ok(&["ingest", &folder]);
    let ask = ["similar", "P1", "--by", "picture"];
    settings(&shop, "pictures = \"nobody\"");
    let said = shop.fails(&ask);
    assert!(said.contains("`nobody`") && said.contains("models pretrained"), "{said}");
    named(&shop, "words", "pictures", |folder| made::text(folder, "bert"));
    let said = shop.fails(&ask);
    assert!(said.contains("it is for text, an encoder of pictures is wanted"), "{said}");
    named(&shop, "res", "pictures", |folder| made::resnet(folder, "basic"));
    shop.ok(&ask);
    let weights = shop.root().join("models/pretrained/res/files/model.safetensors");
    let bytes = std::fs::read(&weights).unwrap();
    std::fs::write(&weights, &bytes[..bytes.len() - 4]).unwrap();
    assert!(shop.fails(&ask).contains("the manifest says"), "a file that changed");
    let nothing = shop.path("nowhere");
    let said = shop.fails(&["models", "add", &nothing]);
    assert!(said.contains("nowhere"), "{said}");
    let odd = shop.path("odd");
    std::fs::create_dir_all(&odd).unwrap();
    std::fs::write(Path::new(&odd).join("config.json"), "{\"model_type\": \"llama\"}").unwrap();
    let said = shop.fails(&["models", "add", &odd]);
    assert!(said.contains("llama") && said.contains("siglip"), "{said}");
}

/// 16-bit mono WAV of a tone at 16 kHz.
fn wav(hertz: f64, seconds: f64) -> Vec<u8> {
    let n = (16_000.0 * seconds) as u32;
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + 2 * n).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16_u32.to_le_bytes());
    bytes.extend([1, 0, 1, 0]);
    [16_000_u32, 32_000].iter().for_each(|number| bytes.extend(number.to_le_bytes()));
    bytes.extend([2, 0, 16, 0]);
    bytes.extend(b"data");
    bytes.extend((2 * n).to_le_bytes());
    for i in 0..n {
        let x = 0.5 * (2.0 * std::f64::consts::PI * hertz * f64::from(i) / 16_000.0).sin();
        bytes.extend(((x * 32_767.0) as i16).to_le_bytes());
    }
    bytes
}

#[test]
fn sounds_are_compared_without_a_model_and_written_down_with_one() {
    let (shop, pictures) = shop();
    shop.ok(&["ingest", &pictures]);
    let said = shop.fails(&["catalogue", "sounds"]);
    assert!(said.contains("no sound and no video"), "{said}");
    let folder = shop.path("sounds");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, hertz) in [("a.wav", 440.0), ("b.wav", 445.0), ("c.wav", 3_000.0)] {
        std::fs::write(Path::new(&folder).join(name), wav(hertz, 0.6)).unwrap();
    }
    shop.ok(&["ingest", &folder]);
    let plain = json(&shop.ok(&["catalogue", "sounds", "--json"]));
    let near = |answer: &Value, at: usize| answer["sounds"][at]["nearest"]["path"].as_str().map(str::to_owned);
    assert_eq!(
        (near(&plain, 0).as_deref(), near(&plain, 1).as_deref()),
        (Some("sounds/b.wav"), Some("sounds/a.wav")),
        "{plain}"
    );
    assert_eq!((plain["by"].as_str(), &plain["sounds"][0]["words"]), (Some("spectrum"), &Value::Null));
    named(&shop, "whisper", "speech", made::whisper);
    let heard = json(&shop.ok(&["catalogue", "sounds", "--json"]));
    assert_eq!(heard["by"], "encoder of speech");
    assert!(heard["sounds"].as_array().unwrap().iter().all(|sound| sound["words"].is_string()), "{heard}");
    settings(&shop, "speech = \"nobody\"");
    assert!(shop.fails(&["catalogue", "sounds"]).contains("`nobody`"));
}

/// What the rows say is tested in `protocols`; here, that the folder is opened and handed on, and what is refused.
#[test]
fn an_encoder_for_the_content_tasks_is_opened_from_its_folder_and_refused_where_nothing_uses_it() {
    let shop = Shop::new();
    let data = shop.path("data");
    for set in ["product_matching/Amazon-Google", "m_absa"] {
        std::fs::create_dir_all(Path::new(&data).join(set)).unwrap();
    }
    let folder = |name: &str, make: &dyn Fn(&Path)| {
        let folder = shop.path(name);
        std::fs::create_dir_all(&folder).unwrap();
        make(Path::new(&folder));
        folder
    };
    let words = folder("words", &|folder| made::text(folder, "bert"));
    let eyes = folder("eyes", &|folder| made::resnet(folder, "basic"));
    let ask = |task: &str, encoder: &str| {
        shop.fails(&["bench", "content", "--data", &data, "--task", task, "--encoder", encoder])
    };
    // A sentence encoder is taken: what is missing then is the data.
    let said = ask("product_matching", &words);
    assert!(said.contains("train.txt") && !said.contains("--encoder"), "{said}");
    let said = ask("product_matching", &eyes);
    assert!(said.contains("a sentence encoder is wanted"), "{said}");
    assert!(ask("product_matching", &data).contains("config.json"));
    let said = ask("m_absa", &words);
    assert!(said.contains("none of these tasks uses an encoder") && said.contains("product_matching"), "{said}");
}
