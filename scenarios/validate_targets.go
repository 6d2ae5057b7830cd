package scenarios

import (
	"fmt"
	"slices"

	"servebench/targets"
)

// targetKind returns the catalogue's entry of a target, the zero value when it
// has none.
func targetKind(cat Catalogue, name string) targets.Kind {
	kind, _ := Named(cat.Targets, name, func(k targets.Kind) string { return k.Name })
	return kind
}

// allRun reports whether every target uses a server that runs already.
func allRun(s *Scenario, cat Catalogue) bool {
	return !slices.ContainsFunc(s.Targets, func(name string) bool { return !targetKind(cat, name).Running })
}

// validateImage finds the targets that cannot run the user's own server because
// there is only an image of it.
func (d *decoder) validateImage(s *Scenario, cat Catalogue) {
	w := s.Workload
	if w.Image == "" || w.Server != "" || len(w.Command) > 0 || !d.sound("workload.server", "workload.command", "workload.image") {
		return
	}
	want := "workload.command beside it"
	if runners := imageTargets(cat); len(runners) > 0 {
		want += ", or " + oneOf(runners)
	}
	for i, name := range s.Targets {
		kind := targetKind(cat, name)
		if field := element("targets", i); d.sound(field) && !kind.Images && !kind.Running {
			d.fault(field, fmt.Sprintf("%s runs no container images, and workload.image is all there is of the server", name), want)
		}
	}
}

// imageTargets names the targets that run images.
func imageTargets(cat Catalogue) []string {
	var runners []string
	for _, k := range cat.Targets {
		if k.Images {
			runners = append(runners, k.Name)
		}
	}
	return runners
}

func (d *decoder) validateColdStarts(s *Scenario, cat Catalogue) {
	if s.ColdStarts > 0 && d.sound("cold_starts", "targets") && allRun(s, cat) {
		d.fault("cold_starts", "the server of every target runs already, so there is no start to time", "0, or a target that starts its server")
	}
}
