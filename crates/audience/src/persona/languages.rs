//! What languages are called on a persona's page: somebody who reads it need not know that `sv` is Swedish.

/// Code of ISO 639-1, English, Chinese: every language that reviews are told to be in, and those of the largest markets.
const NAMES: &[(&str, &str, &str)] = &[
    ("ar", "Arabic", "阿拉伯语"),
    ("bg", "Bulgarian", "保加利亚语"),
    ("bn", "Bengali", "孟加拉语"),
    ("ca", "Catalan", "加泰罗尼亚语"),
    ("cs", "Czech", "捷克语"),
    ("da", "Danish", "丹麦语"),
    ("de", "German", "德语"),
    ("el", "Greek", "希腊语"),
    ("en", "English", "英语"),
    ("es", "Spanish", "西班牙语"),
    ("et", "Estonian", "爱沙尼亚语"),
    ("fa", "Persian", "波斯语"),
    ("fi", "Finnish", "芬兰语"),
    ("fr", "French", "法语"),
    ("he", "Hebrew", "希伯来语"),
    ("hi", "Hindi", "印地语"),
    ("hr", "Croatian", "克罗地亚语"),
    ("hu", "Hungarian", "匈牙利语"),
    ("id", "Indonesian", "印尼语"),
    ("it", "Italian", "意大利语"),
    ("ja", "Japanese", "日语"),
    ("ko", "Korean", "韩语"),
    ("lt", "Lithuanian", "立陶宛语"),
    ("lv", "Latvian", "拉脱维亚语"),
    ("ms", "Malay", "马来语"),
    ("nl", "Dutch", "荷兰语"),
    ("no", "Norwegian", "挪威语"),
    ("pl", "Polish", "波兰语"),
    ("pt", "Portuguese", "葡萄牙语"),
    ("ro", "Romanian", "罗马尼亚语"),
    ("ru", "Russian", "俄语"),
    ("sk", "Slovak", "斯洛伐克语"),
    ("sl", "Slovenian", "斯洛文尼亚语"),
    ("sr", "Serbian", "塞尔维亚语"),
    ("sv", "Swedish", "瑞典语"),
    ("sw", "Swahili", "斯瓦希里语"),
    ("ta", "Tamil", "泰米尔语"),
    ("th", "Thai", "泰语"),
    ("tl", "Tagalog", "他加禄语"),
    ("tr", "Turkish", "土耳其语"),
    ("uk", "Ukrainian", "乌克兰语"),
    ("ur", "Urdu", "乌尔都语"),
    ("vi", "Vietnamese", "越南语"),
    ("zh", "Chinese", "中文"),
];

/// A language in English and Chinese by its code of ISO 639-1 (`de`); the code itself where it has no name here.
pub fn language_words(code: &str) -> (&str, &str) {
    NAMES.iter().find(|(known, ..)| *known == code).map_or((code, code), |(_, en, zh)| (en, zh))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_has_its_name_and_an_unknown_code_stays() {
        assert_eq!(language_words("de"), ("German", "德语"));
        assert_eq!(language_words("und"), ("und", "und"));
        assert!(NAMES.is_sorted_by_key(|(code, ..)| code), "they can be looked through");
    }
}
