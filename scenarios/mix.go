package scenarios

import (
	"fmt"
	"slices"
)

// resolveMix fills in what the classes of a mix leave to the phase and the data.
func (p *Phase) resolveMix(batch int) {
	for i := range p.Mix {
		c := &p.Mix[i]
		if c.Model == "" {
			c.Model = p.Model
		}
		if c.Batch == 0 {
			c.Batch = batch
		}
	}
}

// validateMix holds the classes of a phase at a path to names of their own.
func (d *decoder) validateMix(p Phase, path string) {
	for i, c := range p.Mix {
		field := element(path+".mix", i) + ".name"
		earlier := slices.IndexFunc(p.Mix, func(other Class) bool { return other.Name == c.Name })
		if d.sound(field) && earlier < i {
			d.fault(field, fmt.Sprintf("mix[%d] is called %q as well", earlier, c.Name), "a name of its own")
		}
	}
}
