package ledger

import (
	"math/big"
	"strconv"

	"example.org/chain-ledger/eth"
)

// What the operator asks of the contract.

const (
	day        = 86400
	maxDays    = 3650
	maxWindow  = 7 * day
	maxGrace   = 90 * day
	maxSetup   = 30
	maxSealed  = 1024
	maxReason  = 64
	refundOpen = 30 * day // from then on anybody may ask for a buyer's refund
)

func (c *call) small(name string, most uint64) (uint64, error) {
	number, err := c.intent.NumberArg(name, 62)
	if err != nil {
		return 0, err
	}
	if number.Uint64() > most {
		return 0, refuse("%s is at most %d", name, most)
	}
	return number.Uint64(), nil
}

func (c *call) createPlan() error {
	plan := Plan{Active: true}
	var err error
	if plan.Resources, err = c.intent.TextArg("resources"); err != nil {
		return err
	}
	agent, err := c.intent.AddressArg("agent")
	if err != nil {
		return err
	}
	if plan.PricePerDay, err = c.intent.NumberArg("price_per_day", 96); err != nil {
		return err
	}
	if plan.WindowS, err = c.small("window_s", maxWindow); err != nil {
		return err
	}
	if plan.GraceS, err = c.small("grace_s", maxGrace); err != nil {
		return err
	}
	if plan.SetupDays, err = c.small("setup_days", maxSetup); err != nil {
		return err
	}
	if plan.Total, err = c.small("total", 1<<32); err != nil {
		return err
	}
	if plan.WindowS < 60 {
		return refuse("the delivery window is at least a minute")
	}
	plan.Agent = agent.String()
	c.putPlan(strconv.Itoa(c.plans.count()+1), plan, "PlanCreated")
	return nil
}

func (c *call) putPlan(id string, plan Plan, name string) {
	c.plans.set(id, plan)
	c.log(Event{Type: "plan", Name: name, Plan: id, State: &plan})
}

func (c *call) setPlan() error {
	var err error
	plan, name := c.plan, ""
	switch c.intent.Function {
	case "set_active":
		name = "PlanActiveChanged"
		plan.Active, err = c.intent.FlagArg("active")
	case "set_capacity":
		name = "CapacityChanged"
		plan.Total, err = c.small("total", 1<<32)
	case "set_price":
		name = "PriceChanged"
		plan.PricePerDay, err = c.intent.NumberArg("price_per_day", 96)
	case "set_agent":
		var agent eth.Address
		name = "AgentChanged"
		agent, err = c.intent.AddressArg("agent")
		plan.Agent = agent.String()
	}
	if err != nil {
		return err
	}
	c.putPlan(c.id, plan, name)
	return nil
}

func (c *call) setServerKey() error {
	key, err := c.intent.BytesArg("key", 65)
	if err != nil {
		return err
	}
	if _, err := eth.ParsePublicKey(key); err != nil {
		return err
	}
	c.serverKey.set("", eth.Hex(key))
	c.log(Event{Type: "other", Name: "ServerKeyChanged", Data: key})
	return nil
}

// issue makes coins: this ledger's coin is the operator's promise.
func (c *call) issue() error {
	to, err := c.intent.AddressArg("to")
	if err != nil {
		return err
	}
	more, err := c.intent.NumberArg("amount", 127)
	if err != nil {
		return err
	}
	c.coins.set(to.String(), sum(c.coinsOf(to.String()), more))
	c.log(Event{Type: "other", Name: "Issued", Owner: to.String(), Amount: more})
	return nil
}

func (c *call) passTime() error {
	if !c.genesis.Test {
		return refuse("time passes by itself; only a ledger that was made for tests can be told")
	}
	seconds, err := c.small("seconds", 100*365*day)
	if err != nil {
		return err
	}
	offset, _ := c.offset.now("")
	c.offset.set("", offset+int64(seconds))
	c.log(Event{Type: "other", Name: "TimePassed"})
	return nil
}

// withdraw settles the subscriptions that are named, then moves what is earned to the treasury. Anybody may ask for it.
func (c *call) withdraw() error {
	if token, err := c.intent.TextArg("token"); err != nil || token != "native" {
		return refuse("the ledger has one token, native")
	}
	ids, err := c.intent.TextsArg("subscriptions")
	if err != nil {
		return err
	}
	for _, id := range ids {
		if found, known := c.subscriptions.now(id); known && found.Delivered {
			c.settle(&found)
			c.subscriptions.set(id, found)
		}
	}
	m := moneyAt(c.money.now(""))
	earned := m.Earned
	m.Earned, m.Withdrawn = new(big.Int), sum(m.Withdrawn, earned)
	c.money.set("", m)
	c.move(c.genesis.Contract.String(), c.genesis.Treasury.String(), earned)
	c.log(Event{Type: "withdrawn", Name: "Withdrawn", Actor: c.genesis.Treasury.String(), Amount: earned})
	return nil
}
