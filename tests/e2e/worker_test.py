#!/usr/bin/env python3
"""The plugins of real VMs in sandboxes of their own, one world:

1. a purchase becomes a VM, while the workers of hypervisor, storage and chain are killed in the middle of it;
2. what the workers see of the host, and whose the files are that they and their tools make;
3. their workers killed while the VM runs: same process, same boot, found again by the next verb, and power, guest and volume still work;
4. cancelled: shut down, destroyed, nothing is left.
"""
import argparse
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import snapshot  # noqa: E402
from buyer import Buyer  # noqa: E402
from demo import Screen, check_books, expect, guest_image, take_snapshot  # noqa: E402
from processes import Failed, wait_until  # noqa: E402
from world import KERNEL, VM_UIDS, World  # noqa: E402

SANDBOXED = ("local", "qemu", "dir", "static")


class SandboxedWorld(World):
    isolation = "process"

    def workers_now(self) -> dict[str, dict]:
        return {plugin["instance"]: plugin["worker"] for plugin in self.blockhost("plugin", "list")["plugins"] if plugin["instance"] in SANDBOXED}

    def plugin_process(self, instance: str) -> int:
        """The process in the sandbox: the only child of the one that watches over it."""
        watcher = self.workers_now()[instance]["pid"]
        with open(f"/proc/{watcher}/task/{watcher}/children") as file:
            return int(file.read().split()[0])

    def kill_worker(self, instance: str) -> None:
        """SIGKILL to the plugin's process; waits until another one has taken its place, which asking for the list brings about."""
        watcher = self.workers_now()[instance]["pid"]
        os.kill(self.plugin_process(instance), signal.SIGKILL)
        wait_until(f"a new worker of {instance}", lambda: self.workers_now()[instance]["pid"] not in (0, watcher), 60)


def seen_by(pid: int, root: str) -> list[str]:
    """Every directory below `root` in the sandbox of a process, down to what was granted."""
    inside = f"/proc/{pid}/root{root}"
    return sorted(os.path.relpath(os.path.join(base, name), inside) for base, folders, _ in os.walk(inside) for name in folders if base.count("/") - inside.count("/") < 2)


def bought(world: SandboxedWorld, plan: int, screen: Screen) -> Buyer:
    buyer = Buyer(world, "alice", plan)
    wait_until("its volume is there", lambda: os.path.isdir(world.path("pool/volumes")) and any(name.endswith(".qcow2") for name in os.listdir(world.path("pool/volumes"))), 120, 0.05)
    for instance in ("dir", "qemu", "local"):
        world.kill_worker(instance)
    world.wait_state(buyer.number, "active", 900, screen.state)
    expect(len(world.qemus()) == 1, f"one VM, not {world.qemus()}")
    screen.done("a purchase became a VM although the workers of storage, hypervisor and chain were killed on the way")
    return buyer


def whose_files(world: SandboxedWorld) -> None:
    storage, hypervisor = world.user_of("dir"), world.user_of("qemu")
    unit = range(VM_UIDS["first"], VM_UIDS["first"] + VM_UIDS["count"])
    for top, owner in (("pool", storage), ("state/vm", hypervisor), ("run/vm", hypervisor)):
        for base, folders, names in os.walk(world.path(top)):
            for name in folders + names:
                path = os.path.join(base, name)
                info = os.lstat(path)
                to_the_vm = name.endswith(".qcow2") or top == "run/vm"
                expect(info.st_uid in unit if to_the_vm else info.st_uid == owner, f"{path} belongs to {'its VM' if to_the_vm else owner}, not to {info.st_uid}")
                expect(info.st_gid == KERNEL, f"{path} belongs to the kernel's group")
                expect(info.st_mode & 0o002 == 0, f"{path} can be written by nobody else")


def what_they_see(world: SandboxedWorld, screen: Screen) -> None:
    shown = world.workers_now()
    for instance in SANDBOXED:
        expect(shown[instance]["state"] == "running" and "seccomp" in shown[instance]["sandbox"], f"{instance} runs in a sandbox: {shown[instance]}")
        expect(not shown[instance]["denied"], f"{instance} does nothing that its sandbox refuses: {shown[instance]['denied']}")
        expect(os.stat(f"/proc/{world.plugin_process(instance)}").st_uid == world.user_of(instance), f"{instance} has its own user")
    granted = {"dir": {"images", "pool"}, "qemu": {"run", "run/vm", "state", "state/vm"}, "static": set(), "local": set()}
    for instance, paths in granted.items():
        seen = {path for path in seen_by(world.plugin_process(instance), world.root) if not any(path.startswith(f"{top}/") for top in ("images", "pool", "run/vm", "state/vm"))}
        expect(seen == paths, f"{instance} sees {paths} of the host's directories, not {seen}")
    whose_files(world)
    screen.done("each worker sees its granted directories and no other; each file has the one owner that it should have")


def killed_under_a_vm(world: SandboxedWorld, buyer: Buyer, screen: Screen) -> None:
    running, boot = world.qemus(), buyer.boot()
    for instance in ("qemu", "dir", "local"):
        world.kill_worker(instance)
    expect(world.qemus() == running, f"the VM runs on: {running} before, {world.qemus()} now")
    wait_until("all plugins are well again", lambda: all(plugin["health"] == "ok" for plugin in world.blockhost("plugin", "list")["plugins"]), 90)
    expect([vm["state"] for vm in world.blockhost("vm", "list")["vms"]] == ["active"], "the subscription is active all the time")
    expect(world.qemus() == running and buyer.boot() == boot, "the guest runs since the same boot")
    screen.done("the workers were killed while the VM ran: it runs on, and was found again")


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--build", required=True)
    build = arguments.parse_args().build
    screen, world, failed = Screen(), None, True
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    try:
        world = SandboxedWorld(build, guest_image(build, screen))
        world.install()
        world.spaces.make()
        world.start_chain()
        world.deploy()
        plan = world.create_plan()
        world.start_all()
        world.wait_ready()
        clean = take_snapshot(world)
        buyer = bought(world, plan, screen)
        what_they_see(world, screen)
        killed_under_a_vm(world, buyer, screen)
        world.buyer("cancel", buyer.key, id=buyer.number)
        world.wait_state(buyer.number, "ended", 400, screen.state)
        check_books(world)
        left = snapshot.differences(clean, take_snapshot(world))
        expect(not left, "nothing is left behind; " + "; ".join(left))
        screen.done("cancelled and destroyed, nothing is left behind")
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
