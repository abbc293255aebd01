// Package outbound makes the HTTP client with which operations call the world
// outside. It refuses private, local and otherwise internal addresses unless
// their networks are allowed, so that a connection's URL cannot be turned
// against the network that opstruth runs in.
//
// The check is made on the address that is dialled, after name resolution: a
// name that resolves elsewhere the second time gains nothing.
package outbound

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// RefusedError says that a target's address is not to be called.
type RefusedError struct{ Addr netip.Addr }

func (e *RefusedError) Error() string {
	return fmt.Sprintf("address %s is private or internal and not allowed; to allow it, add its network to OPSTRUTH_OUTBOUND_ALLOW", e.Addr)
}

// Limits of one call. A call that takes longer than total has failed.
const (
	dialTimeout   = 10 * time.Second
	headerTimeout = 30 * time.Second
	total         = 2 * time.Minute
)

// Client makes a client that calls public addresses and those in allow. It
// follows no redirect: that would take a credential to where nobody sent it.
func Client(allow []netip.Prefix) *http.Client {
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second, Control: guard(allow)}
	return &http.Client{
		Timeout: total,
		Transport: &http.Transport{
			Proxy:                  nil, // a proxy would resolve and dial in our place, past the check
			DialContext:            dialer.DialContext,
			ForceAttemptHTTP2:      true,
			TLSHandshakeTimeout:    dialTimeout,
			ResponseHeaderTimeout:  headerTimeout,
			MaxResponseHeaderBytes: 256 << 10,
			MaxIdleConnsPerHost:    16, // no MaxConnsPerHost: waiting for a connection would count as a call's time
			IdleConnTimeout:        90 * time.Second,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func guard(allow []netip.Prefix) func(network, address string, c syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		target, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("check the address %q: %w", address, err)
		}
		if addr := target.Addr().WithZone("").Unmap(); !allowed(addr, allow) {
			return &RefusedError{Addr: addr}
		}
		return nil
	}
}

func allowed(addr netip.Addr, allow []netip.Prefix) bool {
	for _, p := range allow {
		if p.Contains(addr) {
			return true
		}
	}
	if !addr.IsGlobalUnicast() || addr.IsPrivate() {
		return false
	}
	for _, p := range internal {
		if p.Contains(addr) {
			return false
		}
	}
	return true
}

// internal are networks beside the private and local ones that the standard
// library knows: special uses, and those that carry an IPv4 address within.
var internal = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"), // carrier-grade NAT; cloud metadata lives here too
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("::/96"),
	netip.MustParsePrefix("64:ff9b::/96"), // NAT64
	netip.MustParsePrefix("64:ff9b:1::/48"),
	netip.MustParsePrefix("2001::/32"), // Teredo
	netip.MustParsePrefix("2002::/16"), // 6to4
	netip.MustParsePrefix("fec0::/10"),
}
