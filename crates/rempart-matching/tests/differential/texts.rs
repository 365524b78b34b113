//! Texts to be read: lines of logs with listed values written in many ways, and pieces put together at random.

use proptest::prelude::*;

/// What is listed, and whether for itself alone.
pub(crate) const LISTED: &[(&str, bool)] = &[
    ("evil.example", false),
    ("deep.down.evil.example", false),
    ("only.example", true),
    ("xn--bcher-kva.example", false),
    ("xn--80ak6aa92e.example", false),
    ("a-b_c.example", false),
    ("192.0.2.4", false),
    ("203.0.113.77", false),
    ("2001:db8::7", false),
    ("198.51.100.0/24", false),
    ("198.51.100.128/25", false),
    ("2001:db8:1::/48", false),
    ("2001:db8:1:2::/64", false),
    ("http://bad.example/a/b", false),
    ("http://bad.example/a/b/c.php?x=1", false),
    ("http://bad.example/", false),
    ("https://bad.example:8443/x/", false),
    ("http://evil.example/gate.php", false),
    ("http://exact.example/a", true),
    ("http://192.0.2.9/x", false),
    ("http://[2001:db8::9]/x", false),
    ("http://xn--bcher-kva.example/b", false),
    ("mallory@post.example", false),
    ("eve@evil.example", false),
    ("d41d8cd98f00b204e9800998ecf8427e", false),
    ("da39a3ee5e6b4b0d3255bfef95601890afd80709", false),
    ("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", false),
];

/// What the scanner and its witness once differed in.
pub(crate) const BEFORE: &[&[u8]] = &[
    // The path of a URL is read as it stands, also where its host is defanged.
    b"http://bad\\.example/a/b%2Fpath",
    b"evil.example.%61u",
    b"evil.example[.]_x",
    b"evil.example[.]%C3%A4",
    // An escape beside an address takes digits of it; a colon or a dot of another writing goes on with it.
    b"%2001:db8::7",
    b"2001:db8::7[:]1",
    b"2001:db8::7%3A1",
    b"2001:db8::7:[.]1",
    b"2001:db8::7[.]",
    b"bad.example[2001:db8::9]/x",
    b"%41[2001:db8::9]/x",
    // Two dots in a row part tokens, whatever stands in them.
    "2b\u{fc}cher.example..b\u{fc}cher.example".as_bytes(),
    b"%41..evil.example",
    b"..2001:db8::7..x",
    // What is beside a mark is no part of an e-mail address.
    b"eve[.]mallory@post.example",
    b"`mallory@post[.]example`",
    // A URL ends before a sign of another script.
    "\u{201e}http://bad[.]example/a/b\u{201c} \u{2014}".as_bytes(),
    "http://bad.example/a/b\u{2026}".as_bytes(),
    b"%2Ebad.example/a/b",
];

/// A value, written in some way.
fn written(value: &str, how: &[u8]) -> String {
    let mut text = value.replace("xn--bcher-kva", "bücher");
    for how in how {
        text = match how % 24 {
            0 => text.to_uppercase(),
            1 => text.replace('.', "[.]"),
            2 => text.replacen('.', "[dot]", 1),
            3 => text.replace("http", "hxxp").replace("://", "[://]"),
            4 => format!("{text}:8080"),
            5 => format!("http://{text}/some/path?q=1"),
            6 => format!("https://user:pass@{text}/"),
            7 => text.replacen('.', "%2E", 1),
            8 => text.chars().map(|c| format!("%{:02x}", c as u32 & 0xff)).collect(),
            9 => format!("::ffff:{text}"),
            10 => format!("www.{text}"),
            11 => format!("not{text}"),
            12 => format!("{text}.au"),
            13 => format!("[{text}]"),
            14 => format!("\"{text}\""),
            15 => format!("({text})."),
            16 => text.replace("bücher", "xn--bcher-kva"),
            17 => format!("{text}."),
            18 => format!("mallory@{text}"),
            19 => text.replace('.', "\\."),
            20 => format!("{text}%2Fpath"),
            21 => text.replace('@', "[at]"),
            22 => format!("http%3A%2F%2F{text}%2Fa%2Fb"),
            _ => format!("http://{text}/a/b/c.php?x=1#f"),
        };
    }
    text
}

/// A line of some format, with a value in it.
fn line(form: u8, value: &str) -> String {
    match form % 12 {
        0 => format!("{{\"query\":\"{value}\",\"n\":1}}"),
        1 => format!("1764100000.1\tCx\t10.0.0.1\t53\t{value}\tA\t-"),
        2 => format!("GET {value} HTTP/1.1\" 200 \"Mozilla/5.0 (X11; rv:1.0)\""),
        3 => format!("<a href='{value}'>x</a>"),
        4 => format!("src={value};dst={value},x"),
        5 => format!("siehe „{value}“ — und {value}…"),
        6 => value.to_owned(),
        7 => format!("x={value}&y=2|{value}|"),
        8 => format!("key:{value}"),
        9 => format!("\\\"{value}\\\""),
        10 => format!("- [{value}]({value})"),
        _ => format!("https://safe.test/?u={value}&v=1"),
    }
}

/// Lines of logs.
pub(crate) fn log() -> impl Strategy<Value = String> {
    let value =
        prop::sample::select(LISTED).prop_map(|(value, _)| value.replace("0/24", "9").replace("::/", "::1/"));
    let noise = prop::sample::select(
        &[
            "benign.test",
            "10.1.2.3",
            "8.8.8.8:53",
            "a.b.c.d.e.f",
            "1.2.3.4.5",
            "v1.2.3",
            "100%",
            "x@y.test",
            "::",
            "12:34:56",
        ][..],
    );
    let value = prop_oneof![4 => value, 1 => noise.prop_map(str::to_owned)];
    let one = (value, prop::collection::vec(any::<u8>(), 0..3), any::<u8>());
    let one = one.prop_map(|(value, how, form)| line(form, &written(&value, &how)));
    prop::collection::vec(one, 1..4).prop_map(|lines| lines.join("\n"))
}

/// Pieces put together without any thought.
pub(crate) fn pieces() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: &[&[u8]] = &[
        b"evil",
        b"evil.example",
        b"example",
        b"only.example",
        b".",
        b".",
        b"..",
        b"-",
        b"_",
        b"a",
        b"e",
        b"2",
        b"[.]",
        b"(dot)",
        b"{.}",
        b"[.",
        b"\\.",
        b"\\[.\\]",
        b"[@]",
        b"[at]",
        b"[://]",
        b"[:]",
        b"[/]",
        b"\\/",
        b"%2E",
        b"%2e",
        b"%2F",
        b"%3A",
        b"%40",
        b"%41",
        b"%20",
        b"%25",
        b"%5B",
        b"%5D",
        b"%c3%bc",
        b"%C3",
        b"%",
        b"[",
        b"]",
        b"(",
        b")",
        b"{",
        b"}",
        b"\\",
        b"@",
        b"/",
        b"//",
        b":",
        b"::",
        b"?",
        b"#",
        b",",
        b";",
        b"|",
        b"'",
        b"*",
        b" ",
        b"\"",
        b"<",
        b"=",
        b"&",
        b"\n",
        b"http://",
        b"https://",
        b"hxxp://",
        b"bad.example",
        b"bad.example/a/b",
        b"/a/b",
        b"a/b/c.php?x=1",
        b":8443/x/",
        b":80",
        b":443/",
        b"exact.example/a",
        b"post.example",
        b"mallory@",
        b"mallory",
        b"eve@",
        b"192.0.2.4",
        b"192.0.2",
        b".4",
        b"192.0.2.9/x",
        b"198.51.100.",
        b"200",
        b"::ffff:",
        b"2001:db8::7",
        b"2001:db8:1:2::",
        b"2001:db8:1::",
        b"[2001:db8::9]/x",
        b"2001:",
        b"db8::7",
        b"d41d8cd98f00b204e9800998ecf8427e",
        b"D41D8CD98F00B204",
        b"E9800998ECF8427E",
        b"da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "bücher".as_bytes(),
        "BÜCHER".as_bytes(),
        "bücher.example".as_bytes(),
        "/b".as_bytes(),
        "ü".as_bytes(),
        "\u{201c}".as_bytes(),
        "\u{2026}".as_bytes(),
        "\u{3002}".as_bytes(),
        "\u{a0}".as_bytes(),
        "例".as_bytes(),
        "\u{ad}".as_bytes(),
        "\u{ff0e}".as_bytes(),
        b"\xff",
        b"\xc3",
        b"xn--bcher-kva",
        b"deep.down.",
    ];
    prop::collection::vec(prop::sample::select(PIECES), 1..14).prop_map(|pieces| pieces.concat())
}
