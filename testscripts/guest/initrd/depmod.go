package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// moduleTree is what depmod(8) wrote about the modules of one kernel. Modules
// go by the names that lsmod shows.
type moduleTree struct {
	dir     string              // lib/modules/VERSION
	files   map[string]string   // relative to dir
	needs   map[string][]string // to be loaded before, in this order
	aliases []alias
	builtin map[string]bool
}

type alias struct{ pattern, name string }

func openModules(kernelDir string) (*moduleTree, error) {
	found, err := filepath.Glob(filepath.Join(kernelDir, "lib/modules/*/modules.dep"))
	if err != nil {
		return nil, err
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("kernel directory %q has %d files lib/modules/VERSION/modules.dep, expected one", kernelDir, len(found))
	}
	t := &moduleTree{
		dir: filepath.Dir(found[0]), files: map[string]string{}, needs: map[string][]string{}, builtin: map[string]bool{},
	}
	for _, part := range []struct {
		file  string
		parse func(text string)
	}{
		{"modules.dep", t.parseDep},
		{"modules.builtin", t.parseBuiltin},
		{"modules.alias", t.parseAlias},
		{"modules.softdep", t.parseSoftdep},
	} {
		text, err := os.ReadFile(filepath.Join(t.dir, part.file))
		if err != nil {
			return nil, err
		}
		part.parse(string(text))
	}
	return t, nil
}

// parseDep reads "FILE: NEEDED...", which lists what to load first at the end.
func (t *moduleTree) parseDep(text string) {
	for line := range strings.Lines(text) {
		file, needed, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			continue
		}
		name := moduleName(file)
		t.files[name] = file
		for _, need := range slices.Backward(strings.Fields(needed)) {
			t.needs[name] = append(t.needs[name], moduleName(need))
		}
	}
}

func (t *moduleTree) parseBuiltin(text string) {
	for file := range strings.FieldsSeq(text) {
		t.builtin[moduleName(file)] = true
	}
}

// parseAlias reads "alias PATTERN NAME".
func (t *moduleTree) parseAlias(text string) {
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "alias" {
			t.aliases = append(t.aliases, alias{pattern: f[1], name: moduleName(f[2])})
		}
	}
}

// parseSoftdep reads "softdep NAME pre: ALIAS... post: ALIAS...". These are
// what a module asks modprobe for while it works, and this init is no modprobe.
func (t *moduleTree) parseSoftdep(text string) {
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 3 || f[0] != "softdep" || f[2] != "pre:" {
			continue
		}
		for _, pattern := range f[3:] {
			if pattern == "post:" {
				break
			}
			t.needs[f[1]] = append(t.needs[f[1]], t.resolve(pattern)...)
		}
	}
	// What fs/fat asks for by default, and declares nowhere.
	t.needs["vfat"] = append(t.needs["vfat"], "nls_cp437", "nls_ascii", "nls_iso8859_1")
}

func (t *moduleTree) resolve(pattern string) (names []string) {
	for _, a := range t.aliases {
		if a.pattern == pattern {
			names = append(names, a.name)
		}
	}
	return names
}

// closure lists the modules that are files, each after those it needs, and the
// names asked for that this kernel has neither as a file nor built in.
func (t *moduleTree) closure(names []string) (chosen, missing []string) {
	seen := map[string]bool{}
	var choose func(name string)
	choose = func(name string) {
		if seen[name] || t.files[name] == "" {
			return
		}
		seen[name] = true
		for _, need := range t.needs[name] {
			choose(need)
		}
		chosen = append(chosen, name)
	}
	for _, name := range names {
		name = moduleName(name)
		choose(name)
		if !seen[name] && !t.builtin[name] {
			missing = append(missing, name)
		}
	}
	return chosen, missing
}

// moduleName takes a file, compressed or not, or a name in either spelling.
func moduleName(file string) string {
	name, _, _ := strings.Cut(path.Base(file), ".ko")
	return strings.ReplaceAll(name, "-", "_")
}
