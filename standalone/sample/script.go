package sample

import (
	"encoding/json"
	"time"

	"github.com/opstruth/opstruth/operation/inventory"
	"github.com/opstruth/opstruth/standalone/simulate"
)

// cycle is how often the fleet's script begins anew.
const cycle = time.Minute

// scene is one start of the script: what, and when within the cycle.
type scene struct {
	at    time.Duration
	typ   string
	knobs simulate.Knobs
	input json.RawMessage // in place of the knobs
	other bool            // in the second workspace
}

// script shows every state within its first minute, all of them in the first workspace, so that one sign-in sees them.
// Runs that do not end by themselves are cancelled by the fleet.
var script = []scene{
	{at: 0, typ: simulate.Name, knobs: simulate.Knobs{Items: 40, ItemMS: 500}},                                    // running, succeeded
	{at: 1 * time.Second, typ: inventorySync},                                                                     // a real one
	{at: 2 * time.Second, typ: simulate.Name, knobs: simulate.Knobs{Items: 24, ItemMS: 250, FailEvery: 5}},        // partly done
	{at: 3 * time.Second, typ: simulate.UnattendedName, input: json.RawMessage(`{}`)},                             // no workers, closed
	{at: 4 * time.Second, typ: simulate.Name, knobs: simulate.Knobs{Items: 8, ItemMS: 250, FailEvery: 1}},         // failed
	{at: 5 * time.Second, typ: simulate.Name, knobs: simulate.Knobs{Items: 10, Block: true}},                      // could not start
	{at: 6 * time.Second, typ: simulate.Name, knobs: simulate.Knobs{Items: 12, ItemMS: 250, PanicWorkflow: true}}, // workflow task failing
	{at: 7 * time.Second, typ: simulate.Name, knobs: simulate.Knobs{Items: 12, ItemMS: 250, NoProgress: true}},    // no progress
	{at: 8 * time.Second, typ: simulate.Name, knobs: simulate.Knobs{Items: 12, ItemMS: 250, StallAfter: 4}},       // retrying
	{at: 9 * time.Second, typ: simulate.Name, knobs: simulate.Knobs{Items: 20, ItemMS: 250, WaitS: 25}},           // waiting
	{at: 12 * time.Second, typ: simulate.Name, knobs: simulate.Knobs{Items: 300, ItemMS: 500}},                    // cancelled
	{at: 15 * time.Second, typ: simulate.Name, knobs: simulate.Knobs{Items: 60, ItemMS: 500}, other: true},
	{at: 20 * time.Second, typ: simulate.Name, knobs: simulate.Knobs{Items: 16, ItemMS: 500, FailEvery: 4}, other: true},
}

// inventorySync is the type of the runs that read the sample API.
const inventorySync = inventory.Name

func (s scene) json() (json.RawMessage, error) {
	if s.input != nil {
		return s.input, nil
	}
	return json.Marshal(s.knobs)
}
