//! Outputs: whole, or not at all.

use std::os::unix::fs::PermissionsExt;

use super::*;

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn mode(file: &Path) -> u32 {
    fs::metadata(file).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_file_appears_on_commit_with_ordinary_permissions() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("report.json");
    let mut out = Output::create(&Target::File(target.clone())).unwrap();
    out.write_all(b"whole").unwrap();
    out.flush().unwrap();
    assert!(!target.exists());
    out.commit().unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"whole");
    assert_eq!(names(folder.path()), ["report.json"]);
    // As any new file here, whatever the umask.
    let plain = folder.path().join("plain");
    File::create(&plain).unwrap();
    assert_eq!(mode(&target), mode(&plain));
}

#[test]
fn what_is_not_committed_leaves_the_old_file_and_no_trace() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("report.json");
    fs::write(&target, "old").unwrap();
    let mut out = AtomicFile::create(&target).unwrap();
    out.write_all(b"new").unwrap();
    drop(out);
    assert_eq!(fs::read(&target).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["report.json"]);
}

#[test]
fn a_replaced_file_keeps_its_permissions_and_a_link_stays_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let (target, link) = (folder.path().join("secret"), folder.path().join("link"));
    fs::write(&target, "old").unwrap();
    fs::set_permissions(&target, fs::Permissions::from_mode(0o600)).unwrap();
    std::os::unix::fs::symlink("secret", &link).unwrap();
    let mut out = AtomicFile::create(&link).unwrap();
    out.write_all(b"new").unwrap();
    out.commit().unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"new");
    assert_eq!(mode(&target), 0o600);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
}

#[test]
fn devices_are_written_directly() {
    let mut out = AtomicFile::create(Path::new("/dev/null")).unwrap();
    out.write_all(b"gone").unwrap();
    assert!(out.unfinished.is_none());
    out.commit().unwrap();
    let mut full = AtomicFile::create(Path::new("/dev/full")).unwrap();
    full.write_all(b"x").unwrap();
    let error = full.commit().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
}

#[test]
fn what_cannot_be_written_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        (folder.path().to_path_buf(), "name a file in that folder"),
        (folder.path().join("no/report"), "make the folder first"),
    ];
    for (file, help) in cases {
        let target = Target::File(file);
        let error = Output::create(&target).err().unwrap();
        let complaint = failed(&target, &error).to_string();
        assert!(complaint.contains(help), "{complaint}");
    }
}

#[test]
fn unfinished_files_are_known_until_they_are_done() {
    let folder = tempfile::tempdir().unwrap();
    let out = AtomicFile::create(&folder.path().join("a")).unwrap();
    let temp = out.unfinished.as_ref().unwrap().registered.clone();
    assert!(unfinished().contains(&temp) && temp.exists());
    out.commit().unwrap();
    assert!(!unfinished().contains(&temp) && !temp.exists());
}

#[test]
fn a_fifo_is_written_directly() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    assert!(made.unwrap().success());
    let reader = std::thread::spawn({
        let fifo = fifo.clone();
        move || fs::read(fifo).unwrap()
    });
    let mut out = AtomicFile::create(&fifo).unwrap();
    out.write_all(b"through").unwrap();
    out.commit().unwrap();
    assert_eq!(reader.join().unwrap(), b"through");
    assert_eq!(names(folder.path()), ["fifo"]);
}
