package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/shirou/gopsutil/v4/disk"

	"github.com/throughline/throughline/schemas/sites"
	"github.com/throughline/throughline/schemas/stages"
)

// Sites checks the sites file; path is "" where there is none.
func Sites(name, path string, load func() (*sites.Sites, error)) Check {
	return Check{Name: name, Run: func(context.Context) Finding {
		all, err := load()
		switch {
		case err != nil:
			return fail(err.Error(), "mend the file; schemas/sites/example.yaml sets every field")
		case path == "":
			return good("no file: one site main, write key local, any origin")
		}
		return good("%s: %s", path, many(all.Len(), "site"))
	}}
}

// Rules checks the stage rules of every site.
func Rules(name, after string, load func() (*sites.Sites, error), rules func(file string) (*stages.Rules, error)) Check {
	return Check{Name: name, After: after, Run: func(context.Context) Finding {
		all, err := load()
		if err != nil {
			return fail(err.Error(), "mend the sites file")
		}
		var p problems
		files := 0
		for site := range all.All() {
			if site.Rules != "" {
				files++
			}
			if _, err := rules(site.Rules); err != nil {
				p.fail(fmt.Sprintf("site %s: %v", site.ID, err), "mend the rules of site "+site.ID+", then: throughline stages check "+site.Rules)
			}
		}
		return p.or(good("%s, %s with the built-in rules", many(files, "file"), many(all.Len()-files, "site")))
	}}
}

// Library checks that the ClickHouse engine's library is on this machine; only 'up' needs it.
func Library(name string, find func() (string, error)) Check {
	return Check{Name: name, Run: func(context.Context) Finding {
		path, err := find()
		if err != nil {
			return Finding{
				Verdict: Warn, Detail: err.Error(),
				ToDo: []string{"for 'throughline up': throughline libchdb fetches it. Beside a ClickHouse server it is not needed"},
			}
		}
		return good("%s", path)
	}}
}

// scarce is how little free space is a failure whatever was asked for.
const scarce = 256 << 20

// Folder checks that a folder can be written to, or made, and that its disk has want bytes free.
func Folder(name, path string, want uint64) Check {
	return Check{Name: name, Run: func(ctx context.Context) Finding {
		at, err := existing(path)
		if err != nil {
			return fail(err.Error(), "give another folder, or move away what is in its place")
		}
		if err := probe(at); err != nil {
			return fail(err.Error(), "let the user of this program write into "+at)
		}
		usage, err := disk.UsageWithContext(ctx, at)
		if err != nil {
			return fail(fmt.Sprintf("free space of %s: %v", at, err), "see whether its disk is mounted and healthy")
		}
		detail := fmt.Sprintf("%s: %s free", path, size(usage.Free))
		if at != path {
			detail += ", not there yet"
		}
		switch {
		case usage.Free < scarce:
			return fail(detail, "free space on the disk of "+at)
		case usage.Free < want:
			return Finding{Verdict: Warn, Detail: detail, ToDo: []string{fmt.Sprintf("free space on the disk of %s: it may need %s", at, size(want))}}
		}
		return good("%s", detail)
	}}
}

// existing is the folder itself, or the nearest one above it that is there.
func existing(path string) (string, error) {
	path = filepath.Clean(path)
	for {
		info, err := os.Stat(path)
		switch {
		case err == nil && info.IsDir():
			return path, nil
		case err == nil:
			return "", fmt.Errorf("%s is a file, not a folder", path)
		case !errors.Is(err, fs.ErrNotExist):
			return "", fmt.Errorf("look at the folder: %w", err)
		case filepath.Dir(path) == path:
			return "", fmt.Errorf("%s is not there", path)
		}
		path = filepath.Dir(path)
	}
}

// probe writes and removes a small file.
func probe(dir string) error {
	file, err := os.CreateTemp(dir, ".throughline-doctor-*")
	if err != nil {
		return fmt.Errorf("cannot be written to: %w", err)
	}
	_, err = file.WriteString("probe")
	return errors.Join(err, file.Close(), os.Remove(file.Name()))
}

func size(bytes uint64) string {
	const gib = 1 << 30
	if bytes < gib {
		return fmt.Sprintf("%d MiB", bytes>>20)
	}
	return fmt.Sprintf("%.1f GiB", float64(bytes)/gib)
}
