//! Black holes in the operator's own network (RFC 7999), where its operations centre agreed to them: files for ExaBGP and
//! GoBGP in a folder that is not served, since they name routers.

use std::path::{Path, PathBuf};

use rempart_formats::protect::rtbh::Consent;
use rempart_formats::protect::{Format, Settings as Terms, WriteError};
use rempart_model::{Block, Kind};

/// The name of the folder.
const FOLDER: &str = "routes";
/// After so many seconds the files are made again, changed or not: BGP knows no end, so they say when theirs is.
pub(super) const AGAIN: i64 = 3_600;

/// A file, and what is to stand in it; `None`: it is to go, since nothing may be announced.
pub(super) struct RouteFile {
    pub(super) path: PathBuf,
    pub(super) bytes: Option<Vec<u8>>,
}

/// What the files are to be. Where more is blocked than was agreed on, nothing is announced.
///
/// # Errors
/// Where a setting is not fit.
pub(super) fn files(
    folder: &Path,
    blocks: &[Block],
    terms: &Terms,
    consent: &Consent,
) -> Result<Vec<RouteFile>, WriteError> {
    let mut terms = terms.clone();
    terms.rtbh = Some(consent.clone());
    // Whoever is blocked for longer is announced again by the next file.
    let longest = terms.built_at.plus_seconds(consent.longest.into()).min(consent.until);
    let hosts: Vec<Block> = blocks
        .iter()
        .filter(|block| matches!(block.target.kind(), Kind::Ipv4 | Kind::Ipv6))
        .map(|block| Block { until: block.until.min(longest), ..block.clone() })
        .collect();
    let wanted = Format::all().filter(|format| match format {
        Format::ExaBgp => consent.neighbour.is_some(),
        other => other.announces(),
    });
    wanted
        .map(|format| {
            let bytes = match written(format, &hosts, &terms) {
                Err(error @ WriteError::TooManyRoutes { .. }) => {
                    tracing::error!(%error, "no route is announced");
                    written(format, &[], &terms).map(Some)
                }
                Err(error @ WriteError::NoConsent(_)) => {
                    tracing::error!(%error, "no route is announced");
                    Ok(None)
                }
                other => other.map(Some),
            }?;
            Ok(RouteFile { path: folder.join(FOLDER).join(format.file_name(&terms)), bytes })
        })
        .collect()
}

fn written(format: Format, blocks: &[Block], terms: &Terms) -> Result<Vec<u8>, WriteError> {
    let mut bytes = Vec::new();
    format.write(blocks, terms, &mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says so by failing")]

    use rempart_model::{BlockClass, BlockId, Category, Observable, Timestamp};

    use super::*;

    fn now() -> Timestamp {
        Timestamp::parse("2026-11-01T00:00:00Z").unwrap()
    }

    fn block(value: &str) -> Block {
        Block {
            id: BlockId::from_bytes([7; 10]),
            target: Observable::guess(value).unwrap(),
            class: BlockClass::Malware,
            category: Category::C2Server,
            reason: "C2, reported by 3 sources".into(),
            since: now(),
            until: now().plus_seconds(30 * 86_400),
        }
    }

    fn consent() -> Consent {
        Consent {
            noc: "the NOC of the operator".into(),
            until: now().plus_seconds(90 * 86_400),
            max_prefixes: 1,
            longest: 86_400,
            next_hop_v4: "192.0.2.1".parse().ok(),
            next_hop_v6: None,
            neighbour: None,
        }
    }

    fn text(blocks: &[Block], consent: &Consent) -> Option<String> {
        let terms = Terms::new("rempart", "CSIRT", "https://block.example/", now());
        let mut files = files(Path::new("/data"), blocks, &terms, consent).unwrap();
        assert_eq!(files.len(), 1, "without a neighbour there is nothing for ExaBGP");
        let file = files.remove(0);
        assert_eq!(file.path, Path::new("/data/routes/rempart-gobgp.sh"));
        file.bytes.map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn a_block_of_a_month_is_announced_for_a_day_and_names_are_not() {
        let text = text(&[block("198.51.100.7"), block("evil.example")], &consent()).unwrap();
        assert!(text.contains("198.51.100.7/32"), "{text}");
        assert!(!text.contains("evil.example"), "{text}");
        assert!(text.contains("2026-11-02T00:00:00"), "{text}");
    }

    #[test]
    fn more_than_was_agreed_on_is_nothing_at_all() {
        let text = text(&[block("198.51.100.7"), block("198.51.100.8")], &consent()).unwrap();
        assert!(!text.contains("198.51.100"), "{text}");
    }

    #[test]
    fn after_the_consent_there_is_no_file() {
        let over = Consent { until: now(), ..consent() };
        assert_eq!(text(&[block("198.51.100.7")], &over), None);
    }
}
