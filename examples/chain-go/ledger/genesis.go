package ledger

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"example.org/chain-ledger/eth"
)

// Genesis is the first record: what never changes. The chain's number is random, below 2^53 and above any that is in use, so
// that no signature for one ledger fits another, or any EVM chain.
type Genesis struct {
	Chain                string // CAIP-2, "eip155:N": wallets, guests and formats know accounts of that kind
	Operator, Treasury   eth.Address
	Contract, Credential eth.Address // made from the record's id
	ServerKey            string      // 0x and a 65-byte point: what requests are sealed to
	Time                 int64
	BlockTimeS           int64  // an empty block is made after so long without one
	FinalityLag          uint64 // so many blocks on top make one final; 0: every block is
	Symbol               string
	Test                 bool // time can be passed and blocks taken back
}

// Options of Create.
type Options struct {
	Operator, Treasury eth.Address
	ServerKey          eth.PublicKey
	BlockTimeS         int64
	FinalityLag        uint64
	Test               bool
}

type genesisRecord struct {
	Format      string `json:"format"`
	Chain       string `json:"chain"`
	Operator    string `json:"operator"`
	Treasury    string `json:"treasury"`
	ServerKey   string `json:"server_key"`
	Time        int64  `json:"time"`
	BlockTimeS  int64  `json:"block_time_s"`
	FinalityLag uint64 `json:"finality_lag"`
	Symbol      string `json:"symbol"`
	Test        bool   `json:"test"`
}

const format = "bh-ledger-1"

// Create makes a new ledger's file; there must be none.
func Create(path string, options Options) error {
	var random [8]byte
	if _, err := rand.Read(random[:]); err != nil {
		return err
	}
	if options.BlockTimeS < 1 {
		return errors.New("the time between blocks is at least a second")
	}
	number := 1<<52 | binary.LittleEndian.Uint64(random[:])>>12
	record := genesisRecord{format, fmt.Sprintf("eip155:%d", number), options.Operator.String(), options.Treasury.String(), eth.Hex(options.ServerKey[:]), time.Now().Unix(),
		options.BlockTimeS, options.FinalityLag, "COIN", options.Test}
	payload, err := json.Marshal(record)
	if err != nil {
		return err
	}
	if err := createRecords(path, payload); errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s is there already; it was left as it is", path)
	} else if err != nil {
		return err
	}
	return nil
}

func readGenesis(payload []byte) (*Genesis, error) {
	var record genesisRecord
	if err := json.Unmarshal(payload, &record); err != nil || record.Format != format {
		return nil, errors.New("its first record is not that of a ledger")
	}
	operator, err := eth.ParseAddress(record.Operator)
	if err != nil {
		return nil, err
	}
	treasury, err := eth.ParseAddress(record.Treasury)
	if err != nil {
		return nil, err
	}
	id := sha256.Sum256(payload)
	derived := func(what string) (a eth.Address) {
		hash := eth.Keccak256([]byte("bh-ledger-1 "+what+"\n"), id[:])
		copy(a[:], hash[12:])
		return a
	}
	return &Genesis{record.Chain, operator, treasury, derived("contract"), derived("credential"), record.ServerKey, record.Time, record.BlockTimeS, record.FinalityLag,
		record.Symbol, record.Test}, nil
}
