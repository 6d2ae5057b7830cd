package draft

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"servebench/reports/format"
	"servebench/targets"
)

// late says why a server was not ready in time, and what to do.
func (s *start) late(ctx context.Context) (why, fix string) {
	const more = "--start-timeout gives it more time."
	switch others := s.others(s.w.Port); {
	case slices.Contains(s.ports, s.w.Port):
		err := check(ctx, "http://"+targets.Address(targets.Loopback, s.w.Port), "/", false, true)
		if errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("no answer within %v", askTime)
		}
		return fmt.Sprintf("it listens on port %d and does not answer GET / by HTTP with a status below 500: %v", s.w.Port, targets.Explain(err)), more
	case len(others) > 0:
		return fmt.Sprintf("it does not listen on port %d but on %s", s.w.Port, join(others)),
			"Name the port of its HTTP API with --port, and have it listen at 127.0.0.1 or 0.0.0.0."
	}
	return "it listens on no TCP port", "Have it listen on the port in the variable PORT, at the address in HOST. " + more
}

func join(ports []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(ports), " ", ", "), "[]")
}

// ofCommand reports whether the server is started by a command, and not of the user's image.
func (s *start) ofCommand() bool { return s.w.Image == "" && s.w.Build == "" }

// explain adds to an error of a start what the user may do.
func (s *start) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	err = fmt.Errorf("start the server on %s: %w", s.kind.Name, err)
	switch text := err.Error(); {
	case strings.Contains(text, "AWS_LAMBDA_RUNTIME_API") || strings.Contains(text, "_LAMBDA_SERVER_PORT"):
		return fmt.Errorf("%w\nIt looks like a Lambda function, which asks the Runtime API for work and does not listen. Run it by a scenario with targets: [lambda] and lambda: {adapter: off}; servebench init without --image and --command writes one to adapt", err)
	case errors.Is(err, targets.ErrEnded) && !strings.Contains(text, "running in the background"):
		if fix := advice(s.output.String(), false, !s.ofCommand()); fix != "" {
			return fmt.Errorf("%w\n%s", err, format.Sentence(fix))
		}
	}
	return err
}

// hint is what to do where the output of a server that ended says so.
type hint struct {
	says string // a regular expression
	// here is for a server that does not start at all, elsewhere for one that does so on
	// another target; "": the same.
	here, elsewhere string
	image           string // for one of the user's image; "": the same
}

func hints() []hint {
	return []hint{
		{`No module named|Cannot find (module|package)|cannot open shared object`, "install that where the server runs, or start it by the program of the environment that has it, such as .venv/bin/python", "name the folder that holds it with --files", "add it to the image"},
		{`(?i)read-only file system|EROFS`, "have it write to /tmp, which every target lets it write to", "", ""},
		{`(?im)^usage:|unrecognized argument|unknown (flag|option)|not defined: -|the following arguments are required`, "give its whole command line with --command", "", ""},
		{`KeyError|(?i)(variable|env|[A-Z][A-Z_]{2,}).*\b(not set|unset|missing|required|undefined|is set)|(missing|required|set|no) .*(variable|[A-Z]_[A-Z])`, "set the variable that it wants with --env NAME=VALUE", "", ""},
		{`(?i)address already in use|EADDRINUSE`, "end the program that has the port, or have the server listen on the one in the variable PORT", "", ""},
		{`(?i)no such file|ENOENT`, "give paths from the folder that it runs in, which is the scenario's (--dir)", "name that with --files", ""},
		{`(?i)permission denied|EACCES`, "see which user it runs as, and what that one may read and write", "have it write to /tmp, which every target lets it write to", ""},
	}
}

// advice says what to do about a server that ended with an output; "": that is not known.
func advice(output string, elsewhere, ofImage bool) string {
	for _, h := range hints() {
		if regexp.MustCompile(h.says).MatchString(output) {
			switch {
			case ofImage && h.image != "":
				return h.image
			case elsewhere:
				return cmp.Or(h.elsewhere, h.here)
			}
			return h.here
		}
	}
	return ""
}

// failure is the line of an output that says what is wrong: the last that sounds like it,
// else the last.
func failure(output string) string {
	lines := strings.Split(output, "\n")
	for _, line := range slices.Backward(lines) {
		if regexp.MustCompile(`(?i)error|exception|cannot|panic|fatal`).MatchString(line) {
			_, own, within := strings.Cut(line, "its output ends: ") // of an environment of Lambda
			if !within {
				own = line
			}
			return strings.TrimSpace(own)
		}
	}
	return cmp.Or(lines[len(lines)-1], "it wrote no output")
}
