//! The place that holds a lake, and the lock that keeps writers apart.

use crate::kept::{KeptFiles, Seal};
use crate::{LakeError, local};
use bytes::Bytes;
use object_store::path::Path as StorePath;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use url::Url;

/// A lake at a location: a local folder. Every access goes through `object_store`, so that another
/// store is one more arm in [`Lake::open`].
#[derive(Clone, Debug)]
pub struct Lake {
    root: PathBuf,
    url: Url,
    store: Arc<dyn ObjectStore>,
    seal: Option<Arc<Seal>>,
}

/// Held by the one process that writes; released when dropped or when the process dies.
#[derive(Debug)]
pub struct LakeLock {
    _file: File,
}

impl Lake {
    /// Opens the lake at a folder, making the folder where it does not exist.
    ///
    /// # Errors
    /// [`LakeError::Location`] for a URL of a store that is not built in or a path that is a file,
    /// [`LakeError::Storage`] when the folder cannot be made.
    pub fn open(location: &str) -> Result<Self, LakeError> {
        let wrong = |why: String| LakeError::Location { location: location.to_owned(), why };
        let path = match location.split_once("://") {
            Some(("file", rest)) => PathBuf::from(rest),
            Some((scheme, _)) => return Err(wrong(format!("storage `{scheme}` is not built in; a local folder is"))),
            None => PathBuf::from(location),
        };
        if path.is_file() {
            return Err(wrong("it is a file; a folder is needed".into()));
        }
        std::fs::create_dir_all(&path).map_err(LakeError::io(format!("making {}", path.display())))?;
        let root = path.canonicalize().map_err(LakeError::io(format!("opening {}", path.display())))?;
        let url = Url::from_directory_path(&root).map_err(|()| wrong("the path cannot be written as a URL".into()))?;
        let store = object_store::local::LocalFileSystem::new_with_prefix(&root).map_err(|e| wrong(e.to_string()))?;
        Ok(Self { root, url, store: Arc::new(store), seal: None })
    }

    /// Where the lake lies.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The lake with its files as they came sealed: new ones are, and sealed ones can be read.
    #[must_use]
    pub fn sealed(mut self, seal: Seal) -> Self {
        self.seal = Some(Arc::new(seal));
        self
    }

    /// The files that were taken in, byte for byte, each by its SHA-256.
    pub fn kept_files(&self) -> KeptFiles {
        KeptFiles::new(self.root.join("raw/files"), self.seal.clone())
    }

    /// The folder as a URL with a closing slash.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// The store below [`Self::root`].
    pub(crate) fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    /// Becomes the writer.
    ///
    /// # Errors
    /// [`LakeError::Locked`] while another process writes.
    pub fn lock(&self) -> Result<LakeLock, LakeError> {
        let path = self.root.join(".lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(LakeError::io(path.display().to_string()))?;
        match file.try_lock() {
            Ok(()) => Ok(LakeLock { _file: file }),
            Err(std::fs::TryLockError::WouldBlock) => Err(LakeError::Locked(self.root.clone())),
            Err(std::fs::TryLockError::Error(e)) => Err(LakeError::io(path.display().to_string())(e)),
        }
    }

    /// Writes an object and waits until its bytes are on the disk; its folder entry is synced by
    /// [`Self::sync_folder`], once for many files.
    pub(crate) async fn put(&self, path: &str, bytes: Bytes) -> Result<(), LakeError> {
        self.store
            .put(&StorePath::from(path), PutPayload::from_bytes(bytes))
            .await
            .map_err(LakeError::store(format!("writing {path}")))?;
        let file = self.root.join(path);
        blocking(move || local::sync_file(&file)).await
    }

    /// Syncs the folders of `path` up to the lake's own.
    pub(crate) async fn sync_folder(&self, path: &str) -> Result<(), LakeError> {
        let mut folders = vec![self.root.clone()];
        for part in Path::new(path).components() {
            let next = folders.last().map_or_else(|| self.root.clone(), |f| f.join(part));
            folders.push(next);
        }
        blocking(move || folders.iter().rev().try_for_each(|f| local::sync_folder(f))).await
    }

    /// Reads an object.
    pub(crate) async fn get(&self, path: &str) -> Result<Bytes, LakeError> {
        let what = || LakeError::store(format!("reading {path}"));
        self.store.get(&StorePath::from(path)).await.map_err(what())?.bytes().await.map_err(what())
    }
}

/// Runs blocking work off the async threads.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LakeError> + Send + 'static,
) -> Result<T, LakeError> {
    tokio::task::spawn_blocking(work).await.map_err(|e| LakeError::Internal(e.to_string()))?
}
