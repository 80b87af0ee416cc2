package flake

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

const drv = "/nix/store/mqmcfzzv7l54hfyfs0hvr0g7zg51x2iy-foo.drv"

// nixes is how each version of nix presents itself. What they print is cut down to what differs.
var nixes = []struct {
	line    string
	version Version

	oldConfig bool // knows `show-config` only
	config    string
	want      Config // without `all`

	drvArg string // what makes it build a .drv
	built  string
	paths  []string
}{
	{
		line:      "nix (Nix) 2.8.0",
		version:   Version{Impl: Nix, Number: "2.8.0", Major: 2, Minor: 8},
		oldConfig: true,
		config: `{"system":{"value":"x86_64-linux"},"extra-platforms":{"value":["i686-linux"]},"system-features":{"value":["kvm","nixos-test"]},
			"trusted-users":{"value":["root"]},"substituters":{"value":[]},"builders":{"value":"@/etc/nix/machines"},"max-jobs":{"value":1},
			"sandbox":{"value":false},"experimental-features":{"value":[2,3]}}`,
		want: Config{System: "x86_64-linux", ExtraPlatforms: []string{"i686-linux"}, SystemFeatures: []string{"kvm", "nixos-test"},
			TrustedUsers: []string{"root"}, Builders: "@/etc/nix/machines", MaxJobs: 1, Sandbox: "false"},
		drvArg: drv,
		built:  `[{"drvPath":"` + drv + `","outputs":{"out":"/nix/store/b-foo"}}]`,
		paths:  []string{"/nix/store/b-foo"},
	},
	{
		line:      "nix (Nix) 2.18.9",
		version:   Version{Impl: Nix, Number: "2.18.9", Major: 2, Minor: 18},
		oldConfig: true,
		config:    `{"system":{"value":"aarch64-darwin"},"extra-platforms":{"value":"x86_64-darwin i686-linux"},"max-jobs":{"value":"0"},"sandbox":{"value":"relaxed"}}`,
		want:      Config{System: "aarch64-darwin", ExtraPlatforms: []string{"x86_64-darwin", "i686-linux"}, Sandbox: "relaxed"},
		drvArg:    drv + "^*",
		built:     `["/nix/store/c-opaque"]`,
		paths:     []string{"/nix/store/c-opaque"},
	},
	{
		line:    "nix (Nix) 2.26.3",
		version: Version{Impl: Nix, Number: "2.26.3", Major: 2, Minor: 26},
		config:  `{"system":{"value":"x86_64-linux","aliases":[]},"builders":{"value":""},"max-jobs":{"value":8},"sandbox":{"value":"true"},"system-features":{"value":["uid-range"]}}`,
		want:    Config{System: "x86_64-linux", MaxJobs: 8, Sandbox: "true", SystemFeatures: []string{"uid-range"}},
		drvArg:  drv + "^*",
		built:   `[{"drvPath":"` + drv + `","outputs":{"dev":"/nix/store/d-foo-dev","out":"/nix/store/b-foo"},"startTime":1,"stopTime":2}]`,
		paths:   []string{"/nix/store/b-foo", "/nix/store/d-foo-dev"},
	},
	{
		line:    "nix (Nix) 2.35.0pre20261101_b1e1e55",
		version: Version{Impl: Nix, Number: "2.35.0pre20261101_b1e1e55", Major: 2, Minor: 35},
		config: `{"system":{"value":"aarch64-darwin"},"external-builders":{"experimentalFeature":"external-builders","value":[
			{"systems":["aarch64-linux","x86_64-linux"],"program":"/opt/vm","args":["builder"]}]}}`,
		want: Config{System: "aarch64-darwin", ExternalBuilders: []ExternalBuilder{
			{Systems: []string{"aarch64-linux", "x86_64-linux"}, Program: "/opt/vm", Args: []string{"builder"}}}},
		drvArg: drv + "^*",
		built:  `[{"drvPath":"` + drv + `","outputs":{"doc":"/nix/store/e-foo-doc","bin":"/nix/store/f-foo-bin"}}]`,
		paths:  []string{"/nix/store/f-foo-bin", "/nix/store/e-foo-doc"},
	},
	{
		line:    "nix (Lix, like Nix) 2.93.0-dev-pre20250304-abcdef0",
		version: Version{Impl: Lix, Number: "2.93.0-dev-pre20250304-abcdef0", Major: 2, Minor: 93},
		config:  `{"system":{"value":"x86_64-linux"},"trusted-users":{"value":["@wheel","root"]}}`,
		want:    Config{System: "x86_64-linux", TrustedUsers: []string{"@wheel", "root"}},
		drvArg:  drv + "^*",
		built:   `[{"path":"/nix/store/c-opaque"}]`,
		paths:   []string{"/nix/store/c-opaque"},
	},
	{
		line:    "nix (Determinate Nix 3.8.2) 2.30.1",
		version: Version{Impl: DeterminateNix, Number: "2.30.1", Vendor: "3.8.2", Major: 2, Minor: 30},
		config:  `{"system":{"value":"aarch64-linux"},"substituters":{"value":["https://cache.nixos.org/","https://install.determinate.systems"]}}`,
		want:    Config{System: "aarch64-linux", Substituters: []string{"https://cache.nixos.org/", "https://install.determinate.systems"}},
		drvArg:  drv + "^*",
		built:   `[{"drvPath":"` + drv + `","outputs":{"out":"/nix/store/b-foo"}},{"drvPath":"x","outputs":{"out":"/nix/store/g-bar"}}]`,
		paths:   []string{"/nix/store/b-foo", "/nix/store/g-bar"},
	},
}

func TestVersions(t *testing.T) {
	for _, n := range nixes {
		t.Run(n.line, func(t *testing.T) {
			replies := []reply{
				{Match: "--version", Stdout: n.line + "\n"},
				{Match: "show-config --json", Stdout: n.config},
				{Match: "build --json --no-link", Stdout: n.built},
			}
			if n.oldConfig {
				replies = slices.Insert(replies, 0, reply{Match: "config show", Stderr: "error: 'config' is not a recognised command\n", Code: 1})
			} else {
				replies = slices.Insert(replies, 0, reply{Match: "config show --json", Stdout: n.config})
			}
			c, calls := fakeCLI(t, replies...)
			for range 2 {
				if v, err := c.Version(t.Context()); err != nil || v != n.version {
					t.Fatalf("Version() = %#v, %v; want %#v", v, err, n.version)
				}
			}
			config, err := c.Config(t.Context())
			config.all = n.want.all
			if err != nil || !reflect.DeepEqual(config, n.want) {
				t.Errorf("Config() = %+v, %v; want %+v", config, err, n.want)
			}
			paths, err := c.Build(t.Context(), drv, BuildOptions{})
			if err != nil || !slices.Equal(paths, n.paths) {
				t.Errorf("Build() = %q, %v; want %q", paths, err, n.paths)
			}
			got := calls()
			if last := got[len(got)-1]; !strings.HasSuffix(last, " -- "+n.drvArg+`"`) {
				t.Errorf("builds with %s, want it to end in %s", last, n.drvArg)
			}
			if asked := strings.Count(strings.Join(got, "\n"), "--version"); asked != 1 {
				t.Errorf("asks for the version %d times", asked)
			}
		})
	}
}

func TestVersionText(t *testing.T) {
	for _, line := range []string{"", "nix", "nix (Nix)", "nix (Nix) two", "nix (Nix) 2", "lix (Nix) 2.8", "nix (Nix) 2.8\nnix (Nix) 2.8", "nix (Nix) 99999999999999999999.1"} {
		if v, err := parseVersion(line); err == nil {
			t.Errorf("parseVersion(%q) = %#v, want an error", line, v)
		}
	}
	v := Version{Impl: DeterminateNix, Number: "2.30.1", Vendor: "3.8.2", Major: 2, Minor: 30}
	if got := v.String(); got != "Determinate Nix 3.8.2 (Nix 2.30.1)" {
		t.Errorf("prints %q", got)
	}
	for _, c := range []struct {
		major, minor int
		want         bool
	}{{1, 99, true}, {2, 30, true}, {2, 31, false}, {3, 0, false}} {
		if v.AtLeast(c.major, c.minor) != c.want {
			t.Errorf("AtLeast(%d, %d) is not %v", c.major, c.minor, c.want)
		}
	}
}

func TestParseMetadata(t *testing.T) {
	for _, c := range []struct {
		name, json string
		want       Metadata
	}{
		{"2.8 path", `{"lastModified":1795251580,"locked":{"narHash":"sha256-6p="},"originalUrl":"path:/x","path":"/nix/store/k-source","url":"path:/x?narHash=sha256-6p="}`,
			Metadata{OriginalURL: "path:/x", URL: "path:/x?narHash=sha256-6p=", Path: "/nix/store/k-source", NarHash: "sha256-6p=", LastModified: time.Unix(1795251580, 0)}},
		{"2.26 dirty git", `{"dirtyRevision":"ab-dirty","fingerprint":"f00","lastModified":1,"locked":{"__final":true},"url":"git+file:///x","path":"/nix/store/k-source","description":"d"}`,
			Metadata{Description: "d", URL: "git+file:///x", Path: "/nix/store/k-source", DirtyRevision: "ab-dirty", Fingerprint: "f00", LastModified: time.Unix(1, 0)}},
		{"Determinate lazy trees", `{"revision":"ab","url":"github:o/r/ab"}`, Metadata{URL: "github:o/r/ab", Revision: "ab"}},
	} {
		if got, err := parseMetadata([]byte(c.json)); err != nil || got != c.want {
			t.Errorf("%s: %+v, %v; want %+v", c.name, got, err, c.want)
		}
	}
}

func TestUnknownForms(t *testing.T) {
	for _, out := range []string{"", "null", "[]", "{}", "{", `{"system":{}}`, "nix", "[{}]", `[""]`, `[{"outputs":{"out":null}}]`} {
		if got, err := parseConfig([]byte(out)); err == nil {
			t.Errorf("parseConfig(%q) = %+v, want an error", out, got)
		}
		if got, err := parseMetadata([]byte(out)); err == nil {
			t.Errorf("parseMetadata(%q) = %+v, want an error", out, got)
		}
		if got, err := parseBuilt([]byte(out)); err == nil {
			t.Errorf("parseBuilt(%q) = %q, want an error", out, got)
		}
	}
}

func TestConfigValue(t *testing.T) {
	c, err := parseConfig([]byte(`{"system":{"value":"x"},"cores":{"value":2},"a.b*":{"value":"odd"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if c.Value("cores").Int() != 2 || c.Value("a.b*").String() != "odd" || c.Value("none").Exists() {
		t.Errorf("Value gives %v, %v, %v", c.Value("cores"), c.Value("a.b*"), c.Value("none"))
	}
}
