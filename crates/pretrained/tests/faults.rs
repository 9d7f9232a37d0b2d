//! Folders that are wrong, and what is said of them; and models in a store.

mod made;

use pretrained::{Check, Encoder, Kind, PretrainedError, add, inspect, list, load, open, remove, supported};
use serde_json::json;
use std::fs;
use std::path::Path;

fn bert() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    made::text(folder.path(), "bert");
    made::pooled(folder.path(), true);
    folder
}

/// The error of a good folder after something was done to it.
fn after(spoil: impl FnOnce(&Path)) -> String {
    let folder = bert();
    spoil(folder.path());
    let error = load(folder.path()).expect_err("a spoilt folder").to_string();
    error.replace(&folder.path().display().to_string(), "FOLDER")
}

fn edit(folder: &Path, file: &str, key: &str, value: serde_json::Value) {
    let mut s: serde_json::Value = serde_json::from_slice(&fs::read(folder.join(file)).unwrap()).unwrap();
    s[key] = value;
    made::write(folder, file, &s);
}

#[test]
fn a_missing_folder_or_file_says_what_belongs_there() {
    let error = load(Path::new("no/such/folder")).unwrap_err();
    assert!(matches!(error, PretrainedError::FolderMissing { .. }), "{error}");
    for (file, part) in [
        ("config.json", "FOLDER has no config.json"),
        ("tokenizer.json", "FOLDER has no tokenizer.json"),
        ("model.safetensors", "FOLDER has no model.safetensors"),
        ("1_Pooling/config.json", "FOLDER/1_Pooling has no config.json"),
    ] {
        let said = after(|folder| fs::remove_file(folder.join(file)).unwrap());
        assert!(said.starts_with(part), "{said}");
    }
}

#[test]
fn another_architecture_is_named_beside_those_that_are_read() {
    let said = after(|folder| edit(folder, "config.json", "model_type", json!("gpt2")));
    assert!(said.contains("`model_type` is gpt2") && supported().iter().all(|name| said.contains(name)), "{said}");
    let said = after(|folder| fs::write(folder.join("config.json"), "{").unwrap());
    assert!(said.contains("config.json is not the JSON it should be"), "{said}");
}

#[test]
fn pickles_are_never_read() {
    let said = after(|folder| {
        fs::remove_file(folder.join("model.safetensors")).unwrap();
        fs::write(folder.join("pytorch_model.bin"), "x").unwrap();
    });
    assert!(said.contains("only as pytorch_model.bin, a pickle") && said.contains("safe_serialization=True"), "{said}");
}

#[test]
fn settings_that_do_not_fit_the_weights_are_refused() {
    for (key, value, part) in [
        ("hidden_size", json!(24), "has shape [12, 12], config.json says [12, 24]"),
        ("num_hidden_layers", json!(3), "has no tensor `encoder.layer.2."),
        ("num_hidden_layers", json!(1_000_000_000), "`num_hidden_layers` is 1000000000"),
        ("num_attention_heads", json!(5), "a divisor of the width 12"),
        ("hidden_act", json!("mish"), "`hidden_act` is \"mish\""),
        ("vocab_size", json!(-1), "`vocab_size` is -1"),
        ("position_embedding_type", json!("relative_key"), "it has to be absolute"),
    ] {
        let said = after(|folder| edit(folder, "config.json", key, value));
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn weights_that_are_cut_off_or_lie_are_refused() {
    let cut = |n: usize| {
        after(|folder| {
            let path = folder.join("model.safetensors");
            let bytes = fs::read(&path).unwrap();
            fs::write(&path, &bytes[..n.min(bytes.len() - 4)]).unwrap();
        })
    };
    assert!(cut(usize::MAX).contains("the file is cut off"), "{}", cut(usize::MAX));
    assert!(cut(100).contains("cut off"), "{}", cut(100));
    assert!(cut(5).contains("it has 5 bytes"), "{}", cut(5));
    let table = |text: &str| {
        after(|folder| {
            let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
            bytes.extend(text.bytes());
            bytes.extend([0; 64]);
            fs::write(folder.join("model.safetensors"), bytes).unwrap();
        })
    };
    let row = |dtype: &str, shape: &str, to: u64| {
        table(&format!("{{\"a\":{{\"dtype\":\"{dtype}\",\"shape\":{shape},\"data_offsets\":[0,{to}]}}}}"))
    };
    // A shape whose product does not fit 64 bits, one larger than the file, one that is not its bytes.
    assert!(row("F32", "[4294967296,4294967296,4]", 64).contains("does not fit its bytes"));
    assert!(row("F32", "[1000000000]", 4_000_000_000).contains("ends at byte 4000000000 of 64"));
    assert!(row("F32", "[3]", 16).contains("does not fit its bytes"));
    assert!(row("Q4", "[3]", 16).contains("is of type Q4"));
    assert!(table("no json").contains("its table is no JSON"));
}

#[test]
fn a_tokenizer_of_another_model_is_refused() {
    let said = after(|folder| {
        let path = folder.join("tokenizer.json");
        let text = fs::read_to_string(&path).unwrap().replace("\"blue\": 9", "\"blue\": 900");
        fs::write(path, text).unwrap();
    });
    assert!(said.contains("a piece of number 900, the weights have 12 rows"), "{said}");
}

#[test]
fn steps_that_are_not_read_or_leave_the_folder_are_refused() {
    let said = after(|folder| made::write(folder, "modules.json", &json!([{"type": "a.b.LSTM", "path": "1_LSTM"}])));
    assert!(said.contains("the step LSTM is not read"), "{said}");
    let said = after(|folder| made::write(folder, "modules.json", &json!([{"type": "a.Pooling", "path": "../x"}])));
    assert!(said.contains("a folder inside this one"), "{said}");
    let said = after(|folder| edit(folder, "1_Pooling/config.json", "pooling_mode_cls_token", json!(true)));
    assert!(said.contains("exactly one of"), "{said}");
}

#[test]
fn a_description_says_everything() {
    let folder = bert();
    fs::write(folder.path().join("README.md"), "---\nlanguage: [en, zh]\nlicense: mit\n---\n").unwrap();
    fs::write(folder.path().join("modeling.py"), "raise SystemExit").unwrap();
    made::write(folder.path(), "sentence_bert_config.json", &json!({"max_seq_length": 9}));
    let prompts = json!({"prompts": {"query": "x: ", "document": "y: "}});
    made::write(folder.path(), "config_sentence_transformers.json", &prompts);
    let d = inspect(folder.path()).unwrap();
    assert_eq!((d.architecture.as_str(), d.kind, d.width), ("bert", Kind::Text, 12));
    assert_eq!((d.languages.len(), d.licence.as_deref()), (2, Some("mit")));
    let text = d.text.unwrap();
    assert_eq!((text.max_pieces, text.unit, text.pooling_assumed), (9, true, false));
    assert_eq!((text.query_prefix.as_str(), text.passage_prefix.as_str()), ("x: ", "y: "));
    // Embeddings (12 + 16 + 2) · 12 + 24; two layers of 4 · 156 + 48 + 260 + 252.
    assert_eq!(d.n_parameters, 384 + 2 * 1184);
    let names: Vec<&str> = d.files.iter().map(|f| f.path.as_str()).collect();
    assert!(names.contains(&"1_Pooling/config.json") && !names.contains(&"modeling.py"), "{names:?}");
    assert!(d.files.iter().all(|f| f.sha256.len() == 64 && f.bytes > 0));
}

#[test]
fn a_prefix_is_put_before_queries_and_passages() {
    let folder = bert();
    let prompts = json!({"prompts": {"query": "x ", "passage": "y "}});
    made::write(folder.path(), "config_sentence_transformers.json", &prompts);
    let Encoder::Text(encoder) = load(folder.path()).unwrap() else { panic!("bert is an encoder of texts") };
    assert_eq!(encoder.pieces("shoe"), Some(vec![1, 10, 5, 2]));
    assert_eq!(encoder.for_queries().pieces("shoe"), Some(vec![1, 7, 5, 2]));
    assert_eq!(encoder.for_queries().for_passages().pieces("shoe"), Some(vec![1, 10, 5, 2]));
}

#[test]
fn e5_is_known_by_its_name() {
    for (name, prefix) in [("intfloat/multilingual-e5-small", "query: "), ("some/bert", "")] {
        let folder = bert();
        edit(folder.path(), "config.json", "_name_or_path", json!(name));
        let text = inspect(folder.path()).unwrap().text.unwrap();
        assert_eq!(text.query_prefix, prefix);
    }
}

#[test]
fn a_stored_model_is_whole_and_the_same() {
    let (folder, store) = (bert(), tempfile::tempdir().unwrap());
    let into = store.path().join("models/pretrained");
    assert_eq!(list(&into).unwrap(), vec![]);
    let manifest = add(folder.path(), &into, "tiny-bert").unwrap();
    assert_eq!(list(&into).unwrap(), vec![manifest.clone()]);
    let error = add(folder.path(), &into, "tiny-bert").unwrap_err();
    assert!(matches!(error, PretrainedError::Exists { .. }), "{error}");
    drop(folder);
    let Encoder::Text(encoder) = open(&into, "tiny-bert", Check::Digests).unwrap() else { panic!("not of texts") };
    assert_eq!(encoder.settings().unit, manifest.description.text.unwrap().unit);
    for bad in ["", "../x", ".hidden", "a/b", "a b"] {
        assert!(matches!(add(store.path(), &into, bad), Err(PretrainedError::Name { .. })), "{bad}");
    }
    let error = open(&into, "other", Check::Sizes).unwrap_err().to_string();
    assert_eq!(error, "there is no model `other`; there are: tiny-bert");
    remove(&into, "tiny-bert").unwrap();
    assert_eq!(list(&into).unwrap(), vec![]);
    assert!(matches!(remove(&into, "tiny-bert"), Err(PretrainedError::Unknown { .. })));
    assert_eq!(fs::read_dir(&into).unwrap().count(), 0);
}

#[test]
fn a_stored_file_that_changed_is_noticed() {
    let (folder, store) = (bert(), tempfile::tempdir().unwrap());
    add(folder.path(), store.path(), "m").unwrap();
    let path = store.path().join("m/files/model.safetensors");
    let mut bytes = fs::read(&path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&path, &bytes).unwrap();
    // Of the same size: only the digest tells.
    assert!(open(store.path(), "m", Check::Sizes).is_ok());
    let error = open(store.path(), "m", Check::Digests).unwrap_err();
    assert!(matches!(error, PretrainedError::Changed { .. }), "{error}");
    fs::write(&path, &bytes[..last]).unwrap();
    assert!(matches!(open(store.path(), "m", Check::Sizes), Err(PretrainedError::Changed { .. })));
}

#[test]
fn a_folder_that_cannot_be_used_leaves_nothing_in_the_store() {
    let (folder, store) = (bert(), tempfile::tempdir().unwrap());
    fs::remove_file(folder.path().join("tokenizer.json")).unwrap();
    assert!(add(folder.path(), store.path(), "m").is_err());
    assert_eq!(fs::read_dir(store.path()).unwrap().count(), 0);
    // What a crash left half-written is no model, and in nobody's way.
    fs::create_dir_all(store.path().join(".adding-m/files")).unwrap();
    assert_eq!(list(store.path()).unwrap(), vec![]);
    add(bert().path(), store.path(), "m").unwrap();
    assert_eq!(fs::read_dir(store.path()).unwrap().count(), 1);
}
