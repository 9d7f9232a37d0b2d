//! Sentences per CPU second of a sentence encoder, and vectors for `scripts/peers/minilm.py` to compare with.
//!
//! `minilm MODEL OUT.json` writes 200 sentences in eight languages with their vectors and the speed on 128 sentences of some
//! 23 pieces (best of three passes); with a third argument, a folder with BANKING77's `train.csv.gz` and `test.csv.gz`
//! unpacked as `train.csv` and `test.csv`, it says how often the nearest training question has the intent of a test question.

use pretrained::text::TextEncoder;
use pretrained::{Encoder, inspect, load};
use serde_json::json;
use std::error::Error;
use std::path::Path;

fn cpu_seconds() -> f64 {
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let of = |thread: std::fs::DirEntry| -> Option<f64> {
        std::fs::read_to_string(thread.path().join("schedstat")).ok()?.split_whitespace().next()?.parse().ok()
    };
    threads.filter_map(of).sum::<f64>() / 1e9
}

/// 200 sentences: what shoppers and shops write, of one word to some sixty.
fn sentences() -> Vec<String> {
    let starts = [
        ["Where is my parcel?", "The shoes are too small, I would like to send them back.", "red dress"],
        ["Wo ist mein Paket?", "Die Schuhe sind zu klein, ich möchte sie zurückschicken.", "rotes Kleid"],
        ["Où est mon colis ?", "Les chaussures sont trop petites, je voudrais les renvoyer.", "robe rouge"],
        ["¿Dónde está mi paquete?", "Los zapatos son demasiado pequeños, quiero devolverlos.", "vestido rojo"],
        ["我的包裹在哪里？", "鞋子太小了，我想退货。", "红色连衣裙"],
        ["荷物はどこですか？", "靴が小さすぎるので返品したいです。", "赤いドレス"],
        ["Где моя посылка?", "Туфли слишком малы, я хочу их вернуть.", "красное платье"],
        ["أين الطرد الخاص بي؟", "الحذاء صغير جدا وأريد إعادته.", "فستان أحمر"],
    ];
    let mut out: Vec<String> = Vec::new();
    for n in 0..200 {
        let language = &starts[n % starts.len()];
        let text = language[n / starts.len() % 3];
        let order = n * 7919 % 100_000;
        out.push(match n / starts.len() / 3 {
            0 => text.to_owned(),
            1 => format!("{text} #{order}"),
            2 => format!("{text} {}", language[1]),
            3 => format!("{} {text} {} {order}", language[0], language[2]).to_uppercase(),
            4 => format!("{}, {text}, {}", starts[(n + 1) % 8][2], starts[(n + 3) % 8][2]),
            5 => [text; 6].join(" "),
            6 => format!("SKU-{order}/{}: {text} (100% cotton, 12.50 €)", n % 13),
            7 => language.join(" "),
            _ => format!("{text} {text} {order} 👍"),
        });
    }
    out
}

fn rows(encoder: &TextEncoder, texts: &[String]) -> Result<Vec<Vec<f32>>, Box<dyn Error>> {
    let items: Vec<Option<&str>> = texts.iter().map(|t| Some(t.as_str())).collect();
    let vectors = encoder.try_encode(&items)?;
    Ok(vectors.rows().map(|row| row.unwrap_or_default().to_vec()).collect())
}

/// `text,category` with quotes around texts that hold commas or line ends.
fn banking(path: &Path) -> Result<(Vec<String>, Vec<String>), Box<dyn Error>> {
    let text = std::fs::read_to_string(path)?;
    let (mut texts, mut labels, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    for c in text.chars().skip_while(|c| *c != '\n').skip(1) {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => texts.push(std::mem::take(&mut cell)),
            '\n' if !quoted => labels.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {}
            c => cell.push(c),
        }
    }
    Ok((texts, labels))
}

#[expect(clippy::print_stdout, reason = "an example says what it measured")]
fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().collect();
    let [_, model, out, rest @ ..] = args.as_slice() else { return Err("minilm MODEL OUT.json [BANKING77]".into()) };
    let start = cpu_seconds();
    let Encoder::Text(encoder) = load(Path::new(model))? else { return Err("no encoder of texts".into()) };
    let load_s = cpu_seconds() - start;
    let sentences = sentences();
    let vectors = rows(&encoder, &sentences)?;
    let speed: Vec<String> = (0..128)
        .map(|n| {
            format!(
                "The blue cotton shirt number {n} arrived late, and I would like to know how to send it back please"
            )
        })
        .collect();
    let pieces: usize = speed.iter().filter_map(|s| encoder.pieces(s)).map(|p| p.len()).sum();
    let mut best = 0.0_f64;
    for _ in 0..3 {
        let start = cpu_seconds();
        rows(&encoder, &speed)?;
        best = best.max(speed.len() as f64 / (cpu_seconds() - start));
    }
    let best = (best * 10.0).round() / 10.0;
    let written = json!({"sentences": sentences, "vectors": vectors, "speed": speed, "per_cpu_second": best});
    std::fs::write(out, serde_json::to_vec(&written)?)?;
    let mut said = json!({
        "model": inspect(Path::new(model))?.name, "load_cpu_s": load_s, "per_cpu_second": best,
        "mean_pieces": pieces as f64 / speed.len() as f64
    });
    if let [folder] = rest {
        let (bank, intents) = banking(&Path::new(folder).join("train.csv"))?;
        let (asked, right) = banking(&Path::new(folder).join("test.csv"))?;
        let start = cpu_seconds();
        let (bank, asked) = (rows(&encoder, &bank)?, rows(&encoder, &asked)?);
        let encoded = cpu_seconds() - start;
        let (mut hits, mut cosines) = (0, 0.0);
        for (query, right) in asked.iter().zip(&right) {
            let mut best = (0, f32::NEG_INFINITY);
            for (i, row) in bank.iter().enumerate() {
                let cosine = row.iter().zip(query).map(|(a, b)| a * b).sum();
                if cosine > best.1 {
                    best = (i, cosine);
                }
            }
            hits += usize::from(intents[best.0] == *right);
            cosines += f64::from(best.1);
        }
        let n = asked.len() as f64;
        said["banking77"] = json!({
            "queries": asked.len(), "accuracy_at_1": hits as f64 / n, "mean_best_cosine": cosines / n,
            "encode_cpu_s": encoded
        });
    }
    println!("{said}");
    Ok(())
}
