//! STIX 2.1 and 2.0 in: bundles, TAXII envelopes, single objects, arrays and lines of objects.
//!
//! A STIX 2.1 object is kept as exactly the bytes that came. One of STIX 2.0 is converted, and what
//! the conversion could not keep is listed with it. What an object says of observables becomes its
//! claims; what refers to other objects becomes links; markings are resolved as far as the
//! definitions before the object allow.

pub mod category;
mod claims;
mod context;
mod marking;
mod object;
pub mod pattern;
mod reader;
mod rules;
pub(crate) mod terms;
mod upgrade;

pub use category::category_of;
pub use marking::Definitions;
pub use reader::{decode_object, read};
