"""Logs read, decoded and committed, beside viem, ethers and cast on the same node (anvil); signers recovered."""
import json
import os
import re
import subprocess
import tempfile
import time
import urllib.request

from processes import Failed, Process, wait_until

HERE = os.path.dirname(os.path.realpath(__file__))
REPO = os.path.realpath(os.path.join(HERE, "..", ".."))
FOUNDRY = os.path.join("node_modules", "@foundry-rs")
EVENT = "Extended(uint256,address,uint256,address,uint256,uint256)"
CONTRACT = "0x00000000000000000000000000000000b10c4057"
BLOCKS, LOGS_PER_BLOCK, CHUNK = 1000, 100, 10
RECOVERIES = 4000


def emitter(topic: str) -> str:
    """Code that logs Extended(n..1, caller, 30 days, the coin, 1e18, a date): n is the call's word."""
    head = "62278d00600052" + "670de0b6b3a7640000604052" + "636b49d200606052" + "600035"
    loop = len(head) // 2
    body = "5b" + "801561{end:04x}57" + "33" + "81" + "7f" + topic.removeprefix("0x") + "60806000a3" + "60019003" + f"61{loop:04x}56"
    end = loop + len(body.format(end=0)) // 2
    return "0x" + head + body.format(end=end) + "5b00"


class Node:
    """anvil, with BLOCKS blocks that hold LOGS_PER_BLOCK logs each."""

    def __init__(self, folder: str):
        anvil = os.path.join(REPO, "plugins", "chain-evm", "contracts", FOUNDRY, "anvil-linux-amd64", "bin", "anvil")
        self.process = Process("anvil", [anvil, "--port", "0", "--accounts", "1", "--prune-history", "256", "--gas-limit", "100000000"], folder, ready="Listening on")
        self.url = ""

    def start(self) -> None:
        self.process.start()
        with open(self.process.log) as file:
            self.url = f"http://{re.search(r'Listening on (127[.]0[.]0[.]1:[0-9]+)', file.read())[1]}"

    def call(self, method: str, *params):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        request = urllib.request.Request(self.url, body, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=120) as answer:
            reply = json.load(answer)
        if "error" in reply:
            raise Failed(f"{method}: {reply['error']['message']}")
        return reply["result"]

    def fill(self) -> tuple[int, int]:
        """First and last block of those with logs."""
        account = self.call("eth_accounts")[0]
        topic = self.call("web3_sha3", "0x" + EVENT.encode().hex())
        self.call("anvil_setCode", CONTRACT, emitter(topic))
        first = int(self.call("eth_blockNumber"), 16) + 1
        for block in range(first, first + BLOCKS):
            self.call("eth_sendTransaction", {"from": account, "to": CONTRACT, "data": f"0x{LOGS_PER_BLOCK:064x}", "gas": hex(10_000_000)})
            wait_until("the block", lambda: int(self.call("eth_blockNumber"), 16) >= block, 30, 0.002)
        return first, first + BLOCKS - 1


def run(*command: str, cwd: str | None = None) -> dict:
    done = subprocess.run(command, text=True, capture_output=True, cwd=cwd)
    if done.returncode != 0:
        raise Failed(f"{os.path.basename(command[0])} {command[1]}: {done.stderr.strip()[-500:]}")
    return json.loads(done.stdout)


def cast(url: str, first: int, last: int) -> dict:
    """It prints text and decodes nothing: the least that it could take."""
    program = os.path.join(HERE, FOUNDRY, "cast-linux-amd64", "bin", "cast")
    signature = "Extended(uint256 indexed,address indexed,uint256,address,uint256,uint256)"
    logs, peak = 0, 0
    begin = time.monotonic()
    for block in range(first, last + 1, CHUNK):
        command = [program, "logs", "--rpc-url", url, "--from-block", str(block), "--to-block", str(min(last, block + CHUNK - 1)), "--address", CONTRACT, signature]
        with tempfile.TemporaryFile("w+") as out:
            child = subprocess.Popen(command, stdout=out)
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            if child.returncode != 0:
                raise Failed(f"cast logs ended with {child.returncode}")
            peak = max(peak, usage.ru_maxrss)
            out.seek(0)
            logs += out.read().count("transactionHash")
    return {"logs": logs, "seconds": time.monotonic() - begin, "resident_mib": peak / 1024}


def install_peers() -> None:
    if os.path.exists(os.path.join(HERE, "node_modules", "ethers")):
        return
    done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=HERE, text=True, capture_output=True)
    if done.returncode != 0:
        raise Failed(f"npm ci in tests/bench: {done.stderr.strip()[-500:]}")


def logs(build: str, rows, screen) -> None:
    """Logs decoded and committed per second, against viem, ethers and cast on the same node; message recovery against libsecp256k1."""
    install_peers()
    program = os.path.join(build, "tests", "bench", "bench-chain")
    with tempfile.TemporaryDirectory(prefix="bh-bench-", dir="/var/tmp") as folder:
        node = Node(folder)
        try:
            node.start()
            screen.say(f"logs: {BLOCKS * LOGS_PER_BLOCK} logs in {BLOCKS} blocks")
            first, last = node.fill()
            where = (node.url, CONTRACT, str(first), str(last), str(CHUNK))
            found = {"chain-evm": run(program, "decode", *where)}
            for library in ("viem", "ethers"):
                screen.say(f"logs: {library}")
                found[library] = run("node", "peers.mjs", library, *where, cwd=HERE)
            found["cast"] = cast(node.url, first, last)
            for name, one in found.items():
                if one["logs"] != BLOCKS * LOGS_PER_BLOCK:
                    raise Failed(f"{name} found {one['logs']} logs of {BLOCKS * LOGS_PER_BLOCK}")
            screen.say("logs: to the journal")
            followed = run(program, "follow", os.path.join(folder, "journal.db"), node.url, CONTRACT, str(first))
        finally:
            node.process.stop()
    ours = found["chain-evm"]
    rows.add("logs: decoded, the node's answer apart", ours["logs"] / ours["decode_seconds"], "1/s", "target 200,000")
    rows.add("logs: decoded, for each second of one core", ours["logs"] / ours["decode_cpu_seconds"], "1/s")
    for name, one in found.items():
        rows.add(f"logs: read and decoded, {name}", one["logs"] / one["seconds"], "1/s", "" if name == "chain-evm" else f"chain-evm: {one['seconds'] / ours['seconds']:.1f} times")
        rows.add(f"logs: memory at most, {name}", one["resident_mib"], "MiB", "target 25" if name == "chain-evm" else "")
    rows.add("logs: committed to the journal", followed["logs"] / followed["journal_seconds"], "1/s", "target 100,000")
    for part in ("poll", "document", "journal"):
        rows.add(f"logs: followed, microseconds of one core for each in {part}", 1e6 * followed[f"{part}_cpu_seconds"] / followed["logs"], "us")
    for part in ("node", "poll", "document", "journal"):
        rows.add(f"logs: followed, share of {part}", 100 * followed[f"{part}_seconds"] / followed["seconds"], "%")
    rows.add("logs: followed, the whole way", followed["logs"] / followed["seconds"], "1/s", f"{followed['polls']} polls")
    rows.add("logs: followed, memory at most", followed["resident_mib"], "MiB", "target 25")


def recover(build: str, rows, screen) -> None:
    """Messages' signers recovered per second on one core, against libsecp256k1 alone."""
    screen.say("signatures")
    found = run(os.path.join(build, "tests", "bench", "bench-chain"), "recover", str(RECOVERIES))
    share = 100 * found["ours_per_second"] / found["libsecp256k1_per_second"]
    rows.add("login: signer of a message recovered", found["ours_per_second"], "1/s", f"{share:.1f} % of libsecp256k1 alone, target 90")
    rows.add("login: libsecp256k1 alone", found["libsecp256k1_per_second"], "1/s")
