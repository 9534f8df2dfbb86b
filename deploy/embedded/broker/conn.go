package broker

import (
	"encoding/binary"
	"fmt"
	"net"
	"sync"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// maxRequestBytes bounds one request; the broker allocates what a request's size field says.
const maxRequestBytes = 64 << 20

// gated are the requests whose answers tell that something was written, or show what was.
var gated = map[kmsg.Key]bool{
	kmsg.Produce: true, kmsg.Fetch: true, kmsg.ListOffsets: true, kmsg.InitProducerID: true, kmsg.EndTxn: true,
	kmsg.OffsetCommit: true, kmsg.OffsetFetch: true, kmsg.OffsetDelete: true, kmsg.TxnOffsetCommit: true,
}

// listener wraps each connection. A nil gate lets every answer pass.
type listener struct {
	net.Listener
	gate *gate
}

func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c, gate: l.gate}, nil
}

// proxied is a listener that tells another address than its own: the broker passes it on to clients.
type proxied struct {
	listener
	addr net.Addr
}

// Addr implements net.Listener.
func (p proxied) Addr() net.Addr { return p.addr }

// conn watches the requests of one client: those that are no Kafka requests end the connection before the broker
// sees them, for it would not survive some of them; and answers to gated ones wait at the gate.
type conn struct {
	net.Conn
	gate *gate

	// Only the reader uses these.
	head [12]byte // size, API key, API version, correlation id of the request being read
	have int      // bytes of head that are filled
	left int      // bytes of the request that follow head

	mu struct {
		sync.Mutex
		open []request // read and not answered, oldest first
	}
}

type request struct {
	correlation uint32
	gated       bool
}

// Read implements net.Conn.
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if bad := c.scan(b[:n]); bad != nil {
		return 0, bad
	}
	return n, err
}

// scan follows the framing of requests.
func (c *conn) scan(b []byte) error {
	for len(b) > 0 {
		if c.left > 0 {
			n := min(c.left, len(b))
			c.left -= n
			b = b[n:]
			continue
		}
		n := copy(c.head[c.have:], b)
		c.have += n
		b = b[n:]
		if err := c.checkHead(); err != nil {
			return err
		}
	}
	return nil
}

// checkHead refuses a request as soon as enough of its head is there to tell, and notes it when all is there.
func (c *conn) checkHead() error {
	size := binary.BigEndian.Uint32(c.head[:])
	if c.have >= 4 && (size < 8 || size > maxRequestBytes) {
		return fmt.Errorf("broker: a request of %d bytes", size)
	}
	key := int16(binary.BigEndian.Uint16(c.head[4:]))
	if c.have >= 6 && kmsg.RequestForKey(key) == nil {
		return fmt.Errorf("broker: request key %d is unknown", key)
	}
	if c.have < len(c.head) {
		return nil
	}
	c.have, c.left = 0, int(size)-8
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mu.open = append(c.mu.open, request{binary.BigEndian.Uint32(c.head[8:]), gated[kmsg.Key(key)]})
	return nil
}

// Write implements net.Conn. The broker writes one whole answer at a time.
func (c *conn) Write(b []byte) (int, error) {
	if c.gate != nil && c.answers(b) {
		if err := c.gate.pass(); err != nil {
			return 0, err
		}
	}
	return c.Conn.Write(b)
}

// answers says whether the request that b answers is gated.
func (c *conn) answers(b []byte) bool {
	if len(b) < 8 {
		return true
	}
	correlation := binary.BigEndian.Uint32(b[4:])
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, r := range c.mu.open {
		if r.correlation == correlation { // earlier ones wanted no answer
			c.mu.open = append(c.mu.open[:0], c.mu.open[i+1:]...)
			return r.gated
		}
	}
	return true
}
