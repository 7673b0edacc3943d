use crate::boundary::{bytes_of, collect, empty_error, result_of, str_of, text};
use crate::{json, Error, Result, Value};
use bh_sys::*;
use std::os::raw::{c_char, c_void};

/// What the kernel offers to an instance. Copy it freely; it must not outlive the instance. Any thread.
#[derive(Clone, Copy)]
pub struct Kernel {
    raw: *const bh_kernel,
}

// The kernel's services may be used from any thread, as blockhost/kernel.h says.
unsafe impl Send for Kernel {}
unsafe impl Sync for Kernel {}

/// How a one-shot program ended.
#[derive(Debug)]
pub struct Ran {
    pub exit_code: i64,
    pub output: Vec<u8>,
    pub errors: Vec<u8>,
}

impl Kernel {
    /// # Safety
    /// `kernel` is what the kernel gave to create() or check().
    pub(crate) unsafe fn new(kernel: *const bh_kernel) -> Kernel {
        Kernel { raw: kernel }
    }

    /// The operator's name for the instance.
    pub fn instance(&self) -> &str {
        unsafe { text((*self.raw).instance) }.unwrap_or("")
    }

    pub(crate) fn raw(&self) -> *const bh_kernel {
        self.raw
    }

    pub(crate) fn service<T>(&self, id: &'static str) -> Result<&T> {
        let found = unsafe {
            match (*self.raw).service {
                Some(service) => service(self.raw, id.as_ptr() as *const c_char) as *const T,
                None => std::ptr::null(),
            }
        };
        let name = id.trim_end_matches('\0');
        unsafe { found.as_ref() }.ok_or_else(|| {
            Error::new(BH_E_DENIED, "not_granted", format!("the service {} is not granted; list it in the manifest", name))
        })
    }

    /// One line, never with a secret. Nothing happens without the service.
    pub fn log(&self, level: u32, message: &str) {
        if let Ok(log) = self.service::<bh_svc_log>(BH_SVC_LOG) {
            if let (true, Some(write)) = (level >= log.min_level, log.write) {
                unsafe { write(self.raw, level, str_of(""), str_of(message)) }
            }
        }
    }

    /// Of the instance's durable store: None when there is no such key.
    pub fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        let store = self.service::<bh_svc_store>(BH_SVC_STORE)?;
        let get = store.get.ok_or_else(incomplete)?;
        match collect(|out, err| unsafe { get(self.raw, str_of(key), out, err) }) {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.status == BH_E_NOT_FOUND => Ok(None),
            Err(error) => Err(error),
        }
    }
    /// All of them or none; an empty value removes its key. Durable once it is Ok.
    pub fn put(&self, pairs: &[(&str, &[u8])]) -> Result<()> {
        let store = self.service::<bh_svc_store>(BH_SVC_STORE)?;
        let put = store.put.ok_or_else(incomplete)?;
        let keys: Vec<bh_str> = pairs.iter().map(|(key, _)| str_of(key)).collect();
        let values: Vec<bh_bytes> = pairs.iter().map(|(_, value)| bytes_of(value)).collect();
        let mut error = empty_error();
        let status = unsafe { put(self.raw, keys.as_ptr(), values.as_ptr(), pairs.len() as u32, &mut error) };
        result_of(status, &error)
    }
    /// All keys that begin with `prefix`, in byte order.
    pub fn keys(&self, prefix: &str) -> Result<Vec<String>> {
        let store = self.service::<bh_svc_store>(BH_SVC_STORE)?;
        let list = store.list.ok_or_else(incomplete)?;
        let (mut all, mut page) = (Vec::new(), String::new());
        loop {
            let bytes = collect(|out, err| unsafe { list(self.raw, str_of(prefix), str_of(&page), out, err) })?;
            let answer = json::parse(&String::from_utf8_lossy(&bytes))?;
            all.extend(answer.list("keys").iter().filter_map(|key| key.as_text().map(str::to_owned)));
            page = answer.text("next").to_owned();
            if page.is_empty() {
                return Ok(all);
            }
        }
    }

    /// There is something new: poll() is called as soon as may be. For every piece of news; nothing happens without the service.
    pub fn poll_now(&self) {
        if let Ok(bh_svc_wake { poll_now: Some(poll_now), .. }) = self.service::<bh_svc_wake>(BH_SVC_WAKE) {
            unsafe { poll_now(self.raw) }
        }
    }

    /// Lends a secret to `body` on this thread; it keeps no copy.
    pub fn with_secret<T>(&self, name: &str, body: impl FnOnce(&[u8]) -> Result<T>) -> Result<T> {
        struct Loan<T, F: FnOnce(&[u8]) -> Result<T>> {
            body: Option<F>,
            result: Option<Result<T>>,
        }
        unsafe extern "C" fn lend<T, F: FnOnce(&[u8]) -> Result<T>>(user: *mut c_void, secret: bh_bytes) -> bh_status {
            let loan = &mut *(user as *mut Loan<T, F>);
            let body = loan.body.take();
            let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                body.map(|body| body(crate::boundary::view(secret)))
            }));
            loan.result = ran.unwrap_or(None);
            match &loan.result {
                Some(Ok(_)) => BH_OK,
                Some(Err(error)) => error.status,
                None => BH_E_INTERNAL,
            }
        }
        fn lender<T, F: FnOnce(&[u8]) -> Result<T>>(_: &Loan<T, F>) -> unsafe extern "C" fn(*mut c_void, bh_bytes) -> bh_status {
            lend::<T, F>
        }
        let secrets = self.service::<bh_svc_secrets>(BH_SVC_SECRETS)?;
        let with = secrets.with.ok_or_else(incomplete)?;
        let name = std::ffi::CString::new(name).map_err(|_| Error::invalid("secret", "the name has a NUL"))?;
        let mut loan = Loan { body: Some(body), result: None };
        let mut error = empty_error();
        let use_it = lender(&loan);
        let status = unsafe { with(self.raw, name.as_ptr(), Some(use_it), &mut loan as *mut _ as *mut c_void, &mut error) };
        match loan.result {
            Some(result) => result,
            None => Err(result_of(status, &error).err().unwrap_or_else(incomplete)),
        }
    }

    /// Runs a `tool` of the manifest to its end. `deadline_ns`: CLOCK_MONOTONIC, 0 = none.
    pub fn run(&self, program: &str, arguments: &[&str], deadline_ns: u64) -> Result<Ran> {
        let launch = self.service::<bh_svc_launch>(BH_SVC_LAUNCH)?;
        let run = launch.run.ok_or_else(incomplete)?;
        let args = arguments.iter().map(|argument| Value::from(*argument)).collect::<Vec<_>>();
        let request = Value::map(vec![("program", program.into()), ("args", Value::List(args))]).to_string();
        let bytes = collect(|out, err| unsafe { run(self.raw, str_of(&request), deadline_ns, out, err) })?;
        let answer = json::parse(&String::from_utf8_lossy(&bytes))?;
        let code = answer.get("exit_code").and_then(Value::as_i64).unwrap_or(-1);
        Ok(Ran { exit_code: code, output: answer.bytes("output")?, errors: answer.bytes("errors")? })
    }
}

pub(crate) fn incomplete() -> Error {
    Error::new(BH_E_INTERNAL, "service", "the kernel's table of a service lacks a function")
}
