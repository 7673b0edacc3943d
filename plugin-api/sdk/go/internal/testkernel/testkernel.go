// Package testkernel drives the plugin that is linked beside it through the C ABI, as the kernel does.
package testkernel

/*
#cgo CFLAGS: -std=c11 -D_GNU_SOURCE -Wall -I${SRCDIR}/../../../../include
#include <stdlib.h>
#include "kernel.h"
*/
import "C"

import "unsafe"

// Answer is what a verb said.
type Answer struct {
	Status          int32
	Text            string
	Reason, Message string
	RetryAfterMS    uint32
}

// Cancel reasons of call.h.
const (
	CancelNone, CancelOrder, CancelShutdown, CancelDeadline = 0, 1, 2, 3
)

// Draft is the ABI's.
const Draft = C.BH_ABI_DRAFT

func asked(body func(*C.test_answer)) Answer {
	said := (*C.test_answer)(C.calloc(1, C.sizeof_test_answer))
	defer C.free(unsafe.Pointer(said))
	body(said)
	return Answer{int32(said.status), C.GoStringN(&said.text[0], C.int(said.size)), C.GoString(&said.reason[0]), C.GoString(&said.message[0]), uint32(said.retry_after_ms)}
}

// Plugin is the table that the entry gave.
type Plugin struct{ raw *C.bh_plugin }

// Instance is one that create() made.
type Instance struct {
	plugin Plugin
	raw    *C.bh_instance
}

// Open calls the entry.
func Open(draft uint32) (Plugin, Answer) {
	var p Plugin
	answer := asked(func(a *C.test_answer) { p.raw = C.test_entry(C.uint32_t(draft), a) })
	return p, answer
}

// There says whether the entry gave a table.
func (p Plugin) There() bool { return p.raw != nil }

// Named are id and version.
func (p Plugin) Named() (string, string) {
	return C.GoStringN(p.raw.id.ptr, C.int(p.raw.id.len)), C.GoStringN(p.raw.version.ptr, C.int(p.raw.version.len))
}

// Offers asks query().
func (p Plugin) Offers(id string) bool {
	wanted := C.CString(id)
	defer C.free(unsafe.Pointer(wanted))
	return C.test_offers(p.raw, wanted) != 0
}

// Check runs check().
func (p Plugin) Check(config string) Answer {
	given := C.CString(config)
	defer C.free(unsafe.Pointer(given))
	return asked(func(a *C.test_answer) { C.test_check(p.raw, given, a) })
}

// Create makes an instance, with the kernel's services or without.
func (p Plugin) Create(config string, services bool) (Instance, Answer) {
	given := C.CString(config)
	defer C.free(unsafe.Pointer(given))
	with := C.int(0)
	if services {
		with = 1
	}
	made := Instance{plugin: p}
	answer := asked(func(a *C.test_answer) { made.raw = C.test_create(p.raw, given, with, a) })
	return made, answer
}

// Quiesce, Destroy and Health are the instance's.
func (i Instance) Quiesce() Answer {
	return asked(func(a *C.test_answer) { C.test_quiesce(i.plugin.raw, i.raw, a) })
}
func (i Instance) Destroy() { C.test_destroy(i.plugin.raw, i.raw) }
func (i Instance) Health() Answer {
	return asked(func(a *C.test_answer) { C.test_health(i.plugin.raw, i.raw, a) })
}

// Options of VolumeCreate: a reason to stop that is given after a moment, a sink that refuses, no bh_error.
type Options struct {
	Cancel          uint32
	Refuse, NoError bool
}

// VolumeCreate, VolumeResize and VolumeList are verbs of the kind storage.
func (i Instance) VolumeCreate(opID, spec string, options Options) Answer {
	op, given := C.CString(opID), C.CString(spec)
	defer C.free(unsafe.Pointer(op))
	defer C.free(unsafe.Pointer(given))
	flag := func(on bool) C.int {
		if on {
			return 1
		}
		return 0
	}
	return asked(func(a *C.test_answer) {
		C.test_volume_create(i.plugin.raw, i.raw, op, given, C.uint32_t(options.Cancel), flag(options.Refuse), flag(options.NoError), a)
	})
}
func (i Instance) VolumeResize(volume string, size uint64) Answer {
	given := C.CString(volume)
	defer C.free(unsafe.Pointer(given))
	return asked(func(a *C.test_answer) { C.test_volume_resize(i.plugin.raw, i.raw, given, C.uint64_t(size), a) })
}
func (i Instance) VolumeList(page string) Answer {
	given := C.CString(page)
	defer C.free(unsafe.Pointer(given))
	return asked(func(a *C.test_answer) { C.test_volume_list(i.plugin.raw, i.raw, given, a) })
}

// Seen are the last checkpoint, stage and permille, and the log.
func Seen() (checkpoint []byte, stage string, permille uint32, log string) {
	return C.GoBytes(unsafe.Pointer(&C.test_checkpoint[0]), C.int(C.test_checkpoint_size)), C.GoString(&C.test_stage[0]), uint32(C.test_permille), C.GoString(&C.test_log[0])
}

// Wakes is how often a poll was asked for.
func Wakes() int { return int(C.test_wakes) }

// Lent is what lies where the last secret was lent from.
func Lent() []byte { return C.GoBytes(unsafe.Pointer(C.test_lent), 6) }
