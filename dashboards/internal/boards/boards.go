// Package boards describes the dashboards: what each panel asks and how to read it. Package grafana makes JSON of it.
package boards

import (
	"fmt"
	"strings"

	"github.com/throughline/throughline/dashboards"
	"github.com/throughline/throughline/dashboards/internal/grafana"
)

// All lists the dashboards.
func All() []grafana.Board {
	return []grafana.Board{journeyFunnel(), stageTransitions(), acquisition(), customer(), dataQuality(), pipeline(), store()}
}

// prefix is what the uid of every dashboard begins with.
const prefix = "throughline-"

// File is the name of a dashboard's JSON file, and Folder that of its .sql files.
func File(b grafana.Board) string { return Folder(b) + ".json" }

// Folder is the uid without the prefix.
func Folder(b grafana.Board) string { return strings.TrimPrefix(b.UID, prefix) }

// sql gives the query in a file. A file that is not there is a mistake in this package.
func sql(dashboard, panel string) string {
	text, ok := dashboards.SQL(dashboard, panel)
	if !ok {
		panic(fmt.Sprintf("no file %s/%s.sql", dashboard, panel))
	}
	return strings.TrimRight(text, "\n")
}

// from gives the targets that some files of a folder make.
func from(folder string, panels ...string) []grafana.Target {
	var all []grafana.Target
	for _, panel := range panels {
		all = append(all, grafana.Target{Query: sql(folder, panel)})
	}
	return all
}

// nothing is shown where no journey matches.
const nothing = "Nothing in this time range. Widen it, or set the choices above back to All"

// dimensions are the choices that journeys and transitions can be narrowed by.
func dimensions() []grafana.Variable {
	var all []grafana.Variable
	for _, name := range []string{"site", "channel", "campaign", "device", "country"} {
		all = append(all, grafana.Variable{Name: name, Label: strings.ToUpper(name[:1]) + name[1:], Query: sql("variables", name)})
	}
	return all
}

func siteOnly() []grafana.Variable { return dimensions()[:1] }

// marks are the moments at which the numbers may jump for a reason of ours.
func marks() []grafana.Annotation {
	return []grafana.Annotation{
		{Name: "Stage rules", Query: sql("annotations", "rules"), Colour: "purple"},
		{Name: "Deployments", Query: sql("annotations", "migrations"), Colour: "blue"},
	}
}

// toCustomer leads from a row with the columns site and customer to that customer's page.
var toCustomer = []grafana.Link{{
	Title: "This customer's timeline",
	URL:   "/d/throughline-customer?${__url_time_range}&var-datasource=${datasource}&var-site=${__data.fields.site:percentencode}&var-customer=${__data.fields.customer:percentencode}",
}}

// same is the address of a dashboard with this time range and these choices, to which a link adds others.
func same(folder string, choices ...string) string {
	url := "/d/" + prefix + folder + "?${__url_time_range}&${datasource:queryparam}"
	for _, v := range dimensions() {
		choices = append(choices, v.Name)
	}
	for _, name := range choices {
		url += "&${" + name + ":queryparam}"
	}
	return url
}

// customerField is the column that leads there.
func customerField() grafana.Field {
	return grafana.Field{Name: "customer", Title: "Customer", Width: 290, Links: toCustomer}
}

// stageColours are one hue from light to dark: they tell the stages apart and say nothing about good or bad.
var stageColours = map[string]string{
	"awareness": "super-light-blue", "consideration": "light-blue", "intent": "blue", "purchase": "dark-blue", "loyalty": "purple",
}

var stageNames = []string{"awareness", "consideration", "intent", "purchase", "loyalty"}

// stageSeries are the five stages as series or parts of a bar.
func stageSeries() []grafana.Field {
	var all []grafana.Field
	for _, name := range stageNames {
		all = append(all, grafana.Field{Name: name, Title: title(name), Colour: stageColours[name]})
	}
	return all
}

// stageCells are the five stages as columns of shares.
func stageCells(unit string) []grafana.Field {
	var all []grafana.Field
	for _, name := range stageNames {
		all = append(all, grafana.Field{Name: name, Title: title(name), Unit: unit, Decimals: decimals(unit), Cell: "color-background", Colour: "blues"})
	}
	return all
}

func decimals(unit string) *int {
	if unit == share {
		return grafana.Number(1)
	}
	return grafana.Number(0)
}

func title(name string) string { return strings.ToUpper(name[:1]) + name[1:] }

// Units. Money is in each site's own currency, so it has none.
const (
	number  = "short"
	share   = "percentunit"
	seconds = "s"
	money   = "locale"
)

// column is a plain column of a table.
func column(name, title, unit string) grafana.Field {
	f := grafana.Field{Name: name, Title: title, Unit: unit}
	if unit == share {
		f.Decimals = grafana.Number(1)
	}
	return f
}

// bar is a column of shares drawn as a bar in each cell.
func bar(name, title string) grafana.Field {
	return grafana.Field{Name: name, Title: title, Unit: share, Decimals: grafana.Number(1), Cell: "gauge", Min: grafana.Number(0.0), Max: grafana.Number(1.0)}
}

// change is a difference to the period before: the sign is enough, it is not for us to say what is good.
func change(name, title string) grafana.Field { return column(name, title, share) }
