package clickhouse

import (
	"fmt"
	"strings"
	"text/template"
)

// functions is what the templates may call; each gives a piece of SQL.
func (f Form) functions() template.FuncMap {
	return template.FuncMap{
		"database":    f.database,
		"on":          f.on,
		"table":       f.table,
		"replacing":   f.replacing,
		"distributed": f.distributed,
		"settings":    f.settings,
		"quick_final": quickFinal,
		"stage_name":  stageName,
		"never":       func() string { return "toDateTime64(0, 3, 'UTC')" },
	}
}

func (f Form) on() string {
	if f.Cluster == "" {
		return ""
	}
	return " ON CLUSTER " + quoteName(f.Cluster)
}

// table names the table that holds the rows; what is read and written is <name>_log in both forms.
func (f Form) table(name string) string {
	if f.Cluster == "" {
		return f.database() + "." + name + "_log"
	}
	return f.database() + "." + name + "_shard" + f.on()
}

// Stored gives, for ALTER TABLE, where the rows of a table <name>_log lie: the table itself, or those of all shards.
func (f Form) Stored(log string) string { return f.table(strings.TrimSuffix(log, "_log")) }

func (f Form) replacing(name, columns string) string {
	if f.Cluster == "" {
		return "ReplacingMergeTree(" + columns + ")"
	}
	if columns != "" {
		columns = ", " + columns
	}
	return fmt.Sprintf("ReplicatedReplacingMergeTree(%s, '{replica}'%s)",
		quoteString("/clickhouse/tables/{shard}/"+f.plainDatabase()+"/"+name), columns)
}

func (f Form) plainDatabase() string {
	if f.Database == "" {
		return DefaultDatabase
	}
	return f.Database
}

// distributed is empty on a single node, where the table itself is <name>_log.
func (f Form) distributed(name, key string) string {
	if f.Cluster == "" {
		return ""
	}
	return fmt.Sprintf("CREATE TABLE IF NOT EXISTS %[1]s.%[2]s_log%[3]s AS %[1]s.%[2]s_shard\nENGINE = Distributed(%[4]s, %[5]s, %[6]s, %[7]s)",
		f.database(), name, f.on(), quoteString(f.Cluster), quoteString(f.plainDatabase()), quoteString(name+"_shard"), key)
}

func (f Form) settings() string {
	if f.Fsync {
		return "index_granularity = 8192, fsync_after_insert = 1, fsync_part_directory = 1"
	}
	return "index_granularity = 8192"
}

func stageName(column string) string {
	return "transform(" + column + ", [1, 2, 3, 4, 5], ['awareness', 'consideration', 'intent', 'purchase', 'loyalty'], '')"
}

// quickFinal are the settings of a view with FINAL inside. Versions of a row never lie in two partitions, and the skip indexes
// are about columns of the sort key, so neither setting can hide a version.
func quickFinal() string {
	return "do_not_merge_across_partitions_select_final = 1, use_skip_indexes_if_final_exact_mode = 0"
}
