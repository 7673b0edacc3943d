// One guest package serves every Debian from 12 on, whatever it was built on. From glibc 2.38 its headers, and the
// static libstdc++ that was built with them, call strtol and its sisters by names that Debian 12's libc does not have.
// Here they are, for this program alone; they differ from the old ones in that those don't know the prefix 0b, which
// nobody uses.
#define PORTABLE_STRTO(result, name, old)                                        \
    result old##_of_libc(const char*, char**, int) __asm__(#old);                \
    __attribute__((visibility("hidden"))) result name(const char*, char**, int); \
    result name(const char* text, char** end, int base) { return old##_of_libc(text, end, base); }

extern "C" {
// NOLINTBEGIN(bugprone-reserved-identifier)
PORTABLE_STRTO(long, __isoc23_strtol, strtol)
PORTABLE_STRTO(unsigned long, __isoc23_strtoul, strtoul)
PORTABLE_STRTO(long long, __isoc23_strtoll, strtoll)
PORTABLE_STRTO(unsigned long long, __isoc23_strtoull, strtoull)
// NOLINTEND(bugprone-reserved-identifier)
}
