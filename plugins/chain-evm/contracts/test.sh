#!/bin/sh
# Checks that artifacts/ is what the sources give and that the sources are formatted (forge fmt), then runs the tests,
# the gas snapshot among them. Needs `npm ci` once, then no network.
# SEED=0x... repeats a run; SNAPSHOT=write records the gas anew; more arguments go to forge (--match-test ..., -vvv).
set -eu
cd "$(dirname "$0")"
[ -x node_modules/@foundry-rs/forge-linux-amd64/bin/forge ] || {
    echo "test.sh: run 'npm ci' in $(pwd) first" >&2
    exit 1
}
node build.mjs --check
node fixtures.mjs --check
FOUNDRY_SOLC="$(pwd)/tools/solc"
export FOUNDRY_SOLC
if [ "${SNAPSHOT:-check}" = write ]; then
    export FORGE_SNAPSHOT_CHECK=false FORGE_SNAPSHOT_EMIT=true
    rm -f snapshots/Gas.json
fi
forge=node_modules/@foundry-rs/forge-linux-amd64/bin/forge
"$forge" fmt --check
exec "$forge" test --offline --fuzz-seed "${SEED:-0x626c6f636b686f7374}" "$@"
