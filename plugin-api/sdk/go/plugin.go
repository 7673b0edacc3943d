// Package blockhost is the SDK for BlockHost plugins in Go: one type with the verbs of a kind, and Register.
//
//	type Thing struct{ kernel *blockhost.Kernel }
//
//	func init() {
//		blockhost.Register(blockhost.Plugin[*Thing]{ID: "org.example.thing", Version: "1.0.0", Create: create})
//	}
//	func create(kernel *blockhost.Kernel, config []byte) (*Thing, error) { ... }
//	func (t *Thing) DescribeStorage() (*blockhost.StorageDescription, error) { ... }
//	func main() {}
//
// Verbs take and return typed documents and run at once on several goroutines where the C headers say [concurrent]. An
// error is best an *Error; a panic is a bug and arrives at the kernel as BH_E_INTERNAL. What a verb owes the kernel stands
// in blockhost/call.h.
//
// A library with the Go runtime in it starts threads and handles signals as soon as it is loaded, which no plugin may do in
// the kernel's process: the manifest says "isolation": "process", and the plugin runs in a worker, never elsewhere.
package blockhost

/*
#cgo CFLAGS: -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wno-unused-parameter -fvisibility=hidden -I${SRCDIR}/../../include
#include <stdlib.h>
#include "bridge.h"
*/
import "C"

import (
	"runtime/cgo"
	"time"
)

// Instance is what every plugin's type has. One instance serves one entry of the operator's configuration.
type Instance interface {
	// Health is one sentence to show, or an error: the backend can't be reached.
	Health() (string, error)
	// Quiesce stops new work and joins every goroutine that Create started; verbs are refused already. The zero time: no
	// deadline.
	Quiesce(deadline time.Time) error
	// Close lets go of everything. No verb runs any more, the Kernel is not to be used afterwards.
	Close()
}

// Plugin says what is registered.
type Plugin[T Instance] struct {
	ID, Version string // as in plugin.json
	// Create makes an instance of a configuration that was checked against the manifest's schema.
	Create func(kernel *Kernel, config []byte) (T, error)
	// Check says whether Create would work right now; it looks and changes nothing. nil: there is nothing to look at.
	Check func(kernel *Kernel, config []byte, deadline time.Time) ([]Finding, error)
}

// registration is a Plugin without its type.
type registration struct {
	id, version string
	create      func(*Kernel, []byte) (Instance, error)
	check       func(*Kernel, []byte, time.Time) ([]Finding, error)
	kinds       kinds
	extensions  extensions
}

type kinds struct{ chain, hypervisor, storage, ipv6 bool }

var registered *registration

// Register names the plugin of this library, in an init() of package main, once. What the type T has decides which kinds
// and extensions the plugin offers: Chain, Hypervisor, Storage, IPv6, and those of extensions.go.
func Register[T Instance](plugin Plugin[T]) {
	if registered != nil {
		panic("blockhost.Register: one library is one plugin")
	}
	var none T
	var offered kinds
	_, offered.chain = any(none).(Chain)
	_, offered.hypervisor = any(none).(Hypervisor)
	_, offered.storage = any(none).(Storage)
	_, offered.ipv6 = any(none).(IPv6)
	if offered == (kinds{}) {
		panic("blockhost.Register: the type has the verbs of no kind; see Chain, Hypervisor, Storage, IPv6")
	}
	more := extensionsOf(none, offered)
	registered = &registration{plugin.ID, plugin.Version, func(kernel *Kernel, config []byte) (Instance, error) {
		made, err := plugin.Create(kernel, config)
		if err != nil {
			return nil, err // not a nil of type T in an Instance that is not nil
		}
		return made, nil
	}, plugin.Check, offered, more}
}

//export bhgoEntry
func bhgoEntry(args *C.bhgo_args, draft C.uint32_t) C.bh_status {
	if draft != C.BH_ABI_DRAFT {
		return report(args.err, Errorf(Unsupported, "other_draft", "the plugin was built for draft %d of the ABI, the kernel has %d: rebuild it", C.BH_ABI_DRAFT, draft))
	}
	if registered == nil {
		return report(args.err, Errorf(Internal, "not_registered", "the library registers no plugin: call blockhost.Register in an init() of package main"))
	}
	flag := func(on bool) C.int32_t {
		if on {
			return 1
		}
		return 0
	}
	k, x := registered.kinds, registered.extensions
	C.bhgo_identify(C.bhgo_identity{id: lasting(registered.id), version: lasting(registered.version), chain: flag(k.chain),
		hypervisor: flag(k.hypervisor), storage: flag(k.storage), ipv6: flag(k.ipv6), contract: flag(x.contract), guest: flag(x.guest),
		console: flag(x.console), reinstall: flag(x.reinstall), resize: flag(x.resize), snapshot: flag(x.snapshot)})
	return C.BH_OK
}

// lasting is a text in C's memory that is never freed.
func lasting(text string) C.bh_str { return C.bh_str{ptr: C.CString(text), len: C.size_t(len(text))} }

// served is an instance with what the SDK knows of it.
type served struct {
	instance Instance
	kernel   *Kernel
	refused  flag // quiesce() was called
}

func instanceOf(self *C.bh_instance) *served { return cgo.Handle(self.handle).Value().(*served) }
