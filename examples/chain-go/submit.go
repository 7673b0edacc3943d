package main

import (
	"errors"
	"math/big"
	"strconv"
	"time"

	blockhost "blockhost.org/sdk"

	"example.org/chain-ledger/eth"
	"example.org/chain-ledger/intent"
	"example.org/chain-ledger/ledger"
)

// saved is the checkpoint: what was asked for, and the one signed intent that does it.
type saved struct {
	Asked     string `bh:"asked,required"`
	Text      string `bh:"text,required"`
	Signature []byte `bh:"signature,required"`
}

const waitMS = 200

func (c *chain) Submit(call *blockhost.Call, asked *blockhost.Intent, finalAt blockhost.Position) (*blockhost.Receipt, error) {
	wanted, err := blockhost.Marshal(asked)
	if err != nil {
		return nil, err
	}
	if len(call.Checkpoint()) == 0 {
		if err := call.Stop(); err != nil {
			return nil, err // nothing was done
		}
		return c.anew(call, asked, string(wanted), finalAt)
	}
	var before saved
	if err := blockhost.Unmarshal(call.Checkpoint(), &before); err != nil {
		return nil, blockhost.Errorf(blockhost.Corrupt, "checkpoint", "the saved transaction can't be read: %v", err)
	}
	if before.Asked != string(wanted) {
		return nil, blockhost.Errorf(blockhost.Conflict, "other_intent", "this op_id has a transaction for another intent")
	}
	return c.goOn(call, asked, before, finalAt)
}

// goOn finds what became of the saved transaction.
func (c *chain) goOn(call *blockhost.Call, asked *blockhost.Intent, before saved, finalAt blockhost.Position) (*blockhost.Receipt, error) {
	text := []byte(before.Text)
	own, err := intent.Parse(text)
	if err != nil {
		return nil, blockhost.Errorf(blockhost.Corrupt, "checkpoint", "%v", err)
	}
	sender, err := intent.Sender(text, before.Signature)
	if err != nil {
		return nil, blockhost.Errorf(blockhost.Corrupt, "checkpoint", "%v", err)
	}
	tx := ledger.TxID(text, sender)
	if block, err := c.ledger.Mined(tx); err != nil || block != nil {
		return c.receipt(tx, block, finalAt, err)
	}
	if finalAt != (blockhost.Position{}) {
		taken, done := false, false
		known, err := c.ledger.At(ledger.Position{ID: finalAt.ID, Height: finalAt.Height}, func(v ledger.View) {
			taken, done = v.Nonce(sender.String()) > own.Nonce, effect(v, asked)
		})
		switch {
		case err != nil:
			return nil, failure(err)
		case known && taken && done:
			return nil, blockhost.Errorf(blockhost.Conflict, "already_so", "another transaction did this already")
		case known && taken: // it can never be done
			return c.anew(call, asked, before.Asked, finalAt)
		}
	}
	return c.send(text, before.Signature, own.Nonce, finalAt)
}

// effect: whether the contract is already as the intent would make it. What can be asked again is not.
func effect(v ledger.View, asked *blockhost.Intent) bool {
	if asked.Action == "set_capacity" {
		plan, known := v.Plan(asked.Plan)
		return known && plan.Total == asked.Total
	}
	s, known := v.Subscription(asked.Subscription)
	switch asked.Action {
	case "deliver":
		return known && s.Delivered && s.Order == asked.Order
	case "decline":
		return known && s.Declined && s.Order == asked.Order
	case "close":
		return known && s.Closed
	case "burn":
		return known && s.Burned
	case "update":
		return known && string(s.Sealed) == string(asked.Sealed)
	case "credit_time":
		return known && s.OutageUntil == asked.Until.Unix()
	}
	return false
}

// anew makes a transaction with the next nonce: tried, signed, saved, sent, in that order.
func (c *chain) anew(call *blockhost.Call, asked *blockhost.Intent, wanted string, finalAt blockhost.Position) (*blockhost.Receipt, error) {
	c.submitting.Lock()
	defer c.submitting.Unlock()
	nonce := uint64(0)
	if _, err := c.ledger.At(ledger.Position{}, func(v ledger.View) { nonce = v.Nonce(c.agent.String()) }); err != nil {
		return nil, failure(err)
	}
	args, err := argumentsOf(asked)
	if err != nil {
		return nil, err
	}
	genesis := c.ledger.Genesis()
	own := &intent.Intent{Chain: genesis.Chain, Contract: genesis.Contract.String(), Function: asked.Action, Args: args, Value: new(big.Int), Fee: new(big.Int), Nonce: nonce}
	text, err := own.Text()
	if err != nil {
		return nil, blockhost.Errorf(blockhost.Invalid, "intent", "%v", err)
	}
	if err := c.ledger.Try(own, c.agent); err != nil {
		var refused *ledger.Refused
		if errors.As(err, &refused) {
			return nil, blockhost.Errorf(blockhost.Unavailable, "would_revert", "%v; nothing was signed", err)
		}
		return nil, failure(err)
	}
	signature, err := c.kernel.Sign("agent", "bh-intent-1", text)
	if err != nil {
		return nil, err
	}
	checkpoint, err := blockhost.Marshal(saved{wanted, string(text), signature})
	if err != nil {
		return nil, err
	}
	if err := call.Save(checkpoint); err != nil {
		return nil, err
	}
	return c.send(text, signature, nonce, finalAt)
}

// send gives the signed intent to the ledger; sending it twice does it once.
func (c *chain) send(text, signature []byte, nonce uint64, finalAt blockhost.Position) (*blockhost.Receipt, error) {
	block, tx, err := c.ledger.Submit(text, signature)
	var refused *ledger.Refused
	if errors.As(err, &refused) {
		next := uint64(0)
		if _, err := c.ledger.At(ledger.Position{}, func(v ledger.View) { next = v.Nonce(c.agent.String()) }); err != nil {
			return nil, failure(err)
		}
		if next > nonce {
			return nil, blockhost.Wait(waitMS, "another transaction took the nonce %d, and that is not final yet", nonce)
		}
		return nil, blockhost.Errorf(blockhost.Conflict, "reverted", "%v", err)
	}
	return c.receipt(tx, block, finalAt, err)
}

// receipt is the answer once the block is final, by the kernel's word.
func (c *chain) receipt(tx string, block *ledger.Block, finalAt blockhost.Position, err error) (*blockhost.Receipt, error) {
	if err != nil {
		return nil, failure(err)
	}
	if finalAt == (blockhost.Position{}) || block.Height > finalAt.Height {
		return nil, blockhost.Wait(waitMS, "the transaction is in block %d, which is not final yet", block.Height)
	}
	if err := c.look(blockhost.At{Position: finalAt}, func(ledger.View) {}); err != nil {
		return nil, err
	}
	return &blockhost.Receipt{TX: tx, Position: positionOf(block), Time: at(block.Time), Fee: new(big.Int)}, nil
}

func seconds(t time.Time) string {
	if t.IsZero() {
		return "0"
	}
	return strconv.FormatInt(t.Unix(), 10)
}

// argumentsOf is what the contract's function of the same name takes.
func argumentsOf(asked *blockhost.Intent) (map[string]any, error) {
	args := map[string]any{}
	if asked.Action != "set_capacity" && asked.Action != "withdraw" {
		args["subscription"] = asked.Subscription
	}
	switch asked.Action {
	case "deliver":
		args["order"], args["deadline"], args["sealed"], args["attestation"] = asked.Order, seconds(asked.Deadline), eth.Hex(asked.Sealed), eth.Hex(asked.AttestationHash)
	case "decline":
		args["order"], args["reason"] = asked.Order, asked.Reason
	case "close", "burn":
	case "update":
		args["owner"], args["sealed"] = asked.Owner, eth.Hex(asked.Sealed)
	case "set_capacity":
		args["plan"], args["total"] = asked.Plan, strconv.FormatUint(asked.Total, 10)
	case "credit_time":
		args["from"], args["until"] = seconds(asked.From), seconds(asked.Until)
	case "withdraw":
		ids := []any{}
		for _, id := range asked.Subscriptions {
			ids = append(ids, id)
		}
		args["token"], args["subscriptions"] = asked.Token, ids
	case "release":
		return nil, blockhost.Errorf(blockhost.Unsupported, "no_split", "the ledger pays its treasury as one sum; it has no contract that splits revenue")
	default:
		return nil, blockhost.Errorf(blockhost.Unsupported, "action", "the ledger has no action %.40q for its agent", asked.Action)
	}
	return args, nil
}
