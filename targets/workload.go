package targets

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"servebench/reports/record"
)

// Workload is the server to run, the same for every target.
type Workload struct {
	// Command is the server's argument vector; Command[0] is an executable on
	// this machine. "{host}" and "{port}" in it and in Env are replaced by the
	// address to listen on, which the environment also has as HOST and PORT.
	Command []string
	// Dir is the working folder of a server of Command alone, on this machine's own file
	// system as in an image that is made of it and Files; one of a static program has the
	// root folder there, and other images have their own. "": this process's.
	Dir string
	// Image is a container image: a reference, the absolute path of a tarball (docker
	// save, OCI) or of a folder with an OCI layout, or "sha256:…", one that is kept on this
	// machine. Command, where there is one, replaces
	// its entry point and command.
	Image string
	// ImageDigest is that of the image's configuration, "sha256:…", once the image is
	// resolved, also one that is made of Command and Files: another one is refused from then
	// on. "": it is not resolved.
	ImageDigest string
	// Build is the absolute path of a folder with a Dockerfile to build the image from, in
	// the place of Image. Where both are empty, targets make an image of Command and Files.
	Build string
	// Files are absolute paths of files and folders that Command needs, which every
	// target that does not run on this machine's own file system gets at the same paths.
	Files []string
	// Port is the port that the server listens on whatever PORT says; 0: the only TCP port
	// that the image exposes, else one that the target chooses.
	Port int
	// Bootstrap says that the server asks Lambda's Runtime API for its work itself where
	// the environment names one, and needs no adapter there.
	Bootstrap bool
	Env       []string // further KEY=VALUE pairs
	Model     string   // what requests call the model, for targets that name what they run; "": nothing
	Ready     string   // path that answers 2xx when the server is ready, or a method of gRPC, see IsCall
	// StartTimeout is how long a start may take, for targets that have to tell somebody: the
	// context of Deploy ends it in any case. 0: as long as it takes.
	StartTimeout time.Duration
	// AnyAnswer says that any answer on Ready with a status below 500 shows that the
	// server is ready.
	AnyAnswer bool
	// Restart says that the server is started again, at the same address, whenever it ends
	// by itself after it was ready, as by systemd's Restart=always: Done is not closed then,
	// and Err is nil. Targets that always do so have no use for it.
	Restart bool
	// Faults are the kinds that will be injected, for targets that have to be prepared for one.
	Faults []string
	// HTTP2 says that the server speaks HTTP/2, and without TLS nothing else.
	HTTP2  bool
	Limits Limits
	// Scaling is how many replicas of the server run at a time; the zero value: one.
	Scaling record.Scaling
	// Events gets what happens to the replicas, as it happens, from Deploy on until Close
	// returned; nil: nobody listens. It is safe for concurrent use and does not wait.
	Events func(record.Event)
	// CPUSet are the numbers of this machine's CPUs for what runs on this machine,
	// its virtualisation included; empty: not pinned. Targets elsewhere have no use
	// for them.
	CPUSet []int
	// Credentials are what the server asks its clients for, also before it says that it is
	// ready.
	Credentials Credentials
	// Output gets what the server writes to its standard output and error, as it
	// comes and to the last byte, until Deploy failed or Close returned; nil: nobody.
	// It is safe for concurrent use, and an error of it is nothing to the server.
	Output io.Writer
}

// Credentials put on a request what its server asks to know of the client: header fields,
// a token, a signature. The zero value puts nothing.
type Credentials struct {
	// Authorize adds header fields to a request, or sets its Host. It may sign the whole
	// request, which is sent as it is then. body is the request's, which has none of its
	// own yet. It is safe for concurrent use; nil: nothing is added.
	Authorize func(r *http.Request, body []byte) error
	// Lifetime is how long after that the request may be sent; 0: for ever.
	Lifetime time.Duration
	// Keys are the scenario's keys that hold secrets of it, such as http.auth.bearer; none:
	// the server learns nothing that would let the client in.
	Keys []string
}

// Refused says what to do where a server answered with 401 or 403.
func (c Credentials) Refused() string {
	if len(c.Keys) == 0 {
		return "if it asks for credentials, give them as http.auth or http.headers"
	}
	return fmt.Sprintf("the server refused the credentials that were sent (%s): check that they are complete, still valid, and permit this request", strings.Join(c.Keys, ", "))
}

// Put authorizes a request.
func (c Credentials) Put(r *http.Request, body []byte) error {
	if c.Authorize == nil {
		return nil
	}
	return c.Authorize(r, body)
}

// Limits are the resources a deployment may use. The CPUs are for its
// virtualisation as well.
type Limits struct {
	CPUs float64 // such as 0.25; 0: no limit
	// Memory bounds the server's processes, the same on every target; 0: no
	// limit. What virtualisation needs beyond that is measured by Usage.
	Memory       Bytes
	Accelerators int // GPUs and the like
	GOMAXPROCS   int // handed to the server as GOMAXPROCS and its like; 0: CPUs, rounded up
}

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

// InstanceIDVariable is the variable in which targets that run several replicas tell each
// its id, by which their events call it. A server that sends it in the header field
// protocol.InstanceIDHeader lets it be seen which replica answered.
const InstanceIDVariable = "INSTANCE_ID"

// threadVariables are what servers and the libraries that compute for them take the
// number of their threads from. Without them, each would count the CPUs in a way of its
// own, of which some see a container's or a CPU set and some do not.
func threadVariables() []string {
	return []string{"GOMAXPROCS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"}
}

// Settings returns what every server is told, the same on every target but for
// the address: HOST, PORT, the numbers of threads where a number of CPUs is asked
// for, and over them the workload's own. It sets no GOMEMLIMIT: the memory limit
// is a hard one everywhere, as on the platforms that the targets stand for, and
// who wants the soft one sets it in Env.
func (w Workload) Settings(host string, port int) []string { return w.SettingsOver(nil, host, port) }

// SettingsOver returns the Settings of a server whose image has an environment: they are
// set over it, but for the numbers of threads that it says itself.
func (w Workload) SettingsOver(image []string, host string, port int) []string {
	env := []string{"HOST=" + host, "PORT=" + strconv.Itoa(port)}
	for _, name := range threadVariables() {
		own := slices.ContainsFunc(image, func(pair string) bool { return strings.HasPrefix(pair, name+"=") })
		if n := w.Limits.Processors(); n > 0 && !own {
			env = append(env, name+"="+strconv.Itoa(n))
		}
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

// Quota is the number of CPUs that the CPU time is bounded to; 0: a whole number of CPUs
// needs no bound but the CPU set.
func (l Limits) Quota() float64 {
	if l.CPUs == math.Trunc(l.CPUs) {
		return 0
	}
	return l.CPUs
}

// FormatCPUs writes CPU numbers as the kernel does: "0-2,5".
func FormatCPUs(cpus []int) string {
	sorted := slices.Compact(slices.Sorted(slices.Values(cpus)))
	var parts []string
	for i := 0; i < len(sorted); {
		end := i
		for end+1 < len(sorted) && sorted[end+1] == sorted[end]+1 {
			end++
		}
		part := strconv.Itoa(sorted[i])
		if end > i {
			part += "-" + strconv.Itoa(sorted[end])
		}
		parts = append(parts, part)
		i = end + 1
	}
	return strings.Join(parts, ",")
}

// ParseCPUs reads what FormatCPUs writes: numbers from 0 to 8191, the most
// that a Linux kernel is built for.
func ParseCPUs(list string) ([]int, error) {
	var cpus []int
	for part := range strings.SplitSeq(strings.TrimSpace(list), ",") {
		from, to, ranged := strings.Cut(part, "-")
		if !ranged {
			to = from
		}
		first, err1 := strconv.ParseUint(from, 10, 13)
		last, err2 := strconv.ParseUint(to, 10, 13)
		if err1 != nil || err2 != nil || first > last {
			return nil, fmt.Errorf("CPU list %q is not like 0-2,5", list)
		}
		for cpu := first; cpu <= last; cpu++ {
			cpus = append(cpus, int(cpu))
		}
	}
	slices.Sort(cpus)
	return slices.Compact(cpus), nil
}

// IsStatic reports whether an executable runs where there is nothing but the
// executable: it asks for no loader of shared libraries. It fails where the file
// is no Linux executable.
func IsStatic(file string) (bool, error) {
	binary, err := elf.Open(file)
	if err != nil {
		return false, err
	}
	defer binary.Close()
	return !slices.ContainsFunc(binary.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }), nil
}
