//! Questions as help desks export them.

use crate::support::read;
use intake::hash_id;

#[test]
fn an_export_of_tickets_is_read_by_its_usual_names_and_keeps_no_address() {
    let text = "ticket_id,email,market,channel,message,created_at\n\
        T1,Anna@Example.org,DE,mail,\"Passt der Stecker, und wann kommt es?\",2025-11-02T10:00:00Z\n\
        T2,,DE,chat,Wie laut ist es?,2025-11-03T10:00:00Z\n";
    let (summary, out) = read(text.as_bytes(), "tickets.csv").unwrap();
    assert_eq!((summary.format.as_str(), summary.rejected), ("canonical-questions", 0), "{:?}", out.rejects());
    assert_eq!(
        out.rows("questions", &["question_id", "country", "channel", "text", "asked_at"]),
        [
            "T1 | DE | mail | Passt der Stecker, und wann kommt es? | 2025-11-02 10:00:00",
            "T2 | DE | chat | Wie laut ist es? | 2025-11-03 10:00:00",
        ]
    );
    assert_eq!(out.column("questions", "email_hash"), [hash_id::email("anna@example.org").unwrap(), String::new()]);
    assert!(!format!("{:?}", out.batches).to_lowercase().contains("anna@"), "the address is nowhere");
}
