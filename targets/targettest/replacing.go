package targettest

import (
	"strings"
	"time"

	"servebench/targets"
)

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
