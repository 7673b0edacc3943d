package ledger

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// dying writes so many bytes and then nothing more, as a process that is killed.
type dying struct {
	*os.File
	left int
}

var errDead = errors.New("killed")

func (d *dying) WriteAt(data []byte, at int64) (int, error) {
	if len(data) <= d.left {
		d.left -= len(data)
		return d.File.WriteAt(data, at)
	}
	n, _ := d.File.WriteAt(data[:d.left], at)
	d.left = 0
	return n, errDead
}

func (d *dying) Sync() error {
	if d.left == 0 {
		return errDead
	}
	return nil
}

func copyOf(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "copy")
	if err := os.WriteFile(to, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return to
}

func TestWriterKilledAtAnyByteLeavesTheBlockOrNothing(t *testing.T) {
	w := newWorld(t)
	text, signature := w.signed("operator", "issue", args{"to": w.account("alice").String(), "amount": "5"}, 0)
	before := w.head()
	found := map[uint64]int{}
	for bytes := 0; ; bytes++ {
		path := copyOf(t, w.path)
		killed, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		file := &dying{killed.file, bytes}
		killed.records.file = file
		_, _, failed := killed.Submit(text, signature)
		killed.Close()
		after, err := Open(path)
		if err != nil {
			t.Fatalf("killed after %d bytes: %v", bytes, err)
		}
		height := after.head().Height - before.Height
		found[height]++
		if height > 1 || (failed == nil && height != 1) {
			t.Fatalf("killed after %d bytes there are %d new blocks", bytes, height)
		}
		// Whoever comes next does what was left, once.
		if _, _, err := after.Submit(text, signature); err != nil {
			t.Fatalf("killed after %d bytes, and the next writer: %v", bytes, err)
		}
		if after.head().Height != before.Height+1 {
			t.Fatalf("killed after %d bytes and done again, there are %d blocks", bytes, after.head().Height-before.Height)
		}
		after.Close()
		if failed == nil {
			break
		}
	}
	if found[0] < 400 || found[1] < 1 {
		t.Error("not every byte was tried:", found)
	}
}

func TestDamagedFileIsRefusedAndLeftAsItIs(t *testing.T) {
	w := newWorld(t)
	w.do("operator", "issue", args{"to": w.account("alice").String(), "amount": "5"}, 0)
	whole, err := os.ReadFile(w.path)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "ledger")
	refused := func(data []byte, what string) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		opened, err := Open(path)
		var damaged *Corrupt
		if opened != nil || !errors.As(err, &damaged) || !strings.Contains(err.Error(), path) {
			t.Fatalf("%s: %v", what, err)
		}
		if now, _ := os.ReadFile(path); string(now) != string(data) {
			t.Fatalf("%s: the file was changed", what)
		}
	}
	for at := range whole {
		damaged := append([]byte{}, whole...)
		damaged[at] ^= 1 << uint(at%8)
		refused(damaged, fmt.Sprintf("byte %d is another one", at))
	}
	ends := map[int]bool{}
	for at := 0; at < len(whole); {
		at += headerSize + int(binary.LittleEndian.Uint32(whole[at+4:]))
		ends[at] = true
	}
	for size := range whole {
		if !ends[size] {
			refused(whole[:size], fmt.Sprintf("cut to %d bytes", size))
		}
	}
	refused(append(append([]byte{}, whole...), whole[len(whole)-200:]...), "something behind it")
}

func TestReplayedRecordsAreDamage(t *testing.T) {
	w := shop(t)
	whole, _ := os.ReadFile(w.path)
	last := 0
	for at := 0; at < len(whole); {
		last = at
		at += headerSize + int(binary.LittleEndian.Uint32(whole[at+4:]))
	}
	if err := os.WriteFile(w.path, append(whole, whole[last:]...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(w.path); err == nil || !strings.Contains(err.Error(), "does not follow") {
		t.Error(err)
	}
}

func TestCreateNeverReplaces(t *testing.T) {
	w := shop(t)
	if err := Create(w.path, Options{BlockTimeS: 1}); err == nil || !strings.Contains(err.Error(), "there already") {
		t.Error(err)
	}
	w.reopen()
}

const writerPath = "LEDGER_TEST_WRITER"

// TestMain: the test's own program is the process that is killed.
func TestMain(m *testing.M) {
	if path := os.Getenv(writerPath); path != "" {
		opened, err := Open(path)
		for err == nil {
			if err = opened.Mine(1); err == nil {
				head := opened.branch[len(opened.branch)-1]
				fmt.Println(head.Height, head.ID) // said only once it is durable
			}
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// Two processes append to one file and are killed: what they said is there, in one row, and the file is whole.
func TestKilledProcessesLoseNothingThatTheySaid(t *testing.T) {
	w := newWorld(t)
	random := rand.New(rand.NewSource(time.Now().UnixNano()))
	said := map[string]string{}
	var mutex sync.Mutex
	for round := 0; round < 6; round++ {
		var children []*exec.Cmd
		var listening sync.WaitGroup
		for i := 0; i < 2; i++ {
			child := exec.Command(os.Args[0])
			child.Env = append(os.Environ(), writerPath+"="+w.path)
			out, err := child.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			children = append(children, child)
			listening.Add(1)
			first := make(chan struct{})
			go func(out io.Reader) {
				defer listening.Done()
				spoke := false
				for lines := bufio.NewScanner(out); lines.Scan(); {
					if height, id, whole := strings.Cut(lines.Text(), " "); whole && len(id) == 66 {
						mutex.Lock()
						if other, known := said[height]; known && other != id {
							t.Errorf("two blocks %s were said", height)
						}
						said[height] = id
						mutex.Unlock()
					}
					if !spoke {
						spoke = true
						close(first)
					}
				}
				if !spoke {
					t.Error("a writer said nothing")
					close(first)
				}
			}(out)
			<-first
		}
		time.Sleep(time.Duration(random.Intn(20000)) * time.Microsecond)
		for _, child := range children {
			if err := child.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
		listening.Wait()
		for _, child := range children {
			child.Wait()
		}
	}
	w.reopen()
	for height, id := range said {
		var at uint64
		fmt.Sscan(height, &at)
		if at > w.head().Height || w.branch[at].ID != id {
			t.Errorf("block %s was said and is not there", height)
		}
	}
	if len(said) < 12 {
		t.Error("too few blocks were written:", len(said))
	}
	if err := w.Mine(1); err != nil {
		t.Error(err)
	}
}
