"""Raw transactions of EIP-1559 from what eth_getTransactionByHash says, so that they can be sent again: not every node keeps the raw ones."""


def number(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def item(value: bytes) -> bytes:
    if len(value) == 1 and value[0] < 0x80:
        return value
    return head(0x80, len(value)) + value


def head(offset: int, length: int) -> bytes:
    if length < 56:
        return bytes([offset + length])
    size = number(length)
    return bytes([offset + 55 + len(size)]) + size


def listed(items: list[bytes]) -> bytes:
    body = b"".join(items)
    return head(0xc0, len(body)) + body


def raw_transaction(tx: dict) -> str:
    """EIP-1559's fields in order; access lists are empty in all that the host and the buyers send."""
    if int(tx["type"], 16) != 2 or tx.get("accessList"):
        raise ValueError(f"a transaction of another kind: {tx}")
    def of(name: str) -> bytes:
        return item(number(int(tx[name], 16)))
    to = item(bytes.fromhex(tx["to"][2:]) if tx["to"] else b"")
    parity = tx.get("yParity") or tx["v"]
    fields = [of("chainId"), of("nonce"), of("maxPriorityFeePerGas"), of("maxFeePerGas"), of("gas"), to, of("value"), item(bytes.fromhex(tx["input"][2:])),
              listed([]), item(number(int(parity, 16) % 27 if int(parity, 16) >= 27 else int(parity, 16))), of("r"), of("s")]
    return "0x02" + listed(fields).hex()
