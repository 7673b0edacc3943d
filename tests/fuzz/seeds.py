#!/usr/bin/env python3
"""seeds.py CORPUS: writes what the fuzzers start from, CORPUS/TARGET/seed-N and CORPUS/TARGET.dict: the vectors of the
formats, the signer's test data, a sample of each document made from its schema, and a few by hand."""
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = pathlib.Path(sys.argv[1])


def put(target, *seeds):
    folder = OUT / target
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        data = seed if isinstance(seed, bytes) else seed.encode()
        (folder / f"seed-{len(list(folder.glob('seed-*')))}").write_bytes(data)


def vectors(name):
    return json.loads((ROOT / f"plugin-api/formats/vectors/{name}.json").read_text())


def raw(hex_text):
    return bytes.fromhex(hex_text.removeprefix("0x"))


def sample(schema):
    """The smallest instance of a schema that has every property."""
    if "anyOf" in schema:
        return sample(schema["anyOf"][0])
    kind = schema.get("type")
    if kind == "object":
        return {name: sample(part) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [sample(schema["items"])]
    if kind == "string":
        pattern = schema.get("pattern", "")
        return "0x00" if pattern.startswith("^0x") else "2026-11-24T22:40:00Z" if "T" in pattern else "1"
    return {"boolean": True, "integer": 1}.get(kind)


def names(schema, found):
    if isinstance(schema, dict):
        found.update(schema.get("properties", {}))
        for part in schema.values():
            names(part, found)
    return found


def main():
    for old in OUT.glob("*/seed-*"):
        old.unlink()
    words = set()
    for file in sorted((ROOT / "plugin-api/schemas").rglob("*.json")):
        schema = json.loads(file.read_text())
        put("documents", json.dumps(sample(schema)))
        names(schema, words)
    (OUT / "documents.dict").write_text("".join(f'"\\"{word}\\":"\n' for word in sorted(words)))

    put("statement", *(raw(v["statement"]) if v["statement"].startswith("0x") else v["statement"]
                       for v in vectors("owner-statement-1")["vectors"]))
    put("challenge", *(v["text"] for v in vectors("login-challenge-1")["vectors"]))
    seal1 = vectors("seal-1")
    put("seal", raw(seal1["request"]), raw(seal1["credential"]), seal1["content"],
        *(raw(v["request"]["sealed"]) for v in vectors("seal-2")["vectors"] if "sealed" in v.get("request", {})))

    signer = ROOT / "kernel/signer/testdata"
    for row in json.loads((signer / "transactions.json").read_text())["transactions"]:
        put("transaction", *(raw(row[name]) for name in ("payload", "signed") if name in row))
    put("transaction", b"\x02\xc9\x01\x80\x80\x80\x80\x80\x80\x80\xc0", b"\xc2\x01\x82")
    intents = vectors("bh-intent-1")
    put("intent", *(v["text"] for v in intents["vectors"]), *(raw(v["payload"]) for v in intents["refused"]))
    put("typed_data", *(row["text"] for row in json.loads((signer / "typed-data.json").read_text())["rows"]
                        if "text" in row))

    request = b'{"id":1,"verb":"status","args":{}}'
    put("message", request, len(request).to_bytes(4, "little") + request, '{"id":1,"ok":{"a":1}}',
        '{"id":1,"error":{"code":-1,"reason":"bad","message":"m","retry_after_ms":0}}')
    put("guest_frame", b"\xffq" + b"0" * 32, b"\xffa" + b"0" * 32 + b"{}")
    put("guest_answers",
        json.dumps({"v": 1, "type": "hello", "ok": {
            "version": "0.1.0", "vm": "bh-7-3fa91c", "ssh_host_key": "ssh-ed25519 AAAAC3Nz", "uptime_s": 11,
            "boot_id": "5f0c2a70-8c0e-4c5e-9a52-0d9ad0a3f7a1", "sshd": "listening", "sequence": "0"}}),
        '{"v":1,"type":"statement","ok":{"sequence":"7"}}',
        '{"v":1,"type":"statement","error":{"code":-1,"reason":"bad","message":"m"}}')
    word = (32).to_bytes(32, "big")
    put("abi", word * 8, word + (5).to_bytes(32, "big") + b"hello".ljust(32, b"\0"))
    put("json_rpc", '{"jsonrpc":"2.0","id":1,"result":"0x10"}',
        '[{"jsonrpc":"2.0","id":1,"result":"0x1"},{"jsonrpc":"2.0","id":2,"result":null}]',
        '{"jsonrpc":"2.0","id":1,"error":{"code":3,"message":"execution reverted","data":"0x08c379a0"}}',
        json.dumps({"jsonrpc": "2.0", "id": 1, "result": {
            "number": "0x1", "hash": "0x" + "ab" * 32, "parentHash": "0x" + "cd" * 32, "timestamp": "0x1",
            "gasLimit": "0x1", "baseFeePerGas": "0x1", "address": "0x" + "11" * 20, "topics": ["0x" + "ab" * 32],
            "data": "0x", "blockNumber": "0x1", "blockHash": "0x" + "ab" * 32, "transactionHash": "0x" + "ab" * 32,
            "transactionIndex": "0x0", "logIndex": "0x0", "removed": False, "status": "0x1", "gasUsed": "0x1",
            "effectiveGasPrice": "0x1"}}),
        json.dumps([{"jsonrpc": "2.0", "id": 1, "result": [
            {"address": "0x" + "11" * 20, "topics": ["0x" + "ab" * 32] * 2, "data": "0x0f", "blockNumber": "0x1",
             "blockHash": "0x" + "ab" * 32, "transactionHash": "0x" + "cd" * 32, "transactionIndex": "0x0",
             "logIndex": hex(i), "removed": False, "blockTimestamp": "0x1"} for i in range(2)]},
            {"jsonrpc": "2.0", "id": 2, "result": None}]))
    put("elf", *(pathlib.Path(path).read_bytes() for path in sys.argv[2:]))


main()
