package bundle

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"

	"servebench/targets"
)

// cacheFile is where ldconfig(8) keeps which shared libraries are in the system's folders.
const cacheFile = "/etc/ld.so.cache"

// cacheMagic begins what glibc has read since 2.2, alone or behind an older table.
const cacheMagic = "glibc-ld.so.cache1.1"

// cacheHeader follows the magic, see glibc's sysdeps/generic/dl-cache.h.
type cacheHeader struct {
	Libraries, Strings uint32 // how many entries, how many bytes of names
	Flags              [4]byte
	Extension          uint32
	Unused             [3]uint32
}

// cacheEntry is one library: offsets of its name and path from the magic.
type cacheEntry struct {
	Flags     int32
	Key, Path uint32
	OSVersion uint32
	Hardware  uint64 // what it demands of the processor; 0: nothing
}

// cached is an entry of the cache, with what it stands for.
type cached struct {
	name, path string
	flags      int32
}

// mostCache bounds what is read of the cache, which has some 100 bytes for a library.
const mostCache = 16 * targets.MiB

// readCache reads the cache in its order, without the libraries for better processors.
func readCache(file string) ([]cached, error) {
	if info, err := os.Stat(file); err != nil || info.Size() > int64(mostCache) {
		return nil, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return parseCache(text)
}

func parseCache(text []byte) ([]cached, error) {
	begin := bytes.Index(text, []byte(cacheMagic))
	if begin < 0 {
		return nil, errors.New("it is not in a known form")
	}
	text = text[begin:]
	var header cacheHeader
	r := bytes.NewReader(text[len(cacheMagic):])
	if err := binary.Read(r, binary.LittleEndian, &header); err != nil {
		return nil, err
	}
	if int64(header.Libraries)*int64(binary.Size(cacheEntry{})) > int64(r.Len()) {
		return nil, errors.New("it has fewer entries than it says")
	}
	entries := make([]cacheEntry, header.Libraries)
	if err := binary.Read(r, binary.LittleEndian, entries); err != nil {
		return nil, err
	}
	var all []cached
	for _, e := range entries {
		name, err1 := cacheString(text, e.Key)
		path, err2 := cacheString(text, e.Path)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		if e.Hardware == 0 {
			all = append(all, cached{name, path, e.Flags})
		}
	}
	return all, nil
}

// cacheString reads a string that ends with a zero byte.
func cacheString(text []byte, offset uint32) (string, error) {
	if int64(offset) > int64(len(text)) {
		return "", errors.New("an entry's name lies outside of it")
	}
	name, _, ended := bytes.Cut(text[offset:], []byte{0})
	if !ended {
		return "", errors.New("an entry's name does not end")
	}
	return string(name), nil
}

// formatCache writes entries, which keep the order that the loader searches by.
func formatCache(all []cached) []byte {
	const littleEndian = 2
	entries := make([]cacheEntry, len(all))
	begin := uint32(len(cacheMagic) + binary.Size(cacheHeader{}) + binary.Size(entries))
	var names bytes.Buffer
	put := func(name string) uint32 {
		at := begin + uint32(names.Len())
		names.WriteString(name + "\x00")
		return at
	}
	for i, c := range all {
		entries[i] = cacheEntry{Flags: c.flags, Key: put(c.name), Path: put(c.path)}
	}
	text := bytes.NewBufferString(cacheMagic)
	for _, part := range []any{cacheHeader{Libraries: uint32(len(all)), Strings: uint32(names.Len()), Flags: [4]byte{littleEndian}}, entries} {
		binary.Write(text, binary.LittleEndian, part) // to memory: it cannot fail
	}
	text.Write(names.Bytes())
	return text.Bytes()
}
