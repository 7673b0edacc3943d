//! A provider that gives the one IPv6 prefix of its configuration. docs/plugins/tutorial.md walks through it.

use blockhost::sys::{BH_E_CONFLICT, BH_E_EXHAUSTED};
use blockhost::{json, Call, Error, Ipv6, Kernel, Plugin, Result, Value};
use std::sync::Mutex;

struct OnePrefix {
    kernel: Kernel,
    prefix: String,
    lock: Mutex<()>, // looking and giving is one step
}

const KEY: &str = "delegation";

impl OnePrefix {
    /// {"request": ..., "delegation": ...} of the one delegation, if it was given.
    fn given(&self) -> Result<Option<Value>> {
        match self.kernel.get(KEY)? {
            None => Ok(None),
            Some(bytes) => json::parse(&String::from_utf8_lossy(&bytes)).map(Some),
        }
    }
    fn given_as(&self, id: &str) -> Result<Option<Value>> {
        let record = self.given()?;
        Ok(record.and_then(|r| r.get("delegation").cloned()).filter(|d| d.text("delegation") == id))
    }
}

impl Plugin for OnePrefix {
    const ID: &'static str = "org.example.one-prefix";
    const VERSION: &'static str = "1.0.0";

    fn create(kernel: Kernel, config: &Value) -> Result<OnePrefix> {
        Ok(OnePrefix { kernel, prefix: config.need_text("prefix")?.to_owned(), lock: Mutex::new(()) })
    }
}

impl Ipv6 for OnePrefix {
    fn describe(&self) -> Result<Value> {
        Ok(Value::map(vec![("prefix_lengths", Value::List(vec![64u64.into()]))]))
    }

    fn delegation_acquire(&self, call: &Call, request: &Value) -> Result<Value> {
        if !matches!(request.get("prefix_length").map_or(Some(0), Value::as_u64), Some(0) | Some(64)) {
            return Err(Error::invalid("prefix_length", "/prefix_length: only a /64 is given"));
        }
        let _held = self.lock.lock();
        if let Some(record) = self.given()? {
            let delegation = record.get("delegation").cloned().unwrap_or(Value::Null);
            if delegation.text("created_by") != call.op_id() {
                return Err(Error::new(BH_E_EXHAUSTED, "given", "the one prefix is given; release it first"));
            }
            if record.get("request") != Some(request) {
                return Err(Error::new(BH_E_CONFLICT, "other_request", "this op_id has another request"));
            }
            return Ok(delegation);
        }
        call.stop()?; // the last moment in which nothing has happened
        let delegation = Value::map(vec![
            ("delegation", call.op_id().into()),
            ("created_by", call.op_id().into()),
            ("instance", self.kernel.instance().into()),
            ("prefix", self.prefix.as_str().into()),
            ("mode", "routed".into()),
            ("tags", request.get("tags").cloned().unwrap_or_else(|| Value::map(vec![]))),
        ]);
        let record = Value::map(vec![("request", request.clone()), ("delegation", delegation.clone())]);
        self.kernel.put(&[(KEY, record.to_string().as_bytes())])?;
        Ok(delegation)
    }

    fn delegation_renew(&self, _: &Call, id: &str) -> Result<Value> {
        self.given_as(id)?.ok_or_else(|| Error::not_found("there is no delegation of that id"))
    }

    fn delegation_release(&self, _: &Call, id: &str) -> Result<()> {
        let _held = self.lock.lock();
        if self.given_as(id)?.is_some() {
            self.kernel.put(&[(KEY, b"")])?; // an empty value removes its key
        }
        Ok(())
    }

    fn delegation_list(&self, _: &str) -> Result<Value> {
        let given = self.given()?.and_then(|record| record.get("delegation").cloned());
        Ok(Value::map(vec![("delegations", Value::List(given.into_iter().collect()))]))
    }
}

blockhost::plugin!(OnePrefix, ipv6);
