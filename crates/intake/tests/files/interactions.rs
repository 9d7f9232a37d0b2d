//! Comments, likes and the like as networks and tools export them: read to raw rows, without a handle.

use crate::support::{options, read, read_with};
use intake::{Mapping, hash_id};

const COLUMNS: [&str; 6] = ["platform", "interaction_id", "post_id", "kind", "shopper_key", "url"];

#[test]
fn an_export_of_comments_is_read_by_its_usual_names_and_keeps_no_handle() {
    let text = "Platform,comment_id,media_id,username,customer_id,message,created_time,like_count,permalink\n\
        IG,c1,p1,@Anna_K,,\"How loud is it, @shop?\",2025-11-02T10:00:00Z,12,https://www.instagram.com/p/p1/c/c1/?utm_source=x#c\n\
        X (Twitter),c2,p2,anna_k,7.0,Love it,2025-11-02T11:00:00Z,0,https://x.com/Anna_K/status/2\n\
        TikTok,c3,p3,[deleted],,Nice,2025-11-02T12:00:00Z,0,\n";
    let (summary, out) = read(text.as_bytes(), "comments.csv").unwrap();
    assert_eq!((summary.format.as_str(), summary.rejected), ("canonical-interactions", 0), "{:?}", out.rejects());
    assert_eq!(
        out.rows("interactions", &COLUMNS),
        [
            "instagram | c1 | p1 | comment |  | https://www.instagram.com/p/p1/c/c1/",
            // The address of this one has the handle in it.
            "x | c2 | p2 | comment | 7 | ",
            "tiktok | c3 | p3 | comment |  | ",
        ]
    );
    assert_eq!(
        out.column("interactions", "handle_hash"),
        [hash_id::sha256("instagram:anna_k"), hash_id::sha256("x:anna_k"), String::new()]
    );
    assert_eq!(out.column("interactions", "text")[0], "How loud is it, @shop?");
    assert!(!format!("{:?}", out.batches).to_lowercase().contains("anna_k"), "the handle is nowhere");
}

/// The number that a network gives its user is no customer of the shop.
#[test]
fn a_user_of_the_network_is_no_customer_number() {
    let text = "network,type,post_id,user_id,timestamp\nForum.Example,like,t1,4711,2025-11-02 10:00:00\n";
    let (_, out) = read(text.as_bytes(), "likes.csv").unwrap();
    assert_eq!(out.rows("interactions", &COLUMNS), ["forum.example |  | t1 | like |  | "]);
    assert_eq!(out.column("interactions", "handle_hash"), [hash_id::sha256("forum.example:4711")]);
}

#[test]
fn json_lines_are_read_the_same_and_a_row_without_a_network_is_put_aside() {
    let text = "{\"platform\":\"weibo\",\"interaction_id\":\"1\",\"kind\":\"转发\",\"nickname\":\"小明\",\"created_at\":\"2025-11-02T10:00:00Z\"}\n\
        {\"platform\":\"\",\"interaction_id\":\"2\",\"kind\":\"like\",\"nickname\":\"小明\",\"created_at\":\"2025-11-02T10:00:00Z\"}\n";
    let (summary, out) = read(text.as_bytes(), "f.jsonl").unwrap();
    assert_eq!((summary.rows, summary.rejected), (1, 1));
    assert_eq!(out.rows("interactions", &COLUMNS), ["weibo | 1 |  | 转发 |  | "]);
    assert_eq!(out.column("interactions", "handle_hash"), [hash_id::sha256("weibo:小明")]);
    let rejects = out.rejects();
    assert!(rejects[0].starts_with("2 | missing_value | platform |"), "{rejects:?}");
}

#[test]
fn a_mapping_names_the_network_once_and_its_handles_are_hashed_with_it() {
    let mut with = options();
    let mapping = "table = \"interactions\"\n[columns]\ninteraction_id = \"Nr\"\nhandle = \"Wer\"\nemail = \"Mail\"\n\
        occurred_at = \"Wann\"\ntext = \"Was\"\n[constants]\nplatform = \"Insta\"\nkind = \"comment\"\n";
    with.mapping = Some(Mapping::parse(mapping).unwrap());
    let text = "Nr;Wer;Mail;Wann;Was\n1;@Anna_K;a@example.org;02.11.2025 10:00;Toll\n";
    let (_, out) = read_with(text.as_bytes(), "f.csv", &with).unwrap();
    assert_eq!(out.rows("interactions", &COLUMNS), ["instagram | 1 |  | comment |  | "]);
    assert_eq!(out.column("interactions", "handle_hash"), [hash_id::sha256("instagram:anna_k")]);
    assert_eq!(out.column("interactions", "email_hash"), [hash_id::email("a@example.org").unwrap()]);
}
