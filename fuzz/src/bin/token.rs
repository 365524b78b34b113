//! Tokens for the next page: any text as one, and any content under the seal.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rempart_service::share::token::{open, seal};
use rempart_store::Secrets;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

static SECRETS: LazyLock<Secrets> =
    LazyLock::new(|| Secrets { lookup: [1; 32], mint: [2; 32], token: [3; 32] });

fuzz_target!(|text: &str| {
    assert_eq!(open(&SECRETS, text), None, "nobody seals a token but the holder of the key");
    let Some(cursor) = open(&SECRETS, &sealed(text)) else { return };
    let token = seal(&SECRETS, &cursor).expect("a cursor is sealed");
    assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')));
    assert_eq!(open(&SECRETS, &token), Some(cursor), "a token opens to what was sealed");
});

/// A token whose content is `text`: what another version of the program may have sealed.
fn sealed(text: &str) -> String {
    let key =
        UnboundKey::new(&AES_256_GCM, &SECRETS.token).map(LessSafeKey::new).expect("32 bytes are a key");
    let mut bytes = text.as_bytes().to_vec();
    let nonce = Nonce::assume_unique_for_key([0; NONCE_LEN]);
    key.seal_in_place_append_tag(nonce, Aad::empty(), &mut bytes).expect("a short text is sealed");
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut token = "A".repeat(NONCE_LEN * 8 / 6);
    for chunk in bytes.chunks(3) {
        let group = (0..3).fold(0u32, |group, i| group << 8 | u32::from(*chunk.get(i).unwrap_or(&0)));
        for i in 0..=chunk.len() {
            token.push(char::from(ALPHABET[(group >> (18 - 6 * i) & 63) as usize]));
        }
    }
    token
}
