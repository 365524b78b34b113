//! URLs, after the WHATWG URL standard.

use ::url::{Host, ParseError, Position, Url};

use super::{LONGEST_URL, Reason, address, bounded, defang::refang, domain, visible};

/// Reads a URL with a host. `host/path` without a scheme, as many lists have it, is taken as http.
///
/// Canonical are: the host as this crate writes hosts, no default port, no dot segments, no
/// fragment, percent-encoding in upper case and only where it is needed (RFC 3986, section 6.2.2).
/// User information stays: it is part of what a victim was shown.
pub(super) fn parse(text: &str) -> Result<Box<str>, Reason> {
    if is_plain(text) {
        return Ok(text.into());
    }
    bounded(text, 2 * LONGEST_URL)?;
    let refanged = refang(text);
    parse_refanged(visible(&refanged)?)
}

pub(super) fn parse_refanged(text: &str) -> Result<Box<str>, Reason> {
    let mut canonical = if has_scheme(text) { once(text)? } else { once(&with_scheme(text)?)? };
    // Drive letters make `file` URLs that are read differently once more of them is decoded.
    if canonical.starts_with("file:") {
        let again = once(&canonical)?;
        if again != canonical {
            canonical = once(&again)?;
            if again != canonical {
                return Err("is a file URL without a single reading".into());
            }
        }
    }
    if canonical.len() > LONGEST_URL {
        return Err("is longer than 8192 bytes".into());
    }
    // What would be read in another way the next time is no canonical form: a slash too many may have kept
    // a bracket from being taken for a mark.
    if refang(&canonical) != canonical {
        return Err("holds a bracket that may be a mark of defanging; write the URL plainly".into());
    }
    Ok(canonical.into())
}

/// True for what is canonical at first sight, as most URLs of most lists are.
pub(super) fn is_plain(text: &str) -> bool {
    let (rest, default_port) = match (text.strip_prefix("http://"), text.strip_prefix("https://")) {
        (Some(rest), _) => (rest, "80"),
        (_, Some(rest)) => (rest, "443"),
        _ => return false,
    };
    let Some((authority, path)) = rest.find('/').and_then(|slash| rest.split_at_checked(slash)) else {
        return false;
    };
    let host = match authority.split_once(':') {
        Some((_, port)) if port == default_port || port.starts_with('0') || !domain::is_port(port) => {
            return false;
        }
        Some((host, _)) => host,
        None => authority,
    };
    let as_it_is = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'/' | b'.' | b'-' | b'_' | b'~' | b'=' | b'&' | b'?' | b'+' | b':' | b'@')
    };
    // A path with `/.` may have dot segments; a path is cheaper to scan for it than to split.
    text.len() <= LONGEST_URL
        && path.bytes().all(as_it_is)
        && !path.as_bytes().windows(2).any(|pair| pair == b"/.")
        && (domain::is_canonical(host) || host.parse::<std::net::Ipv4Addr>().is_ok())
}

/// Whether the text begins with a scheme (RFC 3986, section 3.1) and `://`.
pub(super) fn has_scheme(text: &str) -> bool {
    let scheme = text.find("://").and_then(|end| text.get(..end)).unwrap_or_default();
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

fn once(text: &str) -> Result<String, Reason> {
    let mut url = match Url::parse(text) {
        Ok(url) => url,
        Err(ParseError::IdnaError) => return with_odd_labels(text),
        Err(error) => return Err(format!("is not a URL: {error}").into()),
    };
    canonical_host(&mut url)?;
    Ok(written(&url, &url[..Position::BeforePath]))
}

/// What stands before the path, and path and query in canonical form.
fn written(url: &Url, before_path: &str) -> String {
    let rest = &url[Position::BeforePath..Position::AfterQuery];
    let mut canonical = String::with_capacity(before_path.len() + rest.len());
    canonical.push_str(before_path);
    normalise_percent(rest, &mut canonical);
    canonical
}

/// A URL whose host has A-labels that UTS 46 refuses, as names do that somebody uses all the same
/// (see [`domain::to_ascii`]): read with another host in the place of its own.
fn with_odd_labels(text: &str) -> Result<String, Reason> {
    const STAND_IN: &str = "stand-in.invalid";
    const REFUSED: &str = "is not a URL: its host is not a valid internationalised domain name (UTS 46)";
    let start = text.find("://").ok_or(REFUSED)? + 3;
    let authority =
        text.get(start..).and_then(|rest| rest.split(['/', '\\', '?', '#']).next()).ok_or(REFUSED)?;
    let host = authority.rsplit('@').next().and_then(|host| host.split(':').next()).ok_or(REFUSED)?;
    let host_start = start + authority.rfind('@').map_or(0, |at| at + 1);
    if !host.is_ascii() {
        return Err(REFUSED.into());
    }
    let name = domain::to_name(host)?;
    let after_host = text.get(host_start + host.len()..).ok_or(REFUSED)?;
    let standing_in = format!("{}{STAND_IN}{after_host}", text.get(..host_start).ok_or(REFUSED)?);
    let url = Url::parse(&standing_in).map_err(|error| format!("is not a URL: {error}"))?;
    let before =
        format!("{}{name}{}", &url[..Position::BeforeHost], &url[Position::AfterHost..Position::BeforePath]);
    Ok(written(&url, &before))
}

/// `1.2.3.4/x`, `evil.example:8080/x` and `evil.example?x`, with the scheme that was left out.
fn with_scheme(text: &str) -> Result<String, Reason> {
    const NONE: &str = "is not a URL: it has no scheme";
    let end = text.find(['/', '?']).ok_or(NONE)?;
    let host = &text[..end];
    if address::parse_address(host).is_err() {
        domain::to_name(domain::without_port(host)).map_err(|_| NONE)?;
    }
    Ok(format!("http://{text}"))
}

fn canonical_host(url: &mut Url) -> Result<(), Reason> {
    const REFUSED: &str = "is not a URL: its host cannot be written in canonical form";
    match url.host() {
        None | Some(Host::Domain("")) => Err("is a URL without a host".into()),
        Some(Host::Ipv4(_)) => Ok(()),
        Some(Host::Ipv6(ip)) => match ip.to_ipv4_mapped() {
            Some(ip) => url.set_ip_host(ip.into()).map_err(|()| REFUSED.into()),
            None => Ok(()),
        },
        Some(Host::Domain(host)) => {
            // Schemes that the standard does not know keep their hosts as written.
            if let Ok(ip) = host.parse::<std::net::Ipv4Addr>() {
                let ip = ip.to_string();
                return url.set_host(Some(&ip)).map_err(|_| REFUSED.into());
            }
            let name = domain::without_root(domain::to_ascii(host)?);
            domain::check(&name)?;
            if name == host {
                return Ok(());
            }
            let name = name.into_owned();
            url.set_host(Some(&name)).map_err(|_| REFUSED.into())
        }
    }
}

/// Writes percent-encoding in upper case and decodes what needs none (RFC 3986, section 2.3).
///
/// A stray `%` stays as it is, and what follows it is not decoded where that would make an escape
/// that was none: `%%341` must not become `%41`.
fn normalise_percent(text: &str, out: &mut String) {
    let mut stray: Option<usize> = None;
    let mut rest = text;
    while let Some(start) = rest.find('%') {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        let Some(byte) = escaped(from) else {
            stray = Some(out.len());
            out.push('%');
            rest = &from[1..];
            continue;
        };
        rest = &from[3..];
        let joins = stray.is_some_and(|stray| {
            let since = out.get(stray + 1..).unwrap_or_default();
            since.len() < 2 && since.bytes().all(|byte| byte.is_ascii_hexdigit())
        });
        let joins = joins && byte.is_ascii_hexdigit();
        if !joins && (byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')) {
            out.push(char::from(byte));
        } else {
            out.extend(from[..3].chars().map(|c| c.to_ascii_uppercase()));
        }
    }
    out.push_str(rest);
}

/// The byte that a text beginning with an escape stands for there.
fn escaped(text: &str) -> Option<u8> {
    let digits = text.get(1..3)?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u8::from_str_radix(digits, 16).ok())?
}

/// The host of a URL in canonical form.
pub(super) fn host(canonical: &str) -> Option<&str> {
    let (_scheme, rest) = canonical.split_once("://")?;
    let authority = rest.split(['/', '?']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_user, host)| host);
    match host.strip_prefix('[') {
        Some(bracketed) => bracketed.split_once(']').map(|(host, _port)| host),
        None => host.split(':').next(),
    }
}

#[cfg(test)]
mod tests {
    use super::{is_plain, once};

    #[test]
    fn what_is_canonical_at_first_sight_is_canonical() {
        for (url, plain) in [
            ("http://evil.example/", true),
            ("https://www.evil.example/a/b.php?c=d../e&f=@:+~", true),
            ("http://evil.example:8080/x", true),
            ("http://192.0.2.1:8080/bins/x.sh", true),
            ("https://xn--zz9999999999.example:80/", true),
            ("http://evil.example", false),
            ("http://evil.example/a/../b", false),
            ("http://evil.example/?a=/../b", false),
            ("http://evil.example/.git", false),
            ("http://evil.example:80/", false),
            ("https://evil.example:443/", false),
            ("http://evil.example:08080/", false),
            ("http://evil.example:/", false),
            ("http://evil.example:65536/", false),
            ("http://a@evil.example/", false),
            ("http://Evil.example/", false),
            ("http://evil.example./", false),
            ("http://evil.123/", false),
            ("http://192.0.2.01/", false),
            ("http://evil.example/%7e", false),
            ("http://evil.example/#f", false),
            ("ftp://evil.example/", false),
        ] {
            assert_eq!(is_plain(url), plain, "{url}");
            if plain {
                assert_eq!(once(url).as_deref(), Ok(url));
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn it_is_for_random_urls_too(url in "https?://([a-z0-9_-]{1,3}[.]){1,3}[a-z0-9]{1,3}(:[0-9]{1,5})?/[a-z./?:@&=+~_-]{0,12}") {
            if is_plain(&url) {
                proptest::prop_assert_eq!(once(&url), Ok(url));
            }
        }
    }
}
