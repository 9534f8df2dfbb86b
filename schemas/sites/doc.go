// Package sites takes the sites file (YAML) and gives the sites of an installation: which keys may write to them,
// from which origins, and how their journeys are cut. The collector and the processor read the same file.
package sites
