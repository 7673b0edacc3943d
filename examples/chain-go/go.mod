module example.org/chain-ledger

go 1.19

require blockhost.org/sdk v0.0.0

// In the source tree of BlockHost; elsewhere: /usr/share/blockhost/sdk/plugin-api/sdk/go
replace blockhost.org/sdk => ../../plugin-api/sdk/go
