//! What can go wrong with the store, by what a caller can do about it.

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// What was asked for contradicts what is there (a name that is taken).
    #[error("{0}")]
    Conflict(String),
    /// Try again later: the disk is full, the database is busy or gone.
    #[error("the store cannot take this now: {0}")]
    Unavailable(String),
    /// The request or the stored data make no sense.
    #[error("{0}")]
    Invalid(String),
    /// The store itself failed.
    #[error("the store failed while it was {doing}")]
    Internal {
        /// What it was doing.
        doing: &'static str,
        /// Why it failed.
        #[source]
        source: rusqlite::Error,
    },
}

impl StoreError {
    /// Whether trying again later may help.
    pub fn is_temporary(&self) -> bool {
        matches!(self, StoreError::Unavailable(_))
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(source: rusqlite::Error) -> Self {
        use rusqlite::ffi::ErrorCode;
        match source.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => StoreError::Unavailable("the disk is full".into()),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                StoreError::Unavailable("another process holds the database".into())
            }
            Some(ErrorCode::SystemIoFailure) => {
                StoreError::Unavailable(format!("the disk does not answer as it should ({source})"))
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                StoreError::Invalid(format!("the database file is damaged ({source}); restore a backup"))
            }
            Some(ErrorCode::ConstraintViolation) => StoreError::Conflict(source.to_string()),
            _ => StoreError::Internal { doing: "reading or writing", source },
        }
    }
}
