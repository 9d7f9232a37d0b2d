//! What a user agent says of itself: whether it names a machine.
//!
//! Used where an access log is read and where events from everywhere are cleaned. Words are compared whole, so that the
//! application of a `robotic mower` shop is none. The lists are short on purpose: the long ones in circulation grow weekly,
//! and what hides its name is found by what it does.

/// Words of a user agent that no browser has.
const WORDS: [&str; 12] = [
    "scraper",
    "scrapy",
    "slurp",
    "headless",
    "headlesschrome",
    "phantomjs",
    "puppeteer",
    "playwright",
    "selenium",
    "facebookexternalhit",
    "lighthouse",
    "pingdom",
];

/// Ends of words, which are words too.
const ENDS: [&str; 3] = ["bot", "crawler", "spider"];

/// A maker of telephones.
const NO_BOT: &str = "cubot";

/// How the user agent of a program begins that asks for pages.
const PROGRAMS: [&str; 10] = [
    "curl/",
    "wget/",
    "python",
    "go-http-client",
    "java/",
    "apache-httpclient",
    "libwww-perl",
    "ruby",
    "php/",
    "axios/",
];

/// Words and programs that an application may send its events with, and no person looks at a page with.
const WORDS_OF_READERS: [&str; 3] = ["feedfetcher", "monitor", "preview"];
const READERS: [&str; 4] = ["okhttp/", "node-fetch", "undici", "http_client"];

/// The word of a user agent that gives a machine away, wherever it is met.
pub fn machine_word(agent: &str) -> Option<String> {
    named(agent, &PROGRAMS, &WORDS)
}

/// The same for one that asks a web server for pages: there, what says nothing of itself is a machine too.
pub(crate) fn reads_as_machine(agent: &str) -> bool {
    let agent = agent.trim();
    agent.is_empty()
        || agent == "-"
        || machine_word(agent).is_some()
        || named(agent, &READERS, &WORDS_OF_READERS).is_some()
}

fn named(agent: &str, programs: &[&str], words: &[&str]) -> Option<String> {
    let lower = agent.trim().to_lowercase();
    if let Some(program) = programs.iter().find(|p| lower.starts_with(**p)) {
        return Some(program.trim_end_matches('/').to_owned());
    }
    let told = |w: &&str| words.contains(w) || ENDS.iter().any(|end| w.ends_with(end)) && *w != NO_BOT;
    lower.split(|c: char| !c.is_alphanumeric()).find(told).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_that_say_so_are_found_and_browsers_and_telephones_are_not() {
        for (agent, word) in [
            ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", Some("googlebot")),
            ("Mozilla/5.0 (compatible; YandexBot/3.0)", Some("yandexbot")),
            ("Mozilla/5.0 (compatible; Baiduspider/2.0)", Some("baiduspider")),
            ("AdsBot-Google (+http://www.google.com/adsbot.html)", Some("adsbot")),
            ("python-requests/2.31.0", Some("python")),
            ("curl/8.4.0", Some("curl")),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/120.0 Safari/537.36",
                Some("headlesschrome"),
            ),
            ("Mozilla/5.0 (Linux; Android 12; CUBOT P50) AppleWebKit/537.36 Chrome/119.0 Mobile Safari/537.36", None),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0 Mobile/15E148",
                None,
            ),
            ("RoboticMowers/4.2 (Android; abbotsford)", None),
            ("okhttp/4.9.3", None),
            ("", None),
        ] {
            assert_eq!(machine_word(agent).as_deref(), word, "{agent}");
        }
    }

    #[test]
    fn who_reads_pages_with_a_library_or_without_a_name_is_a_machine() {
        for machine in ["", " - ", "okhttp/4.9.3", "undici", "Site Monitor 2", "Mozilla/5.0 (compatible; bingbot/2.0)"]
        {
            assert!(reads_as_machine(machine), "{machine}");
        }
        for person in ["Mozilla/5.0 (Android 12; CUBOT P50) Chrome/119", "RoboticMowers/4.2 (abbotsford)"] {
            assert!(!reads_as_machine(person), "{person}");
        }
    }
}
