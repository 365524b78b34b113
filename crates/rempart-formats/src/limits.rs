//! What a hostile input may cost.

/// Bounds on one input. Beyond a bound the record is rejected, not the input, where that is possible.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Longest record (a STIX object, a line, a CSV row, a MISP attribute), in bytes.
    pub record_bytes: usize,
    /// Deepest nesting of JSON arrays and objects.
    pub depth: usize,
    /// Most bytes that one input may have after decompression.
    pub input_bytes: u64,
    /// Largest ratio of decompressed to compressed bytes, once 16 MiB have come out.
    pub expansion: u64,
    /// Most entries of one archive.
    pub entries: usize,
    /// Whole text that is read at once (a report to extract from), in bytes.
    pub text_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            record_bytes: 8 << 20,
            depth: 64,
            input_bytes: 64 << 30,
            expansion: 400,
            entries: 100_000,
            text_bytes: 64 << 20,
        }
    }
}
