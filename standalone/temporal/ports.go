package temporal

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
)

// reservePorts checks the wanted loopback ports and picks a free one for each 0. All are held until all are known, so
// that no two are the same; they are free again when it returns.
func reservePorts(ctx context.Context, wanted ...int) (ports []int, err error) {
	var on net.ListenConfig
	for _, port := range wanted {
		l, listenErr := on.Listen(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
		if listenErr != nil {
			return nil, fmt.Errorf("listen on loopback port %d (stop what uses it, or choose another port): %w", port, listenErr)
		}
		defer func() { err = errors.Join(err, l.Close()) }()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}
