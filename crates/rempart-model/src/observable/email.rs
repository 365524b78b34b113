//! E-mail addresses.

use super::{Reason, bounded, defang, domain, visible};

/// The most bytes of an address in a mail transaction (RFC 5321, section 4.5.3.1.3, less `<>`).
const LONGEST_ADDRESS: usize = 254;

/// Reads `a@b.example`, `<a@b.example>`, `A <a@b.example>` and `mailto:a@b.example`.
///
/// The whole is brought into lower case. A server may tell `A@` from `a@` (RFC 5321, section
/// 2.4), but hardly any does, and those who write indicators down do not keep case.
pub(super) fn parse(text: &str) -> Result<Box<str>, Reason> {
    bounded(text, super::LONGEST_VALUE)?;
    let refanged = defang::refang(text);
    parse_refanged(visible(&refanged)?)
}

pub(super) fn parse_refanged(text: &str) -> Result<Box<str>, Reason> {
    let inside = match text.rsplit_once('<') {
        Some((_name, address)) => address.split_once('>').map_or(address, |(address, _)| address),
        None => text,
    };
    let address = match inside.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("mailto:")) {
        Some(_) => {
            let address = inside.get(7..).unwrap_or_default();
            address.split_once('?').map_or(address, |(address, _headers)| address)
        }
        None => inside,
    };
    let address = defang::trim_prose(address);
    let (local, host) = address.rsplit_once('@').ok_or("is not an e-mail address: it has no @")?;
    if local.is_empty() {
        return Err("has nothing before the @".into());
    }
    if let Some(c) = local.chars().find(|&c| !is_local(c)) {
        return Err(format!("has the character {c:?} before the @").into());
    }
    let host = domain::to_name(host)?;
    let address = format!("{}@{host}", local.to_lowercase());
    if address.len() > LONGEST_ADDRESS {
        return Err("is longer than the 254 bytes that an e-mail address has at most".into());
    }
    // What would be read in another way the next time is no canonical form: a bracket that stood beside a
    // name in front of the address may look like a mark of its own once that name is gone.
    if defang::refang(&address) != address {
        return Err("holds a bracket that may be a mark of defanging; write the address plainly".into());
    }
    Ok(address.into())
}

/// `atext` and the dot (RFC 5322, section 3.2.3), and what RFC 6532 adds to it.
fn is_local(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c)
    } else {
        !c.is_whitespace() && !c.is_control()
    }
}
