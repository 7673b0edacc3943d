"""Starts and ends the programs of the demo. Each writes to a log file of its own; only processes started here are ended, by PID."""
import os
import signal
import subprocess
import time


class Failed(Exception):
    """One sentence for the person at the screen."""


class Process:
    def __init__(self, name: str, command: list[str], log_directory: str, ready: str | None = "ready", timeout: float = 30.0):
        self.name, self.command = name, command
        self.log = os.path.join(log_directory, f"{name}.log")
        self.ready_line, self.timeout = ready, timeout
        self.child: subprocess.Popen | None = None

    def start(self) -> "Process":
        # stdin is not the terminal's; stdout and stderr go to one file, whose end says why a start failed.
        with open(self.log, "ab", buffering=0) as output:
            offset = output.tell()
            self.child = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, cwd="/")
        if self.ready_line is not None:
            self._await_ready(offset)
        return self

    def _await_ready(self, offset: int) -> None:
        deadline = time.monotonic() + self.timeout
        wanted = self.ready_line.encode()
        while time.monotonic() < deadline:
            with open(self.log, "rb") as log:
                log.seek(offset)
                if any(line.startswith(wanted) for line in log):
                    return
            if self.child.poll() is not None:
                raise Failed(f"{self.name} ended with {self.child.returncode} instead of getting ready: {self.last_line()} (log: {self.log})")
            time.sleep(0.02)
        raise Failed(f"{self.name} was not ready within {self.timeout:.0f} s: {self.last_line()} (log: {self.log})")

    def last_line(self) -> str:
        with open(self.log, "r", errors="replace") as log:
            lines = [line.strip() for line in log if line.strip()]
        return lines[-1] if lines else "it said nothing"

    @property
    def pid(self) -> int:
        return self.child.pid

    def running(self) -> bool:
        return self.child is not None and self.child.poll() is None

    def stop(self, timeout: float = 20.0) -> None:
        self.signal(signal.SIGTERM, timeout)

    def kill(self) -> None:
        self.signal(signal.SIGKILL, 10.0)

    def signal(self, number: int, timeout: float) -> None:
        if not self.running():
            return
        self.child.send_signal(number)
        try:
            self.child.wait(timeout)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise Failed(f"{self.name} did not end within {timeout:.0f} s of signal {number} (log: {self.log})") from None


def wait_until(what: str, condition, timeout: float, interval: float = 0.1):
    """The condition's first true value; Failed with `what` when there is none in time."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failed(f"waited {timeout:.0f} s in vain: {what}")
        time.sleep(interval)
