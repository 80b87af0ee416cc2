package flake

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/tidwall/gjson"
)

// Result is the outcome for one of several names: JSON, or why there is none.
type Result struct {
	Value json.RawMessage
	Err   error
}

// evalWorkers bounds the processes that EvalMany runs at once when it has to ask name by name.
const evalWorkers = 2

// manyExpr is applied to an attribute set: [existing names, one object for each of names]. Each value is forced by toJSON and
// not by deepSeq, because what is printed is all that is needed of a derivation: its path, and none of its attributes.
const manyExpr = `set: let
  apply = %s;
  try = %s;
  one = name:
    if !(set ? ${name}) then { missing = true; }
    else let json = try (builtins.toJSON (apply set.${name})); in
      if json.success then { json = json.value; } else { thrown = true; };
in [ (builtins.attrNames set) (map one %s) ]`

// What manyExpr tries values with. tryEval hides the message of what was thrown; noTry lets it through.
const (
	tryEval = `builtins.tryEval`
	noTry   = `value: { success = true; inherit value; }`
)

// batch evaluates attributes of one set.
type batch struct {
	cli         *CLI
	ref         Ref
	attr        []string
	installable string
	apply       string
}

// EvalMany applies a Nix function to several attributes of the set at attr in ref's flake, in one nix process, and gives every
// name its JSON or its own error: a *MissingAttr if the flake does not have it. Where the process cannot tell the errors apart, the
// names in question are evaluated again, each in a process of its own. The error that is returned is one that all have in
// common: the flake does not evaluate, nix is not there, ctx is done. An empty apply takes the values as they are.
func (c *CLI) EvalMany(ctx context.Context, ref Ref, attr, names []string, apply string) (map[string]Result, error) {
	installable, err := ref.Installable(attr...)
	if err != nil {
		return nil, err
	}
	if apply == "" {
		apply = "value: value"
	}
	b := batch{cli: c, ref: ref, attr: attr, installable: installable, apply: apply}
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	results, thrown, err := b.eval(ctx, names, tryEval)
	if err != nil {
		if _, common := c.Names(ctx, ref, attr...); common != nil {
			return nil, common
		}
		results, thrown = map[string]Result{}, names
	}
	b.each(ctx, thrown, results)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return results, nil
}

// each evaluates names one by one and puts what comes of them into results.
func (b batch) each(ctx context.Context, names []string, results map[string]Result) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	free := make(chan struct{}, evalWorkers)
	for _, name := range names {
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			one, _, err := b.eval(ctx, []string{name}, noTry)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				results[name] = Result{Err: err}
			} else {
				results[name] = one[name]
			}
		})
	}
	wg.Wait()
}

// eval runs nix once for names. What was thrown has no result yet.
func (b batch) eval(ctx context.Context, names []string, try string) (results map[string]Result, thrown []string, err error) {
	list, err := JSON(names)
	if err != nil {
		return nil, nil, err
	}
	expr := fmt.Sprintf(manyExpr, b.apply, try, list)
	out, err := b.cli.Eval(ctx, b.installable, EvalOptions{Apply: expr})
	results = map[string]Result{}
	if says(err, noAttrPattern) {
		for _, name := range names {
			results[name] = b.missing(name, nil)
		}
		return results, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	answer := gjson.ParseBytes(out)
	existing := words(answer.Get("0"))
	outcomes := answer.Get("1").Array()
	if len(outcomes) != len(names) {
		return nil, nil, fmt.Errorf("evaluate %s: nix answered for %d of %d names", b.installable, len(outcomes), len(names))
	}
	for i, name := range names {
		switch o := outcomes[i]; {
		case o.Get("missing").Bool():
			results[name] = b.missing(name, existing)
		case o.Get("thrown").Bool():
			thrown = append(thrown, name)
		default:
			results[name] = Result{Value: json.RawMessage(o.Get("json").String())}
		}
	}
	return results, thrown, nil
}

func (b batch) missing(name string, existing []string) Result {
	return Result{Err: &MissingAttr{Ref: b.ref, Attr: b.attr, Name: name, Existing: existing}}
}
