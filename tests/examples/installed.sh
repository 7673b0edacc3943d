#!/bin/sh
# installed.sh CMAKE BUILD OUT CXX [LAUNCHER...]: installs the SDK of BUILD into OUT/usr, builds a copy of the example that OUT is
# named like against it and runs the copy's own tests.
set -eu
cmake=$1 build=$2 out=$3 cxx=$4
shift 4
here=$(dirname "$(readlink -f "$0")")
rm -rf "$out"
mkdir -p "$out"
"$cmake" --install "$build" --component sdk --prefix "$out/usr" >"$out/install.log"
cp -r "$here/../../examples/$(basename "$out")" "$out/source"
launcher=$(IFS=';'; echo "$*")
"$cmake" -S "$out/source" -B "$out/build" -G Ninja -DBLOCKHOST_SDK="$out/usr/share/blockhost/sdk" -DCMAKE_CXX_COMPILER="$cxx" \
    -DCMAKE_CXX_COMPILER_LAUNCHER="$launcher"
"$cmake" --build "$out/build"
ctest --test-dir "$out/build" --output-on-failure --no-tests=error
