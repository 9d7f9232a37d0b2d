//! Opening the database: a file of SQLite, or PostgreSQL by URL; bringing it to the newest version.
//!
//! SQLite runs with its write-ahead log and `synchronous = FULL`: what a call answered is on the disk. Writers wait
//! up to five seconds for each other.

use crate::error::StateError;
use crate::migration::Migrator;
use crate::secret::{Key, hex, keyed, new_key};
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseBackend, DatabaseConnection, DbErr, SqlErr};
use sea_orm_migration::MigratorTrait;
use std::fs::OpenOptions;
use std::path::Path;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Passwords that are hashed at the same time: each takes 19 MiB and a core.
const HASHING: usize = 2;

/// The state of a workspace. Cheap to share by reference; all methods may be called at once.
#[derive(Debug)]
pub struct Store {
    pub(crate) db: DatabaseConnection,
    pub(crate) hashing: Semaphore,
    /// What persons are hashed with, see [`Store::person`].
    person_key: Key,
}

impl Store {
    /// Opens a file of SQLite, made when it is not there.
    ///
    /// # Errors
    /// [`StateError::Open`] when it cannot be opened or brought to the newest version.
    pub async fn open_file(path: &Path) -> Result<Self, StateError> {
        keep_private(path).map_err(|why| StateError::File { path: path.to_owned(), why })?;
        let url = format!("sqlite://{}?mode=rwc", escaped(&path.display().to_string()));
        Self::open(&url).await
    }

    /// A database in memory, for tests.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn in_memory() -> Result<Self, StateError> {
        Self::open("sqlite::memory:").await
    }

    /// Opens `sqlite://FILE?mode=rwc` or `postgres://USER:PASSWORD@HOST/DATABASE`.
    ///
    /// # Errors
    /// [`StateError::Open`] when it cannot be opened or brought to the newest version.
    pub async fn open(url: &str) -> Result<Self, StateError> {
        let failed = |why: DbErr| StateError::Open { url: without_password(url), why };
        let mut options = ConnectOptions::new(url.to_owned());
        options.sqlx_logging(false).acquire_timeout(Duration::from_secs(10)).connect_timeout(Duration::from_secs(10));
        if url.starts_with("sqlite") {
            let in_memory = url.contains(":memory:");
            // One connection holds a database in memory; for a file more readers do no harm.
            options.max_connections(if in_memory { 1 } else { 4 }).min_connections(1);
            if in_memory {
                options.idle_timeout(None::<Duration>).max_lifetime(None::<Duration>);
            }
            options.map_sqlx_sqlite_opts(|options| {
                options
                    .journal_mode(SqliteJournalMode::Wal)
                    // What was deleted is overwritten: an erasure leaves no bytes behind.
                    .pragma("secure_delete", "ON")
                    .synchronous(SqliteSynchronous::Full)
                    .busy_timeout(Duration::from_secs(5))
                    .foreign_keys(true)
            });
        } else {
            options.max_connections(8);
        }
        let db = Database::connect(options).await.map_err(failed)?;
        Migrator::up(&db, None).await.map_err(failed)?;
        // Until it is told another one the key is of this process alone: hashes then match nothing that was kept.
        Ok(Self { db, hashing: Semaphore::new(HASHING), person_key: new_key()? })
    }

    /// Hashes persons with the key that is kept in a file, made for its owner alone when it is not there. It lies outside of
    /// the database, so that whoever gets hold of that, or of a dump of it, cannot try addresses against the hashes.
    ///
    /// # Errors
    /// [`StateError::File`] when the file cannot be read or written; [`StateError::Invalid`] when it is no key.
    pub fn with_person_key(mut self, path: &Path) -> Result<Self, StateError> {
        let failed = |why| StateError::File { path: path.to_owned(), why };
        let text = match std::fs::read_to_string(path) {
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => {
                let text = hex(&new_key()?);
                keep_private(path).and_then(|()| std::fs::write(path, &text)).map_err(failed)?;
                text
            }
            read => read.map_err(failed)?,
        };
        let digits = text.trim();
        let byte = |at: usize| digits.get(2 * at..2 * at + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
        for (at, place) in self.person_key.iter_mut().enumerate() {
            *place = byte(at).filter(|_| digits.len() == 64).ok_or_else(|| StateError::Invalid {
                what: "key of persons",
                got: path.display().to_string(),
                rule: "64 hexadecimal digits",
            })?;
        }
        Ok(self)
    }

    /// A person as the audit log may have it: the first half of the HMAC-SHA-256 of the id.
    pub fn person(&self, id: &str) -> String {
        let mut hash = keyed(&self.person_key, id);
        hash.truncate(32);
        format!("hmac:{hash}")
    }

    /// Writes the whole database into a new file, as it is at one moment, while others read and write (SQLite's
    /// `VACUUM INTO`). PostgreSQL has tools of its own.
    ///
    /// # Errors
    /// [`StateError::Db`]; [`StateError::Invalid`] for a database that is no file of SQLite.
    pub async fn copy_into(&self, path: &Path) -> Result<(), StateError> {
        if self.db.get_database_backend() != DatabaseBackend::Sqlite {
            let got = "PostgreSQL".to_owned();
            return Err(StateError::Invalid { what: "database to copy", got, rule: "a file of SQLite; use pg_dump" });
        }
        keep_private(path)
            .and_then(|()| std::fs::remove_file(path))
            .map_err(|why| StateError::File { path: path.to_owned(), why })?;
        let place = path.display().to_string().replace('\'', "''");
        self.db.execute_unprepared(&format!("VACUUM INTO '{place}'")).await?;
        Ok(())
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`StateError::Db`] when it does not.
    pub async fn ping(&self) -> Result<(), StateError> {
        Ok(self.db.ping().await?)
    }
}

/// Makes the file for its owner alone, before anything is in it. SQLite gives its other files the same rights.
fn keep_private(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// A path as a part of an URL: what would end it there is escaped.
fn escaped(path: &str) -> String {
    path.replace('%', "%25").replace('?', "%3F").replace('#', "%23")
}

/// The URL as it may be shown.
fn without_password(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => format!("{}://…{}", &url[..scheme], &url[at..]),
        _ => url.to_owned(),
    }
}

/// Whether the database says that something is there already.
pub(crate) fn is_taken(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        assert_eq!(without_password("postgres://me:pa@ss@db/x"), "postgres://…@db/x");
        assert_eq!(without_password("sqlite://state.db?mode=rwc"), "sqlite://state.db?mode=rwc");
    }

    #[tokio::test]
    async fn a_file_opened_twice_is_one_database() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a b?c#d.db");
        let one = Store::open_file(&path).await.unwrap();
        one.set("name", &"value").await.unwrap();
        let two = Store::open_file(&path).await.unwrap();
        assert_eq!(two.get::<String>("name").await.unwrap(), Some("value".to_owned()));
        assert!(path.exists(), "under the name that was asked for");
        #[cfg(unix)]
        for file in std::fs::read_dir(folder.path()).unwrap() {
            let rights = std::os::unix::fs::PermissionsExt::mode(&file.unwrap().metadata().unwrap().permissions());
            assert_eq!(rights & 0o077, 0, "for its owner alone");
        }
    }
}
