//! Write a BlockHost plugin in Rust: one type with the verbs of a kind, and [`plugin!`].
//!
//! ```ignore
//! struct Thing;
//! impl blockhost::Plugin for Thing {
//!     const ID: &'static str = "org.example.thing";      // as in plugin.json
//!     const VERSION: &'static str = "1.0.0";
//!     fn create(kernel: Kernel, config: &Value) -> Result<Self> { ... }
//! }
//! impl blockhost::Storage for Thing { ... }
//! blockhost::plugin!(Thing, storage);
//! ```
//!
//! Documents are [`json::Value`]s; the schemas under plugin-api/schemas say what stands in them. Verbs take `&self` and may
//! run at once on several threads. A panic is a bug: it arrives at the kernel as `BH_E_INTERNAL` and unwinds no further.
//! What a verb owes the kernel stands in blockhost/call.h. The crate needs no other than bh-sys, and Rust 1.63.

mod boundary;
mod call;
mod chain;
#[cfg(test)]
mod chain_test;
mod error;
mod hypervisor;
#[cfg(test)]
mod hypervisor_test;
pub mod json;
mod kernel;
pub mod kinds;
mod signer;

pub use bh_sys as sys;
pub use call::Call;
pub use chain::{At, Chain, Contract, Position};
pub use error::{Error, Result};
pub use hypervisor::{Console, Guest, Reinstall, Resize, Snapshot};
pub use json::Value;
pub use kernel::{Kernel, Ran};
pub use kinds::{Hypervisor, Ipv6, Plugin, Storage};

#[doc(hidden)]
pub use kinds::entry;

/// Makes the one exported function, `bh_plugin_entry_v0`, of the type and the kinds that it has: `storage`, `ipv6`,
/// `hypervisor`, `chain`, and the extensions: a chain's `contract`, a hypervisor's `guest`, `console`, `resize`, `reinstall`
/// and `snapshot`. Once in a crate of the type cdylib.
#[macro_export]
macro_rules! plugin {
    ($type:ty, $($kind:ident),+) => {
        /// # Safety
        /// Called by the kernel, as blockhost/plugin.h says.
        #[no_mangle]
        pub unsafe extern "C" fn bh_plugin_entry_v0(
            args: *const $crate::sys::bh_entry_args,
            err: *mut $crate::sys::bh_error,
        ) -> *const $crate::sys::bh_plugin {
            unsafe extern "C" fn query(id: *const std::os::raw::c_char) -> *const std::os::raw::c_void {
                $(if let Some(table) = $crate::kinds::$kind::<$type>(id) { return table; })+
                std::ptr::null()
            }
            $crate::entry::<$type>(args, err, query)
        }
    };
}
