//! `portolan catalogue sounds`: what is said in the catalogue's sounds and videos, and which of them sound alike.
//!
//! Sounds are compared by an encoder of speech where portolan.toml names one, which may also write down words; else by their
//! pooled spectrum (`content::sound::SoundShape`). The sound of a video is taken out by `ffmpeg`, where that is installed.

use super::super::Environment;
use crate::encoders;
use crate::exit::{Exit, Stop};
use crate::output::{self, Bar};
use crate::pipeline::rows::Rows;
use anyhow::Result;
use content::sound::{MelParams, Sound, SoundShape};
use content::{Encode, Vectors};
use serde_json::json;
use std::process::ExitCode;

/// A file that can be heard, or why not.
struct Heard {
    path: String,
    product: String,
    sound: Result<Sound, String>,
}

const FILES: &str = "select m.path, m.kind, coalesce(m.product_id, '') as product, s.sha256 from clean.media m \
    join raw.sources s on s.source = m.source where m.kind in ('sound', 'video') order by m.path, s.sha256";

pub(super) async fn run(env: &Environment, is_json: bool) -> Result<ExitCode> {
    let opened = env.opened().await?;
    let bar = Bar::new(env.quiet || is_json);
    let rows = Rows::query(&opened.engine, FILES).await?;
    let [paths, kinds, products, files] = ["path", "kind", "product", "sha256"].map(|name| rows.texts(name));
    let (paths, kinds, products, files) = (paths?, kinds?, products?, files?);
    if paths.is_empty() {
        return Err(Stop::error(
            Exit::Missing,
            "there is no sound and no video in the lake",
            "`portolan ingest FOLDER` takes WAV, MP3, Ogg and FLAC files, and videos",
        ));
    }
    let speech = encoders::speech(&opened.workspace)?.map(|named| named.encoder);
    let kept = opened.workspace.kept_files()?;
    let mut heard = Vec::new();
    for (at, path) in paths.iter().enumerate() {
        bar.step("listening to", "files", at as u64, paths.len() as u64);
        let (video, file) = (kinds[at] == "video", &files[at]);
        let sound =
            if video { crate::media::sound_of_video(&kept, file) } else { crate::media::kept_sound(&kept, file) };
        heard.push(Heard { path: path.clone(), product: products[at].clone(), sound });
    }
    let mut words: Vec<Option<String>> = vec![None; heard.len()];
    let mut vectors = Vectors::new(0);
    for (at, one) in heard.iter().enumerate() {
        bar.step("comparing", "sounds", at as u64, heard.len() as u64);
        let sound = one.sound.as_ref().ok();
        let row = match &speech {
            Some(encoder) => {
                words[at] = sound.map(|sound| encoder.transcribe(sound)).transpose()?.flatten();
                encoder.encode(&[sound])
            }
            None => SoundShape::new(MelParams::default())?.encode(&[sound]),
        };
        if vectors.is_empty() {
            vectors = Vectors::new(row.width());
        }
        match row.row(0) {
            Some(row) => vectors.push(row)?,
            None => vectors.push_missing(),
        }
    }
    bar.clear();
    let vectors = vectors.unit();
    let nearest: Vec<Option<(usize, f32)>> = (0..heard.len()).map(|at| nearest(&vectors, at)).collect();
    if is_json {
        let one = |(at, h): (usize, &Heard)| {
            let near = nearest[at].map(|(other, cosine)| json!({"path": heard[other].path, "cosine": cosine}));
            json!({"path": h.path, "product": (!h.product.is_empty()).then_some(&h.product),
                "seconds": h.sound.as_ref().ok().map(Sound::seconds), "unheard": h.sound.as_ref().err(),
                "words": words[at], "nearest": near})
        };
        let by = if speech.is_some() { "encoder of speech" } else { "spectrum" };
        output::json(&json!({"by": by, "sounds": heard.iter().enumerate().map(one).collect::<Vec<_>>()}))?;
        return Ok(ExitCode::SUCCESS);
    }
    let row = |(at, h): (usize, &Heard)| {
        let (seconds, said) = match &h.sound {
            Ok(sound) => (format!("{:.1}", sound.seconds()), words[at].clone().unwrap_or_default()),
            Err(why) => (String::new(), format!("({why})")),
        };
        let near =
            nearest[at].map_or_else(String::new, |(other, cosine)| format!("{} ({cosine:.2})", heard[other].path));
        vec![h.path.clone(), h.product.clone(), seconds, said, near]
    };
    let rows = heard.iter().enumerate().map(row).collect();
    output::table(&["file", "product", "seconds", "words", "sounds most like"], &[2], rows);
    if speech.is_none() {
        output::hint(
            "`portolan models add FOLDER` takes in Whisper, which writes down words; name it under [search] speech",
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// The other sound with the largest cosine; ties to the first.
fn nearest(vectors: &Vectors, at: usize) -> Option<(usize, f32)> {
    let own = vectors.row(at)?;
    let others = vectors.rows().enumerate().filter(|(other, _)| *other != at);
    let cosines =
        others.filter_map(|(other, row)| Some((other, row?.iter().zip(own).map(|(a, b)| a * b).sum::<f32>())));
    cosines.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_is_another_one_and_a_missing_one_has_none() {
        let rows = [Some([1.0, 0.0]), None, Some([0.6, 0.8]), Some([0.6, 0.8])];
        let vectors = Vectors::from_rows(2, rows).unwrap();
        assert_eq!(nearest(&vectors, 0), Some((2, 0.6)));
        assert_eq!(nearest(&vectors, 1), None);
        assert_eq!(nearest(&vectors, 3).map(|(other, _)| other), Some(2));
    }
}
