// Package api takes HTTP requests with touchpoints (one event, an array, a batch or lines of JSON, compressed or not)
// and gives a verdict for each event, answered only when every event is durable: accepted ones and refused ones alike.
//
// The way of a request: who is asking (auth, cors, limit), body, inflate, split into events with their original bytes,
// admit and encode each one, deliver, answer.
package api
