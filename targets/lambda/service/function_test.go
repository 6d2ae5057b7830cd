package service_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"servebench/targets/functionurl"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-lambda-go/lambdaurl"
	"golang.org/x/sys/unix"
)

// roleKey is the variable that makes this test, run once more, the function
// whose part it names.
const roleKey = "TEST_FUNCTION"

// serverKey is the variable that makes the function an HTTP server, which the adapter makes
// a function of again.
const serverKey = "TEST_SERVER"

func TestMain(m *testing.M) {
	role := os.Getenv(roleKey)
	if os.Getenv(serverKey) != "" {
		fmt.Println(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), server(role)))
		os.Exit(1)
	}
	switch role {
	case "":
		os.Exit(m.Run())
	case "deeds":
		lambda.Start(deed)
	case "url":
		lambda.Start(functionurl.Handler(http.HandlerFunc(site)))
	case "stream":
		lambdaurl.Start(http.HandlerFunc(site))
	case "raw":
		os.Exit(raw(os.Getenv("AWS_LAMBDA_RUNTIME_API")))
	case "reader":
		lambda.Start(read)
	case "twice":
		twice(os.Getenv("AWS_LAMBDA_RUNTIME_API"))
	case "deaf":
		fmt.Println("loads for ever")
		time.Sleep(time.Hour)
	case "die":
		fmt.Println("the disk is on fire")
		os.Exit(3)
	case "init error":
		initError(os.Getenv("AWS_LAMBDA_RUNTIME_API"))
		os.Exit(1)
	case "die once":
		dieOnce()
		lambda.Start(deed)
	case "heavy":
		burn(1500 * time.Millisecond)
		lambda.Start(deed)
	case "dawdle":
		dieOnce()
		time.Sleep(6 * time.Second)
		lambda.Start(deed)
	}
}

// request is what a caller wants the function to do.
type request struct {
	Do   string
	Text string
	For  time.Duration
	Size int
}

// reply is what the function says of itself.
type reply struct {
	PID           int
	ID, ARN, Text string
	Client        string
	Left          time.Duration // until the deadline
	Env           []string
}

// deed does what a caller wants.
func deed(ctx context.Context, r request) (any, error) {
	switch r.Do {
	case "sleep":
		time.Sleep(r.For)
	case "gate": // waits until somebody answers
		resp, err := http.Get(r.Text)
		if err != nil {
			return nil, err
		}
		resp.Body.Close()
	case "exit":
		os.Exit(r.Size)
	case "fail":
		return nil, errors.New(r.Text)
	case "panic":
		panic(r.Text)
	case "large":
		return strings.Repeat("x", r.Size), nil
	case "log":
		fmt.Println(r.Text)
	}
	lc, _ := lambdacontext.FromContext(ctx)
	deadline, _ := ctx.Deadline()
	return reply{
		PID: os.Getpid(), ID: lc.AwsRequestID, ARN: lc.InvokedFunctionArn, Client: lc.ClientContext.Custom["a"],
		Text: r.Text, Left: time.Until(deadline), Env: os.Environ(),
	}, nil
}

// read is deed with an answer that is streamed: a word, then what the caller
// wants, then another word.
func read(ctx context.Context, r request) (io.Reader, error) {
	if r.Do == "fail first" {
		return nil, errors.New(r.Text)
	}
	from, to := io.Pipe()
	go func() {
		_, _ = io.WriteString(to, "one ")
		switch r.Do {
		case "fail":
			to.CloseWithError(errors.New(r.Text))
			return
		case "large":
			_, _ = to.Write(bytes.Repeat([]byte("x"), r.Size))
		case "exit": // once the word has arrived
			_, _ = deed(ctx, request{Do: "gate", Text: r.Text})
		}
		_, _ = deed(ctx, r)
		_, _ = io.WriteString(to, "two")
		to.Close()
	}()
	return from, nil
}

// site is a small web site.
func site(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/echo":
		w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
		w.Header().Set("X-Method", r.Method)
		_, _ = io.Copy(w, r.Body)
	case "/large":
		_, _ = w.Write(bytes.Repeat([]byte("x"), 7<<20))
	case "/exit":
		os.Exit(7)
	case "/slow": // says one word and then, when somebody answers, another
		_, _ = io.WriteString(w, "one ")
		_ = http.NewResponseController(w).Flush() // what streams has no need of that
		if resp, err := http.Get(r.FormValue("gate")); err == nil {
			resp.Body.Close()
		}
		_, _ = io.WriteString(w, "two")
	case "/endless":
		for err := error(nil); err == nil; {
			_, err = w.Write(make([]byte, 1<<16))
		}
	case "/break":
		_, _ = io.WriteString(w, strings.Repeat("x", 1<<16))
		os.Exit(8)
	default:
		http.NotFound(w, r)
	}
}

// server is the function of the role as an HTTP server.
func server(role string) http.Handler {
	mux := http.NewServeMux()
	switch role {
	case "url", "stream":
		mux.HandleFunc("/", site)
	case "die once":
		dieOnce()
		fallthrough
	case "deeds":
		mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { answer(w, r, deed) })
	case "reader":
		mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
			answer(w, r, func(ctx context.Context, want request) (any, error) { return read(ctx, want) })
		})
	}
	return mux
}

// answer does what the caller of an event wants. A server outlives a panic.
func answer(w http.ResponseWriter, r *http.Request, do func(context.Context, request) (any, error)) {
	defer func() {
		if cause := recover(); cause != nil && cause != http.ErrAbortHandler {
			refuse(w, "string", fmt.Sprint(cause))
		} else if cause != nil {
			panic(cause)
		}
	}()
	ctx, cancel := background(r)
	defer cancel()
	var want request
	if err := json.NewDecoder(r.Body).Decode(&want); err != nil && err != io.EOF {
		refuse(w, "Runtime.Unmarshal", err.Error())
		return
	}
	said, err := do(ctx, want)
	if err != nil {
		refuse(w, "errorString", err.Error())
		return
	}
	from, streams := said.(io.Reader)
	if !streams {
		text, _ := json.Marshal(said)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(text)
		return
	}
	for piece := make([]byte, 1<<16); ; {
		n, err := from.Read(piece)
		_, _ = w.Write(piece[:n])
		_ = http.NewResponseController(w).Flush()
		if err == io.EOF {
			return
		}
		if err != nil {
			panic(http.ErrAbortHandler)
		}
	}
}

// refuse answers with an error in the form of Lambda's.
func refuse(w http.ResponseWriter, kind, message string) {
	w.WriteHeader(http.StatusInternalServerError)
	_ = json.NewEncoder(w).Encode(map[string]string{"errorType": kind, "errorMessage": message})
}

// background is the context that Lambda gives a function, as the adapter tells of it.
func background(r *http.Request) (context.Context, context.CancelFunc) {
	var said struct {
		ID       string                             `json:"request_id"`
		Deadline int64                              `json:"deadline"`
		ARN      string                             `json:"invoked_function_arn"`
		Client   struct{ Custom map[string]string } `json:"client_context"`
	}
	_ = json.Unmarshal([]byte(r.Header.Get("X-Amzn-Lambda-Context")), &said)
	lc := &lambdacontext.LambdaContext{AwsRequestID: said.ID, InvokedFunctionArn: said.ARN, ClientContext: lambdacontext.ClientContext{Custom: said.Client.Custom}}
	return context.WithDeadline(lambdacontext.NewContext(r.Context(), lc), time.UnixMilli(said.Deadline))
}

// burn uses so much time of a CPU, as a start does that imports much. Its thread alone counts:
// others may have the CPU meanwhile.
func burn(most time.Duration) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for {
		var used unix.Timespec
		if unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &used) != nil || time.Duration(used.Nano()) >= most {
			return
		}
	}
}

// dieOnce ends the process unless one before it did.
func dieOnce() {
	f, err := os.OpenFile(os.Getenv("TEST_FILE"), os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		f.Close()
		os.Exit(5)
	}
}

// initError tells the Runtime API that the function cannot start.
func initError(api string) {
	r, err := http.NewRequest("POST", "http://"+api+"/2018-06-01/runtime/init/error", strings.NewReader(`{"errorType":"Model.Missing","errorMessage":"no model"}`))
	if err != nil {
		panic(err)
	}
	r.Header.Set("Lambda-Runtime-Function-Error-Type", "Model.Missing")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		panic(err)
	}
	resp.Body.Close()
}

// twice is a function that asks for its work twice at a time: the answer to the
// later request is the work, and what became of the former one is its answer.
func twice(api string) {
	base := "http://" + api + "/2018-06-01/runtime/invocation/"
	ask := func() *http.Response {
		resp, err := http.Get(base + "next")
		if err != nil {
			panic(err)
		}
		resp.Body.Close()
		return resp
	}
	answer := func(work *http.Response, text string) {
		resp, err := http.Post(base+work.Header.Get("Lambda-Runtime-Aws-Request-Id")+"/response", "", strings.NewReader(text))
		if err != nil {
			panic(err)
		}
		resp.Body.Close()
	}
	answer(ask(), "0") // from now on no work is there when it asks
	for {
		former := make(chan int, 1)
		go func() { former <- ask().StatusCode }()
		time.Sleep(20 * time.Millisecond) // until it is there
		later := make(chan *http.Response, 1)
		go func() { later <- ask() }()
		status := <-former
		fmt.Println("the former got", status)
		answer(<-later, fmt.Sprint(status))
	}
}

// raw is a function that speaks the Runtime API itself: it sends what each
// event says and answers with the statuses that it got.
func raw(api string) int {
	base := "http://" + api + "/2018-06-01/runtime/"
	call := func(method, path, body string) (int, string) {
		r, err := http.NewRequest(method, base+path, strings.NewReader(body))
		if err != nil {
			panic(err)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			panic(err)
		}
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, resp.Header.Get("Lambda-Runtime-Aws-Request-Id") + string(text)
	}
next:
	for {
		_, text := call("GET", "invocation/next", "")
		id, event := text[:36], text[36:]
		var calls [][3]string
		if err := json.Unmarshal([]byte(event), &calls); err != nil {
			panic(err)
		}
		var got []string
		for _, c := range calls {
			switch c[0] {
			case "SLEEP":
				time.Sleep(time.Hour)
			case "GATE": // waits until somebody answers, and asks for more work
				resp, err := http.Get(c[1])
				if err != nil {
					panic(err)
				}
				resp.Body.Close()
				continue next
			}
			status, text := call(c[0], strings.ReplaceAll(c[1], "ID", id), c[2])
			got = append(got, fmt.Sprintf("%d %s", status, text))
		}
		answer, _ := json.Marshal(got)
		if status, _ := call("POST", "invocation/"+id+"/response", string(answer)); status != http.StatusAccepted {
			fmt.Println("after", got, "the answer gets", status)
			return 1
		}
	}
}
