// Package metrics takes the running programs and gives dashboards/metrics.md: every metric that they export, and what lint has to say
// about it.
package metrics

//go:generate go test -run TestReference -update .
