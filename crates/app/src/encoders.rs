//! Encoders of others that portolan.toml names under `[search]`: one for sentences, one for pictures, one for speech.
//!
//! They are opened when a command asks them. A name that was never taken in, files that changed since, and an encoder of
//! another sort are errors that say which and what mends it.

use crate::exit::{Exit, Stop};
use crate::workspace::Workspace;
use anyhow::Result;
use content::picture::Picture;
use content::{Encode, Vectors};
use pretrained::picture::{PictureEncoder, TextPictureEncoder};
use pretrained::speech::SpeechEncoder;
use pretrained::text::TextEncoder;
use pretrained::{Check, Encoder};

/// A stored encoder with the digest of its files.
pub(crate) struct Named<E> {
    pub(crate) encoder: E,
    pub(crate) digest: String,
}

/// What looks at pictures.
pub(crate) enum Sight {
    /// Pictures alone.
    Pictures(PictureEncoder),
    /// Pictures and texts in one space.
    Both(TextPictureEncoder),
}

impl Sight {
    const fn pictures(&self) -> &PictureEncoder {
        match self {
            Self::Pictures(encoder) => encoder,
            Self::Both(encoder) => encoder.pictures(),
        }
    }

    /// Numbers of a vector.
    pub(crate) fn width(&self) -> usize {
        self.pictures().width()
    }

    /// Vectors of pictures, missing where the picture is.
    pub(crate) fn see(&self, pictures: &[Option<&Picture>]) -> Result<Vectors> {
        Ok(self.pictures().try_encode(pictures)?)
    }

    /// The vector of words in the space of the pictures; `None` where the encoder knows no words, or there are none.
    pub(crate) fn read(&self, words: &str) -> Result<Option<Vec<f32>>> {
        match self {
            Self::Pictures(_) => Ok(None),
            Self::Both(encoder) => Ok(encoder.text().try_encode(&[Some(words)])?.row(0).map(<[f32]>::to_vec)),
        }
    }
}

/// Opens the encoder that a key of `[search]` names.
fn opened<E>(
    workspace: &Workspace,
    key: &str,
    name: Option<&String>,
    wanted: &str,
    take: impl FnOnce(Encoder) -> Result<E, Encoder>,
) -> Result<Option<Named<E>>> {
    let Some(name) = name else { return Ok(None) };
    let store = workspace.root.join(crate::commands::models::PRETRAINED);
    let stop = |why: String| {
        let next = format!(
            "`portolan models pretrained` lists what was taken in; portolan.toml names it under [search] {key}"
        );
        Stop::error(Exit::Missing, format!("the model `{name}` of [search]: {why}"), next)
    };
    let manifests = pretrained::list(&store).map_err(|e| stop(e.to_string()))?;
    let digest = manifests.iter().find(|m| m.name == *name).map(|m| format!("{:?}", m.description.files));
    let encoder = pretrained::open(&store, name, Check::Sizes).map_err(|e| stop(e.to_string()))?;
    match take(encoder) {
        Ok(encoder) => Ok(Some(Named { encoder, digest: digest.unwrap_or_default() })),
        Err(other) => Err(stop(format!("it is for {}, {wanted} is wanted", other.kind().label()))),
    }
}

/// The encoder of sentences.
pub(crate) fn sentences(workspace: &Workspace) -> Result<Option<Named<TextEncoder>>> {
    opened(workspace, "model", workspace.search_model.as_ref(), "a sentence encoder", |encoder| match encoder {
        Encoder::Text(encoder) => Ok(encoder),
        other => Err(other),
    })
}

/// The encoder of pictures.
pub(crate) fn pictures(workspace: &Workspace) -> Result<Option<Named<Sight>>> {
    opened(workspace, "pictures", workspace.picture_model.as_ref(), "an encoder of pictures", |encoder| match encoder {
        Encoder::Picture(encoder) => Ok(Sight::Pictures(encoder)),
        Encoder::TextPicture(encoder) => Ok(Sight::Both(encoder)),
        other => Err(other),
    })
}

/// The encoder of speech.
pub(crate) fn speech(workspace: &Workspace) -> Result<Option<Named<SpeechEncoder>>> {
    opened(workspace, "speech", workspace.speech_model.as_ref(), "an encoder of speech", |encoder| match encoder {
        Encoder::Speech(encoder) => Ok(encoder),
        other => Err(other),
    })
}
