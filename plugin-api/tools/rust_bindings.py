#!/usr/bin/env python3
"""Writes the Rust crate bh-sys from a table of the ABI (abi_table.py), and compares it with the stored one.

  rust_bindings.py print TABLE        -> the source on stdout
  rust_bindings.py check TABLE LIB_RS -> exit 1 if LIB_RS is not that

After a change of the ABI on purpose: rust_bindings.py print tests/abi/golden/draft-N.txt > plugin-api/sdk/rust/bh-sys/src/lib.rs"""
import re
import sys

HEAD = '''//! The C ABI of BlockHost plugins as Rust types: names, layouts and numbers of the C headers, whose comments say what each
//! member promises. Made by plugin-api/tools/rust_bindings.py from the table of the ABI; do not edit.
#![allow(non_camel_case_types)]

use std::os::raw::{c_char, c_void};

'''
PLAIN = {"void": "c_void", "char": "c_char", "size_t": "usize", "uint8_t": "u8", "uint16_t": "u16", "uint32_t": "u32", "uint64_t": "u64",
         "int32_t": "i32", "int64_t": "i64", "bh_status": "bh_status"}


def split(text):
    """The arguments of a function type, at the commas outside of parentheses."""
    parts, depth, word = [], 0, ""
    for c in text:
        depth += (c == "(") - (c == ")")
        if c == "," and depth == 0:
            parts.append(word.strip())
            word = ""
        else:
            word += c
    return parts + ([word.strip()] if word.strip() not in ("", "void") else [])


def rust_type(c):
    function = re.fullmatch(r"(.*?)\s*\(\*\)\((.*)\)", c)
    if function:
        arguments = ", ".join(rust_type(part) for part in split(function[2]))
        back = "" if function[1] == "void" else f" -> {rust_type(function[1])}"
        return f"Option<unsafe extern \"C\" fn({arguments}){back}>"
    array = re.fullmatch(r"(\w+)\[(\d+)\]", c)
    if array:
        return f"[{rust_type(array[1])}; {array[2]}]"
    if c.endswith("*"):
        inner = c[:-1].strip()
        const = inner.startswith("const ")
        return f"*{'const' if const else 'mut'} {rust_type(inner.removeprefix('const ') if const else inner)}"
    c = c.removeprefix("const ").removeprefix("struct ")
    return PLAIN.get(c, c)


TESTS = '''
#[cfg(test)]
mod layout {
    use super::*;
    use std::mem::{size_of, MaybeUninit};
    use std::ptr::addr_of;

    macro_rules! offset {
        ($type:ident, $field:ident) => {{
            let place = MaybeUninit::<$type>::uninit();
            // Only addresses are taken; nothing is read.
            unsafe { addr_of!((*place.as_ptr()).$field) as usize - place.as_ptr() as usize }
        }};
    }

    #[test]
    fn is_that_of_the_c_headers() {
'''


def tests(rows):
    out = TESTS
    for row in rows:
        size = re.fullmatch(r"size (\w+) = (\d+)", row)
        field = re.fullmatch(r"field (\w+)\.(\w+) @(\d+) : .*", row)
        if size:
            out += f"        assert_eq!(size_of::<{size[1]}>(), {size[2]});\n"
        if field:
            out += f"        assert_eq!(offset!({field[1]}, {field[2]}), {field[3]});\n"
    return out + "    }\n}\n"


def structs(rows):
    found = {}
    for row in rows:
        field = re.fullmatch(r"field (\w+)\.(\w+) @(\d+) : (.*)", row)
        if field:
            found.setdefault(field[1], []).append((int(field[3]), field[2], rust_type(field[4])))
    return {name: sorted(fields) for name, fields in sorted(found.items())}


def constant(name, value):
    kind = "bh_status" if name in ("BH_OK", "BH_PENDING") or name.startswith("BH_E_") else "u32"
    return f"pub const {name}: {kind} = {value};\n"


def source(rows):
    out = HEAD
    for row in rows:
        word = row.split(" ", 3)
        if word[0] == "abi":
            out += f"pub const {word[1]}: u32 = {word[3]};\n"
    out += "\npub type bh_status = i32;\n\n"
    out += "".join(constant(*re.fullmatch(r"const (\w+) = (-?\d+)", row).groups()) for row in rows if row.startswith("const "))
    out += "\n"
    for row in rows:
        named = re.fullmatch(r'id (\w+) = "(.*)"', row)
        if named:
            # With its NUL, as services are looked up by C strings.
            out += f'pub const {named[1]}: &str = "{named[2]}\\0";\n'
    out += "\n/// Opaque; the plugin's own.\n#[repr(C)]\npub struct bh_instance {\n    _private: [u8; 0],\n}\n"
    for name, fields in structs(rows).items():
        out += f"\n#[repr(C)]\n#[derive(Clone, Copy)]\npub struct {name} {{\n"
        out += "".join(f"    pub {field}: {kind},\n" for _, field, kind in fields) + "}\n"
    return out + tests(rows)


def main(arguments):
    if len(arguments) < 2 or arguments[0] not in ("print", "check"):
        print(__doc__)
        return 2
    with open(arguments[1], encoding="utf-8") as file:
        text = source(file.read().splitlines())
    if arguments[0] == "print":
        print(text, end="")
        return 0
    with open(arguments[2], encoding="utf-8") as file:
        same = file.read() == text
    print("ok" if same else f"{arguments[2]} is not what the table of the ABI makes: see the head of this file")
    return int(not same)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
