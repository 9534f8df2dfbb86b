package containers

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/throughline/throughline/deploy/embedded/libchdb"
	"github.com/throughline/throughline/tests/harness"
	"github.com/throughline/throughline/tests/kafka/cluster"
)

// Images by default, and the word for those that are built here.
const (
	officialKafka      = "apache/kafka:4.3.0"
	officialClickHouse = "clickhouse/clickhouse-server:26.3"
	local              = "local"
	localKafka         = "throughline-local/kafka:4.3.0"
	localProgram       = "throughline:local"
)

// images to run. ClickHouse is "" for the engine library, served by the program's own image.
type images struct{ kafka, clickhouse, program string }

var built struct {
	once   sync.Once
	images images
	err    error
}

// need gives images, built or pulled once.
func (d *dockerd) images(t *testing.T) images {
	t.Helper()
	d.need(t)
	program := harness.Binary(t)
	built.once.Do(func() { built.images, built.err = provide(t.Context(), program) })
	must(t, built.err)
	return built.images
}

func provide(ctx context.Context, program string) (out images, err error) {
	out.kafka = obtain(ctx, "KAFKA_IMAGE", officialKafka)
	out.clickhouse = obtain(ctx, "CLICKHOUSE_IMAGE", officialClickHouse)
	if out.program = os.Getenv("THROUGHLINE_IMAGE"); out.program == "" || out.kafka == "" {
		if err := build(ctx, program); err != nil {
			return out, err
		}
	}
	if out.program == "" {
		out.program = localProgram
	}
	if out.kafka == "" {
		out.kafka = localKafka
	}
	return out, nil
}

// obtain pulls the image that a variable names, or the official one; "" means that one has to be built.
func obtain(ctx context.Context, variable, official string) string {
	name := os.Getenv(variable)
	if name == local {
		return ""
	}
	if name == "" {
		name = official
	}
	if _, err := docker(ctx, "image", "inspect", name); err == nil {
		return name
	}
	if _, err := docker(ctx, "pull", "-q", name); err != nil {
		return ""
	}
	return name
}

// build makes the local images of packages and of the program.
func build(ctx context.Context, program string) error {
	if _, err := exec.LookPath("debootstrap"); err != nil {
		return fmt.Errorf("build local images (Debian: debootstrap): %w", err)
	}
	jars, err := cluster.Libraries(ctx)
	if err != nil {
		return err
	}
	script := exec.CommandContext(ctx, filepath.Join("..", "..", "deploy", "docker", "local", "images.sh"), jars, program)
	if out, err := script.CombinedOutput(); err != nil {
		return fmt.Errorf("build local images: %w\n%s", err, out)
	}
	return nil
}

// library is the engine's, which containers are given instead of having it in their image.
func library(t *testing.T) string {
	t.Helper()
	path, err := libchdb.Find()
	must(t, err)
	return path
}
