package targettest

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"servebench/targets"
	"servebench/targets/local"
)

func endsLater(p *subject) {
	d := p.deploy(p.workload())
	if p.Replaces {
		p.replaced(d, func() { p.fails(d, "/exit?code=7") })
		return
	}
	if err := p.ask(d, "POST", "/exit?code=7", nil); err == nil {
		p.Fatal("the server answered though it was asked to exit")
	}
	p.quotes(p.ended(d), "status 7", "asked to exit")
	p.close(d)
	p.quotes(d.Err(), "status 7", "asked to exit")
}

func killed(p *subject) {
	d := p.deploy(p.workload())
	if len(p.servers()) == 0 {
		p.Skip("the server's process cannot be seen from here, so it cannot be killed from outside; run as root")
	}
	if p.Replaces {
		p.replaced(d, p.kill)
		return
	}
	p.kill()
	p.quotes(p.ended(d), "signal 9")
}

// kill kills the servers from outside.
func (p *subject) kill() {
	p.Helper()
	for _, pid := range p.servers() {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			p.Errorf("kill the server: %v", err)
		}
	}
}

func deafUntilDeadline(p *subject) {
	d := p.deploy(p.workload("TEST_TERM=ignore"))
	began := time.Now()
	if err := d.Close(ending(p, 100*time.Millisecond)); err != nil {
		p.Errorf("Close: %v", err)
	}
	if took := time.Since(began); took < 100*time.Millisecond && !p.Replaces {
		p.Errorf("Close took %s, the server had until the context ended", took)
	}
	p.clean()
}

func deafUntilGrace(p *subject) {
	d := p.deploy(p.workload("TEST_TERM=ignore"))
	began := time.Now()
	p.close(d)
	if took := time.Since(began); took < local.Grace && !p.Replaces {
		p.Errorf("Close took %s, the server had %s", took, local.Grace)
	}
	p.clean()
}

func diesAtOnce(p *subject) {
	p.refuse(ending(p, patience), p.workload("TEST_START=die"), "status 3", "the disk is on fire")
}

// Output keeps what is written, for those who look at it meanwhile.
type Output struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write implements io.Writer.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

// String is what was written so far.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// counts is how often a text is in what was written. A guest's own lines may break
// those of its server.
func (o *Output) counts(text string) int {
	all := strings.ReplaceAll(o.String(), "\n", "")
	if text != firstWords { // which are of the other stream, and may stand amid a line of this one
		all = strings.ReplaceAll(all, firstWords, "")
	}
	return strings.Count(all, text)
}

// firstWords are what the test server writes to its standard output, all else goes to
// the standard error. A container runtime may pass the two on in any order.
const firstWords = "test server starts"

// wholeOutput looks for the first and the last words of servers of every end: that of
// one that dies, of one that is closed, and of one whose start is given up.
func wholeOutput(p *subject) {
	var died, closed, cancelled Output
	w := p.workload("TEST_START=die", "TEST_NOISE=3000")
	w.Output = &died
	p.refuse(ending(p, patience), w)
	p.heard("a server that died", &died, firstWords, 1)
	p.heard("a server that died", &died, "a line of noise", 3000)
	p.heard("a server that died", &died, "the disk is on fire", 1)
	w = p.workload("TEST_NOISE=3000")
	w.Output = &closed
	p.close(p.deploy(w))
	p.heard("a server that was closed", &closed, firstWords, 1)
	p.heard("a server that was closed", &closed, "a line of noise", 3000)
	if p.Failed() { // and might wait in vain for what comes next
		return
	}
	w = p.workload("TEST_START=deaf")
	w.Output = &cancelled
	ctx, cancel := context.WithCancel(ending(p, patience))
	go func() {
		for (cancelled.counts(firstWords) == 0 || cancelled.counts("never comes") == 0) && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	err := p.refuse(ctx, w)
	if cancelled.counts("never comes") == 0 {
		p.Errorf("the start was over before it was given up: %v", err)
	}
	p.heard("a start that was given up", &cancelled, firstWords, 1)
}

// heard checks how often a text is in an output.
func (p *subject) heard(of string, from *Output, text string, want int) {
	p.Helper()
	if got := from.counts(text); got < want || got > want && !p.Replaces {
		p.Errorf("%s: %q is in the output %d times, want %d", of, text, got, want)
	}
}

func neverReady(p *subject) {
	p.waits(p.workload("TEST_START=never"), "/ready answered 503", "still loading")
}

func neverListens(p *subject) { p.waits(p.workload("TEST_START=deaf"), "a model that never comes") }

// waits deploys a workload that gets nowhere and cancels that long after it
// should have been ready, and later every time until the error quotes all the
// words: the machine may be busy with other tests.
func (p *subject) waits(w targets.Workload, words ...string) {
	for after := 2*p.usual() + time.Second; ; after *= 2 {
		ctx, cancel := context.WithCancel(context.Background())
		timer := time.AfterFunc(after, cancel)
		err := p.refuse(ctx, w)
		timer.Stop()
		if !errors.Is(err, context.Canceled) {
			p.Errorf("cancelled after %s: error %v is not the context's", after, err)
		}
		if says(err, words) || after > patience/2 {
			p.quotes(err, words...)
			return
		}
	}
}

// usual is how long a deployment takes that comes to be.
func (p *subject) usual() time.Duration {
	p.Helper()
	called := time.Now()
	d := p.deploy(p.workload())
	took := time.Since(called)
	p.close(d)
	return took
}

// says reports whether an error says all the words.
func says(err error, words []string) bool {
	return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(err.Error(), word) })
}

// cancelled cancels early, where the target makes what the start needs, and all
// along a start that takes longer.
func cancelled(p *subject) {
	took := p.usual()
	moments := []time.Duration{0, 1, 3, 10, 30, 60, 100, 150, 300, 600}
	for i := range moments {
		moments[i] *= time.Millisecond
	}
	for quarter := range 4 {
		if at := took / 4 * time.Duration(quarter+1); at > moments[len(moments)-1] {
			moments = append(moments, at)
		}
	}
	for _, after := range moments {
		ctx, cancel := context.WithCancel(context.Background())
		timer := time.AfterFunc(after, cancel)
		err := p.refuse(ctx, p.workload("TEST_START=deaf"))
		timer.Stop()
		if !errors.Is(err, context.Canceled) {
			p.Errorf("cancelled after %s: error %v is not the context's", after, err)
		}
	}
}

func endedBefore(p *subject) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := p.refuse(ctx, p.workload()); !errors.Is(err, context.Canceled) {
		p.Errorf("error %v is not the context's", err)
	}
}

func noExecutable(p *subject) {
	w := p.workload()
	w.Command = []string{filepath.Join(p.dir, "no-such-server")}
	p.refuse(ending(p, patience), w, "no-such-server")
	if p.Image {
		return // which says what to run
	}
	w.Command = nil
	p.refuse(ending(p, patience), w, "command")
}

func unknownOption(p *subject) {
	_, err := p.Kind.Open(targets.Config{Options: map[string]string{"colour": "blue"}, Dir: p.dir})
	p.quotes(err, "colour")
}

// replaced ends a server of a target that replaces it: the deployment goes on,
// and requests are answered by another server. The target may have several: a
// server is only free for the next request some time after its answer. So a
// server that answers on need not be the one that ended, but must not always be.
func (p *subject) replaced(d *targets.Deployment, end func()) {
	p.Helper()
	const most = 5
	for ended := 1; ; ended++ {
		before := p.born(d)
		end()
		if !p.born(d).Equal(before) {
			break
		}
		if ended == most {
			p.Error("the server that ended still answers")
			break
		}
	}
	select {
	case <-d.Done():
		p.Errorf("the deployment ended with one of its servers: %v", d.Err())
	default:
	}
	p.close(d)
	if err := d.Err(); err != nil {
		p.Errorf("Err after Close: %v", err)
	}
}

// born says when the server that answers started, by its own clock. A server
// that was killed from outside may still be taken for alive by the next request,
// which fails with it.
func (p *subject) born(d *targets.Deployment) time.Time {
	p.Helper()
	var r report
	err := p.ask(d, "GET", "/report", &r)
	for deadline := time.Now().Add(patience); err != nil; err = p.ask(d, "GET", "/report", &r) {
		if !isServerError(err) || time.Now().After(deadline) {
			p.Fatalf("GET /report: %v", err)
		}
	}
	return r.Began
}

// fails sends a request that ends the server, which has to be answered with a
// 5xx by the target itself.
func (p *subject) fails(d *targets.Deployment, path string) {
	p.Helper()
	if err := p.ask(d, "POST", path, nil); !isServerError(err) {
		p.Errorf("POST %s, which ends the server: %v, want an answer 5xx", path, err)
	}
}

// isServerError reports whether the request was answered with a 5xx.
func isServerError(err error) bool { return err != nil && strings.Contains(err.Error(), " answered 5") }
