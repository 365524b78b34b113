//! Learning: features, models, calibration. Deterministic with a seed.
