{
  description = "A guest that boots, says hello and powers off";

  inputs.microvm.url = "github:microvm-go/microvm";

  # `make demo` puts a kernel and an initrd beside this file.
  outputs =
    { self, microvm }:
    {
      nixosConfigurations.hello = microvm.lib.plainGuest {
        name = "hello";
        system = "x86_64-linux";
        kernel = ./kernel;
        initrd = ./initrd;
        kernelParams = [
          "quiet"
          "hostname=hello"
        ];
        vcpu = 1;
        mem = 512;
      };
    };
}
