// Package faults takes the built program in parts, each a process of its own, and breaks them and what lies between them while
// clients post; then package check gives its verdict on the tables.
package faults
