//! A picture encoder: pictures become vectors.
//!
//! Deterministic on one machine. Cost: about 17 billion operations a picture for a ViT-B/16, 4 for a ResNet-50.

use super::prepare::PictureSettings;
use super::resnet::ResNet;
use super::vision::{Family, VisionNet};
use crate::PretrainedError;
use crate::folder::{Settings, Weights};
use crate::text::unit_rows;
use candle_core::{Result as Computed, Tensor};
use content::picture::Picture;
use content::{Encode, Vectors};
use rayon::prelude::*;
use std::path::Path;
use std::sync::Arc;

/// Pictures that go through the layers together.
const BATCH: usize = 4;

enum Net {
    Convolutions(ResNet),
    Patches(VisionNet),
}

struct Parts {
    settings: PictureSettings,
    net: Net,
    width: usize,
}

/// Pictures to vectors. Cheap to copy: the weights are shared.
#[derive(Clone)]
pub struct PictureEncoder {
    parts: Arc<Parts>,
}

impl std::fmt::Debug for PictureEncoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PictureEncoder").field("settings", &self.parts.settings).finish()
    }
}

impl PictureEncoder {
    pub(crate) fn resnet(folder: &Path, s: &Settings, weights: Weights) -> Result<Self, PretrainedError> {
        let settings = PictureSettings::read(folder, false)?;
        let net = ResNet::load(s, weights)?;
        let width = net.width();
        Self::of(settings, Net::Convolutions(net), width)
    }

    pub(crate) fn vit(folder: &Path, s: &Settings, weights: Weights) -> Result<Self, PretrainedError> {
        let weights = weights.under(&["", "vit."], "embeddings.cls_token");
        Self::plain(folder, s, &weights, Family::Vit)
    }

    pub(crate) fn dinov2(folder: &Path, s: &Settings, weights: Weights) -> Result<Self, PretrainedError> {
        let weights = weights.under(&["", "dinov2."], "embeddings.cls_token");
        Self::plain(folder, s, &weights, Family::DinoV2)
    }

    fn plain(folder: &Path, s: &Settings, weights: &Weights, family: Family) -> Result<Self, PretrainedError> {
        let settings = PictureSettings::read(folder, false)?;
        let net = VisionNet::load(family, s, weights, &settings)?;
        let width = net.width();
        Self::of(settings, Net::Patches(net), width)
    }

    /// The picture side of two towers.
    pub(super) fn tower(settings: PictureSettings, net: VisionNet, width: usize) -> Result<Self, PretrainedError> {
        Self::of(settings, Net::Patches(net), width)
    }

    /// From its parts; runs one picture through them, so that what cannot work fails here.
    fn of(settings: PictureSettings, net: Net, width: usize) -> Result<Self, PretrainedError> {
        let out = Self { parts: Arc::new(Parts { settings, net, width }) };
        if let Some(grey) = Picture::from_rgb(2, 2, vec![128; 12]) {
            out.try_encode(&[Some(&grey)])?;
        }
        Ok(out)
    }

    /// What it says of itself.
    pub fn settings(&self) -> &PictureSettings {
        &self.parts.settings
    }

    /// As [`Encode::encode`], and what went wrong where something did.
    ///
    /// # Errors
    /// [`PretrainedError::Compute`], which a folder that could be opened should not reach.
    pub fn try_encode(&self, items: &[Option<&Picture>]) -> Result<Vectors, PretrainedError> {
        let there: Vec<&Picture> = items.iter().flatten().copied().collect();
        let encoded: Vec<Vec<f32>> =
            there.par_chunks(BATCH).map(|batch| self.vectors(batch)).collect::<Computed<_>>()?;
        let width = self.width();
        let mut rows = encoded.iter().flat_map(|batch| batch.chunks_exact(width));
        let mut out = Vectors::new(width);
        for item in items {
            let row = item.and_then(|_| rows.next());
            if row.is_none_or(|row| out.push(row).is_err()) {
                out.push_missing();
            }
        }
        Ok(out)
    }

    fn vectors(&self, pictures: &[&Picture]) -> Computed<Vec<f32>> {
        let settings = &self.parts.settings;
        let pixels: Vec<f32> = pictures.iter().flat_map(|p| settings.prepare(p)).collect();
        let size = (settings.width, settings.height);
        let rows: Tensor = match &self.parts.net {
            Net::Convolutions(net) => net.run(&pixels, pictures.len(), size)?,
            Net::Patches(net) => net.run(&pixels, pictures.len(), size)?,
        };
        let mut values: Vec<f32> = rows.flatten_all()?.to_vec1()?;
        if settings.unit {
            unit_rows(&mut values, self.width());
        }
        Ok(values)
    }
}

impl Encode for PictureEncoder {
    type Item = Picture;

    fn width(&self) -> usize {
        self.parts.width
    }

    fn encode(&self, items: &[Option<&Picture>]) -> Vectors {
        self.try_encode(items).unwrap_or_else(|_| {
            let mut none = Vectors::new(self.width());
            items.iter().for_each(|_| none.push_missing());
            none
        })
    }
}
