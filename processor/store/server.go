package store

import (
	"context"
	"errors"
	"fmt"
)

// Server is how the ClickHouse server of the DSN does at one moment. What the user may not see stays empty.
type Server struct {
	Tables []TableSize
	Disks  []Disk
	// Since the server's start: INSERTs that had to wait for merges, those refused because of too many parts, rows merged.
	DelayedInserts, RejectedInserts, MergedRows uint64
	// Running now.
	Merges, Queries int64
	MemoryBytes     int64
	// Of replicated tables; the queue is entries that are not yet applied.
	ReadonlyReplicas, ReplicationQueue, ReplicationDelaySeconds uint64
}

// TableSize is one of our tables.
type TableSize struct {
	Name               string
	Parts, Rows, Bytes uint64
	// The most parts that one partition has: past a limit of the server INSERTs are delayed, then refused.
	PartitionParts uint64
}

// Disk is a local disk of the server, in bytes.
type Disk struct {
	Name       string
	Free, Size uint64
}

// Server asks the server. The error is that of a server that does not answer, or joins those of questions that it refuses; what
// is known is given all the same, nil where the server is away.
func (s *Store) Server(ctx context.Context) (*Server, error) {
	if err := s.conn.Exec(ctx, "SELECT 1"); err != nil {
		return nil, fmt.Errorf("store: ask the server: %w", explain(err))
	}
	var v Server
	err := errors.Join(
		s.askTables(ctx, &v),
		s.askDisks(ctx, &v),
		s.conn.QueryRow(ctx, `SELECT sumIf(value, event = 'DelayedInserts'), sumIf(value, event = 'RejectedInserts'),
			sumIf(value, event = 'MergedRows') FROM system.events`).Scan(&v.DelayedInserts, &v.RejectedInserts, &v.MergedRows),
		s.conn.QueryRow(ctx, `SELECT sumIf(value, metric = 'Merge'), sumIf(value, metric = 'Query'),
			sumIf(value, metric = 'MemoryTracking') FROM system.metrics`).Scan(&v.Merges, &v.Queries, &v.MemoryBytes),
		s.conn.QueryRow(ctx, `SELECT countIf(is_readonly), toUInt64(sum(queue_size)), toUInt64(max(absolute_delay))
			FROM system.replicas WHERE database = ?`, s.database).Scan(&v.ReadonlyReplicas, &v.ReplicationQueue, &v.ReplicationDelaySeconds),
	)
	if err != nil {
		return &v, fmt.Errorf("store: ask the server: %w", err)
	}
	return &v, nil
}

func (s *Store) askTables(ctx context.Context, v *Server) error {
	rows, err := s.conn.Query(ctx, `SELECT table, sum(parts), sum(rows), sum(bytes), max(parts) FROM (
			SELECT table, partition_id, count() AS parts, sum(rows) AS rows, sum(bytes_on_disk) AS bytes FROM system.parts
			WHERE active AND database = ? AND (endsWith(table, '_log') OR endsWith(table, '_shard')) GROUP BY table, partition_id
		) GROUP BY table`, s.database)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var t TableSize
		if err := rows.Scan(&t.Name, &t.Parts, &t.Rows, &t.Bytes, &t.PartitionParts); err != nil {
			return err
		}
		v.Tables = append(v.Tables, t)
	}
	return rows.Err()
}

func (s *Store) askDisks(ctx context.Context, v *Server) error {
	rows, err := s.conn.Query(ctx, "SELECT name, free_space, total_space FROM system.disks WHERE type = 'Local'")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var d Disk
		if err := rows.Scan(&d.Name, &d.Free, &d.Size); err != nil {
			return err
		}
		v.Disks = append(v.Disks, d)
	}
	return rows.Err()
}
