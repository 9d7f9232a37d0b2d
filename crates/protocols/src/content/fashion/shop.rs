//! The shop's files: a table and an archive of pictures, in three parts.

use crate::ProtocolError;
use crate::files::Text;
use content::picture::{Attribute, Picture, PictureParams, decode};
use domain::Seed;
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::path::Path;

/// What is known of a product: see [`Item::cells`].
pub(super) const CELLS: [&str; 5] = ["articleType", "baseColour", "gender", "usage", "brand"];

/// A product of the shop.
pub(super) struct Item {
    pub(super) title: String,
    /// `articleType`, `baseColour`, `gender`, `usage`, and the first word of the title, which is the brand.
    pub(super) cells: [String; 5],
    pub(super) picture: Picture,
}

/// The shop in three parts.
#[derive(Default)]
pub(super) struct Shop {
    pub(super) train: Vec<Item>,
    pub(super) valid: Vec<Item>,
    pub(super) test: Vec<Item>,
    /// Rows without a title or a picture that can be read.
    pub(super) rejected: usize,
}

pub(super) fn broken(path: &Path, why: impl std::fmt::Display) -> ProtocolError {
    ProtocolError::Unreadable { path: path.to_path_buf(), why: std::io::Error::other(why.to_string()) }
}

impl Shop {
    pub(super) fn read(dir: &Path) -> Result<Self, ProtocolError> {
        let named = dir.join("items.csv");
        let table = Text::read(&named)?;
        let path = dir.join("images.zip");
        let bytes = std::fs::read(&path).map_err(|why| ProtocolError::Unreadable { path: path.clone(), why })?;
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|why| broken(&path, why))?;
        let mut reader = csv::Reader::from_reader(table.text().as_bytes());
        let columns = reader.headers().map_err(|why| broken(&named, why))?.clone();
        let at = |name: &str| columns.iter().position(|c| c == name).unwrap_or(usize::MAX);
        let places = ["id", "productDisplayName", "articleType", "baseColour", "gender", "usage"].map(at);
        let mut shop = Self::default();
        for row in reader.records() {
            let row = row.map_err(|why| broken(&named, why))?;
            let [id, title, kind, colour, gender, usage] = places.map(|p| row.get(p).unwrap_or("").trim());
            let id = id.parse::<u64>().ok().filter(|_| !title.is_empty() && title != "NA");
            let mut file = Vec::new();
            let read = |id: u64| {
                archive.by_name(&format!("images/{id}.jpg")).ok()?.read_to_end(&mut file).ok()?;
                Some((id, decode(&file, &PictureParams::default()).ok()?))
            };
            let Some((id, picture)) = id.and_then(read) else {
                shop.rejected += 1;
                continue;
            };
            let brand = title.split_whitespace().next().unwrap_or("").to_lowercase();
            let cells = [kind.to_owned(), colour.to_owned(), gender.to_owned(), usage.to_owned(), brand];
            let item = Item { title: title.to_owned(), cells, picture };
            match Seed(id).derive(0).0 % 100 {
                0..11 => shop.test.push(item),
                11..22 => shop.valid.push(item),
                _ => shop.train.push(item),
            }
        }
        if shop.train.len() < 2 || shop.valid.len() < 100 || shop.test.len() < 100 {
            return Err(broken(&named, "too few products with a title and a picture"));
        }
        Ok(shop)
    }
}

/// Attributes with the values that at least 8 products of the training part have.
pub(super) fn attributes(train: &[Item]) -> Vec<Attribute> {
    let attribute = |(c, name): (usize, &&str)| {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        train.iter().for_each(|item| *counts.entry(&item.cells[c]).or_default() += 1);
        let values: Vec<String> =
            counts.iter().filter(|(v, n)| **n >= 8 && !v.is_empty()).map(|(v, _)| (*v).to_owned()).collect();
        let of = train.iter().map(|item| values.binary_search(&item.cells[c]).ok().map(|v| v as u32)).collect();
        Attribute { name: (*name).to_owned(), values, of }
    };
    CELLS.iter().enumerate().map(attribute).collect()
}
