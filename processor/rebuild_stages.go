package processor

import (
	"context"
	"fmt"

	"github.com/throughline/throughline/processor/store"
)

// stageMonths gives the stored touchpoints themselves their new stages, month by month.
func (r *Rebuild) stageMonths(ctx context.Context, done map[stepPart]bool) error {
	months, err := r.deps.Store.Months(ctx, r.deps.Site.ID)
	if err != nil {
		return err
	}
	r.read = 0
	for _, m := range months {
		if done[stepPart{store.RebuildStaged, m.Month}] {
			r.read += m.Rows
			continue
		}
		rows, err := r.stageMonth(ctx, m.Month)
		if err == nil {
			err = r.note(ctx, store.RebuildStaged, m.Month, rows)
		}
		if err != nil {
			return fmt.Errorf("touchpoints of %d: %w", m.Month, err)
		}
	}
	return nil
}

// bytesAtOnce is how much of clients' JSON is gathered before it is written.
const bytesAtOnce = 32 << 20

// stageMonth writes those touchpoints again that differ, and gives how many those were.
func (r *Rebuild) stageMonth(ctx context.Context, month uint32) (written uint64, err error) {
	var batch store.Batch
	size := 0
	write := func() error {
		written += uint64(len(batch.Touchpoints))
		err := r.deps.Store.Write(ctx, &batch)
		batch.Touchpoints, size = nil, 0
		return err
	}
	version := r.deps.Rules.Version()
	err = r.deps.Store.Reread(ctx, r.deps.Site.ID, month, func(row *store.TouchpointRow) error {
		r.passed("touchpoints", 1)
		stage, rule := r.rules.stage(row.Touchpoint)
		if row.Stage == stage && row.StageRule == rule && row.RulesVersion == version {
			return nil
		}
		row.Stage, row.StageRule, row.RulesVersion, row.Version = stage, rule, version, restagedVersion(row.Version)
		batch.Touchpoints = append(batch.Touchpoints, row)
		if size += len(row.Properties) + len(row.Context); len(batch.Touchpoints) < rowsAtOnce && size < bytesAtOnce {
			return nil
		}
		return write()
	})
	if err != nil || len(batch.Touchpoints) == 0 {
		return written, err
	}
	return written, write()
}

// restagedVersion makes a row win over the stored one of the same copy of the message, and lose against a copy that was received
// before it as that did: only the bits that are a hash grow. Once they are full the version stays, and of rows of one version the one
// that was written last wins.
func restagedVersion(version uint64) uint64 {
	if version&hashMask == hashMask {
		return version
	}
	return version + 1
}
