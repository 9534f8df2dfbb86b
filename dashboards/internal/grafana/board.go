// Package grafana takes descriptions of dashboards and gives Grafana's JSON: the one place that decides how a panel of ours looks.
package grafana

// Source is where a dashboard's panels ask.
type Source string

// The plugins of the two kinds of dashboard. A dashboard asks one of them only.
const (
	ClickHouse Source = "grafana-clickhouse-datasource"
	Prometheus Source = "prometheus"
)

// Board is one dashboard.
type Board struct {
	// UID never changes: links and alerts name it. It ends in the name of its folder of queries.
	UID, Title, Summary string
	Source              Source
	// Since is the start of the range that it opens with: now-30d. Refresh is how often it asks again, "" never.
	Since, Refresh string
	Variables      []Variable
	Annotations    []Annotation
	Rows           []Row
}

// Row is a run of panels under a title. A collapsed one asks nothing until it is opened.
type Row struct {
	ID        int
	Title     string
	Collapsed bool
	Panels    []Panel
}

// Panel is one picture. Its ID never changes within its dashboard: alerts and links name it.
type Panel struct {
	ID int
	// Title says what, Help how to read it and what to do, Empty what to think when nothing is shown.
	Title, Help, Empty string
	// Of 24 columns, and in rows of about 30 pixels.
	Width, Height int
	Chart         Chart
	Targets       []Target
	// Unit, Min and Max are those of all fields without their own.
	Unit     string
	Decimals *int
	Min, Max *float64
	// Thresholds where somebody would act; none leaves the colour alone.
	Thresholds []Threshold
	Mappings   []Mapping
	Fields     []Field
	// Display names the values of all fields; a template of Grafana's.
	Display string
	// Hide takes fields out of the picture that the query has for other readers.
	Hide []string
	// Interval is the least width of a point of a time series.
	Interval string
	Links    []Link
}

// Target is one query of a panel: SQL or PromQL.
type Target struct {
	Query string
	// Legend names the series of a PromQL query.
	Legend string
	// Instant asks PromQL for the newest value only.
	Instant bool
}

// Threshold begins a colour at a value; the first of a panel has none and holds below all.
type Threshold struct {
	Colour string
	From   *float64
}

// Mapping shows a value as a text in a colour.
type Mapping struct{ Value, Text, Colour string }

// Field is how one column or series is shown.
type Field struct {
	Name, Title, Unit string
	Decimals          *int
	Width             int
	// Cell draws the cell of a table: gauge or color-background.
	Cell       string
	Min, Max   *float64
	Thresholds []Threshold
	// Colour is fixed, so that the same thing has the same colour everywhere.
	Colour string
	// Line draws a series as a line on an axis to the right, over bars.
	Line     bool
	Mappings []Mapping
	Links    []Link
}

// Link leads from a value to another page.
type Link struct{ Title, URL string }

// Variable is a choice at the top of a dashboard.
type Variable struct {
	Name, Label string
	// Query fills the choices; Values do when they are known; a Text is typed in and begins with Default.
	Query   string
	Values  []string
	Text    bool
	Default string
	// One allows one choice instead of several or all.
	One bool
}

// Annotation marks moments on time series.
type Annotation struct {
	Name, Query, Title, Colour string
}

// Number points to a copy of a number, for fields where 0 is not the same as none.
func Number[T int | float64](n T) *T { return &n }
