//! How Rust meets the C ABI: texts, outputs, errors, panics.

use crate::{Error, Result, Value};
use bh_sys::*;
use std::os::raw::{c_char, c_void};
use std::panic::{catch_unwind, AssertUnwindSafe};

pub fn str_of(text: &str) -> bh_str {
    bh_str { ptr: text.as_ptr() as *const c_char, len: text.len() }
}
pub fn bytes_of(data: &[u8]) -> bh_bytes {
    bh_bytes { ptr: data.as_ptr(), len: data.len() }
}

/// # Safety
/// `data` is what the other side says: `len` bytes at `ptr`, or nothing.
pub unsafe fn view<'a>(data: bh_bytes) -> &'a [u8] {
    if data.len == 0 || data.ptr.is_null() {
        return &[];
    }
    std::slice::from_raw_parts(data.ptr, data.len)
}
/// # Safety
/// As for `view`.
pub unsafe fn text<'a>(text: bh_str) -> Result<&'a str> {
    std::str::from_utf8(view(bh_bytes { ptr: text.ptr as *const u8, len: text.len }))
        .map_err(|_| Error::invalid("bad_document", "the text is not UTF-8"))
}
/// # Safety
/// As for `view`.
pub unsafe fn document(argument: &str, document: bh_str) -> Result<Value> {
    text(document).and_then(crate::json::parse).map_err(|error| error.within(argument))
}

fn fill(field: &mut [c_char], text: &str) {
    let mut size = text.len().min(field.len() - 1);
    while !text.is_char_boundary(size) {
        size -= 1;
    }
    for (to, from) in field.iter_mut().zip(text.bytes().take(size)) {
        *to = from as c_char;
    }
    field[size] = 0;
}
fn read_field(field: &[c_char]) -> String {
    let bytes: Vec<u8> = field.iter().take_while(|c| **c != 0).map(|c| *c as u8).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

pub fn empty_error() -> bh_error {
    bh_error {
        struct_size: std::mem::size_of::<bh_error>() as u32,
        code: 0,
        retry_after_ms: 0,
        reserved0: 0,
        reason: [0; 48],
        message: [0; 448],
    }
}
pub fn result_of(status: bh_status, error: &bh_error) -> Result<()> {
    if status == BH_OK {
        return Ok(());
    }
    Err(Error {
        status,
        reason: read_field(&error.reason),
        message: read_field(&error.message),
        retry_after_ms: error.retry_after_ms,
    })
}

/// # Safety
/// `err` is NULL or a bh_error of the kernel.
pub unsafe fn report(err: *mut bh_error, error: &Error) -> bh_status {
    if let Some(err) = err.as_mut() {
        err.code = error.status;
        err.retry_after_ms = error.retry_after_ms;
        fill(&mut err.reason, &error.reason);
        fill(&mut err.message, &error.message);
    }
    error.status
}

/// Runs a verb: its error goes into `err`, a panic becomes BH_E_INTERNAL.
///
/// # Safety
/// As for `report`.
pub unsafe fn guarded(err: *mut bh_error, body: impl FnOnce() -> Result<()>) -> bh_status {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => BH_OK,
        Ok(Err(error)) => report(err, &error),
        Err(_) => report(err, &Error::new(BH_E_INTERNAL, "panic", "the plugin panicked; this is a bug of it")),
    }
}

/// # Safety
/// `out` is a sink of the kernel.
pub unsafe fn write(out: bh_sink, said: impl AsRef<[u8]>) -> Result<()> {
    let said = said.as_ref();
    let status = match out.write {
        Some(write) => write(out.ctx, said.as_ptr() as *const c_void, said.len()),
        None => BH_E_INTERNAL,
    };
    if status == BH_OK {
        return Ok(());
    }
    Err(Error::new(status, "sink", "the kernel did not take the output"))
}

/// Keeps what a service writes.
pub fn collect(call: impl FnOnce(bh_sink, *mut bh_error) -> bh_status) -> Result<Vec<u8>> {
    unsafe extern "C" fn take(ctx: *mut c_void, data: *const c_void, size: usize) -> bh_status {
        let kept = &mut *(ctx as *mut Vec<u8>);
        if kept.len() + size > 2 << 20 {
            return BH_E_EXHAUSTED;
        }
        kept.extend_from_slice(view(bh_bytes { ptr: data as *const u8, len: size }));
        BH_OK
    }
    let mut kept: Vec<u8> = Vec::new();
    let mut error = empty_error();
    let sink = bh_sink { ctx: &mut kept as *mut Vec<u8> as *mut c_void, write: Some(take) };
    let status = call(sink, &mut error);
    result_of(status, &error)?;
    Ok(kept)
}
