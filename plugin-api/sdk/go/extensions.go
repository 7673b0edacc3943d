package blockhost

/*
#include "bridge.h"
*/
import "C"

import "strings"

// A type that has a kind's verbs and those of one of its extensions offers both. The manifest lists the interfaces.

// ChainContract is a chain's extension bh.chain.contract/1: blockhost/ext/chain_contract.h. All [concurrent].
type ChainContract interface {
	ReadContract(request *ChainRead, at At) (*ChainValue, error)
	// ContractLogs are logs after cursor, at most max; cursor and rollback as in Chain.Poll.
	ContractLogs(filter *ChainFilter, cursor string, max uint32) (*ChainLogs, error)
}

// HypervisorGuest is a hypervisor's extension bh.hypervisor.guest/1: blockhost/ext/hypervisor_guest.h. [concurrent]
type HypervisorGuest interface {
	// GuestExchange carries the bytes to the helper in the VM and its answer back, and reads neither. Busy: another exchange
	// runs; Unavailable: no helper answers.
	GuestExchange(call *Call, vm string, request []byte) ([]byte, error)
}

// ConsoleType is what ConsoleOpen shall open.
type ConsoleType uint32

const (
	ConsoleText   ConsoleType = 0
	ConsoleScreen ConsoleType = 1
)

// HypervisorConsole is a hypervisor's extension bh.hypervisor.console/1: blockhost/ext/hypervisor_console.h. [concurrent]
type HypervisorConsole interface {
	// ConsoleOpen is good for one connection, and a secret.
	ConsoleOpen(call *Call, vm string, kind ConsoleType) (*Console, error)
}

// HypervisorReinstall is a hypervisor's extension bh.hypervisor.reinstall/1: blockhost/ext/hypervisor_reinstall.h. [concurrent]
type HypervisorReinstall interface {
	VMReinstall(call *Call, vm string, spec *VMSpec) (*VM, error)
}

// HypervisorResize is a hypervisor's extension bh.hypervisor.resize/1: blockhost/ext/hypervisor_resize.h. [concurrent]
type HypervisorResize interface {
	VMResize(call *Call, vm string, size *VMSize) (*VM, error)
}

// HypervisorSnapshot is a hypervisor's extension bh.hypervisor.snapshot/1: blockhost/ext/hypervisor_snapshot.h. All
// [concurrent].
type HypervisorSnapshot interface {
	SnapshotCreate(call *Call, vm string, spec *SnapshotSpec) (*Snapshot, error)
	// SnapshotRevert happens at most once for an op_id: Save first, and answer UnknownOutcome rather than revert twice.
	SnapshotRevert(call *Call, vm, snapshot string) error
	SnapshotDelete(call *Call, vm, snapshot string) error
	SnapshotList(vm, page string) (*Snapshots, error)
}

// extensions that a type offers.
type extensions struct{ contract, guest, console, reinstall, resize, snapshot bool }

// extensionsOf panics where a type has an extension and not its kind: nobody would ask for it.
func extensionsOf(instance any, offered kinds) extensions {
	var found extensions
	_, found.contract = instance.(ChainContract)
	_, found.guest = instance.(HypervisorGuest)
	_, found.console = instance.(HypervisorConsole)
	_, found.reinstall = instance.(HypervisorReinstall)
	_, found.resize = instance.(HypervisorResize)
	_, found.snapshot = instance.(HypervisorSnapshot)
	ofHypervisor := found
	ofHypervisor.contract = false
	if found.contract && !offered.chain || ofHypervisor != (extensions{}) && !offered.hypervisor {
		panic("blockhost.Register: the type has the verbs of an extension, but not all of its kind's; see Chain, Hypervisor")
	}
	return found
}

func serveExtension(instance Instance, args *C.bhgo_args, call *Call) (any, error) {
	switch args.verb {
	case C.BHGO_CONTRACT_READ:
		at, err := readAt(args.text[1], args.number)
		if err != nil {
			return nil, err
		}
		return with(args.text[0], "request", func(request *ChainRead) (*ChainValue, error) {
			return instance.(ChainContract).ReadContract(request, at)
		})
	case C.BHGO_CONTRACT_LOGS:
		return with(args.text[0], "filter", func(filter *ChainFilter) (*ChainLogs, error) {
			return instance.(ChainContract).ContractLogs(filter, text(args.text[1]), uint32(args.number))
		})
	}
	vm, err := objectID(args.text[0], "vm", func(document *VM) string { return document.VM })
	if err != nil {
		return nil, err
	}
	switch args.verb {
	case C.BHGO_GUEST_EXCHANGE:
		said, err := instance.(HypervisorGuest).GuestExchange(call, vm, blob(args.bytes[0]))
		return string(said), err
	case C.BHGO_CONSOLE_OPEN:
		if args.number > C.BH_CONSOLE_SCREEN {
			return nil, Errorf(Unsupported, "console", "the console type %d is not known", args.number)
		}
		return answer(instance.(HypervisorConsole).ConsoleOpen(call, vm, ConsoleType(args.number)))
	case C.BHGO_VM_RESIZE:
		return with(args.text[1], "size", func(size *VMSize) (*VM, error) {
			return instance.(HypervisorResize).VMResize(call, vm, size)
		})
	case C.BHGO_VM_REINSTALL:
		return with(args.text[1], "spec", func(spec *VMSpec) (*VM, error) {
			return instance.(HypervisorReinstall).VMReinstall(call, vm, spec)
		})
	}
	return serveSnapshots(instance.(HypervisorSnapshot), args, call, vm)
}

func serveSnapshots(snapshots HypervisorSnapshot, args *C.bhgo_args, call *Call, vm string) (any, error) {
	switch args.verb {
	case C.BHGO_SNAPSHOT_CREATE:
		return with(args.text[1], "spec", func(spec *SnapshotSpec) (*Snapshot, error) {
			return snapshots.SnapshotCreate(call, vm, spec)
		})
	case C.BHGO_SNAPSHOT_LIST:
		return answer(snapshots.SnapshotList(vm, text(args.text[1])))
	}
	snapshot, err := objectID(args.text[1], "snapshot", func(document *Snapshot) string { return document.Snapshot })
	if err != nil {
		return nil, err
	}
	if args.verb == C.BHGO_SNAPSHOT_REVERT {
		return nil, snapshots.SnapshotRevert(call, vm, snapshot)
	}
	return nil, snapshots.SnapshotDelete(call, vm, snapshot)
}

// objectID is what a verb on an object is given: its id, or the whole document about it.
func objectID[D any](from C.bh_str, argument string, id func(*D) string) (string, error) {
	said := text(from)
	if !strings.HasPrefix(said, "{") {
		return said, nil
	}
	document, err := taken[D](from, argument)
	if err != nil {
		return "", err
	}
	return id(document), nil
}
