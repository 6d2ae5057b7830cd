package ab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"servebench/scenarios"
	"servebench/scenarios/decode"
	"servebench/scenarios/revision"
)

// The ways to name a server of an A/B test, as they are written before its colon.
const (
	AsIs       = "as-is"
	byRevision = "rev"
	byProgram  = "bin"
	byImage    = "image"
	byURL      = "url"
	bySetting  = "set" // never written: a setting shows by its =
)

// Spec is a server of an A/B test as the user named it.
type Spec struct {
	how   string // it was named: AsIs, byRevision …
	value string // the revision, path, image or URL
	// Settings are those of its scenario alone.
	Settings []decode.Setting
	// Guess says how a word without a colon was understood; "" of one with.
	Guess string
}

// Named is what was given for both servers of an A/B test.
type Named struct {
	Baseline, Candidate []string
	Build               string // the shell command that builds a revision
}

// Parse reads both servers and their scenarios, the baseline's first. set are the settings
// of both, and parse reads the scenario with those of one.
func (n Named) Parse(ctx context.Context, set []decode.Setting, parse func([]decode.Setting) (*scenarios.Scenario, error)) (specs []Spec, parsed []*scenarios.Scenario, err error) {
	var faults []error
	for _, server := range []struct {
		flag  string
		words []string
	}{{"--baseline", n.Baseline}, {"--candidate", n.Candidate}} {
		spec, err := ParseSpec(ctx, server.flag, server.words)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		s, err := ParseWithRules(slices.Concat(set, spec.Settings), parse)
		specs, parsed, faults = append(specs, spec), append(parsed, s), append(faults, err)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, nil, once(err)
	}
	if n.Build != "" && !slices.ContainsFunc(specs, func(s Spec) bool { return s.how == byRevision }) {
		return nil, nil, errors.New("--build builds revisions, and neither server is one: want rev:REVISION")
	}
	return specs, parsed, nil
}

// once is the first of two errors where both say the same: of a scenario that both
// servers share.
func once(err error) error {
	lines := strings.Split(err.Error(), "\n")
	if half := len(lines) / 2; len(lines)%2 == 0 && slices.Equal(lines[:half], lines[half:]) {
		return errors.New(strings.Join(lines[:half], "\n"))
	}
	return err
}

// ParseSpec reads what was given for a server: one word that names it, and any
// number of settings. flag is the one they were given to, for messages.
func ParseSpec(ctx context.Context, flag string, words []string) (Spec, error) {
	spec := Spec{how: AsIs}
	for _, word := range words {
		how, value := spell(ctx, word)
		switch {
		case how == "":
			return spec, fmt.Errorf("%s %s: it is no file, no URL, no key=value, and no revision of the repository here; want rev:, bin:, image: or url: before it, key=value, or as-is", flag, word)
		case value == "" && how != AsIs:
			return spec, fmt.Errorf("%s %s: nothing is named after the colon", flag, word)
		case how == bySetting:
			set, err := parseSettings(flag, value)
			if err != nil {
				return spec, err
			}
			spec.Settings = append(spec.Settings, set...)
			continue
		case spec.how != AsIs:
			return spec, fmt.Errorf("%s names two servers, %s:%s and %s; want one, and settings beside it", flag, spec.how, spec.value, word)
		}
		spec.how, spec.value = how, value
		if how != AsIs && !strings.HasPrefix(word, how+":") {
			spec.Guess = fmt.Sprintf("%s %s is taken as %s:%s", flag, word, how, value)
		}
	}
	spec.Settings = append(spec.Settings, spec.ownSettings(flag)...)
	return spec, spec.check(flag)
}

// spell finds out how a word names a server; "" when it does not.
func spell(ctx context.Context, word string) (how, value string) {
	if word == AsIs {
		return AsIs, ""
	}
	for _, how := range []string{byRevision, byProgram, byImage, byURL} {
		if value, ok := strings.CutPrefix(word, how+":"); ok {
			return how, value
		}
	}
	if info, err := os.Stat(word); err == nil && info.Mode().IsRegular() {
		return byProgram, word
	}
	switch {
	case strings.HasPrefix(word, "http://"), strings.HasPrefix(word, "https://"):
		return byURL, word
	case strings.Contains(word, "="):
		return bySetting, word
	}
	if repo, err := revision.Find(ctx, "."); err == nil {
		if _, err := repo.Commit(ctx, word); err == nil {
			return byRevision, word
		}
	}
	return "", ""
}

// parseSettings reads settings with commas between them.
func parseSettings(flag, text string) ([]decode.Setting, error) {
	var all []decode.Setting
	var faults []error
	for _, part := range decode.SplitSettings(text) {
		s, err := decode.ParseSetting(part)
		if err != nil {
			err = fmt.Errorf("%s: %w", flag, err)
		}
		s.Flag = flag + " " + part
		all, faults = append(all, s), append(faults, err)
	}
	return all, errors.Join(faults...)
}

// ownSettings are those that a server's name stands for.
func (s Spec) ownSettings(flag string) []decode.Setting {
	shown := fmt.Sprintf("%s %s:%s", flag, s.how, s.value)
	switch s.how {
	case byImage:
		return []decode.Setting{{Key: "workload.image", Value: s.value, Flag: shown}}
	case byURL:
		return []decode.Setting{
			{Key: "targets", Value: "[endpoint]", Flag: shown},
			{Key: "endpoint.url", Value: s.value, Flag: shown},
		}
	}
	return nil
}

// String is the server as the record has it: what it takes to name it again, but for
// settings, which are in its scenario.
func (s Spec) String() string {
	var parts []string
	if s.how != AsIs || len(s.Settings) == 0 {
		parts = append(parts, strings.TrimSuffix(s.how+":"+s.value, ":"))
	}
	for _, set := range s.Settings[:len(s.Settings)-len(s.ownSettings(""))] {
		parts = append(parts, set.Key+"="+set.Value)
	}
	return strings.Join(parts, ",")
}

// check finds out whether a program that a server is named by can be run. flag is the
// one that names it.
func (s Spec) check(flag string) error {
	if s.how != byProgram {
		return nil
	}
	info, err := os.Stat(s.value)
	switch {
	case err != nil:
		return fmt.Errorf("%s %s:%s: %w; want the path of a program", flag, s.how, s.value, errors.Unwrap(err))
	case !info.Mode().IsRegular() || info.Mode()&0o111 == 0:
		return fmt.Errorf("%s %s:%s: it is no program; want the path of one that may be executed", flag, s.how, s.value)
	}
	return nil
}
