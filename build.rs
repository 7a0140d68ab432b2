//! Embeds `queries/*.sql`, so that a file there is a query and none is forgotten.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    println!("cargo::rerun-if-changed=queries");
    let mut files: Vec<PathBuf> = match fs::read_dir(root.join("queries")) {
        Ok(entries) => entries
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<io::Result<_>>()?,
        Err(why) if why.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(why) => return Err(why),
    };
    files.retain(|file| file.extension().is_some_and(|ending| ending == "sql"));
    files.sort();
    let mut code = String::from(
        "/// The bundled queries: name, text.\npub const BUNDLED: &[(&str, &str)] = &[\n",
    );
    for file in &files {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        // Writing into a String does not fail.
        let _ = writeln!(code, "    ({name:?}, include_str!({file:?})),");
    }
    code.push_str("];\n");
    fs::write(Path::new(&out).join("queries.rs"), code)
}
