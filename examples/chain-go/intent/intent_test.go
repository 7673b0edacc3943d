package intent

import (
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"blockhost.org/sdk/formats"

	"example.org/chain-ledger/eth"
)

type vectors struct {
	Secret, Address string
	Vectors         []struct {
		Name   string
		Intent struct {
			Chain, Contract, Function, Fee, Value, Nonce string
			Args                                         map[string]any
		}
		Text, Hash, Signature string
	}
	Refused           []struct{ Why, Payload string }
	RefusedSignatures []struct{ Why, Hash, Signature string } `json:"refused_signatures"`
}

func load(t *testing.T) vectors {
	t.Helper()
	text, err := formats.Vectors("bh-intent-1")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(text, &v); err != nil || len(v.Vectors) == 0 || len(v.Refused) == 0 || len(v.RefusedSignatures) == 0 {
		t.Fatal(err)
	}
	return v
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	data, err := eth.ParseHex(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestIntentsOfAnIndependentProgramAreSpelledHashedAndSignedAlike(t *testing.T) {
	v := load(t)
	var key eth.Secret
	copy(key[:], unhex(t, v.Secret))
	for _, row := range v.Vectors {
		fee, _ := new(big.Int).SetString(row.Intent.Fee, 10)
		value, _ := new(big.Int).SetString(row.Intent.Value, 10)
		nonce, err := strconv.ParseUint(row.Intent.Nonce, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		text, err := Intent{row.Intent.Chain, row.Intent.Contract, row.Intent.Function, row.Intent.Args, value, fee, nonce}.Text()
		if err != nil || string(text) != row.Text {
			t.Errorf("%s: spelled %s (%v)", row.Name, text, err)
		}
		if read, err := Parse([]byte(row.Text)); err != nil || read.Nonce != nonce || read.Function != row.Intent.Function {
			t.Errorf("%s: %v", row.Name, err)
		}
		if hash := Hash(text); hash.String() != row.Hash {
			t.Errorf("%s: the hash is %s", row.Name, hash)
		}
		if signature, err := key.Sign(Hash(text)); err != nil || eth.Hex(signature) != row.Signature {
			t.Errorf("%s: the signature is %x", row.Name, signature)
		}
		sender, err := Sender(text, unhex(t, row.Signature))
		if err != nil || strings.ToLower(sender.String()) != v.Address {
			t.Errorf("%s: the sender is %s (%v)", row.Name, sender, err)
		}
	}
}

func TestWhatBreaksARuleIsNoIntent(t *testing.T) {
	for _, row := range load(t).Refused {
		if _, err := Parse(unhex(t, row.Payload)); err == nil {
			t.Errorf("taken: %s", row.Why)
		}
	}
}

func TestBadSignaturesNameNobody(t *testing.T) {
	for _, row := range load(t).RefusedSignatures {
		var hash eth.Hash
		copy(hash[:], unhex(t, row.Hash))
		if key, err := eth.Recover(hash, unhex(t, row.Signature)); err == nil {
			t.Errorf("%s: names %s", row.Why, key.Address())
		}
	}
}
