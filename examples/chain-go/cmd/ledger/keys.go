package main

import (
	"fmt"
	"os"
	"strings"

	"example.org/chain-ledger/eth"
)

// A key is a file of 64 hex digits that only its owner can read; it goes into no argument, variable or message.

func makeKey(path string) (eth.Address, error) {
	key, err := eth.NewSecret()
	if err != nil {
		return eth.Address{}, err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return eth.Address{}, err
	}
	if _, err := file.WriteString(eth.Hex(key[:]) + "\n"); err != nil {
		return eth.Address{}, err
	}
	if err := file.Close(); err != nil {
		return eth.Address{}, err
	}
	public, err := key.Public()
	return public.Address(), err
}

func readKey(path string) (eth.Secret, error) {
	info, err := os.Stat(path)
	if err != nil {
		return eth.Secret{}, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return eth.Secret{}, fmt.Errorf("%s can be read by others: chmod 600 it", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return eth.Secret{}, err
	}
	data, err := eth.ParseHex(strings.TrimSpace(string(text)))
	if err != nil || len(data) != 32 {
		return eth.Secret{}, fmt.Errorf("%s does not hold a key: 0x and 64 hex digits", path)
	}
	var key eth.Secret
	copy(key[:], data)
	return key, nil
}
