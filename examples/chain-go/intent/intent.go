// Package intent reads and writes bh-intent-1 (plugin-api/formats/bh-intent-1.md): what one account asks the ledger to do,
// in exactly one spelling, signed.
package intent

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"regexp"
	"strings"

	"example.org/chain-ledger/eth"
)

const (
	maxText  = 16384
	maxDepth = 8
	domain   = "org.blockhost.bh-intent-1\x00"
)

// Intent is one; the sender is whose key signed. Args holds strings, bools, []any and map[string]any.
type Intent struct {
	Chain, Contract, Function string
	Args                      map[string]any
	Value, Fee                *big.Int
	Nonce                     uint64
}

var (
	chainForm = regexp.MustCompile(`^[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}$`)
	nameForm  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,63}$`)
	decimal   = regexp.MustCompile(`^(0|[1-9][0-9]*)$`)
)

// Text is the canonical spelling; an error: it has none.
func (i Intent) Text() ([]byte, error) {
	text, err := spell(map[string]any{"args": i.Args, "chain": i.Chain, "contract": i.Contract, "fee": i.Fee.String(), "function": i.Function,
		"nonce": fmt.Sprint(i.Nonce), "value": i.Value.String()})
	if err != nil {
		return nil, err
	}
	_, err = Parse(text)
	return text, err
}

// Hash is what the sender signs.
func Hash(text []byte) eth.Hash { return sha256.Sum256(append([]byte(domain), text...)) }

// Sender is the account whose key signed the text.
func Sender(text, signature []byte) (eth.Address, error) {
	key, err := eth.Recover(Hash(text), signature)
	if err != nil {
		return eth.Address{}, err
	}
	return key.Address(), nil
}

// spell writes data as rule 2, 3 and 6 want it, if it keeps the others.
func spell(data any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(data); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// Parse takes the one spelling and nothing else.
func Parse(text []byte) (*Intent, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("an intent has at most %d bytes", maxText)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	tree, err := value(decoder, 1)
	if err != nil {
		return nil, fmt.Errorf("the intent is not as bh-intent-1 says: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errors.New("the intent is not as bh-intent-1 says: there is something behind it")
	}
	// Read and written again it is the same: no white space, members in order, no needless escape, valid UTF-8.
	again, err := spell(tree)
	if err != nil || !bytes.Equal(again, text) {
		return nil, errors.New("the intent is not in the canonical spelling of bh-intent-1")
	}
	return members(tree)
}

func value(decoder *json.Decoder, depth int) (any, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case string:
		return token, plainText(token)
	case bool:
		return token, nil
	case json.Delim:
		if depth > maxDepth {
			return nil, fmt.Errorf("it is nested deeper than %d", maxDepth)
		}
		if token == '[' {
			return list(decoder, depth)
		}
		return object(decoder, depth)
	}
	return nil, fmt.Errorf("%v is neither text, true, false, list nor object", token)
}

func list(decoder *json.Decoder, depth int) (any, error) {
	out := []any{}
	for decoder.More() {
		item, err := value(decoder, depth+1)
		if err != nil {
			return nil, err
		}
		out = append(out, item)
	}
	_, err := decoder.Token()
	return out, err
}

func object(decoder *json.Decoder, depth int) (any, error) {
	out := map[string]any{}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		name, _ := token.(string)
		if _, twice := out[name]; twice || !nameForm.MatchString(name) {
			return nil, fmt.Errorf("the name %.80q is there twice or no name", name)
		}
		if out[name], err = value(decoder, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := decoder.Token()
	return out, err
}

func plainText(text string) error {
	for _, c := range text {
		if c < 0x20 || c == 0x7F || c == 0x2028 || c == 0x2029 {
			return fmt.Errorf("a text holds the character U+%04X", c)
		}
	}
	return nil
}

// plain: 1 to most characters from 0x21 to 0x7e but for quote and backslash.
func plain(text string, most int) bool {
	for i := 0; i < len(text); i++ {
		if text[i] < 0x21 || text[i] > 0x7E || text[i] == '"' || text[i] == '\\' {
			return false
		}
	}
	return len(text) >= 1 && len(text) <= most
}

func number(from any, bits int) (*big.Int, bool) {
	text, _ := from.(string)
	if !decimal.MatchString(text) || len(text) > 40 {
		return nil, false
	}
	amount, good := new(big.Int).SetString(text, 10)
	return amount, good && amount.BitLen() <= bits
}

func members(tree any) (*Intent, error) {
	all, good := tree.(map[string]any)
	if !good || len(all) != 7 {
		return nil, errors.New("an intent is an object with seven members")
	}
	var out Intent
	out.Chain, _ = all["chain"].(string)
	out.Contract, _ = all["contract"].(string)
	out.Function, _ = all["function"].(string)
	args, hasArgs := all["args"].(map[string]any)
	value, hasValue := number(all["value"], 128)
	fee, hasFee := number(all["fee"], 128)
	nonce, hasNonce := number(all["nonce"], 64)
	switch {
	case !hasArgs:
		return nil, errors.New("args must be an object")
	case !chainForm.MatchString(out.Chain):
		return nil, errors.New("chain must be a CAIP-2 id")
	case !plain(out.Contract, 128), !plain(out.Function, 256):
		return nil, errors.New("contract and function must be 1 to 128 and 1 to 256 plain characters")
	case !hasValue, !hasFee, !hasNonce:
		return nil, errors.New("value, fee and nonce must be decimal, below 2^128, 2^128 and 2^64")
	}
	out.Args, out.Value, out.Fee, out.Nonce = args, value, fee, nonce.Uint64()
	return &out, nil
}

// Text, Flag, Number and Texts read an argument; the error names it.
func (i *Intent) TextArg(name string) (string, error) {
	text, good := i.Args[name].(string)
	if !good {
		return "", fmt.Errorf("the argument %s must be a text", name)
	}
	return text, nil
}

// FlagArg is true or false.
func (i *Intent) FlagArg(name string) (bool, error) {
	flag, good := i.Args[name].(bool)
	if !good {
		return false, fmt.Errorf("the argument %s must be true or false", name)
	}
	return flag, nil
}

// NumberArg is a decimal of at most this many bits.
func (i *Intent) NumberArg(name string, bits int) (*big.Int, error) {
	amount, good := number(i.Args[name], bits)
	if !good {
		return nil, fmt.Errorf("the argument %s must be a decimal below 2^%d", name, bits)
	}
	return amount, nil
}

// BytesArg is 0x and lower-case hex, at most this many bytes.
func (i *Intent) BytesArg(name string, most int) ([]byte, error) {
	text, _ := i.Args[name].(string)
	data, err := eth.ParseHex(text)
	if err != nil || strings.ToLower(text) != text || len(data) > most {
		return nil, fmt.Errorf("the argument %s must be at most %d bytes as 0x and lower-case hex", name, most)
	}
	return data, nil
}

// AddressArg is an account in its canonical spelling.
func (i *Intent) AddressArg(name string) (eth.Address, error) {
	text, _ := i.Args[name].(string)
	account, err := eth.ParseAddress(text)
	if err != nil || account.String() != text {
		return eth.Address{}, fmt.Errorf("the argument %s must be an address with its EIP-55 checksum", name)
	}
	return account, nil
}

// TextsArg is a list of texts.
func (i *Intent) TextsArg(name string) ([]string, error) {
	items, good := i.Args[name].([]any)
	out := make([]string, len(items))
	for n, item := range items {
		var text bool
		out[n], text = item.(string)
		good = good && text
	}
	if !good {
		return nil, fmt.Errorf("the argument %s must be a list of texts", name)
	}
	return out, nil
}
