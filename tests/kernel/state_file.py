"""The state file of an in-memory plugin (tests/plugins): looks at it, changes it and puts faults into it, under the plugin's own lock."""
import contextlib
import fcntl
import json
import os


class StateFile:
    def __init__(self, path: str):
        self.path = path

    @property
    def owner(self) -> int:
        """Whoever the plugin runs as: its directory's owner."""
        return os.stat(os.path.dirname(self.path)).st_uid

    @contextlib.contextmanager
    def _locked(self):
        descriptor = os.open(self.path + ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.fchown(descriptor, self.owner, self.owner)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _read(self) -> dict:
        with open(self.path) as file:
            return json.load(file)

    def look(self) -> dict:
        with self._locked():
            return self._read()["backend"]

    def calls(self, verb: str) -> int:
        with self._locked():
            return self._read().get("calls", {}).get(verb, 0)

    def change(self, change) -> None:
        with self._locked():
            contents = self._read()
            change(contents)
            with open(self.path + ".test", "w") as file:
                json.dump(contents, file)
            os.chown(self.path + ".test", self.owner, self.owner)
            os.rename(self.path + ".test", self.path)

    def set(self, **values) -> None:
        self.change(lambda contents: contents["backend"].update(values))

    def fail(self, verb: str, **fault) -> None:
        """The next call of `verb` (or the next `times`) fails with `status`, loses its answer, waits `delay_ms`."""
        self.change(lambda contents: contents.setdefault("faults", []).append({"verb": verb, "times": 1, **fault}))
