{
  lib,
  stdenv,
  go,
  buildGoModule,
  # Releases of nixpkgs keep newer versions of Go beside their default.
  buildGo126Module ? throw "microvm needs Go 1.26: use a newer nixpkgs",
  installShellFiles,
}:

let
  inherit (lib) fileset;
  root = ../../..;
  buildModule = if lib.versionAtLeast go.version "1.26" then buildGoModule else buildGo126Module;
  isNative = stdenv.buildPlatform.canExecute stdenv.hostPlatform;
in
buildModule rec {
  pname = "microvm";
  version = "0.1.0";

  # The tests are not run, but what they import is vendored.
  src = fileset.toSource {
    inherit root;
    fileset = fileset.unions [
      (root + "/go.mod")
      (root + "/go.sum")
      (root + "/runner/spec.schema.json")
      (fileset.fileFilter (file: file.hasExt "go" || file.hasExt "s") root)
    ];
  };

  # `go test ./flake/nix -run TestVendorHash -update` writes it.
  vendorHash = import ./vendor-hash.nix;

  subPackages = [ "cmd/microvm" ];
  env.CGO_ENABLED = 0;
  ldflags = [
    "-s"
    "-w"
    "-X main.version=${version}"
  ];

  # They boot guests and run Nix, neither of which a build can.
  doCheck = false;

  nativeBuildInputs = [ installShellFiles ];
  postInstall = lib.optionalString isNative ''
    for shell in bash zsh fish; do
      $out/bin/microvm completion $shell > microvm.$shell
    done
    installShellCompletion microvm.{bash,zsh,fish}
  '';

  doInstallCheck = isNative;
  installCheckPhase = ''
    runHook preInstallCheck
    $out/bin/microvm --version | grep -F ${version}
    runHook postInstallCheck
  '';

  meta = {
    description = "Turn any NixOS configuration in a flake into a running microVM";
    homepage = "https://github.com/microvm-go/microvm";
    license = lib.licenses.mit;
    mainProgram = "microvm";
    platforms = lib.platforms.linux ++ lib.platforms.darwin;
  };
}
