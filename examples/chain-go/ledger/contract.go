package ledger

import (
	"math/big"
	"strconv"

	"example.org/chain-ledger/eth"
)

// The life of a subscription: what MONEY-PATH asks of every subscription contract, with one token. Who may ask for what, and when,
// is in the table of rules.go; here is what only one function looks at, and what it does.

// orderOf names what was bought, so that a delivery can't be for another purchase of the same id.
func orderOf(buyer, plan string, paidSeconds uint64, paid *big.Int, request []byte) string {
	mark := eth.Keccak256(request)
	return eth.Keccak256([]byte("bh-ledger-1 order\n" + buyer + "\n" + plan + "\n" + strconv.FormatUint(paidSeconds, 10) + "\n" + paid.String() + "\n" + mark.String())).String()
}

func (c *call) days() (uint64, error) {
	days, err := c.small("days", maxDays)
	if err == nil && days == 0 {
		return 0, refuse("a purchase is for at least a day")
	}
	return days, err
}

func (c *call) purchase() error {
	days, err := c.days()
	if err != nil {
		return err
	}
	recipient, err := c.intent.AddressArg("recipient")
	if err != nil {
		return err
	}
	request, err := c.intent.BytesArg("request", maxSealed)
	if err != nil {
		return err
	}
	plan, id := c.plan, c.id
	switch {
	case plan.Open >= plan.Total:
		return refuse("the plan %s is sold out", id)
	case recipient == eth.Address{} || recipient == c.genesis.Contract:
		return refuse("nobody can own that credential")
	}
	price := Price(plan, days, true)
	if err := c.pay(price); err != nil {
		return err
	}
	plan.Open++
	c.plans.set(id, plan)
	bought := Subscription{Plan: id, Buyer: recipient.String(), PaidSeconds: days * day, Paid: price, Amount: price, Settled: zero, PurchasedAt: c.now}
	bought.Order = orderOf(bought.Buyer, id, bought.PaidSeconds, price, request)
	subscription := strconv.Itoa(c.subscriptions.count() + 1)
	c.subscriptions.set(subscription, bought)
	c.changeMoney(price, zero, zero, zero)
	c.log(Event{Type: "purchased", Name: "SubscriptionPurchased", Subscription: subscription, Plan: id, Actor: bought.Buyer, PaidSeconds: bought.PaidSeconds,
		Amount: price, Order: bought.Order, Data: request})
	return nil
}

func (c *call) deliver() error {
	id, found, plan := c.id, c.found, c.plan
	sealed, err := c.intent.BytesArg("sealed", maxSealed)
	if err != nil {
		return err
	}
	attestation, err := c.intent.BytesArg("attestation", 32)
	if err != nil {
		return err
	}
	setup := new(big.Int)
	if c.now <= found.PurchasedAt+int64(plan.WindowS) { // a late delivery does not earn the setup days
		days := found.PaidSeconds / day
		setup.Mul(found.Amount, new(big.Int).SetUint64(plan.SetupDays)).Div(setup, new(big.Int).SetUint64(days+plan.SetupDays))
	}
	c.changeMoney(minus(found.Amount), less(found.Amount, setup), setup, zero)
	found.Delivered, found.Amount, found.Settled = true, less(found.Amount, setup), zero
	found.Start, found.DeliveredAt, found.End = c.now, c.now, c.now+int64(found.PaidSeconds)
	found.Owner, found.Sealed, found.Attestation = found.Buyer, sealed, eth.Hex(attestation)
	c.subscriptions.set(id, found)
	c.log(Event{Type: "other", Name: "Transfer", Subscription: id, Owner: found.Owner})
	c.log(Event{Type: "delivered", Name: "SubscriptionDelivered", Subscription: id, ExpiresAt: found.End})
	return nil
}

func (c *call) decline() error {
	if reason, err := c.intent.TextArg("reason"); err != nil || len(reason) > maxReason {
		return refuse("the reason is a text of at most %d bytes", maxReason)
	}
	found := c.found
	found.Declined = true
	c.giveBack(c.id, found, "declined", "Declined")
	return nil
}

func (c *call) refund() error {
	found := c.found
	ends := found.PurchasedAt + int64(c.plan.WindowS)
	switch {
	case c.now <= ends:
		return refuse("the host has until %d to deliver, it is %d", ends, c.now)
	case c.sender != found.Buyer && c.now <= ends+refundOpen:
		return refuse("only the buyer may ask for it before %d", ends+refundOpen)
	}
	found.Refunded = true
	c.giveBack(c.id, found, "refunded", "Refunded")
	return nil
}

func (c *call) extend() error {
	days, err := c.days()
	if err != nil {
		return err
	}
	id, found := c.id, c.found
	end := later(found.End, c.now) + int64(days)*day
	if end > c.now+maxDays*day {
		return refuse("nothing is paid for more than %d days ahead", maxDays)
	}
	price := Price(c.plan, days, false)
	if err := c.pay(price); err != nil {
		return err
	}
	c.restart(&found, price, end)
	found.PaidSeconds += days * day
	found.Paid = sum(found.Paid, price)
	c.subscriptions.set(id, found)
	c.log(Event{Type: "extended", Name: "Extended", Subscription: id, Actor: c.sender, PaidSeconds: days * day, Amount: price, ExpiresAt: end})
	return nil
}

func (c *call) cancel() error {
	id, found := c.id, c.found
	found.Cancelled, found.ByOperator = true, c.sender != found.Owner
	left := c.stop(&found)
	c.credit(found.Owner, left)
	c.changeMoney(zero, zero, zero, left)
	c.subscriptions.set(id, found)
	c.log(Event{Type: "cancelled", Name: "Cancelled", Subscription: id, Actor: c.sender, Amount: left, ExpiresAt: found.End})
	return nil
}

func (c *call) close() error {
	id, found, plan := c.id, c.found, c.plan
	ends := found.End + int64(plan.GraceS)
	switch {
	case !found.Delivered || found.Closed:
		return refuse("it is not delivered, or closed already")
	case !(found.Cancelled && !found.ByOperator) && c.now <= ends:
		return refuse("its grace ends at %d, it is %d", ends, c.now)
	}
	c.stop(&found) // nothing is unearned any more
	found.Closed = true
	c.subscriptions.set(id, found)
	c.log(Event{Type: "closed", Name: "Closed", Subscription: id, ExpiresAt: found.End})
	return nil
}

func (c *call) update() error {
	id, found := c.id, c.found
	sealed, err := c.intent.BytesArg("sealed", maxSealed)
	if err != nil {
		return err
	}
	if owner, _ := c.intent.TextArg("owner"); found.Owner == "" || owner != found.Owner {
		return refuse("its owner is %q", found.Owner)
	}
	found.Sealed = sealed
	c.subscriptions.set(id, found)
	c.log(Event{Type: "credential_updated", Name: "CredentialUpdated", Subscription: id})
	return nil
}

func (c *call) burn() error {
	id, found, plan := c.id, c.found, c.plan
	if !found.Closed || found.Burned {
		return refuse("it is not closed, or burned already")
	}
	plan.Open--
	c.plans.set(found.Plan, plan)
	found.Burned, found.Owner, found.Sealed = true, "", nil
	c.subscriptions.set(id, found)
	c.log(Event{Type: "burned", Name: "Burned", Subscription: id})
	return nil
}

func (c *call) creditTime() error {
	id, found := c.id, c.found
	from, err := c.small("from", 1<<40)
	if err != nil {
		return err
	}
	until, err := c.small("until", 1<<40)
	if err != nil {
		return err
	}
	earliest := later(found.DeliveredAt, found.OutageUntil)
	switch length := int64(until) - int64(from); {
	case int64(from) < earliest || length <= 0 || int64(until) > c.now:
		return refuse("an outage lies between the delivery, or the end of the last one, and now")
	case length > int64(found.PaidSeconds)-found.OutageCredited:
		return refuse("more would be credited than was paid for")
	default:
		found.OutageUntil = int64(until)
		found.OutageCredited += length
		c.restart(&found, zero, later(found.End, c.now)+length)
	}
	c.subscriptions.set(id, found)
	c.log(Event{Type: "time_credited", Name: "TimeCredited", Subscription: id, ExpiresAt: found.End})
	return nil
}

func (c *call) claim() error {
	to, err := c.intent.AddressArg("to")
	if err != nil {
		return err
	}
	credit := c.creditsOf(c.sender)
	switch {
	case credit.Sign() == 0:
		return refuse("%s has no credit", c.sender)
	case to == eth.Address{} || to == c.genesis.Contract:
		return refuse("the coins would be lost there")
	}
	c.credits.set(c.sender, zero)
	c.changeMoney(zero, zero, zero, minus(credit))
	c.move(c.genesis.Contract.String(), to.String(), credit)
	c.log(Event{Type: "claimed", Name: "Claimed", Actor: c.sender, Owner: to.String(), Amount: credit})
	return nil
}

func (c *call) transfer() error {
	id, found := c.id, c.found
	to, err := c.intent.AddressArg("to")
	if err != nil {
		return err
	}
	switch {
	case to == eth.Address{} || to == c.genesis.Contract:
		return refuse("nobody can own that credential")
	}
	found.Owner = to.String()
	c.subscriptions.set(id, found)
	c.log(Event{Type: "transferred", Name: "Transfer", Subscription: id, Actor: c.sender, Owner: found.Owner})
	return nil
}
