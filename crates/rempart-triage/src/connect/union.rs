//! Union-find that knows what must not be united.

use std::collections::BTreeMap;

/// Disjoint sets with path halving and union by size (Tarjan, van Leeuwen 1984), and pairs that are kept
/// apart.
#[derive(Debug, Clone)]
pub struct UnionFind {
    parents: Vec<u32>,
    sizes: Vec<u32>,
    /// By root: elements whose sets must stay others. Only roots that someone decided about are here.
    apart: BTreeMap<u32, Vec<u32>>,
}

impl UnionFind {
    /// `count` elements, each alone.
    pub fn new(count: u32) -> Self {
        Self {
            parents: (0..count).collect(),
            sizes: vec![1; usize::try_from(count).unwrap_or(0)],
            apart: BTreeMap::new(),
        }
    }

    /// The element that stands for the set of `element`. An element that does not exist stands for itself.
    pub fn find(&mut self, element: u32) -> u32 {
        let mut at = element;
        loop {
            let Some(parent) = self.parents.get(at as usize).copied() else { return at };
            if parent == at {
                return at;
            }
            let above = self.parents.get(parent as usize).copied().unwrap_or(parent);
            if let Some(slot) = self.parents.get_mut(at as usize) {
                *slot = above;
            }
            at = above;
        }
    }

    /// How many elements the set of `element` has.
    pub fn size(&mut self, element: u32) -> u32 {
        let root = self.find(element);
        self.sizes.get(root as usize).copied().unwrap_or(1)
    }

    /// Keeps two elements apart from now on; `false` where they are together already.
    pub fn keep_apart(&mut self, a: u32, b: u32) -> bool {
        let (root_a, root_b) = (self.find(a), self.find(b));
        if root_a == root_b {
            return false;
        }
        self.apart.entry(root_a).or_default().push(b);
        self.apart.entry(root_b).or_default().push(a);
        true
    }

    /// Whether somebody decided about the set of `element`.
    pub fn is_decided(&mut self, element: u32) -> bool {
        let root = self.find(element);
        self.apart.contains_key(&root)
    }

    /// Whether the two sets must stay apart.
    pub fn are_apart(&mut self, a: u32, b: u32) -> bool {
        let (root_a, root_b) = (self.find(a), self.find(b));
        let forbidden = self.apart.get(&root_a).cloned().unwrap_or_default();
        forbidden.into_iter().any(|other| self.find(other) == root_b)
    }

    /// Unites two sets; `false` where they are one already or must stay apart.
    pub fn unite(&mut self, a: u32, b: u32) -> bool {
        let (mut root_a, mut root_b) = (self.find(a), self.find(b));
        if root_a == root_b || (!self.apart.is_empty() && self.are_apart(root_a, root_b)) {
            return false;
        }
        let (size_a, size_b) = (self.size(root_a), self.size(root_b));
        if size_a < size_b {
            std::mem::swap(&mut root_a, &mut root_b);
        }
        if let Some(slot) = self.parents.get_mut(root_b as usize) {
            *slot = root_a;
        }
        if let Some(slot) = self.sizes.get_mut(root_a as usize) {
            *slot = size_a.saturating_add(size_b);
        }
        if let Some(moved) = self.apart.remove(&root_b) {
            self.apart.entry(root_a).or_default().extend(moved);
        }
        true
    }
}
