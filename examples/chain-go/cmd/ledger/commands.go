package main

import (
	"fmt"
	"math/big"
	"os"

	"example.org/chain-ledger/eth"
	"example.org/chain-ledger/ledger"
	"example.org/chain-ledger/seal"
)

var commands map[string]command

func init() {
	byID := func(function string) command {
		return asWallet(func(w *wallet, o *options) (any, error) {
			id, err := o.need("id")
			if err != nil {
				return nil, err
			}
			return w.done(function, map[string]any{"subscription": id}, none)
		})
	}
	offer := func(active bool) command {
		return asWallet(func(w *wallet, o *options) (any, error) {
			plan, err := o.need("plan")
			if err != nil {
				return nil, err
			}
			return w.done("set_active", map[string]any{"plan": plan, "active": active}, none)
		})
	}
	commands = map[string]command{
		"keygen": keygen, "address": address, "sign": sign, "init": initLedger, "show": show,
		"plan-create": asWallet(planCreate), "plan-on": offer(true), "plan-off": offer(false),
		"issue": asWallet(issue), "server-key": asWallet(serverKey), "pass-time": asWallet(passTime), "mine": asWallet(mine), "reorganise": asWallet(reorganise),
		"buy": asWallet(buy), "open": asWallet(open), "known-hosts": asWallet(knownHosts), "extend": asWallet(extend),
		"cancel": byID("cancel"), "refund": byID("refund"), "transfer": asWallet(transfer), "claim": asWallet(claim),
		"credit": asWallet(credit), "balance": asWallet(balance), "books": asWallet(books), "subscription": asWallet(subscription),
	}
}

func keygen(o *options) (any, error) {
	path, err := o.need("key")
	if err != nil {
		return nil, err
	}
	made, err := makeKey(path)
	return map[string]string{"address": made.String()}, err
}

func addressOf(path string) (eth.Address, error) {
	key, err := readKey(path)
	if err != nil {
		return eth.Address{}, err
	}
	public, err := key.Public()
	return public.Address(), err
}

func address(o *options) (any, error) {
	path, err := o.need("key")
	if err != nil {
		return nil, err
	}
	own, err := addressOf(path)
	return map[string]string{"address": own.String()}, err
}

func sign(o *options) (any, error) {
	words, err := o.all("key", "message")
	if err != nil {
		return nil, err
	}
	key, err := readKey(words[0])
	if err != nil {
		return nil, err
	}
	message, err := os.ReadFile(words[1])
	if err != nil {
		return nil, err
	}
	signature, err := key.Sign(eth.MessageHash(message))
	return map[string]string{"signature": eth.Hex(signature)}, err
}

func initLedger(o *options) (any, error) {
	words, err := o.all("ledger", "key", "server-key")
	if err != nil {
		return nil, err
	}
	options := ledger.Options{Test: o.test}
	if options.Operator, err = addressOf(words[1]); err != nil {
		return nil, err
	}
	encoded, err := eth.ParseHex(words[2])
	if err != nil {
		return nil, err
	}
	if options.ServerKey, err = eth.ParsePublicKey(encoded); err != nil {
		return nil, err
	}
	options.Treasury = options.Operator
	if text, given := o.set["treasury"]; given {
		if options.Treasury, err = eth.ParseAddress(text); err != nil {
			return nil, err
		}
	}
	blockTime, err := o.number("block-time", 10)
	if err != nil {
		return nil, err
	}
	options.BlockTimeS = int64(blockTime)
	if options.FinalityLag, err = o.number("finality-lag", 0); err != nil {
		return nil, err
	}
	if err := ledger.Create(words[0], options); err != nil {
		return nil, err
	}
	return show(o)
}

func show(o *options) (any, error) {
	path, err := o.need("ledger")
	if err != nil {
		return nil, err
	}
	opened, err := ledger.Open(path)
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	g := opened.Genesis()
	out := map[string]any{"chain": g.Chain, "contract": g.Contract.String(), "credential": g.Credential.String(), "operator": g.Operator.String(), "treasury": g.Treasury.String(),
		"test": g.Test, "block_time_s": g.BlockTimeS, "finality_lag": g.FinalityLag}
	_, err = opened.At(ledger.Position{}, func(v ledger.View) {
		out["height"], out["position"], out["time"] = v.Block.Height, v.Block.ID, v.Block.Time
	})
	return out, err
}

func planCreate(w *wallet, o *options) (any, error) {
	args := map[string]any{}
	for option, name := range map[string]string{"agent": "agent", "resources": "resources", "price": "price_per_day", "window": "window_s", "grace": "grace_s",
		"setup-days": "setup_days", "capacity": "total"} {
		text, err := o.need(option)
		if err != nil {
			return nil, err
		}
		args[name] = text
	}
	agent, err := eth.ParseAddress(args["agent"].(string))
	if err != nil {
		return nil, err
	}
	args["agent"] = agent.String()
	block, err := w.do("create_plan", args, none)
	if err != nil {
		return nil, err
	}
	return map[string]string{"plan": block.Events[0].Plan}, nil
}

func issue(w *wallet, o *options) (any, error) {
	words, err := o.all("to", "amount")
	if err != nil {
		return nil, err
	}
	to, err := eth.ParseAddress(words[0])
	if err != nil {
		return nil, err
	}
	return w.done("issue", map[string]any{"to": to.String(), "amount": words[1]}, none)
}

func serverKey(w *wallet, o *options) (any, error) {
	key, err := o.need("server-key")
	if err != nil {
		return nil, err
	}
	return w.done("set_server_key", map[string]any{"key": key}, none)
}

func passTime(w *wallet, o *options) (any, error) {
	seconds, err := o.need("seconds")
	if err != nil {
		return nil, err
	}
	if _, err := w.do("pass_time", map[string]any{"seconds": seconds}, none); err != nil {
		return nil, err
	}
	return map[string]any{}, w.Mine(1) // the block that has the new time
}

func mine(w *wallet, o *options) (any, error) {
	blocks, err := o.number("blocks", 1)
	if err != nil {
		return nil, err
	}
	return map[string]any{}, w.Mine(int(blocks))
}

func reorganise(w *wallet, o *options) (any, error) {
	depth, err := o.number("depth", 1)
	if err != nil {
		return nil, err
	}
	return map[string]any{}, w.Reorganise(depth)
}

func (w *wallet) where() seal.Where {
	return seal.Where{Chain: w.Genesis().Chain, Contract: w.Genesis().Contract}
}

// recipient is the key pair that the wallet opens its credentials with, and the server's key.
func (w *wallet) recipient() (eth.Secret, eth.PublicKey, error) {
	var server eth.PublicKey
	var bad error
	if err := w.look(func(v ledger.View) { server, bad = v.ServerKey() }); err != nil || bad != nil {
		return eth.Secret{}, server, fmt.Errorf("the server key: %v %v", err, bad)
	}
	secret, err := seal.RecipientKey(w.key, w.where(), server)
	return secret, server, err
}

func buy(w *wallet, o *options) (any, error) {
	plan, err := o.need("plan")
	if err != nil {
		return nil, err
	}
	days, err := o.number("days", 0)
	if err != nil {
		return nil, err
	}
	price := none
	if err := w.look(func(v ledger.View) {
		if offer, known := v.Plan(plan); known {
			price = ledger.Price(offer, days, true)
		}
	}); err != nil {
		return nil, err
	}
	secret, server, err := w.recipient()
	if err != nil {
		return nil, err
	}
	recipient, err := secret.Public()
	if err != nil {
		return nil, err
	}
	request, err := seal.Seal(seal.Request, server, seal.RequestData(w.where(), w.self), recipient.Compressed())
	if err != nil {
		return nil, err
	}
	block, err := w.do("purchase", map[string]any{"plan": plan, "days": fmt.Sprint(days), "recipient": w.self.String(), "request": eth.Hex(request)}, price)
	if err != nil {
		return nil, err
	}
	bought := block.Events[0]
	return map[string]any{"subscription": bought.Subscription, "tx": bought.Tx, "block": block.Height, "amount": price.String()}, nil
}

// find is a subscription that there is.
func (w *wallet) find(o *options) (id string, found ledger.Subscription, plan ledger.Plan, err error) {
	if id, err = o.need("id"); err != nil {
		return
	}
	known := false
	if err = w.look(func(v ledger.View) {
		if found, known = v.Subscription(id); known {
			plan, _ = v.Plan(found.Plan)
		}
	}); err == nil && !known {
		err = fmt.Errorf("there is no subscription %s", id)
	}
	return
}

func (w *wallet) details(o *options) (seal.Details, error) {
	id, found, _, err := w.find(o)
	if err != nil {
		return seal.Details{}, err
	}
	owner, err := eth.ParseAddress(found.Owner)
	if err != nil {
		return seal.Details{}, fmt.Errorf("the subscription %s has no credential: it is not delivered, or over", id)
	}
	secret, _, err := w.recipient()
	if err != nil {
		return seal.Details{}, err
	}
	content, err := seal.Open(seal.Credential, secret, seal.CredentialData(w.where(), id, owner), found.Sealed)
	if err != nil {
		return seal.Details{}, err
	}
	return seal.ParseDetails(content)
}

func open(w *wallet, o *options) (any, error) { return w.details(o) }

func knownHosts(w *wallet, o *options) (any, error) {
	out, err := o.need("out")
	if err != nil {
		return nil, err
	}
	found, err := w.details(o)
	if err != nil {
		return nil, err
	}
	host := found.Hostname
	if found.Port != 22 {
		host = fmt.Sprintf("[%s]:%d", host, found.Port)
	}
	return found, os.WriteFile(out, []byte(host+" "+found.HostKey+"\n"), 0o600)
}

func extend(w *wallet, o *options) (any, error) {
	id, _, plan, err := w.find(o)
	if err != nil {
		return nil, err
	}
	days, err := o.number("days", 0)
	if err != nil {
		return nil, err
	}
	return w.done("extend", map[string]any{"subscription": id, "days": fmt.Sprint(days)}, ledger.Price(plan, days, false))
}

func transfer(w *wallet, o *options) (any, error) {
	words, err := o.all("id", "to")
	if err != nil {
		return nil, err
	}
	to, err := eth.ParseAddress(words[1])
	if err != nil {
		return nil, err
	}
	return w.done("transfer", map[string]any{"subscription": words[0], "to": to.String()}, none)
}

func claim(w *wallet, _ *options) (any, error) {
	return w.done("claim", map[string]any{"to": w.self.String()}, none)
}

func (w *wallet) amount(name string, of func(ledger.View) *big.Int) (any, error) {
	units := none
	err := w.look(func(v ledger.View) { units = of(v) })
	return map[string]string{name: units.String()}, err
}

func credit(w *wallet, _ *options) (any, error) {
	return w.amount("credit", func(v ledger.View) *big.Int { return v.Credit(w.self.String()) })
}

func balance(w *wallet, _ *options) (any, error) {
	return w.amount("balance", func(v ledger.View) *big.Int { return v.Coins(w.self.String()) })
}

func books(w *wallet, _ *options) (any, error) {
	out := map[string]string{}
	err := w.look(func(v ledger.View) {
		m := v.Money()
		for name, units := range map[string]*big.Int{"undelivered": m.Undelivered, "unearned": m.Unearned, "earned": m.Earned, "credits": m.Credits,
			"balance": v.Coins(w.Genesis().Contract.String())} {
			out[name] = units.String()
		}
	})
	return out, err
}

func subscription(w *wallet, o *options) (any, error) {
	id, s, _, err := w.find(o)
	return map[string]any{"subscription": id, "plan": s.Plan, "buyer": s.Buyer, "owner": s.Owner, "delivered": s.Delivered, "declined": s.Declined, "refunded": s.Refunded,
		"cancelled": s.Cancelled, "closed": s.Closed, "burned": s.Burned, "ends": s.End}, err
}
