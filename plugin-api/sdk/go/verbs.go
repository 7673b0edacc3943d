package blockhost

/*
#include <stdlib.h>
#include "bridge.h"
*/
import "C"

import (
	"fmt"
	"runtime/cgo"
	"runtime/debug"
	"sync/atomic"
	"time"
	"unsafe"
)

// flag is a bool for several goroutines. atomic.Bool came with 1.19, as this module's oldest Go.
type flag struct{ set atomic.Bool }

// bhgoVerb is where every verb of the ABI arrives, on the kernel's thread, which stays this goroutine's until it returns.
//
//export bhgoVerb
func bhgoVerb(args *C.bhgo_args) (status C.bh_status) {
	defer func() {
		if bug := recover(); bug != nil {
			if args.self != nil {
				instanceOf(args.self).kernel.Log(LogError, "a panic in a verb: %v\n%s", bug, debug.Stack())
			}
			status = report(args.err, Errorf(Internal, "panic", "the plugin panicked; this is a bug of it: %v", bug))
		}
	}()
	answer, err := serve(args)
	if err == nil {
		err = answerTo(args.out, answer)
	}
	if err != nil {
		return report(args.err, err)
	}
	return C.BH_OK
}

// serve runs the verb. The answer: nil, a string as it is, or a document.
func serve(args *C.bhgo_args) (any, error) {
	switch args.verb {
	case C.BHGO_CHECK:
		return check(args)
	case C.BHGO_CREATE:
		return nil, create(args)
	case C.BHGO_DESTROY:
		self := instanceOf(args.self)
		self.instance.Close()
		cgo.Handle(args.self.handle).Delete()
		C.free(unsafe.Pointer(args.self))
		return nil, nil
	}
	self := instanceOf(args.self)
	if args.verb == C.BHGO_QUIESCE {
		self.refused.set.Store(true)
		return nil, self.instance.Quiesce(deadlineOf(uint64(args.wide)))
	}
	if self.refused.set.Load() {
		return nil, Errorf(Interrupted, "quiesced", "the instance is being stopped; the work goes on after its restart")
	}
	if args.verb == C.BHGO_HEALTH {
		said, err := self.instance.Health()
		return &Findings{Findings: []Finding{{Severity: "info", Message: said}}}, err
	}
	call, end := callOf(args.call)
	defer end()
	switch {
	case args.verb <= C.BHGO_CHAIN_PARSE_ADDRESS:
		return serveChain(self.instance.(Chain), args, call)
	case args.verb <= C.BHGO_HYPERVISOR_STATS:
		return serveHypervisor(self.instance.(Hypervisor), args, call)
	case args.verb <= C.BHGO_STORAGE_LIST:
		return serveStorage(self.instance.(Storage), args, call)
	case args.verb <= C.BHGO_IPV6_LIST:
		return serveIPv6(self.instance.(IPv6), args, call)
	}
	return serveExtension(self.instance, args, call)
}

func check(args *C.bhgo_args) (any, error) {
	found := &Findings{Findings: []Finding{}}
	if registered.check == nil {
		return found, nil
	}
	findings, err := registered.check(&Kernel{args.kernel}, []byte(text(args.text[0])), deadlineOf(uint64(args.wide)))
	found.Findings = append(found.Findings, findings...)
	return found, err
}

func create(args *C.bhgo_args) error {
	kernel := &Kernel{args.kernel}
	made, err := registered.create(kernel, []byte(text(args.text[0])))
	if err != nil {
		return err
	}
	self := (*C.bh_instance)(C.malloc(C.sizeof_struct_bh_instance))
	self.handle = C.uintptr_t(cgo.NewHandle(&served{instance: made, kernel: kernel}))
	*args.made = self
	return nil
}

func deadlineOf(ns uint64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Now().Add(time.Duration(int64(ns) - int64(C.bhgo_now())))
}

func text(from C.bh_str) string { return C.GoStringN(from.ptr, C.int(from.len)) }
func blob(from C.bh_bytes) []byte {
	return C.GoBytes(unsafe.Pointer(from.ptr), C.int(from.len))
}

// taken reads the document that a verb takes. What is wrong with it is said with the argument's name.
func taken[D any](from C.bh_str, argument string) (*D, error) {
	document := new(D)
	if err := Unmarshal([]byte(text(from)), document); err != nil {
		return nil, fmt.Errorf("%s: %w", argument, err)
	}
	return document, nil
}

func answerTo(out C.bh_sink, answer any) error {
	var data []byte
	switch answer := answer.(type) {
	case nil:
		return nil
	case string:
		data = []byte(answer)
	default:
		var err error
		if data, err = Marshal(answer); err != nil {
			return err
		}
	}
	if len(data) == 0 {
		return nil
	}
	if status := C.bhgo_write(out, unsafe.Pointer(&data[0]), C.size_t(len(data))); status != C.BH_OK {
		return Errorf(Status(status), "sink", "the kernel did not take the output")
	}
	return nil
}

// report writes err to where the kernel reads it, which may be nowhere.
func report(to *C.bh_error, err error) C.bh_status {
	said := asError(err)
	if to != nil {
		to.code = C.bh_status(said.Status)
		to.retry_after_ms = C.uint32_t(said.RetryAfterMS)
		fill(to.reason[:], said.Reason)
		fill(to.message[:], said.Message)
	}
	return C.bh_status(said.Status)
}

// fill cuts the text at a character's border.
func fill(to []C.char, said string) {
	if len(said) >= len(to) {
		said = said[:len(to)-1]
		for len(said) > 0 && said[len(said)-1]&0xC0 == 0x80 {
			said = said[:len(said)-1]
		}
		if len(said) > 0 && said[len(said)-1] >= 0xC0 {
			said = said[:len(said)-1]
		}
	}
	for i := 0; i < len(said); i++ {
		to[i] = C.char(said[i])
	}
	to[len(said)] = 0
}
