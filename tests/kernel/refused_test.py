#!/usr/bin/env python3
"""Purchases that can't be served are declined, their money is credited back and nothing is left; what the contract itself refuses has its name."""
import unittest

from scenario import PRICE, Failed, MemoryWorld, Scenario, wait_until


class Refusals(Scenario):
    def assert_declined(self, world: MemoryWorld, number: int, key: str, reason: str) -> None:
        shown = world.wait_state(number, "ended", 60)
        self.assertIn(reason, shown["reason"])
        self.assertEqual(world.credit(key), PRICE)
        self.assertIn("declined", [event["type"] for event in shown["events"]])
        world.books()
        world.buyer("claim", key)
        self.assertEqual(world.credit(key), 0)
        with self.assertRaises(Failed):
            world.buyer("open", key, id=number)


    def declined_for_want_of_room(self, number: int, key: str, reason: str) -> None:
        """The host tries again while there may be room, until four fifths of the delivery window are over."""
        world = self.world
        wait_until("the host has seen it", lambda: str(number) in [row["subscription"] for row in world.blockhost("subscription", "list")["subscriptions"]], 20)
        wait_until("it waits for room", lambda: [job for job in world.subscription(number)["jobs"] if job["state"] == "backoff" and job["last_reason"] == reason], 30)
        world.chain.pass_time(3600 * 85 // 100)
        self.assert_declined(world, number, key, "")


class Declined(Refusals):
    def declined_for_its_request(self, what: str, reason: str = "does_not_open") -> None:
        world = self.world
        key, made = world.wallet(), world.hypervisor.calls("vm_create") + world.storage.calls("volume_create")
        number = world.buy(key, **{"break": what})
        self.assert_declined(world, number, key, reason)
        self.assertEqual(world.hypervisor.calls("vm_create") + world.storage.calls("volume_create"), made, "nothing was built for it")
        self.assert_nothing_left()

    def test_a_request_that_is_garbage(self) -> None:
        self.declined_for_its_request("garbage", "unknown_seal")

    def test_a_request_of_another_buyer(self) -> None:
        self.declined_for_its_request("buyer")

    def test_a_request_for_another_contract(self) -> None:
        self.declined_for_its_request("contract")

    def test_a_request_for_another_chain(self) -> None:
        self.declined_for_its_request("chain")

    def test_an_image_that_is_not_there(self) -> None:
        world = self.world
        resources = '{"cpus":1,"disk_bytes":1073741824,"image":"debian-99","memory_bytes":536870912}'
        plan = world.create_plan(grace=3600, resources=resources)
        key = world.wallet()
        self.assert_declined(world, world.buy(key, plan=plan), key, "no_image")
        self.assert_nothing_left()

    def test_a_plan_whose_resources_make_no_sense(self) -> None:
        world = self.world
        plan = world.create_plan(grace=3600, resources='{"cpus":0}')
        key = world.wallet()
        self.assert_declined(world, world.buy(key, plan=plan), key, "plan_resources")
        self.assert_nothing_left()

    def test_a_hypervisor_without_room(self) -> None:
        world = self.world
        first, second = world.wallet(), world.wallet()
        served = world.buy(first)
        world.wait_state(served, "active", 60)
        world.hypervisor.set(max_vms=1)
        self.addCleanup(world.hypervisor.set, max_vms=0)
        self.declined_for_want_of_room(world.buy(second), second, "no_room")
        self.assertEqual(len(world.machines()), 1)
        self.assertEqual(len(world.volumes()), 1)
        self.assertEqual(world.subscription(served)["state"], "active")
        self.end(first, served)
        self.assert_nothing_left()


class RefusedByTheContract(Refusals):
    def test_buying_an_inactive_plan(self) -> None:
        world = self.world
        plan = world.create_plan(grace=3600)
        world.buyer("plan-off", world.operator_key, plan=plan)
        with self.assertRaisesRegex(Failed, f"PlanInactive\\({plan}\\)"):
            world.buy(world.wallet(), plan=plan)

    def test_buying_a_sold_out_plan(self) -> None:
        world = self.world
        plan = world.create_plan(grace=3600, capacity=1)
        key = world.wallet()
        number = world.buy(key, plan=plan)
        with self.assertRaisesRegex(Failed, f"SoldOut\\({plan}, 1, 1\\)"):
            world.buy(world.wallet(), plan=plan)
        world.wait_state(number, "active", 60)
        self.end(key, number)
        again = world.buy(key, plan=plan)  # its end freed the place
        world.wait_state(again, "active", 60)
        self.end(key, again)

    def test_a_purchase_made_before_its_plan_became_inactive_is_served(self) -> None:
        world = self.world
        plan = world.create_plan(grace=3600)
        key = world.wallet()
        world.processes["blockhostd"].stop()
        number = world.buy(key, plan=plan)
        world.buyer("plan-off", world.operator_key, plan=plan)
        world.start("blockhostd")
        world.wait_state(number, "active", 60)
        self.end(key, number)
        self.assert_nothing_left()


class NoAddressLeft(Refusals):
    @classmethod
    def build_world(cls) -> None:
        world = cls.world
        world.plugins = {**world.plugins, "net6": ("org.blockhost.ipv6-static", "ipv6")}
        configs = world.plugin_configs
        reserved = [f"2001:db8:b10c:ffff::{digit:x}" for digit in range(3, 16)]
        world.plugin_configs = lambda: {**configs(), "net6": {"prefix": "2001:db8:b10c:ffff::/124", "mode": "routed", "reserved": reserved}}
        world.make()

    def test_a_prefix_without_a_free_address(self) -> None:
        world = self.world
        first, second = world.wallet(), world.wallet()
        served = world.buy(first)
        self.assertEqual(world.wait_state(served, "active", 60)["address"], "2001:db8:b10c:ffff::2")
        self.declined_for_want_of_room(world.buy(second), second, "no_address")
        self.assertEqual(len(world.machines()), 1)
        self.end(first, served)
        self.assert_nothing_left()
        third = world.buy(second)  # the address is free again
        world.wait_state(third, "active", 60)
        self.end(second, third)


if __name__ == "__main__":
    unittest.main(verbosity=2)
