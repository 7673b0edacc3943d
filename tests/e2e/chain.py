"""The local EVM node (anvil), and its JSON-RPC: time, mining, balances. Runs inside the host's namespace; calls go through nsenter."""
import json
import subprocess

from processes import Failed, Process

# One long-lived helper in the namespace answers calls: a JSON-RPC request a line in, the answer a line out.
RELAY = """
import sys, urllib.request
for line in sys.stdin:
    request = urllib.request.Request(sys.argv[1], line.encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        print(answer.read().decode().replace("\\n", " "), flush=True)
"""


class Chain:
    def __init__(self, inside: list[str], anvil: str, log_directory: str, state: str, port: int = 8545, block_time: int | None = 1, chain_id: int = 31337):
        self.inside, self.port = inside, port
        self.url = f"http://127.0.0.1:{port}"
        timing = ["--block-time", str(block_time)] if block_time else []
        command = [*inside, anvil, "--host", "127.0.0.1", "--port", str(port), "--chain-id", str(chain_id), "--accounts", "0", "--prune-history", "256", "--state", state, *timing]
        self.process = Process("anvil" if port == 8545 else f"anvil-{port}", command, log_directory, ready="Listening on")
        self.relay: subprocess.Popen | None = None

    def start(self) -> None:
        self.process.start()
        self.relay = subprocess.Popen([*self.inside, "python3", "-c", RELAY, self.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def stop(self) -> None:
        if self.relay is not None:
            self.relay.stdin.close()
            self.relay.wait()
            self.relay.stdout.close()
            self.relay = None
        self.process.stop()

    def call(self, method: str, *params):
        self.relay.stdin.write(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}) + "\n")
        self.relay.stdin.flush()
        answer = json.loads(self.relay.stdout.readline() or "{}")
        if "result" not in answer:
            raise Failed(f"the chain node refused {method}: {answer.get('error', {}).get('message', 'no answer')}")
        return answer["result"]

    def fund(self, address: str, coins: int = 100) -> None:
        self.call("anvil_setBalance", address, hex(coins * 10**18))

    def now(self) -> int:
        return int(self.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def pass_time(self, seconds: int) -> None:
        self.call("evm_increaseTime", hex(seconds))
        self.mine(1)

    def mine(self, blocks: int) -> None:
        self.call("anvil_mine", hex(blocks))
