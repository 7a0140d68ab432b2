//! Local files: words in, [`Input`]s out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::ingest::error::Error;
use crate::ingest::opener::OneFile;
use crate::ingest::source::{Input, once};

/// Files, folders and globs on this machine.
///
/// # Errors
/// A word that names nothing, or a place that cannot be listed: an unread listing may hide whole hours.
pub(super) fn list(words: &[String]) -> Result<Vec<Input>, Error> {
    let mut walk = Walk::default();
    for word in words {
        walk.word(word)?;
    }
    Ok(once(walk.found))
}

/// What was found so far, by the system's own name for it.
#[derive(Default)]
struct Walk {
    found: BTreeMap<PathBuf, Vec<Input>>,
}

impl Walk {
    fn word(&mut self, word: &str) -> Result<(), Error> {
        // A name that is there counts before a pattern: `a[1].log` may be a file.
        if fs::symlink_metadata(word).is_ok() {
            return self.named(Path::new(word), word);
        }
        if !word.contains(['*', '?', '[']) {
            return Err(Error::NotFound {
                word: word.to_owned(),
            });
        }
        let options = glob::MatchOptions {
            require_literal_leading_dot: true,
            ..glob::MatchOptions::default()
        };
        let matches = glob::glob_with(word, options).map_err(|why| Error::BadPattern {
            word: word.to_owned(),
            why: why.to_string(),
        })?;
        let mut any = false;
        for path in matches {
            let path = path.map_err(|why| Error::CannotList {
                path: why.path().display().to_string(),
                why: why.into(),
            })?;
            any = true;
            self.named(&path, word)?;
        }
        if any {
            Ok(())
        } else {
            Err(Error::NotFound {
                word: word.to_owned(),
            })
        }
    }

    /// A file or folder that the user named or a glob matched.
    fn named(&mut self, path: &Path, word: &str) -> Result<(), Error> {
        if !fs::metadata(path)
            .map_err(|why| cannot_list(path, why))?
            .is_dir()
        {
            self.file(path);
            return Ok(());
        }
        if self.folder(path)? {
            Ok(())
        } else {
            Err(Error::EmptyFolder {
                word: word.to_owned(),
            })
        }
    }

    /// All files below a folder; whether there is any. Links are followed, each folder once.
    fn folder(&mut self, path: &Path) -> Result<bool, Error> {
        let (mut folders, mut seen, mut any) = (vec![path.to_owned()], BTreeSet::new(), false);
        while let Some(folder) = folders.pop() {
            let real = fs::canonicalize(&folder).map_err(|why| cannot_list(&folder, why))?;
            if !seen.insert(real) {
                continue;
            }
            for entry in fs::read_dir(&folder).map_err(|why| cannot_list(&folder, why))? {
                let entry = entry.map_err(|why| cannot_list(&folder, why))?;
                if entry.file_name().to_string_lossy().starts_with('.') {
                    continue;
                }
                match fs::metadata(entry.path()) {
                    Ok(data) if data.is_dir() => folders.push(entry.path()),
                    Ok(data) if !data.is_file() => {}
                    // A link that leads nowhere stays on the list: it shows as unreadable, not as absent.
                    Ok(_) | Err(_) => {
                        any = true;
                        self.file(&entry.path());
                    }
                }
            }
        }
        Ok(any)
    }

    fn file(&mut self, path: &Path) {
        let key = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let size = fs::metadata(path)
            .ok()
            .filter(fs::Metadata::is_file)
            .map(|data| data.len());
        let opener = Arc::new(OneFile(path.to_owned()));
        let input = Input::new(path.to_string_lossy(), size, opener);
        self.found.entry(key).or_default().push(input);
    }
}

fn cannot_list(path: &Path, why: io::Error) -> Error {
    Error::CannotList {
        path: path.display().to_string(),
        why,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("logs/deep")).unwrap();
        fs::create_dir_all(root.path().join("logs/.hidden")).unwrap();
        fs::create_dir_all(root.path().join("empty")).unwrap();
        for name in [
            "logs/b.log",
            "logs/a[1].log",
            "logs/deep/c.gz",
            "logs/.x",
            "logs/.hidden/d",
        ] {
            fs::write(root.path().join(name), name).unwrap();
        }
        root
    }

    fn names(root: &Path, words: &[&str]) -> Result<Vec<String>, Error> {
        let words: Vec<String> = words
            .iter()
            .map(|word| root.join(word).to_string_lossy().into_owned())
            .collect();
        let prefix = format!("{}/", root.display());
        let inputs = list(&words)?;
        Ok(inputs
            .iter()
            .map(|input| input.uri().replace(&prefix, ""))
            .collect())
    }

    #[test]
    fn words_become_files_sorted_and_each_once() {
        let root = tree();
        let all = vec!["logs/a[1].log", "logs/b.log", "logs/deep/c.gz"];
        #[rustfmt::skip]
        let cases: Vec<(&str, Vec<&str>, Vec<&str>)> = vec![
            ("a folder, with what is below it", vec!["logs"], all.clone()),
            ("by folder and by glob",           vec!["logs/*.log", "logs", "logs/**/*.gz"], all.clone()),
            ("by a glob that hits a folder",    vec!["log?"], all),
            ("a name with brackets",            vec!["logs/a[1].log"], vec!["logs/a[1].log"]),
            ("twice, by two names: the first",  vec!["logs/deep/../b.log", "logs/b.log"], vec!["logs/b.log"]),
            ("hidden, but named",               vec!["logs/.x"], vec!["logs/.x"]),
        ];
        for (title, words, expected) in cases {
            assert_eq!(names(root.path(), &words).unwrap(), expected, "{title}");
        }
    }

    #[test]
    fn words_that_name_nothing_are_errors() {
        let root = tree();
        let error = |word: &str| names(root.path(), &["logs", word]).unwrap_err();
        assert!(matches!(error("missing.log"), Error::NotFound { .. }));
        assert!(matches!(error("logs/*.parquet"), Error::NotFound { .. }));
        assert!(matches!(error("empty"), Error::EmptyFolder { .. }));
        assert!(matches!(error("logs/[a"), Error::BadPattern { .. }));
        for word in ["missing.log", "logs/*.parquet", "empty", "logs/[a"] {
            assert_eq!(error(word).diagnostic().code, "input-not-found", "{word}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_once_and_dead_ones_stay_on_the_list() {
        use std::os::unix::fs::symlink;
        let root = tree();
        symlink(root.path().join("logs"), root.path().join("logs/deep/loop")).unwrap();
        symlink("nowhere", root.path().join("logs/dead")).unwrap();
        symlink(
            root.path().join("logs/b.log"),
            root.path().join("logs/z.log"),
        )
        .unwrap();
        assert_eq!(
            names(root.path(), &["logs"]).unwrap(),
            ["logs/a[1].log", "logs/b.log", "logs/dead", "logs/deep/c.gz"]
        );
    }
}
