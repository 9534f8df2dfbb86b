// Package terminal takes figures of the pipeline (a funnel, a status, a touchpoint) and gives the text that shows them in a
// terminal: pure functions from data and a Style to a string, and a Screen that redraws such text in place. Text that
// came from outside is cleaned of control characters, so that an event's name cannot steer the terminal.
package terminal
