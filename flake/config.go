package flake

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"
)

// Config holds the settings of nix, as the calling user's nix sees them: a daemon may have read other files.
// A setting that this nix does not know is zero.
type Config struct {
	System         string
	ExtraPlatforms []string
	SystemFeatures []string
	TrustedUsers   []string
	Substituters   []string
	// Builders is in the grammar of the `builders` setting, @FILE included and unresolved.
	Builders string
	// MaxJobs is the number of local builds at a time; 0 means that nothing is built here.
	MaxJobs int
	// Sandbox is "true", "false" or "relaxed".
	Sandbox          string
	ExternalBuilders []ExternalBuilder

	all gjson.Result
}

// ExternalBuilder is a program that builds derivations for other systems; Nix 2.32 and Determinate Nix 3.8 know them.
type ExternalBuilder struct {
	Systems []string
	Program string
	Args    []string
}

// Value is any setting by its name in nix.conf. It does not exist if this nix has no such setting.
func (c Config) Value(name string) gjson.Result {
	return c.all.Get(gjson.Escape(name) + ".value")
}

// Config asks for all settings: `nix config show`, or `nix show-config` as it was called before Nix 2.20.
func (c *CLI) Config(ctx context.Context) (Config, error) {
	v, err := c.Version(ctx)
	if err != nil {
		return Config{}, err
	}
	command := []string{"show-config", "--json"}
	if v.AtLeast(2, 20) {
		command = []string{"config", "show", "--json"}
	}
	out, err := c.run(ctx, append(command, features...)...)
	if err != nil {
		return Config{}, err
	}
	return parseConfig(out)
}

func parseConfig(out []byte) (Config, error) {
	all := gjson.ParseBytes(out)
	if !gjson.ValidBytes(out) || !all.IsObject() {
		return Config{}, errors.New("nix printed its settings in a form that is not a JSON object")
	}
	c := Config{all: all}
	c.System = c.Value("system").String()
	if c.System == "" {
		return Config{}, fmt.Errorf("nix names no %q among its settings", "system")
	}
	c.ExtraPlatforms = words(c.Value("extra-platforms"))
	c.SystemFeatures = words(c.Value("system-features"))
	c.TrustedUsers = words(c.Value("trusted-users"))
	c.Substituters = words(c.Value("substituters"))
	c.Builders = c.Value("builders").String()
	c.MaxJobs = int(c.Value("max-jobs").Int())
	c.Sandbox = c.Value("sandbox").String()
	for _, b := range c.Value("external-builders").Array() {
		c.ExternalBuilders = append(c.ExternalBuilders, ExternalBuilder{
			Systems: words(b.Get("systems")), Program: b.Get("program").String(), Args: words(b.Get("args")),
		})
	}
	return c, nil
}

// words reads a list setting, which is an array or, in the manner of nix.conf, one string.
func words(v gjson.Result) []string {
	if v.Type == gjson.String {
		return strings.Fields(v.String())
	}
	var list []string
	for _, item := range v.Array() {
		list = append(list, item.String())
	}
	return list
}
