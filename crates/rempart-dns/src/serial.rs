//! Serial numbers of zones (RFC 1982): 32 bits that wrap.

use std::fmt;

/// The serial number of a zone: a position in its change log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Serial(pub u32);

impl Serial {
    /// Whether this one is newer than another (RFC 1982, section 3.2). Two that lie 2³¹ apart are neither newer
    /// nor older.
    pub fn is_newer_than(self, other: Self) -> bool {
        self.0 != other.0 && self.0.wrapping_sub(other.0) < 1 << 31
    }

    /// The newer of two.
    pub fn max(self, other: Self) -> Self {
        if other.is_newer_than(self) { other } else { self }
    }

    /// The serial after this one: the seconds of the clock, or one more where the clock is not ahead.
    ///
    /// Since a zone is changed less than once a second over any longer time, a copy that is restored continues above
    /// all that was handed out before, although it does not know it.
    pub fn next(self, now: u64) -> Self {
        // The lower 32 bits of the time are what is wanted: serials wrap, too.
        let clock = Self((now & u64::from(u32::MAX)) as u32);
        let next = if clock.is_newer_than(self) { clock } else { Self(self.0.wrapping_add(1)) };
        // Some secondaries take 0 for "no zone yet".
        if next.0 == 0 { Self(1) } else { next }
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparison_wraps() {
        for (a, b, newer) in [
            (1, 0, true),
            (0, 0, false),
            (0, u32::MAX, true),
            (u32::MAX, 0, false),
            (1 << 31, 0, false),
            (0, 1 << 31, false),
            ((1 << 31) - 1, 0, true),
        ] {
            assert_eq!(Serial(a).is_newer_than(Serial(b)), newer, "{a} {b}");
        }
    }

    #[test]
    fn the_next_is_always_newer() {
        for (last, now, next) in [
            (5, 1_800_000_000, 1_800_000_000),
            (1_800_000_000, 1_800_000_000, 1_800_000_001),
            (1_800_000_005, 1_800_000_000, 1_800_000_006),
            (u32::MAX, 3, 3),
            (u32::MAX, u64::from(u32::MAX), 1),
            (u32::MAX - 1, (1 << 32) + 7, 7),
        ] {
            assert_eq!(Serial(last).next(now), Serial(next), "{last} {now}");
            assert!(Serial(next).is_newer_than(Serial(last)));
        }
    }
}
