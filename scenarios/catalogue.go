package scenarios

import (
	"slices"

	"servebench/generators"
	"servebench/targets"
	"servebench/targets/protocol"
)

// Catalogue is what a scenario may name.
type Catalogue struct {
	Targets    []targets.Kind
	Generators []generators.Kind
	Protocols  []protocol.Kind // the first one is the default
	Models     []string        // names of the reference server's models
	// Environment looks up the variables that a scenario takes values from; nil: it has
	// none.
	Environment func(name string) (value string, there bool)
	// SecretKey returns the key of the hashes that secrets are recorded as; nil: one that
	// nobody keeps.
	SecretKey func() []byte
}

// Named finds an entry of one of the catalogue's lists by its name.
func Named[K any](kinds []K, name string, nameOf func(K) string) (K, bool) {
	i := slices.IndexFunc(kinds, func(k K) bool { return nameOf(k) == name })
	if i < 0 {
		var none K
		return none, false
	}
	return kinds[i], true
}
