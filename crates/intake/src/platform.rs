//! What a network is called, and who wrote there.
//!
//! One network has several names in exports (`IG`, `Instagram`, `instagram.com`), and a handle means somebody within one
//! network only. Both are brought to one form before a handle is hashed, so that two exports tell of one person.

use unicode_normalization::UnicodeNormalization;

/// Names of networks beside their own, without blanks, `www.` and `.com`.
const ALSO: &[(&str, &[&str])] = &[
    ("instagram", &["ig", "insta"]),
    ("facebook", &["fb"]),
    ("x", &["twitter", "x(twitter)", "twitter/x", "x/twitter", "x(formerlytwitter)"]),
    ("tiktok", &[]),
    ("youtube", &["yt", "youtu.be"]),
    ("vk", &["vkontakte", "вконтакте"]),
    ("xiaohongshu", &["小红书", "小紅書", "xhs", "rednote"]),
    ("douyin", &["抖音"]),
    ("weibo", &["微博", "新浪微博", "sinaweibo"]),
    ("wechat", &["微信", "weixin"]),
    ("bilibili", &["哔哩哔哩", "b站"]),
    ("zhihu", &["知乎"]),
    ("kuaishou", &["快手"]),
];

/// What stands in the place of an author's name and is nobody's: all of them together would be one person.
const NOBODY: &[&str] = &[
    "-",
    "n/a",
    "na",
    "none",
    "null",
    "unknown",
    "user",
    "guest",
    "gast",
    "invité",
    "anonymous",
    "anonym",
    "anonyme",
    "anónimo",
    "anonimo",
    "deleted",
    "[deleted]",
    "deleted user",
    "facebook user",
    "instagram user",
    "匿名",
    "匿名用户",
    "用户已注销",
    "已注销",
];

/// The one name of a network or forum, in lower case; `None` of a blank text.
///
/// ```
/// assert_eq!(intake::platform(" Instagram.com ").as_deref(), Some("instagram"));
/// assert_eq!(intake::platform("小红书").as_deref(), Some("xiaohongshu"));
/// assert_eq!(intake::platform("Garden Forum").as_deref(), Some("garden forum"));
/// ```
pub fn platform(text: &str) -> Option<String> {
    let lower = text.nfc().collect::<String>().to_lowercase();
    let name = lower.split_whitespace().collect::<Vec<_>>().join(" ");
    let joined = name.replace(' ', "");
    let bare = joined.strip_prefix("www.").unwrap_or(&joined);
    let bare = bare.strip_suffix(".com").unwrap_or(bare);
    let known = ALSO.iter().find(|(own, also)| bare == *own || also.contains(&bare)).map(|(own, _)| (*own).to_owned());
    known.or_else(|| (!name.is_empty()).then_some(name))
}

/// A handle in its one form: without blanks around it and `@`, in lower case, and of the address of a profile its last
/// part. `None` where the text is nobody's name.
pub(crate) fn handle(text: &str) -> Option<String> {
    let text = text.trim();
    let own = match text.split_once("://") {
        Some((_, address)) => {
            let path = address.split(['?', '#']).next().unwrap_or_default();
            // The first part is the host, which is nobody.
            path.split('/').skip(1).filter(|part| !part.is_empty()).last().unwrap_or_default()
        }
        None => text,
    };
    let own = own.trim_start_matches('@').trim().nfc().collect::<String>().to_lowercase();
    (!own.is_empty() && !NOBODY.contains(&own.as_str())).then_some(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_network_has_one_name_however_it_is_written() {
        for (text, name) in [
            ("IG", "instagram"),
            ("www.facebook.com", "facebook"),
            ("Twitter", "x"),
            ("X (Twitter)", "x"),
            ("Tik Tok", "tiktok"),
            ("抖音", "douyin"),
            ("  My   Forum ", "my forum"),
            ("forum.example", "forum.example"),
        ] {
            assert_eq!(platform(text).as_deref(), Some(name), "{text}");
        }
        assert_eq!(platform("  "), None);
    }

    #[test]
    fn one_author_has_one_handle_and_a_word_for_nobody_is_none() {
        for text in ["@Anna_K", " anna_k ", "https://www.instagram.com/Anna_K/?hl=de", "https://tiktok.com/@anna_k"] {
            assert_eq!(handle(text).as_deref(), Some("anna_k"), "{text}");
        }
        assert_eq!(handle("vale\u{301}ry"), handle("val\u{e9}ry"));
        for text in ["", "@", "[deleted]", "匿名用户", "Anonymous", "https://instagram.com/", "N/A"] {
            assert_eq!(handle(text), None, "{text}");
        }
    }
}
