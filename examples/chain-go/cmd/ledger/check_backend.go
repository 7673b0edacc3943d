package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"example.org/chain-ledger/eth"
	"example.org/chain-ledger/ledger"
)

// checkBackend is the backend of blockhost-plugin-check (plugin-api/check/README.md): a fresh test ledger with one plan, one
// buyer, and a request a line.
func checkBackend(in io.Reader, out io.Writer) error {
	folder, agent := os.Getenv("BH_CHECK_DIR"), os.Getenv("BH_CHECK_KEY_agent")
	if folder == "" || agent == "" {
		return errors.New("check-backend is started by blockhost-plugin-check")
	}
	operator, buyer, err := checkWorld(filepath.Join(folder, "backend"), agent)
	if err != nil {
		return err
	}
	defer operator.Close()
	defer buyer.Close()
	say := json.NewEncoder(out)
	if err := say.Encode(map[string]string{"folder": filepath.Join(folder, "backend"), "address": buyer.self.String()}); err != nil {
		return err
	}
	for lines := bufio.NewScanner(in); lines.Scan(); {
		answer := map[string]string{}
		if err := checkRequest(lines.Bytes(), operator, buyer); err != nil {
			answer["error"] = err.Error()
		}
		if err := say.Encode(answer); err != nil {
			return err
		}
	}
	return nil
}

func checkRequest(line []byte, operator, buyer *wallet) error {
	request := struct {
		Do     string `json:"do"`
		Blocks int    `json:"blocks"`
		Depth  uint64 `json:"depth"`
	}{Blocks: 1, Depth: 1}
	if err := json.Unmarshal(line, &request); err != nil {
		return err
	}
	switch request.Do {
	case "purchase":
		_, err := buy(buyer, &options{set: map[string]string{"plan": "1", "days": "30"}})
		return err
	case "mine":
		return operator.Mine(request.Blocks)
	case "reorg":
		return operator.Reorganise(request.Depth)
	}
	return fmt.Errorf("unknown request %q", request.Do)
}

func checkWorld(folder, agent string) (operator, buyer *wallet, err error) {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return nil, nil, err
	}
	// The plugin's worker runs as another user and writes here, too.
	if err := os.Chmod(folder, 0o777); err != nil {
		return nil, nil, err
	}
	path := filepath.Join(folder, "chain")
	open := func(name string) (*wallet, error) {
		return (&options{set: map[string]string{"ledger": path, "key": filepath.Join(folder, name)}}).wallet()
	}
	for _, name := range []string{"operator.key", "buyer.key", "server.key"} {
		if _, err := makeKey(filepath.Join(folder, name)); err != nil {
			return nil, nil, err
		}
	}
	server, err := readKey(filepath.Join(folder, "server.key"))
	if err != nil {
		return nil, nil, err
	}
	terms := ledger.Options{BlockTimeS: 3600, Test: true}
	if terms.ServerKey, err = server.Public(); err != nil {
		return nil, nil, err
	}
	if terms.Operator, err = addressOf(filepath.Join(folder, "operator.key")); err != nil {
		return nil, nil, err
	}
	terms.Treasury = terms.Operator
	if err := ledger.Create(path, terms); err != nil {
		return nil, nil, err
	}
	if err := os.Chmod(path, 0o666); err != nil {
		return nil, nil, err
	}
	if operator, err = open("operator.key"); err != nil {
		return nil, nil, err
	}
	if buyer, err = open("buyer.key"); err != nil {
		return nil, nil, err
	}
	serving, err := eth.ParseAddress(agent)
	if err != nil {
		return nil, nil, err
	}
	if _, err := operator.do("create_plan", map[string]any{"agent": serving.String(), "resources": "{}", "price_per_day": "5", "window_s": "3600", "grace_s": "3600",
		"setup_days": "0", "total": "1000"}, none); err != nil {
		return nil, nil, err
	}
	_, err = operator.do("issue", map[string]any{"to": buyer.self.String(), "amount": "1000000"}, none)
	return operator, buyer, err
}
