package host

import (
	"context"
	"fmt"
	"io"

	"github.com/opstruth/opstruth/standalone/datadir"
	"github.com/opstruth/opstruth/standalone/temporal"
)

// OnlyTemporal runs just the embedded Temporal and its UI, on the ports where Temporal's tools look for them, until ctx
// ends. The programs of cmd/opstruth find it there without any setting.
func OnlyTemporal(ctx context.Context, o Options, out io.Writer) (err error) {
	port, off, err := uiPort(o.TemporalUI)
	if err != nil {
		return err
	}
	dir, err := datadir.Open(o.Data)
	if err != nil {
		return err
	}
	defer func() {
		if closed := dir.Close(); err == nil {
			err = closed
		}
	}()
	server, err := temporal.Start(ctx, temporal.Options{
		DataDir: dir.Path("temporal"), Port: temporal.DefaultPort, UIPort: port, NoUI: off,
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Temporal     %s, namespace %s\n", server.Address(), server.Namespace())
	if !off {
		fmt.Fprintf(out, "Temporal UI  %s\n", server.UIURL())
	}
	<-ctx.Done()
	return server.Stop()
}
