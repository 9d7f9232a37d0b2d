//! What people do under posts: kinds in the words of many exports, and repeats.
//!
//! A like is worth something else than a comment, so a word that nobody knows is not counted as one of them: the row is
//! put aside with the kinds that there are. Exports of networks overlap, because every one of them starts where the tool
//! likes: the same interaction comes again with the same id, or without one with the same author, post, kind, text and time.

use super::{Policy, Rule, RuleDoc};
use crate::rejects::Finding;
use crate::rules::text::case_key;

pub(crate) const KIND: RuleDoc = RuleDoc {
    name: "interaction_kind",
    policy: Policy::Reject,
    doc: "an interaction whose kind is no comment, reply, like, share, save, follow or mention is put aside",
};

pub(crate) const REPEAT: RuleDoc = RuleDoc {
    name: "interaction_repeat",
    policy: Policy::Merge,
    doc: "an interaction with the platform and id of an earlier one, or without an id with its author, post, kind, text and time, takes its place",
};

/// The kinds, each with the words that exports have for it, in lower case.
const KINDS: [(&str, &[&str]); 7] = [
    (
        "comment",
        &[
            "comments",
            "commented",
            "post_comment",
            "review_comment",
            "kommentar",
            "commentaire",
            "comentario",
            "comentário",
            "commento",
            "reactie",
            "komentarz",
            "评论",
            "評論",
            "コメント",
            "댓글",
            "bình luận",
        ],
    ),
    (
        "reply",
        &[
            "replies",
            "replied",
            "answer",
            "antwort",
            "réponse",
            "reponse",
            "respuesta",
            "resposta",
            "risposta",
            "antwoord",
            "odpowiedź",
            "回复",
            "回覆",
            "返信",
            "답글",
            "trả lời",
        ],
    ),
    (
        "like",
        &[
            "likes",
            "liked",
            "reaction",
            "love",
            "heart",
            "favorite",
            "favourite",
            "upvote",
            "gefällt mir",
            "j'aime",
            "me gusta",
            "curtida",
            "mi piace",
            "vind ik leuk",
            "polubienie",
            "点赞",
            "赞",
            "讚",
            "いいね",
            "좋아요",
            "thích",
        ],
    ),
    (
        "share",
        &[
            "shares",
            "shared",
            "repost",
            "retweet",
            "quote",
            "geteilt",
            "teilen",
            "partage",
            "compartido",
            "compartilhamento",
            "condivisione",
            "udostępnienie",
            "转发",
            "分享",
            "轉發",
            "シェア",
            "공유",
            "chia sẻ",
        ],
    ),
    (
        "save",
        &[
            "saves",
            "saved",
            "bookmark",
            "collect",
            "gespeichert",
            "enregistrement",
            "guardado",
            "salvataggio",
            "收藏",
            "保存",
            "저장",
            "lưu",
        ],
    ),
    (
        "follow",
        &[
            "follows",
            "followed",
            "new_follower",
            "subscribe",
            "abonniert",
            "abonnement",
            "seguimiento",
            "seguir",
            "关注",
            "關注",
            "フォロー",
            "팔로우",
            "theo dõi",
        ],
    ),
    (
        "mention",
        &[
            "mentions",
            "mentioned",
            "tag",
            "tagged",
            "erwähnung",
            "mención",
            "menção",
            "menzione",
            "vermelding",
            "wzmianka",
            "提及",
            "@我",
            "メンション",
            "언급",
            "nhắc đến",
        ],
    ),
];

/// The kind of a word, or why the row cannot be used.
pub(crate) fn kind(text: Option<&str>) -> Result<&'static str, Finding> {
    let word = text.map(case_key).unwrap_or_default().replace('\u{2019}', "'");
    let known = KINDS.iter().find(|(name, words)| *name == word || words.contains(&word.as_str()));
    known.map(|(name, _)| *name).ok_or_else(|| Finding {
        rule: Rule::InteractionKind,
        column: "kind",
        value: text.map(str::to_owned),
        expected: format!("one of {}", KINDS.map(|(name, _)| name).join(", ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_in_the_words_of_many_exports_and_others_name_the_kinds_that_there_are() {
        for (text, name) in [
            (" Comment ", "comment"),
            ("Kommentar", "comment"),
            ("评论", "comment"),
            ("RETWEET", "share"),
            ("j\u{2019}aime", "like"),
            ("Gefällt  mir", "like"),
            ("Bookmark", "save"),
        ] {
            assert_eq!(kind(Some(text)).ok(), Some(name), "{text}");
        }
        for text in [Some("impression"), Some("like_count"), None] {
            let finding = kind(text).err().unwrap();
            assert_eq!(finding.value.as_deref(), text);
            assert_eq!(finding.expected, "one of comment, reply, like, share, save, follow, mention");
        }
    }

    #[test]
    fn no_word_is_of_two_kinds() {
        let mut all: Vec<&str> = KINDS.iter().flat_map(|(name, words)| words.iter().copied().chain([*name])).collect();
        let n = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), n);
    }
}
