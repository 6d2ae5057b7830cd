// Command testserver is the server that the conformance suite of the targets
// deploys, or a Lambda bootstrap where there is a Runtime API. Its environment
// says how it starts and ends, its paths make it report what it sees, burn CPU time, hold memory, start a child and die.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"servebench/targets/functionurl"

	"github.com/aws/aws-lambda-go/lambda"
)

// Report is what the server sees of its surroundings.
type Report struct {
	Args       []string
	Env        []string
	Began      time.Time // when the server started
	GOMAXPROCS int
	CPUs       string // as in /proc/self/status
	Visible    int    // CPUs that /proc/stat lists
	UID, GID   int
	Groups     []int // supplementary ones
	Dir        string
	Hostname   string
	Umask      string            // as in /proc/self/status
	Modes      map[string]string // of the files asked for, links followed
	// Effective capabilities and the bit against new ones, as there.
	Capabilities, NoNewPrivileges string
	Writable                      bool   // the root folder takes a new file; only when asked to try
	SharedMemory                  uint64 // bytes that /dev/shm has
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "child" {
		signal.Ignore(syscall.SIGTERM)
		time.Sleep(time.Hour)
	}
	os.Exit(run(os.Stdout, os.Stderr))
}

func run(stdout, stderr io.Writer) int {
	fmt.Fprintln(stdout, "test server starts")
	noise, _ := strconv.Atoi(os.Getenv("TEST_NOISE")) // none unless it is a number
	for line := range noise {
		fmt.Fprintln(stderr, "a line of noise,", line)
	}
	logged, _ := strconv.Atoi(os.Getenv("TEST_LOG_MIB"))
	for range logged * 16 { // a block of 64 KiB at a time
		io.WriteString(stdout, strings.Repeat(strings.Repeat("x", 127)+"\n", 512))
	}
	switch os.Getenv("TEST_START") {
	case "die":
		fmt.Fprintln(stderr, "cannot load the model: the disk is on fire")
		return 3
	case "background": // as a daemon does
		if err := startChild(); err != nil {
			fmt.Fprintln(stderr, err)
			return 1
		}
		return 0
	case "web": // a plain web server, wherever it is
		os.Unsetenv("AWS_LAMBDA_RUNTIME_API")
	case "listen": // on a port of its own, some time before it is ready
		go http.ListenAndServe("127.0.0.1:0", http.NotFoundHandler())
		time.Sleep(2500 * time.Millisecond)
	case "deaf":
		fmt.Fprintln(stderr, "waiting for a model that never comes")
		time.Sleep(time.Hour)
	}
	switch os.Getenv("TEST_TERM") {
	case "ignore":
		signal.Ignore(syscall.SIGTERM)
	case "interrupt": // the signal that ends it is another one
		signal.Ignore(syscall.SIGTERM)
		go endOn(os.Interrupt, stderr)
	}
	if control := os.Getenv("TEST_THIEF"); control != "" {
		if err := tell(control, os.Getenv("PORT")); err != nil {
			fmt.Fprintln(stderr, err)
			return 4
		}
	}
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") != "" {
		lambda.Start(functionurl.Handler(handler(stderr))) // does not return
	}
	err := http.ListenAndServe(net.JoinHostPort(os.Getenv("HOST"), os.Getenv("PORT")), handler(stderr))
	fmt.Fprintln(stderr, err)
	return 1
}

// endOn ends the server when the signal comes.
func endOn(s os.Signal, stderr io.Writer) {
	came := make(chan os.Signal, 1)
	signal.Notify(came, s)
	fmt.Fprintln(stderr, "ended by", <-came)
	os.Exit(0)
}

// tell sends the port to the thief of ports and waits until it did its work.
func tell(control, port string) error {
	conn, err := net.Dial("tcp", control)
	if err != nil {
		return err
	}
	defer conn.Close()
	fmt.Fprintln(conn, port)
	_, err = bufio.NewReader(conn).ReadString('\n')
	return err
}

func handler(stderr io.Writer) http.Handler {
	began := time.Now()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ready", func(w http.ResponseWriter, _ *http.Request) {
		if os.Getenv("TEST_START") == "never" {
			fmt.Fprintln(stderr, "still loading")
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	mux.HandleFunc("GET /report", func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(report(began, r.FormValue("write") != "", r.Form["file"])) // the client sees a short answer
	})
	mux.HandleFunc("POST /predict", predict)
	mux.HandleFunc("POST /burn", func(_ http.ResponseWriter, r *http.Request) {
		burn(time.Duration(number(r, "ms")) * time.Millisecond)
	})
	var held [][]byte
	mux.HandleFunc("POST /hold", func(w http.ResponseWriter, r *http.Request) {
		held = append(held, touch(number(r, "mib")<<20))
		fmt.Fprintln(w, len(held))
	})
	mux.HandleFunc("POST /fork", func(w http.ResponseWriter, _ *http.Request) {
		if err := startChild(); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	mux.HandleFunc("POST /exit", func(_ http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(stderr, "asked to exit")
		os.Exit(number(r, "code"))
	})
	return mux
}

// predict answers {"features":[…]} with the label that the linear model in the file
// $TEST_MODEL gives.
func predict(w http.ResponseWriter, r *http.Request) {
	var model struct {
		Weights [][]float64
		Bias    []float64
	}
	var asked struct{ Features []float64 }
	text, err1 := os.ReadFile(os.Getenv("TEST_MODEL"))
	err2 := json.Unmarshal(text, &model)
	err3 := json.NewDecoder(r.Body).Decode(&asked)
	if err := errors.Join(err1, err2, err3); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	scores := slices.Clone(model.Bias)
	for class, weights := range model.Weights {
		for i, weight := range weights {
			scores[class] += weight * asked.Features[i]
		}
	}
	_ = json.NewEncoder(w).Encode(map[string]int{"label": slices.Index(scores, slices.Max(scores))}) // the client sees a short answer
}

// number reads a query parameter; 0 when it is not one.
func number(r *http.Request, name string) int {
	n, _ := strconv.Atoi(r.FormValue(name))
	return n
}

// touch allocates memory and writes to every page of it.
func touch(size int) []byte {
	block := make([]byte, size)
	for i := 0; i < len(block); i += 4096 {
		block[i] = 1
	}
	return block
}

// burn spends CPU time of this process.
func burn(d time.Duration) {
	for start := spent(); spent()-start < d; {
		for range 1 << 16 {
		}
	}
}

// spent is the CPU time that this process used.
func spent() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// startChild starts a process that outlives the server.
func startChild() error {
	child := exec.Command("/proc/self/exe", "child")
	child.Stdout, child.Stderr = os.Stdout, os.Stderr
	return child.Start()
}

// mode describes the mode of a file, or why it has none.
func mode(name string) string {
	info, err := os.Stat(name)
	if err != nil {
		return err.Error()
	}
	return info.Mode().String()
}

func report(began time.Time, write bool, files []string) Report {
	r := Report{Began: began, Args: os.Args, Env: os.Environ(), GOMAXPROCS: runtime.GOMAXPROCS(0), UID: os.Getuid(), GID: os.Getgid(), Modes: map[string]string{}}
	r.Groups, _ = os.Getgroups() // none where it fails
	r.Dir, _ = os.Getwd()
	r.Hostname, _ = os.Hostname()
	for _, name := range files {
		r.Modes[name] = mode(name)
	}
	status, _ := os.ReadFile("/proc/self/status") // the fields stay empty without it
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":\t")
		switch name {
		case "Cpus_allowed_list":
			r.CPUs = value
		case "CapEff":
			r.Capabilities = value
		case "Umask":
			r.Umask = value
		case "NoNewPrivs":
			r.NoNewPrivileges = value
		}
	}
	var shared syscall.Statfs_t
	_ = syscall.Statfs("/dev/shm", &shared) // 0 where there is none
	r.SharedMemory = shared.Blocks * uint64(shared.Bsize)
	stat, _ := os.ReadFile("/proc/stat") // likewise
	r.Visible = strings.Count(string(stat), "\ncpu")
	if write {
		f, err := os.CreateTemp("/", "testserver-")
		if r.Writable = err == nil; r.Writable {
			os.Remove(f.Name())
			f.Close()
		}
	}
	return r
}
