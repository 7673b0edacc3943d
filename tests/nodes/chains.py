"""The nodes that the host is tested against, as chains of a world (tests/e2e/chain_evm.py), each with branches of its own kind.

  mark()             a place on the branch; the chain can be forked there later
  fork(mark, again)  another branch from there, longer than the present one; `again`: the replaced blocks' transactions are on it, too,
                     in blocks of their own, else they are on no branch any more
  finalize()         the head is final from now on, where that is the test's to say
"""
import json
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "e2e"), os.path.join(HERE, "..", "kernel")]
from chain_evm import EvmChain  # noqa: E402
from processes import Failed, Process  # noqa: E402
from rlp import raw_transaction  # noqa: E402

MODULES = os.path.join(HERE, "node_modules")
CHAIN_ID = 31337
FIRST_FEE = 10**9  # base fee of the first block, wei per gas


def chain_settings(chain: EvmChain) -> dict:
    """chain-evm's configuration, with what the scenario adds."""
    return {**EvmChain.config(chain), **chain.world.settings.get("chain", {})}


class Anvil(EvmChain):
    """Its reorganisations are made by anvil_reorg; with epochs of two slots, what lies four blocks back is final."""

    def __init__(self, world):
        super().__init__(world)
        self.process.command += ["--slots-in-an-epoch", "2"]

    config = chain_settings

    def head(self) -> int:
        return int(self.call("eth_blockNumber"), 16)

    def mark(self) -> int:
        return self.head()

    def replaced(self, above: int) -> list[list[str]]:
        """Raw transactions of the blocks above that height, a list for each."""
        blocks = [self.call("eth_getBlockByNumber", hex(height), True) for height in range(above + 1, self.head() + 1)]
        return [[raw_transaction(tx) for tx in block["transactions"]] for block in blocks]

    def fork(self, mark: int, again: bool) -> None:
        self.call("evm_setIntervalMining", 0)
        blocks = self.replaced(mark)
        sent = [[raw, place] for place, block in enumerate(blocks) for raw in block] if again else []
        self.call("anvil_reorg", len(blocks), sent)
        self.call("anvil_mine", "0x1")
        self.call("evm_setIntervalMining", 1)


class Hardhat(Anvil):
    """It knows no branches: going back to a snapshot and on with other blocks looks the same from outside."""

    def __init__(self, world):
        super().__init__(world)
        program = os.path.join(MODULES, "hardhat", "internal", "cli", "cli.js")
        # Without NO_COLOR it colours the line that says it is ready wherever CI is set.
        settings = ["HARDHAT_DISABLE_TELEMETRY_PROMPT=true", "NO_COLOR=1", f"HOME={world.path('log')}"]
        command = ["env", "-C", HERE, *settings, "node", program, "node", "--hostname", "127.0.0.1", "--port", str(self.port)]
        self.process = Process("hardhat", [*self.inside, *command], world.path("log"), ready="Started HTTP", timeout=300)

    def fund(self, address: str, coins: int = 100) -> None:
        self.call("hardhat_setBalance", address, hex(coins * 10**18))

    def mine(self, blocks: int) -> None:
        self.call("hardhat_mine", hex(blocks))

    def pass_time(self, seconds: int) -> None:
        self.call("evm_increaseTime", seconds)
        self.mine(1)

    def mark(self) -> tuple[str, int]:
        self.call("evm_setIntervalMining", 0)
        mark = self.call("evm_snapshot"), self.head()
        self.call("evm_setIntervalMining", 1000)
        return mark

    def fork(self, mark: tuple[str, int], again: bool) -> None:
        snapshot, height = mark
        self.call("evm_setIntervalMining", 0)
        blocks = self.replaced(height)
        if self.call("evm_revert", snapshot) is not True:
            raise Failed("the node does not know its snapshot")
        self.call("evm_increaseTime", 7)  # no block of this branch is one of the other's
        for block in blocks:
            for raw in block if again else []:
                self.call("eth_sendRawTransaction", raw)
            self.mine(1)
        self.mine(1)
        self.call("evm_setIntervalMining", 1000)


class EthereumJs(EvmChain):
    """A real execution client, and its consensus side (consensus.mjs): true forks, and finality as the test says.

    Asked for the logs of its newest block it may answer with none, and without an error, until it has stored the receipts. A host with only
    this node has to prove what it is told.
    """

    def __init__(self, world):
        super().__init__(world)
        self.genesis, self.data = world.path("log", "genesis.json"), world.path("log", "ethereumjs")
        self.engine = "http://127.0.0.1:8551"
        program = os.path.join(MODULES, "@ethereumjs", "client", "dist", "esm", "bin", "cli.js")
        command = ["node", program, "--gethGenesis", self.genesis, "--dataDir", self.data, "--rpc", "--rpcAddr", "127.0.0.1", "--rpcPort", str(self.port),
                   "--rpcEngine", "--rpcEngineAddr", "127.0.0.1", "--rpcEngineAuth", "false", "--isSingleNode", "--saveReceipts", "--discV4", "false"]
        self.process = Process("ethereumjs", [*self.inside, *command], world.path("log"), ready=None)

    def config(self) -> dict:
        return {**chain_settings(self), "proof": "always"}

    def start(self) -> None:
        forks = ["homestead", "eip150", "eip155", "eip158", "byzantium", "constantinople", "petersburg", "istanbul", "berlin", "london"]
        config = {"chainId": CHAIN_ID, **{f"{name}Block": 0 for name in forks}, "terminalTotalDifficulty": 0, "terminalTotalDifficultyPassed": True,
                  "shanghaiTime": 0, "cancunTime": 0}
        with open(self.genesis, "w") as file:
            json.dump({"config": config, "nonce": "0x0", "timestamp": hex(int(time.time()) - 100), "extraData": "0x", "gasLimit": "0x1c9c380", "difficulty": "0x0",
                       "mixHash": "0x" + "00" * 32, "coinbase": "0x" + "00" * 20, "baseFeePerGas": hex(FIRST_FEE), "alloc": {"fe" * 20: {"balance": "0x1"}}}, file)
        os.makedirs(self.data, exist_ok=True)
        self.process.start()
        self.relay = self.connected()
        self.call("driver_interval", 1000)

    def connected(self) -> subprocess.Popen:
        """consensus.mjs, once the client answers."""
        deadline = time.monotonic() + 300
        while True:
            with open(os.path.join(os.path.dirname(self.genesis), "consensus.log"), "ab") as log:
                relay = subprocess.Popen([*self.inside, "node", os.path.join(HERE, "consensus.mjs"), self.url, self.engine], text=True,
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
            if relay.stdout.readline():
                return relay
            relay.stdin.close()
            relay.stdout.close()
            relay.wait()
            if not self.process.running() or time.monotonic() > deadline:
                raise Failed(f"the EthereumJS client does not answer: {self.process.last_line()}")
            time.sleep(0.5)

    def head(self) -> int:
        return int(self.call("eth_blockNumber"), 16)

    def fund(self, address: str, coins: int = 100) -> None:
        self.call("driver_credit", address, str(coins * 10**18))

    def mine(self, blocks: int) -> None:
        self.call("driver_mine", blocks)

    def pass_time(self, seconds: int) -> None:
        self.call("driver_pass_time", seconds)
        self.mine(1)

    def mark(self) -> int:
        return self.head()

    def fork(self, mark: int, again: bool) -> str:
        return self.call("driver_fork", mark, again)

    def choose(self, head: str) -> None:
        self.call("driver_choose", head)

    def finalize(self) -> None:
        self.call("driver_finalize", self.head())
