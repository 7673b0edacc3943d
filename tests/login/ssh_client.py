"""The stock ssh client on a terminal of its own, played like a person plays it: read the prompt, paste, press Enter."""
import os
import pty
import re
import select
import signal
import time

BEGIN, END = "-----BEGIN LOGIN TEXT-----\n", "\n-----END LOGIN TEXT-----"
PROMPT = re.compile(r"(Signature: |Press Enter to end: )$")


class Ssh:
    def __init__(self, address, known_hosts, *command, user="user", options=(), seconds=60, prefix=()):
        argv = [*prefix, "ssh", "-F", "none", "-o", f"UserKnownHostsFile={known_hosts}", "-o", "StrictHostKeyChecking=yes",
                "-o", "IdentityFile=none", "-o", "IdentityAgent=none", *options, f"{user}@{address}", *command]
        self.deadline = time.monotonic() + seconds
        self.seen, self.exit_code = "", None
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.environ.pop("SSH_ASKPASS", None)
            os.execvp(argv[0], argv)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.exit_code is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.terminal)

    def _read(self):
        """False at the end of the client."""
        left = self.deadline - time.monotonic()
        if left <= 0 or not select.select([self.terminal], [], [], left)[0]:
            raise TimeoutError("ssh said only: " + self.seen)
        try:
            data = os.read(self.terminal, 65536)
        except OSError:  # EIO: the other side of the terminal is closed
            data = b""
        self.seen += data.decode(errors="replace").replace("\r", "")
        return bool(data)

    def prompt(self):
        """Everything up to the next prompt."""
        while not PROMPT.search(self.seen):
            if not self._read():
                raise EOFError("ssh ended without a prompt: " + self.seen)
        seen, self.seen = self.seen, ""
        return seen

    def paste(self, answer):
        data = answer.encode() + b"\n"
        while data:
            select.select([], [self.terminal], [], 5)
            data = data[os.write(self.terminal, data[:512]):]

    def end(self):
        """Everything up to the client's end; exit_code is then its status."""
        while self._read():
            pass
        self.wait()
        return self.seen

    def wait(self):
        """The client's exit status, after it has closed its terminal."""
        self.exit_code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.exit_code


def login_text(prompt):
    """What the wallet signs."""
    return prompt.split(BEGIN, 1)[1].split(END, 1)[0]
