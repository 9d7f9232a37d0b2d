//! A folder becomes an encoder: the one place that knows which family is read by whom.

use crate::PretrainedError;
use crate::folder::{Description, Kind, Settings, check_folder, records, used_files};
use crate::picture::{PictureEncoder, TextPictureEncoder};
use crate::speech::SpeechEncoder;
use crate::text::TextEncoder;
use crate::text::net::Family;
use content::Encode;
use std::path::Path;

/// An opened model.
#[derive(Clone, Debug)]
pub enum Encoder {
    /// Texts.
    Text(TextEncoder),
    /// Pictures.
    Picture(PictureEncoder),
    /// Texts and pictures in one space.
    TextPicture(TextPictureEncoder),
    /// Speech.
    Speech(SpeechEncoder),
}

impl Encoder {
    /// What it takes.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Text(_) => Kind::Text,
            Self::Picture(_) => Kind::Picture,
            Self::TextPicture(_) => Kind::TextPicture,
            Self::Speech(_) => Kind::Speech,
        }
    }

    /// Numbers of a vector.
    pub fn width(&self) -> usize {
        match self {
            Self::Text(e) => e.width(),
            Self::Picture(e) => e.width(),
            Self::TextPicture(e) => e.text().width(),
            Self::Speech(e) => e.width(),
        }
    }
}

#[derive(Clone, Copy)]
pub(crate) enum Reader {
    Text(Family),
    ResNet,
    Vit,
    DinoV2,
    Clip,
    Siglip,
    Whisper,
}

/// Every `model_type` that is read.
const READERS: &[(&str, Reader)] = &[
    ("bert", Reader::Text(Family::Bert)),
    ("camembert", Reader::Text(Family::Roberta)),
    ("clip", Reader::Clip),
    ("dinov2", Reader::DinoV2),
    ("distilbert", Reader::Text(Family::DistilBert)),
    ("mpnet", Reader::Text(Family::MpNet)),
    ("resnet", Reader::ResNet),
    ("roberta", Reader::Text(Family::Roberta)),
    ("siglip", Reader::Siglip),
    ("vit", Reader::Vit),
    ("whisper", Reader::Whisper),
    ("xlm-roberta", Reader::Text(Family::Roberta)),
];

/// The names of all families that are read.
pub fn supported() -> Vec<&'static str> {
    READERS.iter().map(|(name, _)| *name).collect()
}

/// Opens a folder of weights: every tensor is checked against config.json and one input is run through.
///
/// # Errors
/// [`PretrainedError`] says what is missing or wrong.
pub fn load(folder: &Path) -> Result<Encoder, PretrainedError> {
    Ok(whole(folder)?.1)
}

/// Everything there is to know of a folder. Opens it, so what is described can be used.
///
/// # Errors
/// As [`load`].
pub fn inspect(folder: &Path) -> Result<Description, PretrainedError> {
    let (mut description, _, of_steps) = whole(folder)?;
    description.files = records(folder, &used_files(folder, &of_steps)?)?;
    Ok(description)
}

/// Reads a folder; others' code that panics over its files has met a broken one, and nothing else ends.
fn whole(folder: &Path) -> Result<(Description, Encoder, Vec<String>), PretrainedError> {
    std::panic::catch_unwind(|| read(folder)).unwrap_or_else(|_| {
        let path = folder.join("config.json");
        Err(PretrainedError::Json { path, why: "a reader broke down over the files beside it".to_owned() })
    })
}

fn read(folder: &Path) -> Result<(Description, Encoder, Vec<String>), PretrainedError> {
    check_folder(folder)?;
    let s = Settings::need(folder, "config.json", "the sizes of the model, as transformers writes them")?;
    let found = s.text("model_type").unwrap_or("missing");
    let Some((name, reader)) = READERS.iter().find(|(name, _)| *name == found) else {
        let (path, supported) = (s.path().to_path_buf(), supported().join(", "));
        return Err(PretrainedError::Architecture { path, found: found.chars().take(80).collect(), supported });
    };
    let weights = crate::folder::Weights::open(folder)?;
    let mut of_steps = Vec::new();
    let n = weights.n_parameters();
    let encoder = match *reader {
        Reader::Text(family) => {
            let (encoder, files) = TextEncoder::load(folder, family, &s, weights)?;
            of_steps = files;
            Encoder::Text(encoder)
        }
        Reader::ResNet => Encoder::Picture(PictureEncoder::resnet(folder, &s, weights)?),
        Reader::Vit => Encoder::Picture(PictureEncoder::vit(folder, &s, weights)?),
        Reader::DinoV2 => Encoder::Picture(PictureEncoder::dinov2(folder, &s, weights)?),
        Reader::Clip => Encoder::TextPicture(TextPictureEncoder::clip(folder, &s, &weights)?),
        Reader::Siglip => Encoder::TextPicture(TextPictureEncoder::siglip(folder, &s, &weights)?),
        Reader::Whisper => Encoder::Speech(SpeechEncoder::load(folder, &s, weights)?),
    };
    let mut d = Description::new(folder, &s, name, encoder.kind(), n)?;
    d.width = encoder.width();
    match &encoder {
        Encoder::Text(e) => d.text = Some(e.settings().clone()),
        Encoder::Picture(e) => d.picture = Some(e.settings().clone()),
        Encoder::TextPicture(e) => {
            d.text = Some(e.text().settings().clone());
            d.picture = Some(e.pictures().settings().clone());
        }
        Encoder::Speech(e) => d.speech = Some(e.settings().clone()),
    }
    Ok((d, encoder, of_steps))
}
