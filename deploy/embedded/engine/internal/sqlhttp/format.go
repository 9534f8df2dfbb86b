package sqlhttp

import "strings"

// contentTypes are the media types of formats by the beginning of their names, longest first.
var contentTypes = []struct{ prefix, kind string }{
	{"JSONEachRow", "application/x-ndjson; charset=UTF-8"}, {"JSONStringsEachRow", "application/x-ndjson; charset=UTF-8"},
	{"JSONCompactEachRow", "application/x-ndjson; charset=UTF-8"}, {"JSONCompactStringsEachRow", "application/x-ndjson; charset=UTF-8"},
	{"JSON", "application/json; charset=UTF-8"}, {"CSV", "text/csv; charset=UTF-8; header=absent"},
	{"TabSeparated", "text/tab-separated-values; charset=UTF-8"}, {"TSV", "text/tab-separated-values; charset=UTF-8"},
	{"XML", "application/xml; charset=UTF-8"}, {"Markdown", "text/markdown; charset=UTF-8"},
	{"Native", "application/octet-stream"}, {"RowBinary", "application/octet-stream"}, {"Parquet", "application/octet-stream"},
	{"Arrow", "application/octet-stream"}, {"Avro", "application/octet-stream"}, {"ORC", "application/octet-stream"}, {"MsgPack", "application/octet-stream"},
	{"BSON", "application/octet-stream"}, {"Protobuf", "application/octet-stream"}, {"CapnProto", "application/octet-stream"}, {"Npy", "application/octet-stream"},
}

// contentType gives the media type of a format.
func contentType(format string) string {
	for _, c := range contentTypes {
		if strings.HasPrefix(format, c.prefix) {
			if c.prefix == "CSV" && strings.Contains(format, "WithNames") {
				return strings.Replace(c.kind, "absent", "present", 1)
			}
			return c.kind
		}
	}
	return "text/plain; charset=UTF-8"
}
