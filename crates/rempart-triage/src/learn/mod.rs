//! Learning: features, models, calibration. Deterministic with a seed.
//!
//! Nothing more general than the models of this project need: sparse features by hashing, logistic regression,
//! calibration, a model of letters, words of a list, and the figures that say how good a model is.

pub mod batch;
pub mod calibrate;
pub mod domain;
pub mod features;
pub mod file;
pub mod letters;
pub mod logistic;
pub mod metrics;
pub mod model;
pub mod shared;
pub mod words;
