package trial

import (
	"crypto/sha256"
	"fmt"
	"io"

	"servebench/reports/record/userfile"
	"servebench/targets"
)

// FactHash is the name of the fact by which two builds of a server are told apart.
const FactHash = "SHA-256 of the program"

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

// programFacts say which program a variant runs: nothing of a server that runs already or
// is in an image. The variants of an A/B test have that of their own.
func (s *session) programFacts(a *variant) ([]targets.Fact, error) {
	if a.kind.Running || s.record.AB != nil || len(a.workload.Command) == 0 || a.workload.Image != "" {
		return nil, nil
	}
	path, err := a.workload.Executable()
	if err != nil {
		return nil, nil // which the deployment tells, where it needs the program
	}
	sum, err := HashProgram(path)
	return []targets.Fact{{Name: FactHash, Value: sum}}, err
}
