"""What a purchase may leave behind nothing of: processes, volumes, links, routes, neighbours, firewall, addresses in use.

Two snapshots, taken before the purchase and after the end, must be equal.
"""
import json
import os
import subprocess


def _ip(inside: list[str], *what: str):
    out = subprocess.run([*inside, "ip", "-j", "-6", *what], text=True, capture_output=True, check=True).stdout
    return json.loads(out or "[]")


def _without(value, names: set[str]):
    if isinstance(value, dict):
        return {key: _without(item, names) for key, item in value.items() if key not in names}
    if isinstance(value, list):
        return [_without(item, names) for item in value]
    return value


def _ours(root: str) -> list[str]:
    """Command lines of the processes whose arguments name a path below `root`, without PIDs."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        if any(root.encode() in word for word in words) and words[0] not in (b"python3",):
            found.append(os.path.basename(words[0].decode(errors="replace")))
    return sorted(found)


def _files(directory: str) -> list[str]:
    return sorted(os.path.relpath(os.path.join(base, name), directory) for base, folders, names in os.walk(directory) for name in names + folders)


def take(inside: list[str], root: str, pool: str, run: str, addresses: list[str]) -> dict:
    ruleset = subprocess.run([*inside, "nft", "-j", "list", "ruleset"], text=True, capture_output=True, check=True).stdout
    links = json.loads(subprocess.run([*inside, "ip", "-j", "link"], text=True, capture_output=True, check=True).stdout)
    return {
        "processes": _ours(root),
        "volumes": _files(os.path.join(pool, "volumes")) if os.path.isdir(os.path.join(pool, "volumes")) else [],
        "run directories": _files(os.path.join(run, "vm")),
        "links": sorted(link["ifname"] for link in links),
        "routes": sorted(json.dumps(_without(route, {"expires", "cache"}), sort_keys=True) for route in _ip(inside, "route", "show", "table", "all")),
        "neighbour proxies": _ip(inside, "neigh", "show", "proxy"),
        "permanent neighbours": [row for row in _ip(inside, "neigh", "show", "nud", "permanent")],
        "nftables": _without(json.loads(ruleset), {"handle", "packets", "bytes"}),
        "addresses in use": sorted(addresses),
    }


def differences(before: dict, after: dict) -> list[str]:
    """What is gone and what is new of each kind, one line a kind."""
    def text(items) -> str:
        return ", ".join(item if isinstance(item, str) else json.dumps(item) for item in items)[:600] or "nothing"

    def entries(value) -> list:
        return value["nftables"] if isinstance(value, dict) else value
    return [f"{name}: gone {text(item for item in entries(before[name]) if item not in entries(after[name]))}; "
            f"new {text(item for item in entries(after[name]) if item not in entries(before[name]))}" for name in before if before[name] != after[name]]
