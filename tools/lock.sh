#!/bin/bash
# Resolves requirements/*.in into locks with hashes, good for every supported Python and platform.
# The locks name no index, so they install from whichever one pip is set up for.
set -euo pipefail
cd "$(dirname "$0")/../requirements"

compile() {
    uv pip compile --quiet --universal --python-version 3.11.2 --generate-hashes --no-emit-index-url --no-header "$@"
}

compile runtime.in -o runtime.txt
compile -c runtime.txt demo.in -o demo.txt
compile -c runtime.txt -c demo.txt dev.in -o dev.txt

if grep -nE '://' ./*.txt; then
    echo "a lock names a host" >&2
    exit 1
fi
