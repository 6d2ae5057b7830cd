package bundle

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Layer is one layer of a bundle, by the entries in it. It implements v1.Layer: the archive
// is written from this machine's files whenever it is asked for, uncompressed.
type Layer struct {
	Entries []*Entry
	// Fingerprint tells whether the files are those that the digest is of.
	Fingerprint string
	Diff        string // "sha256:…" of the archive
	Bytes       int64  // of the archive
}

// The kinds of layers, lowest first: what changes least lies lowest, so that engines
// have it already.
const (
	systemLayer      = iota // what the system provides
	environmentLayer        // an environment each, such as a virtual one of Python
	largeLayer              // large files, such as models
	filesLayer              // the rest
)

// large is from which size on a file lies in the layer of large ones.
const large = 16 << 20

// place is what layer an entry lies in.
type place struct {
	kind int
	root string // of an environment
}

// place finds the layer of an entry.
func (c *collector) place(e *Entry, files []string) place {
	outermost := ""
	for folder := e.Path; folder != "/"; folder = filepath.Dir(folder) {
		if c.roots[folder] {
			outermost = folder
		}
	}
	switch {
	case outermost != "":
		return place{environmentLayer, outermost}
	case !slices.ContainsFunc(files, func(f string) bool { return e.Path == f || strings.HasPrefix(e.Path, f+"/") }):
		return place{kind: systemLayer}
	case e.Size >= large:
		return place{kind: largeLayer}
	}
	return place{kind: filesLayer}
}

// layers sorts the entries into layers.
func (c *collector) layers(files []string) []*Layer {
	c.listLibraries()
	var real []string
	for _, f := range files {
		if r, err := filepath.EvalSymlinks(f); err == nil {
			real = append(real, r)
		}
	}
	found := map[place]*Layer{}
	for _, path := range slices.Sorted(maps.Keys(c.entries)) {
		e := c.entries[path]
		at := c.place(e, append(real, files...))
		if found[at] == nil {
			found[at] = &Layer{}
		}
		found[at].Entries = append(found[at].Entries, e)
	}
	places := slices.SortedFunc(maps.Keys(found), func(a, b place) int {
		if a.kind != b.kind {
			return a.kind - b.kind
		}
		return strings.Compare(a.root, b.root)
	})
	var all []*Layer
	for _, at := range places {
		found[at].fingerprint()
		all = append(all, found[at])
	}
	return all
}

// listLibraries gives the image a cache of those libraries that the loader finds by this
// machine's alone.
func (c *collector) listLibraries() {
	if len(c.search.listed) == 0 {
		return
	}
	var kept []cached
	for _, entry := range c.search.cache {
		if c.search.listed[entry.path] {
			kept = append(kept, entry)
		}
	}
	text := string(formatCache(kept))
	c.entries[cacheFile] = &Entry{Path: cacheFile, Type: tar.TypeReg, Mode: 0o644, Size: int64(len(text)), Content: text}
}

// fingerprint makes the layer's fingerprint.
func (l *Layer) fingerprint() {
	sum := sha256.New()
	for _, e := range l.Entries {
		fmt.Fprintf(sum, "%q %q %t\n", []string{e.Path, e.Link, e.Content}, fmt.Sprint(e.Type, e.Mode, e.Size, e.Stamp), e.Compiled)
	}
	l.Fingerprint = hex.EncodeToString(sum.Sum(nil))
}

// measure works out the layer's digest and size.
func (l *Layer) measure(ctx context.Context) error {
	sum := sha256.New()
	counted := &counter{Writer: sum}
	if err := l.write(ctx, counted); err != nil {
		return err
	}
	l.Diff, l.Bytes = "sha256:"+hex.EncodeToString(sum.Sum(nil)), counted.n
	return nil
}

type counter struct {
	io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.n += int64(n)
	return n, err
}

// write writes the layer's archive. All times in it are the epoch, and all is root's.
func (l *Layer) write(ctx context.Context, to io.Writer) error {
	archive := tar.NewWriter(to)
	buffer := make([]byte, 1<<20)
	for _, e := range l.Entries {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		name := e.Path[1:]
		if e.Type == tar.TypeDir {
			name += "/"
		}
		header := &tar.Header{Typeflag: e.Type, Name: name, Linkname: e.Link, Mode: int64(e.Mode), Size: e.Size, ModTime: time.Unix(0, 0)}
		if err := archive.WriteHeader(header); err != nil {
			return fmt.Errorf("%s: %w", e.Path, err)
		}
		if e.Type != tar.TypeReg {
			continue
		}
		if err := e.write(archive, buffer); err != nil {
			return err
		}
	}
	return archive.Close()
}

// write writes the content of a file, which has to be what it was when it was found.
func (e *Entry) write(to io.Writer, buffer []byte) error {
	if e.Stamp == (Stamp{}) {
		_, err := io.WriteString(to, e.Content)
		return err
	}
	f, err := os.Open(e.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if stampOf(info) != e.Stamp {
		return fmt.Errorf("%s was changed while the image was made of it or used", e.Path)
	}
	if e.Compiled {
		if err := writeCompiledHead(to, f); err != nil {
			return err
		}
	}
	// Not as a tar.Writer does it by itself, with a small buffer for each file.
	_, err = io.CopyBuffer(struct{ io.Writer }{to}, struct{ io.Reader }{f}, buffer)
	return err
}

// writeCompiledHead writes the head of a compiled module with the time that its source has
// in the image, for Python ignores it otherwise.
func writeCompiledHead(to io.Writer, from io.Reader) error {
	head := make([]byte, headLength)
	if _, err := io.ReadFull(from, head); err != nil {
		return err
	}
	binary.LittleEndian.PutUint32(head[8:], 0)
	_, err := to.Write(head)
	return err
}

// Digest implements v1.Layer.
func (l *Layer) Digest() (v1.Hash, error) { return v1.NewHash(l.Diff) }

// DiffID implements v1.Layer.
func (l *Layer) DiffID() (v1.Hash, error) { return v1.NewHash(l.Diff) }

// Size implements v1.Layer.
func (l *Layer) Size() (int64, error) { return l.Bytes, nil }

// MediaType implements v1.Layer.
func (l *Layer) MediaType() (types.MediaType, error) { return types.DockerUncompressedLayer, nil }

// Compressed implements v1.Layer.
func (l *Layer) Compressed() (io.ReadCloser, error) { return l.Uncompressed() }

// Uncompressed implements v1.Layer. Who closes it before the end stops what writes it.
func (l *Layer) Uncompressed() (io.ReadCloser, error) {
	reader, writer := io.Pipe()
	go func() { writer.CloseWithError(l.write(context.Background(), writer)) }()
	return reader, nil
}
