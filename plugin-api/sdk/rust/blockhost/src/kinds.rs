//! The verbs of the kinds as traits, and the tables that the kernel calls.

#[doc(hidden)]
pub use crate::chain::{chain, contract};
#[doc(hidden)]
pub use crate::hypervisor::{console, guest, reinstall, resize, snapshot};

use crate::boundary::{document, guarded, report, str_of, text, write};
use crate::{Call, Error, Kernel, Result, Value};
use bh_sys::*;
use std::ffi::CStr;
use std::os::raw::{c_char, c_void};
use std::sync::atomic::{AtomicBool, Ordering};

/// What every plugin has.
pub trait Plugin: Sized + Send + Sync + 'static {
    /// As in plugin.json.
    const ID: &'static str;
    const VERSION: &'static str;

    /// `config` fits the manifest's schema, defaults filled in.
    fn create(kernel: Kernel, config: &Value) -> Result<Self>;

    /// Would create() work right now? Findings as findings.json wants them: see [`finding`]. Changes nothing.
    fn check(_kernel: Kernel, _config: &Value) -> Result<Vec<Value>> {
        Ok(Vec::new())
    }
    /// Joins what create() started; verbs are refused already.
    fn quiesce(&self, _deadline_ns: u64) -> Result<()> {
        Ok(())
    }
    /// A sentence to show; an Err: the backend can't be reached.
    fn health(&self) -> Result<String> {
        Ok("ready".to_owned())
    }
}

/// The kind storage: blockhost/kind/storage.h, documents of schemas/storage/1.
pub trait Storage: Plugin {
    fn describe(&self) -> Result<Value>;
    fn pools(&self) -> Result<Vec<Value>>;
    fn image_import(&self, call: &Call, image: &Value) -> Result<Value>;
    fn volume_create(&self, call: &Call, spec: &Value) -> Result<Value>;
    fn volume_resize(&self, call: &Call, volume: &str, size_bytes: u64) -> Result<()>;
    fn volume_delete(&self, call: &Call, volume: &str) -> Result<()>;
    fn volume_list(&self, page: &str) -> Result<Value>;
}

/// The kind ipv6: blockhost/kind/ipv6.h, documents of schemas/ipv6/1.
pub trait Ipv6: Plugin {
    fn describe(&self) -> Result<Value>;
    fn delegation_acquire(&self, call: &Call, request: &Value) -> Result<Value>;
    fn delegation_renew(&self, call: &Call, delegation: &str) -> Result<Value>;
    fn delegation_release(&self, call: &Call, delegation: &str) -> Result<()>;
    fn delegation_list(&self, page: &str) -> Result<Value>;
}

/// The kind hypervisor: blockhost/kind/hypervisor.h, documents of schemas/hypervisor/1.
pub trait Hypervisor: Plugin {
    fn describe(&self) -> Result<Value>;
    fn vm_create(&self, call: &Call, spec: &Value) -> Result<Value>;
    fn vm_destroy(&self, call: &Call, vm: &str) -> Result<()>;
    fn vm_power(&self, call: &Call, vm: &str, action: u32) -> Result<()>;
    fn vm_get(&self, vm: &str) -> Result<Value>;
    fn vm_list(&self, page: &str) -> Result<Value>;
    fn vm_stats(&self, vm: &str) -> Result<bh_vm_stats>;
}

/// One finding of check(). `field`: a JSON pointer into the configuration; `severity`: error, warning or info.
pub fn finding(field: &str, severity: &str, message: &str, remedy: &str) -> Value {
    Value::map(vec![
        ("field", field.into()),
        ("severity", severity.into()),
        ("message", message.into()),
        ("remedy", remedy.into()),
    ])
}

/// What a bh_instance is.
struct Instance<T> {
    plugin: T,
    quiesced: AtomicBool,
}

pub(crate) unsafe fn verb<T: Plugin>(this: *mut bh_instance, err: *mut bh_error, body: impl FnOnce(&T) -> Result<()>) -> bh_status {
    let instance = &*(this as *const Instance<T>);
    guarded(err, || {
        if instance.quiesced.load(Ordering::SeqCst) {
            return Err(Error::new(BH_E_INTERRUPTED, "quiesced", "the instance stops; the work goes on after the restart"));
        }
        body(&instance.plugin)
    })
}

/// Verbs on a thing are given its id or the whole document about it, in which the id is the member `key`.
pub(crate) unsafe fn id_of(key: &str, thing: bh_str) -> Result<String> {
    let text = text(thing)?;
    if !text.starts_with('{') {
        return Ok(text.to_owned());
    }
    Ok(crate::json::parse(text)?.need_text(key)?.to_owned())
}

fn list_document(name: &str, items: Vec<Value>) -> Value {
    Value::map(vec![(name, Value::List(items))])
}

// The shapes that verbs have in common. `$path` is the trait's function.
macro_rules! reads {
    ($name:ident, $trait:ident, $($path:tt)+) => {
        unsafe extern "C" fn $name<T: $trait>(this: *mut bh_instance, out: bh_sink, err: *mut bh_error) -> bh_status {
            verb::<T>(this, err, |plugin| write(out, &$($path)+(plugin)?.to_string()))
        }
    };
}
macro_rules! lists {
    ($name:ident, $trait:ident) => {
        unsafe extern "C" fn $name<T: $trait>(this: *mut bh_instance, page: bh_str, out: bh_sink, err: *mut bh_error) -> bh_status {
            verb::<T>(this, err, |plugin| write(out, &T::$name(plugin, text(page)?)?.to_string()))
        }
    };
}
macro_rules! makes {
    ($name:ident, $trait:ident, $argument:literal) => {
        unsafe extern "C" fn $name<T: $trait>(
            this: *mut bh_instance, call: *const bh_call, given: bh_str, out: bh_sink, err: *mut bh_error,
        ) -> bh_status {
            verb::<T>(this, err, |plugin| {
                let given = document($argument, given)?;
                write(out, &T::$name(plugin, &Call::new(call), &given)?.to_string())
            })
        }
    };
}
macro_rules! removes {
    ($name:ident, $trait:ident, $key:literal) => {
        unsafe extern "C" fn $name<T: $trait>(
            this: *mut bh_instance, call: *const bh_call, thing: bh_str, err: *mut bh_error,
        ) -> bh_status {
            verb::<T>(this, err, |plugin| T::$name(plugin, &Call::new(call), &id_of($key, thing)?))
        }
    };
}

reads!(storage_describe, Storage, <T as Storage>::describe);
unsafe extern "C" fn pools<T: Storage>(this: *mut bh_instance, out: bh_sink, err: *mut bh_error) -> bh_status {
    verb::<T>(this, err, |plugin| write(out, &list_document("pools", plugin.pools()?).to_string()))
}
makes!(image_import, Storage, "image");
makes!(volume_create, Storage, "spec");
unsafe extern "C" fn volume_resize<T: Storage>(
    this: *mut bh_instance, call: *const bh_call, volume: bh_str, size_bytes: u64, err: *mut bh_error,
) -> bh_status {
    verb::<T>(this, err, |plugin| plugin.volume_resize(&Call::new(call), &id_of("volume", volume)?, size_bytes))
}
removes!(volume_delete, Storage, "volume");
lists!(volume_list, Storage);

reads!(ipv6_describe, Ipv6, <T as Ipv6>::describe);
makes!(delegation_acquire, Ipv6, "request");
unsafe extern "C" fn delegation_renew<T: Ipv6>(
    this: *mut bh_instance, call: *const bh_call, delegation: bh_str, out: bh_sink, err: *mut bh_error,
) -> bh_status {
    verb::<T>(this, err, |plugin| {
        write(out, &plugin.delegation_renew(&Call::new(call), &id_of("delegation", delegation)?)?.to_string())
    })
}
removes!(delegation_release, Ipv6, "delegation");
lists!(delegation_list, Ipv6);

reads!(hypervisor_describe, Hypervisor, <T as Hypervisor>::describe);
makes!(vm_create, Hypervisor, "spec");
removes!(vm_destroy, Hypervisor, "vm");
unsafe extern "C" fn vm_power<T: Hypervisor>(
    this: *mut bh_instance, call: *const bh_call, vm: bh_str, action: u32, err: *mut bh_error,
) -> bh_status {
    verb::<T>(this, err, |plugin| plugin.vm_power(&Call::new(call), &id_of("vm", vm)?, action))
}
unsafe extern "C" fn vm_get<T: Hypervisor>(this: *mut bh_instance, vm: bh_str, out: bh_sink, err: *mut bh_error) -> bh_status {
    verb::<T>(this, err, |plugin| write(out, &plugin.vm_get(&id_of("vm", vm)?)?.to_string()))
}
lists!(vm_list, Hypervisor);
unsafe extern "C" fn vm_stats<T: Hypervisor>(
    this: *mut bh_instance, vm: bh_str, out: *mut bh_vm_stats, err: *mut bh_error,
) -> bh_status {
    verb::<T>(this, err, |plugin| {
        let mut stats = plugin.vm_stats(&id_of("vm", vm)?)?;
        // An older kernel has a shorter struct, a newer one a longer: what both know is filled, and no more is said.
        let theirs = std::ptr::addr_of!((*out).struct_size).read();
        let size = std::mem::size_of::<bh_vm_stats>().min(theirs as usize);
        stats.struct_size = size as u32;
        std::ptr::copy_nonoverlapping(&stats as *const bh_vm_stats as *const u8, out as *mut u8, size);
        Ok(())
    })
}

/// A place for tables: one for each type of plugin.
struct Tables<T>(std::marker::PhantomData<T>);
impl<T: Storage> Tables<T> {
    const STORAGE: &'static bh_storage = &bh_storage {
        struct_size: std::mem::size_of::<bh_storage>() as u32,
        reserved0: 0,
        describe: Some(storage_describe::<T>),
        pools: Some(pools::<T>),
        image_import: Some(image_import::<T>),
        volume_create: Some(volume_create::<T>),
        volume_resize: Some(volume_resize::<T>),
        volume_delete: Some(volume_delete::<T>),
        volume_list: Some(volume_list::<T>),
    };
}
impl<T: Ipv6> Tables<T> {
    const IPV6: &'static bh_ipv6 = &bh_ipv6 {
        struct_size: std::mem::size_of::<bh_ipv6>() as u32,
        reserved0: 0,
        describe: Some(ipv6_describe::<T>),
        delegation_acquire: Some(delegation_acquire::<T>),
        delegation_renew: Some(delegation_renew::<T>),
        delegation_release: Some(delegation_release::<T>),
        delegation_list: Some(delegation_list::<T>),
    };
}
impl<T: Hypervisor> Tables<T> {
    const HYPERVISOR: &'static bh_hypervisor = &bh_hypervisor {
        struct_size: std::mem::size_of::<bh_hypervisor>() as u32,
        reserved0: 0,
        describe: Some(hypervisor_describe::<T>),
        vm_create: Some(vm_create::<T>),
        vm_destroy: Some(vm_destroy::<T>),
        vm_power: Some(vm_power::<T>),
        vm_get: Some(vm_get::<T>),
        vm_list: Some(vm_list::<T>),
        vm_stats: Some(vm_stats::<T>),
    };
}

pub(crate) unsafe fn is(id: *const c_char, wanted: &str) -> bool {
    CStr::from_ptr(id).to_bytes_with_nul() == wanted.as_bytes()
}
/// # Safety
/// `id` is a C string. For `plugin!`.
#[doc(hidden)]
pub unsafe fn storage<T: Storage>(id: *const c_char) -> Option<*const c_void> {
    is(id, BH_STORAGE).then(|| Tables::<T>::STORAGE as *const bh_storage as *const c_void)
}
/// # Safety
/// As for `storage`.
#[doc(hidden)]
pub unsafe fn ipv6<T: Ipv6>(id: *const c_char) -> Option<*const c_void> {
    is(id, BH_IPV6).then(|| Tables::<T>::IPV6 as *const bh_ipv6 as *const c_void)
}
/// # Safety
/// As for `storage`.
#[doc(hidden)]
pub unsafe fn hypervisor<T: Hypervisor>(id: *const c_char) -> Option<*const c_void> {
    is(id, BH_HYPERVISOR).then(|| Tables::<T>::HYPERVISOR as *const bh_hypervisor as *const c_void)
}

unsafe extern "C" fn check<T: Plugin>(
    kernel: *const bh_kernel, config: bh_str, _deadline_ns: u64, findings: bh_sink, err: *mut bh_error,
) -> bh_status {
    guarded(err, || {
        let found = T::check(Kernel::new(kernel), &document("config", config)?)?;
        write(findings, &list_document("findings", found).to_string())
    })
}
unsafe extern "C" fn create<T: Plugin>(
    kernel: *const bh_kernel, config: bh_str, out: *mut *mut bh_instance, err: *mut bh_error,
) -> bh_status {
    guarded(err, || {
        let plugin = T::create(Kernel::new(kernel), &document("config", config)?)?;
        let instance = Box::new(Instance { plugin, quiesced: AtomicBool::new(false) });
        *out = Box::into_raw(instance) as *mut bh_instance;
        Ok(())
    })
}
unsafe extern "C" fn quiesce<T: Plugin>(this: *mut bh_instance, deadline_ns: u64, err: *mut bh_error) -> bh_status {
    let instance = &*(this as *const Instance<T>);
    guarded(err, || {
        instance.quiesced.store(true, Ordering::SeqCst);
        instance.plugin.quiesce(deadline_ns)
    })
}
unsafe extern "C" fn destroy<T: Plugin>(this: *mut bh_instance) {
    // A panic of the plugin's destructor has nobody to be told to.
    guarded(std::ptr::null_mut(), || {
        drop(Box::from_raw(this as *mut Instance<T>));
        Ok(())
    });
}
unsafe extern "C" fn health<T: Plugin>(this: *mut bh_instance, detail: bh_sink, err: *mut bh_error) -> bh_status {
    verb::<T>(this, err, |plugin| {
        let said = finding("", "info", &plugin.health()?, "");
        write(detail, &list_document("findings", vec![said]).to_string())
    })
}

pub(crate) fn table_of<T: Plugin>(query: unsafe extern "C" fn(*const c_char) -> *const c_void) -> bh_plugin {
    bh_plugin {
        struct_size: std::mem::size_of::<bh_plugin>() as u32,
        abi_minor: BH_ABI_MINOR,
        abi_draft: BH_ABI_DRAFT,
        reserved0: 0,
        id: str_of(T::ID),
        version: str_of(T::VERSION),
        check: Some(check::<T>),
        create: Some(create::<T>),
        quiesce: Some(quiesce::<T>),
        destroy: Some(destroy::<T>),
        health: Some(health::<T>),
        query: Some(query),
    }
}

/// A bh_plugin in static storage: it has pointers, so Rust wants to be told that it may be shared.
struct Shared(bh_plugin);
unsafe impl Sync for Shared {}

/// # Safety
/// Called by the kernel, through `plugin!`, once before everything else.
#[doc(hidden)]
pub unsafe fn entry<T: Plugin>(
    args: *const bh_entry_args, err: *mut bh_error, query: unsafe extern "C" fn(*const c_char) -> *const c_void,
) -> *const bh_plugin {
    if (*args).abi_draft != BH_ABI_DRAFT {
        report(err, &Error::new(BH_E_UNSUPPORTED, "other_draft", "the plugin was built for another draft of the ABI: rebuild it"));
        return std::ptr::null();
    }
    // A library holds one plugin, so one place is enough; the entry is called once, by one thread.
    static mut TABLE: Option<Shared> = None;
    let place = &mut *std::ptr::addr_of_mut!(TABLE);
    let table = place.get_or_insert_with(|| Shared(table_of::<T>(query)));
    &table.0
}
