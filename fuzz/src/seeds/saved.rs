//! Models that were fitted on next to nothing, saved.

use super::Seed;
use content::matching::{MatcherParams, Offer, Tables};
use content::picture::{Attribute, Likeness, Picture, PictureTextParams};
use content::reviews::{AspectsParams, JudgeParams, Mood};
use content::text::{Language, LanguageModel, LsaParams, OpinionParams, Polarity, TextBridgeParams, WordVectorsParams};
use domain::{Interaction, Interactions, ItemIdx, Kind, Market, ShopperIdx};
use learn::container::Writer;
use learn::net::{Flow, Progress};
use recommend::transfer::ZeroOverlapParams;
use recommend::{Field, ItemText, ModelKind, saved};

const FINGERPRINT: u128 = 7;

fn seed() -> domain::Seed {
    domain::Seed(1)
}

/// Every model of the registry on twelve shoppers of eight items, and the one between two markets.
pub(super) fn models() -> Vec<Seed> {
    let baskets: Vec<Vec<u32>> = (0..24).map(|s| (0..4).map(|i| (s % 3 + i * 2) % 8).collect()).collect();
    let train = Interactions::from_baskets(8, baskets.iter().map(Vec::as_slice));
    let texts: Vec<ItemText> = (0..8).map(text).collect();
    let names: Vec<String> = (0..8).map(|i| format!("item {i}")).collect();
    let mut seeds = Vec::new();
    for kind in ModelKind::all(Market::UNKNOWN) {
        let fitted = kind.fit_described(&train, &texts, seed(), &mut |_: Progress| Flow::Continue);
        let bytes = fitted.map(|model| saved::save(&kind, &*model, FINGERPRINT, &names));
        seeds.extend(bytes.ok().map(|bytes| (kind.name().to_owned(), bytes)));
    }
    seeds.extend(zero_overlap());
    seeds
}

fn text(item: u32) -> ItemText {
    let attributes = vec![(Field::Category, format!("kind {}", item % 3)), (Field::Brand, format!("b{}", item % 2))];
    ItemText { text: format!("thing{} number {item}", item % 3), attributes }
}

fn zero_overlap() -> Option<Seed> {
    let (home, away): (Market, Market) = ("CN".parse().ok()?, "DE".parse().ok()?);
    let mut markets = Vec::new();
    let mut cells = Vec::new();
    for shopper in 0..120_u32 {
        let is_away = shopper % 6 == 0;
        markets.push(if is_away { away } else { home });
        for day in 0..2 {
            let item = ItemIdx((shopper + day * 5) % 12 + if is_away { 12 } else { 0 });
            let (day, kind) = (domain::Day(day as i32), Kind::Purchase);
            cells.push(Interaction { shopper: ShopperIdx(shopper), item, kind, day, weight: 1.0 });
        }
    }
    let all = Interactions::new(24, markets, cells).ok()?;
    let params = ZeroOverlapParams { width: 6, ..ZeroOverlapParams::between(away, home) };
    let model = params.fit(&all, &(0..24).map(text).collect::<Vec<_>>(), seed()).ok()?;
    let names: Vec<String> = (0..24).map(|i| i.to_string()).collect();
    let bytes = saved::save(&ModelKind::ZeroOverlap(params), &model, FINGERPRINT, &names);
    Some((ModelKind::ZERO_OVERLAP.to_owned(), bytes))
}

fn picture(at: u32) -> Picture {
    let rgb = (0..16 * 16 * 3).map(|i| (i * (at + 1) % 251) as u8).collect();
    Picture::from_rgb(16, 16, rgb).expect("as many bytes as pixels need")
}

fn judge() -> Vec<u8> {
    let (wish, said) = (["I wish it had a lid", "if only it were larger"], ["it has a lid", "nice cup", "on time"]);
    let texts: Vec<String> =
        (0..8).flat_map(|i| wish.iter().chain(&said).map(move |t| format!("{t} {}", "x".repeat(i)))).collect();
    let is: Vec<bool> = (0..8).flat_map(|_| (0..5).map(|k| k < 2)).collect();
    JudgeParams::default().fit(&texts, &is, seed()).expect("wishes and reports").to_bytes(FINGERPRINT)
}

fn aspects() -> Vec<u8> {
    let moods = [("great", Mood::Positive), ("bad", Mood::Negative), ("average", Mood::Neutral)];
    let (mut texts, mut marks) = (Vec::new(), Vec::new());
    for i in 0..60 {
        let (part, aspect) = [("screen", 0), ("battery", 1)][i % 2];
        texts.push(format!("the {part} is {} after {i} days", moods[i % 3].0));
        marks.push(vec![(aspect, moods[i % 3].1)]);
        texts.push(format!("arrived on day {i}"));
        marks.push(Vec::new());
    }
    let groups: Vec<u64> = (0..texts.len() as u64).collect();
    let names = ["screen", "battery"].map(str::to_owned);
    let model = AspectsParams::default().fit(&names, &texts, &marks, &groups, seed());
    model.expect("sixty sentences of either part").to_bytes(FINGERPRINT)
}

fn matcher() -> Vec<u8> {
    let offer = |title: String| Offer { title, price: Some(20.0), ..Offer::default() };
    let title = |i: u32, by: &str| format!("{by} kettle ke{} of steel {}", 1_000 + 37 * i, i % 7);
    let (left, right): (Vec<Offer>, Vec<Offer>) =
        (0..40).map(|i| (offer(title(i, "acme")), offer(title(i, "by acme,")))).unzip();
    let tables = Tables::new(&left, &right);
    let pairs: Vec<(u32, u32)> = (0..40).flat_map(|i| [(i, i), (i, (i + 3) % 40)]).collect();
    let same: Vec<bool> = pairs.iter().map(|(a, b)| a == b).collect();
    let mut params = MatcherParams { n_seeds: 1, n_folds: 3, ..MatcherParams::default() };
    params.boost.n_rounds = 5;
    params.second.n_rounds = 5;
    params.fit(&tables, &pairs, &same, seed()).expect("forty pairs").to_bytes(FINGERPRINT)
}

fn towers() -> Vec<u8> {
    let params = PictureTextParams {
        canvas: (16, 16),
        channels: vec![8, 8],
        log2_words: 8,
        word_width: 4,
        width: 4,
        n_epochs: 1,
        batch: 16,
        ..PictureTextParams::default()
    };
    let pictures: Vec<Picture> = (0..32).map(picture).collect();
    let pictures: Vec<&Picture> = pictures.iter().collect();
    let titles: Vec<String> = (0..32).map(|i| format!("thing {i} of {}", i % 4)).collect();
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    let values = ["red", "blue"].map(str::to_owned).to_vec();
    let of = (0..32).map(|i| (i % 5 > 0).then_some(i % 2)).collect();
    let colour = Attribute { name: "colour".into(), values, of };
    let watch = &mut |_: Progress| Flow::Continue;
    params.fit(&pictures, &titles, &[colour], seed(), watch).expect("thirty-two pairs").to_bytes()
}

fn within(kind: &str, save: impl FnOnce(&mut Writer)) -> Seed {
    let mut to = Writer::default();
    save(&mut to);
    (kind.to_owned(), to.finish(kind, FINGERPRINT))
}

pub(super) fn encoders() -> Vec<Seed> {
    let texts = ["red kettle", "red kettle of steel", "空气炸锅 kettle", "blue mat", "blue yoga mat", "red mat"];
    let pairs = [("kettle", "wasserkocher"), ("yoga mat", "yogamatte"), ("red lamp", "rote lampe")];
    let opinion = |aspect: &str, how| vec![(aspect.to_owned(), how)];
    let said = [opinion("A", Polarity::Positive), opinion("B", Polarity::Negative)];
    let judged: Vec<_> = texts.into_iter().zip(said.into_iter().cycle()).collect();
    let words = WordVectorsParams { min_count: 1, ..WordVectorsParams::default() };
    let likeness = Likeness::of(&[Some(&picture(1)), None, Some(&picture(2))]).to_bytes();
    let few = [(Language::English, "a red kettle of steel"), (Language::German, "ein roter Kessel aus Stahl")];
    let mut seeds: Vec<Seed> = [
        ("judge", judge()),
        ("aspects", aspects()),
        ("matcher", matcher()),
        ("likeness", likeness),
        ("towers", towers()),
    ]
    .into_iter()
    .map(|(name, bytes)| (name.to_owned(), bytes))
    .collect();
    seeds.push(within("lsa", |to| LsaParams::default().fit(&texts, seed()).expect("texts").save(to)));
    seeds.push(within("words", |to| words.fit(&texts, seed()).expect("texts").save(to)));
    seeds.push(within("languages", |to| LanguageModel::fit(few).save(to)));
    seeds.push(within("opinions", |to| OpinionParams::default().fit(&judged, &judged).expect("six").save(to)));
    seeds.push(within("bridge", |to| TextBridgeParams::default().fit(&pairs).expect("three pairs").save(to)));
    seeds
}
