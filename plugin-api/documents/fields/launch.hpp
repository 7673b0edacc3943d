// The members of the documents in launch.hpp; see codec.hpp.
#pragma once

#include "plugin-api/documents/fields/common.hpp"
#include "plugin-api/documents/launch.hpp"

namespace bh {

template <class F>
void fields(F& f, Is<UnitPath> auto& x) {
    f.required("path", x.path, "Absolute; no links are followed.");
    f.required("access", x.access, "What the unit's uid may do with it: ro or rw.");
    f.required("kind", x.kind, "file or directory.");
}

template <class F>
void fields(F& f, Is<UnitFd> auto& x) {
    f.optional("tap", x.tap, "Name of a tap; empty: passed.");
    f.optional("passed", x.passed, "Index into the descriptors of the call.");
}

template <class F>
void fields(F& f, Is<UnitSpec> auto& x) {
    f.required("program", x.program, "Its name in the manifest's programs.");
    f.optional("args", x.args, "argv[1] and on.");
    f.optional("memory_bytes", x.memory_bytes, "Limit; 0: none.");
    f.optional("max_processes", x.max_processes, "Limit; 0: none.");
    f.optional("paths", x.paths, "What the unit may open.");
    f.optional("fds", x.fds, "Descriptors 3, 4 ... of the unit.");
}

template <class F>
void fields(F& f, Is<Unit> auto& x) {
    f.required("unit", x.unit, "Its name.");
    f.required("state", x.state, "running or ended.");
    f.optional("uid", x.uid, "User id of its own.");
    f.optional("pid", x.pid, "Its first process.");
    f.optional("since", x.since, "Since when it is in this state.");
    f.optional("exit_code", x.exit_code, "When it ended by itself.");
    f.optional("signal", x.signal, "When a signal ended it.");
    f.optional("limits", x.limits, "Which limits hold: cgroup2, cgroup1 or rlimit.");
    f.optional("cpu_ns", x.cpu_ns, "CPU time of its first process; in the answer of status, while it runs.");
    f.optional("memory_bytes", x.memory_bytes, "What its first process has in memory; as cpu_ns.");
    f.optional("net_rx_bytes", x.net_rx_bytes, "What it received by its tap; as cpu_ns.");
    f.optional("net_tx_bytes", x.net_tx_bytes, "What it sent by its tap; as cpu_ns.");
}

template <class F>
void fields(F& f, Is<UnitPage> auto& x) {
    f.required("units", x.units, "Units this instance started.");
    f.optional("next", x.next, "Token of the next page; empty: this is the last.");
}

template <class F>
void fields(F& f, Is<RunRequest> auto& x) {
    f.required("program", x.program, "Its name in the manifest's programs.");
    f.optional("args", x.args, "argv[1] and on; each must match the manifest's pattern.");
    f.optional("input", x.input, "What it reads on standard input.");
}

template <class F>
void fields(F& f, Is<RunResult> auto& x) {
    f.required("exit_code", x.exit_code, "Exit code.");
    f.optional("output", x.output, "Standard output.");
    f.optional("errors", x.errors, "Standard error.");
}

}  // namespace bh
