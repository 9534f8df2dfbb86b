// Package identities takes the tables and a connection to Kafka and gives operators their say about who is who: what is known of
// an id and which touchpoint went where and why, and the withdrawal of a link that is wrong.
package identities
