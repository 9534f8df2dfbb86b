// Package importer takes a file of historical touchpoints (CSV or NDJSON, gzipped or not) and a mapping file, and gives
// native events to a collector's import endpoint, batch by batch, so that history passes the same admission, the
// same topic and the same tables as live touchpoints.
//
//	throughline import --mapping orders.yaml orders.csv.gz
//
// # The mapping file
//
// A YAML file says how one row becomes one touchpoint. Unknown keys are errors, with their line.
//
//	format: csv                     # csv (the first row names the columns) or ndjson (one JSON object a line)
//	delimiter: ","                  # of a CSV file; "\t" for tabs
//	timestamp_layouts:              # Go layouts, tried in order; also unix (seconds) and unix_ms; default RFC 3339
//	  - "2006-01-02 15:04:05"
//	timezone: UTC                   # of timestamps that name no offset
//	skip_when:                      # rows in which one of these columns has (one of) the given values are left out
//	  first_seen: ["", "1970-01-01 00:00:00"]
//	touchpoint:                     # field of the event: template
//	  message_id: "{order}-{status}"
//	  anonymous_id: "{visitor}"
//	  event: "{status}"
//	  timestamp: "{changed}"
//	  stage: "{status}"
//	  passive: false
//	  context.page.url: "{url}"
//	  properties.revenue: "{total:number}"
//	values:                         # lookup tables, by field: what the template gave -> what is sent
//	  stage: {cart: consideration, paid: purchase}
//
// A template is text in which {column} stands for the row's value; {{ and }} stand for braces. For NDJSON a
// column is a dotted path (user.id). {column:number}, {column:bool} and {column:json} give that JSON
// type instead of a string; a template that is only one NDJSON column keeps the type it had.
// A field whose columns are all empty is left out. A table drops a value that it does not list, unless
// the entry "*" says what all others become.
//
// Fields are those of a native event: message_id, type, event, user_id, anonymous_id, timestamp, sent_at, stage, passive,
// channel, and any context.… and properties.… below them. A timestamp and one of the ids are needed. Imported touchpoints are passive
// (they open no session) unless the mapping says passive: false.
//
// # Importing twice
//
// A touchpoint is known by its message_id, so importing a row again changes nothing. Without a message_id template the id is
// a hash of all values of the row: two identical rows are then one touchpoint.
//
// # Resuming
//
// Rows acknowledged without a gap from the start are remembered in FILE.throughline-progress; an import of the same file
// (size and modification time), mapping and address goes on behind them. Refused rows are listed in
// FILE.rejected.ndjson as {"row":…,"message_id":…,"reason":…,"field":…,"detail":…}.
package importer
