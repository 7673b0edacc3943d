package blockhost

/*
#include <stdlib.h>
#include "bridge.h"
*/
import "C"

import (
	"context"
	"os"
	"sync"
	"time"
	"unsafe"
)

// Call is the context of one long-running verb: blockhost/call.h says what a verb owes the kernel. It ends with the verb.
type Call struct {
	raw *C.bh_call

	once   sync.Once
	ctx    context.Context
	finish func()
}

// callOf: the second value ends what Context started. A verb without a call context has none.
func callOf(raw *C.bh_call) (*Call, func()) {
	if raw == nil {
		return nil, func() {}
	}
	call := &Call{raw: raw, finish: func() {}}
	return call, func() {
		call.once.Do(func() {}) // Context starts nothing any more
		call.finish()
	}
}

// OpID is the idempotency key: what the verb makes is found again by it, at every attempt.
func (c *Call) OpID() string { return text(c.raw.op_id) }

// TraceID goes into the log beside what the verb did.
func (c *Call) TraceID() string { return text(c.raw.trace_id) }

// Attempt counts from 1; more than 1 means: look before you create.
func (c *Call) Attempt() uint32 { return uint32(c.raw.attempt) }

// Checkpoint is what was saved last for this op_id.
func (c *Call) Checkpoint() []byte { return blob(c.raw.checkpoint) }

// Deadline is when the verb is to be done; false: there is none.
func (c *Call) Deadline() (time.Time, bool) {
	return deadlineOf(uint64(c.raw.deadline_ns)), c.raw.deadline_ns != 0
}

// Progress tells people how far the verb is, from 0 to 1000.
func (c *Call) Progress(permille uint32, stage string) {
	said, free := cText(stage)
	defer free()
	C.bhgo_progress(c.raw, C.uint32_t(permille), said)
}

// Save keeps a checkpoint of at most 64 KiB for later attempts, durable once it returned nil; before every step that can't
// be undone. Never a secret.
func (c *Call) Save(checkpoint []byte) error {
	data, free := cBytes(checkpoint)
	defer free()
	return failing(func(err *C.bh_error) C.bh_status { return C.bhgo_save(c.raw, data, err) })
}

// Stop is nil, or what to return because the kernel wants the verb to stop. With Cancelled and Timeout no side effect may
// remain: undo first. With Interrupted undo nothing.
func (c *Call) Stop() error {
	if C.bhgo_cancelled(c.raw) == 0 {
		return nil
	}
	switch C.bhgo_cancel_reason(c.raw) {
	case C.BH_CANCEL_NONE:
		return nil
	case C.BH_CANCEL_ORDER:
		return Errorf(Cancelled, "cancelled", "the order was cancelled; nothing remains of it")
	case C.BH_CANCEL_DEADLINE:
		return Errorf(Timeout, "deadline", "the time was not enough; nothing remains of it")
	}
	return Errorf(Interrupted, "shutdown", "the kernel stops; the work goes on after its restart")
}

// Context is done when the kernel wants the verb to stop, at its deadline, and when it returns; Stop says which it was. For
// what takes a context: network, files with deadlines.
func (c *Call) Context() context.Context {
	c.once.Do(func() {
		if deadline, has := c.Deadline(); has {
			c.ctx, c.finish = context.WithDeadline(context.Background(), deadline)
		} else {
			c.ctx, c.finish = context.WithCancel(context.Background())
		}
		c.watch()
	})
	if c.ctx == nil { // the verb has ended
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		return ended
	}
	return c.ctx
}

// watch waits for the kernel's sign beside the verb, and is woken and joined at its end.
func (c *Call) watch() {
	if c.raw.cancel_fd < 0 {
		return
	}
	ended, wake, err := os.Pipe()
	if err != nil {
		return // the deadline and Stop still hold
	}
	cancel, joined := c.finish, make(chan struct{})
	fd, other, deadline := C.int(c.raw.cancel_fd), C.int(ended.Fd()), C.uint64_t(c.raw.deadline_ns)
	go func() {
		defer close(joined)
		if C.bhgo_wait(fd, other, deadline) == 1 {
			cancel()
		}
	}()
	c.finish = func() {
		cancel()
		wake.Close()
		<-joined
		ended.Close()
	}
}

// failing runs what reports into a bh_error.
func failing(body func(*C.bh_error) C.bh_status) error {
	said := (*C.bh_error)(C.calloc(1, C.sizeof_bh_error))
	defer C.free(unsafe.Pointer(said))
	said.struct_size = C.sizeof_bh_error
	status := body(said)
	if status == C.BH_OK {
		return nil
	}
	return &Error{Status(status), C.GoString(&said.reason[0]), C.GoString(&said.message[0]), uint32(said.retry_after_ms)}
}

// cText and cBytes are copies in C's memory, and what frees them.
func cText(from string) (C.bh_str, func()) {
	copied := C.CString(from)
	return C.bh_str{ptr: copied, len: C.size_t(len(from))}, func() { C.free(unsafe.Pointer(copied)) }
}
func cBytes(from []byte) (C.bh_bytes, func()) {
	copied := C.CBytes(from)
	return C.bh_bytes{ptr: (*C.uint8_t)(copied), len: C.size_t(len(from))}, func() { C.free(copied) }
}

// collected is what a service wrote.
func collected(body func(*C.bhgo_buffer, *C.bh_error) C.bh_status) ([]byte, error) {
	var data []byte
	err := lent(body, func(written []byte) error {
		data = append([]byte{}, written...)
		return nil
	})
	return data, err
}

// lent is collected for a secret: the bytes are wiped after use, whatever it does.
func lent(body func(*C.bhgo_buffer, *C.bh_error) C.bh_status, use func([]byte) error) error {
	buffer := (*C.bhgo_buffer)(C.calloc(1, C.sizeof_bhgo_buffer))
	defer C.free(unsafe.Pointer(buffer))
	defer C.bhgo_buffer_wipe(buffer)
	if err := failing(func(err *C.bh_error) C.bh_status { return body(buffer, err) }); err != nil {
		return err
	}
	return use(unsafe.Slice((*byte)(buffer.data), int(buffer.size)))
}

// asked is collected and read as a document.
func asked[D any](body func(*C.bhgo_buffer, *C.bh_error) C.bh_status) (*D, error) {
	data, err := collected(body)
	if err != nil {
		return nil, err
	}
	document := new(D)
	return document, Unmarshal(data, document)
}
