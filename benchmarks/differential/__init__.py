"""The same configurations through HyperDrive's own client and through ours, compared.

`benchmarks/differential/install.sh` makes an environment of its own for the client, which is no
dependency; `python -m benchmarks.differential` runs both and writes docs/differential.md.
"""
