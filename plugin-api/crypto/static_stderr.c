/* What the linked copy of libsecp256k1 uses in the place of `stderr`; see CMakeLists.txt. */
#include <stdio.h>

FILE* bh_secp256k1_stderr;

__attribute__((constructor)) static void set_stderr(void) { bh_secp256k1_stderr = stderr; }
