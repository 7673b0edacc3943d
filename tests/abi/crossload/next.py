#!/usr/bin/env python3
"""Makes the next minor of the ABI out of one that there is: everything that the compatibility law allows to grow has grown.

  next.py ROOT INCLUDE OUT

OUT/include: the headers of INCLUDE with one member more in each growable struct (a function where the struct is a table, else a
number), one id more (BH_ADDED, with its table) and BH_ABI_MINOR + 1. OUT/kernel/worker: the files of the worker's table that
name each function, with rows for those. Files are rewritten only when they change, so that a build stays one."""
import pathlib
import re
import sys

STRUCT = re.compile(r"(typedef struct (bh_\w+) \{\n    uint32_t struct_size;.*?)(\n\} \2;)", re.S)
TABLE_OF_PLUGIN = "bh_instance* self"
FUNCTION = """

    /* Appended in this minor. [{word}] */
    bh_status (*added)({self}, bh_str text, bh_sink out, bh_error* err) BH_NOEXCEPT;"""
NUMBER = "\n    uint64_t added; /* appended in this minor */"
ADDED = """/* blockhost/ext/added.h - the id that this minor adds. */
#ifndef BH_EXT_ADDED_H
#define BH_EXT_ADDED_H
#include "../plugin.h"
#ifdef __cplusplus
extern "C" {
#endif

#define BH_ADDED "bh.hypervisor.added/1"

typedef struct bh_hypervisor_added {
    uint32_t struct_size;
    uint32_t reserved0;

    /* [concurrent] */
    bh_status (*added)(bh_instance* self, bh_str text, bh_sink out, bh_error* err) BH_NOEXCEPT;
} bh_hypervisor_added;

#ifdef __cplusplus
}
#endif
#endif
"""
# Functions of these go from the kernel to the plugin, or from the plugin to the kernel; the others hold numbers.
CALLED_BY = {"bh_call": ("const struct bh_call* call", "any-thread")}


def grown(name, body):
    if name in CALLED_BY:
        return FUNCTION.format(self=CALLED_BY[name][0], word=CALLED_BY[name][1])
    if name.startswith("bh_svc_"):
        return FUNCTION.format(self="const bh_kernel* kernel", word="any-thread")
    if TABLE_OF_PLUGIN in body:
        return FUNCTION.format(self=TABLE_OF_PLUGIN, word="concurrent")
    return NUMBER


def next_header(text):
    text = STRUCT.sub(lambda found: found[1] + grown(found[2], found[1]) + found[3], text)
    text = re.sub(r"(#define BH_ABI_MINOR )(\d+)u", lambda found: f"{found[1]}{int(found[2]) + 1}u", text)
    return text.replace('#include "ext/chain_contract.h"', '#include "ext/added.h"\n#include "ext/chain_contract.h"')


def next_rows(text):
    """A row for each function that was appended, and the table of the new id."""
    text = re.sub(r"(struct Rows<(bh_\w+)> \{.*?)>;(\n\};)",
                  lambda found: f'{found[1]}, Verb<&{found[2]}::added, "{found[2]}.added">>;{found[3]}', text, flags=re.S)
    rows = """template <>
struct Rows<bh_hypervisor_added> {
    static constexpr const char* id = BH_ADDED;
    static constexpr std::uint16_t first = 312;
    using verbs = Verbs<Verb<&bh_hypervisor_added::added, "added">>;
};

template <class... Table>
struct Tables {};"""
    assert text.count("template <class... Table>\nstruct Tables {};") == 1
    return text.replace("template <class... Table>\nstruct Tables {};", rows)


def with_table(text):
    """Where interfaces are listed, the new one too."""
    assert text.count("bh_hypervisor_snapshot>;") == 1
    return text.replace("bh_hypervisor_snapshot>;", "bh_hypervisor_snapshot, bh_hypervisor_added>;")


def put(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def main(root, include, out):
    for path in sorted(include.rglob("*.h")):
        put(out / "include" / path.relative_to(include), next_header(path.read_text(encoding="utf-8")))
    put(out / "include/blockhost/ext/added.h", ADDED)
    worker = root / "kernel/worker"
    put(out / "kernel/worker/rows.hpp", with_table(next_rows((worker / "rows.hpp").read_text(encoding="utf-8"))))
    put(out / "kernel/worker/host.cpp", with_table((worker / "host.cpp").read_text(encoding="utf-8")))


if __name__ == "__main__":
    main(*(pathlib.Path(argument).resolve() for argument in sys.argv[1:4]))
