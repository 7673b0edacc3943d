use crate::boundary::{bytes_of, empty_error, result_of, str_of, text, view};
use crate::{Error, Result};
use bh_sys::*;

/// The context of one long-running verb; see blockhost/call.h for what a plugin owes the kernel. Valid for the verb.
pub struct Call<'a> {
    raw: &'a bh_call,
}

impl<'a> Call<'a> {
    /// # Safety
    /// `call` is what the kernel gave to the verb.
    pub(crate) unsafe fn new(call: *const bh_call) -> Call<'a> {
        Call { raw: &*call }
    }

    /// The idempotency key: what the verb makes is found again by it, at every attempt.
    pub fn op_id(&self) -> &str {
        unsafe { text(self.raw.op_id) }.unwrap_or("")
    }
    pub fn attempt(&self) -> u32 {
        self.raw.attempt
    }
    /// What was saved last for this op_id.
    pub fn checkpoint(&self) -> &[u8] {
        unsafe { view(self.raw.checkpoint) }
    }
    /// CLOCK_MONOTONIC in nanoseconds; None = none.
    pub fn deadline_ns(&self) -> Option<u64> {
        Some(self.raw.deadline_ns).filter(|deadline| *deadline != 0)
    }
    pub fn progress(&self, permille: u32, stage: &str) {
        if let Some(progress) = self.raw.progress {
            unsafe { progress(self.raw, permille, str_of(stage)) }
        }
    }
    /// Durable once it is Ok. Before every step that can't be undone.
    pub fn save(&self, checkpoint: &[u8]) -> Result<()> {
        let mut error = empty_error();
        let status = match self.raw.save {
            Some(save) => unsafe { save(self.raw, bytes_of(checkpoint), &mut error) },
            None => BH_E_INTERNAL,
        };
        result_of(status, &error)
    }
    /// Err when the kernel wants the verb to stop, with what to return. For BH_E_CANCELLED and BH_E_TIMEOUT no side effect
    /// may remain: undo first. For BH_E_INTERRUPTED undo nothing.
    pub fn stop(&self) -> Result<()> {
        let cancelled = self.raw.cancelled.map_or(0, |cancelled| unsafe { cancelled(self.raw) });
        if cancelled == 0 {
            return Ok(());
        }
        match self.raw.cancel_reason.map_or(BH_CANCEL_SHUTDOWN, |reason| unsafe { reason(self.raw) }) {
            BH_CANCEL_NONE => Ok(()),
            BH_CANCEL_ORDER => Err(Error::new(BH_E_CANCELLED, "cancelled", "the order was cancelled; nothing remains of it")),
            BH_CANCEL_DEADLINE => Err(Error::new(BH_E_TIMEOUT, "deadline", "the time was not enough; nothing remains of it")),
            _ => Err(Error::new(BH_E_INTERRUPTED, "shutdown", "the kernel stops; the work goes on after its restart")),
        }
    }
}
