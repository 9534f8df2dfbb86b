// Package journey takes the set of one customer's touches and gives that customer's sessions, journeys and
// stage transitions. It is pure: no clock, no I/O, no randomness, and the order in which touches arrived
// never shows in what it returns.
package journey
