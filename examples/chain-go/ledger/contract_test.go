package ledger

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"
)

func TestALifeFromPurchaseToBurn(t *testing.T) {
	w := shop(t)
	id, order := w.buy("alice")
	w.refused("agent", "deliver", args{"subscription": id, "order": "0x00", "sealed": "0x", "attestation": "0x"}, 0)
	w.refused("alice", "deliver", args{"subscription": id, "order": order, "sealed": "0x", "attestation": "0x"}, 0)
	w.deliver(id, order)
	w.refused("agent", "deliver", args{"subscription": id, "order": order, "sealed": "0x", "attestation": "0x"}, 0)
	s := w.subscription(id)
	if s.Owner != w.account("alice").String() || s.End != w.now+10*day || !s.Delivered {
		t.Fatalf("%+v", s)
	}
	w.now += 5 * day
	w.do("bob", "extend", args{"subscription": id, "days": "10"}, 100)
	if s = w.subscription(id); s.End != w.now+15*day {
		t.Error("extended to", s.End)
	}
	w.do("alice", "transfer", args{"subscription": id, "to": w.account("bob").String()}, 0)
	w.refused("alice", "cancel", args{"subscription": id}, 0)
	w.refused("agent", "close", args{"subscription": id}, 0)
	w.now += 15*day + day
	w.refused("agent", "close", args{"subscription": id}, 0) // the last second of the grace is the owner's
	w.now++
	w.do("agent", "close", args{"subscription": id}, 0)
	w.refused("bob", "extend", args{"subscription": id, "days": "1"}, 10)
	w.do("agent", "burn", args{"subscription": id}, 0)
	w.do("stranger", "withdraw", args{"token": "native", "subscriptions": []any{id, "77"}}, 0)
	if _, err := w.At(Position{}, func(v View) {
		if got := v.Coins(w.account("treasury").String()).String(); got != "220" {
			t.Error("the treasury has", got)
		}
		if plan, _ := v.Plan("1"); plan.Open != 0 {
			t.Error("the place is still taken")
		}
	}); err != nil {
		t.Fatal(err)
	}
}

func TestUnservedBuyerGetsEverythingBackWithoutAsking(t *testing.T) {
	w := shop(t)
	id, order := w.buy("alice")
	w.now += 3600
	w.refused("alice", "refund", args{"subscription": id}, 0)
	w.now++
	w.refused("bob", "refund", args{"subscription": id}, 0)
	w.do("alice", "refund", args{"subscription": id}, 0)
	w.refused("agent", "deliver", args{"subscription": id, "order": order, "sealed": "0x", "attestation": "0x"}, 0)
	if w.credit("alice") != "120" {
		t.Error("credited", w.credit("alice"))
	}
	w.do("alice", "claim", args{"to": w.account("alice").String()}, 0)
	w.refused("alice", "claim", args{"to": w.account("alice").String()}, 0)
	id, _ = w.buy("bob")
	w.now += 3600 + refundOpen + 1
	w.do("alice", "refund", args{"subscription": id}, 0)
	if w.credit("bob") != "120" || w.credit("alice") != "0" {
		t.Error("credited", w.credit("bob"), w.credit("alice"))
	}
}

func TestDeclineGivesEverythingBack(t *testing.T) {
	w := shop(t)
	id, order := w.buy("alice")
	w.refused("agent", "decline", args{"subscription": id, "order": order, "reason": strings.Repeat("x", 65)}, 0)
	w.do("agent", "decline", args{"subscription": id, "order": order, "reason": "no room"}, 0)
	w.refused("alice", "refund", args{"subscription": id}, 0)
	if w.credit("alice") != "120" {
		t.Error("credited", w.credit("alice"))
	}
}

func TestCancelCreditsWhatIsUnearned(t *testing.T) {
	w := shop(t)
	id, order := w.buy("alice")
	w.deliver(id, order)
	w.now += 4 * day
	w.do("alice", "cancel", args{"subscription": id}, 0)
	if w.credit("alice") != "60" { // the setup days are earned, and 4 of 10
		t.Error("credited", w.credit("alice"))
	}
	w.do("agent", "close", args{"subscription": id}, 0) // by its owner: no grace
	id, order = w.buy("bob")
	w.deliver(id, order)
	w.do("operator", "cancel", args{"subscription": id}, 0)
	w.refused("agent", "close", args{"subscription": id}, 0) // by the operator: the grace holds
	w.refused("bob", "transfer", args{"subscription": id, "to": w.account("alice").String()}, 0)
}

func TestLateDeliveryDoesNotEarnSetupDays(t *testing.T) {
	w := shop(t)
	id, order := w.buy("alice")
	w.now += 3601
	w.deliver(id, order)
	if s := w.subscription(id); s.Amount.String() != "120" {
		t.Error(s.Amount)
	}
}

func TestOutagesAreCreditedOnce(t *testing.T) {
	w := shop(t)
	id, order := w.buy("alice")
	w.deliver(id, order)
	begin := w.now
	w.now += day
	span := func(from, until int64) args {
		return args{"subscription": id, "from": fmt.Sprint(from), "until": fmt.Sprint(until)}
	}
	w.refused("agent", "credit_time", span(begin-1, begin+10), 0)
	w.refused("agent", "credit_time", span(begin, w.now+1), 0)
	w.do("agent", "credit_time", span(begin, begin+3600), 0)
	if s := w.subscription(id); s.End != begin+10*day+3600 {
		t.Error(s.End)
	}
	w.refused("agent", "credit_time", span(begin+1800, begin+7200), 0)
	w.refused("alice", "credit_time", span(begin+3600, begin+7200), 0)
}

func TestWhatMayNotBeBoughtIsRefused(t *testing.T) {
	w := shop(t)
	offer := func(days string) args {
		return args{"plan": "1", "days": days, "recipient": w.account("alice").String(), "request": "0x"}
	}
	w.refused("alice", "purchase", offer("10"), 119)
	w.refused("alice", "purchase", offer("10"), 121)
	w.refused("alice", "purchase", offer("0"), 20)
	w.refused("alice", "purchase", offer("3651"), 36530)
	w.refused("poor", "purchase", offer("10"), 120)
	late := offer("10")
	late["deadline"] = fmt.Sprint(w.now - 1)
	w.refused("alice", "purchase", late, 120)
	w.do("operator", "set_active", args{"plan": "1", "active": false}, 0)
	w.refused("alice", "purchase", offer("10"), 120)
	w.do("operator", "set_active", args{"plan": "1", "active": true}, 0)
	w.do("agent", "set_capacity", args{"plan": "1", "total": "1"}, 0)
	w.buy("alice")
	w.refused("alice", "purchase", offer("10"), 120)
	w.refused("alice", "set_active", args{"plan": "1", "active": true}, 0)
	w.refused("alice", "issue", args{"to": w.account("alice").String(), "amount": "5"}, 0)
	w.refused("operator", "issue", args{"to": w.account("alice").String(), "amount": "5"}, 7)
	w.refused("operator", "no_such_function", args{}, 0)
}

func TestOneIntentIsDoneOnce(t *testing.T) {
	w := shop(t)
	text, signature := w.signed("operator", "issue", args{"to": w.account("alice").String(), "amount": "5"}, 0)
	first, tx, err := w.Submit(text, signature)
	if err != nil {
		t.Fatal(err)
	}
	again, same, err := w.Submit(text, signature)
	if err != nil || again.ID != first.ID || same != tx {
		t.Error("the same intent again is something else:", again, err)
	}
	other, fresh := w.signed("operator", "issue", args{"to": w.account("bob").String(), "amount": "5"}, 0)
	if _, _, err := w.Submit(other, signature); err == nil {
		t.Error("a signature of another intent is taken")
	}
	if _, _, err := w.Submit(append(other, ' '), fresh); err == nil {
		t.Error("another spelling is taken")
	}
}

// Random calls by random people at random times: what is done keeps the books, which each call is followed by a look at.
func TestBooksAddUpWhateverIsAsked(t *testing.T) {
	random := rand.New(rand.NewSource(7))
	w := shop(t)
	w.do("operator", "set_capacity", args{"plan": "1", "total": "100"}, 0)
	people := []string{"alice", "bob", "operator", "agent"}
	done := map[string]int{}
	for i := 0; i < 700; i++ {
		w.now += int64(random.Intn(4 * 3600))
		// Not the oldest ones, where nothing is left to do.
		count := w.state.subscriptions.count()
		id := fmt.Sprint(1 + count - random.Intn(int(min(uint64(count+1), 20))))
		who := people[random.Intn(len(people))]
		function := []string{"purchase", "purchase", "deliver", "deliver", "decline", "refund", "refund", "extend", "extend",
			"cancel", "close", "burn", "withdraw", "claim", "transfer", "credit_time"}[random.Intn(16)]
		given, value := args{"subscription": id}, int64(0)
		switch function {
		case "purchase":
			given, value = args{"plan": "1", "days": "3", "recipient": w.account(who).String(), "request": "0x"}, 50
		case "deliver", "decline":
			who = "agent"
			given["order"], given["sealed"], given["attestation"], given["reason"] = w.subscription(id).Order, "0x", "0x", "r"
			if function == "deliver" {
				delete(given, "reason")
			}
		case "close", "burn":
			who = "agent"
		case "extend":
			given["days"], value = "7", 70
		case "withdraw":
			given = args{"token": "native", "subscriptions": []any{id}}
		case "claim", "transfer":
			given["to"] = w.account(people[random.Intn(2)]).String()
		case "credit_time":
			who, given["from"], given["until"] = "agent", fmt.Sprint(w.now-2000), fmt.Sprint(w.now-1000)
		}
		if _, err := w.try(who, function, given, value); err == nil {
			done[function]++
		} else if _, is := err.(*Refused); !is {
			t.Fatal(err)
		}
	}
	for _, function := range []string{"purchase", "deliver", "refund", "extend", "cancel", "close", "burn", "claim", "transfer", "credit_time"} {
		if done[function] == 0 {
			t.Errorf("%s never happened: %v", function, done)
		}
	}
	head, coins := w.head().ID, w.subscription("1")
	w.reopen()
	if w.head().ID != head || fmt.Sprintf("%+v", w.subscription("1")) != fmt.Sprintf("%+v", coins) {
		t.Error("read again, the file says something else")
	}
}
