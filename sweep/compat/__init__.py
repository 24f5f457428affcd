"""What lets scripts and notebooks that were written for others run as they are.

The folder `importable` is put on the path of every run, and of what `sweep python` runs. In it
are `azureml`, which stands in for the SDK of that name where it is not installed, and the entry
points by which MLflow finds our store.
"""
