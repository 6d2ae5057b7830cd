// Command lambdaadapter makes a Lambda function of any HTTP server, which it starts.
package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"servebench/targets/lambda/adapter"
)

func main() {
	os.Exit(run(os.Args[1:], os.Environ(), os.Stderr))
}

const usage = `lambdaadapter makes a Lambda function of any HTTP server.

Usage:
  lambdaadapter [flags] -- COMMAND [ARGUMENT]...

It starts COMMAND, waits until that answers on its port, asks the Lambda Runtime API
for work and turns the events into HTTP requests and the answers back. Where there is
no Runtime API (AWS_LAMBDA_RUNTIME_API), COMMAND runs in its place: an image with the
adapter runs everywhere. In Lambda, COMMAND gets PORT and HOST (127.0.0.1) where they
are not set.

An event of a function URL or an HTTP API is the request that it was made of. Any
other event is posted as it is, and the answer to it is the result; an answer with
a status other than 2xx is the function's error.

In an image:
  COPY lambdaadapter /lambdaadapter
  ENTRYPOINT ["/lambdaadapter", "--", "uvicorn", "app:app", "--port", "8080"]

Flags, and the variables that set them, which are those of AWS's Lambda Web Adapter:
`

// usageCode is the exit status of a mistake in the command line.
const usageCode = 64

// run is the whole program: it returns the exit code.
func run(args, env []string, stderr io.Writer) int {
	c, err := read(args, env, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "lambdaadapter: %v\nrun 'lambdaadapter --help' for usage\n", err)
		return usageCode
	case c.API == "":
		return adapter.Exec(c)
	}
	return adapter.Run(c)
}

// read reads the command line and the environment. Its error names every mistake.
func read(args, env []string, stderr io.Writer) (adapter.Config, error) {
	c := adapter.Config{API: variable(env, apiVariable), Env: env, Log: stderr}
	f := flag.NewFlagSet("lambdaadapter", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	port := f.String("port", cmp.Or(variable(env, "AWS_LWA_PORT"), variable(env, "PORT"), "8080"), "`number` of the port that the server listens on, at 127.0.0.1 (AWS_LWA_PORT, PORT)")
	f.StringVar(&c.Ready, "ready", cmp.Or(variable(env, "AWS_LWA_READINESS_CHECK_PATH"), "/"), "`path` on which any answer with a status below 500 shows that the server is ready (AWS_LWA_READINESS_CHECK_PATH)")
	mode := f.String("invoke-mode", cmp.Or(variable(env, "AWS_LWA_INVOKE_MODE"), buffered), "buffered, or response_stream for a function URL that streams: the `mode` in which answers are handed on (AWS_LWA_INVOKE_MODE)")
	f.StringVar(&c.Events, "events", cmp.Or(variable(env, "AWS_LWA_PASS_THROUGH_PATH"), "/events"), "`path` that events are posted to which are no HTTP requests (AWS_LWA_PASS_THROUGH_PATH)")
	hide := f.Bool("no-runtime-api", false, "start COMMAND without AWS_LAMBDA_RUNTIME_API, for a server that would ask for work itself where it sees that")
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprint(stderr, usage)
			f.SetOutput(stderr)
			f.PrintDefaults()
		}
		return c, err
	}
	c.Command, c.Stream = f.Args(), strings.EqualFold(*mode, streamed)
	var faults []error
	fault := func(wrong bool, format string, values ...any) {
		if wrong {
			faults = append(faults, fmt.Errorf(format, values...))
		}
	}
	fault(len(c.Command) == 0, "want the command that starts the server, after --")
	number, err := strconv.ParseUint(*port, 10, 16)
	fault(err != nil || number == 0, "port %q: want a number from 1 to 65535", *port)
	fault(!c.Stream && !strings.EqualFold(*mode, buffered), "invoke mode %q: want %s or %s", *mode, buffered, streamed)
	fault(!strings.HasPrefix(c.Ready, "/"), "ready path %q: want one that begins with a slash", c.Ready)
	fault(!strings.HasPrefix(c.Events, "/"), "events path %q: want one that begins with a slash", c.Events)
	c.Port = int(number)
	if c.API != "" {
		c.Env = childEnv(env, *port, *hide)
	}
	return c, errors.Join(faults...)
}

// apiVariable says where the Runtime API is.
const apiVariable = "AWS_LAMBDA_RUNTIME_API"

// childEnv is the environment of the server.
func childEnv(env []string, port string, hide bool) []string {
	env = slices.Clone(env)
	for _, pair := range []string{"PORT=" + port, "HOST=127.0.0.1"} {
		if name, _, _ := strings.Cut(pair, "="); variable(env, name) == "" {
			env = append(env, pair)
		}
	}
	if hide {
		env = slices.DeleteFunc(env, func(pair string) bool { return strings.HasPrefix(pair, apiVariable+"=") })
	}
	return env
}

// The modes in which answers are handed on, as AWS calls them.
const (
	buffered = "buffered"
	streamed = "response_stream"
)

// variable returns a variable's value; "" for one that is not set.
func variable(env []string, name string) string {
	for _, pair := range slices.Backward(env) {
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value
		}
	}
	return ""
}
