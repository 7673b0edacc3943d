package ledger

import "sort"

// rule is what must hold before a function's own code looks. The first one of a list that fails is the answer.
type rule func(*call) error

// function is one that the contract can be asked.
type function struct {
	do    func(*call) error
	rules []rule
	coins bool // whether it takes any; others want the value 0
}

func (f function) run(c *call) error {
	for _, rule := range f.rules {
		if err := rule(c); err != nil {
			return err
		}
	}
	return f.do(c)
}

var functions = map[string]function{
	"create_plan":    {do: (*call).createPlan, rules: []rule{byOperator}},
	"set_active":     {do: (*call).setPlan, rules: []rule{aPlan, byOperator}},
	"set_price":      {do: (*call).setPlan, rules: []rule{aPlan, byOperator}},
	"set_agent":      {do: (*call).setPlan, rules: []rule{aPlan, byOperator}},
	"set_capacity":   {do: (*call).setPlan, rules: []rule{aPlan, byOperatorOrAgent}},
	"set_server_key": {do: (*call).setServerKey, rules: []rule{byOperator}},
	"issue":          {do: (*call).issue, rules: []rule{byOperator}},
	"pass_time":      {do: (*call).passTime, rules: []rule{byOperator}},
	"purchase":       {do: (*call).purchase, rules: []rule{aPlan, onOffer, inTime}, coins: true},
	"deliver":        {do: (*call).deliver, rules: []rule{aSubscription, byAgent, open, ofItsOrder, inTime}},
	"decline":        {do: (*call).decline, rules: []rule{aSubscription, byAgent, open, ofItsOrder}},
	"refund":         {do: (*call).refund, rules: []rule{aSubscription, open}},
	"extend":         {do: (*call).extend, rules: []rule{aSubscription, live, onOffer, inTime}, coins: true},
	"cancel":         {do: (*call).cancel, rules: []rule{aSubscription, live, byOwnerOrOperator}},
	"close":          {do: (*call).close, rules: []rule{aSubscription, byAgent}},
	"update":         {do: (*call).update, rules: []rule{aSubscription, byAgent}},
	"burn":           {do: (*call).burn, rules: []rule{aSubscription, byAgent}},
	"credit_time":    {do: (*call).creditTime, rules: []rule{aSubscription, byAgent, live}},
	"withdraw":       {do: (*call).withdraw},
	"claim":          {do: (*call).claim},
	"transfer":       {do: (*call).transfer, rules: []rule{aSubscription, live, byOwner}},
}

// Functions are the names of all that the contract can be asked.
func Functions() []string {
	names := make([]string, 0, len(functions))
	for name := range functions {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// What it is about.

func aPlan(c *call) error {
	id, err := c.intent.TextArg("plan")
	if err != nil {
		return err
	}
	known := false
	if c.plan, known = c.plans.now(id); !known {
		return refuse("there is no plan %.40q", id)
	}
	c.id = id
	return nil
}

func aSubscription(c *call) error {
	id, err := c.intent.TextArg("subscription")
	if err != nil {
		return err
	}
	known := false
	if c.found, known = c.subscriptions.now(id); !known {
		return refuse("there is no subscription %.40q", id)
	}
	c.id = id
	c.plan, _ = c.plans.now(c.found.Plan)
	return nil
}

// Who may.

func (c *call) isOperator() bool { return c.sender == c.genesis.Operator.String() }

func byOperator(c *call) error {
	if !c.isOperator() {
		return refuse("only the operator may do that")
	}
	return nil
}

func byAgent(c *call) error {
	if c.sender != c.plan.Agent {
		return refuse("only the agent of its plan may do that")
	}
	return nil
}

func byOperatorOrAgent(c *call) error {
	if c.isOperator() {
		return nil
	}
	return byAgent(c)
}

func byOwner(c *call) error {
	if c.sender != c.found.Owner {
		return refuse("only its owner may do that")
	}
	return nil
}

func byOwnerOrOperator(c *call) error {
	if c.isOperator() {
		return nil
	}
	return byOwner(c)
}

// How things must stand.

// open: nothing has been decided about the purchase.
func open(c *call) error {
	if c.found.Delivered || c.found.Declined || c.found.Refunded {
		return refuse("it is delivered, declined or refunded already")
	}
	return nil
}

func live(c *call) error {
	if !c.found.Delivered || c.found.Cancelled || c.found.Closed {
		return refuse("the subscription is not delivered, or was cancelled or closed")
	}
	return nil
}

func onOffer(c *call) error {
	if !c.plan.Active {
		return refuse("the plan is not on offer")
	}
	return nil
}

func ofItsOrder(c *call) error {
	if order, _ := c.intent.TextArg("order"); order != c.found.Order {
		return refuse("the subscription's order is %s", c.found.Order)
	}
	return nil
}

// inTime: the argument deadline may be absent.
func inTime(c *call) error {
	if _, given := c.intent.Args["deadline"]; !given {
		return nil
	}
	until, err := c.intent.NumberArg("deadline", 62)
	if err == nil && c.now > until.Int64() {
		return refuse("its deadline has passed")
	}
	return err
}
