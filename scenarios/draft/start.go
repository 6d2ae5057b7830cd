package draft

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"servebench/scenarios/decode"
	"servebench/targets"
	"servebench/targets/local"
)

const (
	lookPause  = 100 * time.Millisecond // between two looks at what the server listens on
	settleTime = 2 * time.Second        // for which that has to stay the same
	// exposedTime is how long a server may take to listen on the port that its image exposes,
	// while it listens on another one.
	exposedTime = 10 * time.Second
	askTime     = 2 * time.Second // an answer may take that long
	closeTime   = 3 * time.Minute // the end of a server, and of a large image in an engine
)

// otherLoopback is an address of this machine at which a server that listens on 127.0.0.1
// alone is not reached.
const otherLoopback = "127.0.0.2"

// server is an artifact that runs.
type server struct {
	url   string
	http2 bool          // it answers HTTP/2 alone
	port  int           // that it listens on
	took  time.Duration // until it was ready
	// others are further ports that it listens on.
	others []int
	tls    bool // it answers nothing but TLS
	// everywhere says that it is reached at otherLoopback, too.
	everywhere bool
	ended      func() error // why it ended; nil: it has not
	close      func() error
}

// start is one start of an artifact.
type start struct {
	kind  targets.Kind
	w     targets.Workload // its Port is the one that the server is told
	limit time.Duration
	// elsewhere is how long to wait for that port while the server listens on another one;
	// 0: for ever.
	elsewhere time.Duration
	// other says that the server is told to listen at otherLoopback.
	other bool

	ports   []int // that the server listens on
	changed time.Time
	output  local.Tail
}

// deployed is the outcome of Deploy.
type deployed struct {
	*targets.Deployment
	err error
}

// errLate ends a start that took too long; late says in which way.
var errLate = errors.New("not ready within")

// errEnough ends a server that a target still waits for, on another port.
var errEnough = errors.New("the server is needed no more")

// run starts the server and waits for any answer of it with a status below 500: by the
// target, which waits on the port that it told the server, or on another one that the
// server's processes listen on. There the target goes on waiting until the server is closed.
func (s *start) run(ctx context.Context) (*server, error) {
	target, err := s.kind.Open(targets.Config{Dir: os.TempDir()})
	if err != nil {
		return nil, err
	}
	s.w.Ready, s.w.AnyAnswer, s.w.Output = "/", true, &s.output
	if s.other {
		s.w.Env = append(slices.Clone(s.w.Env), "HOST="+otherLoopback)
	}
	limited, stop := targets.WithStartLimit(ctx, s.limit, errLate)
	defer stop()
	deploying, cancel := context.WithCancelCause(context.WithoutCancel(limited))
	over := limited.Done()
	outcome, began := make(chan deployed, 1), time.Now()
	go func() {
		d, err := target.Deploy(deploying, s.w)
		outcome <- deployed{d, err}
	}()
	end := func(got deployed) error {
		cancel(errEnough)
		closing, stop := context.WithTimeout(context.WithoutCancel(ctx), closeTime)
		defer stop()
		var err error
		if got.Deployment != nil {
			err = got.Close(closing)
		}
		return errors.Join(err, target.Close(closing))
	}
	ticker := time.NewTicker(lookPause)
	defer ticker.Stop()
	var late error
	for {
		var found *server
		select {
		case got := <-outcome:
			switch {
			case got.err != nil && late != nil && ctx.Err() == nil:
				return nil, errors.Join(late, end(got))
			case got.err != nil:
				return nil, errors.Join(s.explain(ctx, got.err), end(got))
			}
			found = s.at(targets.Loopback, s.w.Port, false)
			found.url, found.took = got.Endpoint.URL, got.Stages[len(got.Stages)-1].At
			found.tls = speaksTLS(ctx, s.w.Port)
			found.ended, found.close = got.Err, func() error { return end(got) }
		case <-over:
			over = nil
			if ctx.Err() == nil {
				late = fmt.Errorf("start the server on %s: %w %s: %w%s", s.kind.Name, errLate, decode.FormatDuration(s.limit), s.late(ctx), s.output.Quote())
			}
			cancel(errLate)
			continue
		case <-ticker.C:
			if found = s.look(ctx); found == nil {
				continue
			}
			found.took = time.Since(began)
			found.ended = func() error {
				select {
				case got := <-outcome:
					outcome <- got
					return got.err
				default:
					return nil
				}
			}
			found.close = func() error { cancel(errEnough); return end(<-outcome) }
		}
		if found.tls {
			return nil, errors.Join(fmt.Errorf("start the server on %s: it speaks TLS on port %d, and servebench starts servers that speak plain HTTP: switch TLS off, or start the server yourself and have servebench probe https://127.0.0.1:%d --out . write the scenario", s.kind.Name, found.port, found.port), found.close())
		}
		return found, nil
	}
}

// look looks for an answer where the target does not: at the other address, on another port,
// by HTTP/2. nil: there is none yet.
func (s *start) look(ctx context.Context) *server {
	if s.other && answers(ctx, otherLoopback, s.w.Port, false) {
		return s.at(otherLoopback, s.w.Port, false)
	}
	ports := local.Ports(local.Descendants(os.Getpid()))
	if len(ports) == 0 && listening(targets.Loopback, s.w.Port) { // they may be out of sight
		ports = []int{s.w.Port}
	}
	if !slices.Equal(ports, s.ports) {
		s.ports, s.changed = ports, time.Now()
	}
	settled := time.Since(s.changed)
	if slices.Contains(ports, s.w.Port) {
		switch {
		case settled < settleTime:
			return nil
		case answers(ctx, targets.Loopback, s.w.Port, true):
			return s.at(targets.Loopback, s.w.Port, true)
		case speaksTLS(ctx, s.w.Port):
			return &server{port: s.w.Port, tls: true}
		}
		return nil
	}
	if s.elsewhere == 0 || settled < s.elsewhere {
		return nil
	}
	for _, http2 := range []bool{false, true} {
		for _, port := range ports {
			if answers(ctx, targets.Loopback, port, http2) && !speaksTLS(ctx, port) {
				return s.at(targets.Loopback, port, http2)
			}
		}
	}
	return nil
}

func (s *start) at(host string, port int, http2 bool) *server {
	s.ports = local.Ports(local.Descendants(os.Getpid()))
	return &server{
		url: "http://" + targets.Address(host, port), port: port, http2: http2, others: s.others(port),
		everywhere: host == otherLoopback || answers(context.Background(), otherLoopback, port, http2),
	}
}

// listening reports whether a connection is accepted.
func listening(host string, port int) bool {
	conn, err := net.DialTimeout("tcp", targets.Address(host, port), askTime)
	if err == nil {
		conn.Close()
	}
	return err == nil
}

// answers reports whether a request is answered with a status below 500.
func answers(ctx context.Context, host string, port int, http2 bool) bool {
	return listening(host, port) && check(ctx, "http://"+targets.Address(host, port), "/", http2, true) == nil
}

// check says why a path is not answered with 2xx, or with any as of targets.CheckReady; nil:
// it is.
func check(ctx context.Context, url, path string, http2, any bool) error {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	return targets.CheckReady(ctx, client(url, http2), url, path, targets.Credentials{}, any)
}

// client asks a server, each time over a connection of its own.
func client(url string, http2 bool) *http.Client {
	return &http.Client{
		Transport:     targets.Endpoint{URL: url}.PlainTransport(http2),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// speaksTLS reports whether a server takes a handshake.
func speaksTLS(ctx context.Context, port int) bool {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}} // nothing is sent, nor read
	conn, err := dialer.DialContext(ctx, "tcp", targets.Address(targets.Loopback, port))
	if err == nil {
		conn.Close()
	}
	return err == nil
}

// others are the ports that the server listens on but for one.
func (s *start) others(but int) (others []int) {
	for _, port := range s.ports {
		if port != but {
			others = append(others, port)
		}
	}
	return others
}

// late says why a server was not ready in time.
func (s *start) late(ctx context.Context) error {
	switch others := s.others(s.w.Port); {
	case slices.Contains(s.ports, s.w.Port):
		err := check(ctx, "http://"+targets.Address(targets.Loopback, s.w.Port), "/", false, true)
		if errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("no answer within %v", askTime)
		}
		return fmt.Errorf("it listens on port %d and does not answer GET / by HTTP with a status below 500: %w; --start-timeout gives it more time", s.w.Port, targets.Explain(err))
	case len(others) > 0:
		return fmt.Errorf("it does not listen on port %d but on %s; name the port of its HTTP API with --port, and have it listen at 127.0.0.1 or 0.0.0.0", s.w.Port, join(others))
	}
	return errors.New("it listens on no TCP port; have it listen on the port in the variable PORT at the address in HOST, or give it more time with --start-timeout")
}

// reason says in a line why no server starts in an image that is made of a command, and what
// would change that.
func (s *start) reason(err error) (why, fix string) {
	text, _, _ := strings.Cut(err.Error(), "\n")
	why = strings.TrimPrefix(text, fmt.Sprintf("start the server on %s: ", s.kind.Name))
	if ended := errors.Is(err, targets.ErrEnded); ended || errors.Is(err, errLate) {
		lines := strings.Split(s.output.String(), "\n")
		if last := lines[len(lines)-1]; ended && last != "" {
			why = last
		}
		return "in an image of the command and its files, the server does not start: " + why, "name what else it needs with --files; --files . is all that lies in the folder"
	}
	return why, ""
}

func join(ports []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(ports), " ", ", "), "[]")
}

// explain adds to an error of a start what the user may do.
func (s *start) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	err = fmt.Errorf("start the server on %s: %w", s.kind.Name, err)
	switch text := err.Error(); {
	case strings.Contains(text, "AWS_LAMBDA_RUNTIME_API") || strings.Contains(text, "_LAMBDA_SERVER_PORT"):
		return fmt.Errorf("%w\nIt looks like a Lambda function, which asks the Runtime API for work and does not listen: have a scenario with targets: [lambda] and lambda: {adapter: off} run it, see servebench init without --image and --command", err)
	case !errors.Is(err, targets.ErrEnded) || strings.Contains(text, "running in the background"):
		return err
	}
	return fmt.Errorf("%w\nIf it lacks a variable of the environment, add --env NAME=VALUE; if it lacks arguments, give its whole command line with --command", err)
}
