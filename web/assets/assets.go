// Package assets embeds the files that browsers load and serves them under names that carry a hash of
// their content, so that they can be cached for ever. It renders nothing and knows no page.
package assets

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

// Prefix is the path under which Handler must be mounted.
const Prefix = "/assets/"

//go:embed css/*.css js/*.js vendor/*.css vendor/*.js icons.svg favicon.svg
var files embed.FS

type asset struct {
	path        string // with Prefix and hash
	contentType string
	body        []byte
	gzipped     func() []byte
}

type catalogue struct{ byName, byPath map[string]*asset }

var all = sync.OnceValue(load)

// Path returns the URL path of a file by its plain name, such as "app.css". An unknown name is a
// programming error and panics, so that a page can never refer to a file that is not there.
func Path(name string) string {
	a, ok := all().byName[name]
	if !ok {
		panic("assets: no file named " + name)
	}
	return a.path
}

// Handler serves every embedded file below Prefix, gzipped where the client accepts it. Only hashed
// names exist: a name of another version answers 404 rather than with other content.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := all().byPath[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", a.contentType)
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Vary", "Accept-Encoding")
		body := a.body
		if acceptsGzip(r) {
			h.Set("Content-Encoding", "gzip")
			body = a.gzipped()
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	})
}

func load() catalogue {
	c := catalogue{byName: map[string]*asset{}, byPath: map[string]*asset{}}
	var css bytes.Buffer
	walk := func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := files.ReadFile(p)
		if err != nil {
			return fmt.Errorf("read embedded %s: %w", p, err)
		}
		if path.Dir(p) == "css" { // one stylesheet of ours, written as several files, in name order
			css.Write(body)
			return nil
		}
		c.add(path.Base(p), body)
		return nil
	}
	if err := fs.WalkDir(files, ".", walk); err != nil {
		panic(err) // embedded files cannot fail to read unless the binary is damaged
	}
	c.add("app.css", css.Bytes())
	return c
}

func (c catalogue) add(name string, body []byte) {
	sum := sha256.Sum256(body)
	ext := path.Ext(name)
	a := &asset{
		path:        Prefix + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext,
		contentType: mime.TypeByExtension(ext),
		body:        body,
		gzipped:     sync.OnceValue(func() []byte { return compress(body) }),
	}
	c.byName[name], c.byPath[a.path] = a, a
}

func compress(body []byte) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // fails only for an unknown level
	_, _ = w.Write(body)                                    // a bytes.Buffer never fails
	_ = w.Close()
	return out.Bytes()
}

func acceptsGzip(r *http.Request) bool {
	if r.Header.Get("Range") != "" {
		return false // a range speaks of the plain bytes
	}
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(part, ";")
		if strings.TrimSpace(name) == "gzip" {
			q := strings.ReplaceAll(weight, " ", "")
			return q != "q=0" && !strings.HasPrefix(q, "q=0.000")
		}
	}
	return false
}
