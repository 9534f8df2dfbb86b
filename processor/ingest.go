package processor

import (
	"errors"
	"fmt"

	"github.com/cespare/xxhash/v2"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/throughline/throughline/processor/consume"
	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/processor/store"
	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// item is one touchpoint on its way into the tables, or a record about ids.
type item struct {
	offset int64
	// Of the customer.
	hash  uint64
	row   store.TouchpointRow
	touch journey.Touch
	// Whether it takes part in journeys: bots do not, where the site says so.
	counts bool
	// A link, an unlink or a contribution; then row only names the customer. nil for a touchpoint.
	record *touchpoint.Record
	// It came by way of another partition.
	forwarded bool
	// The customer's next one in the cut.
	next *item
	// Of the customer's first one: the customer's key in the state, and what is there.
	key  string
	blob []byte
}

// touchpointOf finds the touchpoint in a record without making the record.
func touchpointOf(value []byte) ([]byte, error) {
	number, kind, n := protowire.ConsumeTag(value)
	if n < 0 {
		return nil, fmt.Errorf("not a touchpoint record: %w", protowire.ParseError(n))
	}
	if number != touchpointField || kind != protowire.BytesType {
		return nil, errors.New("a record of this topic must hold a touchpoint or say something about ids")
	}
	message, m := protowire.ConsumeBytes(value[n:])
	if m < 0 {
		return nil, fmt.Errorf("not a touchpoint record: %w", protowire.ParseError(m))
	}
	if n+m != len(value) {
		return nil, errors.New("a record of this topic must hold one touchpoint and nothing else")
	}
	return message, nil
}

// touchpointField is the number of Record.touchpoint.
const touchpointField = 1

// decode reads one record of the touchpoints topic into it and tp, which are empty. Its strings are slices of the record's value.
func (b *rulebook) decode(r consume.Record, it *item, tp *touchpoint.Touchpoint) (err error) {
	if aboutIDs(r.Value) {
		*it, err = decodeExchange(r, tp)
		return err
	}
	message, err := touchpointOf(r.Value)
	if err != nil {
		return err
	}
	if err := tp.UnmarshalVTUnsafe(message); err != nil {
		return fmt.Errorf("not a touchpoint: %w", err)
	}
	if tp.Site == "" || tp.MessageId == "" || tp.UserId == "" && tp.AnonymousId == "" {
		return fmt.Errorf("touchpoint without site, message_id or customer id")
	}
	if tp.OccurredAt <= 0 || tp.ReceivedAt <= 0 || tp.Stage > uint32(stages.Last) {
		return fmt.Errorf("touchpoint with impossible time or stage")
	}
	rules := b.of(tp.Site)
	stage, rule := rules.stage(tp)
	hash := tp.Customer().Hash()
	it.hash, it.offset = hash, r.Offset
	it.counts = !tp.Bot || !rules.excludeBots
	it.row = store.TouchpointRow{
		Touchpoint: tp, Bucket: touchpoint.BucketOf(hash), Stage: stage, StageRule: rule,
		RulesVersion: rules.rules.Version(), Version: touchpointVersion(tp.ReceivedAt, r.Value),
	}
	it.touch = rules.touch(tp, stage)
	return nil
}

// stage is the stage it was sent with, else that of the first matching rule.
func (r *siteRules) stage(tp *touchpoint.Touchpoint) (stages.Stage, string) {
	if tp.Stage != 0 {
		return stages.Stage(tp.Stage), ruleSent
	}
	return r.rules.Match(stages.Input{
		Event: tp.Event, Type: tp.Type, Channel: tp.Channel, Path: tp.Path, Properties: tp.Properties,
	})
}

// ruleSent stands in stage_rule where the client named the stage.
const ruleSent = "sent"

// revenue counts only in the site's own currency, where it has one.
func (r *siteRules) revenue(amount int64, currency string) int64 {
	if r.currency != "" && currency != "" && currency != r.currency {
		return 0
	}
	return amount
}

func (r *siteRules) touch(tp *touchpoint.Touchpoint, stage stages.Stage) journey.Touch {
	return journey.Touch{
		MessageID: journey.PackMessageID(tp.MessageId), OccurredAt: tp.OccurredAt, ReceivedAt: tp.ReceivedAt,
		Stage: stage, Passive: tp.Passive, Channel: tp.Channel, Campaign: tp.Campaign,
		Device: tp.Device, Country: tp.Country, Revenue: r.revenue(tp.Revenue, tp.Currency),
	}
}

// touchpointVersion makes the copy that was received first win in ClickHouse, and among those of one microsecond one that
// depends on content alone: the upper 51 bits fall as received_at rises, the lower 13 are a hash.
func touchpointVersion(receivedAt int64, value []byte) uint64 {
	const timeBits = 51
	earlier := uint64(1)<<timeBits - 1 - uint64(receivedAt)&(1<<timeBits-1)
	return earlier<<hashBits | xxhash.Sum64(value)>>(64-hashBits)
}

// The bits of a version that are a hash.
const (
	hashBits = 13
	hashMask = 1<<hashBits - 1
)
