//! A hypervisor that says what its extensions were asked for, driven through the C ABI as the kernel does.

use crate::boundary::{bytes_of, collect, empty_error, result_of, str_of};
use crate::{Call, Console, Error, Guest, Hypervisor, Kernel, Plugin, Reinstall, Resize, Result, Snapshot, Value};
use bh_sys::*;
use std::os::raw::{c_char, c_void};

struct Machine;

fn said(what: &str) -> Value {
    Value::map(vec![("said", what.into())])
}

impl Plugin for Machine {
    const ID: &'static str = "org.example.machine";
    const VERSION: &'static str = "1.0.0";
    fn create(_: Kernel, _: &Value) -> Result<Machine> {
        Ok(Machine)
    }
}
impl Hypervisor for Machine {
    fn describe(&self) -> Result<Value> {
        Ok(said("describe"))
    }
    fn vm_create(&self, _: &Call, _: &Value) -> Result<Value> {
        Ok(said("create"))
    }
    fn vm_destroy(&self, _: &Call, _: &str) -> Result<()> {
        Ok(())
    }
    fn vm_power(&self, _: &Call, _: &str, _: u32) -> Result<()> {
        Ok(())
    }
    fn vm_get(&self, vm: &str) -> Result<Value> {
        Ok(said(vm))
    }
    fn vm_list(&self, page: &str) -> Result<Value> {
        Ok(said(page))
    }
    fn vm_stats(&self, _: &str) -> Result<bh_vm_stats> {
        Err(Error::not_found("none"))
    }
}
impl Guest for Machine {
    fn guest_exchange(&self, call: &Call, vm: &str, request: &[u8]) -> Result<Vec<u8>> {
        Ok([call.op_id().as_bytes(), b" ", vm.as_bytes(), b" ", request].concat())
    }
}
impl Console for Machine {
    fn console_open(&self, _: &Call, vm: &str, kind: u32) -> Result<Value> {
        Ok(said(&format!("{} {}", vm, kind)))
    }
}
impl Resize for Machine {
    fn vm_resize(&self, call: &Call, vm: &str, size: &Value) -> Result<Value> {
        Ok(said(&format!("{} {} {}", call.op_id(), vm, size.need_u64("cpus")?)))
    }
}
impl Reinstall for Machine {
    fn vm_reinstall(&self, call: &Call, vm: &str, spec: &Value) -> Result<Value> {
        Ok(said(&format!("{} {} {}", call.op_id(), vm, spec.need_text("name")?)))
    }
}
impl Snapshot for Machine {
    fn snapshot_create(&self, call: &Call, vm: &str, spec: &Value) -> Result<Value> {
        Ok(said(&format!("{} {} {}", call.op_id(), vm, spec.need_text("name")?)))
    }
    fn snapshot_revert(&self, _: &Call, vm: &str, snapshot: &str) -> Result<()> {
        Err(Error::new(BH_E_UNKNOWN_OUTCOME, "revert", format!("{} to {}", vm, snapshot)))
    }
    fn snapshot_delete(&self, _: &Call, vm: &str, snapshot: &str) -> Result<()> {
        Err(Error::new(BH_E_BUSY, "busy", format!("{} without {}", vm, snapshot)))
    }
    fn snapshot_list(&self, vm: &str, page: &str) -> Result<Value> {
        Ok(said(&format!("{} after {}", vm, page)))
    }
}

// What plugin! makes of a list of kinds. Its entry has one table for the library, which here is another test's.
unsafe extern "C" fn query(id: *const c_char) -> *const c_void {
    use crate::kinds::*;
    let extension = guest::<Machine>(id).or_else(|| console::<Machine>(id)).or_else(|| resize::<Machine>(id));
    let state = reinstall::<Machine>(id).or_else(|| snapshot::<Machine>(id));
    hypervisor::<Machine>(id).or(extension).or(state).unwrap_or(std::ptr::null())
}

struct Host {
    plugin: &'static bh_plugin,
    instance: *mut bh_instance,
}
impl Host {
    fn new() -> Host {
        unsafe extern "C" fn none(_: *const bh_kernel, _: *const c_char) -> *const c_void {
            std::ptr::null()
        }
        // As long as the process: the instance keeps it.
        let kernel = Box::leak(Box::new(bh_kernel {
            struct_size: std::mem::size_of::<bh_kernel>() as u32,
            abi_minor: BH_ABI_MINOR,
            ctx: std::ptr::null_mut(),
            instance: str_of("test"),
            service: Some(none),
        }));
        let plugin: &'static bh_plugin = Box::leak(Box::new(crate::kinds::table_of::<Machine>(query)));
        let mut error = empty_error();
        let mut instance = std::ptr::null_mut();
        let status = unsafe { plugin.create.unwrap()(kernel, str_of("{}"), &mut instance, &mut error) };
        result_of(status, &error).unwrap();
        Host { plugin, instance }
    }
    fn find<V>(&self, id: &str) -> &V {
        let table = unsafe { self.plugin.query.unwrap()(id.as_ptr() as *const c_char) };
        assert!(!table.is_null(), "{}", id);
        unsafe { &*(table as *const V) }
    }
}
impl Drop for Host {
    fn drop(&mut self) {
        unsafe { self.plugin.destroy.unwrap()(self.instance) }
    }
}

fn call() -> bh_call {
    bh_call {
        struct_size: std::mem::size_of::<bh_call>() as u32,
        attempt: 1,
        op_id: str_of("op-1"),
        trace_id: str_of(""),
        checkpoint: bytes_of(&[]),
        deadline_ns: 0,
        cancel_fd: -1,
        reserved0: 0,
        ctx: std::ptr::null_mut(),
        cancelled: None,
        cancel_reason: None,
        progress: None,
        save: None,
    }
}
fn text_of(verb: impl FnOnce(bh_sink, *mut bh_error) -> bh_status) -> Result<String> {
    collect(verb).map(|bytes| String::from_utf8(bytes).unwrap())
}

const DOCUMENT: &str = r#"{"vm":"vm-1","created_by":"op-0"}"#;

#[test]
fn extensions_arrive_as_the_headers_say() {
    let host = Host::new();
    let (this, call) = (host.instance, call());
    let guest = host.find::<bh_hypervisor_guest>(BH_HYPERVISOR_GUEST).guest_exchange.unwrap();
    let answer = collect(|out, err| unsafe { guest(this, &call, str_of("vm-1"), bytes_of(b"a\0\xff"), out, err) });
    assert_eq!(answer.unwrap(), b"op-1 vm-1 a\0\xff");
    let console = host.find::<bh_hypervisor_console>(BH_HYPERVISOR_CONSOLE).console_open.unwrap();
    let answer = text_of(|out, err| unsafe { console(this, &call, str_of("vm-1"), 1, out, err) });
    assert_eq!(answer.unwrap(), r#"{"said":"vm-1 1"}"#);

    let resize = host.find::<bh_hypervisor_resize>(BH_HYPERVISOR_RESIZE).vm_resize.unwrap();
    let reinstall = host.find::<bh_hypervisor_reinstall>(BH_HYPERVISOR_REINSTALL).vm_reinstall.unwrap();
    let snapshots = host.find::<bh_hypervisor_snapshot>(BH_HYPERVISOR_SNAPSHOT);
    let rows = [
        (resize, r#"{"cpus":4,"memory_bytes":1}"#, "4", "size"),
        (reinstall, r#"{"name":"fresh"}"#, "fresh", "spec"),
        (snapshots.snapshot_create.unwrap(), r#"{"name":"kept"}"#, "kept", "spec"),
    ];
    for (verb, given, told, argument) in rows {
        let asked = |vm: &str, given: &str| text_of(|out, err| unsafe { verb(this, &call, str_of(vm), str_of(given), out, err) });
        for vm in ["vm-1", DOCUMENT] {
            assert_eq!(asked(vm, given).unwrap(), format!(r#"{{"said":"op-1 vm-1 {}"}}"#, told));
        }
        let wrong = asked("vm-1", "[").unwrap_err();
        assert!(wrong.status == BH_E_INVALID && wrong.message.starts_with(argument), "{}", wrong.message);
        let wrong = asked("{}", given).unwrap_err();
        assert!(wrong.status == BH_E_INVALID && wrong.message.starts_with("vm"), "{}", wrong.message);
    }

    for (verb, status, word) in [
        (snapshots.snapshot_revert.unwrap(), BH_E_UNKNOWN_OUTCOME, "to"),
        (snapshots.snapshot_delete.unwrap(), BH_E_BUSY, "without"),
    ] {
        for snapshot in ["s-1", r#"{"snapshot":"s-1"}"#] {
            let mut error = empty_error();
            let said = unsafe { verb(this, &call, str_of(DOCUMENT), str_of(snapshot), &mut error) };
            let failed = result_of(said, &error).unwrap_err();
            assert_eq!((failed.status, failed.message), (status, format!("vm-1 {} s-1", word)));
        }
    }
    let list = snapshots.snapshot_list.unwrap();
    let answer = text_of(|out, err| unsafe { list(this, str_of(DOCUMENT), str_of("p2"), out, err) });
    assert_eq!(answer.unwrap(), r#"{"said":"vm-1 after p2"}"#);
}
