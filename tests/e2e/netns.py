"""Network namespaces of the demo: a host, and a client that reaches its VMs only by their IPv6 addresses.

    client  eth0 2001:db8:b10c::2/64  <-- veth -->  up0 2001:db8:b10c::1/64  host

The host's prefix is on-link: it answers for its VMs' addresses (neighbour proxy). Nothing here touches the machine's own namespace: the veth pair is
made inside.
"""
import os
import subprocess

PREFIX = "2001:db8:b10c::/64"
HOST_ADDRESS = "2001:db8:b10c::1"
CLIENT_ADDRESS = "2001:db8:b10c::2"
HOST_MAC = "02:00:00:b1:0c:01"  # a network card keeps its address, and so its link-local one, over a reboot


def run(*command: str, **kwargs) -> str:
    done = subprocess.run(command, text=True, capture_output=True, **kwargs)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip() or 'failed'}")
    return done.stdout


class Namespaces:
    def __init__(self, tag: str):
        self.host, self.client = f"{tag}-host", f"{tag}-client"

    def make(self) -> None:
        for name in (self.host, self.client):
            run("ip", "netns", "add", name)
            run(*self.inside(name), "ip", "link", "set", "lo", "up")
        run(*self.inside(self.host), "ip", "link", "add", "up0", "address", HOST_MAC, "type", "veth", "peer", "name", "eth0", "netns", self.client)
        for name, link, address in ((self.host, "up0", HOST_ADDRESS), (self.client, "eth0", CLIENT_ADDRESS)):
            run(*self.inside(name), "sysctl", "-qw", "net.ipv6.conf.all.accept_dad=0", "net.ipv6.conf.default.accept_dad=0",
                f"net.ipv6.conf.{link}.accept_dad=0", f"net.ipv6.conf.{link}.accept_ra=0")
            run(*self.inside(name), "ip", "addr", "add", f"{address}/64", "dev", link, "nodad")
            run(*self.inside(name), "ip", "link", "set", link, "up")

    def remove(self) -> None:
        for name in (self.client, self.host):
            if os.path.exists(f"/run/netns/{name}"):
                subprocess.run(["ip", "netns", "del", name], check=False)

    def empty_host(self) -> None:
        """What a reboot leaves of the host's network: none of our links, rules and routes."""
        self.remove()
        self.make()

    @staticmethod
    def inside(name: str) -> list[str]:
        return ["nsenter", f"--net=/run/netns/{name}", "--"]
