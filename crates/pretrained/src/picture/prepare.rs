//! A picture as its encoder wants it: another size, a piece from the middle, channels to mean 0 and variance 1.
//!
//! All of it by `preprocessor_config.json`, as the image processors of transformers read it.

use super::resample::{Filter, resample};
use crate::PretrainedError;
use crate::folder::Settings;
use content::picture::Picture;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::Path;

/// Pixels of a side at most.
const MOST: usize = 2048;

/// How a picture's size is changed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resize {
    /// Not at all.
    Keep,
    /// The shorter side to this many pixels, the ratio kept.
    Shorter(usize),
    /// To this width and height, whatever the ratio.
    Exactly(usize, usize),
}

/// How pictures are made ready.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PictureSettings {
    /// What is done to the size.
    pub resize: Resize,
    /// By which filter.
    pub filter: Filter,
    /// Width of what the encoder sees, cut from the middle.
    pub width: usize,
    /// Height of it.
    pub height: usize,
    /// What a byte is multiplied by.
    pub scale: f32,
    /// Mean of each channel that is subtracted.
    pub mean: [f32; 3],
    /// What is divided by after.
    pub deviation: [f32; 3],
    /// Whether vectors have length 1.
    pub unit: bool,
}

fn side(s: &Settings, key: &str, value: Option<&Value>) -> Result<usize, PretrainedError> {
    let n = value.and_then(Value::as_u64).map(|n| n as usize).filter(|n| (1..=MOST).contains(n));
    n.ok_or_else(|| s.wrong(key, format!("sides of 1 to {MOST} pixels")))
}

/// Width and height of `{"height": …, "width": …}` or of one number for both.
fn sides(s: &Settings, key: &str) -> Result<Option<(usize, usize)>, PretrainedError> {
    let Some(value) = s.get(key) else { return Ok(None) };
    if value.is_number() {
        let n = side(s, key, Some(value))?;
        return Ok(Some((n, n)));
    }
    if value.get("height").is_none() {
        return Ok(None);
    }
    Ok(Some((side(s, key, value.get("width"))?, side(s, key, value.get("height"))?)))
}

fn channels(s: &Settings, key: &str) -> Result<[f32; 3], PretrainedError> {
    let list = s.get(key).and_then(Value::as_array).filter(|l| l.len() == 3);
    let list: Option<Vec<f32>> = list.and_then(|l| l.iter().map(|v| v.as_f64().map(|x| x as f32)).collect());
    let list = list.filter(|l| l.iter().all(|x| x.is_finite()));
    let list = list.ok_or_else(|| s.wrong(key, "three numbers, of red, green and blue"))?;
    Ok([list[0], list[1], list[2]])
}

impl PictureSettings {
    /// By the folder's settings.
    pub(super) fn read(folder: &Path, unit: bool) -> Result<Self, PretrainedError> {
        let own = Settings::read(&folder.join("preprocessor_config.json"))?;
        // Since its fifth version transformers may keep it inside this one.
        let own = match own {
            Some(own) => Some(own),
            None => Settings::read(&folder.join("processor_config.json"))?.map(|s| s.sub("image_processor")),
        };
        let s = own.ok_or_else(|| PretrainedError::FileMissing {
            folder: folder.to_path_buf(),
            file: "preprocessor_config.json".to_owned(),
            wanted: "how pictures are scaled and cut before they are encoded",
        })?;
        let filter = match s.count_or("resample", 0..=5, 3)? {
            1 => Filter::Lanczos,
            2 => Filter::Bilinear,
            3 => Filter::Bicubic,
            _ => return Err(s.wrong("resample", "1 (Lanczos), 2 (bilinear) or 3 (bicubic)")),
        };
        let crops = s.flag("do_center_crop");
        let crop = if crops == Some(false) { None } else { sides(&s, "crop_size")? };
        let crop = crop.filter(|_| crops == Some(true));
        let shorter = s.get("size").and_then(|v| v.get("shortest_edge"));
        let shorter = if shorter.is_some() { Some(side(&s, "size", shorter)?) } else { None };
        let exactly = sides(&s, "size")?;
        let kind = s.text("image_processor_type").or_else(|| s.text("feature_extractor_type")).unwrap_or_default();
        let (resize, seen) = if kind.starts_with("ConvNext") || s.get("crop_pct").is_some() {
            // This family enlarges small sizes by a share that is cut off again.
            let n = shorter.or(exactly.map(|e| e.0)).ok_or_else(|| s.wrong("size", "a shortest edge"))?;
            let share = s.number_or("crop_pct", 0.1..=1.0, 224.0 / 256.0)?;
            let first = (n as f64 / share) as usize;
            (if n < 384 { Resize::Shorter(first) } else { Resize::Exactly(n, n) }, Some((n, n)))
        } else if s.flag("do_resize") == Some(false) {
            (Resize::Keep, crop)
        } else if let Some(n) = shorter {
            (Resize::Shorter(n), crop)
        } else {
            let (w, h) = exactly.ok_or_else(|| s.wrong("size", "a shortest edge, or a height and a width"))?;
            let old = s.get("size").is_some_and(Value::is_number) && crop.is_some();
            (if old { Resize::Shorter(w) } else { Resize::Exactly(w, h) }, Some(crop.unwrap_or((w, h))))
        };
        let (width, height) = seen.ok_or_else(|| s.wrong("crop_size", "a size, or pictures would differ in theirs"))?;
        let scale = if s.flag("do_rescale") == Some(false) {
            1.0
        } else {
            s.number_or("rescale_factor", 0.0..=1.0, 1.0 / 255.0)?
        };
        let (mean, deviation) = if s.flag("do_normalize") == Some(false) {
            ([0.0; 3], [1.0; 3])
        } else {
            (channels(&s, "image_mean")?, channels(&s, "image_std")?)
        };
        if deviation.iter().any(|d| *d <= 0.0) {
            return Err(s.wrong("image_std", "three numbers above 0"));
        }
        Ok(Self { resize, filter, width, height, scale: scale as f32, mean, deviation, unit })
    }

    /// `3 × height × width` numbers.
    pub(super) fn prepare(&self, picture: &Picture) -> Vec<f32> {
        let from = (picture.width() as usize, picture.height() as usize);
        let to = match self.resize {
            Resize::Keep => from,
            Resize::Exactly(w, h) => (w, h),
            Resize::Shorter(n) => {
                // A picture of extreme ratio would become a very long one: all but its middle is cut off anyway.
                let long =
                    |short: usize, long: usize| ((n as u64 * long as u64 / short as u64) as usize).min(64 * MOST);
                if from.0 <= from.1 { (n, long(from.0, from.1)) } else { (long(from.1, from.0), n) }
            }
        };
        let scaled;
        let rgb = if to == from {
            picture.rgb()
        } else {
            scaled = resample(picture.rgb(), from, to, self.filter);
            &scaled
        };
        let (wide, high) = (self.width as i64, self.height as i64);
        let (left, top) = ((to.0 as i64 - wide).div_euclid(2), (to.1 as i64 - high).div_euclid(2));
        let mut out = Vec::with_capacity(3 * self.width * self.height);
        for c in 0..3 {
            for y in top..top + high {
                for x in left..left + wide {
                    let inside = (0..to.0 as i64).contains(&x) && (0..to.1 as i64).contains(&y);
                    let at = |x: i64, y: i64| (y as usize * to.0 + x as usize) * 3 + c;
                    let value = if inside { f32::from(rgb[at(x, y)]) } else { 0.0 };
                    out.push((value * self.scale - self.mean[c]) / self.deviation[c]);
                }
            }
        }
        out
    }
}
