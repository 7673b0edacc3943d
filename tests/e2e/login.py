"""A buyer's login: the stock ssh client in the client's namespace, its PAM challenge answered with a wallet signature."""
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "login"))
from ssh_client import Ssh, login_text  # noqa: E402

from world import World  # noqa: E402


def sign(world: World, key: str, text: str) -> str:
    with tempfile.NamedTemporaryFile("w", dir=world.path("buyer"), delete=False, newline="") as message:
        message.write(text)
    try:
        return world.buyer("sign", key, message=message.name)["signature"]
    finally:
        os.unlink(message.name)


def login(world: World, key: str, details: dict, known_hosts: str, command: str, tries: int = 1) -> tuple[int, str]:
    """(ssh's exit code, what it said). Each try signs a fresh challenge with the same wallet."""
    inside = world.spaces.inside(world.spaces.client)
    with Ssh(details["hostname"], known_hosts, command, user=details["username"], prefix=inside, seconds=90,
             options=("-o", f"NumberOfPasswordPrompts={tries}", "-p", str(details["port"]))) as ssh:
        said = ""
        for _ in range(tries):
            try:
                prompt = ssh.prompt()
            except EOFError as error:
                said += str(error)
                break
            said += prompt
            ssh.paste(sign(world, key, login_text(prompt)))
        said += ssh.end()
        return ssh.exit_code, said
