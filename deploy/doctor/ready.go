package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
)

// Ready asks a service's admin address (host:port) whether it is ready. command starts it. elsewhere, which may be nil,
// tells whether the service is known to run although nobody listens here; it says where.
func Ready(name, addr, command string, elsewhere func(ctx context.Context) string) Check {
	return Check{Name: name, Run: func(ctx context.Context) Finding {
		addr, err := reachable(addr)
		if err != nil {
			return skip("%v", err)
		}
		checks, status, err := askReady(ctx, "http://"+addr+"/readyz")
		if errors.Is(err, syscall.ECONNREFUSED) {
			if elsewhere != nil {
				if where := elsewhere(ctx); where != "" {
					return skip("nobody listens at %s; %s", addr, where)
				}
			}
			return fail("nobody listens at "+addr, "start it: "+command+". When it runs elsewhere: --skip "+name)
		}
		if err != nil {
			return fail(err.Error(), "see its log, and whether another program has that address")
		}
		if status == http.StatusOK && len(checks) == 0 {
			return good("ready at %s", addr)
		}
		detail := strings.Join(checks, "; ")
		if status == http.StatusOK {
			return Finding{Verdict: Warn, Detail: "ready, but " + detail, ToDo: []string{"see its log"}}
		}
		return fail("not ready: "+detail, "see the other checks here, and its log")
	}}
}

// reachable turns an address to listen on into one to connect to.
func reachable(listen string) (string, error) {
	if listen == "" {
		return "", errors.New("no admin address is set")
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", fmt.Errorf("admin address: %w", err)
	}
	if port == "0" {
		return "", errors.New("the port is chosen at the start")
	}
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		host = "localhost"
	}
	return net.JoinHostPort(host, port), nil
}

// askReady gives what is not ready, sorted, and the HTTP status.
func askReady(ctx context.Context, url string) (bad []string, status int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, 0, fmt.Errorf("ask %s: %w", url, err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, 0, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err != nil {
		return nil, 0, fmt.Errorf("read the answer of %s: %w", url, err)
	}
	var answer struct {
		Ready  *bool           `json:"ready"`
		Checks json.RawMessage `json:"checks"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Ready == nil {
		return nil, 0, fmt.Errorf("%s answers HTTP %d, but not as a service of ours", url, response.StatusCode)
	}
	return notReady(answer.Checks), response.StatusCode, nil
}

// notReady reads the checks of the collector (a list) and of the processor (an object of name: "ready" or what is wrong).
func notReady(checks json.RawMessage) (bad []string) {
	var list []struct {
		Name, Detail string
		Ready        bool
	}
	if json.Unmarshal(checks, &list) == nil {
		for _, c := range list {
			if !c.Ready {
				bad = append(bad, strings.TrimSuffix(c.Name+": "+c.Detail, ": "))
			}
		}
	}
	var object map[string]string
	if json.Unmarshal(checks, &object) == nil {
		for name, said := range object {
			if said != "ready" {
				bad = append(bad, name+": "+said)
			}
		}
	}
	slices.Sort(bad)
	return bad
}
