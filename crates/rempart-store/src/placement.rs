//! Where an object stands in members' own change logs, as bytes kept with the object.

use rempart_model::MemberId;

/// Which of a member's own change logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Shelf {
    /// What came late into the collection of all it may see.
    Late = 0,
    /// What concerns it.
    Concerns = 1,
    /// What concerns it, at high confidence.
    High = 2,
}

/// The number of a member's change log.
pub fn collection(member: MemberId, shelf: Shelf) -> u32 {
    member.0 * 4 + shelf as u32
}

/// One place of an object in one change log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// Which change log, see [`collection`].
    pub collection: u32,
    /// Where in it.
    pub position: i64,
    /// How much it concerns the member, 0 to 100.
    pub weight: u8,
    /// Why, encoded by whoever concluded it.
    pub reasons: Vec<u8>,
}

impl Placement {
    /// The member whose change log it is.
    pub fn member(&self) -> MemberId {
        MemberId(self.collection / 4)
    }

    /// Which of the member's change logs it is.
    pub fn shelf(&self) -> Option<Shelf> {
        match self.collection % 4 {
            0 => Some(Shelf::Late),
            1 => Some(Shelf::Concerns),
            2 => Some(Shelf::High),
            _ => None,
        }
    }
}

/// Writes placements: for each, collection (4 bytes), position (8), weight (1), length of the
/// reasons (2), reasons.
pub fn encode(placements: &[Placement]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(placements.len() * 24);
    for placement in placements {
        let length = u16::try_from(placement.reasons.len()).unwrap_or(0);
        bytes.extend_from_slice(&placement.collection.to_be_bytes());
        bytes.extend_from_slice(&placement.position.to_be_bytes());
        bytes.push(placement.weight);
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(placement.reasons.get(..usize::from(length)).unwrap_or_default());
    }
    bytes
}

/// Reads [`encode`]; stops where the bytes end early.
pub fn decode(mut bytes: &[u8]) -> Vec<Placement> {
    let mut placements = Vec::new();
    while let Some((head, rest)) = bytes.split_first_chunk::<15>() {
        let [c0, c1, c2, c3, p0, p1, p2, p3, p4, p5, p6, p7, weight, l0, l1] = *head;
        let length = usize::from(u16::from_be_bytes([l0, l1]));
        let Some((reasons, rest)) = rest.split_at_checked(length) else { break };
        placements.push(Placement {
            collection: u32::from_be_bytes([c0, c1, c2, c3]),
            position: i64::from_be_bytes([p0, p1, p2, p3, p4, p5, p6, p7]),
            weight,
            reasons: reasons.to_vec(),
        });
        bytes = rest;
    }
    placements
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes_and_survives_a_cut() {
        let placements = vec![
            Placement { collection: 5, position: 99, weight: 70, reasons: vec![1, 2, 3] },
            Placement { collection: 6, position: -1, weight: 0, reasons: vec![] },
        ];
        let bytes = encode(&placements);
        assert_eq!(decode(&bytes), placements);
        assert_eq!(decode(&bytes[..bytes.len() - 1]).len(), 1);
    }
}
