package blockhost

import (
	"math/big"
	"strings"
	"testing"
	"time"
)

func TestDocumentsSurviveARoundTrip(t *testing.T) {
	at := Position{ID: "0x01", Height: 1 << 60}
	full := ChainEvents{Cursor: "c", Head: Block{at, time.Unix(1795000000, 0).UTC()}, Recent: []Block{}, More: true,
		Events: []ChainEvent{{Type: "purchased", Position: at, Amount: big.NewInt(5), Data: []byte{1, 255}, ExpiresAt: time.Unix(1, 0).UTC(),
			PlanState: &PlanState{Resources: `{"cpus":1}`, Total: 7}}}}
	first, err := Marshal(full)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"cursor":"c","events":[{"amount":"5","data":"0x01ff","expires_at":"1970-01-01T00:00:01Z","plan_state":{"active":false,"delivery_window_s":0,"grace_s":0,` +
		`"resources":"{\"cpus\":1}","total":7},"position":{"height":"1152921504606846976","id":"0x01"},"type":"purchased"}],` +
		`"head":{"position":{"height":"1152921504606846976","id":"0x01"},"time":"2026-11-18T11:06:40Z"},"more":true,"recent":[]}`
	if string(first) != want {
		t.Errorf("%s\n%s", first, want)
	}
	var read ChainEvents
	if err := Unmarshal(first, &read); err != nil {
		t.Fatal(err)
	}
	if again, _ := Marshal(read); string(again) != string(first) {
		t.Errorf("%s\nread and written:\n%s", first, again)
	}
}

func TestBadDocumentsAreRefusedByName(t *testing.T) {
	deep := strings.Repeat("[", 17) + strings.Repeat("]", 17)
	for text, said := range map[string]string{
		``:                                          "at byte",
		`{"id":"x","height":1}x`:                    "at byte",
		`{"id":"x","height":1} {}`:                  "at byte",
		`{"id":"x","id":"y","height":1}`:            "/id: is there twice",
		`{"id":"x"}`:                                "/height: is missing",
		`{"ID":"x","height":1}`:                     "/id: is missing",
		`{"id":"x","height":-1}`:                    "/height: must be an integer",
		`{"id":"x","height":1.0}`:                   "/height: must be an integer",
		`{"id":"x","height":9007199254740993}`:      "/height: must be an integer",
		`{"id":"x","height":"01"}`:                  "/height: must be an integer",
		`{"id":null,"height":1}`:                    "/id: must be a string",
		`{"id":"x\u0000","height":1}`:               "/id: holds a NUL",
		"{\"id\":\"\xff\",\"height\":1}":            "not UTF-8",
		"\xEF\xBB\xBF{}":                            "byte order mark",
		`{"id":"x","height":1,"more":` + deep + `}`: "deeper than 16",
		strings.Repeat(" ", MaxDocument+1):          "larger than 1 MiB",
		`[]`:                                        "the document must be an object",
	} {
		err := Unmarshal([]byte(text), &Position{})
		if err == nil || StatusOf(err) != Invalid || !strings.Contains(err.Error(), said) {
			t.Errorf("%.60q: %v, not %q", text, err, said)
		}
	}
}

func TestLeavesAreStrict(t *testing.T) {
	type leaves struct {
		Data   []byte    `bh:"data"`
		When   time.Time `bh:"when"`
		Amount *big.Int  `bh:"amount"`
		Small  uint32    `bh:"small"`
		Signed int64     `bh:"signed"`
	}
	bad := []string{`{"data":"0X00"}`, `{"data":"0x0"}`, `{"data":"0xAB"}`, `{"data":""}`, `{"when":"2026-11-24T22:40:00+00:00"}`, `{"when":"2026-11-24T22:40:00.5Z"}`,
		`{"when":"2026-13-24T22:40:00Z"}`, `{"amount":5}`, `{"amount":"05"}`, `{"amount":"-5"}`, `{"amount":"1` + strings.Repeat("0", 78) + `"}`, `{"small":4294967296}`,
		`{"small":"5"}`, `{"signed":9007199254740993}`, `{"signed":"--1"}`}
	for _, text := range bad {
		if err := Unmarshal([]byte(text), &leaves{}); StatusOf(err) != Invalid {
			t.Errorf("%s is taken: %v", text, err)
		}
	}
	var read leaves
	if err := Unmarshal([]byte(`{"data":"0x","when":"2026-11-24T22:40:00Z","amount":"0","small":4294967295,"signed":"-9223372036854775808","unknown":{}}`), &read); err != nil {
		t.Error(err)
	}
	if read.Signed != -9223372036854775808 || read.When.Unix() != 1795560000 {
		t.Error(read)
	}
}

func TestConfigurationRefusesUnknownMembers(t *testing.T) {
	if err := UnmarshalConfig([]byte(`{"id":"x","height":1,"a/b":1}`), &Position{}); err == nil || !strings.Contains(err.Error(), "/a~1b: is not known") {
		t.Error(err)
	}
}
