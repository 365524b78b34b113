//! Connecting: which observables belong together, and by what evidence.
