// A chain plugin in Go: a ledger in one file. README.md walks through it.
package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	blockhost "blockhost.org/sdk"

	"example.org/chain-ledger/eth"
	"example.org/chain-ledger/ledger"
)

const scheme = "eip191"

func main() {}

func init() {
	blockhost.Register(blockhost.Plugin[*chain]{ID: "org.example.chain-ledger", Version: "1.0.0", Create: create, Check: check})
}

type config struct {
	Folder     string `bh:"folder,required"`
	FinalDepth uint32 `bh:"final_depth"`
}

type chain struct {
	kernel     *blockhost.Kernel
	ledger     *ledger.Ledger
	agent      eth.Address
	recent     int
	submitting sync.Mutex // one nonce is chosen, signed, saved and used at a time
}

// file is the ledger's: a worker is granted folders.
func (c config) file() string { return filepath.Join(c.Folder, "chain") }

func read(text []byte) (config, error) {
	settings := config{FinalDepth: 64}
	err := blockhost.UnmarshalConfig(text, &settings)
	return settings, err
}

func create(kernel *blockhost.Kernel, text []byte) (*chain, error) {
	settings, err := read(text)
	if err != nil {
		return nil, err
	}
	key, err := kernel.PublicKey("agent")
	if err != nil {
		return nil, fmt.Errorf("the agent's key: %w", err)
	}
	agent, err := eth.ParsePublicKey(key)
	if err != nil {
		return nil, blockhost.Errorf(blockhost.Invalid, "agent_key", "the agent's key is none of secp256k1: %v", err)
	}
	opened, err := ledger.Open(settings.file())
	if err != nil {
		return nil, failure(err)
	}
	return &chain{kernel: kernel, ledger: opened, agent: agent.Address(), recent: int(settings.FinalDepth) + 1}, nil
}

func check(_ *blockhost.Kernel, text []byte, _ time.Time) ([]blockhost.Finding, error) {
	settings, err := read(text)
	if err != nil {
		return nil, err
	}
	opened, err := ledger.Open(settings.file())
	if err != nil {
		return []blockhost.Finding{{Field: "/folder", Severity: "error", Message: err.Error(),
			Remedy: "make FOLDER/chain with `ledger init`, or name the right folder; the worker needs it in worker.write of launch.yaml"}}, nil
	}
	defer opened.Close()
	genesis := opened.Genesis()
	said := fmt.Sprintf("the ledger %s with the contract %s", genesis.Chain, genesis.Contract)
	if genesis.Test {
		return []blockhost.Finding{{Field: "/folder", Severity: "warning", Message: said + " was made for tests: its operator can pass time and take blocks back",
			Remedy: "make one without --test before anybody pays"}}, nil
	}
	return []blockhost.Finding{{Field: "/folder", Severity: "info", Message: said}}, nil
}

// failure gives an error of the ledger its status.
func failure(err error) error {
	var damaged *ledger.Corrupt
	switch {
	case err == nil:
		return nil
	case errors.As(err, &damaged):
		return blockhost.Errorf(blockhost.Corrupt, "ledger_damaged", "%v", err)
	case errors.Is(err, ledger.ErrUnknownOutcome):
		return blockhost.Errorf(blockhost.UnknownOutcome, "ledger_write", "%v", err)
	case blockhost.StatusOf(err) == blockhost.Internal:
		return blockhost.Errorf(blockhost.Unavailable, "ledger", "%v", err)
	}
	return err
}

func (c *chain) Health() (string, error) {
	said := ""
	_, err := c.ledger.At(ledger.Position{}, func(v ledger.View) {
		said = fmt.Sprintf("block %d of %s", v.Block.Height, c.ledger.Genesis().Chain)
	})
	return said, failure(err)
}
func (c *chain) Quiesce(time.Time) error { return nil }
func (c *chain) Close()                  { c.ledger.Close() }

func (c *chain) DescribeChain() (*blockhost.ChainDescription, error) {
	genesis := c.ledger.Genesis()
	return &blockhost.ChainDescription{Chain: genesis.Chain, Contract: genesis.Contract.String(), Credential: genesis.Credential.String(),
		Capabilities:     []string{"deliver", "decline", "refund", "cancel", "close", "extend", "update", "burn", "set_capacity", "credit_time", "withdraw", "transfer"},
		SignatureSchemes: []string{scheme}, CredentialKinds: []string{"nft"}, SealFormats: []string{"seal-1", "seal-2"},
		Accounts:    map[string]string{"agent": c.agent.String(), "treasury": genesis.Treasury.String(), "escrow": genesis.Contract.String()},
		BlockTimeMS: uint32(genesis.BlockTimeS * 1000), CoinSymbol: genesis.Symbol, CoinDecimals: 18}, nil
}

func positionOf(b *ledger.Block) blockhost.Position {
	return blockhost.Position{ID: b.ID, Height: b.Height}
}
func blockOf(b *ledger.Block) blockhost.Block {
	return blockhost.Block{Position: positionOf(b), Time: at(b.Time)}
}
func at(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }

// unlessZero: 0 is a time that there is not yet.
func unlessZero(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return at(seconds)
}

func (c *chain) Poll(_ *blockhost.Call, cursor string, max uint32) (*blockhost.ChainEvents, error) {
	if err := c.ledger.Tick(); err != nil {
		return nil, failure(err)
	}
	news, known, err := c.ledger.Poll(cursor, int(max), c.recent)
	if err != nil {
		return nil, failure(err)
	}
	if !known {
		return nil, blockhost.Errorf(blockhost.Invalid, "cursor", "the cursor is not of this ledger: the file was replaced; give it an instance of its own")
	}
	final := blockOf(news.Final)
	out := &blockhost.ChainEvents{Events: []blockhost.ChainEvent{}, Finalized: &final, Cursor: news.Cursor, More: news.More}
	for _, block := range news.Recent {
		out.Recent = append(out.Recent, blockOf(block))
	}
	out.Head = out.Recent[len(out.Recent)-1]
	if news.Rollback != nil {
		out.Events = append(out.Events, blockhost.ChainEvent{Type: "rollback", Position: positionOf(news.Rollback)})
	}
	for _, event := range news.Events {
		out.Events = append(out.Events, eventOf(event))
	}
	return out, nil
}

func eventOf(e ledger.Logged) blockhost.ChainEvent {
	out := blockhost.ChainEvent{Type: e.Type, Name: e.Name, Position: positionOf(e.Block), Time: at(e.Block.Time), TX: e.Tx, LogIndex: e.Index, Ordinal: e.Ordinal,
		Subscription: e.Subscription, Plan: e.Plan, Actor: e.Actor, Owner: e.Owner, Order: e.Order, PaidSeconds: e.PaidSeconds, Amount: e.Amount,
		ExpiresAt: unlessZero(e.ExpiresAt), Data: e.Data}
	switch e.Type {
	case "purchased", "extended", "declined", "refunded", "cancelled", "withdrawn", "claimed":
		out.Token = "native"
	}
	if p := e.State; p != nil {
		out.PlanState = &blockhost.PlanState{Resources: p.Resources, DeliveryWindowS: p.WindowS, GraceS: p.GraceS, SetupDays: uint32(p.SetupDays), Active: p.Active,
			Total: p.Total, Agent: p.Agent}
	}
	return out
}

// look reads at a position. One file is one endpoint, so that no two can be asked to agree.
func (c *chain) look(where blockhost.At, look func(ledger.View)) error {
	if where.MinAgree > 1 {
		return blockhost.Errorf(blockhost.Unavailable, "too_few_agree", "a ledger in a file is one endpoint, %d are asked to agree", where.MinAgree)
	}
	known, err := c.ledger.At(ledger.Position{ID: where.Position.ID, Height: where.Position.Height}, look)
	if err == nil && !known {
		return blockhost.Errorf(blockhost.Unavailable, "unknown_position", "block %d with that id is not on the ledger's branch", where.Position.Height)
	}
	return failure(err)
}

func (c *chain) OwnerOf(credential string, where blockhost.At) (*blockhost.Owner, error) {
	out := &blockhost.Owner{}
	return out, c.look(where, func(v ledger.View) {
		found, _ := v.Subscription(credential)
		out.Exists, out.Owner, out.Position = found.Owner != "", found.Owner, positionOf(v.Block)
	})
}

func (c *chain) SubscriptionState(id string, where blockhost.At) (*blockhost.SubscriptionState, error) {
	out := &blockhost.SubscriptionState{}
	return out, c.look(where, func(v ledger.View) {
		out.Position, out.Time = positionOf(v.Block), at(v.Block.Time)
		s, known := v.Subscription(id)
		if !known {
			return
		}
		plan, _ := v.Plan(s.Plan)
		out.Exists, out.Subscription, out.Plan, out.Order, out.Recipient, out.Owner = true, id, s.Plan, s.Order, s.Buyer, s.Owner
		out.PaidSeconds, out.Token, out.Amount, out.WindowEnds = s.PaidSeconds, "native", s.Paid, at(s.PurchasedAt+int64(plan.WindowS))
		if s.Delivered {
			out.ExpiresAt, out.GraceEnds = at(s.End), at(s.End+int64(plan.GraceS))
			out.Unsettled, out.CreditableFrom = s.Unsettled(v.Block.Time), at(s.DeliveredAt)
			if s.OutageUntil > s.DeliveredAt {
				out.CreditableFrom = at(s.OutageUntil)
			}
			if !s.Cancelled && !s.Closed {
				out.CreditableS = uint64(int64(s.PaidSeconds) - s.OutageCredited)
			}
		}
		out.Delivered, out.Declined, out.Refunded, out.Cancelled = s.Delivered, s.Declined, s.Refunded, s.Cancelled
		out.CancelledByOwner, out.Closed, out.Burned = s.Cancelled && !s.ByOperator, s.Closed, s.Burned
	})
}

func (c *chain) Balances(account string, where blockhost.At) (*blockhost.Balances, error) {
	genesis := c.ledger.Genesis()
	named := map[string]eth.Address{"agent": c.agent, "treasury": genesis.Treasury, "escrow": genesis.Contract}
	who, isName := named[account]
	if !isName {
		var err error
		if who, err = eth.ParseAddress(account); err != nil {
			return nil, blockhost.Errorf(blockhost.Invalid, "account", "the account is agent, treasury, escrow or an address: %v", err)
		}
	}
	out := &blockhost.Balances{}
	if isName {
		out.Account = who.String()
	}
	return out, c.look(where, func(v ledger.View) {
		out.Position = positionOf(v.Block)
		out.Balances = []blockhost.Balance{{Token: "native", Symbol: genesis.Symbol, Decimals: 18, Amount: v.Coins(who.String())}}
		if account == "escrow" {
			m := v.Money()
			out.Balances[0].Escrow = &blockhost.Escrow{Undelivered: m.Undelivered, Unearned: m.Unearned, Earned: m.Earned, Credits: m.Credits}
		}
	})
}

func (c *chain) RecoverSigner(with string, message, signature []byte) (string, error) {
	if with != scheme {
		return "", blockhost.Errorf(blockhost.Unsupported, "scheme", "the signature scheme %.40q is not known; %s is", with, scheme)
	}
	who, err := eth.RecoverMessage(message, signature)
	if err != nil {
		return "", blockhost.Errorf(blockhost.Invalid, "bad_signature", "%v", err)
	}
	return who.String(), nil
}

func (c *chain) VerifySignature(with, signer string, message, signature []byte, where blockhost.At) (*blockhost.Verification, error) {
	who, err := c.RecoverSigner(with, message, signature)
	if blockhost.StatusOf(err) == blockhost.Unsupported {
		return nil, err
	}
	wanted, bad := eth.ParseAddress(signer)
	out := &blockhost.Verification{Valid: err == nil && bad == nil && who == wanted.String()}
	return out, c.look(where, func(v ledger.View) { out.Position = positionOf(v.Block) })
}

func (c *chain) ParseAddress(text string) (string, error) {
	a, err := eth.ParseAddress(text)
	if err != nil {
		return "", blockhost.Errorf(blockhost.Invalid, "bad_address", "%v", err)
	}
	return a.String(), nil
}
