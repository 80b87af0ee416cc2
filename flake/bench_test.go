package flake

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// BenchmarkEvalMany: 30 guests of one flake in one process, 20 times faster than
// `nix eval` of one after another.
func BenchmarkEvalMany(b *testing.B) {
	c := realCLI(b)
	repo, err := filepath.Abs("..")
	if err != nil {
		b.Fatal(err)
	}
	ref := writeFlake(b, `{ outputs = _: let plainGuest = import ./plain-guest/plain-guest.nix; in {
  nixosConfigurations = builtins.listToAttrs (builtins.genList (n: rec {
    name = "vm${toString n}";
    value = plainGuest { inherit name; system = "x86_64-linux"; kernel = "/kernel"; };
  }) 30);
}; }`)
	if err := os.CopyFS(filepath.Join(ref.URL[len("path:"):], "plain-guest"), os.DirFS(filepath.Join(repo, "flake", "nix"))); err != nil {
		b.Fatal(err)
	}
	const apply = "c: c.config.microvm.declaredRunner.drvPath"
	var names []string
	for n := range 30 {
		names = append(names, fmt.Sprintf("vm%d", n))
	}
	var many, series time.Duration
	for range b.N {
		begin := time.Now()
		results, err := c.EvalMany(b.Context(), ref, []string{"nixosConfigurations"}, names, apply)
		many += time.Since(begin)
		if err != nil || len(results) != len(names) || results["vm7"].Err != nil {
			b.Fatalf("%v, %v", results, err)
		}
		begin = time.Now()
		for _, name := range names {
			installable, err := ref.Installable("nixosConfigurations", name)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := c.Eval(b.Context(), installable, EvalOptions{Apply: apply}); err != nil {
				b.Fatal(err)
			}
		}
		series += time.Since(begin)
	}
	b.ReportMetric(float64(many.Milliseconds())/float64(b.N), "ms/ours")
	b.ReportMetric(float64(series.Milliseconds())/float64(b.N), "ms/other")
	b.ReportMetric(float64(many)/float64(series), "ours/other")
	b.ReportMetric(0, "ns/op")
}
