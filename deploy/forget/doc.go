// Package forget takes a request to erase a person and carries it out: it finds what is stored under the person's ids, tells the processors
// through Kafka what goes, waits until they have done so, deletes the rows for good, and looks whether anything is left.
package forget
