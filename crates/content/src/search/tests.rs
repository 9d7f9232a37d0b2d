use super::*;
use tantivy::directory::RamDirectory;

/// Six kinds of products; most have titles in three languages, the last of each kind has one only.
fn catalogue() -> Vec<Listing> {
    let kinds = [
        ("空气炸锅", "air fryer", "Heißluftfritteuse"),
        ("电热水壶", "electric kettle", "Wasserkocher"),
        ("吸尘器", "vacuum cleaner", "Staubsauger"),
        ("咖啡机", "coffee machine", "Kaffeemaschine"),
        ("蓝牙耳机", "bluetooth earphones", "Kopfhörer"),
        ("瑜伽垫", "yoga mat", "Yogamatte"),
    ];
    let colours = [("黑色", "black", "schwarz"), ("白色", "white", "weiß"), ("红色", "red", "rot")];
    let mut out = Vec::new();
    for (zh, en, de) in kinds {
        for (at, (zh_c, en_c, de_c)) in colours.iter().enumerate() {
            let titles = match at {
                2 => format!("{de} {de_c}"),
                _ => format!("{zh_c}{zh}\n{en} {en_c}\n{de} {de_c}"),
            };
            let brand = ["Norda", "Velin", "Kori"][at].to_owned();
            out.push(Listing { titles, brand, ..Listing::default() });
        }
    }
    out
}

fn search() -> Search {
    Search::build(RamDirectory::create(), &catalogue(), Seed(1)).unwrap()
}

fn rows(answer: &Answer) -> Vec<u32> {
    answer.hits.iter().map(|hit| hit.row).collect()
}

#[test]
fn words_of_any_language_find_the_product_and_the_colour_decides() {
    let search = search();
    let all = vec![true; search.len()];
    for query in ["黑色空气炸锅", "Air fryer, BLACK", "schwarze Heißluftfritteuse schwarz"] {
        let answer = search.find(query, 3, &all).unwrap();
        assert_eq!(answer.hits[0].row, 0, "{query}: {answer:?}");
        assert_eq!(answer.hits[0].by_words, Some(1));
    }
    // The red one has a German title only: Chinese words lead to it by the company that German ones keep.
    let found = search.find("空气炸锅", 3, &all).unwrap();
    let mut first = rows(&found);
    first.sort_unstable();
    assert_eq!(first, [0, 1, 2], "{found:?}");
    let last = found.hits.iter().find(|hit| hit.row == 2).unwrap();
    assert!(last.by_words.is_none() && last.by_meaning.is_some());
}

#[test]
fn what_is_not_allowed_is_not_found_and_does_not_take_a_place() {
    let search = search();
    let mut allowed = vec![true; search.len()];
    allowed[0] = false;
    assert_eq!(rows(&search.find("air fryer black", 1, &allowed).unwrap()), [1]);
    let none = vec![false; search.len()];
    assert_eq!(search.find("air fryer", 5, &none).unwrap().hits, []);
    let error = search.find("air fryer", 5, &[true]).unwrap_err();
    assert_eq!(error.to_string(), "1 flags for 18 products");
}

#[test]
fn a_wrong_letter_is_forgiven_and_said() {
    let search = search();
    let all = vec![true; search.len()];
    let answer = search.find("vacum cleaner", 1, &all).unwrap();
    assert_eq!(rows(&answer), [6]);
    let reading = |word: &str, reading| Spelling { word: word.to_owned(), reading };
    assert_eq!(answer.words, [reading("vacum", Reading::Near), reading("cleaner", Reading::Exact)]);
    let answer = search.find("xqzzw", 3, &all).unwrap();
    assert_eq!((answer.hits.len(), answer.words[0].reading), (0, Reading::Unknown));
}

#[test]
fn nothing_asked_and_nothing_there_find_nothing() {
    let search = search();
    let all = vec![true; search.len()];
    assert_eq!(search.find("", 5, &all).unwrap(), Answer::default());
    assert_eq!(search.find("！？ \u{202e}", 5, &all).unwrap().hits, []);
    let empty = Search::build(RamDirectory::create(), &[], Seed(1)).unwrap();
    assert!(empty.is_empty() && empty.find("kettle", 5, &[]).unwrap().hits.is_empty());
    let blank = Search::build(RamDirectory::create(), &vec![Listing::default(); 3], Seed(1)).unwrap();
    assert_eq!(blank.find("kettle", 5, &[true; 3]).unwrap().hits, []);
}

#[test]
fn similar_products_are_of_the_same_kind() {
    let search = search();
    let all = vec![true; search.len()];
    let mut near: Vec<u32> = search.similar(3, 2, &all).into_iter().map(|(row, _)| row).collect();
    near.sort_unstable();
    assert_eq!(near, [4, 5]);
}

#[test]
fn an_opened_index_answers_alike_and_halves_of_two_catalogues_are_refused() {
    let (directory, listings) = (RamDirectory::create(), catalogue());
    let search = Search::build(directory.clone(), &listings, Seed(1)).unwrap();
    let bytes = search.to_bytes().unwrap();
    let again = Search::open(directory.clone(), &bytes).unwrap();
    let all = vec![true; search.len()];
    for query in ["空气炸锅", "weiß", "coffee"] {
        assert_eq!(again.find(query, 9, &all).unwrap(), search.find(query, 9, &all).unwrap());
    }
    let other = Search::build(RamDirectory::create(), &listings[..5], Seed(1)).unwrap().to_bytes().unwrap();
    let refused = Search::open(directory.clone(), &other).err().unwrap().to_string();
    assert_eq!(refused, "vectors of 5 products beside words of 18: they are not of one catalogue");
    assert!(Search::open(directory, &bytes[..bytes.len() - 1]).is_err());
}

/// Ranks 1 and 2 by words, 2 and 1 by meaning: words decide; a product on one list comes after.
#[test]
fn ranks_are_joined_as_by_hand() {
    let hits = joined([7, 3].into_iter(), [3, 7, 9].into_iter(), 10);
    assert_eq!(hits.iter().map(|h| h.row).collect::<Vec<_>>(), [7, 3, 9]);
    assert!((hits[0].score - (1.0 / 61.0 + 0.4 / 62.0)).abs() < 1e-12);
    assert_eq!((hits[2].by_words, hits[2].by_meaning), (None, Some(3)));
}

#[test] // 2 is second and first: 1/62 + 1/61; 1 is first once: 1/61; 3 third and second: 1/63 + 1/62.
fn what_stands_high_in_both_lists_comes_first() {
    let fused = fuse(&[vec![1, 2, 3], vec![2, 3]]);
    assert_eq!(fused.iter().map(|(row, _)| *row).collect::<Vec<_>>(), [2, 3, 1]);
    assert!((fused[0].1 - (1.0 / 62.0 + 1.0 / 61.0)).abs() < 1e-12);
}
