//! Files that two processes may make at once, such as a server and a run that both want what follows from new tables: each writes
//! under a name of its own and renames, and whoever tidies up leaves alone what somebody is still writing.

use std::path::{Path, PathBuf};
use std::time::Duration;

/// Ending of what is being written.
const UNDER_WAY: &str = "new";
/// What was begun longer ago was left behind by a process that died.
const LEFT_BEHIND: Duration = Duration::from_secs(3600);

/// Where this process writes before it renames to `place`.
pub(crate) fn beside(place: &Path) -> PathBuf {
    place.with_extension(format!("{}.{UNDER_WAY}", std::process::id()))
}

/// Takes away what lies in a folder beside the files and folders to keep, but for what is being written. One that cannot be removed
/// costs room and nothing else.
pub(crate) fn remove_others(folder: &Path, keep: &[&Path]) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if keep.contains(&path.as_path()) || is_under_way(&path) {
            continue;
        }
        let _ = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
    }
}

fn is_under_way(path: &Path) -> bool {
    let begun = || std::fs::metadata(path).ok()?.modified().ok()?.elapsed().ok();
    path.extension().is_some_and(|e| e == UNDER_WAY) && begun().is_none_or(|since| since < LEFT_BEHIND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_process_writes_is_left_alone_and_what_one_left_behind_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["kept.lists", "old.lists", "kept.7.new", "dead.8.new"] {
            std::fs::write(at(name), "x").unwrap();
        }
        std::fs::create_dir(at("index")).unwrap();
        let begun = std::fs::metadata(at("dead.8.new")).unwrap().modified().unwrap();
        std::fs::File::options()
            .append(true)
            .open(at("dead.8.new"))
            .unwrap()
            .set_modified(begun - 2 * LEFT_BEHIND)
            .unwrap();
        remove_others(folder.path(), &[&at("kept.lists")]);
        let mut left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["kept.7.new", "kept.lists"]);
        assert_eq!(beside(&at("a.lists")).extension().unwrap(), UNDER_WAY);
    }
}
