// ledger makes a ledger and acts in it for its operator and its buyers. Prints one JSON object; an error is one sentence on
// stderr and exit code 1.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/big"
	"os"
	"sort"
	"strings"

	"example.org/chain-ledger/eth"
	"example.org/chain-ledger/intent"
	"example.org/chain-ledger/ledger"
)

const help = `usage: ledger COMMAND --ledger FILE --key FILE [options]

keys       keygen --key FILE          make a wallet's key, mode 0600          address --key FILE
           sign --key FILE --message FILE   personal_sign the file's bytes (a login challenge)
ledger     init --server-key HEX [--treasury A] [--block-time S] [--finality-lag N] [--test]
           show                       chain, contract, operator, head, final block
operator   plan-create --agent A --resources JSON --price N --window S --grace S --setup-days N --capacity N
           plan-on | plan-off --plan N    issue --to A --amount N    server-key --server-key HEX
           pass-time --seconds N | mine --blocks N | reorganise --depth N     on a ledger made with --test
buyer      buy --plan N --days N      the request sealed to the server key, the recipient key from the wallet's signature
           open --id N | known-hosts --id N --out FILE     read and open the credential
           extend --id N --days N | cancel --id N | refund --id N | transfer --id N --to A | claim
           credit | balance | books | subscription --id N
check      check-backend              what blockhost-plugin-check drives (check/backend)
`

// options of all commands; a command asks for what it needs.
type options struct {
	set  map[string]string
	test bool
}

var names = []string{"ledger", "key", "message", "server-key", "treasury", "block-time", "finality-lag", "agent", "resources", "price", "window", "grace", "setup-days",
	"capacity", "plan", "to", "amount", "seconds", "blocks", "depth", "days", "id", "out"}

func parseOptions(words []string) (*options, error) {
	flags := flag.NewFlagSet("ledger", flag.ContinueOnError)
	flags.SetOutput(os.Stderr)
	values := map[string]*string{}
	for _, name := range names {
		values[name] = flags.String(name, "", "")
	}
	o := &options{set: map[string]string{}}
	flags.BoolVar(&o.test, "test", false, "")
	if err := flags.Parse(words); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("%q is not an option", flags.Arg(0))
	}
	flags.Visit(func(f *flag.Flag) {
		if text, has := values[f.Name]; has {
			o.set[f.Name] = *text
		}
	})
	return o, nil
}

func (o *options) need(name string) (string, error) {
	text, given := o.set[name]
	if !given {
		return "", fmt.Errorf("--%s is missing", name)
	}
	return text, nil
}

// all reads several at once.
func (o *options) all(wanted ...string) ([]string, error) {
	out := make([]string, len(wanted))
	for i, name := range wanted {
		var err error
		if out[i], err = o.need(name); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (o *options) number(name string, otherwise uint64) (uint64, error) {
	text, given := o.set[name]
	if !given {
		return otherwise, nil
	}
	number, good := new(big.Int).SetString(text, 10)
	if !good || number.Sign() < 0 || number.BitLen() > 40 {
		return 0, fmt.Errorf("--%s must be a number", name)
	}
	return number.Uint64(), nil
}

// wallet is an account with its ledger.
type wallet struct {
	*ledger.Ledger
	key  eth.Secret
	self eth.Address
}

func (o *options) wallet() (*wallet, error) {
	words, err := o.all("ledger", "key")
	if err != nil {
		return nil, err
	}
	key, err := readKey(words[1])
	if err != nil {
		return nil, err
	}
	public, err := key.Public()
	if err != nil {
		return nil, err
	}
	opened, err := ledger.Open(words[0])
	if err != nil {
		return nil, err
	}
	return &wallet{opened, key, public.Address()}, nil
}

// look reads at the head.
func (w *wallet) look(look func(ledger.View)) error {
	_, err := w.At(ledger.Position{}, look)
	return err
}

// do signs an intent with the next nonce and has the ledger do it.
func (w *wallet) do(function string, args map[string]any, value *big.Int) (*ledger.Block, error) {
	nonce := uint64(0)
	if err := w.look(func(v ledger.View) { nonce = v.Nonce(w.self.String()) }); err != nil {
		return nil, err
	}
	genesis := w.Genesis()
	text, err := intent.Intent{Chain: genesis.Chain, Contract: genesis.Contract.String(), Function: function, Args: args, Value: value, Fee: new(big.Int), Nonce: nonce}.Text()
	if err != nil {
		return nil, err
	}
	signature, err := w.key.Sign(intent.Hash(text))
	if err != nil {
		return nil, err
	}
	block, _, err := w.Submit(text, signature)
	return block, err
}

func (w *wallet) done(function string, args map[string]any, value *big.Int) (any, error) {
	block, err := w.do(function, args, value)
	if err != nil {
		return nil, err
	}
	return map[string]any{"block": block.Height, "position": block.ID}, nil
}

type command func(*options) (any, error)

// asWallet is a command that needs a ledger and a key.
func asWallet(body func(*wallet, *options) (any, error)) command {
	return func(o *options) (any, error) {
		w, err := o.wallet()
		if err != nil {
			return nil, err
		}
		defer w.Close()
		return body(w, o)
	}
}

var none = new(big.Int)

func run(words []string) (any, error) {
	if words[0] == "check-backend" {
		return nil, checkBackend(os.Stdin, os.Stdout)
	}
	known, has := commands[words[0]]
	if !has {
		return nil, fmt.Errorf("there is no command %q; the commands are %s", words[0], strings.Join(sortedCommands(), ", "))
	}
	given, err := parseOptions(words[1:])
	if err != nil {
		return nil, err
	}
	return known(given)
}

func sortedCommands() []string {
	var all []string
	for name := range commands {
		all = append(all, name)
	}
	sort.Strings(all)
	return all
}

func main() {
	if len(os.Args) < 2 || os.Args[1] == "help" || os.Args[1] == "--help" {
		fmt.Fprint(os.Stderr, help)
		os.Exit(2)
	}
	answer, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "ledger: %v\n", err)
		os.Exit(1)
	}
	if answer != nil {
		json.NewEncoder(os.Stdout).Encode(answer)
	}
}
