"""What the existing system's settings become in ours. Pure: documents in, files and sentences out.

Each key is taken, has a reason why it is not, or is named as unknown: nothing is passed over in silence."""
import dataclasses
import ipaddress
import json
import re
import urllib.parse

from old_files import Refused
from writing import File

TAKEN = None
CHAINS = {1: "mainnet", 11155111: "sepolia", 560048: "hoodi", 137: "polygon", 80002: "amoy", 8453: "base", 31337: "devnet"}
ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
KEY = re.compile(r"(0x)?[0-9a-fA-F]{64}")

OLD_CONTRACT = "the old contracts have no escrow and are not served: deploy ours and sell there, let the old system serve what it sold"
NO_PROXMOX = "there is no plugin for Proxmox VE yet: VMs run under hypervisor-qemu"
IN_CONTRACT = "is a plan's in our contract: --grace of `plan-create`"
OWN_STATE = "the journal keeps it"
LOGIN = "the guest package brings its own login"
COMMANDS = "there are no commands by transaction yet"
FUNDS = "is set anew, with what withdraws and splits the money"
WALLET = "an operator's key belongs into a wallet, not onto the host"

# File -> its keys: TAKEN, a reason, or the keys inside.
KEYS = {
    "blockhost.yaml": {
        "server_public_key": TAKEN, "public_secret": TAKEN, "deployer_address": WALLET, "contract_address": OLD_CONTRACT,
        "admin": {"wallet_address": COMMANDS, "credential_nft_id": "the admin's credential is token 0 of our contract", "max_command_age": COMMANDS,
                  "destination_mode": COMMANDS, "destination_address": COMMANDS},
        "fund_manager": FUNDS},
    "web3-defaults.yaml": {
        "blockchain": {"chain_id": TAKEN, "nft_contract": OLD_CONTRACT, "rpc_url": TAKEN, "subscription_contract": OLD_CONTRACT},
        "deployer": {"private_key_file": WALLET}, "signing_page": {"port": LOGIN, "html_path": LOGIN},
        "auth": {"otp_length": LOGIN, "otp_ttl_seconds": LOGIN}},
    "db.yaml": {
        "db_file": OWN_STATE, "terraform_dir": NO_PROXMOX, "fields": OWN_STATE, "ip_pool": "VMs have IPv6 addresses only",
        "ipv6_pool": {"start": "addresses are chosen from the whole prefix", "end": "addresses are chosen from the whole prefix"}, "vmid_range": NO_PROXMOX,
        "default_expiry_days": "the contract says when a subscription ends", "gc_grace_days": IN_CONTRACT},
    "addressbook.json": FUNDS, "revenue-share.json": FUNDS, "admin-commands.json": COMMANDS,
    "broker-allocation.json": {
        "prefix": TAKEN, "gateway": TAKEN, "wg_private_key": TAKEN, "wg_public_key": "follows from the private key", "broker_pubkey": TAKEN, "broker_endpoint": TAKEN,
        "nft_contract": OLD_CONTRACT, "request_id": "the allocation stands without it", "allocated_at": "the allocation stands without it",
        "broker_wallet": "the allocation stands without it", "dns_zone": "names of VMs in a zone are not published yet"},
    "broker-contract.json": "prefixes are not asked for by transaction yet", "broker-chains.json": "prefixes are not asked for by transaction yet",
    "https.json": "no page is served yet", "admin.json": "no page is served yet"}
SECRETS = {
    "server.key": TAKEN, "hot.key": TAKEN, "deployer.key": WALLET, "admin-signature.key": "nothing is sealed to it", "pve-token": NO_PROXMOX,
    "terraform_ssh_key": NO_PROXMOX, "terraform_ssh_key.pub": NO_PROXMOX}
ENVIRONMENT = {"RPC_URL": TAKEN, "SEPOLIA_RPC": TAKEN, "BLOCKHOST_CONTRACT": OLD_CONTRACT, "NFT_CONTRACT": OLD_CONTRACT, "DEPLOYER_KEY_FILE": WALLET}

AGENT_CALLS = ["deliver(uint256,bytes32,uint256,bytes,bytes32)", "decline(uint256,bytes32,string)", "close(uint256)", "update(uint256,address,bytes)",
               "burn(uint256)", "creditTime(uint256,uint256,uint256)", "setCapacity(uint256,uint256)", "withdraw(address,uint256[])"]
DAEMON, SIGNER, ROOT = ("blockhost", "blockhost"), ("blockhost-signer", "blockhost"), ("root", "blockhost")


@dataclasses.dataclass
class Translation:
    files: list = dataclasses.field(default_factory=list)
    todo: list = dataclasses.field(default_factory=list)
    dropped: list = dataclasses.field(default_factory=list)
    unknown: list = dataclasses.field(default_factory=list)


def yaml_text(value, indent=0):
    """Maps as blocks, lists and scalars in JSON's spelling, which YAML includes."""
    lines = []
    for key, item in value.items():
        pad = "  " * indent
        lines.append(f"{pad}{key}:\n{yaml_text(item, indent + 1)}" if isinstance(item, dict) and item else f"{pad}{key}: {json.dumps(item)}\n")
    return "".join(lines)


def account_for(name, document, keys, out):
    """Sorts the keys of a document into taken, dropped and unknown."""
    if isinstance(keys, str):
        out.dropped.append(f"{name}: {keys}")
        return
    for key, value in document.items():
        place = f"{name}: {key}" if ":" not in name else f"{name}.{key}"
        if key not in keys:
            out.unknown.append(place)
        elif isinstance(keys[key], dict):
            if not isinstance(value, dict):
                raise Refused(f"{place} must hold names with values")
            account_for(place, value, keys[key], out)
        elif keys[key] is not TAKEN:
            out.dropped.append(f"{place}: {keys[key]}")


def text(place, value, longest=2048):
    if not isinstance(value, str) or not value or len(value) > longest or not value.isprintable():
        raise Refused(f"{place} must be a line of text")
    return value


def key_of(name, content):
    """32 bytes, raw or in hex, as the signer reads them: 64 hex digits."""
    if len(content) == 32:
        return content.hex().encode()
    words = content.decode("ascii", "replace").strip()
    if not KEY.fullmatch(words):
        raise Refused(f"{name} is not a key of 32 bytes, raw or in hex: take the right file, or move it away and have a new key made")
    return words.removeprefix("0x").lower().encode()


class Translator:
    def __init__(self, old, target, contract, credential):
        self.old, self.target, self.out = old, target, Translation()
        self.contract, self.credential = contract, credential
        for name, value in (("--contract", contract), ("--credential", credential)):
            if value and not ADDRESS.fullmatch(value):
                raise Refused(f"{name} must be 0x and 40 hex digits")

    def value(self, file, *path):
        here = self.old.documents.get(file, {})
        for key in path:
            here = here.get(key) if isinstance(here, dict) else None
        return here

    def add(self, path, content, mode, owner, origin="", secret=False):
        self.out.files.append(File(self.target / path, content, mode, owner, secret, origin))

    def add_yaml(self, path, document, mode=0o640, owner=ROOT):
        self.add(path, yaml_text(document).encode(), mode, owner)

    def account(self):
        for name, document in self.old.documents.items():
            account_for(name, document, KEYS[name], self.out)
        for name in self.old.secrets:
            if SECRETS[name] is not TAKEN:
                self.out.dropped.append(f"{name}: {SECRETS[name]}")
        for name in self.old.environment:
            if name not in ENVIRONMENT:
                self.out.unknown.append(f".env: {name}")
            elif ENVIRONMENT[name] is not TAKEN:
                self.out.dropped.append(f".env: {name}: {ENVIRONMENT[name]}")
        self.out.dropped += [f"{name}: the uplink is in netd.yaml" for name in self.old.other_files]
        self.out.unknown += self.old.unknown_files

    def rpc_url(self):
        """The URL and where it was; the environment's counts where the file has none."""
        url = self.value("web3-defaults.yaml", "blockchain", "rpc_url")
        if url is not None:
            return text("web3-defaults.yaml: blockchain.rpc_url", url), "web3-defaults.yaml"
        for name in ("RPC_URL", "SEPOLIA_RPC"):
            if name in self.old.environment:
                return text(f".env: {name}", self.old.environment[name]), ".env"
        return None, None

    def chain(self):
        number = self.value("web3-defaults.yaml", "blockchain", "chain_id")
        if not isinstance(number, int) or isinstance(number, bool) or number <= 0:
            raise Refused("web3-defaults.yaml: blockchain.chain_id is missing or no number: add the id of the chain")
        config, secrets = {"chain": CHAINS.get(number, "custom")}, {}
        if number not in CHAINS:
            self.out.todo.append(f"plugins.d/chain.yaml: chain {number} is not built in: describe it under custom_chain (the plugin's README)")
        url, origin = self.rpc_url()
        if url is None:
            config["endpoints"] = []
            self.out.todo.append("plugins.d/chain.yaml: name a node under endpoints")
        else:
            try:
                parts = urllib.parse.urlsplit(url)
                usable = parts.scheme in ("http", "https") and bool(parts.hostname)
            except ValueError:
                usable = False
            if not usable:
                raise Refused(f"the node's URL in {origin} must begin with http:// or https:// and name a host")
            # A path, a query or a user may be a key of the provider's.
            if parts.path.strip("/") or parts.query or parts.fragment or parts.username or parts.password:
                self.add("secrets/rpc-url", url.encode(), 0o600, DAEMON, origin, secret=True)
                config["endpoints"], secrets = [{"secret": "rpc-url"}], {"rpc-url": str(self.target / "secrets/rpc-url")}
            else:
                config["endpoints"] = [{"url": url}]
            self.out.todo.append("plugins.d/chain.yaml: one node is believed whatever it says; with two more of other companies none has to be (operators.md, Endpoints)")
        if self.contract:
            config.update(contract=self.contract, credential=self.credential)
        else:
            self.out.todo.append("deploy our contracts (`blockhost contracts deploy`), then import with --contract and --credential, or add contract and credential to plugins.d/chain.yaml and the policy to signer.yaml")
        self.out.todo.append("plugins.d/chain.yaml: start_block should be the block of the deployment")
        grants = {"services": ["bh.svc.log/1", "bh.svc.signer/1", "bh.svc.store/1", *(["bh.svc.secrets/1"] if secrets else [])], "keys": ["agent"]}
        plugin = {"plugin": "org.blockhost.chain-evm", "kind": "chain", "config": {**config, "start_block": 0}, "grants": grants}
        self.add_yaml("plugins.d/chain.yaml", {**plugin, **({"secrets": secrets} if secrets else {})})
        return number

    def network(self):
        """The prefix of the tunnel broker, which stays the old system's: its interface is our uplink."""
        prefix = self.value("broker-allocation.json", "prefix")
        config = {}
        if prefix is None:
            self.out.todo.append("plugins.d/static.yaml and netd.yaml: fill in the IPv6 prefix of your VMs and the uplink")
        else:
            try:
                network = ipaddress.IPv6Network(text("broker-allocation.json: prefix", prefix, 43), strict=False)
                gateway = self.value("broker-allocation.json", "gateway")
                reserved = [] if gateway is None else [str(ipaddress.IPv6Address(text("broker-allocation.json: gateway", gateway, 39).split("/")[0]))]
            except ValueError:
                raise Refused("broker-allocation.json: prefix and gateway must be an IPv6 prefix and an IPv6 address") from None
            config = {"prefix": str(network), "mode": "routed", "uplink": "wg-broker", "reserved": [one for one in reserved if ipaddress.IPv6Address(one) in network]}
            self.out.todo.append("the tunnel wg-broker is not ours: keep /etc/wireguard/wg-broker.conf and wg-quick@wg-broker enabled")
        self.add_yaml("plugins.d/static.yaml", {"plugin": "org.blockhost.ipv6-static", "kind": "ipv6", "config": config, "grants": {"services": ["bh.svc.log/1", "bh.svc.store/1"], "keys": []}})
        self.add_yaml("netd.yaml", {
            "socket": "/run/blockhost/netd/netd.sock", "uplinks": [config["uplink"]] if config else [], "kernel_user": "blockhost", "launcher_user": 0, "user": "blockhost-netd",
            "group": "blockhost", "prefixes": [config["prefix"]] if config else [], "open_tcp": [22]})
        private = self.value("broker-allocation.json", "wg_private_key")
        if private is not None:
            content = text("broker-allocation.json: wg_private_key", private, 64).encode()
            self.add("secrets/wg-private-key", content, 0o600, ROOT, "broker-allocation.json", secret=True)

    def signer(self, chain_id):
        for name, ours in (("server.key", "server"), ("hot.key", "agent")):
            if name in self.old.secrets:
                self.add(f"keys/{ours}.key", key_of(name, self.old.secrets[name]), 0o600, SIGNER, name, secret=True)
        made = [ours for name, ours in (("hot.key", "agent"), ("server.key", "server")) if name not in self.old.secrets] + ["statement"]
        public = self.value("blockhost.yaml", "server_public_key")
        self.out.todo.append(f"make the missing keys ({', '.join(made)}): signer.yaml's example has the command")
        if public is not None and "server.key" in self.old.secrets:
            self.out.todo.append(f"the server key that keygen shows must be {text('blockhost.yaml: server_public_key', public, 140)}")
        keys = {name: str(self.target / f"keys/{name}.key") for name in ("agent", "server", "statement")}
        policy = {"seals": ["seal-1-request", "seal-2-request"]}
        if self.contract:
            policy["chains"] = [{"chain": f"eip155:{chain_id}", "contract": self.contract, "max_gas": 3000000, "max_fee": "50000000000000000",
                                 "calls": [{"to": self.contract, "functions": AGENT_CALLS}]}]
            policy["grants"] = [{"caller": "chain", "scheme": "eip1559-tx", "chain": f"eip155:{chain_id}"}]
        self.add_yaml("signer.yaml", {"socket": "/run/blockhost/signer/signer.sock", "user": "blockhost-signer", "group": "blockhost", "peers": ["blockhost"],
                                      "log": "/var/lib/blockhost-signer/signatures.jsonl", "keys": keys, "policy": policy})

    def kernel(self):
        host = {"name": "host-1", "group": "blockhost"}
        secret_text = self.value("blockhost.yaml", "public_secret")
        if secret_text is not None:  # public, whatever it is called: every buyer signs it
            host["seal_text"] = text("blockhost.yaml: public_secret", secret_text, 256)
        self.out.todo.append("kernel.yaml: give the host its name, and the guests name servers (host.resolvers)")
        self.add_yaml("kernel.yaml", {
            "paths": {"state": "/var/lib/blockhost", "run": "/run/blockhost", "plugins": "/usr/lib/blockhost/plugins"}, "host": host,
            "chains": [{"instance": "chain", "finality": "finalized"}],
            "placement": {"hypervisor": "qemu", "storage": "dir", "ipv6": "static", "default_image": "debian-12"}})
        launch = {"services": ["bh.svc.log/1", "bh.svc.launch/1"], "keys": []}
        self.add_yaml("plugins.d/qemu.yaml", {"plugin": "org.blockhost.hypervisor-qemu", "kind": "hypervisor",
                                              "config": {"state": "/var/lib/blockhost/vm", "run": "/run/blockhost/vm", "accelerator": "auto"}, "grants": launch})
        self.add_yaml("plugins.d/dir.yaml", {"plugin": "org.blockhost.storage-dir", "kind": "storage", "config": {"path": "/var/lib/blockhost/pool"}, "grants": launch})
        self.out.todo.append("launch.yaml: copy the example; it does not depend on the old system")
        self.out.todo.append("enable the plugins: `blockhost plugin enable ID` for each of plugins.d")
        self.out.todo.append("the old system's files stay; remove its keys when nothing of it runs any more")

    def run(self):
        self.account()
        self.kernel()
        chain_id = self.chain()
        self.network()
        self.signer(chain_id)
        return self.out


def translate(old, target, contract=None, credential=None):
    return Translator(old, target, contract, credential).run()
