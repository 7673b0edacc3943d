//! A chain whose blocks are a list, driven through the C ABI as the kernel does.

use crate::boundary::{bytes_of, collect, empty_error, result_of, str_of, view};
use crate::chain::{At, Chain, Contract, Position};
use crate::{Call, Error, Kernel, Plugin, Result, Value};
use bh_sys::*;
use std::ffi::CStr;
use std::os::raw::{c_char, c_void};
use std::sync::Mutex;

struct Blocks {
    kernel: Kernel,
    mined: Mutex<Vec<String>>, // the intent of each block, from height 1 on
}

fn block(height: usize) -> Value {
    Position { id: format!("b{}", height), height: height as u64 }.to_value()
}
fn said(at: &At) -> Value {
    let position = at.position.as_ref().map_or(Value::Null, Position::to_value);
    Value::map(vec![("at", position), ("agree", u64::from(at.min_agree).into())])
}

impl Plugin for Blocks {
    const ID: &'static str = "org.example.blocks";
    const VERSION: &'static str = "1.0.0";
    fn create(kernel: Kernel, _: &Value) -> Result<Blocks> {
        Ok(Blocks { kernel, mined: Mutex::new(Vec::new()) })
    }
}

impl Chain for Blocks {
    fn describe(&self) -> Result<Value> {
        let key = self.kernel.public_key("agent")?;
        Ok(Value::map(vec![("chain", "test:1".into()), ("agent", String::from_utf8_lossy(&key).into_owned().into())]))
    }
    fn poll(&self, _: &Call, cursor: &str, max: u32) -> Result<Value> {
        let from: usize = cursor.parse().unwrap_or(0);
        let mined = self.mined.lock().unwrap();
        let events: Vec<Value> = (from..mined.len()).take(max as usize).map(|at| block(at + 1)).collect();
        let next = (from + events.len()).to_string();
        Ok(Value::map(vec![("events", Value::List(events)), ("cursor", next.into())]))
    }
    fn submit(&self, call: &Call, intent: &Value, final_at: Option<&Position>) -> Result<Value> {
        if intent.text("action") == "panic" {
            panic!("as it was told to");
        }
        let mut mined = self.mined.lock().unwrap();
        let wanted = intent.to_string();
        if !mined.contains(&wanted) {
            let signature = self.kernel.sign("agent", "bh-intent-1", wanted.as_bytes())?;
            call.save(&signature)?;
            mined.push(wanted.clone());
        }
        let height = 1 + mined.iter().position(|one| *one == wanted).unwrap_or(0);
        match final_at {
            Some(position) if position.height >= height as u64 => {
                Ok(Value::map(vec![("tx", "t".into()), ("position", block(height))]))
            }
            _ => Err(Error::pending(250, "it is not final yet")),
        }
    }
    fn owner_of(&self, credential: &str, at: &At) -> Result<Value> {
        if credential == "unknown" {
            return Err(Error::new(BH_E_UNAVAILABLE, "too_few_agree", "they differ"));
        }
        Ok(said(at))
    }
    fn subscription_state(&self, _: &str, at: &At) -> Result<Value> {
        Ok(said(at))
    }
    fn balances(&self, _: &str, at: &At) -> Result<Value> {
        Ok(said(at))
    }
    fn verify_signature(&self, scheme: &str, signer: &str, message: &[u8], signature: &[u8], at: &At) -> Result<Value> {
        let whole = format!("{} {} {:?} {:?}", scheme, signer, message, signature);
        Ok(Value::map(vec![("whole", whole.into()), ("agree", u64::from(at.min_agree).into())]))
    }
    fn recover_signer(&self, scheme: &str, message: &[u8], signature: &[u8]) -> Result<String> {
        Ok(format!("{}:{}:{}", scheme, message.len(), signature.len()))
    }
    fn parse_address(&self, text: &str) -> Result<String> {
        match text.strip_prefix("0x") {
            Some(digits) => Ok(format!("0x{}", digits.to_lowercase())),
            None => Err(Error::invalid("bad_address", "an address begins with 0x")),
        }
    }
}

impl Contract for Blocks {
    fn read(&self, request: &Value, at: &At) -> Result<Value> {
        Ok(Value::map(vec![("asked", request.clone()), ("where", said(at))]))
    }
    fn logs(&self, filter: &Value, cursor: &str, max: u32) -> Result<Value> {
        Ok(Value::map(vec![("asked", filter.clone()), ("cursor", cursor.into()), ("max", u64::from(max).into())]))
    }
}

// The kernel's side: a signer that says what it was asked, and a call that keeps its checkpoint.

unsafe extern "C" fn sign(
    _: *const bh_kernel, key: *const c_char, scheme: *const c_char, payload: bh_bytes, out: bh_sink, _: *mut bh_error,
) -> bh_status {
    let mut text = [CStr::from_ptr(key).to_bytes(), b" ", CStr::from_ptr(scheme).to_bytes(), b" "].concat();
    text.extend_from_slice(view(payload));
    out.write.unwrap()(out.ctx, text.as_ptr() as *const c_void, text.len())
}
unsafe extern "C" fn public_key(_: *const bh_kernel, key: *const c_char, out: bh_sink, _: *mut bh_error) -> bh_status {
    let text = CStr::from_ptr(key).to_bytes();
    out.write.unwrap()(out.ctx, text.as_ptr() as *const c_void, text.len())
}
unsafe extern "C" fn unseal(
    _: *const bh_kernel, _: *const c_char, _: *const c_char, sealed: bh_bytes, context: bh_bytes, out: bh_sink, _: *mut bh_error,
) -> bh_status {
    let text = [view(context), view(sealed)].concat();
    out.write.unwrap()(out.ctx, text.as_ptr() as *const c_void, text.len())
}
static SIGNER: bh_svc_signer = bh_svc_signer {
    struct_size: std::mem::size_of::<bh_svc_signer>() as u32,
    reserved0: 0,
    sign: Some(sign),
    public_key: Some(public_key),
    unseal: Some(unseal),
};
unsafe extern "C" fn service(kernel: *const bh_kernel, id: *const c_char) -> *const c_void {
    let granted = !(*kernel).ctx.is_null() && CStr::from_ptr(id).to_bytes_with_nul() == BH_SVC_SIGNER.as_bytes();
    if granted { &SIGNER as *const bh_svc_signer as *const c_void } else { std::ptr::null() }
}
unsafe extern "C" fn save(call: *const bh_call, checkpoint: bh_bytes, _: *mut bh_error) -> bh_status {
    *((*call).ctx as *mut Vec<u8>) = view(checkpoint).to_vec();
    BH_OK
}
unsafe extern "C" fn query(id: *const c_char) -> *const c_void {
    crate::chain::chain::<Blocks>(id).or_else(|| crate::chain::contract::<Blocks>(id)).unwrap_or(std::ptr::null())
}

struct Host {
    plugin: &'static bh_plugin,
    instance: *mut bh_instance,
    saved: Box<Vec<u8>>,
}

impl Host {
    fn new(signer: bool) -> Host {
        let granted = if signer { 1 as *mut c_void } else { std::ptr::null_mut() };
        // As long as the process: the instance keeps it.
        let kernel = Box::leak(Box::new(bh_kernel {
            struct_size: std::mem::size_of::<bh_kernel>() as u32,
            abi_minor: BH_ABI_MINOR,
            ctx: granted,
            instance: str_of("test"),
            service: Some(service),
        }));
        let args = bh_entry_args {
            struct_size: std::mem::size_of::<bh_entry_args>() as u32,
            abi_minor: BH_ABI_MINOR,
            abi_draft: BH_ABI_DRAFT,
            reserved0: 0,
            kernel_version: str_of("0"),
        };
        // The entry is called by one thread: the kernel serialises it, here the tests' threads do.
        static ENTRY: Mutex<()> = Mutex::new(());
        let held = ENTRY.lock().unwrap();
        let mut error = empty_error();
        let plugin = unsafe { &*crate::entry::<Blocks>(&args, &mut error, query) };
        drop(held);
        let mut instance = std::ptr::null_mut();
        let status = unsafe { plugin.create.unwrap()(kernel, str_of("{}"), &mut instance, &mut error) };
        result_of(status, &error).unwrap();
        Host { plugin, instance, saved: Box::default() }
    }
    fn chain(&self) -> &bh_chain {
        unsafe { &*(self.plugin.query.unwrap()(BH_CHAIN.as_ptr() as *const c_char) as *const bh_chain) }
    }
    fn call(&mut self) -> bh_call {
        bh_call {
            struct_size: std::mem::size_of::<bh_call>() as u32,
            attempt: 1,
            op_id: str_of("op-1"),
            trace_id: str_of(""),
            checkpoint: bytes_of(&[]),
            deadline_ns: 0,
            cancel_fd: -1,
            reserved0: 0,
            ctx: &mut *self.saved as *mut Vec<u8> as *mut c_void,
            cancelled: None,
            cancel_reason: None,
            progress: None,
            save: Some(save),
        }
    }
    fn submit(&mut self, intent: &str, final_at: &str) -> Result<String> {
        let call = self.call();
        let verb = self.chain().submit.unwrap();
        said_by(|out, err| unsafe { verb(self.instance, &call, str_of(intent), str_of(final_at), out, err) })
    }
    fn poll(&mut self, cursor: &str, max: u32) -> Result<String> {
        let call = self.call();
        let verb = self.chain().poll.unwrap();
        said_by(|out, err| unsafe { verb(self.instance, &call, str_of(cursor), max, out, err) })
    }
    fn owner_of(&self, credential: &str, at: &str, agree: u32) -> Result<String> {
        let verb = self.chain().owner_of.unwrap();
        said_by(|out, err| unsafe { verb(self.instance, str_of(credential), str_of(at), agree, out, err) })
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        unsafe { self.plugin.destroy.unwrap()(self.instance) }
    }
}

fn said_by(verb: impl FnOnce(bh_sink, *mut bh_error) -> bh_status) -> Result<String> {
    collect(verb).map(|bytes| String::from_utf8(bytes).unwrap())
}

#[test]
fn only_the_kinds_of_the_type_are_found() {
    let host = Host::new(true);
    let query = host.plugin.query.unwrap();
    for (id, there) in [(BH_CHAIN, true), (BH_CHAIN_CONTRACT, true), (BH_STORAGE, false), ("\0", false)] {
        assert_eq!(!unsafe { query(id.as_ptr() as *const c_char) }.is_null(), there, "{}", id);
    }
    assert_eq!(host.chain().struct_size as usize, std::mem::size_of::<bh_chain>());
}

#[test]
fn a_transaction_is_signed_saved_and_waited_for() {
    let mut host = Host::new(true);
    let intent = r#"{"action":"close","subscription":"7"}"#;
    for waits in ["", r#"{"height":0,"id":"b0"}"#] {
        let error = host.submit(intent, waits).unwrap_err();
        assert_eq!((error.status, error.retry_after_ms), (BH_PENDING, 250));
    }
    assert_eq!(host.saved.as_slice(), format!("agent bh-intent-1 {}", intent).as_bytes());
    let receipt = host.submit(intent, r#"{"height":1,"id":"b1"}"#).unwrap();
    assert_eq!(receipt, r#"{"position":{"height":1,"id":"b1"},"tx":"t"}"#);
}

#[test]
fn poll_goes_on_at_the_cursor_and_gives_no_more_than_asked() {
    let mut host = Host::new(true);
    for number in 1..4 {
        host.submit(&format!(r#"{{"action":"burn","subscription":"{}"}}"#, number), "").unwrap_err();
    }
    assert_eq!(host.poll("", 2).unwrap(), r#"{"cursor":"2","events":[{"height":1,"id":"b1"},{"height":2,"id":"b2"}]}"#);
    assert_eq!(host.poll("2", 2).unwrap(), r#"{"cursor":"3","events":[{"height":3,"id":"b3"}]}"#);
}

#[test]
fn reads_say_where_and_how_surely() {
    let host = Host::new(true);
    assert_eq!(host.owner_of("7", "", 0).unwrap(), r#"{"agree":0,"at":null}"#);
    let at = r#"{"id":"b9","height":9}"#;
    assert_eq!(host.owner_of("7", at, 2).unwrap(), r#"{"agree":2,"at":{"height":9,"id":"b9"}}"#);
    for verb in [host.chain().subscription_state.unwrap(), host.chain().balances.unwrap()] {
        let said = said_by(|out, err| unsafe { verb(host.instance, str_of("x"), str_of(at), 3, out, err) });
        assert_eq!(said.unwrap(), r#"{"agree":3,"at":{"height":9,"id":"b9"}}"#);
    }
    assert_eq!(host.owner_of("unknown", "", 0).unwrap_err().reason, "too_few_agree");
}

#[test]
fn documents_that_are_none_are_refused_by_their_argument() {
    let mut host = Host::new(true);
    for (at, part) in [("{", "at"), (r#"{"id":"b"}"#, "at: /height"), (r#"{"id":1,"height":1}"#, "at: /id")] {
        let error = host.owner_of("7", at, 0).unwrap_err();
        assert_eq!(error.status, BH_E_INVALID);
        assert!(error.message.starts_with(part), "{}", error.message);
    }
    assert!(host.submit("[", "").unwrap_err().message.starts_with("intent"));
    assert!(host.submit("{}", "{}").unwrap_err().message.starts_with("final_at"));
    assert!(host.saved.is_empty());
}

#[test]
fn bytes_and_plain_texts_pass_as_they_are() {
    let host = Host::new(true);
    let (verify, recover, parse) =
        (host.chain().verify_signature.unwrap(), host.chain().recover_signer.unwrap(), host.chain().parse_address.unwrap());
    let (message, signature) = (bytes_of(&[0, 255]), bytes_of(&[7]));
    let said = said_by(|out, err| unsafe {
        verify(host.instance, str_of("eip191"), str_of("0xA"), message, signature, str_of(""), 1, out, err)
    });
    assert_eq!(said.unwrap(), r#"{"agree":1,"whole":"eip191 0xA [0, 255] [7]"}"#);
    let said = said_by(|out, err| unsafe { recover(host.instance, str_of("eip191"), message, signature, out, err) });
    assert_eq!(said.unwrap(), "eip191:2:1");
    assert_eq!(said_by(|out, err| unsafe { parse(host.instance, str_of("0xAB"), out, err) }).unwrap(), "0xab");
    let refused = said_by(|out, err| unsafe { parse(host.instance, str_of("x"), out, err) });
    assert_eq!(refused.unwrap_err().reason, "bad_address");
}

#[test]
fn the_contract_extension_reads_and_lists_logs() {
    let host = Host::new(true);
    let id = BH_CHAIN_CONTRACT.as_ptr() as *const c_char;
    let table = unsafe { &*(host.plugin.query.unwrap()(id) as *const bh_chain_contract) };
    let (read, logs) = (table.read.unwrap(), table.logs.unwrap());
    let said = said_by(|out, err| unsafe { read(host.instance, str_of(r#"{"a":1}"#), str_of(""), 2, out, err) });
    assert_eq!(said.unwrap(), r#"{"asked":{"a":1},"where":{"agree":2,"at":null}}"#);
    let said = said_by(|out, err| unsafe { logs(host.instance, str_of("{}"), str_of("c"), 9, out, err) });
    assert_eq!(said.unwrap(), r#"{"asked":{},"cursor":"c","max":9}"#);
    let refused = said_by(|out, err| unsafe { logs(host.instance, str_of(""), str_of("c"), 9, out, err) });
    assert!(refused.unwrap_err().message.starts_with("filter"));
}

#[test]
fn without_the_signer_nothing_is_signed_and_the_error_names_it() {
    let mut host = Host::new(false);
    let error = host.submit(r#"{"action":"close"}"#, "").unwrap_err();
    assert_eq!((error.status, error.reason.as_str()), (BH_E_DENIED, "not_granted"));
    assert!(error.message.contains("bh.svc.signer/1"), "{}", error.message);
    assert!(host.saved.is_empty());
    let describe = host.chain().describe.unwrap();
    let said = said_by(|out, err| unsafe { describe(host.instance, out, err) });
    assert_eq!(said.unwrap_err().status, BH_E_DENIED);
}

#[test]
fn the_signers_other_verbs_carry_key_and_context() {
    let host = Host::new(true);
    let describe = host.chain().describe.unwrap();
    let said = said_by(|out, err| unsafe { describe(host.instance, out, err) });
    assert_eq!(said.unwrap(), r#"{"agent":"agent","chain":"test:1"}"#);
    let kernel = bh_kernel { struct_size: 0, abi_minor: 0, ctx: 1 as *mut c_void, instance: str_of("x"), service: Some(service) };
    let kernel = unsafe { Kernel::new(&kernel) };
    let opened = kernel.with_unsealed("server", "seal-2-request", b"sealed", b"context ", |plain| Ok(plain.to_vec()));
    assert_eq!(opened.unwrap(), b"context sealed");
    assert_eq!(kernel.sign("a\0b", "x", b"").unwrap_err().status, BH_E_INVALID);
}

#[test]
fn a_panic_is_internal_and_a_quiesced_chain_refuses() {
    let mut host = Host::new(true);
    let error = host.submit(r#"{"action":"panic"}"#, "").unwrap_err();
    assert_eq!((error.status, error.reason.as_str()), (BH_E_INTERNAL, "panic"));
    let mut error = empty_error();
    assert_eq!(unsafe { host.plugin.quiesce.unwrap()(host.instance, 0, &mut error) }, BH_OK);
    assert_eq!(host.poll("", 1).unwrap_err().status, BH_E_INTERRUPTED);
}
