package targets

import (
	"debug/elf"
	"slices"
)

// IsStatic reports whether an executable runs where there is nothing but the
// executable: it asks for no loader of shared libraries. It fails where the file
// is no Linux executable.
func IsStatic(file string) (bool, error) {
	binary, err := elf.Open(file)
	if err != nil {
		return false, err
	}
	defer binary.Close()
	return !slices.ContainsFunc(binary.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }), nil
}
