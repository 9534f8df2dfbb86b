package engine_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	nodeClient   = "@clickhouse/client@1.23.1"
	pythonClient = "clickhouse-connect==1.12.0"
)

// skipOrFail ends a test that lacks something outside of this repository.
func skipOrFail(t *testing.T, why ...any) {
	t.Helper()
	if os.Getenv("REQUIRE_CLIENTS") == "1" {
		t.Fatal(why...)
	}
	t.Skip(why...)
}

// tool runs a program in dir and gives what it printed.
func tool(dir, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CLICKHOUSE="+shared.Addr(), "PYTHONPATH="+dir, "PIP_DISABLE_PIP_VERSION_CHECK=1")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// installed gives the folder in the user's cache where a client's package lies, installing it first.
func installed(t *testing.T, pack string, install func(dir string) (string, error)) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		skipOrFail(t, err)
	}
	dir := filepath.Join(cache, "throughline", "clients", strings.NewReplacer("/", "-", "@", "", "=", "-").Replace(pack))
	if _, err := os.Stat(filepath.Join(dir, "complete")); err == nil {
		return dir
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := install(dir); err != nil {
		skipOrFail(t, pack, "cannot be installed:", err, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "complete"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// script copies a client's script beside its packages and runs it; it prints "fine" at its end.
func script(t *testing.T, dir, program, name string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := tool(dir, program, name); err != nil || !strings.HasSuffix(strings.TrimSpace(out), "fine") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestNodeClient(t *testing.T) {
	need(t)
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			skipOrFail(t, err)
		}
	}
	dir := installed(t, nodeClient, func(dir string) (string, error) {
		return tool(dir, "npm", "install", "--prefix", dir, "--no-audit", "--no-fund", "--loglevel=error", nodeClient)
	})
	script(t, dir, "node", "client.mjs")
}

func TestPythonClient(t *testing.T) {
	need(t)
	if _, err := exec.LookPath("python3"); err != nil {
		skipOrFail(t, err)
	}
	dir := installed(t, pythonClient, func(dir string) (string, error) {
		return tool(dir, "python3", "-m", "pip", "install", "--quiet", "--target", dir, pythonClient)
	})
	script(t, dir, "python3", "client.py")
}

// TestCurl uses the tool that everybody tries first.
func TestCurl(t *testing.T) {
	need(t)
	if _, err := exec.LookPath("curl"); err != nil {
		skipOrFail(t, err)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-sS", "http://" + shared.Addr() + "/ping"}, "Ok.\n"},
		{[]string{"-sS", "http://" + shared.Addr() + "/?query=SELECT%201"}, "1\n"},
		{[]string{"-sS", "http://" + shared.Addr() + "/", "-d", "SELECT 2"}, "2\n"},
		{[]string{"-sS", "http://" + shared.Addr() + "/", "--data-binary", "@-"}, ""},
		{[]string{"-sS", "--compressed", "-u", "default:", "http://" + shared.Addr() + "/?database=system", "-d", "SELECT currentDatabase()"}, "system\n"},
		{[]string{"-sS", "-H", "X-ClickHouse-User: default", "-H", "X-ClickHouse-Format: JSONEachRow", "http://" + shared.Addr() + "/", "-d", "SELECT 1 AS x"}, "{\"x\":1}\n"},
		{[]string{"-sS", "-F", "query=SELECT {a:UInt8} + 1", "-F", "param_a=4", "http://" + shared.Addr() + "/"}, "5\n"},
	} {
		if got, err := tool(".", "curl", c.args...); c.want != "" && (err != nil || got != c.want) {
			t.Errorf("curl %v: %q %v, want %q", c.args, got, err, c.want)
		}
	}
}
