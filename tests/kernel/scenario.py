"""What the scenarios share: one world a class, its logs kept when a test of it failed, and the words in which they expect things."""
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from memory_world import Failed, MemoryWorld, wait_until  # noqa: E402,F401

DAY = 86400
PRICE = 10**15  # a day of the plan (tests/e2e/world.py)
BUILD = os.environ.get("BLOCKHOST_BUILD", "")


def setUpModule() -> None:
    if not BUILD:
        raise SystemExit("BLOCKHOST_BUILD must name the build directory; ctest sets it")
    if os.geteuid() != 0:
        raise SystemExit("these tests make network namespaces and change users: run them as root")


class Scenario(unittest.TestCase):
    """One world for all tests of a class; they follow each other and leave no subscription that lives."""
    settings: dict = {}
    plan: dict = {}
    world_class: type = MemoryWorld
    world: MemoryWorld
    failed_here = False

    @classmethod
    def setUpClass(cls) -> None:
        cls.world = cls.world_class(BUILD, cls.settings)
        try:
            cls.build_world()
        except BaseException:
            cls.failed_here = True
            cls.tearDownClass()
            raise

    @classmethod
    def build_world(cls) -> None:
        cls.world.make(**cls.plan)

    @classmethod
    def tearDownClass(cls) -> None:
        kept = cls.world.close(keep_logs=cls.failed_here)
        if kept:
            print(f"logs of {cls.__name__}: {kept}", file=sys.stderr)

    def run(self, result=None):
        before = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > before:
            type(self).failed_here = True
        return result

    def assert_nothing_left(self) -> None:
        left: list[str] = []

        def gone() -> bool:
            nonlocal left
            left = self.world.left_behind()
            return not left
        try:
            wait_until("nothing is left behind", gone, 20)
        except Failed:
            self.fail("left behind: " + ", ".join(left))

    def end(self, key: str, number: int) -> None:
        """Ends an active subscription by its owner's cancel."""
        self.world.buyer("cancel", key, id=number)
        self.world.wait_state(number, "ended", 60)
