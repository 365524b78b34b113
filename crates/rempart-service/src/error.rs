//! What can go wrong when Rempart is asked for something, by what the asker can do about it.

use rempart_store::StoreError;

/// Why a request was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// There is no such thing, or none that the asker may know of.
    #[error("{0}")]
    NotFound(String),
    /// The asker may not do this.
    #[error("{0}")]
    Forbidden(String),
    /// The request makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// The request contradicts what is there.
    #[error("{0}")]
    Conflict(String),
    /// Try again later.
    #[error("{0}")]
    Unavailable(String),
    /// Rempart itself failed; the cause is for its operator only.
    #[error("an internal fault; the log of the server has it")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(text) => Self::Conflict(text),
            StoreError::Invalid(text) => Self::Invalid(text),
            StoreError::Unavailable(_) => Self::Unavailable(error.to_string()),
            StoreError::Internal { .. } => Self::Internal(Box::new(error)),
        }
    }
}
