#!/bin/sh
# Try every float32 as text: tests/long/check_float_text.sh [stride, 1 by default] [first, 0]
#
# Needs a C++ compiler whose library converts floats (GCC 11 or newer). Takes 5 to 10 minutes of one
# core; with a stride of 1000, a second. Builds in the folder CHECK_FOLDER, by default build/check.
set -eu
cd "$(dirname "$0")/../.."
folder=${CHECK_FOLDER:-build/check}
mkdir -p "$folder"
"${CXX:-g++}" -std=c++17 -O2 -Wall -Wextra -I fastw2v/_kernels tests/long/check_float_text.cc \
    -o "$folder/check_float_text"
"$folder/check_float_text" "${1:-1}" "${2:-0}"
