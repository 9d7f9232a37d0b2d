use super::*;
use crate::{Field, ModelKind, saved};
use domain::{Day, Interaction, Kind};

const TARGET: &str = "DE";
const SOURCE: &str = "CN";
/// Products of a market: of every kind and brand one.
const KINDS: u32 = 6;
const BRANDS: u32 = 8;
const N: u32 = KINDS * BRANDS;

fn market(code: &str) -> Market {
    code.parse().unwrap()
}

/// Items 0 to 47 are the source's, 48 to 95 the target's. Kind `k` of brand `b` is number `k + 6 b`; kinds have words of their own
/// that differ by market, but for one.
fn texts() -> Vec<ItemText> {
    let text = |item: u32| {
        let (at, where_) = (item % N, if item < N { "zh" } else { "de" });
        let (kind, brand) = (at % KINDS, at / KINDS);
        let attributes = vec![(Field::Category, format!("kind {kind}")), (Field::Brand, format!("brand {brand}"))];
        ItemText { text: format!("thing{kind} {where_}{kind} brand{brand}"), attributes }
    };
    (0..2 * N).map(text).collect()
}

/// A shopper buys something and then the next kind: of the same brand in nine of ten cases; without habits both are drawn at random.
fn merchant(habits: bool, n_source: u32, n_target: u32) -> Interactions {
    let mut markets = Vec::new();
    let mut cells = Vec::new();
    for shopper in 0..n_source + n_target {
        let is_target = shopper >= n_source;
        markets.push(market(if is_target { TARGET } else { SOURCE }));
        let mut rng = Seed(11).stream(u64::from(shopper));
        let (kind, brand) = (rng.below(3) as u32 * 2, rng.below(BRANDS as usize) as u32);
        let first = if habits { kind + KINDS * brand } else { rng.below(N as usize) as u32 };
        let second = match habits && rng.uniform() < 0.9 {
            true => kind + 1 + KINDS * brand,
            false => rng.below(N as usize) as u32,
        };
        for (day, item) in [first, second].into_iter().enumerate() {
            let item = ItemIdx(item + if is_target { N } else { 0 });
            let (day, kind) = (Day(day as i32), Kind::Purchase);
            cells.push(Interaction { shopper: ShopperIdx(shopper), item, kind, day, weight: 1.0 });
        }
    }
    Interactions::new(2 * N as usize, markets, cells).unwrap()
}

fn params() -> ZeroOverlapParams {
    ZeroOverlapParams { width: 16, ..ZeroOverlapParams::between(market(TARGET), market(SOURCE)) }
}

fn fitted() -> ZeroOverlap {
    params().fit(&merchant(true, 600, 60), &texts(), Seed(3)).unwrap()
}

/// Kind 0 of brand 2 was bought: its companion, kind 1 of the same brand, comes first, with the reasons that make it so.
#[test]
fn a_habit_of_the_source_holds_for_products_that_it_never_sold() {
    let model = fitted();
    let bought = [ItemIdx(N + 12)];
    let all: Vec<ItemIdx> = (0..2 * N + 3).map(ItemIdx).collect();
    let scores = model.score(History::of(&bought), &all);
    assert!(scores[..N as usize].iter().all(Option::is_none), "the source's products are not the target's");
    assert!(scores[2 * N as usize..].iter().all(Option::is_none));
    let best = (N..2 * N).max_by(|a, b| scores[*a as usize].unwrap().total_cmp(&scores[*b as usize].unwrap())).unwrap();
    assert_eq!(best, N + 13, "{scores:?}");
    let sum: f32 = scores.iter().flatten().sum();
    assert!((sum - 1.0).abs() < 1e-4, "chances of all products of the market");
    let reasons = model.explain(History::of(&bought), ItemIdx(best));
    assert!((reasons.iter().map(|r| r.part).sum::<f32>() - scores[best as usize].unwrap()).abs() < 1e-6);
    let terms: Vec<&str> = reasons.iter().filter(|r| r.item == Some(bought[0])).map(|r| r.term).collect();
    assert!(terms.contains(&"of the same brand as"), "{reasons:?}");
    assert!(model.explain(History::of(&bought), ItemIdx(0)).is_empty());
    // Who has bought nothing is told what sells.
    assert!(model.score(History::EMPTY, &all[N as usize..]).iter().flatten().all(|s| *s > 0.0));
}

#[test]
fn it_is_proved_where_the_source_has_habits_and_refused_where_it_has_none() {
    let rule = EvidenceRule { spread: 1.0, ..EvidenceRule::default() };
    let proof = |habits: bool| params().proof(&merchant(habits, 900, 16), &texts(), &rule, Seed(3)).unwrap();
    let proved = proof(true);
    assert_eq!(proved.len(), 3);
    assert!(proved.iter().all(|(_, verdict)| verdict.accepted()), "{proved:?}");
    let refused = proof(false);
    assert!(!refused[0].1.accepted(), "nothing follows on anything: {refused:?}");
}

#[test]
fn it_is_kept_and_read_to_the_same_scores_and_a_damaged_file_is_refused() {
    let model = fitted();
    let kind = ModelKind::ZeroOverlap(params());
    let names: Vec<String> = (0..2 * N).map(|item| item.to_string()).collect();
    let bytes = saved::save(&kind, &model, 7, &names);
    let loaded = saved::load_as(ModelKind::ZERO_OVERLAP, &bytes).unwrap();
    let (bought, all) = ([ItemIdx(N + 12)], [ItemIdx(N + 13), ItemIdx(N + 40), ItemIdx(1)]);
    assert_eq!(loaded.model.score(History::of(&bought), &all), model.score(History::of(&bought), &all));
    assert_eq!(loaded.model.explain(History::of(&bought), all[0]), model.explain(History::of(&bought), all[0]));
    let damaged = |change: &dyn Fn(&mut ZeroOverlap)| {
        let mut other = model.clone();
        change(&mut other);
        let bytes = saved::save(&kind, &other, 7, &names);
        saved::load(&bytes).map(|_| ()).unwrap_err().to_string()
    };
    assert!(damaged(&|m| m.still.truncate(5)).contains("without a history"));
    assert!(damaged(&|m| m.tastes.goods.kinds.truncate(5)).contains("kinds"));
    assert!(damaged(&|m| m.weights[0] = f32::NAN).contains("weights"));
    assert!(damaged(&|m| m.items[0] = 90_000).contains("items"));
}

#[test] // A market that buys one of four products elsewhere too shares a quarter.
fn what_is_shared_is_counted_by_purchases() {
    let cell = |(s, i)| Interaction {
        shopper: ShopperIdx(s),
        item: ItemIdx(i),
        kind: Kind::Purchase,
        day: Day(0),
        weight: 1.0,
    };
    let markets = [TARGET, TARGET, SOURCE].map(market).to_vec();
    let cells = [(0, 0), (0, 1), (1, 1), (1, 2), (2, 2), (2, 3)].map(cell).to_vec();
    let all = Interactions::new(4, markets, cells).unwrap();
    assert_eq!(shared(&all, market(TARGET)), Some(0.25));
    assert_eq!(shared(&all, market(SOURCE)), Some(0.5));
    assert_eq!(shared(&all, market("FR")), None);
}

#[test]
fn what_does_not_fit_is_refused() {
    let (all, texts) = (merchant(true, 60, 20), texts());
    let why = |p: ZeroOverlapParams, t: &[ItemText]| p.fit(&all, t, Seed(1)).unwrap_err().to_string();
    assert!(why(ZeroOverlapParams { width: 0, ..params() }, &texts).contains("`width`"));
    assert!(why(ZeroOverlapParams { n_cuts: 0, ..params() }, &texts).contains("`n_cuts`"));
    assert!(why(params(), &texts[1..]).contains("`texts`"));
    let nobody = ZeroOverlapParams { source: market("FR"), ..params() };
    assert!(why(nobody, &texts).contains("products of the source"));
}
