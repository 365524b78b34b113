//! Classes of bytes, sixty-four at a time: a bit for each byte and class.

/// Which of 64 bytes are what; bit *i* speaks of byte *i*.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Classes {
    /// May stand in a name: letters, digits, `.`, `-`, `_`, and everything beyond ASCII.
    pub(crate) name: u64,
    /// `.`
    pub(crate) dot: u64,
    /// `:`
    pub(crate) colon: u64,
    /// May begin something written in another way: `%`, `(`, `[`, `{`, `\`.
    pub(crate) special: u64,
    /// Beyond ASCII.
    pub(crate) high: u64,
    /// Hexadecimal digits.
    pub(crate) hex: u64,
}

const NAME: u8 = 1;
const DOT: u8 = 2;
const COLON: u8 = 4;
const SPECIAL: u8 = 8;
const HIGH: u8 = 16;
const HEX: u8 = 32;

const TABLE: [u8; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let byte = at as u8;
        let mut class = 0;
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') || byte >= 0x80 {
            class |= NAME;
        }
        if byte == b'.' {
            class |= DOT;
        }
        if byte == b':' {
            class |= COLON;
        }
        if matches!(byte, b'%' | b'(' | b'[' | b'{' | b'\\') {
            class |= SPECIAL;
        }
        if byte >= 0x80 {
            class |= HIGH;
        }
        if byte.is_ascii_hexdigit() {
            class |= HEX;
        }
        table[at] = class;
        at += 1;
    }
    table
};

/// How bytes are classified; the results do not differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    /// Byte by byte.
    Scalar,
    /// Thirty-two bytes at a time.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// Sixty-four bytes at a time.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Engine {
    /// The fastest that this processor has.
    pub(crate) fn detect() -> Self {
        Self::all().last().copied().unwrap_or(Self::Scalar)
    }

    /// Those that this processor has, the slowest first.
    fn all() -> Vec<Self> {
        let mut all = vec![Self::Scalar];
        #[cfg(target_arch = "x86_64")]
        {
            if std::arch::is_x86_feature_detected!("avx2") {
                all.push(Self::Avx2);
            }
            if std::arch::is_x86_feature_detected!("avx512bw") {
                all.push(Self::Avx512);
            }
        }
        all
    }

    /// Classifies `text` into `out`, which becomes one element for each 64 bytes begun.
    pub(crate) fn classify(self, text: &[u8], out: &mut Vec<Classes>) {
        out.clear();
        let (blocks, rest) = text.as_chunks::<64>();
        match self {
            Self::Scalar => out.extend(blocks.iter().map(|block| scalar(block))),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => avx2::extend(blocks, out),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => avx512::extend(blocks, out),
        }
        if !rest.is_empty() {
            out.push(scalar(rest));
        }
    }
}

/// At most 64 bytes.
fn scalar(bytes: &[u8]) -> Classes {
    let mut classes = Classes::default();
    for (at, byte) in bytes.iter().enumerate() {
        let class = TABLE[usize::from(*byte)];
        let bit = |mask: u8| u64::from(class & mask != 0) << at;
        classes.name |= bit(NAME);
        classes.dot |= bit(DOT);
        classes.colon |= bit(COLON);
        classes.special |= bit(SPECIAL);
        classes.high |= bit(HIGH);
        classes.hex |= bit(HEX);
    }
    classes
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    //! The same with AVX2: a byte's class is what the tables of its two halves have in common.

    use std::arch::x86_64::{
        __m256i, _mm256_and_si256, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8,
        _mm256_set1_epi8, _mm256_setr_epi8, _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_srli_epi16,
    };

    use super::Classes;

    /// Appends the classes of blocks; only called where the processor has AVX2.
    #[expect(unsafe_code, reason = "calls a function that needs AVX2")]
    pub(super) fn extend(blocks: &[[u8; 64]], out: &mut Vec<Classes>) {
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2, as was just asked.
            unsafe { extend_avx2(blocks, out) }
        } else {
            out.extend(blocks.iter().map(|block| super::scalar(block)));
        }
    }

    #[target_feature(enable = "avx2")]
    fn extend_avx2(blocks: &[[u8; 64]], out: &mut Vec<Classes>) {
        out.reserve(blocks.len());
        for block in blocks {
            let (halves, _) = block.as_chunks::<32>();
            let [low, high] = halves else { continue };
            let (low, high) = (half(low), half(high));
            let both = |a: u32, b: u32| u64::from(a) | u64::from(b) << 32;
            out.push(Classes {
                name: both(low[0], high[0]),
                dot: both(low[1], high[1]),
                colon: both(low[2], high[2]),
                special: both(low[3], high[3]),
                high: both(low[4], high[4]),
                hex: both(low[5], high[5]),
            });
        }
    }

    // Bits of the tables. 1: digits. 2: `A` to `O`. 4: `P` to `Z`. 8: `-` and `.`. 16: `_`.
    // 32: `A` to `F`. 64: `%` and `(`. 128: `[` and `{`. What is beyond ASCII has its high bit set, for
    // which a shuffle gives nothing.
    #[target_feature(enable = "avx2")]
    #[expect(unsafe_code, reason = "loads 32 bytes")]
    #[inline]
    fn half(bytes: &[u8; 32]) -> [u32; 6] {
        // SAFETY: the reference is to 32 bytes, and the load asks for no alignment.
        let bytes: __m256i = unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) };
        #[rustfmt::skip]
        let by_low = _mm256_setr_epi8(
            1|4, 1|2|4|32, 1|2|4|32, 1|2|4|32, 1|2|4|32, 1|2|4|32|64, 1|2|4|32, 1|2|4, 1|2|4|64, 1|2|4, 2|4, 2|-128, 2, 2|8, 2|8, 2|16,
            1|4, 1|2|4|32, 1|2|4|32, 1|2|4|32, 1|2|4|32, 1|2|4|32|64, 1|2|4|32, 1|2|4, 1|2|4|64, 1|2|4, 2|4, 2|-128, 2, 2|8, 2|8, 2|16,
        );
        #[rustfmt::skip]
        let by_high = _mm256_setr_epi8(
            0, 0, 8|64, 1, 2|32, 4|16|-128, 2|32, 4|-128, 0, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 8|64, 1, 2|32, 4|16|-128, 2|32, 4|-128, 0, 0, 0, 0, 0, 0, 0, 0,
        );
        let upper = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), _mm256_set1_epi8(0x0f));
        let class = _mm256_and_si256(_mm256_shuffle_epi8(by_low, bytes), _mm256_shuffle_epi8(by_high, upper));
        let any = |mask: i8| {
            let none =
                _mm256_cmpeq_epi8(_mm256_and_si256(class, _mm256_set1_epi8(mask)), _mm256_setzero_si256());
            !(_mm256_movemask_epi8(none) as u32)
        };
        let equal = |byte: u8| _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(byte as i8));
        let high = _mm256_movemask_epi8(bytes) as u32;
        let marks = {
            let none =
                _mm256_cmpeq_epi8(_mm256_and_si256(class, _mm256_set1_epi8(-64)), _mm256_setzero_si256());
            !(_mm256_movemask_epi8(none) as u32) | _mm256_movemask_epi8(equal(b'\\')) as u32
        };
        [
            any(1 | 2 | 4 | 8 | 16) | high,
            _mm256_movemask_epi8(equal(b'.')) as u32,
            _mm256_movemask_epi8(equal(b':')) as u32,
            marks,
            high,
            any(1 | 32),
        ]
    }
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    //! The same with AVX-512, which tests all 64 bytes in one step. The tables are those of AVX2.

    use std::arch::x86_64::{
        __m512i, _mm_loadu_si128, _mm512_and_si512, _mm512_broadcast_i32x4, _mm512_cmpeq_epi8_mask,
        _mm512_loadu_si512, _mm512_movepi8_mask, _mm512_set1_epi8, _mm512_shuffle_epi8, _mm512_srli_epi16,
        _mm512_test_epi8_mask,
    };

    use super::Classes;

    #[rustfmt::skip]
    const BY_LOW: [u8; 16] = [
        1|4, 1|2|4|32, 1|2|4|32, 1|2|4|32, 1|2|4|32, 1|2|4|32|64, 1|2|4|32, 1|2|4, 1|2|4|64, 1|2|4, 2|4, 2|128, 2, 2|8, 2|8, 2|16,
    ];
    const BY_HIGH: [u8; 16] =
        [0, 0, 8 | 64, 1, 2 | 32, 4 | 16 | 128, 2 | 32, 4 | 128, 0, 0, 0, 0, 0, 0, 0, 0];

    /// Appends the classes of blocks; only called where the processor has AVX-512.
    #[expect(unsafe_code, reason = "calls a function that needs AVX-512")]
    pub(super) fn extend(blocks: &[[u8; 64]], out: &mut Vec<Classes>) {
        if std::arch::is_x86_feature_detected!("avx512bw") {
            // SAFETY: the processor has AVX-512BW, as was just asked.
            unsafe { extend_avx512(blocks, out) }
        } else {
            out.extend(blocks.iter().map(|block| super::scalar(block)));
        }
    }

    #[target_feature(enable = "avx512f,avx512bw")]
    #[expect(unsafe_code, reason = "loads 16 and 64 bytes")]
    fn extend_avx512(blocks: &[[u8; 64]], out: &mut Vec<Classes>) {
        // SAFETY: the references are to 16 bytes each, and the loads ask for no alignment.
        let (by_low, by_high): (__m512i, __m512i) = unsafe {
            (
                _mm512_broadcast_i32x4(_mm_loadu_si128(BY_LOW.as_ptr().cast())),
                _mm512_broadcast_i32x4(_mm_loadu_si128(BY_HIGH.as_ptr().cast())),
            )
        };
        out.extend(blocks.iter().map(|block| {
            // SAFETY: the reference is to 64 bytes, and the load asks for no alignment.
            let bytes: __m512i = unsafe { _mm512_loadu_si512(block.as_ptr().cast()) };
            let upper = _mm512_and_si512(_mm512_srli_epi16::<4>(bytes), _mm512_set1_epi8(0x0f));
            let class =
                _mm512_and_si512(_mm512_shuffle_epi8(by_low, bytes), _mm512_shuffle_epi8(by_high, upper));
            let any = |mask: u8| _mm512_test_epi8_mask(class, _mm512_set1_epi8(mask as i8));
            let equal = |byte: u8| _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(byte as i8));
            let high = _mm512_movepi8_mask(bytes);
            Classes {
                name: any(1 | 2 | 4 | 8 | 16) | high,
                dot: equal(b'.'),
                colon: equal(b':'),
                special: any(64 | 128) | equal(b'\\'),
                high,
                hex: any(1 | 32),
            }
        }));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn classify(engine: Engine, text: &[u8]) -> Vec<Classes> {
        let mut out = Vec::new();
        engine.classify(text, &mut out);
        out
    }

    #[test]
    fn every_byte_has_the_same_classes_either_way() {
        for byte in 0..=255 {
            let text = [byte; 64];
            for engine in Engine::all() {
                assert_eq!(classify(engine, &text), classify(Engine::Scalar, &text), "{engine:?} {byte:#x}");
            }
        }
    }

    proptest! {
        #[test]
        fn so_has_every_text(text in prop::collection::vec(any::<u8>(), 0..300)) {
            for engine in Engine::all() {
                prop_assert_eq!(classify(engine, &text), classify(Engine::Scalar, &text));
            }
        }
    }
}
