"""The Python interface, in HyperDrive's words."""
