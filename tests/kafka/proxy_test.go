package kafka

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"
)

// apiProduce is the number of the produce request in Kafka's protocol.
const apiProduce = 0

// forgetful is a proxy in front of brokers on loopback that loses some answers: the broker has done its work, and the client
// sees its connection end.
type forgetful struct {
	every int // one of so many answers to produce requests is lost

	mu       sync.Mutex
	listener map[string]net.Listener // by the broker's address
	answers  int
	lost     int
	work     sync.WaitGroup
}

func newForgetful(t *testing.T, every int) *forgetful {
	f := &forgetful{every: every, listener: map[string]net.Listener{}}
	t.Cleanup(func() {
		f.mu.Lock()
		for _, l := range f.listener {
			_ = l.Close() // only accepts
		}
		f.mu.Unlock()
		f.work.Wait()
	})
	return f
}

// dial connects to a broker by way of the proxy.
func (f *forgetful) dial(ctx context.Context, network, broker string) (net.Conn, error) {
	f.mu.Lock()
	l := f.listener[broker]
	if l == nil {
		var err error
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			f.mu.Unlock()
			return nil, err
		}
		f.listener[broker] = l
		f.work.Go(func() { f.accept(l, broker) })
	}
	f.mu.Unlock()
	return (&net.Dialer{}).DialContext(ctx, network, l.Addr().String())
}

func (f *forgetful) accept(l net.Listener, broker string) {
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", broker)
		if err != nil {
			_ = client.Close() // as a broker that is away does
			continue
		}
		link := &link{proxy: f, client: client, server: server, produce: map[uint32]bool{}}
		f.work.Go(link.requests)
		f.work.Go(link.answers)
	}
}

// lose tells for an answer to a produce request whether it is to be lost.
func (f *forgetful) lose() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers++
	if f.answers%f.every == 0 {
		f.lost++
		return true
	}
	return false
}

func (f *forgetful) losses() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lost
}

// link is one connection through the proxy.
type link struct {
	proxy          *forgetful
	client, server net.Conn
	mu             sync.Mutex
	produce        map[uint32]bool // correlation ids under way
}

func (l *link) close() {
	_, _ = l.client.Close(), l.server.Close() // the other direction may have closed them
}

// frame reads one message: four bytes of size, and so many more.
func frame(r io.Reader) ([]byte, error) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	body := make([]byte, binary.BigEndian.Uint32(head))
	_, err := io.ReadFull(r, body)
	return append(head, body...), err
}

func (l *link) requests() {
	defer l.close()
	for {
		message, err := frame(l.client)
		if err != nil {
			return
		}
		if binary.BigEndian.Uint16(message[4:]) == apiProduce {
			l.mu.Lock()
			l.produce[binary.BigEndian.Uint32(message[8:])] = true
			l.mu.Unlock()
		}
		if _, err := l.server.Write(message); err != nil {
			return
		}
	}
}

func (l *link) answers() {
	defer l.close()
	for {
		message, err := frame(l.server)
		if err != nil {
			return
		}
		id := binary.BigEndian.Uint32(message[4:])
		l.mu.Lock()
		produced := l.produce[id]
		delete(l.produce, id)
		l.mu.Unlock()
		if produced && l.proxy.lose() {
			return
		}
		if _, err := l.client.Write(message); err != nil {
			return
		}
	}
}
