//! Models as files: versioned, for one task, with a checksum, read where they lie.
//!
//! ```text
//! magic "RMPTMODL", version u16, task u16, length of the rest u32, FNV-1a of the rest u64, the rest
//! ```
//! Numbers are little-endian.

const MAGIC: &[u8; 8] = b"RMPTMODL";
/// Bytes before the rest.
const HEADER: usize = 24;

/// Why bytes are not a model that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// It is something else.
    #[error("this is not a model of Rempart")]
    NoModel,
    /// It was made by another version.
    #[error("this model has the form {found}, this Rempart reads form {wanted}; train it anew")]
    OtherVersion {
        /// Its version.
        found: u16,
        /// The version that is read.
        wanted: u16,
    },
    /// It is for something else.
    #[error("this model is for another task")]
    OtherTask,
    /// Its end is missing.
    #[error("this model is cut off: {there} of {wanted} bytes are there")]
    CutOff {
        /// Bytes that are there.
        there: usize,
        /// Bytes that there should be.
        wanted: usize,
    },
    /// Its bytes are not what was written.
    #[error("this model is damaged: its checksum does not fit")]
    Damaged,
    /// Its numbers make no sense.
    #[error("this model holds numbers that mean nothing: {0}")]
    Senseless(&'static str),
}

/// What a model is for, and the version of its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// The number of its task.
    pub task: u16,
    /// The version; a model of another one is refused.
    pub version: u16,
}

/// FNV-1a, 64 bits, over eight bytes at a time.
fn checksum(bytes: &[u8]) -> u64 {
    let mut sum = 0xCBF2_9CE4_8422_2325u64;
    for part in bytes.chunks(8) {
        let mut eight = [0u8; 8];
        eight.iter_mut().zip(part).for_each(|(to, from)| *to = *from);
        sum = (sum ^ u64::from_le_bytes(eight)).wrapping_mul(0x0000_0100_0000_01B3);
        sum ^= sum >> 29;
    }
    sum
}

/// Some bytes at a place; zeros where there are none.
pub(crate) fn number<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes.get(at..at + N).and_then(|part| part.try_into().ok()).unwrap_or([0; N])
}

/// Writes a model: its header before the rest.
pub fn seal(form: Form, rest: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + rest.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&form.version.to_le_bytes());
    bytes.extend_from_slice(&form.task.to_le_bytes());
    bytes.extend_from_slice(&u32::try_from(rest.len()).unwrap_or(u32::MAX).to_le_bytes());
    bytes.extend_from_slice(&checksum(rest).to_le_bytes());
    bytes.extend_from_slice(rest);
    bytes
}

/// The rest of a model of this form, which has at least so many bytes.
///
/// # Errors
/// Where the bytes are no model, one of another version or task, cut off or damaged.
pub fn open(bytes: &[u8], form: Form, least: usize) -> Result<&[u8], ModelError> {
    if !bytes.starts_with(MAGIC) {
        return Err(ModelError::NoModel);
    }
    let found = u16::from_le_bytes(number(bytes, 8));
    if found != form.version {
        return Err(ModelError::OtherVersion { found, wanted: form.version });
    }
    if u16::from_le_bytes(number(bytes, 10)) != form.task {
        return Err(ModelError::OtherTask);
    }
    let wanted = HEADER + (u32::from_le_bytes(number(bytes, 12)) as usize).max(least);
    if bytes.len() < wanted {
        return Err(ModelError::CutOff { there: bytes.len(), wanted });
    }
    let rest = bytes.get(HEADER..wanted).unwrap_or_default();
    if checksum(rest) != u64::from_le_bytes(number(bytes, 16)) || bytes.len() != wanted {
        return Err(ModelError::Damaged);
    }
    Ok(rest)
}
