package main

import (
	"testing"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/operation/operationtest"
)

func TestEveryTenthPersonIsNotAtHome(t *testing.T) {
	r := operationtest.Run(t, greet(), `{"people": 12}`)
	if r.Outcome != lifecycle.PartiallySucceeded {
		t.Errorf("the run ends %s, want %s", r.Outcome, lifecycle.PartiallySucceeded)
	}
	if got := r.Counts; got.Succeeded != 11 || got.Failed != 1 {
		t.Errorf("counts are %+v, want 11 succeeded and 1 failed", got)
	}
	if got := r.Items["person 10"].Code; got != "nobody_home" {
		t.Errorf("person 10 failed as %q, want nobody_home", got)
	}
}
