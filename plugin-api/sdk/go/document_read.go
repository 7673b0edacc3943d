package blockhost

import (
	"encoding/hex"
	"encoding/json"
	"math/big"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"time"
)

// member is one tagged field of a struct.
type member struct {
	name     string
	index    int
	required bool
}

func members(kind reflect.Type) []member {
	var out []member
	for i := 0; i < kind.NumField(); i++ {
		tag, tagged := kind.Field(i).Tag.Lookup("bh")
		if !tagged {
			continue
		}
		name, option, _ := strings.Cut(tag, ",")
		out = append(out, member{name, i, option == "required"})
	}
	sort.Slice(out, func(a, b int) bool { return out[a].name < out[b].name })
	return out
}

type reader struct{ known bool }

func (r reader) read(at string, node any, out reflect.Value) error {
	switch target := out.Addr().Interface().(type) {
	case *[]byte:
		return readBytes(at, node, target)
	case *time.Time:
		return readTime(at, node, target)
	case **big.Int:
		return readAmount(at, node, target)
	}
	switch out.Kind() {
	case reflect.String:
		text, good := node.(string)
		if !good {
			return invalid("%s must be a string", place(at))
		}
		out.SetString(text)
	case reflect.Bool:
		flag, good := node.(bool)
		if !good {
			return invalid("%s must be true or false", place(at))
		}
		out.SetBool(flag)
	case reflect.Uint16, reflect.Uint32, reflect.Uint64:
		number, good := readUnsigned(node, out.Type().Bits())
		if !good {
			return invalid("%s must be an integer from 0 to %d; above 2^53 as a decimal string", place(at), ^uint64(0)>>(64-out.Type().Bits()))
		}
		out.SetUint(number)
	case reflect.Int32, reflect.Int64:
		number, good := readSigned(node, out.Type().Bits())
		if !good {
			return invalid("%s must be an integer of %d bits; beyond 2^53 as a decimal string", place(at), out.Type().Bits())
		}
		out.SetInt(number)
	case reflect.Pointer:
		out.Set(reflect.New(out.Type().Elem()))
		return r.read(at, node, out.Elem())
	case reflect.Slice:
		return r.readList(at, node, out)
	case reflect.Map:
		return r.readMap(at, node, out)
	case reflect.Struct:
		return r.readStruct(at, node, out)
	default:
		return Errorf(Internal, "internal", "%s has a Go type that no document has: %s", place(at), out.Type())
	}
	return nil
}

func (r reader) readList(at string, node any, out reflect.Value) error {
	items, good := node.([]any)
	if !good {
		return invalid("%s must be an array", place(at))
	}
	out.Set(reflect.MakeSlice(out.Type(), len(items), len(items)))
	for i, item := range items {
		if err := r.read(at+"/"+strconv.Itoa(i), item, out.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

func (r reader) readMap(at string, node any, out reflect.Value) error {
	items, good := node.(map[string]any)
	if !good {
		return invalid("%s must be an object", place(at))
	}
	out.Set(reflect.MakeMap(out.Type()))
	for name, item := range items {
		made := reflect.New(out.Type().Elem()).Elem()
		if err := r.read(at+"/"+pointerToken(name), item, made); err != nil {
			return err
		}
		out.SetMapIndex(reflect.ValueOf(name), made)
	}
	return nil
}

func (r reader) readStruct(at string, node any, out reflect.Value) error {
	items, good := node.(map[string]any)
	if !good {
		return invalid("%s must be an object", place(at))
	}
	used := 0
	for _, m := range members(out.Type()) {
		below := at + "/" + pointerToken(m.name)
		item, there := items[m.name]
		if !there {
			if m.required {
				return invalid("%s is missing", place(below))
			}
			continue
		}
		used++
		if err := r.read(below, item, out.Field(m.index)); err != nil {
			return err
		}
	}
	if r.known && used != len(items) {
		names := map[string]bool{}
		for _, m := range members(out.Type()) {
			names[m.name] = true
		}
		for name := range items {
			if !names[name] {
				return invalid("%s is not known", place(at+"/"+pointerToken(name)))
			}
		}
	}
	return nil
}

func canonicalDecimal(text string) bool {
	return text != "" && (len(text) == 1 || text[0] != '0') && strings.Trim(text, "0123456789") == ""
}

func readUnsigned(node any, bits int) (uint64, bool) {
	switch node := node.(type) {
	case json.Number:
		number, err := strconv.ParseUint(node.String(), 10, bits)
		return number, err == nil && number <= maxExact
	case string:
		number, err := strconv.ParseUint(node, 10, bits)
		return number, err == nil && bits == 64 && canonicalDecimal(node)
	}
	return 0, false
}

func readSigned(node any, bits int) (int64, bool) {
	switch node := node.(type) {
	case json.Number:
		number, err := strconv.ParseInt(node.String(), 10, bits)
		return number, err == nil && number <= maxExact && number >= -maxExact
	case string:
		number, err := strconv.ParseInt(node, 10, bits)
		return number, err == nil && bits == 64 && canonicalDecimal(strings.TrimPrefix(node, "-"))
	}
	return 0, false
}

func readBytes(at string, node any, out *[]byte) error {
	text, good := node.(string)
	if digits := strings.TrimPrefix(text, "0x"); good && len(digits)+2 == len(text) && strings.ToLower(digits) == digits {
		if data, err := hex.DecodeString(digits); err == nil {
			*out = data
			return nil
		}
	}
	return invalid("%s must be bytes as 0x and lower-case hex", place(at))
}

func readTime(at string, node any, out *time.Time) error {
	text, good := node.(string)
	if good {
		if parsed, err := time.Parse(timeLayout, text); err == nil && len(text) == len(timeLayout) {
			*out = parsed
			return nil
		}
	}
	return invalid("%s must be a time such as 2026-11-24T22:40:00Z", place(at))
}

func readAmount(at string, node any, out **big.Int) error {
	text, good := node.(string)
	if good && canonicalDecimal(text) {
		if amount, parsed := new(big.Int).SetString(text, 10); parsed && amount.Cmp(maxAmount) < 0 {
			*out = amount
			return nil
		}
	}
	return invalid("%s must be an amount: a decimal string without leading zeros, below 2^256", place(at))
}
