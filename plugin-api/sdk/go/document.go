package blockhost

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// What a document may be at most: see "Documents" in plugin-api/README.md.
const (
	MaxDocument = 1 << 20
	maxDepth    = 16
	maxExact    = 1 << 53 // integers above are written as decimal strings
	timeLayout  = "2006-01-02T15:04:05Z"
)

var maxAmount = new(big.Int).Lsh(big.NewInt(1), 256)

func invalid(format string, args ...any) *Error {
	return Errorf(Invalid, "bad_document", format, args...)
}

// Unmarshal reads a document strictly into a struct with `bh:"name"` or `bh:"name,required"` tags: UTF-8, at most 1 MiB and
// 16 levels, no duplicate key, no NUL, no null. Unknown members are ignored. []byte is "0x" and hex, time.Time RFC 3339 in
// whole seconds UTC, *big.Int an amount as a decimal string. An error is an *Error of status Invalid that names the member.
func Unmarshal(text []byte, document any) error { return unmarshal(text, document, false) }

// UnmarshalConfig is Unmarshal for an instance's configuration, where an unknown member is an error.
func UnmarshalConfig(text []byte, config any) error { return unmarshal(text, config, true) }

func unmarshal(text []byte, document any, known bool) error {
	tree, err := parse(text)
	if err != nil {
		return err
	}
	target := reflect.ValueOf(document)
	if target.Kind() != reflect.Pointer || target.IsNil() {
		return Errorf(Internal, "internal", "a document is read into a pointer")
	}
	return reader{known}.read("", tree, target.Elem())
}

// Marshal writes a document: members in byte order, no spaces, so that equal values give equal text. Members that are not
// required are left out where they have their zero value.
func Marshal(document any) ([]byte, error) {
	var out bytes.Buffer
	if err := write(&out, reflect.ValueOf(document)); err != nil {
		return nil, err
	}
	if out.Len() > MaxDocument {
		return nil, Errorf(Internal, "document_too_large", "a document of %d bytes was made; 1 MiB is the most", out.Len())
	}
	return out.Bytes(), nil
}

// parse makes a tree of map[string]any, []any, string, bool and json.Number.
func parse(text []byte) (any, error) {
	switch {
	case len(text) > MaxDocument:
		return nil, invalid("the document is larger than 1 MiB")
	case bytes.HasPrefix(text, []byte("\xEF\xBB\xBF")):
		return nil, invalid("the document starts with a byte order mark")
	case !utf8.Valid(text):
		return nil, invalid("the document is not UTF-8")
	case bytes.IndexByte(text, 0) >= 0:
		return nil, invalid("the document holds a NUL byte")
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	tree, err := value(decoder, "", 0)
	if err == nil {
		if _, err = decoder.Token(); err == io.EOF {
			return tree, nil
		}
		err = errors.New("more than one value")
	}
	var own *Error
	if errors.As(err, &own) {
		return nil, own
	}
	return nil, invalid("the document is not valid JSON at byte %d", decoder.InputOffset())
}

func value(decoder *json.Decoder, at string, depth int) (any, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case json.Delim:
		if depth >= maxDepth {
			return nil, invalid("%s is nested deeper than %d", place(at), maxDepth)
		}
		if token == '{' {
			return object(decoder, at, depth)
		}
		return list(decoder, at, depth)
	case string:
		if strings.ContainsRune(token, 0) {
			return nil, invalid("%s holds a NUL character", place(at))
		}
	}
	return token, nil
}

func object(decoder *json.Decoder, at string, depth int) (any, error) {
	out := map[string]any{}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		name := token.(string) // the decoder takes nothing else here
		below := at + "/" + pointerToken(name)
		if strings.ContainsRune(name, 0) {
			return nil, invalid("%s holds a NUL character", place(below))
		}
		if _, twice := out[name]; twice {
			return nil, invalid("%s is there twice; keep one", place(below))
		}
		if out[name], err = value(decoder, below, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := decoder.Token()
	return out, err
}

func list(decoder *json.Decoder, at string, depth int) (any, error) {
	out := []any{}
	for decoder.More() {
		item, err := value(decoder, at+"/"+strconv.Itoa(len(out)), depth+1)
		if err != nil {
			return nil, err
		}
		out = append(out, item)
	}
	_, err := decoder.Token()
	return out, err
}

func pointerToken(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}

func place(at string) string {
	if at == "" {
		return "the document"
	}
	return at + ":"
}
