// Package rebuild takes what other stage rules make of stored touchpoints, and how far a rebuild has come, and gives text for a reader at
// a terminal.
package rebuild
