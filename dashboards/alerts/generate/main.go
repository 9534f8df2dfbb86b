// Command generate takes the description of the alerts and writes its two forms beside it.
package main

import (
	"log"
	"os"

	"github.com/throughline/throughline/dashboards/alerts"
)

func main() {
	for name, form := range map[string]func([]alerts.Group) ([]byte, error){
		"prometheus.yaml": alerts.Prometheus, "grafana.yaml": alerts.Grafana,
	} {
		text, err := form(alerts.All())
		if err == nil {
			err = os.WriteFile(name, text, 0o644)
		}
		if err != nil {
			log.Fatal(err)
		}
	}
}
