// Package exttest has a type with two kinds and all extensions, driven through the C ABI. A library registers one type, so
// that it is a test program of its own.
package exttest

import (
	"math/big"
	"strings"
	"testing"
	"time"

	blockhost "blockhost.org/sdk"
	"blockhost.org/sdk/internal/testkernel"
)

type both struct{ chain }

// chain and hypervisor answer what is asked of them here; everything else is not there.
type chain struct{ hypervisor }
type hypervisor struct{}

func absent[D any]() (*D, error) {
	return nil, blockhost.Errorf(blockhost.Unsupported, "absent", "not here")
}

func (hypervisor) Health() (string, error) { return "fine", nil }
func (hypervisor) Quiesce(time.Time) error { return nil }
func (hypervisor) Close()                  {}
func (hypervisor) DescribeHypervisor() (*blockhost.HypervisorDescription, error) {
	return absent[blockhost.HypervisorDescription]()
}
func (hypervisor) VMCreate(*blockhost.Call, *blockhost.VMSpec) (*blockhost.VM, error) {
	return absent[blockhost.VM]()
}
func (hypervisor) VMDestroy(*blockhost.Call, string) error                      { return nil }
func (hypervisor) VMPower(*blockhost.Call, string, blockhost.PowerAction) error { return nil }
func (hypervisor) VMGet(vm string) (*blockhost.VM, error)                       { return machine(vm, "op"), nil }
func (hypervisor) VMList(string) (*blockhost.VMs, error)                        { return absent[blockhost.VMs]() }
func (hypervisor) VMStats(string) (blockhost.VMStats, error)                    { return blockhost.VMStats{}, nil }

func machine(vm, name string) *blockhost.VM {
	return &blockhost.VM{VM: vm, CreatedBy: "op", Instance: "test", Name: name, State: "stopped"}
}

func (hypervisor) GuestExchange(call *blockhost.Call, vm string, request []byte) ([]byte, error) {
	if vm == "silent" {
		return nil, blockhost.Errorf(blockhost.Unavailable, "guest_silent", "nobody answers")
	}
	return append([]byte(call.OpID()+" "+vm+" "), request...), nil
}
func (hypervisor) ConsoleOpen(_ *blockhost.Call, vm string, kind blockhost.ConsoleType) (*blockhost.Console, error) {
	protocol := map[blockhost.ConsoleType]string{blockhost.ConsoleText: "text", blockhost.ConsoleScreen: "vnc"}[kind]
	return &blockhost.Console{UnixPath: "/run/" + vm, Protocol: protocol}, nil
}
func (hypervisor) VMReinstall(_ *blockhost.Call, vm string, spec *blockhost.VMSpec) (*blockhost.VM, error) {
	return machine(vm, spec.Name), nil
}

func (hypervisor) VMResize(_ *blockhost.Call, vm string, size *blockhost.VMSize) (*blockhost.VM, error) {
	made := machine(vm, "op")
	made.CPUs, made.MemoryBytes, made.Waits = size.CPUs, size.MemoryBytes, []string{"cpus"}
	return made, nil
}
func snapshot(vm, name string) *blockhost.Snapshot {
	return &blockhost.Snapshot{Snapshot: "s-1", CreatedBy: "op", Instance: "test", VM: vm, Name: name}
}
func (hypervisor) SnapshotCreate(_ *blockhost.Call, vm string, spec *blockhost.SnapshotSpec) (*blockhost.Snapshot, error) {
	return snapshot(vm, spec.Name), nil
}
func (hypervisor) SnapshotRevert(_ *blockhost.Call, vm, snapshot string) error {
	return blockhost.Errorf(blockhost.UnknownOutcome, "revert", "%s to %s", vm, snapshot)
}
func (hypervisor) SnapshotDelete(_ *blockhost.Call, vm, snapshot string) error {
	return blockhost.Errorf(blockhost.Busy, "busy", "%s without %s", vm, snapshot)
}
func (hypervisor) SnapshotList(vm, page string) (*blockhost.Snapshots, error) {
	return &blockhost.Snapshots{Snapshots: []blockhost.Snapshot{*snapshot(vm, "n")}, Next: page + "+"}, nil
}

func (chain) DescribeChain() (*blockhost.ChainDescription, error) {
	return absent[blockhost.ChainDescription]()
}
func (chain) Poll(*blockhost.Call, string, uint32) (*blockhost.ChainEvents, error) {
	return absent[blockhost.ChainEvents]()
}
func (chain) Submit(*blockhost.Call, *blockhost.Intent, blockhost.Position) (*blockhost.Receipt, error) {
	return &blockhost.Receipt{Fee: new(big.Int)}, nil
}
func (chain) OwnerOf(string, blockhost.At) (*blockhost.Owner, error) {
	return absent[blockhost.Owner]()
}
func (chain) SubscriptionState(string, blockhost.At) (*blockhost.SubscriptionState, error) {
	return absent[blockhost.SubscriptionState]()
}
func (chain) Balances(string, blockhost.At) (*blockhost.Balances, error) {
	return absent[blockhost.Balances]()
}
func (chain) VerifySignature(_, _ string, _, _ []byte, _ blockhost.At) (*blockhost.Verification, error) {
	return absent[blockhost.Verification]()
}
func (chain) RecoverSigner(string, []byte, []byte) (string, error) { return "", nil }
func (chain) ParseAddress(text string) (string, error)             { return text, nil }

func (chain) ReadContract(request *blockhost.ChainRead, at blockhost.At) (*blockhost.ChainValue, error) {
	if at.MinAgree > 2 {
		return nil, blockhost.Errorf(blockhost.Unavailable, "too_few_agree", "two at most")
	}
	return &blockhost.ChainValue{Data: append(request.Data, byte(at.MinAgree)), Position: at.Position}, nil
}
func (chain) ContractLogs(filter *blockhost.ChainFilter, cursor string, max uint32) (*blockhost.ChainLogs, error) {
	out := &blockhost.ChainLogs{Cursor: cursor + "+", More: max == 1, Logs: []blockhost.ChainLog{}}
	out.Head.Position = blockhost.Position{ID: strings.Join(filter.Contracts, ","), Height: uint64(max)}
	return out, nil
}

func init() {
	blockhost.Register(blockhost.Plugin[both]{ID: "org.example.both", Version: "1.0.0",
		Create: func(*blockhost.Kernel, []byte) (both, error) { return both{}, nil }})
}

func instance(t *testing.T) testkernel.Instance {
	t.Helper()
	plugin, _ := testkernel.Open(testkernel.Draft)
	made, said := plugin.Create("{}", true)
	if said.Status != 0 {
		t.Fatal(said)
	}
	t.Cleanup(made.Destroy)
	return made
}

func expect(t *testing.T, said testkernel.Answer, text string) {
	t.Helper()
	if said.Status != 0 || said.Text != text {
		t.Errorf("answers %q (%d %s), not %q", said.Text, said.Status, said.Message, text)
	}
}

func refused(t *testing.T, said testkernel.Answer, status blockhost.Status, part string) {
	t.Helper()
	if blockhost.Status(said.Status) != status || !strings.Contains(said.Message, part) {
		t.Errorf("answers %d %q, not %d with %q", said.Status, said.Message, status, part)
	}
}

func TestExtensionsOfTheTypeAreFound(t *testing.T) {
	plugin, _ := testkernel.Open(testkernel.Draft)
	for id, there := range map[string]bool{"bh.chain/1": true, "bh.chain.contract/1": true, "bh.hypervisor/1": true, "bh.hypervisor.guest/1": true,
		"bh.hypervisor.console/1": true, "bh.hypervisor.reinstall/1": true, "bh.hypervisor.resize/1": true, "bh.hypervisor.snapshot/1": true, "bh.storage/1": false} {
		if plugin.Offers(id) != there {
			t.Errorf("%s: offered is %v", id, !there)
		}
	}
}

func TestContractIsReadAtAPosition(t *testing.T) {
	made := instance(t)
	request := `{"contract":"0x01","data":"0xab"}`
	expect(t, made.ContractRead(request, `{"id":"b7","height":7}`, 2), `{"data":"0xab02","position":{"height":7,"id":"b7"}}`)
	refused(t, made.ContractRead(request, "", 3), blockhost.Unavailable, "two at most")
	refused(t, made.ContractRead(`{"contract":"0x01"}`, "", 0), blockhost.Invalid, "request")
	refused(t, made.ContractRead(request, "{", 0), blockhost.Invalid, "position")
}

func TestContractsLogsGoOnAtTheCursor(t *testing.T) {
	said := instance(t).ContractLogs(`{"contracts":["0x01","0x02"]}`, "c", 1)
	if said.Status != 0 || !strings.Contains(said.Text, `"cursor":"c+"`) || !strings.Contains(said.Text, `"id":"0x01,0x02"`) || !strings.Contains(said.Text, `"more":true`) {
		t.Error(said)
	}
	refused(t, instance(t).ContractLogs("{}", "", 1), blockhost.Invalid, "filter")
}

func TestGuestsBytesPassAsTheyAre(t *testing.T) {
	made := instance(t)
	expect(t, made.GuestExchange("vm-1", []byte("a\x00\xff")), "op-9 vm-1 a\x00\xff")
	expect(t, made.GuestExchange("vm-1", nil), "op-9 vm-1 ")
	refused(t, made.GuestExchange("silent", []byte("x")), blockhost.Unavailable, "nobody answers")
}

func TestConsoleHasItsType(t *testing.T) {
	made := instance(t)
	expect(t, made.ConsoleOpen("v", 0), `{"protocol":"text","unix_path":"/run/v"}`)
	expect(t, made.ConsoleOpen("v", 1), `{"protocol":"vnc","unix_path":"/run/v"}`)
	refused(t, made.ConsoleOpen("v", 2), blockhost.Unsupported, "console type 2")
}

const spec = `{"name":"fresh","cpus":1,"memory_bytes":1,"volumes":[],"network":{"mac":"m","address":"a","gateway":"g"},` +
	`"first_boot":{"user_data":"","meta_data":"","network_config":""}}`

func TestReinstallTakesASpecification(t *testing.T) {
	made := instance(t)
	said := made.Reinstall("vm-1", spec)
	if said.Status != 0 || !strings.Contains(said.Text, `"name":"fresh"`) || !strings.Contains(said.Text, `"vm":"vm-1"`) {
		t.Error(said)
	}
	refused(t, made.Reinstall("vm-1", "{}"), blockhost.Invalid, "spec")
}

func TestResizeTakesASizeAndSaysWhatWaits(t *testing.T) {
	made := instance(t)
	said := made.Resize("vm-1", `{"cpus":4,"memory_bytes":1073741824}`)
	for _, part := range []string{`"vm":"vm-1"`, `"cpus":4`, `"memory_bytes":1073741824`, `"waits":["cpus"]`} {
		if said.Status != 0 || !strings.Contains(said.Text, part) {
			t.Errorf("%s is not in %v", part, said)
		}
	}
	refused(t, made.Resize("vm-1", `{"cpus":4}`), blockhost.Invalid, "size")
	refused(t, made.Resize("{}", `{"cpus":4,"memory_bytes":1}`), blockhost.Invalid, "vm")
}

func TestSnapshotsAreOfAVM(t *testing.T) {
	made := instance(t)
	document := made.VMGet("vm-1").Text
	kept := made.SnapshotCreate(document, `{"name":"kept"}`)
	if kept.Status != 0 || !strings.Contains(kept.Text, `"name":"kept"`) || !strings.Contains(kept.Text, `"vm":"vm-1"`) {
		t.Error(kept)
	}
	refused(t, made.SnapshotCreate("vm-1", "{}"), blockhost.Invalid, "spec")
	for _, named := range []string{"s-1", kept.Text} {
		refused(t, made.SnapshotRevert(document, named), blockhost.UnknownOutcome, "vm-1 to s-1")
		refused(t, made.SnapshotDelete("vm-1", named), blockhost.Busy, "vm-1 without s-1")
	}
	refused(t, made.SnapshotDelete("vm-1", "{}"), blockhost.Invalid, "snapshot")
	listed := made.SnapshotList("vm-1", "p2")
	if listed.Status != 0 || !strings.Contains(listed.Text, `"next":"p2+"`) || !strings.Contains(listed.Text, `"snapshot":"s-1"`) {
		t.Error(listed)
	}
}

// A verb may be given the whole document about an object instead of its id.
func TestObjectIsNamedByItsDocument(t *testing.T) {
	made := instance(t)
	document := made.VMGet("vm-1").Text
	if again := made.VMGet(document); again.Text != document {
		t.Error(again)
	}
	expect(t, made.GuestExchange(document, []byte("x")), "op-9 vm-1 x")
	refused(t, made.VMGet("{}"), blockhost.Invalid, "vm")
}
