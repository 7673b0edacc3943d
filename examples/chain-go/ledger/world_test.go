package ledger

import (
	"fmt"
	"math/big"
	"path/filepath"
	"testing"

	"example.org/chain-ledger/eth"
	"example.org/chain-ledger/intent"
)

// world is a fresh test ledger with an operator, an agent and buyers, and a clock that the test moves.
type world struct {
	*Ledger
	t    *testing.T
	path string
	keys map[string]eth.Secret
	now  int64
}

const start = 1795000000

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, path: filepath.Join(t.TempDir(), "ledger"), keys: map[string]eth.Secret{}, now: start}
	server, err := w.key("server").Public()
	if err != nil {
		t.Fatal(err)
	}
	if err := Create(w.path, Options{Operator: w.account("operator"), Treasury: w.account("treasury"), ServerKey: server, BlockTimeS: 1, FinalityLag: 2, Test: true}); err != nil {
		t.Fatal(err)
	}
	w.reopen()
	w.now = w.head().Time // the file's own clock began there
	return w
}

func (w *world) reopen() {
	w.t.Helper()
	if w.Ledger != nil {
		w.Close()
	}
	opened, err := Open(w.path)
	if err != nil {
		w.t.Fatal(err)
	}
	opened.clock = func() int64 { return w.now }
	w.Ledger = opened
	w.t.Cleanup(func() { opened.Close() })
}

func (w *world) key(name string) eth.Secret {
	if _, known := w.keys[name]; !known {
		made, err := eth.NewSecret()
		if err != nil {
			w.t.Fatal(err)
		}
		w.keys[name] = made
	}
	return w.keys[name]
}

func (w *world) account(name string) eth.Address {
	public, err := w.key(name).Public()
	if err != nil {
		w.t.Fatal(err)
	}
	return public.Address()
}

type args map[string]any

func (w *world) signed(who, function string, given args, value int64) (text, signature []byte) {
	w.t.Helper()
	nonce := uint64(0)
	if _, err := w.At(Position{}, func(v View) { nonce = v.Nonce(w.account(who).String()) }); err != nil {
		w.t.Fatal(err)
	}
	text, err := intent.Intent{Chain: w.genesis.Chain, Contract: w.genesis.Contract.String(), Function: function, Args: given, Value: big.NewInt(value), Fee: new(big.Int), Nonce: nonce}.Text()
	if err != nil {
		w.t.Fatal(err)
	}
	signature, err = w.key(who).Sign(intent.Hash(text))
	if err != nil {
		w.t.Fatal(err)
	}
	return text, signature
}

func (w *world) try(who, function string, given args, value int64) (*Block, error) {
	w.t.Helper()
	text, signature := w.signed(who, function, given, value)
	block, _, err := w.Submit(text, signature)
	w.checkBooks()
	return block, err
}

func (w *world) do(who, function string, given args, value int64) *Block {
	w.t.Helper()
	block, err := w.try(who, function, given, value)
	if err != nil {
		w.t.Fatalf("%s of %s: %v", function, who, err)
	}
	return block
}

func (w *world) refused(who, function string, given args, value int64) {
	w.t.Helper()
	before := w.head().ID
	_, err := w.try(who, function, given, value)
	if _, is := err.(*Refused); !is || w.head().ID != before {
		w.t.Fatalf("%s of %s is not refused: %v", function, who, err)
	}
}

// checkBooks: the contract has exactly what it owes somebody, and no coin was made or lost.
func (w *world) checkBooks() {
	w.t.Helper()
	_, err := w.At(Position{}, func(v View) {
		m := v.Money()
		owed := sum(sum(m.Undelivered, m.Unearned), sum(m.Earned, m.Credits))
		if has := v.Coins(w.genesis.Contract.String()); has.Cmp(owed) != 0 {
			w.t.Fatalf("the contract has %s and owes %s", has, owed)
		}
		issued, all := new(big.Int), new(big.Int)
		for _, block := range w.branch {
			for _, event := range block.Events {
				if event.Name == "Issued" {
					issued = sum(issued, event.Amount)
				}
			}
		}
		for account := range w.state.coins.rows {
			if v.Coins(account).Sign() < 0 {
				w.t.Fatalf("%s has less than nothing", account)
			}
			all = sum(all, v.Coins(account))
		}
		if all.Cmp(issued) != 0 {
			w.t.Fatalf("%s coins were issued, there are %s", issued, all)
		}
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// shop has a plan and two buyers with coins.
func shop(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.do("operator", "create_plan", args{"agent": w.account("agent").String(), "resources": "{}", "price_per_day": "10", "window_s": "3600", "grace_s": "86400", "setup_days": "2", "total": "3"}, 0)
	for _, buyer := range []string{"alice", "bob"} {
		w.do("operator", "issue", args{"to": w.account(buyer).String(), "amount": "10000"}, 0)
	}
	return w
}

// buy is a purchase of ten days: 120 with two setup days.
func (w *world) buy(who string) (id, order string) {
	w.t.Helper()
	event := w.do(who, "purchase", args{"plan": "1", "days": "10", "recipient": w.account(who).String(), "request": "0x0102"}, 120).Events[0]
	return event.Subscription, event.Order
}

func (w *world) deliver(id, order string) {
	w.t.Helper()
	w.do("agent", "deliver", args{"subscription": id, "order": order, "deadline": fmt.Sprint(w.now + 60), "sealed": "0xaa", "attestation": "0xbb"}, 0)
}

func (w *world) subscription(id string) (found Subscription) {
	w.t.Helper()
	if _, err := w.At(Position{}, func(v View) { found, _ = v.Subscription(id) }); err != nil {
		w.t.Fatal(err)
	}
	return found
}

func (w *world) credit(who string) string {
	said := ""
	if _, err := w.At(Position{}, func(v View) { said = v.Credit(w.account(who).String()).String() }); err != nil {
		w.t.Fatal(err)
	}
	return said
}
