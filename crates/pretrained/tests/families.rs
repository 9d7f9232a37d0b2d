//! Every family against PyTorch: tiny models whose weights follow a formula, the numbers as `scripts/peers/pretrained_tiny.py`
//! printed them with torch 2.15.0 and transformers 5.24.0.

mod made;

use content::picture::Picture;
use content::sound::Sound;
use content::{Encode, Vectors};
use pretrained::{Encoder, load};
use std::path::Path;

const NEAR: f32 = 2e-5;

fn near(vectors: &Vectors, row: usize, right: &[f32; 6], what: &str) {
    let got = &vectors.row(row).expect("a vector")[..6];
    let far = got.iter().zip(right).map(|(g, r)| (g - r).abs()).fold(0.0, f32::max);
    assert!(far < NEAR, "{what}: {got:?} against {right:?}");
}

fn open(make: impl FnOnce(&Path)) -> Encoder {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path());
    load(folder.path()).unwrap()
}

/// The mean of length 1 and the first row of `red shoe` and of `a bag x red`.
fn text(family: &str, right: [[f32; 6]; 4]) {
    for (mean, at) in [(true, 0), (false, 1)] {
        let Encoder::Text(encoder) = open(|folder| {
            made::text(folder, family);
            made::pooled(folder, mean);
        }) else {
            panic!("{family} is no encoder of texts")
        };
        let vectors = encoder.encode(&[Some("red shoe"), None, Some("a bag x red"), Some("  ")]);
        let there: Vec<bool> = (0..4).map(|row| vectors.is_present(row)).collect();
        assert_eq!(there, [true, false, true, false]);
        near(&vectors, 0, &right[at], &format!("{family}, first text"));
        near(&vectors, 2, &right[at + 2], &format!("{family}, second text"));
    }
}

#[test]
fn bert_is_that_of_transformers() {
    text(
        "bert",
        [
            [0.175245, 0.087779, 0.455128, -0.19957, 0.59578, -0.162666],
            [-0.654377, 0.766134, 0.004611, 1.136765, 1.160377, 0.135608],
            [-0.07708, 0.030689, 0.514251, -0.300217, 0.628339, -0.15155],
            [-0.853202, 0.731099, 0.244525, 1.119005, 1.066422, 0.045921],
        ],
    );
}

#[test]
fn distilbert_is_that_of_transformers() {
    text(
        "distilbert",
        [
            [0.331386, -0.129548, 0.250088, -0.086945, 0.498464, 0.098323],
            [-0.007787, 0.044286, -0.032325, 0.902233, 1.34752, 1.081646],
            [0.358761, -0.222047, 0.2494, -0.177808, 0.51415, 0.087416],
            [0.211471, -0.149669, 0.018075, 0.784046, 1.470794, 1.026815],
        ],
    );
}

#[test]
fn xlm_roberta_is_that_of_transformers() {
    text(
        "xlm-roberta",
        [
            [-0.059656, -0.001225, 0.471004, -0.427958, 0.636292, -0.249645],
            [0.567545, -0.306579, 1.191851, -0.824969, 1.485324, -0.386487],
            [-0.065107, 0.064752, 0.425479, -0.439709, 0.581427, -0.311854],
            [0.771364, -0.325767, 1.10122, -0.829497, 1.533191, -0.392392],
        ],
    );
}

#[test]
fn mpnet_is_that_of_transformers() {
    text(
        "mpnet",
        [
            [-0.518441, -0.141485, 0.341039, -0.085813, 0.677377, -0.131784],
            [-0.384282, -0.622417, 0.699416, -0.731345, 1.823369, -0.150677],
            [-0.58649, -0.086601, 0.318748, -0.046019, 0.572951, -0.251055],
            [-0.2244, -0.571496, 0.653391, -0.648324, 1.792762, -0.285705],
        ],
    );
}

/// 40 × 30 pixels by formula, in strips of five.
fn picture() -> Picture {
    let of = |i: u64| (made::mixed(i / 3 / 5 * 3 + i % 3 + 1) & 255) as u8;
    Picture::from_rgb(40, 30, (0..40 * 30 * 3).map(of).collect()).unwrap()
}

fn pictured(encoder: &Encoder, right: &[f32; 6], what: &str) {
    let encoder = match encoder {
        Encoder::Picture(e) => e,
        Encoder::TextPicture(e) => e.pictures(),
        Encoder::Text(_) | Encoder::Speech(_) => panic!("{what} is no encoder of pictures"),
    };
    let picture = picture();
    let vectors = encoder.encode(&[None, Some(&picture), Some(&picture)]);
    assert!(!vectors.is_present(0));
    near(&vectors, 1, right, what);
    near(&vectors, 2, right, what);
}

#[test]
fn vit_and_dinov2_are_those_of_transformers() {
    let cases = [
        ("vit", [-0.590901, -0.375894, -0.88788, -1.039108, 1.880695, -1.038983]),
        ("dinov2", [-0.725388, -0.509098, -0.786407, -0.917758, 1.871056, -1.436958]),
        ("dinov2 gated", [-0.643589, -0.477389, -0.848476, -0.886704, 1.938122, -1.415937]),
    ];
    for (family, right) in cases {
        pictured(&open(|folder| made::patches(folder, family)), &right, family);
    }
}

#[test]
fn resnet_is_that_of_transformers() {
    let cases = [
        ("basic", [2.657422, 6.677655, 4.189124, 1.11059, 8.62816, 0.877031]),
        ("bottleneck", [1.820816, 1.834457, 0.859655, 0.004587, 1.542019, 0.464231]),
    ];
    for (kind, right) in cases {
        pictured(&open(|folder| made::resnet(folder, kind)), &right, kind);
    }
}

#[test]
fn both_towers_of_clip_and_siglip_are_those_of_transformers() {
    let cases = [
        (
            "clip",
            [0.335118, -0.591341, 0.362683, 0.250938, -0.257463, 0.02994],
            [0.164775, -0.16916, 0.361778, 0.585487, -0.513117, -0.369476],
        ),
        (
            "siglip",
            [-0.135481, -0.287305, -0.40089, 0.45215, -0.406413, -0.499791],
            [0.137552, 0.140834, -0.597019, 0.320944, 0.0362, 0.134857],
        ),
    ];
    for (family, of_picture, of_text) in cases {
        let encoder = open(|folder| made::towers(folder, family));
        pictured(&encoder, &of_picture, family);
        let Encoder::TextPicture(encoder) = encoder else { panic!("{family} has one tower") };
        near(&encoder.text().encode(&[Some("red shoe")]), 0, &of_text, family);
        assert_eq!(encoder.text().width(), encoder.pictures().width());
    }
}

#[test]
fn whisper_hears_and_writes_what_that_of_transformers_does() {
    let Encoder::Speech(encoder) = open(made::whisper) else { panic!("whisper is no encoder of speech") };
    let wave = |i: u32| {
        let t = f64::from(i) / 16_000.0;
        let turn = 2.0 * std::f64::consts::PI * t;
        (0.4 * (turn * 440.0).sin() + 0.2 * (turn * 2500.0 * (1.0 + t)).sin()) as f32
    };
    let sound = Sound::from_samples((0..9600).map(wave).collect()).unwrap();
    let vectors = encoder.encode(&[Some(&sound), None]);
    near(&vectors, 0, &[-1.171953, 1.42249, 0.002808, 0.311803, 0.514233, -1.146531], "whisper");
    assert!(!vectors.is_present(1));
    assert_eq!(encoder.transcribed(&sound).unwrap(), Some(vec![vec![8, 7]]));
    assert_eq!(encoder.transcribe(&sound).unwrap().as_deref(), Some("a x"));
}
