package cli

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/kelseyhightower/envconfig"

	"github.com/throughline/throughline/collector"
	"github.com/throughline/throughline/deploy/kafkaconn"
	"github.com/throughline/throughline/processor"
)

// section is a group of variables: one config struct under a title.
type section struct {
	title  string
	config any
}

// sections lists every config struct that is read from the environment, freshly made. What is not in this list is
// unknown to 'doctor' and to .env.example.
func sections() []section {
	return []section{
		{"Every command", &Common{}},
		{"Everything on one machine: throughline up", &Up{}},
		{"Kafka", &kafkaconn.Config{}},
		{"Topics: throughline topics", &Topics{}},
		{"Collector", &collector.Config{}},
		{"Processor", &processor.Config{}},
		{"ClickHouse", &ClickHouse{}},
		{"The live page, where it runs by itself: throughline live", &Live{}},
		{"Tools that post: send, import, the simulated shop", &Client{}},
	}
}

// variable is one THROUGHLINE_… name.
type variable struct {
	Name, Default, Description string
}

// variablesOf lists the variables of one config struct in the order of its fields.
func variablesOf(config any) ([]variable, error) {
	const row = "{{range .}}{{usage_key .}}\x00{{usage_default .}}\x00{{usage_description .}}\n{{end}}"
	var out bytes.Buffer
	if err := envconfig.Usagef("", config, &out, row); err != nil {
		return nil, fmt.Errorf("variables of %T: %w", config, err)
	}
	var all []variable
	for line := range strings.Lines(out.String()) {
		part := strings.Split(strings.TrimSuffix(line, "\n"), "\x00")
		if len(part) != 3 {
			return nil, fmt.Errorf("variables of %T: description with a line end: %q", config, line)
		}
		all = append(all, variable{Name: part[0], Default: part[1], Description: part[2]})
	}
	return all, nil
}

// variableNames lists every known name once.
func variableNames() ([]string, error) {
	var names []string
	seen := map[string]bool{}
	for _, s := range sections() {
		all, err := variablesOf(s.config)
		if err != nil {
			return nil, err
		}
		for _, v := range all {
			if !seen[v.Name] {
				seen[v.Name] = true
				names = append(names, v.Name)
			}
		}
	}
	return names, nil
}
