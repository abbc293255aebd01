package web_test

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/opstruth/opstruth/web/api/apitest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(whole{m},
		// The session library begins every manager with a store in memory, whose
		// cleaner cannot be stopped without a race; ours takes its place.
		goleak.IgnoreTopFunction("github.com/alexedwards/scs/v2/memstore.(*MemStore).startCleanup"),
	)
}

// whole fails where all tests ran, and an operation of the API's document was left out.
type whole struct{ *testing.M }

func (w whole) Run() int {
	code := w.M.Run()
	for _, name := range []string{"test.run", "test.skip", "test.list", "test.short"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != f.DefValue {
			return code // only some ran
		}
	}
	unseen, err := apitest.Unseen()
	if code != 0 || err == nil && len(unseen) == 0 {
		return code
	}
	fmt.Fprintln(os.Stderr, "the API is not tested as a whole:", unseen, err)
	return 1
}
