"""A buyer's login: the stock ssh client in the client's namespace, its PAM challenge answered with a wallet signature."""
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "login"))
from ssh_client import BEGIN, Ssh, login_text  # noqa: E402

from world import World  # noqa: E402


def sign(world: World, key: str, text: str) -> str:
    with tempfile.NamedTemporaryFile("w", dir=world.path("buyer"), delete=False, newline="") as message:
        message.write(text)
    try:
        return world.buyer("sign", key, message=message.name)["signature"]
    finally:
        os.unlink(message.name)


def login(world: World, key: str, details: dict, known_hosts: str, command: str) -> tuple[int | None, str]:
    """(ssh's exit code, what it said); the code is None when the VM asked for no signature, or refused it and asked again."""
    inside = world.spaces.inside(world.spaces.client)
    with Ssh(details["hostname"], known_hosts, command, user=details["username"], prefix=inside, seconds=90, options=("-p", str(details["port"]))) as ssh:
        said = ssh.prompt()
        if BEGIN not in said:
            return None, said
        ssh.paste(sign(world, key, login_text(said)))
        try:
            return None, said + ssh.prompt()
        except EOFError:
            return ssh.wait(), said + ssh.seen
