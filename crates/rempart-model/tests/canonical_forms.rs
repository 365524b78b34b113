//! What texts become: the canonical form of every kind, and what is refused.

#![allow(clippy::expect_used, reason = "a test may stop at what it did not expect")]

use rempart_model::observable::refang;
use rempart_model::{Kind, Observable};

/// Texts of one kind, and their canonical form.
fn check(kind: &Kind, table: &[(&str, &str)]) {
    for (text, canonical) in table {
        let parsed = Observable::parse(kind, text);
        assert_eq!(parsed.as_ref().map(Observable::value), Ok(*canonical), "{text:?}");
        let observable = parsed.expect(text);
        let again = Observable::parse(observable.kind(), observable.value());
        assert_eq!(again.as_ref(), Ok(&observable), "{text:?} a second time");
    }
}

/// Texts that are not of a kind, and a word of the reason.
fn refuse(kind: &Kind, table: &[(&str, &str)]) {
    for (text, reason) in table {
        let error = Observable::parse(kind, text).expect_err(text);
        assert!(error.reason.contains(reason), "{text:?} {error}");
    }
}

#[test]
fn domains() {
    check(
        &Kind::Domain,
        &[
            ("evil.example", "evil.example"),
            (" Evil.EXAMPLE. ", "evil.example"),
            ("evil[.]example", "evil.example"),
            ("evil\\[.\\]example", "evil.example"),
            ("www(dot)evil[dot]example", "www.evil.example"),
            ("evil dot example", "evil.example"),
            ("evil [.] example", "evil.example"),
            ("www . evil (dot) example.", "www.evil.example"),
            ("\"evil[.example\",", "evil.example"),
            ("*.evil.example", "evil.example"),
            (".evil.example", "evil.example"),
            ("evil.example:8080", "evil.example"),
            ("_dmarc.evil.example", "_dmarc.evil.example"),
            ("r3---sn-x.evil.example", "r3---sn-x.evil.example"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("BÜCHER．example", "xn--bcher-kva.example"),
            ("faß.example", "xn--fa-hia.example"),
            ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
            ("Xn--zz9999999999.example", "xn--zz9999999999.example"),
            ("evil\u{200b}.ex\u{ad}ample", "evil.example"),
            ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
        ],
    );
    refuse(
        &Kind::Domain,
        &[
            ("", "empty"),
            ("localhost", "single label"),
            ("evil..example", "empty label"),
            ("..evil.example", "empty label"),
            ("192.0.2.1", "IP address"),
            ("１９２.0.2.1", "number"),
            ("evil.123", "number"),
            ("evil.0x1f", "number"),
            ("evil.example/x", "URL"),
            ("a@evil.example", "e-mail"),
            ("ev il.example", "' '"),
            ("evil.example\u{0}", "U+0000"),
            ("a\u{300}\u{338}xn--.xn--zz9999999999.b\u{fc}.example", "UTS 46"),
        ],
    );
    let long = format!("{}.example", "a".repeat(64));
    refuse(&Kind::Domain, &[(&long, "63")]);
    let long = format!("{}example", "abcdefghi.".repeat(25));
    refuse(&Kind::Domain, &[(&long, "253")]);
}

#[test]
fn wildcards_are_seen() {
    let parse = rempart_model::observable::domain::parse;
    for (text, wildcard) in [("*.evil.example", true), (".evil.example", true), ("evil.example", false)] {
        let name = parse(text).expect(text);
        assert_eq!((&*name.name, name.wildcard), ("evil.example", wildcard), "{text:?}");
    }
}

#[test]
fn addresses() {
    check(
        &Kind::Ipv4,
        &[
            ("192.0.2.1", "192.0.2.1"),
            ("192[.]0[.]2[.]1", "192.0.2.1"),
            ("192.0.2.1:8080", "192.0.2.1"),
            ("192.0.2.1.", "192.0.2.1"),
            ("[192.0.2.1]:53", "192.0.2.1"),
            ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
            ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
            ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
            ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("fe80::1%eth0", "fe80::1"),
            ("2001:db8::", "2001:db8::"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("::FFFF:c000:201", "192.0.2.1"),
            ("192.0.2.77/24", "192.0.2.0/24"),
            ("192.0.2.77/255.255.255.0", "192.0.2.0/24"),
            ("192.0.2.77/32", "192.0.2.77"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("2001:db8::1/32", "2001:db8::/32"),
            ("2001:db8::1/128", "2001:db8::1"),
            ("::ffff:192.0.2.1/120", "192.0.2.0/24"),
            ("::ffff:192.0.2.1/96", "0.0.0.0/0"),
            ("::ffff:192.0.2.1/95", "::fffe:0:0/95"),
            ("::/0", "::/0"),
        ],
    );
    refuse(
        &Kind::Ipv4,
        &[
            ("192.0.02.1", "ambiguous"),
            ("192.0.2.256", "255"),
            ("192.0.2", "not an IP"),
            ("192.0.2.1/33", "32"),
            ("192.0.2.1/", "prefix length"),
            ("192.0.2.1/+8", "prefix length"),
            ("192.0.2.1/255.0.255.0", "holes"),
            ("2001:db8::/129", "128"),
            ("2001:db8::/255.255.0.0", "IPv4 mask"),
            ("2001:db8:::1", "IPv6"),
            ("[2001:db8::1]x", "brackets"),
            ("evil.example", "not an IP"),
        ],
    );
}

#[test]
fn urls() {
    check(
        &Kind::Url,
        &[
            ("http://evil.example", "http://evil.example/"),
            ("hxxp://evil[.]example/x", "http://evil.example/x"),
            ("hXXps[:]//evil[.]example[/]x[.]exe,", "https://evil.example/x.exe"),
            ("h**p://evil.example/", "http://evil.example/"),
            ("meow://evil.example/", "http://evil.example/"),
            ("fxp://evil.example/", "ftp://evil.example/"),
            ("HTTP://EVIL.Example.:80/A/../b/./c?Q=1#f", "http://evil.example/b/c?Q=1"),
            ("https://evil.example:443/", "https://evil.example/"),
            ("https://evil.example:8443/", "https://evil.example:8443/"),
            ("http://BÜCHER.example/ü", "http://xn--bcher-kva.example/%C3%BC"),
            ("http://evil.example/%7euser/%2fx%3a", "http://evil.example/~user/%2Fx%3A"),
            ("http://evil.example/%%341", "http://evil.example/%%341"),
            ("http://evil.example/a[at]b,", "http://evil.example/a[at]b,"),
            ("<http://evil.example/x>", "http://evil.example/x"),
            ("http://user:pw@evil.example/", "http://user:pw@evil.example/"),
            ("http://0x7f.1/", "http://127.0.0.1/"),
            ("http://[::ffff:192.0.2.1]:8080/x", "http://192.0.2.1:8080/x"),
            ("tcp://EVIL.example:4444", "tcp://evil.example:4444"),
            ("192.0.2.1/bins/x", "http://192.0.2.1/bins/x"),
            ("192.0.2.1:8080/bins/x", "http://192.0.2.1:8080/bins/x"),
            ("[2001:db8::1]/x", "http://[2001:db8::1]/x"),
            ("evil[.]example?x=1", "http://evil.example/?x=1"),
            ("http://intranet/x", "http://intranet/x"),
            ("evil.example/x/http://benign.example", "http://evil.example/x/http://benign.example"),
            ("http://u@XN--zz9999999999.example:80/%7e", "http://u@xn--zz9999999999.example/~"),
            ("http://evil.example/\u{83}", "http://evil.example/%C2%83"),
        ],
    );
    refuse(
        &Kind::Url,
        &[
            ("evil.example", "no scheme"),
            ("and/or", "no scheme"),
            ("http://", "URL"),
            ("http://evil..example/", "empty label"),
            ("http://ev(il.example/", "'('"),
            ("http://192.0.2.256/", "URL"),
            ("file:///etc/passwd", "host"),
            ("http://evil.example/\u{7}", "U+0007"),
        ],
    );
    let long = format!("http://evil.example/{}", "a".repeat(8192));
    refuse(&Kind::Url, &[(&long, "8192")]);
}

#[test]
fn other_kinds() {
    check(
        &Kind::Email,
        &[
            ("A.B@Evil.Example", "a.b@evil.example"),
            ("a[@]evil[.]example", "a@evil.example"),
            ("a(at)evil(dot)example", "a@evil.example"),
            ("a at evil dot example", "a@evil.example"),
            ("<a@evil.example>", "a@evil.example"),
            ("Ann <a@evil.example>", "a@evil.example"),
            ("mailto:a@evil.example?subject=x", "a@evil.example"),
            ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ],
    );
    refuse(&Kind::Email, &[("evil.example", "@"), ("@evil.example", "before"), ("a b@evil.example", "' '")]);
    check(
        &Kind::Asn,
        &[("AS64496", "AS64496"), ("as 64496", "AS64496"), ("64496", "AS64496"), ("AS1.10", "AS65546")],
    );
    refuse(&Kind::Asn, &[("AS4294967296", "32 bits"), ("AS", "AS number"), ("+1", "AS number")]);
    check(
        &Kind::Cve,
        &[
            ("cve-2024-1234", "CVE-2024-1234"),
            ("CVE–2024‑12345", "CVE-2024-12345"),
            ("ＣＶＥ－２０２４－０００１", "CVE-2024-0001"),
        ],
    );
    refuse(&Kind::Cve, &[("CVE-2024-123", "four"), ("CVE-1998-1234", "1999"), ("CVE-2024-1234-5", "CVE-")]);
    check(&Kind::Md5, &[("D41D8CD98F00B204E9800998ECF8427E", "d41d8cd98f00b204e9800998ecf8427e")]);
    refuse(&Kind::Sha1, &[("d41d8cd98f00b204e9800998ecf8427e", "md5"), ("xyz", "hexadecimal")]);
    check(&Kind::Other("mutex".into()), &[("  Global\\[.]X ", "Global\\[.]X")]);
    refuse(
        &Kind::Other("mutex".into()),
        &[(" ", "empty"), ("a\u{0}b", "U+0000"), ("a\u{83}b", "U+0083"), (&"a".repeat(4097), "4096")],
    );
}

#[test]
fn known_kinds_by_another_name_are_themselves() {
    let observable = Observable::parse(&Kind::Other("domain".into()), "Evil.Example").expect("a domain");
    assert_eq!((observable.kind(), observable.value()), (&Kind::Domain, "evil.example"));
}

#[test]
fn guesses() {
    for (text, kind, value) in [
        ("192.0.2.0/24", Kind::Cidr, "192.0.2.0/24"),
        ("192.0.2.1:80", Kind::Ipv4, "192.0.2.1"),
        ("192[.]0.2.1", Kind::Ipv4, "192.0.2.1"),
        ("2001:db8::1", Kind::Ipv6, "2001:db8::1"),
        ("192.0.2.1/bins/x", Kind::Url, "http://192.0.2.1/bins/x"),
        ("evil.example/a@b", Kind::Url, "http://evil.example/a@b"),
        ("hxxp://a@evil.example", Kind::Url, "http://a@evil.example/"),
        ("a@evil.example", Kind::Email, "a@evil.example"),
        ("cve-2024-1234", Kind::Cve, "CVE-2024-1234"),
        ("AS64496", Kind::Asn, "AS64496"),
        ("evil[.]example", Kind::Domain, "evil.example"),
        ("evil.example:443", Kind::Domain, "evil.example"),
        ("D41D8CD98F00B204E9800998ECF8427E", Kind::Md5, "d41d8cd98f00b204e9800998ecf8427e"),
        (&"A".repeat(56), Kind::Other("sha224".into()), &"a".repeat(56)),
        (&"A".repeat(128), Kind::Sha512, &"a".repeat(128)),
    ] {
        assert_eq!(Observable::guess(text), Ok(Observable::from_canonical(kind, value)), "{text:?}");
    }
    for text in ["", "64496", "word", "1.2.3", "1.2.3.4/99", "1.0.0-beta", "192.0.02.1", "a.b.c1", "and/or"] {
        assert!(Observable::guess(text).is_err(), "{text:?}");
    }
}

#[test]
fn a_guess_that_fails_says_what_is_wrong_with_what_was_meant() {
    for (text, reason) in [
        ("192.0.02.1", "ambiguous"),
        ("192.0.2.256", "255"),
        ("192.0.2.1/99", "32"),
        ("192.0.2.1/255.0.0.255", "holes"),
        ("a@localhost", "single label"),
        ("http://evil..example/", "empty label"),
        ("evil example", "' '"),
        ("update.7z", "say what kind"),
    ] {
        let error = Observable::guess(text).expect_err(text);
        assert!(error.reason.contains(reason), "{text:?} {error}");
    }
}

/// A slash in a mark of whatever brackets belongs to the scheme's end, not to a path.
#[test]
fn slashes_are_refanged_in_all_brackets() {
    for text in ["hxxps[:](//)evil[.]example", "hxxps:{//}evil(.)example", "hxxps(:)(/)(/)evil{.}example"] {
        assert_eq!(refang(text), "https://evil.example", "{text:?}");
    }
    let text = "h@XXps[:](//]:h at ]w{[x";
    let once = refang(text);
    assert_eq!(refang(&once), once, "refanged again, {text:?} is something else");
}

/// Long texts of what is undone, trimmed or decoded.
#[test]
fn hostile_texts_are_read_or_refused_within_bounds() {
    for piece in [
        "[", "]", "\\", "[.", "\\]", "(dot)", "[[", " dot ", "\"", "<", "%", "%4", "%41", "../", "/.", ":",
        "::", "0.", "xn--", "\u{200d}", "\u{fc}", "\u{130}", "@", "://", "[:]", "a.", "1", "-", "?",
    ] {
        for start in ["", "http://evil.example/", "hxxp://", "a@", "xn--", "CVE-2024-", "AS"] {
            let text = format!("{start}{}", piece.repeat(16_000 / piece.len()));
            assert!(refang(&text).len() <= text.len());
            for length in [4000, 16_000] {
                let text: String = text.chars().take(length).collect();
                for kind in
                    [Kind::Domain, Kind::Url, Kind::Cidr, Kind::Email, Kind::Cve, Kind::Asn, Kind::Md5]
                {
                    if let Ok(observable) = Observable::parse(&kind, &text) {
                        assert!(observable.value().len() <= rempart_model::observable::LONGEST_URL);
                    }
                }
                let guess = Observable::guess(&text);
                assert!(guess.is_err() || guess.is_ok_and(|guess| guess.value().len() <= 8192));
            }
        }
    }
}

#[test]
fn hosts() {
    for (text, host) in [
        ("http://u@evil.example:81/x?y", Some("evil.example")),
        ("http://[2001:db8::1]:81/x", Some("2001:db8::1")),
        ("http://192.0.2.1/a@b", Some("192.0.2.1")),
        ("a@evil.example", Some("evil.example")),
        ("192.0.2.1", Some("192.0.2.1")),
        ("192.0.2.0/24", None),
        ("AS64496", None),
    ] {
        assert_eq!(Observable::guess(text).expect(text).host(), host, "{text:?}");
    }
}
