package image

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"servebench/reports/record/userfile"
	"servebench/targets"
	"servebench/targets/image/bundle"
)

// The files that say what an archive or a folder is.
const (
	manifestFile = "manifest.json" // docker save
	layoutFile   = "oci-layout"    // OCI image layout specification
	indexFile    = "index.json"    // likewise
)

// mostText bounds each file of an image that is held in memory: its configuration and its
// manifests.
const mostText = 4 * targets.MiB

// read reads an image of this machine's file system: a tarball as docker save writes it,
// an OCI layout in a tarball, or a folder with one.
func read(path string) (*Image, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read it: %w", userfile.Cause(err))
	}
	var files fs.FS = layoutFolder(path)
	if !info.IsDir() {
		if files, err = openTarball(path); err != nil {
			return nil, err
		}
	}
	switch {
	case has(files, manifestFile) && !info.IsDir():
		return readSaved(files)
	case has(files, layoutFile) && has(files, indexFile):
		return readLayout(files)
	case !info.IsDir():
		return nil, errors.New("it is a tarball without an image: want one that docker save or skopeo copy wrote")
	case has(files, "Dockerfile"):
		return nil, errors.New("it is a folder with a Dockerfile: name it with workload.build, and it is built")
	case has(files, manifestFile):
		return nil, errors.New("it is the unpacked tarball of docker save: name the tarball itself")
	}
	return nil, fmt.Errorf("it is a folder without a file %s: want a folder with an OCI layout, or the path of a tarball", layoutFile)
}

func has(files fs.FS, name string) bool {
	_, err := fs.Stat(files, name)
	return err == nil
}

// readText reads a file of an image that is held in memory.
func readText(files fs.FS, name string) ([]byte, error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, fmt.Errorf("it lacks its file %.200s", name)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, int64(mostText)+1))
	if err == nil && len(text) > int(mostText) {
		err = fmt.Errorf("it is larger than %s", mostText)
	}
	if err != nil {
		return nil, fmt.Errorf("read its file %.200s: %w", name, err)
	}
	return text, nil
}

// layoutFolder is a folder of an image: its files and nothing beyond it, whatever names
// and links say.
type layoutFolder string

// Open implements fs.FS.
func (f layoutFolder) Open(name string) (fs.File, error) {
	root, err := os.OpenRoot(string(f))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	// A file that is none, such as a pipe, is never waited for.
	if info, err := root.Stat(name); err != nil || !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return root.Open(name)
}

// archiveFile is the files of a tarball that lies on disk, which is opened anew for each.
type archiveFile struct {
	path  string
	files map[string]tarred
}

// tarred is where a file's content lies in the tarball, or where a link leads.
type tarred struct {
	at, size int64
	link     string
}

// openTarball finds the files of a tarball, of which it reads the headers alone.
func openTarball(path string) (*archiveFile, error) {
	f, err := userfile.Open(path, userfile.NoLimit)
	if err != nil {
		return nil, fmt.Errorf("read it: %w", userfile.Cause(err))
	}
	defer f.Close()
	if err := refuseCompressed(f); err != nil {
		return nil, err
	}
	t := &archiveFile{path, map[string]tarred{}}
	for reader := tar.NewReader(f); ; {
		header, err := reader.Next()
		switch {
		case errors.Is(err, io.EOF) && len(t.files) > 0:
			return t, nil
		case errors.Is(err, io.EOF) || errors.Is(err, tar.ErrHeader) && len(t.files) == 0:
			return nil, errors.New("it is neither a tarball nor a folder: want what docker save wrote, or an OCI layout")
		case errors.Is(err, io.ErrUnexpectedEOF):
			return nil, errors.New("the tarball is cut off")
		case err != nil:
			return nil, fmt.Errorf("read the tarball: %w", err)
		}
		if err := t.add(f, header); err != nil {
			return nil, err
		}
	}
}

// add notes where a file's content begins, which is where the reader of headers stands.
func (t *archiveFile) add(f io.Seeker, header *tar.Header) error {
	name := path.Clean("/" + header.Name)[1:]
	switch header.Typeflag {
	case tar.TypeReg:
		at, err := f.Seek(0, io.SeekCurrent)
		if err != nil {
			return fmt.Errorf("read the tarball: %w", err)
		}
		t.files[name] = tarred{at: at, size: header.Size}
	case tar.TypeSymlink: // docker save did so for layers that are there twice
		t.files[name] = tarred{link: path.Join("/", path.Dir(name), header.Linkname)[1:]}
	case tar.TypeLink:
		t.files[name] = tarred{link: path.Clean("/" + header.Linkname)[1:]}
	}
	if len(t.files) > mostEntries {
		return fmt.Errorf("the tarball has more than %d files", mostEntries)
	}
	return nil
}

// refuseCompressed refuses a compressed tarball: layers are read where they lie in it.
func refuseCompressed(f *os.File) error {
	var start [6]byte
	n, err := io.ReadFull(f, start[:])
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read it: %w", err)
	}
	for magic, program := range map[string]string{"\x1f\x8b": "gzip", "\x28\xb5\x2f\xfd": "zstd", "BZh": "bzip2", "\xfd7zXZ\x00": "xz"} {
		if bytes.HasPrefix(start[:n], []byte(magic)) {
			return fmt.Errorf("it is compressed with %s: want the tarball itself, which %s -d -k %s makes", program, program, filepath.Base(f.Name()))
		}
	}
	_, err = f.Seek(0, io.SeekStart)
	return err
}

// Open implements fs.FS.
func (t *archiveFile) Open(name string) (fs.File, error) {
	found, there := t.files[name]
	for links := 0; there && found.link != ""; links++ {
		if links > bundle.MostLinks {
			there = false
			break
		}
		found, there = t.files[found.link]
	}
	if !there {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	f, err := os.Open(t.path)
	if err != nil {
		return nil, err
	}
	return tarredFile{io.NewSectionReader(f, found.at, found.size), f}, nil
}

// tarredFile is a file in a tarball.
type tarredFile struct {
	*io.SectionReader
	whole *os.File
}

// Stat implements fs.File: of the size, that is its own, and of the tarball.
func (f tarredFile) Stat() (fs.FileInfo, error) { return f.whole.Stat() }

// Close implements fs.File.
func (f tarredFile) Close() error { return f.whole.Close() }

// shortName cuts what an archive says of itself for a message.
func shortName(names []string) string {
	const most = 10
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}
