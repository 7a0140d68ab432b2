//! `verify --sign` and `check --public-key`.

use std::process::Command;

use super::*;

/// RFC 8032, 7.1, tests 1 and 2, as OpenSSL writes them.
const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";
const OTHER: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\n-----END PUBLIC KEY-----\n";

/// A copy of a world with keys, and its signed evidence and bundle.
fn signed() -> (Kept, Ran) {
    let copied = Copied::of("forgotten-route-table");
    for (name, text) in [
        ("key.pem", PRIVATE),
        ("pub.pem", PUBLIC),
        ("other.pem", OTHER),
    ] {
        fs::write(copied.at(name), text).unwrap();
    }
    only_mine(&copied.at("key.pem"));
    let [evidence, bundle, key] =
        ["evidence.json", "bundle", "key.pem"].map(|part| copied.word(part));
    let ran = copied.verify(&["--evidence", &evidence, "--bundle", &bundle, "--sign", &key]);
    (Kept { copied, evidence }, ran)
}

fn only_mine(file: &Path) {
    #[cfg(unix)]
    fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

#[test]
fn a_signature_is_good_beside_the_evidence_and_in_the_bundle() {
    let (kept, ran) = signed();
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""));
    let [key, bundle, logs] = ["pub.pem", "bundle", "logs"].map(|part| kept.copied.word(part));
    for ran in [
        kept.check_all(&["--public-key", &key]),
        check(&bundle, &[&logs, "--public-key", &key]),
    ] {
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
        let good = "signature: good, of the key 21fe31dfa154a261626bf854046fd2271b7bed4b6abe45aa58877ef47f9721b9";
        assert!(ran.stdout.contains(good), "{}", ran.stdout);
    }
    let without = kept.check(&[]);
    assert_eq!(without.code, 0);
    assert!(
        without.stdout.contains("no --public-key was given"),
        "{}",
        without.stdout
    );
    // The same evidence, the same key: the same envelope.
    let again = kept.copied.word("again.json");
    fs::copy(&kept.evidence, &again).unwrap();
    let unsigned = check(&again, &["--public-key", &key]);
    assert_eq!(unsigned.code, 2);
    assert!(
        unsigned
            .stderr
            .contains("error[file-unreadable]: there is no such file"),
        "{}",
        unsigned.stderr
    );
}

#[test]
fn another_key_or_another_evidence_is_named() {
    let (kept, _) = signed();
    let [key, other, bundle] =
        ["pub.pem", "other.pem", "bundle"].map(|part| kept.copied.word(part));
    let named = |ran: Ran, named: &str| {
        assert_eq!(ran.code, 2, "{named}: {}", ran.stdout);
        assert!(ran.stderr.contains(named), "{named}: {}", ran.stderr);
    };
    named(
        kept.check(&["--public-key", &other]),
        "no signature is of this key",
    );
    named(
        kept.check(&["--public-key", &kept.copied.word("key.pem")]),
        "this is a private key",
    );
    named(
        kept.check(&["--public-key", &kept.copied.word("policy.toml")]),
        "error[key-bad]",
    );
    named(
        kept.check(&["--public-key", &kept.copied.word("no.pem")]),
        "error[file-unreadable]: there is no such file",
    );
    // The envelope of the bundle is over its manifest too: it does not fit the evidence alone.
    let envelope = format!("{}.dsse.json", kept.evidence);
    let own = fs::read(&envelope).unwrap();
    fs::copy(kept.copied.at("bundle/evidence.dsse.json"), &envelope).unwrap();
    named(kept.check(&["--public-key", &key]), "subject[0]");
    fs::write(&envelope, own).unwrap();
    // Changes that the document alone does not show.
    tampered(&kept, |evidence| {
        evidence["claims"][0]["title"] = json!("All is well")
    });
    named(
        kept.check(&["--public-key", &key]),
        "predicate.claims[0].title",
    );
    named(kept.check(&[]), "predicate.claims[0].title");
    // A bundle with another list of contents, all of it true to itself.
    let manifest = kept.copied.at("bundle/manifest.json");
    let list = fs::read_to_string(&manifest).unwrap();
    fs::write(
        &manifest,
        list.replace("\"log_format\": null", "\"log_format\": \"${srcaddr}\""),
    )
    .unwrap();
    named(
        check(&bundle, &["--public-key", &key]),
        "subject[0].digest.sha256",
    );
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_is_warned_about_and_never_shown() {
    let (kept, _) = signed();
    let key = kept.copied.at("key.pem");
    fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let sign = |key: &Path| {
        kept.copied.verify(&[
            "--evidence",
            &kept.copied.word("e.json"),
            "--sign",
            word(key),
        ])
    };
    let ran = sign(&key);
    assert_eq!(ran.code, 1);
    assert!(
        ran.stderr.contains("warning[key-readable]") && ran.stderr.contains("mode 644"),
        "{}",
        ran.stderr
    );
    for text in [
        PUBLIC.to_owned(),
        PRIVATE.replace("MC4C", "MC4D"),
        "secret".to_owned(),
    ] {
        fs::write(&key, &text).unwrap();
        let ran = sign(&key);
        // Before anything is read: no report either.
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
        assert!(ran.stderr.contains("error[key-bad]"), "{}", ran.stderr);
        for line in text.lines().filter(|line| !line.starts_with("--")) {
            assert!(!ran.stderr.contains(line), "{}", ran.stderr);
        }
    }
}

/// A second opinion: OpenSSL makes the keys and checks the signature.
#[test]
fn openssl_says_the_same() {
    let (kept, _) = signed();
    let at = |name: &str| kept.copied.word(name);
    let openssl = |args: &[&str]| Command::new("openssl").args(args).output();
    let made = openssl(&["genpkey", "-algorithm", "ed25519", "-out", &at("mine.pem")]);
    if !made.is_ok_and(|made| made.status.success()) {
        assert!(std::env::var_os("CI").is_none(), "OpenSSL must be there");
        return;
    }
    assert!(
        openssl(&[
            "pkey",
            "-in",
            &at("mine.pem"),
            "-pubout",
            "-out",
            &at("mine.pub.pem")
        ])
        .unwrap()
        .status
        .success()
    );
    let ran = kept.copied.verify(&[
        "--evidence",
        &at("mine.json"),
        "--sign",
        &at("mine.pem"),
        "--quiet",
    ]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let ran = check(&at("mine.json"), &["--public-key", &at("mine.pub.pem")]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let envelope: Value =
        serde_json::from_slice(&fs::read(at("mine.json.dsse.json")).unwrap()).unwrap();
    let decoded = |text: &Value, name: &str| {
        fs::write(at("base64"), text.as_str().unwrap()).unwrap();
        let args = [
            "base64",
            "-d",
            "-A",
            "-in",
            &at("base64"),
            "-out",
            &at(name),
        ];
        assert!(openssl(&args).unwrap().status.success());
        fs::read(at(name)).unwrap()
    };
    let payload = decoded(&envelope["payload"], "payload");
    decoded(&envelope["signatures"][0]["sig"], "sig");
    let kind = envelope["payloadType"].as_str().unwrap();
    let head = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len());
    fs::write(at("pae"), [head.as_bytes(), &payload].concat()).unwrap();
    let verified = openssl(&[
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        &at("mine.pub.pem"),
        "-rawin",
        "-in",
        &at("pae"),
        "-sigfile",
        &at("sig"),
    ])
    .unwrap();
    assert!(verified.status.success(), "{verified:?}");
    // And what was signed is an in-toto statement about just these files.
    let statement: Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(statement["predicateType"], "urn:flowproof:evidence:v1");
    let evidence: Value = serde_json::from_slice(&fs::read(at("mine.json")).unwrap()).unwrap();
    assert_eq!(statement["predicate"], evidence);
    let subjects = statement["subject"].as_array().unwrap();
    assert_eq!(
        subjects.len(),
        evidence["inputs"].as_array().unwrap().len() + 3
    );
    for (subject, input) in subjects.iter().zip(evidence["inputs"].as_array().unwrap()) {
        assert_eq!(
            (&subject["name"], &subject["digest"]["sha256"]),
            (&input["uri"], &input["sha256"])
        );
    }
}
