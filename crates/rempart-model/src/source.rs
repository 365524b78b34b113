//! Where claims come from, and how far they are trusted.

/// Reliability of a source on the Admiralty scale (NATO STANAG 2511).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Reliability {
    /// A: completely reliable.
    A = 0,
    /// B: usually reliable.
    B = 1,
    /// C: fairly reliable.
    C = 2,
    /// D: not usually reliable.
    D = 3,
    /// E: unreliable.
    E = 4,
    /// F: reliability cannot be judged.
    F = 5,
}

impl Reliability {
    /// The letter.
    pub fn letter(self) -> char {
        match self {
            Reliability::A => 'A',
            Reliability::B => 'B',
            Reliability::C => 'C',
            Reliability::D => 'D',
            Reliability::E => 'E',
            Reliability::F => 'F',
        }
    }

    /// The reliability of a letter, in any case.
    pub fn from_letter(letter: &str) -> Option<Self> {
        match letter.trim() {
            "A" | "a" => Some(Reliability::A),
            "B" | "b" => Some(Reliability::B),
            "C" | "c" => Some(Reliability::C),
            "D" | "d" => Some(Reliability::D),
            "E" | "e" => Some(Reliability::E),
            "F" | "f" => Some(Reliability::F),
            _ => None,
        }
    }

    /// The reliability that was stored as `code`; an unknown code cannot be judged.
    pub fn from_code(code: u8) -> Self {
        match code {
            0 => Reliability::A,
            1 => Reliability::B,
            2 => Reliability::C,
            3 => Reliability::D,
            4 => Reliability::E,
            _ => Reliability::F,
        }
    }
}
