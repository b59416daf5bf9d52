#!/bin/bash
# Makes a virtual environment: make_venv.sh PYTHON TARGET
# Debian's own Python comes without ensurepip; root gets the package, others are told its name.
set -euo pipefail
python=$1
target=$2

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11, 2))'; then
    echo "Kabinet needs Python 3.11.2 or newer; '$python' is $("$python" -V 2>&1). Name another: make PYTHON=python3.12 …" >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
    else
        echo "This Python cannot make virtual environments. Install the package first: sudo apt-get install python3-venv" >&2
        exit 1
    fi
fi
"$python" -m venv "$target"
