package live

import (
	"encoding/json"
	"log/slog"
	"net/url"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// TestCustomerBehindAnonymousID stores a user with a journey, who was an anonymous visitor at first: the visitor's id leads to the user,
// unless somebody else was seen on it, too.
func TestCustomerBehindAnonymousID(t *testing.T) {
	if shared == nil {
		t.Skip("no engine library")
	}
	options, err := clickhouse.ParseDSN(shared.DSN())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := clickhouse.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, sql := range []string{
		"INSERT INTO throughline.journeys_log (site, journey_id, customer_kind, customer_id, started_at, ended_at, timeout_at, touchpoints) SELECT 'shop', generateUUIDv4(), 'user', 'ada', now64(3), now64(3), now64(3) + INTERVAL 30 DAY, 3",
		"INSERT INTO throughline.identities_log (site, anonymous_id, user_id, asserted_at, source) VALUES ('shop', 'visitor', 'ada', now64(3), 'identify'), ('shop', 'shared', 'ada', now64(3), 'identify'), ('shop', 'shared', 'bob', now64(3), 'identify')",
	} {
		if err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	reading := url.URL{Scheme: "http", Host: shared.Addr(), Path: "/throughline", User: url.User("reader")}
	p, err := New(Config{DSN: reading.String()}, Deps{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]struct {
		customer string
		known    bool
	}{"ada": {"ada", true}, "visitor": {"ada", true}, "shared": {"shared", false}, "nobody": {"nobody", false}} {
		w := get(p, "GET", "/live/api/customer?site=shop&id="+id)
		var got Timeline
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatalf("%s: %s", id, w.Body)
		}
		if got.Customer != want.customer || (len(got.Summary.Rows) == 1) != want.known {
			t.Errorf("%s: %s with %v", id, got.Customer, got.Summary.Rows)
		}
	}
}
