package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Version of Apache Kafka.
const Version = "4.3.0"

// pom names the artifacts. Without a binding of slf4j a broker logs nothing.
const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>` + Version + `</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
`

// ErrMissing means that Java or Maven is not installed.
var ErrMissing = errors.New("a real Kafka needs Java 17 and Maven (Debian: openjdk-17-jre-headless, maven)")

// Libraries gives the folder of Kafka's jars (44 MB), which Maven fetches once into the user's cache folder. It appears
// there whole or not at all.
func Libraries(ctx context.Context) (string, error) {
	if _, err := exec.LookPath("java"); err != nil {
		return "", ErrMissing
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache folder: %w", err)
	}
	dir := filepath.Join(cache, "throughline", "kafka", Version)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	if _, err := exec.LookPath("mvn"); err != nil {
		return "", ErrMissing
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", err
	}
	work, err := os.MkdirTemp(filepath.Dir(dir), "fetch-*")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	return dir, fetch(ctx, work, dir)
}

func fetch(ctx context.Context, work, dir string) error {
	if err := os.WriteFile(filepath.Join(work, "pom.xml"), []byte(pom), 0o644); err != nil {
		return err
	}
	libs := filepath.Join(work, "libs")
	mvn := exec.CommandContext(ctx, "mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory="+libs)
	mvn.Dir = work
	if out, err := mvn.CombinedOutput(); err != nil {
		return fmt.Errorf("Maven could not fetch Kafka: %w\n%s", err, strings.TrimSpace(string(out))) //nolint:staticcheck // a name
	}
	if err := os.Rename(libs, dir); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("put Kafka's jars in place: %w", err)
	}
	return nil
}
