// Command throughline takes touchpoints of customer journeys over HTTP and gives journeys in ClickHouse.
// It only dispatches: see package cli.
package main

import (
	"os"

	"github.com/throughline/throughline/deploy/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdout, os.Stderr)) }
