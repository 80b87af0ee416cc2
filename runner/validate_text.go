package runner

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// text is a string somewhere in the spec.
type text struct {
	path  string
	value string
	// owner is the struct and field the field of it that holds the string.
	owner reflect.Type
	field reflect.StructField
}

// checkTexts applies the rules that hold for strings everywhere: those with an
// enum in their tag have one of its values, and what may become an argument has
// no line break, which would end a line of a log, a plan or a unit file, and no
// NUL, which would end the argument.
func (s *Spec) checkTexts(p *problems) {
	text{}.each(reflect.ValueOf(s), func(t text) {
		if p.has(t.path) {
			return
		}
		t.checkCharacters(p)
		if allowed := enumOf(t.field); allowed != nil && !slices.Contains(allowed, t.value) && !t.isUnsetMacvtap() {
			p.add(t.path, "%q is not one of %s%s", t.value, strings.Join(allowed, ", "), didYouMean(t.value, allowed))
		}
	})
}

func (t text) checkCharacters(p *problems) {
	if t.isScript() {
		p.unless(!strings.Contains(t.value, "\x00"), t.path, "%q has a NUL", t.value)
		return
	}
	p.unless(!strings.ContainsAny(t.value, "\x00\n\r"), t.path, "%q has a line break or a NUL", t.value)
}

func (t text) isScript() bool {
	switch t.path {
	case "preStart", "extraArgsScript":
		return true
	}
	return strings.HasPrefix(t.path, "binScripts[")
}

// isUnsetMacvtap is true in an interface of another type: the macvtap section
// has no defaults.
func (t text) isUnsetMacvtap() bool {
	return t.value == "" && t.owner == reflect.TypeFor[Macvtap]()
}

// each visits the strings within v, keys included, in the order of the fields
// and of the sorted keys.
func (t text) each(v reflect.Value, visit func(text)) {
	at := func(v reflect.Value, path string) {
		inner := t
		inner.path = path
		inner.each(v, visit)
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			t.each(v.Elem(), visit)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			inner := text{path: joinPath(t.path, jsonName(f)), owner: v.Type(), field: f}
			inner.each(v.Field(i), visit)
		}
	case reflect.Slice:
		for i := range v.Len() {
			at(v.Index(i), index(t.path, i))
		}
	case reflect.Map:
		values := map[string]reflect.Value{}
		for _, key := range v.MapKeys() {
			values[key.String()] = v.MapIndex(key)
		}
		for _, key := range slices.Sorted(maps.Keys(values)) {
			at(reflect.ValueOf(key), member(t.path, key))
			at(values[key], member(t.path, key))
		}
	case reflect.String:
		t.value = v.String()
		visit(t)
	}
}

// enumOf is the list of values in a field's tag; nil is no list.
func enumOf(f reflect.StructField) []string {
	var values []string
	for option := range strings.SplitSeq(f.Tag.Get("jsonschema"), ",") {
		if value, ok := strings.CutPrefix(option, "enum="); ok {
			values = append(values, value)
		}
	}
	return values
}

// jsonName is a field's name in the document.
func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

func joinPath(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
