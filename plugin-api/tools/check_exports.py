#!/usr/bin/env python3
"""Is a plugin linked as PLUGIN-ABI asks for? Usage: check_exports.py PLUGIN.so

Exactly one defined dynamic symbol, the entry; bound at load (BIND_NOW), never unmapped (NODELETE), relocations read-only
afterwards, no run path, no text relocations, no executable stack. blockhost_add_plugin() runs it for each plugin."""
import re
import subprocess
import sys

ENTRY = "bh_plugin_entry_v0"


def readelf(option, path):
    return subprocess.run(["readelf", "--wide", option, path], check=True, capture_output=True, text=True).stdout


def exported(path):
    """Names of the defined dynamic symbols that others could bind to."""
    names = []
    for line in readelf("--dyn-syms", path).splitlines():
        word = line.split()
        if len(word) >= 8 and re.fullmatch(r"\d+:", word[0]) and word[4] in ("GLOBAL", "WEAK", "UNIQUE") and word[6] != "UND":
            names.append(word[7].split("@")[0])
    return names


def problems(path):
    dynamic, segments = readelf("--dynamic", path), readelf("--program-headers", path)
    found = exported(path)
    bad = []
    if found != [ENTRY]:
        bad.append(f"exports {sorted(found)}, not just {ENTRY}: link with plugin-api/sdk/plugin.map")
    flags = " ".join(re.findall(r"\((?:FLAGS|FLAGS_1)\)(.*)", dynamic))
    if not re.search(r"\bNOW\b|BIND_NOW", flags):
        bad.append("symbols are bound late: link with -z now")
    if "NODELETE" not in flags:
        bad.append("can be unmapped: link with -z nodelete")
    if "GNU_RELRO" not in segments:
        bad.append("its relocations stay writable: link with -z relro")
    if re.search(r"\((RPATH|RUNPATH)\)", dynamic):
        bad.append("has a run path: link without -rpath")
    if "TEXTREL" in dynamic:
        bad.append("has text relocations: compile with -fPIC")
    if re.search(r"GNU_STACK.*RWE", segments):
        bad.append("asks for an executable stack: link with -z noexecstack")
    return bad


if __name__ == "__main__":
    found = problems(sys.argv[1])
    print("\n".join(f"{sys.argv[1]}: {p}" for p in found) or "ok")
    sys.exit(bool(found))
