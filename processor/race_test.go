//go:build race

package processor

// scale divides what property tests try by default: under the race detector everything takes several times as long.
const scale = 4
