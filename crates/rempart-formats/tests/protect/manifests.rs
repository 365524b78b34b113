//! The manifest: sizes and hashes are those of the bytes, and it names the one before it.

use std::io::Write as _;

use rempart_formats::protect::manifest::{self, File, Hashing, Manifest};
use rempart_formats::protect::sign::Signer;
use rempart_formats::protect::{Format, Settings};
use ring::digest::{SHA256, digest};
use serde_json::Value;

use crate::grammar::from_base64;
use crate::sample::{self, consenting};

fn build(settings: &Settings, previous: Option<[u8; 32]>) -> (Manifest, Vec<(String, Vec<u8>)>) {
    let (mut files, mut bytes) = (Vec::new(), Vec::new());
    for format in Format::all() {
        let mut file = Vec::new();
        let mut hashing = Hashing::new(&mut file);
        let written = format.write(&sample::blocks(), settings, &mut hashing).unwrap();
        hashing.flush().unwrap();
        files.push(File::new(format, settings, &written, hashing.finish()));
        bytes.push((format.file_name(settings), file));
    }
    let list = settings.list.clone();
    (Manifest { list, serial: settings.serial, built_at: settings.built_at, previous, files }, bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn sizes_hashes_and_counts_are_those_of_the_files() {
    let settings = consenting();
    let (made, files) = build(&settings, None);
    let document: Value = serde_json::from_str(&made.to_json()).unwrap();
    assert_eq!(document["previous"], Value::Null);
    assert_eq!(document["built_at"], "2026-11-25T12:00:00.000Z");
    let listed = document["files"].as_array().unwrap();
    assert_eq!(listed.len(), Format::all().count());
    assert!(
        listed.windows(2).all(|pair| pair[0]["name"].as_str() < pair[1]["name"].as_str()),
        "names are unique"
    );
    for (name, bytes) in files {
        let entry = listed.iter().find(|entry| entry["name"] == *name).unwrap();
        let hash = hex(digest(&SHA256, &bytes).as_ref());
        assert_eq!(entry["size"], bytes.len(), "{name}");
        assert_eq!(entry["sha256"], *hash, "{name}");
        assert_eq!(entry["etag"], format!("\"{hash}\""), "{name}");
        let format = Format::from_name(entry["format"].as_str().unwrap()).unwrap();
        let written = sample::write(format, &sample::blocks(), &settings).1;
        assert_eq!(
            (&entry["entries"], &entry["left_out"]),
            (&written.entries.into(), &written.left_out.len().into())
        );
        assert!(!name.starts_with('/') && !name.contains(".."), "{name}");
    }
}

#[test]
fn it_is_the_same_again_and_names_the_one_before() {
    let settings = consenting();
    let first = build(&settings, None).0;
    assert_eq!(first.to_json(), build(&settings, None).0.to_json());
    let hash: [u8; 32] = digest(&SHA256, first.to_json().as_bytes()).as_ref().try_into().unwrap();
    assert_eq!(first.sha256(), hash);
    let second = build(&settings, Some(first.sha256())).0;
    let document: Value = serde_json::from_str(&second.to_json()).unwrap();
    assert_eq!(document["previous"], *hex(&hash));
    assert_eq!(manifest::etag(&hash), format!("\"{}\"", hex(&hash)));
    assert_ne!(second.sha256(), first.sha256());
}

#[test]
fn a_signature_has_the_form_of_minisign() {
    // The seed and the public key of RFC 8032, section 7.1, test 1.
    let seed: [u8; 32] =
        *b"\x9d\x61\xb1\x9d\xef\xfd\x5a\x60\xba\x84\x4a\xf4\x92\xec\x2c\xc4\x44\x49\xc5\x69\x7b\x32\x69\x19\x70\x3b\xac\x03\x1c\xae\x7f\x60";
    let signer = Signer::from_seed(&seed).unwrap();
    let key = from_base64(&signer.public_key());
    assert_eq!((key.len(), &key[..2]), (42, &b"Ed"[..]));
    assert_eq!(hex(&key[10..]), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    assert!(!format!("{signer:?}").contains("9d"), "the key shows");
    let signature = signer.sign(&mut &b"text"[..], "file:manifest.json").unwrap();
    let lines: Vec<&str> = signature.lines().collect();
    let [untrusted, first, trusted, second] = lines[..] else { panic!("{signature}") };
    assert!(untrusted.starts_with("untrusted comment: "));
    assert_eq!(trusted, "trusted comment: file:manifest.json");
    let bytes = from_base64(first);
    assert_eq!((bytes.len(), &bytes[..2], &bytes[2..10]), (74, &b"ED"[..], &key[2..10]));
    assert_eq!(from_base64(second).len(), 64);
    assert_eq!(signature, signer.sign(&mut &b"text"[..], "file:manifest.json").unwrap());
    for bad in ["", " ", "a\nb", "a\rb", "a\0b", "a\u{2028}b", &"a".repeat(401)] {
        assert!(signer.sign(&mut &b"text"[..], bad).is_err(), "{bad:?}");
    }
}
