#!/usr/bin/env python3
"""Orders over other chain nodes than anvil, and over branches of each node's own kind; what runs where is in matrix.py.

    BLOCKHOST_BUILD=build/debug python3 tests/nodes/scenarios_test.py ethereumjs [SCENARIO...]
"""
import os
import signal
import sys
import time
import unittest

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "kernel")]
import chains  # noqa: E402
import matrix  # noqa: E402
from memory_world import MemoryWorld  # noqa: E402
from scenario import DAY, PRICE, Scenario, setUpModule, wait_until  # noqa: E402,F401

CHAINS = {"anvil": chains.Anvil, "hardhat": chains.Hardhat, "ethereumjs": chains.EthereumJs}
DEEP = 5  # blocks on top of what is final, where a scenario replaces less than that
PATIENCE = 120


class OnNode(Scenario):
    settings = {"finality": "latest+1"}

    def wait(self, what: str, condition):
        return wait_until(what, condition, PATIENCE)

    def fork(self, mark, again: bool):
        """A branch comes whole: the host does not look while a node that is led there block by block shows what lies between."""
        host = self.world.processes["blockhostd"].pid
        os.kill(host, signal.SIGSTOP)
        try:
            return self.world.chain.fork(mark, again)
        finally:
            os.kill(host, signal.SIGCONT)

    def seen(self, number: int) -> dict:
        """What the host says of the subscription; {} before it has heard of it."""
        found = [row for row in self.world.blockhost("subscription", "list")["subscriptions"] if row["subscription"] == str(number)]
        return found[0] if found else {}

    def alarms(self) -> list[str]:
        return [alarm["reason"] for alarm in self.world.blockhost("status")["alarms"]]

    def assert_one_of_everything(self) -> None:
        world = self.world
        self.assertEqual((len(world.machines()), len(world.volumes()), len(world.taps())), (1, 1, 1))
        self.assertEqual((world.hypervisor.calls("vm_create"), world.storage.calls("volume_create")), (1, 1), "asked for once")

    def assert_served(self, key: str, number: int) -> None:
        shown = self.world.wait_state(number, "active", PATIENCE)
        self.assertEqual(self.world.buyer("open", key, id=number)["hostname"], shown["address"])
        self.assert_one_of_everything()

    def ended(self, key: str, number: int) -> None:
        self.world.buyer("cancel", key, id=number)
        self.world.wait_state(number, "ended", PATIENCE)
        self.assert_nothing_left()
        self.world.books()


class Life(OnNode):
    def test_life(self) -> None:
        world = self.world
        alice = world.wallet("alice")
        number = world.buy(alice)
        self.assert_served(alice, number)
        world.chain.pass_time(DAY + 60)
        world.wait_state(number, "suspended", PATIENCE)
        self.assertEqual(world.machine_of(number)["vm"]["stopped_by"], "host")
        world.buyer("extend", alice, id=number, days=1)
        world.wait_state(number, "active", PATIENCE)
        self.assertTrue(world.runs(number))
        self.assertEqual(world.books()["balance"], 2 * PRICE)
        self.ended(alice, number)


class Proven(OnNode):
    settings = {"finality": "latest+1", "chain": {"proof": "always"}}

    def test_proven(self) -> None:
        alice = self.world.wallet("alice")
        number = self.world.buy(alice)
        self.assert_served(alice, number)
        self.ended(alice, number)


class MinedAgain(OnNode):
    settings = {"finality": f"latest+{DEEP}"}

    def test_mined_again(self) -> None:
        world = self.world
        alice = world.wallet("alice")
        mark = world.chain.mark()
        number = world.buy(alice)
        self.wait("the host has seen the order", lambda: self.seen(number))
        self.assertEqual(world.machines(), [], "nothing is made before it is final")
        self.fork(mark, again=True)
        self.assert_served(alice, number)
        self.assertEqual(world.books()["balance"], PRICE, "paid once")
        self.assertNotIn("reorg_below_final", self.alarms())
        self.ended(alice, number)


class Vanished(OnNode):
    settings = {"finality": f"latest+{DEEP}"}

    def test_vanished(self) -> None:
        world = self.world
        alice = world.wallet("alice")
        mark = world.chain.mark()
        number = world.buy(alice)
        self.wait("the host has seen the order", lambda: self.seen(number))
        self.fork(mark, again=False)
        world.wait_state(number, "ended", PATIENCE)
        self.assertEqual((world.hypervisor.calls("vm_create"), world.storage.calls("volume_create")), (0, 0))
        self.assertEqual(world.books()["balance"], 0)
        self.assertNotIn("reorg_below_final", self.alarms())
        # The same number is the next purchase's; the host tells the two apart.
        bob = world.wallet("bob")
        self.assertEqual(world.buy(bob), number)
        self.assert_served(bob, number)
        self.ended(bob, number)


class BelowFinal(OnNode):
    def test_below_final(self) -> None:
        world = self.world
        alice = world.wallet("alice")
        mark = world.chain.mark()
        number = world.buy(alice)
        self.assert_served(alice, number)
        before = world.books()["balance"], world.machine_of(number)["guest"]["host_key"]
        self.fork(mark, again=True)
        self.wait("the host says that its final block is gone", lambda: "reorg_below_final" in self.alarms())
        # While nobody has looked at it, an expiry takes nothing away.
        world.chain.pass_time(DAY + 60)
        for _ in range(3):
            world.chain.mine(1)
            time.sleep(1)
        self.assertTrue(world.runs(number), "nothing is suspended until somebody has looked")
        world.buyer("extend", alice, id=number, days=2)
        world.blockhost("chain", "accept-reorg", "local")
        world.wait_state(number, "active", PATIENCE)
        self.assertNotIn("reorg_below_final", self.alarms())
        self.assert_one_of_everything()
        self.assertEqual((world.books()["balance"] - 2 * PRICE, world.machine_of(number)["guest"]["host_key"]), before)
        self.ended(alice, number)


class FinalTag(OnNode):
    settings = {"finality": "finalized"}

    def final(self) -> int:
        """Height of what the node calls final; -1: nothing."""
        try:
            return int(self.world.chain.call("eth_getBlockByNumber", "finalized", False)["number"], 16)
        except (chains.Failed, TypeError):
            return -1

    def until_final(self, condition) -> None:
        """Lets the chain go on, its head final where that is ours to say, until the condition holds."""
        def holds() -> bool:
            if hasattr(self.world.chain, "finalize"):
                self.world.chain.finalize()
            return condition()
        self.wait("what is final is acted on", holds)

    def test_final_tag(self) -> None:
        world = self.world
        alice = world.wallet("alice")
        bought = int(world.buyer("buy", alice, plan=world.plan, days=1)["block"])
        self.wait("the host has seen the order", lambda: self.seen(1))
        # Whoever looks at the VMs first and then at what is final never sees a VM too early by mistake.
        deadline = time.monotonic() + 4
        while time.monotonic() < deadline and self.final() < bought:
            made = world.machines()
            self.assertTrue(made == [] or self.final() >= bought, "a VM before its order was final")
            time.sleep(0.2)
        self.until_final(lambda: self.seen(1)["state"] == "active")
        self.assertGreaterEqual(self.final(), bought)
        self.assert_served(alice, 1)
        world.buyer("cancel", alice, id=1)
        self.until_final(lambda: self.seen(1)["state"] == "ended")
        self.assert_nothing_left()


class AwayAndBack(OnNode):
    # On its return to a branch this client answers eth_getLogs with nothing, and without an error; it has no receipts of it any more.
    settings = {"finality": f"latest+{DEEP}", "chain": {"proof": "always"}}

    def test_away_and_back(self) -> None:
        world = self.world
        alice = world.wallet("alice")
        mark = world.chain.mark()
        number = world.buy(alice)
        self.wait("the host has seen the order", lambda: self.seen(number))
        left = self.fork(mark, again=False)
        self.wait("the host knows that its order is gone", lambda: self.seen(number)["state"] != "purchased")
        world.chain.choose(left)
        # Longer than the other branch, so that it is no node that lags.
        world.chain.mine(DEEP)
        self.wait("the host says that it can't read the chain", lambda: "unreadable" in self.alarms())
        for _ in range(DEEP):
            world.chain.mine(1)
            time.sleep(1)
        self.assertNotEqual(self.seen(number)["state"], "ended")
        self.assertEqual((world.hypervisor.calls("vm_create"), world.storage.calls("volume_create")), (0, 0))
        self.assertEqual(world.books()["undelivered"], PRICE, "the buyer's money is in escrow")


KINDS = {"life": Life, "proven": Proven, "mined_again": MinedAgain, "vanished": Vanished, "below_final": BelowFinal, "final_tag": FinalTag, "away_and_back": AwayAndBack}


def cell(node: str, scenario: str) -> type:
    """The tests of one cell of the matrix."""
    world = type(f"{node.title()}World", (MemoryWorld,), {"chain_class": CHAINS[node]})
    return type(f"{KINDS[scenario].__name__}_{node}", (KINDS[scenario],), {"world_class": world, "__module__": __name__})


def suite(node: str, names: list[str]) -> unittest.TestSuite:
    loader = unittest.TestLoader()
    chosen = [cell(node, name) for name in names or matrix.SCENARIOS if matrix.runs(name, node)]
    return unittest.TestSuite(loader.loadTestsFromTestCase(case) for case in chosen)


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in CHAINS or any(name not in KINDS for name in sys.argv[2:]):
        raise SystemExit(f"usage: scenarios_test.py {'|'.join(CHAINS)} [{'|'.join(KINDS)}]...")
    setUpModule()
    result = unittest.TextTestRunner(verbosity=2).run(suite(sys.argv[1], sys.argv[2:]))
    sys.exit(0 if result.wasSuccessful() and result.testsRun > 0 else 1)
