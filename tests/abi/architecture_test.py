#!/usr/bin/env python3
"""Who may know whom. Usage: architecture_test.py ROOT

1. The kernel's sources name no backend: no chain, hypervisor, provider or tool of one. (Its tests and READMEs show
   configurations, where an operator names instances as he likes.)
2. What a folder includes: plugin-api its own; a plugin plugin-api and its own; pam plugin-api and its own; the kernel
   plugin-api and its own.
3. C headers of the ABI include the C standard library and each other."""
import pathlib
import re
import sys

BACKENDS = re.compile(
    r"(?i)ethereum|sepolia|hoodi|anvil|hardhat|proxmox|qemu|libvirt|terraform|opentofu|hetzner|"
    r"\b(evm|polygon|amoy|geth|erigon|qmp|kvm|virsh|tofu|zfs|zpool|ceph|rbd)(?![a-z])|"
    r"chain[-_]evm|hypervisor[-_](qemu|proxmox|libvirt)|storage[-_](dir|lvm|zfs|ceph|proxmox)|ipv6[-_](static|broker)")
SOURCES = {".cpp", ".hpp", ".h", ".c"}
OURS = {"kernel", "plugin-api", "plugins", "pam", "wizard", "tests", "examples", "iso"}
INCLUDE = re.compile(r'^\s*#\s*include\s+["<]([^">]+)[">]')
SKIPPED = {"node_modules", "build", "testing"}


def sources(folder):
    for path in sorted(folder.rglob("*")):
        if path.suffix in SOURCES and not SKIPPED & set(path.parts):
            yield path


def lines(path):
    return enumerate(path.read_text(encoding="utf-8").splitlines(), 1)


def is_test(path):
    return path.stem.endswith("_test") or path.stem.startswith("test")


def names_of_backends(root):
    for path in list(sources(root / "kernel")) + sorted((root / "kernel").rglob("CMakeLists.txt")):
        if is_test(path) or SKIPPED & set(path.parts):
            continue
        for number, line in lines(path):
            if (found := BACKENDS.search(line)):
                yield f"{path.relative_to(root)}:{number}: the kernel names the backend {found.group(0)!r}"


def allowed(path, target):
    """May the file `path` (relative) include `target` (relative to the root)?"""
    area, to = path.parts[0], pathlib.PurePath(target).parts
    if to[0] not in OURS or len(to) < 2:
        return True  # a library's, or a neighbour named without its folder
    if to[0] == "plugin-api" or to[0] == area == "kernel" or to[0] == area == "pam":
        return area != "pam" or to[0] == "pam" or to[1] in ("crypto", "formats", "documents", "include")
    if area == "plugins":
        return to[:2] == path.parts[:2]
    return False


def forbidden_includes(root):
    for area in ("kernel", "plugin-api", "plugins", "pam"):
        for path in sources(root / area) if (root / area).is_dir() else ():
            relative = path.relative_to(root)
            for number, line in lines(path):
                found = INCLUDE.match(line)
                if found and not allowed(relative, found.group(1)):
                    yield f"{relative}:{number}: must not include {found.group(1)}"


def header_includes(root):
    folder = root / "plugin-api/include"
    for path in sources(folder):
        for number, line in lines(path):
            found = INCLUDE.match(line)
            if found and found.group(1) not in ("stddef.h", "stdint.h") and not (path.parent / found.group(1)).is_file():
                yield f"{path.relative_to(root)}:{number}: a header of the ABI must not include {found.group(1)}"


def without_abi_line(text):
    """The compatibility law, 7: entries that do not say what they mean for the ABI."""
    for entry in re.split(r"^- ", text, flags=re.M)[1:]:
        if not re.search(r"\bABI: \S", entry):
            yield f"CHANGELOG.md: no \"ABI: ...\" in the entry: {entry.splitlines()[0][:60]}"


def self_test():
    """The rules themselves: each refuses what it is for."""
    at = pathlib.PurePath
    assert BACKENDS.search("class QemuThing") and BACKENDS.search("qemu_path") and BACKENDS.search("plugins/chain-evm")
    assert not BACKENDS.search("eip1559-tx seal-1 storage directory chain events polygons")
    assert allowed(at("kernel/a/b.cpp"), "kernel/c/d.hpp") and not allowed(at("kernel/a/b.cpp"), "plugins/x/y.hpp")
    assert not allowed(at("plugins/x/a.cpp"), "kernel/a/b.hpp") and not allowed(at("plugins/x/a.cpp"), "plugins/z/a.hpp")
    assert allowed(at("plugins/x/a.cpp"), "plugins/x/b/c.hpp") and not allowed(at("plugin-api/a.cpp"), "kernel/a.hpp")
    assert len(list(without_abi_line("# C\n\n- One.\n  ABI: no change.\n- Two, ABI and all.\n- Three. ABI:\n"))) == 2
    assert not allowed(at("pam/a.cpp"), "kernel/seal/a.hpp") and not allowed(at("pam/a.cpp"), "plugin-api/host/a.hpp")


if __name__ == "__main__":
    self_test()
    top = pathlib.Path(sys.argv[1]).resolve()
    problems = [*names_of_backends(top), *forbidden_includes(top), *header_includes(top),
                *without_abi_line((top / "CHANGELOG.md").read_text(encoding="utf-8"))]
    print("\n".join(problems) or "ok")
    sys.exit(bool(problems))
