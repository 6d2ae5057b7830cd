package kernel

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
)

// Offsets in the header of a bzImage, see "The Linux/x86 Boot Protocol" in the
// kernel's documentation.
const (
	magicAt    = 0x202 // "HdrS"
	versionPtr = 0x20e // 16 bits: where the version's text is, less 0x200
	headerEnd  = 0x210
)

// errNoKernel says what a guest's kernel has to be.
var errNoKernel = errors.New("it is no Linux kernel for x86: want a bzImage, which distributions install as /boot/vmlinuz-VERSION")

// parseHeader reads the beginning of a bzImage and returns the kernel's
// version: the first word of a text like "6.1.0-56-cloud-amd64 (debian-…) #1 SMP".
func parseHeader(header []byte) (string, error) {
	if len(header) < headerEnd || string(header[magicAt:magicAt+4]) != "HdrS" {
		return "", errNoKernel
	}
	at := int(binary.LittleEndian.Uint16(header[versionPtr:])) + 0x200
	if at >= len(header) {
		return "", errNoKernel
	}
	text, _, ended := bytes.Cut(header[at:], []byte{0})
	version, _, _ := strings.Cut(string(text), " ")
	// It becomes part of a path.
	if !ended || version == "" || strings.ContainsFunc(version, odd) || strings.Trim(version, ".") == "" {
		return "", errNoKernel
	}
	return version, nil
}

// odd reports whether a version has no such character.
func odd(r rune) bool { return r <= ' ' || r > '~' || r == '/' }
