package trial

import (
	"crypto/sha256"
	"fmt"
	"io"
	"slices"

	"servebench/reports/record"
	"servebench/reports/record/userfile"
)

// The names of the facts that distinguish two builds of a server.
const (
	FactHash  = "SHA-256 of the program"
	FactImage = "image digest" // of its configuration, which has those of its layers
	// FactModelFile is of the model that the server reads.
	FactModelFile = "SHA-256 of the model file"
)

// HashProgram is the SHA-256 of a file, in hexadecimal.
func HashProgram(path string) (string, error) {
	file, err := userfile.Open(path, userfile.NoLimit)
	if err != nil {
		return "", fmt.Errorf("hash the program: %w", err)
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", fmt.Errorf("hash the program: %w", err)
	}
	return fmt.Sprintf("%x", sum.Sum(nil)), nil
}

// programFacts say which program or image a variant runs: nothing of a server that runs
// already. The variants of an A/B test have the program's of their own.
func (s *session) programFacts(v *variant) ([]record.Fact, error) {
	var facts []record.Fact
	if v.workload.ImageDigest != "" {
		facts = []record.Fact{{Name: FactImage, Value: v.workload.ImageDigest}}
	}
	if v.workload.Image != "" || v.kind.Running || s.record.AB != nil || len(v.workload.Command) == 0 {
		return facts, nil
	}
	path, err := v.workload.Executable()
	if err != nil {
		return facts, nil // which the deployment tells, where it needs the program
	}
	sum, err := HashProgram(path)
	return append(facts, record.Fact{Name: FactHash, Value: sum}), err
}

func (s *session) redactFacts(facts []record.Fact) []record.Fact {
	for i := range facts {
		facts[i].Value = s.secrets.Redact(facts[i].Value)
	}
	return facts
}

// addFacts records what a deployment found to be so. Of the deployments after the
// first it adds what makes the target unequal anew, such as a limit that was lost,
// or makes it no longer so: the figures are those of both states then. Other facts
// may differ from one deployment to the next, such as what a preparation took.
func addFacts(entry *record.Target, found []record.Fact, round int) {
	first := len(entry.Facts) == 0
	for _, f := range found {
		switch {
		case first:
			entry.Facts = append(entry.Facts, f)
		case isNews(entry.Facts, f):
			f.Since, f.Unequal = round, true
			entry.Facts = append(entry.Facts, f)
		}
	}
}

// addFact records what a server says of itself, once.
func addFact(entry *record.Target, f record.Fact) {
	if !slices.Contains(entry.Facts, f) {
		entry.Facts = append(entry.Facts, f)
	}
}

// isNews says that a fact is or was Unequal, and was not recorded with this value.
func isNews(known []record.Fact, f record.Fact) bool {
	unequal := f.Unequal
	for _, k := range known {
		if k.Name != f.Name {
			continue
		}
		if k.Value == f.Value && (k.Unequal || !f.Unequal) {
			return false
		}
		unequal = unequal || k.Unequal
	}
	return unequal
}

// addEnvironment adds what is known of the machine. What is so already in a run that is
// continued is not added again, and what is not says since when.
func (s *session) addEnvironment(facts ...record.Fact) {
	for _, f := range facts {
		if s.since > 0 && s.record.Environment.Named(f.Name).Value == f.Value {
			continue
		}
		f.Since = s.since
		s.record.Environment = append(s.record.Environment, f)
	}
}
