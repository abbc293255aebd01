// Package ports finds free ports for servers that take a number and no listener.
package ports

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

const (
	host = "127.0.0.1"
	// Free ports are looked for below those that systems give to outgoing connections (from 32768 on Linux, from 49152
	// elsewhere): one of these could be gone again before its server listens.
	lowest, beyond = 20000, 30000
	tries          = 100
)

// Reserve checks the wanted loopback ports and picks a free one for each 0. All are held until all are known, so that
// no two are the same; they are free again when it returns. It fails where a wanted port is taken, and says so.
func Reserve(ctx context.Context, wanted ...int) (ports []int, err error) {
	for _, port := range wanted {
		l, listenErr := listen(ctx, port)
		if listenErr != nil {
			return nil, listenErr
		}
		defer func() { err = errors.Join(err, l.Close()) }()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

func listen(ctx context.Context, port int) (net.Listener, error) {
	var on net.ListenConfig
	if port != 0 {
		l, err := on.Listen(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
		if err != nil {
			return nil, fmt.Errorf("listen on loopback port %d (stop what uses it, or choose another port): %w", port, err)
		}
		return l, nil
	}
	var errs error
	for range tries {
		l, err := on.Listen(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(lowest+rand.IntN(beyond-lowest))))
		if err == nil {
			return l, nil
		}
		errs = err
	}
	return nil, fmt.Errorf("find a free loopback port between %d and %d (stop what uses them, or choose one): %w", lowest, beyond-1, errs)
}
