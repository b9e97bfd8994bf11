#!/bin/sh
# Check the vector kernels against plain C: tests/long/check_updates.sh [steps, 20000]
#
# Builds check_updates.c and check_scans.c with every C compiler of gcc and clang that is here, once
# as setup.py does and once with the address and undefined behaviour sanitizers, and runs all kernels
# that this processor has. Then the NEON kernel, elsewhere than on ARM under an emulator: on Debian
#     apt-get install qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross
# Ends with an error at the first build or run that fails. The emulator and the sanitizers take a
# tenth of the steps. Builds in the folder CHECK_FOLDER, by default build/check_updates.
set -eu
steps=${1:-20000}
cd "$(dirname "$0")/../.."
folder=${CHECK_FOLDER:-build/check_updates}
mkdir -p "$folder"
kernel() { # its name and flags: compile it with $compile
    name=$1
    shift
    $compile "$@" -c "fastw2v/_kernels/simd/$name.c" -o "$folder/$name.o"
    objects="$objects $folder/$name.o"
}
check() { # machine, steps, what to run it with, compiler and flags
    machine=$1 some=$2 with=$3
    shift 3
    printf '\n== %s\n' "$*"
    compile="$* -Wall -Wextra -Werror"
    objects="" macros=-DFASTW2V_GENERIC_KERNEL
    kernel generic
    case $machine in
    x86_64 | amd64)
        kernel avx2 -mavx2 -mfma
        kernel avx512 -mavx2 -mfma -mavx512f -mavx512dq
        macros="$macros -DFASTW2V_X86_KERNELS"
        ;;
    aarch64 | arm64)
        kernel neon
        macros="$macros -DFASTW2V_ARM_KERNELS"
        ;;
    esac
    for program in check_updates check_scans; do
        $compile $macros "tests/long/$program.c" $objects -lm -o "$folder/$program"
        $with "$folder/$program" "$some"
    done
}
machine=$(uname -m)
few=$((steps / 10))
command -v gcc >/dev/null || command -v clang >/dev/null || { echo "neither gcc nor clang" && exit 1; }
for compiler in gcc clang; do
    command -v $compiler >/dev/null || continue
    check "$machine" "$steps" "" $compiler -O3
    check "$machine" $few "" $compiler -O1 -g -DGUARD=0 -fsanitize=address,undefined \
        -fno-sanitize-recover=all
done
case $machine in aarch64 | arm64) exit ;; esac
if ! command -v qemu-aarch64 >/dev/null || ! command -v aarch64-linux-gnu-gcc >/dev/null; then
    echo "NEON WAS NOT CHECKED: qemu-aarch64 or aarch64-linux-gnu-gcc is missing"
    exit
fi
for compiler in aarch64-linux-gnu-gcc "clang --target=aarch64-linux-gnu"; do
    command -v ${compiler%% *} >/dev/null || continue
    check aarch64 $few qemu-aarch64 $compiler -static -O3
    check aarch64 $few qemu-aarch64 $compiler -static -O1 -fsanitize=undefined \
        -fsanitize-undefined-trap-on-error
done
