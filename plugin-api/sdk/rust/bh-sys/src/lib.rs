//! The C ABI of BlockHost plugins as Rust types: names, layouts and numbers of the C headers, whose comments say what each
//! member promises. Made by plugin-api/tools/rust_bindings.py from the table of the ABI; do not edit.
#![allow(non_camel_case_types)]

use std::os::raw::{c_char, c_void};

pub const BH_ABI_DRAFT: u32 = 1;
pub const BH_ABI_MAJOR: u32 = 0;
pub const BH_ABI_MINOR: u32 = 0;

pub type bh_status = i32;

pub const BH_CANCEL_DEADLINE: u32 = 3;
pub const BH_CANCEL_NONE: u32 = 0;
pub const BH_CANCEL_ORDER: u32 = 1;
pub const BH_CANCEL_SHUTDOWN: u32 = 2;
pub const BH_CONSOLE_SCREEN: u32 = 1;
pub const BH_CONSOLE_TEXT: u32 = 0;
pub const BH_E_BUSY: bh_status = -5;
pub const BH_E_CANCELLED: bh_status = -9;
pub const BH_E_CONFLICT: bh_status = -4;
pub const BH_E_CORRUPT: bh_status = -12;
pub const BH_E_DENIED: bh_status = -8;
pub const BH_E_EXHAUSTED: bh_status = -6;
pub const BH_E_INTERNAL: bh_status = -13;
pub const BH_E_INTERRUPTED: bh_status = -15;
pub const BH_E_INVALID: bh_status = -1;
pub const BH_E_NOT_FOUND: bh_status = -3;
pub const BH_E_NO_FUNDS: bh_status = -14;
pub const BH_E_TIMEOUT: bh_status = -10;
pub const BH_E_UNAVAILABLE: bh_status = -7;
pub const BH_E_UNKNOWN_OUTCOME: bh_status = -11;
pub const BH_E_UNSUPPORTED: bh_status = -2;
pub const BH_LOG_DEBUG: u32 = 0;
pub const BH_LOG_ERROR: u32 = 3;
pub const BH_LOG_INFO: u32 = 1;
pub const BH_LOG_WARN: u32 = 2;
pub const BH_OK: bh_status = 0;
pub const BH_PENDING: bh_status = 1;
pub const BH_POWER_OFF: u32 = 2;
pub const BH_POWER_RESET: u32 = 3;
pub const BH_POWER_SHUTDOWN: u32 = 1;
pub const BH_POWER_START: u32 = 0;
pub const BH_VM_PAUSED: u32 = 3;
pub const BH_VM_RUNNING: u32 = 1;
pub const BH_VM_STOPPED: u32 = 2;
pub const BH_VM_UNKNOWN: u32 = 0;

pub const BH_CHAIN: &str = "bh.chain/1\0";
pub const BH_CHAIN_CONTRACT: &str = "bh.chain.contract/1\0";
pub const BH_HYPERVISOR: &str = "bh.hypervisor/1\0";
pub const BH_HYPERVISOR_CONSOLE: &str = "bh.hypervisor.console/1\0";
pub const BH_HYPERVISOR_GUEST: &str = "bh.hypervisor.guest/1\0";
pub const BH_HYPERVISOR_REINSTALL: &str = "bh.hypervisor.reinstall/1\0";
pub const BH_HYPERVISOR_RESIZE: &str = "bh.hypervisor.resize/1\0";
pub const BH_HYPERVISOR_SNAPSHOT: &str = "bh.hypervisor.snapshot/1\0";
pub const BH_IPV6: &str = "bh.ipv6/1\0";
pub const BH_STORAGE: &str = "bh.storage/1\0";
pub const BH_SVC_CHAIN: &str = "bh.svc.chain/1\0";
pub const BH_SVC_CONNECT: &str = "bh.svc.connect/1\0";
pub const BH_SVC_LAUNCH: &str = "bh.svc.launch/1\0";
pub const BH_SVC_LOG: &str = "bh.svc.log/1\0";
pub const BH_SVC_SECRETS: &str = "bh.svc.secrets/1\0";
pub const BH_SVC_SIGNER: &str = "bh.svc.signer/1\0";
pub const BH_SVC_STORE: &str = "bh.svc.store/1\0";
pub const BH_SVC_WAKE: &str = "bh.svc.wake/1\0";

/// Opaque; the plugin's own.
#[repr(C)]
pub struct bh_instance {
    _private: [u8; 0],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct bh_bytes {
    pub ptr: *const u8,
    pub len: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct bh_call {
    pub struct_size: u32,
    pub attempt: u32,
    pub op_id: bh_str,
    pub trace_id: bh_str,
    pub checkpoint: bh_bytes,
    pub deadline_ns: u64,
    pub cancel_fd: i32,
    pub reserved0: i32,
    pub ctx: *mut c_void,
    pub cancelled: Option<unsafe extern "C" fn(*const bh_call) -> i32>,
    pub cancel_reason: Option<unsafe extern "C" fn(*const bh_call) -> u32>,
    pub progress: Option<unsafe extern "C" fn(*const bh_call, u32, bh_str)>,
    pub save: Option<unsafe extern "C" fn(*const bh_call, bh_bytes, *mut bh_error) -> bh_status>,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct bh_chain {
    pub struct_size: u32,
    pub reserved0: u32,
    pub describe: Option<unsafe extern "C" fn(*mut bh_instance, bh_sink, *mut bh_error) -> bh_status>,
    pub poll: Option<unsafe extern "C" fn(*mut bh_instance, *const bh_call, bh_str, u32, bh_sink, *mut bh_error) -> bh_status>,
    pub submit: Option<unsafe extern "C" fn(*mut bh_instance, *const bh_call, bh_str, bh_str, bh_sink, *mut bh_error) -> bh_status>,
    pub owner_of: Option<unsafe extern "C" fn(*mut bh_instance, bh_str, bh_str, u32, bh_sink, *mut bh_error) -> bh_status>,
    pub subscription_state: Option<unsafe extern "C" fn(*mut bh_instance, bh_str, bh_str, u32, bh_sink, *mut bh_error) -> bh_status>,
    pub balances: Option<unsafe extern "C" fn(*mut bh_instance, bh_str, bh_str, u32, bh_sink, *mut bh_error) -> bh_status>,
    pub verify_signature: Option<unsafe extern "C" fn(*mut bh_instance, bh_str, bh_str, bh_bytes, bh_bytes, bh_str, u32, bh_sink, *mut bh_error) -> bh_status>,
    pub recover_signer: Option<unsafe extern "C" fn(*mut bh_instance, bh_str, bh_bytes, bh_bytes, bh_sink, *mut bh_error) -> bh_status>,
    pub parse_address: Option<unsafe extern "C" fn(*mut bh_instance, bh_str, bh_sink, *mut bh_error) -> bh_status>,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct bh_chain_contract {
    pub struct_size: u32,
    pub reserved0: u32,
    pub read: Option<unsafe extern "C" fn(*mut bh_instance, bh_str, bh_str, u32, bh_sink, *mut bh_error) -> bh_status>,
    pub logs: Option<unsafe extern "C" fn(*mut bh_instance, bh_str, bh_str, u32, bh_sink, *mut bh_error) -> bh_status>,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct bh_entry_args {
    pub struct_size: u32,
    pub abi_minor: u32,
    pub abi_draft: u32,
    pub reserved0: u32,
    pub kernel_version: bh_str,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct bh_error {
    pub struct_size: u32,
    pub code: bh_status,
    pub retry_after_ms: u32,
    pub reserved0: u32,
    pub reason: [c_char; 48],
    pub message: [c_char; 448],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct bh_hypervisor {
    pub struct_size: u32,
    pub reserved0: u32,
    pub describe: Option<unsafe extern "C" fn(*mut bh_instance, bh_sink, *mut bh_error) -> bh_status>,
    pub vm_create: Option<unsafe extern "C" fn(*mut bh_instance, *const bh_call, bh_str, bh_sink, *mut bh_error) -> bh_status>,
    pub vm_destroy: Option<unsafe extern "C" fn(*mut bh_instance, *const bh_call, bh_str, *mut bh_error) -> bh_status>,
    pub vm_power: Option<unsafe extern "C" fn(*mut bh_instance, *const bh_call, bh_str, u32, *mut bh_error) -> bh_status>,
    pub vm_get: Option<unsafe extern "C" fn(*mut bh_instance, bh_str, bh_sink, *mut bh_error) -> bh_status>,
    pub vm_list: Option<unsafe extern "C" fn(*mut bh_instance, bh_str, bh_sink, *mut bh_error) -> bh_status>,
    pub vm_stats: Option<unsafe extern "C" fn(*mut bh_instance, bh_str, *mut bh_vm_stats, *mut bh_error) -> bh_status>,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct bh_hypervisor_console {
    pub struct_size: u32,
    pub reserved0: u32,
    pub console_open: Option<unsafe extern "C" fn(*mut bh_instance, *const bh_call, bh_str, u32, bh_sink, *mut bh_error) -> bh_status>,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct bh_hypervisor_guest {
    pub struct_size: u32,
    pub reserved0: u32,
    pub guest_exchange: Option<unsafe extern "C" fn(*mut bh_instance, *const bh_call, bh_str, bh_bytes, bh_sink, *mut bh_error) -> bh_status>,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct bh_hypervisor_reinstall {
    pub struct_size: u32,
    pub reserved0: u32,
    pub vm_reinstall: Option<unsafe extern "C" fn(*mut bh_instance, *const bh_call, bh_str, bh_str, bh_sink, *mut bh_error) -> bh_status>,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct bh_hypervisor_resize {
    pub struct_size: u32,
    pub reserved0: u32,
    pub vm_resize: Option<unsafe extern "C" fn(*mut bh_instance, *const bh_call, bh_str, bh_str, bh_sink, *mut bh_error) -> bh_status>,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct bh_hypervisor_snapshot {
    pub struct_size: u32,
    pub reserved0: u32,
    pub snapshot_create: Option<unsafe extern "C" fn(*mut bh_instance, *const bh_call, bh_str, bh_str, bh_sink, *mut bh_error) -> bh_status>,
    pub snapshot_revert: Option<unsafe extern "C" fn(*mut bh_instance, *const bh_call, bh_str, bh_str, *mut bh_error) -> bh_status>,
    pub snapshot_delete: Option<unsafe extern "C" fn(*mut bh_instance, *const bh_call, bh_str, bh_str, *mut bh_error) -> bh_status>,
    pub snapshot_list: Option<unsafe extern "C" fn(*mut bh_instance, bh_str, bh_str, bh_sink, *mut bh_error) -> bh_status>,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct bh_ipv6 {
    pub struct_size: u32,
    pub reserved0: u32,
    pub describe: Option<unsafe extern "C" fn(*mut bh_instance, bh_sink, *mut bh_error) -> bh_status>,
    pub delegation_acquire: Option<unsafe extern "C" fn(*mut bh_instance, *const bh_call, bh_str, bh_sink, *mut bh_error) -> bh_status>,
    pub delegation_renew: Option<unsafe extern "C" fn(*mut bh_instance, *const bh_call, bh_str, bh_sink, *mut bh_error) -> bh_status>,
    pub delegation_release: Option<unsafe extern "C" fn(*mut bh_instance, *const bh_call, bh_str, *mut bh_error) -> bh_status>,
    pub delegation_list: Option<unsafe extern "C" fn(*mut bh_instance, bh_str, bh_sink, *mut bh_error) -> bh_status>,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct bh_kernel {
    pub struct_size: u32,
    pub abi_minor: u32,
    pub ctx: *mut c_void,
    pub instance: bh_str,
    pub service: Option<unsafe extern "C" fn(*const bh_kernel, *const c_char) -> *const c_void>,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct bh_plugin {
    pub struct_size: u32,
    pub abi_minor: u32,
    pub abi_draft: u32,
    pub reserved0: u32,
    pub id: bh_str,
    pub version: bh_str,
    pub check: Option<unsafe extern "C" fn(*const bh_kernel, bh_str, u64, bh_sink, *mut bh_error) -> bh_status>,
    pub create: Option<unsafe extern "C" fn(*const bh_kernel, bh_str, *mut *mut bh_instance, *mut bh_error) -> bh_status>,
    pub quiesce: Option<unsafe extern "C" fn(*mut bh_instance, u64, *mut bh_error) -> bh_status>,
    pub destroy: Option<unsafe extern "C" fn(*mut bh_instance)>,
    pub health: Option<unsafe extern "C" fn(*mut bh_instance, bh_sink, *mut bh_error) -> bh_status>,
    pub query: Option<unsafe extern "C" fn(*const c_char) -> *const c_void>,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct bh_sink {
    pub ctx: *mut c_void,
    pub write: Option<unsafe extern "C" fn(*mut c_void, *const c_void, usize) -> bh_status>,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct bh_storage {
    pub struct_size: u32,
    pub reserved0: u32,
    pub describe: Option<unsafe extern "C" fn(*mut bh_instance, bh_sink, *mut bh_error) -> bh_status>,
    pub pools: Option<unsafe extern "C" fn(*mut bh_instance, bh_sink, *mut bh_error) -> bh_status>,
    pub image_import: Option<unsafe extern "C" fn(*mut bh_instance, *const bh_call, bh_str, bh_sink, *mut bh_error) -> bh_status>,
    pub volume_create: Option<unsafe extern "C" fn(*mut bh_instance, *const bh_call, bh_str, bh_sink, *mut bh_error) -> bh_status>,
    pub volume_resize: Option<unsafe extern "C" fn(*mut bh_instance, *const bh_call, bh_str, u64, *mut bh_error) -> bh_status>,
    pub volume_delete: Option<unsafe extern "C" fn(*mut bh_instance, *const bh_call, bh_str, *mut bh_error) -> bh_status>,
    pub volume_list: Option<unsafe extern "C" fn(*mut bh_instance, bh_str, bh_sink, *mut bh_error) -> bh_status>,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct bh_str {
    pub ptr: *const c_char,
    pub len: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct bh_svc_chain {
    pub struct_size: u32,
    pub reserved0: u32,
    pub read: Option<unsafe extern "C" fn(*const bh_kernel, *const c_char, bh_str, bh_str, u32, bh_sink, *mut bh_error) -> bh_status>,
    pub logs: Option<unsafe extern "C" fn(*const bh_kernel, *const c_char, bh_str, bh_str, u32, bh_sink, *mut bh_error) -> bh_status>,
    pub submit: Option<unsafe extern "C" fn(*const bh_kernel, *const bh_call, *const c_char, *const c_char, bh_str, bh_sink, *mut bh_error) -> bh_status>,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct bh_svc_connect {
    pub struct_size: u32,
    pub reserved0: u32,
    pub tcp: Option<unsafe extern "C" fn(*const bh_kernel, bh_str, u16, u64, *mut i32, *mut bh_error) -> bh_status>,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct bh_svc_launch {
    pub struct_size: u32,
    pub reserved0: u32,
    pub start: Option<unsafe extern "C" fn(*const bh_kernel, bh_str, bh_str, *const i32, u32, bh_sink, *mut bh_error) -> bh_status>,
    pub status: Option<unsafe extern "C" fn(*const bh_kernel, bh_str, bh_sink, *mut bh_error) -> bh_status>,
    pub signal: Option<unsafe extern "C" fn(*const bh_kernel, bh_str, i32, *mut bh_error) -> bh_status>,
    pub list: Option<unsafe extern "C" fn(*const bh_kernel, bh_str, bh_sink, *mut bh_error) -> bh_status>,
    pub run: Option<unsafe extern "C" fn(*const bh_kernel, bh_str, u64, bh_sink, *mut bh_error) -> bh_status>,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct bh_svc_log {
    pub struct_size: u32,
    pub min_level: u32,
    pub write: Option<unsafe extern "C" fn(*const bh_kernel, u32, bh_str, bh_str)>,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct bh_svc_secrets {
    pub struct_size: u32,
    pub reserved0: u32,
    pub with: Option<unsafe extern "C" fn(*const bh_kernel, *const c_char, Option<unsafe extern "C" fn(*mut c_void, bh_bytes) -> bh_status>, *mut c_void, *mut bh_error) -> bh_status>,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct bh_svc_signer {
    pub struct_size: u32,
    pub reserved0: u32,
    pub sign: Option<unsafe extern "C" fn(*const bh_kernel, *const c_char, *const c_char, bh_bytes, bh_sink, *mut bh_error) -> bh_status>,
    pub public_key: Option<unsafe extern "C" fn(*const bh_kernel, *const c_char, bh_sink, *mut bh_error) -> bh_status>,
    pub unseal: Option<unsafe extern "C" fn(*const bh_kernel, *const c_char, *const c_char, bh_bytes, bh_bytes, bh_sink, *mut bh_error) -> bh_status>,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct bh_svc_store {
    pub struct_size: u32,
    pub reserved0: u32,
    pub get: Option<unsafe extern "C" fn(*const bh_kernel, bh_str, bh_sink, *mut bh_error) -> bh_status>,
    pub put: Option<unsafe extern "C" fn(*const bh_kernel, *const bh_str, *const bh_bytes, u32, *mut bh_error) -> bh_status>,
    pub list: Option<unsafe extern "C" fn(*const bh_kernel, bh_str, bh_str, bh_sink, *mut bh_error) -> bh_status>,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct bh_svc_wake {
    pub struct_size: u32,
    pub reserved0: u32,
    pub poll_now: Option<unsafe extern "C" fn(*const bh_kernel)>,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct bh_vm_stats {
    pub struct_size: u32,
    pub state: u32,
    pub uptime_s: i64,
    pub cpu_ns: i64,
    pub memory_used_bytes: i64,
    pub disk_read_bytes: i64,
    pub disk_write_bytes: i64,
    pub net_rx_bytes: i64,
    pub net_tx_bytes: i64,
}

#[cfg(test)]
mod layout {
    use super::*;
    use std::mem::{size_of, MaybeUninit};
    use std::ptr::addr_of;

    macro_rules! offset {
        ($type:ident, $field:ident) => {{
            let place = MaybeUninit::<$type>::uninit();
            // Only addresses are taken; nothing is read.
            unsafe { addr_of!((*place.as_ptr()).$field) as usize - place.as_ptr() as usize }
        }};
    }

    #[test]
    fn is_that_of_the_c_headers() {
        assert_eq!(offset!(bh_bytes, len), 8);
        assert_eq!(offset!(bh_bytes, ptr), 0);
        assert_eq!(offset!(bh_call, attempt), 4);
        assert_eq!(offset!(bh_call, cancel_fd), 64);
        assert_eq!(offset!(bh_call, cancel_reason), 88);
        assert_eq!(offset!(bh_call, cancelled), 80);
        assert_eq!(offset!(bh_call, checkpoint), 40);
        assert_eq!(offset!(bh_call, ctx), 72);
        assert_eq!(offset!(bh_call, deadline_ns), 56);
        assert_eq!(offset!(bh_call, op_id), 8);
        assert_eq!(offset!(bh_call, progress), 96);
        assert_eq!(offset!(bh_call, reserved0), 68);
        assert_eq!(offset!(bh_call, save), 104);
        assert_eq!(offset!(bh_call, struct_size), 0);
        assert_eq!(offset!(bh_call, trace_id), 24);
        assert_eq!(offset!(bh_chain, balances), 48);
        assert_eq!(offset!(bh_chain, describe), 8);
        assert_eq!(offset!(bh_chain, owner_of), 32);
        assert_eq!(offset!(bh_chain, parse_address), 72);
        assert_eq!(offset!(bh_chain, poll), 16);
        assert_eq!(offset!(bh_chain, recover_signer), 64);
        assert_eq!(offset!(bh_chain, reserved0), 4);
        assert_eq!(offset!(bh_chain, struct_size), 0);
        assert_eq!(offset!(bh_chain, submit), 24);
        assert_eq!(offset!(bh_chain, subscription_state), 40);
        assert_eq!(offset!(bh_chain, verify_signature), 56);
        assert_eq!(offset!(bh_chain_contract, logs), 16);
        assert_eq!(offset!(bh_chain_contract, read), 8);
        assert_eq!(offset!(bh_chain_contract, reserved0), 4);
        assert_eq!(offset!(bh_chain_contract, struct_size), 0);
        assert_eq!(offset!(bh_entry_args, abi_draft), 8);
        assert_eq!(offset!(bh_entry_args, abi_minor), 4);
        assert_eq!(offset!(bh_entry_args, kernel_version), 16);
        assert_eq!(offset!(bh_entry_args, reserved0), 12);
        assert_eq!(offset!(bh_entry_args, struct_size), 0);
        assert_eq!(offset!(bh_error, code), 4);
        assert_eq!(offset!(bh_error, message), 64);
        assert_eq!(offset!(bh_error, reason), 16);
        assert_eq!(offset!(bh_error, reserved0), 12);
        assert_eq!(offset!(bh_error, retry_after_ms), 8);
        assert_eq!(offset!(bh_error, struct_size), 0);
        assert_eq!(offset!(bh_hypervisor, describe), 8);
        assert_eq!(offset!(bh_hypervisor, reserved0), 4);
        assert_eq!(offset!(bh_hypervisor, struct_size), 0);
        assert_eq!(offset!(bh_hypervisor, vm_create), 16);
        assert_eq!(offset!(bh_hypervisor, vm_destroy), 24);
        assert_eq!(offset!(bh_hypervisor, vm_get), 40);
        assert_eq!(offset!(bh_hypervisor, vm_list), 48);
        assert_eq!(offset!(bh_hypervisor, vm_power), 32);
        assert_eq!(offset!(bh_hypervisor, vm_stats), 56);
        assert_eq!(offset!(bh_hypervisor_console, console_open), 8);
        assert_eq!(offset!(bh_hypervisor_console, reserved0), 4);
        assert_eq!(offset!(bh_hypervisor_console, struct_size), 0);
        assert_eq!(offset!(bh_hypervisor_guest, guest_exchange), 8);
        assert_eq!(offset!(bh_hypervisor_guest, reserved0), 4);
        assert_eq!(offset!(bh_hypervisor_guest, struct_size), 0);
        assert_eq!(offset!(bh_hypervisor_reinstall, reserved0), 4);
        assert_eq!(offset!(bh_hypervisor_reinstall, struct_size), 0);
        assert_eq!(offset!(bh_hypervisor_reinstall, vm_reinstall), 8);
        assert_eq!(offset!(bh_hypervisor_resize, reserved0), 4);
        assert_eq!(offset!(bh_hypervisor_resize, struct_size), 0);
        assert_eq!(offset!(bh_hypervisor_resize, vm_resize), 8);
        assert_eq!(offset!(bh_hypervisor_snapshot, reserved0), 4);
        assert_eq!(offset!(bh_hypervisor_snapshot, snapshot_create), 8);
        assert_eq!(offset!(bh_hypervisor_snapshot, snapshot_delete), 24);
        assert_eq!(offset!(bh_hypervisor_snapshot, snapshot_list), 32);
        assert_eq!(offset!(bh_hypervisor_snapshot, snapshot_revert), 16);
        assert_eq!(offset!(bh_hypervisor_snapshot, struct_size), 0);
        assert_eq!(offset!(bh_ipv6, delegation_acquire), 16);
        assert_eq!(offset!(bh_ipv6, delegation_list), 40);
        assert_eq!(offset!(bh_ipv6, delegation_release), 32);
        assert_eq!(offset!(bh_ipv6, delegation_renew), 24);
        assert_eq!(offset!(bh_ipv6, describe), 8);
        assert_eq!(offset!(bh_ipv6, reserved0), 4);
        assert_eq!(offset!(bh_ipv6, struct_size), 0);
        assert_eq!(offset!(bh_kernel, abi_minor), 4);
        assert_eq!(offset!(bh_kernel, ctx), 8);
        assert_eq!(offset!(bh_kernel, instance), 16);
        assert_eq!(offset!(bh_kernel, service), 32);
        assert_eq!(offset!(bh_kernel, struct_size), 0);
        assert_eq!(offset!(bh_plugin, abi_draft), 8);
        assert_eq!(offset!(bh_plugin, abi_minor), 4);
        assert_eq!(offset!(bh_plugin, check), 48);
        assert_eq!(offset!(bh_plugin, create), 56);
        assert_eq!(offset!(bh_plugin, destroy), 72);
        assert_eq!(offset!(bh_plugin, health), 80);
        assert_eq!(offset!(bh_plugin, id), 16);
        assert_eq!(offset!(bh_plugin, query), 88);
        assert_eq!(offset!(bh_plugin, quiesce), 64);
        assert_eq!(offset!(bh_plugin, reserved0), 12);
        assert_eq!(offset!(bh_plugin, struct_size), 0);
        assert_eq!(offset!(bh_plugin, version), 32);
        assert_eq!(offset!(bh_sink, ctx), 0);
        assert_eq!(offset!(bh_sink, write), 8);
        assert_eq!(offset!(bh_storage, describe), 8);
        assert_eq!(offset!(bh_storage, image_import), 24);
        assert_eq!(offset!(bh_storage, pools), 16);
        assert_eq!(offset!(bh_storage, reserved0), 4);
        assert_eq!(offset!(bh_storage, struct_size), 0);
        assert_eq!(offset!(bh_storage, volume_create), 32);
        assert_eq!(offset!(bh_storage, volume_delete), 48);
        assert_eq!(offset!(bh_storage, volume_list), 56);
        assert_eq!(offset!(bh_storage, volume_resize), 40);
        assert_eq!(offset!(bh_str, len), 8);
        assert_eq!(offset!(bh_str, ptr), 0);
        assert_eq!(offset!(bh_svc_chain, logs), 16);
        assert_eq!(offset!(bh_svc_chain, read), 8);
        assert_eq!(offset!(bh_svc_chain, reserved0), 4);
        assert_eq!(offset!(bh_svc_chain, struct_size), 0);
        assert_eq!(offset!(bh_svc_chain, submit), 24);
        assert_eq!(offset!(bh_svc_connect, reserved0), 4);
        assert_eq!(offset!(bh_svc_connect, struct_size), 0);
        assert_eq!(offset!(bh_svc_connect, tcp), 8);
        assert_eq!(offset!(bh_svc_launch, list), 32);
        assert_eq!(offset!(bh_svc_launch, reserved0), 4);
        assert_eq!(offset!(bh_svc_launch, run), 40);
        assert_eq!(offset!(bh_svc_launch, signal), 24);
        assert_eq!(offset!(bh_svc_launch, start), 8);
        assert_eq!(offset!(bh_svc_launch, status), 16);
        assert_eq!(offset!(bh_svc_launch, struct_size), 0);
        assert_eq!(offset!(bh_svc_log, min_level), 4);
        assert_eq!(offset!(bh_svc_log, struct_size), 0);
        assert_eq!(offset!(bh_svc_log, write), 8);
        assert_eq!(offset!(bh_svc_secrets, reserved0), 4);
        assert_eq!(offset!(bh_svc_secrets, struct_size), 0);
        assert_eq!(offset!(bh_svc_secrets, with), 8);
        assert_eq!(offset!(bh_svc_signer, public_key), 16);
        assert_eq!(offset!(bh_svc_signer, reserved0), 4);
        assert_eq!(offset!(bh_svc_signer, sign), 8);
        assert_eq!(offset!(bh_svc_signer, struct_size), 0);
        assert_eq!(offset!(bh_svc_signer, unseal), 24);
        assert_eq!(offset!(bh_svc_store, get), 8);
        assert_eq!(offset!(bh_svc_store, list), 24);
        assert_eq!(offset!(bh_svc_store, put), 16);
        assert_eq!(offset!(bh_svc_store, reserved0), 4);
        assert_eq!(offset!(bh_svc_store, struct_size), 0);
        assert_eq!(offset!(bh_svc_wake, poll_now), 8);
        assert_eq!(offset!(bh_svc_wake, reserved0), 4);
        assert_eq!(offset!(bh_svc_wake, struct_size), 0);
        assert_eq!(offset!(bh_vm_stats, cpu_ns), 16);
        assert_eq!(offset!(bh_vm_stats, disk_read_bytes), 32);
        assert_eq!(offset!(bh_vm_stats, disk_write_bytes), 40);
        assert_eq!(offset!(bh_vm_stats, memory_used_bytes), 24);
        assert_eq!(offset!(bh_vm_stats, net_rx_bytes), 48);
        assert_eq!(offset!(bh_vm_stats, net_tx_bytes), 56);
        assert_eq!(offset!(bh_vm_stats, state), 4);
        assert_eq!(offset!(bh_vm_stats, struct_size), 0);
        assert_eq!(offset!(bh_vm_stats, uptime_s), 8);
        assert_eq!(size_of::<bh_bytes>(), 16);
        assert_eq!(size_of::<bh_call>(), 112);
        assert_eq!(size_of::<bh_chain>(), 80);
        assert_eq!(size_of::<bh_chain_contract>(), 24);
        assert_eq!(size_of::<bh_entry_args>(), 32);
        assert_eq!(size_of::<bh_error>(), 512);
        assert_eq!(size_of::<bh_hypervisor>(), 64);
        assert_eq!(size_of::<bh_hypervisor_console>(), 16);
        assert_eq!(size_of::<bh_hypervisor_guest>(), 16);
        assert_eq!(size_of::<bh_hypervisor_reinstall>(), 16);
        assert_eq!(size_of::<bh_hypervisor_resize>(), 16);
        assert_eq!(size_of::<bh_hypervisor_snapshot>(), 40);
        assert_eq!(size_of::<bh_ipv6>(), 48);
        assert_eq!(size_of::<bh_kernel>(), 40);
        assert_eq!(size_of::<bh_plugin>(), 96);
        assert_eq!(size_of::<bh_sink>(), 16);
        assert_eq!(size_of::<bh_storage>(), 64);
        assert_eq!(size_of::<bh_str>(), 16);
        assert_eq!(size_of::<bh_svc_chain>(), 32);
        assert_eq!(size_of::<bh_svc_connect>(), 16);
        assert_eq!(size_of::<bh_svc_launch>(), 48);
        assert_eq!(size_of::<bh_svc_log>(), 16);
        assert_eq!(size_of::<bh_svc_secrets>(), 16);
        assert_eq!(size_of::<bh_svc_signer>(), 32);
        assert_eq!(size_of::<bh_svc_store>(), 32);
        assert_eq!(size_of::<bh_svc_wake>(), 16);
        assert_eq!(size_of::<bh_vm_stats>(), 64);
    }
}
