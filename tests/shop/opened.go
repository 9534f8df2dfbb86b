package shop

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/throughline/throughline/dashboards"
)

// Opened gives the panels, as dashboard/file, that a dashboard asks when it is opened: what lies in collapsed rows is left out. Root is
// the folder of the repository.
func Opened(root, dashboard string) (names []string, err error) {
	text, err := os.ReadFile(filepath.Join(root, "dashboards", "json", dashboard+".json"))
	if err != nil {
		return nil, err
	}
	var board struct {
		Panels []struct {
			Targets []struct{ RawSQL string }
		}
	}
	if err := json.Unmarshal(text, &board); err != nil {
		return nil, fmt.Errorf("read dashboard %s: %w", dashboard, err)
	}
	for _, p := range board.Panels {
		for _, target := range p.Targets {
			name, err := named(dashboard, target.RawSQL)
			if err != nil {
				return nil, err
			}
			names = append(names, name)
		}
	}
	return names, nil
}

// named finds the panel of a dashboard that asks this.
func named(dashboard, sql string) (string, error) {
	for _, q := range dashboards.Queries() {
		if q.Dashboard == dashboard && strings.TrimSpace(q.SQL) == strings.TrimSpace(sql) {
			return dashboard + "/" + q.Panel, nil
		}
	}
	return "", fmt.Errorf("dashboard %s asks what is in none of its files: %.200s", dashboard, sql)
}
