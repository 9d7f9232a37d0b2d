//! The answers of the server, one file an area.

mod audience;
mod catalogue;
mod data;
mod filled;
mod limits;
mod markets;
mod near;
mod overview;
mod people;
pub(super) mod reader;
mod recommend;
mod whom;

use super::tables;
use crate::exit::{Exit, Stop, code_of};
use domain::Market;
use lake::LakeError;
use serve::answers::AnswerError;
use serve::wire::figure::Words;
use serve::wire::problem::ProblemAt;

/// An error of the program as the caller hears it: what the caller can mend in full, faults of ours without words.
fn refused(error: anyhow::Error) -> AnswerError {
    let lake = error.chain().find_map(|cause| cause.downcast_ref::<LakeError>());
    let busy = match lake {
        Some(LakeError::Locked(_)) => Some("somebody else writes into the lake"),
        Some(lake) if lake.is_full() => Some("the disk is full"),
        _ => None,
    };
    if let Some(detail) = busy {
        let next = "try again in a moment".to_owned();
        return AnswerError::Unavailable { detail: detail.to_owned(), next, retry_after: 10 };
    }
    let stop = error.chain().find_map(|cause| cause.downcast_ref::<Stop>());
    let (what, next) = match stop {
        Some(stop) => (stop.what.clone(), stop.next.clone()),
        None => (format!("{error:#}"), "see the log of the server".to_owned()),
    };
    match code_of(&error) {
        Exit::Usage | Exit::BadInput => AnswerError::Invalid { detail: what, next, errors: Vec::new() },
        Exit::Missing if stop.is_some() => AnswerError::NotYet { what, next },
        Exit::Gate => AnswerError::Conflict { detail: what, next },
        Exit::Storage if stop.is_some() => AnswerError::Unavailable { detail: what, next, retry_after: 30 },
        Exit::Internal | Exit::Missing | Exit::Storage => AnswerError::internal(format!("{error:#}")),
    }
}

/// A parameter that cannot be right.
fn wrong(at: &str, problem: impl Into<String>) -> AnswerError {
    let problem = problem.into();
    AnswerError::Invalid {
        detail: problem.clone(),
        next: format!("mend `{at}`"),
        errors: vec![ProblemAt { at: at.to_owned(), problem }],
    }
}

/// A market by its code.
fn market(code: &str) -> Result<Market, AnswerError> {
    code.parse::<Market>().map_err(|e| wrong("market", e.to_string()))
}

/// What a country is called.
fn country(market: Market) -> Words {
    let (en, zh) = domain::country(market).map_or((market.code(), market.code()), |c| (c.name, c.name_zh));
    Words::new(en, zh)
}

/// Path of a product's picture.
fn picture_path(id: &str) -> String {
    let mut path = "/api/v1/products/".to_owned();
    for byte in id.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => path.push(char::from(byte)),
            other => path.push_str(&format!("%{other:02X}")),
        }
    }
    path + "/picture"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_caller_can_mend_is_told_and_nothing_else() {
        let told = refused(Stop::error(Exit::Missing, "nothing is computed yet", "run it"));
        assert!(matches!(told, AnswerError::NotYet { ref next, .. } if next == "run it"), "{told:?}");
        let told = refused(Stop::error(Exit::Usage, "no such column", "mend it"));
        assert!(matches!(told, AnswerError::Invalid { .. }), "{told:?}");
        let told = refused(anyhow::anyhow!("disk of sector 7"));
        assert!(matches!(told, AnswerError::Internal(_)), "{told:?}");
    }

    #[test]
    fn a_code_with_a_slash_is_one_part_of_a_path() {
        assert_eq!(picture_path("A/1 é"), "/api/v1/products/A%2F1%20%C3%A9/picture");
    }
}
