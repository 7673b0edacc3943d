package ledger

import (
	"reflect"
	"testing"
)

func (w *world) poll(cursor string, most int) *News {
	w.t.Helper()
	news, known, err := w.Poll(cursor, most, 10)
	if err != nil || !known {
		w.t.Fatal(known, err)
	}
	return news
}

// names of all events from a cursor on, in pieces.
func (w *world) names(cursor string, most int) (names []string, end string) {
	w.t.Helper()
	for {
		news := w.poll(cursor, most)
		if news.Rollback != nil {
			names = append(names, "rollback")
		}
		if len(news.Events) > most {
			w.t.Fatal("more than was asked for")
		}
		for _, event := range news.Events {
			names = append(names, event.Name)
		}
		if cursor = news.Cursor; !news.More {
			return names, cursor
		}
	}
}

func TestCursorGivesTheSameEventsInPieces(t *testing.T) {
	w := shop(t)
	id, order := w.buy("alice")
	w.deliver(id, order)
	whole, end := w.names("", 100)
	want := []string{"PlanCreated", "Issued", "Issued", "SubscriptionPurchased", "Transfer", "SubscriptionDelivered"}
	if !reflect.DeepEqual(whole, want) {
		t.Error(whole)
	}
	for most := 1; most < 5; most++ {
		if pieces, at := w.names("", most); !reflect.DeepEqual(pieces, want) || at != end {
			t.Error(most, pieces, at)
		}
	}
	if more, _ := w.names(end, 100); len(more) != 0 {
		t.Error(more)
	}
	for _, bad := range []string{"x", "0x00:1", "0x00", end + "x"} {
		if _, known, _ := w.Poll(bad, 1, 1); known {
			t.Error("taken:", bad)
		}
	}
}

func TestReorganisationIsReportedOnceWithTheLastValidBlock(t *testing.T) {
	w := shop(t)
	_, before := w.names("", 100)
	valid := w.head()
	w.buy("alice")
	_, after := w.names("", 100)
	gone := w.head()
	if err := w.Reorganise(1); err != nil {
		t.Fatal(err)
	}
	w.reopen() // what is needed to notice stands in the file
	news := w.poll(after, 100)
	if news.Rollback == nil || news.Rollback.ID != valid.ID || len(news.Events) != 0 {
		t.Errorf("%+v", news)
	}
	if names, _ := w.names(after, 1); !reflect.DeepEqual(names, []string{"rollback"}) {
		t.Error(names)
	}
	if again := w.poll(news.Cursor, 100); again.Rollback != nil {
		t.Error("reported twice")
	}
	if names, _ := w.names(before, 100); len(names) != 0 {
		t.Error("below the branch's end:", names)
	}
	if known, _ := w.At(Position{gone.ID, gone.Height}, func(View) {}); known {
		t.Error("the block that is gone can be read at")
	}
	if _, err := w.At(Position{}, func(v View) {
		if _, there := v.Subscription("1"); there || v.Coins(w.account("alice").String()).String() != "10000" {
			t.Error("the purchase is still there")
		}
	}); err != nil {
		t.Fatal(err)
	}
	w.checkBooks()
	w.buy("alice")
}

func TestPastPositionsSayWhatWasSoThere(t *testing.T) {
	w := shop(t)
	id, order := w.buy("alice")
	bought := w.head()
	w.deliver(id, order)
	known, err := w.At(Position{bought.ID, bought.Height}, func(v View) {
		if s, there := v.Subscription(id); !there || s.Delivered {
			t.Errorf("%+v", s)
		}
	})
	if !known || err != nil {
		t.Error(known, err)
	}
}

func TestClockGoesOnInEmptyBlocks(t *testing.T) {
	w := shop(t)
	height := w.head().Height
	if err := w.Tick(); err != nil || w.head().Height != height {
		t.Error("a block without time:", err)
	}
	w.now += 5
	for i := 0; i < 3; i++ {
		if err := w.Tick(); err != nil {
			t.Fatal(err)
		}
	}
	if w.head().Height != height+1 || w.head().Time != w.now {
		t.Error(w.head().Height, w.head().Time)
	}
	w.now -= 100 // a clock that was set back
	if w.buy("alice"); w.head().Time != w.now+100 {
		t.Error("the chain's time went back")
	}
	w.do("operator", "pass_time", args{"seconds": "86400"}, 0)
	if err := w.Mine(1); err != nil || w.head().Time != w.now+day {
		t.Error(w.head().Time-w.now, err)
	}
	if final := w.poll("", 1).Final; final.Height != w.head().Height-2 {
		t.Error("final is", final.Height)
	}
}

func TestOnlyATestLedgerIsToldWhatToDo(t *testing.T) {
	w := shop(t)
	w.genesis.Test = false
	w.refused("operator", "pass_time", args{"seconds": "1"}, 0)
	if err := w.Reorganise(1); err == nil {
		t.Error("blocks were taken back")
	}
}
