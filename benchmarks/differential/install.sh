#!/bin/sh
# Installs HyperDrive's client, and version 2's, into an environment of its own: .differential
# beside the README, or the folder given. Nothing of it is a dependency of this package.
set -eu
cd "$(dirname "$0")/../.."
place=${1:-.differential}
# The client is made for Python 3.8 to 3.11.
for python in "${PYTHON:-}" python3.11 python3.10 python3.9 python3; do
    [ -n "$python" ] || continue
    "$python" -c 'import sys; sys.exit(not (3, 8) <= sys.version_info < (3, 12))' 2>/dev/null && break
done
[ -x "$place/bin/python" ] || "$python" -m venv "$place"
"$place/bin/python" -m pip install --quiet --disable-pip-version-check \
    'azureml-core==1.61.0.post4' 'azureml-train-core==1.62.0' 'azure-ai-ml==1.35.2'
"$place/bin/python" -c 'import azureml.train.hyperdrive, azure.ai.ml; print("installed")'
