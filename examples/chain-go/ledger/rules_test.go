package ledger

import (
	"strings"
	"testing"
)

func TestAStrangerMayAskForNothingOfOthers(t *testing.T) {
	w := shop(t)
	id, order := w.buy("alice")
	w.deliver(id, order)
	anyones := map[string]bool{"purchase": true, "refund": true, "extend": true, "withdraw": true, "claim": true}
	for _, function := range Functions() {
		_, err := w.try("stranger", function, args{"plan": "1", "subscription": id}, 0)
		if err == nil {
			t.Errorf("%s is done", function)
		} else if only := strings.Contains(err.Error(), ": only "); only == anyones[function] {
			t.Errorf("%s: %v", function, err)
		}
	}
}

func TestWhatThereIsNotIsRefused(t *testing.T) {
	w := shop(t)
	for name, of := range functions {
		if len(of.rules) == 0 {
			continue
		}
		if _, err := w.try("operator", name, args{"plan": "77", "subscription": "77"}, 0); err == nil {
			t.Errorf("%s is done", name)
		}
	}
	w.refused("agent", "deliver", args{"order": "0x00"}, 0)
	w.refused("operator", "set_active", args{"active": true}, 0)
}
