//! The tree over the ledger's entries (RFC 6962, section 2.1), grown entry by entry.

use ring::digest::{Context, SHA256, digest};

/// A SHA-256 value.
pub type Hash = [u8; 32];

/// SHA-256 of several parts, one after the other.
pub fn sha256(parts: &[&[u8]]) -> Hash {
    let mut hash = [0u8; 32];
    if let [one] = parts {
        hash.copy_from_slice(digest(&SHA256, one).as_ref());
        return hash;
    }
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// The hash of a leaf: SHA-256(0x00 || entry).
pub fn leaf(entry: &[u8]) -> Hash {
    sha256(&[&[0], entry])
}

fn node(left: &Hash, right: &Hash) -> Hash {
    sha256(&[&[1], left, right])
}

/// The right edge of the tree: for each complete subtree on it, its hash, largest first.
/// It is all that is needed to append entries and to know the root.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    subtrees: Vec<Hash>,
}

impl Frontier {
    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends one entry.
    pub fn push(&mut self, entry: &[u8]) {
        let mut hash = leaf(entry);
        // Two subtrees of equal size become one, as in a binary counter.
        let mut carry = self.size;
        while carry & 1 == 1 {
            if let Some(left) = self.subtrees.pop() {
                hash = node(&left, &hash);
            }
            carry >>= 1;
        }
        self.subtrees.push(hash);
        self.size += 1;
    }

    /// The root (RFC 6962: of the empty tree, the hash of nothing).
    pub fn root(&self) -> Hash {
        let mut from_right = self.subtrees.iter().rev();
        let Some(last) = from_right.next() else { return sha256(&[&[]]) };
        from_right.fold(*last, |right, left| node(left, &right))
    }

    /// The frontier as bytes: size, then the hashes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.size.to_be_bytes().to_vec();
        for hash in &self.subtrees {
            bytes.extend_from_slice(hash);
        }
        bytes
    }

    /// Reads [`Frontier::to_bytes`]; `None` where the bytes are not that.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (size, rest) = bytes.split_first_chunk::<8>()?;
        let size = u64::from_be_bytes(*size);
        let (subtrees, []) = rest.as_chunks::<32>() else { return None };
        (subtrees.len() == size.count_ones() as usize).then(|| Self { size, subtrees: subtrees.to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition of RFC 6962, word by word.
    fn root_by_definition(entries: &[Vec<u8>]) -> Hash {
        match entries.len() {
            0 => sha256(&[&[]]),
            1 => leaf(&entries[0]),
            n => {
                let k = n.next_power_of_two() / 2;
                node(&root_by_definition(&entries[..k]), &root_by_definition(&entries[k..]))
            }
        }
    }

    #[test]
    fn the_frontier_agrees_with_the_definition() {
        let mut frontier = Frontier::default();
        let mut entries: Vec<Vec<u8>> = Vec::new();
        for n in 0..70u8 {
            assert_eq!(frontier.root(), root_by_definition(&entries), "{n} entries");
            let again = Frontier::from_bytes(&frontier.to_bytes()).unwrap();
            assert_eq!(again, frontier);
            entries.push(vec![n; usize::from(n)]);
            frontier.push(entries.last().unwrap());
        }
        assert_eq!(Frontier::from_bytes(&[1, 2, 3]), None);
    }
}
