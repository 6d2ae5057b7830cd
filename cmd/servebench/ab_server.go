package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"servebench/scenarios/decode"
	"servebench/scenarios/revision"
)

// The ways to name a server of an A/B test, as they are written before its colon.
const (
	asIs       = "as-is"
	byRevision = "rev"
	byProgram  = "bin"
	byImage    = "image"
	byURL      = "url"
	bySetting  = "set" // never written: a setting shows by its =
)

// serverSpec is a server of an A/B test as the user named it.
type serverSpec struct {
	how      string           // it was named: asIs, byRevision …
	value    string           // the revision, path, image or URL
	settings []decode.Setting // of its scenario alone
	// guess says how a word without a colon was understood; "" of one with.
	guess string
}

// parseServer reads what was given for a server: one word that names it, and any
// number of settings. flag is the one they were given to, for messages.
func parseServer(ctx context.Context, flag string, words []string) (serverSpec, error) {
	spec := serverSpec{how: asIs}
	for _, word := range words {
		how, value := spell(ctx, word)
		switch {
		case how == "":
			return spec, fmt.Errorf("%s %s: it is no file, no URL, no key=value, and no revision of the repository here; want rev:, bin:, image: or url: before it, key=value, or as-is", flag, word)
		case value == "" && how != asIs:
			return spec, fmt.Errorf("%s %s: nothing is named after the colon", flag, word)
		case how == bySetting:
			set, err := parseSettings(flag, value)
			if err != nil {
				return spec, err
			}
			spec.settings = append(spec.settings, set...)
			continue
		case spec.how != asIs:
			return spec, fmt.Errorf("%s names two servers, %s:%s and %s; want one, and settings beside it", flag, spec.how, spec.value, word)
		}
		spec.how, spec.value = how, value
		if how != asIs && !strings.HasPrefix(word, how+":") {
			spec.guess = fmt.Sprintf("%s %s is taken as %s:%s", flag, word, how, value)
		}
	}
	spec.settings = append(spec.settings, spec.ownSettings(flag)...)
	return spec, nil
}

// spell finds out how a word names a server; "" when it does not.
func spell(ctx context.Context, word string) (how, value string) {
	if word == asIs {
		return asIs, ""
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
	for _, part := range splitSettings(text) {
		s, err := decode.ParseSetting(part)
		if err != nil {
			err = fmt.Errorf("%s: %w", flag, err)
		}
		s.Flag = flag + " " + part
		all, faults = append(all, s), append(faults, err)
	}
	return all, errors.Join(faults...)
}

// splitSettings splits a text where another setting begins: at a comma or the end of a
// line outside brackets, before a key with its =.
func splitSettings(text string) []string {
	next := regexp.MustCompile(`[,\n]\s*[A-Za-z_][A-Za-z0-9_.\[\]-]*=`)
	var parts []string
	from := 0
	for _, at := range next.FindAllStringIndex(text, -1) {
		if before := text[from:at[0]]; strings.Count(before, "[") == strings.Count(before, "]") && strings.Count(before, "{") == strings.Count(before, "}") {
			parts = append(parts, before)
			from = at[0] + 1
		}
	}
	return append(parts, text[from:])
}

// ownSettings are those that a server's name stands for.
func (s serverSpec) ownSettings(flag string) []decode.Setting {
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

// there finds out whether a program that a server is named by can be run. flag is the
// one that names it.
func (s serverSpec) there(flag string) error {
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

// String is the server as the record has it: what it takes to name it again, but for
// settings, which are in its scenario.
func (s serverSpec) String() string {
	var parts []string
	if s.how != asIs || len(s.settings) == 0 {
		parts = append(parts, strings.TrimSuffix(s.how+":"+s.value, ":"))
	}
	for _, set := range s.settings[:len(s.settings)-len(s.ownSettings(""))] {
		parts = append(parts, set.Key+"="+set.Value)
	}
	return strings.Join(parts, ",")
}
