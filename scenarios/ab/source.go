package ab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/decode"
	"servebench/scenarios/revision"
	"servebench/scenarios/trial"
	"servebench/targets"
)

// The facts of a server by which it is found again, beside the hash of its program.
const (
	factRepository = "repository"
	factCommit     = "commit"
	factBuild      = "build"
	factProgram    = "program"
)

// referenceInTree is where a build of servebench puts the reference server.
const referenceInTree = "bin/refserver"

// source is where the program of a server comes from.
type source struct {
	how string // AsIs, byRevision …
	// value is the path of a program or an image, or a revision.
	value  string
	folder string // of a revision: one inside its repository
	build  string // and the shell command that builds it
	key    string // what tells this server from the other one
}

// prepare makes a server of a scenario, from its source. close undoes it.
func (t *Test) prepare(ctx context.Context, s source, scenario *scenarios.Scenario) (server trial.Server, close func() error, err error) {
	server.Scenario = scenario
	close = func() error { return nil }
	var facts []record.Fact
	program := ""
	switch s.how {
	case byRevision:
		var out checkedOut
		if out, err = s.checkOut(ctx, scenario, t.note); err != nil {
			return server, close, err
		}
		close, facts, program = out.tree.Close, out.facts, out.program
		server.Program, server.Move = out.program, out.move
		if program == "" { // it is the same in every revision
			if program, err = t.ownProgram(scenario); err == nil {
				facts = append(facts, record.Fact{Name: factProgram, Value: program})
			}
		}
	case byProgram:
		if program, err = filepath.Abs(s.value); err != nil {
			return server, close, err
		}
		if err := replaceable(scenario); err != nil {
			return server, close, err
		}
		server.Program, facts = program, []record.Fact{{Name: factProgram, Value: program}}
	default:
		if program, err = t.ownProgram(scenario); err == nil && program != "" {
			facts = []record.Fact{{Name: factProgram, Value: program}}
		}
	}
	if err == nil && program != "" {
		var sum string
		sum, err = trial.HashProgram(program)
		facts = append(facts, record.Fact{Name: trial.FactHash, Value: sum})
	}
	server.Facts = facts
	return server, close, err
}

// checkedOut is a server of a revision.
type checkedOut struct {
	tree    *revision.Tree
	program string // in the tree; "": it is none of the repository's
	// move, where it is not nil, is where in the tree the server has what it runs in and with.
	move  func(path string) string
	facts []record.Fact
}

// checkOut puts a revision into a new folder and builds it there. A server with
// workload.files in the repository runs in there, with those of the revision.
func (s source) checkOut(ctx context.Context, scenario *scenarios.Scenario, say func(string, ...any)) (out checkedOut, err error) {
	if err := replaceable(scenario); err != nil {
		return out, err
	}
	repo, err := revision.Find(ctx, s.folder)
	if err != nil {
		return out, &UsageError{err}
	}
	var files []string
	for _, file := range scenario.Workload.Files {
		if inside, ok := repo.Inside(file); ok {
			files = append(files, inside)
		}
	}
	inside, own := referenceInTree, true
	if command := scenario.Workload.Command; len(command) > 0 {
		if inside, own = repo.Inside(command[0]); !own && files == nil {
			return out, &UsageError{fmt.Errorf("workload.command: %q is the same in every revision: want a path inside the repository %s, or workload.files with what it runs of that", command[0], repo.Top())}
		}
	}
	commit, err := repo.Commit(ctx, s.value)
	if err != nil {
		return out, &UsageError{fmt.Errorf("%s: %w", s.key, err)}
	}
	dir, err := RevisionsDir()
	if err != nil {
		return out, err
	}
	sweepTrees(ctx, dir, say)
	say("%s: checking out %s, commit %s", s.key, s.value, commit[:12])
	// The paths of both are equally long: how long a process's arguments are moves its
	// stack, and can be measured.
	out.tree, err = repo.CheckOut(ctx, dir, map[string]string{record.Baseline: "old", record.Candidate: "new"}[s.key], commit)
	if err != nil {
		return out, err
	}
	out.facts = []record.Fact{{Name: factRepository, Value: repo.Top()}, {Name: factCommit, Value: commit}}
	if s.build != "" {
		say("%s: building it: %s", s.key, s.build)
		out.facts = append(out.facts, record.Fact{Name: factBuild, Value: s.build})
		err = out.tree.Build(ctx, s.build)
	}
	if own && err == nil {
		out.program = filepath.Join(out.tree.Dir, inside)
		out.facts = append(out.facts, record.Fact{Name: factProgram, Value: inside})
		err = executable(out.program, s.build)
	}
	if files != nil {
		out.move = func(path string) string {
			if inside, ok := repo.Inside(path); ok {
				return filepath.Join(out.tree.Dir, inside)
			}
			return path
		}
	}
	for _, file := range files {
		if _, missing := os.Stat(filepath.Join(out.tree.Dir, file)); missing != nil && err == nil {
			err = fmt.Errorf("workload.files: %s is neither in the revision nor made by its build; have the command of --build make it, or leave it out", file)
		}
	}
	if err != nil {
		return out, errors.Join(fmt.Errorf("%s %s: %w", s.key, s.value, err), out.tree.Close())
	}
	return out, nil
}

// RevisionsDir is the folder that revisions are checked out into.
func RevisionsDir() (string, error) { return targets.CacheDir("revisions") }

// sweepTrees removes the revisions that killed A/B tests left in a folder. What cannot be
// removed is told and no reason not to go on.
func sweepTrees(ctx context.Context, dir string, say func(string, ...any)) {
	removed, err := revision.Sweep(ctx, dir)
	for _, tree := range removed {
		say("removed what a killed servebench left: revision %s", tree)
	}
	if err != nil {
		say("remove what a killed servebench left: %v", err)
	}
}

// executable finds out whether there is a program after a build.
func executable(path, build string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil && build == "":
		return fmt.Errorf("%w; if it has to be built first, name the command for that with --build", err)
	case err != nil:
		return fmt.Errorf("after the build: %w", err)
	case !info.Mode().IsRegular() || info.Mode()&0o111 == 0:
		return fmt.Errorf("%s is no program", path)
	}
	return nil
}

// replaceable finds out whether a scenario starts a program that another one can take
// the place of.
func replaceable(s *scenarios.Scenario) error {
	if s.Workload.Server == scenarios.ReferenceServer || len(s.Workload.Command) > 0 {
		return nil
	}
	return decode.Faults{{Field: "workload", Problem: "there is no command whose program another one could take the place of", Want: "server: reference, or a command"}}
}

// ownProgram is the path of the program that a scenario starts itself, "" where it
// starts none.
func (t *Test) ownProgram(s *scenarios.Scenario) (string, error) {
	for _, kind := range t.Runner.Catalogue.Targets {
		if kind.Name == s.Targets[0] && kind.Running {
			return "", nil
		}
	}
	switch w := s.Workload; {
	case w.Server == scenarios.ReferenceServer:
		return t.ReferenceServer()
	case len(w.Command) > 0:
		path, err := exec.LookPath(w.Command[0])
		if err != nil {
			return "", nil // which the runner tells, in words of the scenario
		}
		return filepath.Abs(path)
	case w.Image != "" && strings.ContainsRune(w.Image, os.PathSeparator):
		if info, err := os.Stat(w.Image); err == nil && info.Mode().IsRegular() {
			return filepath.Abs(w.Image)
		}
	}
	return "", nil
}

// unchanged finds out whether the program of a server is still the one that its facts
// are of: where it was built anew under way, the rounds are of several servers.
func unchanged(server trial.Server) error {
	was := server.Facts.Named(trial.FactHash).Value
	if was == "" {
		return nil
	}
	path := cmp.Or(server.Program, server.Facts.Named(factProgram).Value)
	switch is, err := trial.HashProgram(path); {
	case err != nil:
		return err
	case is != was:
		return fmt.Errorf("%s has changed since the A/B test began (SHA-256 %.12s…, and was %.12s…), so that its rounds say nothing; leave the program alone, and begin a new A/B test", path, is, was)
	}
	return nil
}

// recall is where the program of a variant came from.
func recall(variant record.Variant) source {
	fact := func(name string) string { return variant.Facts.Named(name).Value }
	s := source{how: AsIs, key: variant.Target}
	switch {
	case fact(factCommit) != "":
		s.how, s.value, s.folder, s.build = byRevision, fact(factCommit), fact(factRepository), fact(factBuild)
	case strings.HasPrefix(variant.Source, byProgram+":"):
		s.how, s.value = byProgram, fact(factProgram)
	}
	return s
}
