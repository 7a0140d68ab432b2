//! What the integration tests share: the binary, and the worlds of `sample-data/`.

#![allow(dead_code, reason = "each test binary uses a part")]
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// The crate's folder.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Whether expectations are to be written instead of compared.
pub fn bless() -> bool {
    std::env::var_os("FLOWPROOF_BLESS").is_some()
}

/// Runs the binary from the crate's folder.
pub fn flowproof(args: &[&str], stdin: &[u8]) -> Ran {
    flowproof_in(args, stdin, &[])
}

/// The same, with these variables beside those of the test.
pub fn flowproof_in(args: &[&str], stdin: &[u8], env: &[(&str, &str)]) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_flowproof"))
        .args(args)
        .current_dir(root())
        .env_remove("COLUMNS")
        .envs(env.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let input = stdin.to_vec();
    // A run that ends before it has read everything closes the pipe.
    let feeder = std::thread::spawn(move || drop(pipe.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A world of `sample-data/`.
#[derive(Clone, Debug, Deserialize)]
pub struct World {
    #[serde(skip)]
    pub name: String,
    pub args: Vec<String>,
    pub exit: i32,
    pub claims: BTreeMap<String, String>,
}

impl World {
    /// A file or folder of it, as a user in the crate's folder would write it.
    pub fn path(&self, part: &str) -> String {
        format!("sample-data/{}/{part}", self.name)
    }

    /// Its log files, sorted.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut found = files_below(&root().join(self.path("logs")));
        found.sort();
        found
    }

    /// Its text logs by file name without ending, unzipped.
    pub fn texts(&self) -> Vec<(String, String)> {
        let unzip = |file: PathBuf| {
            let name = file
                .file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .trim_end_matches(".log.gz")
                .to_owned();
            let mut text = String::new();
            flate2::read::MultiGzDecoder::new(fs::File::open(&file).unwrap())
                .read_to_string(&mut text)
                .unwrap();
            (name, text)
        };
        self.files().into_iter().map(unzip).collect()
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                files_below(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

/// All worlds, by name.
pub fn worlds() -> Vec<World> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join("sample-data")).unwrap() {
        let folder = entry.unwrap().path();
        let Ok(text) = fs::read_to_string(folder.join("expect.toml")) else {
            continue;
        };
        let mut world: World = toml::from_str(&text).unwrap();
        world.name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        found.push(world);
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// One world by name.
pub fn world(name: &str) -> World {
    let mut found = worlds();
    found.retain(|world| world.name == name);
    found.pop().unwrap()
}

/// Bytes as one gzip member.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

/// A copy of a world in a folder of its own, for a test to spoil. Its log files lie flat in `logs/`, named as AWS names them.
pub struct Copied {
    pub folder: tempfile::TempDir,
    pub args: Vec<String>,
}

impl Copied {
    pub fn of(name: &str) -> Copied {
        let from = world(name);
        let copied = Copied {
            folder: tempfile::tempdir().unwrap(),
            args: from.args.clone(),
        };
        fs::create_dir(copied.at("logs")).unwrap();
        for file in from.files() {
            fs::copy(&file, copied.at("logs").join(file.file_name().unwrap())).unwrap();
        }
        for part in ["topology.json", "policy.toml"] {
            fs::copy(root().join(from.path(part)), copied.at(part)).unwrap();
        }
        copied
    }

    /// A place in it.
    pub fn at(&self, part: &str) -> PathBuf {
        self.folder.path().join(part)
    }

    /// The same as a word of the command line.
    pub fn word(&self, part: &str) -> String {
        self.at(part).to_str().unwrap().to_owned()
    }

    /// A log file, by its place in time.
    pub fn log(&self, index: usize) -> PathBuf {
        let mut files = files_below(&self.at("logs"));
        files.sort();
        files[index].clone()
    }

    /// A log file's text, unzipped.
    pub fn text(&self, index: usize) -> String {
        let mut text = String::new();
        flate2::read::MultiGzDecoder::new(fs::File::open(self.log(index)).unwrap())
            .read_to_string(&mut text)
            .unwrap();
        text
    }

    /// Changes a file of it.
    pub fn edit(&self, part: &str, change: impl FnOnce(String) -> String) {
        let text = fs::read_to_string(self.at(part)).unwrap();
        let changed = change(text.clone());
        assert_ne!(text, changed, "nothing was changed in {part}");
        fs::write(self.at(part), changed).unwrap();
    }

    /// `verify` over its logs with its window, and more words.
    pub fn verify(&self, more: &[&str]) -> Ran {
        self.verify_of(&[&self.word("logs")], b"", more)
    }

    /// `verify` over these sources instead.
    pub fn verify_of(&self, sources: &[&str], stdin: &[u8], more: &[&str]) -> Ran {
        let (topology, policy) = (self.word("topology.json"), self.word("policy.toml"));
        let mut args = vec!["verify"];
        args.extend(sources);
        args.extend(["--topology", &topology, "--policy", &policy]);
        args.extend(self.args.iter().map(String::as_str));
        args.extend(more);
        flowproof(&args, stdin)
    }
}
