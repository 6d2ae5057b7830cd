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
	"time"

	"servebench/reports/format"
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
	// prepareTime is how long it may take to put an image in place, beside the limit of the
	// start.
	prepareTime = 10 * time.Minute
	stillTime   = 30 * time.Second // after which the user is told that a start goes on
	goneTime    = 5 * time.Second  // between two looks at whether the target is still there
	// graceTime is what ends within it where the user interrupts, or the target is gone.
	graceTime = 3 * time.Second
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
	say   func(string)
	// elsewhere is how long to wait for that port while the server listens on another one;
	// 0: for ever.
	elsewhere time.Duration

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

// ErrLeft says that the end of a server was given up, and something may be left of it.
var ErrLeft = errors.New("its end was not waited for; servebench clean removes what is left")

// run starts the server and waits for any answer of it with a status below 500: by the
// target, which waits on the port that it told the server, or on another one that the
// server's processes listen on. There the target goes on waiting until the server is closed.
// It returns soon once ctx is done, whatever the target does.
func (s *start) run(ctx context.Context) (*server, error) {
	target, err := s.kind.Open(targets.Config{Dir: os.TempDir()})
	if err != nil {
		return nil, err
	}
	s.w.Ready, s.w.AnyAnswer, s.w.Output = "/", true, &s.output
	limited, stop := targets.WithStartLimit(ctx, s.limit, errLate)
	defer stop()
	deploying, cancel := context.WithCancelCause(context.WithoutCancel(limited))
	outcome, began := make(chan deployed, 1), time.Now()
	go func() {
		d, err := target.Deploy(deploying, s.w)
		outcome <- deployed{d, err}
	}()
	end := func(most time.Duration) error {
		cancel(errEnough)
		return within(ctx, most, func(ctx context.Context) error {
			got := <-outcome
			outcome <- got
			var err error
			if got.Deployment != nil {
				err = got.Close(ctx)
			}
			return errors.Join(err, target.Close(ctx))
		})
	}
	gone := s.gone(limited)
	ticker, still, longest := time.NewTicker(lookPause), time.NewTicker(stillTime), time.NewTimer(s.limit+prepareTime)
	defer ticker.Stop()
	defer still.Stop()
	defer longest.Stop()
	for {
		var found *server
		select {
		case got := <-outcome:
			outcome <- got
			if got.err != nil {
				return nil, errors.Join(s.explain(ctx, got.err), end(closeTime))
			}
			found = s.at(s.w.Port, false)
			found.url, found.took = got.Endpoint.URL, got.Stages[len(got.Stages)-1].At
			found.tls = speaksTLS(ctx, s.w.Port)
			found.ended = got.Err
		case <-limited.Done():
			if ctx.Err() != nil {
				return nil, errors.Join(context.Cause(ctx), end(graceTime))
			}
			why, fix := s.late(ctx)
			late := fmt.Errorf("start the server on %s: %w %s: %s%s\n%s", s.kind.Name, errLate, decode.FormatDuration(s.limit), why, s.output.Quote(), fix)
			cancel(errLate)
			return nil, errors.Join(late, end(closeTime))
		case <-longest.C:
			return nil, errors.Join(fmt.Errorf("start the server on %s: its image was not in place within %s", s.kind.Name, decode.FormatDuration(s.limit+prepareTime)), end(graceTime))
		case why := <-gone:
			return nil, errors.Join(fmt.Errorf("start the server on %s: the target went away: %w", s.kind.Name, why), end(graceTime))
		case <-still.C:
			s.say(fmt.Sprintf("the server is still being started on %s, after %s", s.kind.Name, decode.FormatDuration(time.Since(began).Round(time.Second))))
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
		}
		found.close = func() error { return end(closeTime) }
		if found.tls {
			return nil, errors.Join(fmt.Errorf("start the server on %s: it speaks TLS on port %d, and servebench starts servers that speak plain HTTP: switch TLS off, or start the server yourself and have servebench probe https://127.0.0.1:%d --out . write the scenario", s.kind.Name, found.port, found.port), found.close())
		}
		if !found.http2 {
			s.awaitLoaded(limited, found, began)
		}
		return found, nil
	}
}

// awaitLoaded waits as long as a server that answers says with a 503 on one of the usual paths
// that it is not ready, as one does that still loads its model.
func (s *start) awaitLoaded(ctx context.Context, found *server, began time.Time) {
	paths := readyPaths()
	at := slices.IndexFunc(paths, func(path string) bool { return statusOf(ctx, found.url, path) == http.StatusServiceUnavailable })
	if at < 0 {
		return
	}
	s.say(fmt.Sprintf("the server answers on %s after %s, and GET %s with 503: waiting until it is ready", s.kind.Name, format.Duration(time.Since(began)), paths[at]))
	for found.ended() == nil {
		if status := statusOf(ctx, found.url, paths[at]); status != http.StatusServiceUnavailable && status != 0 {
			found.took = time.Since(began)
			return
		}
		select {
		case <-ctx.Done():
			s.say(fmt.Sprintf("GET %s is still answered with 503 after %s: the scenario does not wait for it", paths[at], format.Duration(time.Since(began))))
			return
		case <-time.After(lookPause):
		}
	}
}

// statusOf is the status of the answer to a GET; 0: there was none.
func statusOf(ctx context.Context, url, path string) int {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	req, err := targets.NewReadyRequest(ctx, url, path)
	if err != nil {
		return 0
	}
	resp, err := client(url, false).Do(req)
	if err != nil {
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}

// within ends something that was started, and has it end in the time. Once ctx is done, it
// has graceTime. What does not heed its context is given up: an ErrLeft.
func within(ctx context.Context, most time.Duration, end func(context.Context) error) error {
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), most)
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(graceTime, cancel) })()
	done := make(chan error, 1)
	go func() { done <- end(closing) }()
	select {
	case err := <-done:
		return err
	case <-closing.Done():
	}
	select {
	case err := <-done:
		return err
	case <-time.After(graceTime):
		return ErrLeft
	}
}

// gone tells why the target cannot be had any more, once two looks at it have found that.
func (s *start) gone(ctx context.Context) <-chan error {
	gone := make(chan error, 1)
	look := func() error {
		ctx, cancel := context.WithTimeout(ctx, goneTime)
		defer cancel()
		return s.kind.Available(ctx, nil)
	}
	go func() {
		for missing := 0; ; {
			select {
			case <-ctx.Done():
				return
			case <-time.After(goneTime):
			}
			if err := look(); err == nil {
				missing = 0
			} else if missing++; missing == 2 {
				gone <- err
				return
			}
		}
	}()
	return gone
}

// look looks for an answer where the target does not: on another port, by HTTP/2. nil: there
// is none yet.
func (s *start) look(ctx context.Context) *server {
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
			return s.at(s.w.Port, true)
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
				return s.at(port, http2)
			}
		}
	}
	return nil
}

func (s *start) at(port int, http2 bool) *server {
	s.ports = local.Ports(local.Descendants(os.Getpid()))
	return &server{
		url: "http://" + targets.Address(targets.Loopback, port), port: port, http2: http2, others: s.others(port),
		everywhere: answers(context.Background(), otherLoopback, port, http2),
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
