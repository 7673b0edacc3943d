"""A world whose blockhostd is killed at boundaries of the lifecycle (dying_daemon.cpp), and what may be expected of it afterwards."""
import os
import shutil
import signal

from processes import Failed, Process
from world import KERNEL

TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"  # Transfer(address,address,uint256)
NOBODY = "0x" + "0" * 64

# Steps that always wait for something outside: a guest's boot, a final block. Whether another one waits is a matter of milliseconds.
ALWAYS_WAIT = {"reach", "deliver", "decline", "close", "burn"}
# How a transaction's success is learnt: from its job, or from the chain before the job asks again. Which is first is a matter of milliseconds, too.
LEARNT_EITHER_WAY = ("step_done:deliver", "step_done:decline", "step_done:close", "step_done:burn", "delivered_final", "declined_final", "closed_final", "burned_final",
                     "burned_no_vm")


def every_time(boundaries: set[str]) -> set[str]:
    """Those of one run that the same run passes every time; the others have their kills in the matrix in memory (tests/kill)."""
    def varies(name: str) -> bool:
        words = name.split(" ")[-1].split("/")
        return (words[-1] == "waiting" and words[-2] not in ALWAYS_WAIT) or words[-1] in LEARNT_EITHER_WAY
    return {name for name in boundaries if not varies(name)}


class Dying:
    """Before World in a class's bases. Each boundary is one line of a file; a daemon that dies does so at those that are not in it yet."""

    boundaries: str | None = None
    dies = False
    deaths = 0

    def install_programs(self) -> None:
        super().install_programs()
        shutil.copy2(os.path.join(self.build, "tests", "e2e", "blockhostd-dying"), self.path("bin", "blockhostd-dying"))
        os.mkdir(self.path("boundaries"), 0o755)

    def start(self, name: str) -> None:
        if name != "blockhostd" or self.boundaries is None:
            super().start(name)
            return
        environment = ("env", f"BLOCKHOST_BOUNDARIES={self.boundaries}", f"BLOCKHOST_DIE={'yes' if self.dies else 'no'}")
        command = [*self.inside, *self.as_user(KERNEL), *environment, self.path("bin/blockhostd-dying"), "--config", self.path("etc/kernel.yaml")]
        # One that dies may do so before it is ready.
        self.processes[name] = Process(name, command, self.path("log"), ready=None if self.dies else "ready").start()

    def start_noting(self, file: str | None, dies: bool) -> None:
        """Starts blockhostd anew: noting boundaries in `file`, dying at each new one or not; the real one without a file."""
        if "blockhostd" in self.processes:
            self.revive()
            self.stop_blockhostd()
        self.boundaries, self.dies = file and self.path("boundaries", file), dies
        if self.boundaries:
            open(self.boundaries, "a").close()
            os.chown(self.boundaries, KERNEL, KERNEL)
        self.start("blockhostd")

    def stop_blockhostd(self) -> None:
        """A daemon may be killed by its own hand while it is asked to stop."""
        process = self.processes["blockhostd"]
        if process.running():
            process.stop()

    def passed(self) -> set[str]:
        with open(self.boundaries) as file:
            return set(file.read().splitlines())

    def revive(self) -> None:
        """Starts blockhostd again if it was killed; Failed when something else ended it."""
        process = self.processes["blockhostd"]
        if process.running():
            return
        code = process.child.returncode
        if code != -signal.SIGKILL:
            raise Failed(f"only the kill ends blockhostd, not {code}: {process.last_line()}")
        self.deaths += 1
        self.start("blockhostd")

    def state_of(self, number: int) -> str:
        """The state of a subscription, "unseen" while there is no answer; a killed daemon is started again."""
        self.revive()
        try:
            return self.subscription(number)["state"]
        except Failed:
            return "unseen"

    def mints(self, number: int) -> int:
        """How often a credential was minted with that token id."""
        return len(self.chain.call("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest", "address": self.credential,
                                                   "topics": [TRANSFER, NOBODY, None, f"0x{number:064x}"]}))
