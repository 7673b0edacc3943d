// Package seal is the buyer's side of seal-2 (plugin-api/formats/seal-2.md): the request of a purchase, the recipient key
// that a wallet's signature makes, and the credential that is opened with it.
package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"example.org/chain-ledger/eth"
)

const (
	Request    = "seal-2-request"
	Credential = "seal-2-credential"
	version    = 2
	salt       = "BlockHost seal-2"
	keySalt    = "BlockHost seal-2 recipient key"
	notice     = "This signature makes the key that opens your connection details. Sign it only where you buy or open them."
)

// Where is the chain and contract that a seal is bound to.
type Where struct {
	Chain    string // CAIP-2
	Contract eth.Address
}

func field(data []byte) []byte { return append([]byte{byte(len(data))}, data...) }

// RequestData is the additional data of a seal-2-request.
func RequestData(at Where, buyer eth.Address) []byte {
	return bytes.Join([][]byte{[]byte(Request), {0}, field([]byte(at.Chain)), field(at.Contract[:]), field(buyer[:])}, nil)
}

// CredentialData is the additional data of a seal-2-credential.
func CredentialData(at Where, subscription string, owner eth.Address) []byte {
	return bytes.Join([][]byte{[]byte(Credential), {0}, field([]byte(at.Chain)), field(at.Contract[:]), field([]byte(subscription)), field(owner[:])}, nil)
}

// derive is HKDF-SHA256 (RFC 5869).
func derive(secret, salt, info []byte, size int) []byte {
	extract := hmac.New(sha256.New, salt)
	extract.Write(secret)
	expand := hmac.New(sha256.New, extract.Sum(nil))
	var out, block []byte
	for i := byte(1); len(out) < size; i++ {
		expand.Reset()
		expand.Write(block)
		expand.Write(info)
		expand.Write([]byte{i})
		block = expand.Sum(nil)
		out = append(out, block...)
	}
	return out[:size]
}

// box is the cipher and nonce between a secret and a point.
func box(label string, secret eth.Secret, other eth.PublicKey, ephemeral, recipient []byte) (cipher.AEAD, []byte, error) {
	x, err := secret.SharedX(other)
	if err != nil {
		return nil, nil, err
	}
	info := bytes.Join([][]byte{[]byte(label), {0}, ephemeral, recipient}, nil)
	material := derive(x, []byte(salt), info, 44)
	block, err := aes.NewCipher(material[:32])
	if err != nil {
		return nil, nil, err
	}
	gcm, err := cipher.NewGCM(block)
	return gcm, material[32:], err
}

// Seal makes a blob of section 2 with a fresh ephemeral key.
func Seal(label string, recipient eth.PublicKey, data, plaintext []byte) ([]byte, error) {
	ephemeral, err := eth.NewSecret()
	if err != nil {
		return nil, err
	}
	return sealWith(ephemeral, label, recipient, data, plaintext)
}

func sealWith(ephemeral eth.Secret, label string, recipient eth.PublicKey, data, plaintext []byte) ([]byte, error) {
	public, err := ephemeral.Public()
	if err != nil {
		return nil, err
	}
	gcm, nonce, err := box(label, ephemeral, recipient, public.Compressed(), recipient.Compressed())
	if err != nil {
		return nil, err
	}
	return gcm.Seal(append([]byte{version}, public.Compressed()...), nonce, plaintext, data), nil
}

// Open is the other way round.
func Open(label string, secret eth.Secret, data, sealed []byte) ([]byte, error) {
	refused := errors.New("the sealed bytes do not open: they are damaged, or were sealed for another key, chain, contract, owner or subscription")
	if len(sealed) < 50 || sealed[0] != version || sealed[1] == 4 {
		return nil, refused
	}
	ephemeral, err := eth.ParsePublicKey(sealed[1:34])
	if err != nil {
		return nil, refused
	}
	recipient, err := secret.Public()
	if err != nil {
		return nil, err
	}
	gcm, nonce, err := box(label, secret, ephemeral, sealed[1:34], recipient.Compressed())
	if err != nil {
		return nil, refused
	}
	plaintext, err := gcm.Open(nil, nonce, sealed[34:], data)
	if err != nil {
		return nil, refused
	}
	return plaintext, nil
}

func word(number *big.Int) []byte      { return number.FillBytes(make([]byte, 32)) }
func addressWord(a eth.Address) []byte { return append(make([]byte, 12), a[:]...) }
func hashed(text string) []byte        { hash := eth.Keccak256([]byte(text)); return hash[:] }

// keyDigest is the EIP-712 digest of section 6.
func keyDigest(at Where, server eth.PublicKey, wallet eth.Address) (eth.Hash, error) {
	id, good := new(big.Int).SetString(strings.TrimPrefix(at.Chain, "eip155:"), 10)
	if !strings.HasPrefix(at.Chain, "eip155:") || !good || id.Sign() < 0 || id.BitLen() > 256 {
		return eth.Hash{}, fmt.Errorf("the chain %s has no number", at.Chain)
	}
	mark := eth.Keccak256(server[:])
	separator := eth.Keccak256(hashed("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)"),
		hashed("BlockHost seal"), hashed("2"), word(id), addressWord(at.Contract), mark[:])
	message := eth.Keccak256(hashed("SealKey(address wallet,string notice)"), addressWord(wallet), hashed(notice))
	return eth.Keccak256([]byte{0x19, 1}, separator[:], message[:]), nil
}

// RecipientKey is the key pair that the wallet's signature makes: the same each time.
func RecipientKey(wallet eth.Secret, at Where, server eth.PublicKey) (eth.Secret, error) {
	public, err := wallet.Public()
	if err != nil {
		return eth.Secret{}, err
	}
	digest, err := keyDigest(at, server, public.Address())
	if err != nil {
		return eth.Secret{}, err
	}
	signature, err := wallet.Sign(digest) // low s, as libsecp256k1 makes it
	if err != nil {
		return eth.Secret{}, err
	}
	material := derive(signature[:64], []byte(keySalt), digest[:], 48)
	order, _ := new(big.Int).SetString("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", 16)
	scalar := new(big.Int).SetBytes(material)
	scalar.Mod(scalar, order.Sub(order, big.NewInt(1))).Add(scalar, big.NewInt(1))
	var secret eth.Secret
	copy(secret[:], word(scalar))
	return secret, nil
}

// Details are the content of a credential.
type Details struct {
	Hostname string `json:"hostname"`
	Port     int    `json:"port"`
	Username string `json:"username"`
	HostKey  string `json:"host_key"`
}

// ParseDetails reads them and refuses what could be more than one line of a known_hosts file.
func ParseDetails(content []byte) (Details, error) {
	var d Details
	if err := json.Unmarshal(content, &d); err != nil {
		return Details{}, fmt.Errorf("the credential's content can't be read: %w", err)
	}
	for _, text := range []string{d.Hostname, d.Username, d.HostKey} {
		if text == "" || strings.IndexFunc(text, func(c rune) bool { return c < 0x20 || c > 0x7E }) >= 0 {
			return Details{}, errors.New("the credential's content has a member that is empty or not printable")
		}
	}
	if d.Port < 1 || d.Port > 65535 || strings.ContainsAny(d.Hostname, " ,*?!") || strings.Count(d.HostKey, " ") != 1 {
		return Details{}, errors.New("the credential's content is not as seal-2 says")
	}
	return d, nil
}
