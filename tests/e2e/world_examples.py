"""A host whose plugins are those of `examples/`, as an operator runs plugins of third parties: signed by a publisher whom he trusts, each in a sandbox of its own.

The chain is a ledger in a file (Go), the storage keeps raw files (Rust), the IPv6 prefixes are of a pool (C), the hypervisor's machines are rows of a table (C++): no VM boots. As
nothing listens inside of them, one program answers port 22 of their addresses: the host's namespace takes the whole pool as its own.
"""
import json
import os
import shutil
import subprocess
import sys

from processes import Process
from world import World, sha256

HERE = os.path.dirname(os.path.realpath(__file__))
POOL = "2001:db8:e:100::/56"
IMAGE = "example-1"
PUBLISHER = "plugins@blockhost.example"
OWN = "org.blockhost."  # comes with BlockHost


class ExamplesWorld(World):
    plugins = {"memory": ("org.example.hypervisor-memory", "hypervisor"), "files": ("org.example.storage-files", "storage"), "pool": ("org.example.ipv6-pool", "ipv6")}
    placement = {"hypervisor": "memory", "storage": "files", "ipv6": "pool"}
    vm_prefixes = [POOL]
    workers = {"memory": {}, "files": {"write": ["pool"], "read": ["images"]}, "pool": {}}
    isolation = "process"

    def __init__(self, build: str, chain: type, settings: dict | None = None):
        super().__init__(build, IMAGE, settings, chain=chain)
        self.banner: Process | None = None

    def install_programs(self) -> None:
        super().install_programs()
        ours = sorted(plugin for plugin, _ in self.plugins.values() if plugin.startswith(OWN))
        with open(self.path("plugins", "SHA256SUMS"), "w") as sums:
            sums.writelines(f"{sha256(self.path('plugins', plugin, 'plugin.json'))}  {plugin}/plugin.json\n" for plugin in ours)
        self.publish([plugin for plugin, _ in self.plugins.values() if not plugin.startswith(OWN)])

    def publish(self, plugins: list[str]) -> None:
        """What a publisher does, and the line by which the operator trusts him: docs/plugins/publishing.md."""
        key = self.path("buyer", "publisher.key")
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", PUBLISHER, "-f", key], check=True, stdin=subprocess.DEVNULL)
        for plugin in plugins:
            subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-n", "blockhost-plugin", "-f", key, self.path("plugins", plugin, "plugin.json")], check=True, capture_output=True)
        os.makedirs(self.path("etc/trust"), mode=0o755)
        with open(key + ".pub") as public, open(self.path("etc/trust/examples.signers"), "w") as signers:
            signers.write(f'{PUBLISHER} namespaces="blockhost-plugin" {" ".join(public.read().split()[:2])}\n')

    def install_image(self) -> None:
        """Nothing boots it; it is copied into the pool all the same, and its digest is verified there."""
        folder = self.path("images", IMAGE)
        os.mkdir(folder, 0o755)
        disk = os.path.join(folder, "disk.raw")
        with open(disk, "wb") as file:
            file.write(os.urandom(1 << 20))
        with open(os.path.join(folder, "image.json"), "w") as file:
            json.dump({"name": IMAGE, "digest": "sha256:" + sha256(disk), "path": "disk.raw", "format": "raw", "size_bytes": 1 << 20}, file)

    def launch_instances(self) -> dict:
        return {"files": {"tools": {"sha256sum": {"path": "/usr/bin/sha256sum", "commands": [["--binary", "--zero", f"{self.path('pool')}/.+"]]}}}}

    def plugin_configs(self) -> dict:
        return {"local": self.chain_config(), "memory": {"max_vms": 10}, "files": {"path": self.path("pool")}, "pool": {"pool": POOL}}

    def start_all(self) -> None:
        subprocess.run([*self.inside, "ip", "-6", "route", "add", "local", POOL, "dev", "lo"], check=True)
        self.banner = Process("banner", [*self.inside, sys.executable, os.path.join(HERE, "banner.py")], self.path("log")).start()
        super().start_all()

    def volumes(self) -> list[str]:
        return sorted(name for name in os.listdir(self.path("pool/volumes")) if name.endswith(".raw"))

    def close(self, keep_logs: bool) -> str | None:
        if self.banner is not None:
            self.banner.stop()
        return super().close(keep_logs)
