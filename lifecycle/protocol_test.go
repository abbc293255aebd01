package lifecycle_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
)

var (
	onePass   = bounds{passes: 1, claims: 2, days: 1, writes: 1, wide: true}
	twoPasses = bounds{passes: 2, claims: 2, days: 1, writes: 1}
	helped    = bounds{passes: 1, claims: 2, days: 1, writes: 1, onIt: 2}
)

// graph is every world that can be reached.
type graph struct {
	m      *machine
	index  map[world]int32
	worlds []world
	from   []int32 // by world: the one before it on a shortest path
	how    []string
	steps  []step
}

type step struct {
	from, to int32
	engine   bool
}

// explore walks breadth first until nothing is new. It returns the shortest way to a broken invariant, if there is one.
func explore(r rules, b bounds) (*graph, string) {
	m := &machine{rules: r, bounds: b}
	g := &graph{m: m, index: map[world]int32{}}
	add := func(w world, from int32, how string) int32 {
		if n, ok := g.index[w]; ok {
			return n
		}
		n := int32(len(g.worlds))
		g.index[w] = n
		g.worlds, g.from, g.how = append(g.worlds, w), append(g.from, from), append(g.how, how)
		return n
	}
	add(m.start(), -1, "start")
	for at := int32(0); int(at) < len(g.worlds); at++ {
		w, broken := g.worlds[at], ""
		m.next(w, func(what string, engine bool, next world) {
			next = m.plain(next)
			n := add(next, at, what)
			if next != w {
				g.steps = append(g.steps, step{at, n, engine})
			}
			if broken == "" {
				if broken = m.check(w, next); broken != "" {
					broken = g.way(at) + "\n  " + what + "\n" + broken
				}
			}
		})
		if broken != "" {
			return g, broken
		}
	}
	return g, ""
}

func (g *graph) way(at int32) string {
	var steps []string
	for ; at > 0; at = g.from[at] {
		steps = append(steps, "  "+g.how[at])
	}
	slices.Reverse(steps)
	return "after\n" + strings.Join(steps, "\n")
}

// check is what must hold of every step.
func (m *machine) check(w, next world) string {
	if m.broken != "" {
		return m.broken
	}
	before, after := m.facts.values[w.facts], m.facts.values[next.facts]
	if before.Status == lifecycle.Completed && terminal(before) != terminal(after) {
		return fmt.Sprintf("the terminal record changed from %+v to %+v", terminal(before), terminal(after))
	}
	if slices.Index(lifecycle.Statuses(), after.Status) < slices.Index(lifecycle.Statuses(), before.Status) {
		return "the status went backwards"
	}
	if next.hitEnd {
		return "terminated though the terminal record was on its way before the claim"
	}
	if after.Status != lifecycle.Completed {
		return ""
	}
	if next.told && after.Late.At.IsZero() {
		return "a late result was not disclosed"
	}
	byClaim := strings.HasPrefix(after.TerminalToken, "c")
	if reconciled := !after.Reconciliation.At.IsZero(); reconciled && !byClaim {
		return "reconciled without a claim"
	}
	ours := next.wf == stopped && claimID(next.reason) == after.TerminalToken
	if !after.Reconciliation.At.IsZero() && !ours && next.wf != gone {
		return fmt.Sprintf("reconciled under %s, which did not end the workflow (%d, reason %d)", after.TerminalToken, next.wf, next.reason)
	}
	stray := next.dropped&(1<<next.reason) != 0 // a Terminate that landed after its claim was dropped
	if next.wf == stopped && next.reason != byPerson && !ours && !stray && strings.HasPrefix(after.TerminalToken, "temporal:") {
		return fmt.Sprintf("our own close c%d was taken for somebody else's", next.reason)
	}
	return ""
}

// terminal is the part of the record that an end makes final.
func terminal(f lifecycle.Facts) lifecycle.Facts {
	return lifecycle.Facts{
		Status: f.Status, Outcome: f.Outcome, CompletedAt: f.CompletedAt, TerminalToken: f.TerminalToken, Failure: f.Failure,
		Reconciliation: f.Reconciliation, Counts: f.Counts, Cancel: f.Cancel, Closing: f.Closing,
	}
}

// reaches marks the worlds from which some path leads to a good one.
func (g *graph) reaches(good func(world) bool, use func(step) bool) []bool {
	first, next := make([]int32, len(g.worlds)), make([]int32, len(g.steps))
	for i := range first {
		first[i] = -1
	}
	for i, s := range g.steps {
		next[i], first[s.to] = first[s.to], int32(i)
	}
	marked := make([]bool, len(g.worlds))
	var todo []int32
	for i, w := range g.worlds {
		if good(w) {
			marked[i], todo = true, append(todo, int32(i))
		}
	}
	for len(todo) > 0 {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for i := first[at]; i >= 0; i = next[i] {
			if s := g.steps[i]; !marked[s.from] && use(s) {
				marked[s.from], todo = true, append(todo, s.from)
			}
		}
	}
	return marked
}

func (g *graph) ended(w world) bool { return g.m.facts.values[w.facts].Status == lifecycle.Completed }

// stuck finds a world that can never come to a good end: some way must always lead to an end of both the record and the
// workflow, and where no worker ever comes back, the reconciler alone must be able to end the record, unless the
// run's own end is on its way.
func (g *graph) stuck() string {
	settles := g.reaches(func(w world) bool { return g.ended(w) && w.wf != live }, func(step) bool { return true })
	alone := g.reaches(g.ended, func(s step) bool { return s.engine })
	last := day(g.m.bounds.days)
	for at, w := range g.worlds {
		f := g.m.facts.values[w.facts]
		if !f.LivenessAt.Before(last) || (w.claims == g.m.bounds.claims && f.Closing.ID == "") {
			continue // what would end it lies beyond the bounds
		}
		if !settles[at] {
			return g.way(int32(at)) + "\nno way leads to an end of both the record and the workflow"
		}
		if !alone[at] && !w.up && !w.ends {
			return g.way(int32(at)) + "\nthe reconciler alone never ends the run"
		}
	}
	return ""
}

// TestTheTerminalRecordIsWrittenOnce explores every order in which the run workflow, its workers, the passes of the
// reconciler, people and Temporal can act on one run, with crashes and lost answers between any two steps.
func TestTheTerminalRecordIsWrittenOnce(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]bounds{"one pass at a time": onePass, "two passes at a time": twoPasses, "somebody takes the run on": helped} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, broken := explore(rules{}, b)
			require.Empty(t, broken)
			require.Empty(t, g.stuck())
			require.Greater(t, len(g.worlds), 100_000, "the model has lost most of its actors")
			t.Logf("%d states, %d steps, %d different records", len(g.worlds), len(g.steps), len(g.m.facts.values))
		})
	}
}

// TestTheProtocolNeedsEachOfItsRules leaves one rule out at a time: the same exploration must then break.
func TestTheProtocolNeedsEachOfItsRules(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		rules  rules
		bounds bounds
		broken string
	}{
		{"a claim that compares nothing", rules{blindClaim: true}, twoPasses, "taken for somebody else's"},
		{"no second look after the claim", rules{oneLook: true}, onePass, "on its way before the claim"},
		{"a Terminate without the claim as its reason", rules{noReason: true}, onePass, "reconciled under"},
		{"a Terminate before any claim", rules{noClaim: true}, onePass, "taken for somebody else's"},
		{"an end under whatever claim stands", rules{anyClaim: true}, twoPasses, "taken for somebody else's"},
		{"the last end wins", rules{lastWins: true}, onePass, "terminal record changed"},
		{"late items count", rules{lateCounts: true}, onePass, "terminal record changed"},
		{"a pending terminal record holds nothing back", rules{closesEnding: true}, onePass, "on its way before the claim"},
		{"a claim that nobody picks up", rules{forgetsToLook: true}, onePass, "no way leads to an end"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			g, broken := explore(tc.rules, tc.bounds)
			if broken == "" {
				broken = g.stuck()
			}
			require.Contains(t, broken, tc.broken)
		})
	}
}
