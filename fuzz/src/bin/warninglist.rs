//! Warninglists as MISP publishes them: read, bundled, and looked up in.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rempart_matching::warninglists::Builder;
use rempart_model::Observable;

const VALUES: [&str; 6] =
    ["evil.example", "192.0.2.1", "2001:db8::1", "https://evil.example/x", "192.0.2.0/24", "a@evil.example"];

fuzz_target!(|data: &[u8]| {
    let _ = Builder::new().bundle(data).map(|_| ());
    let mut builder = Builder::new();
    if builder.misp_json(data, None).is_err() {
        return;
    }
    let bundle = builder.to_bundle().expect("lists can be bundled");
    let mut again = Builder::new();
    again.bundle(&bundle).expect("what was bundled can be read");
    let (lists, again) = (builder.build(), again.build());
    assert_eq!(lists.lists().len(), again.lists().len());
    for value in VALUES {
        let observable = Observable::guess(value).expect("a value of the table");
        assert_eq!(lists.hits(&observable).len(), again.hits(&observable).len());
    }
});
