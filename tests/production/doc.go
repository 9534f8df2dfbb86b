// Package production takes the built program and rehearses with it what an operator does: upgrading one by one under load,
// backing up and restoring, finding what is misconfigured, and making the tables of a cluster.
package production
