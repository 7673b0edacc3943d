package eth

import (
	"fmt"
	"strings"
	"testing"
)

func TestKeccakIsTheOriginalOne(t *testing.T) {
	if got := Keccak256().String(); got != "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470" {
		t.Error(got)
	}
}

// From EIP-55.
func TestAddressesHaveTheirChecksum(t *testing.T) {
	for _, text := range []string{"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359", "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
		"0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb"} {
		for _, spelling := range []string{text, strings.ToLower(text), "0x" + strings.ToUpper(text[2:])} {
			if a, err := ParseAddress(spelling); err != nil || a.String() != text {
				t.Error(spelling, a, err)
			}
		}
	}
	for _, text := range []string{"", "0x", "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe", "no address"} {
		if _, err := ParseAddress(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestWalletSignaturesNameTheirWallet(t *testing.T) {
	key, err := NewSecret()
	if err != nil {
		t.Fatal(err)
	}
	public, _ := key.Public()
	signature, err := key.Sign(MessageHash([]byte("hello")))
	if err != nil {
		t.Fatal(err)
	}
	zeroBased := append([]byte{}, signature...)
	zeroBased[64] -= 27
	compact := append([]byte{}, signature[:64]...)
	compact[32] |= (signature[64] - 27) << 7
	for _, form := range [][]byte{signature, zeroBased, compact} {
		if who, err := RecoverMessage([]byte("hello"), form); err != nil || who != public.Address() {
			t.Error(len(form), who, err)
		}
	}
	if who, err := RecoverMessage([]byte("hallo"), signature); err == nil && who == public.Address() {
		t.Error("the signature holds for another message")
	}
	for _, form := range [][]byte{nil, signature[:63], append(append([]byte{}, signature[:64]...), 29), make([]byte, 65)} {
		if _, err := RecoverMessage([]byte("hello"), form); err == nil {
			t.Errorf("%x is taken", form)
		}
	}
}

func TestPointsHaveOneEncodingEach(t *testing.T) {
	key, _ := NewSecret()
	public, _ := key.Public()
	if again, err := ParsePublicKey(public.Compressed()); err != nil || again != public {
		t.Error(again, err)
	}
	hybrid := append([]byte{}, public[:]...)
	hybrid[0] = 6 | public[64]&1
	for _, bad := range [][]byte{nil, hybrid, public[:64], make([]byte, 33)} {
		if _, err := ParsePublicKey(bad); err == nil {
			t.Errorf("%x is taken", bad)
		}
	}
	if _, err := (Secret{}).Public(); err == nil {
		t.Error("0 is a key")
	}
}

func TestSecretsDoNotShow(t *testing.T) {
	key, _ := NewSecret()
	for _, said := range []string{fmt.Sprint(key), fmt.Sprintf("%v", key), fmt.Sprintf("%+v", key), fmt.Sprintf("%#v", key), fmt.Sprintf("%s", key)} {
		if said != "secret key" {
			t.Error(said)
		}
	}
}
