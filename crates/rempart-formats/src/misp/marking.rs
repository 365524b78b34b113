//! Who may see an event, object or attribute: MISP's distribution levels and sharing groups.
//!
//! MISP's levels speak of the instance that an event is on; Rempart's members are organisations on
//! one instance. They are mapped so that nothing gets wider than it was meant:
//!
//! | level | MISP | here |
//! |---|---|---|
//! | 0 | your organisation only | nobody is a recipient: the operator alone sees it |
//! | 1 | this community only | no restriction of its own; the TLP or the source's terms decide |
//! | 2 | connected communities | as 1 |
//! | 3 | all communities | as 1: "all" says how far it may be synchronised, not that it is public |
//! | 4 | sharing group | the organisations that the group names, by name and UUID |
//! | 5 | inherit | what the object or event above says |
//!
//! A sharing group whose organisations are not in the JSON, and a level that is none of these, are
//! restrictions that cannot be kept otherwise than by withholding. An event without a level (feeds
//! leave it out) and without a TLP tag is unmarked.

use rempart_model::Marking;
use serde_json::Value;

use super::wire::{items, text_of};

/// What a distribution level demands. `top`: it is an event's, which has nothing to inherit.
pub(crate) fn distribution(level: Option<&str>, sharing_group: &Value, top: bool) -> Marking {
    let mut marking = Marking::default();
    match level.map(str::trim) {
        None | Some("" | "1" | "2" | "3") => {}
        Some("0") => marking.recipients = Some(Vec::new()),
        Some("4") => match members(sharing_group) {
            Some(members) => marking.recipients = Some(members),
            None => marking.unknown = true,
        },
        Some("5") if !top => {}
        Some(_) => marking.unknown = true,
    }
    marking
}

/// What the level of an object or attribute demands within an event whose sharing group has the
/// id `event_group`. MISP may leave out a group that the event names already.
pub(crate) fn inner_distribution(
    level: Option<&str>,
    group: Option<&str>,
    sharing_group: &Value,
    event_group: Option<&str>,
) -> Marking {
    let same = group.is_some_and(|id| id != "0") && group == event_group;
    if level.map(str::trim) == Some("4") && same && members(sharing_group).is_none() {
        // The event's own marking, which applies in any case, names the same organisations.
        return Marking::default();
    }
    distribution(level, sharing_group, false)
}

/// Names and UUIDs of a sharing group's organisations; `None` where it names none. The group's own
/// name, and servers on which all organisations take part, name nobody.
fn members(sharing_group: &Value) -> Option<Vec<Box<str>>> {
    let mut members = Vec::new();
    for group in items(sharing_group) {
        for entry in items(group.get("SharingGroupOrg").unwrap_or(&Value::Null)) {
            let Some(organisation) = entry.get("Organisation") else { continue };
            for field in ["name", "uuid"] {
                if let Some(text) = organisation.get(field).and_then(text_of) {
                    members.push(text.trim().into());
                }
            }
        }
    }
    (!members.is_empty()).then_some(members)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn levels_never_widen() {
        let group = json!({"id": "7", "name": "Secret Group", "SharingGroupOrg": [
            {"Organisation": {"name": "CERT-A", "uuid": "55f6ea5e-2c60-40e5-964f-47a8950d210f"}},
            {"Organisation": {"name": "CERT-B"}}]});
        let named: Vec<Box<str>> =
            vec!["CERT-A".into(), "55f6ea5e-2c60-40e5-964f-47a8950d210f".into(), "CERT-B".into()];
        let open = Marking::default();
        let nobody = Marking { recipients: Some(Vec::new()), ..Marking::default() };
        let some = Marking { recipients: Some(named), ..Marking::default() };
        let unknown = Marking { unknown: true, ..Marking::default() };
        for (level, group, top, expected) in [
            (None, &Value::Null, true, &open),
            (Some("0"), &Value::Null, true, &nobody),
            (Some("0"), &group, false, &nobody),
            (Some("1"), &Value::Null, true, &open),
            (Some("2"), &Value::Null, true, &open),
            (Some("3"), &Value::Null, true, &open),
            (Some("4"), &group, true, &some),
            (Some("4"), &json!([group]), false, &some),
            (Some("4"), &json!([]), true, &unknown),
            (Some("4"), &json!({"name": "Secret Group"}), true, &unknown),
            (Some("5"), &Value::Null, false, &open),
            (Some("5"), &Value::Null, true, &unknown),
            (Some("9"), &Value::Null, true, &unknown),
            (Some("all"), &Value::Null, true, &unknown),
        ] {
            assert_eq!(&distribution(level, group, top), expected, "{level:?} {group}");
        }
    }

    #[test]
    fn a_group_that_the_event_names_need_not_be_repeated() {
        let none = Value::Null;
        assert_eq!(inner_distribution(Some("4"), Some("7"), &none, Some("7")), Marking::default());
        assert!(inner_distribution(Some("4"), Some("8"), &none, Some("7")).unknown);
        assert!(inner_distribution(Some("4"), Some("0"), &none, Some("0")).unknown);
    }
}
