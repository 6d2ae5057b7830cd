package stats

import (
	"strings"
)

// ProcessorModel is the model of a processor, of the fact CPU of an environment,
// without the frequency behind it: some machines read that at the moment, so that it
// differs from one run to the next.
func ProcessorModel(cpu string) string {
	if i := strings.LastIndex(cpu, ", "); i >= 0 && strings.HasSuffix(cpu, "Hz") {
		return cpu[:i]
	}
	return cpu
}
