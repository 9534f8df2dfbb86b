// Package e2e takes the built program and real data and gives a verdict: whether what comes out of ClickHouse is what the
// rules say, undisturbed and under faults.
package e2e
