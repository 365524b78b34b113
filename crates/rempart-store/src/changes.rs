//! What those that follow observables are told.

use rempart_model::Observable;

use crate::types::ObservableRow;

/// How many days observables that are gone are remembered for those that follow changes.
pub const KEPT_DAYS: i64 = 7;

/// A place in the change log of observables; the default is before everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct ChangeCursor {
    /// The position of the last commit that was read of.
    pub position: i64,
    /// The last observable of that commit that was read.
    pub observable: i64,
}

/// An observable that changed.
#[derive(Debug, Clone, PartialEq)]
pub struct ObservableChange {
    /// Which.
    pub observable: Observable,
    /// What is known of it by now; `None` where nobody says anything of it any more.
    pub row: Option<ObservableRow>,
}

/// What changed since a cursor.
#[derive(Debug, Clone, PartialEq)]
pub struct Changes {
    /// Each, as it is by now. Some may be told twice.
    pub changes: Vec<ObservableChange>,
    /// Where to go on.
    pub reached: ChangeCursor,
    /// Whether there is more already.
    pub more: bool,
}
