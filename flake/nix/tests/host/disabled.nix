# The module is imported, but turned off.
{ microvm.host.enable = false; }
