package trial

import (
	"errors"
	"io/fs"

	"servebench/reports/record"
	"servebench/scenarios/host"
	"servebench/targets"
)

// pinGenerator keeps the generator on its own CPUs for the whole run, finds out what else
// keeps disturbances from it, and says in the record how that went.
func (s *session) pinGenerator() (restore func()) {
	fact := record.Fact{Name: record.FactGeneratorCPUs, Value: targets.FormatCPUs(s.split.Generator)}
	restore, err := host.Pin(s.split.Generator)
	switch {
	case err != nil:
		fact.Value, fact.Unequal = "not pinned: "+err.Error(), true
		restore = func() {}
	case s.split.Shared:
		fact.Value, fact.Unequal = fact.Value+", shared with the target", true
	}
	s.addEnvironment(fact, s.targetCPUs(), s.raisePriority(), s.keepCPUsAwake())
	return restore
}

// targetCPUs says which CPUs the targets have. Where no server is started here
// they are merely left free, for one that runs on this machine.
func (s *session) targetCPUs() record.Fact {
	cpus := targets.FormatCPUs(s.split.Target)
	if len(s.split.Target) == 0 {
		return record.Fact{Name: record.FactTargetCPUs, Value: "of other machines"}
	}
	for _, t := range s.record.Targets {
		if t.Unavailable == "" && !t.Running {
			return record.Fact{Name: record.FactTargetCPUs, Value: cpus, Count: len(s.split.Target)}
		}
	}
	return record.Fact{Name: "CPUs left free", Value: cpus + "; the CPUs of a server that runs already are not known"}
}

// raisePriority puts the generator before other processes. It does not where it
// shares CPUs with the target, which would have to stand back as well.
func (s *session) raisePriority() record.Fact {
	fact := record.Fact{Name: record.FactPriority, Value: "ordinary, since it shares its CPUs with the target"}
	if !s.split.Shared {
		return s.adopt(record.FactPriority, host.Raise, "real-time while it sends", "ordinary")
	}
	return fact
}

func (s *session) keepCPUsAwake() record.Fact {
	fact := record.Fact{Name: "CPU idle states", Value: "allowed, as the scenario says"}
	kept := "kept out while requests are sent"
	switch {
	case !s.scenario.Awake:
		return fact
	case host.Halts() && s.split.Shared:
		fact.Value = "allowed, since the generator shares its CPUs with the target"
		return fact
	case host.Halts():
		kept += ", on the generator's CPUs"
	}
	return s.adopt(fact.Name, s.keepAwake, kept, "allowed")
}

// keepAwake is the quieting that keeps CPUs awake.
func (s *session) keepAwake() (restore func() error, err error) {
	awake, err := host.KeepAwake(s.split.Generator)
	if err != nil {
		return nil, err
	}
	return func() error {
		err := awake.Close()
		s.awake += awake.Used()
		return err
	}, nil
}

// quieting is something that keeps disturbances from the generator while it
// sends, and can be taken back.
type quieting func() (restore func() error, err error)

// adopt tries a quieting, and has it used from now on if it is allowed here. It
// returns which state that is, as the fact of a name.
func (s *session) adopt(name string, q quieting, quiet, otherwise string) record.Fact {
	restore, err := q()
	if err == nil {
		err = restore()
	}
	if err != nil {
		denied := errors.Is(err, fs.ErrPermission) // EPERM or EACCES
		return record.Fact{Name: name, Value: otherwise + ": " + err.Error(), State: otherwise, Denied: denied}
	}
	s.quiet = append(s.quiet, q)
	return record.Fact{Name: name, Value: quiet}
}
