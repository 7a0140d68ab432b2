use super::*;

/// RFC 8032, 7.1, test 1: the secret 9d61…7f60, as OpenSSL writes it.
const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
const OTHER: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIEzNCJsolvdb9yWcBbR6nVmBNTKEaX7KiAl7Bk6hSZ6r\n-----END PRIVATE KEY-----\n";

fn key(pem: &str) -> PrivateKey {
    PrivateKey::from_pem("key.pem", pem).unwrap_or_else(|problem| panic!("{problem}"))
}

#[test]
fn pae_is_that_of_the_specification() {
    assert_eq!(
        pae("http://example.com/HelloWorld", b"hello world"),
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    );
}

#[test]
fn a_signature_is_good_for_its_key_and_its_payload() {
    let envelope = sign(b"{}", &key(PRIVATE)).unwrap();
    let public = key(PRIVATE).public();
    let opened = open("e", &envelope, Some(&public)).unwrap();
    assert_eq!(opened.payload, b"{}");
    assert_eq!(opened.keyids, [public.id()]);
    // The id is SHA-256 of the public key d75a…511a.
    assert_eq!(
        public.id(),
        "21fe31dfa154a261626bf854046fd2271b7bed4b6abe45aa58877ef47f9721b9"
    );
    let other = open("e", &envelope, Some(&key(OTHER).public())).unwrap_err();
    assert_eq!(other.code, "signature-bad");
    assert!(
        other.message.contains("no signature is of this key"),
        "{other}"
    );
}

#[test]
fn whatever_byte_is_changed_it_is_found() {
    let envelope = sign(b"{\"a\": 1}", &key(PRIVATE)).unwrap();
    let public = key(PRIVATE).public();
    for index in 0..envelope.len() {
        for bit in 0..8 {
            let mut other = envelope.clone();
            other[index] ^= 1 << bit;
            let opened = open("e", &other, Some(&public));
            assert!(opened.is_err(), "byte {index}, bit {bit}");
        }
    }
    for changed in [
        envelope[..envelope.len() - 1].to_vec(),
        [&envelope[..], b"\n"].concat(),
        [b" ", &envelope[..]].concat(),
    ] {
        assert!(open("e", &changed, Some(&public)).is_err());
    }
}

#[test]
fn of_several_signatures_one_must_be_of_the_key() {
    let parse =
        |pem| -> Envelope { serde_json::from_slice(&sign(b"{}", &key(pem)).unwrap()).unwrap() };
    let (mut both, other) = (parse(OTHER), parse(PRIVATE));
    both.signatures.extend(other.signatures);
    // As another tool may write it: without blanks, and with key ids of its own.
    both.signatures[1].keyid = None;
    let bytes = serde_json::to_vec(&both).unwrap();
    for pem in [PRIVATE, OTHER] {
        let opened = open("e", &bytes, Some(&key(pem).public())).unwrap();
        assert_eq!(opened.signatures, 2);
    }
    // One that says that it is of the key, and is not, was put there by somebody.
    let mut forged: Envelope = serde_json::from_slice(&bytes).unwrap();
    forged.signatures[0].keyid = Some(key(PRIVATE).public().id());
    let forged = serde_json::to_vec(&forged).unwrap();
    let said = open("e", &forged, Some(&key(PRIVATE).public())).unwrap_err();
    assert_eq!(said.code, "signature-bad");
    both.payload = STANDARD.encode(b"[]");
    let bytes = serde_json::to_vec(&both).unwrap();
    assert!(open("e", &bytes, Some(&key(PRIVATE).public())).is_err());
    both.signatures.clear();
    let bytes = serde_json::to_vec(&both).unwrap();
    assert_eq!(open("e", &bytes, None).unwrap_err().code, "envelope-bad");
}

#[test]
fn keys_that_are_none_are_refused_without_a_word_of_them() {
    let secret = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
    let short = PRIVATE.replace("g\n-----END", "\n-----END");
    for pem in [
        "",
        "x",
        &short,
        &format!("-----BEGIN PRIVATE KEY-----\n{secret}\n-----END PRIVATE KEY-----"),
    ] {
        let problem = PrivateKey::from_pem("key.pem", pem)
            .map(|_| ())
            .unwrap_err();
        assert_eq!(problem.code, "key-bad");
        assert!(!problem.to_string().contains(&secret[..8]), "{problem}");
        assert!(!problem.to_string().contains("MC4CAQAw"), "{problem}");
    }
    let private = PublicKey::from_pem("key.pem", PRIVATE).unwrap_err();
    assert!(private.message.contains("private key"), "{private}");
    assert!(!private.to_string().contains("MC4CAQAw"), "{private}");
}
