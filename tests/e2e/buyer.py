"""A wallet with one subscription, and its shell."""
from login import login
from processes import Failed, wait_until
from world import World

DAYS = 30


class Buyer:
    """A wallet with one subscription."""

    def __init__(self, world: World, name: str, plan: int):
        self.world, self.key = world, world.wallet(name)
        self.number = int(world.buyer("buy", self.key, plan=plan, days=DAYS)["subscription"])
        self.known_hosts, self.details = world.path("buyer", f"known_hosts-{name}"), {}

    def run(self, command: str) -> str:
        """What a command on the VM prints; the login is tried until its sshd answers."""
        if not self.details:
            self.details = self.world.buyer("known-hosts", self.key, id=self.number, out=self.known_hosts)
        said = ""

        def once() -> bool:
            nonlocal said
            try:
                code, said = login(self.world, self.key, self.details, self.known_hosts, command)
            except (TimeoutError, EOFError) as error:
                said = str(error)
                return False
            return code == 0
        try:
            wait_until(f"subscription {self.number}'s wallet logs in", once, 120, 1.0)
        except Failed as error:
            raise Failed(f"{error}; the last try said: {said[-600:]}") from None
        return said.strip().splitlines()[-1].strip()

    def boot(self) -> str:
        return self.run("cat /proc/sys/kernel/random/boot_id")
