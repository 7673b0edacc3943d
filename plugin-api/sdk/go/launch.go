package blockhost

/*
#include <stdlib.h>
#include "bridge.h"
*/
import "C"

import (
	"os"
	"runtime"
	"time"
	"unsafe"
)

// monotonic is a deadline as the ABI has it; the zero time is none.
func monotonic(deadline time.Time) C.uint64_t {
	if deadline.IsZero() {
		return 0
	}
	return C.bhgo_now() + C.uint64_t(max(0, int64(time.Until(deadline))))
}

// Start starts a supervised unit that outlives plugin and kernel: see blockhost/svc/launch.h. The files stay the caller's.
func (k *Kernel) Start(unit string, spec *UnitSpec, files ...*os.File) (*Unit, error) {
	wanted, err := Marshal(spec)
	if err != nil {
		return nil, err
	}
	name, freeName := cText(unit)
	defer freeName()
	document, freeDocument := cText(string(wanted))
	defer freeDocument()
	fds := (*C.int32_t)(C.calloc(C.size_t(len(files)+1), C.sizeof_int32_t))
	defer C.free(unsafe.Pointer(fds))
	for i, file := range files {
		unsafe.Slice(fds, len(files))[i] = C.int32_t(file.Fd())
	}
	defer runtime.KeepAlive(files)
	return asked[Unit](func(out *C.bhgo_buffer, err *C.bh_error) C.bh_status {
		return C.bhgo_launch_start(k.raw, name, document, fds, C.uint32_t(len(files)), out, err)
	})
}

// UnitStatus says whether a unit runs or how it ended.
func (k *Kernel) UnitStatus(unit string) (*Unit, error) {
	name, free := cText(unit)
	defer free()
	return asked[Unit](func(out *C.bhgo_buffer, err *C.bh_error) C.bh_status {
		return C.bhgo_launch_status(k.raw, name, out, err)
	})
}

// SignalUnit sends a signal number of Linux to a unit.
func (k *Kernel) SignalUnit(unit string, number int32) error {
	name, free := cText(unit)
	defer free()
	return failing(func(err *C.bh_error) C.bh_status {
		return C.bhgo_launch_signal(k.raw, name, C.int32_t(number), err)
	})
}

// UnitList is one page of the units that this instance started; the first page is "".
func (k *Kernel) UnitList(page string) (*Units, error) {
	from, free := cText(page)
	defer free()
	return asked[Units](func(out *C.bhgo_buffer, err *C.bh_error) C.bh_status {
		return C.bhgo_launch_list(k.raw, from, out, err)
	})
}

// RunProgram runs a one-shot program of the manifest to its end. nil error: it ran, whatever its exit code.
func (k *Kernel) RunProgram(request *Run, deadline time.Time) (*RunResult, error) {
	wanted, err := Marshal(request)
	if err != nil {
		return nil, err
	}
	document, free := cText(string(wanted))
	defer free()
	return asked[RunResult](func(out *C.bhgo_buffer, err *C.bh_error) C.bh_status {
		return C.bhgo_launch_run(k.raw, document, monotonic(deadline), out, err)
	})
}

// positionText: the zero Position is the head, "".
func positionText(at Position) (string, error) {
	if at == (Position{}) {
		return "", nil
	}
	written, err := Marshal(at)
	return string(written), err
}

// ReadChain is one read of a contract on another chain instance: documents chain-read.json and chain-value.json as text.
func (k *Kernel) ReadChain(chain string, request []byte, at At) ([]byte, error) {
	where, err := positionText(at.Position)
	if err != nil {
		return nil, err
	}
	name := C.CString(chain)
	defer C.free(unsafe.Pointer(name))
	document, freeDocument := cText(string(request))
	defer freeDocument()
	position, freePosition := cText(where)
	defer freePosition()
	return collected(func(out *C.bhgo_buffer, err *C.bh_error) C.bh_status {
		return C.bhgo_chain_read(k.raw, name, document, position, C.uint32_t(at.MinAgree), out, err)
	})
}

// ChainLogs are logs after cursor that match a chain-filter.json, at most max; out and rollback as in Chain.Poll.
func (k *Kernel) ChainLogs(chain string, filter []byte, cursor string, max uint32) (*ChainLogs, error) {
	name := C.CString(chain)
	defer C.free(unsafe.Pointer(name))
	document, freeDocument := cText(string(filter))
	defer freeDocument()
	from, freeFrom := cText(cursor)
	defer freeFrom()
	return asked[ChainLogs](func(out *C.bhgo_buffer, err *C.bh_error) C.bh_status {
		return C.bhgo_chain_logs(k.raw, name, document, from, C.uint32_t(max), out, err)
	})
}

// SubmitTo has another chain instance make one transaction for each op_id and step. Pending until it is final: the verb
// returns that error as it is.
func (k *Kernel) SubmitTo(chain string, call *Call, step string, intent []byte) (*Receipt, error) {
	name, which := C.CString(chain), C.CString(step)
	defer C.free(unsafe.Pointer(name))
	defer C.free(unsafe.Pointer(which))
	document, free := cText(string(intent))
	defer free()
	return asked[Receipt](func(out *C.bhgo_buffer, err *C.bh_error) C.bh_status {
		return C.bhgo_chain_submit(k.raw, call.raw, name, which, document, out, err)
	})
}
