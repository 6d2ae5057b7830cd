package adapter_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"servebench/targets/functionurl"

	"github.com/aws/aws-lambda-go/lambda"
)

// roleKey is the variable that makes this test, run once more, the server whose part it
// names.
const roleKey = "TEST_SERVER"

func TestMain(m *testing.M) {
	switch os.Getenv(roleKey) {
	case "":
		code := m.Run()
		if built.dir != "" {
			os.RemoveAll(built.dir)
		}
		os.Exit(code)
	case "slow":
		time.Sleep(300 * time.Millisecond)
	case "slow once": // at its first start it does not get ready
		if f, err := os.OpenFile(os.Getenv("TEST_FILE"), os.O_CREATE|os.O_EXCL, 0o600); err == nil {
			f.Close()
			time.Sleep(time.Hour)
		}
	case "loading":
		go func() { time.Sleep(200 * time.Millisecond); loaded <- true }()
		loaded <- false
	case "die":
		fmt.Println("the disk is on fire")
		os.Exit(3)
	case "killed":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "bootstrap":
		lambda.Start(functionurl.Handler(site()))
	case "two writes":
		fmt.Println(twoWrites())
		os.Exit(1)
	case "orphan": // leaves a child to whoever is the first process
		sh := exec.Command("sh", "-c", "sleep 0.05 & exit")
		_ = sh.Run()
	}
	fmt.Println("listening")
	server := &http.Server{Addr: "127.0.0.1:" + os.Getenv("PORT"), Handler: site()}
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	go func() {
		<-terminated
		fmt.Println("terminated")
		os.Exit(9)
	}()
	fmt.Println(server.ListenAndServe())
	os.Exit(1)
}

// built is where the adapter's program is, which is built once.
var built struct {
	sync.Once
	dir string
	err error
}

// program builds the adapter as it is built for users, once.
func program(tb testing.TB) string {
	tb.Helper()
	built.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "lambdaadapter-"); built.err == nil {
			var text []byte
			cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", built.dir, "servebench/cmd/lambdaadapter")
			cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
			if text, built.err = cmd.CombinedOutput(); built.err != nil {
				built.err = fmt.Errorf("%w: %s", built.err, text)
			}
		}
	})
	if built.err != nil {
		tb.Fatalf("build lambdaadapter: %v", built.err)
	}
	return built.dir + "/lambdaadapter"
}

// twoWrites serves as simple servers do: the head of an answer, and then its body, which the
// kernel may hold back until the head is acknowledged.
func twoWrites() error {
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT"))
	if err != nil {
		return err
	}
	for {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer conn.Close()
			if conn.(*net.TCPConn).SetNoDelay(false) != nil {
				return
			}
			for requests := bufio.NewReader(conn); ; {
				r, err := http.ReadRequest(requests)
				if err != nil {
					return
				}
				_, _ = io.Copy(io.Discard, r.Body)
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
				_, _ = io.WriteString(conn, "body")
			}
		}()
	}
}

// loaded holds whether the server that loads has.
var loaded = make(chan bool, 2)

// site is what the server answers.
func site() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", echo)
	mux.HandleFunc("/ready", func(w http.ResponseWriter, _ *http.Request) {
		if os.Getenv(roleKey) != "loading" {
			return
		}
		if now := <-loaded; !now {
			loaded <- <-loaded
			w.WriteHeader(http.StatusServiceUnavailable)
		} else {
			loaded <- true
		}
	})
	mux.HandleFunc("/status", func(w http.ResponseWriter, r *http.Request) {
		code, _ := strconv.Atoi(r.FormValue("code"))
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(code)
	})
	mux.HandleFunc("/large", func(w http.ResponseWriter, r *http.Request) {
		size, _ := strconv.Atoi(r.FormValue("size"))
		_, _ = w.Write(bytes.Repeat([]byte("x"), size))
	})
	mux.HandleFunc("/early", func(w http.ResponseWriter, _ *http.Request) { // does not read its request
		w.Header().Set("Connection", "close")
		http.Error(w, "too much", http.StatusRequestEntityTooLarge)
	})
	mux.HandleFunc("/hints", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		_, _ = io.WriteString(w, "after the hints")
	})
	mux.HandleFunc("/closing", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Connection", "close") })
	mux.HandleFunc("/abort", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(make([]byte, 1<<16))
		panic(http.ErrAbortHandler)
	})
	mux.HandleFunc("/exit", func(_ http.ResponseWriter, r *http.Request) {
		code, _ := strconv.Atoi(r.FormValue("code"))
		os.Exit(code)
	})
	mux.HandleFunc("/children", func(w http.ResponseWriter, _ *http.Request) {
		zombies, _ := exec.Command("sh", "-c", "cat /proc/[0-9]*/stat | grep -c ') Z ' || true").Output()
		_, _ = w.Write(zombies)
	})
	mux.HandleFunc("/events", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch string(body) {
		case `"refuse"`:
			http.Error(w, "not that one", http.StatusUnprocessableEntity)
		case `"fail"`:
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, `{"errorType":"Model.Broken","errorMessage":"oh no"}`)
		default:
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"method":%q,"type":%q,"context":%q,"event":%s}`, r.Method, r.Header.Get("Content-Type"), r.Header.Get("X-Amzn-Lambda-Context"), body)
		}
	})
	return mux
}

// echo answers with all that it sees of the request.
func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header()["X-Saw"] = []string{fmt.Sprintf("%s %s %s %d %q %q", r.Method, r.RequestURI, r.Host, r.ContentLength, r.Header["X-Word"], r.Header["User-Agent"])}
	w.Header()["X-Cookies"] = []string{fmt.Sprint(r.Cookies())}
	http.SetCookie(w, &http.Cookie{Name: "one", Value: "1"})
	http.SetCookie(w, &http.Cookie{Name: "two", Value: "2"})
	w.WriteHeader(http.StatusTeapot)
	_, _ = w.Write(body)
}
