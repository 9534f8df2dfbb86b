package dashboards

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

const schemaFolder = "../grafana-schema"

// TestDashboardsHaveGrafanasTypes compiles each dashboard as a literal of the types of npm's @grafana/schema, options and
// custom fields of each panel included.
func TestDashboardsHaveGrafanasTypes(t *testing.T) {
	fail := t.Skipf
	if os.Getenv("REQUIRE_CLIENTS") == "1" {
		fail = t.Fatalf
	}
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			fail("needs %s: %v", tool, err)
		}
	}
	if _, err := os.Stat(filepath.Join(schemaFolder, "node_modules", "@grafana", "schema")); err != nil {
		install := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
		install.Dir = schemaFolder
		if out, err := install.CombinedOutput(); err != nil {
			fail("npm ci: %v\n%s", err, out)
		}
	}
	folder, err := filepath.Abs(jsonFolder)
	if err != nil {
		t.Fatal(err)
	}
	check := exec.Command("node", "check.mjs", folder)
	check.Dir = schemaFolder
	out, err := check.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}
