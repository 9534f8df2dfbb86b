package live

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed dist
var bundle embed.FS

// asset is one file, ready to be sent.
type asset struct {
	kind, tag     string
	plain, zipped []byte
}

// assets are the files of the page by name.
type assets struct{ byName map[string]asset }

func loadAssets() (*assets, error) {
	entries, err := bundle.ReadDir("dist")
	if err != nil {
		return nil, fmt.Errorf("read the bundle: %w", err)
	}
	all := &assets{byName: map[string]asset{}}
	for _, entry := range entries {
		text, err := bundle.ReadFile("dist/" + entry.Name())
		if err != nil {
			return nil, fmt.Errorf("read the bundle: %w", err)
		}
		one, err := pack(entry.Name(), text)
		if err != nil {
			return nil, err
		}
		all.byName[entry.Name()] = one
	}
	return all, nil
}

func pack(name string, text []byte) (asset, error) {
	sum := sha256.Sum256(text)
	one := asset{kind: mime.TypeByExtension(path.Ext(name)), tag: `"` + hex.EncodeToString(sum[:12]) + `"`, plain: text}
	var zipped bytes.Buffer
	w, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	if err == nil {
		_, err = w.Write(text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return asset{}, fmt.Errorf("compress %s: %w", name, err)
	}
	one.zipped = zipped.Bytes()
	return one, nil
}

// serve answers with a file. Browsers ask again each time and are told when it has not changed, so that a new program
// is a new page at once.
func (a *assets) serve(name string) http.HandlerFunc {
	one := a.byName[name]
	return func(w http.ResponseWriter, r *http.Request) {
		if one.plain == nil {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", one.kind)
		h.Set("Cache-Control", "no-cache")
		h.Set("ETag", one.tag)
		h.Set("Vary", "Accept-Encoding")
		if r.Header.Get("If-None-Match") == one.tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		body := one.plain
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			h.Set("Content-Encoding", "gzip")
			body = one.zipped
		}
		_, _ = w.Write(body) // a browser that has gone needs no answer
	}
}
