//! The pictures of the catalogue, ready to be compared: made from the files that the lake keeps when they are first
//! needed, kept in `models/pictures`, and made again when the clean tables have changed.
//!
//! A cache like that of [`crate::search`]: one file named after what it was made from, written beside its place and
//! renamed.

use crate::encoders::{self, Named, Sight};
use crate::output::{self, Bar};
use crate::pipeline::rows::Rows;
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use content::Vectors;
use content::picture::{Alike, Likeness, Picture, thumbnail};
use lake::{Engine, Snapshot};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;

/// Pictures that are decoded before their pixels are forgotten again.
const TOGETHER: usize = 256;

/// The pictures of products, by the rows of a list of products.
pub(crate) struct Looks {
    pub(crate) likeness: Likeness,
    /// What looked at the pictures, where portolan.toml names an encoder.
    sight: Option<Sight>,
}

impl Looks {
    /// The pictures of the products in this order; products without one are missing rows.
    pub(crate) async fn load(
        workspace: &Workspace,
        engine: &Engine,
        snapshot: &Snapshot,
        products: &[String],
        bar: &Bar,
    ) -> Result<Self> {
        let root = workspace.root.as_path();
        let (sight, digest) = match encoders::pictures(workspace)? {
            Some(Named { encoder, digest }) => (Some(encoder), digest),
            None => (None, String::new()),
        };
        let key = crate::search::key(snapshot, products.len(), &format!("pictures{digest}"));
        let place = root.join("models/pictures").join(format!("{key}.model"));
        match std::fs::read(&place).ok().map(|bytes| Likeness::from_bytes(&bytes)) {
            Some(Ok(likeness)) if likeness.len() == products.len() => return Ok(Self { likeness, sight }),
            Some(Err(why)) => {
                output::note(&format!("{} cannot be read ({why}); it is made again", place.display()));
            }
            _ => {}
        }
        let (files, kept) = (files_of(engine).await?, workspace.kept_files()?);
        let mut likeness = Likeness::of(&[]);
        let mut seen = sight.as_ref().map(|sight| Vectors::new(sight.width()));
        for (part, ids) in products.chunks(TOGETHER).enumerate() {
            bar.step("looking at", "pictures", (part * TOGETHER) as u64, products.len() as u64);
            let decode = |id: &String| files.get(id).and_then(|file| crate::media::kept_picture(&kept, file).ok());
            let pictures: Vec<Option<Picture>> = ids.par_iter().map(decode).collect();
            let pictures: Vec<Option<&Picture>> = pictures.iter().map(Option::as_ref).collect();
            likeness.extend(Likeness::of(&pictures))?;
            if let Some((sight, seen)) = sight.as_ref().zip(seen.as_mut()) {
                for row in sight.see(&pictures)?.rows() {
                    match row {
                        Some(row) => seen.push(row)?,
                        None => seen.push_missing(),
                    }
                }
            }
        }
        if let Some(seen) = seen {
            likeness = likeness.judged_by(seen)?;
        }
        bar.clear();
        write(&place, &likeness.to_bytes())?;
        Ok(Self { likeness, sight })
    }

    /// The `n` products among the allowed that look most like a picture.
    pub(crate) fn like(&self, picture: &Picture, n: usize, allowed: &[bool]) -> Result<Vec<Alike>> {
        let vector = self.sight.as_ref().map(|sight| sight.see(&[Some(picture)])).transpose()?;
        let vector = vector.as_ref().and_then(|vectors| vectors.row(0));
        Ok(self.likeness.like_with(picture, vector, n, allowed))
    }

    /// The `n` products among the allowed whose pictures show most what words say; `None` where no encoder of both is named.
    pub(crate) fn shown(&self, words: &str, n: usize, allowed: &[bool]) -> Result<Option<Vec<(u32, f32)>>> {
        let vector = self.sight.as_ref().map(|sight| sight.read(words)).transpose()?.flatten();
        Ok(vector.map(|vector| self.likeness.by_vector(&vector, n, allowed)))
    }
}

/// The SHA-256 of the first picture of every product that has one: under it the file is kept.
pub(crate) async fn files_of(engine: &Engine) -> Result<BTreeMap<String, String>> {
    let sql = "select m.product_id, min(concat(m.path, ' ', s.sha256)) as file \
        from clean.media m join raw.sources s on s.source = m.source \
        where m.kind = 'picture' and m.product_id is not null group by m.product_id order by m.product_id";
    let rows = Rows::query(engine, sql).await?;
    let (products, files) = (rows.texts("product_id")?, rows.texts("file")?);
    let hash = |file: String| Some(file.rsplit_once(' ')?.1.to_owned());
    Ok(products.into_iter().zip(files).filter_map(|(product, file)| Some((product, hash(file)?))).collect())
}

/// Pixels of a side of the pictures in pages: twice what is shown, for sharp screens.
const THUMBNAIL: u32 = 112;

/// Small pictures of these products for a page: JPEG in base64 by product. One that cannot be read is left out.
pub(crate) async fn thumbnails(
    workspace: &Workspace,
    engine: &Engine,
    products: impl Iterator<Item = &str>,
) -> Result<BTreeMap<String, String>> {
    let (files, kept) = (files_of(engine).await?, workspace.kept_files()?);
    let wanted: Vec<(&str, &String)> = products.filter_map(|id| Some((id, files.get(id)?))).collect();
    let one = |(id, file): &(&str, &String)| {
        let jpeg = thumbnail(&crate::media::kept_picture(&kept, file).ok()?, THUMBNAIL)?;
        Some(((*id).to_owned(), BASE64_STANDARD.encode(jpeg)))
    };
    Ok(wanted.par_iter().filter_map(one).collect())
}

/// Writes the file beside its place, puts it there, and takes earlier ones away.
pub(crate) fn write(place: &Path, bytes: &[u8]) -> Result<()> {
    let telling = || format!("writing {}", place.display());
    let folder = place.parent().context("a place in a folder")?;
    std::fs::create_dir_all(folder).with_context(telling)?;
    let beside = crate::caches::beside(place);
    std::fs::write(&beside, bytes).with_context(telling)?;
    std::fs::rename(&beside, place).with_context(telling)?;
    crate::caches::remove_others(folder, &[place]);
    Ok(())
}
