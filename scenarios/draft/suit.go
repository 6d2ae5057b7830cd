package draft

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"servebench/reports/format"
	"servebench/reports/record"
	"servebench/targets"
)

// omission says why the scenario leaves targets out, and what would change that.
type omission struct {
	targets  []string
	why, fix string
}

// omit leaves out a target.
func (d *Draft) omit(target, why, fix string) {
	for i := range d.omitted {
		if d.omitted[i].why == why && d.omitted[i].fix == fix {
			d.omitted[i].targets = append(d.omitted[i].targets, target)
			return
		}
	}
	d.omitted = append(d.omitted, omission{[]string{target}, why, fix})
}

// check reports why a target cannot run the artifact here.
func (m *maker) check(ctx context.Context, kind targets.Kind) error {
	if err := kind.Available(ctx); err != nil {
		return err
	}
	if kind.CheckImage != nil && m.Command == "" {
		return kind.CheckImage(ctx)
	}
	return nil
}

// suit leaves out the targets that the server does not suit, which some starts show.
func (m *maker) suit(ctx context.Context, d *Draft, w targets.Workload) error {
	again := m.kinds[0]
	bundled := m.Command != "" && w.Image == ""
	outside := slices.ContainsFunc(m.kinds, func(k targets.Kind) bool { return k.Outside }) && !d.seen.everywhere &&
		!slices.ContainsFunc(append(slices.Clone(w.Command), w.Env...), func(text string) bool {
			return strings.Contains(text, "{host}") || strings.HasPrefix(text, "HOST=")
		})
	if bundled {
		i := slices.IndexFunc(m.kinds, func(k targets.Kind) bool { return k.Name != again.Name && !k.Outside && !k.HTTP1 })
		if bundled = i >= 0; bundled {
			again = m.kinds[i]
		}
	}
	if !bundled && !outside {
		return nil
	}
	s := &start{kind: again, w: w, limit: m.StartTimeout, other: outside}
	m.Say(fmt.Sprintf("starting the server on %s", again.Name))
	if s.w.Port == 0 {
		var err error
		if s.w.Port, err = targets.FreePort(targets.Loopback); err != nil {
			return err
		}
	}
	seen, err := s.run(ctx)
	if err == nil {
		if err := seen.close(); err != nil {
			return err
		}
	}
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil && bundled:
		m.Say(err.Error())
		why, fix := s.reason(err)
		m.omit(d, why, fix, func(k targets.Kind) bool { return k.Name != m.kinds[0].Name })
	case err != nil:
		return unavailable(ctx, err)
	case outside && !seen.everywhere:
		m.omit(d, "the server listens on 127.0.0.1 alone, where it is not reached from outside",
			"have it listen on the address in the variable HOST, or on {host} in its command",
			func(k targets.Kind) bool { return k.Outside })
	}
	return nil
}

// omit leaves out some targets.
func (m *maker) omit(d *Draft, why, fix string, which func(targets.Kind) bool) {
	var left []targets.Kind
	for _, kind := range m.kinds {
		if which(kind) {
			d.omit(kind.Name, why, fix)
		} else {
			left = append(left, kind)
		}
	}
	m.kinds = left
}

// emulated reports whether a target runs the server's instructions in software.
func emulated(ctx context.Context, kind targets.Kind) bool {
	if kind.Describe == nil {
		return false
	}
	facts, err := kind.Describe(ctx, nil)
	return err == nil && slices.ContainsFunc(facts, func(f record.Fact) bool {
		return f.Name == record.FactAcceleration && f.State == record.TCG
	})
}

// without says which targets were left out, why, and what would change that.
func (d *Draft) without() (lines []string) {
	for _, o := range d.omitted {
		lines = append(lines, format.Plain(strings.Join(o.targets, ", ")+": "+o.why))
		if o.fix != "" {
			lines = append(lines, "  -> "+o.fix)
		}
	}
	return lines
}
