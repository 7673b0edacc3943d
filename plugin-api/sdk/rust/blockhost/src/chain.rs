//! The kind chain and its extension contract: the traits, and the tables that the kernel calls.

use crate::boundary::{document, text, view, write};
use crate::kinds::{is, verb};
use crate::{Call, Plugin, Result, Value};
use bh_sys::*;
use std::os::raw::{c_char, c_void};

/// A point of one branch of a chain. `id` is opaque, such as a block's hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    pub id: String,
    pub height: u64,
}

impl Position {
    /// For documents, where it is a member.
    pub fn to_value(&self) -> Value {
        Value::map(vec![("id", self.id.as_str().into()), ("height", self.height.into())])
    }
    /// Of a document or a member of one.
    pub fn of(value: &Value) -> Result<Position> {
        Ok(Position { id: value.need_text("id")?.to_owned(), height: value.need_u64("height")? })
    }
}

/// Where and how surely a chain is read; see blockhost/kind/chain.h.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At {
    /// None: the head.
    pub position: Option<Position>,
    /// How many endpoints must give the same answer; 0: the instance's default.
    pub min_agree: u32,
}

/// The kind chain: blockhost/kind/chain.h, documents of schemas/chain/1. `poll` is `[serial]`, the others are `[concurrent]`.
pub trait Chain: Plugin {
    fn describe(&self) -> Result<Value>;
    fn poll(&self, call: &Call, cursor: &str, max: u32) -> Result<Value>;
    /// `Error::pending` until the transaction is at or below `final_at`; None: nothing is final yet.
    fn submit(&self, call: &Call, intent: &Value, final_at: Option<&Position>) -> Result<Value>;
    fn owner_of(&self, credential: &str, at: &At) -> Result<Value>;
    fn subscription_state(&self, id: &str, at: &At) -> Result<Value>;
    fn balances(&self, account: &str, at: &At) -> Result<Value>;
    fn verify_signature(&self, scheme: &str, signer: &str, message: &[u8], signature: &[u8], at: &At) -> Result<Value>;
    /// Pure, and without blocking, like `parse_address`.
    fn recover_signer(&self, scheme: &str, message: &[u8], signature: &[u8]) -> Result<String>;
    fn parse_address(&self, text: &str) -> Result<String>;
}

/// The extension contract of a chain: blockhost/ext/chain_contract.h. The kind is called `contract` in `plugin!`.
pub trait Contract: Plugin {
    fn read(&self, request: &Value, at: &At) -> Result<Value>;
    fn logs(&self, filter: &Value, cursor: &str, max: u32) -> Result<Value>;
}

/// The empty text is None.
unsafe fn position(argument: &str, given: bh_str) -> Result<Option<Position>> {
    if given.len == 0 {
        return Ok(None);
    }
    Position::of(&document(argument, given)?).map(Some).map_err(|error| error.within(argument))
}
unsafe fn at(given: bh_str, min_agree: u32) -> Result<At> {
    Ok(At { position: position("at", given)?, min_agree })
}

unsafe extern "C" fn describe<T: Chain>(this: *mut bh_instance, out: bh_sink, err: *mut bh_error) -> bh_status {
    verb::<T>(this, err, |plugin| write(out, &Chain::describe(plugin)?.to_string()))
}
unsafe extern "C" fn poll<T: Chain>(
    this: *mut bh_instance, call: *const bh_call, cursor: bh_str, max: u32, out: bh_sink, err: *mut bh_error,
) -> bh_status {
    verb::<T>(this, err, |plugin| write(out, &plugin.poll(&Call::new(call), text(cursor)?, max)?.to_string()))
}
unsafe extern "C" fn submit<T: Chain>(
    this: *mut bh_instance, call: *const bh_call, intent: bh_str, final_at: bh_str, out: bh_sink, err: *mut bh_error,
) -> bh_status {
    verb::<T>(this, err, |plugin| {
        let (intent, final_at) = (document("intent", intent)?, position("final_at", final_at)?);
        write(out, &plugin.submit(&Call::new(call), &intent, final_at.as_ref())?.to_string())
    })
}

// Reads of one thing at a position.
macro_rules! reads_at {
    ($name:ident) => {
        unsafe extern "C" fn $name<T: Chain>(
            this: *mut bh_instance, subject: bh_str, where_: bh_str, min_agree: u32, out: bh_sink, err: *mut bh_error,
        ) -> bh_status {
            verb::<T>(this, err, |plugin| write(out, &plugin.$name(text(subject)?, &at(where_, min_agree)?)?.to_string()))
        }
    };
}
reads_at!(owner_of);
reads_at!(subscription_state);
reads_at!(balances);

unsafe extern "C" fn verify_signature<T: Chain>(
    this: *mut bh_instance, scheme: bh_str, signer: bh_str, message: bh_bytes, signature: bh_bytes, where_: bh_str,
    min_agree: u32, out: bh_sink, err: *mut bh_error,
) -> bh_status {
    verb::<T>(this, err, |plugin| {
        let where_ = at(where_, min_agree)?;
        let found = plugin.verify_signature(text(scheme)?, text(signer)?, view(message), view(signature), &where_)?;
        write(out, &found.to_string())
    })
}
unsafe extern "C" fn recover_signer<T: Chain>(
    this: *mut bh_instance, scheme: bh_str, message: bh_bytes, signature: bh_bytes, address: bh_sink, err: *mut bh_error,
) -> bh_status {
    verb::<T>(this, err, |plugin| write(address, &plugin.recover_signer(text(scheme)?, view(message), view(signature))?))
}
unsafe extern "C" fn parse_address<T: Chain>(
    this: *mut bh_instance, given: bh_str, canonical: bh_sink, err: *mut bh_error,
) -> bh_status {
    verb::<T>(this, err, |plugin| write(canonical, &plugin.parse_address(text(given)?)?))
}

unsafe extern "C" fn read<T: Contract>(
    this: *mut bh_instance, request: bh_str, where_: bh_str, min_agree: u32, out: bh_sink, err: *mut bh_error,
) -> bh_status {
    verb::<T>(this, err, |plugin| {
        let request = document("request", request)?;
        write(out, &plugin.read(&request, &at(where_, min_agree)?)?.to_string())
    })
}
unsafe extern "C" fn logs<T: Contract>(
    this: *mut bh_instance, filter: bh_str, cursor: bh_str, max: u32, out: bh_sink, err: *mut bh_error,
) -> bh_status {
    verb::<T>(this, err, |plugin| write(out, &plugin.logs(&document("filter", filter)?, text(cursor)?, max)?.to_string()))
}

struct Tables<T>(std::marker::PhantomData<T>);
impl<T: Chain> Tables<T> {
    const CHAIN: &'static bh_chain = &bh_chain {
        struct_size: std::mem::size_of::<bh_chain>() as u32,
        reserved0: 0,
        describe: Some(describe::<T>),
        poll: Some(poll::<T>),
        submit: Some(submit::<T>),
        owner_of: Some(owner_of::<T>),
        subscription_state: Some(subscription_state::<T>),
        balances: Some(balances::<T>),
        verify_signature: Some(verify_signature::<T>),
        recover_signer: Some(recover_signer::<T>),
        parse_address: Some(parse_address::<T>),
    };
}
impl<T: Contract> Tables<T> {
    const CONTRACT: &'static bh_chain_contract = &bh_chain_contract {
        struct_size: std::mem::size_of::<bh_chain_contract>() as u32,
        reserved0: 0,
        read: Some(read::<T>),
        logs: Some(logs::<T>),
    };
}

/// # Safety
/// `id` is a C string. For `plugin!`.
#[doc(hidden)]
pub unsafe fn chain<T: Chain>(id: *const c_char) -> Option<*const c_void> {
    is(id, BH_CHAIN).then(|| Tables::<T>::CHAIN as *const bh_chain as *const c_void)
}
/// # Safety
/// As for `chain`.
#[doc(hidden)]
pub unsafe fn contract<T: Contract>(id: *const c_char) -> Option<*const c_void> {
    is(id, BH_CHAIN_CONTRACT).then(|| Tables::<T>::CONTRACT as *const bh_chain_contract as *const c_void)
}
