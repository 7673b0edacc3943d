package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"syscall"
)

// The file is a row of records and nothing else. A record:
//
//	 0  4  "BHL1"
//	 4  4  size of the payload, little-endian, at most 1 MiB
//	 8 32  SHA-256 of the payload: the id of the block that it is
//	40  4  CRC-32C of the 40 bytes before
//	44  3  0
//	47  1  A5: the record is whole
//	48     the payload
//
// A record is appended in two steps, each made durable: the payload, 48 bytes behind the end, and then the header before it,
// whose last byte is written last. So where that byte is 0 there never was a record, whatever killed its writer, and the next
// writer overwrites what it left. Everything else that is not as above is damage, and the file is refused.
const (
	magic      = "BHL1"
	headerSize = 48
	whole      = 0xA5
	maxPayload = 1 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Corrupt says that the file is damaged, where, and what to do.
type Corrupt struct {
	Path   string
	Offset int64
	What   string
}

func (c *Corrupt) Error() string {
	return fmt.Sprintf("the ledger %s is damaged at byte %d: %s; nothing was changed. Stop everything that uses it and put a whole copy of the file back", c.Path, c.Offset, c.What)
}

// ErrUnknownOutcome: the record may or may not be there; read the file before writing again.
var ErrUnknownOutcome = errors.New("the ledger could not be written to its end")

// storage is the file, as a seam for tests that break it.
type storage interface {
	io.ReaderAt
	io.WriterAt
	Truncate(size int64) error
	Sync() error
}

// records is the file with the place up to which it was read.
type records struct {
	path string
	file storage
	end  int64
	size func() (int64, error)
	lock func(how int) error // syscall.LOCK_*
}

func openRecords(path string) (*records, *os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, nil, err
	}
	return &records{path: path, file: file,
		size: func() (int64, error) {
			info, err := file.Stat()
			if err != nil {
				return 0, err
			}
			return info.Size(), nil
		},
		lock: func(how int) error {
			for {
				if err := syscall.Flock(int(file.Fd()), how); err != syscall.EINTR {
					return err
				}
			}
		}}, file, nil
}

func header(payload []byte) []byte {
	out := make([]byte, headerSize)
	copy(out, magic)
	binary.LittleEndian.PutUint32(out[4:], uint32(len(payload)))
	hash := sha256.Sum256(payload)
	copy(out[8:], hash[:])
	binary.LittleEndian.PutUint32(out[40:], crc32.Checksum(out[:40], castagnoli))
	out[headerSize-1] = whole
	return out
}

func (r *records) corrupt(what string, args ...any) error {
	return &Corrupt{r.path, r.end, fmt.Sprintf(what, args...)}
}

// next is the payload of the next record and moves on; nil: there is none. Under a lock, or alone.
func (r *records) next() ([]byte, error) {
	size, err := r.size()
	if err != nil {
		return nil, err
	}
	left := size - r.end
	switch {
	case left == 0:
		return nil, nil
	case left < 0:
		return nil, r.corrupt("it became shorter, it has %d bytes", size)
	case left < headerSize:
		return nil, r.corrupt("it was cut in the middle of a record")
	}
	head := make([]byte, headerSize)
	if _, err := r.file.ReadAt(head, r.end); err != nil {
		return nil, err
	}
	if head[headerSize-1] == 0 {
		return nil, nil // never finished
	}
	length := int64(binary.LittleEndian.Uint32(head[4:]))
	switch {
	case string(head[:4]) != magic || binary.LittleEndian.Uint32(head[40:]) != crc32.Checksum(head[:40], castagnoli) || string(head[44:]) != "\x00\x00\x00\xA5":
		return nil, r.corrupt("the header of a record does not have its checksum")
	case length > maxPayload:
		return nil, r.corrupt("a record of %d bytes", length)
	case length > left-headerSize:
		return nil, r.corrupt("it was cut in the middle of a record")
	}
	payload := make([]byte, length)
	if _, err := r.file.ReadAt(payload, r.end+headerSize); err != nil {
		return nil, err
	}
	if hash := sha256.Sum256(payload); string(hash[:]) != string(head[8:40]) {
		return nil, r.corrupt("a record does not have its hash")
	}
	r.end += headerSize + length
	return payload, nil
}

// add appends a record. Under the exclusive lock, read to the end.
func (r *records) add(payload []byte) error {
	if len(payload) > maxPayload {
		return fmt.Errorf("a record of %d bytes is too large", len(payload))
	}
	// What an earlier writer left unfinished goes, so that the header's place is zero until it is written.
	if err := r.file.Truncate(r.end); err != nil {
		return err
	}
	if _, err := r.file.WriteAt(payload, r.end+headerSize); err != nil {
		return err
	}
	if err := r.file.Sync(); err != nil {
		return err
	}
	if _, err := r.file.WriteAt(header(payload), r.end); err != nil {
		return fmt.Errorf("%w: %v", ErrUnknownOutcome, err)
	}
	if err := r.file.Sync(); err != nil {
		return fmt.Errorf("%w: %v", ErrUnknownOutcome, err)
	}
	r.end += headerSize + int64(len(payload))
	return nil
}

// createRecords makes a file with one record, whole or not at all, and only where there is none.
func createRecords(path string, payload []byte) error {
	fresh := path + ".new"
	file, err := os.OpenFile(fresh, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o664)
	if err != nil {
		return err
	}
	defer os.Remove(fresh)
	defer file.Close()
	if _, err := file.Write(append(header(payload), payload...)); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	if err := os.Link(fresh, path); err != nil { // not rename(), which would replace
		return err
	}
	return syncFolder(path)
}

func syncFolder(path string) error {
	folder := "."
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] == '/' {
			folder = path[:i+1]
			break
		}
	}
	opened, err := os.Open(folder)
	if err != nil {
		return err
	}
	defer opened.Close()
	return opened.Sync()
}
