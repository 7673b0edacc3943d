#!/usr/bin/env python3
"""The backend of the conformance check (plugin-api/check/README.md): a real node (anvil) with both contracts and a plan.

anvil is the one of plugins/chain-evm/contracts (`npm ci` there), or BLOCKHOST_ANVIL."""
import json
import os
import pathlib
import subprocess
import sys
import urllib.request

CONTRACTS = pathlib.Path(__file__).resolve().parents[1] / "contracts"
ANVIL = os.environ.get("BLOCKHOST_ANVIL") or CONTRACTS / "node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil"
SELECTORS = {line.split()[2].split("(")[0]: line.split()[1] for line in (CONTRACTS / "artifacts/selectors.txt").read_text().splitlines()
             if line.startswith("function ")}
RESOURCES = b'{"cpus":1,"disk_bytes":4294967296,"image":"debian-12","memory_bytes":536870912}'
PRICE, DAYS = 1000, 30


def word(value) -> str:
    return (value if isinstance(value, str) else hex(value))[2:].lower().rjust(64, "0")


def tail(data: bytes) -> str:
    return word(len(data)) + data.hex() + "0" * (-len(data.hex()) % 64)


def encode(*values) -> str:
    """Words, bytes and lists of words, as the contract ABI wants them."""
    head, rest = "", ""
    for value in values:
        if isinstance(value, (bytes, list)):
            head += word(32 * len(values) + len(rest) // 2)
            rest += tail(value) if isinstance(value, bytes) else word(len(value)) + "".join(map(word, value))
        else:
            head += word(value)
    return head + rest


class Node:
    def __init__(self):
        command = [str(ANVIL), "--port", "0", "--prune-history", "256"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for line in self.process.stdout:
            if "Listening on 127.0.0.1:" in line:
                self.url = "http://127.0.0.1:" + line.strip().rsplit(":", 1)[1]
                break
        # It logs each request; a full pipe would stop it.
        self.drain = subprocess.Popen(["cat"], stdin=self.process.stdout, stdout=subprocess.DEVNULL)

    def call(self, method, *params):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        request = urllib.request.Request(self.url, body, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=15) as answer:
            reply = json.load(answer)
        if "result" not in reply:
            raise RuntimeError(f"{method}: {reply['error']['message']}")
        return reply["result"]

    def send(self, sender, to, data, value=0):
        fields = {"from": sender, "data": data, "value": hex(value), "gas": "0x7a1200"}
        receipt = None
        transaction = self.call("eth_sendTransaction", {**fields, **({"to": to} if to else {})})
        while receipt is None:
            receipt = self.call("eth_getTransactionReceipt", transaction)
        if receipt["status"] != "0x1":
            raise RuntimeError("the transaction was reverted")
        return receipt


def main():
    node = Node()
    operator, buyer, treasury = node.call("eth_accounts")[:3]
    agent = os.environ["BH_CHECK_KEY_agent"]
    node.call("anvil_setBalance", agent, "0x56bc75e2d63100000")
    code = {name: json.loads((CONTRACTS / f"artifacts/{name}.json").read_text())["bytecode"] for name in ("AccessCredentialNFT", "BlockHostSubscription")}
    # Each is told the other's address; the second is what the operator's next transaction will make.
    next_address = node.send(operator, None, code["AccessCredentialNFT"] + encode(created_by(node, operator, 1)))
    credential = next_address["contractAddress"]
    contract = node.send(operator, None, code["BlockHostSubscription"] + encode(operator, treasury, credential, 0, b""))["contractAddress"]
    node.send(operator, contract, SELECTORS["createPlan"] + encode(RESOURCES, 3600, 0, 0, agent, 100000, [0], [PRICE]))
    print(json.dumps({"authority": node.url.removeprefix("http://"), "contract": contract, "credential": credential, "address": buyer}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(node, json.loads(line), contract, buyer)), flush=True)
    node.process.kill()
    node.process.wait()


def created_by(node, account, nonce):
    """Where the account's transaction number `nonce` would make a contract: asked of the node, which makes it on a branch that is dropped."""
    mark = node.call("evm_snapshot")
    for _ in range(nonce):
        node.send(account, account, "0x")
    made = node.send(account, None, "0x6001600c60003960016000f300")["contractAddress"]
    node.call("evm_revert", mark)
    return made


def answer(node, request, contract, buyer):
    if request["do"] == "purchase":
        until = int(node.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16) + 3600
        data = SELECTORS["purchase"] + encode(1, DAYS, 0, DAYS * PRICE, until, buyer, b"\x01\x02\x03")
        node.send(buyer, contract, data, DAYS * PRICE)
    elif request["do"] == "mine":
        node.call("anvil_mine", hex(request.get("blocks", 1)))
    elif request["do"] == "reorg":
        node.call("anvil_reorg", request["depth"], [])
        node.call("anvil_mine", "0x1")
    else:
        return {"error": f"unknown request {request['do']}"}
    return {}


if __name__ == "__main__":
    main()
