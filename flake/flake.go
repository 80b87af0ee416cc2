// Package flake speaks Nix: flake references, string escaping, and the one wrapper of the nix command line client.
// It works with Nix 2.8 and newer, Lix and Determinate Nix, and knows nothing of virtual machines.
package flake
