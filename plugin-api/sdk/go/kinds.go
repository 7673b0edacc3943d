package blockhost

/*
#include "bridge.h"
*/
import "C"

import "fmt"

// At says where and how surely a chain is read: see blockhost/kind/chain.h.
type At struct {
	// Position is the point to read at; its zero value is the head.
	Position Position
	// MinAgree is how many endpoints must give the same answer; 0: the instance's default.
	MinAgree uint32
}

// Chain is the kind bh.chain/1: blockhost/kind/chain.h, documents of schemas/chain/1. Poll is [serial], the others are
// [concurrent].
type Chain interface {
	DescribeChain() (*ChainDescription, error)
	Poll(call *Call, cursor string, max uint32) (*ChainEvents, error)
	// Submit answers Wait(...) until the transaction is at or below finalAt, whose zero value is "none yet".
	Submit(call *Call, intent *Intent, finalAt Position) (*Receipt, error)
	OwnerOf(credential string, at At) (*Owner, error)
	SubscriptionState(id string, at At) (*SubscriptionState, error)
	Balances(account string, at At) (*Balances, error)
	VerifySignature(scheme, signer string, message, signature []byte, at At) (*Verification, error)
	RecoverSigner(scheme string, message, signature []byte) (string, error)
	ParseAddress(text string) (string, error)
}

// PowerAction is what VMPower shall do.
type PowerAction uint32

const (
	PowerStart    PowerAction = 0
	PowerShutdown PowerAction = 1
	PowerOff      PowerAction = 2
	PowerReset    PowerAction = 3
)

// VMState of VMStats.
type VMState uint32

const (
	VMUnknown VMState = 0
	VMRunning VMState = 1
	VMStopped VMState = 2
	VMPaused  VMState = 3
)

// VMStats are counters of one VM; -1: not available.
type VMStats struct {
	State                                                                                  VMState
	UptimeS, CPUNS, MemoryUsedBytes, DiskReadBytes, DiskWriteBytes, NetRxBytes, NetTxBytes int64
}

// Hypervisor is the kind bh.hypervisor/1: blockhost/kind/hypervisor.h, documents of schemas/hypervisor/1. All [concurrent].
type Hypervisor interface {
	DescribeHypervisor() (*HypervisorDescription, error)
	VMCreate(call *Call, spec *VMSpec) (*VM, error)
	VMDestroy(call *Call, vm string) error
	VMPower(call *Call, vm string, action PowerAction) error
	VMGet(vm string) (*VM, error)
	VMList(page string) (*VMs, error)
	VMStats(vm string) (VMStats, error)
}

// Storage is the kind bh.storage/1: blockhost/kind/storage.h, documents of schemas/storage/1. All [concurrent].
type Storage interface {
	DescribeStorage() (*StorageDescription, error)
	Pools() (*Pools, error)
	ImageImport(call *Call, image *Image) (*Image, error)
	VolumeCreate(call *Call, spec *VolumeSpec) (*Volume, error)
	VolumeResize(call *Call, volume string, sizeBytes uint64) error
	VolumeDelete(call *Call, volume string) error
	VolumeList(page string) (*Volumes, error)
}

// IPv6 is the kind bh.ipv6/1: blockhost/kind/ipv6.h, documents of schemas/ipv6/1. All [concurrent].
type IPv6 interface {
	DescribeIPv6() (*IPv6Description, error)
	DelegationAcquire(call *Call, request *DelegationRequest) (*Delegation, error)
	DelegationRenew(call *Call, delegation string) (*Delegation, error)
	DelegationRelease(call *Call, delegation string) error
	DelegationList(page string) (*Delegations, error)
}

// position: the empty text is the zero Position.
func position(from C.bh_str) (Position, error) {
	if from.len == 0 {
		return Position{}, nil
	}
	at, err := taken[Position](from, "position")
	if err != nil {
		return Position{}, err
	}
	return *at, nil
}

func readAt(from C.bh_str, minAgree C.uint32_t) (At, error) {
	where, err := position(from)
	return At{where, uint32(minAgree)}, err
}

func serveChain(chain Chain, args *C.bhgo_args, call *Call) (any, error) {
	subject := text(args.text[0])
	switch args.verb {
	case C.BHGO_CHAIN_DESCRIBE:
		return answer(chain.DescribeChain())
	case C.BHGO_CHAIN_POLL:
		return answer(chain.Poll(call, subject, uint32(args.number)))
	case C.BHGO_CHAIN_RECOVER_SIGNER:
		return chain.RecoverSigner(subject, blob(args.bytes[0]), blob(args.bytes[1]))
	case C.BHGO_CHAIN_PARSE_ADDRESS:
		return chain.ParseAddress(subject)
	case C.BHGO_CHAIN_SUBMIT:
		intent, err := taken[Intent](args.text[0], "intent")
		if err != nil {
			return nil, err
		}
		finalAt, err := position(args.text[1])
		if err != nil {
			return nil, fmt.Errorf("final_at: %w", err)
		}
		return answer(chain.Submit(call, intent, finalAt))
	case C.BHGO_CHAIN_VERIFY_SIGNATURE:
		at, err := readAt(args.text[2], args.number)
		if err != nil {
			return nil, err
		}
		return answer(chain.VerifySignature(subject, text(args.text[1]), blob(args.bytes[0]), blob(args.bytes[1]), at))
	}
	at, err := readAt(args.text[1], args.number)
	if err != nil {
		return nil, err
	}
	switch args.verb {
	case C.BHGO_CHAIN_OWNER_OF:
		return answer(chain.OwnerOf(subject, at))
	case C.BHGO_CHAIN_SUBSCRIPTION_STATE:
		return answer(chain.SubscriptionState(subject, at))
	}
	return answer(chain.Balances(subject, at))
}

func serveHypervisor(hypervisor Hypervisor, args *C.bhgo_args, call *Call) (any, error) {
	switch args.verb {
	case C.BHGO_HYPERVISOR_DESCRIBE:
		return answer(hypervisor.DescribeHypervisor())
	case C.BHGO_HYPERVISOR_CREATE:
		return with(args.text[0], "spec", func(spec *VMSpec) (*VM, error) { return hypervisor.VMCreate(call, spec) })
	case C.BHGO_HYPERVISOR_LIST:
		return answer(hypervisor.VMList(text(args.text[0])))
	}
	subject, err := objectID(args.text[0], "vm", func(document *VM) string { return document.VM })
	if err != nil {
		return nil, err
	}
	switch args.verb {
	case C.BHGO_HYPERVISOR_DESTROY:
		return nil, hypervisor.VMDestroy(call, subject)
	case C.BHGO_HYPERVISOR_POWER:
		if args.number > C.BH_POWER_RESET {
			return nil, Errorf(Invalid, "action", "the power action %d is not known", args.number)
		}
		return nil, hypervisor.VMPower(call, subject, PowerAction(args.number))
	case C.BHGO_HYPERVISOR_GET:
		return answer(hypervisor.VMGet(subject))
	}
	stats, err := hypervisor.VMStats(subject)
	if err == nil {
		to := args.stats
		to.state, to.uptime_s, to.cpu_ns = C.uint32_t(stats.State), C.int64_t(stats.UptimeS), C.int64_t(stats.CPUNS)
		to.memory_used_bytes = C.int64_t(stats.MemoryUsedBytes)
		to.disk_read_bytes, to.disk_write_bytes = C.int64_t(stats.DiskReadBytes), C.int64_t(stats.DiskWriteBytes)
		to.net_rx_bytes, to.net_tx_bytes = C.int64_t(stats.NetRxBytes), C.int64_t(stats.NetTxBytes)
	}
	return nil, err
}

func serveStorage(storage Storage, args *C.bhgo_args, call *Call) (any, error) {
	switch args.verb {
	case C.BHGO_STORAGE_DESCRIBE:
		return answer(storage.DescribeStorage())
	case C.BHGO_STORAGE_POOLS:
		return answer(storage.Pools())
	case C.BHGO_STORAGE_IMPORT:
		return with(args.text[0], "image", func(image *Image) (*Image, error) { return storage.ImageImport(call, image) })
	case C.BHGO_STORAGE_CREATE:
		return with(args.text[0], "spec", func(spec *VolumeSpec) (*Volume, error) { return storage.VolumeCreate(call, spec) })
	case C.BHGO_STORAGE_LIST:
		return answer(storage.VolumeList(text(args.text[0])))
	}
	subject, err := objectID(args.text[0], "volume", func(document *Volume) string { return document.Volume })
	if err != nil {
		return nil, err
	}
	if args.verb == C.BHGO_STORAGE_RESIZE {
		return nil, storage.VolumeResize(call, subject, uint64(args.wide))
	}
	return nil, storage.VolumeDelete(call, subject)
}

func serveIPv6(ipv6 IPv6, args *C.bhgo_args, call *Call) (any, error) {
	switch args.verb {
	case C.BHGO_IPV6_DESCRIBE:
		return answer(ipv6.DescribeIPv6())
	case C.BHGO_IPV6_ACQUIRE:
		return with(args.text[0], "request", func(request *DelegationRequest) (*Delegation, error) {
			return ipv6.DelegationAcquire(call, request)
		})
	case C.BHGO_IPV6_LIST:
		return answer(ipv6.DelegationList(text(args.text[0])))
	}
	subject, err := objectID(args.text[0], "delegation", func(document *Delegation) string { return document.Delegation })
	if err != nil {
		return nil, err
	}
	if args.verb == C.BHGO_IPV6_RENEW {
		return answer(ipv6.DelegationRenew(call, subject))
	}
	return nil, ipv6.DelegationRelease(call, subject)
}

// answer makes one value of a document or an error; a nil document with no error is a bug that Marshal names.
func answer[D any](document *D, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return document, nil
}

// with reads the document that the verb takes and runs it.
func with[D, A any](from C.bh_str, argument string, verb func(*D) (*A, error)) (any, error) {
	document, err := taken[D](from, argument)
	if err != nil {
		return nil, err
	}
	return answer(verb(document))
}
