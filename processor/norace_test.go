//go:build !race

package processor

// scale divides what property tests try by default.
const scale = 1
