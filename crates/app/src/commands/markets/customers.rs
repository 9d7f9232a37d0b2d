//! `portolan markets next`, `needs` and `plan`: what is bought next, what people complain of and wish for, and the steps of entering.

use super::super::Opened;
use crate::exit::{Exit, Stop};
use crate::output;
use crate::pipeline::rows::Rows;
use anyhow::{Context, Result};
use content::reviews::Concern;
use domain::Market;
use serde_json::{Value, json};

/// Why a stage has nothing about a market.
pub(super) async fn why(opened: &Opened, market: Market, stage: &str, what: &str) -> Result<String> {
    let sql = format!(
        "select why from marts.not_computed where stage = '{stage}' and market in ('{market}', 'ZZ') and what = '{what}' \
         order by market limit 1"
    );
    let why = Rows::query(&opened.engine, &sql).await?.texts("why")?.into_iter().next();
    Ok(why.unwrap_or_else(|| "too little data".to_owned()))
}

/// What is bought after what, surest first.
pub(super) async fn next(opened: &Opened, market: Market, n: usize, json: bool) -> Result<()> {
    let sql = format!(
        "select s.*, coalesce(a.name, s.product_id) as first, coalesce(b.name, s.next_id) as second from marts.next_products s \
         left join clean.products a on a.product_id = s.product_id left join clean.products b on b.product_id = s.next_id \
         where s.market = '{market}' order by s.q_value, s.lift desc, s.product_id, s.next_id limit {n}"
    );
    let rows = Rows::query(&opened.engine, &sql).await?;
    let (first, second) = (rows.texts("first")?, rows.texts("second")?);
    let (from, to) = (rows.texts("product_id")?, rows.texts("next_id")?);
    let (n_from, n_both) = (rows.ints("n_from")?, rows.ints("n_both")?);
    let [share, base, lift, days, low, high, q] =
        ["share", "base", "lift", "days", "days_low", "days_high", "q_value"].map(|name| rows.floats(name));
    let (share, base, lift, days, low, high, q) = (share?, base?, lift?, days?, low?, high?, q?);
    if first.is_empty() {
        let why = why(opened, market, "personas", "what is bought next").await?;
        let what = format!("nothing can be said of what is bought next in {market} ({why})");
        return Err(Stop::error(Exit::Missing, what, "`portolan markets rank` has the markets"));
    }
    if json {
        let items: Vec<_> = (0..first.len())
            .map(|i| {
                json!({"product": from[i], "name": first[i], "next": to[i], "next_name": second[i], "shoppers": n_from[i],
                    "went_on": n_both[i], "share": share[i], "base": base[i], "lift": lift[i], "days": days[i],
                    "days_low": low[i], "days_high": high[i], "q_value": q[i]})
            })
            .collect();
        return output::json(&json!({"market": market, "within_days": 90, "steps": items}));
    }
    let number = |x: Option<f64>, digits: usize| x.map_or_else(|| "–".to_owned(), |x| format!("{x:.digits$}"));
    let cells = (0..first.len()).map(|i| {
        vec![
            first[i].clone(),
            second[i].clone(),
            format!("{} of {}", n_both[i], n_from[i]),
            number(share[i].map(|s| 100.0 * s), 1),
            number(lift[i], 1),
            format!("{} ({}–{})", number(days[i], 0), number(low[i], 0), number(high[i], 0)),
            number(q[i], 3),
        ]
    });
    let head = ["bought", "then within 90 days", "shoppers", "%", "times the usual", "after days", "q"];
    output::table(&head, &[2, 3, 4, 5, 6], cells.collect());
    output::hint("q is the share of chance findings among steps no less clear: below 0.05 is worth acting on");
    Ok(())
}

/// Trust, security, satisfaction and what else is judged, in whatever language: the whole period, then quarter by quarter.
struct Spoken(Vec<(String, Value)>);

impl Spoken {
    async fn load(opened: &Opened, market: Market) -> Result<Self> {
        let sql = format!(
            "select * from marts.concern_history where market = '{market}' order by concern, quarter = 'all' desc, quarter"
        );
        let rows = Rows::query(&opened.engine, &sql).await?;
        let (names, zh, quarters) = (rows.texts("concern")?, rows.texts("concern_zh")?, rows.texts("quarter")?);
        let (n, judged) = (rows.ints("n_reviews")?, rows.ints("n_judged")?);
        const FLOATS: [&str; 10] = [
            "mentions",
            "mentions_low",
            "mentions_high",
            "blame",
            "blame_low",
            "blame_high",
            "trend",
            "trend_q",
            "at_home",
            "home_q",
        ];
        let floats = FLOATS.map(|name| rows.floats(name)).into_iter().collect::<Result<Vec<_>>>()?;
        let one = |i: usize| {
            let mut row = json!({"concern": names[i], "concern_zh": zh[i], "quarter": quarters[i], "reviews": n[i],
                "judged": judged[i]});
            for (name, values) in FLOATS.iter().zip(&floats) {
                row[*name] = json!(values[i]);
            }
            (quarters[i].clone(), row)
        };
        Ok(Self((0..names.len()).map(one).collect()))
    }

    fn json(&self) -> Vec<&Value> {
        self.0.iter().map(|(_, row)| row).collect()
    }

    fn tell(&self) {
        let whole: Vec<&Value> = self.0.iter().filter(|(quarter, _)| quarter == "all").map(|(_, row)| row).collect();
        if whole.is_empty() {
            return;
        }
        let share = |x: &Value| x.as_f64().map_or_else(|| "–".to_owned(), |x| format!("{:.1}", 100.0 * x));
        let sure = |q: &Value| q.as_f64().is_some_and(|q| q <= 0.05);
        let moves = |row: &Value| match row["trend"].as_f64().filter(|_| sure(&row["trend_q"])) {
            Some(z) if z > 0.0 => "grows",
            Some(_) => "falls",
            None => "",
        };
        let cells = whole.iter().map(|row| {
            let home = if sure(&row["home_q"]) { share(&row["at_home"]) } else { String::new() };
            let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
            vec![
                format!("{} {}", text("concern"), text("concern_zh")),
                share(&row["mentions"]),
                share(&row["blame"]),
                if row["blame_low"].is_null() {
                    String::new()
                } else {
                    format!("{}–{}", share(&row["blame_low"]), share(&row["blame_high"]))
                },
                output::count(row["judged"].as_u64().unwrap_or(0)),
                moves(row).to_owned(),
                home,
            ]
        });
        let head =
            ["in every language", "% of texts", "% blame", "95 %", "judged", "blame", "at home, where it differs"];
        output::table(&head, &[1, 2, 3, 4, 6], cells.collect());
    }
}

/// What questions are about, and what was searched for and not found; the most frequent first.
struct AskedFor {
    /// Name, Chinese name, questions, one of them.
    questions: Vec<(String, String, i64, String)>,
    n_questions: i64,
    /// Words, times.
    searches: Vec<(String, i64)>,
}

impl AskedFor {
    async fn load(opened: &Opened, market: Market) -> Result<Self> {
        let sql = format!(
            "select about, count(distinct text_id) as n, min(sentence) as sentence from marts.asked \
             where market = '{market}' and kind <> 'search' group by about order by n desc, about"
        );
        let rows = Rows::query(&opened.engine, &sql).await?;
        let (about, n, sentences) = (rows.texts("about")?, rows.ints("n")?, rows.texts("sentence")?);
        let zh = |name: &str| Concern::from_name(name).map_or("其他", |c| c.words().1).to_owned();
        let questions = about.iter().zip(n).zip(sentences);
        let questions = questions.map(|((about, n), sentence)| (about.clone(), zh(about), n, sentence)).collect();
        let sql = format!(
            "select count(distinct concat(kind, ':', text_id)) as n from marts.asked where market = '{market}' and kind <> 'search'"
        );
        let n_questions = Rows::query(&opened.engine, &sql).await?.ints("n")?.first().copied().unwrap_or(0);
        let sql = format!(
            "select about, count(*) as n from marts.asked where market = '{market}' and kind = 'search' \
             group by about order by n desc, about limit 12"
        );
        let rows = Rows::query(&opened.engine, &sql).await?;
        let searches = rows.texts("about")?.into_iter().zip(rows.ints("n")?).collect();
        Ok(Self { questions, n_questions, searches })
    }

    fn is_empty(&self) -> bool {
        self.questions.is_empty() && self.searches.is_empty()
    }

    fn questions_json(&self) -> Vec<Value> {
        let one = |(about, zh, n, sentence): &(String, String, i64, String)| json!({"about": about, "about_zh": zh, "questions": n, "of": self.n_questions, "one": sentence});
        self.questions.iter().map(one).collect()
    }

    fn searches_json(&self) -> Vec<Value> {
        self.searches.iter().map(|(words, n)| json!({"words": words, "times": n})).collect()
    }

    fn tell(&self) {
        if !self.questions.is_empty() {
            let cells = self.questions.iter().map(|(about, _, n, sentence)| {
                let share = 100.0 * *n as f64 / self.n_questions.max(1) as f64;
                vec![about.clone(), output::count(*n), format!("{share:.0}"), sentence.chars().take(60).collect()]
            });
            output::table(&["what they ask about", "questions", "%", "for instance"], &[1, 2], cells.collect());
        }
        if !self.searches.is_empty() {
            let cells = self.searches.iter().map(|(words, n)| vec![words.clone(), output::count(*n)]);
            output::table(&["searched for and not found", "times"], &[1], cells.collect());
        }
    }
}

/// Complaints, wishes and praise with quotes, questions, searches in vain, and reasons of returns.
pub(super) async fn needs(opened: &Opened, market: Market, json: bool) -> Result<()> {
    let sql = format!("select * from marts.review_themes where market = '{market}' order by voice, rank");
    let rows = Rows::query(&opened.engine, &sql).await?;
    let (voices, terms, quotes) = (rows.texts("voice")?, rows.texts("terms")?, rows.texts("quotes")?);
    let (n, mentions, judged) = (rows.ints("n_reviews")?, rows.ints("n_mentions")?, rows.ints("n_judged")?);
    let sql = format!(
        "select reason, cast(sum(n_units) as bigint) as units, cast(sum(value) as double) as value from marts.return_reasons \
         where market = '{market}' group by reason order by units desc, reason limit 12"
    );
    let back = Rows::query(&opened.engine, &sql).await?;
    let (reasons, units, values) = (back.texts("reason")?, back.ints("units")?, back.floats("value")?);
    let spoken = Spoken::load(opened, market).await?;
    let asked = AskedFor::load(opened, market).await?;
    if terms.is_empty() && reasons.is_empty() && spoken.0.is_empty() && asked.is_empty() {
        let sql = format!(
            "select why from marts.not_computed where stage = 'voices' and market in ('{market}', 'ZZ') limit 1"
        );
        let why = Rows::query(&opened.engine, &sql).await?.texts("why")?.into_iter().next();
        let why = why.unwrap_or_else(|| "there is no review, no return, no question and no search".to_owned());
        let what = format!("nothing is known of what people need in {market} ({why})");
        return Err(Stop::error(
            Exit::Missing,
            what,
            "`portolan ingest FILE` takes reviews, returns, questions and events",
        ));
    }
    let quoted = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    if json {
        let themes: Vec<_> = (0..terms.len())
            .map(|i| {
                json!({"voice": voices[i], "theme": terms[i], "reviews": n[i], "mentions": mentions[i], "judged": judged[i],
                    "quotes": quoted(&quotes[i])})
            })
            .collect();
        let returns: Vec<_> =
            (0..reasons.len()).map(|i| json!({"reason": reasons[i], "units": units[i], "value": values[i]})).collect();
        return output::json(&json!({"market": market, "themes": themes, "concerns": spoken.json(),
            "questions": asked.questions_json(), "not_found": asked.searches_json(), "returns": returns}));
    }
    for (voice, heading) in [("complaint", "Complaints"), ("wish", "Wishes"), ("praise", "Praise")] {
        let of: Vec<usize> = (0..terms.len()).filter(|i| voices[*i] == voice).collect();
        if of.is_empty() {
            continue;
        }
        output::line(heading);
        for i in of {
            output::line(&format!("  · {} ({} of {} reviews)", terms[i], n[i], judged[i]));
            if let Some(sentence) = quoted(&quotes[i])[0]["sentence"].as_str() {
                output::line(&format!("      “{sentence}”"));
            }
        }
    }
    spoken.tell();
    asked.tell();
    if !reasons.is_empty() {
        let cells = (0..reasons.len()).map(|i| {
            let reason = if reasons[i].is_empty() { "none given".to_owned() } else { reasons[i].clone() };
            vec![reason, output::count(units[i]), values[i].map_or_else(String::new, |v| format!("{v:.2}"))]
        });
        output::table(&["why it came back", "units", "value"], &[1, 2], cells.collect());
    }
    Ok(())
}

/// The steps of entering a market, with what each waits for.
pub(super) async fn plan(opened: &Opened, market: Market, json: bool) -> Result<()> {
    let sql = format!("select plan from marts.entry_plans where market = '{market}'");
    let Some(text) = Rows::query(&opened.engine, &sql).await?.texts("plan")?.into_iter().next() else {
        let why = why(opened, market, "entry", "its place among the markets").await?;
        let what = format!("there is no plan of {market} ({why})");
        return Err(Stop::error(Exit::Missing, what, "`portolan markets template` drafts the table of facts"));
    };
    let plan: Value = serde_json::from_str(&text).context("a plan as JSON")?;
    if json {
        return output::json(&json!({"market": market, "plan": plan}));
    }
    let said = |words: &Value, lang: &str| words[lang].as_str().unwrap_or_default().to_owned();
    let list = |name: &str| plan[name].as_array().cloned().unwrap_or_default();
    for (lang, known, missing, steps) in
        [("en", "What is known", "Not known yet", "Steps"), ("zh", "已知", "尚未知", "步骤")]
    {
        output::line(&format!("{market}: {known}"));
        list("evidence").iter().for_each(|e| output::line(&format!("  · {}", said(&e[1], lang))));
        let open: Vec<String> =
            list("missing").iter().filter_map(|m| m.as_str()).map(|m| m.replace('_', " ")).collect();
        if !open.is_empty() {
            output::line(&format!("{missing}: {}", open.join(", ")));
        }
        output::line(steps);
        for step in list("steps") {
            let state = match (&step["state"], lang) {
                (Value::String(s), "en") if s == "done" => "done".to_owned(),
                (Value::String(s), "en") => s.clone(),
                (Value::String(s), _) => if s == "done" { "已完成" } else { "下一步" }.to_owned(),
                (waits, _) => {
                    let of = waits["waits"].as_array().cloned().unwrap_or_default();
                    let of: Vec<String> = of.iter().filter_map(Value::as_str).map(|m| m.replace('_', " ")).collect();
                    let word = if lang == "en" { "waits for" } else { "等待" };
                    format!("{word} {}", of.join(", "))
                }
            };
            output::line(&format!("  [{state}] {}", said(&step["what"], lang)));
        }
    }
    Ok(())
}
