package testkernel

/*
#include <stdlib.h>
#include "kernel.h"
*/
import "C"

import "unsafe"

// Verbs of extensions, and of a kind that takes an object's id. They ask for the table by its id each time.

func texts(given ...string) ([]*C.char, func()) {
	var made []*C.char
	for _, text := range given {
		made = append(made, C.CString(text))
	}
	return made, func() {
		for _, text := range made {
			C.free(unsafe.Pointer(text))
		}
	}
}

// ContractRead and ContractLogs are of bh.chain.contract/1.
func (i Instance) ContractRead(request, at string, minAgree uint32) Answer {
	c, free := texts(request, at)
	defer free()
	return asked(func(a *C.test_answer) { C.test_contract_read(i.plugin.raw, i.raw, c[0], c[1], C.uint32_t(minAgree), a) })
}
func (i Instance) ContractLogs(filter, cursor string, max uint32) Answer {
	c, free := texts(filter, cursor)
	defer free()
	return asked(func(a *C.test_answer) { C.test_contract_logs(i.plugin.raw, i.raw, c[0], c[1], C.uint32_t(max), a) })
}

// GuestExchange is of bh.hypervisor.guest/1.
func (i Instance) GuestExchange(vm string, request []byte) Answer {
	c, free := texts(vm)
	defer free()
	bytes := C.CBytes(request)
	defer C.free(bytes)
	return asked(func(a *C.test_answer) {
		C.test_guest_exchange(i.plugin.raw, i.raw, c[0], (*C.uint8_t)(bytes), C.size_t(len(request)), a)
	})
}

// ConsoleOpen is of bh.hypervisor.console/1.
func (i Instance) ConsoleOpen(vm string, kind uint32) Answer {
	c, free := texts(vm)
	defer free()
	return asked(func(a *C.test_answer) { C.test_console_open(i.plugin.raw, i.raw, c[0], C.uint32_t(kind), a) })
}

// Reinstall is of bh.hypervisor.reinstall/1.
func (i Instance) Reinstall(vm, spec string) Answer {
	c, free := texts(vm, spec)
	defer free()
	return asked(func(a *C.test_answer) { C.test_vm_reinstall(i.plugin.raw, i.raw, c[0], c[1], a) })
}

// Resize is of bh.hypervisor.resize/1.
func (i Instance) Resize(vm, size string) Answer {
	c, free := texts(vm, size)
	defer free()
	return asked(func(a *C.test_answer) { C.test_vm_resize(i.plugin.raw, i.raw, c[0], c[1], a) })
}

// SnapshotCreate and the others are of bh.hypervisor.snapshot/1.
func (i Instance) SnapshotCreate(vm, spec string) Answer {
	c, free := texts(vm, spec)
	defer free()
	return asked(func(a *C.test_answer) { C.test_snapshot_create(i.plugin.raw, i.raw, c[0], c[1], a) })
}
func (i Instance) SnapshotRevert(vm, snapshot string) Answer {
	c, free := texts(vm, snapshot)
	defer free()
	return asked(func(a *C.test_answer) { C.test_snapshot_revert(i.plugin.raw, i.raw, c[0], c[1], a) })
}
func (i Instance) SnapshotDelete(vm, snapshot string) Answer {
	c, free := texts(vm, snapshot)
	defer free()
	return asked(func(a *C.test_answer) { C.test_snapshot_delete(i.plugin.raw, i.raw, c[0], c[1], a) })
}
func (i Instance) SnapshotList(vm, page string) Answer {
	c, free := texts(vm, page)
	defer free()
	return asked(func(a *C.test_answer) { C.test_snapshot_list(i.plugin.raw, i.raw, c[0], c[1], a) })
}

// VMGet is of the kind hypervisor.
func (i Instance) VMGet(vm string) Answer {
	c, free := texts(vm)
	defer free()
	return asked(func(a *C.test_answer) { C.test_vm_get(i.plugin.raw, i.raw, c[0], a) })
}
