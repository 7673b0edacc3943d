package blockhost

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"reflect"
	"sort"
	"strconv"
	"time"
)

func quote(out *bytes.Buffer, text string) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(text)
	out.Truncate(out.Len() - 1) // the encoder's newline
	return err
}

func write(out *bytes.Buffer, from reflect.Value) error {
	switch source := from.Interface().(type) {
	case []byte:
		return quote(out, "0x"+hex.EncodeToString(source))
	case time.Time:
		if source.IsZero() {
			source = time.Unix(0, 0)
		}
		return quote(out, source.UTC().Format(timeLayout))
	case *big.Int:
		if source == nil {
			source = new(big.Int)
		}
		return quote(out, source.String())
	}
	switch from.Kind() {
	case reflect.String:
		return quote(out, from.String())
	case reflect.Bool:
		out.WriteString(strconv.FormatBool(from.Bool()))
	case reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return writeNumber(out, strconv.FormatUint(from.Uint(), 10), from.Uint() > maxExact)
	case reflect.Int32, reflect.Int64:
		return writeNumber(out, strconv.FormatInt(from.Int(), 10), from.Int() > maxExact || from.Int() < -maxExact)
	case reflect.Pointer:
		if from.IsNil() {
			return Errorf(Internal, "internal", "a document that is required is nil")
		}
		return write(out, from.Elem())
	case reflect.Slice:
		return writeItems(out, '[', ']', from.Len(), func(i int) error { return write(out, from.Index(i)) })
	case reflect.Map:
		names := from.MapKeys()
		sort.Slice(names, func(a, b int) bool { return names[a].String() < names[b].String() })
		return writeItems(out, '{', '}', len(names), func(i int) error {
			return writeMember(out, names[i].String(), from.MapIndex(names[i]))
		})
	case reflect.Struct:
		return writeStruct(out, from)
	default:
		return Errorf(Internal, "internal", "no document has the Go type %s", from.Type())
	}
	return nil
}

func writeNumber(out *bytes.Buffer, digits string, large bool) error {
	if large {
		return quote(out, digits)
	}
	out.WriteString(digits)
	return nil
}

func writeItems(out *bytes.Buffer, open, end byte, count int, item func(int) error) error {
	out.WriteByte(open)
	for i := 0; i < count; i++ {
		if i > 0 {
			out.WriteByte(',')
		}
		if err := item(i); err != nil {
			return err
		}
	}
	out.WriteByte(end)
	return nil
}

func writeMember(out *bytes.Buffer, name string, from reflect.Value) error {
	if err := quote(out, name); err != nil {
		return err
	}
	out.WriteByte(':')
	return write(out, from)
}

func writeStruct(out *bytes.Buffer, from reflect.Value) error {
	var present []member
	for _, m := range members(from.Type()) {
		if m.required || !isDefault(from.Field(m.index)) {
			present = append(present, m)
		}
	}
	return writeItems(out, '{', '}', len(present), func(i int) error {
		return writeMember(out, present[i].name, from.Field(present[i].index))
	})
}

func isDefault(from reflect.Value) bool {
	switch from.Kind() {
	case reflect.Slice, reflect.Map:
		return from.Len() == 0
	}
	if amount, good := from.Interface().(*big.Int); good {
		return amount == nil || amount.Sign() == 0
	}
	return from.IsZero()
}
