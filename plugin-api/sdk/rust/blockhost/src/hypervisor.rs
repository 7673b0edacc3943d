//! The extensions of a hypervisor: blockhost/ext/hypervisor_*.h says what each owes. `plugin!` names those that a type has.

use crate::boundary::{document, text, view, write};
use crate::kinds::{id_of, is, verb, Hypervisor};
use crate::{Call, Result, Value};
use bh_sys::*;
use std::os::raw::{c_char, c_void};

/// The extension guest: carries bytes to the helper in a VM and its answer back, and reads neither.
pub trait Guest: Hypervisor {
    fn guest_exchange(&self, call: &Call, vm: &str, request: &[u8]) -> Result<Vec<u8>>;
}

/// The extension console. `kind`: BH_CONSOLE_*. The document is a secret, and good for one connection.
pub trait Console: Hypervisor {
    fn console_open(&self, call: &Call, vm: &str, kind: u32) -> Result<Value>;
}

/// The extension resize: vm-size.json -> vm.json.
pub trait Resize: Hypervisor {
    fn vm_resize(&self, call: &Call, vm: &str, size: &Value) -> Result<Value>;
}

/// The extension reinstall: vm-spec.json -> vm.json.
pub trait Reinstall: Hypervisor {
    fn vm_reinstall(&self, call: &Call, vm: &str, spec: &Value) -> Result<Value>;
}

/// The extension snapshot: snapshot-spec.json -> snapshot.json; a list is snapshots.json.
pub trait Snapshot: Hypervisor {
    fn snapshot_create(&self, call: &Call, vm: &str, spec: &Value) -> Result<Value>;
    /// Happens at most once for an op_id.
    fn snapshot_revert(&self, call: &Call, vm: &str, snapshot: &str) -> Result<()>;
    fn snapshot_delete(&self, call: &Call, vm: &str, snapshot: &str) -> Result<()>;
    fn snapshot_list(&self, vm: &str, page: &str) -> Result<Value>;
}

unsafe fn vm_of(vm: bh_str) -> Result<String> {
    id_of("vm", vm).map_err(|error| error.within("vm"))
}

unsafe extern "C" fn guest_exchange<T: Guest>(
    this: *mut bh_instance, call: *const bh_call, vm: bh_str, request: bh_bytes, answer: bh_sink, err: *mut bh_error,
) -> bh_status {
    verb::<T>(this, err, |plugin| {
        write(answer, &plugin.guest_exchange(&Call::new(call), &vm_of(vm)?, view(request))?)
    })
}
unsafe extern "C" fn console_open<T: Console>(
    this: *mut bh_instance, call: *const bh_call, vm: bh_str, kind: u32, out: bh_sink, err: *mut bh_error,
) -> bh_status {
    verb::<T>(this, err, |plugin| write(out, plugin.console_open(&Call::new(call), &vm_of(vm)?, kind)?.to_string()))
}

// A verb that is given a VM and a document, and answers with one; and one that is given a VM and a snapshot.
macro_rules! changes {
    ($name:ident, $trait:ident, $argument:literal) => {
        unsafe extern "C" fn $name<T: $trait>(
            this: *mut bh_instance, call: *const bh_call, vm: bh_str, given: bh_str, out: bh_sink, err: *mut bh_error,
        ) -> bh_status {
            verb::<T>(this, err, |plugin| {
                let (vm, given) = (vm_of(vm)?, document($argument, given)?);
                write(out, plugin.$name(&Call::new(call), &vm, &given)?.to_string())
            })
        }
    };
}
macro_rules! goes_to {
    ($name:ident) => {
        unsafe extern "C" fn $name<T: Snapshot>(
            this: *mut bh_instance, call: *const bh_call, vm: bh_str, snapshot: bh_str, err: *mut bh_error,
        ) -> bh_status {
            verb::<T>(this, err, |plugin| {
                let snapshot = id_of("snapshot", snapshot).map_err(|error| error.within("snapshot"))?;
                plugin.$name(&Call::new(call), &vm_of(vm)?, &snapshot)
            })
        }
    };
}
changes!(vm_resize, Resize, "size");
changes!(vm_reinstall, Reinstall, "spec");
changes!(snapshot_create, Snapshot, "spec");
goes_to!(snapshot_revert);
goes_to!(snapshot_delete);
unsafe extern "C" fn snapshot_list<T: Snapshot>(
    this: *mut bh_instance, vm: bh_str, page: bh_str, out: bh_sink, err: *mut bh_error,
) -> bh_status {
    verb::<T>(this, err, |plugin| write(out, plugin.snapshot_list(&vm_of(vm)?, text(page)?)?.to_string()))
}

struct Tables<T>(std::marker::PhantomData<T>);
impl<T: Guest> Tables<T> {
    const GUEST: &'static bh_hypervisor_guest = &bh_hypervisor_guest {
        struct_size: std::mem::size_of::<bh_hypervisor_guest>() as u32,
        reserved0: 0,
        guest_exchange: Some(guest_exchange::<T>),
    };
}
impl<T: Console> Tables<T> {
    const CONSOLE: &'static bh_hypervisor_console = &bh_hypervisor_console {
        struct_size: std::mem::size_of::<bh_hypervisor_console>() as u32,
        reserved0: 0,
        console_open: Some(console_open::<T>),
    };
}
impl<T: Resize> Tables<T> {
    const RESIZE: &'static bh_hypervisor_resize = &bh_hypervisor_resize {
        struct_size: std::mem::size_of::<bh_hypervisor_resize>() as u32,
        reserved0: 0,
        vm_resize: Some(vm_resize::<T>),
    };
}
impl<T: Reinstall> Tables<T> {
    const REINSTALL: &'static bh_hypervisor_reinstall = &bh_hypervisor_reinstall {
        struct_size: std::mem::size_of::<bh_hypervisor_reinstall>() as u32,
        reserved0: 0,
        vm_reinstall: Some(vm_reinstall::<T>),
    };
}
impl<T: Snapshot> Tables<T> {
    const SNAPSHOT: &'static bh_hypervisor_snapshot = &bh_hypervisor_snapshot {
        struct_size: std::mem::size_of::<bh_hypervisor_snapshot>() as u32,
        reserved0: 0,
        snapshot_create: Some(snapshot_create::<T>),
        snapshot_revert: Some(snapshot_revert::<T>),
        snapshot_delete: Some(snapshot_delete::<T>),
        snapshot_list: Some(snapshot_list::<T>),
    };
}

macro_rules! found {
    ($name:ident, $trait:ident, $id:ident, $table:ident) => {
        /// # Safety
        /// `id` is a C string. For `plugin!`.
        #[doc(hidden)]
        pub unsafe fn $name<T: $trait>(id: *const c_char) -> Option<*const c_void> {
            is(id, $id).then(|| Tables::<T>::$table as *const _ as *const c_void)
        }
    };
}
found!(guest, Guest, BH_HYPERVISOR_GUEST, GUEST);
found!(console, Console, BH_HYPERVISOR_CONSOLE, CONSOLE);
found!(resize, Resize, BH_HYPERVISOR_RESIZE, RESIZE);
found!(reinstall, Reinstall, BH_HYPERVISOR_REINSTALL, REINSTALL);
found!(snapshot, Snapshot, BH_HYPERVISOR_SNAPSHOT, SNAPSHOT);
