package store

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// outgoing is a filled block on its way.
type outgoing interface {
	encode(i int) []byte
	values(i int) any
	width() int
}

// sender runs one INSERT with the block's rows and returns when the server has acknowledged them. It leaves the block
// as it was: clickhouse-go takes a batch for sent even when sending failed, so what is to be sent again is ours.
type sender func(ctx context.Context, statement string, b outgoing) error

// formatSender sends the block as it is encoded here.
func formatSender(conn driver.Conn) sender {
	return func(ctx context.Context, statement string, b outgoing) error {
		body := &encoded{block: b}
		defer body.close()
		return conn.InsertFormat(ctx, "Native", statement, body)
	}
}

// nativeSender is for the TCP protocol, whose blocks only the driver can encode.
func nativeSender(conn driver.Conn) sender {
	return func(ctx context.Context, statement string, b outgoing) error {
		batch, err := conn.PrepareBatch(ctx, statement)
		if err != nil {
			return fmt.Errorf("prepare: %w", err)
		}
		defer batch.Close()
		for i := range b.width() {
			if err := batch.Column(i).Append(b.values(i)); err != nil {
				return fmt.Errorf("column %d: %w", i, err)
			}
		}
		return batch.Send()
	}
}
