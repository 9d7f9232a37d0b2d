//! Translated copy held against its original through the front door, with a glossary and drafts.

use crate::support::portolan;
use serde_json::Value;

const GLOSSARY: &str = "source,target,language,kind
空气炸锅,Heißluftfritteuse|Airfryer,de,term
空气炸锅,nồi chiên không dầu,vi,term
静音,leise,de,term
防水,wasserdicht|wasserfest,de,claim
小米,,,keep
";

const TEXTS: &str = "id,source,target,language
good,{name} 小米空气炸锅，5升,{name} 小米 Heißluftfritteuse mit 5 L,de
bad,{name} 空气炸锅，5升,\"Topf, 3 L, wasserdicht\",de
empty,静音空气炸锅 {name},,de
vi,空气炸锅 5升,Nồi chiên không dầu dung tích 5 lít {x},vi
";

#[test]
fn nothing_is_lost_or_promised_beside_the_original_and_gaps_are_drafted() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (texts, glossary) = (file("texts.csv", TEXTS), file("glossary.csv", GLOSSARY));
    let out = dir.path().join("out.csv").to_str().unwrap().to_owned();
    let said = portolan(&["catalogue", "copy", &texts, "--glossary", &glossary, "--out", &out, "--json"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let all: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((&all["n"], &all["n_with_faults"], &all["n_drafted"]), (&4.into(), &2.into(), &1.into()), "{all}");
    let faults = |at: usize| -> Vec<String> {
        let faults = all["texts"][at]["faults"].as_array().unwrap();
        faults.iter().map(|f| format!("{} {}", f["fault"].as_str().unwrap(), f["about"].as_str().unwrap())).collect()
    };
    assert_eq!(faults(0), Vec::<String>::new());
    assert_eq!(
        faults(1),
        [
            "placeholder {name}",
            "number_lost 5升",
            "number_added 3 L",
            "word 空气炸锅: Heißluftfritteuse|Airfryer",
            "claim_added wasserdicht|wasserfest"
        ]
    );
    assert_eq!((faults(2), &all["texts"][2]["target"]), (vec![], &"leise Heißluftfritteuse {name}".into()));
    assert_eq!(faults(3), ["placeholder {x}"]);
    assert!(std::fs::read_to_string(&out).unwrap().contains("the claim wasserdicht|wasserfest is not in the original"));
    let text = portolan(&["catalogue", "copy", &texts, "--glossary", &glossary]).out;
    assert!(text.contains("4 texts, 2 with faults, 1 drafted"), "{text}");
    let wrong = file("wrong.csv", "source,target,language\n水,water,xx\n");
    let said = portolan(&["catalogue", "copy", &wrong]);
    assert!(said.code != 0 && said.err.contains("line 2, column `language`: `xx`"), "{}", said.err);
}
