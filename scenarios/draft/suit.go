package draft

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"servebench/reports/format"
	"servebench/reports/record"
	"servebench/scenarios/probe"
	"servebench/targets"
	"servebench/targets/image"
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
	if err := kind.Available(ctx, nil); err != nil {
		return err
	}
	if kind.CheckImage != nil && m.Command == "" {
		return kind.CheckImage(ctx)
	}
	return nil
}

const (
	// What an emulated guest takes for what takes a second here, and the time until it runs.
	emulationFactor = 30
	guestTime       = 30 * time.Second
	// muchSlower is how many times as long as on the fastest target an answer has to take for
	// a target to be left out, where it would lower the rate of all.
	muchSlower = 5
)

// trying is what a start on a target showed.
type trying struct {
	target string
	took   time.Duration // until it was ready
	// answer is the median time of an answer, and quickest the least, which a busy machine
	// changes less; 0: there is none.
	answer, quickest time.Duration
}

// suit starts the server on every further target as well, and leaves out those that it does
// not run on, or that are so slow that they would lower the rate of all. Once ctx is done, it
// leaves out the others.
func (m *maker) suit(ctx context.Context, d *Draft, w targets.Workload) error {
	bundle := sync.OnceValues(func() (targets.Workload, error) { return m.bundle(ctx, w) })
	for _, kind := range m.kinds[1:] {
		if ctx.Err() != nil {
			d.interrupt(kind.Name)
			continue
		}
		f := d.Choice.Found
		switch slow := emulated(ctx, kind); {
		case f != nil && f.Protocol.HTTP2 && kind.HTTP1:
			d.omit(kind.Name, fmt.Sprintf("protocol %s is over HTTP/2, and the target's servers are asked over HTTP/1.1", f.Protocol.Name), "")
		case slow && m.Targets == nil:
			d.omit(kind.Name, "not tried: without KVM the guest is emulated, tens of times slower, and every target gets the rate that the slowest one bears", m.allTheSame(kind.Name))
		default:
			limit := m.StartTimeout
			if slow {
				limit = max(limit, emulationFactor*d.seen.took+guestTime)
			}
			s := &start{kind: kind, w: w, limit: limit, say: m.Say}
			if s.ofCommand() && kind.Bundles != nil && kind.Bundles(nil) {
				made, err := bundle()
				if err != nil && ctx.Err() == nil { // without its image lambda would run it as it is, with no sandbox
					why, fix := s.reason(err, false)
					d.omit(kind.Name, why, fix)
					continue
				}
				s.w = made
			}
			if err := m.try(ctx, d, s); err != nil {
				return err
			}
		}
	}
	if m.Targets == nil {
		m.omitSlow(d)
	}
	for _, t := range d.tried {
		d.Targets = append(d.Targets, t.target)
	}
	return nil
}

// bundle makes the image of the command and its files, for the targets that run it in one.
func (m *maker) bundle(ctx context.Context, w targets.Workload) (targets.Workload, error) {
	if size := filesSize(w.Files); size > 0 {
		m.Say(fmt.Sprintf("an image is being made of the command and its files (%s)", format.Bytes(size)))
	}
	return image.Resolve(ctx, w, func(format string, args ...any) { m.Say(fmt.Sprintf(format, args...)) })
}

// filesSize is how many bytes there are in files and folders.
func filesSize(files []string) (size int64) {
	for _, file := range files {
		_ = filepath.WalkDir(file, func(_ string, entry fs.DirEntry, err error) error {
			if err == nil && entry.Type().IsRegular() {
				if info, err := entry.Info(); err == nil {
					size += info.Size()
				}
			}
			return nil // what cannot be read is told where the image is made
		})
	}
	return size
}

// try starts the server on a target, and asks it there what the scenario asks.
func (m *maker) try(ctx context.Context, d *Draft, s *start) (err error) {
	if s.w.Port == 0 {
		if s.w.Port, err = targets.FreePort(targets.Loopback); err != nil {
			return err
		}
	}
	m.Say("starting the server on " + s.kind.Name)
	asking, cancel := context.WithTimeout(ctx, graceTime+goneTime)
	err = s.kind.Available(asking, nil) // which it was, some minutes ago
	cancel()
	var seen *server
	if err == nil {
		seen, err = s.run(ctx)
	}
	if ctx.Err() != nil {
		d.interrupt(s.kind.Name)
		if seen != nil {
			err = seen.close()
		}
		if errors.Is(err, ErrLeft) {
			m.Say(s.kind.Name + ": " + ErrLeft.Error())
		}
		return nil
	}
	if err != nil {
		m.Say(err.Error())
		why, fix := s.reason(err, !d.seen.everywhere)
		d.omit(s.kind.Name, why, fix)
		return nil
	}
	m.Say(fmt.Sprintf("started on %s: ready after %s", s.kind.Name, format.Duration(seen.took)))
	there := *d.probed
	there.URL = seen.url
	t := trying{target: s.kind.Name, took: seen.took}
	err = t.time(ctx, &there, d)
	switch closed := seen.close(); {
	case ctx.Err() != nil:
		d.interrupt(s.kind.Name)
	case closed != nil:
		m.Say(closed.Error())
		text, _, _ := strings.Cut(closed.Error(), "\n")
		d.omit(s.kind.Name, "the server ran there and did not end well: "+text, "")
	case err != nil:
		d.omit(s.kind.Name, fmt.Sprintf("%s was %s there", d.Choice, err), "")
	default:
		d.tried = append(d.tried, t)
	}
	return nil
}

// interrupt leaves out a target that the user did not wait for.
func (d *Draft) interrupt(target string) {
	d.Interrupted = true
	d.omit(target, "not tried to the end: init was interrupted", "")
}

// time measures how long answers to the scenario's request take, where they are right.
func (t *trying) time(ctx context.Context, server *probe.Server, d *Draft) error {
	var times []time.Duration
	for began := time.Now(); d.Problem == nil && len(times) < timed && time.Since(began) < timeMost && ctx.Err() == nil; {
		took, err := server.Time(ctx, d.Choice)
		if err != nil {
			return err
		}
		times = append(times, took)
	}
	if slices.Sort(times); len(times) > 0 {
		t.answer, t.quickest = times[len(times)/2], times[0]
	}
	return ctx.Err()
}

// omitSlow leaves out the targets that would lower the rate of all.
func (m *maker) omitSlow(d *Draft) {
	fastest := slices.MinFunc(d.tried, func(a, b trying) int { return int(a.quickest - b.quickest) })
	d.tried = slices.DeleteFunc(d.tried, func(t trying) bool {
		lower, rate := rateFor(t.quickest), rateFor(fastest.quickest)
		slow := t.quickest > muchSlower*fastest.quickest && lower < rate
		if slow {
			d.omit(t.target, fmt.Sprintf("an answer takes %s there and %s on %s, and every target gets the rate that the slowest one bears: %s instead of %s",
				format.Duration(t.quickest), format.Duration(fastest.quickest), fastest.target, format.Rate(lower), format.Rate(rate)), m.allTheSame(t.target))
		}
		return slow
	})
}

// allTheSame says how to have a target that is left out because it is slow.
func (m *maker) allTheSame(target string) string {
	return fmt.Sprintf("to have it all the same, name the targets: --target %s,%s", m.kinds[0].Name, target)
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

// reason says in a line why the server does not run on a target when it does on another,
// and what would change that; loopback says that it listens on 127.0.0.1 alone.
func (s *start) reason(err error, loopback bool) (why, fix string) {
	text, _, _ := strings.Cut(err.Error(), "\n")
	why = strings.TrimPrefix(text, fmt.Sprintf("start the server on %s: ", s.kind.Name))
	unavailable, isUnavailable := errors.AsType[*targets.Unavailable](err)
	switch {
	case errors.Is(err, errLate) && s.kind.Outside && loopback:
		return "the server listens on 127.0.0.1 alone, where it is not reached from outside",
			"have it listen on the address in the variable HOST, or on {host} in its command"
	case errors.Is(err, errLate):
		return why, ""
	case isUnavailable:
		return strings.Replace(why, unavailable.Error(), unavailable.Why, 1), unavailable.Fix
	case errors.Is(err, targets.ErrEnded):
		output := s.output.String()
		why, fix = "the server does not start: "+failure(output), advice(output, true, !s.ofCommand())
		if fix == "" && s.ofCommand() {
			fix = "name what else it needs with --files; --files . is all that lies in the folder"
		}
		return why, fix
	}
	if program, err := s.w.Executable(); err == nil {
		if _, cause, found := strings.Cut(why, "make an image of "+program+": "); found {
			return cause, ""
		}
	}
	return why, ""
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
