package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
)

// proxy stands before a server and can hold up all that passes: to its clients the server then is there and says nothing,
// as one does whose machine or network hangs.
type proxy struct {
	listener net.Listener
	dial     func(ctx context.Context) (net.Conn, error)
	cancel   context.CancelFunc
	running  sync.WaitGroup

	mu     sync.Mutex
	resume chan struct{} // closed unless paused
}

// startProxy listens on a free loopback port.
func startProxy(dial func(ctx context.Context) (net.Conn, error)) (*proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it lives until stop
	if err != nil {
		return nil, fmt.Errorf("listen for the proxy: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := &proxy{listener: listener, dial: dial, cancel: cancel, resume: make(chan struct{})}
	close(p.resume)
	p.running.Go(func() { p.accept(ctx) })
	return p, nil
}

// address is host:port of the proxy.
func (p *proxy) address() string { return p.listener.Addr().String() }

// pause holds up everything until it is called with false. Connections stay open.
func (p *proxy) pause(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.resume:
		if on {
			p.resume = make(chan struct{})
		}
	default:
		if !on {
			close(p.resume)
		}
	}
}

// stop ends the proxy and all connections through it.
func (p *proxy) stop() error {
	p.cancel()
	err := p.listener.Close()
	p.running.Wait()
	return err
}

func (p *proxy) accept(ctx context.Context) {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		p.running.Go(func() { p.serve(ctx, client) })
	}
}

func (p *proxy) serve(ctx context.Context, client net.Conn) {
	defer client.Close()
	if !p.wait(ctx) {
		return
	}
	server, err := p.dial(ctx)
	if err != nil {
		return // the client sees a closed connection, as from a server that is down
	}
	defer server.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = errors.Join(client.Close(), server.Close()) })
	defer stop()
	var both sync.WaitGroup
	for from, to := range map[net.Conn]net.Conn{client: server, server: client} {
		both.Go(func() {
			defer cancel() // either side's end is that of both
			p.pass(ctx, from, to)
		})
	}
	both.Wait()
}

// pass copies until an end of the connection, and holds what it has read while paused.
func (p *proxy) pass(ctx context.Context, from io.Reader, to io.Writer) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			if !p.wait(ctx) {
				return
			}
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// wait returns when nothing is held up, or false when ctx has ended.
func (p *proxy) wait(ctx context.Context) bool {
	p.mu.Lock()
	resume := p.resume
	p.mu.Unlock()
	select {
	case <-resume:
		return true
	case <-ctx.Done():
		return false
	}
}
