package faults

import "testing"

// TestNothingIsBroken: the rig by itself, proxies and all, keeps the guarantee.
func TestNothingIsBroken(t *testing.T) {
	t.Parallel()
	r := newRig(t, options{collectors: 2, processors: 1})
	x := r.startTraffic(t)
	x.stop(t)
	if x.failed.Load() > 0 {
		t.Errorf("%d posts failed although nothing was broken", x.failed.Load())
	}
	r.verdict(t)
}
