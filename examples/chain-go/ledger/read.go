package ledger

import (
	"math/big"
	"strconv"
	"strings"

	"example.org/chain-ledger/eth"
)

// Position is a block by its id and height.
type Position struct {
	ID     string
	Height uint64
}

// View is the ledger at one block of the branch.
type View struct {
	Block *Block
	state *state
}

// At looks at a block; the zero Position is the head. false: it is not on the branch (any more).
func (l *Ledger) At(at Position, look func(View)) (bool, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if err := l.refresh(); err != nil {
		return false, err
	}
	block := l.head()
	if at != (Position{}) {
		if at.Height >= uint64(len(l.branch)) || l.branch[at.Height].ID != at.ID {
			return false, nil
		}
		block = l.branch[at.Height]
	}
	look(View{block, l.state})
	return true, nil
}

// Subscription by its id; false: there was none.
func (v View) Subscription(id string) (Subscription, bool) {
	return v.state.subscriptions.at(id, v.Block.Height)
}

// Plan by its id.
func (v View) Plan(id string) (Plan, bool) { return v.state.plans.at(id, v.Block.Height) }

// Coins of an account.
func (v View) Coins(account string) *big.Int {
	return amount(v.state.coins.at(account, v.Block.Height))
}

// Credit of an account: what it can claim.
func (v View) Credit(account string) *big.Int {
	return amount(v.state.credits.at(account, v.Block.Height))
}

// Nonce is the next one of an account.
func (v View) Nonce(account string) uint64 {
	next, _ := v.state.nonces.at(account, v.Block.Height)
	return next
}

// Money is what the contract holds, by claimant.
func (v View) Money() Money { return moneyAt(v.state.money.at("", v.Block.Height)) }

// ServerKey is what requests are sealed to.
func (v View) ServerKey() (eth.PublicKey, error) {
	text := v.state.genesis.ServerKey
	if newer, changed := v.state.serverKey.at("", v.Block.Height); changed {
		text = newer
	}
	encoded, err := eth.ParseHex(text)
	if err != nil {
		return eth.PublicKey{}, err
	}
	return eth.ParsePublicKey(encoded)
}

// Mined is the block on the branch that holds a transaction, or nil.
func (l *Ledger) Mined(tx string) (*Block, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if err := l.refresh(); err != nil {
		return nil, err
	}
	return l.mined[tx], nil
}

// News is what Poll found.
type News struct {
	// Rollback is the newest block that is still valid, if the cursor's is not.
	Rollback *Block
	// Events with the block and the place in its log of each.
	Events []Logged
	// Recent blocks of the branch, the last is the head.
	Recent []*Block
	// Final is the newest final block.
	Final  *Block
	Cursor string
	More   bool
}

// Logged is an event and where it is.
type Logged struct {
	Event
	Block *Block
	Index uint32
}

// A cursor is "ID:N": all is reported up to and with the N-th event of that block. "" is the beginning.
func splitCursor(text string) (id string, events int, good bool) {
	if text == "" {
		return "", 0, true
	}
	id, count, has := strings.Cut(text, ":")
	events, err := strconv.Atoi(count)
	return id, events, has && err == nil && events >= 0
}

// Poll lists at most `most` events after the cursor, a rollback counted, and `recent` blocks. false: no cursor of ours.
func (l *Ledger) Poll(cursor string, most, recent int) (*News, bool, error) {
	id, reported, good := splitCursor(cursor)
	if !good {
		return nil, false, nil
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if err := l.refresh(); err != nil {
		return nil, false, err
	}
	at := l.branch[0]
	if id != "" {
		if at, good = l.all[id]; !good {
			return nil, false, nil
		}
	}
	news := &News{}
	for l.branch[min(at.Height, l.head().Height)].ID != at.ID { // back to where the branches part
		at = l.all[at.parent]
		news.Rollback, reported = at, len(at.Events)
	}
	left := most
	if news.Rollback != nil {
		left--
	}
	for height := at.Height; height <= l.head().Height; height++ {
		block := l.branch[height]
		if height > at.Height {
			reported = 0
		}
		for ; reported < len(block.Events) && left > 0; reported++ {
			news.Events = append(news.Events, Logged{block.Events[reported], block, uint32(reported)})
			left--
		}
		news.Cursor = block.ID + ":" + strconv.Itoa(reported)
		if reported < len(block.Events) {
			news.More = true
			break
		}
	}
	news.Recent = append(news.Recent, l.branch[len(l.branch)-int(min(uint64(recent), uint64(len(l.branch)))):]...)
	news.Final = l.branch[0]
	if height := l.head().Height; height > l.genesis.FinalityLag {
		news.Final = l.branch[height-l.genesis.FinalityLag]
	}
	return news, true, nil
}

func min(a, b uint64) uint64 {
	if a < b {
		return a
	}
	return b
}
