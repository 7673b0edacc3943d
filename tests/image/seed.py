"""Writes a NoCloud seed as ISO 9660 with libarchive, as the QEMU plugin does."""
import ctypes
import os

REGULAR_FILE = 0o100000


def write_seed(path, files):
    library = ctypes.CDLL("libarchive.so.13")
    for function in ("archive_write_new", "archive_entry_new"):
        getattr(library, function).restype = ctypes.c_void_p
    library.archive_write_data.restype = ctypes.c_ssize_t
    writer = ctypes.c_void_p(library.archive_write_new())

    def check(result):
        if result < 0:
            library.archive_error_string.restype = ctypes.c_char_p
            raise OSError(library.archive_error_string(writer))

    check(library.archive_write_set_format_iso9660(writer))
    check(library.archive_write_set_options(writer, b"iso9660:volume-id=cidata,iso9660:joliet=1,iso9660:rockridge=useful"))
    check(library.archive_write_open_filename(writer, os.fsencode(path)))
    for name, text in files.items():
        data = text.encode()
        entry = ctypes.c_void_p(library.archive_entry_new())
        library.archive_entry_set_pathname(entry, name.encode())
        library.archive_entry_set_filetype(entry, ctypes.c_uint(REGULAR_FILE))
        library.archive_entry_set_perm(entry, ctypes.c_uint(0o444))
        library.archive_entry_set_size(entry, ctypes.c_int64(len(data)))
        check(library.archive_write_header(writer, entry))
        check(library.archive_write_data(writer, data, ctypes.c_size_t(len(data))))
        library.archive_entry_free(entry)
    check(library.archive_write_close(writer))
    library.archive_write_free(writer)
