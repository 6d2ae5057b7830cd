package targets

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"servebench/reports/record"
)

// Kind is a target's entry in the list that the CLI, the scenario validation
// and the help texts are made from.
type Kind struct {
	Name string
	Doc  string // one sentence
	// Options are what a scenario may set under the target's name, and
	// --set NAME.OPTION=VALUE.
	Options []Option
	// Check reports whether the target can run here with these options, by
	// Option.Name; a missing one takes its default, and nil is allowed. Its
	// error says why not and which command would make it so: an *Unavailable.
	// A value that is not allowed is not Check's to report, but Open's. Nil:
	// the target can run anywhere.
	Check func(ctx context.Context, options map[string]string) error
	// CheckImage reports what the target lacks beyond Check to run an image, as Check does;
	// nil: nothing.
	CheckImage func(ctx context.Context) error
	// Bundles reports whether the target runs a workload's command in an image that is made
	// of it, with these options; nil: it does not.
	Bundles func(options map[string]string) bool
	// Describe says what a deployment would use here, such as which engine, in
	// the words of the deployment's Facts: for options with which Check found
	// nothing missing. It deploys nothing. Nil: there is nothing to choose from.
	Describe func(ctx context.Context, options map[string]string) ([]record.Fact, error)
	// Lacks finds what only some runs need and is not to be had here, such as a right: for
	// options with which Check found nothing missing. Its Why says what is missing and which
	// runs need it. Nil: all is there.
	Lacks func(ctx context.Context, options map[string]string) ([]Unavailable, error)
	// Open returns the target. It fails on an option's bad value. What Check
	// found may be gone by then: an *Unavailable among Open's errors counts
	// like one from Check.
	Open func(Config) (Target, error)
	// Leftovers finds what a servebench left on the target that was killed
	// before it could Close its deployments, such as containers, images,
	// folders and cgroups, and what still runs of it, in the order to remove
	// it in. What belongs to a living servebench, or may, is not among it. It
	// goes on after a fault, and where the target cannot run there is nothing
	// to find. ctx bounds the whole of it. Nil: the target leaves nothing.
	Leftovers func(ctx context.Context) ([]Leftover, error)
	// Running says that the target uses a server that runs already, which
	// it neither starts nor ends: it needs no Workload but its Ready path.
	Running bool
	// Outside says that the server is reached from outside of where it runs, so that it has
	// to listen on HOST, and not on loopback.
	Outside bool
	// Remote reports whether servers run on other machines than this one with these options,
	// so that limits.cpus is not bounded by its CPUs; nil: they run on this one.
	Remote func(ctx context.Context, options map[string]string) bool
	// Scales says that the target runs as many replicas of a server as Workload.Scaling
	// asks for; others run one.
	Scales bool
	// SizedBy is the option that the memory and the CPUs of a server follow from, so that other
	// limits are no other sizes; "": they follow from Workload.Limits.
	SizedBy string
	// HTTP1 says that servers on the target are asked by HTTP/1.1 alone, whatever they
	// speak themselves.
	HTTP1 bool
	// Faults are the kinds of faults that can be injected into deployments on it, whose
	// Instance is an Injector then; none: no fault can.
	Faults []string
}

// Available says why the target cannot run here with these options; nil when it can.
func (k Kind) Available(ctx context.Context, options map[string]string) error {
	if k.Check == nil {
		return nil
	}
	return k.Check(ctx, options)
}

// Option is one setting of a target.
type Option struct {
	Name    string
	Doc     string // meaning, and the values allowed
	Default string
	Values  []string // when not empty: the only values allowed
	// Path says that it is the path of a file on this machine. What the target gets
	// is absolute; in a scenario it may be relative to the scenario's folder.
	Path bool
}

// Unavailable says why a target cannot run here and what would change that.
type Unavailable struct {
	Why string // "no Docker socket at /var/run/docker.sock and no runc in PATH"
	Fix string // the exact command: "apt-get install -y runc"; "" when there is none
}

func (u *Unavailable) Error() string {
	if u.Fix == "" {
		return u.Why
	}
	return fmt.Sprintf("%s; to make it available: %s", u.Why, u.Fix)
}

// Config configures a target.
type Config struct {
	// Options holds a value by Option.Name; a missing one takes its default.
	Options map[string]string
	// Dir is an existing folder in which the target may keep what it needs
	// while it is deployed. Close removes whatever Deploy put there. Leftovers
	// looks in os.TempDir() alone.
	Dir string
}

// Resolve returns the value of every option: what the configuration sets, else
// the default. It reports an option that does not exist and a value that is
// not allowed, naming what is.
func Resolve(options []Option, set map[string]string) (map[string]string, error) {
	values := make(map[string]string, len(options))
	var names []string
	for _, o := range options {
		names = append(names, o.Name)
		values[o.Name] = o.Default
	}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		i := slices.Index(names, name)
		if i < 0 {
			return nil, fmt.Errorf("unknown option %q: want %s", name, oneOf(names))
		}
		if allowed := options[i].Values; len(allowed) > 0 && !slices.Contains(allowed, set[name]) {
			return nil, &OptionError{name, fmt.Errorf("%q is not allowed: want %s", set[name], oneOf(allowed))}
		}
		values[name] = set[name]
	}
	return values, nil
}

// OptionError says that the value of an option is wrong, and what would be right.
type OptionError struct {
	Option string // its name
	Err    error  // names the value
}

func (e *OptionError) Error() string { return fmt.Sprintf("option %s: %v", e.Option, e.Err) }
func (e *OptionError) Unwrap() error { return e.Err }

// oneOf names the choices.
func oneOf(choices []string) string {
	switch len(choices) {
	case 0:
		return "no options, the target has none"
	case 1:
		return choices[0]
	}
	return "one of " + strings.Join(choices, ", ")
}

// Leftover is one thing that a killed servebench left.
type Leftover struct {
	What string // "container servebench-123-4567-4026531836-0a1b"
	// Remove removes it and ends what runs of it. ErrGone: somebody else did
	// so meanwhile.
	Remove func(ctx context.Context) error
}

// ErrGone says that something to remove was no longer there.
var ErrGone = errors.New("already gone")

// Sweep removes a target's Leftovers. It returns a line for each thing that it
// removed, and goes on after a fault, until ctx ends.
func (k Kind) Sweep(ctx context.Context) ([]string, error) {
	if k.Leftovers == nil {
		return nil, nil
	}
	found, err := k.Leftovers(ctx)
	failed := []error{err}
	var removed []string
	for _, left := range found {
		if ctx.Err() != nil {
			failed = append(failed, context.Cause(ctx))
			break
		}
		switch err := left.Remove(ctx); {
		case err == nil:
			removed = append(removed, left.What)
		case !errors.Is(err, ErrGone):
			failed = append(failed, fmt.Errorf("remove the abandoned %s: %w", left.What, err))
		}
	}
	return removed, errors.Join(failed...)
}

// leftoverWait bounds the search for what was left on one target.
const leftoverWait = 20 * time.Second

// FindLeftovers finds what killed servebenches left on the targets, each thing
// once: what several targets make, such as a cgroup, does not tell which of them
// it was.
func FindLeftovers(ctx context.Context, kinds []Kind) ([]Leftover, error) {
	var all []Leftover
	var faults []error
	seen := map[string]bool{}
	found, errs := make([][]Leftover, len(kinds)), make([]error, len(kinds))
	var looking sync.WaitGroup
	for i, kind := range kinds {
		looking.Go(func() { found[i], errs[i] = kind.leftovers(ctx) })
	}
	looking.Wait()
	for i, kind := range kinds {
		if errs[i] != nil {
			faults = append(faults, fmt.Errorf("look for what was left on %s: %w", kind.Name, errs[i]))
		}
		for _, left := range found[i] {
			if !seen[left.What] {
				seen[left.What] = true
				all = append(all, left)
			}
		}
	}
	return all, errors.Join(faults...)
}

func (k Kind) leftovers(ctx context.Context) ([]Leftover, error) {
	if k.Leftovers == nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, leftoverWait)
	defer cancel()
	return k.Leftovers(ctx)
}

// Install returns the command that installs a package on this system, by its
// name on Debian and elsewhere, for Unavailable.Fix; "" for a system that is
// not known.
func Install(debian, other string) string {
	text, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return ""
	}
	return installOn(string(text), debian, other)
}

// installOn reads the text of /etc/os-release, see os-release(5): ID names the
// system, ID_LIKE those that it descends from.
func installOn(release, debian, other string) string {
	var family []string
	for line := range strings.Lines(release) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if key == "ID" || key == "ID_LIKE" {
			family = append(family, strings.Fields(strings.Trim(value, `"'`))...)
		}
	}
	for _, system := range family {
		switch system {
		case "debian", "ubuntu":
			return "apt-get install -y " + debian
		case "fedora", "rhel", "centos":
			return "dnf install -y " + other
		case "alpine":
			return "apk add " + other
		case "arch":
			return "pacman -S --noconfirm " + other
		}
	}
	return ""
}

// Program returns this program's name as the user called it, for commands that
// the user is told to run: "bin/servebench", or the bare name where it is found
// in PATH.
func Program() string { return os.Args[0] }

// AsRoot returns a command that runs with root's rights: with sudo, unless this
// process has them.
func AsRoot(command string) string {
	if os.Geteuid() == 0 {
		return command
	}
	return "sudo " + command
}
