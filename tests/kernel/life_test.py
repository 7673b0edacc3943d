#!/usr/bin/env python3
"""The life of a subscription at the daemon's edge: bought, served, expired, extended, ended, cancelled, refunded, kept by undo."""
import unittest

from scenario import DAY, PRICE, Failed, Scenario, wait_until


class Life(Scenario):
    def test_purchase_expiry_extension_and_end(self) -> None:
        world = self.world
        alice = world.wallet("alice")
        before = world.books()
        number = world.buy(alice)
        shown = world.wait_state(number, "active", 60)
        machine = world.machine_of(number)
        self.assertEqual(machine["vm"]["state"], "running")
        self.assertEqual(machine["vm"]["vm"], "vm-" + shown["vm"]["op_id"])
        self.assertEqual([link["ifname"] for link in world.taps()], [shown["vm"]["tap"]])
        stages = [stage["stage"] for stage in shown["timeline"]]
        self.assertEqual(stages, sorted(stages, key=stages.index), "each stage once")
        self.assertEqual(sorted(stage["at_ms"] for stage in shown["timeline"]), [stage["at_ms"] for stage in shown["timeline"]])

        details = world.buyer("open", alice, id=number)
        self.assertEqual(details["hostname"], shown["address"])
        self.assertEqual(details["host_key"], machine["guest"]["host_key"])
        self.assertEqual(details["username"], "user")
        with self.assertRaises(Failed):  # the credential opens to its buyer alone
            world.buyer("open", world.wallet("eve"), id=number)
        wait_until("the guest has its owner statement", lambda: world.sequence_of(number) > 0, 20)
        statement = bytes.fromhex(world.machine_of(number)["guest"]["statement"].removeprefix("0x")).decode()
        self.assertIn(world.buyer("address", alice)["address"].lower(), statement.lower())

        books = world.books()
        self.assertEqual(books["balance"] - before["balance"], PRICE)
        self.assertEqual(books["undelivered"], before["undelivered"])

        world.chain.pass_time(DAY + 60)
        world.wait_state(number, "suspended", 60)
        self.assertEqual(world.machine_of(number)["vm"]["state"], "stopped")
        self.assertEqual(world.machine_of(number)["vm"]["stopped_by"], "host")
        self.assertEqual(len(world.volumes()), 1, "its data is kept")
        world.books()

        world.buyer("extend", alice, id=number, days=1)
        world.wait_state(number, "active", 60)
        machine_again = world.machine_of(number)
        self.assertEqual(machine_again["vm"]["state"], "running")
        self.assertEqual(machine_again["vm"]["vm"], machine["vm"]["vm"], "the same VM")
        self.assertEqual(machine_again["guest"]["host_key"], machine["guest"]["host_key"])
        self.assertEqual(world.books()["balance"] - before["balance"], 2 * PRICE)

        world.chain.pass_time(DAY + 3600 + 60)
        world.wait_state(number, "ended", 90)
        with self.assertRaises(Failed):  # burned
            world.buyer("open", alice, id=number)
        self.assert_nothing_left()
        self.assertEqual(world.books()["earned"] - before["earned"], 2 * PRICE)

    def test_an_active_vm_that_was_powered_off_inside_runs_again(self) -> None:
        world = self.world
        bob = world.wallet()
        number = world.buy(bob)
        world.wait_state(number, "active", 60)
        world.power_off_inside()
        wait_until("it runs again", lambda: world.machine_of(number)["vm"]["state"] == "running", 30)
        self.assertEqual(world.machine_of(number)["guest"]["boots"], 2)
        self.end(bob, number)
        self.assert_nothing_left()

    def test_a_vm_whose_place_on_the_network_was_taken_away_gets_it_back_and_runs_on(self) -> None:
        world = self.world
        key = world.wallet()
        number = world.buy(key)
        shown = world.wait_state(number, "active", 60)
        tap, address = shown["vm"]["tap"], shown["address"]
        powered = world.hypervisor.calls("vm_power")
        self.assertEqual(world.lacks(tap, address), [])
        for take_away in (lambda: world.in_host("nft", "flush", "ruleset"), lambda: world.in_host("ip", "link", "set", tap, "down")):
            take_away()
            self.assertNotEqual(world.lacks(tap, address), [])
            wait_until("its network is whole again", lambda: world.lacks(tap, address) == [], 30)
        world.processes["netd"].stop()
        world.in_host("nft", "flush", "ruleset")
        world.in_host("ip", "link", "set", tap, "down")
        world.start("netd")
        wait_until("its network is whole again", lambda: world.lacks(tap, address) == [], 30)
        machine = world.machine_of(number)
        self.assertEqual((machine["vm"]["state"], machine["guest"]["boots"], world.hypervisor.calls("vm_power")), ("running", 1, powered), "the VM itself was left alone")
        self.end(key, number)
        self.assert_nothing_left()

    def test_lost_answers_of_the_backends_make_nothing_twice(self) -> None:
        world = self.world
        key = world.wallet()
        world.storage.fail("volume_create", lost=True)
        world.hypervisor.fail("vm_create", lost=True)
        made = world.storage.calls("volume_create"), world.hypervisor.calls("vm_create")
        number = world.buy(key)
        world.wait_state(number, "active", 60)
        self.assertEqual((len(world.volumes()), len(world.machines())), (1, 1))
        self.assertEqual((world.storage.calls("volume_create"), world.hypervisor.calls("vm_create")), (made[0] + 2, made[1] + 2), "each was asked again")
        self.end(key, number)
        self.assert_nothing_left()

    def test_the_owner_cancels_and_the_vm_is_gone_at_once(self) -> None:
        world = self.world
        carol = world.wallet()
        number = world.buy(carol, days=10)
        world.wait_state(number, "active", 60)
        world.buyer("cancel", carol, id=number)
        world.wait_state(number, "ended", 60)
        self.assert_nothing_left()
        world.books()
        self.assertGreater(world.credit(carol), 9 * PRICE - PRICE // 10, "what was not used comes back")
        world.buyer("claim", carol)
        self.assertEqual(world.credit(carol), 0)

    def test_the_operator_cancels_and_the_buyer_gets_the_rest_back(self) -> None:
        world = self.world
        dave = world.wallet()
        number = world.buy(dave, days=10)
        world.wait_state(number, "active", 60)
        world.buyer("cancel", world.operator_key, id=number)
        world.wait_state(number, "suspended", 60)
        self.assertIsNotNone(world.machine_of(number), "kept until the grace is over")
        self.assertGreater(world.credit(dave), 9 * PRICE - PRICE // 10)
        world.chain.pass_time(3600 + 60)
        world.wait_state(number, "ended", 60)
        self.assert_nothing_left()
        world.books()

    def test_a_refund_that_wins_the_race_leaves_nothing(self) -> None:
        world = self.world
        erin = world.wallet()
        world.hypervisor.set(guest_silent_for=1_000_000)
        self.addCleanup(world.hypervisor.set, guest_silent_for=0)
        number = world.buy(erin)
        wait_until("its VM was started", lambda: world.runs(number), 30)
        # The host declines by itself at 80 % of the window: stopped, it misses that, and the buyer is first.
        world.processes["blockhostd"].stop()
        world.chain.pass_time(3600 + 60)
        world.buyer("refund", erin, id=number)
        world.start("blockhostd")
        world.wait_state(number, "ended", 60)
        self.assert_nothing_left()
        self.assertEqual(world.credit(erin), PRICE)
        world.books()

    def refund_in_the_block_of_the_delivery(self, refund_first: bool) -> None:
        world, chain = self.world, self.world.chain
        key = world.wallet()
        world.hypervisor.set(guest_silent_for=1_000_000)
        self.addCleanup(world.hypervisor.set, guest_silent_for=0)
        number = world.buy(key)
        wait_until("its VM was started", lambda: world.runs(number), 30)
        # Blocks stop; the delivery is sent and waits in the node. Then the window is over, and the buyer's refund waits beside it.
        chain.call("evm_setIntervalMining", 0)
        self.addCleanup(chain.call, "evm_setIntervalMining", 1)
        world.let_guests_speak()
        wait_until("the delivery is sent", lambda: int(chain.call("txpool_status")["pending"], 16) == 1, 15)
        chain.call("evm_increaseTime", hex(3600 + 60))
        buyer = world.buyer("address", key)["address"]
        chain.call("anvil_impersonateAccount", buyer)
        selector = chain.call("web3_sha3", "0x" + b"refund(uint256)".hex())[:10]
        least = int(chain.call("eth_getBlockByNumber", "latest", False)["baseFeePerGas"], 16)  # the node puts the highest fee first
        refund = chain.call("eth_sendTransaction", {"from": buyer, "to": world.contract, "data": selector + f"{number:064x}", "gas": hex(300_000),
                                                    "maxFeePerGas": hex(least + 500 * 10**9 if refund_first else least), "maxPriorityFeePerGas": hex(400 * 10**9 if refund_first else 0)})
        chain.mine(1)
        # Both are in it, in the order that was asked for; one was refused.
        mined = chain.call("eth_getBlockByNumber", "latest", False)["transactions"]
        self.assertEqual(len(mined), 2)
        self.assertEqual(mined.index(refund) == 0, refund_first)
        succeeded = {hash: int(chain.call("eth_getTransactionReceipt", hash)["status"], 16) == 1 for hash in mined}
        self.assertEqual([hash for hash in mined if succeeded[hash]], [refund])
        chain.call("evm_setIntervalMining", 1)
        shown = world.wait_state(number, "ended", 60)
        self.assertIn("state:refunded", [stage["stage"] for stage in shown["timeline"]])
        self.assert_nothing_left()
        self.assertEqual(world.credit(key), PRICE)
        with self.assertRaises(Failed):  # no credential was made
            world.buyer("open", key, id=number)
        world.books()

    def test_a_refund_mined_just_before_the_delivery_in_one_block(self) -> None:
        self.refund_in_the_block_of_the_delivery(refund_first=True)

    def test_a_refund_mined_just_behind_the_delivery_that_came_too_late_in_one_block(self) -> None:
        self.refund_in_the_block_of_the_delivery(refund_first=False)

    def test_an_order_whose_vm_never_answers_is_declined_in_time(self) -> None:
        world = self.world
        frank = world.wallet()
        world.hypervisor.set(guest_silent_for=1_000_000)
        self.addCleanup(world.hypervisor.set, guest_silent_for=0)
        number = world.buy(frank)
        wait_until("its VM was started", lambda: world.runs(number), 30)
        world.chain.pass_time(3600 * 85 // 100)
        shown = world.wait_state(number, "ended", 60)
        self.assertTrue(shown["reason"])
        self.assert_nothing_left()
        self.assertEqual(world.credit(frank), PRICE)
        world.books()


class Undo(Scenario):
    settings = {"undo_window_s": 60}

    def test_undo_in_its_window_keeps_the_vm(self) -> None:
        world = self.world
        alice = world.wallet()
        number = world.buy(alice)
        world.wait_state(number, "active", 60)
        world.buyer("cancel", alice, id=number)
        shown = world.wait_state(number, "retiring", 60)
        shown = wait_until("the window runs", lambda: (found := world.subscription(number))["undo_until_ms"] and found, 30)
        wait_until("its VM is off", lambda: world.machine_of(number)["vm"]["state"] == "stopped", 30)
        self.assertEqual(world.blockhost("subscription", "undo", str(number)), {"done": True})
        wait_until("it is held", lambda: world.subscription(number)["state"] == "held", 20)
        self.assertEqual(world.machine_of(number)["vm"]["state"], "stopped", "kept, off")
        self.assertEqual(len(world.volumes()), 1)
        again = world.cli("subscription", "undo", str(number), json_output=True)
        self.assertEqual(again.returncode, 1, again.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
