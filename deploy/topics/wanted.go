package topics

import (
	"maps"
	"slices"
	"strconv"

	"github.com/throughline/throughline/schemas/topics"
)

// wanted is one setting of a topic as it should be.
type wanted struct {
	setting, value string
	// atLeast means that a greater number does as well.
	atLeast bool
	// optional settings are not missed where a broker does not tell them.
	optional bool
	// why is what goes wrong where it is not met.
	why string
}

// met tells whether a setting's value will do.
func (w wanted) met(is string) bool {
	if is == w.value {
		return true
	}
	have, err := strconv.ParseInt(is, 10, 64)
	if !w.atLeast || err != nil {
		return false
	}
	want, err := strconv.ParseInt(w.value, 10, 64)
	return err == nil && (have >= want || w.setting == retention && have == -1)
}

const (
	retention  = "retention.ms"
	minInsync  = "min.insync.replicas"
	unclean    = "unclean.leader.election.enable"
	maxMessage = "max.message.bytes"
)

// reasons say why a setting matters.
var reasons = map[string]string{
	"cleanup.policy":         "compaction throws touchpoints of one bucket away",
	retention:                "a processor that is away for longer loses what it has not read",
	maxMessage:               "larger batches of the collector are refused",
	"message.timestamp.type": "the age of waiting touchpoints is measured by it",
	minInsync:                "an acknowledged touchpoint must survive the loss of a broker",
	unclean:                  "a broker that missed touchpoints could become leader, and they would be gone",
}

// least are the settings of which more is as good.
var least = map[string]bool{retention: true, maxMessage: true, minInsync: true}

// wanted lists the settings of a topic in a cluster of so many brokers, by name.
func (c Config) wanted(t topics.Topic, brokers int) (all []wanted) {
	for _, name := range slices.Sorted(maps.Keys(t.Settings)) {
		all = append(all, wanted{setting: name, value: t.Settings[name], atLeast: least[name], why: reasons[name]})
	}
	if c.replication(brokers) > 1 { // with one copy there is nothing to say about copies
		all = append(all,
			wanted{setting: minInsync, value: strconv.Itoa(c.minInsync(brokers)), atLeast: true, optional: true, why: reasons[minInsync]},
			wanted{setting: unclean, value: "false", optional: true, why: reasons[unclean]})
	}
	return all
}

// usualCopies survive the loss of one broker while another is down for maintenance.
const usualCopies = 3

func (c Config) replication(brokers int) int {
	if c.Replication > 0 {
		return c.Replication
	}
	return max(1, min(usualCopies, brokers))
}

func (c Config) minInsync(brokers int) int {
	if c.MinInsync > 0 {
		return c.MinInsync
	}
	return max(1, c.replication(brokers)-1)
}
