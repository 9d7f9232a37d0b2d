//! Folders of tiny encoders, as the tests of `pretrained` make them, and what it is to open one with a file exchanged.

use super::Seed;
use std::path::Path;
use std::sync::LazyLock;
use tempfile::TempDir;

#[path = "../../../crates/pretrained/tests/made/mod.rs"]
mod made;

/// How a family's settings and its weights are told from others'.
type Marks = [&'static str; 2];

/// Each family of readers once.
fn families() -> [(&'static str, Marks, fn(&Path)); 8] {
    [
        ("bert", [r#""bert""#, "token_type_embeddings"], |folder| {
            made::text(folder, "bert");
            made::pooled(folder, true);
        }),
        ("mpnet", [r#""mpnet""#, "relative_attention_bias"], |folder| made::text(folder, "mpnet")),
        ("distilbert", [r#""distilbert""#, "sa_layer_norm"], |folder| made::text(folder, "distilbert")),
        ("resnet", [r#""resnet""#, "embedder.embedder"], |folder| made::resnet(folder, "basic")),
        ("vit", [r#""vit""#, "layernorm_before"], |folder| made::patches(folder, "vit")),
        ("dinov2", [r#""dinov2""#, "layer_scale1"], |folder| made::patches(folder, "dinov2 gated")),
        ("clip", [r#""clip""#, "visual_projection"], |folder| made::towers(folder, "clip")),
        ("whisper", [r#""whisper""#, "model.encoder.conv1"], |folder| made::whisper(folder)),
    ]
}

fn folder(make: fn(&Path)) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder for a model");
    make(folder.path());
    folder
}

pub(super) fn seeds(file: &str) -> Vec<Seed> {
    let read = |(name, _, make): (&str, Marks, fn(&Path))| {
        Some((name.to_owned(), std::fs::read(folder(make).path().join(file)).ok()?))
    };
    families().into_iter().filter_map(read).collect()
}

/// Opens a folder with these bytes in the place of one of its files: where they name a family, as settings do, that family's folder,
/// else that of the first one. Weights are told by what they are named after.
pub fn opened_with(file: &str, bytes: &[u8]) {
    static FOLDERS: LazyLock<Vec<(TempDir, [&str; 2])>> =
        LazyLock::new(|| families().into_iter().map(|(_, marks, make)| (folder(make), marks)).collect());
    let names = |mark: &str| bytes.windows(mark.len()).any(|part| part == mark.as_bytes());
    let at = FOLDERS.iter().position(|(_, marks)| marks.iter().any(|mark| names(mark))).unwrap_or(0);
    let path = FOLDERS[at].0.path().join(file);
    std::fs::write(&path, bytes).expect("a file of a temporary folder");
    if let Err(why) = crate::watch::within(64, || pretrained::load(FOLDERS[at].0.path()).map(drop)) {
        assert!(!why.to_string().is_empty());
    }
}
