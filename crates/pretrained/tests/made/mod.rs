//! Folders of tiny models, made here: settings, a tokenizer of twelve pieces, and weights by a formula of their names.
//!
//! The same formula is in `scripts/peers/pretrained_tiny.py`, which computed the numbers that the tests compare with.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// SplitMix64's finaliser of the `n`-th step.
pub(crate) fn mixed(n: u64) -> u64 {
    let z = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Numbers of a tensor by its name: uniform in ±0.3, ±2 for places, 0.7 to 1.3 for what scales.
pub(crate) fn numbers(name: &str, n: usize) -> Vec<f32> {
    let hash = name.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01B3));
    let of = |i: usize| {
        let u = (mixed(hash.wrapping_add(i as u64 + 1)) >> 40) as f64 / 8_388_608.0 - 1.0;
        let scales = name.ends_with("running_var") || name.to_lowercase().contains("norm") && name.ends_with(".weight");
        let x = if scales {
            1.0 + 0.3 * u
        } else if name.contains("position") {
            2.0 * u
        } else {
            0.3 * u
        };
        x as f32
    };
    (0..n).map(of).collect()
}

/// Names and shapes of a model's tensors.
#[derive(Default)]
pub(crate) struct Tensors(pub(crate) Vec<(String, Vec<usize>)>);

impl Tensors {
    pub(crate) fn add(&mut self, name: &str, shape: &[usize]) {
        self.0.push((name.to_owned(), shape.to_vec()));
    }

    fn linear(&mut self, name: &str, n_in: usize, n_out: usize) {
        self.add(&format!("{name}.weight"), &[n_out, n_in]);
        self.add(&format!("{name}.bias"), &[n_out]);
    }

    fn norm(&mut self, name: &str, n: usize) {
        self.add(&format!("{name}.weight"), &[n]);
        self.add(&format!("{name}.bias"), &[n]);
    }

    /// Layers of width 12 and 20 inside (or as said).
    fn layers(&mut self, at: &str, n: usize, square: &[&str], norms: &[&str], inner: [&str; 2], wide: usize) {
        for i in 0..n {
            let name = |part: &str| format!("{at}.{i}.{part}");
            square.iter().for_each(|part| self.linear(&name(part), 12, 12));
            norms.iter().for_each(|part| self.norm(&name(part), 12));
            self.linear(&name(inner[0]), 12, wide);
            self.linear(&name(inner[1]), wide, 12);
        }
    }

    /// Writes model.safetensors: the length of a header, the header that says where each tensor lies, and the numbers.
    pub(crate) fn save(&self, folder: &Path) {
        let all: BTreeMap<&str, &[usize]> = self.0.iter().map(|(name, shape)| (name.as_str(), &shape[..])).collect();
        let (mut header, mut bytes) = (serde_json::Map::new(), Vec::new());
        for (name, shape) in all {
            let from = bytes.len();
            bytes.extend(numbers(name, shape.iter().product()).into_iter().flat_map(f32::to_le_bytes));
            let place = json!({"dtype": "F32", "shape": shape, "data_offsets": [from, bytes.len()]});
            header.insert(name.to_owned(), place);
        }
        let mut header = Value::Object(header).to_string();
        // Numbers begin at a multiple of their size.
        header.extend(std::iter::repeat_n(' ', header.len().next_multiple_of(8) - header.len()));
        let file = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &bytes].concat();
        std::fs::write(folder.join("model.safetensors"), file).unwrap();
    }
}

pub(crate) fn write(folder: &Path, file: &str, value: &Value) {
    let path = folder.join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, serde_json::to_vec_pretty(value).unwrap()).unwrap();
}

/// A tokenizer of whole words between two marks: `a red shoe` is `first`, 8, 4, 5, `last`.
pub(crate) fn tokenizer(folder: &Path, marks: [(&str, u32); 4], last: (&str, u32)) {
    let words = [("red", 4), ("shoe", 5), ("bag", 6), ("x", 7), ("a", 8), ("blue", 9), ("y", 10)];
    let mut vocabulary = serde_json::Map::new();
    for (word, n) in marks.iter().chain(&words).chain([&last]) {
        vocabulary.insert((*word).to_owned(), json!(n));
    }
    let first = marks.iter().find(|m| m.0 == "[CLS]" || m.0 == "<s>").unwrap();
    let special = |(word, n): (&str, u32)| json!({"id": word, "ids": [n], "tokens": [word]});
    write(
        folder,
        "tokenizer.json",
        &json!({
            "version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
            "pre_tokenizer": {"type": "Whitespace"},
            "post_processor": {
                "type": "TemplateProcessing",
                "single": [
                    {"SpecialToken": {"id": first.0, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                    {"SpecialToken": {"id": last.0, "type_id": 0}}
                ],
                "pair": [
                    {"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}
                ],
                "special_tokens": {first.0: special(*first), last.0: special(last)}
            },
            "decoder": null,
            "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": marks[3].0}
        }),
    );
}

const BERT_MARKS: [(&str, u32); 4] = [("[PAD]", 0), ("[CLS]", 1), ("[SEP]", 2), ("[UNK]", 3)];
const ROBERTA_MARKS: [(&str, u32); 4] = [("<s>", 0), ("<pad>", 1), ("</s>", 2), ("<unk>", 3)];

/// The mean of a text's rows to length 1, or its first row as it is.
pub(crate) fn pooled(folder: &Path, mean: bool) {
    let mut modules = vec![
        json!({"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}),
        json!({"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}),
    ];
    if mean {
        let unit =
            json!({"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"});
        modules.push(unit);
    }
    write(folder, "modules.json", &json!(modules));
    let how =
        json!({"word_embedding_dimension": 12, "pooling_mode_cls_token": !mean, "pooling_mode_mean_tokens": mean});
    write(folder, "1_Pooling/config.json", &how);
}

/// A model of a family of texts.
pub(crate) fn text(folder: &Path, family: &str) {
    let bert = family == "bert" || family == "distilbert";
    let n_places = if bert { 16 } else { 18 };
    let mut config = json!({
        "model_type": family, "vocab_size": 12, "hidden_size": 12, "num_hidden_layers": 2, "num_attention_heads": 3,
        "intermediate_size": 20, "hidden_act": "gelu", "max_position_embeddings": n_places, "type_vocab_size": 1,
        "layer_norm_eps": 1e-5, "pad_token_id": 1
    });
    let mut t = Tensors::default();
    t.add("embeddings.word_embeddings.weight", &[12, 12]);
    t.add("embeddings.position_embeddings.weight", &[n_places, 12]);
    t.norm("embeddings.LayerNorm", 12);
    let inner = ["intermediate.dense", "output.dense"];
    match family {
        "distilbert" => {
            config = json!({
                "model_type": family, "vocab_size": 12, "dim": 12, "n_layers": 2, "n_heads": 3, "hidden_dim": 20,
                "activation": "gelu", "max_position_embeddings": 16
            });
            let square = ["attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin"];
            let norms = ["sa_layer_norm", "output_layer_norm"];
            t.layers("transformer.layer", 2, &square, &norms, ["ffn.lin1", "ffn.lin2"], 20);
        }
        "mpnet" => {
            let square = ["attention.attn.q", "attention.attn.k", "attention.attn.v", "attention.attn.o"];
            t.layers("encoder.layer", 2, &square, &["attention.LayerNorm", "output.LayerNorm"], inner, 20);
            t.add("encoder.relative_attention_bias.weight", &[32, 3]);
        }
        _ => {
            let n_types = if bert { 2 } else { 1 };
            if bert {
                config["type_vocab_size"] = json!(2);
                config["layer_norm_eps"] = json!(1e-12);
            }
            t.add("embeddings.token_type_embeddings.weight", &[n_types, 12]);
            let square =
                ["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"];
            t.layers("encoder.layer", 2, &square, &["attention.output.LayerNorm", "output.LayerNorm"], inner, 20);
        }
    }
    write(folder, "config.json", &config);
    if bert {
        tokenizer(folder, BERT_MARKS, ("[SEP]", 2));
    } else {
        tokenizer(folder, ROBERTA_MARKS, ("</s>", 2));
    }
    t.save(folder);
}

/// The preprocessor that Python's test uses: `cropped` (CLIP, DINOv2), `square` (ViT), `squared` (SigLIP), `next` (ResNet).
pub(crate) fn preprocessor(folder: &Path, which: &str) {
    let mut s = json!({
        "do_resize": true, "do_rescale": true, "rescale_factor": 1.0 / 255.0, "do_normalize": true, "resample": 3,
        "image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.25, 0.3], "size": {"height": 16, "width": 16}
    });
    match which {
        "cropped" => {
            s["size"] = json!({"shortest_edge": 20});
            s["do_center_crop"] = json!(true);
            s["crop_size"] = json!({"height": 16, "width": 16});
        }
        "square" => s["resample"] = json!(2),
        "next" => {
            s["size"] = json!({"shortest_edge": 32});
            s["crop_pct"] = json!(0.8);
            s["image_processor_type"] = json!("ConvNextImageProcessor");
        }
        _ => {}
    }
    write(folder, "preprocessor_config.json", &s);
}

const VIT_SQUARE: [&str; 4] =
    ["attention.attention.query", "attention.attention.key", "attention.attention.value", "attention.output.dense"];
const TOWER_SQUARE: [&str; 4] = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.out_proj"];

/// `vit`, `dinov2` (with places of a larger grid) or `dinov2 gated`.
pub(crate) fn patches(folder: &Path, family: &str) {
    let side: usize = if family == "dinov2" { 24 } else { 16 };
    let mut config = json!({
        "model_type": family.split(' ').next().unwrap(), "hidden_size": 12, "num_hidden_layers": 2,
        "num_attention_heads": 3, "image_size": side, "patch_size": 4, "hidden_act": "gelu", "num_channels": 3
    });
    let mut t = Tensors::default();
    t.add("embeddings.cls_token", &[1, 1, 12]);
    t.add("embeddings.position_embeddings", &[1, (side / 4) * (side / 4) + 1, 12]);
    t.add("embeddings.patch_embeddings.projection.weight", &[12, 3, 4, 4]);
    t.add("embeddings.patch_embeddings.projection.bias", &[12]);
    t.norm("layernorm", 12);
    if family == "vit" {
        config["intermediate_size"] = json!(20);
        config["layer_norm_eps"] = json!(1e-12);
        let norms = ["layernorm_before", "layernorm_after"];
        t.layers("encoder.layer", 2, &VIT_SQUARE, &norms, ["intermediate.dense", "output.dense"], 20);
        preprocessor(folder, "square");
    } else {
        config["mlp_ratio"] = json!(2);
        config["layer_norm_eps"] = json!(1e-6);
        if family == "dinov2" {
            t.layers("encoder.layer", 2, &VIT_SQUARE, &["norm1", "norm2"], ["mlp.fc1", "mlp.fc2"], 24);
        } else {
            config["use_swiglu_ffn"] = json!(true);
            // Two thirds of 24, rounded up to 8: 16, doubled for the gate.
            for i in 0..2 {
                let name = |part: &str| format!("encoder.layer.{i}.{part}");
                VIT_SQUARE.iter().for_each(|part| t.linear(&name(part), 12, 12));
                ["norm1", "norm2"].iter().for_each(|part| t.norm(&name(part), 12));
                t.linear(&name("mlp.weights_in"), 12, 32);
                t.linear(&name("mlp.weights_out"), 16, 12);
            }
        }
        for i in 0..2 {
            t.add(&format!("encoder.layer.{i}.layer_scale1.lambda1"), &[12]);
            t.add(&format!("encoder.layer.{i}.layer_scale2.lambda1"), &[12]);
        }
        preprocessor(folder, "cropped");
    }
    write(folder, "config.json", &config);
    t.save(folder);
}

/// A residual network of `basic` or `bottleneck` blocks.
pub(crate) fn resnet(folder: &Path, kind: &str) {
    let config = json!({
        "model_type": "resnet", "embedding_size": 8, "hidden_sizes": [8, 16], "depths": [2, 1], "layer_type": kind,
        "hidden_act": "relu", "num_channels": 3
    });
    write(folder, "config.json", &config);
    preprocessor(folder, "next");
    let mut t = Tensors::default();
    let mut convolution = |name: &str, n_in: usize, n_out: usize, side: usize| {
        t.add(&format!("{name}.convolution.weight"), &[n_out, n_in, side, side]);
        for part in ["weight", "bias", "running_mean", "running_var"] {
            t.add(&format!("{name}.normalization.{part}"), &[n_out]);
        }
    };
    convolution("embedder.embedder", 3, 8, 7);
    for (stage, layer, n_in, n_out) in [(0, 0, 8, 8), (0, 1, 8, 8), (1, 0, 8, 16)] {
        let name = |part: &str| format!("encoder.stages.{stage}.layers.{layer}.{part}");
        if kind == "basic" {
            convolution(&name("layer.0"), n_in, n_out, 3);
            convolution(&name("layer.1"), n_out, n_out, 3);
        } else {
            convolution(&name("layer.0"), n_in, n_out / 4, 1);
            convolution(&name("layer.1"), n_out / 4, n_out / 4, 3);
            convolution(&name("layer.2"), n_out / 4, n_out, 1);
        }
        if n_in != n_out {
            convolution(&name("shortcut"), n_in, n_out, 1);
        }
    }
    t.save(folder);
}

/// Two towers, `clip` or `siglip`.
pub(crate) fn towers(folder: &Path, family: &str) {
    let clip = family == "clip";
    let side = |more: Value| {
        let mut s = json!({
            "hidden_size": 12, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 20
        });
        s.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        s
    };
    let n_places = if clip { 10 } else { 8 };
    let mut text = side(json!({"vocab_size": 12, "max_position_embeddings": n_places}));
    if clip {
        text["eos_token_id"] = json!(2);
    } else {
        text["pad_token_id"] = json!(0);
    }
    let vision = side(json!({"image_size": 16, "patch_size": 4}));
    let config = json!({"model_type": family, "projection_dim": 8, "text_config": text, "vision_config": vision});
    write(folder, "config.json", &config);
    preprocessor(folder, if clip { "cropped" } else { "squared" });
    tokenizer(folder, BERT_MARKS, if clip { ("end", 11) } else { ("[SEP]", 2) });
    let mut t = Tensors::default();
    let (norms, inner) = (["layer_norm1", "layer_norm2"], ["mlp.fc1", "mlp.fc2"]);
    t.add("text_model.embeddings.token_embedding.weight", &[12, 12]);
    t.add("text_model.embeddings.position_embedding.weight", &[n_places, 12]);
    t.layers("text_model.encoder.layers", 2, &TOWER_SQUARE, &norms, inner, 20);
    t.norm("text_model.final_layer_norm", 12);
    t.add("vision_model.embeddings.patch_embedding.weight", &[12, 3, 4, 4]);
    t.add("vision_model.embeddings.position_embedding.weight", &[if clip { 17 } else { 16 }, 12]);
    t.layers("vision_model.encoder.layers", 2, &TOWER_SQUARE, &norms, inner, 20);
    t.norm("vision_model.post_layernorm", 12);
    if clip {
        t.add("vision_model.embeddings.class_embedding", &[12]);
        t.norm("vision_model.pre_layrnorm", 12);
        t.add("visual_projection.weight", &[8, 12]);
        t.add("text_projection.weight", &[8, 12]);
    } else {
        t.add("vision_model.embeddings.patch_embedding.bias", &[12]);
        t.linear("text_model.head", 12, 12);
        t.add("vision_model.head.probe", &[1, 1, 12]);
        t.add("vision_model.head.attention.in_proj_weight", &[36, 12]);
        t.add("vision_model.head.attention.in_proj_bias", &[36]);
        t.linear("vision_model.head.attention.out_proj", 12, 12);
        t.norm("vision_model.head.layernorm", 12);
        t.linear("vision_model.head.mlp.fc1", 12, 20);
        t.linear("vision_model.head.mlp.fc2", 20, 12);
    }
    t.save(folder);
}

/// A model of speech with windows of one second.
pub(crate) fn whisper(folder: &Path) {
    let config = json!({
        "model_type": "whisper", "vocab_size": 12, "d_model": 12, "encoder_layers": 2, "decoder_layers": 2,
        "encoder_attention_heads": 3, "decoder_attention_heads": 3, "encoder_ffn_dim": 20, "decoder_ffn_dim": 20,
        "num_mel_bins": 16, "max_source_positions": 50, "max_target_positions": 12, "eos_token_id": 2,
        "decoder_start_token_id": 3, "activation_function": "gelu", "scale_embedding": false
    });
    write(folder, "config.json", &config);
    let generation = json!({
        "lang_to_id": {"<|a|>": 9}, "task_to_id": {"transcribe": 11, "translate": 10}, "suppress_tokens": [10],
        "begin_suppress_tokens": [2]
    });
    write(folder, "generation_config.json", &generation);
    tokenizer(folder, BERT_MARKS, ("end", 11));
    let mut t = Tensors::default();
    let square = ["self_attn.q_proj", "self_attn.v_proj", "self_attn.out_proj"];
    t.add("model.encoder.conv1.weight", &[12, 16, 3]);
    t.add("model.encoder.conv1.bias", &[12]);
    t.add("model.encoder.conv2.weight", &[12, 12, 3]);
    t.add("model.encoder.conv2.bias", &[12]);
    t.add("model.encoder.embed_positions.weight", &[50, 12]);
    t.norm("model.encoder.layer_norm", 12);
    t.layers("model.encoder.layers", 2, &square, &["self_attn_layer_norm", "final_layer_norm"], ["fc1", "fc2"], 20);
    t.add("model.decoder.embed_tokens.weight", &[12, 12]);
    t.add("model.decoder.embed_positions.weight", &[12, 12]);
    t.norm("model.decoder.layer_norm", 12);
    let both = [&square[..], &["encoder_attn.q_proj", "encoder_attn.v_proj", "encoder_attn.out_proj"]].concat();
    let norms = ["self_attn_layer_norm", "encoder_attn_layer_norm", "final_layer_norm"];
    t.layers("model.decoder.layers", 2, &both, &norms, ["fc1", "fc2"], 20);
    // Keys alone have no bias.
    for i in 0..2 {
        t.add(&format!("model.encoder.layers.{i}.self_attn.k_proj.weight"), &[12, 12]);
        t.add(&format!("model.decoder.layers.{i}.self_attn.k_proj.weight"), &[12, 12]);
        t.add(&format!("model.decoder.layers.{i}.encoder_attn.k_proj.weight"), &[12, 12]);
    }
    t.save(folder);
}
