# The package that starts a guest. What is in it, and whether the hypervisor can
# do what the spec asks, is decided by `microvm`.
{ lib }:
{
  spec,
  # The host's packages.
  hostPackages,
  # The package of the `microvm` program, for the host.
  microvm,
}:
hostPackages.buildPackages.runCommand "microvm-${spec.hypervisor}-${spec.name}"
  {
    # In a file: it may be longer than the environment allows.
    passAsFile = [ "spec" ];
    spec = builtins.toJSON spec;
    preferLocalBuild = true;
    allowSubstitutes = false;
    meta.mainProgram = "microvm-run";
    passthru = {
      inherit spec;
      inherit (spec) hypervisor;
      machineId = spec.machineId or null;
      registerWithMachined = spec.registerWithMachined or false;
      # What microvm.nix's host module asks.
      supportsNotifySocket = false;
      tapMultiQueue = spec.vcpu > 1;
    };
  }
  ''
    ${lib.getExe' microvm "microvm"} spec --check "$specPath" --install "$out"
  ''
