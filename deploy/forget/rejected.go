package forget

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/throughline/throughline/processor/erasure"
	"github.com/throughline/throughline/processor/store"
)

// rejected are the refused events whose bytes name a user or an id that goes whole.
func (r *Run) rejected(ctx context.Context) ([]removal, error) {
	var ids []string
	for _, c := range r.plan.whole() {
		for _, text := range spellings(c.ID) {
			err := rows(ctx, r.cfg.ClickHouse, `SELECT toString(rejection_id), raw, detail FROM rejected_touchpoints_log
				WHERE site = {site:String} AND (position(raw, {id:String}) > 0 OR position(detail, {id:String}) > 0) AND `+r.received(),
				named{"site": c.Site, "id": text}, func(scan func(...any) error) error {
					var id, raw, detail string
					err := scan(&id, &raw, &detail)
					if names(raw, detail, c.ID) {
						ids = append(ids, "'"+id+"'")
					}
					return err
				})
			if err != nil {
				return nil, fmt.Errorf("look up refused events: %w", err)
			}
		}
	}
	slices.Sort(ids)
	return chunks(store.TableRejected, r.received(), "toString(rejection_id)", slices.Compact(ids)), nil
}

// longID is from which length on an id is looked for anywhere in the bytes; a shorter one must be a text of its own, or "1" would be
// found in every event.
const longID = 8

// names tells whether a refused event names an id.
func names(raw, detail, id string) bool {
	if len(id) >= longID && (strings.Contains(raw, id) || strings.Contains(detail, id)) {
		return true
	}
	return slices.Contains(erasure.Texts([]byte(raw)), id) || slices.Contains(erasure.Texts([]byte(detail)), id)
}

// spellings are the ways in which JSON may write an id: as it is, and with everything escaped that is not plain ASCII.
func spellings(id string) []string {
	all := []string{id}
	if text, err := json.Marshal(id); err == nil {
		all = append(all, strings.Trim(string(text), `"`))
	}
	var ascii strings.Builder
	for _, r := range id {
		switch {
		case r < 0x80:
			ascii.WriteRune(r)
		case r > 0xffff:
			r -= 0x10000
			fmt.Fprintf(&ascii, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			fmt.Fprintf(&ascii, `\u%04x`, r)
		}
	}
	all = append(all, ascii.String(), strings.ReplaceAll(ascii.String(), "/", `\/`))
	slices.Sort(all)
	return slices.Compact(all)
}
