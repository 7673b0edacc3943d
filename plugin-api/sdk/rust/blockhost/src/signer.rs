//! The kernel's signer: keys of chains never enter a plugin.

use crate::boundary::{bytes_of, collect, empty_error, result_of, view};
use crate::kernel::incomplete;
use crate::{Error, Kernel, Result};
use bh_sys::*;
use std::ffi::CString;
use std::os::raw::c_void;

/// What was unsealed: it does not grow, so that no copy is left behind, and is wiped.
struct Plaintext(Vec<u8>);
const MAX_PLAINTEXT: usize = 1 << 16;

impl Drop for Plaintext {
    fn drop(&mut self) {
        for byte in self.0.iter_mut() {
            unsafe { std::ptr::write_volatile(byte, 0) }
        }
        std::sync::atomic::compiler_fence(std::sync::atomic::Ordering::SeqCst);
    }
}
unsafe extern "C" fn take(ctx: *mut c_void, data: *const c_void, size: usize) -> bh_status {
    let kept = &mut (*(ctx as *mut Plaintext)).0;
    if size > kept.capacity() - kept.len() {
        return BH_E_EXHAUSTED;
    }
    kept.extend_from_slice(view(bh_bytes { ptr: data as *const u8, len: size }));
    BH_OK
}

fn name(text: &str) -> Result<CString> {
    CString::new(text).map_err(|_| Error::invalid("name", "a name of a key, scheme or format has a NUL"))
}

impl Kernel {
    /// Has `payload` signed under a scheme such as "bh-intent-1", if the operator's policy lets it; the signature is in the
    /// scheme's usual encoding.
    pub fn sign(&self, key: &str, scheme: &str, payload: &[u8]) -> Result<Vec<u8>> {
        let signer = self.service::<bh_svc_signer>(BH_SVC_SIGNER)?;
        let sign = signer.sign.ok_or_else(incomplete)?;
        let (key, scheme) = (name(key)?, name(scheme)?);
        collect(|out, err| unsafe { sign(self.raw(), key.as_ptr(), scheme.as_ptr(), bytes_of(payload), out, err) })
    }
    /// Of a key of the manifest, in its curve's usual encoding.
    pub fn public_key(&self, key: &str) -> Result<Vec<u8>> {
        let signer = self.service::<bh_svc_signer>(BH_SVC_SIGNER)?;
        let public_key = signer.public_key.ok_or_else(incomplete)?;
        let key = name(key)?;
        collect(|out, err| unsafe { public_key(self.raw(), key.as_ptr(), out, err) })
    }
    /// Lends what is sealed to a key to `body`, which keeps no copy; it is wiped afterwards.
    pub fn with_unsealed<T>(
        &self, key: &str, format: &str, sealed: &[u8], context: &[u8], body: impl FnOnce(&[u8]) -> Result<T>,
    ) -> Result<T> {
        let signer = self.service::<bh_svc_signer>(BH_SVC_SIGNER)?;
        let unseal = signer.unseal.ok_or_else(incomplete)?;
        let (key, format) = (name(key)?, name(format)?);
        let mut plain = Plaintext(Vec::with_capacity(MAX_PLAINTEXT));
        let mut error = empty_error();
        let out = bh_sink { ctx: &mut plain as *mut Plaintext as *mut c_void, write: Some(take) };
        let (sealed, context) = (bytes_of(sealed), bytes_of(context));
        let status = unsafe { unseal(self.raw(), key.as_ptr(), format.as_ptr(), sealed, context, out, &mut error) };
        result_of(status, &error)?;
        body(&plain.0)
    }
}
