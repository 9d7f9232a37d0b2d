//! A published model against sentence-transformers, where its folder is there; `families.rs` holds what always runs.

use content::Encode;
use pretrained::{Encoder, Kind, inspect, load};
use testkit::shared::optional_model;

/// What sentence-transformers 6.2.0 with torch 2.15.0 gave for `all-MiniLM-L6-v2` (SHA-256 of the weights 53aa5117…),
/// the first six numbers.
const RIGHT: [(&str, [f32; 6]); 4] = [
    ("Where is my parcel?", [0.0339471, -0.0140332, 0.0437424, -0.0239489, 0.0603125, 0.0126458]),
    ("Wo ist mein Paket?", [-0.0387681, 0.1141783, 0.0500274, 0.050947, -0.0227911, 0.0277321]),
    ("Où est mon colis ?", [-0.0116507, -0.0315751, -0.0420667, 0.0148068, -0.0187584, 0.0597197]),
    ("¿Dónde está mi paquete?", [-0.0091766, 0.057349, 0.0508126, -0.053958, -0.0814832, -0.0010894]),
];

#[test]
fn minilm_is_that_of_sentence_transformers() {
    let Some(folder) = optional_model("all-MiniLM-L6-v2") else { return };
    let description = inspect(&folder).unwrap();
    assert_eq!((description.kind, description.width, description.n_parameters), (Kind::Text, 384, 22_713_216));
    assert_eq!(description.text.as_ref().map(|t| (t.max_pieces, t.unit)), Some((256, true)));
    let Encoder::Text(encoder) = load(&folder).unwrap() else { panic!("MiniLM is an encoder of texts") };
    let items: Vec<Option<&str>> = RIGHT.iter().map(|(text, _)| Some(*text)).collect();
    let vectors = encoder.encode(&items);
    for (row, (text, right)) in RIGHT.iter().enumerate() {
        let got = vectors.row(row).unwrap();
        let far = got.iter().zip(right).map(|(g, r)| (g - r).abs()).fold(0.0, f32::max);
        assert!(far < 1e-5, "{text}: {:?} against {right:?}", &got[..6]);
    }
    // Alone, a text gives what it gives among others, but for rounding; cut off, what its beginning gives.
    let alone = encoder.encode(&items[..1]);
    let far = alone.values().iter().zip(vectors.values()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(far < 1e-6, "{far}");
    let long = "parcel ".repeat(254);
    let longer = "parcel ".repeat(9000);
    let cut = encoder.encode(&[Some(&long), Some(&longer)]);
    assert_eq!(encoder.pieces(&longer).map(|p| p.len()), Some(256));
    let far = cut.row(0).unwrap().iter().zip(cut.row(1).unwrap()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(far < 1e-6, "{far}");
}
