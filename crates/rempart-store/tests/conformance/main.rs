//! What every adapter of the store must do. Each test is one function over `&Store`; the macro makes
//! a test of it for each adapter.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod blocks;
mod bulk;
mod changes;
mod connect;
mod intake;
mod ledger;
mod pages;
mod people;
mod world;

/// Makes a test for each adapter from functions over [`rempart_store::Store`].
macro_rules! conformance {
    ($($(#[$meta:meta])* fn $name:ident($store:ident: &Store) $body:block)*) => {
        mod sqlite {
            #![allow(unused_imports, reason = "each test uses some of it")]
            use super::*;
            $($(#[$meta])* #[test] fn $name() {
                let folder = tempfile::tempdir().unwrap();
                let store = rempart_store::Store::open_embedded(folder.path()).unwrap();
                super::$name(&store);
            })*
        }
        $($(#[$meta])* fn $name($store: &rempart_store::Store) $body)*
    };
}
pub(crate) use conformance;
