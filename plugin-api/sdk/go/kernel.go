package blockhost

/*
#include <stdlib.h>
#include "bridge.h"
*/
import "C"

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime/cgo"
	"time"
	"unsafe"
)

// LogLevel of Kernel.Log.
type LogLevel uint32

const (
	LogDebug LogLevel = 0
	LogInfo  LogLevel = 1
	LogWarn  LogLevel = 2
	LogError LogLevel = 3
)

// Kernel is what the kernel offers to an instance, from any goroutine, until Close. A service that the manifest does not ask
// for or the operator does not grant answers with Denied, "not_granted".
type Kernel struct{ raw *C.bh_kernel }

// Instance is the operator's name for it.
func (k *Kernel) Instance() string { return text(k.raw.instance) }

// Log writes one event, never with a secret. Nothing happens without the service.
func (k *Kernel) Log(level LogLevel, format string, args ...any) {
	k.LogFor(nil, level, format, args...)
}

// LogFor is Log with the trace of a verb.
func (k *Kernel) LogFor(call *Call, level LogLevel, format string, args ...any) {
	said, free := cText(fmt.Sprintf(format, args...))
	defer free()
	trace := C.bh_str{}
	if call != nil {
		trace = call.raw.trace_id
	}
	C.bhgo_log(k.raw, C.uint32_t(level), trace, said)
}

// PollNow says that there is something new: Poll is called as soon as may be. For every piece of news; nothing happens
// without the service.
func (k *Kernel) PollNow() { C.bhgo_poll_now(k.raw) }

// Get reads a key of the instance's durable store; false: there is none.
func (k *Kernel) Get(key string) ([]byte, bool, error) {
	name, free := cText(key)
	defer free()
	value, err := collected(func(out *C.bhgo_buffer, err *C.bh_error) C.bh_status {
		return C.bhgo_store_get(k.raw, name, out, err)
	})
	if errors.Is(err, &Error{Status: NotFound}) {
		return nil, false, nil
	}
	return value, err == nil, err
}

// Put sets all of the keys or none; an empty value removes its key. Durable once it returned nil.
func (k *Kernel) Put(values map[string][]byte) error {
	if len(values) == 0 {
		return nil
	}
	count := len(values)
	keys := (*C.bh_str)(C.calloc(C.size_t(count), C.sizeof_bh_str))
	defer C.free(unsafe.Pointer(keys))
	blobs := (*C.bh_bytes)(C.calloc(C.size_t(count), C.sizeof_bh_bytes))
	defer C.free(unsafe.Pointer(blobs))
	i := 0
	for key, value := range values {
		name, freeName := cText(key)
		defer freeName()
		data, freeData := cBytes(value)
		defer freeData()
		unsafe.Slice(keys, count)[i], unsafe.Slice(blobs, count)[i] = name, data
		i++
	}
	return failing(func(err *C.bh_error) C.bh_status {
		return C.bhgo_store_put(k.raw, keys, blobs, C.uint32_t(count), err)
	})
}

// Keys are all that begin with prefix, in byte order.
func (k *Kernel) Keys(prefix string) ([]string, error) {
	begin, free := cText(prefix)
	defer free()
	var all []string
	for next := ""; ; {
		page, freePage := cText(next)
		found, err := asked[Keys](func(out *C.bhgo_buffer, err *C.bh_error) C.bh_status {
			return C.bhgo_store_list(k.raw, begin, page, out, err)
		})
		freePage()
		if err != nil {
			return nil, err
		}
		all = append(all, found.Keys...)
		if next = found.Next; next == "" {
			return all, nil
		}
	}
}

// loan is a secret on its way to who uses it.
type loan struct {
	use func([]byte) error
	err error
	bug any
}

//export bhgoLend
func bhgoLend(handle C.uintptr_t, secret unsafe.Pointer, size C.size_t) C.bh_status {
	lent := cgo.Handle(handle).Value().(*loan)
	defer func() { lent.bug = recover() }()
	lent.err = lent.use(unsafe.Slice((*byte)(secret), int(size)))
	return C.bh_status(StatusOf(lent.err))
}

// WithSecret lends a secret of the manifest to use, on this thread; the bytes are wiped afterwards, so use keeps neither
// them nor a copy.
func (k *Kernel) WithSecret(name string, use func(secret []byte) error) error {
	lent := &loan{use: use}
	handle := cgo.NewHandle(lent)
	defer handle.Delete()
	wanted := C.CString(name)
	defer C.free(unsafe.Pointer(wanted))
	err := failing(func(err *C.bh_error) C.bh_status { return C.bhgo_secret(k.raw, wanted, C.uintptr_t(handle), err) })
	if lent.bug != nil {
		panic(lent.bug)
	}
	if lent.err != nil {
		return lent.err
	}
	return err
}

// Sign has the kernel's signer decode the payload, hold it against the operator's policy, and sign it with a key of the
// manifest. The signature is in the scheme's usual encoding.
func (k *Kernel) Sign(key, scheme string, payload []byte) ([]byte, error) {
	name, with := C.CString(key), C.CString(scheme)
	defer C.free(unsafe.Pointer(name))
	defer C.free(unsafe.Pointer(with))
	data, free := cBytes(payload)
	defer free()
	return collected(func(out *C.bhgo_buffer, err *C.bh_error) C.bh_status {
		return C.bhgo_sign(k.raw, name, with, data, out, err)
	})
}

// PublicKey is the raw public key in its curve's usual encoding.
func (k *Kernel) PublicKey(key string) ([]byte, error) {
	name := C.CString(key)
	defer C.free(unsafe.Pointer(name))
	return collected(func(out *C.bhgo_buffer, err *C.bh_error) C.bh_status {
		return C.bhgo_public_key(k.raw, name, out, err)
	})
}

// Unseal opens bytes that were sealed to a key and lends the plaintext to use, as WithSecret does.
func (k *Kernel) Unseal(key, format string, sealed, bound []byte, use func(plaintext []byte) error) error {
	name, with := C.CString(key), C.CString(format)
	defer C.free(unsafe.Pointer(name))
	defer C.free(unsafe.Pointer(with))
	data, freeData := cBytes(sealed)
	defer freeData()
	to, freeTo := cBytes(bound)
	defer freeTo()
	return lent(func(out *C.bhgo_buffer, err *C.bh_error) C.bh_status {
		return C.bhgo_unseal(k.raw, name, with, data, to, out, err)
	}, use)
}

// Dial connects to a host and port that the manifest lists and the operator granted; the context's deadline holds. TLS is
// the caller's business: tls.Client(conn, config).
func (k *Kernel) Dial(ctx context.Context, host string, port uint16) (net.Conn, error) {
	name, free := cText(host)
	defer free()
	var until C.uint64_t
	if deadline, has := ctx.Deadline(); has {
		until = C.bhgo_now() + C.uint64_t(max(0, int64(time.Until(deadline))))
	}
	fd := C.int32_t(-1)
	if err := failing(func(err *C.bh_error) C.bh_status {
		return C.bhgo_connect(k.raw, name, C.uint16_t(port), until, &fd, err)
	}); err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(fd), host)
	defer file.Close() // FileConn has a descriptor of its own
	return net.FileConn(file)
}

func max(a, b int64) int64 {
	if a > b {
		return a
	}
	return b
}
