// Package ledger is a chain in one file: a subscription contract whose blocks are appended durably, by several processes
// that take turns with flock(2). README.md has the file's layout and the contract's functions.
package ledger

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"example.org/chain-ledger/eth"
	"example.org/chain-ledger/intent"
)

// Block is one block with what happened in it.
type Block struct {
	ID     string
	Height uint64
	Time   int64
	Events []Event

	parent string
	tx     string // at most one, so that each is refused or done by itself
}

// blockRecord and rollbackRecord are the payloads after the first.
type blockRecord struct {
	Height    uint64 `json:"height"`
	Parent    string `json:"parent"`
	Time      int64  `json:"time"`
	Fork      uint64 `json:"fork"` // how often blocks were taken back before: no block looks like one that is gone
	Intent    string `json:"intent,omitempty"`
	Signature string `json:"signature,omitempty"`
}
type rollbackRecord struct {
	Height *uint64 `json:"rollback"`
}

// Ledger is an open file. All methods are safe on any goroutine, and other processes may use the file meanwhile.
type Ledger struct {
	mutex   sync.Mutex
	records *records
	file    *os.File
	clock   func() int64

	genesis *Genesis
	state   *state
	branch  []*Block          // by height
	all     map[string]*Block // those that were taken back, too
	mined   map[string]*Block // by transaction, on the branch
	fork    uint64
}

// Open reads the whole file and checks every record, signature and rule.
func Open(path string) (*Ledger, error) {
	records, file, err := openRecords(path)
	if err != nil {
		return nil, err
	}
	l := &Ledger{records: records, file: file, clock: func() int64 { return time.Now().Unix() }, all: map[string]*Block{}, mined: map[string]*Block{}}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if err := l.refresh(); err != nil {
		file.Close()
		return nil, err
	}
	return l, nil
}

// Close lets go of the file.
func (l *Ledger) Close() error { return l.file.Close() }

// Genesis is what never changes.
func (l *Ledger) Genesis() *Genesis { return l.genesis }

// refresh reads what other processes appended.
func (l *Ledger) refresh() error {
	if size, err := l.records.size(); err != nil || (size == l.records.end && l.genesis != nil) {
		return err
	}
	if err := l.records.lock(syscall.LOCK_SH); err != nil {
		return err
	}
	err := l.readOn()
	if unlocked := l.records.lock(syscall.LOCK_UN); err == nil {
		err = unlocked
	}
	return err
}

// readOn reads up to the end, under a lock.
func (l *Ledger) readOn() error {
	for {
		at := l.records.end
		payload, err := l.records.next()
		if err != nil {
			return err
		}
		if payload == nil {
			if l.genesis == nil {
				return l.records.corrupt("it has no first record")
			}
			return nil
		}
		if err := l.take(payload); err != nil {
			if l.state != nil {
				l.state.drop()
			}
			return &Corrupt{l.records.path, at, err.Error()}
		}
	}
}

func idOf(payload []byte) string {
	hash := sha256.Sum256(payload)
	return eth.Hex(hash[:])
}

// take does what a record says.
func (l *Ledger) take(payload []byte) error {
	if l.genesis == nil {
		genesis, err := readGenesis(payload)
		if err != nil {
			return err
		}
		l.genesis, l.state = genesis, newState(genesis)
		l.push(&Block{ID: idOf(payload), Time: genesis.Time})
		return nil
	}
	var back rollbackRecord
	if err := json.Unmarshal(payload, &back); err == nil && back.Height != nil {
		if !l.genesis.Test || *back.Height >= l.head().Height {
			return errors.New("blocks are taken back that can't be")
		}
		l.cut(*back.Height)
		return nil
	}
	var record blockRecord
	if err := json.Unmarshal(payload, &record); err != nil {
		return fmt.Errorf("a block can't be read: %v", err)
	}
	head := l.head()
	if record.Height != head.Height+1 || record.Parent != head.ID || record.Time < head.Time || record.Fork != l.fork {
		return fmt.Errorf("block %d does not follow block %d", record.Height, head.Height)
	}
	block := &Block{ID: idOf(payload), Height: record.Height, Time: record.Time, parent: record.Parent}
	if record.Intent != "" {
		signature, err := eth.ParseHex(record.Signature)
		if err != nil {
			return err
		}
		if err := l.run(block, []byte(record.Intent), signature); err != nil {
			return fmt.Errorf("block %d: %w", record.Height, err)
		}
	}
	l.push(block)
	return nil
}

// TxID names a transaction: the same intent of the same sender is the same one.
func TxID(text []byte, sender eth.Address) string {
	hash := intent.Hash(text)
	id := sha256.Sum256(append(hash[:], sender[:]...))
	return eth.Hex(id[:])
}

// run puts what the intent does into the block and leaves it unkept.
func (l *Ledger) run(block *Block, text, signature []byte) error {
	asked, err := intent.Parse(text)
	if err != nil {
		return refuse("%v", err)
	}
	sender, err := intent.Sender(text, signature)
	if err != nil {
		return refuse("%v", err)
	}
	events, err := l.state.apply(asked, sender, block.Time)
	if err != nil {
		return err
	}
	block.tx = TxID(text, sender)
	for i := range events {
		events[i].Tx, events[i].Ordinal = block.tx, uint32(i)
	}
	block.Events = events
	return nil
}

func (l *Ledger) head() *Block { return l.branch[len(l.branch)-1] }

func (l *Ledger) push(block *Block) {
	l.state.keep(block.Height)
	l.branch = append(l.branch, block)
	l.all[block.ID] = block
	if block.tx != "" {
		l.mined[block.tx] = block
	}
}

func (l *Ledger) cut(height uint64) {
	for _, gone := range l.branch[height+1:] {
		delete(l.mined, gone.tx)
	}
	l.branch = l.branch[: height+1 : height+1]
	l.state.cut(height)
	l.fork++
}

// time of a block that is made now.
func (l *Ledger) time() int64 {
	offset, _ := l.state.offset.now("")
	return later(l.clock()+offset, l.head().Time)
}

// exclusively runs body as the only writer, with everything read.
func (l *Ledger) exclusively(body func() error) error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if err := l.records.lock(syscall.LOCK_EX); err != nil {
		return err
	}
	err := l.readOn()
	if err == nil {
		err = body()
	}
	if unlocked := l.records.lock(syscall.LOCK_UN); err == nil {
		err = unlocked
	}
	return err
}

// append writes a block, durably, and only then is it so.
func (l *Ledger) append(text, signature []byte) (*Block, error) {
	head := l.head()
	record := blockRecord{Height: head.Height + 1, Parent: head.ID, Time: l.time(), Fork: l.fork, Intent: string(text)}
	block := &Block{Height: record.Height, Time: record.Time, parent: record.Parent}
	if len(text) > 0 {
		record.Signature = eth.Hex(signature)
		if err := l.run(block, text, signature); err != nil {
			return nil, err
		}
	}
	payload, err := json.Marshal(record)
	if err == nil {
		err = l.records.add(payload)
	}
	if err != nil {
		l.state.drop()
		return nil, err
	}
	block.ID = idOf(payload)
	l.push(block)
	return block, nil
}

// Submit does what a signed intent says, in a block of its own. The same intent again: the block that has it. *Refused: it
// is not done, now; nothing has changed.
func (l *Ledger) Submit(text, signature []byte) (block *Block, tx string, err error) {
	sender, err := intent.Sender(text, signature)
	if err != nil {
		return nil, "", refuse("%v", err)
	}
	tx = TxID(text, sender)
	err = l.exclusively(func() error {
		if done := l.mined[tx]; done != nil {
			block = done
			return nil
		}
		var err error
		block, err = l.append(text, signature)
		return err
	})
	return block, tx, err
}

// Try says whether the ledger would do the intent of this sender now; *Refused: why not.
func (l *Ledger) Try(asked *intent.Intent, sender eth.Address) error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if err := l.refresh(); err != nil {
		return err
	}
	defer l.state.drop()
	_, err := l.state.apply(asked, sender, l.time())
	return err
}

// Tick makes an empty block if the newest one is old: the chain's clock goes on while nobody asks for anything.
func (l *Ledger) Tick() error {
	l.mutex.Lock()
	due := l.time() >= l.head().Time+l.genesis.BlockTimeS
	l.mutex.Unlock()
	if !due {
		return nil
	}
	return l.exclusively(func() error {
		if l.time() < l.head().Time+l.genesis.BlockTimeS {
			return nil // somebody else was faster
		}
		_, err := l.append(nil, nil)
		return err
	})
}

// Mine makes empty blocks, for tests.
func (l *Ledger) Mine(blocks int) error {
	return l.exclusively(func() error {
		for ; blocks > 0; blocks-- {
			if _, err := l.append(nil, nil); err != nil {
				return err
			}
		}
		return nil
	})
}

// Reorganise replaces the newest blocks by one more empty ones, on a test ledger: what was in them is gone.
func (l *Ledger) Reorganise(depth uint64) error {
	return l.exclusively(func() error {
		if !l.genesis.Test {
			return refuse("only a ledger that was made for tests takes blocks back")
		}
		if depth == 0 || depth > l.head().Height {
			return refuse("%d blocks can't be taken back from %d", depth, l.head().Height)
		}
		height := l.head().Height - depth
		payload, err := json.Marshal(rollbackRecord{&height})
		if err == nil {
			err = l.records.add(payload)
		}
		if err != nil {
			return err
		}
		l.cut(height)
		for blocks := depth + 1; blocks > 0; blocks-- {
			if _, err := l.append(nil, nil); err != nil {
				return err
			}
		}
		return nil
	})
}
