package runner

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/xrash/smetrics"
)

// checkKeys reports, by its path, every key of the document that the type of v
// does not have, every key that is written twice and every value of the wrong
// type. encoding/json would accept other capitalisation, the last of two equal
// keys and null for anything, and name only the first error.
func checkKeys(document []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	c := keyChecker{d: d, path: []string{"spec"}}
	if err := c.value(reflect.TypeOf(v).Elem()); err != nil {
		return specError(err)
	}
	return errors.Join(c.problems...)
}

// keyChecker walks a document. The path is kept in parts, since hostile keys may
// be long and joining them for each value would take for ever.
type keyChecker struct {
	d        *json.Decoder
	path     []string
	problems []error
}

// value reads one value. A nil type accepts anything.
func (c *keyChecker) value(t reflect.Type) error {
	token, err := c.d.Token()
	if err != nil {
		return err
	}
	if want := mismatch(token, t); want != "" {
		c.problem("got %s, want %s", tokenKind(token), want)
		t = nil
	}
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t != nil && t.Kind() == reflect.Interface {
		t = nil
	}
	switch token {
	case json.Delim('{'):
		return c.object(t)
	case json.Delim('['):
		return c.array(t)
	}
	return nil
}

// in reads the value at a step further down the path.
func (c *keyChecker) in(step string, t reflect.Type) error {
	c.path = append(c.path, step)
	err := c.value(t)
	c.path = c.path[:len(c.path)-1]
	return err
}

func (c *keyChecker) object(t reflect.Type) error {
	seen := map[string]bool{}
	for c.d.More() {
		token, err := c.d.Token()
		if err != nil {
			return err
		}
		key := token.(string)
		if seen[key] {
			c.problem("%q is written twice", key)
		}
		seen[key] = true
		if err := c.in("."+key, c.member(t, key)); err != nil {
			return err
		}
	}
	_, err := c.d.Token()
	return err
}

func (c *keyChecker) array(t reflect.Type) error {
	var elem reflect.Type
	if t != nil && t.Kind() == reflect.Slice {
		elem = t.Elem()
	}
	for i := 0; c.d.More(); i++ {
		if err := c.in("["+strconv.Itoa(i)+"]", elem); err != nil {
			return err
		}
	}
	_, err := c.d.Token()
	return err
}

// member returns the type of an object's value, and reports a key that the
// struct does not have.
func (c *keyChecker) member(t reflect.Type, key string) reflect.Type {
	switch {
	case t == nil:
		return nil
	case t.Kind() == reflect.Map:
		return t.Elem()
	}
	var names []string
	for i := range t.NumField() {
		name := jsonName(t.Field(i))
		if name == key {
			return t.Field(i).Type
		}
		names = append(names, name)
	}
	c.problem("there is no field %q%s", key, didYouMean(key, names))
	return nil
}

func (c *keyChecker) problem(format string, args ...any) {
	c.problems = append(c.problems, fmt.Errorf("%s: %s", strings.Join(c.path, ""), fmt.Sprintf(format, args...)))
}

// mismatch is what the type wants where the token does not fit; empty is a fit.
// null is "none" where there can be none.
func mismatch(token json.Token, t reflect.Type) string {
	var fits bool
	var want string
	switch {
	case t == nil || t.Kind() == reflect.Interface:
		return ""
	case t.Kind() == reflect.Pointer:
		if token == nil {
			return ""
		}
		return mismatch(token, t.Elem())
	case t == reflect.TypeFor[ThreadPoolSize]():
		fits, want = isString(token) || isWhole(token), `a whole number or "auto"`
	case t.Kind() == reflect.Slice:
		fits, want = token == nil || token == json.Delim('['), "a list"
	case t.Kind() == reflect.Map:
		fits, want = token == nil || token == json.Delim('{'), "an object"
	case t.Kind() == reflect.Struct:
		fits, want = token == json.Delim('{'), "an object"
	case t.Kind() == reflect.String:
		fits, want = isString(token), "a string"
	case t.Kind() == reflect.Bool:
		fits, want = token == true || token == false, "true or false"
	default:
		fits, want = isWhole(token), "a whole number"
	}
	if fits {
		return ""
	}
	return want
}

func isString(token json.Token) bool {
	_, ok := token.(string)
	return ok
}

func isWhole(token json.Token) bool {
	n, ok := token.(json.Number)
	if !ok {
		return false
	}
	_, err := n.Int64()
	return err == nil
}

// tokenKind names a value for a message.
func tokenKind(token json.Token) string {
	switch v := token.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(v)
	case json.Number:
		return v.String()
	case string:
		return "a string"
	}
	if token == json.Delim('[') {
		return "a list"
	}
	return "an object"
}

// longestTypo keeps the comparison of hostile words cheap.
const longestTypo = 64

// didYouMean names the candidate that differs least, if any is near.
func didYouMean(word string, candidates []string) string {
	if len(word) > longestTypo {
		return ""
	}
	best, bestDistance := "", 1+len(word)/3
	for _, c := range candidates {
		if d := smetrics.WagnerFischer(strings.ToLower(word), strings.ToLower(c), 1, 1, 1); d <= bestDistance {
			if best == "" || d < bestDistance {
				best, bestDistance = c, d
			}
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(", did you mean %q?", best)
}
