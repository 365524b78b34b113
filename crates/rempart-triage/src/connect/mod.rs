//! Connecting: which observables belong together, and by what evidence.
//!
//! Observables that share something (a certificate, a path of a phishing kit, a pattern of names) are
//! linked; the rarer the shared thing, the stronger the link. Links over a high threshold unite at once,
//! the rest is weighed by community detection (Leiden with the constant Potts model). Every merge says
//! by what evidence it came about, and a person's decision against it holds in every later run.

pub mod actor;
mod cluster;
mod evidence;
mod index;
mod leiden;
mod merges;
mod naming;
pub mod near;
mod solve;
pub mod template;
#[cfg(test)]
mod tests;
mod union;

pub use cluster::{Change, Cluster, Clustering, Decision, Outcome};
pub use evidence::{Evidence, EvidenceKind, Settings, Strength, hash_value};
pub use leiden::{Graph, leiden};
pub use merges::{Ground, Merge, Silenced};
pub use union::UnionFind;
