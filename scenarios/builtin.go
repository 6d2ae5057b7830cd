package scenarios

import (
	"embed"
	"strings"

	"github.com/goccy/go-yaml"
)

// Builtin is a scenario that comes with servebench.
type Builtin struct {
	Name string
	Doc  string // one sentence, the scenario's description
	Text []byte // the file, with comments that teach the format
}

//go:embed builtin/*.yaml
var builtinFiles embed.FS

// Builtins lists them by their names, which are those of their files.
func Builtins() []Builtin {
	const folder = "builtin"
	entries, _ := builtinFiles.ReadDir(folder) // embedded, and sorted
	var all []Builtin
	for _, entry := range entries {
		text, _ := builtinFiles.ReadFile(folder + "/" + entry.Name())
		var head struct{ Description string }
		_ = yaml.Unmarshal(text, &head) // what is wrong with a file, Parse says
		all = append(all, Builtin{Name: strings.TrimSuffix(entry.Name(), ".yaml"), Doc: head.Description, Text: text})
	}
	return all
}
