// Package eth has what the ledger takes over from Ethereum, so that its wallets can be used: Keccak-256, addresses,
// secp256k1 signatures with recovery, EIP-191. By libsecp256k1 and Crypto++.
package eth

/*
#cgo CFLAGS: -std=c11 -Wall
#cgo CXXFLAGS: -std=c++17
#cgo LDFLAGS: -lsecp256k1 -lcryptopp
#include "curve.h"
*/
import "C"

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unsafe"
)

// Hash is 32 bytes.
type Hash [32]byte

func (h Hash) String() string { return "0x" + hex.EncodeToString(h[:]) }

func at(data []byte) *C.uint8_t {
	if len(data) == 0 {
		return nil
	}
	return (*C.uint8_t)(unsafe.Pointer(&data[0]))
}

// Keccak256 is with the original padding, as in Ethereum, over all parts.
func Keccak256(parts ...[]byte) Hash {
	all := bytes.Join(parts, nil)
	var hash Hash
	C.curve_keccak256(at(all), C.size_t(len(all)), at(hash[:]))
	return hash
}

// Address is an account.
type Address [20]byte

// String is the canonical spelling: EIP-55.
func (a Address) String() string {
	digits := []byte(hex.EncodeToString(a[:]))
	mark := Keccak256(digits)
	for i, c := range digits {
		if c >= 'a' && mark[i/2]>>(4*(1-uint(i)%2))&0xF >= 8 {
			digits[i] = c - 32
		}
	}
	return "0x" + string(digits)
}

// ParseAddress takes 0x and 40 hex digits; in mixed case the checksum must be right.
func ParseAddress(text string) (Address, error) {
	var a Address
	digits := strings.TrimPrefix(text, "0x")
	data, err := hex.DecodeString(digits)
	if err != nil || len(data) != len(a) || len(text) != 42 {
		return Address{}, errors.New("an address is 0x and 40 hex digits")
	}
	copy(a[:], data)
	if digits != strings.ToLower(digits) && digits != strings.ToUpper(digits) && a.String() != text {
		return Address{}, errors.New("the address has a wrong EIP-55 checksum: it was mistyped")
	}
	return a, nil
}

// PublicKey is an uncompressed point, 04 X Y.
type PublicKey [65]byte

// ParsePublicKey takes 33 or 65 bytes.
func ParsePublicKey(encoded []byte) (PublicKey, error) {
	var key PublicKey
	var compressed [33]byte
	if len(encoded) == 0 || C.curve_parse(at(encoded), C.size_t(len(encoded)), at(key[:]), at(compressed[:])) != 0 {
		return PublicKey{}, errors.New("the bytes are no point of the curve")
	}
	return key, nil
}

// Compressed is the 33-byte form.
func (k PublicKey) Compressed() []byte {
	var again PublicKey
	compressed := make([]byte, 33)
	if C.curve_parse(at(k[:]), 65, at(again[:]), at(compressed)) != 0 {
		panic("a PublicKey that ParsePublicKey did not make")
	}
	return compressed
}

// Address of the key's account.
func (k PublicKey) Address() Address {
	hash := Keccak256(k[1:])
	var a Address
	copy(a[:], hash[12:])
	return a
}

// Secret is a private key.
type Secret [32]byte

// NewSecret is a random one.
func NewSecret() (Secret, error) {
	var s Secret
	for {
		if _, err := rand.Read(s[:]); err != nil {
			return Secret{}, err
		}
		if _, err := s.Public(); err == nil {
			return s, nil
		}
	}
}

// String never shows the key.
func (s Secret) String() string { return "secret key" }

// GoString neither.
func (s Secret) GoString() string { return "secret key" }

// Public is its point; an error: 0, or not below the curve's order.
func (s Secret) Public() (PublicKey, error) {
	var key PublicKey
	if C.curve_point(at(s[:]), at(key[:])) != 0 {
		return PublicKey{}, errors.New("the bytes are no secret key")
	}
	return key, nil
}

// SharedX is the X coordinate of s times the key's point.
func (s Secret) SharedX(key PublicKey) ([]byte, error) {
	x := make([]byte, 32)
	if C.curve_shared_x(at(s[:]), at(key[:]), at(x)) != 0 {
		return nil, errors.New("the keys do not fit")
	}
	return x, nil
}

// Sign is deterministic (RFC 6979) and low-s: r, s, 27 or 28.
func (s Secret) Sign(hash Hash) ([]byte, error) {
	signature := make([]byte, 65)
	parity := C.int(0)
	if C.curve_sign(at(s[:]), at(hash[:]), at(signature), &parity) != 0 {
		return nil, errors.New("the bytes are no secret key")
	}
	signature[64] = byte(27 + parity)
	return signature, nil
}

// Recover is the key that made the signature: 65 bytes, r, s, 27 or 28, s at most half of the order.
func Recover(hash Hash, signature []byte) (PublicKey, error) {
	var key PublicKey
	if len(signature) != 65 || (signature[64] != 27 && signature[64] != 28) {
		return key, errors.New("a signature is 65 bytes: r, s, and v of 27 or 28")
	}
	switch C.curve_recover(at(signature), C.int(signature[64]-27), at(hash[:]), at(key[:])) {
	case 0:
		return key, nil
	case C.CURVE_HIGH_S:
		return PublicKey{}, errors.New("the signature's s is in the upper half of the order: it is a second form of another one")
	}
	return PublicKey{}, errors.New("the signature is not valid")
}

// MessageHash is what a wallet signs as a message: EIP-191, personal_sign.
func MessageHash(message []byte) Hash {
	return Keccak256([]byte("\x19Ethereum Signed Message:\n"+strconv.Itoa(len(message))), message)
}

// RecoverMessage is who signed the message as personal_sign does. v may also be 0 or 1; the 64-byte form of EIP-2098 is
// taken, too.
func RecoverMessage(message, signature []byte) (Address, error) {
	full := append([]byte{}, signature...)
	switch {
	case len(full) == 64:
		full = append(full, 27+full[32]>>7)
		full[32] &= 0x7F
	case len(full) == 65 && full[64] < 2:
		full[64] += 27
	}
	key, err := Recover(MessageHash(message), full)
	if err != nil {
		return Address{}, err
	}
	return key.Address(), nil
}

// ParseHex reads 0x and hex digits.
func ParseHex(text string) ([]byte, error) {
	if !strings.HasPrefix(text, "0x") {
		return nil, fmt.Errorf("bytes are written as 0x and hex digits")
	}
	return hex.DecodeString(text[2:])
}

// Hex is the other way round.
func Hex(data []byte) string { return "0x" + hex.EncodeToString(data) }
