//! The versions of the database, oldest first. A version that was shipped is never edited: a change is a new one.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, integer, integer_null, string, string_null, text, text_null,
};

/// All versions.
pub(crate) struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(First)]
    }
}

/// Version 1: keys, people, visits, audit, consents, replies, settings.
struct First;

impl MigrationName for First {
    fn name(&self) -> &str {
        "m0001_first"
    }
}

/// A table with a text as its key.
fn keyed(name: &'static str, key: &'static str) -> TableCreateStatement {
    Table::create().table(name).col(string(key).primary_key()).to_owned()
}

fn unique(name: &'static str, table: &'static str, column: &'static str) -> IndexCreateStatement {
    Index::create().name(name).table(table).col(column).unique().to_owned()
}

fn index(name: &'static str, table: &'static str, column: &'static str) -> IndexCreateStatement {
    Index::create().name(name).table(table).col(column).to_owned()
}

#[async_trait::async_trait]
impl MigrationTrait for First {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let keys = keyed("api_keys", "id")
            .col(string("name"))
            .col(string("kind"))
            .col(string("prefix"))
            .col(string("hash"))
            .col(string_null("old_hash"))
            .col(big_integer_null("old_until"))
            .col(string_null("market"))
            .col(text("origins"))
            .col(big_integer("created_at"))
            .col(big_integer_null("last_used_at"))
            .col(big_integer_null("rotated_at"))
            .col(big_integer_null("revoked_at"))
            .to_owned();
        manager.create_table(keys).await?;
        manager.create_index(unique("api_keys_hash", "api_keys", "hash")).await?;
        manager.create_index(index("api_keys_old_hash", "api_keys", "old_hash")).await?;

        let users = keyed("users", "id")
            .col(string("name"))
            .col(string("name_key"))
            .col(string("role"))
            .col(text("password"))
            .col(big_integer("created_at"))
            .col(big_integer_null("last_seen_at"))
            .to_owned();
        manager.create_table(users).await?;
        manager.create_index(unique("users_name_key", "users", "name_key")).await?;

        let sessions = keyed("sessions", "hash")
            .col(string("user_id"))
            .col(big_integer("created_at"))
            .col(big_integer("seen_at"))
            .to_owned();
        manager.create_table(sessions).await?;
        manager.create_index(index("sessions_user", "sessions", "user_id")).await?;

        let attempts = keyed("login_attempts", "who")
            .col(integer("wrong"))
            .col(big_integer("first_at"))
            .col(big_integer_null("locked_until"))
            .to_owned();
        manager.create_table(attempts).await?;

        let audit = Table::create()
            .table("audit_log")
            .col(big_integer("number").primary_key())
            .col(big_integer("at"))
            .col(string("actor"))
            .col(string("action"))
            .col(text("subject"))
            .col(text("detail"))
            .col(string("hash"))
            .to_owned();
        manager.create_table(audit).await?;

        let consents = keyed("consents", "id")
            .col(string("subject"))
            .col(string("purpose"))
            .col(string("state"))
            .col(big_integer("at"))
            .col(text("source"))
            .to_owned();
        manager.create_table(consents).await?;
        manager.create_index(index("consents_subject", "consents", "subject")).await?;

        let replies = keyed("replies", "id")
            .col(string("request"))
            .col(integer_null("status"))
            .col(text_null("body"))
            .col(big_integer("created_at"))
            .to_owned();
        manager.create_table(replies).await?;
        manager.create_index(index("replies_created", "replies", "created_at")).await?;

        manager.create_table(keyed("settings", "name").col(text("value")).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["settings", "replies", "consents", "audit_log", "login_attempts", "sessions", "users", "api_keys"]
        {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}
