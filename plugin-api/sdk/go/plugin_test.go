package blockhost_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	blockhost "blockhost.org/sdk"
	"blockhost.org/sdk/internal/testkernel"
)

// A storage that does what its volume's name says.
type storage struct{ kernel *blockhost.Kernel }

var closed int

func init() {
	blockhost.Register(blockhost.Plugin[*storage]{ID: "org.example.test", Version: "1.2.3", Create: create,
		Check: func(_ *blockhost.Kernel, config []byte, _ time.Time) ([]blockhost.Finding, error) {
			return []blockhost.Finding{{Field: "/path", Severity: "error", Message: string(config), Remedy: "none"}}, nil
		}})
}

func create(kernel *blockhost.Kernel, config []byte) (*storage, error) {
	var read struct {
		Path string `bh:"path,required"`
	}
	if err := blockhost.UnmarshalConfig(config, &read); err != nil {
		return nil, err
	}
	return &storage{kernel}, nil
}

func (s *storage) Health() (string, error) { return "fine at " + s.kernel.Instance(), nil }
func (s *storage) Quiesce(time.Time) error { return nil }
func (s *storage) Close()                  { closed++ }
func (s *storage) DescribeStorage() (*blockhost.StorageDescription, error) {
	return &blockhost.StorageDescription{VolumeKinds: []string{"file"}}, nil
}
func (s *storage) Pools() (*blockhost.Pools, error) { return nil, nil }
func (s *storage) ImageImport(*blockhost.Call, *blockhost.Image) (*blockhost.Image, error) {
	return nil, nil
}
func (s *storage) VolumeDelete(*blockhost.Call, string) error { return nil }
func (s *storage) VolumeList(page string) (*blockhost.Volumes, error) {
	return &blockhost.Volumes{Volumes: []blockhost.Volume{}, Next: page}, nil
}
func (s *storage) VolumeResize(_ *blockhost.Call, volume string, size uint64) error {
	return blockhost.Errorf(blockhost.NotFound, "not_found", "no volume %s of %d", volume, size)
}

func (s *storage) VolumeCreate(call *blockhost.Call, spec *blockhost.VolumeSpec) (*blockhost.Volume, error) {
	switch spec.Name {
	case "panics":
		var nothing map[string]int
		nothing["x"] = 1
	case "waits":
		return nil, blockhost.Wait(1500, "not yet")
	case "fails":
		return nil, fmt.Errorf("while failing: %w", blockhost.Errorf(blockhost.Busy, "held", "somebody holds it"))
	case "strange":
		return nil, errors.New("strange")
	case "long":
		return nil, blockhost.Errorf(blockhost.Unavailable, "long", "%s", strings.Repeat("ä", 400))
	case "nothing":
		return nil, nil
	case "stops":
		<-call.Context().Done()
		return nil, call.Stop()
	case "services":
		return nil, s.useServices(call)
	}
	if err := call.Save([]byte("before " + call.OpID())); err != nil {
		return nil, err
	}
	call.Progress(500, "halfway")
	s.kernel.LogFor(call, blockhost.LogInfo, "made %s", call.OpID())
	return &blockhost.Volume{Volume: spec.Name, CreatedBy: call.OpID(), Instance: s.kernel.Instance(), Kind: "file", Format: "raw", SizeBytes: spec.SizeBytes, Tags: spec.Tags}, nil
}

func (s *storage) useServices(call *blockhost.Call) error {
	if err := s.kernel.Put(map[string][]byte{"key": []byte("value")}); err != nil {
		return err
	}
	value, there, err := s.kernel.Get("key")
	if string(value) != "value" || !there || err != nil {
		return fmt.Errorf("get: %q %v %v", value, there, err)
	}
	if _, there, err = s.kernel.Get("other"); there || err != nil {
		return fmt.Errorf("get of what is not there: %v %v", there, err)
	}
	if keys, err := s.kernel.Keys(""); err != nil || strings.Join(keys, ",") != "a,b" {
		return fmt.Errorf("keys: %v %v", keys, err)
	}
	before := testkernel.Wakes()
	if s.kernel.PollNow(); testkernel.Wakes() != before+1 {
		return fmt.Errorf("a wake does not arrive")
	}
	lent := ""
	if err := s.kernel.WithSecret("token", func(secret []byte) error { lent = string(secret); return nil }); err != nil || lent != "canary" {
		return fmt.Errorf("secret: %v", err)
	}
	if err := s.kernel.WithSecret("token", func([]byte) error { return io.EOF }); err != io.EOF {
		return fmt.Errorf("the error of a loan: %v", err)
	}
	if err := s.kernel.WithSecret("other", func([]byte) error { return nil }); blockhost.StatusOf(err) != blockhost.Denied {
		return fmt.Errorf("a secret that is not there: %v", err)
	}
	if signature, err := s.kernel.Sign("agent", "eip191", []byte("text")); err != nil || string(signature) != "eip191text" {
		return fmt.Errorf("sign: %q %v", signature, err)
	}
	if key, err := s.kernel.PublicKey("agent"); err != nil || string(key) != "agent" {
		return fmt.Errorf("public key: %q %v", key, err)
	}
	if err := s.kernel.Unseal("server", "seal", []byte("abc"), nil, func(plain []byte) error {
		lent = string(plain)
		return nil
	}); err != nil || lent != "cba" {
		return fmt.Errorf("unseal: %q %v", lent, err)
	}
	ctx, cancel := context.WithTimeout(call.Context(), time.Second)
	defer cancel()
	conn, err := s.kernel.Dial(ctx, "example.org", 443)
	if err != nil {
		return err
	}
	defer conn.Close()
	if said, err := io.ReadAll(conn); err != nil || string(said) != "hello" {
		return fmt.Errorf("dial: %q %v", said, err)
	}
	if _, err := s.kernel.UnitStatus("unit"); blockhost.StatusOf(err) != blockhost.Denied {
		return fmt.Errorf("a service that is not granted: %v", err)
	}
	return blockhost.Errorf(blockhost.OK, "", "")
}

func open(t *testing.T) testkernel.Plugin {
	t.Helper()
	plugin, _ := testkernel.Open(testkernel.Draft)
	if !plugin.There() {
		t.Fatal("the entry gives no table")
	}
	return plugin
}

func instance(t *testing.T, services bool) testkernel.Instance {
	t.Helper()
	made, said := open(t).Create(`{"path":"/x"}`, services)
	if said.Status != 0 {
		t.Fatal(said)
	}
	t.Cleanup(made.Destroy)
	return made
}

func spec(name string) string {
	return `{"name":"` + name + `","size_bytes":16,"tags":{"subject":"host"}}`
}

func expect(t *testing.T, said testkernel.Answer, status blockhost.Status, reason string) {
	t.Helper()
	if blockhost.Status(said.Status) != status || said.Reason != reason {
		t.Errorf("answers %d %q (%s), not %d %q", said.Status, said.Reason, said.Message, status, reason)
	}
}

func TestEntrySaysWhatWasRegistered(t *testing.T) {
	plugin := open(t)
	if id, version := plugin.Named(); id != "org.example.test" || version != "1.2.3" {
		t.Error(id, version)
	}
	if !plugin.Offers("bh.storage/1") || plugin.Offers("bh.chain/1") || plugin.Offers("bh.hypervisor/1") || plugin.Offers("bh.ipv6/1") || plugin.Offers("") {
		t.Error("query() finds something else than the type's one kind")
	}
}

func TestEntryRefusesAnotherDraft(t *testing.T) {
	plugin, said := testkernel.Open(testkernel.Draft + 1)
	if plugin.There() {
		t.Error("the entry gives a table to another draft")
	}
	expect(t, said, blockhost.Unsupported, "other_draft")
}

func TestCheckListsFindings(t *testing.T) {
	said := open(t).Check("{}")
	if said.Text != `{"findings":[{"field":"/path","message":"{}","remedy":"none","severity":"error"}]}` {
		t.Error(said.Text)
	}
}

func TestCreateRefusesAConfigurationWithUnknownMembers(t *testing.T) {
	_, said := open(t).Create(`{"path":"/x","more":1}`, true)
	expect(t, said, blockhost.Invalid, "bad_document")
	if !strings.Contains(said.Message, "/more") {
		t.Error(said.Message)
	}
}

func TestVerbTakesAndGivesDocuments(t *testing.T) {
	said := instance(t, true).VolumeCreate("op-1", spec("v"), testkernel.Options{})
	if said.Text != `{"created_by":"op-1","format":"raw","instance":"test","kind":"file","size_bytes":16,"tags":{"subject":"host"},"volume":"v"}` {
		t.Error(said)
	}
	checkpoint, stage, permille, log := testkernel.Seen()
	if string(checkpoint) != "before op-1" || stage != "halfway" || permille != 500 || !strings.Contains(log, "made op-1") {
		t.Error(string(checkpoint), stage, permille, log)
	}
}

func TestVerbWithoutACallAnswers(t *testing.T) {
	if said := instance(t, true).VolumeList("7"); said.Text != `{"next":"7","volumes":[]}` {
		t.Error(said)
	}
}

func TestErrorsArriveWithStatusReasonAndSentence(t *testing.T) {
	made := instance(t, true)
	expect(t, made.VolumeCreate("op", "{}", testkernel.Options{}), blockhost.Invalid, "bad_document")
	waits := made.VolumeCreate("op", spec("waits"), testkernel.Options{})
	expect(t, waits, blockhost.Pending, "pending")
	if waits.RetryAfterMS != 1500 {
		t.Error(waits.RetryAfterMS)
	}
	fails := made.VolumeCreate("op", spec("fails"), testkernel.Options{})
	expect(t, fails, blockhost.Busy, "held")
	if fails.Message != "while failing: somebody holds it" {
		t.Error(fails.Message)
	}
	expect(t, made.VolumeCreate("op", spec("strange"), testkernel.Options{}), blockhost.Internal, "internal")
	expect(t, made.VolumeCreate("op", spec("nothing"), testkernel.Options{}), blockhost.Internal, "internal")
	expect(t, made.VolumeCreate("op", spec("fails"), testkernel.Options{NoError: true}), blockhost.Busy, "")
	expect(t, made.VolumeResize("v", 9), blockhost.NotFound, "not_found")
	long := made.VolumeCreate("op", spec("long"), testkernel.Options{})
	if strings.Trim(long.Message, "ä") != "" || len(long.Message) < 440 {
		t.Errorf("a long message is cut to %q", long.Message)
	}
}

func TestPanicIsAnInternalError(t *testing.T) {
	made := instance(t, true)
	expect(t, made.VolumeCreate("op", spec("panics"), testkernel.Options{}), blockhost.Internal, "panic")
	expect(t, made.VolumeCreate("op", spec("v"), testkernel.Options{}), blockhost.OK, "")
}

func TestSinkThatRefusesEndsTheVerbWithItsStatus(t *testing.T) {
	expect(t, instance(t, true).VolumeCreate("op", spec("v"), testkernel.Options{Refuse: true}), blockhost.Exhausted, "sink")
}

func TestCancelledVerbSaysWhy(t *testing.T) {
	made := instance(t, true)
	for reason, status := range map[uint32]blockhost.Status{testkernel.CancelOrder: blockhost.Cancelled, testkernel.CancelShutdown: blockhost.Interrupted,
		testkernel.CancelDeadline: blockhost.Timeout, 77: blockhost.Interrupted} {
		if said := made.VolumeCreate("op", spec("stops"), testkernel.Options{Cancel: reason}); blockhost.Status(said.Status) != status {
			t.Errorf("reason %d is answered with %d, not %d", reason, said.Status, status)
		}
	}
}

func TestServices(t *testing.T) {
	if said := instance(t, true).VolumeCreate("op", spec("services"), testkernel.Options{}); said.Status != 0 {
		t.Error(said.Message)
	}
	if string(testkernel.Lent()) != "\x00\x00\x00\x00\x00\x00" {
		t.Error("the secret was not lent in place")
	}
}

func TestWithoutServicesTheErrorNamesTheService(t *testing.T) {
	said := instance(t, false).VolumeCreate("op", spec("services"), testkernel.Options{})
	expect(t, said, blockhost.Denied, "not_granted")
	if !strings.Contains(said.Message, "bh.svc.store/1") {
		t.Error(said.Message)
	}
}

func TestHealthIsAFinding(t *testing.T) {
	if said := instance(t, true).Health(); said.Text != `{"findings":[{"message":"fine at test","severity":"info"}]}` {
		t.Error(said)
	}
}

func TestQuiescedInstanceRefusesVerbsAndEnds(t *testing.T) {
	made, _ := open(t).Create(`{"path":"/x"}`, true)
	expect(t, made.Quiesce(), blockhost.OK, "")
	expect(t, made.VolumeCreate("op", spec("v"), testkernel.Options{}), blockhost.Interrupted, "quiesced")
	before := closed
	made.Destroy()
	if closed != before+1 {
		t.Error("destroy() closes nothing")
	}
}

func TestVerbsRunAtOnce(t *testing.T) {
	made := instance(t, true)
	var all sync.WaitGroup
	for i := 0; i < 8; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for n := 0; n < 200; n++ {
				if said := made.VolumeList("x"); said.Status != 0 {
					t.Error(said)
				}
			}
		}()
	}
	all.Wait()
}
