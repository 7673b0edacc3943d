"""A host that serves contracts with the ABI of existing deployments (plugins/chain-evm/contracts/fixtures/Legacy.sol)."""
import os
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
from chain_evm import EvmChain  # noqa: E402
from dying import NOBODY, TRANSFER, Dying  # noqa: E402
from memory_world import MemoryWorld  # noqa: E402

GRACE_DAYS = 1


class LegacyChain(EvmChain):
    server_key = ""
    serve_from = 0

    def deploy(self, agent: str, server_key: str) -> None:
        self.server_key = server_key
        for account in (agent, self.buyer("address", self.world.operator_key)["address"]):
            self.fund(account)
        self.contract = NOBODY[:42]  # the command takes one; there is none yet
        made = self.buyer("legacy-deploy", self.world.operator_key, agent=agent)
        self.contract, self.credential, self.start_block, self.serve_from = made["contract"], made["credential"], int(made["start_block"]), int(made["serve_from"])

    def create_plan(self, agent: str, **options) -> int:
        return 1  # deploying makes it

    def signer_policy(self) -> dict:
        policy = super().signer_policy()
        for chain in policy["chains"]:
            chain["calls"] = [{"to": self.credential, "functions": ["mint(address,bytes)"]}]
        return policy

    def config(self) -> dict:
        plan = {"plan": "1", "cpus": 1, "memory_bytes": 512 << 20, "disk_bytes": 4 << 30}
        return {**super().config(), "contract_kind": "legacy", "legacy": {"serve_from": self.serve_from, "grace_days": GRACE_DAYS, "plans": [plan]}}


class LegacyWorld(MemoryWorld):
    chain_class = LegacyChain
    keys_of: dict[int, str] = {}  # the key file of each purchase

    def buy(self, key: str, **options) -> int:
        number = int(self.buyer("legacy-buy", key, **{"plan": 1, "days": 1, "server_key": self.chain.server_key, **options})["subscription"])
        self.keys_of = {**self.keys_of, number: key}
        return number

    def extend(self, key: str, number: int, days: int = 1) -> None:
        self.buyer("legacy-extend", key, id=number, days=days)

    def cancel(self, number: int) -> None:
        """Only the operator can."""
        self.buyer("legacy-cancel", self.operator_key, id=number)

    def tokens_of(self, key: str) -> list[int]:
        """Minted to that buyer, oldest first."""
        buyer = self.buyer("address", key)["address"].lower().removeprefix("0x")
        logs = self.chain.call("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest", "address": self.credential, "topics": [TRANSFER, NOBODY, "0x" + buyer.rjust(64, "0")]})
        return [int(log["topics"][3], 16) for log in logs]

    def mints(self, number: int) -> int:
        return len(self.tokens_of(self.keys_of[number]))

    def open(self, key: str, token: int) -> dict:
        return self.buyer("legacy-open", key, credential=self.credential, token=token)

    def books(self) -> dict:
        """These contracts keep none."""
        return {}


class DyingLegacyWorld(Dying, LegacyWorld):
    mints = LegacyWorld.mints
