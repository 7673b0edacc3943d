package ledger

import (
	"errors"
	"fmt"
	"math/big"

	"example.org/chain-ledger/eth"
	"example.org/chain-ledger/intent"
)

// Plan is what is on offer.
type Plan struct {
	Resources, Agent           string
	PricePerDay                *big.Int
	WindowS, GraceS, SetupDays uint64
	Total, Open                uint64
	Active                     bool
}

// Subscription is one purchase and what became of it. Times are seconds since 1970.
type Subscription struct {
	Plan, Order, Buyer, Owner                                         string // Owner: "" while there is no credential
	PaidSeconds                                                       uint64
	Paid                                                              *big.Int // all that was paid for it so far
	Amount, Settled                                                   *big.Int // what the current line earns in all, and what of it is settled
	PurchasedAt, DeliveredAt, Start, End, OutageUntil, OutageCredited int64
	Sealed                                                            []byte
	Attestation                                                       string
	Delivered, Declined, Refunded, Cancelled, ByOperator              bool
	Closed, Burned                                                    bool
}

// Money of the contract, by claimant: what it holds is their sum.
type Money struct{ Undelivered, Unearned, Earned, Credits, Withdrawn *big.Int }

// Event is what a transaction left in the log. Which members are set depends on Type, as in plugin-api/documents/chain.hpp.
type Event struct {
	Type, Name, Subscription, Plan, Actor, Owner, Order string
	PaidSeconds                                         uint64
	Amount                                              *big.Int
	ExpiresAt                                           int64
	Data                                                []byte
	State                                               *Plan
	Tx                                                  string
	Ordinal                                             uint32 // in its transaction
}

// state is the contract: rows at every height.
type state struct {
	genesis       *Genesis
	plans         *table[Plan]
	subscriptions *table[Subscription]
	credits       *table[*big.Int] // by account: pull payments
	coins         *table[*big.Int] // by account
	nonces        *table[uint64]
	money         *table[Money]
	serverKey     *table[string]
	offset        *table[int64] // of the clock of a test ledger
}

func newState(genesis *Genesis) *state {
	return &state{genesis, newTable[Plan](), newTable[Subscription](), newTable[*big.Int](), newTable[*big.Int](), newTable[uint64](), newTable[Money](),
		newTable[string](), newTable[int64]()}
}

func (s *state) keep(height uint64) {
	s.plans.keep(height)
	s.subscriptions.keep(height)
	s.credits.keep(height)
	s.coins.keep(height)
	s.nonces.keep(height)
	s.money.keep(height)
	s.serverKey.keep(height)
	s.offset.keep(height)
}

func (s *state) drop() {
	s.plans.drop()
	s.subscriptions.drop()
	s.credits.drop()
	s.coins.drop()
	s.nonces.drop()
	s.money.drop()
	s.serverKey.drop()
	s.offset.drop()
}

func (s *state) cut(height uint64) {
	s.plans.cut(height)
	s.subscriptions.cut(height)
	s.credits.cut(height)
	s.coins.cut(height)
	s.nonces.cut(height)
	s.money.cut(height)
	s.serverKey.cut(height)
	s.offset.cut(height)
}

// Refused is the contract's answer to a transaction that it does not do.
type Refused struct{ Why string }

func (r *Refused) Error() string { return "the ledger refuses it: " + r.Why }

func refuse(format string, args ...any) error { return &Refused{fmt.Sprintf(format, args...)} }

func amount(from *big.Int, known bool) *big.Int {
	if !known {
		return new(big.Int)
	}
	return from
}

func (s *state) coinsOf(account string) *big.Int   { return amount(s.coins.now(account)) }
func (s *state) creditsOf(account string) *big.Int { return amount(s.credits.now(account)) }

func sum(a, b *big.Int) *big.Int  { return new(big.Int).Add(a, b) }
func less(a, b *big.Int) *big.Int { return new(big.Int).Sub(a, b) }

func moneyAt(from Money, known bool) Money {
	if !known {
		return Money{new(big.Int), new(big.Int), new(big.Int), new(big.Int), new(big.Int)}
	}
	return from
}

// call is one intent on its way through the contract.
type call struct {
	*state
	intent *intent.Intent
	sender string
	now    int64
	events []Event
	// What it is about, once a rule has found it: a plan; or a subscription and its plan.
	id    string
	plan  Plan
	found Subscription
}

// apply does what the intent says and leaves it unkept, or changes nothing.
func (s *state) apply(asked *intent.Intent, sender eth.Address, now int64) ([]Event, error) {
	account := sender.String()
	switch next, _ := s.nonces.now(account); {
	case asked.Chain != s.genesis.Chain:
		return nil, refuse("it is for the chain %s, this is %s", asked.Chain, s.genesis.Chain)
	case asked.Contract != s.genesis.Contract.String():
		return nil, refuse("there is no contract %s", asked.Contract)
	case asked.Nonce != next:
		return nil, refuse("the next nonce of %s is %d, not %d", account, next, asked.Nonce)
	}
	function, known := functions[asked.Function]
	if !known {
		return nil, refuse("the contract has no function %s", asked.Function)
	}
	if asked.Value.Sign() != 0 && !function.coins {
		return nil, refuse("%s takes no coins: the value must be 0", asked.Function)
	}
	c := &call{state: s, intent: asked, sender: account, now: now}
	if err := function.run(c); err != nil {
		s.drop()
		var own *Refused
		if errors.As(err, &own) {
			return nil, err
		}
		return nil, refuse("%v", err) // an argument
	}
	s.nonces.set(account, asked.Nonce+1)
	return c.events, nil
}

func (c *call) log(event Event) { c.events = append(c.events, event) }

// changeMoney keeps the books: what each claimant gets more of, or less.
func (c *call) changeMoney(undelivered, unearned, earned, credits *big.Int) {
	m := moneyAt(c.money.now(""))
	c.money.set("", Money{sum(m.Undelivered, undelivered), sum(m.Unearned, unearned), sum(m.Earned, earned), sum(m.Credits, credits), m.Withdrawn})
}

var zero = new(big.Int)

func minus(a *big.Int) *big.Int { return new(big.Int).Neg(a) }
