// Package alerts takes the real alert rules, with time running faster, a real Prometheus and a real pipeline, and shows that each alert
// that pages fires when its fault is there, and that none does while all is well.
package alerts
