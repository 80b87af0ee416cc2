# All cases, evaluated.
{
  nixpkgsLib,
  microvm ? null,
}:
let
  cases = import ./cases.nix;

  evaluate =
    name: case:
    import ./eval.nix {
      inherit nixpkgsLib microvm;
      system = case.system or "x86_64-linux";
      hostSystem = case.hostSystem or case.system or "x86_64-linux";
      modules = [
        { networking.hostName = name; }
        {
          _file = "case";
          imports = [
            (
              if builtins.isFunction case then
                case
              else
                removeAttrs case [
                  "hostSystem"
                  "system"
                ]
            )
          ];
        }
      ];
    };
in
builtins.mapAttrs evaluate cases
