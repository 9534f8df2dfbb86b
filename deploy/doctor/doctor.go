// Package doctor takes the addresses, folders and files of a configuration and gives one finding for each thing that
// the pipeline depends on: whether it is good, and if not, what is wrong and what to do. It changes nothing.
package doctor

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Verdict is the short answer of a check.
type Verdict string

// The verdicts.
const (
	OK      Verdict = "ok"
	Warn    Verdict = "warn"
	Fail    Verdict = "FAIL"
	Skipped Verdict = "skipped"
)

// Finding is what a check found.
type Finding struct {
	// Check names what was looked at.
	Check   string  `json:"check"`
	Verdict Verdict `json:"verdict"`
	// Detail is one line for a human.
	Detail string `json:"detail"`
	// ToDo lists steps for an operator; empty when there is nothing to do.
	ToDo []string `json:"to_do,omitempty"`
}

// Check looks at one thing.
type Check struct {
	Name string
	// After names a check on which this one rests: when that one failed or was skipped, this one is skipped.
	After string
	// Run must return soon after ctx is done. The finding's Check may be left empty.
	Run func(ctx context.Context) Finding
}

// Limit is how long one check may take.
const Limit = 3 * time.Second

// Run runs the checks side by side, each for at most limit, and gives the findings in the order of the checks. A check
// must stand behind the one it rests on.
func Run(ctx context.Context, checks []Check, limit time.Duration) []Finding {
	findings := make([]Finding, len(checks))
	done := map[string]chan struct{}{}
	index := map[string]int{}
	for i, c := range checks {
		base, rests := index[c.After]
		wait := done[c.After]
		end := make(chan struct{})
		done[c.Name], index[c.Name] = end, i
		go func() {
			defer close(end)
			if rests {
				<-wait
				if v := findings[base].Verdict; v == Fail || v == Skipped {
					findings[i] = Finding{Check: c.Name, Verdict: Skipped, Detail: "see " + c.After}
					return
				}
			}
			findings[i] = bounded(ctx, c, limit)
		}()
	}
	for _, c := range checks {
		<-done[c.Name]
	}
	return findings
}

// bounded gives up on a check that does not heed its context.
func bounded(ctx context.Context, c Check, limit time.Duration) Finding {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	answer := make(chan Finding, 1)
	go func() { answer <- c.Run(ctx) }()
	grace := time.NewTimer(limit + time.Second/2) // for saying itself what took so long
	defer grace.Stop()
	select {
	case f := <-answer:
		f.Check = c.Name
		return f
	case <-grace.C:
		f := fail(fmt.Sprintf("no answer within %s", limit), "see whether it is overloaded, or a firewall swallows the connection")
		f.Check = c.Name
		return f
	}
}

// Failed tells whether any finding is a failure.
func Failed(findings []Finding) bool {
	for _, f := range findings {
		if f.Verdict == Fail {
			return true
		}
	}
	return false
}

func good(format string, args ...any) Finding {
	return Finding{Verdict: OK, Detail: fmt.Sprintf(format, args...)}
}

func skip(format string, args ...any) Finding {
	return Finding{Verdict: Skipped, Detail: fmt.Sprintf(format, args...)}
}

func fail(detail string, todo ...string) Finding {
	return Finding{Verdict: Fail, Detail: detail, ToDo: todo}
}

// problems gathers several troubles of one check.
type problems struct {
	verdict Verdict
	details []string
	todo    []string
}

func (p *problems) fail(detail string, todo ...string) {
	p.verdict = Fail
	p.add(detail, todo)
}

func (p *problems) warn(detail string, todo ...string) {
	if p.verdict != Fail {
		p.verdict = Warn
	}
	p.add(detail, todo)
}

func (p *problems) add(detail string, todo []string) {
	p.details = append(p.details, detail)
	p.todo = append(p.todo, todo...)
}

// or gives the troubles as one finding, or the other finding when there are none.
func (p *problems) or(other Finding) Finding {
	if len(p.details) == 0 {
		return other
	}
	return Finding{Verdict: p.verdict, Detail: strings.Join(p.details, "; "), ToDo: p.todo}
}

// many writes a number with its noun: 1 broker, 2 brokers.
func many[N int | int64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
