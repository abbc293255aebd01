package operation_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/workflows/contract"
)

type input struct {
	Count  int      `json:"count"`
	Label  string   `json:"label"`
	Force  bool     `json:"force"`
	Places []string `json:"places"`
}

// kind is what an author writes.
func kind(change ...func(*operation.Type[input])) operation.Definition {
	t := operation.Type[input]{
		Name: "test.work", Title: "Work",
		Fields: []operation.Field{
			{Name: "count", Kind: operation.Number},
			{Name: "label", Kind: operation.Text, Required: true},
			{Name: "force", Kind: operation.Bool},
			{Name: "places", Kind: operation.Choices, Options: []operation.Option{{Value: "a"}, {Value: "b"}}},
		},
		Target: func(in input) string { return in.Label },
		Validate: func(in input) error {
			if in.Count > 10 {
				return operation.FieldErrors{"count": "must be at most 10"}
			}
			return nil
		},
		Do: func(context.Context, *operation.Run[input], string) (operation.Next, error) {
			return operation.Done(), nil
		},
	}
	for _, c := range change {
		c(&t)
	}
	return operation.Define(t)
}

func timing() lifecycle.Timing { return lifecycle.NewTiming(5*time.Second, 5*time.Second) }

func TestAnInputIsReadStrictlyAndRefusedByField(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]operation.FieldErrors{
		`{"label":"x","count":3}`:    nil,
		`{"count":3}`:                {"label": "is required"},
		``:                           {"label": "is required"},
		`{"label":""}`:               {"label": "is required"},
		`{"label":"x","count":"3"}`:  {"count": "must be a whole number, not string"},
		`{"label":"x","force":1}`:    {"force": "must be true or false, not number"},
		`{"label":"x","places":"a"}`: {"places": "must be a list, not string"},
		`{"label":"x","colour":"y"}`: {"colour": "is not a field of this operation type"},
		`{"label":"x","Count":3}`:    {"Count": "is not a field of this operation type, which has count"},
		`{"Label":"x"}`:              {"Label": "is not a field of this operation type, which has label"},
		`{"label":"x","Label":"y"}`:  {"Label": "is not a field of this operation type, which has label"},
		`{"label":"x","placeſ":[]}`:  {"placeſ": "is not a field of this operation type, which has places"},
		`{"label":"x","label":null}`: {"label": "is given twice"},
		`{"label":"x","count":11}`:   {"count": "must be at most 10"},
		`{"label":"x"} {}`:           {"": "must be one JSON object"},
		`[]`:                         {"": "must be an object, not array"},
		`null`:                       {"label": "is required"},
	} {
		t.Run(raw, func(t *testing.T) {
			t.Parallel()
			target, err := kind().Parse(json.RawMessage(raw))
			if want == nil {
				require.NoError(t, err)
				require.Equal(t, "x", target)
				return
			}
			require.Equal(t, want, err)
		})
	}
	_, err := kind().Parse(json.RawMessage(`{`))
	require.ErrorContains(t, err, "must be a JSON object")
}

func TestAFormBecomesAnInput(t *testing.T) {
	t.Parallel()
	got, err := kind().FormInput(map[string][]string{
		"count": {" 7 "}, "label": {"x"}, "force": {"on"}, "places": {"a", "b"}, "csrf": {"ignored"},
	})
	require.NoError(t, err)
	require.JSONEq(t, `{"count":7,"label":"x","force":true,"places":["a","b"]}`, string(got))

	got, err = kind().FormInput(map[string][]string{"count": {" "}, "label": {""}})
	require.NoError(t, err)
	require.JSONEq(t, `{}`, string(got), "what is left empty is not given")

	_, err = kind().FormInput(map[string][]string{"count": {"many"}, "places": {"c"}})
	require.Equal(t, operation.FieldErrors{"count": "must be a whole number", "places": "must be some of the choices"}, err)
}

func TestARegistryNamesEveryMistake(t *testing.T) {
	t.Parallel()
	_, err := operation.NewRegistry(lifecycle.DefaultPolicy(), timing(),
		kind(), kind(),
		kind(func(t *operation.Type[input]) { t.Name, t.Title = "test.untitled", "" }),
		kind(func(t *operation.Type[input]) { t.Name, t.Do = "test.idle", nil }),
		kind(func(t *operation.Type[input]) {
			t.Name, t.Policy = "test.hasty", func(p *lifecycle.Policy) { p.StaleAfter = time.Second }
		}),
	)
	require.ErrorContains(t, err, `"test.work" is defined twice`)
	require.ErrorContains(t, err, `"test.untitled" needs`)
	require.ErrorContains(t, err, `"test.idle" needs`)
	require.ErrorContains(t, err, `policy of operation type "test.hasty"`)
}

func TestATypeChangesOnlyItsOwnPolicy(t *testing.T) {
	t.Parallel()
	r, err := operation.NewRegistry(lifecycle.DefaultPolicy(), timing(), kind(), kind(func(t *operation.Type[input]) {
		t.Name, t.Queue, t.Title = "test.slow", "slow", "A slow one"
		t.Policy = func(p *lifecycle.Policy) { p.StaleAfter, p.CloseNoWorkers = time.Hour, 0 }
	}))
	require.NoError(t, err)

	slow, ok := r.Lookup("test.slow")
	require.True(t, ok)
	want := lifecycle.DefaultPolicy()
	want.StaleAfter, want.CloseNoWorkers = time.Hour, 0
	require.Equal(t, want, slow.Policy)
	plain, _ := r.Lookup("test.work")
	require.Equal(t, lifecycle.DefaultPolicy(), plain.Policy)

	_, ok = r.Lookup("test.none")
	require.False(t, ok)
	require.Equal(t, []string{contract.DefaultQueue, "slow"}, r.Queues())
	require.Equal(t, "A slow one", r.All()[0].Title)
}

func TestAStoredInputOfAnotherVersionFailsForGood(t *testing.T) {
	t.Parallel()
	_, err := kind().Do(t.Context(), nil, operation.Info{Input: json.RawMessage(`{"gone":1}`)}, "")
	var permanent *operation.PermanentError
	require.ErrorAs(t, err, &permanent)
}

func TestPermanentKeepsItsCause(t *testing.T) {
	t.Parallel()
	cause := errors.New("disk is gone")
	require.ErrorIs(t, operation.Permanent(cause), cause)
	require.EqualError(t, operation.Permanent(cause), "disk is gone")
}

func TestFieldErrorsSayWhatIsWrongWithAndWithoutTheLead(t *testing.T) {
	t.Parallel()
	err := operation.FieldErrors{"items": "must be between 1 and 10", "": "want an object"}
	require.Equal(t, "items must be between 1 and 10; want an object", err.Detail())
	require.EqualError(t, err, "input is not valid: "+err.Detail())
}
