"""`./dev demo --plugins examples`: one purchase after the other through the plugins of `examples/`, from the chain in Go to the prefix in C."""
import ipaddress
import os

from processes import wait_until
from steps import DAY, GRACE, Screen, check_books, expect, expect_clean, stage_table, take_snapshot
from world_examples import IMAGE, OWN, POOL, PUBLISHER, ExamplesWorld


def expect_third_parties(world: ExamplesWorld) -> None:
    """Each is loaded because its publisher is trusted, and sits in a sandbox of its own."""
    shown = {plugin["instance"]: plugin for plugin in world.blockhost("plugin", "list")["plugins"]}
    for instance, (plugin, _) in world.plugins.items():
        if plugin.startswith(OWN):
            continue
        row = shown[instance]
        expect(row["publisher"] == PUBLISHER and not row["warning"], f"{plugin} is of {PUBLISHER} and under no warning: {row}")
        expect(row["worker"]["state"] == "running" and "seccomp" in row["worker"]["sandbox"], f"{plugin} runs in a sandbox: {row}")
        expect(not row["worker"]["denied"], f"{plugin} does nothing that its sandbox refuses: {row}")


def expect_delivered(world: ExamplesWorld, key: str, number: int) -> dict:
    """What the four have done for it, each seen where it is."""
    shown = world.subscription(number)
    details = world.buyer("known-hosts", key, id=number, out=world.path("buyer", f"known_hosts-{number}"))
    expect(ipaddress.ip_address(details["hostname"]) in ipaddress.ip_network(POOL) and details["hostname"] == shown["address"],
           f"the address in the credential, {details['hostname']}, is of the pool's prefix and the VM's")
    expect(details["host_key"] == shown["vm"]["host_key"], "the credential has the host key that the guest reported")
    volume = world.path("pool/volumes", shown["volumes"][0]["volume"] + ".raw")
    with open(volume, "rb") as made, open(world.path("images", IMAGE, "disk.raw"), "rb") as image:
        expect(made.read(1 << 20) == image.read() and os.path.getsize(volume) == 4 << 30, f"{volume} begins with the image and has the plan's size")
    wait_until(f"the guest of {number} has its owner statement", lambda: world.subscription(number)["statement_sequence"] != "", 30)
    return details


def buy_from_examples(world: ExamplesWorld, screen: Screen) -> dict:
    plan = world.create_plan(grace=GRACE)
    screen.done(f"a contract at {world.contract} of {world.chain.plugin}, plan {plan} on offer")
    world.start_all()
    world.wait_ready()
    expect_third_parties(world)
    screen.done("four plugins by a trusted publisher are loaded, each in a sandbox of its own: " + ", ".join(sorted(plugin for plugin, _ in world.plugins.values())))
    before = take_snapshot(world)
    buyers = [world.wallet("alice"), world.wallet("bob")]
    bought = [int(world.buyer("buy", key, plan=plan, days=1)["subscription"]) for key in buyers]
    screen.done(f"two wallets bought subscriptions {bought[0]} and {bought[1]}")
    for key, number in zip(buyers, bought):
        shown = world.wait_state(number, "active", 120, screen.state)
        expect_delivered(world, key, number)
        screen.done(f"subscription {number} is active: VM {shown['vm']['vm']} at {shown['address']}; its buyer opened the credential, its guest knows its owner")
    expect(len(world.volumes()) == 2 and len({world.subscription(number)["address"] for number in bought}) == 2, "each has a volume and an address of its own")
    check_books(world)
    return {"before": before, "buyers": buyers, "bought": bought}


def end_of_the_examples(world: ExamplesWorld, screen: Screen, made: dict) -> None:
    first, second = made["bought"]
    world.chain.pass_time(DAY + 60)
    for number in (first, second):
        world.wait_state(number, "suspended", 90, screen.state)
    screen.done("time passed on the chain: both are suspended at expiry")
    world.buyer("extend", made["buyers"][0], id=first, days=1)
    world.wait_state(first, "active", 90, screen.state)
    expect(world.subscription(second)["state"] == "suspended", "the other one stays suspended")
    screen.done("an extension resumed the one that was paid for")
    world.chain.pass_time(DAY + GRACE + 60)
    for number in (first, second):
        world.wait_state(number, "ended", 120, screen.state)
    screen.done("expiry and grace passed: closed on the chain, destroyed, credentials burned")
    check_books(world)
    expect(not world.volumes() and not world.blockhost("vm", "list")["vms"], "no volume and no VM is left")
    expect_third_parties(world)
    expect_clean(world, made["before"])
    screen.done("volumes, links, routes, neighbours, firewall and addresses are as before the purchase")


def life_over_examples(world: ExamplesWorld, screen: Screen, once: bool) -> None:
    made = buy_from_examples(world, screen)
    stage_table(world.subscription(made["bought"][0]))
    if once:
        end_of_the_examples(world, screen, made)
        return
    print(f"""
The system is up. Nothing boots, so there is nothing to log in to. Try, in another terminal, as root:

  {world.path('bin/blockhost')} --config {world.path('etc/kernel.yaml')} plugin list
  {world.path('bin/blockhost')} --config {world.path('etc/kernel.yaml')} subscription show {made['bought'][0]}

  Let a day pass on the chain:
  {world.chain.to_pass_a_day()}

  Logs: {world.path('log')}

Ctrl-C ends it and removes everything.
""", flush=True)
