package targets

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Arguments returns the workload's command with "{host}" and "{port}" replaced.
func (w Workload) Arguments(host string, port int) []string {
	return addressed(w.Command, host, port)
}

// Variables returns the workload's Env with "{host}" and "{port}" replaced.
func (w Workload) Variables(host string, port int) []string {
	return addressed(w.Env, host, port)
}

func addressed(texts []string, host string, port int) []string {
	replacer := strings.NewReplacer("{host}", host, "{port}", strconv.Itoa(port))
	texts = slices.Clone(texts)
	for i := range texts {
		texts[i] = replacer.Replace(texts[i])
	}
	return texts
}

// Executable returns the absolute path of the workload's executable, which is
// looked up in PATH when it is a bare name.
func (w Workload) Executable() (string, error) {
	if len(w.Command) == 0 {
		return "", errors.New("the workload has no command")
	}
	path, err := exec.LookPath(w.Command[0])
	if err != nil && !errors.Is(err, exec.ErrDot) {
		return "", fmt.Errorf("find the server's executable: %s %s", w.Command[0], notExecutable(err))
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return "", fmt.Errorf("find the server's executable: %s is not a file", path)
	}
	return filepath.Abs(path)
}

// notExecutable says why a program cannot be run, of an error of exec.LookPath.
func notExecutable(err error) string {
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return "is not in PATH"
	case errors.Is(err, fs.ErrNotExist):
		return "does not exist"
	case errors.Is(err, fs.ErrPermission):
		return "may not be executed: chmod +x makes it a program"
	case errors.Is(err, syscall.EISDIR):
		return "is a folder"
	}
	return "cannot be run: " + err.Error()
}

// SearchPath is the PATH that a server gets which brings none of its own.
const SearchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Environment returns the whole environment of a server that brings none of
// its own, as an image would: PATH, HOME and the workload's Settings. Only the
// address differs between targets.
func (w Workload) Environment(host string, port int) []string {
	return MergeEnvironment([]string{"PATH=" + w.searchPath(), "HOME=/"}, w.Settings(host, port))
}

// searchPath is the server's PATH. It begins with the folder of a command that was found
// elsewhere than in the usual places, such as that of a virtual environment: an
// interpreter finds its libraries, and the server the programs beside it, by PATH.
func (w Workload) searchPath() string {
	if len(w.Command) == 0 || strings.Contains(w.Command[0], "/") {
		return SearchPath
	}
	path, err := w.Executable()
	if dir := filepath.Dir(path); err == nil && !slices.Contains(filepath.SplitList(SearchPath), dir) {
		return dir + string(filepath.ListSeparator) + SearchPath
	}
	return SearchPath
}

// Settings returns what every server is told, the same on every target but for
// the address: HOST, PORT, GOMAXPROCS where a number of CPUs is asked for, and
// over them the workload's own. It sets no GOMEMLIMIT: the memory limit is a
// hard one everywhere, as on the platforms that the targets stand for, and who
// wants the soft one sets it in Env.
func (w Workload) Settings(host string, port int) []string {
	env := []string{"HOST=" + host, "PORT=" + strconv.Itoa(port)}
	if n := w.Limits.Processors(); n > 0 {
		env = append(env, "GOMAXPROCS="+strconv.Itoa(n))
	}
	return MergeEnvironment(env, w.Variables(host, port))
}

// MergeEnvironment returns the KEY=VALUE pairs of base with those of over set
// in their place or after them, so that no key is there twice.
func MergeEnvironment(base, over []string) []string {
	merged := slices.Clone(base)
	for _, pair := range over {
		key, _, _ := strings.Cut(pair, "=")
		same := func(other string) bool { return strings.HasPrefix(other, key+"=") }
		if i := slices.IndexFunc(merged, same); i >= 0 {
			merged[i] = pair
		} else {
			merged = append(merged, pair)
		}
	}
	return merged
}

// Processors is the GOMAXPROCS that the limits ask for; 0: unset.
func (l Limits) Processors() int {
	if l.GOMAXPROCS > 0 {
		return l.GOMAXPROCS
	}
	return int(math.Ceil(l.CPUs))
}
