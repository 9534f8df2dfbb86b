// Package kafka takes a real Apache Kafka, of one broker and of three, and gives a verdict: whether the built program keeps
// its promises on it as it does on the broker that it brings along.
package kafka
