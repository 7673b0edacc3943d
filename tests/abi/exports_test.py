#!/usr/bin/env python3
"""What each file of a build offers to others at run time. Usage: exports_test.py BUILD

Plugins: the entry and nothing else. The PAM module: its pam_sm_* functions. Programs, the kernel first: nothing of ours, so that no
plugin can bind to the kernel's code by a name; what the C and C++ libraries make every program share (templates of std::, the
exception tables of libraries, copied variables such as stderr) is not ours to hide."""
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "plugin-api/tools"))
import check_exports  # noqa: E402

ENTRY = [check_exports.ENTRY]
OF_LIBRARIES = re.compile(r"std::|spdlog::|__cxxabi|__gnu_cxx::|nlohmann::|boost::|YAML::|CLI::")
COPIED = {"stderr", "stdout", "stdin", "environ", "__environ", "__libc_single_threaded", "program_invocation_name"}
START_FILE = {"_IO_stdin_used"}  # glibc's crt1.o; the linker of Debian 13 shows it


def is_elf(path):
    if not path.is_file() or path.is_symlink():
        return False
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def readable(names):
    text = subprocess.run(["c++filt"], input="\n".join(names), capture_output=True, text=True, check=True).stdout
    return text.splitlines()


def ours(path):
    """Names that a program offers and that no library made it offer."""
    return [name for name in readable(check_exports.exported(str(path)))
            if not OF_LIBRARIES.search(name) and name not in COPIED | START_FILE]


def shared_objects(build):
    for path in sorted(build.rglob("*.so")):
        if is_elf(path) and "fixtures" not in path.parts and "target" not in str(path) and "_fixture" not in path.name:
            yield path


def problems(build):
    plugins = 0
    for path in shared_objects(build):
        names = sorted(check_exports.exported(str(path)))
        if path.name == "plugin.so":
            plugins += 1
            if names != ENTRY:
                yield f"{path}: a plugin exports {names}, not just {ENTRY[0]}"
        elif path.name.startswith("pam_"):
            if not names or not all(name.startswith("pam_sm_") for name in names):
                yield f"{path}: the PAM module exports {names}"
        else:
            yield f"{path}: exports {names}, and nobody said what it is"
    programs = [path for path in sorted((build / "bin").glob("*")) if is_elf(path)]
    for path in programs:
        if found := ours(path):
            yield f"{path}: the program exports {found}: link without -rdynamic, compile with hidden visibility"
    if not plugins or not any(path.name == "blockhostd" for path in programs):
        yield f"{build}: no plugin or no blockhostd was built: there is nothing to look at"


def self_test():
    """A program that offers its functions to what it loads is found; the same one without is not."""
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "program"
        for option, wanted in (("-rdynamic", True), ("-fvisibility=hidden", False)):
            subprocess.run(["gcc", "-x", "c", "-", "-o", str(program), option], check=True, text=True,
                           input="int bh_secret(void){return 1;} int main(void){return bh_secret();}")
            assert ("bh_secret" in ours(program)) == wanted, (option, ours(program))


if __name__ == "__main__":
    self_test()
    found = list(problems(pathlib.Path(sys.argv[1]).resolve()))
    print("\n".join(found) or "ok")
    sys.exit(bool(found))
