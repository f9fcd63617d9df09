#!/bin/sh
# Compiles the consumers with what pkg-config says, shared and static, in C and C++, and runs them.
#   pkgconfig.sh DIRECTORY_OF_PC VERSION WORK_DIRECTORY
set -eu
export PKG_CONFIG_PATH="$1"
version=$2 work=$3
here=$(dirname "$0")
mkdir -p "$work"

[ "$(pkg-config --modversion cloudsync)" = "$version" ]
cflags=$(pkg-config --cflags cloudsync)
shared=$(pkg-config --libs cloudsync)
# Both libraries lie in one directory, so the archive is asked for by its file's name.
static=$(pkg-config --static --libs cloudsync | sed 's/-lcloudsync/-l:libcloudsync.a/')
libdir=$(pkg-config --variable=libdir cloudsync)

# The flags are words to be split.
# shellcheck disable=SC2086
build_and_run() {
	${CC:-cc} "$here/consumer.c" -o "$work/c_$1" $cflags $2
	LD_LIBRARY_PATH=$libdir "$work/c_$1" "$version"
	${CXX:-c++} -std=c++17 "$here/consumer.cpp" -o "$work/cpp_$1" $cflags $2
	LD_LIBRARY_PATH=$libdir "$work/cpp_$1" "$version"
}
build_and_run shared "$shared"
build_and_run static "$static"
echo "shared and static, C and C++: version $version"
