//! `verify --bundle DIR`: what `check DIR SOURCE…` needs, and nothing else.

use super::*;

/// Everything in a folder, by name.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let place = entry.unwrap().path();
        if place.is_dir() {
            let name = place.file_name().unwrap().to_str().unwrap().to_owned();
            found.extend(
                files(&place)
                    .into_iter()
                    .map(|file| format!("{name}/{file}")),
            );
        } else {
            found.push(place.file_name().unwrap().to_str().unwrap().to_owned());
        }
    }
    found.sort();
    found
}

/// A world and its bundle; then logs are moved, and topology and policy are gone.
fn moved(name: &str, more: &[&str]) -> (Copied, String) {
    let copied = Copied::of(name);
    let bundle = copied.word("bundle");
    copied.verify(&[&["--bundle", &bundle], more].concat());
    fs::rename(copied.at("logs"), copied.at("archive")).unwrap();
    fs::remove_file(copied.at("topology.json")).unwrap();
    fs::remove_file(copied.at("policy.toml")).unwrap();
    (copied, bundle)
}

#[test]
fn every_world_comes_back_from_its_bundle() {
    for world in worlds() {
        let metrics = root().join(world.path("metrics.json"));
        let with: Vec<&str> = if metrics.exists() {
            vec!["--metrics", word(&metrics)]
        } else {
            Vec::new()
        };
        let (copied, bundle) = moved(&world.name, &with);
        let ran = check(&bundle, &[&copied.word("archive")]);
        assert_eq!(
            (ran.code, ran.stderr.as_str()),
            (0, ""),
            "{}: {}",
            world.name,
            ran.stdout
        );
        assert!(
            ran.stdout.ends_with("INTACT, AND REPRODUCED\n"),
            "{}",
            ran.stdout
        );
        let report = flowproof(&["report", &bundle], b"");
        assert_eq!(report.code, 0);
        assert_eq!(
            report.stdout,
            fs::read_to_string(copied.at("bundle/reports/report.txt")).unwrap()
        );
    }
}

#[test]
fn a_bundle_holds_what_was_asked_for() {
    let copied = Copied::of("forgotten-route-table");
    let (bundle, csv) = (copied.word("bundle"), copied.word("witnesses.csv"));
    let ran = copied.verify(&[
        "--bundle",
        &bundle,
        "--report",
        &format!("csv={csv}"),
        "--report",
        "text",
    ]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let expected = [
        "evidence.json",
        "ip-ranges.json",
        "manifest.json",
        "policy.toml",
        "reports/report.csv",
        "reports/report.txt",
        "topology/0001.json",
    ];
    assert_eq!(files(&copied.at("bundle")), expected);
    let same = |a: &str, b: &str| {
        assert!(
            fs::read(copied.at(a)).unwrap() == fs::read(copied.at(b)).unwrap(),
            "{a}"
        )
    };
    same("bundle/reports/report.csv", "witnesses.csv");
    same("bundle/topology/0001.json", "topology.json");
    same("bundle/policy.toml", "policy.toml");
    assert!(ran.stdout.starts_with("VIOLATED"));
    let left: Vec<String> = files(copied.folder.path());
    assert!(!left.iter().any(|file| file.contains(".tmp")), "{left:?}");
}

#[test]
fn a_folder_of_answers_and_a_format_are_kept_too() {
    let copied = Copied::of("gateway-endpoint-only");
    // The topology in parts, none of which says when, but one; logs without header.
    let topology: Value =
        serde_json::from_slice(&fs::read(copied.at("topology.json")).unwrap()).unwrap();
    fs::create_dir(copied.at("topology")).unwrap();
    let mut beside = json!({});
    for (key, value) in topology.as_object().unwrap() {
        if value.is_array() {
            let part = copied.at("topology").join(format!("{key}.json"));
            fs::write(part, json!({ key: value }).to_string()).unwrap();
        } else {
            beside[key] = value.clone();
        }
    }
    fs::write(copied.at("topology/when.json"), beside.to_string()).unwrap();
    let mut format = String::new();
    let logs: Vec<_> = (0..6)
        .map(|index| (copied.log(index), copied.text(index)))
        .collect();
    for (index, (log, text)) in logs.into_iter().enumerate() {
        let (header, records) = text.split_once('\n').unwrap();
        format = header
            .split(' ')
            .map(|field| format!("${{{field}}}"))
            .collect::<Vec<_>>()
            .join(" ");
        fs::write(&log, records).unwrap();
        fs::rename(&log, log.with_file_name(format!("{index}.log"))).unwrap();
    }
    let [logs, topology, policy, bundle] =
        ["logs", "topology", "policy.toml", "bundle"].map(|part| copied.word(part));
    let mut args = vec![
        "verify",
        &logs,
        "--topology",
        &topology,
        "--policy",
        &policy,
        "--log-format",
        &format,
        "--bundle",
        &bundle,
    ];
    args.extend(copied.args.iter().map(String::as_str));
    let ran = flowproof(&args, b"");
    assert!(ran.code == 0 || ran.code == 3, "{}", ran.stderr);
    assert!(files(&copied.at("bundle")).len() > 8);
    fs::rename(copied.at("topology"), copied.at("gone")).unwrap();
    let ran = check(&bundle, &[&logs]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
}

#[test]
fn a_bundle_needs_a_place_of_its_own() {
    let copied = Copied::of("forgotten-route-table");
    fs::create_dir(copied.at("empty")).unwrap();
    assert_eq!(copied.verify(&["--bundle", &copied.word("empty")]).code, 1);
    assert!(copied.at("empty/manifest.json").exists());
    let before = files(&copied.at("logs"));
    for there in ["empty", "logs", "policy.toml"] {
        let ran = copied.verify(&["--bundle", &copied.word(there)]);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{there}");
        assert!(
            ran.stderr.contains("error[bundle-in-the-way]"),
            "{}",
            ran.stderr
        );
    }
    assert_eq!(files(&copied.at("logs")), before);
    let ran = copied.verify(&["--bundle", &copied.word("no/such/folder")]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("error[output-failed]"),
        "{}",
        ran.stderr
    );
}

#[test]
fn whatever_file_of_a_bundle_is_changed_it_is_named() {
    let (copied, bundle) = moved("forgotten-route-table", &[]);
    let logs = copied.word("archive");
    for file in files(&copied.at("bundle")) {
        let place = copied.at("bundle").join(&file);
        let bytes = fs::read(&place).unwrap();
        let mut other = bytes.clone();
        let middle = other.len() / 2;
        other[middle] ^= 1;
        fs::write(&place, &other).unwrap();
        let ran = check(&bundle, &[]);
        assert_eq!(ran.code, 2, "{file}: {}", ran.stdout);
        assert!(ran.stderr.contains(&file), "{file}: {}", ran.stderr);
        fs::remove_file(&place).unwrap();
        let ran = check(&bundle, &[&logs]);
        assert_eq!(ran.code, 2, "{file} is gone: {}", ran.stdout);
        assert!(ran.stderr.contains(&file), "{file} is gone: {}", ran.stderr);
        fs::write(&place, &bytes).unwrap();
    }
    // A report that was changed, and the manifest with it.
    let (report, manifest) = (
        copied.at("bundle/reports/report.txt"),
        copied.at("bundle/manifest.json"),
    );
    let (old, text) = (
        fs::read(&report).unwrap(),
        fs::read_to_string(&report).unwrap(),
    );
    let new = text.replace("VIOLATED", "PROVEN");
    fs::write(&report, &new).unwrap();
    let list = fs::read_to_string(&manifest).unwrap();
    let digest = |bytes: &[u8]| flowproof::seal::manifest::sha256(bytes);
    fs::write(
        &manifest,
        list.replace(&digest(&old), &digest(new.as_bytes())),
    )
    .unwrap();
    let ran = check(&bundle, &[]);
    assert_eq!(ran.code, 2, "{}", ran.stdout);
    assert!(
        ran.stderr
            .contains("this report is not what the evidence makes"),
        "{}",
        ran.stderr
    );
    fs::write(&report, old).unwrap();
    fs::write(&manifest, list).unwrap();
    // A file that is not of it is no failure, and is said.
    fs::write(copied.at("bundle/notes.txt"), "x").unwrap();
    let ran = check(&bundle, &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("this file is not of the bundle"),
        "{}",
        ran.stderr
    );
}
