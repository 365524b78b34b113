//! Sparse features by hashing (Weinberger et al. 2009, doi:10.1145/1553374.1553516).

/// A sparse vector: places and values.
pub type Sparse = Vec<(u32, f32)>;

/// The hash of a feature: FNV-1a over its bytes, begun with its namespace, and mixed.
pub fn hash(namespace: u8, bytes: &[u8]) -> u64 {
    let start = 0xCBF2_9CE4_8422_2325 ^ u64::from(namespace).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let hash =
        bytes.iter().fold(start, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3));
    let hash = (hash ^ (hash >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    hash ^ (hash >> 32)
}

/// Calls a function with each run of `least` to `most` bytes of a word that is set between `^` and `$`.
pub fn each_run(word: &[u8], least: usize, most: usize, f: &mut impl FnMut(&[u8])) {
    let mut bounded = [0u8; 66];
    let length = word.len().min(64);
    if let (Some(first), Some(inner)) = (bounded.first_mut(), word.get(..length)) {
        *first = b'^';
        if let Some(place) = bounded.get_mut(1..=length) {
            place.copy_from_slice(inner);
        }
        if let Some(last) = bounded.get_mut(length + 1) {
            *last = b'$';
        }
    }
    let bounded = bounded.get(..length + 2).unwrap_or_default();
    for size in least..=most {
        bounded.windows(size).for_each(&mut *f);
    }
}

/// A number for a seed and a count: SplitMix64 (Steele, Lea, Flood 2014, doi:10.1145/2660193.2660195).
pub fn random(seed: u64, count: u64) -> u64 {
    let mut value = seed.wrapping_add(count.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// Puts a list into an order that looks random and is the same for a seed (Fisher and Yates).
pub fn shuffle<T>(list: &mut [T], seed: u64) {
    for last in (1..list.len()).rev() {
        let other = (random(seed, last as u64) % (last as u64 + 1)) as usize;
        list.swap(last, other);
    }
}
