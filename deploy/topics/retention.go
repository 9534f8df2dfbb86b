package topics

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/throughline/throughline/schemas/topics"
)

// Retention gives how long each of the pipeline's topics keeps records; a negative time is for ever.
func Retention(ctx context.Context, cfg Config) (map[string]time.Duration, error) {
	e, stop := newEnsurer(cfg)
	defer stop()
	kept := map[string]time.Duration{}
	for _, t := range topics.All() {
		settings, err := e.describe(ctx, t)
		if err != nil {
			return nil, err
		}
		ms, err := strconv.ParseInt(settings["retention.ms"], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("retention of topic %s: %w", t.Name, err)
		}
		kept[t.Name] = time.Duration(ms) * time.Millisecond
	}
	return kept, nil
}
