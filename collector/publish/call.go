package publish

import "sync/atomic"

// call is one Publish that waits for the batches its records went into.
type call struct {
	pending atomic.Int32
	failed  atomic.Pointer[error]
	done    chan struct{}
	// Records in order, as one linked list a partition: head[p] is the first index, next[i] the one after i, -1 ends.
	head    []int32
	next    []int32
	touched []int32
}

func newCall(partitions int) *call {
	c := &call{done: make(chan struct{}, 1), head: make([]int32, partitions)}
	for p := range c.head {
		c.head[p] = -1
	}
	return c
}

// reset makes a settled call ready for another use.
func (c *call) reset() {
	for _, p := range c.touched {
		c.head[p] = -1
	}
	c.touched = c.touched[:0]
	c.failed.Store(nil)
}

// route lists the records of each partition, and gives the bytes of admission they need together.
func (c *call) route(records []Record) (cost int64) {
	if cap(c.next) < len(records) {
		c.next = make([]int32, len(records))
	}
	c.next = c.next[:len(records)]
	for i := len(records) - 1; i >= 0; i-- {
		p := records[i].Partition
		if c.head[p] < 0 {
			c.touched = append(c.touched, p)
		}
		c.next[i], c.head[p] = c.head[p], int32(i)
		cost += records[i].cost()
	}
	return cost
}

// settle counts one batch as done; the first error stays.
func (c *call) settle(err error) {
	if err != nil {
		c.failed.CompareAndSwap(nil, &err)
	}
	if c.pending.Add(-1) == 0 {
		c.done <- struct{}{}
	}
}

func (c *call) err() error {
	if err := c.failed.Load(); err != nil {
		return *err
	}
	return nil
}
