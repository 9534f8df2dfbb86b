package sqlhttp

import (
	"net/url"
	"sort"
	"strings"

	"github.com/throughline/throughline/deploy/embedded/engine/internal/chdb"
)

// transport are the URL's options that concern this interface and not the engine.
var transport = set([]string{"query", "query_id", "database", "default_format", "user", "password", "quota_key", "role",
	"compress", "decompress", "buffer_size", "wait_end_of_query", "session_id", "session_timeout", "session_check",
	"stacktrace", "close_session", "client_protocol_version", "framing", "http_write_exception_in_output_format"})

// readable are the settings that a reader may choose: they shape the result or lower a limit, and
// none of them names a file or reaches outside. Names ending in * are prefixes.
var readable = []string{"max_threads", "max_block_size", "max_result_rows", "max_result_bytes", "max_rows_to_read", "max_bytes_to_read",
	"max_execution_time", "max_memory_usage", "result_overflow_mode", "read_overflow_mode", "timeout_overflow_mode", "extremes", "session_timezone", "readonly",
	"join_use_nulls", "final", "limit", "offset", "log_comment", "date_time_output_format", "date_time_input_format",
	"aggregate_functions_null_for_empty", "prefer_column_name_to_alias", "cast_keep_nullable", "use_client_time_zone",
	"format_csv_delimiter", "output_format_json_*", "output_format_csv_*", "output_format_tsv_*", "output_format_pretty_*",
	"output_format_native_*", "output_format_write_statistics", "output_format_decimal_trailing_zeros", "output_format_arrow_*", "output_format_parquet_*",
	"send_progress_in_http_headers", "enable_http_compression", "http_*", "network_*", "add_http_cors_header", "cancel_http_readonly_queries_on_client_close"}

// sort puts each of the URL's values where it belongs: option, parameter, external table, setting.
func (s *Server) sort(q *query, values url.Values) error {
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	sort.Strings(names) // a bad request gets the same error every time
	for _, name := range names {
		value := values.Get(name)
		switch {
		case transport[name]:
			q.options.Set(name, value)
		case strings.HasPrefix(name, "param_"):
			q.params = append(q.params, chdb.Param{Name: strings.TrimPrefix(name, "param_"), Value: value})
		case q.describes(name):
		case !s.known[name]:
			return exception(115, "UNKNOWN_SETTING", "Unknown setting '%s'", name)
		case q.reader && !mayRead(name):
			return exception(164, "READONLY", "Cannot modify '%s' setting in readonly mode", name)
		default:
			q.settings[name] = value
		}
	}
	return nil
}

// mayRead tells whether a reader may choose the setting.
func mayRead(name string) bool {
	for _, pattern := range readable {
		if prefix, ok := strings.CutSuffix(pattern, "*"); name == pattern || ok && strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// session gives the settings a request's connection starts with: the server's, then the request's,
// then those that it cannot have otherwise.
func (s *Server) session(q *query) map[string]string {
	all := map[string]string{}
	for _, layer := range []map[string]string{s.cfg.Settings, q.settings} {
		for name, value := range layer {
			all[name] = value
		}
	}
	all["log_comment"] = strings.TrimSpace(all["log_comment"] + " " + q.tag())
	if q.get {
		all["readonly"] = "2"
	}
	if q.reader {
		for name, value := range s.cfg.ReaderSettings {
			all[name] = lower(name, all[name], value)
		}
		all["readonly"] = "1"
	}
	return all
}
