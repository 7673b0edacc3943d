use bh_sys::*;

/// Why a verb does not succeed: a status of blockhost/base.h, a slug of a-z, 0-9 and _, and one sentence for people, never
/// with a secret in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    pub status: bh_status,
    pub reason: String,
    pub message: String,
    /// A hint for BH_PENDING and for what is about the backend; 0 = none.
    pub retry_after_ms: u32,
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub fn new(status: bh_status, reason: &str, message: impl Into<String>) -> Error {
        Error { status, reason: reason.into(), message: message.into(), retry_after_ms: 0 }
    }
    pub fn invalid(reason: &str, message: impl Into<String>) -> Error {
        Error::new(BH_E_INVALID, reason, message)
    }
    pub fn not_found(message: impl Into<String>) -> Error {
        Error::new(BH_E_NOT_FOUND, "not_found", message)
    }
    /// Only waiting is left: the kernel calls the verb again with the same op_id.
    pub fn pending(retry_after_ms: u32, message: impl Into<String>) -> Error {
        Error { retry_after_ms, ..Error::new(BH_PENDING, "pending", message) }
    }
    /// The same with `context` before its message.
    pub fn within(mut self, context: &str) -> Error {
        self.message = format!("{}: {}", context, self.message);
        self
    }
}

const ENOSPC: i32 = 28;
const EDQUOT: i32 = 122;

/// A full disk or quota is BH_E_EXHAUSTED, everything else BH_E_UNAVAILABLE.
impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Error {
        let full = matches!(error.raw_os_error(), Some(ENOSPC) | Some(EDQUOT));
        let (status, reason) = if full { (BH_E_EXHAUSTED, "disk_full") } else { (BH_E_UNAVAILABLE, "file") };
        Error::new(status, reason, error.to_string())
    }
}
