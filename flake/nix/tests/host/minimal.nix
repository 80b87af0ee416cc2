# A host that only runs what the microvm command creates.
{ }
