//! The pictures of the catalogue, ready to be compared: made from the files that the lake keeps when they are first
//! needed, kept in `models/pictures`, and made again when the clean tables have changed.
//!
//! A cache like that of [`crate::search`]: one file named after what it was made from, written beside its place and
//! renamed.

use crate::output::{self, Bar};
use crate::pipeline::rows::Rows;
use anyhow::{Context, Result};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use content::picture::{Likeness, Picture, thumbnail};
use lake::{Engine, Snapshot};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Pictures that are decoded before their pixels are forgotten again.
const TOGETHER: usize = 256;

/// The pictures of products, by the rows of a list of products.
pub(crate) struct Looks {
    pub(crate) likeness: Likeness,
}

impl Looks {
    /// The pictures of the products in this order; products without one are missing rows.
    pub(crate) async fn load(
        root: &Path,
        engine: &Engine,
        snapshot: &Snapshot,
        products: &[String],
        bar: &Bar,
    ) -> Result<Self> {
        let place = root
            .join("models/pictures")
            .join(format!("{}.model", crate::search::key(snapshot, products.len(), "pictures")));
        match std::fs::read(&place).ok().map(|bytes| Likeness::from_bytes(&bytes)) {
            Some(Ok(likeness)) if likeness.len() == products.len() => return Ok(Self { likeness }),
            Some(Err(why)) => {
                output::note(&format!("{} cannot be read ({why}); it is made again", place.display()));
            }
            _ => {}
        }
        let files = files_of(root, engine).await?;
        let mut likeness = Likeness::of(&[]);
        for (part, ids) in products.chunks(TOGETHER).enumerate() {
            bar.step("looking at", "pictures", (part * TOGETHER) as u64, products.len() as u64);
            let decode = |id: &String| files.get(id).and_then(|path| crate::media::picture(path).ok());
            let pictures: Vec<Option<Picture>> = ids.par_iter().map(decode).collect();
            likeness.extend(Likeness::of(&pictures.iter().map(Option::as_ref).collect::<Vec<_>>()))?;
        }
        bar.clear();
        write(&place, &likeness.to_bytes())?;
        Ok(Self { likeness })
    }
}

/// The kept file of the first picture of every product that has one.
pub(crate) async fn files_of(root: &Path, engine: &Engine) -> Result<BTreeMap<String, PathBuf>> {
    let sql = "select m.product_id, min(concat(m.path, ' ', s.sha256)) as file \
        from clean.media m join raw.sources s on s.source = m.source \
        where m.kind = 'picture' and m.product_id is not null group by m.product_id order by m.product_id";
    let rows = Rows::query(engine, sql).await?;
    let (products, files) = (rows.texts("product_id")?, rows.texts("file")?);
    let kept = root.join("lake/raw/files");
    let place = |file: String| Some(kept.join(file.rsplit_once(' ')?.1));
    Ok(products.into_iter().zip(files).filter_map(|(product, file)| Some((product, place(file)?))).collect())
}

/// Pixels of a side of the pictures in pages: twice what is shown, for sharp screens.
const THUMBNAIL: u32 = 112;

/// Small pictures of these products for a page: JPEG in base64 by product. One that cannot be read is left out.
pub(crate) async fn thumbnails(
    root: &Path,
    engine: &Engine,
    products: impl Iterator<Item = &str>,
) -> Result<BTreeMap<String, String>> {
    let files = files_of(root, engine).await?;
    let wanted: Vec<(&str, &PathBuf)> = products.filter_map(|id| Some((id, files.get(id)?))).collect();
    let one = |(id, path): &(&str, &PathBuf)| {
        let jpeg = thumbnail(&crate::media::picture(path).ok()?, THUMBNAIL)?;
        Some(((*id).to_owned(), BASE64_STANDARD.encode(jpeg)))
    };
    Ok(wanted.par_iter().filter_map(one).collect())
}

/// Writes the file beside its place, puts it there, and takes earlier ones away.
fn write(place: &Path, bytes: &[u8]) -> Result<()> {
    let telling = || format!("writing {}", place.display());
    let folder = place.parent().context("a place in a folder")?;
    std::fs::create_dir_all(folder).with_context(telling)?;
    let beside = place.with_extension("new");
    std::fs::write(&beside, bytes).with_context(telling)?;
    std::fs::rename(&beside, place).with_context(telling)?;
    for entry in std::fs::read_dir(folder).with_context(telling)?.flatten() {
        if entry.path() != place {
            // One that is left behind costs room and nothing else.
            let _ = std::fs::remove_file(entry.path());
        }
    }
    Ok(())
}
