package blockhost

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Status is a bh_status of blockhost/base.h, where each is explained; the kernel decides by it what becomes of a job.
type Status int32

const (
	OK             Status = 0
	Pending        Status = 1
	Invalid        Status = -1
	Unsupported    Status = -2
	NotFound       Status = -3
	Conflict       Status = -4
	Busy           Status = -5
	Exhausted      Status = -6
	Unavailable    Status = -7
	Denied         Status = -8
	Cancelled      Status = -9
	Timeout        Status = -10
	UnknownOutcome Status = -11
	Corrupt        Status = -12
	Internal       Status = -13
	NoFunds        Status = -14
	Interrupted    Status = -15
)

// Error is why a verb does not succeed: a status, a stable slug of a-z, 0-9 and _, and one sentence for people that names
// the remedy and is never a secret.
type Error struct {
	Status  Status
	Reason  string
	Message string
	// RetryAfterMS is a hint for Pending and for what is about the backend; 0: none.
	RetryAfterMS uint32
}

func (e *Error) Error() string { return e.Message }

// Is reports whether target is an *Error of the same status, and of the same reason unless that of target is empty:
// errors.Is(err, &blockhost.Error{Status: blockhost.NotFound}).
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Status == e.Status && (t.Reason == "" || t.Reason == e.Reason)
}

// Errorf makes an *Error.
func Errorf(status Status, reason, format string, args ...any) *Error {
	return &Error{Status: status, Reason: reason, Message: fmt.Sprintf(format, args...)}
}

// Wait says that only waiting is left: the kernel calls the verb again with the same op_id.
func Wait(afterMS uint32, format string, args ...any) *Error {
	return &Error{Status: Pending, Reason: "pending", Message: fmt.Sprintf(format, args...), RetryAfterMS: afterMS}
}

// StatusOf is the status that an error arrives with at the kernel: its own for an *Error, also a wrapped one; Exhausted for
// a full disk or quota, Denied for missing permissions, Unavailable for every other failure of the system, Internal for the
// rest.
func StatusOf(err error) Status {
	var own *Error
	var number syscall.Errno
	switch {
	case err == nil:
		return OK
	case errors.As(err, &own):
		return own.Status
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return Exhausted
	case errors.Is(err, os.ErrPermission):
		return Denied
	case errors.As(err, &number):
		return Unavailable
	}
	return Internal
}

// asError is err as it is reported: what wraps an *Error adds to its message.
func asError(err error) *Error {
	var own *Error
	if errors.As(err, &own) {
		said := *own
		said.Message = err.Error()
		return &said
	}
	reasons := map[Status]string{Exhausted: "disk_full", Denied: "no_permission", Unavailable: "system"}
	status := StatusOf(err)
	reason, known := reasons[status]
	if !known {
		reason = "internal"
	}
	return &Error{Status: status, Reason: reason, Message: err.Error()}
}
