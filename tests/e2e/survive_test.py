#!/usr/bin/env python3
"""What a host with real VMs survives, one after the other in one world:

1. blockhostd killed at every boundary that a purchase passes from its first sight to active, each once;
2. a kill and an upgrade of every daemon, while the VMs run on: same processes, same boot of the guest;
3. a VM that its buyer powers off from inside: it runs again;
4. a reboot of the host: all processes, namespaces, links and run directories gone.

After each there is one VM, one volume, one credential and one address a subscription, and the contract's books add up; at the end nothing is left.
"""
import argparse
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import snapshot  # noqa: E402
from demo import Screen, check_books, expect, guest_image, take_snapshot  # noqa: E402
from buyer import Buyer  # noqa: E402
from dying import Dying, every_time  # noqa: E402
from login import login  # noqa: E402
from processes import Failed, wait_until  # noqa: E402
from world import World  # noqa: E402

MOST_PURCHASES = 3  # with kills: the way to active that one kill opens may leave out another boundary


class DyingWorld(Dying, World):
    """blockhostd dies at boundaries, everything else is the demo's."""


def check_each_once(world: DyingWorld, numbers: list[int]) -> None:
    shown = [world.subscription(number) for number in numbers]
    expect(all(row["state"] == "active" for row in shown), f"subscriptions {numbers} are active, not {[row['state'] for row in shown]}")
    names = sorted(row["vm"]["vm"] for row in shown)
    vms = world.blockhost("vm", "list")["vms"]
    expect(sorted(vm["vm"] for vm in vms) == names, f"one VM each, not {[vm['vm'] for vm in vms]}")
    expect(len({vm["address"] for vm in vms}) == len(numbers), "one address each")
    expect(sorted(world.qemus()) == names, f"one QEMU each, not {world.qemus()}")
    volumes = {name.split(".")[0] for name in os.listdir(world.path("pool", "volumes"))}
    expect(len(volumes) == len(numbers), f"one volume each, not {volumes}")
    for number in numbers:
        expect(world.mints(number) == 1, f"one credential with token id {number}, not {world.mints(number)}")
    check_books(world)


def killed_at_every_boundary(world: DyingWorld, plan: int, screen: Screen) -> list[Buyer]:
    world.start_noting("undisturbed", dies=False)
    first = Buyer(world, "alice", plan)
    world.wait_state(first.number, "active", 300, screen.state)
    wanted = every_time(world.passed())
    screen.done(f"an undisturbed purchase passed {len(wanted)} boundaries that each one passes")
    check_each_once(world, [first.number])

    world.start_noting("killed", dies=True)
    buyers = [first]
    while not wanted <= world.passed():
        expect(len(buyers) <= MOST_PURCHASES, f"{MOST_PURCHASES} purchases pass all boundaries; left: {sorted(wanted - world.passed())}")
        buyers.append(Buyer(world, f"buyer-{len(buyers)}", plan))
        wait_until("an order is served in spite of the kills", lambda: world.state_of(buyers[-1].number) == "active", 300)
        screen.say(f"  subscription {buyers[-1].number} is active, {world.deaths} kills by now")
    expect(world.deaths >= len(wanted), f"at least {len(wanted)} kills, not {world.deaths}")
    world.start_noting(None, dies=False)
    world.wait_ready()
    check_each_once(world, [buyer.number for buyer in buyers])
    screen.done(f"killed {world.deaths} times, once at each boundary of {len(buyers) - 1} purchases: everything is there once")
    return buyers


def vms_outlive_the_daemons(world: DyingWorld, buyers: list[Buyer], screen: Screen) -> None:
    running, boots = world.qemus(), [buyer.boot() for buyer in buyers]
    for name in ("signer", "netd", "launcher", "blockhostd"):
        world.processes[name].kill()
        world.start(name)
    world.wait_ready()
    expect(world.qemus() == running, f"the VMs' processes run through a kill of every daemon: {running} before, {world.qemus()} now")
    screen.done("signer, netd, launcher and blockhostd were killed; the VMs ran on")
    world.upgrade()
    for name in ("signer", "netd", "launcher", "blockhostd"):
        world.processes[name].stop()
        world.start(name)
    world.wait_ready()
    expect(world.qemus() == running, f"the VMs' processes run through an upgrade of every daemon: {running} before, {world.qemus()} now")
    expect([buyer.boot() for buyer in buyers] == boots, "the guests run since the same boot")
    check_each_once(world, [buyer.number for buyer in buyers])
    screen.done("every program and plugin file was replaced and every daemon started anew; the guests run since the same boot")


def powered_off_from_inside(world: DyingWorld, buyer: Buyer, screen: Screen) -> None:
    name = world.subscription(buyer.number)["vm"]["vm"]
    before, boot = world.qemus()[name], buyer.run("echo 'still here' > proof; sync; cat /proc/sys/kernel/random/boot_id")
    try:
        login(world, buyer.key, buyer.details, buyer.known_hosts, "sudo systemctl poweroff")
    except (TimeoutError, EOFError):  # the connection goes down with the VM
        pass
    wait_until("the VM runs again", lambda: world.qemus().get(name, before) != before, 120, 0.5)
    expect(buyer.boot() != boot and buyer.run("cat proof") == "still here", "the guest booted again with its files")
    screen.done("a VM that was powered off from inside runs again")


def host_rebooted(world: DyingWorld, buyers: list[Buyer], screen: Screen) -> None:
    before = world.qemus()
    hosts = [buyer.run("cat /etc/ssh/ssh_host_ed25519_key.pub") for buyer in buyers]
    world.reboot()
    screen.say("  every process, namespace, link and run directory of the host is gone")
    world.start_all()
    world.wait_ready()
    wait_until("all VMs run again", lambda: sorted(world.qemus()) == sorted(before), 120, 0.5)
    expect([buyer.run("cat /etc/ssh/ssh_host_ed25519_key.pub") for buyer in buyers] == hosts, "the guests kept their host keys")
    check_each_once(world, [buyer.number for buyer in buyers])
    screen.done("the host was rebooted; every VM is back at its address and its wallet logs in")


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--build", required=True)
    build = arguments.parse_args().build
    screen, world, failed = Screen(), None, True
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    try:
        world = DyingWorld(build, guest_image(build, screen))
        world.install()
        world.spaces.make()
        world.start_chain()
        world.deploy()
        plan = world.create_plan(grace=3600)
        world.start_all()
        world.wait_ready()
        clean = take_snapshot(world)
        buyers = killed_at_every_boundary(world, plan, screen)
        for buyer in buyers[2:]:
            world.buyer("cancel", buyer.key, id=buyer.number)
            world.wait_state(buyer.number, "ended", 120)
        del buyers[2:]
        vms_outlive_the_daemons(world, buyers, screen)
        powered_off_from_inside(world, buyers[0], screen)
        host_rebooted(world, buyers, screen)
        for buyer in buyers:
            world.buyer("cancel", buyer.key, id=buyer.number)
        for buyer in buyers:
            world.wait_state(buyer.number, "ended", 180)
        check_books(world)
        left = snapshot.differences(clean, take_snapshot(world))
        expect(not left, "nothing is left behind; " + "; ".join(left))
        screen.done("all ended, nothing is left behind")
        failed = False
    except (Failed, TimeoutError, EOFError) as error:
        print(f"FAILED: {error}", file=sys.stderr)
    finally:
        kept = world.close(keep_logs=failed) if world is not None else None
        if kept:
            print(f"logs: {kept}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
