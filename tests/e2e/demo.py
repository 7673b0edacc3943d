#!/usr/bin/env python3
"""`./dev demo`: a purchase on a chain, a local EVM node or with --chain file a ledger in a file, becomes a real VM that its wallet logs in to, and ends.
With --plugins examples the plugins are those of examples/, in C, C++, Rust and Go: everything but a VM that boots.

Runs in two network namespaces and one directory of its own, removes both, and leaves the machine as it was.
"""
import argparse
import os
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from chain_evm import EvmChain  # noqa: E402
from chain_file import FileChain  # noqa: E402
from examples import life_over_examples  # noqa: E402
from login import login  # noqa: E402
from processes import Failed, wait_until  # noqa: E402
from steps import DAY, GRACE, Screen, check_books, expect, expect_clean, stage_table, take_snapshot  # noqa: E402
from world import REPO, World  # noqa: E402
from world_examples import ExamplesWorld  # noqa: E402

CHAINS = {"evm": EvmChain, "file": FileChain}
BASE = ("ip", "nft", "nsenter", "setpriv", "ssh-keygen")
REAL_VMS = ("qemu-system-x86_64", "qemu-img", "ssh", "mmdebstrap")


def missing(programs: tuple) -> list[str]:
    """What this needs and can't install by itself."""
    lacks = []
    if os.geteuid() != 0:
        lacks.append("root: run ./dev demo as root or with passwordless sudo")
    if not os.path.exists("/dev/net/tun"):
        lacks.append("/dev/net/tun: load the tun module, or give the container that device")
    for program in programs:
        if shutil.which(program) is None:
            lacks.append(f"{program}: ./dev setup installs it")
    if os.geteuid() == 0 and subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode != 0:
        lacks.append("network namespaces: this container may not make them")
    return lacks


def guest_image(build: str, screen: Screen) -> str:
    """The guest image, built once and kept until the guest package or the builder changes."""
    out = os.path.join(REPO, "build", "images", "debian-12")
    deb = next((os.path.join(build, "pam", name) for name in os.listdir(os.path.join(build, "pam")) if name.endswith(".deb")), None)
    if deb is None:
        raise Failed("the guest package was not built: run ./dev build release")
    stamp = os.path.join(out, "guest-package.sha256")
    from world import sha256
    wanted = sha256(deb) + " " + sha256(os.path.join(REPO, "iso", "image", "build"))
    if os.path.exists(stamp) and open(stamp).read() == wanted:
        return out
    screen.say("building the guest image (once; about two minutes)")
    os.makedirs(os.path.dirname(out), exist_ok=True)
    command = [os.path.join(REPO, "iso", "image", "build"), "--suite", "bookworm", "--out", out, "--guest-deb", deb]
    log = os.path.join(REPO, "build", "images", "build.log")
    with open(log, "w") as output:
        if subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL).returncode != 0:
            last = [line for line in open(log).read().splitlines() if line.strip()][-12:]
            raise Failed("\n    ".join([f"the guest image was not built (log: {log}):", *last]))
    with open(stamp, "w") as file:
        file.write(wanted)
    return out


def purchase_to_shell(world: World, screen: Screen) -> dict:
    plan = world.create_plan(grace=GRACE)
    screen.done(f"contracts deployed at {world.contract}, plan {plan} on offer")
    world.start_all()
    world.wait_ready()
    screen.done("signer, netd, launcher and blockhostd run, four plugins loaded through the C ABI")
    before = take_snapshot(world)

    buyers = [world.wallet("alice"), world.wallet("bob")]
    bought = [int(world.buyer("buy", key, plan=plan, days=1)["subscription"]) for key in buyers]
    screen.done(f"two wallets bought subscriptions {bought[0]} and {bought[1]}, requests sealed to the host's key")
    for number in bought:
        shown = world.wait_state(number, "active", 300, screen.state)
        screen.done(f"subscription {number} is active: VM {shown['vm']['vm']} at {shown['address']}, credential minted")
    check_books(world)

    details, known_hosts = [], []
    for key, number in zip(buyers, bought):
        known_hosts.append(world.path("buyer", f"known_hosts-{number}"))
        details.append(world.buyer("known-hosts", key, id=number, out=known_hosts[-1]))
    screen.done("the buyers opened their credentials and pinned the host keys")

    code, said = login(world, buyers[0], details[0], known_hosts[0], "id; uname -a; echo 'the buyer was here' > proof; sync")
    expect(code == 0 and "uid=" in said, f"alice's wallet gets a shell; ssh ended with {code}: {said[-400:]}")
    print("\n" + "\n".join("    " + line for line in said.strip().splitlines()[-2:]) + "\n", flush=True)
    screen.done("the stock ssh client logged in with a wallet signature")
    code, said = login(world, buyers[0], details[1], known_hosts[1], "id")
    refusal = next((line for line in said.splitlines() if line.startswith("Refused")), "")
    expect(code is None and "Refused: Over this text, that signature is by" in said, f"bob's VM refuses alice's wallet; ssh ended with {code}: {said[-400:]}")
    print(f"    {refusal}\n", flush=True)
    screen.done("the other buyer's VM refused that wallet")
    return {"before": before, "buyers": buyers, "bought": bought, "details": details, "known_hosts": known_hosts}


def expiry_to_end(world: World, screen: Screen, made: dict) -> None:
    first, second = made["bought"]
    world.chain.pass_time(DAY + 60)
    for number in (first, second):
        world.wait_state(number, "suspended", 180, screen.state)
    screen.done("time passed on the chain: both VMs are suspended at expiry")
    world.buyer("extend", made["buyers"][0], id=first, days=1)
    world.wait_state(first, "active", 180, screen.state)
    code, said = login_when_up(world, made)
    expect(code == 0 and "the buyer was here" in said, f"the file survived; ssh ended with {code}: {said[-400:]}")
    screen.done("an extension resumed the VM, with the file the buyer wrote")
    world.chain.pass_time(DAY + GRACE + 60)
    for number in (first, second):
        world.wait_state(number, "ended", 240, screen.state)
    screen.done("expiry and grace passed: closed on chain, destroyed, credentials burned")
    check_books(world)
    expect_clean(world, made["before"])
    screen.done("processes, volumes, links, routes, neighbours, firewall and addresses are as before the purchase")


def login_when_up(world: World, made: dict) -> tuple[int, str]:
    """A resumed VM answers as soon as its sshd runs."""
    result = (255, "")
    def once():
        nonlocal result
        try:
            result = login(world, made["buyers"][0], made["details"][0], made["known_hosts"][0], "cat proof")
        except (TimeoutError, EOFError):  # it is still booting
            return False
        return result[0] == 0
    wait_until("the resumed VM lets its buyer in", once, 90, 1.0)
    return result


def tell_what_to_try(world: World, made: dict) -> None:
    details = made["details"][0]
    client = " ".join(world.spaces.inside(world.spaces.client))
    message = world.path("buyer", "challenge")
    print(f"""
The system is up. Try, in another terminal, as root:

  {world.path('bin/blockhost')} --config {world.path('etc/kernel.yaml')} status
  {world.path('bin/blockhost')} --config {world.path('etc/kernel.yaml')} subscription show {made['bought'][0]}
  {world.path('bin/blockhost')} --config {world.path('etc/kernel.yaml')} vm console {made['details'] and world.subscription(made['bought'][0])['vm']['vm']}

  Log in (paste the text between the BEGIN and END lines into {message}, sign it, paste the signature):
  {client} ssh -F none -o UserKnownHostsFile={made['known_hosts'][0]} -o StrictHostKeyChecking=yes {details['username']}@{details['hostname']}
  {world.chain.to_sign(made['buyers'][0], message)}

  Let a day pass on the chain:
  {world.chain.to_pass_a_day()}

  Logs: {world.path('log')}

Ctrl-C ends it and removes everything.
""", flush=True)


def life(world: World, screen: Screen, once: bool) -> None:
    made = purchase_to_shell(world, screen)
    stage_table(world.subscription(made["bought"][0]))
    if once:
        expiry_to_end(world, screen, made)
    else:
        tell_what_to_try(world, made)


def main() -> int:
    arguments = argparse.ArgumentParser(prog="./dev demo", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--build", required=True, help=argparse.SUPPRESS)
    arguments.add_argument("--once", action="store_true", help="clean up and end instead of staying up")
    arguments.add_argument("--chain", choices=CHAINS, help="evm: a local EVM node; file: a ledger in a file, without any node. Default: evm, or file with --plugins examples")
    arguments.add_argument("--plugins", choices=("own", "examples"), default="own", help="own: BlockHost's (the default); examples: those of examples/, in sandboxes; no VM boots")
    given = arguments.parse_args()
    examples = given.plugins == "examples"
    chain = CHAINS[given.chain or ("file" if examples else "evm")]
    lacks = missing((*BASE, *(() if examples else REAL_VMS), *chain.needs))
    if lacks:
        print("The demo can't run here. Missing:\n" + "\n".join(f"  - {line}" for line in lacks), file=sys.stderr)
        return 1
    screen = Screen()
    world = None
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    failed = True
    try:
        if examples:
            world = ExamplesWorld(given.build, chain)
        else:
            image = guest_image(given.build, screen)
            screen.done("guest image is there")
            world = World(given.build, image, chain=chain)
        world.install()
        world.spaces.make()
        world.start_chain()
        world.deploy()
        (life_over_examples if examples else life)(world, screen, given.once)
        if not given.once:
            signal.pause()
        failed = False
    except KeyboardInterrupt:
        failed = False
        print("\nending", file=sys.stderr)
    except (Failed, TimeoutError, EOFError) as error:
        print(f"\nFAILED: {error}", file=sys.stderr)
    finally:
        if world is not None:
            kept = world.close(keep_logs=failed)
            if kept:
                print(f"logs: {kept}", file=sys.stderr)
    if not failed and given.once:
        print("\n  step                                                                              took")
        for text, took in screen.steps:
            print(f"  {text[:80]:<80}  {took:6.1f} s")
        print(f"  {'whole demo':<80}  {time.monotonic() - screen.began:6.1f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
