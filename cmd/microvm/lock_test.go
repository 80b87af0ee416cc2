package main

import (
	"os"
	"testing"

	"github.com/tidwall/gjson"
)

func TestHostNixpkgsIsTheLockedOne(t *testing.T) {
	lock, err := os.ReadFile("../../flake.lock")
	if err != nil {
		t.Fatal(err)
	}
	locked := gjson.GetBytes(lock, "nodes.nixpkgs.locked")
	want := locked.Get("type").String() + ":" + locked.Get("owner").String() + "/" + locked.Get("repo").String() + "/" + locked.Get("rev").String()
	if hostNixpkgs != want {
		t.Errorf("hostNixpkgs is %s, flake.lock has %s", hostNixpkgs, want)
	}
}
