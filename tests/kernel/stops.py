"""A host whose daemon is about to start and must not: what it says when it ends. For config_test.py and plugin_file_test.py."""
import subprocess

from scenario import Scenario
from world import KERNEL


class Stops(Scenario):
    """What stops the daemon at its start: exit code not 0, one sentence."""

    @classmethod
    def build_world(cls) -> None:
        cls.world.prepare()
        for name in ("signer", "netd", "launcher"):
            cls.world.start(name)

    def refused(self) -> str:
        """What blockhostd says when it ends instead of getting ready."""
        world = self.world
        command = [*world.inside, *world.as_user(KERNEL), world.path("bin/blockhostd"), "--config", world.path("etc/kernel.yaml")]
        done = subprocess.run(command, text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
        self.assertGreater(done.returncode, 0, "it must stop, not crash: " + done.stderr[-400:])
        self.assertNotIn("ready", done.stdout)
        return done.stderr.strip().splitlines()[-1]

    def assert_says(self, *words: str) -> None:
        said = self.refused()
        for word in words:
            self.assertIn(word, said)

    def with_kernel(self, change) -> None:
        config = self.world.kernel_config()
        change(config)
        self.world.write("kernel.yaml", config)
        self.addCleanup(lambda: self.world.write("kernel.yaml", self.world.kernel_config()))

    def with_plugin(self, instance: str, change) -> None:
        config = self.world.plugin_file(instance)
        change(config)
        self.world.write(f"plugins.d/{instance}.yaml", config)
        self.addCleanup(lambda: self.world.write(f"plugins.d/{instance}.yaml", self.world.plugin_file(instance)))
