//! The extension bh.hypervisor.snapshot/1: a type that has these verbs, named in plugin!, offers it. A snapshot is a row, too:
//! "snapshot/OP_ID" -> {"snapshot": the document, "spec": as it came, "vm": the VM's document as it was}

use super::{now, set, start, stop, time_text, RowHypervisor};
use blockhost::sys::BH_E_CONFLICT;
use blockhost::{Call, Error, Result, Snapshot, Value};

fn of_vm(row: &Value, vm: &str) -> bool {
    row.get("snapshot").map_or(false, |snapshot| snapshot.text("vm") == vm)
}

fn no_snapshot() -> Error {
    Error::not_found("this VM has no snapshot of that id")
}

impl RowHypervisor {
    /// The op_ids of what happens at most once, with this one; None: it has happened. They are kept with the VM's row, in the
    /// write that is the effect.
    pub(super) fn once(row: &Value, op_id: &str) -> Option<Value> {
        let mut done = row.list("once").to_vec();
        if done.iter().any(|one| one.as_text() == Some(op_id)) {
            return None;
        }
        done.push(op_id.into());
        Some(Value::List(done))
    }

    /// The keys of the snapshots of one VM.
    pub(super) fn snapshots_of(&self, vm: &str) -> Result<Vec<(String, Value)>> {
        let mut found = Vec::new();
        for key in self.kernel.keys("snapshot/")? {
            // One that was deleted a moment ago is none.
            found.extend(self.row(&key)?.filter(|row| of_vm(row, vm)).map(|row| (key, row)));
        }
        Ok(found)
    }
}

impl Snapshot for RowHypervisor {
    fn snapshot_create(&self, call: &Call, vm: &str, spec: &Value) -> Result<Value> {
        let name = spec.need_text("name")?;
        let memory = match spec.get("memory") {
            None => false,
            Some(Value::Bool(memory)) => *memory,
            Some(_) => return Err(Error::invalid("bad_document", "/memory: must be true or false")),
        };
        let _held = self.lock.lock();
        let machine = self.need_vm(vm)?;
        let key = format!("snapshot/{}", call.op_id());
        if let Some(row) = self.row(&key)? {
            if row.get("spec") == Some(spec) && of_vm(&row, vm) {
                return Ok(row.get("snapshot").cloned().unwrap_or(Value::Null));
            }
            return Err(Error::new(BH_E_CONFLICT, "other_spec", "this op_id has a snapshot of another specification"));
        }
        call.stop()?; // the last moment in which nothing has happened
        let document = machine.get("vm").cloned().unwrap_or(Value::Null);
        let snapshot = Value::map(vec![
            ("snapshot", call.op_id().into()),
            ("created_by", call.op_id().into()),
            ("instance", self.kernel.instance().into()),
            ("vm", vm.into()),
            ("name", name.into()),
            ("memory", Value::Bool(memory && document.text("state") == "running")),
            ("created_at", time_text(now()).into()),
            ("tags", spec.get("tags").cloned().unwrap_or_else(|| Value::map(vec![]))),
        ]);
        let row = Value::map(vec![("snapshot", snapshot.clone()), ("spec", spec.clone()), ("vm", document)]);
        self.keep(&key, &row)?;
        Ok(snapshot)
    }

    fn snapshot_revert(&self, call: &Call, vm: &str, snapshot: &str) -> Result<()> {
        let _held = self.lock.lock();
        let mut machine = self.need_vm(vm)?;
        let done = match RowHypervisor::once(&machine, call.op_id()) {
            None => return Ok(()),
            Some(done) => done,
        };
        let kept = self.row(&format!("snapshot/{}", snapshot))?.filter(|row| of_vm(row, vm)).ok_or_else(no_snapshot)?;
        call.stop()?;
        let mut document = kept.get("vm").cloned().unwrap_or(Value::Null);
        let with_memory = kept.get("snapshot").and_then(|snapshot| snapshot.get("memory")) == Some(&Value::Bool(true));
        stop(&mut document); // what a power cut would have left: the disk alone
        if with_memory {
            start(&mut document);
        }
        set(&mut machine, "vm", document);
        set(&mut machine, "once", done);
        self.keep(&format!("vm/{}", vm), &machine)
    }

    fn snapshot_delete(&self, _: &Call, vm: &str, snapshot: &str) -> Result<()> {
        let _held = self.lock.lock();
        let key = format!("snapshot/{}", snapshot);
        match self.row(&key)?.filter(|row| of_vm(row, vm)) {
            Some(_) => self.kernel.put(&[(&key, b"")]), // an empty value removes its key
            None => Ok(()),
        }
    }

    /// One page holds all.
    fn snapshot_list(&self, vm: &str, page: &str) -> Result<Value> {
        if !page.is_empty() {
            return Err(Error::invalid("bad_page", "there is one page only: its token is empty"));
        }
        self.need_vm(vm)?;
        let all = self.snapshots_of(vm)?.into_iter().filter_map(|(_, row)| row.get("snapshot").cloned()).collect();
        Ok(Value::map(vec![("snapshots", Value::List(all))]))
    }
}
