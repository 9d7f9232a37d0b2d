//! A made-up shop of coloured shapes whose titles say what they are.

use super::super::{Attribute, PictureTextError};
use super::*;
use domain::Seed;
use learn::LearnError;
use learn::net::{Flow, Progress};

const COLOURS: [(&str, [u8; 3]); 4] =
    [("red", [200, 30, 30]), ("green", [30, 160, 60]), ("blue", [30, 50, 200]), ("black", [20, 20, 20])];
const SHAPES: [&str; 2] = ["bar", "disc"];

/// Shapes of any place and nearly any colour, with titles and what they are: colour, then shape.
fn shop(n: usize, seed: u64) -> (Vec<Picture>, Vec<String>, Vec<[u32; 2]>) {
    let mut rng = Rng::new(seed);
    let (mut pictures, mut titles, mut what) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..n {
        let (c, s) = (rng.below(4), rng.below(2));
        let (x, y) = (5.0 + 6.0 * rng.uniform(), 5.0 + 6.0 * rng.uniform());
        let colour = COLOURS[c].1.map(|v| (f64::from(v) + 12.0 * rng.normal()).clamp(0.0, 255.0) as u8);
        let pixels = (0..16).flat_map(|v| (0..16).map(move |u| (f64::from(u), f64::from(v))));
        let inside = |u: f64, v: f64| match s {
            0 => (u - x).abs() < 6.0 && (v - y).abs() < 2.0,
            _ => (u - x).hypot(v - y) < 4.0,
        };
        let rgb = pixels.flat_map(|(u, v)| if inside(u, v) { colour } else { [250; 3] }).collect();
        pictures.push(Picture::from_rgb(16, 16, rgb).unwrap());
        titles.push(format!("{} {} no {}", COLOURS[c].0, SHAPES[s], rng.below(10)));
        what.push([c as u32, s as u32]);
    }
    (pictures, titles, what)
}

fn small() -> PictureTextParams {
    PictureTextParams {
        canvas: (16, 16),
        channels: vec![8, 16],
        log2_words: 10,
        word_width: 16,
        width: 16,
        n_epochs: 16,
        batch: 32,
        rate: 1e-2,
        ..PictureTextParams::default()
    }
}

fn fitted(params: &PictureTextParams, n: usize) -> PictureText {
    let (pictures, titles, what) = shop(n, 1);
    let names = |of: &[&str]| of.iter().map(|n| (*n).to_owned()).collect::<Vec<String>>();
    let attribute = |name: &str, values, a: usize| Attribute {
        name: name.to_owned(),
        values,
        of: what.iter().enumerate().map(|(i, w)| (i % 5 > 0).then_some(w[a])).collect(),
    };
    let attributes = [attribute("colour", names(&COLOURS.map(|c| c.0)), 0), attribute("shape", names(&SHAPES), 1)];
    let pictures: Vec<&Picture> = pictures.iter().collect();
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    params.fit(&pictures, &titles, &attributes, Seed(7), &mut |_: Progress| Flow::Continue).unwrap()
}

#[test]
fn new_pictures_are_found_by_their_title_and_answer_what_they_are() {
    let model = fitted(&small(), 240);
    let (pictures, _, what) = shop(60, 2);
    let all: Vec<Option<&Picture>> = pictures.iter().map(Some).collect();
    let x = model.pictures().encode(&all).unit();
    let asked: Vec<String> = COLOURS.iter().flat_map(|c| SHAPES.map(|s| format!("{} {s}", c.0))).collect();
    let asked: Vec<Option<&str>> = asked.iter().map(|t| Some(t.as_str())).chain([Some("..."), None]).collect();
    let y = model.titles().encode(&asked).unit();
    assert_eq!((x.width(), y.n_present(), y.is_present(8)), (16 + 4 + 2, 8, false));
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let right = (0..60).filter(|i| {
        let row = x.row(*i).unwrap();
        let best = (0..8).max_by(|a, b| product(row, y.row(*a).unwrap()).total_cmp(&product(row, y.row(*b).unwrap())));
        best == Some((what[*i][0] * 2 + what[*i][1]) as usize)
    });
    let right = right.count();
    assert!(right >= 52, "{right} of 60");
    let pictures: Vec<&Picture> = pictures.iter().collect();
    let answers = model.answers(&pictures, 1);
    let shapes = answers.iter().zip(&what).filter(|(row, w)| row[w[1] as usize] > 0.5).count();
    assert!(shapes >= 54, "{shapes} of 60");
    assert!(answers.iter().all(|row| (row.iter().sum::<f32>() - 1.0).abs() < 1e-4));
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_bytes_the_same_vectors() {
    let params = PictureTextParams { n_epochs: 1, ..small() };
    let (model, again) = (fitted(&params, 40), fitted(&params, 40));
    assert_eq!(model.to_bytes(), again.to_bytes());
    let bytes = model.to_bytes();
    let read = PictureText::from_bytes(&bytes).unwrap();
    assert_eq!((read.to_bytes(), read.attributes()), (bytes.clone(), model.attributes()));
    let (pictures, titles, _) = shop(3, 5);
    let pictures: Vec<Option<&Picture>> = pictures.iter().map(Some).collect();
    assert_eq!(read.pictures().encode(&pictures), model.pictures().encode(&pictures));
    let titles: Vec<Option<&str>> = titles.iter().map(|t| Some(t.as_str())).collect();
    assert_eq!(read.titles().encode(&titles), model.titles().encode(&titles));
    assert!(PictureText::from_bytes(&bytes[..bytes.len() - 1]).is_err());
    let other = Writer::default().finish("other", 0);
    assert!(matches!(PictureText::from_bytes(&other), Err(ContainerError::Kind { .. })));
}

#[test]
fn what_cannot_be_learnt_from_is_named() {
    let (pictures, titles, _) = shop(4, 1);
    let pictures: Vec<&Picture> = pictures.iter().collect();
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    let mut watch = |_: Progress| Flow::Continue;
    let mut fit = |params: &PictureTextParams, titles: &[&str], attributes: &[Attribute]| {
        params.fit(&pictures, titles, attributes, Seed(1), &mut watch).unwrap_err()
    };
    for (params, want) in [
        (PictureTextParams { canvas: (8, 16), ..small() }, "canvas"),
        (PictureTextParams { channels: vec![8, 12], ..small() }, "channels"),
        (PictureTextParams { temperature: 0.0, ..small() }, "temperature"),
        (PictureTextParams { n_epochs: 0, ..small() }, "n_epochs"),
    ] {
        let error = fit(&params, &titles, &[]);
        assert!(matches!(error, PictureTextError::Learn(LearnError::Param { name, .. }) if name == want), "{error}");
    }
    assert!(matches!(fit(&small(), &titles[..3], &[]), PictureTextError::Learn(LearnError::Shape { .. })));
    let odd = Attribute { name: "size".to_owned(), values: vec!["s".to_owned(), "l".to_owned()], of: vec![Some(2); 4] };
    assert!(matches!(fit(&small(), &titles, &[odd]), PictureTextError::Attribute { .. }));
}
