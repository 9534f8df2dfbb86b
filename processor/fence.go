package processor

import (
	"context"
	"sync"
	"time"
)

// fence is asked before each INSERT whether this processor still owns its partitions. One that was stopped, or cut off, for
// longer than its session would else wake up and insert rows over those of its successor, which has reconciled already and
// would never know of them.
type fence struct {
	mu    sync.Mutex
	asked time.Time
}

// fenceTime is how long an answer of the group is good for; far below any session timeout.
const fenceTime = 250 * time.Millisecond

// alive returns nil when the group has said a moment ago that the generation lives. The question is a commit of what is
// committed, which the group refuses to members of before; kafka-go misreads what a heartbeat is answered.
func (o *owner) alive(context.Context) error {
	o.fence.mu.Lock()
	defer o.fence.mu.Unlock()
	if time.Since(o.fence.asked) < fenceTime {
		return nil
	}
	before := time.Now() // what is known is of the moment of asking
	p := o.partitions[0]
	if err := o.gen.Commit(map[string]map[int]int64{p.topic: {p.id: p.stands()}}); err != nil {
		return err
	}
	o.fence.asked = before
	return nil
}
