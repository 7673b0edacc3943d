package seal

import (
	"encoding/json"
	"testing"

	"blockhost.org/sdk/formats"

	"example.org/chain-ledger/eth"
)

type vector struct {
	Name, Chain, Contract string
	ServerSecret          string `json:"server_secret"`
	ServerPublic          string `json:"server_public"`
	Derivation            *struct {
		WalletSecret string `json:"wallet_secret"`
	}
	RecipientSecret string `json:"recipient_secret"`
	Request         struct {
		Buyer, Sealed   string
		EphemeralSecret string `json:"ephemeral_secret"`
	}
	Credential struct {
		Subscription, Owner, Content, Sealed string
		EphemeralSecret                      string `json:"ephemeral_secret"`
	}
}

func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func secret(t *testing.T, text string) (s eth.Secret) {
	t.Helper()
	copy(s[:], must(eth.ParseHex(text))(t))
	return s
}

func TestVectorsOfAnIndependentProgram(t *testing.T) {
	var file struct{ Vectors []vector }
	text := must(formats.Vectors("seal-2"))(t)
	if err := json.Unmarshal(text, &file); err != nil || len(file.Vectors) != 8 {
		t.Fatal(len(file.Vectors), err)
	}
	derived := 0
	for _, v := range file.Vectors {
		t.Run(v.Name, func(t *testing.T) {
			at := Where{v.Chain, must(eth.ParseAddress(v.Contract))(t)}
			buyer, owner := must(eth.ParseAddress(v.Request.Buyer))(t), must(eth.ParseAddress(v.Credential.Owner))(t)
			server := must(eth.ParsePublicKey(must(eth.ParseHex(v.ServerPublic))(t)))(t)
			recipient := secret(t, v.RecipientSecret)
			public := must(recipient.Public())(t)
			if v.Derivation != nil {
				derived++
				if made := must(RecipientKey(secret(t, v.Derivation.WalletSecret), at, server))(t); made != recipient {
					t.Error("the wallet's signature makes another recipient key")
				}
			}
			request := must(sealWith(secret(t, v.Request.EphemeralSecret), Request, server, RequestData(at, buyer), public.Compressed()))(t)
			if eth.Hex(request) != v.Request.Sealed {
				t.Errorf("the request is sealed to %x", request)
			}
			data := CredentialData(at, v.Credential.Subscription, owner)
			sealed := must(eth.ParseHex(v.Credential.Sealed))(t)
			if content := must(Open(Credential, recipient, data, sealed))(t); string(content) != v.Credential.Content {
				t.Errorf("the credential opens to %s", content)
			}
			for i := range sealed {
				damaged := append([]byte{}, sealed...)
				damaged[i] ^= 1
				if _, err := Open(Credential, recipient, data, damaged); err == nil {
					t.Fatalf("byte %d is changed and it opens", i)
				}
			}
		})
	}
	if derived == 0 {
		t.Error("no vector derives a key")
	}
}

func TestDetailsAreOneLineEach(t *testing.T) {
	for _, bad := range []string{`{}`, `[]`, `{"hostname":"a","port":0,"username":"u","host_key":"k x"}`, `{"hostname":"a\nb","port":22,"username":"u","host_key":"k x"}`,
		`{"hostname":"*","port":22,"username":"u","host_key":"k x"}`, `{"hostname":"a","port":22,"username":"u","host_key":"k x y"}`} {
		if _, err := ParseDetails([]byte(bad)); err == nil {
			t.Error(bad)
		}
	}
	if d, err := ParseDetails([]byte(`{"hostname":"2001:db8::1","port":22,"username":"user","host_key":"ssh-ed25519 AAAA","more":1}`)); err != nil || d.Port != 22 {
		t.Error(d, err)
	}
}
