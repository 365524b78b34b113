//! Reports for people, with defanged indicators: one in Markdown, one in plain text.

use super::values::{Kind, Maker, Value};
use super::{Made, file};

/// Indicators of the Markdown report.
const MARKDOWN: usize = 60;
/// Indicators of the plain-text report.
const TEXT: usize = 30;

const KINDS: [Kind; 5] = [Kind::Domain, Kind::Domain, Kind::Url, Kind::Ipv4, Kind::Sha256];

/// A report in Markdown with a table.
pub(super) fn markdown(maker: &mut Maker) -> std::io::Result<Made> {
    let values = maker.values(MARKDOWN, &KINDS);
    let mut text = format!(
        "# Copper Heron: phishing against public administrations\n\n\
         TLP:GREEN. Synthetic sample, written on {}: nothing in this report happened.\n\n\
         ## Summary\n\n\
         Since the spring an invented actor sends mail in the name of tax offices. The pages that the \
         mails lead to ask for the password of the mailbox and pass it on at once. Who opens the \
         attachment instead gets a loader.\n\n\
         ## Indicators of compromise\n\n\
         | Indicator | Context |\n|---|---|\n",
        maker.day.to_string().get(..10).unwrap_or_default(),
    );
    for value in &values {
        text.push_str(&format!("| {} | {} |\n", defanged(value), value.threat.label));
    }
    text.push_str("\n## What to do\n\nSearch mail gateways and proxies for the last thirty days.\n");
    Ok(Made { files: file(text.into_bytes()), indicators: MARKDOWN, faults: 0 })
}

/// A note in plain text.
pub(super) fn text(maker: &mut Maker) -> std::io::Result<Made> {
    let values = maker.values(TEXT, &KINDS);
    let mut text = String::from(
        "Flash note: Winter Quarry (synthetic sample, nothing of this happened)\n\
         TLP:AMBER\n\n\
         Two operators of energy networks report connections to servers of a botnet. We assess with\n\
         moderate confidence that both were reached through the same supplier. The indicators below\n\
         were seen in logs of both.\n\n\
         Indicators of compromise:\n\n",
    );
    for value in &values {
        text.push_str(&format!("  {}\n", defanged(value)));
    }
    text.push_str("\nPlease report what you find to your national CSIRT.\n");
    Ok(Made { files: file(text.into_bytes()), indicators: TEXT, faults: 0 })
}

/// As reports write it, so that nobody opens it by accident.
fn defanged(value: &Value) -> String {
    match value.kind {
        Kind::Url => value.text.replacen("http", "hxxp", 1).replace('.', "[.]"),
        Kind::Domain | Kind::Ipv4 => value.text.replace('.', "[.]"),
        _ => value.text.clone(),
    }
}
