package ledger

import "math/big"

// How the contract keeps other people's money: coins, escrow, earning, credits.

// move takes coins from one account to another that can't be the same: the contract's is nobody's.
func (c *call) move(from, to string, coins *big.Int) {
	c.coins.set(from, less(c.coinsOf(from), coins))
	c.coins.set(to, sum(c.coinsOf(to), coins))
}

// pay takes the price out of the sender's account; the intent must carry exactly that.
func (c *call) pay(price *big.Int) error {
	has := c.coinsOf(c.sender)
	switch {
	case c.intent.Value.Cmp(price) != 0:
		return refuse("the price is %s, the intent carries %s", price, c.intent.Value)
	case has.Cmp(price) < 0:
		return refuse("%s has %s, the price is %s", c.sender, has, price)
	}
	c.move(c.sender, c.genesis.Contract.String(), price)
	return nil
}

// Price of so many days; setup days are charged at a purchase.
func Price(plan Plan, days uint64, setup bool) *big.Int {
	if setup {
		days += plan.SetupDays
	}
	return new(big.Int).Mul(plan.PricePerDay, new(big.Int).SetUint64(days))
}

func (c *call) credit(account string, more *big.Int) {
	c.credits.set(account, sum(c.creditsOf(account), more))
}

// giveBack credits all that was paid to the buyer.
func (c *call) giveBack(id string, found Subscription, kind, name string) {
	plan, _ := c.plans.now(found.Plan)
	plan.Open--
	c.plans.set(found.Plan, plan)
	c.changeMoney(minus(found.Amount), zero, zero, found.Amount)
	c.credit(found.Buyer, found.Amount)
	c.log(Event{Type: kind, Name: name, Subscription: id, Actor: found.Buyer, Amount: found.Amount})
	found.Amount = zero
	c.subscriptions.set(id, found)
}

// earned is what of the current line is the host's by now.
func (s *Subscription) earned(now int64) *big.Int {
	if now >= s.End {
		return s.Amount
	}
	so := new(big.Int).Mul(s.Amount, big.NewInt(now-s.Start))
	return so.Div(so, big.NewInt(s.End-s.Start))
}

func (c *call) settle(s *Subscription) {
	more := less(s.earned(c.now), s.Settled)
	s.Settled = sum(s.Settled, more)
	c.changeMoney(zero, minus(more), more, zero)
}

// restart begins a new line from now to `end` with what is unearned and what was paid on top.
func (c *call) restart(s *Subscription, added *big.Int, end int64) {
	c.settle(s)
	s.Amount, s.Settled, s.Start, s.End = sum(less(s.Amount, s.Settled), added), zero, c.now, end
	c.changeMoney(zero, added, zero, zero)
}

// stop ends the line; what is unearned comes back.
func (c *call) stop(s *Subscription) *big.Int {
	c.settle(s)
	left := less(s.Amount, s.Settled)
	s.Amount, s.Settled = zero, zero
	if s.End > c.now {
		s.End = c.now
	}
	c.changeMoney(zero, minus(left), zero, zero)
	return left
}

// Unsettled is what a withdrawal that names it would move of a delivered one.
func (s Subscription) Unsettled(now int64) *big.Int { return less(s.earned(now), s.Settled) }

func later(a, b int64) int64 {
	if a > b {
		return a
	}
	return b
}
