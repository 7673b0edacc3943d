"""The chain of a world is an EVM node (anvil): contracts deployed with blockhost-evm-operator, buyers by tests/buyer.

What a world asks of its chain, here and in chain_file.py:
  plugin, programs, needs, finality, worker   what is installed, what the machine must have, the kernel's rule, what the worker may open
  install()                                   beside the plugin, before anything runs
  start() stop() fund() now() pass_time() mine()
  deploy() create_plan() buyer()              what the operator and the buyers do; key files, never keys
  signer_policy() config() connects()         of signer.yaml, of the plugin, and the places it may connect to
  to_sign() to_pass_a_day()                   command lines for a person to try
"""
import json
import os
import subprocess

from chain import Chain
from processes import Failed

REPO = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
BUYER = os.path.join(REPO, "tests", "buyer")
FUNCTIONS = ["deliver(uint256,bytes32,uint256,bytes,bytes32)", "decline(uint256,bytes32,string)", "close(uint256)", "update(uint256,address,bytes)", "burn(uint256)",
             "creditTime(uint256,uint256,uint256)", "setCapacity(uint256,uint256)", "withdraw(address,uint256[])"]


class EvmChain(Chain):
    plugin = "org.blockhost.chain-evm"
    programs = ["blockhost-evm-operator"]
    needs = ("node",)
    finality = "latest+2"
    worker: dict = {}
    instance = "local"

    def __init__(self, world, port: int = 8545, chain_id: int = 31337):
        anvil = os.path.join(BUYER, "node_modules", "@foundry-rs", "anvil-linux-amd64", "bin", "anvil")
        super().__init__(world.inside, anvil, world.path("log"), world.path(f"log/anvil-state-{port}.json"), port, world.settings["block_time"], chain_id)
        self.chain_id = chain_id
        self.world, self.contract, self.credential, self.start_block = world, "", "", 0
        self.split = ""  # a treasury that splits revenue, and its owners
        self.owners: list[str] = []

    def install(self) -> None:
        os.symlink(self.world.path("bin", "blockhost-evm-operator"), self.world.path("plugins", self.plugin, "operator"))

    def _operator(self, command: str, *arguments: str) -> dict:
        return json.loads(self.world.run("bin/blockhost-evm-operator", command, "--rpc", self.url, "--key-file", self.world.operator_key, *arguments, in_host=True))

    def deploy(self, agent: str, server_key: str) -> None:
        for account in (agent, self.buyer("address", self.world.operator_key)["address"]):
            self.fund(account)
        made = self._operator("deploy", "--min-grace", "0", "--server-key", server_key)
        self.contract, self.credential, self.start_block = made["contract"], made["credential"], made["start_block"]

    def deploy_split(self, shares: dict[str, int]) -> None:
        """Makes a contract the treasury that splits revenue: basis points by owner."""
        words = [word for owner, points in shares.items() for word in ("--share", f"{owner}={points}")]
        self.split, self.owners = self._operator("split-deploy", "--contract", self.contract, *words)["split"], list(shares)

    def create_plan(self, agent: str, **options) -> int:
        arguments = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        return int(self._operator("plan-create", "--contract", self.contract, "--agent", agent, "--price", "native=1000000000000000", *arguments)["plan"])

    def buyer(self, command: str, key: str, **options) -> dict:
        words = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", str(value))]
        if command not in ("keygen", "address", "sign"):
            words += ["--rpc", self.url, "--contract", self.contract]
        done = subprocess.run([*self.inside, "node", "--import", "tsx", "src/main.ts", command, "--key", key, *words], cwd=BUYER, text=True, capture_output=True,
                              stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise Failed(f"the buyer's {command}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def signer_policy(self) -> dict:
        if not self.contract:
            return {"chains": [], "grants": []}
        chain = {"chain": f"eip155:{self.chain_id}", "contract": self.contract, "max_gas": 3000000, "max_fee": "50000000000000000", "calls": [{"to": self.contract, "functions": FUNCTIONS}]}
        credit = {"function": "creditTime(uint256,uint256,uint256)", "word": 2, "above": 1, "at_most": 604800}
        chain["calls"][0]["arguments"] = [credit, {"function": "withdraw(address,uint256[])", "word": 0, "one_of": ["0x" + "0" * 40]}]
        if self.split:
            owner = {"function": "release(address,address)", "word": 1, "one_of": self.owners}
            chain["calls"].append({"to": self.split, "functions": ["release(address,address)"], "arguments": [owner]})
        return {"chains": [chain], "grants": [{"caller": self.instance, "scheme": "eip1559-tx", "chain": f"eip155:{self.chain_id}"}]}

    def config(self) -> dict:
        split = {"split": self.split} if self.split else {}
        profile = {"chain": "devnet"}
        if self.chain_id != 31337:
            with open(os.path.join(REPO, "plugins/chain-evm/chains/devnet.json")) as file:
                profile = {"chain": "custom", "custom_chain": {**json.load(file), "name": self.instance, "chain_id": self.chain_id}}
            profile["custom_chain"].pop("explorer")
        return {**profile, "endpoints": [{"url": self.url}], "contract": self.contract, "credential": self.credential, "start_block": self.start_block, **split}

    def connects(self) -> list[str]:
        return [self.url.removeprefix("http://")]

    def to_sign(self, key: str, message: str) -> str:
        return f"(cd {BUYER} && node --import tsx src/main.ts sign --key {key} --message {message})"

    def to_pass_a_day(self) -> str:
        request = '{"jsonrpc":"2.0","id":1,"method":"evm_increaseTime","params":[86460]}'
        return f"{' '.join(self.inside)} curl -s -d '{request}' -H 'content-type: application/json' {self.url}"
