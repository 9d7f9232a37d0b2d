//! How alike two short texts are, letter by letter and word by word.

use strsim::jaro_winkler;

/// The mean, over the words of one text, of the best likeness (Jaro and Winkler's) that a word of the other has; 0
/// for an empty text. Monge & Elkan, "The field matching problem", KDD 1996. Not symmetric.
pub(super) fn monge_elkan(a: &[String], b: &[String]) -> f32 {
    if a.is_empty() || b.is_empty() {
        return 0.0;
    }
    let best = |word: &String| b.iter().map(|other| jaro_winkler(word, other)).fold(0.0, f64::max);
    (a.iter().map(best).sum::<f64>() / a.len() as f64) as f32
}

/// Share of the weight of `a`'s words that has a word of at least `alike` in `b`, each counted by likeness: the soft
/// form of containment of Cohen, Ravikumar & Fienberg, "A comparison of string distance metrics for name-matching
/// tasks", IIWeb 2003.
pub(super) fn soft_share(a: &[String], b: &[String], alike: f64, rare: impl Fn(&str) -> f32) -> f32 {
    let (mut sum, mut whole) = (0.0, 0.0);
    for word in a {
        let weight = f64::from(rare(word));
        let best = b.iter().map(|other| jaro_winkler(word, other)).fold(0.0, f64::max);
        whole += weight;
        sum += if best >= alike { weight * best } else { 0.0 };
    }
    if whole > 0.0 { (sum / whole) as f32 } else { 0.0 }
}

/// Length of the longest run of signs that both have.
pub(super) fn longest_common(a: &[char], b: &[char]) -> usize {
    let (mut before, mut best) = (vec![0_usize; b.len() + 1], 0);
    for x in a {
        let mut now = vec![0; b.len() + 1];
        for (at, y) in b.iter().enumerate() {
            if x == y {
                now[at + 1] = before[at] + 1;
                best = best.max(now[at + 1]);
            }
        }
        before = now;
    }
    best
}

/// How alike the nearest codes of two lists are: 1 for the same; where one begins with the other, the share of its
/// length; otherwise the share of signs before the first that differs, halved. `None` where one has no codes.
pub(super) fn codes_alike(a: &[String], b: &[String]) -> Option<f32> {
    let alike = |x: &String, y: &String| {
        let same = x.chars().zip(y.chars()).take_while(|(x, y)| x == y).count();
        let (short, long) = (x.chars().count().min(y.chars().count()), x.chars().count().max(y.chars().count()));
        let share = same as f32 / long as f32;
        if same == short { share } else { 0.5 * share }
    };
    a.iter().flat_map(|x| b.iter().map(move |y| alike(x, y))).reduce(f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(words: &[&str]) -> Vec<String> {
        words.iter().map(|w| (*w).to_owned()).collect()
    }

    #[test]
    fn likenesses_are_worked_by_hand() {
        // "red" is there, "cup" has nothing alike: (1 + 0) / 2.
        assert!((monge_elkan(&of(&["red", "cup"]), &of(&["red", "zzz"])) - 0.5).abs() < 1e-6);
        // Weights 3 and 1, the first is found: 3/4.
        let rare = |word: &str| if word == "red" { 3.0 } else { 1.0 };
        assert!((soft_share(&of(&["red", "cup"]), &of(&["red"]), 0.9, rare) - 0.75).abs() < 1e-6);
        let signs = |text: &str| text.chars().collect::<Vec<char>>();
        assert_eq!(longest_common(&signs("xabcy"), &signs("zabcq")), 3);
        // dcrhc52 begins dcrhc52e: 7/8.
        assert_eq!(codes_alike(&of(&["dcrhc52"]), &of(&["dcrhc52e", "a1"])), Some(0.875));
        // ab12 and ab34 share 2 of 4 signs, then differ: 1/4.
        assert_eq!(codes_alike(&of(&["ab12"]), &of(&["ab34"])), Some(0.25));
        assert_eq!(codes_alike(&[], &of(&["a1"])), None);
    }

    proptest! {
        #[test]
        fn a_text_is_wholly_like_itself(words in proptest::collection::vec("[a-z]{1,8}", 1..6)) {
            prop_assert!((monge_elkan(&words, &words) - 1.0).abs() < 1e-6);
            prop_assert!((soft_share(&words, &words, 0.9, |_| 1.0) - 1.0).abs() < 1e-6);
            let signs: Vec<char> = words.concat().chars().collect();
            prop_assert_eq!(longest_common(&signs, &signs), signs.len());
        }
    }
}
