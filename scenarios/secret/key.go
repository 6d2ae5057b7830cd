package secret

import (
	"crypto/rand"
	"os"
	"path/filepath"
)

// keyLength is that of a key, in bytes.
const keyLength = 32

// NewKey draws a key that nobody keeps.
func NewKey() []byte {
	key := make([]byte, keyLength)
	_, _ = rand.Read(key) // which never fails
	return key
}

// LoadKey returns the key that is kept in a file, which only this user can read, and is
// made where there is none yet. Where it can be neither read nor made, the key is one
// that nobody keeps: hashes by it can be compared within this process alone.
func LoadKey(file string) []byte {
	if key, err := os.ReadFile(file); err == nil && len(key) == keyLength {
		return key
	}
	key := NewKey()
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return key
	}
	temp, err := os.CreateTemp(dir, ".key-*") // 0600
	if err != nil {
		return key
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(key)
	if closed := temp.Close(); err != nil || closed != nil {
		return key
	}
	// Another servebench may have been faster: its key stays.
	if err := os.Link(temp.Name(), file); err != nil {
		if kept, err := os.ReadFile(file); err == nil && len(kept) == keyLength {
			return kept
		}
		_ = os.Rename(temp.Name(), file) // where the file system has no links, or the file was no key
	}
	return key
}
