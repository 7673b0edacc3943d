//! A hypervisor in Rust: its machines are rows in the store that the kernel keeps for each instance, so they outlive the process
//! as real ones would; nothing boots. README.md walks through it.
//!
//! Store key "vm/OP_ID" -> {"vm": the document, "spec": as it came, "once": op_ids of resets and reverts that happened}

mod snapshots;

use blockhost::sys::{
    bh_vm_stats, BH_E_CONFLICT, BH_E_CORRUPT, BH_E_EXHAUSTED, BH_E_UNSUPPORTED, BH_POWER_OFF, BH_POWER_RESET, BH_POWER_SHUTDOWN,
    BH_POWER_START, BH_VM_RUNNING, BH_VM_STOPPED,
};
use blockhost::{json, Call, Error, Hypervisor, Kernel, Plugin, Result, Value};
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

struct RowHypervisor {
    kernel: Kernel,
    max_vms: u64,
    lock: Mutex<()>, // a VM is looked for and changed by one verb at a time
}

/// Only what an op_id can be becomes a part of a key.
fn is_op_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= 64 && id.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-')
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// RFC 3339 in UTC, as documents have times. Days to date: Howard Hinnant, "chrono-compatible low-level date algorithms".
fn time_text(seconds: u64) -> String {
    let (days, second) = (seconds / 86400 + 719468, seconds % 86400);
    let (era, day_of_era) = (days / 146097, days % 146097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let part = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * part + 2) / 5 + 1;
    let month = if part < 10 { part + 3 } else { part - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", year, month, day, second / 3600, second / 60 % 60, second % 60)
}

fn set(document: &mut Value, key: &str, value: Value) {
    if let Value::Map(members) = document {
        members.insert(key.to_owned(), value);
    }
}

fn start(vm: &mut Value) {
    if vm.text("state") != "running" {
        set(vm, "state", "running".into());
        set(vm, "started_at", time_text(now()).into());
        set(vm, "stopped_by", "".into());
    }
}

fn stop(vm: &mut Value) {
    if vm.text("state") != "stopped" {
        set(vm, "state", "stopped".into());
        set(vm, "stopped_by", "host".into());
        if let Value::Map(members) = vm {
            members.remove("started_at");
        }
    }
}

impl RowHypervisor {
    /// None: there is no such row. What is no op_id, an id of ours, never becomes a part of a key.
    fn row(&self, key: &str) -> Result<Option<Value>> {
        if !key.split_once('/').map_or(false, |(_, id)| is_op_id(id)) {
            return Ok(None);
        }
        match self.kernel.get(key)? {
            None => Ok(None),
            Some(bytes) => json::parse(&String::from_utf8_lossy(&bytes))
                .map(Some)
                .map_err(|_| Error::new(BH_E_CORRUPT, "row", format!("the row {} is damaged", key))),
        }
    }
    fn vm(&self, id: &str) -> Result<Option<Value>> {
        self.row(&format!("vm/{}", id))
    }
    fn need_vm(&self, id: &str) -> Result<Value> {
        self.vm(id)?.ok_or_else(|| Error::not_found("there is no VM of that id"))
    }
    fn keep(&self, key: &str, row: &Value) -> Result<()> {
        self.kernel.put(&[(key, row.to_string().as_bytes())])
    }

    /// created_by, instance and tags let the kernel recognise what is its own, also after its disk was lost.
    fn document(&self, id: &str, spec: &Value) -> Result<Value> {
        spec.need_u64("cpus")?;
        spec.need_u64("memory_bytes")?;
        let part = |key: &str| {
            spec.get(key).filter(|part| matches!(part, Value::Map(_))).ok_or_else(|| {
                Error::invalid("bad_document", format!("/{}: must be an object", key))
            })
        };
        let network = part("network")?;
        for key in ["mac", "address", "gateway"] {
            network.need_text(key)?;
        }
        let first_boot = part("first_boot")?;
        for key in ["user_data", "meta_data", "network_config"] {
            first_boot.need_text(key)?;
        }
        if !matches!(spec.get("volumes"), Some(Value::List(_))) {
            return Err(Error::invalid("bad_document", "/volumes: must be a list"));
        }
        let volumes = spec.list("volumes").iter().map(|volume| volume.text("volume").into()).collect();
        Ok(Value::map(vec![
            ("vm", id.into()),
            ("created_by", id.into()),
            ("instance", self.kernel.instance().into()),
            ("name", spec.need_text("name")?.into()),
            ("state", "stopped".into()),
            ("volumes", Value::List(volumes)),
            ("tap", network.text("tap").into()),
            ("mac", network.text("mac").into()),
            ("address", network.text("address").into()),
            ("tags", spec.get("tags").cloned().unwrap_or_else(|| Value::map(vec![]))),
        ]))
    }
}

impl Plugin for RowHypervisor {
    const ID: &'static str = "org.example.row-hypervisor";
    const VERSION: &'static str = "1.0.0";

    fn create(kernel: Kernel, config: &Value) -> Result<RowHypervisor> {
        Ok(RowHypervisor { kernel, max_vms: config.need_u64("max_vms")?, lock: Mutex::new(()) })
    }
    fn health(&self) -> Result<String> {
        Ok(format!("{} VMs", self.kernel.keys("vm/")?.len()))
    }
}

impl Hypervisor for RowHypervisor {
    fn describe(&self) -> Result<Value> {
        Ok(Value::map(vec![
            ("volume_kinds", Value::List(vec!["file".into()])),
            ("net_filter", "kernel".into()), // the host's own tap and rules, not something of the backend
            ("max_vms", self.max_vms.into()),
        ]))
    }

    // The id of a VM is the op_id that made it, so a second attempt finds what a first one made: there is nothing else to
    // remember, and nothing to save() before the one effect that this verb has.
    fn vm_create(&self, call: &Call, spec: &Value) -> Result<Value> {
        let vm = self.document(call.op_id(), spec)?;
        let _held = self.lock.lock();
        if let Some(row) = self.vm(call.op_id())? {
            if row.get("spec") == Some(spec) {
                return Ok(row.get("vm").cloned().unwrap_or(Value::Null));
            }
            return Err(Error::new(BH_E_CONFLICT, "other_spec", "this op_id has a VM of another specification"));
        }
        call.stop()?; // the last moment in which nothing has happened
        if self.kernel.keys("vm/")?.len() as u64 >= self.max_vms {
            return Err(Error::new(BH_E_EXHAUSTED, "max_vms", "there are as many VMs as max_vms of the configuration allows"));
        }
        let row = Value::map(vec![("vm", vm.clone()), ("spec", spec.clone()), ("once", Value::List(vec![]))]);
        self.keep(&format!("vm/{}", call.op_id()), &row)?;
        Ok(vm)
    }

    fn vm_destroy(&self, _: &Call, vm: &str) -> Result<()> {
        let _held = self.lock.lock();
        if self.vm(vm)?.is_some() {
            // Its snapshots first: who dies in between still finds the VM, and begins again.
            for (key, _) in self.snapshots_of(vm)? {
                self.kernel.put(&[(&key, b"")])?;
            }
            self.kernel.put(&[(&format!("vm/{}", vm), b"")])?; // an empty value removes its key
        }
        Ok(())
    }

    fn vm_power(&self, call: &Call, vm: &str, action: u32) -> Result<()> {
        let _held = self.lock.lock();
        let mut row = self.need_vm(vm)?;
        let mut document = row.get("vm").cloned().unwrap_or(Value::Null);
        match action {
            BH_POWER_START => start(&mut document),
            BH_POWER_SHUTDOWN | BH_POWER_OFF => stop(&mut document),
            BH_POWER_RESET => {
                // At most once for an op_id. Here the effect and the note of it are one write; where they are two, save()
                // comes first, and an attempt that finds the save and no effect is BH_E_UNKNOWN_OUTCOME.
                match RowHypervisor::once(&row, call.op_id()) {
                    None => return Ok(()),
                    Some(done) => set(&mut row, "once", done),
                }
                stop(&mut document);
                start(&mut document);
            }
            _ => return Err(Error::new(BH_E_UNSUPPORTED, "power_action", "this power action is not known here")),
        }
        set(&mut row, "vm", document);
        self.keep(&format!("vm/{}", vm), &row)
    }

    fn vm_get(&self, vm: &str) -> Result<Value> {
        Ok(self.need_vm(vm)?.get("vm").cloned().unwrap_or(Value::Null))
    }

    /// One page holds all.
    fn vm_list(&self, page: &str) -> Result<Value> {
        if !page.is_empty() {
            return Err(Error::invalid("bad_page", "there is one page only: its token is empty"));
        }
        let mut vms = Vec::new();
        for key in self.kernel.keys("vm/")? {
            // One that was destroyed a moment ago is none.
            vms.extend(self.row(&key)?.and_then(|row| row.get("vm").cloned()));
        }
        Ok(Value::map(vec![("vms", Value::List(vms))]))
    }

    fn vm_stats(&self, vm: &str) -> Result<bh_vm_stats> {
        let running = self.vm_get(vm)?.text("state") == "running";
        Ok(bh_vm_stats {
            struct_size: std::mem::size_of::<bh_vm_stats>() as u32,
            state: if running { BH_VM_RUNNING } else { BH_VM_STOPPED },
            uptime_s: -1,
            cpu_ns: -1,
            memory_used_bytes: -1,
            disk_read_bytes: -1,
            disk_write_bytes: -1,
            net_rx_bytes: -1,
            net_tx_bytes: -1,
        })
    }
}

blockhost::plugin!(RowHypervisor, hypervisor, snapshot);
