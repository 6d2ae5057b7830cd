package bundle

import (
	"bytes"
	"context"
	"crypto/sha256"
	"debug/elf"
	"encoding/gob"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"servebench/reports/record/userfile"
	"servebench/targets"
)

// memoVersion changes with what a bundle is made of.
const memoVersion = 1

// memo is what was found for a command and its files, and the state that they were in.
type memo struct {
	Layers  []*Layer
	Notes   []string
	Machine elf.Machine
	Cache   Stamp // of the loader's cache, which decides where libraries are found

	file string
}

// memoFor reads what is remembered of a command and its files. Nothing is, where it
// cannot be read.
func memoFor(w targets.Workload, program, dir string) *memo {
	key := sha256.Sum256(fmt.Appendf(nil, "%d %q", memoVersion, slices.Concat(w.Files,
		[]string{program, w.Dir, variable(w, "PATH"), variable(w, "HOME"), variable(w, "LD_LIBRARY_PATH"), variable(w, "LD_PRELOAD")})))
	file := filepath.Join(dir, "bundle-"+hex.EncodeToString(key[:16]))
	m := &memo{}
	if text, err := os.ReadFile(file); err != nil || gob.NewDecoder(bytes.NewReader(text)).Decode(m) != nil {
		m = &memo{}
	}
	m.file = file
	_ = os.Chtimes(file, time.Time{}, time.Now()) // it is used
	return m
}

// write writes it down.
func (m *memo) write() error {
	m.Cache = StampAt(cacheFile)
	var text bytes.Buffer
	if err := gob.NewEncoder(&text).Encode(m); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(m.file), 0o700); err != nil {
		return err
	}
	return userfile.Replace(m.file, text.Bytes())
}

// unchanged reports whether all files are what they were. A folder's stamp says whether
// something was put into it or taken from it.
func (m *memo) unchanged(ctx context.Context) bool {
	if len(m.Layers) == 0 || StampAt(cacheFile) != m.Cache {
		return false
	}
	const part = 4096
	var changed atomic.Bool
	var looking sync.WaitGroup
	for _, l := range m.Layers {
		for entries := range slices.Chunk(l.Entries, part) {
			looking.Go(func() {
				for _, e := range entries {
					if changed.Load() || ctx.Err() != nil {
						return
					}
					if e.Stamp != (Stamp{}) && StampAt(e.Path) != e.Stamp {
						changed.Store(true)
					}
				}
			})
		}
	}
	looking.Wait()
	return !changed.Load() && ctx.Err() == nil
}
