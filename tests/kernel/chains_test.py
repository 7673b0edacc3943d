#!/usr/bin/env python3
"""Two chains in one host, each a node of its own with contracts of its own: ids that are equal, one that is down, one that was rolled back."""
import contextlib
import json
import unittest

from scenario import Failed, MemoryWorld, Scenario, wait_until  # the first: it knows where the others are
from chain_evm import EvmChain
from world import SIGNER


class OtherChain(EvmChain):
    instance = "other"

    def __init__(self, world):
        super().__init__(world, port=8546, chain_id=31338)


class TwoChains(MemoryWorld):
    plugins = {**MemoryWorld.plugins, "other": ("org.blockhost.chain-evm", "chain")}

    def __init__(self, build: str, settings: dict | None = None):
        super().__init__(build, settings)
        self.workers = {**self.workers, "other": self.chain.worker}
        self.first, self.other = self.chain, OtherChain(self)

    @contextlib.contextmanager
    def on(self, chain: EvmChain):
        """What buyers and the operator do meanwhile, they do on that chain."""
        before = self.chain, self.contract, self.credential
        self.chain, self.contract, self.credential = chain, chain.contract, chain.credential
        try:
            yield
        finally:
            self.chain, self.contract, self.credential = before

    def start_chain(self) -> None:
        super().start_chain()
        self.other.start()

    def deploy(self) -> None:
        super().deploy()
        public = json.loads(self.run("bin/blockhost-signer", "keygen", "--config", self.path("etc/signer.yaml"), user=SIGNER))
        self.other.deploy(self.agent, public.get("keys", public)["server"]["public_key"])
        self.write_configuration()

    def signer_policy(self) -> dict:
        policies = [chain.signer_policy() for chain in (self.first, self.other)]
        return {name: [row for policy in policies for row in policy[name]] for name in ("chains", "grants")}

    def kernel_config(self) -> dict:
        config = super().kernel_config()
        config["chains"].append({"instance": "other", "finality": self.settings["finality"]})
        return config

    def plugin_configs(self) -> dict:
        return {**super().plugin_configs(), "local": self.first.config(), "other": self.other.config()}

    def plugin_file(self, instance: str) -> dict:
        with self.on(self.other if instance == "other" else self.first):
            return super().plugin_file(instance)

    def subscription(self, number: int) -> dict:
        return self.blockhost("subscription", "show", str(number), "--chain", self.chain.instance)

    def machine_of(self, number: int) -> dict | None:
        where = f"eip155:{self.chain.chain_id}"
        found = [machine for machine in self.machines()
                 if machine["vm"]["tags"]["subject"] == f"subscription:{number}" and machine["vm"]["tags"]["chain"] == where]
        if len(found) > 1:
            raise AssertionError(f"subscription {number} of {where} has {len(found)} VMs")
        return found[0] if found else None

    def alarms(self, instance: str) -> list[str]:
        return [alarm["reason"] for alarm in self.blockhost("status")["alarms"] if alarm["subject"] == f"chain:{instance}"]

    def close(self, keep_logs: bool) -> str | None:
        self.other.stop()
        return super().close(keep_logs)


class Chains(Scenario):
    world_class = TwoChains
    world: TwoChains

    @classmethod
    def build_world(cls) -> None:
        world = cls.world
        world.prepare()
        with world.on(world.other):
            world.create_plan(grace=3600)
        world.start_all()
        world.wait_ready()

    def wallet_on(self, chain: EvmChain) -> str:
        key = self.world.wallet()
        chain.fund(self.world.buyer("address", key)["address"])
        return key

    def buy_on(self, chain: EvmChain, state: str = "active") -> tuple[str, int]:
        key = self.wallet_on(chain)
        with self.world.on(chain):
            number = self.world.buy(key)
            if state:
                self.world.wait_state(number, state, 90)
        return key, number

    def end_on(self, chain: EvmChain, key: str, number: int) -> None:
        with self.world.on(chain):
            self.end(key, number)

    def test_1_equal_ids_are_two_orders(self) -> None:
        world = self.world
        (alice, first), (bob, other) = self.buy_on(world.first), self.buy_on(world.other)
        self.assertEqual(first, other, "both contracts begin with the same id")
        shown = []
        for chain in (world.first, world.other):
            with world.on(chain):
                shown.append(world.subscription(first))
                self.assertTrue(world.runs(first))
                self.assertGreater(world.books()["unearned"], 0)
        for fact in ("address", "chain", "purchase_tx", "row"):
            self.assertNotEqual(shown[0][fact], shown[1][fact], fact)
        self.assertEqual(len({(row["vm"]["op_id"], row["vm"]["vm"], row["vm"]["tap"]) for row in shown}), 2)
        self.assertEqual(len({job["op_id"] for row in shown for job in row["jobs"]}), sum(len({job["op_id"] for job in row["jobs"]}) for row in shown))
        wait_until("the books of both agree", lambda: world.cli("funds", "status", "--check").returncode == 0, 30)
        self.assertEqual([chain["instance"] for chain in world.blockhost("funds", "status")["chains"]], ["local", "other"])
        self.assertEqual(world.cli("funds", "withdraw").returncode, 1, "which chain is meant has to be said")
        self.end_on(world.first, alice, first)
        with world.on(world.other):
            self.assertTrue(world.runs(other), "the other one's VM is left alone")
        self.end_on(world.other, bob, other)
        self.assert_nothing_left()

    def test_2_one_that_is_down_delays_nobody_else(self) -> None:
        world = self.world
        bob, kept = self.buy_on(world.other)
        world.other.stop()
        try:
            wait_until("it is missed", lambda: "unreadable" in world.alarms("other"), 60)
            alice, number = self.buy_on(world.first)
            self.end_on(world.first, alice, number)
            self.assertEqual(world.alarms("local"), [])
            with world.on(world.other):
                self.assertTrue(world.runs(kept), "what was bought there runs on")
            # Its money can't be told; the other's can.
            funds = {chain["instance"]: chain for chain in world.blockhost("funds", "status")["chains"]}
            self.assertIsNotNone(funds["other"]["why"])
            self.assertTrue(funds["local"]["reconciled"], funds["local"])
        finally:
            world.other.start()
        wait_until("it is back", lambda: world.alarms("other") == [], 60)
        carol, number = self.buy_on(world.other)
        for key, which in ((bob, kept), (carol, number)):
            self.end_on(world.other, key, which)
        self.assert_nothing_left()

    def test_3_a_deep_rollback_of_one_leaves_the_other_selling(self) -> None:
        world = self.world
        alice, kept = self.buy_on(world.first)
        world.first.mine(10)
        head = int(world.first.call("eth_blockNumber"), 16)
        wait_until("it is final", lambda: self.status_of("local")["final"]["height"] >= head - 1, 30)
        world.first.call("anvil_setCoinbase", "0x" + "11" * 20)  # or the empty blocks would be the same ones again
        world.first.call("anvil_reorg", 6, [])
        wait_until("it is rolled back below a final position", lambda: self.parked()["local"], 60)
        self.assertFalse(self.parked()["other"])
        wait_until("it is off sale", lambda: self.places("local") == 0, 60)
        self.assertGreater(self.places("other"), 0)
        with self.assertRaises(Failed):
            self.buy_on(world.first, state="")
        bob, number = self.buy_on(world.other)
        self.end_on(world.other, bob, number)
        with world.on(world.first):
            self.assertTrue(world.runs(kept), "nothing is taken away")
        self.assertIn("accept-reorg", world.cli("funds", "withdraw", "--chain", "local").stderr)
        world.blockhost("chain", "accept-reorg", "local")
        wait_until("it sells again", lambda: self.places("local") > 0, 60)
        carol, number = self.buy_on(world.first)
        for key, which in ((alice, kept), (carol, number)):
            self.end_on(world.first, key, which)
        self.assert_nothing_left()

    def status_of(self, instance: str) -> dict:
        [chain] = [chain for chain in self.world.blockhost("status")["chains"] if chain["instance"] == instance]
        return chain

    def parked(self) -> dict[str, bool]:
        return {name: self.status_of(name)["destruction_parked"] for name in ("local", "other")}

    def places(self, instance: str) -> int:
        [plan] = [plan for plan in self.world.blockhost("plan", "list")["plans"] if plan["instance"] == instance]
        return plan["total"]


if __name__ == "__main__":
    unittest.main(verbosity=2)
