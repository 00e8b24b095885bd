"""Tools the model can call, one file each."""
