package runner

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/invopop/jsonschema"
)

// specTypes are the structs that a document consists of, by their Go names.
func specTypes() map[string]reflect.Type {
	types := map[string]reflect.Type{}
	var collect func(reflect.Type)
	collect = func(t reflect.Type) {
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			collect(t.Elem())
		case reflect.Struct:
			if t == reflect.TypeFor[ThreadPoolSize]() {
				return
			}
			types[t.Name()] = t
			for i := range t.NumField() {
				collect(t.Field(i).Type)
			}
		}
	}
	collect(reflect.TypeFor[Spec]())
	return types
}

// specFields are the fields of specTypes, as TYPE.FIELD.
func specFields() iter.Seq2[string, reflect.StructField] {
	return func(yield func(string, reflect.StructField) bool) {
		for name, t := range specTypes() {
			for i := range t.NumField() {
				if f := t.Field(i); !yield(name+"."+f.Name, f) {
					return
				}
			}
		}
	}
}

// defaults has a value of each type, filled as the parser fills it.
func defaults(t *testing.T) map[reflect.Type]reflect.Value {
	s := defaultSpec()
	if err := json.Unmarshal([]byte(`{"volumes": [{}], "shares": [{}], "forwardPorts": [{}],
		"interfaces": [{}], "devices": [{}], "qemu": {"pcieRootPorts": [{}]}}`), s); err != nil {
		t.Fatal(err)
	}
	values := map[reflect.Type]reflect.Value{}
	var collect func(reflect.Value)
	collect = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Slice:
			for i := range v.Len() {
				collect(v.Index(i))
			}
		case reflect.Struct:
			values[v.Type()] = v
			for i := range v.NumField() {
				collect(v.Field(i))
			}
		}
	}
	collect(reflect.ValueOf(s).Elem())
	return values
}

// required are the fields without a default, by type.
var required = map[string][]string{
	"Spec":         {"version", "name", "system", "boot"},
	"Boot":         {"kernel"},
	"Volume":       {"image"},
	"Share":        {"tag", "source"},
	"Interface":    {"type", "id"},
	"ForwardPort":  {"host", "guest"},
	"Endpoint":     {"port"},
	"Device":       {"bus", "path"},
	"PCIERootPort": {"id"},
}

// generateSchema makes the schema from the types, their comments and defaults.
func generateSchema(t *testing.T) []byte {
	r := jsonschema.Reflector{
		Anonymous: true, ExpandedStruct: true, RequiredFromJSONSchemaTags: true,
		Mapper: func(t reflect.Type) *jsonschema.Schema {
			if t != reflect.TypeFor[ThreadPoolSize]() {
				return nil
			}
			return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
				{Type: "integer", Minimum: "0"}, {Type: "string", Pattern: "^(auto|`nproc`|[0-9]+)$"},
			}}
		},
	}
	if err := r.AddGoComments("microvm/runner", "spec.go"); err != nil {
		t.Fatal(err)
	}
	root := r.Reflect(&Spec{})
	values := defaults(t)
	for name, typ := range specTypes() {
		s := root.Definitions[name]
		if name == "Spec" {
			s = root
		}
		s.Required = required[name]
		refineFields(t, s, typ, values[typ])
	}
	root.Title = "microvm spec"
	version, _ := root.Properties.Get("version")
	version.Const = SpecVersion
	b, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

// refineFields adds what jsonschema does not know: defaults, and which fields
// may be null or, in the macvtap section of another interface, empty.
func refineFields(t *testing.T, s *jsonschema.Schema, typ reflect.Type, value reflect.Value) {
	for i := range typ.NumField() {
		f := typ.Field(i)
		property, ok := s.Properties.Get(jsonName(f))
		if !ok {
			t.Fatalf("%s.%s is not in the schema", typ.Name(), f.Name)
		}
		property.Description = describe(property.Description, f)
		if typ == reflect.TypeFor[Macvtap]() && property.Enum != nil {
			property.Enum = append(property.Enum, "")
		}
		if !slices.Contains(s.Required, jsonName(f)) {
			property.Default = simpleDefault(value.Field(i))
		}
		if isNullable(f) {
			s.Properties.Set(jsonName(f), nullable(property))
		}
	}
}

// describe turns a doc comment, which begins with the field's name in Go, into
// a line for somebody who reads JSON.
func describe(comment string, f reflect.StructField) string {
	line := strings.Join(strings.Fields(comment), " ")
	if rest, ok := strings.CutPrefix(line, f.Name+" "); ok {
		return jsonName(f) + " " + rest
	}
	return line
}

func isNullable(f reflect.StructField) bool {
	isMap := f.Type.Kind() == reflect.Map
	return f.Type.Kind() == reflect.Pointer || isMap && (f.Name == "MachineOpts" || f.Name == "CPU")
}

// nullable keeps what describes the field outside of the alternatives.
func nullable(s *jsonschema.Schema) *jsonschema.Schema {
	outer := &jsonschema.Schema{Description: s.Description, Default: s.Default}
	s.Description, s.Default = "", nil
	outer.AnyOf = []*jsonschema.Schema{s, {Type: "null"}}
	return outer
}

// simpleDefault is a default that does not depend on other fields; nil is none.
func simpleDefault(v reflect.Value) any {
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	if size, ok := v.Interface().(ThreadPoolSize); ok {
		return size
	}
	switch v.Kind() {
	case reflect.Bool:
		return v.Bool()
	case reflect.Int:
		if v.Int() != absentCount {
			return v.Int()
		}
	case reflect.String:
		if v.String() != "" && v.String() != absent {
			return v.String()
		}
	}
	return nil
}

func TestSchemaIsCurrent(t *testing.T) {
	got := generateSchema(t)
	golden(t, "spec.schema.json", got)
	if !*update && Schema() != string(got) {
		t.Error("Schema differs from spec.schema.json")
	}
}

// Every field of the types is in full.json, and the schema knows every field of
// the test specs: names cannot drift apart.
func TestSchemaKnowsTheSameFields(t *testing.T) {
	var schema jsonschema.Schema
	if err := json.Unmarshal(generateSchema(t), &schema); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join("testdata", "spec", "*.json"))
	if err != nil || len(files) < 3 {
		t.Fatalf("found %q, error %v", files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			var document any
			text, err := os.ReadFile(file)
			if err := errors.Join(err, json.Unmarshal(text, &document)); err != nil {
				t.Fatal(err)
			}
			w := schemaWalk{t: t, root: &schema, seen: map[string]bool{}}
			w.value(&schema, "Spec", document)
			if filepath.Base(file) != "full.json" {
				return
			}
			for name, typ := range specTypes() {
				for i := range typ.NumField() {
					if field := name + "." + jsonName(typ.Field(i)); !w.seen[field] {
						t.Errorf("%s is missing", field)
					}
				}
			}
		})
	}
}

// schemaWalk follows a document through the schema.
type schemaWalk struct {
	t    *testing.T
	root *jsonschema.Schema
	// seen are the fields that the document has, as TYPE.name.
	seen map[string]bool
}

func (w *schemaWalk) value(s *jsonschema.Schema, name string, v any) {
	if len(s.AnyOf) > 0 && v != nil {
		s = s.AnyOf[0]
	}
	if ref, ok := strings.CutPrefix(s.Ref, "#/$defs/"); ok {
		s, name = w.root.Definitions[ref], ref
	}
	switch v := v.(type) {
	case []any:
		for i, elem := range v {
			w.value(s.Items, fmt.Sprintf("%s[%d]", name, i), elem)
		}
	case map[string]any:
		w.object(s, name, v)
	case string:
		if s.Enum != nil && !slices.Contains(s.Enum, any(v)) {
			w.t.Errorf("%s: %q is not in the schema's enum", name, v)
		}
	}
}

func (w *schemaWalk) object(s *jsonschema.Schema, name string, object map[string]any) {
	for _, key := range s.Required {
		if _, ok := object[key]; !ok {
			w.t.Errorf("%s: %q is missing, but required", name, key)
		}
	}
	if s.Properties == nil || s.Properties.Len() == 0 && s.AdditionalProperties == nil {
		return
	}
	for key, value := range object {
		w.seen[name+"."+key] = true
		property, ok := s.Properties.Get(key)
		if !ok {
			w.t.Errorf("%s: the schema has no %q", name, key)
			continue
		}
		w.value(property, name+"."+key, value)
	}
}
